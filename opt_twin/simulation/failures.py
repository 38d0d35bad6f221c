"""Failure modes of a server in a run: when they strike and how long they last."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from opt_twin.line import Clock, FailureMode
from opt_twin.simulation.calendar import Calendar, Cause
from opt_twin.simulation.draws import Times
from opt_twin.simulation.phases import FAILED, STOPPED, WAITING_FOR_CREW
from opt_twin.simulation.work import Stoppable, Work

if TYPE_CHECKING:
    from simpy.events import EventPriority

    from opt_twin.simulation.people import People
    from opt_twin.simulation.stations import StationNode

__all__ = ["ModeState"]


class ModeState(Work):
    """One failure mode of one server, or of a belt.

    Attributes
    ----------
    mode
        What the model says.
    left
        What is left on the mode's clock before it strikes: seconds of processing or cycles. Not used for the
        calendar clock, whose failure stands in the calendar.
    down
        Whether it is being repaired, or waits for that.
    failure
        The priority of its failures.
    neighbours
        Stations that cannot work until it is repaired.
    """

    STATE: ClassVar[tuple[str, ...]] = ("down", "left")
    CAUSES: ClassVar[tuple[str, ...]] = ("_strike_event",)
    __slots__ = (
        *STATE,
        *CAUSES,
        "_time_to_failure",
        "_time_to_repair",
        "failure",
        "mode",
        "neighbours",
    )

    def __init__(
        self,
        mode: FailureMode,
        server: Stoppable,
        *,
        calendar: Calendar,
        failure: EventPriority,
        repair: EventPriority,
        time_to_failure: Times,
        time_to_repair: Callable[[], float],
        people: People,
    ) -> None:
        super().__init__(
            server,
            state=FAILED,
            need=mode.crew,
            calendar=calendar,
            priority=repair,
            people=people,
        )
        self.mode = mode
        self.failure = failure
        self.left = math.inf
        self.down = False
        self.neighbours: tuple[StationNode, ...] = ()
        self._time_to_failure = time_to_failure
        self._time_to_repair = time_to_repair
        self._strike_event = Cause(calendar, self.strike)

    def renew(self) -> None:
        """Draw the next time to failure."""
        draw = self._time_to_failure.next()
        if self.mode.clock is Clock.CALENDAR:
            self._calendar.schedule(self._strike_event, self.failure, draw)
        elif self.mode.clock is Clock.OPERATION:
            self.left = draw
        else:
            self.left = max(1.0, math.ceil(draw))

    def wear(self, speed: float) -> None:
        """Let the times to failure that are drawn from now on be those at `speed`."""
        self._time_to_failure.divide(speed)

    def restart(self) -> None:
        """Draw a time to failure in the place of the one that runs; nothing while it is being repaired."""
        if self.down:
            return
        if self.mode.clock is Clock.CALENDAR:
            self._strike_event.cancel()
            self._strike_event = Cause(self._calendar, self.strike)
        self.renew()

    def strike(self, now: float) -> None:
        """Fail: the server stops for a time to repair."""
        self.down = True
        self.left = math.inf
        seconds = self._time_to_repair()
        self._server.fail(self.mode, FAILED if self._need is None else WAITING_FOR_CREW, now)
        self.begin(seconds, now)
        for station in self.neighbours:
            for server in station.servers:
                server.halt(STOPPED, now)

    def done(self, now: float) -> None:
        """Start the clock again, and let the server go on."""
        self.down = False
        self.renew()
        self._server.repair(self.mode, FAILED, now)
        for station in self.neighbours:
            for server in station.servers:
                server.release(STOPPED, now)
