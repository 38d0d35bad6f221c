"""What CP-SAT is told about jobs: routes, open jobs, waits, and precedences between any two operations."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

from opt_twin.scheduling.cp_tasks import Literal, Task, Tasks, Way, enforced
from opt_twin.scheduling.jobs import Job

__all__ = ["add_jobs", "follow_ons", "ways_on_the_way"]


def add_jobs(tasks: Tasks) -> None:
    """Add the order of the operations of each job, and all precedences."""
    for job in tasks.instance.jobs:
        if job.order == "route":
            _route(tasks, job)
        elif job.order == "open":
            _open(tasks, job)
    _precedences(tasks)


def follow_ons(tasks: Tasks, job: Job) -> Iterator[tuple[Task, Task, list[Literal]]]:
    """Yield operations of a route that may follow each other directly, and the literals that make them do so.

    The first two literals are their own presence, the others the absence of what may stand between.
    """
    own = tasks.of_job(job)
    for index, before in enumerate(own):
        between: list[Task] = []
        for after in own[index + 1 :]:
            one, other = before.operation.route, after.operation.route
            if not (one and other and one != other):
                route = one or other
                missing = [
                    ~task.present for task in between if not route or task.operation.route in {"", route}
                ]
                yield before, after, [before.present, after.present, *missing]
            if after.present is None or (one == after.operation.route and not after.operation.optional):
                break
            between.append(after)


def ways_on_the_way(tasks: Tasks, before: Task, after: Task) -> list[tuple[Way, Way, int]]:
    """Return each choice of ways of two operations, with the transport between their machines."""
    transport = tasks.instance.transport_time
    return [
        (one, other, transport(one.mode.machine, other.mode.machine))
        for one in before.ways
        for other in after.ways
    ]


def _route(tasks: Tasks, job: Job) -> None:
    r"""Ensure the order of the operations of a route that are done, with transport or lot streaming.

    .. math:: s_l \ge e_k + t(m(k), m(l)) \quad \text{or} \quad s_l \ge s_k + l_k, \; e_l \ge e_k + q_l

    and equality of the first in a job without waits.

    References: Potts and Baker (1989), Flow shop scheduling with lot streaming.
    """
    model = tasks.model
    for before, after, literals in follow_ons(tasks, job):
        if before.operation.lead is not None or after.operation.tail is not None:
            _streamed(tasks, before, after)
            continue
        choices = ways_on_the_way(tasks, before, after)
        least = min(way for _, _, way in choices)
        if least == 0:  # holds for operations with others between them, too
            enforced(model.add(after.start >= before.end), literals[:2])
        else:
            enforced(model.add(after.start >= before.end + least), literals)
        alike = all(way == least for _, _, way in choices)
        if job.no_wait and alike:
            enforced(model.add(after.start == before.end + least), literals)
        for one, other, way in [] if alike else choices:
            chosen = [one.literal, other.literal, *literals]
            if job.no_wait:
                enforced(model.add(after.start == before.end + way), chosen)
            elif way > least:
                enforced(model.add(after.start >= before.end + way), chosen)


def _streamed(tasks: Tasks, before: Task, after: Task) -> None:
    """Ensure lead and tail; with both equal to the durations the second follows from the first."""
    job, operation = before.job, after.operation
    tasks.model.add(after.start >= before.start + before.operation.lead_ticks)
    elastic = job.is_elastic(before.position) or job.is_elastic(after.position)
    if elastic or operation.modes or operation.tail_ticks > operation.duration:
        tasks.model.add(after.end >= before.end + operation.tail_ticks)


def _open(tasks: Tasks, job: Job) -> None:
    r"""Ensure that the operations of an open job do not overlap, with the transport between any two.

    .. math:: s_l \ge e_k + t(m(k), m(l)) \;\lor\; s_k \ge e_l + t(m(l), m(k))

    Operations without duration overlap with nothing.
    """
    model = tasks.model
    own = tasks.of_job(job)
    busy = [_busy(tasks, task, way) for task in own for way in task.ways]
    intervals = [interval for interval in busy if interval is not None]
    if len(intervals) > 1:
        model.add_no_overlap(intervals)
    if not tasks.instance.transport_times:
        return
    for one, other in combinations(own, 2):
        first = model.new_bool_var(f"before_{one.label}_{other.label}")
        back = {(b.number, a.number): ticks for a, b, ticks in ways_on_the_way(tasks, other, one)}
        for way, later, ticks in ways_on_the_way(tasks, one, other):
            if ticks or back[way.number, later.number]:
                chosen = [way.literal, later.literal]
                chosen += [*_lasting(tasks, one, way), *_lasting(tasks, other, later)]
                enforced(model.add(other.start >= one.end + ticks), [*chosen, first])
                enforced(
                    model.add(one.start >= other.end + back[way.number, later.number]), [*chosen, ~first]
                )


def _lasting(tasks: Tasks, task: Task, way: Way) -> list[Literal]:
    """Return literals that are true where a way takes 1 tick or more."""
    if way.mode.duration > 0:
        return []
    never = tasks.model.new_bool_var("")
    if way.fixed:
        tasks.model.add_bool_or([~never])
        return [never]
    tasks.model.add(task.end <= task.start).only_enforce_if(~never)
    tasks.model.add(task.end > task.start).only_enforce_if(never)
    return [never]


def _busy(tasks: Tasks, task: Task, way: Way) -> Any:
    """Return the interval of a way for no-overlap in its job; None where it takes no time."""
    if way.mode.duration > 0:
        return way.interval
    if way.fixed:
        return None
    literal = tasks.all_of([way.literal, *_lasting(tasks, task, way)], f"lasts_{task.label}_{way.number}")
    size = tasks.model.new_int_var(0, tasks.horizon, f"lasting_{task.label}_{way.number}")
    return tasks.interval(task.start, size, task.end, literal, f"lasts_{task.label}_{way.number}")


def _precedences(tasks: Tasks) -> None:
    r"""Ensure the time lags between operations that are both done.

    .. math:: s_a \ge e_b + g \quad \text{and so on}
    """
    for precedence in tasks.instance.precedences:
        before, after = tasks.get(precedence.before), tasks.get(precedence.after)
        if before is None or after is None:
            continue
        since, until = precedence.kind.split("-")
        first = before.start if since == "start" else before.end
        second = after.start if until == "start" else after.end
        enforced(tasks.model.add(second >= first + precedence.lag), [before.present, after.present])
