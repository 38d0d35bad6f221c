"""Buffers whose parts do not leave in the order in which they came."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from opt_twin.line import Buffer
from opt_twin.simulation.buffers import BufferNode
from opt_twin.simulation.parts import Part, Taker
from opt_twin.simulation.ways import Ways

if TYPE_CHECKING:
    from opt_twin.simulation.build import Account
    from opt_twin.simulation.ledger import Ledger
    from opt_twin.simulation.servers import Server

__all__ = ["Lane", "LanedBufferNode", "RankedBufferNode"]


class RankedBufferNode(BufferNode):
    """A buffer that keeps its parts in a rank: the last that came first, or by the priority of products.

    Attributes
    ----------
    chosen
        Target of each part that has been at the head; None for one that has not.
    """

    STATE: ClassVar[tuple[str, ...]] = (*BufferNode.STATE, "chosen")
    __slots__ = ("_priorities", "chosen")

    def __init__(
        self,
        buffer: Buffer,
        *,
        key: int,
        ways: Ways,
        ledger: Ledger,
        priorities: Mapping[str | None, int] | None,
    ) -> None:
        super().__init__(buffer, key=key, ways=ways, ledger=ledger)
        self._priorities = priorities
        self.chosen: deque[Taker | None] = deque()

    def _position(self, part: Part) -> int:
        """Return where `part` goes: to the front, or behind all of its priority or a higher one."""
        if self._priorities is None:
            return 0
        own = self._priorities[part.product]
        position = len(self.parts)
        while position and self._priorities[self.parts[position - 1].product] < own:
            position -= 1
        return position

    def take(self, part: Part, now: float) -> None:
        """Take a part; at the head of the buffer it goes on at once if it can."""
        self._ledger.note(now, self._name, "enter", part)
        position = self._position(part)
        target: Taker | None = None
        if not position:
            target = self.ways.only or self.ways.choose(part, now)
            if target.ready(part, now):
                target.take(part, now)
                return
            if self.parts:
                before = self.chosen[0]
                assert before is not None
                before.withdraw(self)
        self.parts.insert(position, part)
        self.chosen.insert(position, target)
        self.moment -= now
        if target is not None:
            target.wait(self, now)

    def surrender(self, now: float) -> Part:
        """Give the head away."""
        self.chosen.popleft()
        return super().surrender(now)

    def moved_on(self, now: float, freed: list[Server]) -> None:
        """Send on or announce the new head, then fill the free places."""
        parts = self.parts
        while parts:
            target = self.chosen[0]
            if target is None:
                target = self.chosen[0] = self.ways.only or self.ways.choose(parts[0], now)
            if not target.ready(parts[0], now):
                target.wait(self, now)
                break
            target.take(self.surrender(now), now)
        while self.waiting and len(parts) < self._capacity:
            giver = self.waiting.pop(0)
            self.take(giver.surrender(now), now)
            giver.moved_on(now, freed)
        if self.dock is not None:
            self.dock.opened(now)


class Lane:
    """The parts of one product in a buffer, the head first.

    Attributes
    ----------
    parts
        What lies in it.
    since, key
        As a giver: since when the head has waited, and what breaks ties.
    """

    STATE: ClassVar[tuple[str, ...]] = ("parts", "since")
    __slots__ = (*STATE, "_buffer", "key")

    def __init__(self, buffer: LanedBufferNode, key: int) -> None:
        self._buffer = buffer
        self.parts: deque[Part] = deque()
        self.since = 0.0
        self.key = key

    def peek(self) -> Part:
        """Return the head."""
        return self.parts[0]

    def surrender(self, now: float) -> Part:
        """Give the head away."""
        self._buffer.moment += now
        self._buffer.level -= 1
        return self.parts.popleft()

    def moved_on(self, now: float, freed: list[Server]) -> None:
        """Send on or announce the new head, then fill the free places of the buffer."""
        self._buffer.settle_lane(self, now)
        self._buffer.fill(now, freed)


class LanedBufferNode(BufferNode):
    """A buffer in which each product has a queue of its own; they share its places.

    Attributes
    ----------
    lanes
        Product -> its queue.
    level
        How many parts lie in it.
    """

    STATE: ClassVar[tuple[str, ...]] = (*BufferNode.STATE, "level")
    __slots__ = ("lanes", "level")

    def __init__(
        self, buffer: Buffer, *, key: int, ways: Ways, ledger: Ledger, products: Sequence[str | None]
    ) -> None:
        super().__init__(buffer, key=key, ways=ways, ledger=ledger)
        self.lanes = {product: Lane(self, key + index) for index, product in enumerate(products)}
        self.level = 0

    def contents(self) -> Iterator[Part]:
        """Yield the parts in it."""
        for lane in self.lanes.values():
            yield from lane.parts

    def accounts(self, now: float) -> Iterator[Account]:
        """Yield the parts in it, integrated over time."""
        yield f"{self._name}.level", self.level * now + self.moment, 1

    def ready(self, part: Part, now: float) -> bool:  # noqa: ARG002 - every caller passes it
        """Return whether there is a place and nobody waits for it."""
        return not self.waiting and self.level < self._capacity

    def room(self) -> float:
        """Return how many places are free."""
        return self._capacity - self.level

    def queue_length(self) -> int:
        """Return how many parts lie in it and how many wait for a place."""
        return self.level + len(self.waiting)

    def take(self, part: Part, now: float) -> None:
        """Take a part; at the head of its queue it goes on at once if it can."""
        self._ledger.note(now, self._name, "enter", part)
        lane = self.lanes[part.product]
        if not lane.parts:
            target = self.ways.only or self.ways.choose(part, now)
            if target.ready(part, now):
                target.take(part, now)
                return
            lane.parts.append(part)
            target.wait(lane, now)
        else:
            lane.parts.append(part)
        self.level += 1
        self.moment -= now

    def settle_lane(self, lane: Lane, now: float) -> None:
        """Send on or announce the new head of a queue."""
        while lane.parts:
            target = self.ways.only or self.ways.choose(lane.parts[0], now)
            if not target.ready(lane.parts[0], now):
                target.wait(lane, now)
                return
            target.take(lane.surrender(now), now)

    def fill(self, now: float, freed: list[Server]) -> None:
        """Take from those that wait while there is a place."""
        while self.waiting and self.level < self._capacity:
            giver = self.waiting.pop(0)
            self.take(giver.surrender(now), now)
            giver.moved_on(now, freed)
        if self.dock is not None:
            self.dock.opened(now)
