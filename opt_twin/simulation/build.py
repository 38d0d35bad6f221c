"""Everything that stands in a line, made ready for one run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain
from typing import Protocol, TypeVar

from opt_twin.errors import PlanError, SimulationError
from opt_twin.graph import ranks
from opt_twin.line import (
    Buffer,
    Connection,
    Conveyor,
    Element,
    Line,
    Order,
    Sink,
    Source,
    Station,
    Stock,
    Transport,
)
from opt_twin.plan import Plan
from opt_twin.simulation.agendas import machine_sequences, release_sequence
from opt_twin.simulation.buffers import BufferNode
from opt_twin.simulation.build_handling import (
    conveyor_node,
    fleet_nodes,
    pallet_pools,
    reserve_places,
    transport_node,
    unload_pallets,
)
from opt_twin.simulation.calendar import Calendar, Cause, Kind, Priorities
from opt_twin.simulation.conveyors import ConveyorNode
from opt_twin.simulation.decisions import Decisions, Pending
from opt_twin.simulation.disciplines import LanedBufferNode, RankedBufferNode
from opt_twin.simulation.draws import Streams
from opt_twin.simulation.energy import Consumer, Meter
from opt_twin.simulation.equipment import station_node
from opt_twin.simulation.events import EventLog
from opt_twin.simulation.fleets import FleetNode
from opt_twin.simulation.ledger import Ledger
from opt_twin.simulation.orders import OrderBook, is_chain, order_sequence, order_source
from opt_twin.simulation.pallets import PalletPool, PalletSource
from opt_twin.simulation.parts import Part, Taker
from opt_twin.simulation.people import People
from opt_twin.simulation.planning import follow_chain, follow_routes
from opt_twin.simulation.selective import SelectiveStationNode
from opt_twin.simulation.settings import RunSettings
from opt_twin.simulation.sources import SinkNode, SourceNode
from opt_twin.simulation.staffing import follow_shifts, stop_neighbours
from opt_twin.simulation.stations import StationNode
from opt_twin.simulation.stocks import StockNode
from opt_twin.simulation.supplies import CalledSupply, MixSupply, OrderSupply, Supply, TimetableSupply
from opt_twin.simulation.ways import Ways
from opt_twin.simulation.wiring import lead, ways_out_of
from opt_twin.streams import Purpose

__all__ = ["Account", "Accountable", "Floor", "Node", "Payer"]

Account = tuple[str, float, float]
"""Name of a measure, what it has come to since the start, and by what times the seconds measured it is
divided: 1 for a mean over time, the number of servers for a share of their time, 0 for what is counted."""


class Accountable(Protocol):
    """What has measures of its own."""

    def accounts(self, now: float) -> Iterator[Account]:
        """Yield its measures as they stand."""


class Payer(Protocol):
    """What costs money by what happens, not by the hour of the run."""

    def costs(self, now: float) -> Iterator[tuple[str, float]]:
        """Yield measures of :data:`opt_twin.simulation.kpis.COSTS` and the money spent until now."""


class Node(Accountable, Protocol):
    """An element in a run."""

    def contents(self) -> Iterator[Part]:
        """Yield the parts that are in it."""


T = TypeVar("T")


class Floor:
    """A line made ready for one run.

    Attributes
    ----------
    calendar, ledger
        Time, and the accounts.
    nodes
        The elements, by name, in the order of their ranks.
    stations, buffers, sources, conveyors, stocks
        Those of each kind.
    fleets, pools
        The vehicles and the pallets, by name.
    consumers
        The elements that draw power, by name.
    meter
        What they draw and what that costs; None where nothing draws any.
    payers
        What costs money by what happens.
    actors
        Whatever changes in a run, by a name of its own.
    decisions
        What waits for a decision about its way.
    book
        The orders; None where none are released.
    """

    def __init__(
        self,
        line: Line,
        *,
        settings: RunSettings,
        plan: Plan | None,
        seed: int,
        replication: int,
        log: EventLog | None,
    ) -> None:
        self.line = line
        self.settings = settings
        self.calendar = Calendar()
        self.ledger = Ledger(line.products, log)
        self.streams = Streams(seed, replication)
        self.nodes: dict[str, Node] = {}
        self.stations: dict[str, StationNode] = {}
        self.buffers: dict[str, BufferNode] = {}
        self.sources: dict[str, SourceNode] = {}
        self.conveyors: dict[str, ConveyorNode] = {}
        self.stocks: dict[str, StockNode] = {}
        self.ledger.stocks = self.stocks
        self.consumers: dict[str, Consumer] = {}
        self.meter: Meter | None = None
        self.payers: list[Payer] = []
        self.actors: dict[str, object] = {
            "floor": self,
            "calendar": self.calendar,
            "ledger": self.ledger,
        }
        self.book: OrderBook | None = None
        self._ranks = ranks(line)
        self._elements = {element.name: element for element in line.elements}
        self._leaving: dict[str, list[tuple[int, Connection]]] = {name: [] for name in self._elements}
        for index, connection in enumerate(line.connections):
            self._leaving[connection.source].append((index, connection))
        self._widest = _widest(line)
        last = len(line.elements) + len(line.fleets) + len(line.pallets) + _most_clocks(line)
        self.priorities = Priorities(
            elements=last + 1,  # the tariff ranks behind all else
            servers=self._widest,
            modes=max(2, *(_stops(element) for element in line.elements)),
        )
        self.people = self._people()
        self.decisions = self.actor("decisions", Decisions())
        self.keeps_members = any(station.unpacks for station in line.stations)
        if plan is not None and any(isinstance(element, Stock) for element in line.elements):
            raise PlanError("a stock orders by itself; simulate a line with stocks without a plan")
        chained = plan is not None and is_chain(line)
        sequence = order_sequence(line, plan) if plan is not None and chained else None
        self._routes = machine_sequences(line, plan) if plan is not None and not chained else {}
        self._orders = None if plan is None and not self._released else order_source(line)
        ordered = sorted(line.elements, key=lambda element: self._ranks[element.name])
        self.fleets: dict[str, FleetNode] = fleet_nodes(self, [e.name for e in ordered], self._widest)
        self.pools: dict[str, PalletPool] = pallet_pools(self)
        leaving = {element.name: ways_out_of(self, element) for element in ordered}
        for element in ordered:
            if not isinstance(element, Source):
                self.nodes[element.name] = self._node(element, leaving[element.name])
        reserve_places(self)
        unload_pallets(self)
        self._clocks = follow_shifts(self)
        stop_neighbours(self)
        self._follow(plan, sequence)
        for source in (element for element in ordered if isinstance(element, Source)):
            self._refuse_flood(source)
            self.nodes[source.name] = self._source(source, leaving[source.name])
        for name, ways in leaving.items():
            lead(self, name, ways)
        self._install_meter(rank=last)

    @property
    def pending(self) -> list[Pending]:
        """Who waits for a decision about its way, and the names of the targets; see :class:`Decisions`."""
        return self.decisions.open

    def start(self) -> None:
        """Let everything begin at time 0."""
        for clock in self._clocks:
            clock.start()
        self._start_equipment()
        if self.book is not None:
            self.book.start()
        for source in self.sources.values():
            source.start()
        for stock in self.stocks.values():
            stock.start()
        if self.meter is not None:
            self.meter.start()

    def _start_equipment(self) -> None:
        """Let servers and belts begin to age."""
        for station in self.stations.values():
            for server in station.servers:
                for mode in server.modes:
                    mode.renew()
                for task in server.tasks:
                    task.start()
        for conveyor in self.conveyors.values():
            for mode in conveyor.modes:
                mode.renew()
            conveyor.start()

    def at(self, time: float, kind: Kind, act: Callable[[float], None]) -> None:
        """Schedule what happens once, at `time`."""
        self.calendar.schedule(Cause(self.calendar, act), self.priorities.of(kind), time - self.calendar.now)

    def actor(self, name: str, made: T) -> T:
        """Return `made`, known under `name` from now on."""
        self.actors[name] = made
        return made

    def accountable(self) -> Iterator[Accountable]:
        """Yield what has measures: elements in the order of the line, people, fleets, pallets, the meter."""
        yield from (self.nodes[element.name] for element in self.line.elements)
        yield from self.people.groups
        yield from self.fleets.values()
        yield from self.pools.values()
        if self.meter is not None:
            yield self.meter

    def accounts(self, now: float) -> Iterator[Account]:
        """Yield all measures that add up, as they stand."""
        return chain.from_iterable(accountable.accounts(now) for accountable in self.accountable())

    def element(self, name: str) -> Element:
        """Return what the model says of an element."""
        return self._elements[name]

    def leaving(self, name: str) -> list[tuple[int, Connection]]:
        """Return the connections that leave an element, each with its position among all."""
        return self._leaving[name]

    def rank(self, name: str) -> int:
        """Return the rank of an element."""
        return self._ranks[name]

    def is_selective(self, element: Element) -> bool:
        """Return whether an element is a station that takes some parts and not others."""
        return isinstance(element, Station) and bool(element.components or element.name in self._routes)

    @property
    def routed(self) -> bool:
        """Whether a plan gives each station a sequence of its own."""
        return bool(self._routes)

    def planned_behind(self, name: str) -> tuple[SelectiveStationNode, ...]:
        """Return the stations of the plan that are `name` or lie behind it without a station between."""
        found: list[SelectiveStationNode] = []
        waiting, seen = [name], {name}
        while waiting:
            here = waiting.pop(0)
            if isinstance(self.element(here), Station):
                if here in self._routes:
                    node = self.stations[here]
                    assert isinstance(node, SelectiveStationNode)
                    found.append(node)
                continue
            behind = [c.target for _, c in self._leaving[here] if c.target not in seen]
            seen.update(behind)
            waiting += behind
        return tuple(found)

    def taker(self, name: str) -> Taker:
        """Return the element `name`, which parts are sent to."""
        taker: Taker = self.nodes[name]  # type: ignore[assignment]  # only sources are none, and nothing enters them
        return taker

    def key(self, name: str) -> int:
        """Return what breaks ties among those that wait, for the first server of an element."""
        return self._ranks[name] * self._widest

    # -- elements -------------------------------------------------------------------------------------

    def _node(self, element: Element, ways: Ways) -> Node:
        name = element.name
        if isinstance(element, Station):
            self.stations[name] = self.actor(name, station_node(self, element, ways))
            return self.stations[name]
        if isinstance(element, Buffer):
            self.buffers[name] = self.actor(name, self._buffer(element, ways))
            return self.buffers[name]
        if isinstance(element, Sink):
            return SinkNode(element, ledger=self.ledger)
        if isinstance(element, Stock):
            return self._stock(element)
        if isinstance(element, Conveyor):
            self.conveyors[name] = self.actor(name, conveyor_node(self, element, ways))
            if element.power:
                self.consumers[name] = self.conveyors[name]
            return self.conveyors[name]
        assert isinstance(element, Transport), f"sources are made elsewhere, got {element.kind}"
        return self.actor(name, transport_node(self, element, ways))

    def _buffer(self, buffer: Buffer, ways: Ways) -> BufferNode:
        name, ledger, key = buffer.name, self.ledger, self.key(buffer.name)
        if buffer.discipline == "fifo":
            return BufferNode(buffer, key=key, ways=ways, ledger=ledger)
        if buffer.discipline == "by_product":
            products = [None, *(product.name for product in self.line.products)]
            laned = LanedBufferNode(buffer, key=key, ways=ways, ledger=ledger, products=products)
            for product, lane in laned.lanes.items():
                self.actor(f"{name}|{product or ''}", lane)
            return laned
        priorities: dict[str | None, int] = {None: 0} | {p.name: p.priority for p in self.line.products}
        ranked = priorities if buffer.discipline == "priority" else None
        return RankedBufferNode(buffer, key=key, ways=ways, ledger=ledger, priorities=ranked)

    def _people(self) -> People:
        people = self.actor("people", People(self.line.operators))
        for group in people.groups:
            self.actor(group.operators.name, group)
            if group.operators.cost_per_hour:
                self.payers.append(group)
        return people

    # -- orders ---------------------------------------------------------------------------------------

    def stop(self, now: float) -> None:
        """End the run at `now`."""
        self.at(now, Kind.STOP, self.calendar.end)

    def _follow(self, plan: Plan | None, sequence: tuple[Order, ...] | None) -> None:
        """Follow a plan, on a chain by the `sequence` of its orders, or release the orders of the line."""
        if sequence is not None:
            follow_chain(self, sequence)
        elif plan is not None:
            follow_routes(self, release_sequence(self.line, plan), self._routes, self.settings.late)
        elif self._orders is not None:
            self.book = self.ledger.book = self.actor("book", OrderBook(self.line.orders))

    @property
    def _released(self) -> bool:
        """Whether a source releases the orders of the line without a plan."""
        return any(source.releases_orders for source in self.line.sources)

    # -- sources --------------------------------------------------------------------------------------

    def _refuse_flood(self, source: Source) -> None:
        """Refuse a saturated source without a limit that nothing holds back."""
        if source.interarrival is not None or source.limit is not None:
            return
        if source.timetable or source.name == self._orders:
            return
        if source.pallets is not None or source.replenishes is not None:
            return
        for _, connection in self.leaving(source.name):
            target = self.element(connection.target)
            if isinstance(target, Sink | Stock) or (isinstance(target, Buffer) and target.capacity is None):
                raise SimulationError(
                    f"the saturated source {source.name!r} would fill {target.kind} {target.name!r} without "
                    "end; give the source an interarrival time or a limit, or the buffer a capacity"
                )

    def _source(self, source: Source, ways: Ways) -> SourceNode:
        interarrival = None
        if source.interarrival is not None and source.name != self._orders:
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
            stock=source.replenishes,
        )
        if source.replenishes is not None:
            self.stocks[source.replenishes].order_from(node)
        return self.actor(name, node)

    def _stock(self, stock: Stock) -> StockNode:
        """Return a stock, filled with what the source that replenishes it makes first."""
        name, rank = stock.name, self.rank(stock.name)
        mixes = [source.mix for source in self.line.sources if source.replenishes == name]
        products = [*chain.from_iterable(mixes), *(product.name for product in self.line.products)]
        node = StockNode(
            stock,
            product=products[0] if products else None,
            ledger=self.ledger,
            calendar=self.calendar,
            demand=self.streams.times(name, Purpose.DEMAND, stock.demand),
            customer=self.priorities.of(Kind.ARRIVAL, rank),
            review=self.priorities.of(Kind.ARRIVAL, rank, 1),
        )
        self.stocks[name] = self.actor(name, node)
        self.payers.append(node)
        return node

    def _install_meter(self, rank: int) -> None:
        """Read what is drawn, where something draws power; the tariff has `rank`."""
        if not self.consumers:
            return
        self.meter = Meter(
            self.consumers,
            self.line.economics,
            clock_start=self.settings.clock_start,
            calendar=self.calendar,
            priority=self.priorities.of(Kind.SHIFT, rank),
        )
        self.actor("|meter", self.meter)
        self.payers.append(self.meter)

    def _supply(self, source: Source) -> Supply:
        """Return what a source releases."""
        if source.name == self._orders:
            assert self.book is not None
            return OrderSupply(self.book.sequence)
        products = [*source.mix, *(product.name for product in self.line.products)]
        product = products[0] if products else None
        if source.timetable:
            return TimetableSupply(source.timetable, source.limit, product)
        if len(source.mix) < 2:
            supply = MixSupply(source.limit, product)
        else:
            draw = self.streams.uniform(source.name, Purpose.PRODUCT)
            supply = MixSupply(source.limit, product, shares=dict(source.mix), draw=draw)
        if source.replenishes is None:
            return supply
        return CalledSupply(self.actor(f"{source.name}|mix", supply))


def _widest(line: Line) -> int:
    """Return the most servers, vehicles or lanes of anything."""
    lanes = len(line.products) + 1 if any(b.discipline == "by_product" for b in line.buffers) else 1
    servers = (station.servers for station in line.stations)
    return max(2, lanes, *servers, *(fleet.number for fleet in line.fleets))


def _stops(element: Element) -> int:
    """Return how many failure modes and tasks an element has."""
    return len(getattr(element, "failures", ())) + len(getattr(element, "maintenance", ()))


def _most_clocks(line: Line) -> int:
    """Return how many sets of shifts can be followed at most."""
    return len(line.stations) + len(line.operators)
