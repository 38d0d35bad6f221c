"""Iterated greedy for flow shops, as a machine that stops after a number of steps and goes on from there.

A step takes one job out of the sequence and puts it at its best position. The search

1. builds a sequence job by job (NEH),
2. moves single jobs until no move helps,
3. accepts the sequence as the incumbent, or returns to the incumbent,
4. removes some jobs, improves the others among themselves, puts the removed ones back, and goes on with 2.

After many rounds without a better sequence it starts anew from a random order.

References
----------
Nawaz, Enscore, Ham (1983), A heuristic algorithm for the m-machine, n-job flow-shop sequencing problem,
Omega 11:91-95. Ruiz and Stuetzle (2007), A simple and effective iterated greedy algorithm for the permutation
flowshop scheduling problem, European Journal of Operational Research 177:2033-2049. Dubois-Lacoste, Pagnozzi,
Stuetzle (2017), An iterated greedy algorithm with optimization of partial solutions for the makespan
permutation flowshop problem, Computers and Operations Research 81:160-166.
"""

from __future__ import annotations

import math

from opt_twin.scheduling.local_search.flow_shop_compiled import (
    HYBRID,
    MAKESPAN,
    Int32s,
    Memory,
    Shop,
    compiled,
    draw,
    shuffle,
)
from opt_twin.scheduling.local_search.insertion import best_insertion, heads_from, tails_before
from opt_twin.scheduling.local_search.insertion_recursive import best_recursive_insertion, recursive_value

__all__ = ["COUNTS", "advance", "begin", "finish_build", "load"]

COUNTS = 14
(
    PHASE,
    LENGTH,
    CURSOR,
    VALUE,
    INCUMBENT,
    RUN_BEST,
    BEST,
    TARGET,
    SINCE,
    ROUND,
    IMPROVED,
    REMOVE,
    PATIENCE,
    KEEP,
) = range(COUNTS)
"""Places in ``Memory.counts``.

SINCE counts moves since the last improvement, IMPROVED is the round of the best sequence of this run; REMOVE
jobs leave in each round; after PATIENCE rounds without improvement a run ends.
"""

BUILD, PARTIAL, REBUILD, FULL = range(4)
_NOTHING = 2**62


@compiled
def _by_heads(shop: Shop) -> bool:
    """Return whether heads and tails give the value of an insertion."""
    if shop.objective != MAKESPAN or shop.kind == HYBRID:
        return False
    return bool(shop.release.max() == 0)


@compiled
def load(shop: Shop, memory: Memory, length: int) -> None:
    """Bring heads, tails and value up to date with the first `length` of ``memory.sequence``."""
    memory.counts[LENGTH] = length
    if shop.kind != HYBRID:
        for i in range(shop.duration.shape[1]):
            memory.heads[i, 0] = 0
            memory.tails[i, length] = 0
        heads_from(shop, memory.sequence, length, memory.heads, 0)
        tails_before(shop, memory.sequence, length, memory.tails, length - 1)
    memory.counts[VALUE] = recursive_value(shop, memory, memory.sequence, length)


@compiled
def _take_out(shop: Shop, memory: Memory, position: int, by_heads: bool) -> None:
    """Set the rest to the sequence without `position`."""
    length = memory.counts[LENGTH]
    sequence, rest = memory.sequence, memory.rest
    for k in range(position):
        rest[k] = sequence[k]
    for k in range(position + 1, length):
        rest[k - 1] = sequence[k]
    if not by_heads:
        return
    for i in range(shop.duration.shape[1]):
        heads, rest_heads = memory.heads[i], memory.rest_heads[i]
        for k in range(position + 1):
            rest_heads[k] = heads[k]
        tails, rest_tails = memory.tails[i], memory.rest_tails[i]
        for k in range(position, length):
            rest_tails[k] = tails[k + 1]
    heads_from(shop, rest, length - 1, memory.rest_heads, position)
    tails_before(shop, rest, length - 1, memory.rest_tails, position - 1)


