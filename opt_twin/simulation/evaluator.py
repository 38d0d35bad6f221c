"""The simulator as something that scores a line."""

from __future__ import annotations

from dataclasses import dataclass

from opt_twin.line import Line
from opt_twin.plan import Plan
from opt_twin.results import Evaluation
from opt_twin.simulation.replication import simulate
from opt_twin.simulation.settings import RunSettings

__all__ = ["SimulationEvaluator"]


@dataclass(frozen=True, slots=True)
class SimulationEvaluator:
    """Scores a line by simulating it; implements :class:`opt_twin.results.Evaluator`.

    With several workers every evaluation starts processes of its own, which takes about a second. To score
    many lines quickly keep one worker here and share the lines out among processes.

    Attributes
    ----------
    settings
        Of every evaluation.
    """

    settings: RunSettings = RunSettings()  # noqa: RUF009  frozen

    def evaluate(self, line: Line, *, plan: Plan | None = None, seed: int) -> Evaluation:
        """Return the measures of `line` under `plan`; the same arguments give the same bits."""
        return simulate(line, settings=self.settings, plan=plan, seed=seed)
