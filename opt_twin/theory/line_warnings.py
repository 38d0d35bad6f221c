"""What is allowed in a line but probably not meant."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

from opt_twin.graph import line_graph
from opt_twin.line import Buffer, Clock, Line, Source, Station
from opt_twin.theory.capacity import StationCapacity, capacity_table
from opt_twin.theory.mechanism_warnings import mechanism_warnings
from opt_twin.theory.renewal import cycles_to_failure
from opt_twin.theory.traffic import Traffic, released_per_hour, traffic
from opt_twin.timebase import format_duration

__all__ = ["growing_queues", "line_warnings"]

_YEAR = 365 * 86400.0
_DAY = 86400.0


def line_warnings(line: Line) -> tuple[str, ...]:
    """Return a sentence for each thing in the line that is allowed but probably not meant.

    These are queues that grow without bound, times that look as if they were written in the wrong unit,
    finite buffers that nothing will ever fill, products that nothing makes; people, vehicles and pallets that
    limit the line or are not used, shifts that do not meet, ways that no part can take.

    Examples
    --------
    >>> from opt_twin.line import Buffer, Line, Sink, Source, Station, chain
    >>> line = Line(
    ...     name="one",
    ...     elements=(
    ...         Source(name="In", interarrival="4 s"),
    ...         Buffer(name="Queue"),
    ...         Station(name="Packer", cycle_time="5 s"),
    ...         Sink(name="Out"),
    ...     ),
    ...     connections=chain("In", "Queue", "Packer", "Out"),
    ... )
    >>> line_warnings(line)
    ('utilisation of Packer 1.25 > 1: the queue in Queue grows without bound',)
    """
    rows = capacity_table(line)
    table = {row.station: row for row in rows}
    flow = traffic(line)
    found = [*_growing_queues(line, table, flow)]
    for station in line.stations:
        found += _tiny_cycles(station)
        found += _failure_traps(station)
        found += _micro_stop_traps(station)
    found += _slow_stations(line, table)
    found += _vast_buffers(line, table, flow)
    found += _unused_products(line, flow)
    found += mechanism_warnings(line, flow, rows)
    return tuple(found)


def growing_queues(line: Line) -> tuple[str, ...]:
    """Return a sentence for each unlimited buffer whose queue grows without bound.

    They are the first ones of :func:`line_warnings`.
    """
    table = {row.station: row for row in capacity_table(line)}
    return tuple(_growing_queues(line, table, traffic(line)))


@dataclass(frozen=True, slots=True)
class _Sides:
    """The stations before an unlimited buffer, and those behind it up to the next one.

    `looped` says whether parts come back to the buffer: then its inflow is a share of its own outflow.
    """

    before: tuple[str, ...]
    behind: tuple[str, ...]
    looped: bool


def _sides(line: Line, buffer: Buffer) -> _Sides:
    import networkx as nx

    graph = line_graph(line)
    graph.remove_edges_from([edge for edge in graph.edges if graph.edges[edge]["probability"] == 0])
    stations = {station.name for station in line.stations}
    before = nx.ancestors(graph, buffer.name)
    cut = graph.copy()
    cut.remove_nodes_from(
        [other.name for other in line.buffers if other.capacity is None and other.name != buffer.name]
    )
    behind = nx.descendants(cut, buffer.name)
    in_order = [station.name for station in line.stations]
    return _Sides(
        before=tuple(name for name in in_order if name in (before - behind) & stations),
        behind=tuple(name for name in in_order if name in behind & stations),
        looped=bool(before & behind),
    )


def _is_bounded(source: Source) -> bool:
    """Return whether only so many of its parts are ever in the line."""
    ends = source.limit is not None or bool(source.timetable) or source.releases_orders
    return ends or source.pallets is not None or source.replenishes is not None


def _growing_queues(line: Line, table: dict[str, StationCapacity], flow: Traffic) -> Iterator[str]:
    if all(_is_bounded(source) for source in line.sources):
        return
    offered = released_per_hour(line)
    arrivals = math.inf if offered is None else offered * flow.usable
    for buffer in line.buffers:
        if buffer.capacity is not None:
            continue
        sides = _sides(line, buffer)
        if not sides.behind or (sides.looped and arrivals == math.inf):
            continue
        slowest = min((table[name] for name in sides.behind), key=lambda row: row.capacity_per_hour)
        inflow = min((table[name].capacity_per_hour for name in sides.before), default=math.inf)
        capacity = slowest.capacity_per_hour
        load = min(inflow, arrivals) / capacity if capacity else math.inf
        if load < 1 - 1e-9 or capacity == math.inf:
            continue
        if arrivals < math.inf:
            sign = ">" if load > 1 + 1e-9 else "="
            yield (
                f"utilisation of {slowest.station} {max(load, 1.0):.4g} {sign} 1: "
                f"the queue in {buffer.name} grows without bound"
            )
        elif sides.before:
            yield (
                f"{buffer.name} is unlimited and fed faster than {slowest.station} empties it: "
                "its queue grows without bound; give it a capacity"
            )
        else:
            yield (
                f"{buffer.name} is unlimited and its source always has a part: its queue grows without "
                "bound; give the buffer a capacity or the source an interarrival time"
            )


def _tiny_cycles(station: Station) -> Iterator[str]:
    cycle = station.cycle_time.mean / station.speed
    if 0 < cycle < 0.001:
        yield (
            f"{station.name}: a cycle of {cycle:.3g} s: an hour of it takes {3600 / cycle:.2g} cycles to "
            "simulate; did you mean a larger unit?"
        )


def _failure_traps(station: Station) -> Iterator[str]:
    times = [time.mean for time in (station.cycle_time, *station.cycle_time_by_product.values())]
    cycle = max(times) / station.speed
    for mode in station.failures:
        until, repair = mode.time_to_failure.mean, mode.time_to_repair.mean
        where = f"{station.name}: {mode.name}"
        if mode.clock is Clock.CYCLES:
            until *= cycle
            if cycles_to_failure(mode.time_to_failure) < 1.5:
                yield (
                    f"{where}: about every cycle fails; time_to_failure counts cycles here: did you mean the "
                    "clock 'operation'?"
                )
                continue
        if until < cycle:
            yield (
                f"{where}: mean time to failure {format_duration(until)} against a cycle of "
                f"{format_duration(cycle)}: {_larger_unit(until)}"
            )
        elif repair > until > 0:
            yield (
                f"{where}: mean time to repair {format_duration(repair)} is longer than the mean time "
                f"to failure {format_duration(until)}: {_larger_unit(until)}"
            )
        elif until > _YEAR:
            yield (
                f"{where}: mean time to failure {format_duration(until)}, less than one failure a year of "
                "running: did you mean a smaller unit?"
            )
        elif 0 < repair < cycle / 100:
            yield (
                f"{where}: mean time to repair {format_duration(repair)} against a cycle of "
                f"{format_duration(cycle)}: {_larger_unit(repair)}"
            )


def _larger_unit(seconds: float) -> str:
    return "did you mean minutes?" if seconds < 60 else "did you mean hours?"


def _micro_stop_traps(station: Station) -> Iterator[str]:
    cycle = station.cycle_time.mean / station.speed
    for stop in station.micro_stops:
        lost = stop.probability * stop.duration.mean
        if cycle and lost > 10 * cycle:
            yield (
                f"{station.name}: {stop.name} takes {format_duration(lost)} a cycle on average against a "
                f"cycle of {format_duration(cycle)}: are its duration and probability right?"
            )


def _slow_stations(line: Line, table: dict[str, StationCapacity]) -> Iterator[str]:
    if len(line.stations) < 3:
        return
    seconds = {name: 3600 / row.capacity_per_hour for name, row in table.items() if row.capacity_per_hour}
    for name, own in seconds.items():
        usual = median([value for other, value in seconds.items() if other != name] or [0.0])
        if usual and own >= 50 * usual:
            yield (
                f"{name} takes {format_duration(own)} for each released part, the other stations "
                f"{format_duration(usual)}: did you mean a smaller unit for its cycle_time?"
            )


def _vast_buffers(line: Line, table: dict[str, StationCapacity], flow: Traffic) -> Iterator[str]:
    slowest = min(row.capacity_per_hour for row in table.values())
    offered = released_per_hour(line)
    per_hour = slowest if offered is None else min(slowest, offered)
    if not 0 < per_hour < math.inf:
        return
    visits = flow.visits
    for buffer in line.buffers:
        if buffer.capacity is None or not visits[buffer.name]:
            continue
        held = buffer.capacity / (per_hour * visits[buffer.name]) * 3600
        if held > _DAY:
            yield (
                f"{buffer.name} has places for {buffer.capacity} parts, {format_duration(held)} of the "
                "line's output: in a run of usual length it never fills"
            )


def _unused_products(line: Line, flow: Traffic) -> Iterator[str]:
    used = {name for source in line.sources for name in source.mix}
    used |= {order.product for order in line.orders}
    used |= {name for shares in flow.products.values() for name, share in shares.items() if share > 0}
    for product in line.products:
        if product.name not in used:
            yield f"product {product.name} is in no source's mix and in no order: nothing makes it"