@compiled
def _keep_all(shop: Shop, memory: Memory, by_heads: bool) -> None:
    """Set the rest to the whole sequence."""
    length = memory.counts[LENGTH]
    for k in range(length):
        memory.rest[k] = memory.sequence[k]
    if by_heads:
        for i in range(shop.duration.shape[1]):
            for k in range(length + 1):
                memory.rest_heads[i, k] = memory.heads[i, k]
                memory.rest_tails[i, k] = memory.tails[i, k]


@compiled
def _put_in(shop: Shop, memory: Memory, job: int, position: int, rest_length: int, by_heads: bool) -> None:
    """Set the sequence to the rest with the job at `position`."""
    sequence, rest = memory.sequence, memory.rest
    for k in range(position):
        sequence[k] = rest[k]
    sequence[position] = job
    for k in range(position, rest_length):
        sequence[k + 1] = rest[k]
    memory.counts[LENGTH] = rest_length + 1
    if not by_heads:
        return
    for i in range(shop.duration.shape[1]):
        heads, rest_heads = memory.heads[i], memory.rest_heads[i]
        for k in range(position + 1):
            heads[k] = rest_heads[k]
        tails, rest_tails = memory.tails[i], memory.rest_tails[i]
        for k in range(position, rest_length + 1):
            tails[k + 1] = rest_tails[k]
    heads_from(shop, sequence, rest_length + 1, memory.heads, position)
    tails_before(shop, sequence, rest_length + 1, memory.tails, position)


@compiled
def _best(shop: Shop, memory: Memory, job: int, length: int, by_heads: bool) -> tuple[int, int]:
    if by_heads:
        return best_insertion(shop, memory, job, length)
    return best_recursive_insertion(shop, memory, job, length)


@compiled
def _append(shop: Shop, memory: Memory, job: int, by_heads: bool) -> None:
    """Put a job that is not in the sequence at its best position."""
    counts = memory.counts
    length = counts[LENGTH]
    _keep_all(shop, memory, by_heads)
    position, value = _best(shop, memory, job, length, by_heads)
    _put_in(shop, memory, job, position, length, by_heads)
    counts[VALUE] = value
    _record(shop, memory)


@compiled
def _start_moves(shop: Shop, memory: Memory, phase: int) -> None:
    """Begin to move the jobs of the sequence in a random order."""
    jobs, count = shop.duration.shape[0], 0
    for k in range(memory.counts[LENGTH]):
        if memory.sequence[k] < jobs:
            memory.order[count] = memory.sequence[k]
            count += 1
    shuffle(memory.random, memory.order, count)
    memory.counts[PHASE] = phase
    memory.counts[CURSOR] = 0
    memory.counts[SINCE] = 0


@compiled
def _record(shop: Shop, memory: Memory) -> None:
    """Remember the sequence if it is complete and the best one so far."""
    counts = memory.counts
    length = shop.duration.shape[0] + shop.factories - 1
    if counts[LENGTH] == length and counts[VALUE] < counts[BEST]:
        counts[BEST] = counts[VALUE]
        for k in range(length):
            memory.best[k] = memory.sequence[k]


@compiled
def _move(shop: Shop, memory: Memory, count: int, by_heads: bool) -> None:
    """Move the next of the `count` jobs to its best position unless that is worse."""
    counts = memory.counts
    if counts[CURSOR] == count:
        shuffle(memory.random, memory.order, count)
        counts[CURSOR] = 0
    job = memory.order[counts[CURSOR]]
    counts[CURSOR] += 1
    old = 0
    while memory.sequence[old] != job:
        old += 1
    length = counts[LENGTH]
    _take_out(shop, memory, old, by_heads)
    position, value = _best(shop, memory, job, length - 1, by_heads)
    counts[SINCE] += 1
    if value <= counts[VALUE] and position != old:
        _put_in(shop, memory, job, position, length - 1, by_heads)
    if value < counts[VALUE]:
        counts[SINCE] = 0
        counts[VALUE] = value
        _record(shop, memory)


@compiled
def _copy(source: Int32s, target: Int32s, length: int) -> None:
    for k in range(length):
        target[k] = source[k]


