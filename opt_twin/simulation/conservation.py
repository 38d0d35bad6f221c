"""Checks at the end of every run: nothing is lost, and nothing is faster than it can be."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from opt_twin.errors import ConservationError
from opt_twin.line import Deterministic, Distribution, Empirical, Normal, Station, Triangular, Uniform
from opt_twin.results import STATES

if TYPE_CHECKING:
    from opt_twin.simulation.build import Floor

__all__ = ["check_run", "shortest"]


def check_run(floor: Floor, end: float) -> None:
    """Check the accounts of a run that has ended at `end`.

    Raises
    ------
    ConservationError
        If released units are not those that left, were scrapped or are in the line; if the parts in a stock
        are not those that came less those that customers got; if the state times of a server do not add up
        to the time, to 1e-6 s and a relative 1e-9, or one is negative; if a buffer holds
        more than its capacity; or if a station has finished more cycles than its servers can.
    """
    _check_units(floor)
    _check_stocks(floor)
    _check_states(floor, end)
    _check_limits(floor, end)


def _check_units(floor: Floor) -> None:
    ledger = floor.ledger
    found = sum(part.units for node in floor.nodes.values() for part in node.contents())
    if ledger.inside != found:
        raise ConservationError(
            f"{ledger.released} units were released, {ledger.left} left and {ledger.scrapped} were scrapped, "
            f"so {ledger.inside} must be in the line, but {found} are found there"
        )


def _check_stocks(floor: Floor) -> None:
    for name, stock in floor.stocks.items():
        found = len(stock.products)
        if stock.expected != found:
            raise ConservationError(
                f"{stock.expected} parts must lie in stock {name!r} by what came and what customers got, "
                f"but {found} are found there"
            )


def _check_states(floor: Floor, end: float) -> None:
    for name, node in floor.stations.items():
        for server in node.servers:
            times = server.state_times(end)
            if abs(math.fsum(times) - end) > 1e-6 + 1e-9 * end or min(times) < 0:
                shown = ", ".join(f"{state} {time:g}" for state, time in zip(STATES, times, strict=True))
                raise ConservationError(
                    f"the state times of station {name!r} do not add up to {end:g} s: {shown}"
                )


def _check_limits(floor: Floor, end: float) -> None:
    for buffer in floor.line.buffers:
        level = len(floor.buffers[buffer.name].parts)
        if buffer.capacity is not None and level > buffer.capacity:
            raise ConservationError(f"buffer {buffer.name!r} holds {level} parts in {buffer.capacity} places")
    for name, node in floor.stations.items():
        station = node.station
        least = shortest_cycle(station)
        if least > 0 and node.cycles > station.servers * end / least * (1 + 1e-9):
            raise ConservationError(
                f"station {name!r} finished {node.cycles} cycles in {end:g} s, "
                f"but {station.servers} servers need at least {least:g} s for each"
            )


def shortest_cycle(station: Station) -> float:
    """Return the least processing time that a cycle of `station` can have, in seconds."""
    kinds = (station.cycle_time, *station.cycle_time_by_product.values())
    return min(shortest(kind) for kind in kinds) / station.speed


def shortest(distribution: Distribution) -> float:
    """Return the lower end of a distribution."""
    if isinstance(distribution, Deterministic):
        return distribution.value
    if isinstance(distribution, Uniform | Triangular | Normal):
        return distribution.low
    if isinstance(distribution, Empirical):
        return min(distribution.values)
    return 0.0
