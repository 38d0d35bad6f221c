r"""One machine, or machines in parallel, as a mixed-integer program indexed by time.

.. math:: x_{jot} = 1 \iff \text{job j starts in way o at time t}

References
----------
Sousa and Wolsey (1992), A time indexed formulation of non-preemptive single machine scheduling problems,
Mathematical Programming 54:353-367. Van den Akker, Hurkens and Savelsbergh (2000), Time-indexed formulations
for machine scheduling problems: column generation, INFORMS Journal on Computing 12:111-124.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from opt_twin.plan import Assignment, Schedule
from opt_twin.scheduling.bounds import lower_bound
from opt_twin.scheduling.bounds_sums import PENALTIES
from opt_twin.scheduling.features import missing_features
from opt_twin.scheduling.instance import SchedulingInstance
from opt_twin.scheduling.jobs import Job
from opt_twin.solvers.highs import SparseModel

__all__ = ["MOST_STARTS", "Start", "TimeIndexedColumns", "TimeIndexedModel", "starts_of"]

MOST_STARTS = 200_000
"""Variables up to which the models are built."""

_SUMS = ("total_weighted_flow_time", "total_weighted_tardiness", "total_tardiness", "weighted_number_tardy")
_LARGEST = ("makespan", "maximum_tardiness")


class Start(NamedTuple):
    """A variable: the job with an index starts in a mode at a time, and what that costs."""

    job: int
    mode: int
    machine: str
    time: int
    end: int
    cost: int


def _cost(job: Job, objective: str, end: int) -> int:
    if objective == "makespan":
        return end
    if objective == "maximum_tardiness":
        return 0 if job.due is None else max(0, end - job.due)
    cost = PENALTIES[objective](job, end)
    if objective == "earliness_tardiness" and job.due is not None:
        cost += job.earliness_weight * max(0, job.due - end)
    return cost


def _last_ends(instance: SchedulingInstance, objective: str) -> list[int]:
    """Return a time for each job by which it ends in some optimal schedule.

    Where all jobs can be done on all machines in the same time, no machine is idle while a job waits, so a
    job starts when the others have spread over the machines. Otherwise the work of all adds up.
    """
    ways = [job.operations[0].ways for job in instance.jobs]
    first = max(job.release for job in instance.jobs)
    if objective == "earliness_tardiness":
        first = max(first, *(job.due or 0 for job in instance.jobs))
    longest = [max(way.duration for way in own) for own in ways]
    machines = {way.machine for own in ways for way in own}
    alike = all({w.machine for w in own} == machines and len({w.duration for w in own}) == 1 for own in ways)
    if alike and objective != "earliness_tardiness":
        return [first + (sum(longest) - own) // len(machines) + own for own in longest]
    return [first + sum(longest)] * len(longest)


def starts_of(instance: SchedulingInstance, objective: str, upper: int | None = None) -> list[Start]:
    """Return the variables of the model: job by job, way by way, in the order of time.

    Parameters
    ----------
    instance
        Whose jobs have one operation each.
    objective
        What is minimised.
    upper
        A value that can be reached; starts that cost more are left out.
    """
    found: list[Start] = []
    for index, (job, last) in enumerate(zip(instance.jobs, _last_ends(instance, objective), strict=True)):
        until = last if job.deadline is None else min(last, job.deadline)
        for mode, way in enumerate(job.operations[0].ways):
            for time in range(job.release, until - way.duration + 1):
                end = time + way.duration
                cost = _cost(job, objective, end)
                if upper is None or cost <= upper:
                    found.append(Start(index, mode, way.machine, time, end, cost))
    return found


def _refuses(instance: SchedulingInstance, objective: str) -> str | None:
    """Return why the time-indexed models do not fit."""
    if objective not in {*_SUMS, *_LARGEST, "earliness_tardiness"}:
        return f"the time-indexed model does not minimise {objective}"
    if any(len(job.operations) > 1 for job in instance.jobs):
        return "the time-indexed model is for jobs of one operation"
    missing = missing_features(instance, {"release dates", "deadlines", "modes"})
    if missing is not None:
        return f"of the time-indexed model: {missing}"
    ways = [way for job in instance.jobs for way in job.operations[0].ways]
    if any(way.duration == 0 for way in ways):
        return "the time-indexed model needs durations of 1 tick or more"
    count = sum(
        len(job.operations[0].ways) * (last - job.release)
        for job, last in zip(instance.jobs, _last_ends(instance, objective), strict=True)
    )
    if count > MOST_STARTS:
        return f"the time-indexed model would have about {count} variables; use a longer tick"
    return None


def _schedule(instance: SchedulingInstance, chosen: Sequence[Start]) -> Schedule:
    return Schedule(
        assignments=tuple(
            Assignment(
                job=instance.jobs[start.job].name,
                operation=0,
                machine=start.machine,
                start=start.time,
                end=start.end,
                mode=start.mode,
            )
            for start in chosen
        ),
        tick=instance.tick,
        instance_digest=instance.digest(),
        instance_name=instance.name,
    )


class TimeIndexedModel:
    """The time-indexed formulation in Pyomo: the readable one.

    Parameters
    ----------
    instance
        Jobs of one operation, on one machine or on one of several, related or not.
    upper
        A value of the objective that can be reached; None when none is known.
    objective
        A sum over jobs, or the makespan or maximum tardiness.
    """

    name = "time-indexed-pyomo"
    refuses = staticmethod(_refuses)

    def __init__(
        self, instance: SchedulingInstance, upper: int | None = None, objective: str = "makespan"
    ) -> None:
        import pyomo.environ as pyo

        self._instance = instance
        self._starts = starts_of(instance, objective, upper)
        self.model: Any = pyo.ConcreteModel(name=instance.name)
        self.model.begins = pyo.Var(range(len(self._starts)), domain=pyo.Binary)
        self._once(pyo)
        self._machines(pyo)
        self._minimise(pyo, objective)

    def _once(self, pyo: Any) -> None:
        r"""Ensure that each job starts once.

        .. math:: \sum_{o, t} x_{jot} = 1
        """
        own: list[list[Any]] = [[] for _ in self._instance.jobs]
        for index, start in enumerate(self._starts):
            own[start.job].append(self.model.begins[index])
        self.model.once = pyo.ConstraintList()
        for variables in own:
            expression = sum(variables) == 1 if variables else pyo.Constraint.Infeasible
            self.model.once.add(expression)

    def _machines(self, pyo: Any) -> None:
        r"""Ensure that each machine does one job at each time.

        .. math:: \sum_j \sum_{o \in O_{jm}} \sum_{t - p_{jo} < s \le t} x_{jos} \le 1
        """
        running: dict[tuple[str, int], list[Any]] = {}
        for index, start in enumerate(self._starts):
            for time in range(start.time, start.end):
                running.setdefault((start.machine, time), []).append(self.model.begins[index])
        self.model.machines = pyo.ConstraintList()
        for variables in running.values():
            self.model.machines.add(sum(variables) <= 1)

    def _minimise(self, pyo: Any, objective: str) -> None:
        r"""Minimise the cost of all starts, or the largest cost of a job.

        .. math:: \sum_{j, o, t} f_j(t + p_{jo}) x_{jot} \quad \text{or} \quad
            z \ge \sum_{o, t} f_j(t + p_{jo}) x_{jot} \quad \forall j
        """
        own: list[list[Any]] = [[] for _ in self._instance.jobs]
        for index, start in enumerate(self._starts):
            own[start.job].append(start.cost * self.model.begins[index])
        if objective in _LARGEST:
            self.model.largest = pyo.Var(bounds=(lower_bound(self._instance, objective), None))
            self.model.each = pyo.ConstraintList()
            for terms in own:
                self.model.each.add(self.model.largest >= sum(terms))
            expression = self.model.largest
        else:
            expression = sum(sum(terms) for terms in own)
        self.model.objective = pyo.Objective(expr=expression, sense=pyo.minimize)

    def schedule(self) -> Schedule:
        """Return the schedule of the values in the model."""
        begins = self.model.begins
        chosen = [start for index, start in enumerate(self._starts) if begins[index].value > 0.5]
        return _schedule(self._instance, chosen)


class TimeIndexedColumns:
    """The same formulation as arrays for HiGHS, without Pyomo: many times faster to build.

    Column k is the start k of :func:`starts_of`; for a largest cost one more column stands behind them. The
    rows are the jobs, the times of the machines, and the jobs again for a largest cost.

    Parameters
    ----------
    instance, upper, objective
        As for :class:`TimeIndexedModel`.
    """

    name = "time-indexed"
    refuses = staticmethod(_refuses)

    def __init__(
        self, instance: SchedulingInstance, upper: int | None = None, objective: str = "makespan"
    ) -> None:
        self._instance = instance
        self._columns = _columns(instance, objective, upper)
        largest = objective in _LARGEST
        low = float(lower_bound(instance, objective)) if largest else 0.0
        self.model = _arrays(self._columns, len(instance.jobs), low if largest else None)

    def schedule(self, values: NDArray[np.float64]) -> Schedule:
        """Return the schedule of the values of the columns."""
        columns, chosen = self._columns, []
        for index in np.flatnonzero(values[: len(columns["job"])] > 0.5):
            job, mode = int(columns["job"][index]), int(columns["mode"][index])
            way = self._instance.jobs[job].operations[0].ways[mode]
            time = int(columns["time"][index])
            chosen.append(Start(job, mode, way.machine, time, time + way.duration, 0))
        return _schedule(self._instance, chosen)


_Columns = Mapping[str, NDArray[np.int64]]


def _columns(instance: SchedulingInstance, objective: str, upper: int | None) -> _Columns:
    """Return the starts of :func:`starts_of` as arrays: job, mode, machine, time, duration, cost."""
    number = {machine: index for index, machine in enumerate(instance.machines)}
    parts: list[NDArray[np.int64]] = []
    for index, (job, last) in enumerate(zip(instance.jobs, _last_ends(instance, objective), strict=True)):
        until = last if job.deadline is None else min(last, job.deadline)
        for mode, way in enumerate(job.operations[0].ways):
            times = np.arange(job.release, until - way.duration + 1, dtype=np.int64)
            cost = _costs(job, objective, times + way.duration)
            if upper is not None:
                times, cost = times[cost <= upper], cost[cost <= upper]
            same = np.ones(len(times), dtype=np.int64)
            own = [same * index, same * mode, same * number[way.machine], times, same * way.duration, cost]
            parts.append(np.array(own))
    names = ("job", "mode", "machine", "time", "duration", "cost")
    return dict(zip(names, np.concatenate(parts, axis=1), strict=True))


def _costs(job: Job, objective: str, ends: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return what each end costs, as :func:`_cost` does one by one."""
    late = np.zeros_like(ends) if job.due is None else np.maximum(0, ends - job.due)
    early = np.zeros_like(ends) if job.due is None else np.maximum(0, job.due - ends)
    return {
        "makespan": ends,
        "maximum_tardiness": late,
        "total_weighted_flow_time": job.weight * (ends - job.release),
        "total_weighted_tardiness": job.weight * late,
        "total_tardiness": late,
        "weighted_number_tardy": job.weight * (late > 0),
        "earliness_tardiness": job.weight * late + job.earliness_weight * early,
    }[objective]


