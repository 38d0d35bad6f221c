"""The earliest time at which an operation fits between those that are placed.

Each function takes a start and an end that are wanted and returns the start itself when nothing stands
against it, and otherwise the first later start that is not known to fail for the same reason. All of them
never move back, so that repeating them ends at the earliest start at which the operation fits everywhere.
"""

from __future__ import annotations

from opt_twin.scheduling.local_search.generation_compiled import (
    ACTIVE,
    APPEND,
    CAPACITY,
    CLOSURES,
    DEMANDS,
    DURATION,
    ELASTIC,
    END,
    END_SOURCE,
    EXCESS,
    FAMILY,
    FIRST,
    FIT_END,
    FIT_LEADER,
    FIT_START,
    FREE,
    HIGH,
    HIGH_END,
    HIGH_SOURCE,
    HOLD,
    INITIAL,
    INTERRUPTIBLE,
    INTO,
    JOB,
    LEAD,
    LIFT,
    LOAD,
    LOW,
    LOW_END,
    MACHINE,
    MODE,
    NEVER,
    NO_WAIT,
    NOW,
    ORDER,
    OUT,
    PLACED,
    PLACES,
    RAISED,
    RELEASE,
    SETUPS,
    SIZE,
    SOURCE,
    START,
    TAIL,
    Candidate,
    Project,
    State,
    compiled,
)

__all__ = ["fit", "job_before", "place_in", "setup_between"]

_ROUTE, _OPEN = 0, 1


@compiled
def setup_between(project: Project, machine: int, before: int, after: int) -> int:
    """Return the ticks of set-up on `machine` between two families."""
    row = project.machine[machine, SETUPS]
    if row < 0 or before < 0 or after < 0:
        return 0
    return int(project.setup[row, before, after])


@compiled
def worked(project: Project, operation: int, mode: int, start: int) -> int:
    """Return the end of the work that starts at `start`, with the closures within."""
    left = project.mode[mode, DURATION]
    if project.operation[operation, INTERRUPTIBLE] == 0:
        return int(start + left)
    now = start
    for row in range(project.mode[mode, CLOSURES], project.mode[mode + 1, CLOSURES]):
        if project.row[row, 1] <= now:
            continue
        if project.row[row, 0] - now >= left:
            break
        left -= project.row[row, 0] - now
        now = project.row[row, 1]
    return int(now + left)


@compiled
def after_closures(project: Project, operation: int, mode: int, start: int, end: int) -> int:
    """Return the next start that keeps clear of closures, or lies in open time."""
    for row in range(project.mode[mode, CLOSURES], project.mode[mode + 1, CLOSURES]):
        begin, until = project.row[row, 0], project.row[row, 1]
        if until <= start:
            continue
        if project.operation[operation, INTERRUPTIBLE] == 1:
            return int(until) if begin <= start else start
        return int(until) if begin < end else start
    return start


@compiled
def place_in(state: State, machine: int, start: int) -> int:
    """Return how many operations on `machine` come before one that starts at `start`."""
    low, high = 0, state.slots[machine]
    while low < high:
        middle = (low + high) >> 1
        other = state.slot[machine, middle]
        if state.operation[other, START] < start or (
            state.operation[other, START] == start and state.operation[other, FREE] == start
        ):
            low = middle + 1
        else:
            high = middle
    return int(low)


@compiled
def after_machine(
    project: Project, state: State, operation: int, machine: int, start: int, end: int, append: int
) -> int:
    """Return the next start at which the machine is free, with the set-ups to both neighbours."""
    count = state.slots[machine]
    place = place_in(state, machine, start)
    family = project.operation[operation, FAMILY]
    if place < count and append == 1:
        place = count
    if place > 0:
        other = state.slot[machine, place - 1]
        ready = state.operation[other, FREE] + setup_between(
            project, machine, project.operation[other, FAMILY], family
        )
    else:
        ready = setup_between(project, machine, project.machine[machine, INITIAL], family)
    if ready > start:
        return int(ready)
    if project.machine[machine, PLACES] > 0:  # what starts together is one batch, also without duration
        for index in (place - 1, place):
            if 0 <= index < count and state.operation[state.slot[machine, index], START] == start:
                return start + 1
    if place < count:
        other = state.slot[machine, place]
        if (
            end + setup_between(project, machine, family, project.operation[other, FAMILY])
            > state.operation[other, START]
        ):
            return int(
                state.operation[other, FREE]
                + setup_between(project, machine, project.operation[other, FAMILY], family)
            )
    return start


