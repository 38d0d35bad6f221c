"""The disjunctive graph of a shop: heads, tails and a topological order, kept up to date move by move.

The graph is an array of nodes, [slots, 8], so that all that a move reads of an operation stands together in
memory. The slots 0 to M - 1 stand for the machines: each machine's operations form a ring through its slot.
Then follow the jobs, each with a gate before its operations; a last gate closes the last job. Hence the
predecessor in the job of slot x is x - 1, the successor is x + 1, and no index is ever out of range.

References
----------
Roy and Sussmann (1964), Les problemes d'ordonnancement avec contraintes disjonctives. Balas (1969), Machine
sequencing via disjunctive graphs, Operations Research 17:941-957. Nowicki and Smutnicki (2005), An advanced
tabu search algorithm for the job shop problem, Journal of Scheduling 8:145-159 (a topological order kept
between moves).
"""

from __future__ import annotations

import numpy as np

from opt_twin.scheduling.local_search.disjunctive_compiled import ONE, Int32s, compiled

__all__ = [
    "AFTER",
    "BEFORE",
    "DURATION",
    "END",
    "FIELDS",
    "JOB",
    "MACHINE",
    "RANK",
    "TAIL",
    "link",
    "makespan",
    "move_after",
    "move_before",
    "relax_heads",
    "relax_tails",
]

DURATION = 0
"""Ticks; 0 at machines and gates."""
END = 1
"""Head + duration: the earliest end. At a gate the release of the job that follows, at a machine the time from
which it is free."""
TAIL = 2
"""Ticks from the earliest start of the operation to the end of the schedule, its duration included. At a gate
the delivery time of the job before it."""
BEFORE = 3
"""Slot before this one on the machine."""
AFTER = 4
"""Slot after this one on the machine."""
MACHINE = 5
"""Machine that does the operation."""
RANK = 6
"""Place in the topological order; -1 at machines and gates."""
JOB = 7
"""Job; -1 at machines and gates."""
FIELDS = 8

SMALL = 800
"""Operations; see :func:`relax_heads`."""


@compiled
def link(
    nodes: Int32s, order: Int32s, choice: Int32s, option_machine: Int32s, option_duration: Int32s, machines: int
) -> None:
    """Put the operations on their machines in the order of `order`, and compute heads and tails.

    Parameters
    ----------
    nodes
        [slots, 8]; jobs, releases and delivery times are given, the rest is written.
    order
        All operations, in an order that respects the routes, [operations].
    choice
        The option of each slot that is taken, [slots].
    option_machine, option_duration
        Machine and ticks of each option.
    machines
        Their number.
    """
    for machine in range(machines):
        nodes[machine, BEFORE] = machine
        nodes[machine, AFTER] = machine
    for place in range(order.size):
        x = order[place]
        machine = option_machine[choice[x]]
        last = nodes[machine, BEFORE]
        nodes[x, MACHINE] = machine
        nodes[x, DURATION] = option_duration[choice[x]]
        nodes[x, RANK] = place
        nodes[x, BEFORE] = last
        nodes[x, AFTER] = machine
        nodes[x, END] = max(nodes[x - 1, END], nodes[last, END]) + nodes[x, DURATION]
        nodes[last, AFTER] = x
        nodes[machine, BEFORE] = x
    for place in range(order.size - 1, -1, -1):
        x = order[place]
        nodes[x, TAIL] = max(nodes[x + 1, TAIL], nodes[nodes[x, AFTER], TAIL]) + nodes[x, DURATION]


@compiled
def makespan(nodes: Int32s, last: Int32s) -> int:
    """Return the largest end + delivery time of a job, in ticks; `last` is the last slot of each job."""
    longest = 0
    for job in range(last.size):
        longest = max(longest, nodes[last[job], END] + nodes[last[job] + 1, TAIL])
    return longest


@compiled
def relax_heads(nodes: Int32s, order: Int32s, begin: int, last: int) -> None:
    """Recompute the ends of the operations at places `begin` to `last`, and on while something changes.

    In a small shop it is faster to go through all that follows than to ask each time what has changed.
    """
    if order.size < SMALL:
        for index in range(np.uintp(begin), np.uintp(order.size)):
            x = np.uintp(order[index])
            near = np.uintp(nodes[x, BEFORE])
            nodes[x, END] = max(nodes[x - ONE, END], nodes[near, END]) + nodes[x, DURATION]
        return
    place = begin
    while place <= last:
        x = np.uintp(order[np.uintp(place)])
        new = max(nodes[x - ONE, END], nodes[np.uintp(nodes[x, BEFORE]), END]) + nodes[x, DURATION]
        if new != nodes[x, END]:
            nodes[x, END] = new
            last = max(last, nodes[x + ONE, RANK], nodes[np.uintp(nodes[x, AFTER]), RANK])
        place += 1


