"""Who works at a line, and when: shifts, operators and repair crews, and what needs them."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from opt_twin.line.economics import Money
from opt_twin.line.units import DAY, ClockTime, Name, PositiveSeconds
from opt_twin.records import Record, record

__all__ = [
    "WEEK",
    "AtShiftEnd",
    "Break",
    "Day",
    "Need",
    "NeedField",
    "Operators",
    "Shift",
    "weekly_windows",
]

WEEK = 7 * DAY

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@record
class Break(Record):
    """A pause in a shift.

    Attributes
    ----------
    start
        Time of day.
    duration
        Seconds.
    """

    start: ClockTime
    duration: PositiveSeconds


@record
class Shift(Record):
    """Hours of work that come back every week.

    Attributes
    ----------
    name
        Unique among the shifts of a line.
    start, end
        Times of day; a shift that ends at or before its start ends on the next day.
    days
        The days of the week on which it starts; all unless given.
    breaks
        Pauses; one that starts before the shift does belongs to the next day.

    Raises
    ------
    ModelError
        If there is no day, or no time of work is left beside the breaks.
    """

    name: Name
    start: ClockTime
    end: ClockTime
    days: tuple[Day, ...] = _DAYS
    breaks: tuple[Break, ...] = ()

    def __post_init__(self) -> None:
        if not self.windows():
            raise ValueError(
                f"shift {self.name!r} never opens: no time of work is left; give it days, or shorter breaks"
            )

    def windows(self) -> tuple[tuple[float, float], ...]:
        """Return when the shift works: (start, end) in seconds from Monday 00:00, ascending."""
        found: list[tuple[float, float]] = []
        length = self.end - self.start if self.end > self.start else self.end - self.start + DAY
        for number, day in enumerate(_DAYS):
            if day not in self.days:
                continue
            begin = number * DAY + self.start
            pauses = sorted(
                (number * DAY + pause.start + (DAY if pause.start < self.start else 0.0), pause.duration)
                for pause in self.breaks
            )
            now = begin
            for start, duration in pauses:
                if start > now:
                    found.append((now, min(start, begin + length)))
                now = max(now, start + duration)
            if begin + length > now:
                found.append((now, begin + length))
        return tuple((start, end) for start, end in found if end > start)


def weekly_windows(shifts: Sequence[Shift]) -> list[tuple[float, float]]:
    """Return when any of `shifts` works, merged, as (start, end) in seconds from Monday 00:00."""
    pieces: list[tuple[float, float]] = []
    for shift in shifts:
        for start, end in shift.windows():
            if start >= WEEK:
                pieces.append((start - WEEK, end - WEEK))
            elif end > WEEK:
                pieces += [(start, WEEK), (0.0, end - WEEK)]
            else:
                pieces.append((start, end))
    found: list[tuple[float, float]] = []
    for start, end in sorted(pieces):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


class AtShiftEnd(StrEnum):
    """What happens at the end of a shift, or at the start of a break, to work that is not done."""

    FINISH = "finish"
    """It is finished first."""
    STOP = "stop"
    """It stops, and goes on with the next shift."""


@record
class Operators(Record):
    """A group of people who can do the same things: operators of machines, a repair crew.

    Attributes
    ----------
    name
        Unique among the groups of a line.
    number
        How many there are.
    skills
        What each of them can do; the name of the group unless given.
    shifts
        Names of the shifts in which they work; always when empty.
    at_shift_end
        Whether they finish the task in hand first.
    cost_per_hour
        Money for each of them and each hour of their shifts.
    """

    name: Name
    number: Annotated[int, Field(ge=1)] = 1
    skills: tuple[Name, ...] = ()
    shifts: tuple[Name, ...] = ()
    at_shift_end: AtShiftEnd = AtShiftEnd.FINISH
    cost_per_hour: Money = 0.0

    @property
    def abilities(self) -> tuple[str, ...]:
        """What each of them can do."""
        return self.skills or (self.name,)


@record
class Need(Record):
    """People that a task takes.

    Attributes
    ----------
    skill
        What they must be able to do.
    number
        How many.
    """

    skill: Name
    number: Annotated[int, Field(ge=1)] = 1


def _need(value: object) -> object:
    return {"skill": value} if isinstance(value, str) else value


NeedField = Annotated[Need, BeforeValidator(_need)]
"""A need that may be written as the skill alone."""
