"""The whole scheduling model as intervals, for CP-SAT.

docs/formulations/scheduling_model.md says what each field of an instance asks of a schedule; the functions
of the files beside this one say, family by family, how CP-SAT is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from opt_twin.plan import Schedule
from opt_twin.scheduling.bounds import lower_bound
from opt_twin.scheduling.cp_buffers import add_buffers
from opt_twin.scheduling.cp_jobs import add_jobs
from opt_twin.scheduling.cp_machines import Machines
from opt_twin.scheduling.cp_objectives import Measures
from opt_twin.scheduling.cp_resources import add_resources
from opt_twin.scheduling.cp_tasks import Tasks
from opt_twin.scheduling.instance import SchedulingInstance
from opt_twin.scheduling.jobs import Job, Key
from opt_twin.scheduling.objectives import Objective, evaluate_stages, parse_objective
from opt_twin.scheduling.timing import left_shifted, schedule_of
from opt_twin.solvers.cpsat import CpSatAnswer, complete_hint

__all__ = ["SchedulingModel"]

_NOT_REGULAR = {"earliness_tardiness", "energy_cost", "total_deviation"}
"""Measures to which earlier can be worse."""


class SchedulingModel:
    """The interval formulation of an instance.

    Parameters
    ----------
    instance
        What is to be scheduled.
    objective
        As :func:`~opt_twin.scheduling.parse_objective` reads it. The first stage is minimised at first.
    upper
        A value of the first stage; only schedules that are not worse are looked at, and the time windows are
        tightened by it. None for all.
    lower
        A bound on the first stage; that of :func:`~opt_twin.scheduling.lower_bound` unless given.
    caps
        Further objectives -> the most that each may be worth.

    Attributes
    ----------
    model
        The ``CpModel``.
    contradictory
        Whether it was seen without a search that no schedule is feasible.
    """

    def __init__(
        self,
        instance: SchedulingInstance,
        objective: str,
        upper: int | None = None,
        lower: int | None = None,
        caps: Mapping[str, int] | None = None,
    ) -> None:
        from ortools.sat.python import cp_model

        self.model: Any = cp_model.CpModel()
        self._instance, self._text = instance, objective
        self._objective = parse_objective(instance, objective)
        self._upper = upper
        self._lower = lower_bound(instance, objective) if lower is None else lower
        self._tasks = Tasks(instance, self.model, self._horizon_of)
        self.stages: list[Any] = []
        if not self.contradictory:
            self._constraints()
        if not self.contradictory:
            self._minimise()
            for text, most in (caps or {}).items():
                for value in self._values(parse_objective(instance, text)):
                    self.model.add(value <= most)

    @property
    def contradictory(self) -> bool:
        """Whether an operation that must be done cannot be."""
        return self._tasks.contradictory

    def _horizon_of(self, job: Job) -> int:
        """Return the tick by which a job is complete in the schedules that are looked at."""
        horizon = self._instance.horizon()
        stage = self._objective.stages[0]
        if self._upper is None or len(stage) > 1 or not job.counts:
            return horizon
        term = stage[0]
        if term.priority in {None, job.priority}:
            most = self._upper // term.factor
            if term.measure == "makespan":
                return min(horizon, most)
            if term.measure == "maximum_tardiness" and job.due is not None:
                return min(horizon, job.due + most)
        return horizon

    def _constraints(self) -> None:
        add_jobs(self._tasks)
        add_buffers(self._tasks)
        self._machines = Machines(self._tasks)
        add_resources(self._tasks)

    def _values(self, objective: Objective) -> list[Any]:
        """Return the value of each stage of an objective, at least what the schedule is worth."""
        return [
            sum(term.factor * self._measures.of_term(term) for term in stage) for stage in objective.stages
        ]

    def _minimise(self) -> None:
        """Create a variable for each stage, and minimise the first."""
        self._measures = Measures(self._tasks, self._machines)
        for number, value in enumerate(self._values(self._objective)):
            lower, upper = (self._lower, self._upper) if number == 0 else (0, None)
            stage = value
            if not hasattr(value, "index"):  # a sum, or no more than a number
                stage = self.model.new_int_var(0, 2**61, f"stage_{number}")
                self.model.add(stage >= value)
            self.model.add(stage >= (lower if upper is None else min(lower, upper)))
            if upper is not None:
                self.model.add(stage <= upper)
            self.stages.append(stage)
        self.model.minimize(self.stages[0])

    def next_stage(self, number: int, most: int) -> None:
        """Minimise stage `number`, with the one before at most `most`."""
        self.model.add(self.stages[number - 1] <= most)
        self.model.minimize(self.stages[number])

    @property
    def _is_regular(self) -> bool:
        return not any(term.measure in _NOT_REGULAR for stage in self._objective.stages for term in stage)

    def hint(self, schedule: Schedule, seconds: float = 5.0) -> bool:
        """Suggest a feasible `schedule` to the solver, with the values of all variables that follow from it.

        Parameters
        ----------
        schedule
            One that keeps `upper` and the caps.
        seconds
            The most that may be spent to find the values that follow.

        Returns
        -------
        bool
            Whether the values of all variables were found; if not, only times and modes are suggested.
        """
        found = {(a.job, a.operation): a for a in schedule.assignments}
        self.model.clear_hints()
        hinted: set[int] = set()
        for task in self._tasks:
            assignment = found.get(task.key)
            self._suggest(task.present, assignment is not None, hinted)
            for way in task.ways:
                self._suggest(way.literal, assignment is not None and assignment.mode == way.number, hinted)
            if assignment is not None:
                self._suggest(task.start, assignment.start, hinted)
                self._suggest(task.end, assignment.end, hinted)
        if self._instance.is_plain:
            for stage, value in zip(self.stages, self._worth(schedule), strict=True):
                self._suggest(stage, value, hinted)
            return True
        return complete_hint(self.model, seconds)

    def _worth(self, schedule: Schedule) -> Sequence[int]:
        return evaluate_stages(self._instance, schedule, self._text)

    def _suggest(self, variable: Any, value: int | bool, hinted: set[int]) -> None:
        """Suggest a value of a variable, once; expressions follow from their variables."""
        index = getattr(variable, "index", None)
        if variable is not None and index is not None and index not in hinted:
            hinted.add(index)
            self.model.add_hint(variable, value)

    def schedule(self, answer: CpSatAnswer) -> Schedule:
        """Return the schedule of an answer, as early as its orders allow where that cannot be worse."""
        assert answer.value is not None
        times: dict[Key, tuple[int, int]] = {}
        modes: dict[Key, int] = {}
        for task in self._tasks:
            if task.present is None or answer.value(task.present):
                times[task.key] = answer.value(task.start), answer.value(task.end)
                modes[task.key] = next(
                    way.number for way in task.ways if way.literal is None or answer.value(way.literal)
                )
        found = schedule_of(self._instance, times, modes)
        return left_shifted(self._instance, found) if self._is_regular else found
