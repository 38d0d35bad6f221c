"""Failure modes of a server in a run: when they strike and how long they last."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Protocol

from opt_twin.line import Clock, FailureMode
from opt_twin.simulation.calendar import Calendar, Cause
from opt_twin.simulation.phases import FAILED

if TYPE_CHECKING:
    from simpy.events import EventPriority

__all__ = ["Failing", "ModeState"]


class Failing(Protocol):
    """What can fail: a server or a belt."""

    def fail(self, mode: FailureMode, state: int, now: float) -> None:
        """Stop for a reason that shows as `state`."""

    def repair(self, mode: FailureMode, state: int, now: float) -> None:
        """Go on when nothing else stops it."""


class ModeState:
    """One failure mode of one server, or of a belt.

    Attributes
    ----------
    mode
        What the model says.
    left
        What is left on the mode's clock before it strikes: seconds of processing or cycles. Not used for the
        calendar clock, whose failure stands in the calendar.
    down
        Whether it is being repaired.
    failure
        The priority of its failures.
    """

    STATE: ClassVar[tuple[str, ...]] = ("down", "left")
    CAUSES: ClassVar[tuple[str, ...]] = ("_event",)
    __slots__ = (
        *STATE,
        "_calendar",
        "_event",
        "_repair",
        "_server",
        "_time_to_failure",
        "_time_to_repair",
        "failure",
        "mode",
    )

    def __init__(
        self,
        mode: FailureMode,
        server: Failing,
        *,
        calendar: Calendar,
        failure: EventPriority,
        repair: EventPriority,
        time_to_failure: Callable[[], float],
        time_to_repair: Callable[[], float],
    ) -> None:
        self.mode = mode
        self.failure = failure
        self.left = math.inf
        self.down = False
        self._server = server
        self._calendar = calendar
        self._repair = repair
        self._time_to_failure = time_to_failure
        self._time_to_repair = time_to_repair
        self._event = Cause(calendar, self.strike)

    def renew(self) -> None:
        """Draw the next time to failure."""
        draw = self._time_to_failure()
        if self.mode.clock is Clock.CALENDAR:
            self._event.act = self.strike
            self._calendar.schedule(self._event, self.failure, draw)
        elif self.mode.clock is Clock.OPERATION:
            self.left = draw
        else:
            self.left = max(1.0, math.ceil(draw))

    def strike(self, now: float) -> None:
        """Fail: the server stops for a time to repair."""
        self.down = True
        self.left = math.inf
        self._event.act = self._mend
        self._calendar.schedule(self._event, self._repair, self._time_to_repair())
        self._server.fail(self.mode, FAILED, now)

    def _mend(self, now: float) -> None:
        self.down = False
        self.renew()
        self._server.repair(self.mode, FAILED, now)
