"""From an instance to the arrays of the schedule generation, and back to a schedule."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from graphlib import CycleError, TopologicalSorter
from itertools import accumulate, pairwise

import numpy as np

from opt_twin.plan import Assignment, Schedule
from opt_twin.scheduling.features import FEATURES
from opt_twin.scheduling.instance import SchedulingInstance
from opt_twin.scheduling.jobs import Job, Mode, Precedence
from opt_twin.scheduling.local_search.generation_compiled import (
    CHOSEN,
    DURATION,
    END,
    FIRST,
    FROZEN,
    LEVELS,
    MACHINE,
    MODE,
    MODES,
    NEVER,
    OPTIONAL,
    PLACED,
    PLANNED,
    ROUTE,
    ROUTES,
    ROWS,
    SKIP,
    START,
    TERMS,
    Candidate,
    Ints,
    Project,
    State,
)
from opt_twin.scheduling.local_search.generation_value import MEASURES
from opt_twin.scheduling.resources import Resource

__all__ = ["HELD", "Term", "candidate_of", "mirrored", "new_state", "project_of", "schedule_from"]

HELD = frozenset(FEATURES)
"""The features that the schedule generation treats; all there are.

It fills a finite buffer only by jobs that need not hold a machine, and never lets jobs swap: a job finds its
place before it leaves. So it may miss schedules that swap. Greatest time lags and same sequences are kept as
far as a repair succeeds.
"""

Term = tuple[int, str, int | None]
"""Factor, measure and priority of one summand of the objective."""

_KINDS = {"end-start": 0, "start-start": 1, "end-end": 2, "start-end": 3}
_ORDERS = {"route": 0, "open": 1, "network": 2}


def _table(rows: Iterable[Sequence[int]], width: int) -> Ints:
    listed = list(rows)
    return np.array(listed, dtype=np.int64).reshape(len(listed), width)


class _Rows:
    """Lists of different lengths, one after the other."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, ...]] = []

    def add(self, lists: Iterable[Iterable[tuple[int, ...]]]) -> list[int]:
        """Append the lists and return where each begins, and where the last one ends."""
        firsts = [len(self.rows)]
        for members in lists:
            self.rows += [(*member, *[0] * (4 - len(member))) for member in members]
            firsts.append(len(self.rows))
        return firsts

    def table(self) -> Ints:
        """Return all rows."""
        return _table(self.rows, 4)


def _columns(*columns: Iterable[int]) -> Ints:
    """Return a table with these columns; those that are shorter end with a 0."""
    listed = [list(column) for column in columns]
    height = max(map(len, listed))
    return np.array([column + [0] * (height - len(column)) for column in listed], dtype=np.int64).T.copy()


def _firsts(lengths: Iterable[int]) -> list[int]:
    """Return where each list begins when they stand one after the other, and where the last one ends."""
    return list(accumulate(lengths, initial=0))


class _Numbers:
    """Dense numbers for everything that has a name."""

    def __init__(self, instance: SchedulingInstance) -> None:
        self.instance = instance
        self.machine = {name: index for index, name in enumerate(instance.machines)}
        self.machine[""] = len(instance.machines)
        self.resource = {resource.name: index for index, resource in enumerate(instance.resources)}
        self.job = {job.name: index for index, job in enumerate(instance.jobs)}
        self.keys = list(instance.keys())
        self.operation = {key: index for index, key in enumerate(self.keys)}
        self.options: list[tuple[Mode, ...]] = [
            instance.options(job, position)
            for job in instance.jobs
            for position in range(len(job.operations))
        ]
        self.first_mode = _firsts(len(options) for options in self.options)
        families = [
            job.family_of(position) for job in instance.jobs for position in range(len(job.operations))
        ]
        known = dict.fromkeys([*families, *instance.initial_family.values()])
        known.pop(None, None)
        self.family = {name: index for index, name in enumerate(known)}
        self.families = [-1 if name is None else self.family[name] for name in families]

    @property
    def owners(self) -> list[Job]:
        """The job of each operation."""
        return [job for job in self.instance.jobs for _ in job.operations]


def _streams(job: Job) -> bool:
    return any(o.lead is not None or o.tail is not None for o in job.operations)


