"""Optimal computing budget allocation: replications go where they help to tell the best line."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["allocate", "correct_selection"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_TINY = 1e-12


def allocate(means: Floats, variances: Floats, done: Integers, more: int) -> Integers:
    """Return how many of `more` replications each line gets, larger means being better.

    The total is shared in the proportions N_i ~ (s_i / d_i)^2 for all lines but the best b, where d_i is the
    distance of their means, and N_b = s_b sqrt(sum N_i^2 / s_i^2). Lines that already have more than their
    share get none; what they have too much is taken from the others in proportion.

    Parameters
    ----------
    means, variances, done
        Of each line, shape (k,): mean and variance so far, and the number of replications.
    more
        How many to give out.

    References
    ----------
    Chen, Lin, Yücesan, Chick (2000), Simulation budget allocation for further enhancing the efficiency of
    ordinal optimization, Discrete Event Dynamic Systems 10.

    Examples
    --------
    >>> allocate(np.array([1.0, 0.9, 0.0]), np.ones(3), np.array([10, 10, 10]), 20)
    array([10, 10,  0])
    """
    weights = _weights(means, variances)
    open_lines = np.ones(done.size, dtype=bool)
    while True:
        total = int(done[open_lines].sum()) + more
        target = np.where(open_lines, weights / weights[open_lines].sum() * total, 0.0)
        full = open_lines & (target < done)
        if not full.any():
            break
        open_lines &= ~full
    wanted = np.where(open_lines, target - done, 0.0)
    given = np.floor(wanted).astype(np.int64)
    rest = more - int(given.sum())
    for index in np.argsort(-(wanted - given), kind="stable")[:rest]:
        given[index] += 1
    return given


def _weights(means: Floats, variances: Floats) -> Floats:
    best = int(means.argmax())
    scale = max(float(np.abs(means).max()), float(np.sqrt(variances.max())), _TINY)
    deviations = np.maximum(np.sqrt(variances), 1e-9 * scale)
    distances = np.maximum(means[best] - means, 1e-6 * scale)
    weights = (deviations / distances) ** 2
    weights[best] = 0.0
    weights[best] = deviations[best] * float(np.sqrt(((weights / deviations) ** 2).sum()))
    return np.asarray(weights, dtype=np.float64)


def correct_selection(means: Floats, variances: Floats, done: Integers) -> float:
    """Return the approximate probability that the line with the largest mean is the best.

    It is 1 - sum over the others of Phi(-d_i / sqrt(s_b^2 / N_b + s_i^2 / N_i)), a lower bound (Bonferroni)
    where the means are normal with the variances that were estimated; 0 where that is negative.
    """
    from scipy.special import ndtr

    best = int(means.argmax())
    errors = np.sqrt(variances[best] / done[best] + variances / done)
    distances = means[best] - means
    others = np.arange(means.size) != best
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = np.where(errors > 0, distances / errors, np.where(distances > 0, np.inf, 0.0))
    return max(0.0, 1.0 - float(ndtr(-ratios[others]).sum()))
