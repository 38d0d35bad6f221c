"""Executing a plan: which order is released when, and when it is complete."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import TYPE_CHECKING, ClassVar, Protocol

from opt_twin.errors import PlanError, did_you_mean
from opt_twin.graph import is_serial
from opt_twin.line import Line, Order
from opt_twin.plan import Schedule

if TYPE_CHECKING:
    from opt_twin.simulation.parts import Part
    from opt_twin.simulation.stations import StationNode

__all__ = ["Backlog", "ChainBook", "Coming", "OrderBook", "is_chain", "order_sequence", "order_source"]


def is_chain(line: Line) -> bool:
    """Return whether orders pass all stations of a line in one sequence, whatever a plan says."""
    queues = all(buffer.discipline == "fifo" for buffer in line.buffers)
    return is_serial(line) and queues and not any(station.components for station in line.stations)


def order_source(line: Line) -> str:
    """Return the name of the source that releases the orders of `line`.

    Raises
    ------
    PlanError
        If several could, or none.
    """
    told = [source.name for source in line.sources if source.releases_orders]
    able = told or [source.name for source in line.sources]
    if len(able) > 1:
        raise PlanError(
            f"the sources {', '.join(able)} of {line.name!r} could each release the orders; "
            "set releases_orders on one of them"
        )
    return able[0]


def order_sequence(line: Line, plan: Schedule) -> tuple[Order, ...]:
    """Return the orders of `line`, which is one chain, in the sequence of `plan`.

    Raises
    ------
    PlanError
        If the line has no orders, a machine or an order of the plan is not in the line, an order is not in
        the plan, or the machines do not do the orders in the same sequence.
    """
    if not line.orders:
        raise PlanError(f"line {line.name!r} has no orders to execute a schedule with; add them to it")
    stations = [station.name for station in line.stations]
    sequence: tuple[str, ...] = ()
    first = ""
    for machine in plan.machines:
        if machine.partition("#")[0] not in stations:
            raise PlanError(
                f"the plan uses machine {machine!r}{did_you_mean(machine, stations)}; "
                f"the stations of {line.name!r} are {', '.join(stations)}"
            )
        own = tuple(dict.fromkeys(plan.sequence(machine)))
        if not first:
            first, sequence = machine, own
        elif own != sequence:
            where = next(
                i for i in range(max(len(own), len(sequence))) if own[i : i + 1] != sequence[i : i + 1]
            )
            raise PlanError(
                f"the machines of a chain must do the orders in one sequence, but {first!r} and {machine!r} "
                f"differ at position {where + 1}: {_at(sequence, where)} and {_at(own, where)}"
            )
    orders = {order.name: order for order in line.orders}
    for job in sequence:
        if job not in orders:
            raise PlanError(
                f"the plan has job {job!r}, but the line has no such order{did_you_mean(job, orders)}"
            )
    missing = [name for name in orders if name not in sequence]
    if missing:
        raise PlanError(
            f"the plan does not say when to make order {missing[0]!r}; plan every order of the line"
        )
    return tuple(orders[job] for job in sequence)


def _at(sequence: tuple[str, ...], position: int) -> str:
    return repr(sequence[position]) if position < len(sequence) else "nothing"


class Coming(Protocol):
    """What may still come to a server."""

    def take(self, part: Part) -> bool:
        """Take off a part that has come; return whether no more of its order is to come now."""

    def following(self, order: str | None) -> Order | None:
        """Return the order that comes after `order`; None while more of that is to come, or none does."""


class Backlog:
    """Units of each order that may still come to a station.

    Parameters
    ----------
    sequence
        The orders, in the order of release.
    """

    STATE: ClassVar[tuple[str, ...]] = ("_units",)
    __slots__ = (*STATE, "_positions", "_sequence")

    def __init__(self, sequence: tuple[Order, ...]) -> None:
        self._sequence = sequence
        self._positions = {order.name: position for position, order in enumerate(sequence)}
        self._units = {order.name: order.quantity for order in sequence}

    def take(self, part: Part) -> bool:
        """Take off a part that has come; return whether no more of its order can come."""
        return self.take_off(part.order, part.units)

    def take_off(self, order: str | None, units: int) -> bool:
        """Take off units that have come or never will; return whether no more of the order can come."""
        assert order is not None
        left = self._units[order] - units
        self._units[order] = left
        return not left

    def following(self, order: str | None) -> Order | None:
        """Return the first order after `order` of which units may come; None while some of `order` may.

        None stands for the time before the first order.
        """
        if order is None:
            start = 0
        elif self._units[order]:
            return None
        else:
            start = self._positions[order] + 1
        later = islice(self._sequence, start, None)
        return next((following for following in later if self._units[following.name]), None)


class OrderBook:
    """What is open of each order.

    Parameters
    ----------
    sequence
        The orders, in the order of release.
    done
        Called with the time when all orders are complete; None to let the run go on.

    Attributes
    ----------
    planned
        Whether the orders are made by a plan.
    completion
        Order -> when its last unit left the line, as product or as scrap.
    """

    STATE: ClassVar[tuple[str, ...]] = ("_open", "completion")
    __slots__ = (*STATE, "_done", "planned", "sequence")

    def __init__(self, sequence: tuple[Order, ...], done: Callable[[float], None] | None = None) -> None:
        self.sequence = sequence
        self.planned = done is not None
        self.completion: dict[str, float] = {}
        self._open = {order.name: order.quantity for order in sequence}
        self._done = done

    def start(self) -> None:
        """Begin; a book without a plan does nothing."""

    @property
    def open(self) -> tuple[str, ...]:
        """The orders that are not complete."""
        return tuple(name for name, units in self._open.items() if units)

    def add(self, part: Part, units: int, rank: int) -> None:  # noqa: ARG002 - plans look at it
        """Take note of units that the order of `part` has more, since the station of `rank`."""
        assert part.order is not None
        self._open[part.order] += units

    def leave(self, part: Part, now: float) -> None:
        """Take note of a part that has left the line."""
        if part.order is None:
            return
        left = self._open[part.order] - part.units
        self._open[part.order] = left
        if not left:
            self.completion[part.order] = now
            if self._done is not None and len(self.completion) == len(self.sequence):
                self._done(now)

    def scrap(self, part: Part, now: float, rank: int) -> None:  # noqa: ARG002 - plans look at it
        """Take note of a part scrapped at the element of `rank`."""
        self.leave(part, now)


class ChainBook(OrderBook):
    """The orders of a plan for a line that is one chain.

    Parameters
    ----------
    sequence
        The orders, in the order of release.
    stations
        The stations that make batches or have set-ups.
    done
        Called with the time when all orders are complete.
    """

    __slots__ = ("_stations",)

    def __init__(
        self, sequence: tuple[Order, ...], stations: list[StationNode], done: Callable[[float], None]
    ) -> None:
        super().__init__(sequence, done)
        self._stations = stations
        for station in stations:
            station.follow(Backlog(sequence))

    def start(self) -> None:
        """Start the set-ups for the first order."""
        for station in self._stations:
            station.prepare(0.0)

    def add(self, part: Part, units: int, rank: int) -> None:
        """Take note of units that the order of `part` has more: they may come to the stations after it."""
        super().add(part, units, rank)
        for station in self._stations:
            if station.rank > rank and station.backlog is not None:
                station.backlog.take_off(part.order, -units)

    def scrap(self, part: Part, now: float, rank: int) -> None:
        """Take note of a part scrapped at the station of `rank`: the stations after it wait in vain."""
        for station in self._stations:
            if station.rank > rank:
                station.lose(part, now)
        self.leave(part, now)
