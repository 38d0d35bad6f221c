"""Sources and sinks in a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, ClassVar

from opt_twin.line import Sink
from opt_twin.simulation.calendar import Calendar, Cause
from opt_twin.simulation.parts import Giver, Part
from opt_twin.simulation.supplies import CalledSupply, Supply
from opt_twin.simulation.ways import Ways

if TYPE_CHECKING:
    from simpy.events import EventPriority

    from opt_twin.simulation.build import Account
    from opt_twin.simulation.ledger import Ledger
    from opt_twin.simulation.servers import Server

__all__ = ["SinkNode", "SourceNode"]


class SourceNode:
    """A source.

    It holds at most one part, the next one, which waits for a place when it finds none.

    Parameters
    ----------
    supply
        Gives product and order of each part and the time before which it may not be released.
    interarrival
        Seconds from one release to the next attempt; None for a saturated source.
    stock
        Name of the stock whose orders it releases; None for none.
    """

    STATE: ClassVar[tuple[str, ...]] = ("_part", "since")
    CAUSES: ClassVar[tuple[str, ...]] = ("_arrival",)
    __slots__ = (
        *STATE,
        "_arrival",
        "_calendar",
        "_interarrival",
        "_ledger",
        "_name",
        "_priority",
        "_stocks",
        "_supply",
        "key",
        "ways",
    )

    def __init__(
        self,
        name: str,
        *,
        key: int,
        ways: Ways,
        ledger: Ledger,
        calendar: Calendar,
        priority: EventPriority,
        supply: Supply,
        interarrival: Callable[[], float] | None,
        stock: str | None = None,
    ) -> None:
        self._name = name
        self._ledger = ledger
        self._calendar = calendar
        self._priority = priority
        self._supply = supply
        self._interarrival = interarrival
        self._stocks: tuple[str, ...] = () if stock is None else (stock,)
        self._arrival = Cause(calendar, self._arrive)
        self._part: Part | None = None
        self.ways = ways
        self.since = 0.0
        self.key = key

    def contents(self) -> Iterator[Part]:
        """Yield nothing: the part that it holds is not released."""
        yield from ()

    def accounts(self, now: float) -> Iterator[Account]:  # noqa: ARG002 - as every element
        """Yield nothing."""
        yield from ()

    @property
    def idle(self) -> bool:
        """Whether it has no part to release."""
        return self._part is None

    def start(self) -> None:
        """Begin to release parts."""
        self._prepare(0.0)

    def order(self, quantity: int, now: float) -> None:
        """Release `quantity` more parts for the stock that orders them here."""
        assert isinstance(self._supply, CalledSupply)
        self._supply.called += quantity
        if self._part is None:
            self._prepare(now)

    def _prepare(self, now: float) -> None:
        """Make the next parts, as long as they can be released at once."""
        while True:
            following = self._supply.following()
            if following is None:
                return
            product, order, earliest = following
            part = self._part = Part(self._ledger.number(), product, order)
            part.stocks = self._stocks
            if self._interarrival is not None:
                self._calendar.schedule(self._arrival, self._priority, self._interarrival())
                return
            if earliest > now:
                self._calendar.schedule(self._arrival, self._priority, earliest - now)
                return
            if not self._offer(now):
                return

    def _arrive(self, now: float) -> None:
        if self._offer(now):
            self._prepare(now)

    def _offer(self, now: float) -> bool:
        """Release the part if its target takes it; else let it wait there."""
        part = self.peek()
        target = self.ways.only or self.ways.choose(part, now)
        if target.ready(part, now):
            target.take(self.surrender(now), now)
            return True
        target.wait(self, now)
        return False

    def peek(self) -> Part:
        """Return the part that waits."""
        assert self._part is not None
        return self._part

    def surrender(self, now: float) -> Part:
        """Release the part."""
        part = self.peek()
        self._part = None
        self._ledger.release(part, self._name, now)
        return part

    def moved_on(self, now: float, freed: list[Server]) -> None:  # noqa: ARG002 - every caller passes it
        """Make the next part."""
        self._prepare(now)


class SinkNode:
    """A sink: takes every part."""

    __slots__ = ("_ledger", "_name")

    def __init__(self, sink: Sink, *, ledger: Ledger) -> None:
        self._name = sink.name
        self._ledger = ledger

    def contents(self) -> Iterator[Part]:
        """Yield nothing: what it takes has left the line."""
        yield from ()

    def accounts(self, now: float) -> Iterator[Account]:  # noqa: ARG002 - as every element
        """Yield nothing."""
        yield from ()

    def ready(self, part: Part, now: float) -> bool:  # noqa: ARG002 - every caller passes it
        """Return True."""
        return True

    def take(self, part: Part, now: float) -> None:
        """Let the part leave the line."""
        self._ledger.exit(part, self._name, now)

    def wait(self, giver: Giver, now: float) -> None:  # noqa: ARG002 - every caller passes it
        """Never called: a sink is always ready."""
        raise AssertionError("a sink takes every part")

    def withdraw(self, giver: Giver) -> None:  # noqa: ARG002 - every caller passes it
        """Never called: nobody waits."""
        raise AssertionError("nobody waits at a sink")

    def queue_length(self) -> int:
        """Return 0: nothing stays."""
        return 0
