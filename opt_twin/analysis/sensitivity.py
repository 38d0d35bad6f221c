"""What a change of a line is worth: paired differences of its output, in blocks of replications."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from functools import reduce

import numpy as np
import numpy.typing as npt

from opt_twin.analysis.compare import require_pairs, student_probability, student_quantile
from opt_twin.line import Line
from opt_twin.plan import Plan
from opt_twin.results import Estimate, Evaluation, Evaluator

__all__ = ["OnRuns", "Runs", "Variant", "doubt", "gain_estimate"]

Floats = npt.NDArray[np.float64]

OnRuns = Callable[[int, int], None]
"""Called with (runs done, runs foreseen); what is foreseen grows where the answer is not sure yet."""


class Variant:
    """A changed line, and what it gained so far.

    Attributes
    ----------
    line
        The changed line.
    blocks
        Its gain of output in parts per hour, by replication, one array for each block.
    """

    __slots__ = ("blocks", "line")

    def __init__(self, line: Line) -> None:
        self.line = line
        self.blocks: list[Floats] = []

    @property
    def gains(self) -> Floats:
        """The gains of all replications that it was run in."""
        return np.concatenate(self.blocks)


class Runs:
    """A line in blocks of replications, and variants of it on the same ones.

    Parameters
    ----------
    line
        The line as it is.
    evaluator
        Of the first block.
    plan, seed
        Of every evaluation.
    variants
        How many there are to be run at first.
    on_progress
        Called after every evaluation.
    """

    __slots__ = ("_blocks", "_done", "_foreseen", "_line", "_on_progress", "_plan", "_seed")

    def __init__(
        self,
        line: Line,
        evaluator: Evaluator,
        *,
        plan: Plan | None,
        seed: int,
        variants: int = 0,
        on_progress: OnRuns | None = None,
    ) -> None:
        self._line = line
        self._plan = plan
        self._seed = seed
        self._on_progress = on_progress
        self._done = self._foreseen = 0
        self._blocks: list[tuple[Evaluator, Evaluation]] = []
        self.add(evaluator)
        self.foresee(self.replications * (1 + variants))

    @property
    def first(self) -> Evaluation:
        """The first block of the line as it is."""
        return self._blocks[0][1]

    @property
    def whole(self) -> Evaluation:
        """All blocks of the line as it is, as one evaluation."""
        return reduce(Evaluation.merge, (evaluation for _, evaluation in self._blocks))

    @property
    def blocks(self) -> int:
        """How many blocks there are."""
        return len(self._blocks)

    @property
    def replications(self) -> int:
        """How often the line as it is has been run."""
        return sum(len(evaluation.replications) for _, evaluation in self._blocks)

    @property
    def next_replication(self) -> int:
        """The number of the first replication that has not been run."""
        return self._blocks[-1][1].replications[-1] + 1

    @property
    def output(self) -> Floats:
        """Parts per hour that leave the line as it is, good or not, by replication."""
        return np.concatenate([_output(evaluation) for _, evaluation in self._blocks])

    @property
    def unit(self) -> float:
        """What one part more would add to the output; 0 where the evaluations do not count parts."""
        if "parts_out" not in self.first.values:
            return 0.0
        return 3600 / float(np.mean([_seconds(evaluation).mean() for _, evaluation in self._blocks]))

    def add(self, evaluator: Evaluator) -> None:
        """Run one more block of the line as it is."""
        self._blocks.append((evaluator, self._evaluate(evaluator, self._line)))

    def cut(self, blocks: int, variants: Iterable[Variant]) -> None:
        """Forget what was run behind the first so many blocks."""
        del self._blocks[blocks:]
        for variant in variants:
            del variant.blocks[blocks:]

    def foresee(self, runs: int) -> None:
        """Note that so many runs more are to come."""
        self._foreseen += runs

    def extend(self, variant: Variant, blocks: int | None = None) -> None:
        """Run a variant in the blocks that it lacks, up to the number `blocks`, or all.

        Raises
        ------
        EvaluationError
            If an evaluator does not use the same replications for both lines.
        """
        for evaluator, base in self._blocks[len(variant.blocks) : blocks]:
            evaluation = self._evaluate(evaluator, variant.line)
            require_pairs(base, evaluation)
            variant.blocks.append(_output(evaluation) - _output(base))

    def _evaluate(self, evaluator: Evaluator, line: Line) -> Evaluation:
        evaluation = evaluator.evaluate(line, plan=self._plan, seed=self._seed)
        self._done += len(evaluation.replications)
        if self._on_progress is not None:
            self._on_progress(self._done, max(self._done, self._foreseen))
        return evaluation


def _seconds(evaluation: Evaluation) -> Floats:
    """Return how long each replication counts parts; a plan ends the run."""
    if "makespan" in evaluation.values:
        return evaluation["makespan"]
    return np.full(len(evaluation.replications), evaluation.horizon - evaluation.warm_up)


def _output(evaluation: Evaluation) -> Floats:
    """Return the parts per hour that leave the line, good or not.

    Where the evaluation does not count parts, its throughput stands for them, taken as exact.
    """
    if "parts_out" not in evaluation.values:
        return evaluation["throughput"]
    rates: Floats = evaluation["parts_out"] * 3600 / _seconds(evaluation)
    return rates


def _error(values: Floats, unit: float) -> float:
    """Return the standard error of a mean of differences between counts of whole parts.

    Two counts are each cut off by up to one part, which alone gives their difference a variance of 1/6; that
    is assumed at least, as few differences that happen to be equal would otherwise look certain.
    """
    return math.sqrt(max(float(values.var(ddof=1)), unit**2 / 6) / len(values))


def gain_estimate(values: Floats, unit: float) -> Estimate:
    """Return the mean of paired differences with its interval, whole parts allowed for."""
    estimate = Estimate.of(values)
    if estimate.replications < 2:
        return estimate
    quantile = student_quantile(estimate.confidence, estimate.replications - 1)
    return estimate.replace(half_width=quantile * _error(values, unit))


def doubt(first: Floats, second: Floats, unit: float) -> float:
    """Return the one-sided probability that `first` is not ahead of `second`, by paired t.

    They are compared over the replications that both have, of which there must be two.
    """
    common = min(len(first), len(second))
    ahead = first[:common] - second[:common]
    return 1 - student_probability(float(ahead.mean()), _error(ahead, unit), common - 1)
