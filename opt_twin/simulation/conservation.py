"""Checks at the end of every run: nothing is lost, and nothing is faster than it can be."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from opt_twin.errors import ConservationError
from opt_twin.line import Deterministic, Distribution, Empirical, Normal, Station, Triangular, Uniform
from opt_twin.results import BELT_STATES, STATES, VEHICLE_STATES
from opt_twin.simulation.pallets import PalletSource

if TYPE_CHECKING:
    from opt_twin.simulation.build import Floor

__all__ = ["check_run", "shortest"]


def check_run(floor: Floor, end: float) -> None:
    """Check the accounts of a run that has ended at `end`.

    Raises
    ------
    ConservationError
        If units released or created are not those that left, were scrapped or are in the line; if the state
        times of a server, conveyor or vehicle do not add up to the time, to 1e-6 s and a relative 1e-9, or
        one is negative; if a buffer or conveyor holds more than its capacity; if a station or conveyor has
        passed on more than it can; or if pallets are lost.
    """
    _check_units(floor)
    _check_states(floor, end)
    _check_limits(floor, end)
    _check_conveyors(floor, end)
    _check_pallets(floor)


def _check_units(floor: Floor) -> None:
    ledger = floor.ledger
    found = sum(part.units for node in floor.nodes.values() for part in node.contents())
    if ledger.inside != found:
        raise ConservationError(
            f"{ledger.released} units were released, {ledger.created} came about in parts taken apart, "
            f"{ledger.left} left and {ledger.scrapped} were scrapped, so {ledger.inside} must be in the "
            f"line, but {found} are found there"
        )


def _check_states(floor: Floor, end: float) -> None:
    for name, node in floor.stations.items():
        for server in node.servers:
            _check_times(f"station {name!r}", STATES, server.state_times(end), end)
    for name, belt in floor.conveyors.items():
        _check_times(f"conveyor {name!r}", BELT_STATES, belt.state_times(end), end)
    for name, fleet in floor.fleets.items():
        for vehicle in fleet.vehicles:
            _check_times(f"a vehicle of {name!r}", VEHICLE_STATES, vehicle.state_times(end), end)


def _check_times(what: str, states: Sequence[str], times: list[float], end: float) -> None:
    if abs(math.fsum(times) - end) > 1e-6 + 1e-9 * end or min(times) < 0:
        shown = ", ".join(f"{state} {time:g}" for state, time in zip(states, times, strict=True))
        raise ConservationError(f"the state times of {what} do not add up to {end:g} s: {shown}")


def _check_conveyors(floor: Floor, end: float) -> None:
    for name, belt in floor.conveyors.items():
        conveyor = belt.conveyor
        if len(belt.parts) > conveyor.capacity:
            raise ConservationError(
                f"conveyor {name!r} holds {len(belt.parts)} parts in {conveyor.capacity} places"
            )
        most = end * conveyor.speed / conveyor.pitch * (1 + 1e-9) + 1
        if belt.passed > most:
            raise ConservationError(
                f"{belt.passed} parts left conveyor {name!r} in {end:g} s, but no more than {most:g} can"
            )


def _check_pallets(floor: Floor) -> None:
    if not floor.pools:
        return
    carried = Counter(
        pool.pallets.name
        for node in floor.nodes.values()
        for part in node.contents()
        for pool in part.pallets
    )
    held = Counter(
        source.pool.pallets.name
        for source in floor.sources.values()
        if isinstance(source, PalletSource) and source.holds
    )
    for name, pool in floor.pools.items():
        found = pool.free + len(pool.returning) + carried[name] + held[name]
        if found != pool.number:
            raise ConservationError(
                f"there are {pool.number} pallets {name!r}, but {pool.free} are free, {len(pool.returning)} "
                f"come back, {carried[name]} carry parts and {held[name]} wait in sources"
            )


def _check_limits(floor: Floor, end: float) -> None:
    for buffer in floor.line.buffers:
        level = sum(1 for _ in floor.buffers[buffer.name].contents())
        if buffer.capacity is not None and level > buffer.capacity:
            raise ConservationError(f"buffer {buffer.name!r} holds {level} parts in {buffer.capacity} places")
    for name, node in floor.stations.items():
        station = node.station
        least = shortest_cycle(station) * station.speed / node.fastest
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
