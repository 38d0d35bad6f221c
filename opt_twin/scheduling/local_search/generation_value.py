"""The value of a schedule on arrays, and the ticks by which it passes deadlines."""

from __future__ import annotations

from opt_twin.scheduling.local_search.generation_compiled import (
    ACTIVE,
    COUNTS,
    DEADLINE,
    DUE,
    EARLINESS,
    END,
    FAMILY,
    FIRST,
    HORIZON,
    INITIAL,
    JOB,
    MACHINE,
    MODE,
    OPTIONAL,
    PLACED,
    PLANNED,
    POWER,
    PRIORITY,
    RELEASE,
    ROUTE,
    ROWS,
    SETUPS,
    SKIP_COST,
    START,
    TARIFF,
    TERMS,
    VALUE,
    VIOLATION,
    WEIGHT,
    Candidate,
    Project,
    State,
    compiled,
)

__all__ = ["MEASURES", "completion", "note_value"]

MEASURES = (
    "makespan",
    "total_weighted_flow_time",
    "total_weighted_tardiness",
    "total_tardiness",
    "maximum_tardiness",
    "weighted_number_tardy",
    "earliness_tardiness",
    "total_setup_time",
    "energy_cost",
    "total_deviation",
    "skip_cost",
)
"""The measures that the kernel knows, by number."""


@compiled
def completion(project: Project, state: State, job: int) -> int:
    """Return the last end of `job`; -1 when nothing of it is done."""
    last = -1
    for operation in range(project.job[job, FIRST], project.job[job + 1, FIRST]):
        if state.operation[operation, PLACED] > 0:
            last = max(last, state.operation[operation, END])
    return last


@compiled
def _of_job(project: Project, measure: int, job: int, end: int) -> int:
    """Return what one job adds to a measure over jobs."""
    if measure == 0:
        return end
    if measure == 1:
        return int(project.job[job, WEIGHT] * (end - project.job[job, RELEASE]))
    late = max(0, end - project.job[job, DUE])
    if measure == 2:
        return int(project.job[job, WEIGHT] * late)
    if measure in (3, 4):
        return int(late)
    if measure == 5:
        return int(project.job[job, WEIGHT]) if late > 0 else 0
    if project.job[job, DUE] >= 2**60:
        return 0
    early = max(0, project.job[job, DUE] - end)
    return int(project.job[job, WEIGHT] * late + project.job[job, EARLINESS] * early)


@compiled
def _setups(project: Project, state: State) -> int:
    total = 0
    for machine in range(len(project.machine)):
        row = project.machine[machine, SETUPS]
        if row < 0:
            continue
        before = project.machine[machine, INITIAL]
        for index in range(state.slots[machine]):
            after = project.operation[state.slot[machine, index], FAMILY]
            if before >= 0 and after >= 0:
                total += project.setup[row, before, after]
            before = after
    return total


@compiled
def _paid(project: Project, tick: int) -> int:
    """Return the price of one unit of power until `tick`."""
    first = project.head[TARIFF]
    low, high = first - 1, project.head[TERMS] - 1
    while low < high:
        middle = (low + high + 1) >> 1
        if project.row[middle, 0] <= tick:
            low = middle
        else:
            high = middle - 1
    if low < first:
        return 0
    return int(project.row[low, 2] + project.row[low, 1] * (tick - project.row[low, 0]))


@compiled
def _energy(project: Project, state: State) -> int:
    total = 0
    for operation in range(len(project.operation) - 1):
        if state.operation[operation, PLACED] > 0:
            power = project.mode[state.operation[operation, MODE], POWER]
            if power > 0:
                price = _paid(project, state.operation[operation, END]) - _paid(
                    project, state.operation[operation, START]
                )
                total += power * price
    return total


@compiled
def _deviation(project: Project, state: State) -> int:
    total = 0
    for row in range(project.head[PLANNED], project.head[TARIFF]):
        operation, start = project.row[row, 0], project.row[row, 1]
        machine = project.row[row, 2]
        if state.operation[operation, PLACED] == 0:
            total += project.head[HORIZON]
        else:
            total += abs(state.operation[operation, START] - start)
            if project.mode[state.operation[operation, MODE], MACHINE] != machine:
                total += 1
    return total


@compiled
def _skipped(project: Project, state: State, candidate: Candidate) -> int:
    total = 0
    for operation in range(len(project.operation) - 1):
        if project.operation[operation, OPTIONAL] == 1 and state.operation[operation, ACTIVE] == 0:
            route = project.operation[operation, ROUTE]
            if route < 0 or route == candidate.choice[project.operation[operation, JOB]]:
                total += project.operation[operation, SKIP_COST]
    return total


@compiled
def _measured(project: Project, state: State, candidate: Candidate, measure: int, priority: int) -> int:
    """Return one measure of the schedule."""
    if measure == 7:
        return _setups(project, state)
    if measure == 8:
        return _energy(project, state)
    if measure == 9:
        return _deviation(project, state)
    if measure == 10:
        return _skipped(project, state, candidate)
    total = 0
    for job in range(len(project.job) - 1):
        if project.job[job, COUNTS] == 0 or (priority >= 0 and project.job[job, PRIORITY] != priority):
            continue
        end = completion(project, state, job)
        if end >= 0:
            own = _of_job(project, measure, job, end)
            total = max(total, own) if measure in (0, 4) else total + own
    return total


@compiled
def note_value(project: Project, state: State, candidate: Candidate) -> None:
    """Note the value of the objective, and add what passes a deadline to the violations."""
    total = 0
    for row in range(project.head[TERMS], project.head[ROWS]):
        measure, priority = project.row[row, 1], project.row[row, 2]
        total += project.row[row, 0] * _measured(project, state, candidate, measure, priority)
    state.note[VALUE] = total
    for job in range(len(project.job) - 1):
        if project.job[job, DEADLINE] < 2**60:
            state.note[VIOLATION] += max(0, completion(project, state, job) - project.job[job, DEADLINE])
