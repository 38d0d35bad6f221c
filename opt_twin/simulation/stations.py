"""Stations in a run: what the servers of one station share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, ClassVar

from opt_twin.line import Station
from opt_twin.results import STATES
from opt_twin.simulation.behaviours import StationRules
from opt_twin.simulation.calendar import Calendar
from opt_twin.simulation.draws import Times
from opt_twin.simulation.parts import Giver, Part, enqueue
from opt_twin.simulation.ways import Ways

if TYPE_CHECKING:
    from opt_twin.simulation.build import Account
    from opt_twin.simulation.fleets import Dock
    from opt_twin.simulation.ledger import Ledger
    from opt_twin.simulation.orders import Backlog
    from opt_twin.simulation.outcomes import Outcome
    from opt_twin.simulation.pallets import PalletPool
    from opt_twin.simulation.servers import Server

__all__ = ["StationNode"]


class StationNode:
    """A station: its servers, and what they share.

    Attributes
    ----------
    servers
        The machines.
    waiting
        Who waits for a place; empty while a server is free.
    cycles
        How many have been finished.
    speed, fastest
        What processing times are divided by, and the greatest that it has been.
    draw, draw_by_product
        Processing times: of any product, and of those that have their own; None when none has.
    rules
        The user's own rules for its cycles; None where there are none.
    backlog
        With a plan, at a station that makes batches or has set-ups: what may still come. None otherwise.
    outcome
        What a cycle gives out in the place of its part; None for the part itself.
    keeps
        Whether batches keep their members.
    groups
        Product -> what the members of a batch have in common; None when they need nothing in common.
    dock
        Who reserves places for parts that vehicles bring; None when nobody does.
    unloads
        Pools of the pallets that parts leave at the end of a cycle; None where they leave none.
    """

    STATE: ClassVar[tuple[str, ...]] = ("cycles", "fastest", "speed", "waiting")
    __slots__ = (
        *STATE,
        "backlog",
        "calendar",
        "defect",
        "dock",
        "draw",
        "draw_by_product",
        "groups",
        "inspect",
        "keeps",
        "ledger",
        "only",
        "_times",
        "outcome",
        "rank",
        "rules",
        "servers",
        "station",
        "unloads",
        "ways",
    )

    def __init__(
        self,
        station: Station,
        *,
        rank: int,
        ways: Ways,
        ledger: Ledger,
        calendar: Calendar,
        times: dict[str | None, Times],
        defect: Callable[[], bool] | None,
        inspect: Callable[[], float] | None,
    ) -> None:
        self.station = station
        self.rank = rank
        self.ways = ways
        self.ledger = ledger
        self.calendar = calendar
        self.defect = defect
        self.inspect = inspect
        self.servers: tuple[Server, ...] = ()
        self.only: Server | None = None
        self.waiting: list[Giver] = []
        self.cycles = 0
        self.backlog: Backlog | None = None
        self.dock: Dock | None = None
        self.unloads: tuple[PalletPool, ...] | None = None
        self.rules: StationRules | None = None
        self.outcome: Outcome | None = None
        self.keeps = False
        self.groups: dict[str | None, str | None] | None = None
        self.speed = self.fastest = station.speed
        self._times = times
        self.draw: Callable[[], float]
        self.draw_by_product: dict[str | None, Callable[[], float]] | None
        self._redraw()

    def set_speed(self, speed: float) -> None:
        """Divide the processing times of cycles that begin from now on by `speed`."""
        self.speed = speed
        self.fastest = max(self.fastest, speed)
        for times in self._times.values():
            times.divide(speed)
        if self.station.wear_exponent:
            for server in self.servers:
                for mode in server.modes:
                    mode.wear(speed**self.station.wear_exponent)
        self._redraw()

    def restored(self) -> None:
        """Go on at the speed that was saved."""
        self.set_speed(self.speed)

    def _redraw(self) -> None:
        self.draw = self._times[None].next
        self.draw_by_product = None
        if len(self._times) > 1:
            self.draw_by_product = {product: own.next for product, own in self._times.items()}

    def equip(self, servers: list[Server]) -> None:
        """Set the servers."""
        self.servers = tuple(servers)
        self.only = servers[0] if len(servers) == 1 else None

    def follow(self, backlog: Backlog) -> None:
        """Execute a plan of which `backlog` may come."""
        self.backlog = backlog
        for server in self.servers:
            server.follow(backlog)

    def prepare(self, now: float) -> None:
        """Start the set-ups for the next order on the servers that are empty and done with theirs."""
        for server in self.servers:
            server.prepare(now)

    def contents(self) -> Iterator[Part]:
        """Yield the parts in its servers."""
        for server in self.servers:
            yield from server.collected
            if server.part is not None:
                yield server.part
            yield from server.more

    def accounts(self, now: float) -> Iterator[Account]:
        """Yield the time of its servers in each state, and the cycles that they have finished."""
        name, size = self.station.name, len(self.servers)
        times = [server.state_times(now) for server in self.servers]
        for state, own in zip(STATES, zip(*times, strict=True), strict=True):
            yield f"{name}.{state}", sum(own), size
        yield f"{name}.parts", float(self.cycles), 0

    def ready(self, part: Part, now: float) -> bool:
        """Return whether a server can take `part` and nobody waits for it."""
        if self.waiting:
            return False
        if self.only is not None:
            server = self.only
            return server.part is None and (not server.collected or server.fits(part, now))
        return self._choose(part, now) is not None

    def take(self, part: Part, now: float) -> None:
        """Give a part to the server that collects a batch, or to the first that can work, or to the first."""
        server = self.only or self._choose(part, now)
        assert server is not None
        server.load(part, now)

    def _choose(self, part: Part, now: float) -> Server | None:
        for server in self.servers:
            if server.part is None and server.collected and server.fits(part, now):
                return server
        free = [server for server in self.servers if server.part is None]
        return min(free, key=lambda server: server.halted > 0 or server.phase is not None, default=None)

    def room(self) -> float:
        """Return how many more parts the servers can take."""
        size = self.station.batch_size
        return sum(size - len(server.collected) for server in self.servers if server.part is None)

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
        """Return how many parts its servers hold and how many wait for a place."""
        return sum(1 for _ in self.contents()) + len(self.waiting)

    def lose(self, part: Part, now: float) -> None:
        """Learn that `part` will never come; what waits for nothing else of its order goes on."""
        if self.backlog is not None and self.backlog.take(part):
            for server in self.servers:
                if server.collected and server.collected[0].order == part.order:
                    server.close(now)
            self.prepare(now)
