"""The stages that a product passes on a line, with the alternatives at each."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from opt_twin.errors import PlanError
from opt_twin.line import (
    Buffer,
    Connection,
    Conveyor,
    Line,
    Quality,
    Sink,
    Source,
    Station,
    Stock,
    Transport,
)

__all__ = ["Leg", "Stage", "stages"]


class Leg(NamedTuple):
    """The way from one station (or the source) to the next.

    Attributes
    ----------
    seconds
        On conveyors and vehicles.
    places
        Of the buffers and conveyors on the way; infinite where one has no limit.
    buffers
        Names of the buffers on the way.
    """

    seconds: float
    places: float
    buffers: tuple[str, ...]


class Stage(NamedTuple):
    """One step of a product.

    Attributes
    ----------
    stations
        The alternatives, in the order of the connections.
    legs
        (name of a station before, or of the source; name of one of `stations`) -> the way.
    """

    stations: tuple[Station, ...]
    legs: dict[tuple[str, str], Leg]


_GOOD = (None, Quality.PASSED, Quality.GOOD)


def stages(line: Line, product: str) -> tuple[Stage, ...]:
    """Return the stages that a good part of `product` passes from the source to a sink.

    Raises
    ------
    PlanError
        If the line has several sources, the alternatives do not join again, or it passes a station twice.
    """
    if len(line.sources) != 1:
        raise PlanError(f"line {line.name!r} has {len(line.sources)} sources; {_ADVICE}")
    found: list[Stage] = []
    before: tuple[Source | Station, ...] = (line.sources[0],)
    passed: set[str] = set()
    while True:
        legs: dict[tuple[str, str], Leg] = {}
        ends: dict[str, tuple[str, ...]] = {}
        for element in before:
            reached = dict(_legs(line, element.name, product))
            ends[element.name] = tuple(sorted(reached))
            legs |= {(element.name, target): leg for target, leg in reached.items()}
        if len(set(ends.values())) > 1:
            names = " and ".join(repr(name) for name in ends)
            raise PlanError(f"the ways of {product!r} behind {names} lead to different places; {_ADVICE}")
        following = [line.element(target) for target in dict.fromkeys(target for _, target in legs)]
        if all(isinstance(element, Sink) for element in following):
            if not following:
                raise PlanError(f"no way for {product!r} leaves {before[0].name!r}; {_ADVICE}")
            return tuple(found)
        stations = tuple(element for element in following if isinstance(element, Station))
        if len(stations) < len(following):
            raise PlanError(f"{product!r} may leave the line or go on behind {before[0].name!r}; {_ADVICE}")
        twice = next((station.name for station in stations if station.name in passed), None)
        if twice is not None:
            raise PlanError(f"{product!r} passes station {twice!r} more than once; {_ADVICE}")
        passed.update(station.name for station in stations)
        found.append(Stage(stations, legs))
        before = stations


_ADVICE = "schedule such a line by an instance of your own"


def _legs(line: Line, name: str, product: str) -> Iterator[tuple[str, Leg]]:
    """Yield the stations and sinks that a part can reach next from the element `name`, with the ways."""
    waiting: list[tuple[str, Leg]] = [(name, Leg(0.0, 0.0, ()))]
    seen: set[str] = set()
    while waiting:
        here, leg = waiting.pop(0)
        ways = _ways(line, here, product)
        for way in ways:
            target = line.element(way.target)
            if isinstance(target, Station | Sink):
                yield target.name, leg
            elif isinstance(target, Stock):
                raise PlanError(f"{product!r} goes into stock {target.name!r}; {_ADVICE}")
            elif target.name in seen:
                raise PlanError(
                    f"{product!r} can go round {target.name!r} without passing a station; {_ADVICE}"
                )
            else:
                seen.add(target.name)
                waiting.append((target.name, _longer(line, leg, here, target)))


def _ways(line: Line, name: str, product: str) -> list[Connection]:
    return [
        way
        for way in line.successors(name)
        if way.probability != 0 and way.quality in _GOOD and (not way.products or product in way.products)
    ]


def _longer(line: Line, leg: Leg, here: str, target: object) -> Leg:
    """Return `leg` with the buffer, conveyor or transport `target` behind the element `here`."""
    if isinstance(target, Buffer):
        places = math.inf if target.capacity is None else target.capacity
        return Leg(leg.seconds, leg.places + places, (*leg.buffers, target.name))
    if isinstance(target, Conveyor):
        return Leg(leg.seconds + target.length / target.speed, leg.places + target.capacity, leg.buffers)
    assert isinstance(target, Transport)
    fleet = next(fleet for fleet in line.fleets if fleet.name == target.fleet)
    to = line.successors(target.name)[0].target
    seconds = fleet.loading_time + fleet.distance(here, to) / fleet.speed + fleet.unloading_time
    return Leg(leg.seconds + seconds, math.inf, leg.buffers)
