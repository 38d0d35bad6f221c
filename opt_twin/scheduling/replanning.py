"""A schedule that has met reality: what is done stays, the rest is planned anew, close to the old plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opt_twin.errors import OptionError, PlanError
from opt_twin.plan import Assignment, Schedule
from opt_twin.scheduling.instance import SchedulingInstance
from opt_twin.scheduling.jobs import Job, Key, Operation

__all__ = ["replanning_instance"]


def replanning_instance(
    instance: SchedulingInstance,
    schedule: Schedule,
    *,
    now: int,
    actual: Mapping[Key, tuple[int, int]] | None = None,
    freeze: int = 0,
    not_before: Mapping[str, int] | None = None,
) -> SchedulingInstance:
    """Return what is left to be planned at a moment.

    Parameters
    ----------
    instance
        What was to be scheduled at the start.
    schedule
        The plan so far.
    now
        The present, in ticks. What the plan starts before it counts as started.
    actual
        Operation -> its true start and end, for those that have started; the end of one that runs is when it
        is expected. Those that the plan starts before `now` and that are not listed have kept to the plan.
        When this is given, operations that the plan starts before `now` and that have no entry are late:
        they have not started. Times that contradict set-ups, ways or one another, as rounded ones may, are
        moved later by as little as it takes.
    freeze
        Ticks after `now` in which the plan stays as it is: operations that it starts there keep their times.
        One that can no longer have its time, because something before it is late, is left free.
    not_before
        Machine -> ticks before which nothing more starts there: it is down.

    Returns
    -------
    SchedulingInstance
        The instance with `frozen` operations, `now`, and the rest of the plan as `planned`: minimise
        ``makespan + total_deviation`` for a calm plan. A frozen operation has the duration that it has taken.

    Raises
    ------
    OptionError
        If `now` or `freeze` is negative.
    PlanError
        If an operation of `actual` is not in the schedule, or ends before it starts.

    Examples
    --------
    >>> from opt_twin.scheduling import load_instance, solve_schedule
    >>> shop = load_instance("ft06")
    >>> plan = solve_schedule(shop).solution()
    >>> rest = replanning_instance(shop, plan, now=20)
    >>> len(rest.frozen) + len(rest.planned), rest.now
    (36, 20)
    """
    if now < 0 or freeze < 0:
        raise OptionError(f"now and freeze are 0 ticks or more, got {now} and {freeze}")
    assigned = {(a.job, a.operation): a for a in schedule.assignments}
    known = actual or {}
    for key, (start, end) in known.items():
        if key not in assigned or end < start:
            why = "is not in the schedule" if key not in assigned else f"ends at {end}, before {start}"
            raise PlanError(f"operation {key[1]} of job {key[0]!r} {why}")
    frozen = _consistent(
        instance,
        {
            key: planned if actual is None else planned.replace(start=known[key][0], end=known[key][1])
            for key, planned in assigned.items()
            if key in known or (actual is None and planned.start < now)
        },
    )
    for key, planned in sorted(assigned.items(), key=lambda item: item[1].start):
        if key not in frozen and now <= planned.start < now + freeze and _can_be(planned, frozen, not_before):
            frozen[key] = planned
    busy: dict[str, int] = {}
    for a in frozen.values():
        busy[a.machine] = max(busy.get(a.machine, 0), a.end)
    closures = _closures_from(instance, now, not_before or {}, busy)
    rest = instance.replace(closures=closures)
    jobs = tuple(_rest_of(rest, job, frozen) for job in instance.jobs)
    left = tuple(a for key, a in assigned.items() if key not in frozen)
    settled = tuple(a.replace(mode=0) for a in frozen.values())
    return rest.replace(jobs=jobs, frozen=settled, now=now, planned=left)


def _consistent(instance: SchedulingInstance, done: Mapping[Key, Assignment]) -> dict[Key, Assignment]:
    """Return what has been done, moved later where its times contradict one another."""
    found: dict[Key, Assignment] = {}
    last: dict[str, Assignment] = {}
    for key, planned in sorted(done.items(), key=lambda item: (item[1].start, item[1].end, item[0])):
        job, position = instance.job(key[0]), key[1]
        start, end = planned.start, planned.end
        before = found.get((job.name, position - 1))
        if before is not None and job.order == "route":
            if job.is_elastic(position) or job.is_elastic(position - 1):
                start = max(start, before.start + job.operations[position - 1].lead_ticks)
                end = max(end, before.end + job.operations[position].tail_ticks)
            else:
                start = max(start, before.end + instance.transport_time(before.machine, planned.machine))
        if planned.machine:
            other = last.get(planned.machine)
            family = job.family_of(position)
            if other is None:
                start = max(start, instance.first_setup_time(planned.machine, family))
            elif other.start < planned.start or planned.machine not in instance.batching:
                old = instance.job(other.job).family_of(other.operation)
                start = max(start, other.end + instance.setup_time(planned.machine, old, family))
        found[key] = planned.replace(start=start, end=max(start, end))
        if planned.machine:
            last[planned.machine] = found[key]
    return found


def _can_be(
    planned: Assignment, frozen: Mapping[Key, Assignment], not_before: Mapping[str, int] | None
) -> bool:
    """Return whether an assignment can keep its time beside what is frozen."""
    if planned.start < (not_before or {}).get(planned.machine, 0):
        return False
    return all(
        other.end <= planned.start or planned.end <= other.start
        for other in frozen.values()
        if (planned.machine and other.machine == planned.machine) or other.job == planned.job
    )


def _rest_of(instance: SchedulingInstance, job: Job, frozen: Mapping[Key, Assignment]) -> Job:
    """Return `job` with the frozen operations as they were done."""
    operations = []
    for position, operation in enumerate(job.operations):
        done = frozen.get((job.name, position))
        if done is None:
            operations.append(operation)
            continue
        mode = instance.options(job, position)[done.mode]
        pauses = sum(max(0, min(done.end, b) - max(done.start, a)) for a, b in instance.closed(mode))
        took: dict[str, Any] = {
            "machine": mode.machine,
            "duration": done.end - done.start - pauses,
            "demands": mode.demands,
            "power": mode.power,
            "interruptible": pauses > 0,
        }
        if not operation.modes and took["duration"] == operation.duration and not pauses:
            operations.append(operation)
        else:
            kept = {name: getattr(operation, name) for name in ("lead", "tail", "route", "size", "family")}
            operations.append(Operation(**took, **kept))
    released = min([job.release, *(a.start for (name, _), a in frozen.items() if name == job.name)])
    return job.replace(operations=tuple(operations), release=released)


def _closures_from(
    instance: SchedulingInstance, now: int, not_before: Mapping[str, int], busy: Mapping[str, int]
) -> dict[str, list[dict[str, int]]]:
    """Return the closures that are not over, and the machines that are down."""
    found = {
        name: [{"start": max(c.start, now), "end": c.end} for c in closures if c.end > now]
        for name, closures in instance.closures.items()
    }
    for machine, until in not_before.items():
        free = max(now, busy.get(machine, 0))  # what runs there is frozen, and ends when it ends
        if until > free:
            found.setdefault(machine, []).append({"start": free, "end": until})
    return {name: closures for name, closures in found.items() if closures}
