r"""Bounds on objectives that are sums over jobs: flow time, tardiness, the number of late jobs.

One machine is looked at, or a set of machines that share operations. Preemptive scheduling by the shortest
remaining time gives times :math:`C_{[1]} \le C_{[2]} \le \dots`, and no schedule completes its k-th operation
before :math:`C_{[k]}`. So the cheapest assignment of jobs to places k, with cost
:math:`f_j(C_{[k]} + q_j)`, is no more than the sum of the :math:`f_j(C_j)`.

References
----------
Chu (1992), A branch-and-bound algorithm to minimize total tardiness with different release dates, Naval
Research Logistics 39:265-283 (places and preemptive times). Moore (1968), An n job, one machine sequencing
algorithm for minimizing the number of late jobs, Management Science 15:102-109. Goemans, Queyranne, Schulz,
Skutella and Wang (2002), Single machine scheduling with release dates, SIAM Journal on Discrete Mathematics
15:165-192 (mean busy times).
"""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from opt_twin.scheduling.bounds_machines import Found
from opt_twin.scheduling.checks import merged
from opt_twin.scheduling.jobs import Job
from opt_twin.scheduling.windows import NEVER, Network

__all__ = ["PENALTIES", "busy_time_bound", "moore_hodgson", "shortest_remaining", "sum_bounds"]

_EXACT = 2**50
"""Sums of costs below are exact as floating-point numbers."""


def _late(job: Job, end: int) -> int:
    return 0 if job.due is None else max(0, end - job.due)


PENALTIES: dict[str, Callable[[Job, int], int]] = {
    "total_weighted_flow_time": lambda job, end: job.weight * max(0, end - job.release),
    "total_weighted_tardiness": lambda job, end: job.weight * _late(job, end),
    "total_tardiness": _late,
    "weighted_number_tardy": lambda job, end: job.weight if _late(job, end) else 0,
    "earliness_tardiness": lambda job, end: job.weight * _late(job, end),  # being early is free here
}
"""Measure -> what a job costs that is complete at a time, or less; it never falls with time."""


class _Work(NamedTuple):
    """What a job does on one machine."""

    job: Job
    head: int
    duration: int
    tail: int


