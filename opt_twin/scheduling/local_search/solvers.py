"""Compiled local search as scheduling solvers."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Callable
from typing import NamedTuple

from opt_twin.plan import Schedule
from opt_twin.results import Result, StopReason, TracePoint
from opt_twin.scheduling.bounds import lower_bound
from opt_twin.scheduling.features import missing_features
from opt_twin.scheduling.instance import SchedulingInstance
from opt_twin.scheduling.objectives import evaluate_objective
from opt_twin.scheduling.solver import SchedulingSolver, heuristic_result
from opt_twin.solvers import OnProgress, SolveOptions, Stop

__all__ = ["IteratedGreedySolver", "LocalSearchSolver", "TabuSearchSolver"]

Sequences = tuple[tuple[int, ...], ...]


class _Limits(NamedTuple):
    """When a search ends, and whom it tells."""

    seed: int
    started: float
    seconds: float
    target: int
    stop: Callable[[], bool]
    tell: Callable[[float, int, Sequences], None]


class _Problem(NamedTuple):
    """A search, ready to run, and what its sequences stand for."""

    run: Callable[[_Limits], Sequences]
    schedule: Callable[[Sequences], Schedule]


class LocalSearchSolver(SchedulingSolver):
    """What the solvers by local search have in common."""

    @abstractmethod
    def prepare(self) -> None:
        """Load the compiled kernels; the first time on a machine compiles them, for some 20 s."""

    @abstractmethod
    def _problem(self, instance: SchedulingInstance, objective: str, start: Schedule | None) -> _Problem:
        """Return the search for an instance."""

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

        It runs on one core. Its path depends on the seed; the clock only cuts it.
        """
        started = time.perf_counter()
        bound = lower_bound(instance, objective)
        value = None if start is None else evaluate_objective(instance, start, objective)
        trace: list[TracePoint] = []
        kept: list[Sequences] = []
        reason = StopReason.TIME_LIMIT

        def halt() -> bool:
            nonlocal reason
            if stop is not None and stop():
                reason = StopReason.INTERRUPTED
            elif options.gap and value is not None and value - bound <= options.gap * abs(value):
                reason = StopReason.GAP_LIMIT
            return reason is not StopReason.TIME_LIMIT

        def tell(_: float, found: int, sequences: Sequences) -> None:
            nonlocal value
            kept[:] = [sequences]
            if value is None or found < value:
                value = found
                trace.append(TracePoint(time.perf_counter() - started, found, bound))
                if on_progress is not None:
                    on_progress(trace[-1])

        problem = self._problem(instance, objective, start)
        try:
            limits = _Limits(options.seed, started, options.time_limit, bound, halt, tell)
            kept[:] = [problem.run(limits)]
        except KeyboardInterrupt:
            reason = StopReason.INTERRUPTED
        best, value = start, None if start is None else evaluate_objective(instance, start, objective)
        if kept:
            found = problem.schedule(kept[0])
            reached = evaluate_objective(instance, found, objective)
            best, value = (found, reached) if value is None or reached < value else (best, value)
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


class TabuSearchSolver(LocalSearchSolver):
    """Tabu search with path relinking: the makespan of job shops and flexible job shops."""

    @property
    def name(self) -> str:
        """What it is called by users."""
        return "tabu-search"

    def refuses(self, instance: SchedulingInstance, objective: str) -> str | None:
        """Return why not: it minimises the makespan of job shops, flexible ones too, with release dates."""
        from opt_twin.scheduling.local_search.job_shop import FLEXIBLE_FEATURES

        if objective != "makespan":
            return f"tabu search minimises the makespan, not {objective}"
        if instance.horizon() >= 2**30:
            return "the times are too long for tabu search; use a longer tick"
        return missing_features(instance, FLEXIBLE_FEATURES)

    def prepare(self) -> None:
        """Load the compiled kernels; the first time on a machine compiles them, for some 20 s."""
        from opt_twin.scheduling.local_search.job_shop import ShopArrays
        from opt_twin.scheduling.local_search.job_shop_search import search

        search(ShopArrays.from_options(2, [[[(0, 1)], [(1, 2)]], [[(1, 2), (0, 3)]]]), time_limit=0.0)

    def _problem(self, instance: SchedulingInstance, objective: str, start: Schedule | None) -> _Problem:
        from opt_twin.scheduling.local_search.job_shop import schedule_from, sequences_of, shop_arrays
        from opt_twin.scheduling.local_search.job_shop_search import search

        del objective

        def run(limits: _Limits) -> Sequences:
            return search(
                shop_arrays(instance),
                seed=limits.seed,
                time_limit=limits.started + limits.seconds - time.perf_counter(),
                stop=limits.stop,
                target=limits.target,
                start=None if start is None else sequences_of(instance, start),
                on_improvement=limits.tell,
            ).sequences

        return _Problem(run, lambda sequences: schedule_from(instance, sequences))


class IteratedGreedySolver(LocalSearchSolver):
    """Iterated greedy on the sequence of a flow shop.

    Permutation, blocking, no-wait, hybrid and distributed flow shops
    (:func:`~opt_twin.scheduling.local_search.flow_family.flow_family`).
    """

    @property
    def name(self) -> str:
        """What it is called by users."""
        return "iterated-greedy"

    def refuses(self, instance: SchedulingInstance, objective: str) -> str | None:
        """Return why not: it treats flow shops, with objectives over the ends of the jobs."""
        from opt_twin.scheduling.local_search.flow_family import flow_family

        if flow_family(instance, objective) is None:
            return "it is no flow shop that iterated greedy knows, or has another objective"
        return None

    def prepare(self) -> None:
        """Load the compiled kernels; the first time on a machine compiles them, for some 20 s."""
        from opt_twin.scheduling.local_search.flow_shop import FlowShop
        from opt_twin.scheduling.local_search.flow_shop_search import search

        search(FlowShop(durations=((1, 2), (2, 1))), steps=1)

    def _problem(self, instance: SchedulingInstance, objective: str, start: Schedule | None) -> _Problem:
        from opt_twin.scheduling.local_search.flow_family import flow_family
        from opt_twin.scheduling.local_search.flow_shop_search import search

        family = flow_family(instance, objective)
        assert family is not None

        def run(limits: _Limits) -> Sequences:
            return search(
                family.shop,
                objective=objective,
                seed=limits.seed,
                deadline=limits.started + limits.seconds,
                stop=limits.stop,
                target=limits.target,
                start=None if start is None else family.sequences(start),
                on_improvement=limits.tell,
            ).sequences

        return _Problem(run, family.schedule)
