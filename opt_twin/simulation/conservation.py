"""Checks at the end of every run: nothing is lost, and nothing is faster than it can be."""

from __future__ import annotations

import math
import sys
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from opt_twin.errors import ConservationError
from opt_twin.line import Deterministic, Distribution, Empirical, Normal, Station, Triangular, Uniform
from opt_twin.results import BELT_STATES, STATES, VEHICLE_STATES
from opt_twin.simulation.pallets import PalletSource

if TYPE_CHECKING:
    from opt_twin.simulation.build import Floor
    from opt_twin.simulation.ledger import Ledger
    from opt_twin.simulation.parts import Part

__all__ = ["check_run", "shortest"]

_BUSY, _BLOCKED = STATES.index("busy"), STATES.index("blocked")


def check_run(floor: Floor, end: float) -> None:
    """Check the accounts of a run that has ended at `end`.

    Raises
    ------
    ConservationError
        If units released or created are not those that left, were scrapped or are in the line; if the state
        times of a server, conveyor or vehicle do not add up to the time, to 1e-6 s and a relative 1e-9, or
        one is negative; if the units in the line, integrated over time, are not the times that they spent
        there (Little's law), or fewer than buffers and working servers held; if a buffer or conveyor holds
        more than its capacity; if a station or conveyor has passed on more than it had time for; or if
        pallets are lost.
    """
    parts = [part for node in floor.nodes.values() for part in node.contents()]
    _check_units(floor, sum(part.units for part in parts))
    _check_states(floor, end)
    _check_little(floor.ledger, parts, end)
    _check_limits(floor, end)
    _check_held(floor, end)
    _check_conveyors(floor, end)
    _check_pallets(floor, parts)


def _check_units(floor: Floor, found: int) -> None:
    ledger = floor.ledger
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


def _check_little(ledger: Ledger, parts: list[Part], end: float) -> None:
    """Check Little's law as it holds on every path.

    The number of units in the line, integrated over time from the moments of release and departure alone, is
    the sum of the times that the units spent there, by the moments of birth that they carry: those that left
    through sinks, those that are inside, and those that were scrapped, of which only the limits are known.
    Units that come about when a part is taken apart carry the birth of that part.

    References
    ----------
    Little (1961), A proof for the queuing formula L = lambda W, Operations Research 9; Stidham (1974), A last
    word on L = lambda W, Operations Research 22 (on every path).
    """
    integral = ledger.inside * end + ledger.moment + ledger.backdated
    spent = ledger.lead + math.fsum(part.units * end - part.born for part in parts)
    slack = _slack(integral, ledger.released, end)
    if not -slack <= integral - spent <= ledger.scrapped * end + slack:
        raise ConservationError(
            f"the units in the line integrate to {integral:g} s, but those that left or are inside spent "
            f"{spent:g} s there and {ledger.scrapped} were scrapped: Little's law is broken"
        )


def _check_held(floor: Floor, end: float) -> None:
    """Check that the line held at least what its buffers and its working or blocked servers held."""
    held = 0.0
    for buffer in floor.line.buffers:
        node = floor.buffers[buffer.name]
        ((_, level, _),) = node.accounts(end)
        slack = _slack(level, floor.ledger.released, end)
        most = math.inf if buffer.capacity is None else buffer.capacity * end
        if not -slack <= level <= most + slack:
            raise ConservationError(
                f"buffer {buffer.name!r} held {level / end:g} parts on average in "
                f"{'unlimited' if buffer.capacity is None else buffer.capacity} places"
            )
        held += level
    for station in floor.stations.values():
        for server in station.servers:
            times = server.state_times(end)
            held += times[_BUSY] + times[_BLOCKED]
    integral = floor.ledger.inside * end + floor.ledger.moment
    if integral < held - _slack(held, floor.ledger.released, end) * len(floor.line.elements):
        raise ConservationError(
            f"buffers and servers held {held / end:g} parts on average, "
            f"but only {integral / end:g} units were in the line"
        )


def _slack(seconds: float, count: int, end: float) -> float:
    """Return what rounding may do to a sum of `count` moments before `end` that comes to `seconds`."""
    return 1e-6 + 1e-9 * abs(seconds) + 4 * sys.float_info.epsilon * count * end


def _check_limits(floor: Floor, end: float) -> None:
    for buffer in floor.line.buffers:
        level = sum(1 for _ in floor.buffers[buffer.name].contents())
        if buffer.capacity is not None and level > buffer.capacity:
            raise ConservationError(f"buffer {buffer.name!r} holds {level} parts in {buffer.capacity} places")
    for name, node in floor.stations.items():
        station = node.station
        least = shortest_cycle(station) * station.speed / node.fastest
        busy = math.fsum(server.state_times(end)[_BUSY] for server in node.servers)
        if station.behaviour is None and node.cycles * least > busy + _slack(busy, node.cycles, end):
            raise ConservationError(
                f"station {name!r} finished {node.cycles} cycles in {busy:g} s of work, "
                f"but its {station.servers} servers need at least {least:g} s for each"
            )


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


def _check_pallets(floor: Floor, parts: Sequence[Part]) -> None:
    if not floor.pools:
        return
    carried = Counter(pool.pallets.name for part in parts for pool in part.pallets)
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
