"""Plans in which each station follows a sequence of its own, as in a job shop."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Protocol

from opt_twin.errors import PlanError, SimulationError, did_you_mean
from opt_twin.line import Behaviour, Line, Order
from opt_twin.plan import Schedule
from opt_twin.simulation.calendar import Calendar, Cause
from opt_twin.simulation.orders import OrderBook
from opt_twin.simulation.servers import Server, settle

if TYPE_CHECKING:
    from simpy.events import EventPriority

    from opt_twin.simulation.parts import Part
    from opt_twin.simulation.selective import SelectiveStationNode

__all__ = [
    "Agenda",
    "Lookout",
    "Replanner",
    "RoutedBook",
    "machine_sequences",
    "release_sequence",
    "replanner_for",
]

Step = tuple[str, int]
"""Name of an order, and the position of the operation within its job."""


class Replanner(Protocol):
    """A user's own rule for what a machine does when its next order is not there and another one is."""

    def replan(
        self, machine: str, rest: tuple[str, ...], waiting: tuple[str, ...], now: float
    ) -> Sequence[str]:
        """Return the orders of `rest` in a new sequence.

        Parameters
        ----------
        machine
            Its name in the plan.
        rest
            The orders that it is still to make, in their sequence.
        waiting
            Those of which a part waits there, the longest waiting first.
        now
            Seconds.
        """


def replanner_for(behaviour: Behaviour) -> Replanner:
    """Return the user's own rule `behaviour`.

    Raises
    ------
    SimulationError
        If the class cannot be loaded or made.
    """
    module, _, name = behaviour.path.partition(":")
    try:
        made = getattr(importlib.import_module(module), name)(**behaviour.options)
    except Exception as error:
        raise SimulationError(
            f"the rule {behaviour.path!r} for late parts cannot be made: {error}; "
            "write module:Class of a class that can be imported"
        ) from error
    rule: Replanner = made
    return rule


def machine_sequences(line: Line, plan: Schedule) -> dict[str, dict[str, tuple[Step, ...]]]:
    """Return station -> machine -> its sequence of orders and operations.

    Raises
    ------
    PlanError
        If a machine or an order of the plan is not in the line, or an order is not in the plan.
    """
    stations = {station.name: station for station in line.stations}
    orders = {order.name: order for order in line.orders}
    if not orders:
        raise PlanError(f"line {line.name!r} has no orders to execute a schedule with; add them to it")
    sequences: dict[str, dict[str, tuple[Step, ...]]] = {}
    planned: set[str] = set()
    for machine in plan.machines:
        name, numbered, number = machine.partition("#")
        if name not in stations:
            raise PlanError(
                f"the plan uses machine {machine!r}{did_you_mean(machine, stations)}; "
                f"the stations of {line.name!r} are {', '.join(stations)}"
            )
        servers = stations[name].servers
        if numbered and not (number.isdecimal() and 1 <= int(number) <= servers):
            raise PlanError(f"the plan uses machine {machine!r}, but station {name!r} has {servers} servers")
        steps = tuple(dict.fromkeys((done.job, done.operation) for done in plan.on_machine(machine)))
        for job, _ in steps:
            if job not in orders:
                raise PlanError(
                    f"the plan has job {job!r}, but the line has no such order{did_you_mean(job, orders)}"
                )
        planned.update(job for job, _ in steps)
        sequences.setdefault(name, {})[machine] = steps
    for name, machines in sequences.items():
        if name in machines and len(machines) > 1:
            raise PlanError(f"the plan uses both {name!r} and its single servers; name one or the other")
    missing = [name for name in orders if name not in planned]
    if missing:
        raise PlanError(
            f"the plan does not say when to make order {missing[0]!r}; plan every order of the line"
        )
    return sequences


def release_sequence(line: Line, plan: Schedule) -> tuple[Order, ...]:
    """Return the orders of `line` by the start of their first operation, ties in the order of the line."""
    first: dict[str, int] = {}
    for done in plan.assignments:  # ascending in their start
        first.setdefault(done.job, done.start)
    return tuple(sorted(line.orders, key=lambda order: first[order.name]))


