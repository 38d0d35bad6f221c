"""What replications say about the certainty of a front."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from opt_twin.errors import ObjectiveError
from opt_twin.line import Line
from opt_twin.results import Evaluation
from opt_twin.search.objectives import Objective
from opt_twin.streams import stream

__all__ = ["common_replications", "indistinguishable", "intervals_of", "nondominance", "pseudo_values"]

Floats = npt.NDArray[np.float64]

_DRAWS = 1000


def pseudo_values(objective: Objective, evaluation: Evaluation, line: Line) -> Floats:
    """Return one value of the objective for each replication, shape (r,), whose mean is its value.

    A measure has its own values. For a function of an evaluation they are the pseudo-values of the jackknife,
    r f(all) - (r - 1) f(all but one); for a mean these are again the values of the replications. NaN where
    the function fails on fewer replications.

    References
    ----------
    Miller (1974), The jackknife: a review.
    """
    count = len(evaluation.replications)
    if isinstance(objective.value, str):
        return evaluation[objective.value]
    whole = objective.score(evaluation, line)
    if objective.on == "line" or count == 1:
        return np.full(count, whole)
    try:
        without = [objective.score(_leave_out(evaluation, index), line) for index in range(count)]
    except ObjectiveError:
        return np.full(count, np.nan)
    pseudo = count * whole - (count - 1) * np.array(without)
    centred: Floats = pseudo - pseudo.mean() + whole
    return centred


def _leave_out(evaluation: Evaluation, index: int) -> Evaluation:
    return Evaluation(
        values={name: np.delete(values, index) for name, values in evaluation.values.items()},
        replications=evaluation.replications[:index] + evaluation.replications[index + 1 :],
        seed=evaluation.seed,
        horizon=evaluation.horizon,
        warm_up=evaluation.warm_up,
        line_digest=evaluation.line_digest,
        plan_digest=evaluation.plan_digest,
        units=evaluation.units,
        line_name=evaluation.line_name,
        clock_start=evaluation.clock_start,
    )


def intervals_of(
    points: Floats, pseudo: Sequence[Sequence[Floats]], exact: Sequence[bool], confidence: float = 0.95
) -> Floats:
    """Return the Student interval of each value, shape (n, m, 2); infinite where it is not known.

    Parameters
    ----------
    points
        Values, shape (n, m).
    pseudo
        For each point and objective the values of the replications, shape (r,).
    exact
        Which objectives have no noise at all, shape (m,): their interval is the value itself.
    confidence
        Of each interval alone.
    """
    intervals = np.empty((*points.shape, 2))
    for i, row in enumerate(pseudo):
        for j, values in enumerate(row):
            half = 0.0 if exact[j] else _half_width(values, confidence)
            intervals[i, j] = points[i, j] - half, points[i, j] + half
    return intervals


def _half_width(values: Floats, confidence: float) -> float:
    if len(values) < 2 or not np.isfinite(values).all():
        return math.inf
    from scipy.special import stdtrit

    quantile = float(stdtrit(len(values) - 1, (1 + confidence) / 2))
    return quantile * float(values.std(ddof=1)) / math.sqrt(len(values))


def common_replications(pseudo: Sequence[Sequence[Floats]], evaluations: Sequence[Evaluation]) -> Floats:
    """Return the values of the replications that all evaluations share, shape (n, m, r)."""
    shared = set.intersection(*(set(evaluation.replications) for evaluation in evaluations))
    return np.array(
        [
            [
                [value for number, value in zip(e.replications, values, strict=True) if number in shared]
                for values in row
            ]
            for row, e in zip(pseudo, evaluations, strict=True)
        ]
    )


def nondominance(costs: Floats, *, seed: int) -> Floats:
    """Return the probability that each point is dominated by no other, shape (n,), NaN where unknown.

    The replications are drawn with replacement (1000 bootstrap samples), the same ones for all points, since
    a replication has the same random streams in all of them.

    Parameters
    ----------
    costs
        Values of each replication, smaller is better, shape (n, m, r).
    seed
        Of the bootstrap.
    """
    n, _, r = costs.shape
    if r < 2 or not np.isfinite(costs).all():
        return np.full(n, np.nan)
    rng = stream(seed, 0, "search", "bootstrap")
    counts = np.zeros(n)
    for _ in range(_DRAWS):
        means = costs[:, :, rng.integers(r, size=r)].mean(axis=2)
        no_worse = (means[:, None] <= means[None]).all(axis=2)
        dominates = no_worse & ~no_worse.T
        counts += ~dominates.any(axis=0)
    probabilities: Floats = counts / _DRAWS
    return probabilities


def indistinguishable(costs: Floats, confidence: float = 0.95) -> tuple[tuple[int, ...], ...]:
    """Return for each point those from which it does not differ beyond the noise in any objective.

    Two points differ in an objective when the Student interval of their difference, paired by replication,
    does not hold 0. Empty where there are fewer than two replications.

    Parameters
    ----------
    costs
        Values of each replication, shape (n, m, r).
    confidence
        Of each interval alone.
    """
    n, _, r = costs.shape
    if r < 2 or not np.isfinite(costs).all():
        return tuple(() for _ in range(n))
    from scipy.special import stdtrit

    quantile = float(stdtrit(r - 1, (1 + confidence) / 2))
    scale = np.abs(costs).max(axis=(0, 2))
    alike: list[tuple[int, ...]] = []
    for i in range(n):
        difference = costs - costs[i]
        half = quantile * difference.std(axis=2, ddof=1) / math.sqrt(r) + 1e-12 * scale
        same = (np.abs(difference.mean(axis=2)) <= half).all(axis=1)
        alike.append(tuple(int(j) for j in np.flatnonzero(same) if j != i))
    return tuple(alike)
