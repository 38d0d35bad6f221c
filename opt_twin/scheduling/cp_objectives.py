"""What CP-SAT minimises: each measure as an expression that a best schedule makes exact."""

from __future__ import annotations

from typing import Any

from opt_twin.scheduling.cp_energy import energy_cost
from opt_twin.scheduling.cp_machines import Machines
from opt_twin.scheduling.cp_tasks import Literal, Task, Tasks, enforced, whole
from opt_twin.scheduling.jobs import Job
from opt_twin.scheduling.objective_text import Term

__all__ = ["Measures"]


class Measures:
    """The measures of a model, each made when it is first asked for.

    All are bounded from below by the schedule, so that the objective itself makes them exact.
    """

    def __init__(self, tasks: Tasks, machines: Machines) -> None:
        self._tasks, self._machines = tasks, machines
        self._instance, self._model = tasks.instance, tasks.model
        self._completions: dict[str, Any] = {}
        self._made: dict[tuple[str, int | None], Any] = {}

    def of_term(self, term: Term) -> Any:
        """Return what a term measures, without its factor."""
        key = term.measure, term.priority
        if key not in self._made:
            self._made[key] = getattr(self, term.measure)(term)
        return self._made[key]

    # over jobs

    def _jobs(self, term: Term) -> list[Job]:
        """Return the jobs that a term looks at and of which something can be done."""
        return [
            job
            for job in self._instance.jobs
            if job.counts and term.priority in {None, job.priority} and self._tasks.of_job(job)
        ]

    def _last(self, job: Job) -> list[Task]:
        """Return the operations of a job that can be the last of it."""
        own = self._tasks.of_job(job)
        if job.order == "route":
            certain = [index for index, task in enumerate(own) if task.present is None]
            return own[certain[-1] :] if certain else own
        ended = {
            p.before
            for p in self._instance.precedences
            if p.kind == "end-start"
            and p.lag >= 0
            and p.before[0] == p.after[0] == job.name
            and (after := self._tasks.get(p.after)) is not None
            and after.present is None
        }
        return [task for task in own if task.key not in ended]

    def completion(self, job: Job) -> Any:
        r"""Return the completion of a job, 0 where nothing of it is done.

        .. math:: C_j \ge e_o \quad \text{where } o \text{ is done}
        """
        if job.name not in self._completions:
            last = self._last(job)
            if len(last) == 1 and last[0].present is None:
                self._completions[job.name] = last[0].end
            else:
                done = self._model.new_int_var(0, self._tasks.horizon, f"completion_{job.name}")
                for task in last:
                    enforced(self._model.add(done >= task.end), [task.present])
                self._completions[job.name] = done
        return self._completions[job.name]

    def _positive_part(
        self, value: Any, highest: int, name: str, literals: list[Literal] | None = None
    ) -> Any:
        """Return a variable that is at least 0 and, where all literals are true, at least `value`."""
        part = self._model.new_int_var(0, max(0, highest), name)
        enforced(self._model.add(part >= value), literals or [])
        return part

    def makespan(self, term: Term) -> Any:
        """Return the largest completion."""
        makespan = self._model.new_int_var(0, self._tasks.horizon, "makespan")
        for job in self._jobs(term):
            self._model.add(makespan >= self.completion(job))
        if term.priority is None:
            self._machines.add_loads(makespan)
        return makespan

    def total_weighted_flow_time(self, term: Term) -> Any:
        """Return the weighted sum of the times from release to completion."""
        total = []
        for job in self._jobs(term):
            flow = self.completion(job) - job.release
            if all(task.present is not None for task in self._tasks.of_job(job)):
                flow = self._positive_part(flow, self._tasks.horizon, f"flow_{job.name}")
            total.append(job.weight * flow)
        return sum(total)

    def _tardiness_of(self, job: Job) -> Any:
        """Return max(0, completion - due date) of a job."""
        assert job.due is not None
        late = self.completion(job) - job.due
        return self._positive_part(late, self._tasks.horizon - job.due, f"tardiness_{job.name}")

    def _tardinesses(self, term: Term) -> list[tuple[Job, Any]]:
        return [(job, self._late(job)) for job in self._jobs(term) if job.due is not None]

    def _late(self, job: Job) -> Any:
        key = f"tardiness of {job.name}", None
        if key not in self._made:
            self._made[key] = self._tardiness_of(job)
        return self._made[key]

    def total_weighted_tardiness(self, term: Term) -> Any:
        """Return the sum of weights times tardiness."""
        return sum(job.weight * late for job, late in self._tardinesses(term) if job.weight)

    def total_tardiness(self, term: Term) -> Any:
        """Return the sum of tardiness."""
        return sum(late for _, late in self._tardinesses(term))

    def maximum_tardiness(self, term: Term) -> Any:
        """Return the largest tardiness."""
        most = self._model.new_int_var(0, self._tasks.horizon, "maximum_tardiness")
        for job in self._jobs(term):
            if job.due is not None:
                self._model.add(most >= self.completion(job) - job.due)
        return most

    def weighted_number_tardy(self, term: Term) -> Any:
        """Return the sum of the weights of the jobs that are late."""
        total = []
        for job in self._jobs(term):
            if job.due is not None and job.weight:
                late = self._model.new_bool_var(f"late_{job.name}")
                self._model.add(self.completion(job) <= job.due).only_enforce_if(~late)
                total.append(job.weight * late)
        return sum(total)

    def earliness_tardiness(self, term: Term) -> Any:
        """Return the weighted sum of tardiness and earliness."""
        total = [job.weight * late for job, late in self._tardinesses(term) if job.weight]
        early = [(job, job.due) for job in self._jobs(term) if job.due is not None and job.earliness_weight]
        total += [job.earliness_weight * self._earliness(job, due) for job, due in early]
        return sum(total)

    def _earliness(self, job: Job, due: int) -> Any:
        r"""Return max(0, due date - completion), with the completion at the end of one of the operations.

        .. math:: w_o \Rightarrow C_j \le e_o, \qquad \sum_o w_o \ge y_o
        """
        model, done, last = self._model, self.completion(job), self._last(job)
        if len(last) > 1 or last[0].present is not None:
            chosen = [model.new_bool_var(f"last_{task.label}") for task in last]
            for task, literal in zip(last, chosen, strict=True):
                model.add(done <= task.end).only_enforce_if(literal)
                if task.present is not None:
                    model.add_implication(literal, task.present)
            for task in self._tasks.of_job(job):
                enforced(model.add(sum(chosen) >= 1), [task.present])
            early = model.new_int_var(0, due, f"earliness_{job.name}")
            for literal in chosen:
                model.add(early >= due - done).only_enforce_if(literal)
            return early
        return self._positive_part(due - done, due, f"earliness_{job.name}")

    # over operations

    def total_setup_time(self, term: Term) -> Any:
        """Return the ticks of all set-ups."""
        del term
        return sum(setup.ticks * setup.literal for setup in self._machines.setups if setup.ticks)

    def energy_cost(self, term: Term) -> Any:
        """Return the costs of energy."""
        del term
        return energy_cost(self._tasks)

    def total_deviation(self, term: Term) -> Any:
        """Return the distances from the earlier plan."""
        del term
        model, horizon, total = self._model, self._instance.horizon(), []
        for planned in self._instance.planned:
            task = self._tasks.get((planned.job, planned.operation))
            if task is None:
                total.append(horizon)
                continue
            away = model.new_int_var(0, max(horizon, planned.start), f"deviation_{task.label}")
            enforced(model.add(away >= task.start - planned.start), [task.present])
            enforced(model.add(away >= planned.start - task.start), [task.present])
            total.append(away + horizon * (1 - whole(task.present)))
            others = [way for way in task.ways if way.mode.machine != planned.machine]
            total += [whole(way.literal) for way in others]
        return sum(total)

    def skip_cost(self, term: Term) -> Any:
        """Return the costs of what is left out."""
        del term
        total = []
        for job in self._instance.jobs:
            for position, operation in enumerate(job.operations):
                if operation.optional and operation.skip_cost:
                    task = self._tasks.get((job.name, position))
                    route = self._tasks.route_literal(job, operation.route) if operation.route else None
                    done = 0 if task is None else whole(task.present)
                    total.append(operation.skip_cost * (whole(route) - done))
        return sum(total)
