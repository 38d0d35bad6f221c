"""Moves along a critical path: which there are, and what they would be worth.

References
----------
Balas and Vazacopoulos (1998), Guided local search with shifting bottleneck for job shop scheduling,
Management Science 44:262-275 (the moves N6, the tests, the estimate). Zhang, Li, Guan, Rao (2007), A tabu
search algorithm with a new neighborhood structure for the job shop scheduling problem, Computers & Operations
Research 34:3229-3242 (the moves N7 adds). Taillard (1994), Parallel taboo search techniques for the job shop
scheduling problem, ORSA Journal on Computing 6:108-117 (estimates by heads and tails).
"""

from __future__ import annotations

import numpy as np

from opt_twin.scheduling.local_search.disjunctive import (
    AFTER,
    BEFORE,
    DURATION,
    END,
    JOB,
    MACHINE,
    RANK,
    TAIL,
)
from opt_twin.scheduling.local_search.disjunctive_compiled import (
    ONE,
    Int32s,
    Slot,
    Ticks,
    UInt64s,
    compiled,
    draw,
    inlined,
)

__all__ = ["best_move", "critical_path", "estimate_after", "estimate_before", "list_moves"]

LARGEST = 2**31 - 1


@compiled
def critical_path(nodes: Int32s, last: Int32s, longest: int, path: Int32s, random: UInt64s) -> int:
    """Write a longest path, from its last operation to its first, into `path`; return how many there are.

    Where two predecessors are critical, or two jobs end last, chance decides.
    """
    x, ties = 0, 0
    for job in range(last.size):
        y = last[job]
        if nodes[y, END] + nodes[y + 1, TAIL] == longest:
            ties += 1
            if ties == 1 or draw(random, ties) == 0:
                x = y
    length = 0
    while True:
        path[length] = x
        length += 1
        start = nodes[x, END] - nodes[x, DURATION]
        near = nodes[x, BEFORE]
        by_job = nodes[x - 1, RANK] >= 0 and nodes[x - 1, END] == start
        by_machine = nodes[near, RANK] >= 0 and nodes[near, END] == start
        if by_job and by_machine:
            by_job = draw(random, 2) == 0
        if by_job:
            x -= 1
        elif by_machine:
            x = near
        else:
            return length


@inlined
def list_block(nodes: Int32s, path: Int32s, low: int, high: int, moves: Int32s, count: int) -> int:
    """Write the moves of the block from ``path[high]`` to ``path[low]``; see :func:`list_moves`."""
    first, last = path[high], path[low]
    for place in range(low + 1, high + 1):
        u = path[place]
        if last != u + 1 and (place == low + 1 or nodes[last, TAIL] >= nodes[u + 1, TAIL]):
            moves[count, 0], moves[count, 1], moves[count, 2] = u, last, 1
            count += 1
    for place in range(low + 1, high):
        x = path[place]
        if x != first + 1 and (place == high - 1 or nodes[x, TAIL] >= nodes[first + 1, TAIL]):
            moves[count, 0], moves[count, 1], moves[count, 2] = first, x, 1
            count += 1
    for place in range(low, high - 1):
        v = path[place]
        if first != v - 1 and nodes[first, END] >= nodes[v - 1, END]:
            moves[count, 0], moves[count, 1], moves[count, 2] = v, first, 0
            count += 1
    for place in range(low + 2, high):
        x = path[place]
        if x != last - 1 and nodes[x, END] >= nodes[last - 1, END]:
            moves[count, 0], moves[count, 1], moves[count, 2] = last, x, 0
            count += 1
    return count


@compiled
def list_moves(nodes: Int32s, path: Int32s, length: int, moves: Int32s) -> int:
    """Write the moves of all blocks of a critical path into `moves`; return how many there are.

    In a block from `first` to `last`: any operation right after `last` or right before `first`, `first` right
    after an inner one, `last` right before an inner one. Moves that could close a cycle are left out: u goes
    right after v only if the tail of v is no shorter than that of u's successor in its job, and v right
    before u only if u ends no earlier than v's predecessor in its job. Neighbours of two jobs can always
    change places. With operations of no duration the tests are not sufficient;
    :func:`~.disjunctive.insert_after` is exact.

    Parameters
    ----------
    path
        From the last operation to the first.
    moves
        [k, 4]: the operation, the other one, and 1 for right after or 0 for right before it.
    """
    count, low = 0, 0
    for index in range(1, length + 1):
        if index == length or nodes[path[index], MACHINE] != nodes[path[low], MACHINE]:
            count = list_block(nodes, path, low, index - 1, moves, count)
            low = index
    return count


