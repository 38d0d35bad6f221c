"""Ruin and recreate on the list of a schedule generation, as a machine that stops after a number of rounds.

A round takes some units out of the list that stand near each other (on one machine, in one job, in time, or
on the chain of operations that decides when a late job ends), puts each back at another place, perhaps in
another mode, and makes the schedule anew. It is accepted if it is not worse, or by chance while the search
is warm. A run cools down over its rounds; then the next, longer one begins, from the best list or from a
random one. In projects that can be read backwards, some rounds justify the schedule to the right and back
to the left instead.

References
----------
Schrimpf, Schneider, Stamm-Wilbrandt, Dueck (2000), Record breaking optimization results using the ruin and
recreate principle, Journal of Computational Physics 159:139-171. Christiaens and Vanden Berghe (2020), Slack
induction by string removals for vehicle routing problems, Transportation Science 54:417-433. Kirkpatrick,
Gelatt, Vecchi (1983), Optimization by simulated annealing, Science 220:671-680. Valls, Ballestin, Quintanilla
(2005), Justification and RCPSP: a technique that pays, European Journal of Operational Research 165:375-386.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from opt_twin.scheduling.local_search.generation_compiled import (
    ACTIVE,
    CHOSEN,
    DUE,
    END,
    FIRST,
    HORIZON,
    JOB,
    LENGTH,
    LIFT,
    MACHINE,
    MODE,
    MODES,
    NEVER,
    OPTIONAL,
    PLACED,
    ROUTES,
    SEQUENCE,
    SKIP,
    START,
    TARIFF,
    TERMS,
    UNIT,
    VALUE,
    VIOLATION,
    Candidate,
    Ints,
    Project,
    State,
    compiled,
    draw,
)
from opt_twin.scheduling.local_search.generation_fit import job_before, place_in
from opt_twin.scheduling.local_search.generation_kernel import generate
from opt_twin.scheduling.local_search.generation_value import completion

__all__ = ["NUMBERS", "Search", "advance", "take_over"]

Floats = npt.NDArray[np.float64]

(
    ROUND,
    ROUNDS,
    VALUE_NOW,
    VIOLATION_NOW,
    BEST_VALUE,
    BEST_VIOLATION,
    IMPROVED,
    TOTAL,
    LIFTS,
    APPENDS,
    MIRRORED,
    TARGET,
) = range(12)
NUMBERS = 12
"""Places in ``Search.number``.

