"""Comparing two evaluations."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from opt_twin.errors import EvaluationError
from opt_twin.quantity import number_text
from opt_twin.records import Record, record
from opt_twin.results import Estimate, Evaluation

__all__ = ["Comparison", "compare", "compare_all", "require_pairs", "student_probability", "student_quantile"]

Floats = npt.NDArray[np.float64]


@record
class Comparison(Record):
    """How a measure differs between two evaluations.

    Attributes
    ----------
    measure, unit
        What is compared.
    first, second
        The measure of each.
    difference
        Second minus first, with the interval of the difference.
    paired
        Whether replications were compared one by one (common random numbers).
    probability
        One-sided confidence that the second is larger: the probability of a Student variable below the
        difference over its standard error; None for single replications.
    """

    measure: str
    unit: str = ""
    first: Estimate
    second: Estimate
    difference: Estimate
    paired: bool
    probability: float | None

    @property
    def significant(self) -> bool:
        """Whether the interval of the difference leaves out 0."""
        return not self.difference.covers(0.0)

    def __str__(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        difference = f"{self.difference.mean:+.4g}"
        if self.difference.half_width is not None:
            difference += f" ± {number_text(self.difference.half_width, 2)}"
        if self.first.mean:
            difference += f" ({100 * self.difference.mean / abs(self.first.mean):+.2g} %)"
        how = "paired" if self.paired else "not paired"
        clear = "" if self.significant else "; the difference may be chance"
        means = f"{number_text(self.first.mean, 4)} -> {number_text(self.second.mean, 4)}{unit}"
        return f"{self.measure}: {means}, {difference}, {how}{clear}"


def compare(
    first: Evaluation, second: Evaluation, measure: str = "throughput", *, confidence: float = 0.95
) -> Comparison:
    """Compare a measure between two evaluations.

    When both have the same seed, replications, horizon and warm-up, their random numbers are common and the
    replications are compared in pairs (paired t); else the interval is that of Welch for two independent
    samples.

    Parameters
    ----------
    first, second
        The evaluations; the difference is second minus first.
    measure
        Name of a measure of both.
    confidence
        Of the intervals.

    Raises
    ------
    UnknownNameError
        If one of them does not have the measure.
    EvaluationError
        If a value is not finite or `confidence` is not between 0 and 1.

    References
    ----------
    Law (2015), Simulation modeling and analysis, sections 10.2 and 11.2; Welch (1947), Biometrika 34.

    Examples
    --------
    >>> from opt_twin.results import Evaluation
    >>> def run(values):
    ...     return Evaluation(
    ...         values={"throughput": values}, replications=(0, 1, 2), seed=1, horizon=3600.0,
    ...         warm_up=0.0, line_digest="",
    ...     )
    >>> print(compare(run([100, 110, 120]), run([103, 112, 124])))
    throughput: 110 -> 113, +3 ± 2.5 (+2.7 %), paired
    """
    a, b = first[measure], second[measure]
    left, right = Estimate.of(a, confidence), Estimate.of(b, confidence)
    paired = _same_streams(first, second)
    if paired:
        difference, probability = _paired(b - a, confidence)
    else:
        difference, probability = _welch(a, b, confidence)
    return Comparison(
        measure=measure,
        unit=first.units.get(measure, ""),
        first=left,
        second=right,
        difference=difference,
        paired=paired,
        probability=probability,
    )


def compare_all(first: Evaluation, second: Evaluation, *, confidence: float = 0.95) -> tuple[Comparison, ...]:
    """Compare every measure that both evaluations have and that is finite in each of their replications.

    Returns
    -------
    tuple of Comparison
        In the order of the measures of `first`.
    """
    shared = [
        measure
        for measure in first.values
        if measure in second.values and np.isfinite([*first[measure], *second[measure]]).all()
    ]
    return tuple(compare(first, second, measure, confidence=confidence) for measure in shared)


def student_probability(mean: float, error: float, freedom: float) -> float:
    """Return the one-sided confidence that a quantity of this estimate and standard error is above 0."""
    from scipy.special import stdtr

    if error == 0:
        return 0.5 if mean == 0 else float(mean > 0)
    return float(stdtr(freedom, mean / error))


def student_quantile(confidence: float, freedom: float) -> float:
    """Return the number of standard errors in half a two-sided interval."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, (1 + confidence) / 2))


def _same_streams(first: Evaluation, second: Evaluation) -> bool:
    return (first.seed, first.replications, first.horizon, first.warm_up) == (
        second.seed,
        second.replications,
        second.horizon,
        second.warm_up,
    )


def _paired(differences: Floats, confidence: float) -> tuple[Estimate, float | None]:
    estimate = Estimate.of(differences, confidence)
    n = estimate.replications
    if n < 2:
        return estimate, None
    error = float(differences.std(ddof=1)) / math.sqrt(n)
    return estimate, student_probability(estimate.mean, error, n - 1)


def _welch(a: Floats, b: Floats, confidence: float) -> tuple[Estimate, float | None]:
    mean = float(b.mean() - a.mean())
    fewest = min(len(a), len(b))
    if fewest < 2:
        return Estimate(mean=mean, half_width=None, confidence=confidence, replications=fewest), None
    parts = [float(values.var(ddof=1)) / len(values) for values in (a, b)]
    error = math.sqrt(sum(parts))
    weights = [part / sum(parts) if error else 0.5 for part in parts]
    freedom = 1 / sum(w * w / (len(v) - 1) for w, v in zip(weights, (a, b), strict=True))
    half_width = student_quantile(confidence, freedom) * error
    difference = Estimate(mean=mean, half_width=half_width, confidence=confidence, replications=fewest)
    return difference, student_probability(mean, error, freedom)


def require_pairs(first: Evaluation, second: Evaluation) -> None:
    """Refuse two evaluations whose replications do not belong together in pairs.

    Raises
    ------
    EvaluationError
        If seed, replications, horizon or warm-up differ.
    """
    if not _same_streams(first, second):
        raise EvaluationError(
            "the evaluator did not use the same seed, replications, horizon and warm-up for both lines; "
            "a paired comparison needs that"
        )