@compiled
def _accept(memory: Memory) -> None:
    """Make the sequence the incumbent, or the incumbent the sequence."""
    counts = memory.counts
    length, value = counts[LENGTH], counts[VALUE]
    if value < counts[RUN_BEST]:
        counts[RUN_BEST] = value
        counts[IMPROVED] = counts[ROUND]
    worse = value - counts[INCUMBENT]
    chance = 1.0
    if worse > 0:
        chance = math.exp(-worse / memory.heat[0])
    if worse <= 0 or draw(memory.random, 2**30) < chance * 2**30:
        counts[INCUMBENT] = value
        _copy(memory.sequence, memory.incumbent, length)
    else:
        _copy(memory.incumbent, memory.sequence, length)


@compiled
def begin(shop: Shop, memory: Memory, length: int) -> None:
    """Go on from the complete sequence in the memory."""
    load(shop, memory, length)
    _record(shop, memory)
    _start_moves(shop, memory, FULL)


@compiled
def finish_build(shop: Shop, memory: Memory) -> None:
    """Put the jobs that the first build has left behind the sequence, in their order."""
    counts = memory.counts
    length = counts[LENGTH]
    for k in range(counts[CURSOR], shop.duration.shape[0]):
        memory.sequence[length] = memory.order[k]
        length += 1
    load(shop, memory, length)
    _record(shop, memory)


@compiled
def _start_anew(shop: Shop, memory: Memory) -> None:
    """Begin a run: an empty sequence, and the jobs to be built in a random order."""
    counts = memory.counts
    jobs = shop.duration.shape[0]
    for k in range(jobs):
        memory.order[k] = k
    shuffle(memory.random, memory.order, jobs)
    for k in range(shop.factories - 1):
        memory.sequence[k] = jobs + k
    load(shop, memory, shop.factories - 1)
    counts[PHASE] = BUILD
    counts[CURSOR] = 0
    counts[ROUND] = 0
    counts[IMPROVED] = 0
    counts[INCUMBENT] = _NOTHING
    counts[RUN_BEST] = _NOTHING


@compiled
def _remove(shop: Shop, memory: Memory) -> None:
    """Take random jobs out of the sequence."""
    counts = memory.counts
    jobs = shop.duration.shape[0]
    length, found = counts[LENGTH], 0
    count = min(counts[REMOVE], jobs - 1)
    while found < count:
        position = draw(memory.random, length)
        if memory.sequence[position] < jobs:
            memory.removed[found] = memory.sequence[position]
            found += 1
            length -= 1
            for k in range(position, length):
                memory.sequence[k] = memory.sequence[k + 1]
    load(shop, memory, length)


@compiled
def _next_round(shop: Shop, memory: Memory) -> None:
    counts = memory.counts
    _accept(memory)
    counts[ROUND] += 1
    if counts[ROUND] - counts[IMPROVED] > counts[PATIENCE]:
        _start_anew(shop, memory)
        return
    _remove(shop, memory)
    _start_moves(shop, memory, PARTIAL)


@compiled
def advance(shop: Shop, memory: Memory, steps: int) -> None:
    """Go on with the search for a number of steps, or until the best value is at most the target."""
    counts = memory.counts
    by_heads = _by_heads(shop)
    jobs = shop.duration.shape[0]
    for _ in range(steps):
        if counts[BEST] <= counts[TARGET]:
            return
        phase = counts[PHASE]
        if phase == BUILD:
            _append(shop, memory, memory.order[counts[CURSOR]], by_heads)
            counts[CURSOR] += 1
            if counts[CURSOR] == jobs:
                _start_moves(shop, memory, FULL)
        elif phase == REBUILD:
            _append(shop, memory, memory.removed[counts[CURSOR]], by_heads)
            counts[CURSOR] += 1
            if counts[CURSOR] == min(counts[REMOVE], jobs - 1):
                _start_moves(shop, memory, FULL)
        else:
            count = counts[LENGTH] - (shop.factories - 1)
            _move(shop, memory, count, by_heads)
            if counts[SINCE] >= count:
                if phase == FULL:
                    _next_round(shop, memory)
                else:
                    counts[PHASE] = REBUILD
                    counts[CURSOR] = 0
