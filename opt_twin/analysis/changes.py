"""Small improvements of a line, one at a time: faster stations, shorter stops, larger buffers."""

from __future__ import annotations

import math

from opt_twin.errors import OptionError
from opt_twin.line import (
    Buffer,
    Custom,
    Deterministic,
    Distribution,
    Empirical,
    Erlang,
    Exponential,
    Gamma,
    Line,
    Lognormal,
    Normal,
    Station,
    Triangular,
    Uniform,
    Weibull,
)

__all__ = ["faster", "larger", "larger_capacity", "scaled", "shorter_stops"]


def faster(line: Line, station: Station, step: float) -> Line:
    """Return the line with one station faster by the share `step`."""
    return line.with_value(f"{station.name}.speed", station.speed * (1 + step))


def shorter_stops(line: Line, station: Station, step: float) -> Line:
    """Return the line with the repairs and micro-stops of one station shorter by the share `step`."""
    factor = 1 - step
    return line.with_element(
        station.replace(
            failures=tuple(
                mode.replace(time_to_repair=scaled(mode.time_to_repair, factor)) for mode in station.failures
            ),
            micro_stops=tuple(
                stop.replace(duration=scaled(stop.duration, factor)) for stop in station.micro_stops
            ),
        )
    )


def larger(line: Line, buffer: Buffer, step: float) -> Line:
    """Return the line with one buffer larger by the share `step`, see :func:`larger_capacity`."""
    assert buffer.capacity is not None
    return line.with_value(f"{buffer.name}.capacity", larger_capacity(buffer.capacity, step))


def larger_capacity(capacity: int, step: float) -> int:
    """Return a capacity raised by the share `step`, rounded up to whole places, at least one.

    Examples
    --------
    >>> larger_capacity(4, 0.1), larger_capacity(30, 0.1), larger_capacity(31, 0.1)
    (5, 33, 35)
    """
    more = capacity * step
    return capacity + max(1, math.ceil(more - 1e-9 * more))  # 0.1 x 30 is a little above 3


def scaled(distribution: Distribution, factor: float) -> Distribution:
    """Return the distribution of `factor` times the variable; its draws are `factor` times as long."""
    match distribution:
        case Deterministic():
            return distribution.replace(value=factor * distribution.value)
        case Exponential() | Lognormal() | Erlang():
            return distribution.replace(mean=factor * distribution.mean)
        case Gamma() | Weibull():
            return distribution.replace(scale=factor * distribution.scale)
        case Uniform():
            return distribution.replace(low=factor * distribution.low, high=factor * distribution.high)
        case Triangular():
            return distribution.replace(
                low=factor * distribution.low,
                mode=factor * distribution.mode,
                high=factor * distribution.high,
            )
        case Normal():
            return distribution.replace(
                location=factor * distribution.location,
                sd=factor * distribution.sd,
                low=factor * distribution.low,
            )
        case Custom():
            raise OptionError(
                f"the times of {distribution.path!r} cannot be made shorter; leave out downtimes, or "
                "write them as a built-in distribution"
            )
        case Empirical():
            return distribution.replace(values=tuple(factor * value for value in distribution.values))
