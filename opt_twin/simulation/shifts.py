"""Shifts in a run: when stations and people begin and stop working."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Protocol

from opt_twin.line import AtShiftEnd, Shift, weekly_windows
from opt_twin.line.people import WEEK
from opt_twin.simulation.calendar import Calendar, Cause
from opt_twin.simulation.phases import OFF_SHIFT

if TYPE_CHECKING:
    from simpy.events import EventPriority

    from opt_twin.simulation.stations import StationNode
    from opt_twin.simulation.worker import Worker

__all__ = ["Follower", "ShiftClock", "StationShift"]


class Follower(Protocol):
    """What follows a shift."""

    def open(self, now: float) -> None:
        """Begin to work."""

    def close(self, now: float) -> None:
        """Stop working."""


class ShiftClock:
    """Tells its followers when one of some shifts begins and when the last of them ends.

    Parameters
    ----------
    shifts
        Those that are followed, one or more.
    clock_start
        Seconds since Monday 00:00 at which the run starts.
    """

    STATE: ClassVar[tuple[str, ...]] = ("_following", "_week", "working")
    CAUSES: ClassVar[tuple[str, ...]] = ("_event",)
    __slots__ = (*STATE, "_bounds", "_calendar", "_event", "_priority", "_start", "followers")

    def __init__(
        self, shifts: Sequence[Shift], *, clock_start: float, calendar: Calendar, priority: EventPriority
    ) -> None:
        bounds = [bound for window in weekly_windows(shifts) for bound in window]
        through = bounds[0] == 0 and bounds[-1] == WEEK  # it works through Sunday night
        self._bounds = bounds[1:-1] if through else bounds
        self._start = clock_start
        self._calendar = calendar
        self._priority = priority
        self._event = Cause(calendar, self._turn)
        self._following = 0
        self._week = 0.0
        self.working = not through or not self._bounds
        self.followers: list[Follower] = []

    def start(self) -> None:
        """Take the state of the time at which the run starts."""
        bounds = self._bounds
        if not bounds:  # it works always
            return
        at = self._start % WEEK
        self._week = self._start - at
        self._following = bisect_right(bounds, at)
        self.working = self.working == (self._following % 2 == 1)
        if not self.working:
            for follower in self.followers:
                follower.close(0.0)
        self._await()

    def _await(self) -> None:
        """Put the next bound into the calendar, at its own time."""
        if self._following == len(self._bounds):
            self._following = 0
            self._week += WEEK
        time = self._week + self._bounds[self._following] - self._start
        self._calendar.schedule_at(self._event, self._priority, time)

    def _turn(self, now: float) -> None:
        self._following += 1
        self.working = not self.working
        for follower in self.followers:
            if self.working:
                follower.open(now)
            else:
                follower.close(now)
        self._await()


class StationShift:
    """A station that follows a shift."""

    STATE: ClassVar[tuple[str, ...]] = ()
    __slots__ = ("_station",)

    def __init__(self, station: StationNode) -> None:
        self._station = station

    def open(self, now: float) -> None:
        """Let the servers work."""
        for server in self._station.servers:
            if self in server.later:
                server.later.remove(self)
            else:
                server.release(OFF_SHIFT, now)

    def close(self, now: float) -> None:
        """Stop the servers, at once or after their cycles."""
        finish = self._station.station.at_shift_end is AtShiftEnd.FINISH
        for server in self._station.servers:
            if finish:
                server.stop_after_cycle(self, now)
            else:
                server.halt(OFF_SHIFT, now)

    def seize(self, worker: Worker, now: float) -> None:
        """Stop a server whose cycle is over."""
        worker.halt(OFF_SHIFT, now)