def _modes(numbers: _Numbers, rows: _Rows) -> Ints:
    """Return the table of the modes, and one line more."""
    modes = [mode for options in numbers.options for mode in options]
    demands = [[(numbers.resource[name], need) for name, need in mode.demands.items()] for mode in modes]
    closed: dict[tuple[str, ...], tuple[tuple[int, int], ...]] = {}
    closures = []
    for mode in modes:
        key = (mode.machine, *mode.demands)
        if key not in closed:
            closed[key] = numbers.instance.closed(mode) if numbers.instance.closures else ()
        closures.append(closed[key])
    return _columns(
        [numbers.machine[mode.machine] for mode in modes],
        [mode.duration for mode in modes],
        [mode.power for mode in modes],
        rows.add(demands),
        rows.add(closures),
    )


def _operations(numbers: _Numbers, units: list[list[int]], rows: _Rows) -> Ints:
    """Return the table of the operations, and one line more."""
    instance = numbers.instance
    operations = [operation for job in instance.jobs for operation in job.operations]
    owner = [index for index, job in enumerate(instance.jobs) for _ in job.operations]
    both = list(zip(numbers.owners, operations, strict=True))
    fixed = {numbers.operation[a.job, a.operation] for a in instance.frozen}
    unit_of = {operation: index for index, members in enumerate(units) for operation in members}
    into, out = _arcs(numbers)
    return _columns(
        owner,
        numbers.families,
        [operation.size for operation in operations],
        [int(operation.interruptible) for operation in operations],
        [int(job.is_elastic(place)) for job in instance.jobs for place in range(len(job.operations))],
        [operation.lead_ticks if _streams(job) else -1 for job, operation in both],
        [operation.tail_ticks for operation in operations],
        [job.routes.index(operation.route) if operation.route else -1 for job, operation in both],
        [int(operation.optional and index not in fixed) for index, operation in enumerate(operations)],
        [operation.skip_cost for operation in operations],
        [unit_of[index] for index in range(len(operations))],
        numbers.first_mode,
        rows.add(into),
        rows.add(out),
        rows.add([(other,) for other in others] for others in _placed_before(numbers)),
    )


def _jobs(instance: SchedulingInstance) -> Ints:
    """Return the table of the jobs, and one line more."""
    jobs = instance.jobs
    return _columns(
        _firsts(len(job.operations) for job in jobs),
        [_ORDERS[job.order] for job in jobs],
        [int(job.no_wait) for job in jobs],
        [max(1, len(job.routes)) for job in jobs],
        [job.release for job in jobs],
        [NEVER if job.due is None else job.due for job in jobs],
        [NEVER if job.deadline is None else job.deadline for job in jobs],
        [job.weight for job in jobs],
        [job.earliness_weight for job in jobs],
        [job.priority for job in jobs],
        [int(job.counts) for job in jobs],
    )


_Arcs = list[list[tuple[int, int, int]]]


def _arcs(numbers: _Numbers) -> tuple[_Arcs, _Arcs]:
    """Return (other, kind, lag) of the precedences into and out of each operation."""
    count = len(numbers.keys)
    into: _Arcs = [[] for _ in range(count)]
    out: _Arcs = [[] for _ in range(count)]
    for precedence in numbers.instance.precedences:
        before, after = numbers.operation[precedence.before], numbers.operation[precedence.after]
        kind = _KINDS[precedence.kind]
        into[after].append((before, kind, precedence.lag))
        out[before].append((after, kind, precedence.lag))
    return into, out


def _is_acyclic(graph: dict[int, set[int]]) -> bool:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError:
        return False
    return True


def _placed_before(numbers: _Numbers) -> list[list[int]]:
    """Return the precedences that decide the order of placing; those that would close a circle do not."""
    graph: dict[int, set[int]] = {
        index: {index - 1} if job.order == "route" and position else set()
        for index, (job, (_, position)) in enumerate(zip(numbers.owners, numbers.keys, strict=True))
    }
    wanted = [
        (numbers.operation[precedence.before], numbers.operation[precedence.after])
        for precedence in numbers.instance.precedences
        if precedence.lag >= 0
    ]
    whole = {index: set(others) for index, others in graph.items()}
    for before, after in wanted:
        whole[after].add(before)
    one_by_one = not _is_acyclic(whole)
    chosen: list[list[int]] = [[] for _ in numbers.keys]
    for before, after in wanted:
        graph[after].add(before)
        if one_by_one and not _is_acyclic(graph):
            graph[after].discard(before)
        else:
            chosen[after].append(before)
    return chosen


