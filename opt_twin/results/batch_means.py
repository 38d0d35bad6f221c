"""An interval from one long run."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from opt_twin.errors import EvaluationError
from opt_twin.records import Record, record
from opt_twin.results.estimate import Estimate
from opt_twin.results.run_warning import RunWarning, WarningCode

__all__ = ["BatchMeans", "batch_means", "von_neumann"]

Floats = npt.NDArray[np.float64]

_BATCHES = (32, 24, 16, 12, 8)
_PIECES = 4
_LEVEL = 0.1


@record
class BatchMeans(Record):
    """The mean of one long run with the interval from its batches.

    Attributes
    ----------
    estimate
        Mean and Student interval of the batch means; its `replications` are the batches.
    batch_size
        Observations in a batch.
    left_out
        Observations at the start that fill no batch.
    correlation
        Of neighbouring pieces, the figure of the test (see :func:`von_neumann`).
    probability
        That independent pieces look at least as correlated as these.
    warnings
        Whether the batches are too short.
    """

    estimate: Estimate
    batch_size: int
    left_out: int
    correlation: float
    probability: float
    warnings: tuple[RunWarning, ...] = ()

    @property
    def batches(self) -> int:
        """How many batches there are."""
        return self.estimate.replications

    def __str__(self) -> str:
        return f"{self.estimate} ({self.batches} batches of {self.batch_size})"


def batch_means(series: npt.ArrayLike, *, batches: int | None = None, confidence: float = 0.95) -> BatchMeans:
    """Return the mean of a long run with an interval from non-overlapping batch means.

    The series is cut into batches of equal length, and their means are treated as independent. Whether that
    is fair is tested on pieces of a quarter of a batch: if even these do not look correlated (test of von
    Neumann, level 0.1), the batches are long enough. Without `batches`, 32 batches are tried, then 24, 16, 12
    and 8: the batches grow until the test passes. If it never does, 8 are used and a warning says so.

    Parameters
    ----------
    series
        Observations in the order of time, shape (n,), without the warm-up: lead times of parts, or parts out
        in each minute, say.
    batches
        How many batches, 2 or more; None to find the number by the test.
    confidence
        Of the interval.

    Raises
    ------
    EvaluationError
        If an observation is not finite, or there are fewer than 4 for each batch (32 in all without
        `batches`).

    Notes
    -----
    With b batch means the half width is t(b - 1, (1 + confidence) / 2) s / sqrt(b). More than about 30
    batches hardly make the interval narrower (Schmeiser), while longer batches are less correlated.

    References
    ----------
    Schmeiser (1982), Batch size effects in the analysis of simulation output, Operations Research 30;
    Fishman (1978), Grouping observations in digital simulation, Management Science 24;
    Law (2015), Simulation modeling and analysis, section 9.5.3.

    Examples
    --------
    >>> result = batch_means(np.random.default_rng(1).normal(10, 1, 3200))
    >>> result.batches, result.batch_size, result.estimate.covers(10), result.warnings
    (32, 100, True, ())
    """
    values = np.asarray(series, dtype=float)
    if batches is not None and batches < 2:
        raise EvaluationError(f"batch means need 2 or more batches, got {batches}")
    tried = _BATCHES if batches is None else (batches,)
    least = _PIECES * min(tried)
    if values.ndim != 1 or values.size < least or not np.isfinite(values).all():
        raise EvaluationError(
            f"{min(tried)} batches need {least} or more finite observations in a row, "
            f"got shape {values.shape}"
        )
    for count in (count for count in tried if values.size >= _PIECES * count):
        correlation, probability = von_neumann(_means(values, _PIECES * count))
        if probability >= _LEVEL:
            break
    warnings: tuple[RunWarning, ...] = ()
    if probability < _LEVEL:
        warnings = (
            RunWarning(
                code=WarningCode.CORRELATED_BATCHES,
                message=f"even {_PIECES * count} pieces of the run are correlated ({correlation:.2f} between "
                "neighbours): the interval is likely to be too narrow; a longer run is needed",
            ),
        )
    return BatchMeans(
        estimate=Estimate.of(_means(values, count), confidence),
        batch_size=values.size // count,
        left_out=values.size % count,
        correlation=correlation,
        probability=probability,
        warnings=warnings,
    )


def von_neumann(values: npt.ArrayLike) -> tuple[float, float]:
    """Return the correlation of neighbours and its probability under independence.

    The figure is 1 - sum (x[i] - x[i+1])^2 / (2 sum (x[i] - mean)^2), close to the correlation at lag 1. For
    n independent normal values it has mean 0 and variance (n - 2) / (n^2 - 1) and is close to normal; the
    probability is one-sided, of a figure at least as large. Values that are all equal count as independent.

    Parameters
    ----------
    values
        Shape (n,), n >= 4.

    Raises
    ------
    EvaluationError
        If there are fewer than 4 values.

    References
    ----------
    von Neumann (1941), Distribution of the ratio of the mean square successive difference to the variance,
    Annals of Mathematical Statistics 12.

    Examples
    --------
    >>> von_neumann([1.0, -1.0] * 20)[0] < 0
    True
    """
    array = np.asarray(values, dtype=float)
    n = array.size
    if n < 4:
        raise EvaluationError(f"the test of neighbours needs 4 or more values, got {n}")
    spread = float(((array - array.mean()) ** 2).sum())
    if spread <= 1e-24 * n * float(np.abs(array).max()) ** 2:
        return 0.0, 1.0
    figure = 1 - float((np.diff(array) ** 2).sum()) / (2 * spread)
    error = math.sqrt((n - 2) / (n**2 - 1))
    return figure, 0.5 * math.erfc(figure / error / math.sqrt(2))


def _means(values: Floats, count: int) -> Floats:
    """Return the means of `count` batches of equal length; what fills none is left out at the start."""
    means: Floats = values[values.size % count :].reshape(count, -1).mean(axis=1)
    return means
