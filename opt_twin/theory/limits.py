"""What limits a line beside its stations: people, belts, vehicles and pallets."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from opt_twin.line import Clock, Conveyor, Fleet, Line, Pallets, Station, Transport
from opt_twin.records import Record, record
from opt_twin.theory.cycle_time import effective_cycle_time, processing_time
from opt_twin.theory.renewal import availability, cycles_to_failure
from opt_twin.theory.traffic import Traffic, released_per_hour, traffic, traffic_from
from opt_twin.theory.working_time import share_of_week

__all__ = ["Limit", "limits"]


@record
class Limit(Record):
    """What one thing beside the stations lets through.

    Attributes
    ----------
    kind
        ``operators`` (people with certain skills), ``conveyor``, ``fleet`` or ``pallets``.
    name
        Of the conveyor, fleet or pallets, or the skills, joined by `` + ``.
    number
        How many there are: people, vehicles, pallets, or places on the belt.
    seconds
        Of one of them that a released part takes at least.
    capacity_per_hour
        Released parts that it lets through at most, comparable with those of the stations.
    utilisation
        Share of the capacity that the arrivals ask for; None where they have no rate.
    """

    kind: Literal["operators", "conveyor", "fleet", "pallets"]
    name: str
    number: int
    seconds: Annotated[float, Field(allow_inf_nan=True)]
    capacity_per_hour: Annotated[float, Field(allow_inf_nan=True)]
    utilisation: Annotated[float, Field(allow_inf_nan=True)] | None = None


def limits(line: Line) -> tuple[Limit, ...]:
    """Return what people, conveyors, fleets and pallets let through at most, in this order.

    Returns
    -------
    tuple of Limit
        Those that limit anything; upper bounds all, as nobody is taken to wait for anybody.

    Notes
    -----
    Per released part, people are needed for the time of their activities (set-ups, loading, processing,
    tests), times their number; repairs and maintenance are left out. Whoever has one of the skills of a set
    can do all of it at best, so the least bound over the single skills and over all skills together holds.

    A conveyor passes a part each pitch / speed. A vehicle loads, drives, unloads, and drives empty to where
    the next part waits: the least empty driving that returns as many vehicles to each place as leave it is
    a transportation problem. Pallets obey Little's law: N pallets that a part holds for T seconds at least
    let N / T parts a second through.

    References
    ----------
    Little (1961), A proof for the queuing formula L = lambda W. Maxwell and Muckstadt (1982), Design of
    automatic guided vehicle systems (empty trips as a transportation problem).

    Examples
    --------
    >>> from opt_twin.line import Line, Need, Operators, Sink, Source, Station, chain
    >>> line = Line(
    ...     name="two",
    ...     elements=(
    ...         Source(name="In"),
    ...         Station(name="Saw", cycle_time="5 s", needs={"run": "hand"}),
    ...         Station(name="Mill", cycle_time="7 s", needs={"run": "hand"}),
    ...         Sink(name="Out"),
    ...     ),
    ...     connections=chain("In", "Saw", "Mill", "Out"),
    ...     operators=(Operators(name="hand"),),
    ... )
    >>> [(limit.name, limit.seconds, limit.capacity_per_hour) for limit in limits(line)]
    [('hand', 12.0, 300.0)]
    """
    flow = traffic(line)
    offered = released_per_hour(line)
    found = [
        *_people(line, flow),
        *(_belt(element, flow) for element in line.elements if isinstance(element, Conveyor)),
        *(limit for fleet in line.fleets for limit in _vehicles(line, fleet, flow)),
        *(limit for pallets in line.pallets for limit in _pallets(line, pallets, flow)),
    ]
    if offered is None:
        return tuple(found)
    offered *= flow.usable
    return tuple(
        limit.replace(utilisation=offered / limit.capacity_per_hour if limit.capacity_per_hour else math.inf)
        for limit in found
    )


def _limit(
    kind: Literal["operators", "conveyor", "fleet", "pallets"],
    name: str,
    number: int,
    seconds: float,
    *,
    share: float = 1.0,
) -> Limit:
    """Return the limit of `number` that each work for a share of the time."""
    capacity = 3600 * number * share / seconds if seconds else math.inf
    return Limit(kind=kind, name=name, number=number, seconds=seconds, capacity_per_hour=capacity)


# People -----------------------------------------------------------------------------------------------------


def _people(line: Line, flow: Traffic) -> Iterator[Limit]:
    work: dict[str, float] = defaultdict(float)
    for station in line.stations:
        for activity, need in station.needs.items():
            seconds = _activity(station, activity, flow.products[station.name])
            work[need.skill] += flow.cycles[station.name] * seconds * need.number
    sets = [(skill,) for skill in work] + ([tuple(work)] if len(work) > 1 else [])
    for skills in sets:
        groups = [group for group in line.operators if set(skills) & set(group.abilities)]
        number = sum(group.number for group in groups)
        hours = math.fsum(group.number * share_of_week(line, group.shifts) for group in groups)
        seconds = math.fsum(work[skill] for skill in skills)
        if number and seconds:
            yield _limit("operators", " + ".join(skills), number, seconds, share=hours / number)


def _activity(station: Station, activity: str, products: Mapping[str, float]) -> float:
    """Return the mean seconds of an activity in a cycle."""
    if activity == "load":
        return station.load_time.mean if station.load_time is not None else 0.0
    if activity == "run":
        return processing_time(station, products)
    if activity == "inspect":
        test = station.inspection
        return test.time.mean if test is not None and test.time is not None else 0.0
    still = station.replace(failures=(), micro_stops=(), maintenance=(), inspection=None, load_time=None)
    return effective_cycle_time(still, products) - processing_time(station, products)


# Handling ---------------------------------------------------------------------------------------------------


def _belt(conveyor: Conveyor, flow: Traffic) -> Limit:
    seconds = conveyor.pitch / conveyor.speed
    up = 1.0
    for mode in conveyor.failures:
        if mode.clock is Clock.CYCLES:
            seconds += mode.time_to_repair.mean / cycles_to_failure(mode.time_to_failure)
        else:
            up *= availability(mode.time_to_failure.mean, mode.time_to_repair.mean)
    each = flow.visits[conveyor.name] * seconds
    capacity = 3600 * up / each if each else math.inf
    return Limit(
        kind="conveyor",
        name=conveyor.name,
        number=conveyor.capacity,
        seconds=each,
        capacity_per_hour=capacity,
    )


def _vehicles(line: Line, fleet: Fleet, flow: Traffic) -> Iterator[Limit]:
    trips = _trips(line, fleet, flow)
    whole = math.fsum(trips.values())
    if not whole:
        return
    loaded = math.fsum(amount * fleet.distance(a, b) for (a, b), amount in trips.items())
    metres = loaded + _empty_metres(fleet, trips)
    seconds = whole * (fleet.loading_time + fleet.unloading_time) + metres / fleet.speed
    if fleet.battery is not None:
        longest = max((d for row in fleet.distances.values() for d in row.values()), default=0.0)
        seconds += metres / (fleet.battery + 3 * longest) * fleet.charging_time
    yield _limit("fleet", fleet.name, fleet.number, seconds)


def _trips(line: Line, fleet: Fleet, flow: Traffic) -> dict[tuple[str, str], float]:
    """Return (from, to) -> parts that the fleet carries there, for each released part.

    Where several ways lead to one transport, they share what it carries equally: which way the parts come is
    not in the traffic.
    """
    trips: dict[tuple[str, str], float] = defaultdict(float)
    for element in line.elements:
        if isinstance(element, Transport) and element.fleet == fleet.name:
            origins = [way.source for way in line.predecessors(element.name)]
            target = line.successors(element.name)[0].target
            for origin in origins:
                trips[origin, target] += flow.visits[element.name] / len(origins)
    return trips


def _empty_metres(fleet: Fleet, trips: Mapping[tuple[str, str], float]) -> float:
    """Return the least metres that vehicles drive empty from where they unload to where parts wait."""
    from scipy.optimize import linprog

    ends, starts = sorted({b for _, b in trips}), sorted({a for a, _ in trips})
    there = [math.fsum(amount for (_, b), amount in trips.items() if b == end) for end in ends]
    needed = [math.fsum(amount for (a, _), amount in trips.items() if a == start) for start in starts]
    cost = [fleet.distance(end, start) for end in ends for start in starts]
    rows = np.zeros((len(ends) + len(starts), len(cost)))
    for i in range(len(ends)):
        for j in range(len(starts)):
            rows[i, i * len(starts) + j] = rows[len(ends) + j, i * len(starts) + j] = 1
    solved = linprog(cost, A_eq=rows, b_eq=[*there, *needed])
    return float(solved.fun or 0.0)  # 0 is a bound too, where it found none


def _pallets(line: Line, pallets: Pallets, flow: Traffic) -> Iterator[Limit]:
    users = [source for source in line.sources if source.pallets == pallets.name]
    if any(station.components for station in line.stations) and len(line.sources) > 1:
        return  # how long a part holds its pallet depends on when the others come
    seconds = math.fsum(flow.sources[source.name] * _held(line, source.name, pallets) for source in users)
    if seconds:
        yield _limit("pallets", pallets.name, pallets.number, seconds)


def _held(line: Line, source: str, pallets: Pallets) -> float:
    """Return the least mean seconds that a part of `source` keeps its pallet busy."""
    visits = traffic_from(line, source, stop_at=pallets.unloaded_at or "")
    fleets = {fleet.name: fleet for fleet in line.fleets}
    seconds = pallets.return_time
    for element in line.elements:
        if isinstance(element, Station):
            share = visits[element.name] / element.batch_size
            load = element.load_time.mean if element.load_time is not None else 0.0
            seconds += share * (load + _shortest_work(element))
        elif isinstance(element, Conveyor):
            seconds += visits[element.name] * element.length / element.speed
        elif isinstance(element, Transport):
            fleet = fleets[element.fleet]
            target = line.successors(element.name)[0].target
            metres = min(fleet.distance(way.source, target) for way in line.predecessors(element.name))
            handling = fleet.loading_time + fleet.unloading_time
            seconds += visits[element.name] * (handling + metres / fleet.speed)
    return seconds


def _shortest_work(station: Station) -> float:
    """Return the mean processing time of the product that takes least."""
    kinds = (station.cycle_time, *station.cycle_time_by_product.values())
    return min(kind.mean for kind in kinds) / station.speed
