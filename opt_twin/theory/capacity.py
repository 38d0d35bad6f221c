"""What each station of a line could make on its own: flows, effective cycle times, capacities.

All of it is exact for means in the long run where the notes say so; blocking and starving between stations
only take away from it.
"""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import Field

from opt_twin.line import Line
from opt_twin.records import Record, record
from opt_twin.theory.cycle_time import effective_cycle_time
from opt_twin.theory.traffic import released_per_hour, traffic
from opt_twin.theory.working_time import working_share

__all__ = ["StationCapacity", "capacity_table", "predicted_bottleneck"]


@record
class StationCapacity(Record):
    """What one station could make if it never waited for another.

    Attributes
    ----------
    station
        Its name.
    visits
        Parts that come to the station for each part that the sources release.
    cycles
        Cycles for each released part: visits over the batch size, or kits of components.
    effective_cycle_time
        Mean seconds from the start of one cycle to the start of the next on one server that never waits:
        processing at the station's speed and over the mix of products, loading, test, set-ups, changes of
        the tool, micro-stops, failures and maintenance. Infinite when parts that start again after each
        failure are practically never done.
    cycles_per_hour
        Of all its servers together, over whole weeks where the station works in shifts.
    capacity_per_hour
        The same in released parts, so that stations can be compared: cycles_per_hour / cycles.
    utilisation
        Share of the capacity that the arrivals ask for (above 1 when they ask for more); None when a source
        is saturated, or releases by a timetable or the orders of the line.
    working
        Share of the week in which its shifts work; 1 without shifts.
    """

    station: str
    visits: float
    cycles: float
    effective_cycle_time: Annotated[float, Field(allow_inf_nan=True)]
    cycles_per_hour: Annotated[float, Field(allow_inf_nan=True)]
    capacity_per_hour: Annotated[float, Field(allow_inf_nan=True)]
    utilisation: Annotated[float, Field(allow_inf_nan=True)] | None
    working: float = 1.0


def capacity_table(line: Line) -> tuple[StationCapacity, ...]:
    """Return what each station could make, in the order of ``line.stations``.

    Returns
    -------
    tuple of StationCapacity
        The station of the least ``capacity_per_hour`` is the bottleneck that a calculation predicts;
        simulation may name another where stations of similar capacity differ in their variation. What else
        limits a line, such as people and vehicles, see :func:`opt_twin.theory.limits`.

    Examples
    --------
    >>> from opt_twin.line import Line, Sink, Source, Station, chain
    >>> line = Line(
    ...     name="two",
    ...     elements=(
    ...         Source(name="In"),
    ...         Station(name="Saw", cycle_time="5 s"),
    ...         Station(name="Pack", cycle_time="48 s", batch_size=12),
    ...         Sink(name="Out"),
    ...     ),
    ...     connections=chain("In", "Saw", "Pack", "Out"),
    ... )
    >>> [(row.station, row.capacity_per_hour) for row in capacity_table(line)]
    [('Saw', 720.0), ('Pack', 900.0)]
    """
    flow = traffic(line)
    offered = released_per_hour(line)
    if offered is not None:
        offered *= flow.usable
    table = []
    for station in line.stations:
        seconds = effective_cycle_time(station, flow.products[station.name])
        visits, cycles = flow.visits[station.name], flow.cycles[station.name]
        working = working_share(line, station)
        cycles_per_hour = 3600 * working * station.servers / seconds if seconds else math.inf
        capacity = cycles_per_hour / cycles if cycles else math.inf
        load = None if offered is None else (offered / capacity if capacity else math.inf)
        table.append(
            StationCapacity(
                station=station.name,
                visits=visits,
                cycles=cycles,
                effective_cycle_time=seconds,
                cycles_per_hour=cycles_per_hour,
                capacity_per_hour=capacity,
                utilisation=load,
                working=working,
            )
        )
    return tuple(table)


def predicted_bottleneck(line: Line) -> StationCapacity:
    """Return the station of the least capacity; the first along ``line.stations`` of equals."""
    return min(capacity_table(line), key=lambda row: row.capacity_per_hour)
