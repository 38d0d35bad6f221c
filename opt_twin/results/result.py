"""The answer of a solver or a search."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from opt_twin.errors import NoSolutionError
from opt_twin.results.status import Status, StopReason

__all__ = ["Result", "TracePoint"]

S = TypeVar("S")


class TracePoint(NamedTuple):
    """What was known at one moment of a search.

    Attributes
    ----------
    time
        Seconds since the start of the search.
    objective
        Value of the best solution so far, or None.
    bound
        Proven bound on the objective, or None.
    """

    time: float
    objective: float | None
    bound: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result(Generic[S]):
    """The answer of a solver, with what is known about its quality.

    Attributes
    ----------
    status, stop_reason
        What the answer is, and why the solver stopped.
    best
        The best solution, or None; :meth:`solution` never returns None.
    objective
        Its value.
    bound
        No solution can be better than this (a lower bound, as all solvers minimise), or None.
    runtime
        Wall-clock seconds.
    solver, solver_version
        Which program answered.
    seed, workers
        What it was started with.
    objective_name
        What was minimised.
    trace
        How objective and bound came about.
    stages
        (value, bound) of each stage of a lexicographic objective; empty for any other. `objective` and
        `bound` are those of the first.
    """

    status: Status
    stop_reason: StopReason
    best: S | None = None
    objective: float | None = None
    bound: float | None = None
    runtime: float = 0.0
    solver: str = ""
    solver_version: str = ""
    seed: int = 0
    workers: int = 1
    objective_name: str = ""
    trace: tuple[TracePoint, ...] = ()
    stages: tuple[tuple[float, float | None], ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "trace", tuple(self.trace))
        object.__setattr__(self, "stages", tuple(self.stages))

    @property
    def gap(self) -> float | None:
        """Return (objective - bound) / |objective|; 0 when they are equal; None when one is missing."""
        if self.objective is None or self.bound is None:
            return None
        distance = abs(self.objective - self.bound)
        if distance == 0:
            return 0.0
        return distance / abs(self.objective) if self.objective else float("inf")

    def solution(self) -> S:
        """Return the best solution.

        Raises
        ------
        NoSolutionError
            If there is none; the message says why.
        """
        if self.best is None:
            why = (
                "the instance is infeasible"
                if self.status is Status.INFEASIBLE
                else f"{self.solver or 'the solver'} stopped ({self.stop_reason}) after {self.runtime:.1f} s "
                "without one; allow more time"
            )
            raise NoSolutionError(f"there is no solution: {why}")
        return self.best
