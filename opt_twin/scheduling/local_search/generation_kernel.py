"""Serial schedule generation: operations are placed one after the other, each as early as it fits.

An operation of a list is placed once those before it are. Where an operation would pass its latest start (no
waiting, greatest time lags, a machine that is still held), the operation that asks for it is raised by the
difference and everything since is placed anew.

References
----------
Kelley (1963), The critical-path method, in Muth and Thompson, Industrial Scheduling. Kolisch (1996), Serial
and parallel resource-constrained project scheduling methods revisited, European Journal of Operational
Research 90:320-333.
"""

from __future__ import annotations

from opt_twin.scheduling.local_search.generation_compiled import (
    ACTIVE,
    BEFORE,
    BUFFER,
    BUFFERED,
    CHOSEN,
    DEMANDS,
    DEPTH,
    END,
    EXCESS,
    FAMILY,
    FIT_END,
    FIT_LEADER,
    FIT_START,
    FREE,
    FROZEN,
    HOLD,
    JOB,
    LEADER,
    LENGTH,
    LEVELS,
    LOAD,
    MACHINE,
    MODE,
    MODES,
    NEVER,
    NO_WAIT,
    OPTIONAL,
    ORDER,
    PLACED,
    PLACES,
    PLANNED,
    POINTER,
    RAISED,
    REPAIRS,
    ROUTE,
    SEQUENCE,
    SIZE,
    SKIP,
    SOURCE,
    START,
    VIOLATION,
    WAITED,
    Candidate,
    Project,
    State,
    compiled,
)
from opt_twin.scheduling.local_search.generation_fit import (
    after_level,
    fit,
    job_after,
    job_before,
    place_in,
    setup_between,
)
from opt_twin.scheduling.local_search.generation_value import note_value

__all__ = ["IMPOSSIBLE", "begin", "choose", "generate", "missing", "place"]

IMPOSSIBLE = 2**50
"""Ticks of violation when an operation fits nowhere."""

_REPAIRS = 30


@compiled
def _use(state: State, resource: int, amount: int, start: int, until: int) -> None:
    """Add `amount` (which may be negative) to the use of a resource."""
    if start >= until:
        return
    for at in (start, until):
        if at >= NEVER:
            continue
        count = state.steps[resource]
        place = count
        while place > 0 and state.level[resource, place - 1, 0] >= at:
            place -= 1
        if place < count and state.level[resource, place, 0] == at:
            continue
        for index in range(count, place, -1):
            state.level[resource, index, 0] = state.level[resource, index - 1, 0]
            state.level[resource, index, 1] = state.level[resource, index - 1, 1]
        state.level[resource, place, 0] = at
        state.level[resource, place, 1] = state.level[resource, place - 1, 1]
        state.steps[resource] += 1
    index = state.steps[resource] - 1
    while index >= 0 and state.level[resource, index, 0] >= start:
        if state.level[resource, index, 0] < until:
            state.level[resource, index, 1] += amount
        index -= 1
    if amount < 0:
        _join_steps(state, resource)


@compiled
def _join_steps(state: State, resource: int) -> None:
    """Leave out the steps that change nothing."""
    kept = 1
    for index in range(1, state.steps[resource]):
        if state.level[resource, index, 1] != state.level[resource, kept - 1, 1]:
            state.level[resource, kept, 0] = state.level[resource, index, 0]
            state.level[resource, kept, 1] = state.level[resource, index, 1]
            kept += 1
    state.steps[resource] = kept


@compiled
def place(
    project: Project, state: State, operation: int, mode: int, start: int, end: int, leader: int, pointer: int
) -> None:
    """Place an operation."""
    machine = project.mode[mode, MACHINE]
    state.operation[operation, START], state.operation[operation, END], state.operation[operation, FREE] = (
        start,
        end,
        end,
    )
    state.operation[operation, MODE], state.operation[operation, PLACED] = mode, 1
    state.operation[operation, LEADER], state.operation[operation, LOAD] = (
        leader,
        project.operation[operation, SIZE],
    )
    state.operation[state.note[LENGTH], SEQUENCE] = operation
    state.operation[state.note[LENGTH], POINTER] = pointer
    state.note[LENGTH] += 1
    if leader != operation:
        state.operation[leader, LOAD] += project.operation[operation, SIZE]
    elif machine < len(project.machine) - 1:
        at, count = place_in(state, machine, start), state.slots[machine]
        for index in range(count, at, -1):
            state.slot[machine, index] = state.slot[machine, index - 1]
        state.slot[machine, at] = operation
        state.slots[machine] += 1
    for row in range(project.mode[mode, DEMANDS], project.mode[mode + 1, DEMANDS]):
        resource = project.row[row, 0]
        until = NEVER if project.resource[resource, HOLD] == 1 else end
        _use(state, resource, project.row[row, 1], start, until)


@compiled
def _place_of(state: State, machine: int, operation: int) -> int:
    for index in range(state.slots[machine]):
        if state.slot[machine, index] == operation:
            return index
    return -1


