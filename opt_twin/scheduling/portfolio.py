"""Several searches for one schedule: the default solver.

docs/formulations/portfolio.md says which runs when, and why.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from opt_twin.plan import Schedule
from opt_twin.results import Result, Status, StopReason
from opt_twin.scheduling.bounds import lower_bound
from opt_twin.scheduling.cpsat import BOUND_SEARCH_ALONE, CpSatSolver
from opt_twin.scheduling.dispatching import DispatchingSolver
from opt_twin.scheduling.features import CLASSICAL, missing_features
from opt_twin.scheduling.incumbent import Incumbent
from opt_twin.scheduling.instance import SchedulingInstance
from opt_twin.scheduling.labels import LabelSolver
from opt_twin.scheduling.local_search.solvers import IteratedGreedySolver, TabuSearchSolver
from opt_twin.scheduling.objectives import CLASSICAL_OBJECTIVES, evaluate_objective, parse_objective
from opt_twin.scheduling.ruin_recreate import RuinRecreateSolver
from opt_twin.scheduling.solver import SchedulingSolver
from opt_twin.solvers import OnProgress, SolveOptions, Stop

__all__ = ["AutoSolver", "warm_up"]

TINY = 60
"""Operations up to which CP-SAT is left alone."""

SMALL = 150
"""Operations up to which CP-SAT proves most instances within a minute (15 jobs on 10 machines)."""


class _LocalSearch(SchedulingSolver, Protocol):
    """A compiled search."""

    def prepare(self) -> None:
        """Load the compiled kernels."""


@dataclass(frozen=True, slots=True)
class _Step:
    """One search of a lane.

    Attributes
    ----------
    make
        Returns the solver, given what is known.
    share
        Of the time that is left to the lane then.
    workers
        Threads.
    offset
        Added to the seed.
    most
        Seconds at most.
    """

    make: Callable[[Incumbent], SchedulingSolver]
    share: float
    workers: int = 1
    offset: int = 0
    most: float = math.inf


_Lane = tuple[_Step, ...]

_SEARCHES: tuple[_LocalSearch, ...] = (TabuSearchSolver(), IteratedGreedySolver(), RuinRecreateSolver())
"""The compiled searches, the most special first."""


def _cpsat(incumbent: Incumbent, parameters: Mapping[str, Any] | None = None) -> SchedulingSolver:
    return CpSatSolver(lower=incumbent.bound, parameters=parameters)


class AutoSolver:
    """Rules first; then local search and CP-SAT, side by side where there are two cores."""

    name = "auto"

    def refuses(self, instance: SchedulingInstance, objective: str) -> str | None:
        """Return None where CP-SAT covers the instance."""
        return CpSatSolver().refuses(instance, objective)

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
        """Return the best schedule of all; see :class:`~opt_twin.scheduling.solver.SchedulingSolver`.

        The first use of a compiled search on a machine takes some 20 s more, which no limit counts.
        """
        if len(parse_objective(instance, objective).stages) > 1:
            return CpSatSolver().solve(
                instance,
                objective=objective,
                options=options,
                start=start,
                on_progress=on_progress,
                stop=stop,
            )
        search = _search_for(instance, objective)
        if search is not None:
            search.prepare()
        started = time.perf_counter()
        run = _Run(instance, objective, options, started, on_progress, stop)
        if start is not None:
            run.incumbent.offer(start, evaluate_objective(instance, start, objective))
        run.incumbent.bound = lower_bound(instance, objective)
        run.lane(_prelude(instance, objective, search))
        run.lanes(_lanes(instance, search, options.workers))
        return run.result(self.name)


def warm_up() -> None:
    """Compile the searches, or load them; takes a minute once after an installation."""
    for solver in _SEARCHES:
        solver.prepare()


def _prelude(instance: SchedulingInstance, objective: str, search: _LocalSearch | None) -> _Lane:
    """Return what runs before all else: rules, and labels where they apply."""
    steps = []
    classical = missing_features(instance, CLASSICAL) is None and objective in CLASSICAL_OBJECTIVES
    if classical or isinstance(search, RuinRecreateSolver):  # other rules are compiled, for little
        steps.append(_Step(lambda _: DispatchingSolver(), 0.1, most=2.0))
    if LabelSolver().refuses(instance, objective) is None:
        steps.append(_Step(lambda _: LabelSolver(), 0.5))
    return tuple(steps)


def _search_for(instance: SchedulingInstance, objective: str) -> _LocalSearch | None:
    """Return the local search that fits best; None where none does, or none is worth its while."""
    if instance.operation_count <= TINY:
        return None
    found = (solver for solver in _SEARCHES if solver.refuses(instance, objective) is None)
    return next(found, None)


def _lanes(instance: SchedulingInstance, search: _LocalSearch | None, workers: int) -> tuple[_Lane, ...]:
    """Return what runs side by side."""
    if search is None:
        return ((_Step(_cpsat, 1.0, workers),),)

    def local(_: Incumbent) -> SchedulingSolver:
        return search

    if instance.operation_count <= SMALL:
        quick = _Step(_cpsat, 0.4, workers, most=2.0)  # most small ones need no more
        return ((quick, _Step(local, 0.1, most=3.0), _Step(_cpsat, 1.0, workers)),)
    if isinstance(search, RuinRecreateSolver):  # CP-SAT often does better, and what it finds goes round
        if workers == 1:
            return ((_Step(local, 0.4), _Step(_cpsat, 1.0)),)
        again = _Step(_cpsat, 1.0, workers - 1)
        return ((_Step(local, 0.6), _Step(local, 1.0, offset=1000)), (_Step(_cpsat, 0.5, workers - 1), again))
    if workers == 1:
        return ((_Step(local, 0.85), _Step(_cpsat, 1.0)),)
    bounding = _Step(lambda known: _cpsat(known, BOUND_SEARCH_ALONE), 0.25)
    others = tuple((_Step(local, 1.0, offset=1000 * number),) for number in range(2, workers))
    return ((_Step(local, 1.0),), (bounding, _Step(local, 1.0, offset=1000)), *others)


class _Run:
    """One solve: lanes, and what they know together."""

    def __init__(
        self,
        instance: SchedulingInstance,
        objective: str,
        options: SolveOptions,
        started: float,
        on_progress: OnProgress | None,
        stop: Stop | None,
    ) -> None:
        self._instance, self._objective, self._options = instance, objective, options
        self._started = started
        self.incumbent = Incumbent(started=started, gap=options.gap, on_progress=on_progress, stop=stop)
        self._infeasible = False
        self._solvers: dict[str, str] = {}
        self._end = started + options.time_limit

    def lane(self, lane: _Lane) -> None:
        """Run the steps of a lane one after another, in this thread.

        The first step of all runs in any case: one rule is enough for a schedule.

        Raises
        ------
        KeyboardInterrupt
            If there is nothing to be saved yet.
        """
        known = self.incumbent
        try:
            for step in lane:
                left = self._end - time.perf_counter()
                if known.schedule is not None and (left <= 0.005 or known.should_stop()):
                    return
                if self._infeasible or known.interrupted:
                    return
                self._step(step, max(0.005, min(step.share * left, step.most)))
        except KeyboardInterrupt:
            if known.schedule is None:
                raise
            known.interrupted = True
        except BaseException as error:  # noqa: BLE001 - raised again in the thread of the caller
            known.error = known.error or error

    def _step(self, step: _Step, seconds: float) -> None:
        solver = step.make(self.incumbent)
        options = self._options
        result = solver.solve(
            self._instance,
            objective=self._objective,
            options=options.replace(
                time_limit=seconds, workers=step.workers, seed=(options.seed + step.offset) % 2**31
            ),
            start=self.incumbent.schedule,
            on_progress=lambda point: self.incumbent.note(point.objective, point.bound),
            stop=lambda: self._infeasible or self.incumbent.should_stop(),
        )
        self._solvers[result.solver] = result.solver_version
        if result.status is Status.INFEASIBLE:
            self._infeasible = True
            return
        if result.best is not None and result.objective is not None:
            self.incumbent.offer(result.best, int(result.objective))
        self.incumbent.note(None, result.bound)
        if result.stop_reason is StopReason.INTERRUPTED and not self.incumbent.should_stop():
            self.incumbent.interrupted = True  # by a signal that the solver has taken

    def lanes(self, lanes: tuple[_Lane, ...]) -> None:
        """Run lanes side by side, the first in this thread."""
        threads = [
            threading.Thread(target=self.lane, args=(lane,), name=f"lane {number}", daemon=True)
            for number, lane in enumerate(lanes[1:], 1)
        ]
        for thread in threads:
            thread.start()
        self.lane(lanes[0])
        for thread in threads:
            while thread.is_alive():
                try:
                    thread.join()
                except KeyboardInterrupt:
                    self.incumbent.interrupted = True

    def result(self, name: str) -> Result[Schedule]:
        """Return what was found."""
        known = self.incumbent
        if known.error is not None:
            raise known.error
        status, reason = Status.UNKNOWN, StopReason.TIME_LIMIT
        if known.interrupted:
            reason = StopReason.INTERRUPTED
        if self._infeasible and known.schedule is None:
            status, reason = Status.INFEASIBLE, StopReason.PROVED
        elif known.schedule is not None:
            status = Status.FEASIBLE
            if known.value == known.bound:
                status, reason = Status.OPTIMAL, StopReason.PROVED
            elif known.closed:
                reason = StopReason.GAP_LIMIT
        return Result(
            status=status,
            stop_reason=reason,
            best=known.schedule,
            objective=known.value,
            bound=None if status is Status.INFEASIBLE else known.bound,
            runtime=time.perf_counter() - self._started,
            solver=name,
            solver_version=", ".join(f"{solver} {version}" for solver, version in self._solvers.items()),
            seed=self._options.seed,
            workers=self._options.workers,
            objective_name=self._objective,
            trace=tuple(known.trace),
        )
