"""Rules for machines: one thing at a time, set-ups, batches, sequences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, groupby, pairwise

from opt_twin.plan import Assignment, Violation
from opt_twin.scheduling.instance import Job, SchedulingInstance
from opt_twin.scheduling.objectives import in_order_by_machine
from opt_twin.scheduling.verify_steps import Step, place

__all__ = ["machines", "sequences"]


def machines(instance: SchedulingInstance, assignments: Iterable[Assignment]) -> Iterator[Violation]:
    """Yield overlaps, missing set-ups and wrong batches, machine by machine as the schedule states them."""
    jobs = {job.name: job for job in instance.jobs}
    for machine, ordered in sorted(in_order_by_machine(assignments).items()):
        places = instance.batching.get(machine)
        if places is None:
            yield from _overlaps(machine, ordered)
            yield from _setups(instance, machine, ordered, jobs)
            continue
        whole = []
        for _, together in groupby(ordered, key=lambda a: a.start):
            batch = list(together)
            yield from _batch(machine, batch, places, jobs)
            whole.append(batch[-1])  # the order is by end within a start, so it is the longest
        yield from _overlaps(machine, whole)
        yield from _setups(instance, machine, whole, jobs)


def _family(assignment: Assignment, jobs: dict[str, Job]) -> str | None:
    """Return the family of an assignment; None also where the schedule names what does not exist."""
    job = jobs.get(assignment.job)
    if job is None or assignment.operation >= len(job.operations):
        return None
    return job.family_of(assignment.operation)


def _overlaps(machine: str, ordered: Sequence[Assignment]) -> Iterator[Violation]:
    open_ones: list[Assignment] = []
    for assignment in ordered:
        open_ones = [other for other in open_ones if other.end > assignment.start]
        for other in open_ones:
            shared = min(other.end, assignment.end) - assignment.start
            if assignment.start == assignment.end:  # it shares no tick; how far it would have to move
                shared = min(assignment.start - other.start, other.end - assignment.start)
            yield Violation(
                rule="overlap",
                where=f"machine {machine}: jobs {other.job} and {assignment.job}",
                amount=shared,
                message=f"{place(other)} runs {other.start} to {other.end}, "
                f"{place(assignment)} runs {assignment.start} to {assignment.end}",
            )
        open_ones.append(assignment)


def _setups(
    instance: SchedulingInstance, machine: str, ordered: Sequence[Assignment], jobs: dict[str, Job]
) -> Iterator[Violation]:
    if machine not in instance.setup_times:
        return
    needed = instance.first_setup_time(machine, _family(ordered[0], jobs))
    yield from _setup(machine, "the start", ordered[0], 0, needed)
    for before, after in pairwise(ordered):
        needed = instance.setup_time(machine, _family(before, jobs), _family(after, jobs))
        if before.end <= after.start:
            yield from _setup(machine, f"job {before.job}", after, before.end, needed)


def _setup(machine: str, since: str, after: Assignment, free: int, needed: int) -> Iterator[Violation]:
    short = free + needed - after.start
    if short > 0:
        yield Violation(
            rule="setup",
            where=f"machine {machine}: {since} and job {after.job}",
            amount=short,
            message=f"the set-up takes {needed} ticks, there are {after.start - free}",
        )


def _batch(
    machine: str, batch: Sequence[Assignment], places: int, jobs: dict[str, Job]
) -> Iterator[Violation]:
    """Yield what is wrong with operations that start together."""
    where = f"machine {machine}, batch at {batch[0].start}"
    families = {_family(assignment, jobs) for assignment in batch}
    if len(families) > 1:
        names = ", ".join(sorted("none" if name is None else repr(name) for name in families))
        yield Violation(
            rule="batch family",
            where=where,
            amount=0,
            message=f"joins jobs of the families {names}; a batch has one",
        )
    known = [a for a in batch if a.job in jobs and a.operation < len(jobs[a.job].operations)]
    size = sum(jobs[a.job].operations[a.operation].size for a in known)
    if size > places:
        yield Violation(
            rule="batch capacity",
            where=where,
            amount=size - places,
            message=f"takes {size} places, there are {places}",
        )


def sequences(instance: SchedulingInstance, steps: Iterable[Step]) -> Iterator[Violation]:
    """Yield machines that do jobs in different sequences where they must not."""
    own = [step.assignment for step in steps]
    groups = list(instance.same_sequence)
    if instance.permutation and instance.batching:  # jobs of one batch have no order among them
        groups.append(instance.machines)
    elif instance.permutation:
        yield from _permutation(instance, own)
    wanted = {machine for group in groups for machine in group}
    if wanted:
        first = _first_starts(assignment for assignment in own if assignment.machine in wanted)
        for group in groups:
            for one, other in combinations(group, 2):
                yield from _overtaking(one, first.get(one, {}), other, first.get(other, {}))


def _permutation(instance: SchedulingInstance, assignments: Sequence[Assignment]) -> Iterator[Violation]:
    """Yield each machine that departs from the sequence of the first one, where all must have the same."""
    found = in_order_by_machine(assignments)
    order = [(machine, [a.job for a in found[machine]]) for machine in instance.machines if machine in found]
    for machine, own in order[1:]:
        first, wanted = order[0]
        for position, (expected, job) in enumerate(zip(wanted, own, strict=False), 1):
            if expected != job:
                yield Violation(
                    rule="permutation",
                    where=f"machine {machine}, position {position}",
                    amount=0,
                    message=f"does job {job} where machine {first} does job {expected}; "
                    "all machines must do the jobs in one sequence",
                )
                break


def _first_starts(assignments: Iterable[Assignment]) -> dict[str, dict[str, int]]:
    """Return machine -> job -> when it starts there for the first time."""
    found: dict[str, dict[str, int]] = {}
    for a in assignments:
        starts = found.setdefault(a.machine, {})
        starts[a.job] = min(starts.get(a.job, a.start), a.start)
    return found


def _overtaking(one: str, here: dict[str, int], other: str, there: dict[str, int]) -> Iterator[Violation]:
    """Yield the first pair of jobs that come in one order on machine `one`, in the other on `other`.

    Jobs that start together have no order.
    """
    common = sorted((here[job], there[job], job) for job in here if job in there)
    latest: tuple[int, str] | None = None  # of those that have started before, the last on `other`
    for _, together in groupby(common, key=lambda row: row[0]):
        rows = list(together)
        if latest is not None and rows[0][1] < latest[0]:
            yield Violation(
                rule="permutation",
                where=f"machines {one} and {other}: jobs {latest[1]} and {rows[0][2]}",
                amount=0,
                message=f"job {rows[0][2]} comes after job {latest[1]} on {one} and before it on {other}",
            )
            return
        latest = max(row[1:] for row in (rows if latest is None else [(0, *latest), *rows]))
