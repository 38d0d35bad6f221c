"""From orders on the machines to the earliest times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

from opt_twin.plan import Assignment, Schedule
from opt_twin.scheduling.instance import SchedulingInstance
from opt_twin.scheduling.objectives import on_machine_in_order

__all__ = ["Orders", "in_sequence", "left_shifted", "orders_of", "schedule_of", "sequence_of", "timed"]

Key = tuple[str, int]
"""A job's name and the position of one of its operations."""

Orders = Mapping[str, Sequence[Key]]
"""Machine -> its operations in their order."""


def schedule_of(instance: SchedulingInstance, times: Mapping[Key, tuple[int, int]]) -> Schedule:
    """Return the schedule with the (start, end) of each operation."""
    return Schedule(
        assignments=tuple(
            Assignment(
                job=job.name,
                operation=position,
                machine=operation.machine,
                start=times[job.name, position][0],
                end=times[job.name, position][1],
            )
            for job in instance.jobs
            for position, operation in enumerate(job.operations)
        ),
        tick=instance.tick,
        instance_digest=instance.digest(),
        instance_name=instance.name,
    )


def orders_of(schedule: Schedule) -> dict[str, tuple[Key, ...]]:
    """Return the order of the operations on each machine."""
    return {
        machine: tuple((a.job, a.operation) for a in on_machine_in_order(schedule, machine))
        for machine in schedule.machines
    }


def timed(instance: SchedulingInstance, orders: Orders) -> dict[Key, tuple[int, int]] | None:
    """Return the earliest (start, end) of each operation under `orders`; None if they contradict the routes.

    Deadlines are not looked at.
    """
    before: dict[Key, Key] = {}
    for order in orders.values():
        before.update((later, earlier) for earlier, later in pairwise(order))
    jobs = {job.name: job for job in instance.jobs}
    sorter: TopologicalSorter[Key] = TopologicalSorter()
    for job in instance.jobs:
        for position in range(len(job.operations)):
            key = job.name, position
            sorter.add(key, *([(job.name, position - 1)] if position else []))
            if key in before:
                sorter.add(key, before[key])
    times: dict[Key, tuple[int, int]] = {}
    try:
        for key in sorter.static_order():
            name, position = key
            job = jobs[name]
            operation = job.operations[position]
            if key in before:
                other = before[key]
                setup = instance.setup_time(operation.machine, jobs[other[0]].family, job.family)
                start = max(job.release, times[other][1] + setup)
            else:
                start = max(job.release, instance.first_setup_time(operation.machine, job.family))
            end = 0
            if position:
                previous = times[name, position - 1]
                start = max(start, previous[0] + job.operations[position - 1].lead_ticks)
                end = previous[1] + operation.tail_ticks
                if not job.is_elastic(position):
                    start = max(start, end - operation.duration)
            times[key] = start, max(end, start + operation.duration)
    except CycleError:
        return None
    return times


def in_sequence(instance: SchedulingInstance, sequence: Sequence[int]) -> Schedule:
    """Return the schedule in which all machines do the jobs in one sequence, as early as possible.

    Parameters
    ----------
    instance
        One with ``permutation``.
    sequence
        Indices of all jobs.
    """
    orders = {
        operation.machine: [(instance.jobs[index].name, position) for index in sequence]
        for position, operation in enumerate(instance.jobs[0].operations)
    }
    times = timed(instance, orders)
    assert times is not None
    return schedule_of(instance, times)


def sequence_of(instance: SchedulingInstance, schedule: Schedule) -> tuple[int, ...]:
    """Return the indices of the jobs in their order on the first machine of the first job's route."""
    number = {job.name: index for index, job in enumerate(instance.jobs)}
    machine = instance.jobs[0].operations[0].machine
    return tuple(number[assignment.job] for assignment in on_machine_in_order(schedule, machine))


def left_shifted(instance: SchedulingInstance, schedule: Schedule) -> Schedule:
    """Return the schedule with the same order on every machine and every operation as early as possible.

    No objective becomes worse by that.
    """
    times = timed(instance, orders_of(schedule))
    return schedule if times is None else schedule_of(instance, times)
