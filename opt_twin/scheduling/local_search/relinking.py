"""Solutions as linear orders: random ones, ways between two of them, and how far apart they are.

A solution is a topological order of all operations and the option of each. Any linear order that respects the
routes is a solution, so no way between two solutions meets a cycle, and nothing has to be repaired.

References
----------
Peng, Lue, Cheng (2015), A tabu search/path relinking algorithm to solve the job shop scheduling problem,
Computers & Operations Research 53:154-164. Bierwirth (1995), A generalized permutation approach to job shop
scheduling with genetic algorithms, OR Spektrum 17:87-92 (linear orders as solutions).
"""

from __future__ import annotations

from opt_twin.scheduling.local_search.disjunctive import END
from opt_twin.scheduling.local_search.disjunctive_compiled import Int32s, UInt64s, compiled, draw

__all__ = ["distance", "random_solution", "walk"]


@compiled
def random_solution(
    nodes: Int32s,
    order: Int32s,
    choice: Int32s,
    first: Int32s,
    last: Int32s,
    option: Int32s,
    option_machine: Int32s,
    option_duration: Int32s,
    machines: int,
    random: UInt64s,
) -> None:
    """Write a random linear order, each operation with the option that is then finished first.

    Every order of the jobs' operations that respects the routes is as likely as any other, and
    ties between options are broken at random. `nodes` serves for
    the ends of the operations placed so far; it is made right by :func:`~.disjunctive.link`.
    """
    bag, count = order.copy(), 0
    for job in range(first.size):
        for _ in range(first[job], last[job] + 1):
            bag[count] = job
            count += 1
    following = first.copy()
    free = nodes[:machines, END].copy()
    for place in range(count):
        picked = place + draw(random, count - place)
        job = bag[picked]
        bag[picked] = bag[place]
        x = following[job]
        following[job] += 1
        order[place] = x
        ties, soonest = 0, 0
        for candidate in range(option[x], option[x + 1]):
            end = max(nodes[x - 1, END], free[option_machine[candidate]]) + option_duration[candidate]
            if ties == 0 or end <= soonest:
                ties = ties + 1 if ties > 0 and end == soonest else 1
                if ties == 1 or draw(random, ties) == 0:
                    choice[x] = candidate
                soonest = end
        nodes[x, END] = soonest
        free[option_machine[choice[x]]] = soonest


@compiled
def walk(order: Int32s, machine: Int32s, ranks: Int32s, steps: int, random: UInt64s) -> int:
    """Walk from a linear order toward another one, by exchanges of neighbours that stand otherwise there.

    Parameters
    ----------
    order
        The linear order to start from, [operations]; it is changed.
    machine
        Machine of each slot.
    ranks
        Place of each slot in the order to walk to.
    steps
        How many exchanges of operations on one machine to make.

    Returns
    -------
    int
        How many there were; fewer than `steps` when the other order has been reached.
    """
    made, quiet = 0, 0
    while made < steps and quiet < order.size:
        place = draw(random, order.size - 1)
        # Ahead from a random place to the next pair that stands the other way round.
        quiet = 0
        while quiet < order.size and ranks[order[place]] < ranks[order[place + 1]]:
            place = place + 1 if place + 2 < order.size else 0
            quiet += 1
        if quiet < order.size:
            x, y = order[place], order[place + 1]
            order[place], order[place + 1] = y, x
            if machine[x] == machine[y]:
                made += 1
    return made


@compiled
def distance(
    operations: Int32s, machine: Int32s, ranks: Int32s, machine_other: Int32s, ranks_other: Int32s
) -> int:
    """Return how far apart two solutions are.

    Parameters
    ----------
    operations
        All operations, those of one machine of the first solution together, [operations].
    machine, ranks
        Machine of each slot, and its place in the topological order, in the first solution.
    machine_other, ranks_other
        The same in the second one.

    Returns
    -------
    int
        The number of operations on different machines, and of pairs on one machine in both solutions, but in
        different orders.
    """
    found = 0
    for i in range(operations.size):
        x = operations[i]
        if machine[x] != machine_other[x]:
            found += 1
            continue
        for j in range(i + 1, operations.size):
            y = operations[j]
            if machine[y] != machine[x]:
                break
            if machine_other[y] == machine_other[x]:
                found += (ranks[x] < ranks[y]) != (ranks_other[x] < ranks_other[y])
    return found
