"""Lower bounds that need no solver.

References
----------
Jackson (1955), Scheduling a production line to minimize maximum tardiness. Carlier (1982), The one-machine
sequencing problem, European Journal of Operational Research 11:42-47 (the preemptive bound).
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from opt_twin.scheduling.instance import Job, SchedulingInstance
from opt_twin.scheduling.objectives import check_objective

__all__ = ["Head", "Tail", "heads", "jackson_bound", "lower_bound", "machine_load_bound", "tails"]


class Head(NamedTuple):
    """The earliest start and end of an operation, in ticks, if its job had the shop for itself."""

    start: int
    end: int


class Tail(NamedTuple):
    """The least number of ticks from the start and from the end of an operation to its job's completion."""

    start: int
    end: int


def heads(job: Job) -> tuple[Head, ...]:
    """Return the heads of the operations of `job`."""
    found: list[Head] = []
    for position, operation in enumerate(job.operations):
        if position == 0:
            start, end = job.release, job.release + operation.duration
        else:
            start = found[-1].start + job.operations[position - 1].lead_ticks
            end = found[-1].end + operation.tail_ticks
            if not job.is_elastic(position):
                start = max(start, end - operation.duration)
            end = max(end, start + operation.duration)
        found.append(Head(start, end))
    return tuple(found)


def tails(job: Job) -> tuple[Tail, ...]:
    """Return the tails of the operations of `job`."""
    found: list[Tail] = []
    for position in range(len(job.operations) - 1, -1, -1):
        operation = job.operations[position]
        start, end = operation.duration, 0
        if found:
            end = job.operations[position + 1].tail_ticks + found[-1].end
            start = max(operation.duration + end, operation.lead_ticks + found[-1].start)
            if not job.is_elastic(position):
                end = max(end, start - operation.duration)
        found.append(Tail(start, end))
    return tuple(reversed(found))


def jackson_bound(operations: Iterable[tuple[int, int, int]]) -> int:
    """Return the least possible maximum of completion + tail when one machine may preempt.

    Parameters
    ----------
    operations
        (head, duration, tail) of each; tails may be negative.

    Examples
    --------
    >>> jackson_bound([(0, 3, 4), (1, 2, 7)])
    10
    """
    waiting = sorted(operations, reverse=True)
    ready: list[list[int]] = []
    time, bound = 0, None
    while waiting or ready:
        if not ready:
            time = max(time, waiting[-1][0])
        while waiting and waiting[-1][0] <= time:
            _, duration, tail = waiting.pop()
            heapq.heappush(ready, [-tail, duration])
        until = waiting[-1][0] if waiting else None
        first = ready[0]
        run = first[1] if until is None else min(first[1], until - time)
        time += run
        first[1] -= run
        if first[1] == 0:
            done = time - first[0]
            bound = done if bound is None else max(bound, done)
            heapq.heappop(ready)
    return 0 if bound is None else bound


def machine_load_bound(operations: Sequence[tuple[int, int, int]]) -> int:
    """Return least head + all durations + least tail of one machine; 0 when it does nothing."""
    if not operations:
        return 0
    return (
        min(head for head, _, _ in operations)
        + sum(duration for _, duration, _ in operations)
        + min(tail for _, _, tail in operations)
    )


def lower_bound(instance: SchedulingInstance, objective: str = "makespan") -> int:
    """Return a value that no schedule of `instance` can be below.

    For the makespan the best of the longest job, the load of each machine with heads and tails, and
    Jackson's preemptive bound of each machine. For the maximum tardiness the same with due dates. For sums
    over jobs each job is taken alone. For set-ups, each machine enters each family once.

    Raises
    ------
    UnknownNameError
        If there is no such objective.
    OptionError
        If it counts tardiness and no job has a due date.
    """
    check_objective(instance, objective)
    if objective == "makespan":
        return _makespan_bound(instance)
    if objective == "maximum_tardiness":
        return _maximum_tardiness_bound(instance)
    if objective == "total_setup_time":
        return sum(_setup_bound(instance, machine) for machine in instance.machines)
    ends = {job.name: heads(job)[-1].end for job in instance.jobs}
    if objective == "total_weighted_flow_time":
        return sum(job.weight * (ends[job.name] - job.release) for job in instance.jobs)
    return sum(job.weight * max(0, ends[job.name] - job.due) for job in instance.jobs if job.due is not None)


def _by_machine(instance: SchedulingInstance) -> dict[str, list[tuple[Job, int, int, int]]]:
    """Return machine -> (job, head, duration, tail) of its operations."""
    found: dict[str, list[tuple[Job, int, int, int]]] = {machine: [] for machine in instance.machines}
    for job in instance.jobs:
        for operation, head, tail in zip(job.operations, heads(job), tails(job), strict=True):
            found[operation.machine].append((job, head.start, operation.duration, tail.end))
    return found


def _makespan_bound(instance: SchedulingInstance) -> int:
    def candidates() -> Iterator[int]:
        yield from (heads(job)[-1].end for job in instance.jobs)
        for members in _by_machine(instance).values():
            operations = [(head, duration, tail) for _, head, duration, tail in members]
            yield machine_load_bound(operations)
            yield jackson_bound(operations)

    return max(candidates())


def _maximum_tardiness_bound(instance: SchedulingInstance) -> int:
    bound = 0
    for job in instance.jobs:
        if job.due is not None:
            bound = max(bound, heads(job)[-1].end - job.due)
    for members in _by_machine(instance).values():
        late = [
            (head, duration, tail - job.due) for job, head, duration, tail in members if job.due is not None
        ]
        if late:
            bound = max(bound, jackson_bound(late))
    return bound


def _setup_bound(instance: SchedulingInstance, machine: str) -> int:
    """Return a bound on the set-ups of `machine`: it enters each family that it meets at least once."""
    if any(job.family is None for job, _ in instance.on_machine(machine)):
        return 0
    families = {job.family for job, _ in instance.on_machine(machine)}
    at_start = instance.initial_family.get(machine)
    entries = [
        min(
            instance.setup_time(machine, before, family)
            for before in (families | {at_start}) - {family, None}
        )
        for family in families
        if family != at_start and len((families | {at_start}) - {family, None}) > 0
    ]
    free = 0 if at_start is not None else max(entries, default=0)
    return sum(entries) - free
