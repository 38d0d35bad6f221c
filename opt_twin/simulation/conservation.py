"""Checks at the end of every run: nothing is lost, and nothing is faster than it can be."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING

from opt_twin.errors import ConservationError
from opt_twin.line import Deterministic, Distribution, Empirical, Normal, Station, Triangular, Uniform
from opt_twin.results import STATES

if TYPE_CHECKING:
    from opt_twin.simulation.engine import Engine
    from opt_twin.simulation.ledger import Ledger
    from opt_twin.simulation.parts import Part

__all__ = ["check_run", "shortest"]

_BUSY, _BLOCKED = STATES.index("busy"), STATES.index("blocked")


def check_run(engine: Engine, end: float) -> None:
    """Check the accounts of a run that has ended at `end`.

    Raises
    ------
    ConservationError
        If released units are not those that left, were scrapped or are in the line; if the state times of a
        server do not add up to the time, to 1e-6 s and a relative 1e-9, or one is negative; if the units in
        the line, integrated over time, are not the times that they spent there (Little's law), or fewer than
        buffers and working servers held; if a buffer holds more than its capacity, at the end or on average;
        or if a station has finished more cycles than its servers had time for.
    """
    parts = _parts(engine)
    _check_units(engine, sum(part.units for part in parts))
    _check_states(engine, end)
    _check_little(engine.ledger, parts, end)
    _check_limits(engine, end)
    _check_held(engine, end)


def _parts(engine: Engine) -> list[Part]:
    """Return all parts that are in the line."""
    parts = [part for node in engine.buffers.values() for part in node.parts]
    for node in engine.stations.values():
        for server in node.servers:
            parts += server.collected
            if server.part is not None:
                parts.append(server.part)
    return parts


def _check_units(engine: Engine, found: int) -> None:
    ledger = engine.ledger
    if ledger.inside != found:
        raise ConservationError(
            f"{ledger.released} units were released, {ledger.left} left and {ledger.scrapped} were scrapped, "
            f"so {ledger.inside} must be in the line, but {found} are found there"
        )


def _check_states(engine: Engine, end: float) -> None:
    for name, node in engine.stations.items():
        for server in node.servers:
            times = server.state_times(end)
            if abs(math.fsum(times) - end) > 1e-6 + 1e-9 * end or min(times) < 0:
                shown = ", ".join(f"{state} {time:g}" for state, time in zip(STATES, times, strict=True))
                raise ConservationError(
                    f"the state times of station {name!r} do not add up to {end:g} s: {shown}"
                )


def _check_little(ledger: Ledger, parts: list[Part], end: float) -> None:
    """Check Little's law as it holds on every path.

    The number of units in the line, integrated over time from the moments of release and departure alone, is
    the sum of the times that the units spent there, by the moments of birth that they carry: those that left
    through sinks, those that are inside, and those that were scrapped, of which only the limits are known.

    References
    ----------
    Little (1961), A proof for the queuing formula L = lambda W, Operations Research 9; Stidham (1974), A last
    word on L = lambda W, Operations Research 22 (on every path).
    """
    integral = ledger.inside * end + ledger.moment
    spent = ledger.lead + math.fsum(part.units * end - part.born for part in parts)
    slack = _slack(integral, ledger.released, end)
    if not -slack <= integral - spent <= ledger.scrapped * end + slack:
        raise ConservationError(
            f"the units in the line integrate to {integral:g} s, but those that left or are inside spent "
            f"{spent:g} s there and {ledger.scrapped} were scrapped: Little's law is broken"
        )


def _check_held(engine: Engine, end: float) -> None:
    """Check that the line held at least what its buffers and its working or blocked servers held."""
    held = 0.0
    for buffer in engine.line.buffers:
        node = engine.buffers[buffer.name]
        level = len(node.parts) * end + node.moment
        slack = _slack(level, engine.ledger.released, end)
        most = math.inf if buffer.capacity is None else buffer.capacity * end
        if not -slack <= level <= most + slack:
            raise ConservationError(
                f"buffer {buffer.name!r} held {level / end:g} parts on average in "
                f"{'unlimited' if buffer.capacity is None else buffer.capacity} places"
            )
        held += level
    for station in engine.stations.values():
        for server in station.servers:
            times = server.state_times(end)
            held += times[_BUSY] + times[_BLOCKED]
    integral = engine.ledger.inside * end + engine.ledger.moment
    if integral < held - _slack(held, engine.ledger.released, end) * len(engine.line.elements):
        raise ConservationError(
            f"buffers and servers held {held / end:g} parts on average, "
            f"but only {integral / end:g} units were in the line"
        )


def _slack(seconds: float, count: int, end: float) -> float:
    """Return what rounding may do to a sum of `count` moments before `end` that comes to `seconds`."""
    return 1e-6 + 1e-9 * abs(seconds) + 4 * sys.float_info.epsilon * count * end


def _check_limits(engine: Engine, end: float) -> None:
    for buffer in engine.line.buffers:
        level = len(engine.buffers[buffer.name].parts)
        if buffer.capacity is not None and level > buffer.capacity:
            raise ConservationError(f"buffer {buffer.name!r} holds {level} parts in {buffer.capacity} places")
    for name, node in engine.stations.items():
        station = node.station
        least = shortest_cycle(station)
        busy = math.fsum(server.state_times(end)[_BUSY] for server in node.servers)
        if node.cycles * least > busy + _slack(busy, node.cycles, end):
            raise ConservationError(
                f"station {name!r} finished {node.cycles} cycles in {busy:g} s of work, "
                f"but its {station.servers} servers need at least {least:g} s for each"
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
