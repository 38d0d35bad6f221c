"""Tabu search on the disjunctive graph, in slices that can be stopped and continued.

References
----------
Glover (1989), Tabu search, ORSA Journal on Computing 1:190-206. Nowicki and Smutnicki (1996), A fast taboo
search algorithm for the job shop problem, Management Science 42:797-813. Zhang, Li, Rao, Guan (2008), A very
fast TS/SA algorithm for the job shop scheduling problem, Computers & Operations Research 35:282-294 (the
tenure).
"""

from __future__ import annotations

from opt_twin.scheduling.local_search.disjunctive import (
    AFTER,
    BEFORE,
    DURATION,
    JOB,
    MACHINE,
    insert_after,
    makespan,
)
from opt_twin.scheduling.local_search.disjunctive_compiled import Int32s, Int64s, UInt64s, compiled, draw
from opt_twin.scheduling.local_search.disjunctive_moves import best_move, critical_path, list_moves
from opt_twin.scheduling.local_search.flexible_moves import list_reassignments

__all__ = [
    "BEST",
    "COUNTS",
    "CURRENT",
    "IMPROVED",
    "ITERATION",
    "PATIENCE",
    "SPREAD",
    "TENURE",
    "tabu_search",
]

BEST = 0
"""Least makespan of this run, in ticks."""
CURRENT = 1
"""Makespan of the current solution, in ticks."""
ITERATION = 2
"""Iterations of this run."""
IMPROVED = 3
"""Iteration in which the best was found."""
PATIENCE = 4
"""Iterations without improvement after which a run ends."""
TENURE = 5
"""Least number of iterations that an order is tabu."""
SPREAD = 6
"""Largest number of iterations beyond that, drawn at random."""
COUNTS = 7


@compiled
def perform(
    nodes: Int32s,
    order: Int32s,
    choice: Int32s,
    move: Int32s,
    option_duration: Int32s,
    until: Int32s,
    tenure: int,
    work: Int32s,
) -> bool:
    """Make a move, and forbid for `tenure` what would undo it; return whether the graph stayed acyclic.

    A move that would close a cycle is not made, but tabu all the same.
    """
    u, v, kind = move[0], move[1], move[2]
    x = u
    if kind == 1:
        while x != v:
            x = nodes[x, AFTER]
            until[u, nodes[x, JOB]] = tenure
        return insert_after(nodes, order, work, u, v)
    if kind == 0:
        while x != v:
            x = nodes[x, BEFORE]
            until[x, nodes[u, JOB]] = tenure
        return insert_after(nodes, order, work, u, nodes[v, BEFORE])
    jobs = nodes[nodes.shape[0] - 2, JOB] + 1
    until[u, jobs + nodes[u, MACHINE]] = tenure
    duration = nodes[u, DURATION]
    nodes[u, DURATION] = option_duration[kind - 2]
    if insert_after(nodes, order, work, u, v):
        choice[u] = kind - 2
        return True
    nodes[u, DURATION] = duration
    return False


@compiled
def tabu_search(
    nodes: Int32s,
    order: Int32s,
    choice: Int32s,
    last: Int32s,
    option: Int32s,
    option_machine: Int32s,
    option_duration: Int32s,
    until: Int32s,
    moves: Int32s,
    path: Int32s,
    work: Int32s,
    best_order: Int32s,
    best_choice: Int32s,
    counts: Int64s,
    random: UInt64s,
    slice_length: int,
    target: int,
) -> bool:
    """Go on with a run for at most `slice_length` iterations; return whether the run has ended.

    Where a run is cut makes no difference to it: its whole state is in the arrays.

    Parameters
    ----------
    nodes, order, choice
        The current solution; see :mod:`~opt_twin.scheduling.local_search.disjunctive`.
    last
        Last slot of each job.
    option, option_machine, option_duration
        Options ``option[x]`` to ``option[x + 1] - 1`` of slot x, and the machine and ticks of each.
    until
        Tabu list, [slots, jobs + machines]; see :func:`~.disjunctive_moves.best_move`.
    moves, path, work
        Work space: [4 * operations + options, 4], [operations], [operations].
    best_order, best_choice
        The best solution of this run.
    counts
        State and parameters of the run: BEST, CURRENT, ITERATION, IMPROVED, PATIENCE, TENURE, SPREAD.
    random
        State of the random numbers.
    target
        The run ends at a makespan of at most this.
    """
    flexible = option_machine.size > order.size
    iteration, current, best, improved = counts[ITERATION], counts[CURRENT], counts[BEST], counts[IMPROVED]
    ended: bool = best <= target
    for _ in range(slice_length):
        ended = ended or iteration - improved >= counts[PATIENCE]
        if ended:
            break
        length = critical_path(nodes, last, current, path, random)
        count = list_moves(nodes, path, length, moves)
        if flexible:
            count = list_reassignments(
                nodes, path, length, moves, count, option, option_machine, option_duration, random
            )
        if count == 0:
            # A critical path without a block is as long as a job: no order is better.
            ended = True
            break
        iteration += 1
        chosen = best_move(nodes, moves, count, until, iteration, best, work, random)
        tenure = iteration + counts[TENURE] + draw(random, counts[SPREAD] + 1)
        perform(nodes, order, choice, moves[chosen], option_duration, until, tenure, work)
        current = makespan(nodes, last)
        if current < best:
            best, improved = current, iteration
            best_order[:] = order
            best_choice[:] = choice
            ended = best <= target
    counts[ITERATION], counts[CURRENT], counts[BEST], counts[IMPROVED] = iteration, current, best, improved
    return ended
