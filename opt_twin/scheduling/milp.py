"""Mixed-integer programs, solved by HiGHS: readable reference formulations, and a cross-check for CP-SAT.

docs/formulations/milp.md has the mathematics and what each formulation is good for.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from opt_twin.errors import SolverError
from opt_twin.plan import Schedule
from opt_twin.results import Result, Status, StopReason, TracePoint
from opt_twin.scheduling.bounds import lower_bound
from opt_twin.scheduling.dispatching import DispatchingSolver
from opt_twin.scheduling.instance import SchedulingInstance
from opt_twin.scheduling.milp_disjunctive import ManneModel
from opt_twin.scheduling.milp_flow_shop import ManneFlowShopModel, WagnerModel
from opt_twin.scheduling.milp_time_indexed import TimeIndexedColumns, TimeIndexedModel
from opt_twin.scheduling.objectives import evaluate_objective
from opt_twin.solvers import OnProgress, SolveOptions, Stop
from opt_twin.solvers.highs import HighsAnswer, highs_version, run_highs, run_sparse

__all__ = [
    "FORMULATIONS",
    "ManneFlowShopModel",
    "ManneModel",
    "MilpSolver",
    "TimeIndexedColumns",
    "TimeIndexedModel",
    "WagnerModel",
    "milp_solvers",
]

FORMULATIONS: dict[str, Any] = {
    model.name: model
    for model in (TimeIndexedColumns, TimeIndexedModel, WagnerModel, ManneFlowShopModel, ManneModel)
}
"""Name -> class; the first that fits is taken where none is named."""


class MilpSolver:
    """HiGHS on one of the :data:`FORMULATIONS`.

    Parameters
    ----------
    formulation
        Its name; the first that fits the instance unless given.
    """

    def __init__(self, formulation: str | None = None) -> None:
        self._names = tuple(FORMULATIONS) if formulation is None else (formulation,)
        self.name = "milp" if formulation is None else f"milp:{formulation}"

    def refuses(self, instance: SchedulingInstance, objective: str) -> str | None:
        """Return why not: what each formulation does not treat."""
        reasons = {FORMULATIONS[name].refuses(instance, objective): None for name in self._names}
        return None if None in reasons else f"{'; '.join(map(str, reasons))}; use cp-sat"

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

        The best schedule of the dispatching rules, where they apply, limits the model and is the first
        incumbent.
        """
        started = time.perf_counter()
        best = start
        if DispatchingSolver().refuses(instance, objective) is None:
            quick = DispatchingSolver().solve(
                instance, objective=objective, options=options, start=start, stop=stop
            )
            if quick.stop_reason is StopReason.INTERRUPTED:
                return quick
            best = quick.best
        value = None if best is None else evaluate_objective(instance, best, objective)
        bound = lower_bound(instance, objective)
        trace: list[TracePoint] = []

        def report() -> None:
            if value is not None:
                trace.append(TracePoint(time.perf_counter() - started, value, bound))
                if on_progress is not None:
                    on_progress(trace[-1])

        report()
        status, reason = Status.OPTIMAL, StopReason.PROVED
        if value is None or value > bound:
            answer, found = self._run(instance, objective, value, options, started, stop)
            status, reason = _status(instance, answer, known=value is not None), answer.stop_reason
            bound = max(bound, bound if answer.bound is None else answer.bound)
            if found is not None:
                own = evaluate_objective(instance, found, objective)
                if value is None or own < value:
                    best, value = found, own
            report()
        return Result(
            status=status,
            stop_reason=reason,
            best=best,
            objective=value,
            bound=None if status is Status.INFEASIBLE else bound,
            runtime=time.perf_counter() - started,
            solver=self.name,
            solver_version=highs_version(),
            seed=options.seed,
            workers=options.workers,
            objective_name=objective,
            trace=tuple(trace),
        )

    def _run(
        self,
        instance: SchedulingInstance,
        objective: str,
        upper: int | None,
        options: SolveOptions,
        started: float,
        stop: Stop | None,
    ) -> tuple[HighsAnswer, Schedule | None]:
        """Build the first formulation that fits, and return what HiGHS makes of it."""
        chosen = next(n for n in self._names if FORMULATIONS[n].refuses(instance, objective) is None)
        formulation = FORMULATIONS[chosen](instance, upper, objective)
        if isinstance(formulation, TimeIndexedColumns):
            answer, values = run_sparse(formulation.model, options=options, started=started, stop=stop)
            return answer, None if values is None else formulation.schedule(values)
        answer = run_highs(formulation.model, options=options, started=started, stop=stop)
        return answer, formulation.schedule() if answer.has_solution else None


def _status(instance: SchedulingInstance, answer: HighsAnswer, *, known: bool) -> Status:
    """Return the status of the search when a schedule was `known` before HiGHS began, or not."""
    if known and answer.status is Status.INFEASIBLE:
        raise SolverError(f"HiGHS finds {instance.name!r} infeasible, a dispatching rule solves it")
    if known and answer.status is Status.UNKNOWN:
        return Status.FEASIBLE
    return answer.status


def milp_solvers() -> dict[str, Callable[[], MilpSolver]]:
    """Return what makes the solvers ``milp:<formulation>``, by name."""

    def of(formulation: str) -> Callable[[], MilpSolver]:
        return lambda: MilpSolver(formulation)

    return {f"milp:{name}": of(name) for name in FORMULATIONS}