@compiled
def _wait(project: Project, state: State, operation: int) -> int:
    """Let the job wait for `operation` in a place of the buffer, or hold the machine before.

    Returns
    -------
    int
        0, or the start that the operation before needs because its machine is taken earlier.
    """
    before = job_before(project, state, operation)
    if before < 0:
        return 0
    machine, own = (
        project.mode[state.operation[operation, MODE], MACHINE],
        project.mode[state.operation[before, MODE], MACHINE],
    )
    last = len(project.machine) - 1
    if last in (machine, own) or (project.machine[machine, BUFFER] < 0 and own != machine):
        return 0
    way = project.transport[own, machine]
    start, ready = state.operation[operation, START], state.operation[before, END] + way
    if start <= ready:
        return 0
    place_wanted = project.machine[machine, BUFFER]
    if own != machine and after_level(project, state, place_wanted, 1, ready, start) == ready:
        _use(state, place_wanted, 1, ready, start)
        state.operation[operation, WAITED] = 1
        return 0
    at = _place_of(state, own, before) + 1
    if 0 < at < state.slots[own] and state.slot[own, at] != operation:
        other = state.slot[own, at]
        setup = setup_between(
            project, own, project.operation[before, FAMILY], project.operation[other, FAMILY]
        )
        if start - way + setup > state.operation[other, START]:
            back = setup_between(
                project, own, project.operation[other, FAMILY], project.operation[before, FAMILY]
            )
            return int(max(state.operation[other, FREE] + back, state.operation[before, START] + 1))
    state.operation[before, FREE] = start - way
    return 0


@compiled
def _unplace_last(project: Project, state: State) -> int:
    """Take the operation that was placed last away, and return it."""
    state.note[LENGTH] -= 1
    operation = state.operation[state.note[LENGTH], SEQUENCE]
    mode = state.operation[operation, MODE]
    machine = project.mode[mode, MACHINE]
    if project.head[BUFFERED] == 1 and project.job[project.operation[operation, JOB], ORDER] == 0:
        before = job_before(project, state, operation)
        if before >= 0 and state.operation[before, PLACED] > 0:
            if state.operation[operation, WAITED] == 1:
                own = project.mode[state.operation[before, MODE], MACHINE]
                ready = state.operation[before, END] + project.transport[own, machine]
                _use(
                    state,
                    project.machine[machine, BUFFER],
                    -1,
                    ready,
                    state.operation[operation, START],
                )
                state.operation[operation, WAITED] = 0
            else:
                state.operation[before, FREE] = state.operation[before, END]
    leader = state.operation[operation, LEADER]
    if leader != operation:
        state.operation[leader, LOAD] -= project.operation[operation, SIZE]
    elif machine < len(project.machine) - 1:
        state.slots[machine] -= 1
        at = 0
        while state.slot[machine, at] != operation:
            at += 1
        for index in range(at, state.slots[machine]):
            state.slot[machine, index] = state.slot[machine, index + 1]
    for row in range(project.mode[mode, DEMANDS], project.mode[mode + 1, DEMANDS]):
        resource = project.row[row, 0]
        until = NEVER if project.resource[resource, HOLD] == 1 else state.operation[operation, END]
        _use(state, resource, -project.row[row, 1], state.operation[operation, START], until)
    state.operation[operation, PLACED] = 0
    return int(operation)


@compiled
def begin(project: Project, state: State, candidate: Candidate) -> None:
    """Empty the state, choose the operations that are done, and place those that are frozen."""
    state.note[:] = 0
    state.operation[:, PLACED] = 0
    state.operation[:, RAISED] = 0
    state.operation[:, WAITED] = 0
    state.slots[:] = 0
    for resource in range(len(project.resource) - 1):
        first, last = project.resource[resource, LEVELS], project.resource[resource + 1, LEVELS]
        for row in range(first, last):
            state.level[resource, row - first, 0] = project.row[row, 0]
            state.level[resource, row - first, 1] = project.row[row, 1]
        state.steps[resource] = last - first
    for operation in range(len(project.operation) - 1):
        route = project.operation[operation, ROUTE]
        taken = route < 0 or route == candidate.choice[project.operation[operation, JOB]]
        left_out = project.operation[operation, OPTIONAL] == 1 and candidate.operation[operation, SKIP] == 1
        state.operation[operation, ACTIVE] = 1 if taken and not left_out else 0
    for row in range(project.head[FROZEN], project.head[PLANNED]):
        operation, mode = project.row[row, 0], project.row[row, 1]
        start, end = project.row[row, 2], project.row[row, 3]
        leader, machine = operation, project.mode[mode, MACHINE]
        if machine < len(project.machine) - 1 and project.machine[machine, PLACES] > 0:
            for index in range(state.slots[machine]):
                if state.operation[state.slot[machine, index], START] == start:
                    leader = state.slot[machine, index]
        place(project, state, operation, mode, start, end, leader, 0)
        state.operation[operation, PLACED] = 2


