"""Dispatching rules on the schedule generation: non-delay, active and serial schedules of any instance.

At every step each operation whose predecessors are placed is fitted. A non-delay schedule takes the rule's
first among those that start earliest, an active one the rule's first among those that start before the
earliest end of all and compete with it (Giffler and Thompson), and a serial one the rule's first of all.

References
----------
Giffler and Thompson (1960), Algorithms for solving production-scheduling problems, Operations Research
8:487-503. Kolisch (1996), Serial and parallel resource-constrained project scheduling methods revisited,
European Journal of Operational Research 90:320-333.
"""

from __future__ import annotations

import math
from graphlib import TopologicalSorter

import numpy as np
import numpy.typing as npt

from opt_twin.errors import NoSolutionError
from opt_twin.plan import Schedule
from opt_twin.scheduling.dispatching_rules import RULES, priority_index
from opt_twin.scheduling.instance import SchedulingInstance
from opt_twin.scheduling.local_search.generation import (
    candidate_of,
    new_state,
    project_of,
    schedule_from,
)
from opt_twin.scheduling.local_search.generation_compiled import (
    ACTIVE,
    BEFORE,
    DUE,
    DURATION,
    FAMILY,
    FIRST,
    FIT_END,
    FIT_LEADER,
    FIT_START,
    INITIAL,
    JOB,
    LENGTH,
    LOW,
    MACHINE,
    MODES,
    NEVER,
    ORDER,
    PLACED,
    PRIORITY,
    SEQUENCE,
    UNIT,
    VIOLATION,
    WEIGHT,
    Candidate,
    Ints,
    Project,
    State,
    compiled,
    draw,
    random_state,
)
from opt_twin.scheduling.local_search.generation_fit import place_in, setup_between
from opt_twin.scheduling.local_search.generation_kernel import (
    IMPOSSIBLE,
    begin,
    choose,
    generate,
    missing,
    place,
)

__all__ = ["KINDS", "RULE_NUMBERS", "dispatch_list", "dispatched"]

Floats = npt.NDArray[np.float64]

KINDS = ("non-delay", "active", "serial")
"""How the operations are chosen."""

RULE_NUMBERS = {name: number for number, name in enumerate(RULES)}
"""Rule -> its number in the kernel."""

_index = compiled(priority_index)


def _work_of(project: Project) -> Floats:
    """Return work done, work remaining and operations remaining, with it, for each operation [n, 3].

    In a network, along the longest chain; an open job counts as a whole.
    """
    count = len(project.operation) - 1
    modes = project.operation[:, MODES]
    least = [int(project.mode[modes[i] : modes[i + 1], DURATION].min()) for i in range(count)]
    before: list[list[int]] = []
    for index in range(count):
        rows = slice(project.operation[index, BEFORE], project.operation[index + 1, BEFORE])
        before.append([int(other) for other in project.row[rows, 0]])
        job = project.operation[index, JOB]
        if project.job[job, ORDER] == 0 and index > project.job[job, FIRST]:
            before[index].append(index - 1)
    order = list(TopologicalSorter(dict(enumerate(before))).static_order())
    work = np.zeros((count, 3))
    for index in order:
        work[index, 0] = least[index] + max((work[other, 0] for other in before[index]), default=0.0)
    work[:, 1], work[:, 2] = least, 1.0
    for index in reversed(order):
        for other in before[index]:
            work[other, 1] = max(work[other, 1], least[other] + work[index, 1])
            work[other, 2] = max(work[other, 2], 1.0 + work[index, 2])
    for job in range(len(project.job) - 1):
        if project.job[job, ORDER] == 1:
            own = slice(project.job[job, FIRST], project.job[job + 1, FIRST])
            work[own, 1] = np.maximum(work[own, 1], sum(least[own]))
            work[own, 2] = np.maximum(work[own, 2], len(least[own]))
    return work


@compiled
def _index_of(
    project: Project,
    state: State,
    work: Floats,
    means: Floats,
    rule: int,
    operation: int,
    mode: int,
    chance: float,
) -> float:
    """Return the index of the operation that was fitted last."""
    job, machine = project.operation[operation, JOB], project.mode[mode, MACHINE]
    start, setup = state.note[FIT_START], 0
    if machine < len(project.machine) - 1:
        before, at = project.machine[machine, INITIAL], place_in(state, machine, start)
        if at > 0:
            before = project.operation[state.slot[machine, at - 1], FAMILY]
        setup = setup_between(project, machine, before, project.operation[operation, FAMILY])
    due = float(project.job[job, DUE]) if project.job[job, DUE] < 2**60 else math.inf
    return _index(
        rule,
        float(project.mode[mode, DURATION]),
        work[operation, 0],
        work[operation, 1],
        work[operation, 2],
        due,
        float(project.job[job, WEIGHT]),
        float(state.note[LOW]),
        float(project.job[job, PRIORITY]),
        float(start),
        float(setup),
        means[0],
        means[1],
        chance,
    )