class Agenda:
    """What one machine is to make, in its sequence.

    Parameters
    ----------
    steps
        Orders and operations, in the sequence of the plan.
    orders
        Name -> order.
    """

    STATE: ClassVar[tuple[str, ...]] = ("_rest",)
    __slots__ = (*STATE, "_orders")

    def __init__(self, steps: Sequence[Step], orders: Mapping[str, Order]) -> None:
        self._orders = orders
        self._rest = [(order, operation, orders[order].quantity) for order, operation in steps]

    @property
    def next(self) -> str | None:
        """The order that comes next; None when all have passed."""
        return self._rest[0][0] if self._rest else None

    @property
    def rest(self) -> tuple[str, ...]:
        """The orders that are still to come, in their sequence."""
        return tuple(order for order, _, _ in self._rest)

    def expects(self, order: str | None) -> bool:
        """Return whether units of `order` are to come."""
        return any(name == order for name, _, _ in self._rest)

    def take(self, part: Part) -> bool:
        """Take off a part that has come; return whether no more of its order is to come now."""
        for index, (order, operation, _) in enumerate(self._rest):
            if order == part.order:
                part.operation = operation
                return self._take_off(index, part.units)
        return True

    def lose(self, part: Part) -> bool:
        """Take off a part that will never come; return whether this ends the turn of its order."""
        ended = False
        for index in reversed(self._after(part)):
            ended = self._take_off(index, part.units) or ended
        return ended

    def add(self, part: Part, units: int) -> None:
        """Expect more units of the order of `part` in the operations that follow."""
        for index in self._after(part):
            self._take_off(index, -units)

    def _after(self, part: Part) -> list[int]:
        """Return the positions of what the order of `part` still has to go through here."""
        return [
            index
            for index, (order, operation, _) in enumerate(self._rest)
            if order == part.order and operation > part.operation
        ]

    def _take_off(self, index: int, units: int) -> bool:
        order, operation, left = self._rest[index]
        if left > units:
            self._rest[index] = (order, operation, left - units)
            return False
        del self._rest[index]
        return True

    def following(self, order: str | None) -> Order | None:
        """Return the order that comes next, if it is another one than `order`."""
        return None if self.next in (None, order) else self._orders[self.rest[0]]

    def resume(self, names: Sequence[str]) -> None:
        """Go on with the orders `names`, which are those of the rest in any sequence."""
        steps = list(self._rest)
        self._rest = []
        for name in names:
            step = next(step for step in steps if step[0] == name)
            steps.remove(step)
            self._rest.append(step)


class RoutedBook(OrderBook):
    """The orders of a plan in which each station follows a sequence of its own.

    Parameters
    ----------
    sequence
        The orders, in the order of release.
    stations
        Those that the plan is for.
    done
        Called with the time when all orders are complete.
    """

    __slots__ = ("_agendas", "_stations")

    def __init__(
        self, sequence: tuple[Order, ...], stations: list[SelectiveStationNode], done: Callable[[float], None]
    ) -> None:
        super().__init__(sequence, done)
        self._stations = stations
        self._agendas = list(dict.fromkeys(agenda for station in stations for agenda in station.agendas))

    def start(self) -> None:
        """Start the set-ups for the first order of each machine."""
        for station in self._stations:
            station.prepare(0.0)

    def add(self, part: Part, units: int, rank: int) -> None:
        """Take note of units that the order of `part` has more; they may come to the operations after it."""
        super().add(part, units, rank)
        for agenda in self._agendas:
            agenda.add(part, units)

    def scrap(self, part: Part, now: float, rank: int) -> None:
        """Take note of a scrapped part: the operations after it wait in vain."""
        if part.order is not None:
            for station in self._stations:
                station.lose_part(part, now)
        super().scrap(part, now, rank)


class Lookout:
    """Looks, at the end of a moment, whether a free server should take another order than its next.

    Parameters
    ----------
    machine
        Name of the machine in the plan.
    replan
        The user's own rule; None to take, of the orders that wait, the one that stands first in the
        sequence.
    """

    STATE: ClassVar[tuple[str, ...]] = ("_due",)
    CAUSES: ClassVar[tuple[str, ...]] = ("_event",)
    __slots__ = (
        *STATE,
        "_agenda",
        "_calendar",
        "_event",
        "_machine",
        "_priority",
        "_replan",
        "_server",
        "_station",
    )

    def __init__(
        self,
        machine: str,
        station: SelectiveStationNode,
        server: Server,
        agenda: Agenda,
        *,
        calendar: Calendar,
        priority: EventPriority,
        replan: Replanner | None,
    ) -> None:
        self._machine = machine
        self._station = station
        self._server = server
        self._agenda = agenda
        self._calendar = calendar
        self._priority = priority
        self._replan = replan
        self._due = False
        self._event = Cause(calendar, self._decide)

    def look(self) -> None:
        """Look when everything else of this moment has happened."""
        if not self._due:
            self._due = True
            self._calendar.schedule(self._event, self._priority, 0.0)

    def _decide(self, now: float) -> None:
        server, agenda = self._server, self._agenda
        there = dict.fromkeys(giver.peek().order for giver in self._station.waiting)
        waiting = tuple(order for order in there if order is not None and agenda.expects(order))
        if server.part is None and not server.collected and waiting:
            agenda.resume(self._sequence(agenda.rest, waiting, now))
            self._station.prepare(now)
            settle([server], now)
        self._due = False

    def _sequence(self, rest: tuple[str, ...], waiting: tuple[str, ...], now: float) -> Sequence[str]:
        """Return the orders of `rest` in a new sequence."""
        if self._replan is None:
            position = next(index for index, order in enumerate(rest) if order in waiting)
            return (rest[position], *rest[:position], *rest[position + 1 :])
        answer = tuple(self._replan.replan(self._machine, rest, waiting, now))
        if sorted(answer) != sorted(rest):
            raise SimulationError(
                f"the rule for late parts gave machine {self._machine!r} the orders {', '.join(answer)} "
                f"at {now:g} s; it must give those that are left, {', '.join(rest)}, in some sequence"
            )
        return answer
