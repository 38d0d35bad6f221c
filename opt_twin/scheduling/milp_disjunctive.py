"""The job shop as a mixed-integer program: Manne's disjunctive model.

A readable reference and a cross-check for CP-SAT, good for about 6 jobs on 6 machines; the big constants make
its bound weak.

References
----------
Manne (1960), On the job-shop scheduling problem, Operations Research 8:219-223.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any

from opt_twin.errors import SolverError
from opt_twin.plan import Schedule
from opt_twin.scheduling.bounds import heads, lower_bound, tails
from opt_twin.scheduling.instance import SchedulingInstance
from opt_twin.scheduling.timing import Key, schedule_of, timed

__all__ = ["ManneModel"]


class ManneModel:
    """Manne's formulation of a plain job shop with minimal makespan; each method states a part of it.

    Parameters
    ----------
    instance
        A plain job shop.
    upper
        A makespan that can be reached: the large constant of the disjunctions.
    objective
        The makespan.
    """

    name = "manne"

    @staticmethod
    def refuses(instance: SchedulingInstance, objective: str) -> str | None:
        """Return why not: the model covers plain job shops and the makespan only."""
        if objective != "makespan":
            return f"the disjunctive model minimises the makespan, not {objective}"
        if not instance.is_plain:
            return "the disjunctive model is for plain job shops"
        return None

    def __init__(self, instance: SchedulingInstance, upper: int, objective: str = "makespan") -> None:
        import pyomo.environ as pyo

        del objective
        self._instance = instance
        self._upper = upper
        self._operations = {
            (job.name, position): operation
            for job in instance.jobs
            for position, operation in enumerate(job.operations)
        }
        self._pairs = [
            (machine, *pair)
            for machine in instance.machines
            for pair in combinations(
                [(job.name, position) for job, position in instance.on_machine(machine)], 2
            )
        ]
        self.model: Any = pyo.ConcreteModel(name=instance.name)
        self._variables(pyo)
        self._routes(pyo)
        self._disjunctions(pyo)
        self._makespan(pyo)

    def _variables(self, pyo: Any) -> None:
        r"""Create the start of each operation and the order of each pair on a machine.

        .. math:: r_o \le s_o \le U - q_o, \qquad y_{ij} \in \{0, 1\}
        """
        window = {
            (job.name, position): (head.start, self._upper - tail.start)
            for job in self._instance.jobs
            for position, (head, tail) in enumerate(zip(heads(job), tails(job), strict=True))
        }
        keys = list(self._operations)
        self.model.start = pyo.Var(range(len(keys)), domain=pyo.NonNegativeReals)
        self._start = {key: self.model.start[index] for index, key in enumerate(keys)}
        for key, variable in self._start.items():
            variable.setlb(window[key][0])
            variable.setub(window[key][1])
        self.model.first = pyo.Var(range(len(self._pairs)), domain=pyo.Binary)
        self.model.makespan = pyo.Var(bounds=(lower_bound(self._instance), self._upper))

    def _routes(self, pyo: Any) -> None:
        r"""Ensure the order of the operations of each job.

        .. math:: s_{k+1} \ge s_k + p_k
        """
        self.model.routes = pyo.ConstraintList()
        for job in self._instance.jobs:
            for position, operation in enumerate(job.operations[:-1]):
                this, following = self._start[job.name, position], self._start[job.name, position + 1]
                self.model.routes.add(following >= this + operation.duration)

    def _disjunctions(self, pyo: Any) -> None:
        r"""Ensure that of two operations on a machine one comes first.

        .. math:: s_j \ge s_i + p_i - U (1 - y_{ij}), \qquad s_i \ge s_j + p_j - U y_{ij}
        """
        self.model.disjunctions = pyo.ConstraintList()
        for index, (_, i, j) in enumerate(self._pairs):
            first = self.model.first[index]
            p_i, p_j = self._operations[i].duration, self._operations[j].duration
            self.model.disjunctions.add(
                self._start[j] >= self._start[i] + p_i - (self._upper + p_i) * (1 - first)
            )
            self.model.disjunctions.add(self._start[i] >= self._start[j] + p_j - (self._upper + p_j) * first)

    def _makespan(self, pyo: Any) -> None:
        """Minimise the end of the last operation."""
        self.model.ends = pyo.ConstraintList()
        for job in self._instance.jobs:
            last = len(job.operations) - 1
            self.model.ends.add(
                self.model.makespan >= self._start[job.name, last] + job.operations[last].duration
            )
        self.model.objective = pyo.Objective(expr=self.model.makespan, sense=pyo.minimize)

    def schedule(self) -> Schedule:
        """Return the schedule of the values in the model: the orders are read, the times computed from them.

        Raises
        ------
        SolverError
            If the values contradict the routes.
        """
        after: dict[str, dict[Key, int]] = {machine: {} for machine in self._instance.machines}
        for index, (machine, i, j) in enumerate(self._pairs):
            second = j if self.model.first[index].value > 0.5 else i
            after[machine].setdefault(i, 0)
            after[machine].setdefault(j, 0)
            after[machine][second] += 1
        orders = {machine: tuple(sorted(rank, key=rank.__getitem__)) for machine, rank in after.items()}
        times = timed(self._instance, orders)
        if times is None:
            raise SolverError("HiGHS gave orders that contradict the routes of the jobs")
        return schedule_of(self._instance, times)
