"""What a schedule can be asked to minimise."""

from __future__ import annotations

from collections.abc import Callable

from opt_twin.errors import OptionError, PlanError, UnknownNameError
from opt_twin.plan import Assignment, Schedule
from opt_twin.scheduling.instance import Job, SchedulingInstance

__all__ = ["OBJECTIVES", "check_objective", "evaluate_objective", "on_machine_in_order"]


def _tardiness(job: Job, end: int) -> int:
    return 0 if job.due is None else max(0, end - job.due)


def _makespan(instance: SchedulingInstance, schedule: Schedule) -> int:
    return max(_ends(instance, schedule).values())


def _total_weighted_tardiness(instance: SchedulingInstance, schedule: Schedule) -> int:
    ends = _ends(instance, schedule)
    return sum(job.weight * _tardiness(job, ends[job.name]) for job in instance.jobs)


def _maximum_tardiness(instance: SchedulingInstance, schedule: Schedule) -> int:
    ends = _ends(instance, schedule)
    return max(_tardiness(job, ends[job.name]) for job in instance.jobs)


def _total_weighted_flow_time(instance: SchedulingInstance, schedule: Schedule) -> int:
    ends = _ends(instance, schedule)
    return sum(job.weight * (ends[job.name] - job.release) for job in instance.jobs)


def _total_setup_time(instance: SchedulingInstance, schedule: Schedule) -> int:
    _ends(instance, schedule)
    family = {job.name: job.family for job in instance.jobs}
    total = 0
    for machine in instance.machines:
        before = instance.initial_family.get(machine)
        for assignment in on_machine_in_order(schedule, machine):
            after = family[assignment.job]
            total += instance.setup_time(machine, before, after)
            before = after
    return total


_EVALUATE: dict[str, Callable[[SchedulingInstance, Schedule], int]] = {
    "makespan": _makespan,
    "total_weighted_tardiness": _total_weighted_tardiness,
    "maximum_tardiness": _maximum_tardiness,
    "total_weighted_flow_time": _total_weighted_flow_time,
    "total_setup_time": _total_setup_time,
}

OBJECTIVES = tuple(_EVALUATE)
"""The objectives, all minimised.

``makespan``
    End of the last operation, counted from time 0: release dates and set-ups before the first job count.
``total_weighted_tardiness``, ``maximum_tardiness``
    Of the ticks between due date and completion; a job without a due date is never late.
``total_weighted_flow_time``
    Of the ticks between release and completion.
``total_setup_time``
    Ticks of all set-ups, with those before the first job of a machine that has an initial family.
"""


def on_machine_in_order(schedule: Schedule, machine: str) -> tuple[Assignment, ...]:
    """Return what `machine` does in the order of start, an operation without duration before the others."""
    return tuple(sorted(schedule.on_machine(machine), key=lambda a: (a.start, a.end)))


def _ends(instance: SchedulingInstance, schedule: Schedule) -> dict[str, int]:
    """Return job -> its completion, after a check that the schedule holds the instance's operations."""
    wanted = {(job.name, position) for job in instance.jobs for position in range(len(job.operations))}
    found = [(assignment.job, assignment.operation) for assignment in schedule.assignments]
    if len(found) != len(wanted) or set(found) != wanted:
        raise PlanError(
            f"the schedule does not hold each operation of {instance.name!r} once; verify() says which"
        )
    ends: dict[str, int] = {}
    for assignment in schedule.assignments:
        ends[assignment.job] = max(ends.get(assignment.job, 0), assignment.end)
    return ends


def evaluate_objective(instance: SchedulingInstance, schedule: Schedule, objective: str = "makespan") -> int:
    """Return the value of an objective (:data:`OBJECTIVES`) for `schedule`, in ticks (times weight).

    Raises
    ------
    UnknownNameError
        If there is no such objective.
    PlanError
        If the schedule does not hold each operation of the instance once.
    """
    if objective not in _EVALUATE:
        raise UnknownNameError.among("objective", objective, OBJECTIVES)
    return _EVALUATE[objective](instance, schedule)


def check_objective(instance: SchedulingInstance, objective: str) -> None:
    """Check that `objective` exists and means something for `instance`.

    Raises
    ------
    UnknownNameError
        If there is no such objective.
    OptionError
        If it counts tardiness and no job has a due date.
    """
    if objective not in _EVALUATE:
        raise UnknownNameError.among("objective", objective, OBJECTIVES)
    if objective.endswith("tardiness") and all(job.due is None for job in instance.jobs):
        raise OptionError(
            f"{objective} needs due dates, and no job of {instance.name!r} has one; "
            "give some, or minimise makespan"
        )
