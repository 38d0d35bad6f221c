"""What a schedule can be asked to minimise."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from opt_twin.errors import OptionError, PlanError
from opt_twin.plan import Assignment, Schedule
from opt_twin.scheduling.features import CLASSICAL, missing_features
from opt_twin.scheduling.instance import Job, SchedulingInstance
from opt_twin.scheduling.objective_text import OBJECTIVES, Objective, Term, parse_objective

__all__ = [
    "CLASSICAL_OBJECTIVES",
    "OBJECTIVES",
    "Objective",
    "Term",
    "beyond_classical",
    "check_objective",
    "evaluate_objective",
    "evaluate_stages",
    "evaluate_term",
    "in_order_by_machine",
    "on_machine_in_order",
    "parse_objective",
]

CLASSICAL_OBJECTIVES = (
    "makespan",
    "total_weighted_tardiness",
    "maximum_tardiness",
    "total_weighted_flow_time",
    "total_setup_time",
)
"""What the models of one machine per operation minimise, each alone."""

_LARGEST = 2**60
"""No objective may be able to pass it, so that no solver overflows."""


class _Ends(NamedTuple):
    """The completion of a job."""

    job: Job
    end: int

    @property
    def tardiness(self) -> int:
        return 0 if self.job.due is None else max(0, self.end - self.job.due)

    @property
    def earliness(self) -> int:
        return 0 if self.job.due is None else max(0, self.job.due - self.end)


_OF_JOBS: dict[str, Callable[[list[_Ends]], int]] = {
    "makespan": lambda ends: max((one.end for one in ends), default=0),
    "total_weighted_tardiness": lambda ends: sum(one.job.weight * one.tardiness for one in ends),
    "maximum_tardiness": lambda ends: max((one.tardiness for one in ends), default=0),
    "total_weighted_flow_time": lambda ends: sum(
        one.job.weight * (one.end - one.job.release) for one in ends
    ),
    "total_tardiness": lambda ends: sum(one.tardiness for one in ends),
    "weighted_number_tardy": lambda ends: sum(one.job.weight for one in ends if one.tardiness > 0),
    "earliness_tardiness": lambda ends: sum(
        one.job.weight * one.tardiness + one.job.earliness_weight * one.earliness for one in ends
    ),
}


def in_order_by_machine(assignments: Iterable[Assignment]) -> dict[str, list[Assignment]]:
    """Return machine -> what it does in the order of start; operations without a machine are left out."""
    found: dict[str, list[Assignment]] = {}
    for assignment in sorted(assignments, key=lambda a: (a.start, a.end)):
        if assignment.machine:
            found.setdefault(assignment.machine, []).append(assignment)
    return found


def on_machine_in_order(schedule: Schedule, machine: str) -> tuple[Assignment, ...]:
    """Return what `machine` does in the order of start, an operation without duration before the others."""
    return tuple(sorted(schedule.on_machine(machine), key=lambda a: (a.start, a.end)))


def _total_setup_time(instance: SchedulingInstance, schedule: Schedule) -> int:
    jobs = {job.name: job for job in instance.jobs}
    listed = [a for a in schedule.assignments if a.machine in instance.setup_times]
    total = 0
    for machine, ordered in in_order_by_machine(listed).items():
        before = instance.initial_family.get(machine)
        for assignment in ordered:
            after = jobs[assignment.job].family_of(assignment.operation)
            total += instance.setup_time(machine, before, after)
            before = after
    return total


def _energy_cost(instance: SchedulingInstance, schedule: Schedule) -> int:
    jobs = {job.name: job for job in instance.jobs}
    starts = [step.start for step in instance.tariff]
    prices = [step.price for step in instance.tariff]
    until = [0]  # the sum of the prices of all ticks before each step
    for index in range(1, len(starts)):
        until.append(until[-1] + prices[index - 1] * (starts[index] - starts[index - 1]))

    def paid(tick: int) -> int:
        step = bisect_right(starts, tick) - 1
        return until[step] + prices[step] * (tick - starts[step]) if step >= 0 else 0

    total = 0
    for a in schedule.assignments:
        power = instance.options(jobs[a.job], a.operation)[a.mode].power
        if power:
            total += power * (paid(a.end) - paid(a.start))
    return total


def _total_deviation(instance: SchedulingInstance, schedule: Schedule) -> int:
    found = {(a.job, a.operation): a for a in schedule.assignments}
    total, horizon = 0, instance.horizon() if instance.planned else 0
    for planned in instance.planned:
        own = found.get((planned.job, planned.operation))
        if own is None:
            total += horizon
        else:
            total += abs(own.start - planned.start) + (own.machine != planned.machine)
    return total


def _skip_cost(instance: SchedulingInstance, schedule: Schedule) -> int:
    done = _done(schedule)
    total = 0
    for job in instance.jobs:
        if any(operation.optional for operation in job.operations):
            own = done.get(job.name, set())
            here = {"", job.route_taken(own)}
            for position, operation in enumerate(job.operations):
                if operation.optional and position not in own and operation.route in here:
                    total += operation.skip_cost
    return total


_OF_SCHEDULES: dict[str, Callable[[SchedulingInstance, Schedule], int]] = {
    "total_setup_time": _total_setup_time,
    "energy_cost": _energy_cost,
    "total_deviation": _total_deviation,
    "skip_cost": _skip_cost,
}


def _done(schedule: Schedule) -> dict[str, set[int]]:
    """Return job -> the positions of its operations that are done."""
    done: dict[str, set[int]] = {}
    for assignment in schedule.assignments:
        done.setdefault(assignment.job, set()).add(assignment.operation)
    return done


def _check_whole(instance: SchedulingInstance, schedule: Schedule) -> None:
    """Check that the schedule holds each operation once, but for those that may be left out."""
    done = _done(schedule)
    jobs = {job.name: job for job in instance.jobs}
    whole = sum(map(len, done.values())) == len(schedule.assignments) and done.keys() <= jobs.keys()
    for name, job in jobs.items():
        own = done.get(name, set())
        if not whole or (own and max(own) >= len(job.operations)):
            whole = False
            break
        if len(own) < len(job.operations):
            route = job.route_taken(own)
            whole = route is not None and all(
                position in own or operation.optional or operation.route not in {"", route}
                for position, operation in enumerate(job.operations)
            )
    modes_exist = whole and all(
        a.mode == 0 or a.mode < len(instance.options(jobs[a.job], a.operation)) for a in schedule.assignments
    )
    if not modes_exist:
        raise PlanError(
            f"the schedule does not hold each operation of {instance.name!r} once; verify() says which"
        )


def _ends(instance: SchedulingInstance, schedule: Schedule) -> list[_Ends]:
    """Return the completion of each job that counts and of which something is done."""
    last: dict[str, int] = {}
    for assignment in schedule.assignments:
        last[assignment.job] = max(last.get(assignment.job, 0), assignment.end)
    return [_Ends(job, last[job.name]) for job in instance.jobs if job.counts and job.name in last]


def evaluate_stages(instance: SchedulingInstance, schedule: Schedule, objective: str) -> tuple[int, ...]:
    """Return the value of each stage of a lexicographic objective, the most important first.

    Parameters
    ----------
    instance, schedule
        Times count in ticks of the instance.
    objective
        As :func:`parse_objective` reads it.

    Raises
    ------
    UnknownNameError, OptionError
        If `objective` cannot be read.
    PlanError
        If the schedule does not hold each operation of the instance once.

    Examples
    --------
    >>> from opt_twin.scheduling import dispatch, load_instance
    >>> shop = load_instance("ft06")
    >>> evaluate_stages(shop, dispatch(shop, "MWKR"), "makespan, 2*total_weighted_flow_time")
    (61, 670)
    """
    parsed = parse_objective(instance, objective)
    _check_whole(instance, schedule)
    ends = _ends(instance, schedule)
    return tuple(
        sum(term.factor * _value(instance, schedule, ends, term) for term in stage) for stage in parsed.stages
    )


def _value(instance: SchedulingInstance, schedule: Schedule, ends: list[_Ends], term: Term) -> int:
    """Return what `term` measures, without its factor."""
    if term.measure in _OF_SCHEDULES:
        return _OF_SCHEDULES[term.measure](instance, schedule)
    if term.priority is not None:
        ends = [one for one in ends if one.job.priority == term.priority]
    return _OF_JOBS[term.measure](ends)


def evaluate_term(instance: SchedulingInstance, schedule: Schedule, term: Term) -> int:
    """Return what one term of an objective measures, without its factor.

    Raises
    ------
    PlanError
        If the schedule does not hold each operation of the instance once.
    """
    _check_whole(instance, schedule)
    return _value(instance, schedule, _ends(instance, schedule), term)


def evaluate_objective(instance: SchedulingInstance, schedule: Schedule, objective: str = "makespan") -> int:
    """Return the value of an objective for `schedule`, in ticks (times weight) or units of cost.

    Parameters
    ----------
    instance, schedule
        Times count in ticks of the instance.
    objective
        One of :data:`OBJECTIVES`, for one class of jobs (``makespan@2``), or a weighted sum of such.

    Raises
    ------
    UnknownNameError, OptionError
        If `objective` cannot be read, or is a lexicographic order, which has several values
        (:func:`evaluate_stages`).
    PlanError
        If the schedule does not hold each operation of the instance once.
    """
    values = evaluate_stages(instance, schedule, objective)
    if len(values) > 1:
        raise OptionError(f"{objective!r} has {len(values)} values; evaluate_stages() returns them")
    return values[0]


def _largest(instance: SchedulingInstance) -> Mapping[str, int]:
    """Return measure -> a value that it does not pass within the horizon."""
    horizon = instance.horizon()
    weights = sum(job.weight + job.earliness_weight for job in instance.jobs)
    dearest = max((step.price for step in instance.tariff), default=0)
    operations = [operation for job in instance.jobs for operation in job.operations]
    return {
        "makespan": horizon,
        "total_weighted_tardiness": horizon * weights,
        "maximum_tardiness": horizon,
        "total_weighted_flow_time": horizon * weights,
        "total_tardiness": horizon * len(instance.jobs),
        "weighted_number_tardy": weights,
        "earliness_tardiness": horizon * weights,
        "total_setup_time": horizon,
        "energy_cost": horizon * dearest * sum(max(mode.power for mode in o.ways) for o in operations),
        "total_deviation": (horizon + 1) * len(instance.planned),
        "skip_cost": sum(operation.skip_cost for operation in operations),
    }


def _needs(instance: SchedulingInstance, term: Term) -> str | None:
    """Return what `instance` lacks for `term` to mean something; None when it lacks nothing."""
    measure = term.measure
    if "tardiness" in measure or measure == "weighted_number_tardy":
        of = [job for job in instance.jobs if job.counts and term.priority in {None, job.priority}]
        if all(job.due is None for job in of):
            which = "" if term.priority is None else f" of priority {term.priority}"
            return f"needs due dates, and no job of {instance.name!r}{which} has one; give some"
    operations = [operation for job in instance.jobs for operation in job.operations]
    if measure == "energy_cost":
        if all(step.price == 0 for step in instance.tariff):
            return f"needs prices, and {instance.name!r} has no tariff; give one"
        if all(mode.power == 0 for operation in operations for mode in operation.ways):
            return f"needs powers, and no operation of {instance.name!r} has one; give some"
    if measure == "total_deviation" and not instance.planned:
        return f"needs an earlier plan, and {instance.name!r} has no `planned`; give one"
    if measure == "skip_cost" and all(operation.skip_cost == 0 for operation in operations):
        return f"needs optional operations, and none of {instance.name!r} costs anything to skip; give some"
    return None


def beyond_classical(instance: SchedulingInstance, objective: str) -> str | None:
    """Return why a model of one machine per operation refuses; None when it does not."""
    if objective not in CLASSICAL_OBJECTIVES:
        return f"it minimises one of {', '.join(CLASSICAL_OBJECTIVES)}, not {objective}"
    return missing_features(instance, CLASSICAL)


def check_objective(instance: SchedulingInstance, objective: str) -> Objective:
    """Check that `objective` can be read and means something for `instance`, and return it.

    Raises
    ------
    UnknownNameError
        If there is no such objective.
    OptionError
        If it counts what the instance does not have: tardiness without due dates, energy without prices or
        powers, deviation without an earlier plan, skips without optional operations; or could overflow.
    """
    parsed = parse_objective(instance, objective)
    largest = _largest(instance)
    for stage in parsed.stages:
        for term in stage:
            lack = _needs(instance, term)
            if lack is not None:
                raise OptionError(f"{term.measure} {lack}, or minimise makespan")
        if sum(term.factor * largest[term.measure] for term in stage) > _LARGEST:
            raise OptionError(
                f"{objective!r} can become larger than 2**60 for {instance.name!r}; use smaller factors"
            )
    return parsed
