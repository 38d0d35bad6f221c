"""The solver that ruins schedules and makes them anew, for every kind of instance."""

from __future__ import annotations

import time

from opt_twin.plan import Schedule
from opt_twin.results import Result, StopReason, TracePoint
from opt_twin.scheduling.bounds import lower_bound
from opt_twin.scheduling.instance import SchedulingInstance
from opt_twin.scheduling.objectives import check_objective, evaluate_objective
from opt_twin.scheduling.solver import heuristic_result
from opt_twin.solvers import OnProgress, SolveOptions, Stop

__all__ = ["RuinRecreateSolver"]


class RuinRecreateSolver:
    """Ruin and recreate on the schedule generation, for every kind of instance.

    Parameters
    ----------
    patience
        The search ends after so many rounds without a better schedule; 1000 times the square of the number
        of operations unless given.
    """

    name = "ruin-and-recreate"

    def __init__(self, *, patience: int | None = None) -> None:
        self._patience = patience

    def prepare(self) -> None:
        """Load the compiled kernels; the first time on a machine compiles them, for a minute."""
        from opt_twin.scheduling.local_search.ruin_recreate import warm_up

        warm_up()

    def refuses(self, instance: SchedulingInstance, objective: str) -> str | None:
        """Return why not: it minimises one stage, not a lexicographic order."""
        stages = len(check_objective(instance, objective).stages)
        return f"it minimises one sum, {objective!r} is an order of {stages}" if stages > 1 else None

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
        from opt_twin.scheduling.local_search.ruin_recreate import search

        started = time.perf_counter()
        bound = lower_bound(instance, objective)
        trace: list[TracePoint] = []
        best, value = start, None if start is None else evaluate_objective(instance, start, objective)

        def improved(schedule: Schedule, found: int) -> None:
            nonlocal best, value
            best, value = schedule, found
            trace.append(TracePoint(time.perf_counter() - started, found, bound))
            if on_progress is not None:
                on_progress(trace[-1])

        try:
            reason = search(
                instance,
                objective=objective,
                seed=options.seed,
                deadline=started + options.time_limit,
                stop=stop,
                target=bound + int(options.gap * bound),
                start=start,
                on_improvement=improved,
                patience=self._patience,
            ).reason
        except KeyboardInterrupt:
            reason = StopReason.INTERRUPTED
        if reason is StopReason.PROVED and value != bound:
            reason = StopReason.GAP_LIMIT
        return heuristic_result(
            self.name,
            started,
            best,
            value,
            bound,
            reason,
            objective=objective,
            seed=options.seed,
            trace=trace,
        )
