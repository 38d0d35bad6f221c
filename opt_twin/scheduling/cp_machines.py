"""What CP-SAT is told about machines: one thing at a time, set-ups, sequences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, permutations
from typing import Any

from opt_twin.scheduling.checks import merged
from opt_twin.scheduling.cp_batches import Batch, batches_of
from opt_twin.scheduling.cp_sequences import same_sequence
from opt_twin.scheduling.cp_tasks import Task, Tasks, whole

__all__ = ["Machines", "Setup"]


@dataclass(frozen=True, slots=True)
class Setup:
    """A set-up that takes place where a literal is true.

    Attributes
    ----------
    machine
        Where.
    literal
        Whether one batch or operation follows the other directly.
    ticks
        How long it takes.
    at_start
        Whether it stands before the first operation of the machine.
    """

    machine: str
    literal: Any
    ticks: int
    at_start: bool


class Machines:
    """Everything about machines. Departures must be known before.

    Attributes
    ----------
    setups
        All that may take place, for the objective.
    """

    def __init__(self, tasks: Tasks) -> None:
        self._tasks, self._instance, self._model = tasks, tasks.instance, tasks.model
        self.setups: list[Setup] = []
        self._circuits: set[str] = set()
        self._walk: list[tuple[Any, int]] = []
        """Literals of a sequence of jobs that never wait, with the ticks that they add to its length."""
        batches = {machine: self._one_at_a_time(machine) for machine in self._instance.machines}
        needs = [machine for machine in batches if self._needs_setups(machine)]
        never_waits = self._never_overtakes()
        if never_waits or (self._instance.permutation and needs and not self._instance.batching):
            self._one_sequence(never_waits=never_waits)
            return
        for machine in needs:
            self._circuit(machine, batches[machine])
        groups = self._instance.same_sequence
        for group in (*groups, self._instance.machines) if self._instance.permutation else groups:
            same_sequence(self._tasks, group)

    def _one_at_a_time(self, machine: str) -> list[Batch]:
        r"""Ensure that a machine does one operation, or one batch, at a time.

        .. math:: d_i \le s_j \;\lor\; d_j \le s_i \qquad \forall i \ne j \in O_m

        with the departure d, which is the end where nothing blocks. Closures are intervals of their own where
        no operation may hold the machine meanwhile; that follows from the time windows, and helps the bound.

        References: Carlier and Pinson (1989), An algorithm for solving the job-shop problem.
        """
        own = self._tasks.by_machine[machine]
        places = self._instance.batching.get(machine)
        if places is not None:
            batches = batches_of(self._tasks, machine, own, places)
            intervals = [batch.interval for batch in batches]
        else:
            batches = [
                Batch(task, task.literal_on(machine, self._model), task.start, task.departure, None)
                for task in own
            ]
            intervals = [
                self._held(task, way) for task in own for way in task.ways if way.mode.machine == machine
            ]
        blocked = any(task.departure is not task.end or task.operation.interruptible for task in own)
        if not blocked and len(intervals) > 1:
            closed = merged(self._instance.closures.get(machine, ()))
            intervals += [
                self._model.new_fixed_size_interval_var(a, b - a, f"closed_{machine}_{a}") for a, b in closed
            ]
        if len(intervals) > 1:
            self._model.add_no_overlap(intervals)
        return batches

    def _held(self, task: Task, way: Any) -> Any:
        """Return the interval in which a way holds its machine, until the departure of the job."""
        if task.departure is task.end:
            return way.interval
        name = f"held_{task.label}_{way.number}"
        size = self._model.new_int_var(way.mode.duration, self._tasks.horizon, f"size_{name}")
        return self._tasks.interval(task.start, size, task.departure, way.literal, name)

    def _needs_setups(self, machine: str) -> bool:
        """Return whether any order on `machine` needs a set-up."""
        if machine not in self._instance.setup_times:
            return False
        families = {task.job.family_of(task.position) for task in self._tasks.by_machine[machine]}
        return any(
            self._instance.setup_time(machine, before, after)
            for before in families | {self._instance.initial_family.get(machine)}
            for after in families
        )

    def _circuit(self, machine: str, batches: Sequence[Batch]) -> None:
        r"""Ensure the set-up between two operations that follow each other, and before the first.

        .. math:: x_{ij} \Rightarrow s_j \ge d_i + c_{ij}, \qquad x_{0j} \Rightarrow s_j \ge c_{0j}

        where the literals x form a circuit through all operations that the machine does and a node 0 for the
        start. Only the direct predecessor counts; set-up times need not satisfy the triangle inequality.

        References: Manne (1960), On the job-shop scheduling problem; Allahverdi et al. (2008), A survey of
        scheduling problems with setup times or costs.
        """
        model, instance = self._model, self._instance
        self._circuits.add(machine)
        arcs: list[tuple[int, int, Any]] = []
        if all(batch.literal is not None for batch in batches):
            arcs.append((0, 0, model.new_bool_var(f"idle_{machine}")))
        for j, after in enumerate(batches, 1):
            if after.literal is not None:
                arcs.append((j, j, ~after.literal))
            first = model.new_bool_var(f"first_{machine}_{j}")
            arcs += [(0, j, first), (j, 0, model.new_bool_var(f"last_{machine}_{j}"))]
            ticks = instance.first_setup_time(machine, after.family)
            if ticks:
                model.add(after.start >= ticks).only_enforce_if(first)
            self.setups.append(Setup(machine, first, ticks, at_start=True))
            for i, before in enumerate(batches, 1):
                if i != j and not _always_after(before.leader, after.leader):
                    literal = model.new_bool_var(f"follows_{machine}_{i}_{j}")
                    arcs.append((i, j, literal))
                    ticks = instance.setup_time(machine, before.family, after.family)
                    model.add(after.start >= before.end + ticks).only_enforce_if(literal)
                    self.setups.append(Setup(machine, literal, ticks, at_start=False))
        model.add_circuit(arcs)

    def _never_overtakes(self) -> bool:
        """Return whether all jobs take one route without waits, so that none can overtake another."""
        instance = self._instance
        route = [operation.machine for operation in instance.jobs[0].operations]
        if instance.batching or instance.buffers or "" in route or len(set(route)) < len(route):
            return False
        return all(
            job.no_wait
            and [operation.machine for operation in job.operations] == route
            and not any(o.may_be_left_out or o.interruptible or o.duration == 0 for o in job.operations)
            for job in instance.jobs
        )

    def _one_sequence(self, *, never_waits: bool) -> None:
        r"""Ensure that all machines do the jobs in one sequence, with their set-ups.

        .. math:: x_{ij} \Rightarrow s_{jk} \ge d_{ik} + c_{m(k)}(f_{ik}, f_{jk}), \qquad
            x_{0j} \Rightarrow s_{jk} \ge c_{m(k)}(f^0_{m(k)}, f_{jk}) \qquad \forall k

        where the literals x form one circuit through all jobs and a node 0, for all machines together. Jobs
        that never wait follow each other at a fixed distance of their first operations,

        .. math:: x_{ij} \Rightarrow s_{j1} \ge s_{i1} + D_{ij}, \qquad
            D_{ij} = \max_k (t_{ik} + p_{ik} + c_{m(k)}(f_{ik}, f_{jk}) - t_{jk})

        with the time t from the start of a job to that of its operation k.

        References: Reddi and Ramamoorthy (1972), On the flow-shop sequencing problem with no wait in process.
        """
        model, instance, jobs = self._model, self._instance, self._instance.jobs
        rows = [self._tasks.of_job(job) for job in jobs]
        route = [operation.machine for operation in jobs[0].operations]
        self._circuits.update(route)
        arcs: list[tuple[int, int, Any]] = []
        for j, row in enumerate(rows, 1):
            first, last = model.new_bool_var(f"first_{j}"), model.new_bool_var(f"last_{j}")
            arcs += [(0, j, first), (j, 0, last)]
            if never_waits:
                self._walk.append((last, self._times(row)[-1] + row[-1].shortest))
            for machine, task in zip(route, row, strict=True):
                ticks = instance.first_setup_time(machine, _family(task))
                if ticks:
                    model.add(task.start >= ticks).only_enforce_if(first)
                self.setups.append(Setup(machine, first, ticks, at_start=True))
        for (i, before), (j, after) in permutations(enumerate(rows, 1), 2):
            follows = model.new_bool_var(f"follows_{i}_{j}")
            arcs.append((i, j, follows))
            distance = 0
            steps = zip(self._times(before), self._times(after), strict=True)
            for machine, one, other, (since, until) in zip(route, before, after, steps, strict=True):
                ticks = instance.setup_time(machine, _family(one), _family(other))
                self.setups.append(Setup(machine, follows, ticks, at_start=False))
                distance = max(distance, since + one.shortest + ticks - until)
                if not never_waits:
                    model.add(other.start >= one.departure + ticks).only_enforce_if(follows)
            if never_waits:
                model.add(after[0].start >= before[0].start + distance).only_enforce_if(follows)
                self._walk.append((follows, distance))
        model.add_circuit(arcs)

    def _times(self, row: Sequence[Task]) -> list[int]:
        """Return the least ticks from the start of a job to that of each of its operations."""
        times = [0]
        for before, after in pairwise(row):
            way = self._instance.transport_time(before.machines[0], after.machines[0])
            times.append(times[-1] + before.shortest + way)
        return times

    def add_loads(self, makespan: Any) -> None:
        r"""Ensure that the makespan covers the work and the set-ups of each machine.

        .. math:: C \ge \sum_{j} c_{0j} x_{0j} + \sum_{o} p_o y_o + \sum_{i, j} c_{ij} x_{ij} + \min_o q_o

        and the same with the least head in the place of the first set-up. Both follow from the rest, and
        carry choices of machines and orders over to the bound. For jobs that never wait

        .. math:: C \ge \min_j r_j + \sum_{i, j} D_{ij} x_{ij} + \sum_j x_{j0} L_j

        with the length L of the last job.
        """
        if self._walk and all(job.counts for job in self._instance.jobs):
            walk = sum(ticks * literal for literal, ticks in self._walk)
            self._model.add(makespan >= min(job.release for job in self._instance.jobs) + walk)
        for machine, own in self._tasks.by_machine.items():
            ways = [(task, way) for task in own for way in task.ways if way.mode.machine == machine]
            free = machine in self._circuits or any(way.literal is not None for _, way in ways)
            if not ways or not free or machine in self._instance.batching:
                continue
            if any(not task.job.counts or task.present is not None for task in own):
                continue
            work = sum(way.mode.duration * whole(way.literal) for _, way in ways)
            head, tail = min(task.head for task in own), min(task.tail for task in own)
            here = [setup for setup in self.setups if setup.machine == machine and setup.ticks]
            between = sum(setup.ticks * setup.literal for setup in here if not setup.at_start)
            at_start = sum(setup.ticks * setup.literal for setup in here if setup.at_start)
            if any(setup.at_start for setup in here):
                self._model.add(makespan >= at_start + between + work + tail)
            self._model.add(makespan >= head + between + work + tail)


def _family(task: Task) -> str | None:
    return task.job.family_of(task.position)


def _always_after(task: Task, other: Task) -> bool:
    """Return whether a task comes later in the route of the same job than another."""
    return task.job is other.job and task.job.order == "route" and task.position > other.position