@inlined
def estimate_after(nodes: Int32s, u: Slot, v: Slot, limit: Ticks, work: Int32s) -> Ticks:
    """Estimate the makespan when `u` goes right after `v`: the longest path through the stretch that moves.

    Returns
    -------
    int
        Ticks; as soon as the value is known to exceed `limit`, any value above `limit`. `work` is work space.
    """
    x, latest, count = np.uintp(nodes[u, AFTER]), nodes[np.uintp(nodes[u, BEFORE]), END], np.uintp(0)
    while True:
        latest = max(latest, nodes[x - ONE, END]) + nodes[x, DURATION]
        work[count] = latest
        if x == v:
            break
        count += ONE
        x = np.uintp(nodes[x, AFTER])
    rest = max(nodes[u + ONE, TAIL], nodes[np.uintp(nodes[v, AFTER]), TAIL]) + nodes[u, DURATION]
    worst = max(nodes[u - ONE, END], latest) + rest
    while worst <= limit:
        rest = max(nodes[x + ONE, TAIL], rest)
        worst = max(worst, work[count] + rest)
        if count == 0:
            break
        rest += nodes[x, DURATION]
        count -= ONE
        x = np.uintp(nodes[x, BEFORE])
    return worst


@inlined
def estimate_before(nodes: Int32s, v: Slot, u: Slot, limit: Ticks, work: Int32s) -> Ticks:
    """Estimate the makespan when `v` goes right before `u`; the mirror image of :func:`estimate_after`."""
    x, rest, count = np.uintp(nodes[v, BEFORE]), nodes[np.uintp(nodes[v, AFTER]), TAIL], np.uintp(0)
    while True:
        rest = max(rest, nodes[x + ONE, TAIL]) + nodes[x, DURATION]
        work[count] = rest
        if x == u:
            break
        count += ONE
        x = np.uintp(nodes[x, BEFORE])
    latest = max(nodes[v - ONE, END], nodes[np.uintp(nodes[u, BEFORE]), END]) + nodes[v, DURATION]
    worst = latest + max(nodes[v + ONE, TAIL], rest)
    while worst <= limit:
        latest = max(nodes[x - ONE, END], latest)
        worst = max(worst, latest + work[count])
        if count == 0:
            break
        latest += nodes[x, DURATION]
        count -= ONE
        x = np.uintp(nodes[x, AFTER])
    return worst


@compiled
def best_move(
    nodes: Int32s,
    moves: Int32s,
    count: int,
    until: Int32s,
    iteration: int,
    best: int,
    work: Int32s,
    random: UInt64s,
) -> int:
    """Return the index of the move with the least estimate among those that are allowed.

    A move is allowed when it is not tabu, or its estimate is below `best`. Ties are broken at random; when no
    move is allowed, chance decides among all.

    Of the orders that a move along a machine brings about, only that of the two operations it is named by is
    looked up: as good as looking at all of them, and faster.

    Parameters
    ----------
    moves, count
        [k, 4], as :func:`list_moves` and :func:`~.flexible_moves.list_reassignments` write them.
    until
        Iteration up to which it is forbidden that slot x comes before job j on its machine, ``until[x, j]``,
        or that it goes to machine m, ``until[x, jobs + m]``.
    """
    chosen, ties = -1, 0
    least: Ticks = LARGEST
    jobs = nodes[nodes.shape[0] - 2, JOB] + 1
    for index in range(count):
        u, v, kind = np.uintp(moves[index, 0]), np.uintp(moves[index, 1]), moves[index, 2]
        value: Ticks = np.int64(0)
        if kind > 1:
            value = np.int64(moves[index, 3])
            barred = until[u, jobs + nodes[v, MACHINE]] > iteration
        else:
            ahead, behind = (v, u) if kind == 1 else (u, v)
            barred = until[ahead, np.uintp(nodes[behind, JOB])] > iteration
        limit = min(least, best - 1) if barred else least
        if kind == 1:
            value = np.int64(estimate_after(nodes, u, v, limit, work))
        elif kind == 0:
            value = np.int64(estimate_before(nodes, u, v, limit, work))
        if value < least and value <= limit:
            chosen, ties, least = index, 1, value
        elif value == least and value <= limit:
            ties += 1
            if draw(random, ties) == 0:
                chosen = index
    return draw(random, count) if chosen < 0 else chosen