def _machines(numbers: _Numbers) -> tuple[Ints, Ints, Ints]:
    """Return the table of the machines, the set-ups and the transport times."""
    instance, count = numbers.instance, len(numbers.instance.machines)
    listed = [name for name in instance.machines if name in instance.setup_times]
    families = list(numbers.family)
    setup = np.zeros((len(listed), len(families), len(families)), dtype=np.int64)
    for row, name in enumerate(listed):
        for a, before in enumerate(families):
            for b, after in enumerate(families):
                setup[row, a, b] = instance.setup_time(name, before, after)
    transport = np.zeros((count + 1, count + 1), dtype=np.int64)
    for source, ways in instance.transport_times.items():
        for target, ticks in ways.items():
            transport[numbers.machine[source], numbers.machine[target]] = ticks
    in_order = {name for group in instance.same_sequence for name in group}
    if instance.permutation:
        in_order |= set(instance.machines)
    buffered = {name: len(instance.resources) + i for i, name in enumerate(instance.buffers)}
    places = {name: place for place, name in enumerate(listed)}
    names = [*instance.machines, ""]
    initial = instance.initial_family
    table = _columns(
        [places.get(name, -1) for name in names],
        [numbers.family[initial[name]] if name in initial else -1 for name in names],
        [instance.batching.get(name, 0) for name in names],
        [int(name in in_order) for name in names],
        [buffered.get(name, -1) for name in names],
    )
    return table, setup, transport


def _levels(resource: Resource) -> tuple[int, list[tuple[int, int]]]:
    """Return the capacity of a resource and the steps of what is in use from the beginning."""
    if resource.kind == "consumable":
        total = sum(delivery.amount for delivery in resource.deliveries)
        changes = [(delivery.time, -delivery.amount) for delivery in resource.deliveries]
    else:
        total = 0
        changes = [(absence.start, absence.amount) for absence in resource.absences]
        changes += [(absence.end, -absence.amount) for absence in resource.absences]
    capacity = resource.capacity + (total if resource.kind == "consumable" else 0)
    steps = {0: total}
    used = total
    for time, change in sorted(changes):
        used += change
        steps[time] = used
    return capacity, list(steps.items())


def _resources(instance: SchedulingInstance, rows: _Rows) -> Ints:
    """Return the table of the resources, and one line more; the places of finite buffers come last."""
    found = [_levels(resource) for resource in instance.resources]
    found += [(places, [(0, 0)]) for places in instance.buffers.values()]
    kinds = [int(resource.kind == "consumable") for resource in instance.resources]
    return _columns(
        [capacity for capacity, _ in found],
        [*kinds, *[0] * len(instance.buffers)],
        rows.add(steps for _, steps in found),
    )


def _head(numbers: _Numbers, terms: Sequence[Term], rows: _Rows) -> Ints:
    """Return numbers of the whole instance, with what is decided already, prices and the objective."""
    instance, operation = numbers.instance, numbers.operation
    frozen = [
        (number, numbers.first_mode[number] + a.mode, a.start, a.end)
        for a in sorted(instance.frozen, key=lambda a: (a.start, a.end))
        for number in [operation[a.job, a.operation]]
    ]
    planned = [(operation[a.job, a.operation], a.start, numbers.machine[a.machine]) for a in instance.planned]
    paid, tariff = 0, []
    for index, step in enumerate(instance.tariff):
        if index:
            before = instance.tariff[index - 1]
            paid += before.price * (step.start - before.start)
        tariff.append((step.start, step.price, paid))
    known = [
        (factor, MEASURES.index(measure), -1 if priority is None else priority)
        for factor, measure, priority in terms
    ]
    firsts = rows.add([frozen, planned, tariff, known])
    values = [instance.now, instance.horizon(), int(bool(instance.buffers)), *firsts]
    return np.array(values, dtype=np.int64)


def _units(numbers: _Numbers) -> list[list[int]]:
    """Return what a list holds: jobs where these go as a whole, and single operations."""
    instance = numbers.instance
    whole = instance.permutation or bool(instance.same_sequence) or bool(instance.buffers)
    units: list[list[int]] = []
    for job in instance.jobs:
        own = [numbers.operation[job.name, position] for position in range(len(job.operations))]
        units += [own] if whole or job.no_wait else [[operation] for operation in own]
    return units


