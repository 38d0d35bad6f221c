"""Insertion of a job at all positions of a sequence at once, for the makespan.

Heads of the jobs before a position and tails of those after it give the makespan of each insertion in O(m)
(Taillard 1990). All positions are done side by side, machine by machine, so that the processor works on many
of them in one instruction. Heads and tails that a move leaves as they are, are kept.

The same holds with set-ups (Ruiz and Stuetzle 2008), without buffers (blocking; the starts on the next
machine take the place of the ends), and for several factories (a separator sets heads and tails back to 0).

References
----------
Taillard (1990), Some efficient heuristic methods for the flow shop sequencing problem, European Journal of
Operational Research 47:65-74. Ruiz and Stuetzle (2008), An iterated greedy heuristic for the sequence
dependent setup times flowshop problem, European Journal of Operational Research 187:1143-1159. Wang, Pan,
Suganthan, Wang, Wang (2010), A novel hybrid discrete differential evolution algorithm for blocking flow shop
scheduling problems, Computers and Operations Research 37:509-520. Fernandez-Viagas and Framinan (2014), On
insertion tie-breaking rules in heuristics for the permutation flowshop scheduling problem, Computers and
Operations Research 45:60-67. Naderi and Ruiz (2010), The distributed permutation flowshop scheduling problem,
Computers and Operations Research 37:754-768.
"""

from __future__ import annotations

import numpy as np

from opt_twin.scheduling.local_search.flow_shop_compiled import (
    BLOCKING,
    Int32s,
    Memory,
    Shop,
    compiled,
    draw,
)

__all__ = ["best_insertion", "heads_from", "insertion_values", "tails_before"]


@compiled
def heads_from(shop: Shop, sequence: Int32s, length: int, heads: Int32s, first: int) -> None:
    """Fill the heads behind position `first` and all later ones; those before must be there."""
    jobs, machines = shop.duration.shape
    with_setups = shop.setup.shape[0] > 0
    for k in range(first, length):
        job = sequence[k]
        if job >= jobs:
            for i in range(machines):
                heads[i, k + 1] = 0
            continue
        duration = shop.duration[job]
        if shop.kind == BLOCKING:
            time = heads[0, k]
            for i in range(machines):
                time = np.int32(time + duration[i])
                if i + 1 < machines:
                    time = max(time, heads[i + 1, k])
                heads[i, k + 1] = time
            continue
        time = np.int32(0)
        if with_setups:
            before = min(sequence[k - 1], jobs) if k > 0 else jobs
            for i in range(machines):
                time = np.int32(max(time, np.int32(heads[i, k] + shop.setup[i, before, job])) + duration[i])
                heads[i, k + 1] = time
        else:
            for i in range(machines):
                time = np.int32(max(time, heads[i, k]) + duration[i])
                heads[i, k + 1] = time


@compiled
def tails_before(shop: Shop, sequence: Int32s, length: int, tails: Int32s, last: int) -> None:
    """Fill the tails of position `last` and all earlier ones; those after must be there."""
    jobs, machines = shop.duration.shape
    with_setups = shop.setup.shape[0] > 0
    for k in range(last, -1, -1):
        job = sequence[k]
        if job >= jobs:
            for i in range(machines):
                tails[i, k] = 0
            continue
        duration = shop.duration[job]
        if shop.kind == BLOCKING:
            time = tails[machines - 1, k + 1]
            for i in range(machines - 1, -1, -1):
                time = np.int32(time + duration[i])
                if i > 0:
                    time = max(time, tails[i - 1, k + 1])
                tails[i, k] = time
            continue
        time = np.int32(0)
        if with_setups:
            after = min(sequence[k + 1], jobs) if k + 1 < length else jobs
            for i in range(machines - 1, -1, -1):
                time = np.int32(
                    max(time, np.int32(tails[i, k + 1] + shop.setup[i, job, after])) + duration[i]
                )
                tails[i, k] = time
        else:
            for i in range(machines - 1, -1, -1):
                time = np.int32(max(time, tails[i, k + 1]) + duration[i])
                tails[i, k] = time


@compiled
def _plain(duration: Int32s, heads: Int32s, tails: Int32s, count: int, ends: Int32s, worst: Int32s) -> None:
    """Set ``worst`` to the makespan with the job at each of `count` positions."""
    for k in range(count):
        ends[k] = 0
        worst[k] = 0
    for i in range(duration.shape[0]):
        work = duration[i]
        head, tail = heads[i], tails[i]
        for k in range(count):
            end = np.int32(max(ends[k], head[k]) + work)
            ends[k] = end
            worst[k] = max(worst[k], np.int32(end + tail[k]))


@compiled
def _blocking(
    duration: Int32s, heads: Int32s, tails: Int32s, count: int, ends: Int32s, worst: Int32s
) -> None:
    machines = duration.shape[0]
    for k in range(count):
        ends[k] = heads[0, k]
        worst[k] = 0
    for i in range(machines):
        work = duration[i]
        tail = tails[i]
        if i + 1 < machines:
            head = heads[i + 1]
            for k in range(count):
                end = max(np.int32(ends[k] + work), head[k])
                ends[k] = end
                worst[k] = max(worst[k], np.int32(end + tail[k]))
        else:
            for k in range(count):
                worst[k] = max(worst[k], np.int32(np.int32(ends[k] + work) + tail[k]))


