"""Vehicles in a run: who drives where, and what the calls for them wait for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar, Protocol

from opt_twin.line import Fleet, Transport
from opt_twin.results import VEHICLE_STATES
from opt_twin.simulation.calendar import Calendar, Cause
from opt_twin.simulation.parts import Giver, Part
from opt_twin.simulation.servers import settle
from opt_twin.simulation.ways import Ways

if TYPE_CHECKING:
    from simpy.events import EventPriority

    from opt_twin.simulation.build import Account
    from opt_twin.simulation.ledger import Ledger
    from opt_twin.simulation.servers import Server

__all__ = ["Dock", "FleetNode", "Spacious", "TransportNode", "Vehicle"]

IDLE, EMPTY, LOADING, LOADED, UNLOADING, WAITING, CHARGING = range(len(VEHICLE_STATES))


class Spacious(Protocol):
    """A target whose places can be counted."""

    dock: Dock | None

    def room(self) -> float:
        """Return how many more parts it can hold."""


class Dock:
    """The places of one target, and the transports that lead there and reserve them.

    Attributes
    ----------
    target, transports
        What they lead to, and which they are.
    """

    __slots__ = ("target", "transports")

    def __init__(self, target: Spacious) -> None:
        self.target = target
        self.transports: list[TransportNode] = []

    def is_open(self) -> bool:
        """Return whether there is a place beside those of the parts that are on their way."""
        return self.target.room() > sum(transport.inbound for transport in self.transports)

    def opened(self, now: float) -> None:
        """Send idle vehicles for the parts that there may be a place for now."""
        for transport in self.transports:
            transport.fleet.dispatch(now)


class TransportNode:
    """A way that parts take on vehicles.

    Attributes
    ----------
    aboard
        Parts on vehicles.
    inbound
        How many parts its vehicles fetch or carry.
    passed
        How many have been delivered.
    moment
        Sum of the times at which parts were delivered, less the sum of those at which they were loaded.
    key
        What breaks ties among its vehicles that wait at the target, for the first vehicle of the fleet.
    target
        Name of the element that it leads to.
    dock
        The places there, when it reserves them; None when there are always enough, or nobody asks.
    """

    STATE: ClassVar[tuple[str, ...]] = ("aboard", "inbound", "moment", "passed")
    __slots__ = (*STATE, "_ledger", "dock", "fleet", "key", "name", "priority", "target", "ways")

    def __init__(
        self, transport: Transport, *, key: int, ways: Ways, ledger: Ledger, fleet: FleetNode, target: str
    ) -> None:
        self.name = transport.name
        self.priority = transport.priority
        self.target = target
        self.fleet = fleet
        self._ledger = ledger
        self.ways = ways
        self.key = key
        self.dock: Dock | None = None
        self.aboard: list[Part] = []
        self.inbound = 0
        self.passed = 0
        self.moment = 0.0

    def contents(self) -> Iterator[Part]:
        """Yield the parts on vehicles."""
        yield from self.aboard

    def accounts(self, now: float) -> Iterator[Account]:
        """Yield the parts on vehicles, and those delivered."""
        yield f"{self.name}.level", len(self.aboard) * now + self.moment, 1
        yield f"{self.name}.parts", float(self.passed), 0

    def ready(self, part: Part, now: float) -> bool:  # noqa: ARG002 - every caller passes it
        """Return False: a vehicle must be called first."""
        return False

    def take(self, part: Part, now: float) -> None:  # noqa: ARG002 - as every taker
        """Never called: a vehicle takes the parts."""
        raise AssertionError("parts enter a transport on a vehicle")

    def wait(self, giver: Giver, now: float) -> None:
        """Call a vehicle."""
        self.fleet.call(self, giver, now)

    def withdraw(self, giver: Giver) -> None:  # noqa: ARG002 - as every taker
        """Never called: who waits for a vehicle waits nowhere else."""
        raise AssertionError("a vehicle that was called comes")

    def queue_length(self) -> int:
        """Return the parts on vehicles and those that wait for one."""
        return len(self.aboard) + sum(transport is self for transport, _ in self.fleet.calls)

    def load(self, giver: Giver, now: float) -> Part:
        """Take the part of `giver` aboard a vehicle."""
        part = giver.surrender(now)
        self.aboard.append(part)
        self.moment -= now
        if self._ledger.log is not None:
            self._ledger.note(now, self.name, "enter", part)
        return part

    def unload(self, part: Part, now: float) -> None:
        """Take note that `part` has been delivered."""
        self.aboard.remove(part)
        self.inbound -= 1
        self.moment += now
        self.passed += 1


Call = tuple[TransportNode, Giver]
"""Where a part is to go, and where it waits."""


class FleetNode:
    """The vehicles of a fleet and the calls that none of them has taken.

    Parameters
    ----------
    places
        The elements, in the order of their ranks.
    widest
        Keys of givers in one element; a giver stands at the element ``places[giver.key // widest]``.

    Attributes
    ----------
    calls
        Those that wait, in the order in which they will be taken.
    vehicles
        All of them.
    trips, metres
        Parts delivered, and what all vehicles have driven.
    """

    STATE: ClassVar[tuple[str, ...]] = ("calls", "metres", "trips")
    __slots__ = (*STATE, "_places", "_widest", "fleet", "vehicles")

    def __init__(self, fleet: Fleet, *, places: Sequence[str], widest: int) -> None:
        self.fleet = fleet
        self._places = tuple(places)
        self._widest = widest
        self.vehicles: tuple[Vehicle, ...] = ()
        self.calls: list[Call] = []
        self.trips = 0
        self.metres = 0.0

    def accounts(self, now: float) -> Iterator[Account]:
        """Yield the time of the vehicles in each state, the parts delivered and the metres driven."""
        name, times = self.fleet.name, [vehicle.state_times(now) for vehicle in self.vehicles]
        for state, own in zip(VEHICLE_STATES, zip(*times, strict=True), strict=True):
            yield f"{name}.{state}", sum(own), len(times)
        yield f"{name}.trips", float(self.trips), 0
        yield f"{name}.distance", self.metres, 0

    def call(self, transport: TransportNode, giver: Giver, now: float) -> None:
        """Send a vehicle, or let the call wait."""
        giver.since = now
        self.calls.append((transport, giver))
        self.calls.sort(key=_urgency)
        self.dispatch(now)

    def dispatch(self, now: float) -> None:
        """Send the nearest idle vehicle for the most urgent call that may be served, until one is missing."""
        while self.calls:
            idle = [vehicle for vehicle in self.vehicles if vehicle.state == IDLE]
            call = self.next_call() if idle else None
            if call is None:
                return
            place = self.place_of(call[1])
            nearest = min(idle, key=lambda vehicle: self.metres_between(vehicle.place, place))
            nearest.fetch(*call, now)

    def next_call(self) -> Call | None:
        """Take the most urgent call that may be served off the list."""
        for index, (transport, _) in enumerate(self.calls):
            if transport.dock is None or transport.dock.is_open():
                return self.calls.pop(index)
        return None

    def place_of(self, giver: Giver) -> str:
        """Return the element at which `giver` stands."""
        return self._places[giver.key // self._widest]

    def metres_between(self, start: str | None, end: str) -> float:
        """Return the way; none for a vehicle that has not stood anywhere yet."""
        return 0.0 if start is None else self.fleet.distance(start, end)


def _urgency(call: Call) -> tuple[int, float, int]:
    transport, giver = call
    return -transport.priority, giver.since, giver.key


class Vehicle:
    """One vehicle.

    Attributes
    ----------
    part
        What it carries; None when it is empty.
    place
        Element at which it stands or to which it drives; None before its first trip, without a parking place.
    transport, giver
        The call that it serves; None without one.
    driven
        Metres since its battery was full.
    state, times
        The state that it is in, as an index of VEHICLE_STATES, and the seconds spent in each before that.
    since, key
        As a giver: since when its part has waited, and what breaks ties.
    """

    STATE: ClassVar[tuple[str, ...]] = (
        "_entered",
        "driven",
        "giver",
        "key",
        "part",
        "place",
        "since",
        "state",
        "times",
        "transport",
    )
    CAUSES: ClassVar[tuple[str, ...]] = ("_event",)
    __slots__ = (*STATE, "_calendar", "_event", "_fleet", "_index", "_node", "_priority")

    def __init__(self, node: FleetNode, *, index: int, calendar: Calendar, priority: EventPriority) -> None:
        self._node = node
        self._fleet = node.fleet
        self._index = index
        self._calendar = calendar
        self._priority = priority
        self._event = Cause(calendar, self._over)
        self._entered = 0.0
        self.part: Part | None = None
        self.place = node.fleet.parking
        self.transport: TransportNode | None = None
        self.giver: Giver | None = None
        self.driven = 0.0
        self.state = IDLE
        self.times = [0.0] * len(VEHICLE_STATES)
        self.since = 0.0
        self.key = 0

    def fetch(self, transport: TransportNode, giver: Giver, now: float) -> None:
        """Serve a call: drive to where the part waits."""
        self.transport, self.giver = transport, giver
        transport.inbound += 1
        self.key = transport.key + self._index
        self._drive(EMPTY, self._node.place_of(giver), now)

    def _drive(self, state: int, place: str, now: float) -> None:
        metres = self._node.metres_between(self.place, place)
        self.place = place
        self.driven += metres
        self._node.metres += metres
        self._enter(state, now, metres / self._fleet.speed)

    def _over(self, now: float) -> None:
        """End what the vehicle is at."""
        if self.state == EMPTY:
            if self.giver is not None:
                self._enter(LOADING, now, self._fleet.loading_time)
            else:
                self._next(now)
        elif self.state == LOADING:
            self._load(now)
        elif self.state == LOADED:
            self._enter(UNLOADING, now, self._fleet.unloading_time)
        elif self.state == UNLOADING:
            self._deliver(now)
        else:
            self.driven = 0.0
            self._next(now)

    def _load(self, now: float) -> None:
        """Take the part, and drive to where it goes; its place is filled."""
        transport, giver = self.transport, self.giver
        assert transport is not None
        assert giver is not None
        self.giver = None
        self.part = transport.load(giver, now)
        self._drive(LOADED, transport.target, now)
        freed: list[Server] = []
        giver.moved_on(now, freed)
        settle(freed, now)

    def _deliver(self, now: float) -> None:
        """Leave the part at its target, or wait for a place."""
        transport, part = self.transport, self.peek()
        assert transport is not None
        target = transport.ways.only or transport.ways.choose(part, now)
        if target.ready(part, now):
            target.take(self.surrender(now), now)
            self._next(now)
            if transport.dock is not None:
                transport.dock.opened(now)
        else:
            self._enter(WAITING, now)
            target.wait(self, now)

    def _next(self, now: float) -> None:
        """Charge, serve the most urgent call, park, or stand idle."""
        fleet = self._fleet
        if self._is_flat():
            if fleet.charger is None or fleet.charger == self.place:
                self._enter(CHARGING, now, fleet.charging_time)
            else:
                self._drive(EMPTY, fleet.charger, now)
        elif (call := self._node.next_call()) is not None:
            self.fetch(*call, now)
        elif fleet.parking is not None and fleet.parking != self.place:
            self._drive(EMPTY, fleet.parking, now)
        else:
            self._enter(IDLE, now)

    def _is_flat(self) -> bool:
        return self._fleet.battery is not None and self.driven >= self._fleet.battery

    # -- giving the part away -------------------------------------------------------------------------

    def peek(self) -> Part:
        """Return the part that it carries."""
        assert self.part is not None
        return self.part

    def surrender(self, now: float) -> Part:
        """Give the part away."""
        part = self.peek()
        assert self.transport is not None
        self.transport.unload(part, now)
        self.transport = self.part = None
        self._node.trips += 1
        return part

    def moved_on(self, now: float, freed: list[Server]) -> None:  # noqa: ARG002 - as every giver
        """Turn to what comes next."""
        self._next(now)

    # -- accounts -------------------------------------------------------------------------------------

    def _enter(self, state: int, now: float, seconds: float | None = None) -> None:
        """Enter a state, which ends after some seconds."""
        self.times[self.state] += now - self._entered
        self.state = state
        self._entered = now
        if seconds is not None:
            self._calendar.schedule(self._event, self._priority, seconds)

    def state_times(self, now: float) -> list[float]:
        """Return the seconds spent in each state until now."""
        times = self.times.copy()
        times[self.state] += now - self._entered
        return times
