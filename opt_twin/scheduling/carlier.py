r"""One machine with heads and tails: bounds, a heuristic, and the optimum.

An operation has a head r (earliest start), a duration p and a tail q (what must follow its end). Minimise
:math:`\max_o (C_o + q_o)`. The machines of a job shop are relaxed to this.

References
----------
Jackson (1955), Scheduling a production line to minimize maximum tardiness. Schrage (1971), Obtaining optimal
solutions to resource constrained network scheduling problems. Carlier (1982), The one-machine sequencing
problem, European Journal of Operational Research 11:42-47.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from itertools import count
from typing import NamedTuple

from opt_twin.solvers import Stop

__all__ = ["OneMachine", "Timed", "carlier", "jackson_bound", "machine_load_bound", "schrage"]

Timed = tuple[int, int, int]
"""Head, duration and tail of an operation, in ticks; tails may be negative."""


class OneMachine(NamedTuple):
    """What is known of the optimum of one machine.

    Attributes
    ----------
    bound
        No sequence is better.
    value
        Of the best sequence found; the optimum when it meets the bound.
    sequence
        Indices of the operations.
    """

    bound: int
    value: int
    sequence: tuple[int, ...]


def jackson_bound(operations: Iterable[Timed], closed: Sequence[tuple[int, int]] = ()) -> int:
    """Return the least possible maximum of completion + tail when one machine may preempt.

    At every time the operation with the largest tail among those that are there runs.

    Parameters
    ----------
    operations
        (head, duration, tail) of each; tails may be negative.
    closed
        Disjoint (start, end) in order, in which the machine does nothing.

    Examples
    --------
    >>> jackson_bound([(0, 3, 4), (1, 2, 7)])
    10
    >>> jackson_bound([(0, 3, 4), (1, 2, 7)], closed=[(2, 4)])
    12
    """
    waiting = sorted(operations, reverse=True)
    ready: list[list[int]] = []
    shut = list(reversed(closed))
    time, bound = 0, None
    while waiting or ready:
        if not ready:
            time = max(time, waiting[-1][0])
        while waiting and waiting[-1][0] <= time:
            _, duration, tail = waiting.pop()
            heapq.heappush(ready, [-tail, duration])
        first = ready[0]
        while shut and shut[-1][1] <= time:
            shut.pop()
        if shut and shut[-1][0] <= time and first[1]:
            time = shut.pop()[1]
            continue
        run = first[1]
        if waiting:
            run = min(run, waiting[-1][0] - time)
        if shut:
            run = min(run, max(0, shut[-1][0] - time))
        time += run
        first[1] -= run
        if first[1] == 0:
            done = time - first[0]
            bound = done if bound is None else max(bound, done)
            heapq.heappop(ready)
    return 0 if bound is None else bound


def machine_load_bound(operations: Sequence[Timed]) -> int:
    """Return least head + all durations + least tail of one machine; 0 when it does nothing."""
    if not operations:
        return 0
    return (
        min(head for head, _, _ in operations)
        + sum(duration for _, duration, _ in operations)
        + min(tail for _, _, tail in operations)
    )


def schrage(operations: Sequence[Timed]) -> OneMachine:
    """Return the sequence that always goes on with the largest tail, without preemption, and Jackson's bound.

    Examples
    --------
    >>> schrage([(0, 3, 4), (1, 2, 7)])
    OneMachine(bound=10, value=12, sequence=(0, 1))
    """
    sequence, value, _ = _schrage(operations)
    return OneMachine(jackson_bound(operations), value, tuple(sequence))


def _schrage(operations: Sequence[Timed]) -> tuple[list[int], int, list[int]]:
    """Return the sequence, its value, and the starts in its order."""
    waiting = sorted(range(len(operations)), key=lambda index: operations[index][0], reverse=True)
    ready: list[tuple[int, int, int]] = []
    sequence: list[int] = []
    starts: list[int] = []
    time, value = 0, NOTHING
    while waiting or ready:
        if not ready:
            time = max(time, operations[waiting[-1]][0])
        while waiting and operations[waiting[-1]][0] <= time:
            index = waiting.pop()
            heapq.heappush(ready, (-operations[index][2], -operations[index][1], index))
        negative, _, index = heapq.heappop(ready)
        sequence.append(index)
        starts.append(time)
        time += operations[index][1]
        value = max(value, time - negative)
    return sequence, value, starts


NOTHING = -(2**62)
"""Below every value."""


class _Node(NamedTuple):
    """A part of the search: heads and tails have been raised, so that some operation comes early or late."""

    bound: int
    number: int
    operations: tuple[Timed, ...]


def carlier(operations: Sequence[Timed], *, most_nodes: int = 1000, stop: Stop | None = None) -> OneMachine:
    r"""Return the optimum of one machine by Carlier's branch and bound, or bounds on it at the limit.

    In Schrage's sequence let c be the last operation before the end of the critical path whose tail is
    smaller than that of the last one, and J the operations behind it on the path. In an optimal sequence c
    comes before all of J, or behind all of J: its tail or its head is raised accordingly. The node with the
    least bound comes next.

    Parameters
    ----------
    operations
        (head, duration, tail) of each, at least one.
    most_nodes
        After so many the search ends; about 0.1 ms each for ten operations.
    stop
        Asked before each node; once it returns true the search ends.

    Returns
    -------
    OneMachine
        With ``bound == value`` unless the limit was reached.

    Examples
    --------
    >>> carlier([(10, 5, 7), (13, 6, 26), (11, 7, 24), (20, 4, 21), (30, 3, 8), (0, 6, 17), (30, 2, 0)])
    OneMachine(bound=50, value=50, sequence=(5, 2, 1, 3, 0, 4, 6))
    """
    best = _LARGE
    best_sequence: tuple[int, ...] = ()
    open_nodes = [_Node(jackson_bound(operations), 0, tuple(operations))]
    counted = 0
    numbers = count(1)
    while open_nodes and open_nodes[0].bound < best:
        if counted >= most_nodes or (stop is not None and stop()):
            if not best_sequence:
                break
            return OneMachine(min(open_nodes[0].bound, best), best, best_sequence)
        counted += 1
        node = heapq.heappop(open_nodes)
        sequence, _, starts = _schrage(node.operations)
        value = _value(operations, sequence)
        if value < best:
            best, best_sequence = value, tuple(sequence)
        for part in _branch(node.operations, sequence, starts):
            bound = max(node.bound, jackson_bound(part))
            if bound < best:
                heapq.heappush(open_nodes, _Node(bound, next(numbers), part))
    if not best_sequence:  # stopped before the first node
        sequence, best, _ = _schrage(operations)
        return OneMachine(open_nodes[0].bound, best, tuple(sequence))
    return OneMachine(best, best, best_sequence)


_LARGE = 2**62


def _value(operations: Sequence[Timed], sequence: Sequence[int]) -> int:
    """Return the greatest completion + tail of a sequence, each operation as early as it can."""
    time, value = 0, NOTHING
    for index in sequence:
        head, duration, tail = operations[index]
        time = max(time, head) + duration
        value = max(value, time + tail)
    return value


def _branch(
    operations: tuple[Timed, ...], sequence: Sequence[int], starts: Sequence[int]
) -> Iterable[tuple[Timed, ...]]:
    """Yield the two parts of a node; none when Schrage's sequence is optimal for it."""
    ends = [start + operations[index][1] for index, start in zip(sequence, starts, strict=True)]
    values = [end + operations[index][2] for index, end in zip(sequence, ends, strict=True)]
    last = max(range(len(values)), key=lambda place: (values[place], place))
    first = last
    while first and starts[first] == ends[first - 1]:
        first -= 1
    tail = operations[sequence[last]][2]
    critical = next(
        (place for place in range(last - 1, first - 1, -1) if operations[sequence[place]][2] < tail), None
    )
    if critical is None:
        return
    behind = [operations[index] for index in sequence[critical + 1 : last + 1]]
    work = sum(duration for _, duration, _ in behind)
    c = sequence[critical]
    head, duration, own = operations[c]
    early = (head, duration, max(own, work + min(q for _, _, q in behind)))
    late = (max(head, min(r for r, _, _ in behind) + work), duration, own)
    for changed in (early, late):
        if changed != operations[c]:
            yield (*operations[:c], changed, *operations[c + 1 :])
