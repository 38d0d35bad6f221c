"""The simulator as something that scores a line."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass

from opt_twin.line import Line
from opt_twin.plan import Plan
from opt_twin.results import Evaluation
from opt_twin.simulation.replication import simulate
from opt_twin.simulation.settings import RunSettings
from opt_twin.workers import end_workers, process_pool

__all__ = ["SimulationEvaluator", "pooled_evaluator"]


@dataclass(frozen=True, slots=True)
class SimulationEvaluator:
    """Scores a line by simulating it; implements :class:`opt_twin.results.Replicator`.

    Attributes
    ----------
    settings
        Of every evaluation.
    executor
        Where the replications are run, when `settings` ask for several workers. Without one every evaluation
        starts processes of its own, which takes about a second. An evaluator with an executor cannot travel
        to another process: a search that shares lines out among processes wants one worker here.
    """

    settings: RunSettings = RunSettings()  # noqa: RUF009  frozen
    executor: Executor | None = None

    def evaluate(self, line: Line, *, plan: Plan | None = None, seed: int) -> Evaluation:
        """Return the measures of `line` under `plan`; the same arguments give the same bits."""
        return simulate(line, settings=self.settings, plan=plan, seed=seed, executor=self.executor)

    def replicate(
        self, line: Line, *, first: int, count: int, plan: Plan | None = None, seed: int
    ) -> Evaluation:
        """Return the replications `first` ... `first + count - 1`; the same bits in any blocks."""
        settings = self.settings.replace(first_replication=first, replications=count)
        return simulate(line, settings=settings, plan=plan, seed=seed, executor=self.executor)


@contextmanager
def pooled_evaluator(settings: RunSettings) -> Iterator[SimulationEvaluator]:
    """Return an evaluator, for a ``with`` block, that starts its worker processes once for all evaluations.

    Raises
    ------
    OptionError
        If workers are asked for in a program that they cannot import, as it comes from standard input.
    """
    if settings.workers == 1:
        yield SimulationEvaluator(settings)
        return
    with process_pool(settings.workers) as pool:
        try:
            yield SimulationEvaluator(settings, pool)
        finally:
            end_workers(pool)
