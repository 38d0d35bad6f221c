"""Where the time of the stations goes, in minutes, parts and money."""

from __future__ import annotations

import math

from opt_twin.line import Line
from opt_twin.records import Record, record
from opt_twin.results import STATES, Evaluation
from opt_twin.theory import effective_cycle_time, traffic

__all__ = ["StationLoss", "losses"]

_LOST = tuple(state for state in STATES if state not in {"busy", "off_shift"})


@record
class StationLoss(Record):
    """Time that a station lost in one state.

    Attributes
    ----------
    station, state
        Where, and to what.
    minutes
        Machine minutes per run, over all servers, warm-up left out.
    share
        Of the time of its servers.
    parts
        Good parts at the end of the line that the station could have made in that time at its plain cycle
        time. At the bottleneck they are lost; elsewhere they are slack.
    money
        What these parts would have brought: price less material.
    """

    station: str
    state: str
    minutes: float
    share: float
    parts: float
    money: float

    @property
    def hours(self) -> float:
        """Machine hours per run."""
        return self.minutes / 60


def losses(line: Line, evaluation: Evaluation) -> tuple[StationLoss, ...]:
    """Return what each station lost to set-ups, starving, blocking, failures and micro-stops.

    Parameters
    ----------
    line
        The line that was evaluated.
    evaluation
        Its measures; means over the replications are used.

    Returns
    -------
    tuple of StationLoss
        By station in the order of the line, within each the largest first; states that took no time are
        left out.

    Raises
    ------
    UnknownNameError
        If the evaluation lacks the states of a station.
    """
    flow = traffic(line)
    seconds = evaluation.horizon - evaluation.warm_up
    worth = _worth(line)
    found = []
    for station in line.stations:
        plain = station.replace(failures=(), micro_stops=(), setup_times={}, maintenance=(), tool=None)
        cycle = effective_cycle_time(plain, flow.products[station.name])
        cycles_per_good = flow.cycles[station.name] / flow.good_parts if flow.good_parts else 0
        own = []
        for state in _LOST:
            share = evaluation.mean(f"{station.name}.{state}")
            lost = share * seconds * station.servers
            if lost > 0:
                parts = lost / (cycle * cycles_per_good) if cycle * cycles_per_good else 0.0
                own.append(
                    StationLoss(
                        station=station.name,
                        state=state,
                        minutes=lost / 60,
                        share=share,
                        parts=parts,
                        money=parts * worth,
                    )
                )
        found += sorted(own, key=lambda loss: -loss.minutes)
    return tuple(found)


def _worth(line: Line) -> float:
    """Return price less material for one good part at the end of the line, over the products it makes."""
    flow = traffic(line)
    if not flow.good_parts:
        return 0.0
    products = {product.name: product for product in line.products}
    price = _mean(line, {name: product.price for name, product in products.items()}, sinks=True)
    material = _mean(line, {name: product.material_cost for name, product in products.items()}, sinks=False)
    return price - material / flow.good_parts


def _mean(line: Line, amounts: dict[str, float], *, sinks: bool) -> float:
    """Return the mean of an amount per product over the parts at the sinks or at the sources."""
    flow = traffic(line)
    ends = [element.name for element in (line.ends if sinks else line.sources)]
    whole = math.fsum(flow.visits[name] for name in ends)
    return math.fsum(
        flow.visits[name] * share * amounts[product] / whole
        for name in ends
        for product, share in flow.products[name].items()
    )
