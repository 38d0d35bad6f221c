"""From times with decimals to whole ticks: exact where the tick may be chosen, rounded where it is given."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from opt_twin.errors import OptionError
from opt_twin.scheduling.from_line import RoundingLoss
from opt_twin.timebase import SECONDS_PER

__all__ = ["Clock", "exact", "seconds_in"]

_TIME = re.compile(r"([-+]?[0-9]{1,15}(?:\.[0-9]{0,9})?|[-+]?\.[0-9]{1,9})\s*([A-Za-z]*)", re.ASCII)
_DECIMALS = 9


def seconds_in(text: str) -> Fraction | None:
    """Return a time in seconds, exactly: ``2.5``, ``15 min``; None where `text` is no time.

    Examples
    --------
    >>> seconds_in("2.5 min")
    Fraction(150, 1)
    """
    match = _TIME.fullmatch(text.strip())
    if match is None or (match[2] and match[2] not in SECONDS_PER):
        return None
    unit = Fraction(str(SECONDS_PER[match[2]])) if match[2] else Fraction(1)
    return Fraction(match[1]) * unit


def exact(value: Decimal | int) -> Fraction | None:
    """Return a number of a JSON file exactly; None where it has more digits than a time can have."""
    if isinstance(value, Decimal):
        if not value.is_finite() or not -_DECIMALS <= value.normalize().as_tuple().exponent <= 18:  # type: ignore[operator]  # it is finite
            return None
        return Fraction(value) if abs(value) < 10**18 else None
    return Fraction(value)


class Clock:
    """Counts times in ticks, and remembers what rounding has changed.

    Parameters
    ----------
    times
        All times, for the choice of the tick.
    tick
        Seconds in one tick; when None, the longest of 1, 1/2, 1/3, ... units that counts all times exactly.
    unit
        Seconds in one unit of the times.

    Raises
    ------
    OptionError
        If the tick is not above 0 and finite.

    Examples
    --------
    >>> clock = Clock([Fraction(5, 2), Fraction(3)])
    >>> clock.tick, clock.ticks(Fraction(5, 2))
    (Fraction(1, 2), 5)
    """

    def __init__(
        self, times: Iterable[Fraction], tick: float | None = None, unit: Fraction = Fraction(1)
    ) -> None:
        self._unit = unit
        if tick is None:
            self.tick = unit / math.lcm(*(time.denominator for time in times))
        elif not 0 < tick < math.inf:
            raise OptionError(f"a tick must be longer than 0 s, got {tick}")
        else:
            self.tick = Fraction(str(tick))
        self._exact = self._rounded = Fraction(0)
        self._worst: tuple[Fraction, str] = (Fraction(0), "")

    def ticks(self, time: Fraction, rounding: Literal["up", "down"] = "up") -> int:
        """Return `time` in ticks."""
        count = time * self._unit / self.tick
        return math.ceil(count) if rounding == "up" else math.floor(count)

    def duration(self, time: Fraction, label: str) -> int:
        """Return a duration in ticks, rounded up; `label` names it in the report."""
        ticks, seconds = self.ticks(time), time * self._unit
        self._exact += seconds
        self._rounded += ticks * self.tick
        if time and (share := (ticks * self.tick - seconds) / seconds) > self._worst[0]:
            self._worst = share, label
        return ticks

    def loss(self) -> RoundingLoss:
        """Return what rounding has added to the durations."""
        added = self._rounded - self._exact
        return RoundingLoss(
            seconds=float(added),
            share=float(added / self._exact) if self._exact else 0.0,
            worst=self._worst[1],
            worst_share=float(self._worst[0]),
        )

    def note(self) -> str:
        """Return the tick, and the loss where there is any, in one sentence."""
        loss = self.loss()
        text = f"a tick lasts {float(self.tick):.10g} s"
        if not loss.seconds:
            return f"{text}; all durations are exact"
        return (
            f"{text}; rounding up adds {loss.seconds:.6g} s to the durations ({100 * loss.share:.2g} %), "
            f"most at {loss.worst} ({100 * loss.worst_share:.2g} %)"
        )
