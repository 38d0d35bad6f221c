"""What each station of a line could make on its own: flows, effective cycle times, capacities.

All of it is exact for means in the long run where the notes say so; blocking and starving between stations
only take away from it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import Field

from opt_twin.errors import ModelError
from opt_twin.line import Clock, FailureMode, Interrupted, Line, Source, Station
from opt_twin.records import FrozenMapping, Record, record
from opt_twin.theory.renewal import availability, cycles_to_failure, restart_time

__all__ = [
    "StationCapacity",
    "Traffic",
    "capacity_table",
    "effective_cycle_time",
    "predicted_bottleneck",
    "released_per_hour",
    "traffic",
]

Floats = npt.NDArray[np.float64]


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
        Cycles for each released part: visits over the batch size.
    effective_cycle_time
        Mean seconds from the start of one cycle to the start of the next on one server that never waits:
        processing at the station's speed and over the mix of products, set-ups, micro-stops and failures.
        Infinite when parts that start again after each failure are practically never done.
    cycles_per_hour
        Of all its servers together.
    capacity_per_hour
        The same in released parts, so that stations can be compared: cycles_per_hour / cycles.
    utilisation
        Share of the capacity that the arrivals ask for (above 1 when they ask for more); None when a source
        is saturated.
    """

    station: str
    visits: float
    cycles: float
    effective_cycle_time: Annotated[float, Field(allow_inf_nan=True)]
    cycles_per_hour: Annotated[float, Field(allow_inf_nan=True)]
    capacity_per_hour: Annotated[float, Field(allow_inf_nan=True)]
    utilisation: Annotated[float, Field(allow_inf_nan=True)] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """How parts flow in the long run, for each part that the sources release.

    Attributes
    ----------
    visits
        Element -> parts that come to it.
    defective
        Element -> share of them that is defective.
    products
        Element -> product -> share of the parts that come to it; empty when the line has no products.
    parts_out, good_parts
        Parts, and good parts, that leave through the sinks.
    """

    visits: Mapping[str, float]
    defective: Mapping[str, float]
    products: Mapping[str, Mapping[str, float]]
    parts_out: float
    good_parts: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "visits", FrozenMapping(self.visits))
        object.__setattr__(self, "defective", FrozenMapping(self.defective))
        products = {name: FrozenMapping(shares) for name, shares in self.products.items()}
        object.__setattr__(self, "products", FrozenMapping(products))


def released_per_hour(line: Line) -> float | None:
    """Return the parts per hour that the sources offer, or None when one of them is saturated.

    Examples
    --------
    >>> from opt_twin.line import Line, Sink, Source, Station, chain
    >>> line = Line(
    ...     name="one",
    ...     elements=(
    ...         Source(name="In", interarrival="exponential(6 s)"),
    ...         Station(name="Saw", cycle_time="5 s"),
    ...         Sink(name="Out"),
    ...     ),
    ...     connections=chain("In", "Saw", "Out"),
    ... )
    >>> released_per_hour(line)
    600.0
    """
    rates = []
    for source in line.sources:
        if source.interarrival is None or source.interarrival.mean == 0:
            return None
        rates.append(3600 / source.interarrival.mean)
    return math.fsum(rates)


