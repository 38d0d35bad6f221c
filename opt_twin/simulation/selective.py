"""Stations that take some parts and not others, whoever has waited longer: for kits, and by plans."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from opt_twin.errors import SimulationError
from opt_twin.line import Station
from opt_twin.simulation.batches import BatchServer
from opt_twin.simulation.calendar import Calendar
from opt_twin.simulation.draws import Times
from opt_twin.simulation.parts import Giver, Part
from opt_twin.simulation.servers import Server
from opt_twin.simulation.stations import StationNode
from opt_twin.simulation.ways import Ways

if TYPE_CHECKING:
    from opt_twin.simulation.agendas import Agenda, Lookout
    from opt_twin.simulation.ledger import Ledger
    from opt_twin.simulation.servers import Server as _Server

__all__ = ["KitServer", "PickingBatchServer", "PickingServer", "SelectiveStationNode"]


class SelectiveStationNode(StationNode):
    """A station whose servers take a part only if they can use it now.

    Attributes
    ----------
    agendas
        With a plan for each station: what each server is to make. Empty otherwise.
    lookouts
        With a plan for each station: what looks whether a server can take something at last.
    """

    __slots__ = ("agendas", "lookouts")

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
        test_time: Callable[[], float] | None,
    ) -> None:
        super().__init__(
            station,
            rank=rank,
            ways=ways,
            ledger=ledger,
            calendar=calendar,
            times=times,
            defect=defect,
            inspect=inspect,
            test_time=test_time,
        )
        self.agendas: tuple[Agenda, ...] = ()
        self.lookouts: tuple[Lookout, ...] = ()

    def plan(self, agendas: list[Agenda]) -> None:
        """Execute a plan; `agendas` say what each server is to make."""
        self.agendas = tuple(agendas)
        for server, agenda in zip(self.servers, agendas, strict=True):
            server.follow(agenda)

    def admits(self, server: Server, part: Part) -> bool:
        """Return whether the plan lets `server` take `part` now.

        That is so for parts of the order that comes next on the server, and for those of which the plan
        expects nothing more at the station (a part that comes again).
        """
        if not self.agendas or part.order is None:
            return True
        return self.agendas[server.index].next == part.order or not self.expects(part.order)

    def expects(self, order: str | None) -> bool:
        """Return whether the plan has more of `order` for a server."""
        return any(agenda.expects(order) for agenda in self.agendas)

    def ready(self, part: Part, now: float) -> bool:
        """Return whether a server can use `part` now, and none can use the part of one that waits.

        Raises
        ------
        SimulationError
            If the station is for certain products, and `part` is of none of them.
        """
        components = self.station.components
        if components and part.product not in components:
            raise SimulationError(
                f"part {part.number} of product {part.product!r} has come to station {self.station.name!r} "
                f"at {now:g} s, which takes only {', '.join(components)}; lead it elsewhere by the products "
                "of a connection"
            )
        if self._choose(part, now) is None:
            return False
        return not any(self._choose(giver.peek(), now) is not None for giver in self.waiting)

    def take(self, part: Part, now: float) -> None:
        """Give a part to the server that collects and can use it, or to the first that can work."""
        server = self._choose(part, now)
        assert server is not None
        server.load(part, now)

    def _choose(self, part: Part, now: float) -> Server | None:  # noqa: ARG002 - as every station
        able = [server for server in self.servers if server.part is None and server.wants(part)]  # type: ignore[attr-defined]
        collecting = next((server for server in able if server.collected), None)
        return collecting or min(
            able, key=lambda server: server.halted > 0 or server.phase is not None, default=None
        )

    def wait(self, giver: Giver, now: float) -> None:
        """Let `giver` wait for a place."""
        super().wait(giver, now)
        for lookout in self.lookouts:
            lookout.watch(now)

    def prepare(self, now: float) -> None:
        """Start set-ups for the next order; servers that can take what they could not look for it."""
        super().prepare(now)
        if self.waiting:
            for lookout in self.lookouts:
                lookout.look(now)

    def lose(self, part: Part, now: float) -> None:
        """Learn that `part` will never come."""
        ended = [agenda for agenda in dict.fromkeys(self.agendas) if agenda.lose(part)]
        for server, agenda in zip(self.servers, self.agendas, strict=False):
            if agenda in ended and server.collected and server.collected[0].order == part.order:
                server.close(now)
        if ended:
            self.prepare(now)


class PickingServer(Server):
    """A server of a station that takes some parts and not others."""

    __slots__ = ()

    _station: SelectiveStationNode

    def wants(self, part: Part) -> bool:
        """Return whether the server, which has room, can use `part` now."""
        return self._station.admits(self, part)

    def refill(self, now: float, freed: list[_Server]) -> None:
        """Take from those that wait, the longest waiting first of what it can use, until it has enough."""
        if self._backlog is not None:
            self.prepare(now)
        waiting = self._station.waiting
        position = 0
        while self.part is None and position < len(waiting):
            giver = waiting[position]
            if not self.wants(giver.peek()):
                position += 1
                continue
            del waiting[position]
            self.load(giver.surrender(now), now)
            giver.moved_on(now, freed)
            position = 0  # others may wait now, and it may need something else
        if self.part is None:
            self._rest(now)
            if waiting and self._station.lookouts:
                self._station.lookouts[self._index].watch(now)


class PickingBatchServer(PickingServer, BatchServer):
    """One that collects a batch."""

    __slots__ = ()

    def wants(self, part: Part) -> bool:
        """Return whether `part` fits the batch, or may begin one."""
        return self._matches(part) if self.collected else super().wants(part)

    def _matches(self, part: Part) -> bool:
        first, groups = self.collected[0], self._station.groups
        return first.order == part.order and (groups is None or groups[first.product] == groups[part.product])


class KitServer(PickingServer, BatchServer):
    """One that takes so many parts of each product for a cycle, and gives out one."""

    __slots__ = ()

    def wants(self, part: Part) -> bool:
        """Return whether the server still needs a part of this product, and of this order."""
        components: Mapping[str, int] = self._station.station.components
        has = sum(member.product == part.product for member in self.collected)
        if part.product is None or has >= components.get(part.product, 0):
            return False
        orders = {member.order for member in (*self.collected, part)} - {None}
        return len(orders) < 2 and (bool(self.collected) or super().wants(part))

    def _complete(self) -> bool:
        return len(self.collected) == sum(self._station.station.components.values())

    def load(self, part: Part, now: float) -> None:
        """Take a component; start the cycle when all are there and no set-up runs."""
        last = self._backlog is not None and self._backlog.take(part)
        self.collected.append(part)
        if self._complete():
            self.close(now)
        if last:
            self._station.prepare(now)

    def _join(self, members: list[Part]) -> Part:
        """Return `members` as one part, of the order of those that have one."""
        kit = super()._join(members)
        own = next((member for member in members if member.order is not None), None)
        if own is not None and self._ledger.book is not None:
            kit.order = own.order
            others = sum(member.units for member in members if member.order is None)
            self._ledger.book.add(kit, others, self._station.rank)
        return kit
