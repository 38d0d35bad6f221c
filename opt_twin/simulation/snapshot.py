"""Saving a run in the middle, and going on from there to the last bit.

What changes in a run is held by actors, each with a name of its own; every class of them lists the slots
that change in ``STATE``, and those that hold events in ``CAUSES``. All else is built anew from the line, the
settings, the plan and the seed.
"""

from __future__ import annotations

import json
import math
from array import array
from collections import deque
from typing import TYPE_CHECKING, Any

from opt_twin.errors import SimulationError
from opt_twin.line import Line
from opt_twin.plan import Plan
from opt_twin.records import Record, record
from opt_twin.simulation.calendar import Cause
from opt_twin.simulation.kpis import Totals
from opt_twin.simulation.parts import Part
from opt_twin.simulation.settings import RunSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opt_twin.simulation.build import Floor

__all__ = ["Snapshot", "load_state", "save_state"]


@record
class Snapshot(Record):
    """A run in the middle.

    Attributes
    ----------
    line, settings, plan, seed, replication
        What is run.
    time
        Where it stands, in seconds.
    state
        All that has changed since the start, as JSON: parts, events to come, random streams, accounts.
    """

    line: Line
    settings: RunSettings
    plan: Plan | None = None
    seed: int
    replication: int
    time: float
    state: str


_TRANSIENT: dict[str, type[Any]] = {cls.__name__: cls for cls in (Part, Totals)}
"""Classes of objects that come and go in a run, by name."""


def slots_of(cls: type[Any]) -> list[str]:
    """Return the slots of a class that change in a run."""
    return [slot for base in cls.__mro__ for slot in base.__dict__.get("STATE", ())]


def causes_of(cls: type[Any]) -> list[str]:
    """Return the slots of a class that hold events."""
    return [slot for base in cls.__mro__ for slot in base.__dict__.get("CAUSES", ())]


def save_state(floor: Floor) -> str:
    """Return all that has changed on `floor` since it was built, as JSON."""
    return _Writer(floor).text()


def load_state(floor: Floor, text: str) -> None:
    """Bring a floor that was just built to where another one of the same line stood."""
    _Reader(floor, json.loads(text)).restore()


class _Writer:
    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._names = {id(actor): name for name, actor in floor.actors.items()}
        self._numbers: dict[int, int] = {}
        self._objects: list[Any] = []

    def text(self) -> str:
        floor = self._floor
        state = {
            "now": floor.calendar.now,
            "actors": {name: self._slots(actor) for name, actor in floor.actors.items()},
            "calendar": [list(event) for event in sorted(self._events())],
            "streams": floor.streams.state(),
        }
        state["objects"] = self._objects
        return json.dumps(state, separators=(",", ":"), allow_nan=False)

    def _slots(self, held: object) -> dict[str, Any]:
        found = {}
        for slot in slots_of(type(held)):
            try:
                found[slot] = self._plain(getattr(held, slot))
            except TypeError as error:
                raise SimulationError(f"{type(held).__name__}.{slot} cannot be saved: {error}") from None
        return found

    def _events(self) -> Iterator[tuple[float, int, str, str]]:
        """Yield time, priority, actor and slot or method of every event to come."""
        slots = {
            id(getattr(actor, slot)): (name, slot)
            for name, actor in self._floor.actors.items()
            for slot in causes_of(type(actor))
        }
        for time, priority, _, event in self._floor.calendar.entries():
            if not isinstance(event, Cause):
                raise SimulationError("a run with SimPy processes of its own cannot be saved")
            if event.cancelled:
                continue
            if id(event) in slots:
                name, slot = slots[id(event)]
            else:
                owner = getattr(event.act, "__self__", None)
                if id(owner) not in self._names:
                    raise SimulationError(f"the event {event.act!r} belongs to nobody and cannot be saved")
                name, slot = self._names[id(owner)], event.act.__name__
            yield time, int(priority), name, slot

    def _plain(self, value: Any) -> Any:
        """Return a value as JSON can hold it; what is no scalar and no list gets a tag."""
        if value is None or isinstance(value, (bool, int, str)):
            return value
        if isinstance(value, float):
            return value if math.isfinite(value) else {"~": repr(value)}
        if isinstance(value, list):
            return [self._plain(item) for item in value]
        if isinstance(value, (tuple, deque)):
            return {type(value).__name__: [self._plain(item) for item in value]}
        if isinstance(value, array):
            return {"array": [value.typecode, value.tolist()]}
        if isinstance(value, dict):
            return {"dict": [[self._plain(key), self._plain(item)] for key, item in value.items()]}
        if id(value) in self._names:
            return {"@": self._names[id(value)]}
        name = type(value).__name__
        if _TRANSIENT.get(name) is type(value):
            return {"#": self._number(value)}
        raise TypeError(f"{name} is neither plain data nor an actor")

    def _number(self, value: object) -> int:
        number = self._numbers.get(id(value))
        if number is None:
            number = self._numbers[id(value)] = len(self._objects)
            self._objects.append(None)  # it may be met again inside
            self._objects[number] = [type(value).__name__, self._slots(value)]
        return number


class _Reader:
    def __init__(self, floor: Floor, state: dict[str, Any]) -> None:
        self._floor = floor
        self._state = state
        self._objects = [object.__new__(_TRANSIENT[name]) for name, _ in state["objects"]]

    def restore(self) -> None:
        floor, state = self._floor, self._state
        for made, (_, slots) in zip(self._objects, state["objects"], strict=True):
            self._fill(made, slots)
        for name, slots in state["actors"].items():
            self._fill(floor.actors[name], slots)
        for actor in floor.actors.values():
            restored = getattr(actor, "restored", None)
            if restored is not None:
                restored()
        for name, stream in state["streams"].items():
            floor.streams.opened[name].restore(stream)
        floor.calendar.reset(state["now"])
        for time, priority, name, slot in state["calendar"]:
            actor = floor.actors[name]
            cause = getattr(actor, slot)
            if not isinstance(cause, Cause):
                cause = Cause(floor.calendar, cause)
            floor.calendar.schedule_at(cause, priority, time)

    def _fill(self, held: object, slots: dict[str, Any]) -> None:
        for slot, value in slots.items():
            setattr(held, slot, self._live(value))

    def _live(self, value: Any) -> Any:
        """Undo :meth:`_Writer._plain`."""
        if isinstance(value, list):
            return [self._live(item) for item in value]
        if not isinstance(value, dict):
            return value
        ((tag, inner),) = value.items()
        match tag:
            case "~":
                return float(inner)
            case "tuple":
                return tuple(self._live(item) for item in inner)
            case "deque":
                return deque(self._live(item) for item in inner)
            case "array":
                return array(inner[0], inner[1])
            case "dict":
                return {self._live(key): self._live(item) for key, item in inner}
            case "@":
                return self._floor.actors[inner]
            case _:
                return self._objects[inner]
