"""An anytime search for every kind of instance: ruin and recreate on the schedule generation, compiled."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from opt_twin.plan import Schedule
from opt_twin.results import StopReason
from opt_twin.scheduling.instance import Job, Operation, SchedulingInstance
from opt_twin.scheduling.local_search import ruin_recreate_kernel as kernel
from opt_twin.scheduling.local_search.generation import (
    Term,
    candidate_of,
    mirrored,
    new_state,
    project_of,
    schedule_from,
)
from opt_twin.scheduling.local_search.generation_compiled import (
    CHOSEN,
    EARLINESS,
    MODES,
    ROWS,
    SKIP,
    TERMS,
    WEIGHT,
    Candidate,
    Project,
    random_state,
)
from opt_twin.scheduling.local_search.generation_kernel import generate
from opt_twin.scheduling.local_search.generation_rules import RULE_NUMBERS, dispatch_list
from opt_twin.scheduling.objectives import check_objective, evaluate_objective
from opt_twin.scheduling.verify import verify
from opt_twin.solvers import Stop

__all__ = ["Answer", "search", "terms_of", "warm_up"]

_CHUNK = 0.03
"""Seconds between two looks at the clock and the stop hook, about."""

_IRREGULAR = frozenset({"earliness_tardiness", "energy_cost", "total_deviation"})
"""Measures for which an earlier end can be worse."""

_RULES = ("SPT", "LPT", "MWKR", "MOPNR", "FDD/MWKR", "EDD", "ATC", "slack")
_FIRST_ROUNDS = 100

OnImprovement = Callable[[Schedule, int], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """The best that a search has found.

    Attributes
    ----------
    schedule, value
        None when no schedule without violations was found.
    rounds
        How often a schedule was ruined and made anew.
    reason
        Why the search ended: PROVED when the target was reached, BUDGET when nothing became better for long.
    """

    schedule: Schedule | None
    value: int | None
    rounds: int
    reason: StopReason


def terms_of(instance: SchedulingInstance, objective: str) -> tuple[Term, ...]:
    """Return the terms of an objective of one stage.

    Raises
    ------
    UnknownNameError, OptionError
        As :func:`~opt_twin.scheduling.objectives.check_objective` does.
    """
    (stage,) = check_objective(instance, objective).stages
    return tuple((term.factor, term.measure, term.priority) for term in stage)


class _Run:
    """One search: the arrays, and what is known so far."""

    def __init__(
        self, instance: SchedulingInstance, objective: str, seed: int, target: int, start: Schedule | None
    ) -> None:
        self._instance, self._objective = instance, objective
        terms = terms_of(instance, objective)
        self.project = project_of(instance, terms)
        self.state = new_state(self.project)
        backwards = mirrored(instance)
        self._mirror = self.project if backwards is None else project_of(backwards, [(1, "makespan", None)])
        self._mirror_state = new_state(self._mirror)
        self.search = _new_search(self.project, seed, target)
        number, names = self.search.number, {measure for _, measure, _ in terms}
        lags = any(precedence.lag < 0 for precedence in instance.precedences)
        number[kernel.LIFTS] = int(bool(names & _IRREGULAR or instance.batching or lags))
        number[kernel.APPENDS] = int("total_setup_time" in names)
        number[kernel.MIRRORED] = int(backwards is not None)
        self.best: Schedule | None = start
        self.value = None if start is None else evaluate_objective(instance, start, objective)
        if start is not None:
            self._try(_candidate_from(instance, self.project, start))

    def _try(self, candidate: Candidate) -> None:
        generate(self.project, self.state, candidate)
        kernel.take_over(self.project, self.state, self.search, candidate)

    def begin(self) -> None:
        """Take the best of a few dispatching rules as the first schedule."""
        plain = candidate_of(self.project)
        self._try(plain)
        for rule in _RULES:
            listed = dispatch_list(self.project, self.state, plain, RULE_NUMBERS[rule])
            self._try(Candidate(listed=listed, operation=plain.operation.copy(), choice=plain.choice.copy()))
        best = self.search.best
        self._try(Candidate(best.listed.copy(), best.operation.copy(), best.choice.copy()))

    def advance(self, rounds: int) -> int:
        """Do some rounds and return how many were done."""
        project, state, search = self.project, self.state, self.search
        return kernel.advance(project, state, self._mirror, self._mirror_state, search, rounds)

    def improved(self) -> bool:
        """Take the best schedule of the kernel over if it is better and the verifier agrees."""
        number = self.search.number
        if number[kernel.BEST_VIOLATION] > 0:
            return False
        if self.value is not None and number[kernel.BEST_VALUE] >= self.value:
            return False
        schedule = schedule_from(self._instance, self.project, self.search.best_schedule)
        if verify(self._instance, schedule):
            number[kernel.BEST_VIOLATION] = 2**50  # a rule that the kernel does not see; go on from here
            return False
        value = evaluate_objective(self._instance, schedule, self._objective)
        if self.value is not None and value >= self.value:
            return False
        self.best, self.value = schedule, value
        return True


def _penalty(project: Project) -> float:
    """Return the cost of a tick of violation: a thousand times what a tick of a job can cost."""
    factor = int(project.row[project.head[TERMS] : project.head[ROWS], 0].sum())
    return 1000.0 * factor * max(1, int(project.job[:, [WEIGHT, EARLINESS]].max()))


def _new_search(project: Project, seed: int, target: int) -> kernel.Search:
    """Return the memory of a search that has not begun."""
    count = len(project.operation) - 1
    table = new_state(project).operation
    number = np.zeros(kernel.NUMBERS, dtype=np.int64)
    number[[kernel.BEST_VALUE, kernel.BEST_VIOLATION, kernel.TARGET]] = 2**60, 2**60, target
    number[kernel.ROUNDS] = _FIRST_ROUNDS * count
    return kernel.Search(
        now=candidate_of(project),
        trial=candidate_of(project),
        spare=candidate_of(project),
        best=candidate_of(project),
        schedule=table.copy(),
        best_schedule=table.copy(),
        removed=np.zeros(len(project.unit), dtype=np.int64),
        number=number,
        heat=np.array([0.0, _penalty(project)]),
        random=random_state(seed),
    )


def _candidate_from(instance: SchedulingInstance, project: Project, schedule: Schedule) -> Candidate:
    """Return a candidate that lists the operations as `schedule` starts them, in its modes and routes."""
    candidate = candidate_of(project)
    number = {key: index for index, key in enumerate(instance.keys())}
    jobs = {job.name: index for index, job in enumerate(instance.jobs)}
    done = {number[a.job, a.operation]: a for a in schedule.assignments}
    candidate.operation[:, SKIP] = 1
    for index, assignment in done.items():
        candidate.operation[index, SKIP] = 0
        candidate.operation[index, CHOSEN] = project.operation[index, MODES] + assignment.mode
        job = instance.job(assignment.job)
        route = job.operations[assignment.operation].route
        if route:
            candidate.choice[jobs[job.name]] = job.routes.index(route)
    starts = [
        min((done[int(row[0])].start for row in project.row[a:b] if int(row[0]) in done), default=2**60)
        for a, b in zip(project.unit, project.unit[1:], strict=False)
    ]
    candidate.listed[:] = np.argsort(np.array(starts), kind="stable")
    return candidate


def search(
    instance: SchedulingInstance,
    *,
    objective: str,
    seed: int = 0,
    deadline: float | None = None,
    stop: Stop | None = None,
    target: int = 0,
    start: Schedule | None = None,
    on_improvement: OnImprovement | None = None,
    patience: int | None = None,
    rounds: int | None = None,
) -> Answer:
    """Return the best schedule that ruin and recreate finds.

    The way of the search depends on the instance, the objective, the seed and the start alone, never on the
    clock, which only ends it.

    Parameters
    ----------
    instance, objective
        What to schedule, and what to minimise: one stage.
    seed
        Of everything random.
    deadline
        ``time.perf_counter()`` at which the search ends; None for no limit.
    stop
        Asked every 0.03 s or so; the search ends once it returns true.
    target
        The search ends when the value is at most this.
    start
        A feasible schedule; the answer is never worse.
    on_improvement
        Called with each better schedule and its value, from this thread.
    patience
        The search ends after so many rounds without a better schedule; 1000 times the square of the number of
        operations unless given.
    rounds
        The search ends after so many rounds in all; None for no limit.

    Examples
    --------
    >>> from opt_twin.scheduling import load_instance
    >>> search(load_instance("ft06"), objective="makespan", target=55).value
    55
    """
    run = _Run(instance, objective, seed, target, start)
    run.begin()
    number, chunk, total = run.search.number, 16, 0
    limit = 1000 * instance.operation_count**2 if patience is None else patience
    reason = StopReason.BUDGET
    while True:
        if run.improved() and on_improvement is not None:
            assert run.best is not None
            assert run.value is not None
            on_improvement(run.best, run.value)
        if run.value is not None and run.value <= target:
            reason = StopReason.PROVED
        elif stop is not None and stop():
            reason = StopReason.INTERRUPTED
        elif deadline is not None and time.perf_counter() >= deadline:
            reason = StopReason.TIME_LIMIT
        elif number[kernel.TOTAL] - number[kernel.IMPROVED] < limit and (rounds is None or total < rounds):
            began = time.perf_counter()
            wanted = chunk if rounds is None else min(chunk, rounds - total)
            total += run.advance(wanted)
            spent = time.perf_counter() - began
            chunk = max(1, min(2 * chunk, int(chunk * _CHUNK / max(spent, 1e-6))))
            continue
        return Answer(schedule=run.best, value=run.value, rounds=total, reason=reason)


def warm_up() -> None:
    """Compile all kernels, or read them from disk, so that no search has to wait for that."""
    work = Operation(machine="saw", duration=1)
    shop = SchedulingInstance(name="warm up", machines=("saw",), jobs=(Job(name="a", operations=(work,)),))
    search(shop, objective="makespan", target=-1, rounds=1)
