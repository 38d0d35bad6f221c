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
    "advance",
    "delay",
    "insert_after",
    "link",
    "makespan",
    "relax_heads",
    "relax_tails",
]

DURATION = 0
"""Ticks; 0 at machines and gates."""
END = 1
"""Head + duration: the earliest end. At a gate the release of the job that follows, at a machine the
time from which it is free."""
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
    nodes: Int32s,
    order: Int32s,
    choice: Int32s,
    option_machine: Int32s,
    option_duration: Int32s,
    machines: int,
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
        nodes[machine, MACHINE] = machine
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
def delay(nodes: Int32s, order: Int32s, buffer: Int32s, u: int, v: int) -> bool:
    """Put operation `u` behind `v` in the topological order, while `u` is on no machine.

    The order changes between the places of the two only: what depends on `u` there goes behind `v` too, in
    the order in which it stands.

    Returns
    -------
    bool
        False when `v` depends on `u`; then nothing has changed.
    """
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
        return False
    for index in range(delayed):
        order[place + index] = buffer[index]
    for index in range(begin, final + 1):
        nodes[order[index], RANK] = index
    return True


@compiled
def advance(nodes: Int32s, order: Int32s, buffer: Int32s, v: int, u: int) -> bool:
    """Put operation `v` ahead of `u` in the topological order; the mirror image of :func:`delay`."""
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
        return False
    for index in range(early):
        order[place - index] = buffer[index]
    for index in range(final, begin + 1):
        nodes[order[index], RANK] = index
    return True


@compiled
def insert_after(nodes: Int32s, order: Int32s, buffer: Int32s, x: int, v: int) -> bool:
    """Take operation `x` from its place and put it right after `v`, on the machine of `v`.

    Parameters
    ----------
    nodes, order
        The graph. The duration of `x` is that on its new machine.
    buffer
        Work space, [operations].
    x
        An operation.
    v
        Another operation, or the slot of a machine for its first place.

    Returns
    -------
    bool
        False when that would close a cycle; then nothing has changed. Heads and tails are right in either
        case.
    """
    left, right = nodes[x, BEFORE], nodes[x, AFTER]
    nodes[left, AFTER] = right
    nodes[right, BEFORE] = left
    y = nodes[v, AFTER]
    # Ahead of the unlinked operation nothing but its job depends on it.
    nodes[x, BEFORE], nodes[x, AFTER] = x, x
    done = True
    if nodes[v, RANK] > nodes[x, RANK]:
        done = delay(nodes, order, buffer, x, v)
    elif 0 <= nodes[y, RANK] < nodes[x, RANK]:
        done = advance(nodes, order, buffer, x, y)
    if not done:
        nodes[x, BEFORE], nodes[x, AFTER] = left, right
        nodes[left, AFTER] = x
        nodes[right, BEFORE] = x
        return False
    nodes[v, AFTER] = x
    nodes[x, BEFORE] = v
    nodes[x, AFTER] = y
    nodes[y, BEFORE] = x
    if nodes[v, MACHINE] != nodes[x, MACHINE]:
        nodes[x, MACHINE] = nodes[v, MACHINE]
    place = nodes[x, RANK]
    begin, last = place, max(place, nodes[right, RANK], nodes[y, RANK])
    if 0 <= nodes[right, RANK] < begin:
        begin = nodes[right, RANK]
    relax_heads(nodes, order, begin, last)
    begin, first = max(place, nodes[left, RANK]), place
    if 0 <= nodes[left, RANK] < first:
        first = nodes[left, RANK]
    if 0 <= nodes[v, RANK] < first:
        first = nodes[v, RANK]
    relax_tails(nodes, order, begin, first)
    return True
