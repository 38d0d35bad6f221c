"""The operations that every schedule of an instance holds, and how each of them can be done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from opt_twin.plan import Assignment
from opt_twin.scheduling.instance import SchedulingInstance
from opt_twin.scheduling.jobs import Job, Key, Mode, Operation

__all__ = [
    "Supply",
    "Task",
    "Way",
    "certain_tasks",
    "earliest",
    "routes_that_can_be_taken",
    "supplies",
]


class Way(NamedTuple):
    """One way of doing an operation: where, how long, and what it needs besides."""

    machine: str
    duration: int
    demands: Mapping[str, int]
    closed: Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """An operation that every schedule holds.

    Attributes
    ----------
    key, job, operation
        Which one.
    ways
        How it can be done; the one that is decided when it is frozen.
    shortest
        Ticks of work at least.
    longest
        Ticks from start to end at most; None without a limit.
    frozen
        When it is done, if that is decided.
    """

    key: Key
    job: Job
    operation: Operation
    ways: tuple[Way, ...]
    shortest: int
    longest: int | None
    frozen: Assignment | None

    @property
    def machines(self) -> frozenset[str]:
        """The machines that may do it; an empty name among them when it may do without."""
        return frozenset(way.machine for way in self.ways)


def earliest(way: Way, start: int, *, interruptible: bool) -> tuple[int, int]:
    """Return the first start from `start` on that the closures allow, and the end that belongs to it."""
    left = way.duration
    interruptible = interruptible and left > 0
    for opens, closes in way.closed:
        if closes <= start:
            continue
        if interruptible:
            if opens <= start:
                start = closes
            elif start + left > opens:
                break
        elif start + left > opens and (left or opens < start):
            start = closes
    if not interruptible:
        return start, start + left
    time = start
    for opens, closes in way.closed:
        if closes > start and time + left > opens:
            left -= opens - time
            time = closes
    return start, time + left


def certain_tasks(instance: SchedulingInstance) -> list[Task]:
    """Return the operations that must be done, job by job."""
    frozen = {(a.job, a.operation): a for a in instance.frozen}
    return [
        _task(instance, job, position, frozen.get((job.name, position)))
        for job in instance.jobs
        for position in _certain(instance, job)
    ]


def routes_that_can_be_taken(instance: SchedulingInstance, job: Job) -> tuple[str, ...]:
    """Return the alternative routes of `job`; the one of a frozen operation where there is one."""
    if not job.routes:
        return ()
    decided = [job.operations[a.operation].route for a in instance.frozen if a.job == job.name]
    return tuple(route for route in decided if route)[:1] or job.routes


def _certain(instance: SchedulingInstance, job: Job) -> list[int]:
    """Return the positions that every schedule holds."""
    if not any(operation.may_be_left_out for operation in job.operations):
        return list(range(len(job.operations)))
    frozen = {a.operation for a in instance.frozen if a.job == job.name}
    routes = routes_that_can_be_taken(instance, job)
    only = routes[0] if len(routes) == 1 else ""
    return [
        position
        for position, operation in enumerate(job.operations)
        if position in frozen or (not operation.optional and operation.route in {"", only})
    ]


def _task(instance: SchedulingInstance, job: Job, position: int, frozen: Assignment | None) -> Task:
    operation = job.operations[position]
    if not operation.modes and not operation.demands:  # by far the most, and records take time
        closures = instance.closures.get(operation.machine, ())
        closed = instance.closed(Mode(machine=operation.machine, duration=0)) if closures else ()
        ways = [Way(operation.machine, operation.duration, {}, closed)]
    else:
        options = instance.options(job, position)
        if frozen is not None:
            options = options[frozen.mode : frozen.mode + 1]
        ways = [Way(m.machine, m.duration, m.demands, instance.closed(m)) for m in options]
    exact = not job.is_elastic(position) and not any(w.machine in instance.batching for w in ways)
    exact = exact and not (operation.interruptible and any(w.closed for w in ways))
    return Task(
        key=(job.name, position),
        job=job,
        operation=operation,
        ways=tuple(ways),
        shortest=min(way.duration for way in ways),
        longest=max(way.duration for way in ways) if exact else None,
        frozen=frozen,
    )


class Supply:
    """When how much of a consumable resource has come."""

    def __init__(self, capacity: int, deliveries: Sequence[tuple[int, int]]) -> None:
        self._steps = [(0, capacity)]
        for time, amount in sorted(deliveries):
            self._steps.append((time, self._steps[-1][1] + amount))

    def __call__(self, amount: int) -> int:
        """Return the first tick at which `amount` has come; the last delivery if it never does."""
        return next((time for time, total in self._steps if total >= amount), self._steps[-1][0])


def supplies(instance: SchedulingInstance) -> dict[str, Supply]:
    """Return consumable resource -> its supply."""
    return {
        resource.name: Supply(resource.capacity, [(d.time, d.amount) for d in resource.deliveries])
        for resource in instance.resources
        if resource.kind == "consumable"
    }
