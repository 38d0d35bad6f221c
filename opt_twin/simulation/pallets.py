"""Pallets in a run, and the sources that wait for them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from opt_twin.line import Pallets
from opt_twin.simulation.calendar import Calendar, Cause
from opt_twin.simulation.parts import Part
from opt_twin.simulation.sources import SourceNode

if TYPE_CHECKING:
    from simpy.events import EventPriority

    from opt_twin.simulation.build import Account

__all__ = ["PalletPool", "PalletSource"]


class PalletPool:
    """The pallets of one name: those that are free, and those that come back.

    Attributes
    ----------
    free
        How many a source may take.
    returning
        When each that comes back will be free, ascending.
    waiting
        Sources that wait for one, the longest waiting first.
    moment, absent
        Sum of the times at which pallets became free less the sum of those at which they were taken, with the
        sign that makes ``free * now + moment`` the integral over time; the same of those that come back.
    """

    STATE: ClassVar[tuple[str, ...]] = ("absent", "free", "moment", "returning", "waiting")
    CAUSES: ClassVar[tuple[str, ...]] = ("_event",)
    __slots__ = (*STATE, "_calendar", "_event", "_priority", "number", "pallets")

    def __init__(self, pallets: Pallets, *, calendar: Calendar, priority: EventPriority) -> None:
        self.pallets = pallets
        self.number = pallets.number
        self._calendar = calendar
        self._priority = priority
        self._event = Cause(calendar, self._arrive)
        self.free = pallets.number
        self.returning: deque[float] = deque()
        self.waiting: list[PalletSource] = []
        self.moment = 0.0
        self.absent = 0.0

    def accounts(self, now: float) -> Iterator[Account]:
        """Yield how many are free, with parts, and on their way back, integrated over time."""
        name = self.pallets.name
        free = self.free * now + self.moment
        returning = len(self.returning) * now + self.absent
        yield f"{name}.free", free, 1
        yield f"{name}.in_use", self.number * now - free - returning, 1
        yield f"{name}.returning", returning, 1

    def lend(self, source: PalletSource, now: float) -> bool:
        """Give a pallet to a source; if none is free the source waits for one."""
        if not self.free:
            self.waiting.append(source)
            source.since = now
            self.waiting.sort(key=_patience)
            return False
        self.free -= 1
        self.moment += now
        return True

    def give_back(self, now: float) -> None:
        """Let a pallet come back from a part that has left it."""
        due = now + self.pallets.return_time
        if not self.returning:
            self._calendar.schedule_at(self._event, self._priority, due)
        self.returning.append(due)
        self.absent -= now

    def _arrive(self, now: float) -> None:
        """Free those that have come back; give them to those that wait."""
        returning = self.returning
        while returning and returning[0] == now:
            returning.popleft()
            self.absent += now
            self.free += 1
            self.moment -= now
        if returning:
            self._calendar.schedule_at(self._event, self._priority, returning[0])
        while self.free and self.waiting:
            source = self.waiting.pop(0)
            self.free -= 1
            self.moment += now
            source.supplied(now)


def _patience(source: PalletSource) -> tuple[float, int]:
    return source.since, source.key


class PalletSource(SourceNode):
    """A source whose parts travel on pallets: it offers a part only when it has one.

    Parameters
    ----------
    pool
        Where its pallets come from.
    name, fields
        As of any source.

    Attributes
    ----------
    holds
        Whether it has a pallet for the part that it holds.
    pool
        Where its pallets come from.
    """

    STATE: ClassVar[tuple[str, ...]] = (*SourceNode.STATE, "holds")
    __slots__ = ("holds", "pool")

    def __init__(self, pool: PalletPool, name: str, **fields: Any) -> None:
        super().__init__(name, **fields)
        self.pool = pool
        self.holds = False

    def _offer(self, now: float) -> bool:
        """Release the part if there is a pallet for it and its target takes it."""
        if not self.holds:
            if not self.pool.lend(self, now):
                return False
            self.holds = True
        return super()._offer(now)

    def supplied(self, now: float) -> None:
        """Take a pallet that has become free."""
        self.holds = True
        if super()._offer(now):
            self._prepare(now)

    def surrender(self, now: float) -> Part:
        """Release the part on its pallet."""
        part = super().surrender(now)
        part.pallets = (self.pool,)
        self.holds = False
        return part