@compiled
def _with_setups(shop: Shop, memory: Memory, job: int, length: int, ends: Int32s, worst: Int32s) -> None:
    jobs, machines = shop.duration.shape
    rest = memory.rest
    for k in range(length + 1):
        ends[k] = 0
        worst[k] = 0
    for i in range(machines):
        work = shop.duration[job, i]
        head, tail = memory.rest_heads[i], memory.rest_tails[i]
        into, out = shop.setup[i, :, job], shop.setup[i, job]
        before = jobs
        for k in range(length + 1):
            after = min(rest[k], jobs) if k < length else jobs
            end = np.int32(max(ends[k], np.int32(head[k] + into[before])) + work)
            ends[k] = end
            worst[k] = max(worst[k], np.int32(np.int32(end + tail[k]) + out[after]))
            before = after


@compiled
def insertion_values(shop: Shop, memory: Memory, job: int, length: int) -> None:
    """Set ``memory.front_end`` to the makespan of the job's own factory, for each position of the rest.

    Parameters
    ----------
    shop, memory
        ``memory.rest`` and its heads and tails are set.
    job
        What is inserted.
    length
        Of the rest.
    """
    ends, worst = memory.front[0], memory.front_end
    if shop.kind == BLOCKING:
        _blocking(shop.duration[job], memory.rest_heads, memory.rest_tails, length + 1, ends, worst)
    elif shop.setup.shape[0] > 0:
        _with_setups(shop, memory, job, length, ends, worst)
    else:
        _plain(shop.duration[job], memory.rest_heads, memory.rest_tails, length + 1, ends, worst)


@compiled
def _idle_time(shop: Shop, memory: Memory, job: int, position: int, length: int) -> int:
    """Return the idle time that the job adds at `position`, as Fernandez-Viagas and Framinan estimate it."""
    heads = memory.rest_heads
    own = shop.duration[job]
    machines = own.shape[0]
    end, idle = 0, 0
    if position == length:
        for i in range(machines):
            start = max(end, heads[i, position])
            end = start + own[i]
            if i > 0:
                idle += start - heads[i, position]
        return idle
    following = shop.duration[memory.rest[position]]
    next_end = 0
    for i in range(machines):
        end = max(end, heads[i, position]) + own[i]
        if i > 0:
            idle += end - own[i] - heads[i, position + 1] + following[i] + max(0, next_end - end)
        next_end = max(next_end, end) + following[i]
    return idle


@compiled
def best_insertion(shop: Shop, memory: Memory, job: int, length: int) -> tuple[int, int]:
    """Return the best position of the job in the rest, and the makespan there.

    Ties go to the position with the least idle time in a plain shop, to a random one otherwise; with several
    factories to the one that is ready first.
    """
    insertion_values(shop, memory, job, length)
    worst = memory.front_end
    if shop.factories > 1:
        return _best_factory(shop, memory, length)
    value = worst[0]
    for k in range(1, length + 1):
        value = min(value, worst[k])
    count, position = 0, -1
    for k in range(length + 1):
        if worst[k] == value:
            count += 1
            position = k
    if count == 1:
        return position, int(value)
    return _best_tie(shop, memory, job, length, value), int(value)


@compiled
def _best_tie(shop: Shop, memory: Memory, job: int, length: int, value: int) -> int:
    """Return one of the positions with the least makespan."""
    worst = memory.front_end
    by_idle_time = shop.kind != BLOCKING and shop.setup.shape[0] == 0
    position, ties, least = -1, 0, 0
    for k in range(length + 1):
        if worst[k] != value:
            continue
        ties += 1
        if by_idle_time:
            idle = _idle_time(shop, memory, job, k, length)
            if position < 0 or idle < least:
                position, least = k, idle
        elif draw(memory.random, ties) == 0:
            position = k
    return position


@compiled
def _best_factory(shop: Shop, memory: Memory, length: int) -> tuple[int, int]:
    """Return the position that is best for the largest makespan, then for the job's own factory."""
    jobs, machines = shop.duration.shape
    rest, heads, worst = memory.rest, memory.rest_heads, memory.front_end
    largest, second = 0, 0
    for k in range(length + 1):
        if k == length or rest[k] >= jobs:
            makespan = int(heads[machines - 1, k])
            if makespan > largest:
                largest, second = makespan, largest
            else:
                second = max(second, makespan)
    position, ties, value, least = -1, 0, 0, 0
    first = 0
    for end in range(length + 1):
        if end < length and rest[end] < jobs:
            continue
        makespan = int(heads[machines - 1, end])
        others = second if makespan == largest else largest
        for k in range(first, end + 1):
            own = int(worst[k])
            total = max(own, others)
            if position < 0 or total < value or (total == value and own < least):
                position, ties, value, least = k, 1, total, own
            elif total == value and own == least:
                ties += 1
                if draw(memory.random, ties) == 0:
                    position = k
        first = end + 1
    return position, value
