"""Work on a server that stands still: a repair or a maintenance task, done by a crew or by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol

from opt_twin.line import FailureMode, Need
from opt_twin.simulation.calendar import Calendar, Cause
from opt_twin.simulation.phases import WAITING_FOR_CREW

if TYPE_CHECKING:
    from simpy.events import EventPriority

    from opt_twin.simulation.people import Call, People

__all__ = ["Stoppable", "Work"]


class Stoppable(Protocol):
    """What stands still while work is done on it: a server or a belt."""

    def fail(self, mode: FailureMode, state: int, now: float) -> None:
        """Stop for a failure, in a state that is an index of STATES."""

    def repair(self, mode: FailureMode, state: int, now: float) -> None:
        """Go on when nothing else stops it."""

    def swap(self, before: int, after: int, now: float) -> None:
        """Go on standing still, in another state."""


class Work:
    """Work on one server or belt; it waits for its crew, and is interrupted when that leaves.

    Parameters
    ----------
    server
        That stands still.
    state
        Of the server while the work goes on; while it waits for the crew it is WAITING_FOR_CREW.
    need
        The crew; None when the work needs none.
    priority
        Of the event that ends it.
    """

    STATE: ClassVar[tuple[str, ...]] = ("_began", "_remaining")
    CAUSES: ClassVar[tuple[str, ...]] = ("_event",)
    __slots__ = (*STATE, *CAUSES, "_calendar", "_ending", "_need", "_people", "_server", "_state", "call")

    def __init__(
        self,
        server: Stoppable,
        *,
        state: int,
        need: Need | None,
        calendar: Calendar,
        priority: EventPriority,
        people: People,
    ) -> None:
        self._server = server
        self._state = state
        self._need = need
        self._calendar = calendar
        self._ending = priority
        self._people = people
        self.call: Call | None = None
        self._event = Cause(calendar, self._end)
        self._remaining = 0.0
        self._began = 0.0

    def begin(self, seconds: float, now: float) -> None:
        """Call the crew, where one is needed, and work for `seconds`."""
        self._remaining = seconds
        if self._need is None:
            self._work(now)
            return
        assert self.call is not None
        if self._people.ask(self.call, self._need, now):
            self.granted(now)

    def granted(self, now: float) -> None:
        """Go on: the crew has come."""
        self._server.swap(WAITING_FOR_CREW, self._state, now)
        self._work(now)

    def interrupted(self, now: float) -> None:
        """Stop: the crew has gone home; call again."""
        self._event.cancel()
        self._event = Cause(self._calendar, self._end)
        self._remaining -= now - self._began
        self._server.swap(self._state, WAITING_FOR_CREW, now)
        assert self.call is not None
        assert self._need is not None
        if self._people.ask(self.call, self._need, now):
            self.granted(now)

    def _work(self, now: float) -> None:
        self._began = now
        self._calendar.schedule(self._event, self._ending, self._remaining)

    def _end(self, now: float) -> None:
        if self.call is not None:
            self._people.give_back(self.call, now)
        self.done(now)

    def done(self, now: float) -> None:
        """Do what follows."""
        raise NotImplementedError
