"""Insertion of a job at all positions of a sequence at once, by the recursion of the shop itself.

Sums over jobs have no heads and tails: each insertion is followed to the end of the sequence. All insertions
are followed side by side, one job of the sequence after another: they differ in their times only, so that the
processor works on many of them in one instruction. A hybrid shop is decoded insertion by insertion.
"""

from __future__ import annotations

import numpy as np

from opt_twin.scheduling.local_search.flow_shop_compiled import (
    BLOCKING,
    FLOW_TIME,
    HYBRID,
    MAKESPAN,
    TARDINESS,
    Int32s,
    Int64s,
    Memory,
    Shop,
    compiled,
    draw,
)

__all__ = ["best_recursive_insertion", "recursive_value"]


@compiled
def _cost(shop: Shop, job: int, end: int) -> int:
    """Return what a job costs that ends at `end`."""
    if shop.objective == MAKESPAN:
        return end
    if shop.objective == FLOW_TIME:
        return int(shop.weight[job] * (end - shop.release[job]))
    late = max(0, end - int(shop.due[job]))
    return int(shop.weight[job]) * late if shop.objective == TARDINESS else late


@compiled
def _together(shop: Shop, one: int, other: int) -> int:
    """Return the cost of two groups of jobs."""
    if shop.objective in (FLOW_TIME, TARDINESS):
        return one + other
    return max(one, other)


@compiled
def _one_step(shop: Shop, front: Int32s, lane: int, before: int, job: int) -> int:
    """Put a job behind the line of one lane; return its completion."""
    machines = shop.duration.shape[1]
    time = int(shop.release[job])
    if shop.kind == BLOCKING:
        time = max(time, int(front[0, lane]))
        for i in range(machines):
            time += int(shop.duration[job, i])
            if i + 1 < machines:
                time = max(time, int(front[i + 1, lane]))
            front[i, lane] = time
        return time
    for i in range(machines):
        free = int(front[i, lane])
        if shop.setup.shape[0] > 0:
            free += int(shop.setup[i, before, job])
        time = max(time, free) + int(shop.duration[job, i])
        front[i, lane] = time
    return time


@compiled
def _all_steps(shop: Shop, front: Int32s, count: int, before: int, job: int, ends: Int32s) -> None:
    """Put a job behind the lines of the first `count` lanes; set its completions."""
    machines = shop.duration.shape[1]
    release = np.int32(shop.release[job])
    for lane in range(count):
        ends[lane] = release
    if shop.kind == BLOCKING:
        for lane in range(count):
            ends[lane] = max(ends[lane], front[0, lane])
        for i in range(machines - 1):
            work, own, following = shop.duration[job, i], front[i], front[i + 1]
            for lane in range(count):
                end = max(np.int32(ends[lane] + work), following[lane])
                ends[lane] = end
                own[lane] = end
        work, own = shop.duration[job, machines - 1], front[machines - 1]
        for lane in range(count):
            end = np.int32(ends[lane] + work)
            ends[lane] = end
            own[lane] = end
        return
    for i in range(machines):
        setup = shop.setup[i, before, job] if shop.setup.shape[0] > 0 else np.int32(0)
        work, own = shop.duration[job, i], front[i]
        for lane in range(count):
            end = np.int32(max(ends[lane], np.int32(own[lane] + setup)) + work)
            ends[lane] = end
            own[lane] = end


@compiled
def _all_costs(shop: Shop, costs: Int64s, count: int, job: int, ends: Int32s) -> None:
    """Add what the job costs to the first `count` lanes."""
    weight, release, due = shop.weight[job], shop.release[job], shop.due[job]
    if shop.objective == MAKESPAN:
        for lane in range(count):
            costs[lane] = max(costs[lane], np.int64(ends[lane]))
    elif shop.objective == FLOW_TIME:
        for lane in range(count):
            costs[lane] += weight * (ends[lane] - release)
    elif shop.objective == TARDINESS:
        for lane in range(count):
            costs[lane] += weight * max(0, ends[lane] - due)
    else:
        for lane in range(count):
            costs[lane] = max(costs[lane], ends[lane] - due)


