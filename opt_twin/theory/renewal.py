"""What stops cost on average: availability, and the mean time of a cycle with its failures.

Times are in one unit, seconds unless stated otherwise.
"""

from __future__ import annotations

import math

from opt_twin.errors import OptionError
from opt_twin.line import Deterministic, Empirical, Erlang, Exponential, Sampled

__all__ = ["availability", "completion_time", "cycles_to_failure", "restart_time"]


def availability(time_to_failure: float, time_to_repair: float) -> float:
    """Return the long-run share of the time that a machine is up: F / (F + R), for any distributions.

    Parameters
    ----------
    time_to_failure, time_to_repair
        Means, the first above 0, the second 0 or more.

    Raises
    ------
    OptionError
        If a time is out of its range.

    References
    ----------
    Barlow and Proschan (1975), Statistical theory of reliability and life testing (alternating renewal
    process).

    Examples
    --------
    >>> availability(90.0, 10.0)
    0.9
    """
    _check(time_to_failure, time_to_repair)
    return time_to_failure / (time_to_failure + time_to_repair)


def completion_time(work: float, time_to_failure: float, time_to_repair: float) -> float:
    """Return the mean time for `work` when failures interrupt it and it goes on where it stopped.

    It is w (1 + R / F): over a long time a failure comes after each F of working time, whatever the
    distributions.

    Raises
    ------
    OptionError
        If a time is out of its range.

    References
    ----------
    Gaver (1962), A waiting line with interrupted service, Journal of the Royal Statistical Society B 24.

    Examples
    --------
    >>> completion_time(0.36, 7200.0, 900.0)
    0.405
    """
    if not (work >= 0 and math.isfinite(work)):
        raise OptionError(f"work must be finite and 0 or more, got {work}")
    return work / availability(time_to_failure, time_to_repair)


def restart_time(work: float, time_to_failure: float, time_to_repair: float) -> float:
    """Return the mean time for `work` when it starts again from nothing after each failure.

    With exponential times to failure it is (F + R) (exp(w / F) - 1); the work to do is the same in each
    attempt.

    Raises
    ------
    OptionError
        If a time is out of its range, or the work is so long beside the time to failure that it would
        practically never be done.

    References
    ----------
    Gaver (1962), pre-emptive repeat identical.

    Examples
    --------
    >>> round(restart_time(1.0, 10.0, 2.0), 6)
    1.262051
    """
    if not (work >= 0 and math.isfinite(work)):
        raise OptionError(f"work must be finite and 0 or more, got {work}")
    _check(time_to_failure, time_to_repair)
    if work / time_to_failure > 100:
        raise OptionError(
            f"work of {work:g} that starts again after each failure is practically never done with a mean "
            f"time to failure of {time_to_failure:g}"
        )
    return (time_to_failure + time_to_repair) * math.expm1(work / time_to_failure)


def cycles_to_failure(distribution: Sampled) -> float:
    """Return the mean number of cycles to a failure that counts cycles: that of the draws rounded up.

    Exact for deterministic, exponential and empirical distributions and for Erlang of one phase. For others
    half a cycle stands for the rounding, which is right when they are spread over many cycles.

    Parameters
    ----------
    distribution
        Of the count before rounding up to a whole number of at least 1.

    Examples
    --------
    >>> from opt_twin.line import Deterministic
    >>> cycles_to_failure(Deterministic(value=99.2))
    100.0
    """
    if isinstance(distribution, Deterministic):
        return max(1.0, float(math.ceil(distribution.value)))
    if isinstance(distribution, Exponential) or (
        isinstance(distribution, Erlang) and distribution.phases == 1
    ):
        return -1 / math.expm1(-1 / distribution.mean)
    if isinstance(distribution, Empirical):
        weights = distribution.weights or (1.0,) * len(distribution.values)
        rounded = (max(1.0, float(math.ceil(value))) for value in distribution.values)
        return math.fsum(w * value for w, value in zip(weights, rounded, strict=True)) / math.fsum(weights)
    return max(1.0, distribution.mean + 0.5)


def _check(time_to_failure: float, time_to_repair: float) -> None:
    if not (time_to_failure > 0 and math.isfinite(time_to_failure)):
        raise OptionError(f"the time to failure must be finite and above 0, got {time_to_failure}")
    if not (time_to_repair >= 0 and math.isfinite(time_to_repair)):
        raise OptionError(f"the time to repair must be finite and 0 or more, got {time_to_repair}")