@compiled
def missing(project: Project, state: State, operation: int) -> int:
    """Return an operation that is to be placed before this one; -1 for none."""
    if project.job[project.operation[operation, JOB], ORDER] == 0:
        other = job_before(project, state, operation)
        if other >= 0 and state.operation[other, PLACED] == 0:
            return other
    for row in range(project.operation[operation, BEFORE], project.operation[operation + 1, BEFORE]):
        other = project.row[row, 0]
        if state.operation[other, ACTIVE] == 1 and state.operation[other, PLACED] == 0:
            return int(other)
    return -1


@compiled
def choose(project: Project, state: State, candidate: Candidate, operation: int) -> int:
    """Return the mode of the candidate, or the one that ends first, and note when it fits."""
    if candidate.operation[operation, CHOSEN] >= 0:
        mode = candidate.operation[operation, CHOSEN]
        fit(project, state, candidate, operation, mode)
        return int(mode)
    first, last = project.operation[operation, MODES], project.operation[operation + 1, MODES]
    best, excess, end, noted = first, NEVER, NEVER, first
    for mode in range(first, last):
        fit(project, state, candidate, operation, mode)
        noted = mode
        own = state.note[EXCESS]
        if own < excess or (own == excess and state.note[FIT_END] < end):
            best, excess, end = mode, own, state.note[FIT_END]
    if noted != best:
        fit(project, state, candidate, operation, best)
    return int(best)


@compiled
def _repair(project: Project, state: State, source: int, start: int) -> int:
    """Place everything since `source` anew, which starts at `start` or later; return how far the list is."""
    state.operation[source, RAISED] = start
    while True:
        last = _unplace_last(project, state)
        if last == source:
            break
    state.note[REPAIRS] += 1
    state.note[DEPTH] = 1
    state.stack[0] = source
    return int(state.operation[state.note[LENGTH], POINTER])


@compiled
def _next_on_stack(project: Project, state: State, candidate: Candidate, pointer: int) -> int:
    """Fill the stack from the list; return how far the list is."""
    while state.note[DEPTH] == 0 and pointer < len(candidate.listed):
        unit = candidate.listed[pointer]
        for row in range(project.unit[unit + 1] - 1, project.unit[unit] - 1, -1):
            operation = project.row[row, 0]
            if state.operation[operation, ACTIVE] == 1 and state.operation[operation, PLACED] == 0:
                state.stack[state.note[DEPTH]] = operation
                state.note[DEPTH] += 1
        if state.note[DEPTH] == 0:
            pointer += 1
    return pointer


@compiled
def _placed_or_repaired(
    project: Project, state: State, candidate: Candidate, operation: int, pointer: int
) -> int:
    """Place the operation on top of the stack, or what has to be raised first; return how far the list is.

    It is -1 when the operation fits nowhere.
    """
    most = _REPAIRS * len(project.operation) + 200
    mode, note = choose(project, state, candidate, operation), state.note
    if note[FIT_START] >= NEVER:
        note[VIOLATION] += IMPOSSIBLE
        return -1
    if note[EXCESS] > 0:
        source, excess = note[SOURCE], note[EXCESS]
        if source >= 0 and state.operation[source, PLACED] == 1 and note[REPAIRS] < most:
            return _repair(project, state, source, state.operation[source, START] + excess)
        note[VIOLATION] += excess
    place(project, state, operation, mode, note[FIT_START], note[FIT_END], note[FIT_LEADER], pointer)
    job = project.operation[operation, JOB]
    if project.head[BUFFERED] == 1 and project.job[job, ORDER] == 0:
        start = _wait(project, state, operation)
        if start > 0:
            before = job_before(project, state, operation)
            if state.operation[before, PLACED] == 1 and note[REPAIRS] < most:
                return _repair(project, state, before, start)
            note[VIOLATION] += start - state.operation[before, START]
    if project.job[job, NO_WAIT] == 1:
        after = job_after(project, state, operation)
        if after >= 0 and state.operation[after, PLACED] == 0:
            state.stack[note[DEPTH]] = after
            note[DEPTH] += 1
    return pointer


@compiled
def generate(project: Project, state: State, candidate: Candidate) -> None:
    """Make the schedule of a candidate, and note its value and its violations."""
    begin(project, state, candidate)
    pointer, note = 0, state.note
    while pointer >= 0:
        pointer = _next_on_stack(project, state, candidate, pointer)
        if note[DEPTH] == 0:
            break
        operation = state.stack[note[DEPTH] - 1]
        if state.operation[operation, PLACED] > 0:
            note[DEPTH] -= 1
            continue
        other = missing(project, state, operation)
        if other >= 0:
            state.stack[note[DEPTH]] = other
            note[DEPTH] += 1
            continue
        note[DEPTH] -= 1
        pointer = _placed_or_repaired(project, state, candidate, operation, pointer)
    note_value(project, state, candidate)
