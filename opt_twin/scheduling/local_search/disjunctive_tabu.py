"""Tabu search on the disjunctive graph."""

from __future__ import annotations

from opt_twin.scheduling.local_search.disjunctive import AFTER, BEFORE, JOB, makespan, move_after, move_before
from opt_twin.scheduling.local_search.disjunctive_compiled import Int32s, Int64s, UInt64s, compiled, draw
from opt_twin.scheduling.local_search.disjunctive_moves import best_move, critical_path, list_moves


BEST, ITERATION, IMPROVED, CURRENT, LONGEST, TENURE, SPREAD, PATIENCE = range(8)


@compiled
def tabu(nodes, order, choice, last, until, path, moves, work, best_order, best_choice, counts, random, budget: int, target: int) -> int:
    iteration, current, best, improved = counts[ITERATION], counts[CURRENT], counts[BEST], counts[IMPROVED]
    status = 0
    for step in range(budget):
        if iteration - improved >= counts[PATIENCE]:
            status = 1
            break
        iteration += 1
        length = critical_path(nodes, last, current, path, random)
        count = list_moves(nodes, path, length, moves)
        if count == 0:
            status = 1
            break
        chosen = best_move(nodes, moves, count, until, iteration, best, work, random)
        u, v, behind = moves[chosen, 0], moves[chosen, 1], moves[chosen, 2]
        tenure = iteration + counts[TENURE] + draw(random, counts[SPREAD] + 1)
        x = u
        if behind:
            while x != v:
                x = nodes[x, AFTER]
                until[u, nodes[x, JOB]] = tenure
            move_after(nodes, order, work, u, v)
        else:
            while x != v:
                x = nodes[x, BEFORE]
                until[x, nodes[u, JOB]] = tenure
            move_before(nodes, order, work, u, v)
        current = makespan(nodes, last)
        if current < best:
            best = current
            improved = iteration
            best_order[:] = order
            best_choice[:] = choice
            if best <= target:
                status = 1
                break
    counts[ITERATION], counts[CURRENT], counts[BEST], counts[IMPROVED] = iteration, current, best, improved
    return status
