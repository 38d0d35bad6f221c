"""What moves parts: conveyors, vehicles, and the pallets that parts travel on."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from opt_twin.line.economics import Money
from opt_twin.line.reliability import FailureMode, Interrupted
from opt_twin.line.routing import Routing, RoutingField
from opt_twin.line.units import Name, Seconds
from opt_twin.records import FrozenMapping, Record, record

__all__ = ["Conveyor", "Fleet", "Pallets", "Transport"]

_Positive = Annotated[float, Field(gt=0)]


@record
class Conveyor(Record):
    """A belt that parts ride along.

    Attributes
    ----------
    length, pitch
        Metres: of the belt, and of what each part takes up on it. It holds ``floor(length / pitch)`` parts.
    speed
        Metres per second.
    accumulating
        Whether parts queue at the end while the belt runs on; if not, the whole belt stops while the part at
        its end finds no place.
    recirculating
        Whether a part that finds no place at the end goes round again instead; the belt is a loop then.
    failures
        How it stops; the clock ``operation`` runs while the belt does, and ``cycles`` counts the parts that
        leave it. What is on it goes on after the repair.
    routing
        How the next way is chosen where several leave it.
    cost_per_hour
        Money per hour of the run.
    power
        Kilowatts while the belt runs.

    Raises
    ------
    ModelError
        If no part fits on it, a loop is to stop, two failures have one name, or one does something to parts.
    """

    kind: Literal["conveyor"] = "conveyor"
    name: Name
    length: _Positive
    speed: _Positive
    pitch: _Positive
    accumulating: bool = True
    recirculating: bool = False
    failures: tuple[FailureMode, ...] = ()
    routing: RoutingField = Routing.PROBABILITY
    cost_per_hour: Money = 0.0
    power: Annotated[float, Field(ge=0)] = 0.0

    def __post_init__(self) -> None:
        if self.pitch > self.length:
            raise ValueError(f"a pitch of {self.pitch:g} m does not fit on a conveyor of {self.length:g} m")
        names = [mode.name for mode in self.failures]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two failures of conveyor {self.name!r} are called {twice[0]!r}; rename one")
        if any(mode.interrupted is not Interrupted.CONTINUE for mode in self.failures):
            raise ValueError("what is on a belt goes on after a repair; leave out interrupted")
        if self.recirculating and not self.accumulating:
            raise ValueError("a conveyor that recirculates never stops; leave out accumulating: false")

    @property
    def capacity(self) -> int:
        """How many parts it holds."""
        return int(self.length / self.pitch * (1 + 1e-12))


@record
class Fleet(Record):
    """Vehicles that carry parts, one at a time.

    Attributes
    ----------
    name
        Unique among the fleets of a line.
    number
        How many vehicles.
    speed
        Metres per second, loaded or empty.
    loading_time, unloading_time
        Seconds at each end.
    distances
        ``distances[a][b]`` is the way from element a to element b in metres. What is not listed is taken the
        other way round, and is 0 where that is not listed either.
    parking
        Element at which the vehicles stand at the start, and to which they go when nothing is to be done;
        None when they stay where they are and start at their first pick-up. A vehicle on its way there serves
        no call before it has arrived.
    battery, charging_time, charger
        Metres that a full battery lasts for (None: for ever), seconds of charging, and the element at which
        it is done (None: where the vehicle stands). A vehicle that is free and has driven that far or further
        is charged before it does anything else.
    cost_per_hour
        Money for each vehicle and hour of the run.

    Raises
    ------
    ModelError
        If it is said how vehicles without a battery are charged, or a field is out of its range.
    """

    name: Name
    number: Annotated[int, Field(ge=1)] = 1
    speed: _Positive
    loading_time: Seconds = 0.0
    unloading_time: Seconds = 0.0
    distances: FrozenMapping[Name, FrozenMapping[Name, Annotated[float, Field(ge=0)]]] = FrozenMapping()
    parking: Name | None = None
    battery: _Positive | None = None
    charging_time: Seconds = 0.0
    charger: Name | None = None
    cost_per_hour: Money = 0.0

    def __post_init__(self) -> None:
        if self.battery is None and (self.charger is not None or self.charging_time):
            raise ValueError(f"fleet {self.name!r} charges no battery; give it one, or leave out the charger")

    def distance(self, start: str, end: str) -> float:
        """Return the metres from element `start` to element `end`."""
        if start == end:
            return 0.0
        there = self.distances.get(start, FrozenMapping())
        back = self.distances.get(end, FrozenMapping())
        return there[end] if end in there else back.get(start, 0.0)


@record
class Transport(Record):
    """A way between elements that parts take on a vehicle.

    A part that is to go this way waits where it is until a vehicle has come and loaded it. Several ways may
    lead in, one leads out.

    Attributes
    ----------
    fleet
        Name of the fleet whose vehicles drive here.
    priority
        Of its calls for a vehicle among those of the fleet; a higher one is served first.
    reserves
        Whether a vehicle is sent only when the target has a place for the part beside those of the parts that
        are on their way already. If not, it is sent at once and may have to wait there; vehicles that all
        wait for a station which waits for a vehicle stand for ever (shop locking, Egbelu and Tanchoco 1984).
    """

    kind: Literal["transport"] = "transport"
    name: Name
    fleet: Name
    priority: int = 0
    reserves: bool = True


@record
class Pallets(Record):
    """Carriers that go round with the parts: constant work in process.

    A source that uses pallets offers a part only when it has one; what is made of several parts travels on
    all their pallets.

    Attributes
    ----------
    name
        Unique among the pallets of a line.
    number
        How many there are.
    unloaded_at
        Station at which a part leaves its pallet, at the end of the cycle. None where it leaves the line, as
        product or as scrap.
    return_time
        Seconds that a pallet then takes to be free again.
    """

    name: Name
    number: Annotated[int, Field(ge=1)]
    unloaded_at: Name | None = None
    return_time: Seconds = 0.0