def traffic(line: Line) -> Traffic:
    """Return the long-run flow of parts through the line, by its traffic equations.

    For each element, good and defective parts that come to it are those that the sources release there and
    those that other elements pass on: divided by the batch size, less rejects and parts that a failure
    scraps, times the routing probability. Products flow alike. Sources share the releases in proportion to
    their rates, or equally when one of them is saturated.

    Raises
    ------
    ModelError
        If the exit probability of a loop is so small that the equations cannot be solved.

    Notes
    -----
    Exact for means, but for two cases: a batch that takes both defective and good parts is treated as if
    their order were random, and failures that scrap a part are taken as exponential.

    References
    ----------
    Jackson (1957), Networks of waiting lines, Operations Research 5 (the traffic equations).
    """
    names = [element.name for element in line.elements]
    index = {name: position for position, name in enumerate(names)}
    size = len(names)
    mixes = {source.name: _mix(line, source) for source in line.sources}
    products = sorted({product for mix in mixes.values() for product in mix}, key=str)
    released = np.zeros((2 * size, len(products)))
    for source, share in zip(line.sources, _source_shares(line), strict=True):
        for product, part in mixes[source.name].items():
            released[index[source.name], products.index(product)] += share * part
    defective = np.zeros(size)
    flow: Floats = released
    work = {station.name: _plain_work(station) for station in line.stations}
    for _ in range(1000):  # batches make the share of defective parts enter as a power; it settles quickly
        matrix = np.eye(2 * size) - _transfer(line, index, defective, work)
        flow = _solved(matrix, released)
        before, defective = defective, _shares(flow[size:].sum(axis=1), _visits(flow, size).sum(axis=1))
        if np.abs(defective - before).max() < 1e-14:
            break
    visits = _visits(flow, size)
    sinks = [index[sink.name] for sink in line.sinks]
    total = visits.sum(axis=1)
    return Traffic(
        visits=dict(zip(names, total.tolist(), strict=True)),
        defective=dict(zip(names, defective.tolist(), strict=True)),
        products={
            name: {
                product: float(share)
                for product, share in zip(products, _shares(visits[i], total[i]), strict=True)
                if product is not None
            }
            for i, name in enumerate(names)
        },
        parts_out=float(total[sinks].sum()),
        good_parts=float(flow[sinks].sum()),
    )


def effective_cycle_time(station: Station, products: Mapping[str, float] | None = None) -> float:
    """Return the mean seconds per cycle of one server that never waits for parts or places.

    Parameters
    ----------
    station
        The station.
    products
        Share of each product among its parts; None or empty when there is one only.

    Notes
    -----
    With w the processing time at the station's speed, s the mean set-up when products follow one another at
    random, m = sum of probability times duration over the micro-stops, F and R the mean times to failure and
    to repair:

    - operation clock: w R / F is added for each mode;
    - cycles clock: R / (cycles to failure) is added for each mode;
    - calendar clock: the total is divided by the availability F / (F + R) of each mode;
    - where an interrupted part starts again, w + w R / F becomes (F + R) (exp(w / F) - 1), and where it is
      scrapped, (F + R) (1 - exp(-w / F)), on either clock of time.

    Exact in the long run where interrupted parts continue; with several modes and parts that start again or
    are scrapped, and in the second case on the calendar clock with set-ups or micro-stops, near to it. For
    cycles to failure see :func:`opt_twin.theory.cycles_to_failure`.

    Examples
    --------
    >>> from opt_twin.line import Clock, FailureMode, MicroStop, Station
    >>> filler = Station(
    ...     name="Filler",
    ...     cycle_time="10000/h",
    ...     failures=(FailureMode(time_to_failure="120 min", time_to_repair="15 min", clock="operation"),),
    ...     micro_stops=(MicroStop(probability=0.01, duration="15 s"),),
    ... )
    >>> round(effective_cycle_time(filler), 6)
    0.555
    """
    work = _work(station, products or {})
    total = work + _setup(station, products or {})
    total += math.fsum(stop.probability * stop.duration.mean for stop in station.micro_stops)
    total += math.fsum(_added(mode, work) for mode in station.failures)
    return total / math.prod(_calendar_availability(mode) for mode in station.failures)


