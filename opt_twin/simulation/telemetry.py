"""The telemetry of a run: every measure that adds up, interval by interval."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from opt_twin.errors import SimulationError
from opt_twin.records import FrozenMapping
from opt_twin.simulation.calendar import Calendar, Cause, Kind

if TYPE_CHECKING:
    from opt_twin.simulation.build import Account, Floor

__all__ = ["Telemetry"]

_LARGEST = 4 << 30
_LARGEST_TEXT = "4 GiB"


class Telemetry:
    """The measures of each interval, noted at its end.

    Parameters
    ----------
    floor
        What is observed.
    interval
        Seconds.
    horizon
        Seconds at which the run ends, at the latest.

    Attributes
    ----------
    before, last
        The accounts when the last interval ended, and when that was.
    columns
        The values of each measure, one for each interval noted, as C floats (float32).

    Raises
    ------
    SimulationError
        If the series would take more than 4 GiB.
    """

    STATE: ClassVar[tuple[str, ...]] = ("before", "columns", "last")
    CAUSES: ClassVar[tuple[str, ...]] = ("_event",)
    __slots__ = (
        *STATE,
        *CAUSES,
        "_calendar",
        "_divisors",
        "_floor",
        "_interval",
        "_intervals",
        "_names",
        "_priority",
    )

    def __init__(self, floor: Floor, interval: float, horizon: float) -> None:
        self._floor = floor
        self._calendar: Calendar = floor.calendar
        self._interval = interval
        self._priority = floor.priorities.of(Kind.OBSERVATION)
        self._event = Cause(floor.calendar, self._note)
        accounts = list(self._accounts(0.0))
        self._names = tuple(name for name, _, _ in accounts)
        self._divisors = np.array([divisor for _, _, divisor in accounts])
        intervals = int(horizon / interval * (1 + 1e-9))
        size = 4 * intervals * len(accounts)
        if size > _LARGEST:
            raise SimulationError(
                f"{len(accounts)} series of {intervals} intervals would take {size / 2**30:.1f} GiB, more "
                f"than {_LARGEST_TEXT}; give a longer interval than {interval:g} s"
            )
        self._intervals = intervals
        self.columns = [array("f") for _ in accounts]
        self.before = [value for _, value, _ in accounts]
        self.last = 0.0

    def start(self) -> None:
        """Put the end of the first interval into the calendar."""
        if self._intervals:
            self._calendar.schedule(self._event, self._priority, self._interval)

    def series(self) -> Mapping[str, npt.NDArray[np.float32]]:
        """Return measure -> its value in each interval, read-only; nothing more can be noted."""
        return FrozenMapping(
            {name: _shut(column) for name, column in zip(self._names, self.columns, strict=True)}
        )

    def _accounts(self, now: float) -> Iterator[Account]:
        floor, ledger = self._floor, self._floor.ledger
        yield "parts_out", float(ledger.good + ledger.defective), 0
        yield "good_parts", float(ledger.good), 0
        yield "scrapped", float(ledger.scrapped), 0
        yield "released", float(ledger.released), 0
        yield "wip", ledger.inside * now + ledger.moment, 1
        yield from floor.accounts(now)

    def _note(self, now: float) -> None:
        values = [value for _, value, _ in self._accounts(now)]
        gains: npt.NDArray[Any] = np.array(values)
        gains -= self.before
        divisors = self._divisors * (now - self.last)
        np.divide(gains, divisors, out=gains, where=divisors > 0)
        for column, gain in zip(self.columns, gains.tolist(), strict=True):
            column.append(gain)
        self.before, self.last = values, now
        if len(self.columns[0]) < self._intervals:
            self._calendar.schedule(self._event, self._priority, self._interval)


def _shut(column: array[float]) -> npt.NDArray[np.float32]:
    """Return the numbers of `column`, which nobody can write to, without a copy."""
    return np.frombuffer(memoryview(column).toreadonly(), np.float32)
