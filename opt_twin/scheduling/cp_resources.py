"""What CP-SAT is told about resources: what is held, and what is used up."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from opt_twin.scheduling.checks import merged
from opt_twin.scheduling.cp_tasks import Task, Tasks, Way, whole
from opt_twin.scheduling.resources import Resource

__all__ = ["add_resources"]


def add_resources(tasks: Tasks) -> None:
    """Add the capacity of each resource."""
    for resource in tasks.instance.resources:
        uses = [
            (task, way, way.mode.demands[resource.name])
            for task in tasks
            for way in task.ways
            if resource.name in way.mode.demands
        ]
        if resource.kind == "renewable":
            _held(tasks, resource, uses)
        else:
            _used_up(tasks, resource, uses)


def _held(tasks: Tasks, resource: Resource, uses: list[tuple[Task, Way, int]]) -> None:
    r"""Ensure that operations hold no more of a resource than there is.

    .. math:: \sum_{o: s_o \le \tau < e_o} u_o \le U - A(\tau) \quad \forall \tau

    with absences A. Closures follow from the time windows; where nothing may be interrupted they stand here
    once more, for the bound.
    """
    model = tasks.model
    lasting = [
        (way.interval, amount) for _, way, amount in uses if not (way.fixed and way.mode.duration == 0)
    ]
    intervals = [interval for interval, _ in lasting]
    demands = [amount for _, amount in lasting]
    away = [(a, b, amount) for a, b, amount in missing(resource) if amount]
    if not intervals or (not away and sum(demands) <= resource.capacity):
        return
    if not away and not any(task.operation.interruptible for task, _, _ in uses):
        closed = merged(tasks.instance.closures.get(resource.name, ()))
        away = [(a, b, resource.capacity) for a, b in closed]
    for a, b, amount in away:
        intervals.append(model.new_fixed_size_interval_var(a, b - a, f"away_{resource.name}_{a}"))
        demands.append(amount)
    if all(2 * amount > resource.capacity for amount in demands):
        model.add_no_overlap(intervals)
    else:
        model.add_cumulative(intervals, demands, resource.capacity)


def missing(resource: Resource) -> list[tuple[int, int, int]]:
    """Return (start, end, amount) of what is missing of a resource, at most all of it.

    Examples
    --------
    >>> from opt_twin.scheduling import Absence, Resource
    >>> night, lunch = Absence(start=0, end=6, amount=2), Absence(start=4, end=8, amount=2)
    >>> missing(Resource(name="crew", capacity=3, absences=(night, lunch)))
    [(0, 4, 2), (4, 6, 3), (6, 8, 2)]
    """
    times = sorted({tick for absence in resource.absences for tick in (absence.start, absence.end)})
    found = []
    for start, end in pairwise(times):
        amount = sum(a.amount for a in resource.absences if a.start <= start and end <= a.end)
        if amount:
            found.append((start, end, min(amount, resource.capacity)))
    return found


def _used_up(tasks: Tasks, resource: Resource, uses: list[tuple[Task, Way, int]]) -> None:
    r"""Ensure that no more of a consumable has been taken than has come.

    .. math:: \sum_{o: s_o \le \tau} u_o \le U + \sum_{i: \tau_i \le \tau} v_i \quad \forall \tau

    As a cumulative: what is taken stays taken until the horizon, and what has not come yet is taken before.
    """
    model, after = tasks.model, tasks.horizon + 1
    if not uses:
        return
    deliveries = [delivery for delivery in resource.deliveries if delivery.amount]
    total = resource.capacity + sum(delivery.amount for delivery in deliveries)
    model.add(sum(amount * whole(way.literal) for _, way, amount in uses) <= total)
    if all(delivery.time == 0 for delivery in deliveries):
        return
    intervals: list[Any] = []
    demands: list[int] = []
    for task, way, amount in uses:
        name = f"takes_{resource.name}_{task.label}_{way.number}"
        intervals.append(tasks.interval(task.start, after - task.start, after, way.literal, name))
        demands.append(amount)
    for number, delivery in enumerate(deliveries):
        if delivery.time:
            name = f"comes_{resource.name}_{number}"
            intervals.append(model.new_fixed_size_interval_var(0, delivery.time, name))
            demands.append(delivery.amount)
    model.add_cumulative(intervals, demands, total)
