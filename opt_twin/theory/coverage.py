"""What the figures of theory leave out of a line: said, so that nobody takes a bound for a forecast."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from opt_twin.line import (
    Behaviour,
    Buffer,
    Connection,
    Conveyor,
    Element,
    Line,
    Routing,
    Source,
    Station,
    Transport,
)
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
    named: dict[str, list[str]] = {}
    for element in line.elements:
        for sentence in _left_out(line, element):
            named.setdefault(sentence, []).append(element.name)
    found = [f"{', '.join(names)}: {sentence}" for sentence, names in named.items()]
    if line.pallets and len(line.sources) > 1 and any(station.components for station in line.stations):
        found.append("pallets: their limit is left out where several sources feed assembly")
    return tuple(found)


def _left_out(line: Line, element: Element) -> Iterator[str]:
    rule = getattr(element, "routing", Routing.PROBABILITY)
    yield from _routing(line.successors(element.name), rule)
    if isinstance(element, Source):
        yield from _source(element)
    elif isinstance(element, Station):
        yield from _station(line, element)
    elif isinstance(element, Buffer) and element.discipline != "fifo":
        if any(station.setup_times for station in line.stations):
            yield "set-ups are counted as if products followed one another at random, in no order of a buffer"
    elif isinstance(element, Transport):
        if any(fleet.number > 1 for fleet in line.fleets if fleet.name == element.fleet):
            yield "each place calls one vehicle after another, which is left out, and where idle ones stand"
    elif isinstance(element, Conveyor) and element.recirculating:
        yield "parts that go round again are left out, so it lets less through"


def _routing(ways: Sequence[Connection], rule: Routing | Behaviour) -> Iterator[str]:
    if len(ways) < 2 or rule is Routing.PROBABILITY:
        return
    if rule in (Routing.SHORTEST_QUEUE, Routing.FIRST_READY) and not isinstance(rule, Behaviour):
        yield f"parts are taken to choose their way ({rule}) in proportion to the speed of what follows"
    elif rule is not Routing.ROUND_ROBIN:
        yield "its ways are taken to have equal shares, as a rule of one's own decides in a run"
    elif any(way.conditional for way in ways):
        yield "parts are taken to share the ways that admit them equally, as they come at random"


def _source(source: Source) -> Iterator[str]:
    if source.timetable or source.releases_orders:
        yield "what it releases counts by its shares only; it has no rate in the long run"
    if source.replenishes is not None:
        yield "it is taken to release what customers ask for; parts that are lost on the way come on top"


def _station(line: Line, station: Station) -> Iterator[str]:
    short = station.batch_wait is not None or station.batch_by != "any"
    crews = [mode.crew for mode in station.failures] + [task.crew for task in station.maintenance]
    said = {
        "batches that start short count as full ones, so it can take more cycles": (
            station.batch_size > 1 and short
        ),
        "what it makes is taken to be the first of its components; give it 'makes'": (
            bool(station.components) and station.makes is None
        ),
        "its cycle time is the mean over its components; in a run the first to come decides": (
            bool(station.components) and bool(station.cycle_time_by_product)
        ),
        "the parts in a defective pack are taken to be defective as often as they came to it": (
            station.unpacks
        ),
        "the defects after a set-up are left out": station.start_up is not None,
        "what its own behaviour does to cycles is left out": station.behaviour is not None,
        "its failures stop other stations too, which is left out": any(
            mode.also_stops for mode in station.failures
        ),
        "repairs and maintenance are taken to find their crew at once": any(crews),
        "capacity over whole weeks; a cycle that is finished after the end of a shift comes on top": (
            share_of_week(line, station.shifts) < 1
        ),
        "waiting for people is left out; what they let through at most is a limit by itself": bool(
            station.needs
        ),
    }
    yield from (sentence for sentence, holds in said.items() if holds)
