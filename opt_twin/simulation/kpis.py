"""The measures of a run: what changed between the end of the warm-up and the end."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import numpy.typing as npt

from opt_twin.errors import SimulationError
from opt_twin.line import Conveyor, Line, Station, Stock

if TYPE_CHECKING:
    from opt_twin.simulation.build import Floor
    from opt_twin.simulation.orders import OrderBook

__all__ = ["COSTS", "Totals", "measure_units", "measures"]

Floats = npt.NDArray[np.float64]

_QUANTILES = {"lead_time_p50": 50, "lead_time_p90": 90, "lead_time_p99": 99}

_LEDGER = (
    "good",
    "defective",
    "released",
    "left",
    "scrapped",
    "lead",
    "revenue",
    "material",
    "scrap_cost",
)

COSTS = {
    "labour_cost": True,
    "energy_cost": True,
    "cycle_cost": True,
    "tool_cost": True,
    "inspection_cost": True,
    "stock_cost": False,
}
"""What may cost money by what happens, and whether it is part of the conversion cost."""


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
    costs
        Measure of COSTS -> money spent; only what something in the line can cost.
    leads
        How many lead times the ledger holds.
    """

    STATE: ClassVar[tuple[str, ...]] = ("time", "ledger", "inside", "accounts", "costs", "leads")

    time: float
    ledger: dict[str, float]
    inside: float
    accounts: dict[str, tuple[float, float]]
    costs: dict[str, float]
    leads: int

    @classmethod
    def of(cls, floor: Floor, now: float) -> Totals:
        """Return the accounts as they stand."""
        ledger = floor.ledger
        costs: dict[str, float] = {}
        for payer in floor.payers:
            for name, money in payer.costs(now):
                costs[name] = costs.get(name, 0.0) + money
        return cls(
            time=now,
            ledger={name: float(getattr(ledger, name)) for name in _LEDGER},
            inside=ledger.inside * now + ledger.moment,
            accounts={name: (value, divisor) for name, value, divisor in floor.accounts(now)},
            costs=costs,
            leads=len(ledger.leads),
        )


def measures(
    line: Line, before: Totals, after: Totals, *, leads: Floats, book: OrderBook | None
) -> dict[str, float]:
    """Return every measure over the time between two accounts.

    Parameters
    ----------
    line, before, after
        What was run, and its accounts.
    leads
        Seconds that each unit which left between them had spent in the line.
    book
        The orders; None where none are released.

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
    spent = {name: after.costs[name] - before.costs[name] for name in COSTS if name in after.costs}
    conversion = cost_per_hour(line) * hours + sum(spent[name] for name in spent if COSTS[name])
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
        **lead_time_quantiles(leads),
        "revenue": gained["revenue"],
        "material_cost": gained["material"],
        "conversion_cost": conversion,
    }
    values |= spent
    if any(product.scrap_cost for product in line.products):
        values["scrap_cost"] = gained["scrap_cost"]
    values["margin"] = values["revenue"] - values["material_cost"] - conversion
    values["margin"] -= gained["scrap_cost"] + sum(spent[name] for name in spent if not COSTS[name])
    for name, (value, divisor) in after.accounts.items():
        gain = value - before.accounts[name][0]
        values[name] = gain / (divisor * seconds) if divisor else gain
    for element in line.elements:
        if isinstance(element, Stock):
            filled, demand = values[f"{element.name}.filled"], values[f"{element.name}.demand"]
            values[f"{element.name}.fill_rate"] = filled / demand if demand else float("nan")
    if book is not None:
        values |= _order_measures(book, after.time)
    return values


def cost_per_hour(line: Line) -> float:
    """Return what an hour of the run costs, whatever happens in it."""
    machines = sum(s.servers * s.cost_per_hour for s in line.stations)
    carriers = sum(fleet.number * fleet.cost_per_hour for fleet in line.fleets)
    carriers += sum(element.cost_per_hour for element in line.elements if isinstance(element, Conveyor))
    return line.economics.cost_per_hour + machines + carriers


def lead_time_quantiles(leads: Floats) -> dict[str, float]:
    """Return the order statistics of the lead times: the least one that a share of them does not exceed."""
    count = len(leads)
    if not count:
        return dict.fromkeys(_QUANTILES, float("nan"))
    places = {name: max(0, -(-percent * count // 100) - 1) for name, percent in _QUANTILES.items()}
    ordered = np.partition(leads, sorted(set(places.values())))
    return {name: float(ordered[place]) for name, place in places.items()}


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
        **dict.fromkeys(_QUANTILES, "s"),
        "energy": "kWh",
        "scrap_cost": money,
        **dict.fromkeys(COSTS, money),
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
    endings = dict.fromkeys((".parts", ".level", ".backorders", ".demand", ".filled", ".lost"), "parts")
    endings |= {".completion": "s", ".energy": "kWh"}
    units = {}
    for name in names:
        unit = fixed.get(name) or endings.get(name[name.rfind(".") :] if "." in name else "")
        if unit:
            units[name] = unit
    return units
