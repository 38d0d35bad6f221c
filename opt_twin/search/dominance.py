"""Which points are better than which, and how much they cover."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from opt_twin.errors import OptionError
from opt_twin.search.objectives import Sense

__all__ = ["hypervolume", "knee_of", "non_dominated", "reference_of", "signs_of", "spread"]

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


def signs_of(senses: Sequence[Sense]) -> Floats:
    """Return +1 for ``"min"`` and -1 for ``"max"``, shape (m,): what turns values into costs."""
    return np.array([1.0 if sense == "min" else -1.0 for sense in senses])


def non_dominated(points: npt.ArrayLike, senses: Sequence[Sense]) -> Mask:
    """Return which points no other point dominates.

    A point dominates another when it is nowhere worse and somewhere better; equal points do not.

    Parameters
    ----------
    points
        Shape (n, m), finite, in the user's senses.
    senses
        ``"min"`` or ``"max"`` for each column.

    Returns
    -------
    numpy.ndarray
        Shape (n,), boolean.

    Raises
    ------
    OptionError
        If a value is not finite or the shapes do not match.

    Examples
    --------
    >>> non_dominated([[1, 5], [2, 4], [2, 5]], ["min", "min"]).tolist()
    [True, True, False]
    """
    costs = _checked(points, senses) * signs_of(senses)
    if len(costs) == 0:
        return np.zeros(0, dtype=bool)
    unique, inverse = np.unique(
        costs, axis=0, return_inverse=True
    )  # sorted by the first column, then the next
    best = _best_of_two(unique) if unique.shape[1] <= 2 else _best_of_many(unique)
    mask: Mask = best[inverse.reshape(-1)]
    return mask


def _best_of_two(costs: Floats) -> Mask:
    """Return the best rows of distinct sorted ones: the last column must fall below all before."""
    before = np.concatenate([[np.inf], np.minimum.accumulate(costs[:-1, -1])])
    return costs[:, -1] < before


def _best_of_many(costs: Floats) -> Mask:
    """Return the best rows of distinct sorted ones; a row can be dominated by an earlier one only."""
    alive = np.ones(len(costs), dtype=bool)
    for index in range(len(costs)):
        if alive[index]:
            worse = (costs[index + 1 :] >= costs[index]).all(axis=1)
            alive[index + 1 :] &= ~worse
    return alive


def hypervolume(points: npt.ArrayLike, reference: npt.ArrayLike, senses: Sequence[Sense]) -> float:
    """Return the volume between the reference point and the points that are better than it everywhere.

    Parameters
    ----------
    points
        Shape (n, m), finite, in the user's senses.
    reference
        Shape (m,).
    senses
        ``"min"`` or ``"max"`` for each column.

    Raises
    ------
    OptionError
        If a value is not finite or the shapes do not match.

    Notes
    -----
    Computed by moocore: exact.

    Examples
    --------
    >>> hypervolume([[0.25, 0.75], [0.5, 0.5]], [1, 1], ["min", "min"])
    0.3125
    """
    costs = _checked(points, senses) * signs_of(senses)
    corner = _checked(np.asarray(reference, dtype=float).reshape(1, -1), senses)[0] * signs_of(senses)
    inside = costs[(costs < corner).all(axis=1)]
    if len(inside) == 0:
        return 0.0
    if len(corner) == 1:
        return float(corner[0] - inside.min())
    import moocore

    return float(moocore.hypervolume(np.ascontiguousarray(inside), ref=corner))


def reference_of(points: npt.ArrayLike, senses: Sequence[Sense]) -> Floats:
    """Return the nadir of `points` (the worst value of each column), widened by 10 % of the range.

    A column without any range is widened by 10 % of its value, or by 1 where that is 0.

    Examples
    --------
    >>> reference_of([[0, 100], [10, 50]], ["min", "max"]).tolist()
    [11.0, 45.0]
    """
    signs = signs_of(senses)
    costs = _checked(points, senses) * signs
    worst, best = costs.max(axis=0), costs.min(axis=0)
    margin = np.where(worst > best, 0.1 * (worst - best), np.where(worst == 0, 1.0, 0.1 * np.abs(worst)))
    reference: Floats = (worst + margin) * signs + 0.0
    return reference


def knee_of(points: npt.ArrayLike, senses: Sequence[Sense]) -> int:
    """Return the index of the point that lies farthest below the chord between the extremes.

    Each objective is scaled so that its best value on the front is 0 and its worst is 1. For two objectives
    the distance is that to the straight line between both extremes, for more that to the plane on which the
    scaled objectives add up to 1. The first of several equal points is taken.

    Raises
    ------
    OptionError
        If there is no point, a value is not finite or the shapes do not match.

    References
    ----------
    Das (1999), On characterizing the "knee" of the Pareto curve based on normal-boundary intersection.

    Examples
    --------
    >>> knee_of([[0, 1], [0.25, 0.5], [1, 0]], ["min", "min"])
    1
    """
    costs = _checked(points, senses) * signs_of(senses)
    if len(costs) == 0:
        raise OptionError("a front without points has no knee")
    return int(np.argmin(np.round(_scaled(costs).sum(axis=1), 12)))


def spread(costs: Floats, count: int) -> npt.NDArray[np.intp]:
    """Return the indices of `count` points that lie apart: the extremes, then always the farthest one."""
    if len(costs) <= count:
        return np.arange(len(costs))
    scaled = _scaled(costs)
    chosen = list(dict.fromkeys(int(index) for index in np.argmin(scaled, axis=0)))[:count]
    distance = np.min([np.linalg.norm(scaled - scaled[index], axis=1) for index in chosen], axis=0)
    while len(chosen) < count:
        chosen.append(int(np.argmax(distance)))
        distance = np.minimum(distance, np.linalg.norm(scaled - scaled[chosen[-1]], axis=1))
    return np.sort(np.array(chosen))


def _scaled(costs: Floats) -> Floats:
    best, worst = costs.min(axis=0), costs.max(axis=0)
    scaled: Floats = (costs - best) / np.where(worst > best, worst - best, 1.0)
    return scaled


def _checked(points: npt.ArrayLike, senses: Sequence[Sense]) -> Floats:
    array = np.asarray(points, dtype=float)
    if array.size == 0:
        array = array.reshape(0, len(senses))
    if array.ndim != 2 or array.shape[1] != len(senses):
        raise OptionError(f"points of shape {array.shape} do not fit {len(senses)} objectives")
    if not np.isfinite(array).all():
        raise OptionError("every value of every point must be finite; leave failed evaluations out")
    return array
