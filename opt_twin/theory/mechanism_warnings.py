"""Traps in what stands around the stations: people, shifts, ways, vehicles, pallets, stocks, energy."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import networkx as nx

from opt_twin.graph import line_graph
from opt_twin.line import Clock, Line, Need, Quality, Station, Stock, Transport
from opt_twin.line.people import WEEK
from opt_twin.quantity import number_text
from opt_twin.theory.capacity import StationCapacity
from opt_twin.theory.limits import Limit, limits
from opt_twin.theory.traffic import Traffic
from opt_twin.theory.working_time import share_of_week, working_windows

if TYPE_CHECKING:
    from opt_twin.line import Operators

__all__ = ["mechanism_warnings"]


def mechanism_warnings(line: Line, flow: Traffic, table: Sequence[StationCapacity]) -> Iterator[str]:
    """Yield a sentence for each thing around the stations that is allowed but probably not meant."""
    yield from _flow_traps(line, flow)
    yield from _endless_limits(line)
    yield from _tight_limits(line, table)
    yield from _batches_beyond_pallets(line)
    yield from _shift_traps(line)
    yield from _crew_traps(line)
    for station in line.stations:
        yield from _idle_fields(station)
    yield from _stock_traps(line, flow, table)
    yield from _energy_traps(line)
    yield from _unused(line)


# Parts ------------------------------------------------------------------------------------------------------


def _flow_traps(line: Line, flow: Traffic) -> Iterator[str]:
    for name, shares in flow.unused.items():
        station = line.element(name)
        assert isinstance(station, Station)
        for product, share in shares.items():
            if product not in station.components:
                yield f"parts of {product} come to {name}, which does not take them: they block the way"
            elif share > 1e-6:
                yield (
                    f"{name}: {100 * share:.3g} % of the parts of {product} find no others to go with: they "
                    "pile up before it, and block what is there"
                )
    for name, lost in flow.stranded.items():
        yield (
            f"{100 * lost:.3g} % of the parts leave {name} and no connection admits them: a run ends with "
            "an error; add a connection"
        )
    routed = [s.name for s in line.stations if s.inspection is not None and s.inspection.rejects == "route"]
    if routed and not any(way.quality in (Quality.REJECTED, Quality.PASSED) for way in line.connections):
        yield f"{routed[0]} routes rejected parts on, but no connection asks for quality: they go on"


def _endless_limits(line: Line) -> Iterator[str]:
    import networkx as nx

    graph = line_graph(line)
    for way in line.connections:
        if way.limit is not None and not nx.has_path(graph, way.target, way.source):
            yield (
                f"the limit of {way.source} -> {way.target} is never reached: no way leads back, a part goes "
                "there once"
            )


# Limits -----------------------------------------------------------------------------------------------------

_MANY = {
    "operators": ("person", "people"),
    "fleet": ("vehicle", "vehicles"),
    "pallets": ("pallet", "pallets"),
}


def _tight_limits(line: Line, table: Sequence[StationCapacity]) -> Iterator[str]:
    slowest = min(table, key=lambda row: row.capacity_per_hour)
    for limit in limits(line):
        if limit.capacity_per_hour < slowest.capacity_per_hour * (1 - 1e-9):
            yield _tight(limit, slowest)


def _tight(limit: Limit, slowest: StationCapacity) -> str:
    has = f"{limit.kind} {limit.name}"
    if limit.kind in _MANY:
        has += f" ({limit.number} {_MANY[limit.kind][limit.number > 1]})"
    text = (
        f"{has} lets at most {number_text(limit.capacity_per_hour)} parts per hour through, less than the "
        f"slowest station: {slowest.station} could make {number_text(slowest.capacity_per_hour)}"
    )
    if limit.kind in _MANY and limit.capacity_per_hour > 0 and math.isfinite(slowest.capacity_per_hour):
        enough = math.ceil(limit.number * slowest.capacity_per_hour / limit.capacity_per_hour - 1e-9)
        text += f"; {enough} would not limit it"
    return text


# Time -------------------------------------------------------------------------------------------------------


def _batches_beyond_pallets(line: Line) -> Iterator[str]:
    """Yield each batch for which there are never enough pallets: its parts keep theirs while it collects.

    Left out are stations whose batches can start short, and those to which parts come without a pallet, or
    several on one.
    """
    graph = line_graph(line)
    numbers = {pallets.name: pallets for pallets in line.pallets}
    for station in line.stations:
        if station.batch_size == 1 or station.batch_wait is not None or station.batch_by != "any":
            continue
        before = nx.ancestors(graph, station.name) - {station.name}
        sources = [source for source in line.sources if source.name in before]
        groups = [numbers[source.pallets] for source in sources if source.pallets is not None]
        splits = any(other.name in before and (other.yields or other.unpacks) for other in line.stations)
        if splits or len(groups) < len(sources) or any(source.releases_orders for source in sources):
            continue
        if any(pallets.unloaded_at in before for pallets in groups):
            continue
        there = sum({pallets.name: pallets.number for pallets in groups}.values())
        if there < station.batch_size:
            names = " and ".join(dict.fromkeys(pallets.name for pallets in groups))
            yield (
                f"{station.name} waits for batches of {station.batch_size}, but only {there} parts can be in "
                f"the loop of pallets {names}: no batch is ever complete; give the loop more pallets, "
                "make the batch smaller, or write a batch_wait"
            )


def _shift_traps(line: Line) -> Iterator[str]:
    import networkx as nx

    shifted = [s for s in line.stations if share_of_week(line, s.shifts) < 1]
    if not shifted:
        return
    graph = line_graph(line)
    for station in line.stations:
        if station.shifts:
            continue
        before = [other.name for other in shifted if nx.has_path(graph, other.name, station.name)]
        if before:
            hours = share_of_week(line, next(s.shifts for s in shifted if s.name == before[0])) * WEEK / 3600
            yield (
                f"{station.name} has no shifts, but {before[0]} before it works {hours:.4g} h a week: it is "
                "starved in between; give it shifts if nobody works there then"
            )


def _crew_traps(line: Line) -> Iterator[str]:
    for station in line.stations:
        for activity, need in station.needs.items():
            if not _meets(line, station, need):
                yield (
                    f"{station.name} needs {need.number} with the skill {need.skill} to {activity}, but so "
                    "many are never there in its shifts: it never works"
                )
        for mode in station.failures:
            if mode.crew is not None:
                yield from _short_crew(line, station, mode.name, mode.crew)
        for task in station.maintenance:
            if task.every is not None and task.duration.mean >= task.every:
                yield f"{station.name}: {task.name} takes longer than the time until it is due again"
    for skill, needed in _crew_load(line).items():
        there = math.fsum(g.number * share_of_week(line, g.shifts) for g in _able(line, skill))
        if needed > there:
            yield (
                f"repairs and maintenance ask for {needed:.3g} people with the skill {skill} at all times, "
                f"{there:.3g} are there: stations wait for them longer and longer"
            )


def _crew_load(line: Line) -> dict[str, float]:
    """Return skill -> people that maintenance, and repairs on the calendar clock, ask for at a time."""
    load: dict[str, float] = {}
    for station in line.stations:
        asked = [
            (mode.crew, mode.time_to_repair.mean / (mode.time_to_failure.mean + mode.time_to_repair.mean))
            for mode in station.failures
            if mode.clock is Clock.CALENDAR
        ]
        asked += [(task.crew, task.duration.mean / task.every) for task in station.maintenance if task.every]
        for crew, share in asked:
            if crew is not None:
                load[crew.skill] = load.get(crew.skill, 0.0) + station.servers * crew.number * share
    return load


def _able(line: Line, skill: str) -> list[Operators]:
    return [group for group in line.operators if skill in group.abilities]


def _short_crew(line: Line, station: Station, mode: str, crew: Need) -> Iterator[str]:
    able = _able(line, crew.skill)
    if any(not group.shifts for group in able):
        return
    names = tuple(dict.fromkeys(name for group in able for name in group.shifts))
    crew_share, own = share_of_week(line, names), share_of_week(line, station.shifts)
    if crew_share < own - 1e-9:
        yield (
            f"{station.name}: {mode}: its crew works {crew_share * WEEK / 3600:.4g} h a week, the station "
            f"{own * WEEK / 3600:.4g} h: repairs wait for the next shift"
        )


def _meets(line: Line, station: Station, need: Need) -> bool:
    """Return whether enough people with a skill are there at some time of the station's shifts."""
    own = working_windows(line, station.shifts) if station.shifts else ((0.0, WEEK),)
    able = _able(line, need.skill)
    always = sum(group.number for group in able if not group.shifts)
    starts = sorted({start for group in able for start, _ in working_windows(line, group.shifts)})
    moments = [start for start, _ in own] + [t for t in starts if any(a <= t < b for a, b in own)]
    return any(
        always
        + sum(
            group.number
            for group in able
            if any(a <= moment < b for a, b in working_windows(line, group.shifts))
        )
        >= need.number
        for moment in moments
    )


