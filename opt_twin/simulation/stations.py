"""Stations in a run: what the servers of one station share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, ClassVar

from opt_twin.line import Station
from opt_twin.results import STATES
from opt_twin.simulation.calendar import Calendar
from opt_twin.simulation.parts import Giver, Part, enqueue
from opt_twin.simulation.ways import Ways

if TYPE_CHECKING:
    from opt_twin.simulation.build import Account
    from opt_twin.simulation.ledger import Ledger
    from opt_twin.simulation.orders import Backlog
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
    draw, draw_by_product
        Processing times: of any product, and of those that have their own; None when none has.
    defect, inspect, test_time
        Whether a cycle makes a defect, at a rate that does not change; uniform draws of the inspection; how
        long that takes. None where there is none.
    backlog
        With a plan, at a station that makes batches or has set-ups: what may still come. None otherwise.
    """

    STATE: ClassVar[tuple[str, ...]] = ("cycles", "waiting")
    __slots__ = (
        *STATE,
        "backlog",
        "calendar",
        "defect",
        "draw",
        "draw_by_product",
        "inspect",
        "ledger",
        "only",
        "rank",
        "servers",
        "station",
        "test_time",
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
        draws: dict[str | None, Callable[[], float]],
        defect: Callable[[], bool] | None,
        inspect: Callable[[], float] | None,
        test_time: Callable[[], float] | None,
    ) -> None:
        self.station = station
        self.rank = rank
        self.ways = ways
        self.ledger = ledger
        self.calendar = calendar
        self.defect = defect
        self.inspect = inspect
        self.test_time = test_time
        self.servers: tuple[Server, ...] = ()
        self.only: Server | None = None
        self.waiting: list[Giver] = []
        self.cycles = 0
        self.backlog: Backlog | None = None
        self.draw = draws[None]
        self.draw_by_product = draws if len(draws) > 1 else None

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

    @property
    def pays(self) -> bool:
        """Whether its cycles cost money."""
        station = self.station
        test, tool = station.inspection, station.tool
        return station.cost_per_cycle > 0 or (test is not None and test.cost > 0) or tool is not None

    def costs(self, now: float) -> Iterator[tuple[str, float]]:  # noqa: ARG002 - as every payer
        """Yield what its cycles, tests and tools have cost."""
        station = self.station
        yield "cycle_cost", self.cycles * station.cost_per_cycle
        if station.inspection is not None:
            yield "inspection_cost", self.cycles * station.inspection.cost
        if station.tool is not None:
            changed = sum(server.condition.tools for server in self.servers if server.condition is not None)
            yield "tool_cost", changed * station.tool.cost

    def energy(self, now: float) -> float:
        """Return the kilowatt hours that its servers have drawn until now."""
        times = [server.state_times(now) for server in self.servers]
        return (
            sum(
                self.station.power.get(state, 0.0) * sum(own)  # type: ignore[call-overload]  # states are names
                for state, own in zip(STATES, zip(*times, strict=True), strict=True)
            )
            / 3600
        )

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

    def wait(self, giver: Giver, now: float) -> None:
        """Let `giver` wait for a place."""
        waiting = self.waiting
        if waiting:
            enqueue(waiting, giver, now)
        else:
            giver.since = now
            waiting.append(giver)

    def lose(self, order: str, units: int, now: float) -> None:
        """Learn that `units` of an order will never come; what waits for nothing else of it goes on."""
        if self.backlog is not None and self.backlog.take_off(order, units):
            for server in self.servers:
                if server.collected and server.collected[0].order == order:
                    server.close(now)
            self.prepare(now)
