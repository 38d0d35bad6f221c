"""The event calendar: SimPy's, with a stated order of simultaneous events.

SimPy orders simultaneous events by an integer priority and then by the order in which they were scheduled.
Here the priority of every event encodes (kind, rank of the element, server, failure mode), so that two live
events never have the same one and the order of scheduling never decides.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import IntEnum
from heapq import heappop, heappush
from typing import ClassVar

import simpy
from simpy.events import Event, EventPriority

from opt_twin.errors import SimulationError

__all__ = ["STALL_EVENTS", "Calendar", "Cause", "Kind", "Priorities"]

STALL_EVENTS = 1 << 16
"""A run that has handled this many events without time going on is given up."""


class Kind(IntEnum):
    """What happens at the same moment happens in this order."""

    STOP = 0
    """All orders are complete: the run ends."""
    COMPLETION = 1
    """A phase of a cycle ends; something that moves arrives."""
    FAILURE = 2
    REPAIR = 3
    """A repair or a maintenance task ends."""
    SHIFT = 4
    """A shift or a break begins or ends; a maintenance task is due."""
    ARRIVAL = 5
    """A source releases a part, an order may start, or a customer comes."""
    TIMER = 6
    """Something has waited long enough."""
    OBSERVATION = 7
    """The telemetry is noted."""
    WARM_UP = 8
    HORIZON = 9


class Priorities:
    """The priority of every event of a line, as one integer.

    Parameters
    ----------
    elements
        How many elements the line has.
    servers, modes
        The most servers, and the most failure modes, of any station.
    """

    __slots__ = ("_elements", "_modes", "_servers")

    def __init__(self, *, elements: int, servers: int = 1, modes: int = 1) -> None:
        self._elements = max(1, elements)
        self._servers = max(1, servers)
        self._modes = max(1, modes)

    def of(self, kind: Kind, rank: int = 0, server: int = 0, mode: int = 0) -> EventPriority:
        """Return the priority; a lower one happens first."""
        return EventPriority(
            ((int(kind) * self._elements + rank) * self._servers + server) * self._modes + mode
        )


class Cause(Event):
    """A SimPy event that can be scheduled again as soon as it has happened.

    What happens is `act`, called with the time. A cause that is cancelled stays in the calendar and does
    nothing when its time comes.
    """

    def __init__(self, env: simpy.Environment, act: Callable[[float], None]) -> None:
        super().__init__(env)
        self.act = act

    def cancel(self) -> None:
        """Make the event do nothing when its time comes."""
        self.act = _nothing

    @property
    def cancelled(self) -> bool:
        """Whether it does nothing."""
        return self.act is _nothing


def _nothing(now: float) -> None:
    """Do nothing."""


class _Ended(Exception):  # noqa: N818 - no error, a signal
    """The run is over."""


class Calendar(simpy.Environment):
    """A SimPy environment that runs causes without the cost of a callback list.

    Ordinary SimPy events and processes run in it too.

    Attributes
    ----------
    look
        Called after every so many events; may raise to end the run. None for nothing.
    """

    STATE: ClassVar[tuple[str, ...]] = ("_over",)

    def __init__(self) -> None:
        super().__init__()
        self._over = False
        self.look: Callable[[], None] | None = None

    def schedule_at(self, cause: Cause, priority: EventPriority, time: float) -> None:
        """Put a cause into the calendar for a moment, to the last bit, that is not over."""
        heappush(self._queue, (time, priority, next(self._eid), cause))

    def entries(self) -> list[tuple[float, EventPriority, int, Event]]:
        """Return what is to happen, in no order: time, priority, a number, the event."""
        return self._queue

    def reset(self, now: float) -> None:
        """Empty the calendar, and go to a moment."""
        self._queue.clear()
        self._now = now

    def end(self, now: float) -> None:  # noqa: ARG002 - every caller passes it
        """End the run: the `act` of the event that does so."""
        raise _Ended

    @property
    def ended(self) -> bool:
        """Whether the event that ends the run has happened."""
        return self._over

    def execute(self) -> float:
        """Handle events in their order until one ends the run; return the time.

        Raises
        ------
        SimulationError
            If time does not go on, or nothing is left to happen.
        """
        before = -1.0
        try:
            while True:
                self._execute(STALL_EVENTS)
                now = float(self._now)
                if now == before:
                    raise SimulationError(
                        f"{STALL_EVENTS} events happened at {now:g} s without time going on"
                        f"{self._culprits()}; give some element that every part passes a time above 0"
                    )
                before = now
                if self.look is not None:
                    self.look()
        except _Ended:
            self._over = True
            return float(self._now)

    def _culprits(self) -> str:
        """Return where the next events happen."""
        names: dict[str, None] = {}
        for _ in range(100):
            owner = getattr(getattr(self._queue[0][3], "act", None), "__self__", None)
            name = getattr(owner, "place", None) or getattr(owner, "name", None)
            if isinstance(name, str):
                names[name] = None
            self._execute(1)
        return f", at {', '.join(names)}" if names else ""

    def advance(self, until: float) -> bool:
        """Handle the next event, if it comes at `until` or before; return whether it did.

        Events that were cancelled are passed over.
        """
        queue = self._queue
        while queue and isinstance(queue[0][3], Cause) and queue[0][3].cancelled:
            heappop(queue)
        if self._over or not queue or queue[0][0] > until:
            return False
        try:
            self._execute(1)
        except _Ended:
            self._over = True
        return True

    def wait(self, until: float) -> None:
        """Let time go on to `until`, where nothing happens before."""
        if until == math.inf:
            return
        self._now = max(self._now, float(until))

    def _execute(self, count: int) -> None:
        queue = self._queue
        for _ in range(count):
            entry = heappop(queue)
            event = entry[3]
            if event.__class__ is Cause:
                self._now = now = entry[0]
                event.act(now)
            else:
                heappush(queue, entry)
                self.step()
