"""Buffers in a run."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from opt_twin.line import Buffer
from opt_twin.simulation.parts import Giver, Part, enqueue
from opt_twin.simulation.ways import Ways

if TYPE_CHECKING:
    from opt_twin.simulation.build import Account
    from opt_twin.simulation.fleets import Dock
    from opt_twin.simulation.ledger import Ledger
    from opt_twin.simulation.servers import Server

__all__ = ["BufferNode"]


class BufferNode:
    """A buffer: the part at its head waits for the target that was drawn for it.

    Attributes
    ----------
    parts
        What lies in it, the head first.
    waiting
        Who waits for a place; empty while there is one.
    moment
        Sum of the times at which parts left, less the sum of those at which they came.
    since, key
        As a giver: since when the head has waited, and what breaks ties.
    dock
        Who reserves places for parts that vehicles bring; None when nobody does.
    """

    STATE: ClassVar[tuple[str, ...]] = ("moment", "parts", "since", "waiting")
    __slots__ = (*STATE, "_capacity", "_ledger", "_name", "dock", "key", "ways")

    def __init__(self, buffer: Buffer, *, key: int, ways: Ways, ledger: Ledger) -> None:
        self._name = buffer.name
        self._capacity = math.inf if buffer.capacity is None else buffer.capacity
        self._ledger = ledger
        self.ways = ways
        self.dock: Dock | None = None
        self.parts: deque[Part] = deque()
        self.waiting: list[Giver] = []
        self.moment = 0.0
        self.since = 0.0
        self.key = key

    def contents(self) -> Iterator[Part]:
        """Yield the parts in it."""
        yield from self.parts

    def accounts(self, now: float) -> Iterator[Account]:
        """Yield the parts in it, integrated over time."""
        yield f"{self._name}.level", len(self.parts) * now + self.moment, 1

    def ready(self, part: Part, now: float) -> bool:  # noqa: ARG002 - every caller passes it
        """Return whether there is a place and nobody waits for it."""
        return not self.waiting and len(self.parts) < self._capacity

    def take(self, part: Part, now: float) -> None:
        """Take a part; at the head of the buffer it goes on at once if it can."""
        if self._ledger.log is not None:
            self._ledger.note(now, self._name, "enter", part)
        if self.parts:
            self.parts.append(part)
            self.moment -= now
            return
        target = self.ways.only or self.ways.choose(part, now)
        if target.ready(part, now):
            target.take(part, now)
            return
        self.parts.append(part)
        self.moment -= now
        target.wait(self, now)

    def room(self) -> float:
        """Return how many places are free."""
        return self._capacity - len(self.parts)

    def wait(self, giver: Giver, now: float) -> None:
        """Let `giver` wait for a place."""
        waiting = self.waiting
        if waiting:
            enqueue(waiting, giver, now)
        else:
            giver.since = now
            waiting.append(giver)

    def withdraw(self, giver: Giver) -> None:
        """Let `giver` wait no longer."""
        self.waiting.remove(giver)

    def queue_length(self) -> int:
        """Return how many parts lie in it and how many wait for a place."""
        return len(self.parts) + len(self.waiting)

    def peek(self) -> Part:
        """Return the head."""
        return self.parts[0]

    def surrender(self, now: float) -> Part:
        """Give the head away."""
        self.moment += now
        return self.parts.popleft()

    def moved_on(self, now: float, freed: list[Server]) -> None:
        """Send on or announce the new head, then fill the free places."""
        parts = self.parts
        if parts and self.ways.only is not None:
            self.ways.only.wait(self, now)  # it is being filled and looks at those that wait again
        while parts and self.ways.only is None:
            target = self.ways.choose(parts[0], now)
            if not target.ready(parts[0], now):
                target.wait(self, now)
                break
            target.take(self.surrender(now), now)
        waiting = self.waiting
        while waiting and len(parts) < self._capacity:
            giver = waiting.pop(0)
            self.take(giver.surrender(now), now)
            giver.moved_on(now, freed)
        if self.dock is not None:
            self.dock.opened(now)
