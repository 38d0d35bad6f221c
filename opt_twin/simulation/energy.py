"""Energy in a run: what the line draws, and what it costs by the time of day."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, Protocol

from opt_twin.line import Economics
from opt_twin.line.units import DAY
from opt_twin.simulation.calendar import Calendar, Cause

if TYPE_CHECKING:
    from simpy.events import EventPriority

    from opt_twin.simulation.build import Account

__all__ = ["Consumer", "Meter"]


class Consumer(Protocol):
    """An element that draws power."""

    def energy(self, now: float) -> float:
        """Return the kilowatt hours drawn until now."""


class Meter:
    """The energy that the elements of a line draw, priced at each change of the tariff.

    Parameters
    ----------
    consumers
        Name -> what draws power.
    economics
        The tariff, or the one price.
    clock_start
        Seconds from Monday 00:00 to the start of the run.
    calendar, priority
        Where the changes of the tariff stand, and in which order.

    Attributes
    ----------
    read, paid
        Kilowatt hours until the tariff last changed, and their cost.
    day, period
        The midnight, counted from the Monday before the start, and the number of the period in force.
    """

    STATE: ClassVar[tuple[str, ...]] = ("day", "paid", "period", "read")
    CAUSES: ClassVar[tuple[str, ...]] = ("_turn",)
    __slots__ = (
        *STATE,
        *CAUSES,
        "_calendar",
        "_clock_start",
        "_consumers",
        "_prices",
        "_priority",
        "_starts",
    )

    def __init__(
        self,
        consumers: dict[str, Consumer],
        economics: Economics,
        *,
        clock_start: float,
        calendar: Calendar,
        priority: EventPriority,
    ) -> None:
        self._consumers = consumers
        self._clock_start = clock_start
        self._calendar = calendar
        self._priority = priority
        self._starts = [period.start for period in economics.tariff] or [0.0]
        self._prices = [period.price for period in economics.tariff] or [economics.energy_price]
        self._turn = Cause(calendar, self._change)
        self.read = 0.0
        self.paid = 0.0
        self.day = int(clock_start // DAY)
        self.period = sum(start <= clock_start % DAY for start in self._starts) - 1
        if self.period < 0:
            self.day, self.period = self.day - 1, len(self._starts) - 1

    def start(self) -> None:
        """Put the first change of the tariff into the calendar."""
        if len(self._starts) > 1:
            self._schedule(0.0)

    def energy(self, now: float) -> float:
        """Return the kilowatt hours drawn until now."""
        return sum(consumer.energy(now) for consumer in self._consumers.values())

    def accounts(self, now: float) -> Iterator[Account]:
        """Yield the kilowatt hours of the line and of each consumer."""
        yield "energy", self.energy(now), 0
        for name, consumer in self._consumers.items():
            yield f"{name}.energy", consumer.energy(now), 0

    def costs(self, now: float) -> Iterator[tuple[str, float]]:
        """Yield what the energy has cost."""
        yield "energy_cost", self.paid + (self.energy(now) - self.read) * self._prices[self.period]

    def _change(self, now: float) -> None:
        """Price what was drawn under the tariff that ends."""
        read = self.energy(now)
        self.paid += (read - self.read) * self._prices[self.period]
        self.read = read
        self.day, self.period = self._following()
        self._schedule(now)

    def _following(self) -> tuple[int, int]:
        """Return the day and the number of the next period."""
        last = self.period == len(self._starts) - 1
        return (self.day + 1, 0) if last else (self.day, self.period + 1)

    def _schedule(self, now: float) -> None:
        day, period = self._following()
        self._calendar.schedule(
            self._turn, self._priority, day * DAY + self._starts[period] - self._clock_start - now
        )
