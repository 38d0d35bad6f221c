"""Servers that collect parts before a cycle: batches and ovens."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from opt_twin.simulation.calendar import Cause
from opt_twin.simulation.parts import Part
from opt_twin.simulation.servers import Server

if TYPE_CHECKING:
    from simpy.events import EventPriority

    from opt_twin.simulation.servers import Server as _Server

__all__ = ["BatchServer"]


class BatchServer(Server):
    """A server that takes `batch_size` parts for a cycle.

    They leave as one, or one by one in the order in which they came.
    """

    CAUSES: ClassVar[tuple[str, ...]] = (*Server.CAUSES, "_timer")
    __slots__ = ("_patience", "_timer", "_timing")

    _patience: float | None
    _timing: EventPriority
    _timer: Cause

    def wait_for(self, seconds: float | None, priority: EventPriority) -> None:
        """Set how long the first part waits for the others; None for as long as it takes."""
        self._patience = seconds
        self._timing = priority
        self._timer = Cause(self._calendar, self._time_out)

    def fits(self, part: Part, now: float) -> bool:
        """Return whether `part` may join the batch; one that has too little in common closes it instead."""
        first = self.collected[0]
        groups = self._station.groups
        if first.order == part.order and (groups is None or groups[first.product] == groups[part.product]):
            return True
        self.close(now)
        return False

    def load(self, part: Part, now: float) -> None:
        """Take a part; start the cycle when the batch is complete and no set-up runs."""
        last = self._backlog is not None and self._backlog.take(part)
        self.collected.append(part)
        if last or self._complete():
            self.close(now)
        elif self._patience is not None and len(self.collected) == 1:
            self._calendar.schedule(self._timer, self._timing, self._patience)
        if last:
            self._station.prepare(now)

    def _complete(self) -> bool:
        return len(self.collected) == self._station.station.batch_size

    def _time_out(self, now: float) -> None:
        """Start with what is there: the first part has waited long enough."""
        self.close(now)

    def close(self, now: float) -> None:
        """Make one part of those collected; start the cycle when no set-up runs."""
        if self._patience is not None:
            self._timer.cancel()
            self._timer = Cause(self._calendar, self._time_out)
        members = self.collected
        batch = self._join(members)
        if self._log is not None:
            for member in members:
                self._ledger.note(now, self._name, "join", member, server=self._index, batch=batch.number)
        self.collected = []
        self.part = batch
        if not self._preparing:
            self._begin(now)

    def _join(self, members: list[Part]) -> Part:
        """Return `members` as one part."""
        first = members[0]
        batch = Part(self._ledger.number(), first.product, first.order)
        batch.units = sum(member.units for member in members)
        batch.born = sum(member.born for member in members)
        batch.defective = any(member.defective for member in members)
        batch.pallets = tuple(pool for member in members for pool in member.pallets)
        batch.rejected = any(member.rejected for member in members)
        batch.operation = max(member.operation for member in members)
        if self._station.keeps:
            batch.members = members
        return batch

    def refill(self, now: float, freed: list[_Server]) -> None:
        """Take from those that wait, the longest waiting first, until the batch is complete."""
        if self._backlog is not None:
            self.prepare(now)
        waiting = self._station.waiting
        while self.part is None and waiting:
            if self.collected and not self.fits(waiting[0].peek(), now):
                return
            giver = waiting.pop(0)
            self.load(giver.surrender(now), now)
            giver.moved_on(now, freed)
        if self.part is None:
            self._rest(now)

    def _inspect(self, draw: Callable[[], float], now: float) -> None:
        """Test the finished part; where the members leave one by one, each of them."""
        batch = self.peek()
        if self._station.station.batch_output == "joined" or batch.members is None:
            super()._inspect(draw, now)
            return
        scrapped = [member for member in batch.members if self._rejected(member, draw())]
        batch.members = [member for member in batch.members if member not in scrapped]
        batch.units = sum(member.units for member in batch.members)
        batch.born = sum(member.born for member in batch.members)
        if not batch.members:
            self.part = None
        for member in scrapped:
            self._ledger.scrap(
                member, self._name, now, rank=self._station.rank, server=self._index, why="rejected"
            )
