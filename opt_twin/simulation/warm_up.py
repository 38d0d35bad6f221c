"""How long a run takes to settle."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from opt_twin.errors import OptionError

__all__ = ["mser5"]

_BATCH = 5


def mser5(series: npt.ArrayLike) -> int:
    """Return how many observations at the start of `series` to leave out, a multiple of 5.

    The observations are averaged in batches of five. Left out is what makes the squared standard error of the
    mean of the rest smallest, but never more than half of the batches: where half is left out, the series is
    likely to be too short to tell.

    Parameters
    ----------
    series
        Observations in the order of time, shape (n,), n >= 10: parts out in each minute, say, averaged over
        replications.

    Raises
    ------
    OptionError
        If there are fewer than 10 observations, or one is not finite.

    References
    ----------
    White (1997), An effective truncation heuristic for bias reduction in simulation output; Spratt (1998),
    An evaluation of contemporary heuristics for the startup problem.

    Examples
    --------
    >>> mser5([9.0] * 10 + [1.0, 2.0] * 20)
    10
    """
    values = np.asarray(series, dtype=float)
    if values.ndim != 1 or values.size < 2 * _BATCH or not np.isfinite(values).all():
        raise OptionError(f"the warm-up is found from {2 * _BATCH} or more finite observations in a row")
    batches = values[: values.size // _BATCH * _BATCH].reshape(-1, _BATCH).mean(axis=1)
    errors = [float(batches[cut:].var()) / (batches.size - cut) for cut in range(batches.size // 2 + 1)]
    return _BATCH * int(np.argmin(errors))
