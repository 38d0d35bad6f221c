"""Numbers for people: rounded to what they are worth, with their unit."""

from __future__ import annotations

import math

from opt_twin.timebase import SECONDS_PER

DASH = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"

__all__ = ["TimeScale", "estimate_text", "measure_scale", "number_text", "percent"]


def number_text(value: float, digits: int = 3) -> str:
    """Return `value` with `digits` significant digits, thousands separated.

    There is no exponent from 1e-4 to 1e12.

    Examples
    --------
    >>> number_text(0.123456), number_text(51891.9), number_text(8.0)
    ('0.123', '51,892', '8')
    """
    if not math.isfinite(value):
        return DASH
    if value == 0:
        return "0"
    size = math.floor(math.log10(abs(value)))
    if not -5 < size < 12:
        return f"{value:.{digits - 1}e}".replace("e+", "e")
    decimals = max(0, digits - 1 - size)
    text = f"{value:,.{decimals}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text.replace("-", MINUS)


def percent(share: float, decimals: int = 0) -> str:
    """Return a share as a percentage; what is above 0 but rounds to it is shown as ``< 1 %``.

    Examples
    --------
    >>> percent(0.824), percent(0.001), percent(0.0)
    ('82 %', '< 1 %', '0 %')
    """
    if not math.isfinite(share):
        return DASH
    smallest = 10.0**-decimals
    if 0 < share * 100 < smallest / 2:
        return f"< {smallest:.{decimals}f} %"
    text = f"{share * 100:.{decimals}f}".replace("-", MINUS)
    return f"{text} %"


def estimate_text(mean: float, half_width: float | None, *, factor: float = 1.0) -> str:
    """Return a mean and its interval, both divided by `factor` and rounded to two digits of the half width.

    Examples
    --------
    >>> estimate_text(8.8354, 0.1234), estimate_text(70.71, None)
    ('8.84 ± 0.12', '70.7')
    """
    mean = mean / factor
    if not math.isfinite(mean) or half_width is None or not math.isfinite(half_width):
        return number_text(mean)
    half_width = half_width / factor
    if half_width < 1e-9 * max(abs(mean), 1e-300):
        return f"{number_text(mean, 4)} ± 0"
    decimals = 1 - math.floor(math.log10(half_width))
    if decimals > 6 or abs(mean) >= 1e12:
        return f"{number_text(mean, 4)} ± {number_text(half_width, 2)}"
    rounded = round(mean, decimals) + 0.0
    shown = max(0, decimals)
    text = f"{rounded:,.{shown}f} ± {round(half_width, decimals):,.{shown}f}"
    return text.replace("-", MINUS)


class TimeScale:
    """How times are written: a number of ticks, or seconds, minutes, hours, days.

    Parameters
    ----------
    unit
        ``ticks``, ``s``, ``min``, ``h`` or ``d``.
    tick
        Seconds in one tick.
    """

    __slots__ = ("_per_unit", "tick", "unit")

    def __init__(self, unit: str, tick: float = 1.0) -> None:
        self.unit = unit
        self.tick = tick
        self._per_unit = 1.0 if unit == "ticks" else tick / SECONDS_PER[unit]

    @classmethod
    def suited(cls, seconds: float, tick: float = 1.0) -> TimeScale:
        """Return the scale in which `seconds` is a number from about 2 to 200."""
        for unit, least in (("d", 5 * 86400.0), ("h", 2 * 3600.0), ("min", 300.0)):
            if seconds >= least:
                return cls(unit, tick)
        return cls("s", tick)

    def value(self, ticks: float) -> float:
        """Return a number of ticks in the unit of the scale."""
        return ticks * self._per_unit

    def ticks(self, value: float) -> float:
        """Return the number of ticks in `value` units."""
        return value / self._per_unit

    def text(self, ticks: float, digits: int = 4) -> str:
        """Return a number of ticks with the unit."""
        suffix = "" if self.unit == "ticks" else f" {self.unit}"
        return f"{number_text(self.value(ticks), max(digits, 6) if not suffix else digits)}{suffix}"


def measure_scale(unit: str, size: float) -> tuple[str, float]:
    """Return the unit to show and the factor to divide by, for a measure of about `size` in `unit`.

    Shares become percentages, ``1/h`` is written out, and seconds become minutes, hours or days where that
    makes shorter numbers.

    Examples
    --------
    >>> measure_scale("s", 9000.0)
    ('h', 3600.0)
    """
    if unit == "s":
        scale = TimeScale.suited(abs(size)).unit
        return scale, SECONDS_PER[scale]
    if unit in {"share", "1"}:
        return "%", 0.01
    return "per hour" if unit == "1/h" else unit, 1.0
