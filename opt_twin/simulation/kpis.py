"""The measures of a run: what changed between the end of the warm-up and the end."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from opt_twin.errors import SimulationError
from opt_twin.line import Conveyor, Line, Station

if TYPE_CHECKING:
    from opt_twin.simulation.build import Floor
    from opt_twin.simulation.orders import OrderBook

__all__ = ["Totals", "measure_units", "measures"]

_LEDGER = (
    "good",
    "defective",
    "released",
    "left",
    "scrapped",
    "lead",
    "revenue",
    "material",
)


@dataclass(slots=True)
class Totals:
    """The accounts of a run at one moment.

    Attributes
    ----------
    time
        Seconds.
    ledger
        The counts of :class:`opt_twin.simulation.ledger.Ledger`, by name.
    inside
        Integral of the units in the line over time.
    accounts
        Measure -> what it has come to, and by what times the seconds measured it is divided.
    """

    STATE: ClassVar[tuple[str, ...]] = ("time", "ledger", "inside", "accounts")

    time: float
    ledger: dict[str, float]
    inside: float
    accounts: dict[str, tuple[float, float]]

    @classmethod
    def of(cls, floor: Floor, now: float) -> Totals:
        """Return the accounts as they stand."""
        ledger = floor.ledger
        return cls(
            time=now,
            ledger={name: float(getattr(ledger, name)) for name in _LEDGER},
            inside=ledger.inside * now + ledger.moment,
            accounts={
                name: (value, divisor)
                for accountable in floor.accountable()
                for name, value, divisor in accountable.accounts(now)
            },
        )


def measures(line: Line, before: Totals, after: Totals, book: OrderBook | None) -> dict[str, float]:
    """Return every measure over the time between two accounts.

    Raises
    ------
    SimulationError
        If no time lies between them.
    """
    seconds = after.time - before.time
    if not seconds > 0:
        raise SimulationError("the run took no time; give the stations cycle times above 0")
    hours = seconds / 3600
    gained = {name: after.ledger[name] - before.ledger[name] for name in _LEDGER}
    per_hour = _cost_per_hour(line)
    values = {
        "throughput": (gained["good"] + gained["defective"]) / hours,
        "good_throughput": gained["good"] / hours,
        "parts_out": gained["good"] + gained["defective"],
        "good_parts": gained["good"],
        "defective_parts": gained["defective"],
        "scrapped": gained["scrapped"],
        "released": gained["released"],
        "wip": (after.inside - before.inside) / seconds,
        "lead_time": gained["lead"] / gained["left"] if gained["left"] else float("nan"),
        "revenue": gained["revenue"],
        "material_cost": gained["material"],
        "conversion_cost": per_hour * hours,
    }
    values["margin"] = values["revenue"] - values["material_cost"] - values["conversion_cost"]
    for name, (value, divisor) in after.accounts.items():
        gain = value - before.accounts[name][0]
        values[name] = gain / (divisor * seconds) if divisor else gain
    if book is not None:
        values |= _order_measures(book, after.time)
    return values


def _cost_per_hour(line: Line) -> float:
    """Return what an hour of the run costs, worked or not."""
    return (
        line.economics.cost_per_hour
        + sum(s.servers * s.cost_per_hour for s in line.stations)
        + sum(element.cost_per_hour for element in line.elements if isinstance(element, Conveyor))
        + sum(fleet.number * fleet.cost_per_hour for fleet in line.fleets)
    )


def _order_measures(book: OrderBook, end: float) -> dict[str, float]:
    """Return the measures of orders; one that is open at `end` is as late as it is then, and not on time."""
    completion = {order.name: book.completion.get(order.name, math.nan) for order in book.sequence}
    late = [
        0.0 if order.due is None else max(0.0, book.completion.get(order.name, end) - order.due)
        for order in book.sequence
    ]
    on_time = [
        tardiness == 0 and order.name in book.completion
        for order, tardiness in zip(book.sequence, late, strict=True)
    ]
    values = {
        "makespan": math.nan if book.open else max(completion.values()),
        "total_tardiness": sum(late),
        "maximum_tardiness": max(late),
        "orders_on_time": sum(on_time) / len(late),
    }
    return values | {f"order.{name}.completion": time for name, time in sorted(completion.items())}


def measure_units(line: Line, names: list[str]) -> dict[str, str]:
    """Return measure -> its unit, for those of `names` that have one; shares have none."""
    money = line.economics.currency
    fixed = {
        "throughput": "parts/h",
        "good_throughput": "parts/h",
        "parts_out": "parts",
        "good_parts": "parts",
        "defective_parts": "parts",
        "scrapped": "released parts",
        "released": "released parts",
        "wip": "released parts",
        "lead_time": "s",
        "revenue": money,
        "material_cost": money,
        "conversion_cost": money,
        "margin": money,
        "makespan": "s",
        "total_tardiness": "s",
        "maximum_tardiness": "s",
    }
    fixed |= {f"{element.name}.parts": "cycles" for element in line.elements if isinstance(element, Station)}
    for pallets in line.pallets:
        fixed |= {f"{pallets.name}.{state}": "pallets" for state in ("free", "in_use", "returning")}
    for fleet in line.fleets:
        fixed |= {f"{fleet.name}.trips": "trips", f"{fleet.name}.distance": "m"}
    endings = {".parts": "parts", ".level": "parts", ".completion": "s"}
    units = {}
    for name in names:
        unit = fixed.get(name) or endings.get(name[name.rfind(".") :] if "." in name else "")
        if unit:
            units[name] = unit
    return units
