"""Scheduling problems that are solved by a rule, each with the optimum that it gives.

Jobs and machines are counted from 0, times are in ticks. They serve as bounds, and as answers against which
solvers are tested. All jobs are there at time 0 unless a function takes release dates.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Sequence
from fractions import Fraction
from typing import NamedTuple

from opt_twin.errors import OptionError
from opt_twin.scheduling.bounds import jackson_bound

__all__ = [
    "Optimum",
    "Piece",
    "TwoOrders",
    "earliest_due_date",
    "gilmore_gomory",
    "gonzalez_sahni",
    "held_karp",
    "jackson_job_shop",
    "johnson",
    "lawler",
    "mcnaughton",
    "moore_hodgson",
    "preemptive_maximum_lateness",
    "shortest_first_list",
    "smith",
]


class Optimum(NamedTuple):
    """An optimal order of the jobs and its value."""

    order: tuple[int, ...]
    value: int


class TwoOrders(NamedTuple):
    """Optimal orders on two machines and their makespan."""

    first: tuple[int, ...]
    second: tuple[int, ...]
    makespan: int


class Piece(NamedTuple):
    """A part of a job on a machine, from `start` to `end`."""

    job: int
    machine: int
    start: Fraction
    end: Fraction


def johnson(times: Sequence[tuple[int, int]]) -> Optimum:
    """Return a sequence of least makespan in a flow shop of two machines, F2||Cmax.

    Jobs that are shorter on the first machine come first, by their time there; then the others, longest on
    the second machine first.

    Parameters
    ----------
    times
        Ticks on the first and on the second machine, by job.

    References
    ----------
    Johnson (1954), Optimal two- and three-stage production schedules with setup times included, Naval
    Research Logistics Quarterly 1:61-68.

    Examples
    --------
    >>> johnson([(3, 2), (1, 4), (5, 5)])
    Optimum(order=(1, 2, 0), value=13)
    """
    order = sorted(range(len(times)), key=lambda j: _johnson_key(times[j]))
    first = second = 0
    for job in order:
        first += times[job][0]
        second = max(first, second) + times[job][1]
    return Optimum(tuple(order), second)


def _johnson_key(times: tuple[int, int]) -> tuple[int, int]:
    first, second = times
    return (0, first) if first < second else (1, -second)


def gilmore_gomory(times: Sequence[tuple[int, int]]) -> Optimum:
    """Return a sequence of least makespan where no job waits between two machines, F2|no-wait|Cmax.

    The makespan is the work of the first machine plus ``max(0, b(i) - a(j))`` for each job j behind a job i,
    with an empty job at both ends: a travelling salesman whose costs depend on one number of each town. The
    cheapest successors are those of equal rank; the cycles that they form are joined by exchanges of
    neighbouring ranks along a shortest spanning tree.

    Parameters
    ----------
    times
        a and b: ticks on the first and on the second machine, by job.

    References
    ----------
    Gilmore and Gomory (1964), Sequencing a one state-variable machine: a solvable case of the traveling
    salesman problem, Operations Research 12:655-679. Reddi and Ramamoorthy (1972), On the flow-shop
    sequencing problem with no wait in process, Operational Research Quarterly 23:323-331.

    Examples
    --------
    >>> gilmore_gomory([(3, 2), (1, 4), (5, 5)])
    Optimum(order=(1, 2, 0), value=13)
    """
    towns = [(0, 0), *times]
    count = len(towns)
    by_exit = sorted(range(count), key=lambda i: towns[i][1])
    by_entry = sorted(range(count), key=lambda i: towns[i][0])
    exits, entries = [towns[i][1] for i in by_exit], [towns[i][0] for i in by_entry]
    cycle = _cycles(by_exit, by_entry)
    costs = sorted(
        (max(0, min(exits[k + 1], entries[k + 1]) - max(exits[k], entries[k])), k) for k in range(count - 1)
    )
    exchanges = []
    for _, k in costs:
        one, other = cycle[by_exit[k]], cycle[by_exit[k + 1]]
        if one != other:
            exchanges.append(k)
            cycle = [one if label == other else label for label in cycle]
    upper = sorted((k for k in exchanges if entries[k] >= exits[k]), reverse=True)
    lower = sorted(k for k in exchanges if entries[k] < exits[k])
    for k in (*upper, *lower):
        by_entry[k], by_entry[k + 1] = by_entry[k + 1], by_entry[k]
    following = dict(zip(by_exit, by_entry, strict=True))
    order, value, town = [], sum(first for first, _ in towns), 0
    for _ in range(count):
        value += max(0, towns[town][1] - towns[following[town]][0])
        town = following[town]
        order.append(town - 1)
    return Optimum(tuple(order[:-1]), value)


def _cycles(froms: Sequence[int], tos: Sequence[int]) -> list[int]:
    """Return the number of the cycle to which each town belongs."""
    following = dict(zip(froms, tos, strict=True))
    label = [-1] * len(froms)
    for first in range(len(froms)):
        town = first
        while label[town] < 0:
            label[town] = first
            town = following[town]
    return label


def jackson_job_shop(jobs: Sequence[Sequence[tuple[int, int]]]) -> TwoOrders:
    """Return orders of least makespan in a job shop of two machines, at most two operations a job, J2||Cmax.

    Each machine begins with the jobs that go on to the other one, then does those that need no other, then
    those that come from the other one. Jobs of one route are in the order of Johnson.

    Parameters
    ----------
    jobs
        Pairs (machine 0 or 1, ticks), one or two of them and on different machines, by job.

    Raises
    ------
    OptionError
        If a job has another form.

    References
    ----------
    Jackson (1956), An extension of Johnson's results on job lot scheduling, Naval Research Logistics
    Quarterly 3:201-203.

    Examples
    --------
    >>> jackson_job_shop([[(0, 3), (1, 2)], [(1, 4), (0, 1)], [(0, 2)]]).makespan
    6
    """
    groups: dict[tuple[int, ...], list[int]] = {(0, 1): [], (1, 0): [], (0,): [], (1,): []}
    for number, route in enumerate(jobs):
        machines = tuple(machine for machine, _ in route)
        if machines not in groups:
            raise OptionError(f"job {number} visits machines {machines}: need 0, 1, or both once")
        groups[machines].append(number)
    for machines in ((0, 1), (1, 0)):
        groups[machines].sort(key=lambda j: _johnson_key((jobs[j][0][1], jobs[j][1][1])))
    orders = (
        (*groups[0, 1], *groups[0,], *groups[1, 0]),
        (*groups[1, 0], *groups[1,], *groups[0, 1]),
    )
    leaves = dict.fromkeys(range(len(jobs)), 0)
    for machine in (0, 1):
        time = 0
        for job in groups[machine, 1 - machine]:
            time += jobs[job][0][1]
            leaves[job] = time
    makespan = 0
    for machine, order in enumerate(orders):
        time = 0
        for job in order:
            if jobs[job][0][0] != machine:
                time = max(time, leaves[job])
            time += dict(jobs[job])[machine]
        makespan = max(makespan, time)
    return TwoOrders(*orders, makespan)


def gonzalez_sahni(times: Sequence[tuple[int, int]]) -> int:
    """Return the least makespan of an open shop of two machines, O2||Cmax.

    It is the load of a machine or the longest job.

    References
    ----------
    Gonzalez and Sahni (1976), Open shop scheduling to minimize finish time, Journal of the ACM 23:665-679.

    Examples
    --------
    >>> gonzalez_sahni([(3, 2), (1, 4), (5, 5)])
    11
    """
    loads = [sum(row[machine] for row in times) for machine in (0, 1)]
    return max(*loads, *(sum(row) for row in times), 0)


def smith(times: Sequence[int], weights: Sequence[int]) -> Optimum:
    """Return an order of least total weighted completion time on one machine, 1||sum wC.

    By time over weight; jobs without weight come last.

    References
    ----------
    Smith (1956), Various optimizers for single-stage production, Naval Research Logistics Quarterly 3:59-66.

    Examples
    --------
    >>> smith([3, 1, 2], [3, 3, 1])
    Optimum(order=(1, 0, 2), value=21)
    """
    order = sorted(range(len(times)), key=lambda j: (weights[j] == 0, Fraction(times[j], max(weights[j], 1))))
    time = value = 0
    for job in order:
        time += times[job]
        value += weights[job] * time
    return Optimum(tuple(order), value)


def earliest_due_date(times: Sequence[int], dues: Sequence[int]) -> Optimum:
    """Return an order of least maximum lateness on one machine, 1||Lmax; it may be negative.

    References
    ----------
    Jackson (1955), Scheduling a production line to minimize maximum tardiness, University of California.

    Examples
    --------
    >>> earliest_due_date([3, 1, 2], [4, 6, 3])
    Optimum(order=(2, 0, 1), value=1)
    """
    order = sorted(range(len(times)), key=lambda j: dues[j])
    time, late = 0, []
    for job in order:
        time += times[job]
        late.append(time - dues[job])
    return Optimum(tuple(order), max(late, default=0))


def moore_hodgson(times: Sequence[int], dues: Sequence[int]) -> Optimum:
    """Return an order with the fewest late jobs on one machine, 1||sum U; the late jobs stand at the end.

    In the order of the due dates, whenever a job would be late the longest one so far is put off.

    References
    ----------
    Moore (1968), An n job, one machine sequencing algorithm for minimizing the number of late jobs,
    Management Science 15:102-109.

    Examples
    --------
    >>> moore_hodgson([4, 3, 2], [5, 6, 6])
    Optimum(order=(1, 2, 0), value=1)
    """
    early: list[tuple[int, int]] = []
    late: list[int] = []
    time = 0
    for job in sorted(range(len(times)), key=lambda j: dues[j]):
        heapq.heappush(early, (-times[job], job))
        time += times[job]
        if time > dues[job]:
            ticks, longest = heapq.heappop(early)
            time += ticks
            late.append(longest)
    kept = sorted((job for _, job in early), key=lambda j: dues[j])
    return Optimum((*kept, *late), len(late))


def lawler(
    times: Sequence[int],
    costs: Sequence[Callable[[int], int]],
    predecessors: Sequence[Collection[int]],
) -> Optimum:
    """Return an order of least maximum cost on one machine under precedence, 1|prec|fmax.

    From the end: of the jobs that no remaining job must follow, the one that costs least there is last.

    Parameters
    ----------
    times
        By job.
    costs
        Cost of each job at its completion; must not fall with time.
    predecessors
        Jobs that come before each job.

    Raises
    ------
    OptionError
        If the precedence holds a cycle.

    References
    ----------
    Lawler (1973), Optimal sequencing of a single machine subject to precedence constraints, Management
    Science 19:544-546.

    Examples
    --------
    >>> lawler([2, 3], [lambda end: end, lambda end: 2 * end], [(), (0,)])
    Optimum(order=(0, 1), value=10)
    """
    remaining, time = set(range(len(times))), sum(times)
    order: list[int] = []
    value: int | None = None
    while remaining:
        needed = {before for job in remaining for before in predecessors[job]}
        free = sorted(remaining - needed)
        if not free:
            raise OptionError(f"jobs {sorted(remaining)[:8]} wait for one another: remove a precedence")
        last = min(free, key=lambda j: costs[j](time))
        cost = costs[last](time)
        value = cost if value is None else max(value, cost)
        order.append(last)
        remaining.remove(last)
        time -= times[last]
    return Optimum(tuple(reversed(order)), value or 0)


def preemptive_maximum_lateness(releases: Sequence[int], times: Sequence[int], dues: Sequence[int]) -> int:
    """Return the least maximum lateness on one machine that may interrupt, 1|r,pmtn|Lmax.

    At any time the released job with the earliest due date runs.

    References
    ----------
    Horn (1974), Some simple scheduling algorithms, Naval Research Logistics Quarterly 21:177-185.

    Examples
    --------
    >>> preemptive_maximum_lateness([0, 1], [4, 1], [6, 2])
    0
    """
    rows = zip(releases, times, dues, strict=True)
    return jackson_bound([(release, ticks, -due) for release, ticks, due in rows])


def mcnaughton(times: Sequence[int], machines: int) -> tuple[Fraction, tuple[Piece, ...]]:
    """Return the least makespan on equal machines that may interrupt, P|pmtn|Cmax, and a schedule of it.

    It is the longest job or the mean load. The machines are filled one after another; what passes the end of
    one is wrapped to the start of the next.

    Raises
    ------
    OptionError
        If there is no machine.

    References
    ----------
    McNaughton (1959), Scheduling with deadlines and loss functions, Management Science 6:1-12.

    Examples
    --------
    >>> mcnaughton([3, 2, 2], 2)[0]
    Fraction(7, 2)
    """
    if machines < 1:
        raise OptionError(f"{machines} machines: need 1 or more")
    makespan = max(Fraction(max(times, default=0)), Fraction(sum(times), machines))
    pieces: list[Piece] = []
    machine, time = 0, Fraction(0)
    for job, ticks in enumerate(times):
        left = Fraction(ticks)
        while left > 0:
            if time == makespan:
                machine, time = machine + 1, Fraction(0)
            part = min(left, makespan - time)
            pieces.append(Piece(job, machine, time, time + part))
            time += part
            left -= part
    return makespan, tuple(pieces)


def shortest_first_list(times: Sequence[int], machines: int) -> tuple[tuple[tuple[int, ...], ...], int]:
    """Return the jobs of each machine and the least total completion time on equal machines, P||sum C.

    The shortest job that is left goes to the machine that is free first.

    Raises
    ------
    OptionError
        If there is no machine.

    References
    ----------
    Conway, Maxwell, Miller (1967), Theory of scheduling, Addison-Wesley.

    Examples
    --------
    >>> shortest_first_list([3, 1, 2], 2)
    (((1, 0), (2,)), 7)
    """
    if machines < 1:
        raise OptionError(f"{machines} machines: need 1 or more")
    free = [(0, machine) for machine in range(machines)]
    orders: list[list[int]] = [[] for _ in range(machines)]
    total = 0
    for job in sorted(range(len(times)), key=lambda j: times[j]):
        time, machine = heapq.heappop(free)
        orders[machine].append(job)
        total += time + times[job]
        heapq.heappush(free, (time + times[job], machine))
    return tuple(map(tuple, orders)), total


def held_karp(
    times: Sequence[int], setups: Sequence[Sequence[int]], first_setups: Sequence[int] | None = None
) -> Optimum:
    """Return an order of least makespan on one machine with set-ups, 1|s|Cmax, for up to 16 jobs.

    A shortest path through all jobs, by dynamic programming over sets of jobs.

    Parameters
    ----------
    times
        By job.
    setups
        ``setups[before][after]``.
    first_setups
        Before the first job; none unless given.

    Raises
    ------
    OptionError
        If there are more than 16 jobs, which would take too much memory.

    References
    ----------
    Held and Karp (1962), A dynamic programming approach to sequencing problems, Journal of SIAM 10:196-210.

    Examples
    --------
    >>> held_karp([1, 1, 1], [[0, 5, 1], [1, 0, 5], [5, 1, 0]])
    Optimum(order=(0, 2, 1), value=5)
    """
    count = len(times)
    if count > 16:
        raise OptionError(f"{count} jobs: up to 16; use a solver")
    start = [0] * count if first_setups is None else first_setups
    layer: dict[tuple[int, int], tuple[int, tuple[int, ...]]] = {
        (1 << j, j): (start[j], (j,)) for j in range(count)
    }
    for _ in range(count - 1):
        longer: dict[tuple[int, int], tuple[int, tuple[int, ...]]] = {}
        for (done, last), (cost, order) in layer.items():
            for j in range(count):
                if not done & (1 << j):
                    key, found = (done | (1 << j), j), (cost + setups[last][j], (*order, j))
                    if key not in longer or found < longer[key]:
                        longer[key] = found
        layer = longer
    nothing: tuple[int, tuple[int, ...]] = (0, ())
    cost, order = min(layer.values(), default=nothing)
    return Optimum(order, cost + sum(times))