@compiled
def after_level(project: Project, state: State, resource: int, amount: int, start: int, until: int) -> int:
    """Return the next start at which `amount` of a resource is there, until `until`."""
    low, high = 0, state.steps[resource] - 1
    while low < high:
        middle = (low + high + 1) >> 1
        if state.level[resource, middle, 0] <= start:
            low = middle
        else:
            high = middle - 1
    most = project.resource[resource, CAPACITY] - amount
    while low < state.steps[resource] and state.level[resource, low, 0] < until:
        if state.level[resource, low, 1] > most:
            while low < state.steps[resource] and state.level[resource, low, 1] > most:
                low += 1
            return int(state.level[resource, low, 0]) if low < state.steps[resource] else NEVER
        low += 1
    return start


@compiled
def after_resources(project: Project, state: State, mode: int, start: int, end: int) -> int:
    """Return the next start at which one of the resources that `mode` demands is there."""
    for row in range(project.mode[mode, DEMANDS], project.mode[mode + 1, DEMANDS]):
        resource = project.row[row, 0]
        until = NEVER if project.resource[resource, HOLD] == 1 else end
        if start < until:
            later = after_level(project, state, resource, project.row[row, 1], start, until)
            if later > start:
                return later
    return start


@compiled
def after_job(project: Project, state: State, operation: int, machine: int, start: int, end: int) -> int:
    """Return the next start at which no other operation of an open job is in the way."""
    job = project.operation[operation, JOB]
    for other in range(project.job[job, FIRST], project.job[job + 1, FIRST]):
        if other == operation or state.operation[other, PLACED] == 0:
            continue
        own = project.mode[state.operation[other, MODE], MACHINE]
        ready = state.operation[other, END] + project.transport[own, machine]
        if start < ready and end + project.transport[machine, own] > state.operation[other, START]:
            return int(ready)
    return start


@compiled
def job_before(project: Project, state: State, operation: int) -> int:
    """Return the operation of the route that is done before this one; -1 for none."""
    first = project.job[project.operation[operation, JOB], FIRST]
    for other in range(operation - 1, first - 1, -1):
        if state.operation[other, ACTIVE] == 1:
            return other
    return -1


@compiled
def job_after(project: Project, state: State, operation: int) -> int:
    """Return the operation of the route that is done after this one; -1 for none."""
    for other in range(operation + 1, project.job[project.operation[operation, JOB] + 1, FIRST]):
        if state.operation[other, ACTIVE] == 1:
            return other
    return -1


@compiled
def _within_route(project: Project, state: State, operation: int, machine: int) -> None:
    """Note what the operations before and after in the route ask for."""
    found = state.note
    before, after = job_before(project, state, operation), job_after(project, state, operation)
    waits = project.job[project.operation[operation, JOB], NO_WAIT] == 0
    if before >= 0 and state.operation[before, PLACED] > 0:
        if project.operation[operation, LEAD] >= 0:
            found[LOW] = max(found[LOW], state.operation[before, START] + project.operation[before, LEAD])
            found[LOW_END] = max(
                found[LOW_END], state.operation[before, END] + project.operation[operation, TAIL]
            )
        else:
            own = project.mode[state.operation[before, MODE], MACHINE]
            ready = state.operation[before, END] + project.transport[own, machine]
            found[LOW] = max(found[LOW], ready)
            if not waits:
                found[HIGH], found[HIGH_SOURCE] = ready, before
    if after >= 0 and state.operation[after, PLACED] > 0:
        if project.operation[operation, LEAD] >= 0:
            found[HIGH] = min(found[HIGH], state.operation[after, START] - project.operation[operation, LEAD])
            found[HIGH_END] = min(
                found[HIGH_END], state.operation[after, END] - project.operation[after, TAIL]
            )
        else:
            own = project.mode[state.operation[after, MODE], MACHINE]
            last = state.operation[after, START] - project.transport[machine, own]
            found[HIGH_END] = min(found[HIGH_END], last)
            if not waits:
                found[LOW_END] = max(found[LOW_END], last)
        found[END_SOURCE] = after


