"""What the figures of theory leave out of a line: said, so that nobody takes a bound for a forecast."""

from __future__ import annotations

from collections.abc import Iterator

from opt_twin.line import Behaviour, Buffer, Conveyor, Line, Routing, Source, Station
from opt_twin.theory.working_time import share_of_week

__all__ = ["covers"]


def covers(line: Line) -> tuple[str, ...]:
    """Return a sentence for each thing in the line that traffic, capacities and limits do not hold exactly.

    Blocking and starving, which every such figure leaves out, are not named. Where the tuple is empty the
    visits, effective cycle times and capacities are exact means, as far as their own notes say.

    Examples
    --------
    >>> from opt_twin.line import Line, Sink, Source, Station, chain
    >>> line = Line(
    ...     name="oven",
    ...     elements=(
    ...         Source(name="In"),
    ...         Station(name="Oven", cycle_time="20 min", batch_size=8, batch_wait="5 min"),
    ...         Sink(name="Out"),
    ...     ),
    ...     connections=chain("In", "Oven", "Out"),
    ... )
    >>> covers(line)
    ('Oven: batches that start short count as full ones, so it can take more cycles',)
    """
    found: list[str] = []
    for element in line.elements:
        found += _routing(line, element.name, getattr(element, "routing", Routing.PROBABILITY))
        if isinstance(element, Source):
            found += _source(element)
        elif isinstance(element, Station):
            found += _station(line, element)
        elif isinstance(element, Buffer) and element.discipline != "fifo":
            if any(station.setup_times for station in line.stations):
                found.append(
                    f"{element.name}: set-ups are counted as if products followed one another at random, "
                    f"not in the order that {element.discipline} gives them"
                )
        elif isinstance(element, Conveyor) and element.recirculating:
            found.append(f"{element.name}: parts that go round again are left out, so it lets less through")
    found += _people(line)
    if line.pallets and len(line.sources) > 1 and any(station.components for station in line.stations):
        found.append("pallets: their limit is left out where several sources feed assembly")
    return tuple(found)


def _routing(line: Line, name: str, rule: Routing | Behaviour) -> Iterator[str]:
    ways = line.successors(name)
    if len(ways) < 2 or rule is Routing.PROBABILITY:
        return
    if rule in (Routing.SHORTEST_QUEUE, Routing.FIRST_READY) and not isinstance(rule, Behaviour):
        yield (
            f"{name}: parts are taken to choose their way ({rule}) in proportion to the speed of the "
            "stations that follow"
        )
    elif rule is not Routing.ROUND_ROBIN:
        yield f"{name}: its ways are taken to have equal shares, as a rule of one's own decides in a run"
    elif any(way.conditional for way in ways):
        yield f"{name}: parts are taken to share the ways that admit them equally, as they come at random"


def _source(source: Source) -> Iterator[str]:
    if source.timetable or source.releases_orders:
        yield f"{source.name}: what it releases counts by its shares only; it has no rate in the long run"
    if source.replenishes is not None:
        yield (
            f"{source.name}: it is taken to release what customers ask for; parts that are lost on the way "
            f"to {source.replenishes} come on top"
        )


def _station(line: Line, station: Station) -> Iterator[str]:
    name = station.name
    if station.batch_size > 1 and (station.batch_wait is not None or station.batch_by != "any"):
        yield f"{name}: batches that start short count as full ones, so it can take more cycles"
    if station.components and station.makes is None:
        yield f"{name}: what it makes is taken to be the first of its components; give it 'makes'"
    if station.components and station.cycle_time_by_product:
        yield f"{name}: its cycle time is the mean over its components; in a run the first to come decides"
    if station.unpacks:
        yield f"{name}: the parts in a defective pack are taken to be defective as often as they came to it"
    if station.start_up is not None:
        yield f"{name}: the defects after a set-up are left out"
    if station.behaviour is not None:
        yield f"{name}: what its own behaviour does to cycles is left out"
    if any(mode.also_stops for mode in station.failures):
        stopped = sorted({other for mode in station.failures for other in mode.also_stops})
        yield f"{name}: its failures also stop {', '.join(stopped)}, which is left out"
    crews = [mode.crew for mode in station.failures] + [task.crew for task in station.maintenance]
    if any(crews):
        yield f"{name}: repairs and maintenance are taken to find their crew at once"
    if station.shifts and share_of_week(line, station.shifts) < 1:
        yield (
            f"{name}: its capacity is that of whole weeks; a cycle that is finished after the end of a shift "
            "comes on top"
        )


def _people(line: Line) -> Iterator[str]:
    needed = [station.name for station in line.stations if station.needs]
    if needed:
        yield f"{', '.join(needed)}: waiting for people is left out; limits() says what they let through"
