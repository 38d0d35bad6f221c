"""Everything that stands in a line, made ready for one run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Protocol, TypeVar

from opt_twin.errors import SimulationError
from opt_twin.graph import ranks
from opt_twin.line import Buffer, Conveyor, Element, FailureMode, Line, Sink, Source, Station, Transport
from opt_twin.plan import Plan
from opt_twin.simulation.batches import BatchServer
from opt_twin.simulation.buffers import BufferNode
from opt_twin.simulation.build_handling import (
    conveyor_node,
    fleet_nodes,
    pallet_pools,
    reserve_places,
    transport_node,
)
from opt_twin.simulation.calendar import Calendar, Cause, Kind, Priorities
from opt_twin.simulation.conveyors import ConveyorNode
from opt_twin.simulation.draws import Streams
from opt_twin.simulation.events import EventRecord
from opt_twin.simulation.failures import Failing, ModeState
from opt_twin.simulation.fleets import FleetNode
from opt_twin.simulation.ledger import Ledger
from opt_twin.simulation.orders import OrderBook, order_sequence
from opt_twin.simulation.pallets import PalletPool, PalletSource
from opt_twin.simulation.parts import Part, Taker
from opt_twin.simulation.servers import Server
from opt_twin.simulation.sources import SinkNode, SourceNode
from opt_twin.simulation.stations import StationNode
from opt_twin.simulation.supplies import MixSupply, OrderSupply, Supply
from opt_twin.simulation.ways import Ways
from opt_twin.streams import Purpose

__all__ = ["Account", "Floor", "Group", "Node"]

Account = tuple[str, float, float]
"""Name of a measure, what it has come to since the start, and by what times the seconds measured it is
divided: 1 for a mean over time, the number of servers for a share of their time, 0 for what is counted."""


class Node(Protocol):
    """An element in a run."""

    def contents(self) -> Iterator[Part]:
        """Yield the parts that are in it."""

    def accounts(self, now: float) -> Iterator[Account]:
        """Yield its measures as they stand."""


class Group(Protocol):
    """Something in a run that is no element: the vehicles of a fleet, pallets."""

    def accounts(self, now: float) -> Iterator[Account]:
        """Yield its measures as they stand."""


T = TypeVar("T")


class Floor:
    """A line made ready for one run.

    Attributes
    ----------
    calendar, ledger
        Time, and the accounts.
    nodes
        The elements, by name, in the order of their ranks.
    stations, buffers, sources, conveyors
        Those of each kind.
    fleets, pools
        The vehicles and the pallets, by name.
    actors
        Whatever changes in a run, by a name of its own.
    book
        The orders; None without a plan.
    """

    def __init__(
        self, line: Line, *, plan: Plan | None, seed: int, replication: int, log: list[EventRecord] | None
    ) -> None:
        self.line = line
        self.calendar = Calendar()
        self.ledger = Ledger(
            {product.name: product.price for product in line.products},
            {product.name: product.material_cost for product in line.products},
            log,
        )
        self.streams = Streams(seed, replication)
        self.nodes: dict[str, Node] = {}
        self.stations: dict[str, StationNode] = {}
        self.buffers: dict[str, BufferNode] = {}
        self.sources: dict[str, SourceNode] = {}
        self.conveyors: dict[str, ConveyorNode] = {}
        self.actors: dict[str, object] = {"calendar": self.calendar, "ledger": self.ledger}
        self.book: OrderBook | None = None
        self._ranks = ranks(line)
        self._widest = max(
            2, *(station.servers for station in line.stations), *(fleet.number for fleet in line.fleets)
        )
        self.priorities = Priorities(
            elements=len(line.elements) + len(line.fleets) + len(line.pallets),
            servers=self._widest,
            modes=max(1, *(len(getattr(element, "failures", ())) for element in line.elements)),
        )
        sequence = None if plan is None else order_sequence(line, plan)
        ordered = sorted(line.elements, key=lambda element: self._ranks[element.name])
        self.fleets: dict[str, FleetNode] = fleet_nodes(self, [e.name for e in ordered], self._widest)
        self.pools: dict[str, PalletPool] = pallet_pools(self)
        leaving = {e.name: Ways(self.streams.uniform(e.name, Purpose.ROUTING)) for e in ordered}
        for element in ordered:
            if not isinstance(element, Source):
                self.nodes[element.name] = self._node(element, leaving[element.name])
        reserve_places(self)
        for pool in self.pools.values():
            if pool.pallets.unloaded_at is not None:
                node = self.stations[pool.pallets.unloaded_at]
                node.unloads = (*(node.unloads or ()), pool)
        if sequence is not None:
            followers = [
                node
                for node in self.stations.values()
                if node.station.batch_size > 1 or node.station.setup_times
            ]
            self.book = self.actor("book", OrderBook(sequence, followers, self._stop))
            for node in followers:
                self.actor(f"{node.station.name}|backlog", node.backlog)
            self.ledger.book = self.book
        for source in (element for element in ordered if isinstance(element, Source)):
            self._refuse_flood(source)
            self.nodes[source.name] = self._source(source, leaving[source.name])
        for name, ways in leaving.items():
            connections = line.successors(name)
            ways.lead_to(
                [self._taker(c.target) for c in connections],
                [1.0 if c.probability is None else c.probability for c in connections],
            )

    def start(self) -> None:
        """Let everything begin at time 0."""
        for station in self.stations.values():
            for server in station.servers:
                for mode in server.modes:
                    mode.renew()
        for conveyor in self.conveyors.values():
            for mode in conveyor.modes:
                mode.renew()
            conveyor.start()
        if self.book is not None:
            self.book.start()
        for source in self.sources.values():
            source.start()

    def at(self, time: float, kind: Kind, act: Callable[[float], None]) -> None:
        """Schedule what happens once, at `time`."""
        self.calendar.schedule(Cause(self.calendar, act), self.priorities.of(kind), time - self.calendar.now)

    def actor(self, name: str, made: T) -> T:
        """Return `made`, known under `name` from now on."""
        self.actors[name] = made
        return made

    @property
    def groups(self) -> Iterator[Group]:
        """What is counted beside the elements."""
        yield from self.fleets.values()
        yield from self.pools.values()

    def rank(self, name: str) -> int:
        """Return the rank of an element."""
        return self._ranks[name]

    def key(self, name: str) -> int:
        """Return what breaks ties among those that wait, for the first server of an element."""
        return self._ranks[name] * self._widest

    # -- elements -------------------------------------------------------------------------------------

    def _taker(self, name: str) -> Taker:
        taker: Taker = self.nodes[name]  # type: ignore[assignment]  # only sources are none, and nothing enters them
        return taker

    def _node(self, element: Element, ways: Ways) -> Node:
        name = element.name
        if isinstance(element, Station):
            self.stations[name] = self.actor(name, self._station(element, ways))
            return self.stations[name]
        if isinstance(element, Buffer):
            node = BufferNode(element, key=self.key(name), ways=ways, ledger=self.ledger)
            self.buffers[name] = self.actor(name, node)
            return node
        if isinstance(element, Sink):
            return SinkNode(element, ledger=self.ledger)
        if isinstance(element, Conveyor):
            self.conveyors[name] = self.actor(name, conveyor_node(self, element, ways))
            return self.conveyors[name]
        if isinstance(element, Transport):
            return self.actor(name, transport_node(self, element, ways))
        raise NotImplementedError(element.kind)

    def _stop(self, now: float) -> None:
        self.at(now, Kind.STOP, self.calendar.end)

    def _refuse_flood(self, source: Source) -> None:
        """Refuse a saturated source without a limit that nothing holds back."""
        if source.interarrival is not None or source.limit is not None or self.book is not None:
            return
        if source.pallets is not None:
            return
        for connection in self.line.successors(source.name):
            target = self.line.element(connection.target)
            if isinstance(target, Sink) or (isinstance(target, Buffer) and target.capacity is None):
                raise SimulationError(
                    f"the saturated source {source.name!r} would fill {target.kind} {target.name!r} without "
                    "end; give the source an interarrival time or a limit, or the buffer a capacity"
                )

    def _source(self, source: Source, ways: Ways) -> SourceNode:
        interarrival = None
        if source.interarrival is not None and self.book is None:
            interarrival = self.streams.times(source.name, Purpose.ARRIVAL, source.interarrival)
        name = source.name
        kind = SourceNode if source.pallets is None else partial(PalletSource, self.pools[source.pallets])
        self.sources[name] = node = kind(
            name,
            key=self.key(name),
            ways=ways,
            ledger=self.ledger,
            calendar=self.calendar,
            priority=self.priorities.of(Kind.ARRIVAL, self.rank(name)),
            supply=self.actor(f"{name}|supply", self._supply(source)),
            interarrival=interarrival,
        )
        return self.actor(name, node)

    def _supply(self, source: Source) -> Supply:
        """Return what a source releases."""
        if self.book is not None:
            return OrderSupply(self.book.sequence)
        products = [*source.mix, *(product.name for product in self.line.products)]
        if len(source.mix) < 2:
            return MixSupply(source.limit, products[0] if products else None)
        draw = self.streams.uniform(source.name, Purpose.PRODUCT)
        return MixSupply(source.limit, products[0], shares=dict(source.mix), draw=draw)

    def _station(self, station: Station, ways: Ways) -> StationNode:
        name, streams = station.name, self.streams
        draws: dict[str | None, Callable[[], float]] = {
            None: streams.times(name, Purpose.PROCESSING, station.cycle_time, speed=station.speed)
        }
        for product, cycle_time in station.cycle_time_by_product.items():
            draws[product] = streams.times(
                f"{name}.{product}", Purpose.PROCESSING, cycle_time, speed=station.speed
            )
        rate = station.defect_rate
        node = StationNode(
            station,
            rank=self.rank(name),
            ways=ways,
            ledger=self.ledger,
            calendar=self.calendar,
            draws=draws,
            defect=streams.chances(name, Purpose.DEFECT, rate) if rate > 0 else None,
            inspect=streams.uniform(name, Purpose.INSPECTION) if station.inspection is not None else None,
        )
        node.equip([self._server(node, index, self.key(name) + index) for index in range(station.servers)])
        return node

    def _server(self, node: StationNode, index: int, key: int) -> Server:
        station, streams = node.station, self.streams
        place = f"{station.name}#{index + 1}"
        kind = BatchServer if station.batch_size > 1 else Server
        server = kind(
            node,
            index=index,
            key=key,
            priority=self.priorities.of(Kind.COMPLETION, node.rank, index),
            micro_stops=[
                (
                    streams.chances(f"{place}.{stop.name}", Purpose.MICRO_STOP, stop.probability),
                    streams.times(f"{place}.{stop.name}", Purpose.MICRO_STOP_DURATION, stop.duration),
                )
                for stop in station.micro_stops
                if stop.probability > 0
            ],
        )
        server.fit(self.modes(server, station.failures, place, node.rank, index))
        return self.actor(place, server)

    def modes(
        self, failing: Failing, failures: Sequence[FailureMode], place: str, rank: int, index: int = 0
    ) -> list[ModeState]:
        """Return the failure modes of what stands at `place`."""
        return [
            self.actor(
                f"{place}.{mode.name}",
                ModeState(
                    mode,
                    failing,
                    calendar=self.calendar,
                    failure=self.priorities.of(Kind.FAILURE, rank, index, number),
                    repair=self.priorities.of(Kind.REPAIR, rank, index, number),
                    time_to_failure=self.streams.times(
                        f"{place}.{mode.name}", Purpose.TIME_TO_FAILURE, mode.time_to_failure
                    ),
                    time_to_repair=self.streams.times(
                        f"{place}.{mode.name}", Purpose.TIME_TO_REPAIR, mode.time_to_repair
                    ),
                ),
            )
            for number, mode in enumerate(failures)
        ]
