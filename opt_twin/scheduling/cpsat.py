"""The job shop as intervals, for CP-SAT.

docs/formulations/job_shop.md states the model in full.
"""

from __future__ import annotations

import time
from itertools import pairwise, permutations
from typing import Any

from opt_twin.plan import Schedule
from opt_twin.results import Result, Status, StopReason, TracePoint
from opt_twin.scheduling.bounds import heads, lower_bound, tails
from opt_twin.scheduling.instance import Job, SchedulingInstance
from opt_twin.scheduling.objectives import beyond_classical, evaluate_objective
from opt_twin.scheduling.timing import Key, left_shifted, schedule_of, sequence_of
from opt_twin.solvers import OnProgress, SolveOptions, Stop
from opt_twin.solvers.cpsat import CpSatAnswer, cpsat_version, run_cpsat

__all__ = ["CpSatSolver", "JobShopModel"]

DISJUNCTIVE = {
    "use_dynamic_precedence_in_disjunctive": True,
    "use_strong_propagation_in_disjunctive": True,
}
"""The two switches that lower the makespan of plain job shops; the first solution comes later with them."""


class JobShopModel:
    """The interval formulation of a job shop.

    Parameters
    ----------
    instance
        What is to be scheduled.
    objective
        One of :data:`~opt_twin.scheduling.OBJECTIVES`.
    upper
        A value of the objective that can be reached; the domains are tightened by it. None when none is
        known.
    lower
        A bound on the objective; that of :func:`~opt_twin.scheduling.lower_bound` unless given.
    """

    def __init__(
        self,
        instance: SchedulingInstance,
        objective: str,
        upper: int | None = None,
        lower: int | None = None,
    ) -> None:
        from ortools.sat.python import cp_model

        self.model: Any = cp_model.CpModel()
        self.contradictory = False
        self._instance = instance
        self._objective = objective
        self._upper = upper
        self._lower = lower_bound(instance, objective) if lower is None else lower
        self._horizon = instance.horizon()
        self._starts: dict[Key, Any] = {}
        self._ends: dict[Key, Any] = {}
        self._intervals: dict[str, list[Any]] = {machine: [] for machine in instance.machines}
        self._literals: list[tuple[Any, str, Key | None, Key]] = []
        self._sequence: dict[tuple[int, int], Any] = {}
        self._variables()
        if not self.contradictory:
            self._constraints()
            self._minimise()

    def _variables(self) -> None:
        r"""Create start, end and interval of each operation.

        .. math:: r_o \le s_o \le H - q_o, \qquad e_o = s_o + p_o \quad (e_o \ge s_o + p_o
            \text{ where the operation overlaps with the one before})

        with head r, tail q and horizon H. The horizon is the upper bound itself when the makespan is
        minimised, and the deadline of the job where that comes first.
        """
        horizon = self._horizon
        if self._objective == "makespan" and self._upper is not None:
            horizon = min(horizon, self._upper)
        for job in self._instance.jobs:
            last = horizon if job.deadline is None else min(horizon, job.deadline)
            for position, (head, tail) in enumerate(zip(heads(job), tails(job), strict=True)):
                if head.start > last - tail.start or head.end > last - tail.end:
                    self.contradictory = True
                    return
                self._variables_of(
                    job, position, (head.start, last - tail.start), (head.end, last - tail.end)
                )

    def _variables_of(self, job: Job, position: int, starts: tuple[int, int], ends: tuple[int, int]) -> None:
        operation, key = job.operations[position], (job.name, position)
        label = f"{job.name}_{position}"
        start = self.model.new_int_var(*starts, f"start_{label}")
        if job.is_elastic(position):
            end = self.model.new_int_var(*ends, f"end_{label}")
            size = self.model.new_int_var(operation.duration, ends[1] - starts[0], f"size_{label}")
            interval = self.model.new_interval_var(start, size, end, label)
        else:
            end = start + operation.duration
            interval = self.model.new_fixed_size_interval_var(start, operation.duration, label)
        self._starts[key], self._ends[key] = start, end
        self._intervals[operation.machine].append(interval)

    def _constraints(self) -> None:
        self._machines_no_overlap()
        self._routes()
        if self._instance.permutation:
            self._one_sequence()
            return
        for machine in self._instance.machines:
            if self._needs_setups(machine):
                self._setups(machine)

    def _machines_no_overlap(self) -> None:
        r"""Ensure that each machine processes one operation at a time.

        .. math:: e_i \le s_j \;\lor\; e_j \le s_i \quad \forall i \ne j \in O_m

        References: Carlier and Pinson (1989), An algorithm for solving the job-shop problem.
        """
        for intervals in self._intervals.values():
            if len(intervals) > 1:
                self.model.add_no_overlap(intervals)

    def _routes(self) -> None:
        r"""Ensure the order of the operations of each job, with lot streaming where leads and tails say so.

        .. math:: s_{k+1} \ge s_k + l_k, \qquad e_{k+1} \ge e_k + t_{k+1}

        With lead l and tail t equal to the durations the second follows from the first and is left out.

        References: Potts and Baker (1989), Flow shop scheduling with lot streaming.
        """
        for job in self._instance.jobs:
            for position, operation in enumerate(job.operations[:-1]):
                this, following = (job.name, position), (job.name, position + 1)
                self.model.add(self._starts[following] >= self._starts[this] + operation.lead_ticks)
                after = job.operations[position + 1]
                if (
                    job.is_elastic(position)
                    or job.is_elastic(position + 1)
                    or after.tail_ticks > after.duration
                ):
                    self.model.add(self._ends[following] >= self._ends[this] + after.tail_ticks)

    def _needs_setups(self, machine: str) -> bool:
        """Return whether any order on `machine` needs a set-up."""
        instance = self._instance
        families = {job.family for job, _ in instance.on_machine(machine)}
        return any(
            instance.setup_time(machine, before, after)
            for before in families | {instance.initial_family.get(machine)}
            for after in families
        )

    def _setups(self, machine: str) -> None:
        r"""Ensure the set-up between two operations that follow each other, and before the first.

        .. math:: x_{ij} \Rightarrow s_j \ge e_i + c_{ij}, \qquad x_{0j} \Rightarrow s_j \ge c_{0j}

        where the literals x form a circuit through all operations of the machine and a node 0 for the start.
        Only the direct predecessor counts; set-up times need not satisfy the triangle inequality.

        References: Manne (1960), On the job-shop scheduling problem; Allahverdi et al. (2008), A survey of
        scheduling problems with setup times or costs.
        """
        members = self._instance.on_machine(machine)
        arcs: list[tuple[int, int, Any]] = []
        for j, (after, position) in enumerate(members, 1):
            key = after.name, position
            first = self.model.new_bool_var(f"first_{machine}_{j}")
            last = self.model.new_bool_var(f"last_{machine}_{j}")
            arcs += [(0, j, first), (j, 0, last)]
            self._literals.append((first, machine, None, key))
            setup = self._instance.first_setup_time(machine, after.family)
            self.model.add(self._starts[key] >= setup).only_enforce_if(first)
            for i, (before, earlier) in enumerate(members, 1):
                if i == j or (before is after and earlier > position):
                    continue
                literal = self.model.new_bool_var(f"follows_{machine}_{i}_{j}")
                arcs.append((i, j, literal))
                self._literals.append((literal, machine, (before.name, earlier), key))
                setup = self._instance.setup_time(machine, before.family, after.family)
                self.model.add(self._starts[key] >= self._ends[before.name, earlier] + setup).only_enforce_if(
                    literal
                )
        self.model.add_circuit(arcs)

    def _one_sequence(self) -> None:
        r"""Ensure that all machines do the jobs in one sequence, with their set-ups.

        .. math:: x_{ij} \Rightarrow s_{jk} \ge e_{ik} + c_{m(k)}(f_i, f_j), \qquad
            x_{0j} \Rightarrow s_{jk} \ge c_{m(k)}(f^0_{m(k)}, f_j) \qquad \forall k

        where the literals x form one circuit through all jobs and a node 0, for all machines together.
        """
        jobs = self._instance.jobs
        route = [operation.machine for operation in jobs[0].operations]
        for j, after in enumerate(jobs, 1):
            first = self.model.new_bool_var(f"first_{after.name}")
            self._sequence |= {(0, j): first, (j, 0): self.model.new_bool_var(f"last_{after.name}")}
            for position, machine in enumerate(route):
                key = after.name, position
                setup = self._instance.first_setup_time(machine, after.family)
                self.model.add(self._starts[key] >= setup).only_enforce_if(first)
                self._literals.append((first, machine, None, key))
        for (i, before), (j, after) in permutations(enumerate(jobs, 1), 2):
            follows = self.model.new_bool_var(f"follows_{before.name}_{after.name}")
            self._sequence[i, j] = follows
            for position, machine in enumerate(route):
                earlier, key = (before.name, position), (after.name, position)
                setup = self._instance.setup_time(machine, before.family, after.family)
                self.model.add(self._starts[key] >= self._ends[earlier] + setup).only_enforce_if(follows)
                self._literals.append((follows, machine, earlier, key))
        self.model.add_circuit([(i, j, literal) for (i, j), literal in self._sequence.items()])

    def _loads(self, makespan: Any) -> None:
        r"""Ensure that the makespan covers the work and the set-ups of each machine.

        .. math:: C \ge \sum_{j} c_{0j} x_{0j} + \sum_{o} p_o + \sum_{i, j} c_{ij} x_{ij} + \min_o q_o

        and the same with the least head in the place of the first set-up. Both follow from the rest, and
        carry the circuit over to the bound.
        """
        first_of, between = self._setup_sums()
        for machine in sorted({machine for _, machine, _, _ in self._literals}):
            members = self._instance.on_machine(machine)
            work = sum(job.operations[position].duration for job, position in members)
            head = min(heads(job)[position].start for job, position in members)
            tail = min(tails(job)[position].end for job, position in members)
            self.model.add(makespan >= first_of[machine] + between[machine] + work + tail)
            self.model.add(makespan >= head + between[machine] + work + tail)

    def _setup_sums(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return machine -> its set-up before the first job, and machine -> the sum of the others."""
        family = {job.name: job.family for job in self._instance.jobs}
        first: dict[str, Any] = dict.fromkeys(self._instance.machines, 0)
        between: dict[str, Any] = dict.fromkeys(self._instance.machines, 0)
        for literal, machine, before, after in self._literals:
            wanted = family[after[0]]
            if before is None:
                first[machine] += self._instance.first_setup_time(machine, wanted) * literal
            else:
                between[machine] += self._instance.setup_time(machine, family[before[0]], wanted) * literal
        return first, between

    def _setup_total(self) -> Any:
        """Return the sum of all set-ups."""
        first, between = self._setup_sums()
        return sum(first.values()) + sum(between.values())

    def _completion(self, job: Job) -> Any:
        return self._ends[job.name, len(job.operations) - 1]

    def _tardiness(self, job: Job, due: int) -> Any:
        """Return max(0, completion - due date) of a job."""
        tardiness = self.model.new_int_var(0, max(0, self._horizon - due), f"tardiness_{job.name}")
        self.model.add(tardiness >= self._completion(job) - due)
        return tardiness

    def _minimise(self) -> None:
        """Create the objective, a variable between its bounds."""
        jobs = self._instance.jobs
        top = self._upper if self._upper is not None else self._largest_value()
        value = self.model.new_int_var(min(self._lower, top), top, self._objective)
        if self._objective == "makespan":
            for job in jobs:
                self.model.add(value >= self._completion(job))
            self._loads(value)
        elif self._objective == "maximum_tardiness":
            for job in jobs:
                if job.due is not None:
                    self.model.add(value >= self._completion(job) - job.due)
        elif self._objective == "total_weighted_tardiness":
            late = [job.weight * self._tardiness(job, job.due) for job in jobs if job.due is not None]
            self.model.add(value >= sum(late))
        elif self._objective == "total_weighted_flow_time":
            self.model.add(value == sum(job.weight * (self._completion(job) - job.release) for job in jobs))
        else:
            self.model.add(value == self._setup_total())
        self.value = value
        self.model.minimize(value)

    def _largest_value(self) -> int:
        """Return a value that the objective of a left-shifted schedule does not exceed."""
        if self._objective in {"total_weighted_tardiness", "total_weighted_flow_time"}:
            return self._horizon * max(1, sum(job.weight for job in self._instance.jobs))
        return self._horizon

    def hint(self, schedule: Schedule) -> None:
        """Suggest `schedule` to the solver."""
        for assignment in schedule.assignments:
            key = assignment.job, assignment.operation
            self.model.add_hint(self._starts[key], assignment.start)
        for job in self._instance.jobs:
            for position in range(len(job.operations)):
                if job.is_elastic(position):
                    end = schedule.of_job(job.name)[position].end
                    self.model.add_hint(self._ends[job.name, position], end)
        sequence = [0, *(index + 1 for index in sequence_of(self._instance, schedule)), 0]
        neighbours = set(pairwise(sequence))
        for arc, literal in self._sequence.items():
            self.model.add_hint(literal, arc in neighbours)
        self.model.add_hint(self.value, evaluate_objective(self._instance, schedule, self._objective))

    def schedule(self, answer: CpSatAnswer) -> Schedule:
        """Return the schedule of an answer, every operation as early as its order allows."""
        assert answer.value is not None
        times = {
            key: (answer.value(self._starts[key]), answer.value(self._ends[key])) for key in self._starts
        }
        return left_shifted(self._instance, schedule_of(self._instance, times))


class CpSatSolver:
    """CP-SAT of OR-Tools on :class:`JobShopModel`: all objectives, bounds, proofs.

    Parameters
    ----------
    lower
        A bound on the objective that is known already; None when there is none.
    """

    name = "cp-sat"

    def __init__(self, lower: int | None = None) -> None:
        self._lower = lower

    def refuses(self, instance: SchedulingInstance, objective: str) -> str | None:
        """Return why not: one machine an operation, no resources, no calendars."""
        return beyond_classical(instance, objective)

    def solve(
        self,
        instance: SchedulingInstance,
        *,
        objective: str,
        options: SolveOptions,
        start: Schedule | None = None,
        on_progress: OnProgress | None = None,
        stop: Stop | None = None,
    ) -> Result[Schedule]:
        """Return the best schedule found; see :class:`~opt_twin.scheduling.solver.SchedulingSolver`."""
        started = time.perf_counter()
        upper = None if start is None else evaluate_objective(instance, start, objective)
        lowest = lower_bound(instance, objective)
        if self._lower is not None:
            lowest = max(lowest, self._lower)
        known = TracePoint(0.0, upper, lowest)
        answer: CpSatAnswer | None = None
        contradictory = interrupted = False
        try:
            formulation = JobShopModel(instance, objective, upper, lowest)
            contradictory = formulation.contradictory
            if start is not None and not contradictory:
                formulation.hint(start)
            if not contradictory:
                answer = run_cpsat(
                    formulation.model,
                    options=options,
                    started=started,
                    known=known,
                    parameters=DISJUNCTIVE if start is not None and instance.is_plain else None,
                    on_progress=on_progress,
                    stop=stop,
                )
        except KeyboardInterrupt:  # while the model was being built
            interrupted = True
        if answer is not None:
            status, reason = answer.status, answer.stop_reason
        elif interrupted:
            status, reason = Status.UNKNOWN, StopReason.INTERRUPTED
        else:
            status, reason = Status.INFEASIBLE, StopReason.PROVED
        best, value = start, upper
        if answer is not None and answer.value is not None:
            best = formulation.schedule(answer)
            value = evaluate_objective(instance, best, objective)
        elif start is not None:
            status = Status.FEASIBLE
        bound = None
        if status is not Status.INFEASIBLE:
            bound = lowest if answer is None or answer.bound is None else max(lowest, answer.bound)
        return Result(
            status=status,
            stop_reason=reason,
            best=best,
            objective=value,
            bound=bound,
            runtime=time.perf_counter() - started,
            solver=self.name,
            solver_version=cpsat_version(),
            seed=options.seed,
            workers=options.workers,
            objective_name=objective,
            trace=() if answer is None else answer.trace,
        )