# Fields without effect --------------------------------------------------------------------------------------


def _idle_fields(station: Station) -> Iterator[str]:
    test = station.inspection
    has = {
        "load": station.load_time is not None,
        "inspect": test is not None and test.time is not None,
        "setup": bool(station.setup_times) or station.tool is not None or station.warm_up_time > 0,
        "run": True,
    }
    fields = {"load": "load_time", "inspect": "inspection with a time", "setup": "setup_times or tool"}
    for activity in station.needs:
        if not has[activity]:
            yield (
                f"{station.name} needs people to {activity}, but it has no {fields[activity]}: "
                "they are never called"
            )
    if station.warm_up_after and not station.warm_up_time:
        yield f"{station.name}: warm_up_after has no effect without a warm_up_time"
    if station.wear_exponent and not station.failures:
        yield f"{station.name}: wear_exponent has no effect without failures"
    if station.start_up is not None and not station.setup_times:
        yield f"{station.name}: start_up has no effect without setup_times"


def _stock_traps(line: Line, flow: Traffic, table: Sequence[StationCapacity]) -> Iterator[str]:
    if len(line.sources) > 1:
        return
    capacity = min(row.capacity_per_hour for row in table)
    for stock in line.elements:
        if isinstance(stock, Stock):
            asked = stock.quantity * 3600 / stock.demand.mean
            made = capacity * flow.visits[stock.name] * (1 - flow.defective[stock.name])
            if asked > made * (1 + 1e-9):
                what = "what is owed grows without bound" if stock.backorders else "much of it is lost"
                yield (
                    f"customers ask {stock.name} for {number_text(asked)} parts per hour, the line makes "
                    f"{number_text(made)} at most: {what}"
                )


