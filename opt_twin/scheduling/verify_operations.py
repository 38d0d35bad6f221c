"""Rules for each operation by itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from opt_twin.plan import Schedule, Violation
from opt_twin.scheduling.instance import Job, Mode, SchedulingInstance
from opt_twin.scheduling.verify_steps import Step, place, positions_of

__all__ = ["counts", "each", "frozen", "limits", "unknown"]


def unknown(instance: SchedulingInstance, schedule: Schedule) -> Iterator[Violation]:
    """Yield assignments of jobs and operations that do not exist."""
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
                where=place(assignment),
                amount=0,
                message=f"job {job.name!r} has operations 0 to {len(job.operations) - 1} only",
            )


def counts(instance: SchedulingInstance, steps: Iterable[Step]) -> Iterator[Violation]:
    """Yield operations that are missing or done twice, and jobs that do not take exactly one route."""
    found = positions_of(steps)
    for job in instance.jobs:
        own = found.get(job.name, {})
        route = job.route_taken(own)
        if route is None:
            yield _routes(job, own)
        for position, operation in enumerate(job.operations):
            times = len(own.get(position, ()))
            needed = operation.route in {"", route} and not operation.optional
            if times > 1 or (times == 0 and needed):
                yield Violation(
                    rule="missing operation" if times == 0 else "duplicate operation",
                    where=f"job {job.name}, operation {position}",
                    amount=0,
                    message="is not scheduled" if times == 0 else f"is scheduled {times} times",
                )


def _routes(job: Job, done: Iterable[int]) -> Violation:
    taken = dict.fromkeys(job.operations[position].route for position in sorted(done))
    names = [repr(name) for name in taken if name]
    return Violation(
        rule="route",
        where=f"job {job.name}",
        amount=0,
        message=f"takes {' and '.join(names) or 'no route'}; exactly one of "
        f"{', '.join(map(repr, job.routes))} must be taken",
    )


def each(instance: SchedulingInstance, steps: Iterable[Step]) -> Iterator[Violation]:
    """Yield wrong modes, machines and durations, and work in closed times."""
    longest: dict[tuple[str, int], int] = {}  # of the batches: by machine and start
    steps = tuple(steps)
    for step in steps:
        if step.mode is not None and step.machine in instance.batching:
            batch = step.machine, step.start
            longest[batch] = max(longest.get(batch, 0), step.mode.duration)
    for step in steps:
        if step.mode is None:
            options = len(instance.options(step.job, step.position))
            yield Violation(
                rule="mode",
                where=step.place,
                amount=0,
                message=f"is done in mode {step.assignment.mode}, has modes 0 to {options - 1} only",
            )
            continue
        if step.machine != step.mode.machine:
            yield Violation(
                rule="machine",
                where=step.place,
                amount=0,
                message=f"is on {step.machine!r}, belongs on {step.mode.machine!r}",
            )
        closed = instance.closed(step.mode) if instance.closures else ()
        needed = longest.get((step.machine, step.start), step.mode.duration)
        yield from _duration(step, needed, closed)
        yield from _closures(step, step.mode, closed)


def _duration(step: Step, needed: int, closed: tuple[tuple[int, int], ...]) -> Iterator[Violation]:
    took = step.end - step.start
    interruptible = step.operation.interruptible
    if interruptible:
        took -= sum(max(0, min(step.end, end) - max(step.start, start)) for start, end in closed)
    longer = took - needed
    if longer < 0 or (longer > 0 and not step.job.is_elastic(step.position)):
        yield Violation(
            rule="duration",
            where=step.place,
            amount=abs(longer),
            message=f"takes {took}{' open' if interruptible else ''} ticks, needs {needed}",
        )


def _closures(step: Step, mode: Mode, closed: tuple[tuple[int, int], ...]) -> Iterator[Violation]:
    """Yield each closure that disturbs `step`, with the ticks by which it does."""
    for start, end in closed:
        if step.start == step.end:
            inside = min(step.start - start, end - step.end)
        elif step.operation.interruptible:
            begins = end - step.start if start <= step.start < end else 0
            ends = step.end - start if start < step.end <= end else 0
            inside = max(begins, ends)
        else:
            inside = min(step.end, end) - max(step.start, start)
        if inside > 0:
            held = " and ".join(name for name in (mode.machine, *mode.demands) if name)
            what = "starts or ends" if step.operation.interruptible else "runs"
            yield Violation(
                rule="closure",
                where=step.place,
                amount=inside,
                message=f"{what} while closed: it runs {step.start} to {step.end}, what it needs "
                f"({held}) is closed {start} to {end}",
            )


def limits(instance: SchedulingInstance, steps: Iterable[Step]) -> Iterator[Violation]:
    """Yield starts before the release or the present, and ends after the deadline."""
    decided = {(assignment.job, assignment.operation) for assignment in instance.frozen}
    for step in steps:
        job = step.job
        early = job.release - step.start
        if early > 0:
            yield Violation(
                rule="release",
                where=step.place,
                amount=early,
                message=f"starts at {step.start}, before the release at {job.release}",
            )
        if job.deadline is not None and step.end > job.deadline:
            yield Violation(
                rule="deadline",
                where=step.place,
                amount=step.end - job.deadline,
                message=f"ends at {step.end}, after the deadline at {job.deadline}",
            )
        if step.start < instance.now and (job.name, step.position) not in decided:
            yield Violation(
                rule="now",
                where=step.place,
                amount=instance.now - step.start,
                message=f"starts at {step.start}, before the present time {instance.now}, and is not frozen",
            )


def frozen(instance: SchedulingInstance, steps: Iterable[Step]) -> Iterator[Violation]:
    """Yield frozen operations that are not done as they are given."""
    found = {(step.job.name, step.position): step.assignment for step in steps}
    for given in instance.frozen:
        own = found.get((given.job, given.operation))
        if own == given:
            continue
        if own is None:
            yield Violation(rule="frozen", where=place(given), amount=0, message="is frozen, and not done")
            continue
        yield Violation(
            rule="frozen",
            where=place(given),
            amount=max(abs(own.start - given.start), abs(own.end - given.end)),
            message=f"runs {own.start} to {own.end} on {own.machine!r} in mode {own.mode}, is frozen to "
            f"{given.start} to {given.end} on {given.machine!r} in mode {given.mode}",
        )
