"""The judge of schedules. It knows no solver."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from opt_twin.plan import Assignment, Schedule, Violation
from opt_twin.scheduling.instance import Job, SchedulingInstance
from opt_twin.scheduling.objectives import on_machine_in_order

__all__ = ["RULES", "verify"]

RULES = (
    "unknown job",
    "unknown operation",
    "missing operation",
    "duplicate operation",
    "machine",
    "duration",
    "overlap",
    "setup",
    "precedence",
    "release",
    "deadline",
    "permutation",
    "tick",
)
"""The rules that a schedule can break."""


def verify(instance: SchedulingInstance, schedule: Schedule) -> tuple[Violation, ...]:
    """Return everything that is wrong with `schedule`; an empty tuple when it is feasible.

    Parameters
    ----------
    instance
        What is to be done.
    schedule
        Who does what, and when, in the ticks of the instance.

    Returns
    -------
    tuple of Violation
        All violations, by rule (:data:`RULES`) in the order of the checks; due dates are no rule.
    """
    return (
        *_unit(instance, schedule),
        *_unknown(instance, schedule),
        *_counts(instance, schedule),
        *_each(instance, schedule),
        *_jobs(instance, schedule),
        *_machines(instance, schedule),
        *_permutation(instance, schedule),
    )


def _unit(instance: SchedulingInstance, schedule: Schedule) -> Iterator[Violation]:
    if schedule.tick != instance.tick:
        yield Violation(
            rule="tick",
            where="schedule",
            amount=0,
            message=f"the schedule counts ticks of {schedule.tick:g} s, the instance of {instance.tick:g} s",
        )


def _known(instance: SchedulingInstance, schedule: Schedule) -> Iterator[tuple[Job, Assignment]]:
    """Yield the assignments of operations that exist, with their jobs."""
    jobs = {job.name: job for job in instance.jobs}
    for assignment in schedule.assignments:
        job = jobs.get(assignment.job)
        if job is not None and assignment.operation < len(job.operations):
            yield job, assignment


def _unknown(instance: SchedulingInstance, schedule: Schedule) -> Iterator[Violation]:
    jobs = {job.name: job for job in instance.jobs}
    for assignment in schedule.assignments:
        job = jobs.get(assignment.job)
        if job is None:
            yield Violation(
                rule="unknown job",
                where=f"job {assignment.job}",
                amount=0,
                message=f"the instance has no job {assignment.job!r}",
            )
        elif assignment.operation >= len(job.operations):
            yield Violation(
                rule="unknown operation",
                where=_place(assignment),
                amount=0,
                message=f"job {job.name!r} has operations 0 to {len(job.operations) - 1} only",
            )


def _counts(instance: SchedulingInstance, schedule: Schedule) -> Iterator[Violation]:
    count: dict[tuple[str, int], int] = {}
    for _, assignment in _known(instance, schedule):
        key = assignment.job, assignment.operation
        count[key] = count.get(key, 0) + 1
    for job in instance.jobs:
        for position in range(len(job.operations)):
            times = count.get((job.name, position), 0)
            if times != 1:
                yield Violation(
                    rule="missing operation" if times == 0 else "duplicate operation",
                    where=f"job {job.name}, operation {position}",
                    amount=0,
                    message="is not scheduled" if times == 0 else f"is scheduled {times} times",
                )


def _place(assignment: Assignment) -> str:
    return f"job {assignment.job}, operation {assignment.operation}"


def _each(instance: SchedulingInstance, schedule: Schedule) -> Iterator[Violation]:
    """Yield wrong machines and durations."""
    for job, assignment in _known(instance, schedule):
        operation = job.operations[assignment.operation]
        if assignment.machine != operation.machine:
            yield Violation(
                rule="machine",
                where=_place(assignment),
                amount=0,
                message=f"is on {assignment.machine!r}, belongs on {operation.machine!r}",
            )
        took = assignment.end - assignment.start
        longer = took - operation.duration
        if longer < 0 or (longer > 0 and not job.is_elastic(assignment.operation)):
            yield Violation(
                rule="duration",
                where=_place(assignment),
                amount=abs(longer),
                message=f"takes {took} ticks, needs {operation.duration}",
            )


def _jobs(instance: SchedulingInstance, schedule: Schedule) -> Iterator[Violation]:
    """Yield broken release dates, deadlines and precedences."""
    found: dict[tuple[str, int], list[Assignment]] = {}
    for _, assignment in _known(instance, schedule):
        found.setdefault((assignment.job, assignment.operation), []).append(assignment)
    for job in instance.jobs:
        route = [found.get((job.name, position), []) for position in range(len(job.operations))]
        yield from _limits(job, [assignment for step in route for assignment in step])
        for position, (step, following) in enumerate(pairwise(route)):
            for before in step:
                for after in following:
                    yield from _precedence(job, position, before, after)


def _limits(job: Job, assignments: list[Assignment]) -> Iterator[Violation]:
    for assignment in assignments:
        early = job.release - assignment.start
        if early > 0:
            yield Violation(
                rule="release",
                where=_place(assignment),
                amount=early,
                message=f"starts at {assignment.start}, before the release at {job.release}",
            )
        if job.deadline is not None and assignment.end > job.deadline:
            yield Violation(
                rule="deadline",
                where=_place(assignment),
                amount=assignment.end - job.deadline,
                message=f"ends at {assignment.end}, after the deadline at {job.deadline}",
            )


def _precedence(job: Job, position: int, before: Assignment, after: Assignment) -> Iterator[Violation]:
    lead = job.operations[position].lead_ticks
    tail = job.operations[position + 1].tail_ticks
    short = max(before.start + lead - after.start, before.end + tail - after.end)
    if short > 0:
        yield Violation(
            rule="precedence",
            where=f"job {job.name}, operations {position} and {position + 1}",
            amount=short,
            message=f"runs {after.start} to {after.end}, {short} ticks too early behind {before.start} "
            f"to {before.end} (lead {lead}, tail {tail})",
        )


def _machines(instance: SchedulingInstance, schedule: Schedule) -> Iterator[Violation]:
    """Yield overlaps and missing set-ups, machine by machine as the schedule states them."""
    family = {job.name: job.family for job in instance.jobs}
    for machine in schedule.machines:
        ordered = on_machine_in_order(schedule, machine)
        yield from _overlaps(machine, ordered)
        at_start = instance.initial_family.get(machine)
        if ordered:
            first = ordered[0]
            needed = instance.setup_time(machine, at_start, family.get(first.job))
            yield from _setup(machine, "the start", first, 0, needed)
        for before, after in pairwise(ordered):
            needed = instance.setup_time(machine, family.get(before.job), family.get(after.job))
            if before.end <= after.start:
                yield from _setup(machine, f"job {before.job}", after, before.end, needed)


def _permutation(instance: SchedulingInstance, schedule: Schedule) -> Iterator[Violation]:
    """Yield each machine that departs from the sequence of the first one, where all must have the same."""
    if not instance.permutation:
        return
    jobs = {job.name for job in instance.jobs}
    sequences = {
        machine: tuple(a.job for a in on_machine_in_order(schedule, machine) if a.job in jobs)
        for machine in instance.machines
        if machine in schedule.machines
    }
    for (first, wanted), (machine, own) in zip(
        list(sequences.items())[:1] * len(sequences), sequences.items(), strict=True
    ):
        for position, (expected, found) in enumerate(zip(wanted, own, strict=False), 1):
            if expected != found:
                yield Violation(
                    rule="permutation",
                    where=f"machine {machine}, position {position}",
                    amount=0,
                    message=f"does job {found} where machine {first} does job {expected}; "
                    "all machines must do the jobs in one sequence",
                )
                break


def _overlaps(machine: str, ordered: tuple[Assignment, ...]) -> Iterator[Violation]:
    open_ones: list[Assignment] = []
    for assignment in ordered:
        open_ones = [other for other in open_ones if other.end > assignment.start]
        for other in open_ones:
            yield Violation(
                rule="overlap",
                where=f"machine {machine}: jobs {other.job} and {assignment.job}",
                amount=min(other.end, assignment.end) - assignment.start,
                message=f"{_place(other)} runs {other.start} to {other.end}, "
                f"{_place(assignment)} runs {assignment.start} to {assignment.end}",
            )
        open_ones.append(assignment)


def _setup(machine: str, since: str, after: Assignment, free: int, needed: int) -> Iterator[Violation]:
    short = free + needed - after.start
    if short > 0:
        yield Violation(
            rule="setup",
            where=f"machine {machine}: {since} and job {after.job}",
            amount=short,
            message=f"the set-up takes {needed} ticks, there are {after.start - free}",
        )
