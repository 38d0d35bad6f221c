"""What a part costs."""

from __future__ import annotations

from opt_twin.errors import EvaluationError
from opt_twin.results import Estimate, Evaluation

__all__ = ["unit_cost"]


def unit_cost(evaluation: Evaluation, *, confidence: float = 0.95) -> Estimate:
    """Return the cost of a good part: what material, conversion and scrap cost, over good parts.

    The mean is that of all replications together; the interval is that of a ratio of means by the delta
    method.

    Parameters
    ----------
    evaluation
        With the measures ``material_cost``, ``conversion_cost`` and ``good_parts``, and with ``scrap_cost``
        where scrap costs something. What stocks cost is left out: it is paid for being able to deliver.
    confidence
        Of the interval.

    Returns
    -------
    Estimate
        In the line's currency per good part.

    Raises
    ------
    EvaluationError
        If no good part was made.
    UnknownNameError
        If a measure is missing.

    References
    ----------
    Law (2015), Simulation modeling and analysis, section 9.3 (ratio estimators).
    """
    cost = evaluation["material_cost"] + evaluation["conversion_cost"]
    if "scrap_cost" in evaluation.values:
        cost = cost + evaluation["scrap_cost"]
    good = evaluation["good_parts"]
    if not good.sum() > 0:
        raise EvaluationError("no good part was made, so a part has no cost; run longer")
    ratio = float(cost.sum() / good.sum())
    return Estimate.of(ratio + (cost - ratio * good) / good.mean(), confidence)