The round of this run and how many it has; value and violations of the current and of the best schedule; the
round, over all runs, of the last improvement; all rounds. Whether starts are lifted, whether lists that only
append are tried, whether the project can be mirrored, and the value at which the search ends.
"""

_WARM, _COLD = 0.5, 0.02


class Search(NamedTuple):
    """What a search remembers.

    Attributes
    ----------
    now, trial, spare, best
        Candidates: the current one, the one that is tried, the best of a few, and the best of all.
    schedule, best_schedule
        ``State.operation`` of the current and of the best schedule.
    removed
        Units that are out of the list [u].
    number
        [12].
    heat
        The mean loss of a round that made things worse, and the cost of a tick of violation [2].
    random
        State of the random numbers [2].
    """

    now: Candidate
    trial: Candidate
    spare: Candidate
    best: Candidate
    schedule: Ints
    best_schedule: Ints
    removed: Ints
    number: Ints
    heat: Floats
    random: Ints


@compiled
def _copy(source: Candidate, target: Candidate) -> None:
    target.listed[:] = source.listed
    target.operation[:] = source.operation
    target.choice[:] = source.choice


@compiled
def _cost(search: Search, value: int, violation: int) -> float:
    return float(value) + float(search.heat[1]) * float(violation)


@compiled
def _late_operation(project: Project, state: State, search: Search) -> int:
    """Return an operation on the chain that decides when some late job ends."""
    random, jobs = search.random, len(project.job) - 1
    worst, lateness = -1, -NEVER
    for _ in range(4):
        job = draw(random, jobs)
        end = completion(project, state, job)
        if end >= 0:
            own = end - (project.job[job, DUE] if project.job[job, DUE] < 2**60 else 0)
            if own > lateness:
                worst, lateness = job, own
    if worst < 0:
        return draw(random, len(project.operation) - 1)
    last = project.job[worst, FIRST]
    for operation in range(project.job[worst, FIRST], project.job[worst + 1, FIRST]):
        if state.operation[operation, PLACED] > 0 and (
            state.operation[last, PLACED] == 0 or state.operation[operation, END] > state.operation[last, END]
        ):
            last = operation
    for _ in range(draw(random, 2 + len(project.operation) // jobs)):
        before = _just_before(project, state, last, draw(random, state.note[LENGTH]))
        if before < 0:
            break
        last = before
    return int(last)


@compiled
def _just_before(project: Project, state: State, operation: int, offset: int) -> int:
    """Return an operation that ends when `operation` starts, or the last one before on job or machine."""
    start = state.operation[operation, START]
    machine = project.mode[state.operation[operation, MODE], MACHINE]
    best = job_before(project, state, operation)
    if best >= 0 and state.operation[best, PLACED] == 0:
        best = -1
    if machine < len(project.machine) - 1:
        place = place_in(state, machine, start) - 1
        if place >= 0:
            other = state.slot[machine, place]
            if best < 0 or state.operation[other, END] > state.operation[best, END]:
                best = other
    if best >= 0 and state.operation[best, END] >= start:
        return int(best)
    count = state.note[LENGTH]
    for step in range(count):
        other = state.operation[(step + offset) % count, SEQUENCE]
        if state.operation[other, END] == start and other != operation:
            return int(other)
    return int(best)


@compiled
def _neighbour(project: Project, state: State, operation: int, distance: int) -> int:
    """Return the operation that is `distance` places away on the machine; -1 for none."""
    if state.operation[operation, PLACED] == 0:
        return -1
    machine = project.mode[state.operation[operation, MODE], MACHINE]
    if machine == len(project.machine) - 1:
        return -1
    count = state.slots[machine]
    for index in range(count):
        if state.slot[machine, index] == operation:
            other = index + distance
            return int(state.slot[machine, other]) if 0 <= other < count else -1
    return -1


@compiled
def _related(project: Project, state: State, search: Search, seed: int, kind: int) -> int:
    """Return an operation near `seed`: on its machine, in its job, in the list, or any; -1 for none."""
    random, listed = search.random, search.now.listed
    if kind == 0:
        return _neighbour(project, state, seed, draw(random, 7) - 3)
    if kind == 1:
        job = project.operation[seed, JOB]
        first = project.job[job, FIRST]
        return int(first + draw(random, project.job[job + 1, FIRST] - first))
    if kind == 2:
        place, unit = 0, project.operation[seed, UNIT]
        while listed[place] != unit:
            place += 1
        place += draw(random, 11) - 5
        return int(project.row[project.unit[listed[place]], 0]) if 0 <= place < len(listed) else -1
    return draw(random, len(project.operation) - 1)


@compiled
def _ruin(project: Project, state: State, search: Search) -> int:
    """Choose units that are near each other; return how many."""
    random, units, removed = search.random, len(project.unit) - 1, search.removed
    count = 1
    while count < min(6, units) and draw(random, 2) == 0:
        count += 1
    if draw(random, 2) == 0:
        seed = _late_operation(project, state, search)
    else:
        seed = draw(random, len(project.operation) - 1)
    removed[0] = project.operation[seed, UNIT]
    kind, found = draw(random, 4), 1
    for _ in range(3 * count):
        other = _related(project, state, search, seed, kind)
        if found < count and other >= 0:
            unit = project.operation[other, UNIT]
            if not np.any(removed[:found] == unit):
                removed[found] = unit
                found += 1
    return found


@compiled
def _move(listed: Ints, source: int, target: int) -> None:
    """Move one entry of a list."""
    unit = listed[source]
    step = 1 if target > source else -1
    for index in range(source, target, step):
        listed[index] = listed[index + step]
    listed[target] = unit


@compiled
def _lift(project: Project, search: Search, operation: int) -> int:
    """Return a time before which `operation` shall not start."""
    random = search.random
    kind = draw(random, 6)
    start = search.schedule[operation, START]
    other = search.schedule[draw(random, len(project.operation) - 1)]
    length = search.schedule[operation, END] - start
    if kind == 0:
        return int(max(0, start + draw(random, 2 * length + 5) - length - 2))
    if kind == 1:
        return int(other[START])
    if kind == 2:
        return int(other[END])
    if kind == 3:
        due = project.job[project.operation[operation, JOB], DUE]
        if due < 2**60:
            return int(max(0, due - length - draw(random, 2) * draw(random, 2 * length + 2)))
        return 0
    if kind == 4 and project.head[TERMS] > project.head[TARIFF]:
        row = project.head[TARIFF] + draw(random, project.head[TERMS] - project.head[TARIFF])
        return int(project.row[row, 0])
    return 0


@compiled
def _vary_choices(project: Project, search: Search, operation: int) -> None:
    """Choose the mode, the route, the lift of an operation anew, and whether it is left out."""
    random, trial = search.random, search.trial
    first, last = project.operation[operation, MODES], project.operation[operation + 1, MODES]
    if last - first > 1:
        chosen = -1 if draw(random, 2) == 0 else first + draw(random, last - first)
        trial.operation[operation, CHOSEN] = chosen
    if search.number[LIFTS] == 1:
        lift = _lift(project, search, operation) if draw(random, 3) > 0 else 0
        trial.operation[operation, LIFT] = min(lift, project.head[HORIZON])
    if project.operation[operation, OPTIONAL] == 1 and draw(random, 3) == 0:
        trial.operation[operation, SKIP] = 1 - trial.operation[operation, SKIP]
    job = project.operation[operation, JOB]
    if project.job[job, ROUTES] > 1 and draw(random, 4) == 0:
        trial.choice[job] = draw(random, project.job[job, ROUTES])


@compiled
def _recreate(project: Project, state: State, search: Search, count: int) -> None:
    """Put the units that are out back at other places of the list, and choose what they can choose."""
    random, listed, units = search.random, search.trial.listed, len(project.unit) - 1
    for index in range(count):
        unit = search.removed[index]
        source = 0
        while listed[source] != unit:
            source += 1
        first = project.unit[unit]
        operation = project.row[first + draw(random, project.unit[unit + 1] - first), 0]
        target, kind = source, draw(random, 4)
        if kind < 2:
            other = _neighbour(project, state, operation, (1 + draw(random, 2)) * (1 - 2 * draw(random, 2)))
            if other >= 0:
                wanted = project.operation[other, UNIT]
                target = 0
                while listed[target] != wanted:
                    target += 1
        if target == source:
            width = 1 + units // 4 if kind < 3 else units
            target = min(units - 1, max(0, source + draw(random, 2 * width + 1) - width))
        _move(listed, source, target)
        for row in range(first, project.unit[unit + 1]):
            _vary_choices(project, search, project.row[row, 0])
    if search.number[APPENDS] == 1 and draw(random, 8) == 0:
        search.trial.choice[-1] = 1 - search.trial.choice[-1]


@compiled
def _sort_units(project: Project, listed: Ints, schedule: Ints, column: int, sign: int) -> None:
    """Sort a list by the first start, or by the last end downwards; what is left out comes last."""
    units = len(listed)
    keys = np.full(units, NEVER, dtype=np.int64)
    for place in range(units):
        unit = listed[place]
        for row in range(project.unit[unit], project.unit[unit + 1]):
            operation = project.row[row, 0]
            if schedule[operation, PLACED] > 0:
                keys[place] = min(keys[place], sign * schedule[operation, column])
    listed[:] = listed[np.argsort(keys, kind="mergesort")]


@compiled
def _justify(project: Project, mirror: Project, mirror_state: State, search: Search) -> None:
    """Let the trial be the current schedule, shifted to the right and read from left to right again."""
    trial = search.trial
    for operation in range(len(project.operation) - 1):
        trial.operation[operation, CHOSEN] = search.schedule[operation, MODE]
    _sort_units(project, trial.listed, search.schedule, END, -1)
    generate(mirror, mirror_state, trial)
    _sort_units(project, trial.listed, mirror_state.operation, END, -1)


@compiled
def take_over(project: Project, state: State, search: Search, source: Candidate) -> None:
    """Make the schedule of `source` the current one, and the best one if it is."""
    number = search.number
    _copy(source, search.now)
    search.schedule[:] = state.operation
    number[VALUE_NOW], number[VIOLATION_NOW] = state.note[VALUE], state.note[VIOLATION]
    _sort_units(project, search.now.listed, state.operation, START, 1)
    for operation in range(len(project.operation) - 1):
        if state.operation[operation, ACTIVE] == 1:
            search.now.operation[operation, CHOSEN] = state.operation[operation, MODE]
    worse = number[VIOLATION_NOW] > number[BEST_VIOLATION] or (
        number[VIOLATION_NOW] == number[BEST_VIOLATION] and number[VALUE_NOW] >= number[BEST_VALUE]
    )
    if not worse:
        number[BEST_VALUE], number[BEST_VIOLATION] = number[VALUE_NOW], number[VIOLATION_NOW]
        number[IMPROVED] = number[TOTAL]
        search.best_schedule[:] = state.operation
        _copy(search.now, search.best)


@compiled
def _restart(project: Project, state: State, search: Search) -> None:
    """Begin a longer run, from the best list or from a random one."""
    number, random = search.number, search.random
    number[ROUND] = 0
    number[ROUNDS] = min(2 * number[ROUNDS], 10**8)
    _copy(search.best, search.trial)
    if draw(random, 3) == 0:
        units = len(search.trial.listed)
        for place in range(units - 1, 0, -1):
            _move(search.trial.listed, place, draw(random, place + 1))
        search.trial.operation[:, CHOSEN] = -1
        search.trial.operation[:, LIFT] = 0
    generate(project, state, search.trial)
    take_over(project, state, search, search.trial)


@compiled
def _is_accepted(search: Search, cost: float) -> bool:
    """Return whether the search goes on from a schedule of this cost."""
    number, heat = search.number, search.heat
    loss = cost - _cost(search, number[VALUE_NOW], number[VIOLATION_NOW])
    if loss <= 0:
        return True
    heat[0] = loss if heat[0] == 0 else heat[0] + 0.01 * (min(loss, 10 * heat[0]) - heat[0])
    progress = number[ROUND] / number[ROUNDS]
    warmth = heat[0] * _WARM * (_COLD / _WARM) ** progress
    chance = (1 + draw(search.random, 10**6)) / 10**6
    return bool(chance < math.exp(-loss / warmth))


@compiled
def _try(project: Project, state: State, search: Search) -> float:
    """Make the schedule of one or several trials, and return the cost of the best, which the state holds."""
    count = _ruin(project, state, search)
    tries = 3 if draw(search.random, 4) == 0 else 1
    least, kept = math.inf, 0
    for attempt in range(tries):
        _copy(search.now, search.trial)
        _recreate(project, state, search, count)
        if attempt + 1 < tries:
            generate(project, state, search.trial)
            cost = _cost(search, state.note[VALUE], state.note[VIOLATION])
            if cost < least:
                least, kept = cost, attempt
                _copy(search.trial, search.spare)
    generate(project, state, search.trial)
    cost = _cost(search, state.note[VALUE], state.note[VIOLATION])
    if least < cost and kept + 1 < tries:
        _copy(search.spare, search.trial)
        generate(project, state, search.trial)
        return least
    return cost


@compiled
def advance(
    project: Project, state: State, mirror: Project, mirror_state: State, search: Search, rounds: int
) -> int:
    """Do `rounds` rounds, or fewer when the target is reached; return how many."""
    number = search.number
    for done in range(rounds):
        if number[BEST_VIOLATION] == 0 and number[BEST_VALUE] <= number[TARGET]:
            return done
        if number[ROUND] >= number[ROUNDS]:
            _restart(project, state, search)
        number[ROUND] += 1
        number[TOTAL] += 1
        if number[MIRRORED] == 1 and draw(search.random, 16) == 0:
            _copy(search.now, search.trial)
            _justify(project, mirror, mirror_state, search)
            generate(project, state, search.trial)
            cost = _cost(search, state.note[VALUE], state.note[VIOLATION])
        else:
            cost = _try(project, state, search)
        if _is_accepted(search, cost):
            take_over(project, state, search, search.trial)
    return rounds