def capacity_table(line: Line) -> tuple[StationCapacity, ...]:
    """Return what each station could make, in the order of ``line.stations``.

    Returns
    -------
    tuple of StationCapacity
        The station of the least ``capacity_per_hour`` is the bottleneck that a calculation predicts;
        simulation may name another where stations of similar capacity differ in their variation.

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
    table = []
    for station in line.stations:
        seconds = effective_cycle_time(station, flow.products[station.name])
        visits = flow.visits[station.name]
        cycles = visits / station.batch_size
        cycles_per_hour = 3600 * station.servers / seconds if seconds else math.inf
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
            )
        )
    return tuple(table)


def predicted_bottleneck(line: Line) -> StationCapacity:
    """Return the station of the least capacity; the first along ``line.stations`` of equals."""
    return min(capacity_table(line), key=lambda row: row.capacity_per_hour)


def _mix(line: Line, source: Source) -> Mapping[str | None, float]:
    """Return the share of each product among the parts of a source; None when the line has no products.

    Without a mix a source releases the first product of the line.
    """
    if source.mix:
        return {product: share for product, share in source.mix.items()}  # noqa: C416, its keys widen
    return {line.products[0].name if line.products else None: 1.0}


def _source_shares(line: Line) -> list[float]:
    offered = released_per_hour(line)
    if offered is None:
        return [1 / len(line.sources)] * len(line.sources)
    return [3600 / source.interarrival.mean / offered for source in line.sources if source.interarrival]


def _transfer(line: Line, index: Mapping[str, int], defective: Floats, work: Mapping[str, float]) -> Floats:
    """Return T with T[b, a] parts passed to b for each at a; good parts first, then defective ones."""
    size = len(index)
    passed = {element.name: np.eye(2) for element in line.elements}
    for station in line.stations:
        share = float(defective[index[station.name]])
        passed[station.name] = _passed(station, share, work[station.name])
    transfer = np.zeros((2 * size, 2 * size))
    for connection in line.connections:
        probability = 1.0 if connection.probability is None else connection.probability
        a, b = index[connection.source], index[connection.target]
        transfer[np.ix_((b, b + size), (a, a + size))] += probability * passed[connection.source]
    return transfer


def _passed(station: Station, defective: float, work: float) -> Floats:
    """Return what a station passes on, [good, defective] by [good, defective] that come to it."""
    size = station.batch_size
    if size == 1:
        made = np.eye(2)
    else:
        sound = (1 - defective) ** size
        made = np.array([[sound, sound], [1 - sound, 1 - sound]]) / size
    spoiled = np.array([[1 - station.defect_rate, 0.0], [station.defect_rate, 1.0]])
    kept = np.eye(2)
    if station.inspection is not None:
        kept = np.diag([1 - station.inspection.false_alarm, 1 - station.inspection.detection])
    survived = math.prod(
        math.exp(-work / mode.time_to_failure.mean)
        for mode in station.failures
        if mode.interrupted is Interrupted.SCRAP and mode.clock is not Clock.CYCLES
    )
    result: Floats = survived * kept @ spoiled @ made
    return result


def _solved(matrix: Floats, released: Floats) -> Floats:
    try:
        return np.asarray(np.linalg.solve(matrix, released), dtype=np.float64)
    except np.linalg.LinAlgError:
        raise ModelError(
            "parts circulate practically for ever: a loop has an exit probability that is not told from 0; "
            "raise the probability of the way out"
        ) from None


def _visits(flow: Floats, size: int) -> Floats:
    total: Floats = flow[:size] + flow[size:]
    return total


def _shares(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.zeros_like(part), where=np.broadcast_to(whole, part.shape) > 0)


def _plain_work(station: Station) -> float:
    return station.cycle_time.mean / station.speed


def _work(station: Station, products: Mapping[str, float]) -> float:
    if not products:
        return _plain_work(station)
    times = (share * station.cycle_time_of(product).mean for product, share in products.items())
    return math.fsum(times) / station.speed


def _setup(station: Station, products: Mapping[str, float]) -> float:
    return math.fsum(
        share * other * station.setup_time(before, after)
        for before, share in products.items()
        for after, other in products.items()
    )


def _added(mode: FailureMode, work: float) -> float:
    """Return the seconds that a failure mode adds to a cycle, its calendar clock left out."""
    until, repair = mode.time_to_failure.mean, mode.time_to_repair.mean
    if mode.clock is Clock.CYCLES:
        return repair / cycles_to_failure(mode.time_to_failure)
    if mode.interrupted is Interrupted.RESTART:
        if work > 100 * until:
            return math.inf
        return restart_time(work, until, repair) - work
    if mode.interrupted is Interrupted.SCRAP:
        return -(until + repair) * math.expm1(-work / until) - work
    return work * repair / until if mode.clock is Clock.OPERATION else 0.0


def _calendar_availability(mode: FailureMode) -> float:
    if mode.clock is not Clock.CALENDAR or mode.interrupted is not Interrupted.CONTINUE:
        return 1.0
    return availability(mode.time_to_failure.mean, mode.time_to_repair.mean)
