"""Moves of critical operations to other machines that can do them.

References
----------
Mastrolilli and Gambardella (2000), Effective neighbourhood functions for the flexible job shop problem,
Journal of Scheduling 3:3-20 (k-insertion).
"""

from __future__ import annotations

import numpy as np

from opt_twin.scheduling.local_search.disjunctive import AFTER, BEFORE, DURATION, END, MACHINE, RANK, TAIL
from opt_twin.scheduling.local_search.disjunctive_compiled import Int32s, Slot, Ticks, UInt64s, compiled, draw

__all__ = ["best_place", "list_reassignments"]


@compiled
def best_place(nodes: Int32s, x: Slot, machine: Slot, duration: Ticks, random: UInt64s) -> tuple[Slot, Ticks]:
    """Return the best place for `x` on another machine, and the longest path through it there.

    A place between u and v is tried when v does not come before the predecessor of `x` in its job, which is
    certain if v ends later than that one starts, and u does not come after the successor of `x`. Heads and
    tails are those of the graph in which `x` is still on its old machine: exact for the places next to it in
    the topological order, and never too small for the others. Ties are broken at random.

    Returns
    -------
    tuple[int, int]
        The slot before the place, and ticks; slot -1 when no place is certain to be possible.
    """
    ahead, behind = x - 1, x + 1
    started = nodes[ahead, END] - nodes[ahead, DURATION] if nodes[ahead, RANK] >= 0 else -1
    remaining = nodes[behind, TAIL] - nodes[behind, DURATION] if nodes[behind, RANK] >= 0 else -1
    arrival, delivery = nodes[ahead, END], nodes[behind, TAIL]
    chosen: Slot = -1
    least: Ticks = 2**31 - 1
    ties = 0
    u = np.uintp(machine)
    while True:
        # Walk on as long as the operation behind may come before the job's predecessor.
        v = np.uintp(nodes[u, AFTER])
        if v == machine or (nodes[v, END] > started and v != ahead):
            value = max(arrival, nodes[u, END]) + duration + max(delivery, nodes[v, TAIL])
            if value <= least:
                ties = ties + 1 if value == least else 1
                if ties == 1 or draw(random, ties) == 0:
                    chosen = np.int64(u)
                least = value
        at_end = v == machine or nodes[v, TAIL] <= remaining
        if at_end or v == behind:
            return chosen, least
        u = v


@compiled
def list_reassignments(
    nodes: Int32s,
    path: Int32s,
    length: int,
    moves: Int32s,
    count: int,
    option: Int32s,
    option_machine: Int32s,
    option_duration: Int32s,
    random: UInt64s,
) -> int:
    """Append the best place of each critical operation on each of its other machines to `moves`.

    The value of a move is the longest path through the operation at its new place, or past the place that it
    leaves, whichever is longer.

    Parameters
    ----------
    path, length
        A critical path.
    moves
        [k, 4]: the operation, the slot that it goes after, 2 + option, the value.
    count
        How many moves there are already.
    option, option_machine, option_duration
        Options ``option[x]`` to ``option[x + 1] - 1`` of slot x, and the machine and ticks of each.

    Returns
    -------
    int
        How many moves there are then.
    """
    for index in range(length):
        x = path[index]
        past = nodes[nodes[x, BEFORE], END] + nodes[nodes[x, AFTER], TAIL]
        for choice in range(option[x], option[x + 1]):
            machine = option_machine[choice]
            if machine != nodes[x, MACHINE]:
                place, value = best_place(nodes, x, machine, option_duration[choice], random)
                if place >= 0:
                    moves[count, 0], moves[count, 1] = x, place
                    moves[count, 2], moves[count, 3] = 2 + choice, max(value, past)
                    count += 1
    return count
