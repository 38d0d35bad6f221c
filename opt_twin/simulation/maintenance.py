"""Maintenance tasks in a run: due at stated times, done between two cycles or at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from opt_twin.line import AtShiftEnd, Maintenance
from opt_twin.simulation.calendar import Calendar, Cause
from opt_twin.simulation.phases import MAINTENANCE, WAITING_FOR_CREW
from opt_twin.simulation.work import Work

if TYPE_CHECKING:
    from simpy.events import EventPriority

    from opt_twin.simulation.people import People
    from opt_twin.simulation.servers import Server
    from opt_twin.simulation.worker import Worker

__all__ = ["TaskState"]


class TaskState(Work):
    """One maintenance task of one server.

    Attributes
    ----------
    task
        What the model says.
    open
        Whether it is due and not done: another time that it is due then is passed over.
    """

    STATE: ClassVar[tuple[str, ...]] = ("_following", "open")
    CAUSES: ClassVar[tuple[str, ...]] = ("_due_event",)
    __slots__ = (*STATE, *CAUSES, "_due", "_duration", "task")

    _server: Server

    def __init__(
        self,
        task: Maintenance,
        server: Server,
        *,
        calendar: Calendar,
        due: EventPriority,
        done: EventPriority,
        duration: Callable[[], float],
        people: People,
    ) -> None:
        super().__init__(
            server,
            state=MAINTENANCE,
            need=task.crew,
            calendar=calendar,
            priority=done,
            people=people,
        )
        self.task = task
        self.open = False
        self._due = due
        self._duration = duration
        self._due_event = Cause(calendar, self._fall_due)
        self._following = task.start or 0.0

    def start(self) -> None:
        """Put the first time that it is due into the calendar, if it has one."""
        if self.task.start is None:
            return
        self._calendar.schedule_at(self._due_event, self._due, self._following)

    def _fall_due(self, now: float) -> None:
        if self.task.every is not None:
            self._following += self.task.every
            self._calendar.schedule_at(self._due_event, self._due, self._following)
        self.demand(now)

    def demand(self, now: float) -> None:
        """Do the task as soon as may be, unless that is asked for already."""
        if self.open:
            return
        self.open = True
        if self.task.at_start is AtShiftEnd.STOP:
            self.seize(self._server, now)
        else:
            self._server.stop_after_cycle(self, now)

    def seize(self, worker: Worker, now: float) -> None:
        """Begin: the server stops."""
        worker.note_stop("maintain", self.task.name, now)
        worker.halt(MAINTENANCE if self._need is None else WAITING_FOR_CREW, now)
        self.begin(self._duration(), now)

    def done(self, now: float) -> None:
        """End: failure modes that it renews start anew, and the server goes on."""
        self.open = False
        for mode in self._server.modes:
            if mode.mode.name in self.task.renews:
                mode.restart()
        self._server.note_stop("maintained", self.task.name, now)
        self._server.release(MAINTENANCE, now)
