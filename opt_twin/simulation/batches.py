"""Servers that collect parts before a cycle: batches that leave as one part."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opt_twin.simulation.parts import Part
from opt_twin.simulation.servers import Server

if TYPE_CHECKING:
    from opt_twin.simulation.servers import Server as _Server

__all__ = ["BatchServer"]


class BatchServer(Server):
    """A server that takes `batch_size` parts for a cycle and gives out one."""

    __slots__ = ()

    def fits(self, part: Part, now: float) -> bool:
        """Return whether `part` may join the batch; a part of another order closes the batch instead."""
        if self.collected[0].order == part.order:
            return True
        self.close(now)
        return False

    def load(self, part: Part, now: float) -> None:
        """Take a part; start the cycle when the batch is complete and no set-up runs."""
        last = self._backlog is not None and self._backlog.take_off(part.order, part.units)
        self.collected.append(part)
        if last or len(self.collected) == self._station.station.batch_size:
            self.close(now)
        if last:
            self._station.prepare(now)

    def close(self, now: float) -> None:
        """Make one part of those collected; start the cycle when no set-up runs."""
        members = self.collected
        first = members[0]
        batch = Part(self._ledger.number(), first.product, first.order)
        batch.hold(members)
        if self._log is not None:
            for member in members:
                self._ledger.note(now, self._name, "join", member, server=self._index, batch=batch.number)
        self.collected = []
        self.part = batch
        if not self._preparing:
            self._begin(now)

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