@compiled
def relax_tails(nodes: Int32s, order: Int32s, begin: int, first: int) -> None:
    """Recompute the tails at places `begin` down to `first`, and on while something changes."""
    if order.size < SMALL:
        index = np.uintp(begin + 1)
        while index > 0:
            index -= ONE
            x = np.uintp(order[index])
            near = np.uintp(nodes[x, AFTER])
            nodes[x, TAIL] = max(nodes[x + ONE, TAIL], nodes[near, TAIL]) + nodes[x, DURATION]
        return
    place = begin
    while place >= first:
        x = np.uintp(order[np.uintp(place)])
        new = max(nodes[x + ONE, TAIL], nodes[np.uintp(nodes[x, AFTER]), TAIL]) + nodes[x, DURATION]
        if new != nodes[x, TAIL]:
            nodes[x, TAIL] = new
            near = nodes[x - ONE, RANK]
            if 0 <= near < first:
                first = near
            near = nodes[np.uintp(nodes[x, BEFORE]), RANK]
            if 0 <= near < first:
                first = near
        place -= 1


@compiled
def move_after(nodes: Int32s, order: Int32s, buffer: Int32s, u: int, v: int) -> bool:
    """Put operation `u` right after `v`, which follows it on the machine, unless that closes a cycle.

    The topological order changes between the places of the two only: what depends on `u` there goes behind
    `v`, in the order in which it stands. If `v` itself depends on `u` by another way, nothing is changed.

    Parameters
    ----------
    nodes, order
        The graph.
    buffer
        Work space, [operations].

    Returns
    -------
    bool
        Whether the operation was moved; heads and tails are right in both cases.
    """
    old_before, old_next, behind = nodes[u, BEFORE], nodes[u, AFTER], nodes[v, AFTER]
    nodes[old_before, AFTER] = old_next
    nodes[old_next, BEFORE] = old_before
    begin, final = nodes[u, RANK], nodes[v, RANK]
    # A rank beyond the places marks what depends on u; it is put right below.
    marked = order.size
    nodes[u, RANK] += marked
    buffer[0] = u
    delayed, place = 1, begin
    for index in range(begin + 1, final + 1):
        x = np.uintp(order[np.uintp(index)])
        if nodes[x - ONE, RANK] >= marked or nodes[np.uintp(nodes[x, BEFORE]), RANK] >= marked:
            nodes[x, RANK] += marked
            buffer[delayed] = x
            delayed += 1
        else:
            order[place] = x
            place += 1
    if nodes[v, RANK] >= marked:
        for index in range(place - 1, begin - 1, -1):
            order[nodes[order[index], RANK]] = order[index]
        for index in range(delayed):
            nodes[buffer[index], RANK] -= marked
            order[nodes[buffer[index], RANK]] = buffer[index]
        nodes[old_before, AFTER] = u
        nodes[old_next, BEFORE] = u
        return False
    for index in range(delayed):
        order[place + index] = buffer[index]
    for index in range(begin, final + 1):
        nodes[order[index], RANK] = index
    nodes[v, AFTER] = u
    nodes[u, BEFORE] = v
    nodes[u, AFTER] = behind
    nodes[behind, BEFORE] = u
    relax_heads(nodes, order, nodes[old_next, RANK], max(nodes[u, RANK], nodes[behind, RANK]))
    near = nodes[old_before, RANK]
    relax_tails(nodes, order, nodes[u, RANK], begin if near < 0 else near)
    return True


@compiled
def move_before(nodes: Int32s, order: Int32s, buffer: Int32s, v: int, u: int) -> bool:
    """Put operation `v` right before `u`, which precedes it on the machine, unless that closes a cycle.

    The mirror image of :func:`move_after`: what `v` depends on, between the two, goes before `u`.
    """
    old_before, old_next, ahead = nodes[v, BEFORE], nodes[v, AFTER], nodes[u, BEFORE]
    nodes[old_before, AFTER] = old_next
    nodes[old_next, BEFORE] = old_before
    begin, final = nodes[v, RANK], nodes[u, RANK]
    marked = order.size
    nodes[v, RANK] += marked
    buffer[0] = v
    early, place = 1, begin
    for index in range(begin - 1, final - 1, -1):
        x = np.uintp(order[np.uintp(index)])
        if nodes[x + ONE, RANK] >= marked or nodes[np.uintp(nodes[x, AFTER]), RANK] >= marked:
            nodes[x, RANK] += marked
            buffer[early] = x
            early += 1
        else:
            order[place] = x
            place -= 1
    if nodes[u, RANK] >= marked:
        for index in range(place + 1, begin + 1):
            order[nodes[order[index], RANK]] = order[index]
        for index in range(early):
            nodes[buffer[index], RANK] -= marked
            order[nodes[buffer[index], RANK]] = buffer[index]
        nodes[old_before, AFTER] = v
        nodes[old_next, BEFORE] = v
        return False
    for index in range(early):
        order[place - index] = buffer[index]
    for index in range(final, begin + 1):
        nodes[order[index], RANK] = index
    nodes[u, BEFORE] = v
    nodes[v, AFTER] = u
    nodes[v, BEFORE] = ahead
    nodes[ahead, AFTER] = v
    near = nodes[ahead, RANK]
    relax_tails(
        nodes, order, nodes[old_before, RANK], nodes[v, RANK] if near < 0 else min(nodes[v, RANK], near)
    )
    relax_heads(nodes, order, nodes[v, RANK], max(begin, nodes[old_next, RANK]))
    return True
