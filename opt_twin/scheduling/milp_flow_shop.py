"""The permutation flow shop as a mixed-integer program: Wagner's assignment model and Manne's order model.

References
----------
Wagner (1959), An integer linear-programming model for machine scheduling, Naval Research Logistics Quarterly
6:131-140. Stafford (1988), On the development of a mixed-integer linear programming model for the flowshop
sequencing problem, Journal of the Operational Research Society 39:1163-1174. Tseng, Stafford and Gupta
(2004), An empirical analysis of integer programming formulations for the permutation flowshop, Omega
32:285-293 (both models compared; the assignment model is the faster one).
"""

from __future__ import annotations

from itertools import combinations
from typing import Any

from opt_twin.plan import Schedule
from opt_twin.scheduling.bounds import lower_bound
from opt_twin.scheduling.features import missing_features
from opt_twin.scheduling.instance import SchedulingInstance
from opt_twin.scheduling.timing import in_sequence

__all__ = ["ManneFlowShopModel", "WagnerModel"]


class WagnerModel:
    r"""Wagner's formulation: which job takes which place in the sequence, idle times and waits between.

    Only machines and places count, so that no large constant is needed. Makespan, or total flow time when all
    weights are equal.

    Parameters
    ----------
    instance
        A flow shop with one sequence on all machines.
    upper
        A value of the objective that can be reached.
    objective
        ``makespan`` or ``total_weighted_flow_time``.
    """

    name = "wagner"

    @staticmethod
    def refuses(instance: SchedulingInstance, objective: str) -> str | None:
        """Return why not: permutation flow shops, makespan or total flow time with equal weights."""
        if objective not in {"makespan", "total_weighted_flow_time"}:
            return f"Wagner's model minimises makespan or total_weighted_flow_time, not {objective}"
        if not instance.permutation:
            return "Wagner's model is for flow shops with one sequence on all machines"
        if objective != "makespan" and len({job.weight for job in instance.jobs}) > 1:
            return "Wagner's model needs equal weights"
        return missing_features(instance, {"one sequence on all machines"})

    def __init__(self, instance: SchedulingInstance, upper: int, objective: str = "makespan") -> None:
        import pyomo.environ as pyo

        self._instance = instance
        self._objective = objective
        self._upper = upper
        self._durations = [[o.duration for o in job.operations] for job in instance.jobs]
        self._jobs = range(len(instance.jobs))
        self._machines = range(len(instance.jobs[0].operations))
        self.model: Any = pyo.ConcreteModel(name=instance.name)
        self._variables(pyo)
        self._places(pyo)
        self._times(pyo)
        self._minimise(pyo)

    def _variables(self, pyo: Any) -> None:
        r"""Create the place of each job, and idle times before and waits behind each machine.

        .. math:: z_{jk} \in \{0, 1\}, \qquad I_{ik} \ge 0, \qquad W_{ik} \ge 0
        """
        self.model.place = pyo.Var(self._jobs, self._jobs, domain=pyo.Binary)
        self.model.idle = pyo.Var(self._machines, self._jobs, domain=pyo.NonNegativeReals)
        self.model.wait = pyo.Var(self._machines, self._jobs, domain=pyo.NonNegativeReals)
        for place in self._jobs:
            self.model.idle[0, place].fix(0)
        for machine in self._machines:
            self.model.wait[machine, 0].fix(0)

    def _work(self, machine: int, place: int) -> Any:
        """Return the duration of the job at a place on a machine."""
        return sum(self._durations[job][machine] * self.model.place[job, place] for job in self._jobs)

    def _places(self, pyo: Any) -> None:
        r"""Ensure that each job has one place and each place one job.

        .. math:: \sum_k z_{jk} = 1, \qquad \sum_j z_{jk} = 1
        """
        self.model.places = pyo.ConstraintList()
        for one in self._jobs:
            self.model.places.add(sum(self.model.place[one, other] for other in self._jobs) == 1)
            self.model.places.add(sum(self.model.place[other, one] for other in self._jobs) == 1)

    def _times(self, pyo: Any) -> None:
        r"""Ensure that machine i + 1 is where the job at place k + 1 finds it, whichever way one counts.

        With :math:`P_{ik} = \sum_j p_{ij} z_{jk}`, between the end of place k on machine i and the start of
        place k + 1 on machine i + 1,

        .. math:: I_{i,k+1} + P_{i,k+1} + W_{i,k+1} = W_{ik} + P_{i+1,k} + I_{i+1,k+1}

        and :math:`I_{i+1,1} = I_{i1} + P_{i1}` for the first job, which waits nowhere.
        """
        self.model.times = pyo.ConstraintList()
        idle, wait = self.model.idle, self.model.wait
        for machine in self._machines[:-1]:
            following = machine + 1
            self.model.times.add(idle[following, 0] == idle[machine, 0] + self._work(machine, 0))
            for place in self._jobs[:-1]:
                self.model.times.add(
                    idle[machine, place + 1] + self._work(machine, place + 1) + wait[machine, place + 1]
                    == wait[machine, place] + self._work(following, place) + idle[following, place + 1]
                )

    def _minimise(self, pyo: Any) -> None:
        r"""Minimise the end of the last place, or the sum of the ends of all places.

        .. math:: C_k = \sum_{l \le k} (I_{ml} + P_{ml})
        """
        last = self._machines[-1]
        steps = [self.model.idle[last, place] + self._work(last, place) for place in self._jobs]
        count = len(steps)
        weights = [1] * count
        if self._objective != "makespan":
            weights = [self._instance.jobs[0].weight * (count - place) for place in self._jobs]
        self.model.value = pyo.Var(bounds=(lower_bound(self._instance, self._objective), self._upper))
        self.model.ends = pyo.Constraint(
            expr=self.model.value >= sum(w * step for w, step in zip(weights, steps, strict=True))
        )
        self.model.objective = pyo.Objective(expr=self.model.value, sense=pyo.minimize)

    def schedule(self) -> Schedule:
        """Return the schedule of the values in the model: the sequence is read, the times are computed."""
        place = self.model.place
        sequence = [
            next(job for job in self._jobs if place[job, position].value > 0.5) for position in self._jobs
        ]
        return in_sequence(self._instance, sequence)


