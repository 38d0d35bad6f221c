"""Lower bounds that need no solver.

References
----------
Jackson (1955), Scheduling a production line to minimize maximum tardiness. Carlier (1982), The one-machine
sequencing problem, European Journal of Operational Research 11:42-47 (the preemptive bound).
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from typing import NamedTuple

from opt_twin.scheduling.features import CLASSICAL, missing_features
from opt_twin.scheduling.instance import Job, SchedulingInstance
from opt_twin.scheduling.objectives import CLASSICAL_OBJECTIVES, check_objective

__all__ = [
    "Head",
    "Tail",
    "cheapest_walks",
    "heads",
    "jackson_bound",
    "lower_bound",
    "machine_load_bound",
    "tails",
]

_MOST_FAMILIES = 10


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

    For the makespan the best of the longest job, the load of each machine with heads, tails and the least
    set-ups, and Jackson's preemptive bound of each machine. For the maximum tardiness the longest job and
    Jackson's bound with due dates. For sums over jobs each job is taken alone. For set-ups, each machine
    takes the cheapest way through its families.

    Raises
    ------
    UnknownNameError
        If there is no such objective.
    OptionError
        If it counts tardiness and no job has a due date.
    """
    check_objective(instance, objective)
    if objective not in CLASSICAL_OBJECTIVES:
        return 0
    if missing_features(instance, CLASSICAL) is not None:
        return _bound_of_jobs(instance, objective)
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


def _bound_of_jobs(instance: SchedulingInstance, objective: str) -> int:
    """Return a bound for any instance: each job alone, in its fastest modes."""
    ends = {job.name: job.release + _least_work(job) for job in instance.jobs if job.counts}
    jobs = [job for job in instance.jobs if job.counts]
    late = [(job, max(0, ends[job.name] - job.due)) for job in jobs if job.due is not None]
    values = {
        "makespan": max(ends.values(), default=0),
        "maximum_tardiness": max((ticks for _, ticks in late), default=0),
        "total_weighted_flow_time": sum(job.weight * (ends[job.name] - job.release) for job in jobs),
        "total_weighted_tardiness": sum(job.weight * ticks for job, ticks in late),
    }
    return values.get(objective, 0)


def _least_work(job: Job) -> int:
    """Return the ticks that `job` takes at least, from its release on."""
    needed = [operation.shortest for operation in job.operations if not operation.may_be_left_out]
    if job.order == "network" or any(job.is_elastic(position) for position in range(len(job.operations))):
        return max(needed, default=0)
    return sum(needed)


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
        for machine, members in _by_machine(instance).items():
            operations = [(head, duration, tail) for _, head, duration, tail in members]
            yield machine_load_bound(operations)
            yield jackson_bound(operations)
            walks = cheapest_walks(instance, machine)
            if walks:
                first = min(head for head, _, _ in operations)
                yield machine_load_bound(operations) + min(
                    max(0, instance.first_setup_time(machine, family) - first) + ticks
                    for family, ticks in walks.items()
                )

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
    """Return a bound on the set-ups of `machine`, with the one before its first job."""
    walks = cheapest_walks(instance, machine)
    starts = (instance.first_setup_time(machine, family) + ticks for family, ticks in walks.items())
    return min(starts, default=0)


def cheapest_walks(instance: SchedulingInstance, machine: str) -> dict[str, int]:
    """Return family -> the least set-ups between jobs when `machine` begins with it and meets all the others.

    A machine that meets a job without a family gets none: such a job may stand between any two. Up to ten
    families the walk is the shortest path through all of them over the cheapest chains of set-ups; above, the
    cheapest set-up into each family is counted once.

    References
    ----------
    Held and Karp (1962), A dynamic programming approach to sequencing problems, Journal of SIAM 10:196-210.
    """
    present = [job.family for job, _ in instance.on_machine(machine)]
    families = sorted({family for family in present if family is not None})
    if None in present or not families:
        return {}
    count = len(families)
    cost = [[instance.setup_time(machine, a, b) for b in families] for a in families]
    for k, i, j in product(range(count), repeat=3):
        cost[i][j] = min(cost[i][j], cost[i][k] + cost[k][j])
    if count > _MOST_FAMILIES:
        entries = [min(cost[i][j] for i in range(count) if i != j) for j in range(count)]
        return {family: sum(entries) - entries[index] for index, family in enumerate(families)}
    least = {(1 << i, i): 0 for i in range(count)}
    for mask in range(1, 1 << count):
        for i in range(count):
            if mask & (1 << i) and mask != 1 << i:
                rest = mask ^ (1 << i)
                least[mask, i] = min(cost[i][j] + least[rest, j] for j in range(count) if rest & (1 << j))
    return {family: least[(1 << count) - 1, index] for index, family in enumerate(families)}
