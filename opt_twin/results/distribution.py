"""How values are spread: quantiles with their intervals, and histograms."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from opt_twin.errors import EvaluationError
from opt_twin.quantity import number_text
from opt_twin.records import Record, record
from opt_twin.results.estimate import Estimate

__all__ = ["Histogram", "Quantile", "cvar_of", "histogram_of", "quantile_of"]


@record
class Quantile(Record):
    """A quantile with an interval that holds whatever the distribution is.

    Attributes
    ----------
    value
        The quantile of the sample.
    low, high
        Two of the ordered values between which the true quantile lies; None where there are too few values
        for that side, so that it is open.
    share
        Which quantile: 0.9 is exceeded by a tenth.
    confidence
        At least this is the probability that such an interval covers the true quantile.
    replications
        How many values there are.
    """

    value: float
    low: float | None
    high: float | None
    share: float
    confidence: float
    replications: int

    def covers(self, value: float) -> bool:
        """Return whether `value` lies in the interval."""
        return (self.low is None or self.low <= value) and (self.high is None or value <= self.high)

    def __str__(self) -> str:
        low = "-inf" if self.low is None else number_text(self.low, 4)
        high = "inf" if self.high is None else number_text(self.high, 4)
        return f"{number_text(self.value, 4)} [{low}, {high}]"


@record
class Histogram(Record):
    """How many values fall into each bin.

    Attributes
    ----------
    edges
        Of the bins, ascending, one more than there are bins. A value at an edge belongs to the bin above it,
        at the last edge to the last bin.
    counts
        Values in each bin.
    """

    edges: tuple[float, ...]
    counts: tuple[int, ...]

    @property
    def shares(self) -> tuple[float, ...]:
        """The counts divided by their sum."""
        total = sum(self.counts)
        return tuple(count / total for count in self.counts)


def quantile_of(values: npt.ArrayLike, share: float, confidence: float = 0.95) -> Quantile:
    """Return a quantile of independent values with its interval from order statistics.

    The number B of the n values below the true quantile is binomial (n, share). So the interval from the l-th
    to the u-th of the ordered values misses it with the probabilities P(B < l) and P(B >= u); l is the
    largest and u the smallest for which each is at most (1 - confidence) / 2. The sample quantile itself
    interpolates between neighbours (definition 7 of Hyndman and Fan).

    Parameters
    ----------
    values
        Shape (n,), independent, as those of replications are.
    share
        Which quantile, above 0 and below 1.
    confidence
        Of the interval.

    Raises
    ------
    EvaluationError
        If there is no value, one is not finite, or `share` or `confidence` is not between 0 and 1.

    References
    ----------
    Conover (1999), Practical nonparametric statistics, section 3.2; Hyndman and Fan (1996), Sample quantiles
    in statistical packages, The American Statistician 50.

    Examples
    --------
    >>> quantile = quantile_of(range(1, 101), 0.5)
    >>> quantile.value, quantile.low, quantile.high
    (50.5, 40.0, 61.0)
    """
    ordered = np.sort(_finite(values))
    if not 0 < share < 1:
        raise EvaluationError(f"a quantile is asked for by a share between 0 and 1, got {share}")
    if not 0 < confidence < 1:
        raise EvaluationError(f"a confidence lies between 0 and 1, got {confidence}")
    from scipy.stats import binom

    n = ordered.size
    tail = (1 - confidence) / 2
    below = binom.cdf(np.arange(n), n, share)  # P(B <= i), i = 0 ... n - 1
    lower = int(np.searchsorted(below, tail, side="right"))  # so many l have P(B < l) <= tail
    enough = np.flatnonzero(1 - below <= tail)  # P(B >= i + 1) <= tail
    return Quantile(
        value=float(np.quantile(ordered, share)),
        low=float(ordered[lower - 1]) if lower else None,
        high=float(ordered[int(enough[0])]) if enough.size else None,
        share=share,
        confidence=confidence,
        replications=n,
    )


def cvar_of(
    values: npt.ArrayLike, level: float = 0.9, *, tail: str = "high", confidence: float = 0.95
) -> Estimate:
    """Return the mean of the worst values (conditional value at risk, expected shortfall) with its interval.

    Parameters
    ----------
    values
        Shape (n,), independent.
    level
        How much is left out: at 0.9 the mean is over the worst tenth.
    tail
        ``high`` where large values are bad, ``low`` where small ones are.
    confidence
        Of the interval.

    Raises
    ------
    EvaluationError
        If there is no value, one is not finite, or `level` or `confidence` is not between 0 and 1.

    Notes
    -----
    With q the quantile at `level`, the estimate is the mean of ``q + max(0, x - q) / (1 - level)`` over the
    values x (Rockafellar and Uryasev 2000); its interval is the normal one of these terms, which is right for
    many values (Trindade, Uryasev, Shapiro and Zrazhevsky 2007).

    Examples
    --------
    >>> cvar_of(range(1, 11), 0.8).mean
    9.5
    """
    if not 0 < level < 1:
        raise EvaluationError(f"a level lies between 0 and 1, got {level}")
    if tail not in {"high", "low"}:
        raise EvaluationError(f"a tail is 'high' or 'low', not {tail!r}")
    ordered = np.sort(_finite(values)) if tail == "high" else -np.sort(-_finite(values))
    sign = 1.0 if tail == "high" else -1.0
    limit = ordered[max(0, math.ceil(ordered.size * level - 1e-9) - 1)]
    beyond = np.maximum(0.0, sign * (ordered - limit)) / (1 - level)
    return Estimate.of(limit + sign * beyond, confidence)


def histogram_of(values: npt.ArrayLike, bins: int | npt.ArrayLike | None = None) -> Histogram:
    """Return how many values fall into each bin.

    Parameters
    ----------
    values
        Shape (n,).
    bins
        How many bins of equal width, or their edges; None for the narrower of the bins of Sturges and of
        Freedman and Diaconis. Values outside given edges are not counted.

    Raises
    ------
    EvaluationError
        If there is no value, one is not finite, or the bins are not ascending.

    Examples
    --------
    >>> histogram_of([1, 2, 2, 3], bins=[1, 2, 3]).counts
    (1, 3)
    """
    array = _finite(values)
    try:
        counts, edges = np.histogram(array, "auto" if bins is None else bins)
    except (ValueError, TypeError) as error:
        raise EvaluationError(f"bins are a number above 0 or ascending edges: {error}") from None
    return Histogram(edges=tuple(float(edge) for edge in edges), counts=tuple(int(count) for count in counts))


def _finite(values: npt.ArrayLike) -> npt.NDArray[np.float64]:
    array = np.asarray(values, dtype=float)
    if array.ndim != 1 or array.size == 0 or not np.isfinite(array).all():
        raise EvaluationError("quantiles and histograms need one or more finite values")
    return array