@compiled
def _fit_all(
    project: Project,
    state: State,
    candidate: Candidate,
    work: Floats,
    means: Floats,
    rule: int,
    fits: Ints,
    index: Floats,
    random: Ints,
) -> int:
    """Fit everything whose predecessors are placed; return how many there are.

    ``fits`` gets rows (operation, mode, start, end, leader), ``index`` the index of the rule.
    """
    count = 0
    for operation in range(len(project.operation) - 1):
        if state.operation[operation, ACTIVE] == 0 or state.operation[operation, PLACED] > 0:
            continue
        if missing(project, state, operation) >= 0:
            continue
        mode = choose(project, state, candidate, operation)
        if state.note[FIT_START] >= NEVER:
            continue
        chance = draw(random, 10**6) / 10**6
        index[count] = _index_of(project, state, work, means, rule, operation, mode, chance)
        fits[count, 0], fits[count, 1] = operation, mode
        fits[count, 2], fits[count, 3] = state.note[FIT_START], state.note[FIT_END]
        fits[count, 4] = state.note[FIT_LEADER]
        count += 1
    return count


@compiled
def _competes(project: Project, kind: int, fits: Ints, row: int, first: int) -> bool:
    """Return whether the rule may choose a fit; `first` is the one that starts, or ends, first of all."""
    if kind == 0:
        return bool(fits[row, 2] == fits[first, 2])
    if kind == 1:
        if row == first:
            return True
        machine, own = project.mode[fits[first, 1], MACHINE], project.mode[fits[row, 1], MACHINE]
        # without a machine, operations compete for resources
        return bool(own == machine and fits[row, 2] < fits[first, 3])
    return True


@compiled
def _dispatch(
    project: Project,
    state: State,
    candidate: Candidate,
    work: Floats,
    means: Floats,
    rule: int,
    kind: int,
    random: Ints,
) -> None:
    """Place one operation after the other as the rule chooses."""
    begin(project, state, candidate)
    count = len(project.operation) - 1
    fits, index = np.zeros((count, 5), dtype=np.int64), np.zeros(count)
    while True:
        found = _fit_all(project, state, candidate, work, means, rule, fits, index, random)
        if found == 0:
            break
        first, column = 0, 2 if kind == 0 else 3
        for row in range(found):
            if fits[row, column] < fits[first, column]:
                first = row
        best = first
        for row in range(found):
            if _competes(project, kind, fits, row, first) and index[row] < index[best]:
                best = row
        place(project, state, fits[best, 0], fits[best, 1], fits[best, 2], fits[best, 3], fits[best, 4], 0)


def dispatch_list(
    project: Project, state: State, candidate: Candidate, rule: int, *, kind: int = 0, seed: int = 0
) -> Ints:
    """Return the units in the order in which a rule takes them.

    Parameters
    ----------
    project, state, candidate
        What is scheduled, work space, and the choice of modes, routes and options.
    rule, kind
        By number, in :data:`RULE_NUMBERS` and :data:`KINDS`.
    seed
        Of the rule ``random``.
    """
    means = np.array([project.mode[:-1, DURATION].mean(), 0.0])
    if project.setup.size:
        means[1] = project.setup.mean()
    _dispatch(project, state, candidate, _work_of(project), means, rule, kind, random_state(seed))
    order = state.operation[: state.note[LENGTH], SEQUENCE]
    units = dict.fromkeys(int(unit) for unit in project.operation[order, UNIT])
    units.update(dict.fromkeys(range(len(project.unit) - 1)))
    return np.array(list(units), dtype=np.int64)


def dispatched(instance: SchedulingInstance, rule: str, kind: str, seed: int) -> Schedule:
    """Return the schedule of a rule for any instance; greatest lags, sequences and deadlines may be missed.

    The order in which the rule takes the operations is the list of the serial schedule generation.

    Raises
    ------
    NoSolutionError
        If an operation fits nowhere.
    """
    project = project_of(instance, ())
    state, candidate = new_state(project), candidate_of(project)
    number = RULE_NUMBERS[rule]
    listed = dispatch_list(project, state, candidate, number, kind=KINDS.index(kind), seed=seed)
    candidate.listed[:] = listed
    generate(project, state, candidate)
    if state.note[VIOLATION] >= IMPOSSIBLE:
        raise NoSolutionError(
            f"rule {rule!r} finds no time for an operation of {instance.name!r}; maybe a resource or a "
            "material does not suffice, or use solver 'cp-sat'"
        )
    return schedule_from(instance, project, state.operation)