def sum_bounds(network: Network, measure: str, jobs: Sequence[Job]) -> Iterator[Found]:
    """Yield the bounds on the sum of :data:`PENALTIES` over `jobs`."""
    penalty = PENALTIES[measure]
    alone = network.completions()
    costs = {job.name: penalty(job, alone[job.name]) for job in jobs if job.name in alone}
    total = sum(costs.values())
    yield Found(name="jobs alone", value=total, where="all jobs")
    counted = {job.name for job in jobs}
    _, tails = network.deliveries(dict.fromkeys(counted, 0), own=True)
    batching = set(network.instance.batching)
    groups: dict[frozenset[str], dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for index, task in enumerate(network.tasks):
        if task.key[0] in counted and tails[index] > NEVER // 2 and not task.machines & {"", *batching}:
            groups[task.machines][task.key[0]].append(index)
    if any(len(machines) > 1 for machines in groups):
        every = frozenset[str]().union(*groups)
        whole: dict[str, list[int]] = defaultdict(list)
        for members in groups.values():
            for name, own in members.items():
                whole[name] += own
        groups[every] = whole
    for machines, members in groups.items():
        work = [
            _Work(
                network.tasks[own[0]].job,
                min(network.starts[index] for index in own),
                sum(network.tasks[index].shortest for index in own),
                min(tails[index] for index in own),
            )
            for own in members.values()
        ]
        rest = total - sum(costs[one.job.name] for one in work)
        word = "machine" if len(machines) == 1 else "machines"
        where = f"{word} {', '.join(sorted(machines))}"
        closures = network.instance.closures.get(min(machines), ()) if len(machines) == 1 else ()
        closed = merged(closures)
        places = _places(work, penalty, alone, len(machines), closed)
        if places is not None:
            yield Found(name="places", value=rest + places, where=where)
        if len(machines) == 1 and measure == "total_weighted_flow_time":
            value = rest + busy_time_bound([(w.head, w.duration, w.job.weight) for w in work], closed)
            value += sum(w.job.weight * (w.tail - w.job.release) for w in work)
            yield Found(name="mean busy times", value=value, where=where)
        if len(machines) == 1 and measure == "weighted_number_tardy":
            yield Found(name="late jobs", value=rest + _late_weight(work), where=where)


def shortest_remaining(
    operations: Sequence[tuple[int, int]], machines: int = 1, closed: Sequence[tuple[int, int]] = ()
) -> list[int]:
    """Return the completions, in their order, when what has the least work left runs; it may be preempted.

    Parameters
    ----------
    operations
        (head, duration) of each, in ticks.
    machines
        Several machines are taken for one that is as fast as all of them, which is never later.
    closed
        Disjoint (start, end) in order without work; only for one machine.

    Examples
    --------
    >>> shortest_remaining([(0, 5), (1, 2)])
    [3, 7]
    """
    waiting = sorted(((head * machines, duration) for head, duration in operations), reverse=True)
    shut = [(start, end) for start, end in reversed(closed)]
    ready: list[int] = []
    ends: list[int] = []
    time = 0
    while waiting or ready:
        if not ready:
            time = max(time, waiting[-1][0])
        while waiting and waiting[-1][0] <= time:
            heapq.heappush(ready, waiting.pop()[1])
        while shut and shut[-1][1] <= time:
            shut.pop()
        if shut and shut[-1][0] <= time and ready[0]:
            time = shut.pop()[1]
            continue
        run = ready[0]
        if waiting:
            run = min(run, waiting[-1][0] - time)
        if shut:
            run = min(run, max(0, shut[-1][0] - time))
        time += run
        left = heapq.heappop(ready) - run
        if left:
            heapq.heappush(ready, left)
        else:
            ends.append(-(-time // machines))
    return ends


def _places(
    work: Sequence[_Work],
    penalty: Callable[[Job, int], int],
    alone: dict[str, int],
    machines: int,
    closed: Sequence[tuple[int, int]],
) -> int | None:
    """Return the cheapest assignment of jobs to places; None where floating-point numbers would round."""
    from scipy.optimize import linear_sum_assignment

    times = shortest_remaining([(one.head, one.duration) for one in work], machines, closed)
    rows = [[penalty(one.job, max(time + one.tail, alone[one.job.name])) for time in times] for one in work]
    if max(map(max, rows)) * len(rows) > _EXACT:
        return None
    cost = np.array(rows, dtype=np.int64)
    chosen = linear_sum_assignment(cost.astype(float))
    return int(cost[chosen].sum())


def busy_time_bound(
    operations: Sequence[tuple[int, int, int]], closed: Sequence[tuple[int, int]] = ()
) -> int:
    r"""Return a bound on the weighted sum of completions of one machine, by mean busy times.

    When what has the largest weight for its duration runs, with preemption, :math:`\sum w_j M_j` is least,
    with the mean :math:`M_j` of the times at which j is worked on; and :math:`C_j \ge M_j + p_j / 2`.

    Parameters
    ----------
    operations
        (head, duration, weight) of each.
    closed
        Disjoint (start, end) in order without work.

    Examples
    --------
    >>> busy_time_bound([(0, 2, 1), (0, 1, 3)])
    6
    """
    bound = Fraction(sum(weight * head for head, duration, weight in operations if duration == 0))
    waiting = sorted(((h, p, w) for h, p, w in operations if p), reverse=True)
    shut = list(reversed(closed))
    ready: list[tuple[Fraction, int, int]] = []
    time, number = 0, 0
    while waiting or ready:
        if not ready:
            time = max(time, waiting[-1][0])
        while waiting and waiting[-1][0] <= time:
            _, duration, weight = waiting.pop()
            number += 1
            heapq.heappush(ready, (Fraction(-weight, duration), number, duration))
            bound += Fraction(weight * duration, 2)
        while shut and shut[-1][1] <= time:
            shut.pop()
        if shut and shut[-1][0] <= time:
            time = shut.pop()[1]
            continue
        rate, own, left = heapq.heappop(ready)
        run = min(left, waiting[-1][0] - time) if waiting else left
        run = min(run, shut[-1][0] - time) if shut else run
        bound -= rate * Fraction((time + run) ** 2 - time**2, 2)
        time += run
        if left > run:
            heapq.heappush(ready, (rate, own, left - run))
    return math.ceil(bound)


def moore_hodgson(operations: Sequence[tuple[int, int]]) -> int:
    """Return the least number of late operations of one machine that is free from time 0 on.

    Parameters
    ----------
    operations
        (duration, due date) of each.

    Examples
    --------
    >>> moore_hodgson([(3, 3), (2, 4), (2, 5)])
    1
    """
    done: list[int] = []
    time = 0
    for due, duration in sorted((due, duration) for duration, due in operations):
        heapq.heappush(done, -duration)
        time += duration
        if time > due:
            time += heapq.heappop(done)
    return len(operations) - len(done)


def _late_weight(work: Sequence[_Work]) -> int:
    """Return the sum of as many of the smallest weights as jobs must be late."""
    first = min(one.head for one in work)
    dated = [one for one in work if one.job.due is not None]
    late = moore_hodgson(
        [(one.duration, one.job.due - one.tail - first) for one in dated if one.job.due is not None]
    )
    weights = sorted(one.job.weight for one in dated)
    return list(accumulate(weights, initial=0))[late]
