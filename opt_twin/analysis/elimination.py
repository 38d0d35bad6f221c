"""Fully sequential selection: lines get replications in turn, and clearly worse ones drop out."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

__all__ = ["Elimination"]

Floats = npt.NDArray[np.float64]


class Elimination:
    """The state of a fully sequential procedure with an indifference zone, larger being better.

    With r replications of each line that is left, line i stays while for every other line l that is left

        mean_i >= mean_l - W,   W = max(0, delta / (2 r) (h2 S2_il / delta^2 - r)),

    where S2_il is the variance of the paired differences. KN takes it from the first n replications and
    h2 = (n - 1) ((2 alpha / (k - 1))^(-2 / (n - 1)) - 1); KN++ takes it from all so far and
    h2 = 2 ln((k - 1) / (2 alpha)), the limit of that. When every W is 0 the best mean is selected.

    Parameters
    ----------
    lines
        How many lines, k.
    first
        Replications of the first stage, n.
    indifference
        Smallest difference that matters, delta.
    error
        Probability of a wrong selection, alpha.
    updated
        KN++ instead of KN.

    References
    ----------
    Kim and Nelson (2001), A fully sequential procedure for indifference-zone selection in simulation, ACM
    TOMACS 11; Kim and Nelson (2006), On the asymptotic validity of fully sequential selection procedures for
    steady-state simulation, Operations Research 54.
    """

    def __init__(self, *, lines: int, first: int, indifference: float, error: float, updated: bool) -> None:
        self._delta = indifference
        self._updated = updated
        share = 2 * error / (lines - 1)
        if updated:
            self._h2 = -2 * math.log(share)
        else:
            self._h2 = (first - 1) * (share ** (-2 / (first - 1)) - 1)
        self._first = first
        self._variances: dict[tuple[int, int], float] = {}

    def survivors(self, left: tuple[int, ...], values: Callable[[int], Floats]) -> tuple[int, ...]:
        """Return which of the lines `left` stay, given all values of each, equally many.

        Where every W is 0 this is one line only, the first of the best.
        """
        arrays = {i: values(i) for i in left}
        means = {i: float(array.mean()) for i, array in arrays.items()}
        count = arrays[left[0]].size
        bounds = {
            (i, j): self._bound(self._variance(i, j, arrays), count) for i in left for j in left if i < j
        }
        if not any(bounds.values()):
            return (max(left, key=lambda i: means[i]),)
        return tuple(
            i
            for i in left
            if all(means[i] >= means[j] - bounds[min(i, j), max(i, j)] for j in left if j != i)
        )

    def _variance(self, i: int, j: int, arrays: dict[int, Floats]) -> float:
        if self._updated:
            return float((arrays[i] - arrays[j]).var(ddof=1))
        if (i, j) not in self._variances:
            difference = arrays[i][: self._first] - arrays[j][: self._first]
            self._variances[i, j] = float(difference.var(ddof=1))
        return self._variances[i, j]

    def _bound(self, variance: float, count: int) -> float:
        delta = self._delta
        return max(0.0, delta / (2 * count) * (self._h2 * variance / delta**2 - count))
