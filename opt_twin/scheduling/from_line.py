"""From a line and its orders to a scheduling instance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Literal

from opt_twin.errors import OptionError, PlanError
from opt_twin.line import Line, Order, Station
from opt_twin.records import Record, record
from opt_twin.scheduling.instance import SchedulingInstance
from opt_twin.scheduling.line_shop import LineShop
from opt_twin.timebase import TimeBase

__all__ = ["Allowance", "RoundingLoss", "rounding_loss", "scheduling_instance", "simplifications"]

Allowance = Literal["nominal", "mean"] | float
"""What cycles take: the mean cycle time alone, with the stops to be expected, or a quantile with them."""


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
    clock_start: float = 0.0,
) -> SchedulingInstance:
    """Return the orders of a line as jobs, with an operation for each station.

    Parameters
    ----------
    line
        A line with one source. What is held of it: see the notes.
    orders
        What to make; those of the line unless given. Each becomes a job whose family is its product.
    tick
        Seconds in one tick. Durations, lags, set-ups and releases are rounded up, due dates and deadlines
        down.
    allowance
        ``nominal``: a cycle takes its mean cycle time, with loading and the test. ``mean``: with the expected
        micro-stops, failures, maintenance and changes of the tool
        (:func:`opt_twin.theory.effective_cycle_time`). A number between 0 and 1, as 0.9: what the work of an
        order at a station takes at most with this probability, so that a plan has room for what varies; its
        distribution is taken as normal with the variance of
        :func:`opt_twin.theory.effective_cycle_variance`.
    clock_start
        Seconds from Monday 00:00 to tick 0, for the shifts.

    Returns
    -------
    SchedulingInstance
        Machines are the stations; the servers of a station, called ``name#1``, ``name#2``, where each order
        is one cycle there. On a line with one path all do the orders in one sequence (``permutation``), as
        parts cannot overtake.

    Raises
    ------
    PlanError
        If there are no orders, an order does not fit the line, the ways of a product do not join again or
        pass a station twice, or the line has something that no instance holds: stocks, assembly,
        disassembly, ovens, a behaviour of one's own.
    OptionError
        If `tick` or `allowance` is out of its range.
    ModelError
        If the times are too long for the tick.

    Notes
    -----
    An order of q parts needs n cycles of a station: q, divided and rounded up at each station on the way that
    packs several parts into one. With m servers, which share the parts of the order, the last of n cycles
    ends after ceil(n / m) cycle times. The next station begins after the cycles that fill its first batch
    (the lead), and still needs one cycle after the station has ended (the tail). For constant cycle times,
    single servers, full batches and buffers that never fill, the ends are exact, but for a station that
    packs behind a faster one that waits for a slower one: the lead takes the faster one to work without
    pauses, and the plan can end a little early. Scrap is not taken off: a schedule with it is on the safe
    side.

    Stations side by side become modes of one operation: the simulator sends parts where the plan has their
    order, whatever the routing. Where an order has such a choice, where parts
    ride on conveyors or vehicles, and where shifts or people stop the work, an order leaves a station as a
    whole. Conveyors and vehicles give transport times; the number of vehicles does not limit the schedule.
    Shifts of stations and people become closures; an order of several cycles may be interrupted by them, one
    of a single cycle only if the station stops at the end of a shift. People that a cycle needs become a
    resource. Buffers limit the schedule where every order is a single part and a buffer serves one station;
    pallets never do. :func:`simplifications` lists what is not held of a line.

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
    base = _base(tick, allowance)
    shop = _shop(line, wanted, base, allowance, clock_start)
    weights = _whole_weights(wanted)
    jobs = [
        {
            "name": order.name,
            "family": order.product,
            "release": base.ticks(order.release, "up"),
            "due": None if order.due is None else base.ticks(order.due, "down"),
            "deadline": None if order.deadline is None else base.ticks(order.deadline, "down"),
            "weight": weight,
            "operations": list(shop.operations(order)),
        }
        for order, weight in zip(wanted, weights, strict=True)
    ]
    return SchedulingInstance.from_dict({"name": line.name, "jobs": jobs, "tick": tick} | shop.data())


def simplifications(line: Line, orders: Sequence[Order] | None = None) -> tuple[str, ...]:
    """Return what :func:`scheduling_instance` leaves out of `line`, a sentence each.

    Raises
    ------
    PlanError
        As :func:`scheduling_instance`.
    """
    return tuple(_shop(line, _orders(line, orders), TimeBase(tick=1.0), "nominal", 0.0).simplified)


def _base(tick: float, allowance: Allowance) -> TimeBase:
    quantile = isinstance(allowance, float) and 0 < allowance < 1
    if allowance not in {"nominal", "mean"} and not quantile:
        raise OptionError(f"an allowance is 'nominal', 'mean' or between 0 and 1, not {allowance!r}")
    if not (math.isfinite(tick) and tick > 0):
        raise OptionError(f"a tick must be longer than 0 s, got {tick}")
    return TimeBase(tick=tick)


def _shop(
    line: Line, orders: Sequence[Order], base: TimeBase, allowance: Allowance, clock_start: float
) -> LineShop:
    _check_held(line)

    def work(station: Station, product: str, cycles: int) -> float:
        if not isinstance(allowance, float):
            return cycles * _cycle(station, product, allowance)
        from statistics import NormalDist

        from opt_twin.theory import effective_cycle_variance

        deviation = math.sqrt(cycles * effective_cycle_variance(station, product))
        buffer = NormalDist().inv_cdf(allowance) * deviation
        return max(
            cycles * _cycle(station, product, "nominal"), cycles * _cycle(station, product, "mean") + buffer
        )

    return LineShop(line, orders, base, work, clock_start)


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
    wanted = {order.name: order for order in _orders(line, orders)}
    shop = _shop(line, tuple(wanted.values()), TimeBase(tick=instance.tick), allowance, 0.0)
    lost, total, worst, worst_share = 0.0, 0.0, "", 0.0
    for job in instance.jobs:
        exact = list(shop.ways(wanted[job.name])) if job.name in wanted else []
        if [[m for _, m, _ in ways] for *_, ways in exact] != [
            [m.machine for m in o.ways] for o in job.operations
        ]:
            raise PlanError(
                f"the instance {instance.name!r} was not made from {line.name!r} and these orders"
            )
        for (_, _, ways), operation in zip(exact, job.operations, strict=True):
            for (_, machine, seconds), mode in zip(ways, operation.ways, strict=True):
                added = mode.duration * instance.tick - seconds
                lost, total = lost + added, total + seconds
                if seconds and added / seconds > worst_share:
                    worst, worst_share = f"{job.name} at {machine}", added / seconds
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
    for station in line.stations:
        does = {
            "assembles components": bool(station.components),
            "gives out other parts than it takes in": bool(
                station.makes or station.yields or station.unpacks
            ),
            "gives out the parts of a batch one by one": station.batch_size > 1
            and station.batch_output == "parts",
            "has a behaviour of its own": station.behaviour is not None,
        }
        what = next((text for text, holds in does.items() if holds), "")
        if what:
            raise PlanError(
                f"line {line.name!r} cannot be scheduled: station {station.name!r} {what}; no operation "
                "stands for that, schedule a simpler line and simulate the plan on this one"
            )


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
