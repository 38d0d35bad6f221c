"""What a scheduling solver is."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Sequence
from typing import Protocol

from opt_twin import __version__
from opt_twin.plan import Schedule
from opt_twin.results import Result, Status, StopReason, TracePoint
from opt_twin.scheduling.instance import SchedulingInstance
from opt_twin.solvers import OnProgress, SolveOptions, Stop

__all__ = ["SchedulingSolver", "heuristic_result"]


class SchedulingSolver(Protocol):
    """Anything that makes schedules. Its answers are verified by whoever calls it.

    A solver keeps no state between two solves and changes neither instance nor options.
    :class:`opt_twin.testing.SchedulingSolverSuite` tests the promises.
    """

    @property
    @abstractmethod
    def name(self) -> str:
        """What it is called by users."""

    @abstractmethod
    def refuses(self, instance: SchedulingInstance, objective: str) -> str | None:
        """Return why the solver cannot treat `instance` with `objective`; None when it can."""

    @abstractmethod
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
        """Return the best schedule found within the limits, with its bound.

        Parameters
        ----------
        instance, objective
            What to schedule, and what to minimise (``opt_twin.scheduling.OBJECTIVES``).
        options
            Limits.
        start
            A feasible schedule to start from, or None. The answer is never worse.
        on_progress
            Called with each improvement of objective or bound.
        stop
            Asked from time to time; once it returns true the best schedule so far is returned with
            ``StopReason.INTERRUPTED``.
        """


def heuristic_result(
    solver: str,
    started: float,
    best: Schedule | None,
    value: int | None,
    bound: int,
    reason: StopReason,
    *,
    objective: str,
    seed: int,
    trace: Sequence[TracePoint],
) -> Result[Schedule]:
    """Return what a search of our own has found, on one core, beside a bound that it knew from the start.

    Parameters
    ----------
    started
        ``time.perf_counter()`` at its start.
    reason
        Why it stopped, if its best value does not meet the bound.
    """
    status = Status.UNKNOWN if value is None else Status.OPTIMAL if value <= bound else Status.FEASIBLE
    return Result(
        status=status,
        stop_reason=StopReason.PROVED if status is Status.OPTIMAL else reason,
        best=best,
        objective=value,
        bound=bound,
        runtime=time.perf_counter() - started,
        solver=solver,
        solver_version=__version__,
        seed=seed,
        workers=1,
        objective_name=objective,
        trace=tuple(trace),
    )
