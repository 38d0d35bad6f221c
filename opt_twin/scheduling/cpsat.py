"""CP-SAT of OR-Tools as a scheduling solver, for all instances and objectives."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from opt_twin.plan import Schedule
from opt_twin.results import Result, Status, StopReason, TracePoint
from opt_twin.scheduling.bounds import lower_bound
from opt_twin.scheduling.cp_model import SchedulingModel
from opt_twin.scheduling.instance import SchedulingInstance
from opt_twin.scheduling.objectives import evaluate_stages
from opt_twin.solvers import OnProgress, SolveOptions, Stop
from opt_twin.solvers.cpsat import CpSatAnswer, cpsat_version, run_cpsat

__all__ = ["BOUND_SEARCH", "BOUND_SEARCH_ALONE", "CpSatSolver", "SchedulingModel"]

DISJUNCTIVE = {
    "use_dynamic_precedence_in_disjunctive": True,
    "use_strong_propagation_in_disjunctive": True,
}
"""The two switches that lower the makespan of plain job shops; the first solution comes later with them."""

BOUND_SEARCH: Mapping[str, Any] = {
    "subsolvers": ("objective_lb_search", "objective_shaving_no_lp"),
    "use_lns": False,
}
"""Parameters of a search that raises the bound and hardly looks for schedules, for two workers."""

BOUND_SEARCH_ALONE: Mapping[str, Any] = {"use_objective_lb_search": True}
"""The same for one worker."""

_SHARE = 0.6
"""Of the time that is left, what a stage may take while others follow."""


class CpSatSolver:
    """CP-SAT on :class:`SchedulingModel`: all instances, all objectives, bounds, proofs.

    Parameters
    ----------
    lower
        A bound on the first stage of the objective that is known already; None when there is none.
    upper
        Only schedules whose first stage is at most this are looked for; None for all. When there is none,
        the answer is UNKNOWN with the bound `upper` + 1.
    parameters
        Further parameters of CP-SAT by name, such as :data:`BOUND_SEARCH`.
    caps
        Objectives -> the most that each may be worth, for all schedules.
    """

    name = "cp-sat"

    def __init__(
        self,
        lower: int | None = None,
        *,
        upper: int | None = None,
        parameters: Mapping[str, Any] | None = None,
        caps: Mapping[str, int] | None = None,
    ) -> None:
        self._lower, self._upper = lower, upper
        self._parameters = dict(parameters or {})
        self._caps = dict(caps or {})

    def refuses(self, instance: SchedulingInstance, objective: str) -> str | None:
        """Return None: CP-SAT covers every instance and objective."""
        del instance, objective
        return None

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
        """Return the best schedule found; see :class:`~opt_twin.scheduling.solver.SchedulingSolver`.

        The stages of a lexicographic objective are minimised in turn, each from the best schedule so far,
        with those before held at their best values. Objective, bound and trace are those of the first; the
        status is OPTIMAL when all are proved.
        """
        run = _Run(instance, objective, options, start, on_progress, stop)
        known = max(lower_bound(instance, objective), self._lower or 0)
        run.lowest = known
        try:
            run.search(self._upper, self._parameters, self._caps)
        except KeyboardInterrupt:  # while the model was being built
            run.reason = StopReason.INTERRUPTED
        return run.result()


class _Run:
    """One solve: what is known so far."""

    def __init__(
        self,
        instance: SchedulingInstance,
        objective: str,
        options: SolveOptions,
        start: Schedule | None,
        on_progress: OnProgress | None,
        stop: Stop | None,
    ) -> None:
        self._started = time.perf_counter()
        self._instance, self._objective, self._options = instance, objective, options
        self._on_progress, self._stop = on_progress, stop
        self._best = start
        self._values: tuple[int, ...] = () if start is None else evaluate_stages(instance, start, objective)
        self.lowest = 0
        self.reason: StopReason | None = None
        self._status = Status.UNKNOWN if start is None else Status.FEASIBLE
        self._bounds: list[int | None] = []
        self._trace: tuple[TracePoint, ...] = ()

    def search(self, upper: int | None, parameters: Mapping[str, Any], caps: Mapping[str, int]) -> None:
        """Minimise stage after stage."""
        own = self._values[0] if self._values else None
        most = own if upper is None else upper if own is None else min(own, upper)
        model = SchedulingModel(self._instance, self._objective, most, self.lowest, caps)
        if model.contradictory:
            self._without_an_answer(most if own is None else None)
            return
        if self._best is not None and self._values[0] == most:
            model.hint(self._best, min(5.0, 0.2 * self._options.time_limit))
        if self._best is not None and self._instance.is_plain:
            parameters = {**DISJUNCTIVE, **parameters}
        proved = True
        for number in range(len(model.stages)):
            if number:
                assert self._best is not None
                model.next_stage(number, self._values[number - 1])
                model.hint(self._best, min(5.0, 0.2 * self._left()))
            answer = self._stage(model, number, parameters)
            if number == 0 and answer.status is Status.INFEASIBLE:
                self._without_an_answer(most)
                return
            self._take(model, answer)
            self._bounds.append(answer.bound)
            proved = proved and answer.status is Status.OPTIMAL
            if self._best is None or self.reason is StopReason.INTERRUPTED or self._left() <= 0:
                break
        if proved and len(self._bounds) == len(model.stages):
            self._status = Status.OPTIMAL

    def _stage(self, model: SchedulingModel, number: int, parameters: Mapping[str, Any]) -> CpSatAnswer:
        """Run CP-SAT on one stage."""
        limit = self._options.time_limit
        if number + 1 < len(model.stages):
            limit -= (1 - _SHARE) * self._left()
        own = self._values[0] if number == 0 and self._values else None
        answer = run_cpsat(
            model.model,
            options=self._options.replace(time_limit=max(limit, 1e-3)),
            started=self._started,
            known=TracePoint(0.0, own, self.lowest if number == 0 else None),
            parameters=parameters,
            on_progress=self._on_progress if number == 0 else None,
            stop=self._stop,
        )
        if number == 0:
            self._trace = answer.trace
        if number == 0 or answer.stop_reason is not StopReason.PROVED:
            self.reason = answer.stop_reason
        return answer

    def _take(self, model: SchedulingModel, answer: CpSatAnswer) -> None:
        """Keep the schedule of an answer unless a better one is known."""
        if answer.value is None:
            return
        found = model.schedule(answer)
        values = evaluate_stages(self._instance, found, self._objective)
        if self._best is None or values <= self._values:
            self._best, self._values = found, values
        if self._status is Status.UNKNOWN:
            self._status = Status.FEASIBLE

    def _without_an_answer(self, most: int | None) -> None:
        """Note that there is no schedule, or none that is worth `most` or less."""
        self.reason = StopReason.PROVED
        if most is None:
            self._status = Status.INFEASIBLE
        else:
            self.lowest = max(self.lowest, most + 1)

    def _left(self) -> float:
        return self._options.time_limit - (time.perf_counter() - self._started)

    def _stages(self) -> Sequence[tuple[int, int | None]]:
        if len(self._values) < 2:
            return ()
        bounds = [*self._bounds, *([None] * len(self._values))]
        return [(value, bounds[number]) for number, value in enumerate(self._values)]

    def result(self) -> Result[Schedule]:
        """Return what is known."""
        first = self._bounds[0] if self._bounds else None
        bound = self.lowest if first is None else max(self.lowest, first)
        reason = self.reason or StopReason.TIME_LIMIT
        if self._status is Status.FEASIBLE and len(self._values) == 1 and self._values[0] <= bound:
            self._status, reason = Status.OPTIMAL, StopReason.PROVED  # nothing is below the start
        if reason is StopReason.PROVED and self._status is Status.FEASIBLE:
            reason = StopReason.TIME_LIMIT  # a later stage did not come to its end
        return Result(
            status=self._status,
            stop_reason=reason,
            best=self._best,
            objective=self._values[0] if self._values else None,
            bound=None if self._status is Status.INFEASIBLE else bound,
            runtime=time.perf_counter() - self._started,
            solver=CpSatSolver.name,
            solver_version=cpsat_version(),
            seed=self._options.seed,
            workers=self._options.workers,
            objective_name=self._objective,
            trace=self._trace,
            stages=tuple(self._stages()),
        )