def _arrays(columns: _Columns, jobs: int, largest: float | None) -> SparseModel:
    """Return the program; with a largest cost when there is a lower bound for it."""
    count = len(columns["job"])
    durations = columns["duration"]
    slots = np.repeat(columns["time"] - np.cumsum(durations) + durations, durations)
    slots += np.arange(durations.sum())  # the ticks in which each start holds its machine
    held = np.repeat(columns["machine"], durations) * (int(slots.max(initial=0)) + 1) + slots
    used, row_of = np.unique(held, return_inverse=True)
    extra = 0 if largest is None else 1
    entries = 1 + durations + extra
    starts = np.concatenate(([0], np.cumsum(entries)))
    rows = np.empty(int(starts[-1]), dtype=np.int64)
    values = np.ones(len(rows))
    rows[starts[:-1]] = columns["job"]
    inner = np.ones(len(rows), dtype=bool)
    inner[starts[:-1]] = False
    rows_total = jobs + len(used)
    if extra:
        last = starts[1:] - 1
        inner[last] = False
        rows[last] = rows_total + columns["job"]
        values[last] = -columns["cost"]
        starts = np.concatenate((starts, [starts[-1] + jobs]))
    rows[inner] = jobs + row_of
    if extra:
        rows = np.concatenate((rows, rows_total + np.arange(jobs)))
        values = np.concatenate((values, np.ones(jobs)))
    infinite = np.inf
    cost = columns["cost"].astype(float) if largest is None else np.append(np.zeros(count), 1.0)
    return SparseModel(
        cost=cost,
        lower=np.append(np.zeros(count), [] if largest is None else [largest]),
        upper=np.append(np.ones(count), [] if largest is None else [infinite]),
        integer=np.append(np.ones(count, dtype=bool), np.zeros(extra, dtype=bool)),
        row_lower=np.concatenate((np.ones(jobs), np.full(len(used), -infinite), np.zeros(jobs * extra))),
        row_upper=np.concatenate((np.ones(jobs + len(used)), np.full(jobs * extra, infinite))),
        starts=starts.astype(np.int32),
        rows=rows.astype(np.int32),
        values=values,
    )