@compiled
def window(project: Project, state: State, candidate: Candidate, operation: int, machine: int) -> None:
    """Note the least and the greatest start and end that the placed operations leave."""
    found, job = state.note, project.operation[operation, JOB]
    found[LOW] = max(
        project.job[job, RELEASE],
        project.head[NOW],
        candidate.operation[operation, LIFT],
        state.operation[operation, RAISED],
    )
    found[LOW_END], found[HIGH], found[HIGH_END] = -NEVER, NEVER, NEVER
    found[HIGH_SOURCE], found[END_SOURCE] = -1, -1
    if project.job[job, ORDER] == _ROUTE:
        _within_route(project, state, operation, machine)
    for row in range(project.operation[operation, INTO], project.operation[operation + 1, INTO]):
        other, kind, lag = project.row[row, 0], project.row[row, 1], project.row[row, 2]
        if state.operation[other, PLACED] > 0:
            least = lag + (state.operation[other, END] if kind in (0, 2) else state.operation[other, START])
            if kind < 2:
                found[LOW] = max(found[LOW], least)
            else:
                found[LOW_END] = max(found[LOW_END], least)
    for row in range(project.operation[operation, OUT], project.operation[operation + 1, OUT]):
        other, kind, lag = project.row[row, 0], project.row[row, 1], project.row[row, 2]
        if state.operation[other, PLACED] > 0:
            most = (state.operation[other, START] if kind < 2 else state.operation[other, END]) - lag
            if kind in (0, 2):
                if most < found[HIGH_END]:
                    found[HIGH_END], found[END_SOURCE] = most, other
            elif most < found[HIGH]:
                found[HIGH], found[HIGH_SOURCE] = most, other


@compiled
def _own_start(project: Project, state: State, operation: int, mode: int, start: int, append: int) -> int:
    """Return the earliest start outside the batches that are there, and note the end."""
    machine, machines = project.mode[mode, MACHINE], len(project.machine) - 1
    found = state.note
    while start < NEVER:
        end = worked(project, operation, mode, start)
        later = after_closures(project, operation, mode, start, end)
        if later == start and end < found[LOW_END]:
            if project.operation[operation, ELASTIC] == 1:
                end = found[LOW_END]
            else:
                later = start + found[LOW_END] - end
        if later == start and machine < machines:
            closed = max(append, project.machine[machine, APPEND])
            later = after_machine(project, state, operation, machine, start, end, closed)
        if later == start:
            later = after_resources(project, state, mode, start, end)
        if later == start and project.job[project.operation[operation, JOB], ORDER] == _OPEN:
            later = after_job(project, state, operation, machine, start, end)
        if later == start:
            found[FIT_END] = end
            return start
        start = later
    found[FIT_END] = NEVER
    return NEVER


@compiled
def _joined(project: Project, state: State, operation: int, mode: int, before: int) -> int:
    """Return the leader of a batch that the operation can join and that ends by `before`; -1 for none."""
    machine, found = project.mode[mode, MACHINE], state.note
    best, least = -1, before
    for place in range(state.slots[machine]):
        leader = state.slot[machine, place]
        start, end = state.operation[leader, START], state.operation[leader, END]
        if (
            start < found[LOW]
            or end > least
            or end < found[LOW_END]
            or project.operation[leader, FAMILY] != project.operation[operation, FAMILY]
            or state.operation[leader, LOAD] + project.operation[operation, SIZE]
            > project.machine[machine, PLACES]
            or end - start < project.mode[mode, DURATION]
        ):
            continue
        if after_closures(project, operation, mode, start, end) != start:
            continue
        if after_resources(project, state, mode, start, end) != start:
            continue
        if project.job[project.operation[operation, JOB], ORDER] == _OPEN and start != after_job(
            project, state, operation, machine, start, end
        ):
            continue
        best, least = leader, end
    return best


@compiled
def fit(project: Project, state: State, candidate: Candidate, operation: int, mode: int) -> None:
    """Note the earliest start and end of an operation in a mode, and what passes its latest ones."""
    machine, found = project.mode[mode, MACHINE], state.note
    window(project, state, candidate, operation, machine)
    found[FIT_START] = _own_start(project, state, operation, mode, found[LOW], candidate.choice[-1])
    found[FIT_LEADER] = operation
    if machine < len(project.machine) - 1 and project.machine[machine, PLACES] > 0:
        leader = _joined(project, state, operation, mode, found[FIT_END])
        if leader >= 0:
            found[FIT_START], found[FIT_END], found[FIT_LEADER] = (
                state.operation[leader, START],
                state.operation[leader, END],
                leader,
            )
    found[EXCESS], found[SOURCE] = 0, -1
    if found[FIT_START] - found[HIGH] > 0:
        found[EXCESS], found[SOURCE] = found[FIT_START] - found[HIGH], found[HIGH_SOURCE]
    if found[FIT_END] - found[HIGH_END] > found[EXCESS]:
        found[EXCESS], found[SOURCE] = found[FIT_END] - found[HIGH_END], found[END_SOURCE]
