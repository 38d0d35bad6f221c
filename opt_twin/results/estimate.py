"""A mean with its confidence interval."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from opt_twin.errors import EvaluationError
from opt_twin.quantity import estimate_text
from opt_twin.records import Record, record

__all__ = ["Estimate"]


@record
class Estimate(Record):
    """A mean over independent replications with its Student interval.

    Attributes
    ----------
    mean
        The mean.
    half_width
        Half the width of the interval; None for a single replication.
    confidence
        Probability that such an interval covers the true mean.
    replications
        How many values the mean is taken over.
    """

    mean: float
    half_width: float | None
    confidence: float
    replications: int

    @classmethod
    def of(cls, values: npt.ArrayLike, confidence: float = 0.95) -> Estimate:
        """Return the estimate from independent values, shape (n,).

        Raises
        ------
        EvaluationError
            If there is no value, or one is not finite, or `confidence` is not between 0 and 1.

        Examples
        --------
        >>> Estimate.of([1.0, 2.0, 3.0]).mean
        2.0
        """
        array = np.asarray(values, dtype=float)
        if array.ndim != 1 or array.size == 0 or not np.isfinite(array).all():
            raise EvaluationError("an estimate needs one or more finite values")
        if not 0 < confidence < 1:
            raise EvaluationError(f"a confidence lies between 0 and 1, got {confidence}")
        n = array.size
        half_width = None
        if n > 1:
            from scipy.special import stdtrit

            quantile = float(stdtrit(n - 1, (1 + confidence) / 2))
            half_width = quantile * float(array.std(ddof=1)) / math.sqrt(n)
        return cls(mean=float(array.mean()), half_width=half_width, confidence=confidence, replications=n)

    @property
    def interval(self) -> tuple[float, float]:
        """Both ends of the interval; infinite for a single replication."""
        half_width = math.inf if self.half_width is None else self.half_width
        return self.mean - half_width, self.mean + half_width

    def covers(self, value: float) -> bool:
        """Return whether `value` lies in the interval."""
        low, high = self.interval
        return low <= value <= high

    def __str__(self) -> str:
        return estimate_text(self.mean, self.half_width)
