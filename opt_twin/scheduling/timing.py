"""From orders on the machines to the earliest times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

from opt_twin.errors import PlanError
from opt_twin.plan import Assignment, Schedule
from opt_twin.records import FrozenMapping
from opt_twin.scheduling.features import CLASSICAL, missing_features
from opt_twin.scheduling.instance import SchedulingInstance
from opt_twin.scheduling.objectives import on_machine_in_order

__all__ = ["Orders", "in_sequence", "left_shifted", "orders_of", "schedule_of", "sequence_of", "timed"]

Key = tuple[str, int]
"""A job's name and the position of one of its operations."""

Orders = Mapping[str, Sequence[Key]]
"""Machine -> its operations in their order."""


def schedule_of(
    instance: SchedulingInstance,
    times: Mapping[Key, tuple[int, int]],
    modes: Mapping[Key, int] = FrozenMapping(),
) -> Schedule:
    """Return the schedule with the (start, end) of each operation that is done.

    Parameters
    ----------
    instance
        What is scheduled.
    times
        (start, end) in ticks; an operation that is not listed is left out.
    modes
        Which of :meth:`~opt_twin.scheduling.SchedulingInstance.options` is chosen; 0 unless given.

    Raises
    ------
    PlanError
        If an operation that must be done is not listed, or a mode does not exist.
    """
    assignments = []
    for job in instance.jobs:
        for position, operation in enumerate(job.operations):
            key = job.name, position
            if key not in times:
                if operation.may_be_left_out:
                    continue
                raise PlanError(f"there are no times for operation {position} of job {job.name!r}; add them")
            mode, options = modes.get(key, 0), instance.options(job, position)
            if not 0 <= mode < len(options):
                known = f"only 0 to {len(options) - 1}"
                raise PlanError(f"operation {position} of job {job.name!r} has no mode {mode}, {known}")
            start, end = times[key]
            assignments.append(
                Assignment(
                    job=job.name,
                    operation=position,
                    machine=options[mode].machine,
                    start=start,
                    end=end,
                    mode=mode,
                )
            )
    return Schedule(
        assignments=tuple(assignments),
        tick=instance.tick,
        instance_digest=instance.digest(),
        instance_name=instance.name,
    )


def orders_of(schedule: Schedule) -> dict[str, tuple[Key, ...]]:
    """Return the order of the operations on each machine."""
    return {
        machine: tuple((a.job, a.operation) for a in on_machine_in_order(schedule, machine))
        for machine in schedule.machines
        if machine
    }


def timed(instance: SchedulingInstance, orders: Orders) -> dict[Key, tuple[int, int]] | None:
    """Return the earliest (start, end) of each operation under `orders`; None if they contradict the routes.

    For instances with features of :data:`~opt_twin.scheduling.features.CLASSICAL` only. Deadlines are not
    looked at.
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
                setup = instance.setup_time(
                    operation.machine, jobs[other[0]].family_of(other[1]), job.family_of(position)
                )
                start = max(job.release, times[other][1] + setup)
            else:
                start = max(
                    job.release, instance.first_setup_time(operation.machine, job.family_of(position))
                )
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

    No objective becomes worse by that, but for those to which early can be worse: earliness, energy cost and
    deviation from an earlier plan.

    An instance with a feature beyond :data:`~opt_twin.scheduling.features.CLASSICAL` gets `schedule` back
    unchanged: there the earliest times do not follow from the orders on the machines alone.
    """
    if missing_features(instance, CLASSICAL | {"families of operations"}) is not None:
        return schedule
    times = timed(instance, orders_of(schedule))
    return schedule if times is None else schedule_of(instance, times)