class ManneFlowShopModel:
    r"""Manne's formulation: which of two jobs comes first, and when each operation ends.

    Half as many binaries as Wagner's, but large constants, so that its relaxation says little. Releases and
    weights are no matter.

    Parameters
    ----------
    instance
        A flow shop with one sequence on all machines.
    upper
        A value of the objective that can be reached.
    objective
        ``makespan`` or ``total_weighted_flow_time``.
    """

    name = "manne-flow-shop"

    @staticmethod
    def refuses(instance: SchedulingInstance, objective: str) -> str | None:
        """Return why not: permutation flow shops with releases, makespan or total weighted flow time."""
        if objective not in {"makespan", "total_weighted_flow_time"}:
            return f"the order model minimises makespan or total_weighted_flow_time, not {objective}"
        if not instance.permutation:
            return "the order model is for flow shops with one sequence on all machines"
        return missing_features(instance, {"one sequence on all machines", "release dates"})

    def __init__(self, instance: SchedulingInstance, upper: int, objective: str = "makespan") -> None:
        import pyomo.environ as pyo

        self._instance = instance
        self._objective = objective
        self._upper = upper
        self._durations = [[o.duration for o in job.operations] for job in instance.jobs]
        self._jobs = range(len(instance.jobs))
        self._machines = range(len(instance.jobs[0].operations))
        self._pairs = list(combinations(self._jobs, 2))
        releases = max(job.release for job in instance.jobs)
        self._large = releases + sum(map(sum, self._durations))
        self.model: Any = pyo.ConcreteModel(name=instance.name)
        self.model.end = pyo.Var(self._machines, self._jobs, bounds=(0, self._large))
        self.model.first = pyo.Var(range(len(self._pairs)), domain=pyo.Binary)
        self._routes(pyo)
        self._orders(pyo)
        self._minimise(pyo)

    def _routes(self, pyo: Any) -> None:
        r"""Ensure that each job goes from machine to machine.

        .. math:: C_{1j} \ge r_j + p_{1j}, \qquad C_{i+1,j} \ge C_{ij} + p_{i+1,j}
        """
        self.model.routes = pyo.ConstraintList()
        end = self.model.end
        for job in self._jobs:
            own = self._durations[job]
            self.model.routes.add(end[0, job] >= self._instance.jobs[job].release + own[0])
            for machine in self._machines[1:]:
                self.model.routes.add(end[machine, job] >= end[machine - 1, job] + own[machine])

    def _orders(self, pyo: Any) -> None:
        r"""Ensure that of two jobs the same one comes first on all machines.

        .. math:: C_{ij} \ge C_{ih} + p_{ij} - U (1 - y_{hj}), \qquad C_{ih} \ge C_{ij} + p_{ih} - U y_{hj}
        """
        self.model.orders = pyo.ConstraintList()
        end, large = self.model.end, self._large
        for index, (one, two) in enumerate(self._pairs):
            first = self.model.first[index]
            for machine in self._machines:
                p_one, p_two = self._durations[one][machine], self._durations[two][machine]
                self.model.orders.add(
                    end[machine, two] >= end[machine, one] + p_two - (large + p_two) * (1 - first)
                )
                self.model.orders.add(
                    end[machine, one] >= end[machine, two] + p_one - (large + p_one) * first
                )

    def _minimise(self, pyo: Any) -> None:
        r"""Minimise the last end, or :math:`\sum_j w_j (C_{mj} - r_j)`."""
        last = self._machines[-1]
        self.model.value = pyo.Var(bounds=(lower_bound(self._instance, self._objective), self._upper))
        self.model.ends = pyo.ConstraintList()
        if self._objective == "makespan":
            for job in self._jobs:
                self.model.ends.add(self.model.value >= self.model.end[last, job])
        else:
            jobs = self._instance.jobs
            total = sum(jobs[j].weight * (self.model.end[last, j] - jobs[j].release) for j in self._jobs)
            self.model.ends.add(self.model.value >= total)
        self.model.objective = pyo.Objective(expr=self.model.value, sense=pyo.minimize)

    def schedule(self) -> Schedule:
        """Return the schedule of the values in the model: the orders are read, the times computed."""
        before = dict.fromkeys(self._jobs, 0)
        for index, (one, two) in enumerate(self._pairs):
            before[two if self.model.first[index].value > 0.5 else one] += 1
        return in_sequence(self._instance, sorted(self._jobs, key=before.__getitem__))