def _energy_traps(line: Line) -> Iterator[str]:
    drawn = any(getattr(element, "power", None) for element in line.elements)
    economics = line.economics
    if economics.tariff and not drawn:
        yield "economics has a tariff, but no station or conveyor has a power: energy costs nothing"
    elif economics.energy_price and not drawn:
        yield "economics has an energy_price, but no station or conveyor has a power: energy costs nothing"


def _unused(line: Line) -> Iterator[str]:
    needs = [need for s in line.stations for need in s.needs.values()]
    crews = [task.crew for s in line.stations for task in s.maintenance]
    crews += [mode.crew for element in line.elements for mode in getattr(element, "failures", ())]
    skills = {need.skill for need in needs} | {crew.skill for crew in crews if crew is not None}
    for group in line.operators:
        if not skills & set(group.abilities):
            yield f"operators {group.name}: no station, repair or maintenance needs them"
    driven = {element.fleet for element in line.elements if isinstance(element, Transport)}
    yield from (f"fleet {f.name}: no transport uses it" for f in line.fleets if f.name not in driven)
    carried = {source.pallets for source in line.sources}
    yield from (f"pallets {p.name}: no source uses them" for p in line.pallets if p.name not in carried)
    worked = {name for s in line.stations for name in s.shifts}
    worked |= {name for group in line.operators for name in group.shifts}
    yield from (f"shift {s.name}: nobody works in it" for s in line.shifts if s.name not in worked)
