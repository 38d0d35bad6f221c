"""From a line and its orders to a scheduling instance."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any, Literal, NamedTuple

from opt_twin.errors import OptionError, PlanError
from opt_twin.line import Conveyor, Line, Order, Sink, Source, Station, Stock, Transport
from opt_twin.records import Record, record
from opt_twin.scheduling.instance import SchedulingInstance
from opt_twin.timebase import TimeBase

__all__ = ["Allowance", "RoundingLoss", "rounding_loss", "scheduling_instance"]

Allowance = Literal["nominal", "mean"]
"""What a cycle takes: its mean cycle time alone, or with the stops that are to be expected."""


class _Step(NamedTuple):
    """What an order needs of a station, in float seconds."""

    station: str
    duration: float
    lead: float
    tail: float


@record
class RoundingLoss(Record):
    """What rounding up to ticks adds to the durations of an instance.

    Attributes
    ----------
    seconds
        In all.
    share
        Of the exact durations together.
    worst
        The operation with the largest share, as ``order at station``.
    worst_share
        Its share.
    """

    seconds: float
    share: float
    worst: str
    worst_share: float


def scheduling_instance(
    line: Line,
    orders: Sequence[Order] | None = None,
    *,
    tick: float = 1.0,
    allowance: Allowance = "nominal",
) -> SchedulingInstance:
    """Return the orders of a line as jobs, with an operation for each station.

    Parameters
    ----------
    line
        A line with one path from one source to one sink. A station may have parallel servers, which share
        the parts of one order. Buffers and pallets do not limit the schedule.
    orders
        What to make; those of the line unless given. Each becomes a job whose family is its product.
    tick
        Seconds in one tick. Durations, lags, set-ups and releases are rounded up, due dates and deadlines
        down.
    allowance
        ``nominal``: a cycle takes its mean cycle time, with loading and the test. ``mean``: with the expected
        micro-stops, failures, maintenance and changes of the tool
        (:func:`opt_twin.theory.effective_cycle_time`).

    Returns
    -------
    SchedulingInstance
        Machines are the stations in the order of the path. All do the orders in one sequence
        (``permutation``): parts cannot overtake on such a line.

    Raises
    ------
    PlanError
        If the line has not one path, there are no orders, an order does not fit the line, or the line has
        something that the formulation does not hold: conveyors, transports, stocks, assembly, disassembly,
        ovens, connections with conditions, shifts, people at the machines, a behaviour of one's own.
    OptionError
        If `tick` or `allowance` is out of its range.
    ModelError
        If the times are too long for the tick.

    Notes
    -----
    An order of q parts needs n cycles of a station: q, divided and rounded up at each station on the way that
    packs several parts into one. With m servers the last of n cycles ends after ceil(n / m) cycle times. The
    next station begins after the cycles that fill its first batch (the lead), and still needs one cycle after
    the station has ended (the tail). For constant cycle times, single servers, full batches and buffers that
    never fill, the ends are exact, but for a station that packs behind a faster one that waits for a slower
    one: the lead takes the faster one to work without pauses, and the plan can end a little early. Scrap is
    not taken off: a schedule with it is on the safe side.

    A weight that is no whole number is scaled, the same for all orders, and rounded to a thousandth.

    Examples
    --------
    >>> from opt_twin.line import Line, Order, Product, Sink, Source, Station, chain
    >>> line = Line(
    ...     name="two",
    ...     elements=(
    ...         Source(name="In"),
    ...         Station(name="Fill", cycle_time=2.0),
    ...         Station(name="Pack", cycle_time=6.0, batch_size=4),
    ...         Sink(name="Out"),
    ...     ),
    ...     connections=chain("In", "Fill", "Pack", "Out"),
    ...     products=(Product(name="P"),),
    ...     orders=(Order(name="A", product="P", quantity=100),),
    ... )
    >>> fill, pack = scheduling_instance(line).jobs[0].operations
    >>> fill.duration, fill.lead, pack.duration, pack.tail
    (200, 8, 150, 6)
    """
    wanted = _orders(line, orders)
    _check_held(line)
    stations = _path(line)
    if allowance not in {"nominal", "mean"}:
        raise OptionError(f"an allowance is 'nominal' or 'mean', not {allowance!r}")
    if not (math.isfinite(tick) and tick > 0):
        raise OptionError(f"a tick must be longer than 0 s, got {tick}")
    base = TimeBase(tick=tick)
    weights = _whole_weights(wanted)
    jobs = [
        {
            "name": order.name,
            "family": order.product,
            "release": base.ticks(order.release, "up"),
            "due": None if order.due is None else base.ticks(order.due, "down"),
            "deadline": None if order.deadline is None else base.ticks(order.deadline, "down"),
            "weight": weight,
            "operations": list(_operations(order, stations, base, allowance)),
        }
        for order, weight in zip(wanted, weights, strict=True)
    ]
    return SchedulingInstance.from_dict(
        {
            "name": line.name,
            "machines": [station.name for station in stations],
            "jobs": jobs,
            "setup_times": {
                station.name: {
                    before: {after: base.ticks(seconds, "up") for after, seconds in row.items()}
                    for before, row in station.setup_times.items()
                }
                for station in stations
                if station.setup_times
            },
            "initial_family": {
                station.name: station.initial_product
                for station in stations
                if station.initial_product is not None
            },
            "tick": tick,
            "permutation": True,  # one chain, and its buffers are first in, first out
        }
    )


def rounding_loss(
    line: Line,
    instance: SchedulingInstance,
    orders: Sequence[Order] | None = None,
    *,
    allowance: Allowance = "nominal",
) -> RoundingLoss:
    """Return what rounding up to ticks has added to the durations of `instance`.

    Parameters
    ----------
    line, orders, allowance
        What the instance was made from.
    instance
        What :func:`scheduling_instance` returned.

    Raises
    ------
    PlanError
        If the instance was not made from the line and the orders.
    """
    stations = _path(line)
    exact = {order.name: list(_steps(order, stations, allowance)) for order in _orders(line, orders)}
    lost, total, worst, worst_share = 0.0, 0.0, "", 0.0
    for job in instance.jobs:
        steps = exact.get(job.name, [])
        if [step.station for step in steps] != [operation.machine for operation in job.operations]:
            raise PlanError(
                f"the instance {instance.name!r} was not made from {line.name!r} and these orders"
            )
        for step, operation in zip(steps, job.operations, strict=True):
            added = operation.duration * instance.tick - step.duration
            lost, total = lost + added, total + step.duration
            if step.duration and added / step.duration > worst_share:
                worst, worst_share = f"{job.name} at {step.station}", added / step.duration
    return RoundingLoss(
        seconds=lost, share=lost / total if total else 0.0, worst=worst, worst_share=worst_share
    )


def _orders(line: Line, orders: Sequence[Order] | None) -> tuple[Order, ...]:
    wanted = line.orders if orders is None else tuple(orders)
    if not wanted:
        raise PlanError(f"line {line.name!r} has no orders; give some in the line or as orders=")
    names = [order.name for order in wanted]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise PlanError(f"two orders are called {twice[0]!r}; rename one")
    known = {product.name for product in line.products}
    for order in wanted:
        if order.product not in known:
            raise PlanError(
                f"order {order.name!r} is for {order.product!r}, which line {line.name!r} does not make"
            )
    return wanted


def _check_held(line: Line) -> None:
    """Refuse a line with something in it that no operation of the instance stands for."""
    for element in line.elements:
        what = ""
        if isinstance(element, Conveyor | Transport):
            what = f"{element.name!r} is a {element.kind}, and the way takes time"
        elif isinstance(element, Stock):
            what = f"{element.name!r} is a stock, which orders for itself"
        elif isinstance(element, Station):
            what = _not_held(element)
        if what:
            raise PlanError(f"line {line.name!r} cannot be scheduled: {what}; {_ADVICE}")
    for way in line.connections:
        if way.conditional:
            raise PlanError(
                f"line {line.name!r} cannot be scheduled: the connection {way.source} -> {way.target} has "
                f"conditions; {_ADVICE}"
            )


_ADVICE = "the formulation does not hold that, schedule a simpler line and simulate the plan on this one"


def _not_held(station: Station) -> str:
    """Return what a station does that the formulation does not hold; empty for nothing."""
    does = {
        "assembles components": bool(station.components),
        "gives out other parts than it takes in": bool(station.makes or station.yields or station.unpacks),
        "gives out the parts of a batch one by one": station.batch_size > 1
        and station.batch_output == "parts",
        "works in shifts": bool(station.shifts),
        "needs people": bool(station.needs),
        "has a behaviour of its own": station.behaviour is not None,
    }
    return next((f"station {station.name!r} {what}" for what, holds in does.items() if holds), "")


def _path(line: Line) -> tuple[Station, ...]:
    """Return the stations of the line in the order of its one path."""
    advice = "a line with one path is needed; schedule such a line by a job shop of your own"
    if len(line.sources) != 1 or len(line.sinks) != 1:
        raise PlanError(
            f"line {line.name!r} has {len(line.sources)} sources and {len(line.sinks)} sinks: {advice}"
        )
    stations: list[Station] = []
    element: Any = line.sources[0]
    assert isinstance(element, Source)
    while not isinstance(element, Sink):
        ways = [way for way in line.successors(element.name) if way.probability != 0]
        if len(ways) != 1:
            targets = ", ".join(repr(way.target) for way in ways)
            raise PlanError(f"{len(ways)} ways leave {element.name!r} (to {targets}): {advice}")
        element = line.element(ways[0].target)
        if isinstance(element, Station):
            stations.append(element)
    off = [station.name for station in line.stations if station not in stations]
    if off:
        raise PlanError(f"station {off[0]!r} is not on the way from source to sink: {advice}")
    return tuple(stations)


def _steps(order: Order, stations: Sequence[Station], allowance: Allowance) -> Iterator[_Step]:
    """Yield what `order` needs of each station, in float seconds."""
    cycles = order.quantity
    for position, station in enumerate(stations):
        cycles = math.ceil(cycles / station.batch_size)
        cycle = _cycle(station, order.product, allowance)
        first = cycles
        if position + 1 < len(stations):
            first = min(cycles, stations[position + 1].batch_size)
        yield _Step(
            station=station.name,
            duration=math.ceil(cycles / station.servers) * cycle,
            lead=math.ceil(first / station.servers) * cycle,
            tail=cycle,
        )


def _operations(
    order: Order, stations: Sequence[Station], base: TimeBase, allowance: Allowance
) -> Iterator[dict[str, Any]]:
    """Yield the operations of `order` in ticks; at least one each, so that an order is never invisible."""
    for step in _steps(order, stations, allowance):
        duration = max(1, base.ticks(step.duration, "up"))
        yield {
            "machine": step.station,
            "duration": duration,
            "lead": min(duration, base.ticks(step.lead, "up")),
            "tail": min(duration, base.ticks(step.tail, "up")),
        }


def _cycle(station: Station, product: str, allowance: Allowance) -> float:
    """Return the seconds that a cycle takes, with the stops to be expected when asked for."""
    if allowance == "mean":
        from opt_twin.theory import effective_cycle_time

        return effective_cycle_time(station, {product: 1.0})
    times = [station.load_time, station.inspection.time if station.inspection is not None else None]
    extra = math.fsum(time.mean for time in times if time is not None)
    return station.cycle_time_of(product).mean / station.speed + extra


def _whole_weights(orders: Sequence[Order]) -> list[int]:
    """Return the weights as the smallest whole numbers in the same proportion, to a thousandth."""
    exact = [Fraction(round(order.weight * 1000), 1000) for order in orders]
    scale = math.lcm(*(weight.denominator for weight in exact))
    return [int(weight * scale) for weight in exact]
