"""Plans in which each station follows a sequence of its own, as in a job shop."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Protocol

from opt_twin.errors import PlanError, SimulationError, did_you_mean
from opt_twin.line import Line, Order
from opt_twin.plan import Schedule
from opt_twin.simulation.behaviours import Own
from opt_twin.simulation.calendar import Calendar, Cause
from opt_twin.simulation.orders import OrderBook
from opt_twin.simulation.parts import Giver
from opt_twin.simulation.recall import call_back, can_be_sent_elsewhere, send_on
from opt_twin.simulation.servers import Server, settle
from opt_twin.simulation.settings import Late

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
]

Step = tuple[str, int, float]
"""Name of an order, position of the operation within its job, and its planned start in seconds."""


class Replanner(Protocol):
    """A user's own rule for what a machine does when its next order is not there and another one is.

    It may also have ``state()`` and ``restore(state)``, where it remembers what a snapshot must hold.
    """

    def replan(
        self, machine: str, rest: tuple[tuple[str, float], ...], waiting: tuple[str, ...], now: float
    ) -> Sequence[str]:
        """Return the names of the orders of `rest` in a new sequence.

        It is asked when a server is free and a part of another order than the next waits.

        Parameters
        ----------
        machine
            Its name in the plan.
        rest
            The orders that it is still to make, in their sequence, each with its planned start in seconds.
        waiting
            Those of which a part waits there, the longest waiting first.
        now
            Seconds.
        """


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
        steps = _steps(plan, machine)
        for job in dict.fromkeys(job for job, *_ in steps):
            if job not in orders:
                raise PlanError(
                    f"the plan has job {job!r}, but the line has no such order{did_you_mean(job, orders)}"
                )
            planned.add(job)
        sequences.setdefault(name, {})[machine] = steps
    both = [name for name, machines in sequences.items() if name in machines and len(machines) > 1]
    if both:
        raise PlanError(f"the plan uses both {both[0]!r} and its single servers; name one or the other")
    missing = [name for name in orders if name not in planned]
    if missing:
        raise PlanError(
            f"the plan does not say when to make order {missing[0]!r}; plan every order of the line"
        )
    return sequences


def _steps(plan: Schedule, machine: str) -> tuple[Step, ...]:
    starts: dict[tuple[str, int], int] = {}
    for done in plan.on_machine(machine):
        starts.setdefault((done.job, done.operation), done.start)
    return tuple((job, operation, start * plan.tick) for (job, operation), start in starts.items())


def release_sequence(line: Line, plan: Schedule) -> tuple[Order, ...]:
    """Return the orders of `line` by the start of their first operation, ties in the order of the line."""
    first = {order.name: plan.of_job(order.name)[0].start for order in line.orders}
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

    STATE: ClassVar[tuple[str, ...]] = ("_entries", "_rest")
    __slots__ = (*STATE, "_orders")

    def __init__(self, steps: Sequence[Step], orders: Mapping[str, Order]) -> None:
        self._orders = orders
        self._rest = [(order, operation, start, orders[order].quantity) for order, operation, start in steps]
        self._entries: dict[str, int] = dict(Counter(order for order, *_ in steps))

    @property
    def next(self) -> str | None:
        """The order that comes next; None when all have passed."""
        return self._rest[0][0] if self._rest else None

    @property
    def start(self) -> float:
        """When the order that comes next is planned to start; infinite when all have passed."""
        return self._rest[0][2] if self._rest else math.inf

    @property
    def rest(self) -> tuple[tuple[str, float], ...]:
        """The orders that are still to come, in their sequence, and their planned starts."""
        return tuple((order, start) for order, _, start, _ in self._rest)

    def expects(self, order: str | None) -> bool:
        """Return whether units of `order` are to come."""
        return order is not None and self._entries.get(order, 0) > 0

    def take(self, part: Part) -> bool:
        """Take off a part that has come; return whether no more of its order is to come now."""
        for index, (order, operation, *_) in enumerate(self._rest):
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
            for index, (order, operation, *_) in enumerate(self._rest)
            if order == part.order and operation > part.operation
        ]

    def _take_off(self, index: int, units: int) -> bool:
        order, operation, start, left = self._rest[index]
        if left > units:
            self._rest[index] = (order, operation, start, left - units)
            return False
        del self._rest[index]
        self._entries[order] -= 1
        return True

    @property
    def left(self) -> dict[tuple[str, int], int]:
        """Order and operation of each entry -> the units of it that have not been taken."""
        return {(order, operation): units for order, operation, _, units in self._rest}

    def replace(self, steps: Sequence[Step], left: Mapping[tuple[str, int], int]) -> None:
        """Go on by other entries, of which the units `left` have not been taken."""
        self._rest = [(order, operation, start, left[order, operation]) for order, operation, start in steps]
        self._entries = dict.fromkeys(self._entries, 0) | Counter(order for order, *_ in steps)

    def following(self, order: str | None) -> Order | None:
        """Return the order that comes next, if it is another one than `order`."""
        return None if self.next in (None, order) else self._orders[self._rest[0][0]]

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

    __slots__ = ("_agendas", "_quantity", "_stations")

    def __init__(
        self, sequence: tuple[Order, ...], stations: list[SelectiveStationNode], done: Callable[[float], None]
    ) -> None:
        super().__init__(sequence, done)
        self._stations = stations
        self._quantity = {order.name: order.quantity for order in sequence}
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

    def follow(self, sequences: Mapping[str, Mapping[str, tuple[Step, ...]]], now: float) -> None:
        """Go on by another plan: station -> machine -> its sequence; what has been taken is left out of it.

        Raises
        ------
        PlanError
            If the plan leaves out what is to be done, uses a machine that the first plan does not have, or
            moves an order to another station although units of it have been taken, or wait where they
            cannot be called back (on a conveyor, in a station).
        """
        left = {key: (agenda, units) for agenda in self._agendas for key, units in agenda.left.items()}
        given = self._given(sequences, left)
        moved = self._moved(left, given, now)
        queues = [call_back(giver, station) for giver, station in moved]
        for agenda in self._agendas:
            agenda.replace(given.get(agenda, ()), {key: units for key, (_, units) in left.items()})
        for queue in queues:
            send_on(queue, now)
        for station in self._stations:
            station.prepare(now)

    def _given(
        self, sequences: Mapping[str, Mapping[str, tuple[Step, ...]]], left: Collection[tuple[str, int]]
    ) -> dict[Agenda, tuple[Step, ...]]:
        """Return the entries of each machine by the new plan, without what is done."""
        agendas = {
            f"{node.station.name}#{server.index + 1}": agenda
            for node in self._stations
            for server, agenda in zip(node.servers, node.agendas, strict=True)
        }
        given: dict[Agenda, tuple[Step, ...]] = {}
        for machines in sequences.values():
            for machine, steps in machines.items():
                found = agendas.get(machine) or agendas.get(f"{machine}#1")
                if found is None:
                    raise PlanError(f"the new plan uses machine {machine!r}, which the first one does not")
                given[found] = tuple(step for step in steps if step[:2] in left)
        return given

    def _moved(
        self,
        left: Mapping[tuple[str, int], tuple[Agenda, int]],
        given: Mapping[Agenda, tuple[Step, ...]],
        now: float,
    ) -> list[tuple[Giver, SelectiveStationNode]]:
        """Return what waits at a station for what the new plan does at another one."""
        nodes = {agenda: node for node in self._stations for agenda in node.agendas}
        placed = {step[:2]: agenda for agenda, steps in given.items() for step in steps}
        moved: list[tuple[Giver, SelectiveStationNode]] = []
        for key, (agenda, units) in left.items():
            if key not in placed:
                raise PlanError(f"the new plan leaves out operation {key[1]} of order {key[0]!r}")
            station = nodes[agenda]
            if nodes[placed[key]] is station:
                continue
            givers = [giver for giver in station.waiting if giver.peek().order == key[0]]
            if units < self._quantity[key[0]] or not all(map(can_be_sent_elsewhere, givers)):
                raise PlanError(
                    f"the new plan moves operation {key[1]} of order {key[0]!r} away from "
                    f"{station.station.name!r}, where parts of it are already, at {now:g} s"
                )
            moved += [(giver, station) for giver in givers]
        return moved

    def leave(self, part: Part, now: float) -> None:
        """Take note of a part that has left the line: where it has not been it never will be."""
        if part.order is not None:
            for station in self._stations:
                station.lose(part, now)
        super().leave(part, now)


class Lookout:
    """Looks, when all else of a moment has happened, whether a free server can take something now.

    Parameters
    ----------
    machine
        Name of the machine in the plan.
    late
        What the server does when its next order is late, see :class:`~opt_twin.simulation.RunSettings`.
    replanner
        Whom it asks then; None for nobody.
    """

    STATE: ClassVar[tuple[str, ...]] = ("_due",)
    CAUSES: ClassVar[tuple[str, ...]] = ("_event",)
    __slots__ = (
        *STATE,
        "_agenda",
        "_calendar",
        "_event",
        "_late",
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
        late: Late,
        replanner: Own | None,
    ) -> None:
        self._machine = machine
        self._station = station
        self._server = server
        self._agenda = agenda
        self._calendar = calendar
        self._priority = priority
        self._late = late
        self._replan = replanner
        self._due: float | None = None
        self._event = Cause(calendar, self._decide)

    @property
    def _free(self) -> bool:
        return self._server.part is None and not self._server.collected

    def look(self, now: float) -> None:
        """Look at the end of this moment, if the server is free."""
        if self._server.part is None and (self._due is None or self._due > now):
            self._look_at(now, now)

    def watch(self, now: float) -> None:
        """Look as soon as the server may take another order than its next, if it ever may."""
        if self._late == "keep" or not self._free:
            return
        at = now if self._replan is not None else max(now, self._agenda.start)
        if at < math.inf and (self._due is None or self._due > at):
            self._look_at(at, now)

    def _look_at(self, time: float, now: float) -> None:
        if self._due is not None:
            self._event.cancel()
            self._event = Cause(self._calendar, self._decide)
        self._due = time
        self._calendar.schedule(self._event, self._priority, time - now)

    def _decide(self, now: float) -> None:
        late = self._late != "keep" and (self._replan is not None or self._agenda.start <= self._due_by(now))
        self._due = now
        self._fill(now)
        if late and self._free:
            there = dict.fromkeys(giver.peek().order for giver in self._station.waiting)
            waiting = tuple(order for order in there if order is not None and self._agenda.expects(order))
            if waiting:
                self._agenda.resume(self._sequence(waiting, now))
                self._fill(now)
        self._due = None
        if not late and self._station.waiting:
            self.watch(now)

    def _due_by(self, now: float) -> float:
        """Return the time that it is: `now`, or what that was meant to be."""
        return now if self._due is None else max(now, self._due)

    def _fill(self, now: float) -> None:
        if self._server.part is None:
            settle([self._server], now)

    def _sequence(self, waiting: tuple[str, ...], now: float) -> Sequence[str]:
        """Return the orders of the rest in a new sequence."""
        rest = [order for order, _ in self._agenda.rest]
        if self._replan is None:
            first = next(order for order in rest if order in waiting)
            rest.remove(first)
            return [first, *rest]
        answer = tuple(self._replan.ask("replan", now, self._machine, self._agenda.rest, waiting, now))
        if sorted(answer) != sorted(rest):
            raise SimulationError(
                f"the rule for late parts gave machine {self._machine!r} the orders {', '.join(answer)} "
                f"at {now:g} s; it must give those that are left, {', '.join(rest)}, in some sequence"
            )
        return answer