def project_of(instance: SchedulingInstance, terms: Sequence[Term]) -> Project:
    """Return `instance` as tables, with the objective as a sum of terms."""
    numbers, rows = _Numbers(instance), _Rows()
    units = _units(numbers)
    machine, setup, transport = _machines(numbers)
    return Project(
        mode=_modes(numbers, rows),
        operation=_operations(numbers, units, rows),
        job=_jobs(instance),
        resource=_resources(instance, rows),
        head=_head(numbers, terms, rows),
        unit=np.array(rows.add([(operation,) for operation in members] for members in units), dtype=np.int64),
        row=rows.table(),
        machine=machine,
        setup=setup,
        transport=transport,
    )


def new_state(project: Project) -> State:
    """Return an empty state for `project`."""
    count, machines, resources = (
        len(table) - 1 for table in (project.operation, project.machine, project.resource)
    )
    levels = int(np.diff(project.resource[:, LEVELS]).max()) if resources else 0

    def zeros(*shape: int) -> Ints:
        return np.zeros(shape, dtype=np.int64)

    return State(
        operation=zeros(count, 12),
        slot=zeros(machines + 1, count),
        slots=zeros(machines + 1),
        level=zeros(resources, 2 * count + levels + 4, 2),
        steps=zeros(resources),
        stack=zeros(4 * count + 16),
        note=zeros(16),
    )


def candidate_of(project: Project) -> Candidate:
    """Return a candidate: the units as they are listed, greedy modes, the shortest routes.

    Optional operations are left out unless that costs something.
    """
    count = len(project.operation) - 1
    terms = project.row[project.head[TERMS] : project.head[ROWS]]
    costly = any(MEASURES[term[1]] == "skip_cost" for term in terms)
    operation = np.zeros((count, 3), dtype=np.int64)
    operation[:, CHOSEN] = -1
    operation[:, SKIP] = 0 if costly else project.operation[:-1, OPTIONAL]
    choice = np.zeros(len(project.job), dtype=np.int64)
    fixed = project.row[project.head[FROZEN] : project.head[PLANNED], 0]
    for job in range(len(project.job) - 1):
        if project.job[job, ROUTES] > 1:
            work = np.zeros(project.job[job, ROUTES], dtype=np.int64)
            for index in range(project.job[job, FIRST], project.job[job + 1, FIRST]):
                route = project.operation[index, ROUTE]
                modes = slice(project.operation[index, MODES], project.operation[index + 1, MODES])
                if route >= 0:
                    work[route] += 0 if operation[index, SKIP] else project.mode[modes, DURATION].min()
                    work[route] -= 2**50 if index in fixed else 0
            choice[job] = np.argmin(work)
    listed = np.arange(len(project.unit) - 1, dtype=np.int64)
    return Candidate(listed=listed, operation=operation, choice=choice)


def schedule_from(instance: SchedulingInstance, project: Project, operation: Ints) -> Schedule:
    """Return the schedule of the operations that are placed in the table ``State.operation``."""
    names = (*instance.machines, "")
    assignments = tuple(
        Assignment(
            job=job,
            operation=position,
            machine=names[project.mode[row[MODE], MACHINE]],
            start=int(row[START]),
            end=int(row[END]),
            mode=int(row[MODE] - project.operation[index, MODES]),
        )
        for index, ((job, position), row) in enumerate(zip(instance.keys(), operation, strict=True))
        if row[PLACED]
    )
    return Schedule(
        assignments=assignments,
        tick=instance.tick,
        instance_digest=instance.digest(),
        instance_name=instance.name,
    )


_MIRRORED = frozenset(
    {
        "modes",
        "operations without a machine",
        "networks",
        "resources",
        "precedences",
        "jobs that do not count",
    }
)


def mirrored(instance: SchedulingInstance) -> SchedulingInstance | None:
    """Return the instance with time running backwards; None where time has marks (releases, calendars).

    Its schedules are those of `instance`, read from the end. All its jobs are networks.
    """
    absent = all(r.kind == "renewable" and not r.absences for r in instance.resources)
    plain = all(p.kind == "end-start" and p.lag >= 0 for p in instance.precedences)
    if not (instance.features <= _MIRRORED and absent and plain):
        return None
    arcs = [p.replace(before=p.after, after=p.before) for p in instance.precedences]
    for job in instance.jobs:
        if job.order == "route":
            places = [(job.name, position) for position in range(len(job.operations))]
            arcs += [Precedence(before=b, after=a) for a, b in pairwise(places)]
    jobs = tuple(job.replace(order="network", due=None) for job in instance.jobs)
    return instance.replace(jobs=jobs, precedences=tuple(arcs))
