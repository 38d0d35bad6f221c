"""Between float seconds and integer ticks, and between seconds and what people write.

The simulator counts float seconds, CP-SAT and MILP count integer ticks. This module alone converts.
"""

from __future__ import annotations

import math
import re
from typing import Literal

from opt_twin.errors import OptionError, UnitError
from opt_twin.records import Record, record

__all__ = ["SECONDS_PER", "Rounding", "TimeBase", "format_duration", "parse_duration"]

Rounding = Literal["nearest", "up", "down"]

SECONDS_PER: dict[str, float] = {
    "ms": 0.001,
    "s": 1.0,
    "sec": 1.0,
    "second": 1.0,
    "seconds": 1.0,
    "m": 60.0,
    "min": 60.0,
    "minute": 60.0,
    "minutes": 60.0,
    "h": 3600.0,
    "hour": 3600.0,
    "hours": 3600.0,
    "d": 86400.0,
    "day": 86400.0,
    "days": 86400.0,
    "week": 604800.0,
    "weeks": 604800.0,
}
"""Seconds in one of each unit of time."""

_NUMBER = r"[-+]?(?:\d+(?:[_,]\d{3})*(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?"
_TIME = re.compile(rf"^\s*({_NUMBER})\s*([A-Za-z]*)\s*$")
_RATE = re.compile(rf"^\s*({_NUMBER})\s*(?:/|per)\s*([A-Za-z]+)\s*$")


def _number(text: str) -> float:
    return float(text.replace("_", "").replace(",", ""))


def _unit(name: str, text: str) -> float:
    try:
        return SECONDS_PER[name] if name else 1.0
    except KeyError:
        raise UnitError(
            f"{text!r}: {name!r} is not a unit of time; use ms, s, min, h, d or a rate such as '600/h'"
        ) from None


def parse_duration(value: str | float) -> float:
    """Return a duration in seconds.

    Parameters
    ----------
    value
        A number of seconds, or text: ``"0.36 s"``, ``"15 min"``, ``"2h"``, ``"60"``; also a rate, which gives
        the time of one cycle: ``"10000/h"`` is 0.36 s.

    Raises
    ------
    UnitError
        If the text is not a finite quantity of time.

    Examples
    --------
    >>> parse_duration("15 min")
    900.0
    >>> parse_duration("10000/h")
    0.36
    """
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise UnitError(f"{value!r} is not a time; write a number of seconds or text such as '15 min'")
    if not isinstance(value, str):
        seconds = _finite_float(value)
    elif match := _TIME.match(value):
        seconds = _number(match[1]) * _unit(match[2], value)
    elif match := _RATE.match(value):
        rate = _number(match[1])
        if rate <= 0:
            raise UnitError(f"{value!r}: a rate must be above 0")
        seconds = _unit(match[2], value) / rate
    else:
        raise UnitError(f"{value!r} is not a time; write a number of seconds or text such as '15 min'")
    if not math.isfinite(seconds):
        raise UnitError(f"{value!r} is not a finite time")
    return seconds


def _finite_float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        raise UnitError(f"{str(value)[:20]}... is not a finite time") from None


def format_duration(seconds: float) -> str:
    """Return `seconds` as people write it, in the largest unit that leaves at least one.

    Examples
    --------
    >>> format_duration(5400)
    '1.5 h'
    >>> format_duration(0.36)
    '0.36 s'
    """
    for name, size in (("d", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if abs(seconds) >= size:
            return f"{seconds / size:.4g} {name}"
    return f"{seconds:.4g} s"


@record
class TimeBase(Record):
    """A grid of integer ticks on the axis of float seconds.

    Attributes
    ----------
    tick
        Seconds in one tick, above 0.

    Raises
    ------
    OptionError
        If the tick is not above 0.

    Examples
    --------
    >>> TimeBase(tick=0.5).ticks(1.2)
    2
    """

    tick: float = 1.0

    def __post_init__(self) -> None:
        if not self.tick > 0:
            raise OptionError(f"a tick must be longer than 0 s, got {self.tick}")

    def ticks(self, seconds: float, rounding: Rounding = "nearest") -> int:
        """Return `seconds` in ticks; ``nearest`` rounds halves up, ``up`` and ``down`` forgive 1e-9 ticks.

        Raises
        ------
        OptionError
            If `seconds` is not finite.
        """
        exact = seconds / self.tick
        if not math.isfinite(exact):
            raise OptionError(f"{seconds} s cannot be counted in ticks")
        if rounding == "up":
            return math.ceil(exact - 1e-9)
        if rounding == "down":
            return math.floor(exact + 1e-9)
        return math.floor(exact + 0.5)

    def seconds(self, ticks: int) -> float:
        """Return `ticks` in seconds."""
        return ticks * self.tick

    def loss(self, seconds: float, rounding: Rounding = "nearest") -> float:
        """Return what rounding adds to `seconds`, in seconds (negative when it takes away)."""
        return self.seconds(self.ticks(seconds, rounding)) - seconds
