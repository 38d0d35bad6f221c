"""What the line costs as a whole. Costs of stations and prices of products stand with those."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from opt_twin.line.units import DAY, ClockTime
from opt_twin.records import Record, record

__all__ = ["Economics", "Money", "TariffPeriod"]

Money = Annotated[float, Field(ge=0)]
"""An amount of money of 0 or more, in the line's currency."""


@record
class TariffPeriod(Record):
    """The price of energy from a time of day on.

    Attributes
    ----------
    start
        Time of day.
    price
        Money per kilowatt hour until the next period starts; the last one lasts over midnight.
    """

    start: ClockTime
    price: Money


@record
class Economics(Record):
    """Costs that no single station or product carries.

    Attributes
    ----------
    currency
        ISO 4217 code.
    cost_per_hour
        Overhead of the line per hour of the run, beside the machine hours of its stations.
    energy_price
        Money per kilowatt hour, where no tariff is given.
    tariff
        Prices by time of day, ascending; empty for one price.

    Raises
    ------
    ModelError
        If the tariff is not ascending, or a period starts at 24:00.
    """

    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] = "EUR"
    cost_per_hour: Money = 0.0
    energy_price: Money = 0.0
    tariff: tuple[TariffPeriod, ...] = ()

    def __post_init__(self) -> None:
        starts = [period.start for period in self.tariff]
        if starts != sorted(set(starts)):
            raise ValueError("the periods of the tariff must be ascending in their start")
        if starts and starts[-1] >= DAY:
            raise ValueError("a period of the tariff starts before 24:00; write 00:00 for midnight")
        if self.tariff and self.energy_price:
            raise ValueError("tariff and energy_price each say what energy costs; keep one")
