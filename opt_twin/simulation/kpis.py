"""The measures of a run: what changed between the end of the warm-up and the end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from opt_twin.errors import SimulationError
from opt_twin.line import Line
from opt_twin.results import STATES

if TYPE_CHECKING:
    from opt_twin.simulation.engine import Engine
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


@dataclass(frozen=True, slots=True)
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
    states
        Station -> seconds of its servers in each state.
    cycles
        Station -> finished cycles.
    levels
        Buffer -> integral of the parts in it over time.
    """

    time: float
    ledger: dict[str, float]
    inside: float
    states: dict[str, tuple[float, ...]]
    cycles: dict[str, int]
    levels: dict[str, float]

    @classmethod
    def of(cls, engine: Engine, now: float) -> Totals:
        """Return the accounts as they stand."""
        ledger = engine.ledger
        return cls(
            time=now,
            ledger={name: float(getattr(ledger, name)) for name in _LEDGER},
            inside=ledger.inside * now + ledger.moment,
            states={
                name: tuple(
                    sum(times)
                    for times in zip(*(server.state_times(now) for server in node.servers), strict=True)
                )
                for name, node in engine.stations.items()
            },
            cycles={name: node.cycles for name, node in engine.stations.items()},
            levels={name: len(node.parts) * now + node.moment for name, node in engine.buffers.items()},
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
    per_hour = line.economics.cost_per_hour + sum(s.servers * s.cost_per_hour for s in line.stations)
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
    for station in line.stations:
        name = station.name
        whole = seconds * station.servers
        for index, state in enumerate(STATES):
            values[f"{name}.{state}"] = (after.states[name][index] - before.states[name][index]) / whole
        values[f"{name}.parts"] = float(after.cycles[name] - before.cycles[name])
    for buffer in line.buffers:
        values[f"{buffer.name}.level"] = (after.levels[buffer.name] - before.levels[buffer.name]) / seconds
    if book is not None:
        values |= _order_measures(book)
    return values


def _order_measures(book: OrderBook) -> dict[str, float]:
    late = [
        0.0 if order.due is None else max(0.0, book.completion[order.name] - order.due)
        for order in book.sequence
    ]
    values = {
        "makespan": max(book.completion.values()),
        "total_tardiness": sum(late),
        "maximum_tardiness": max(late),
        "orders_on_time": sum(tardiness == 0 for tardiness in late) / len(late),
    }
    return values | {f"order.{name}.completion": time for name, time in sorted(book.completion.items())}


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
    endings = {".parts": "cycles", ".level": "parts", ".completion": "s"}
    units = {}
    for name in names:
        unit = fixed.get(name) or endings.get(name[name.rfind(".") :] if "." in name else "")
        if unit:
            units[name] = unit
    return units