@compiled
def _fill_values(shop: Shop, memory: Memory, job: int, length: int) -> None:
    """Set ``memory.values`` of all insertions of a job."""
    jobs, machines = shop.duration.shape
    front, costs, rest, ends = memory.front, memory.values, memory.rest, memory.front_end
    line = front.shape[1] - 1
    for i in range(machines):
        front[i, line] = 0
    so_far, before = 0, jobs
    for k in range(length + 1):
        for i in range(machines):
            front[i, k] = front[i, line]
        costs[k] = _together(shop, so_far, _cost(shop, job, _one_step(shop, front, k, before, job)))
        if k == length:
            break
        following = rest[k]
        if following >= jobs:
            for i in range(machines):
                front[i, line] = 0
                for lane in range(k + 1):
                    front[i, lane] = 0
        else:
            _all_steps(shop, front, k, before, following, ends)
            ends[k] = _one_step(shop, front, k, job, following)
            _all_costs(shop, costs, k + 1, following, ends)
            end = _one_step(shop, front, line, before, following)
            so_far = _together(shop, so_far, _cost(shop, following, end))
        before = min(following, jobs)


@compiled
def _sort(order: Int32s, times: Int64s, length: int) -> None:
    """Sort jobs by their times; equal ones keep their order. They are nearly sorted already."""
    for k in range(1, length):
        job = order[k]
        place = k
        while place > 0 and times[order[place - 1]] > times[job]:
            order[place] = order[place - 1]
            place -= 1
        order[place] = job


@compiled
def _hybrid_value(shop: Shop, memory: Memory, sequence: Int32s, length: int) -> int:
    """Return the cost when the first stage works in the sequence and the others first come, first served."""
    order, times, free = memory.front_end, memory.costs, memory.rest_tails[0]
    for k in range(length):
        order[k] = sequence[k]
        times[sequence[k]] = shop.release[sequence[k]]
    for stage in range(shop.duration.shape[1]):
        if stage > 0:
            _sort(order, times, length)
        machines = shop.parallel[stage]
        for machine in range(machines):
            free[machine] = 0
        for k in range(length):
            job, first = order[k], 0
            for machine in range(1, machines):
                if free[machine] < free[first]:
                    first = machine
            time = max(times[job], np.int64(free[first])) + shop.duration[job, stage]
            free[first] = time
            times[job] = time
    value = 0
    for k in range(length):
        value = _together(shop, value, _cost(shop, order[k], times[order[k]]))
    return value


@compiled
def recursive_value(shop: Shop, memory: Memory, sequence: Int32s, length: int) -> int:
    """Return the value of a sequence of `length` jobs and separators."""
    if shop.kind == HYBRID:
        return _hybrid_value(shop, memory, sequence, length)
    jobs, machines = shop.duration.shape
    front = memory.front
    for i in range(machines):
        front[i, 0] = 0
    value, before = 0, jobs
    for k in range(length):
        job = sequence[k]
        if job >= jobs:
            for i in range(machines):
                front[i, 0] = 0
        else:
            value = _together(shop, value, _cost(shop, job, _one_step(shop, front, 0, before, job)))
        before = min(job, jobs)
    return value


@compiled
def best_recursive_insertion(shop: Shop, memory: Memory, job: int, length: int) -> tuple[int, int]:
    """Return the best position of the job in the rest, ties at random, and the value there."""
    values = memory.values
    if shop.kind == HYBRID:
        trial, rest = memory.front[0], memory.rest
        for k in range(length):
            trial[k + 1] = rest[k]
        trial[0] = job
        values[0] = _hybrid_value(shop, memory, trial, length + 1)
        for k in range(length):
            trial[k], trial[k + 1] = trial[k + 1], trial[k]
            values[k + 1] = _hybrid_value(shop, memory, trial, length + 1)
    else:
        _fill_values(shop, memory, job, length)
    position, ties = 0, 1
    for k in range(1, length + 1):
        if values[k] < values[position]:
            position, ties = k, 1
        elif values[k] == values[position]:
            ties += 1
            if draw(memory.random, ties) == 0:
                position = k
    return position, values[position]
