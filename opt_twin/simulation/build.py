"""Everything that stands in a line, made ready for one run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Protocol, TypeVar

from opt_twin.errors import PlanError, SimulationError
from opt_twin.graph import ranks
from opt_twin.line import Buffer, Element, Line, Sink, Source, Station, Stock
from opt_twin.plan import Plan
from opt_twin.simulation.batches import BatchServer
from opt_twin.simulation.buffers import BufferNode
from opt_twin.simulation.calendar import Calendar, Cause, Kind, Priorities
from opt_twin.simulation.conditions import Condition
from opt_twin.simulation.draws import Streams
from opt_twin.simulation.energy import Consumer, Meter
from opt_twin.simulation.events import EventLog
from opt_twin.simulation.failures import ModeState
from opt_twin.simulation.ledger import Ledger
from opt_twin.simulation.orders import OrderBook, order_sequence
from opt_twin.simulation.parts import Part, Taker
from opt_twin.simulation.servers import Server
from opt_twin.simulation.sources import SinkNode, SourceNode
from opt_twin.simulation.stations import StationNode
from opt_twin.simulation.stocks import StockNode
from opt_twin.simulation.supplies import CalledSupply, MixSupply, OrderSupply, Supply
from opt_twin.simulation.ways import Ways
from opt_twin.streams import Purpose

__all__ = ["Account", "Floor", "Node", "Payer"]

Account = tuple[str, float, float]
"""Name of a measure, what it has come to since the start, and by what times the seconds measured it is
divided: 1 for a mean over time, the number of servers for a share of their time, 0 for what is counted."""


class Node(Protocol):
    """An element in a run."""

    def contents(self) -> Iterator[Part]:
        """Yield the parts that are in it."""

    def accounts(self, now: float) -> Iterator[Account]:
        """Yield its measures as they stand."""


class Observer(Protocol):
    """Something beside the elements that has measures."""

    def accounts(self, now: float) -> Iterator[Account]:
        """Yield its measures as they stand."""


class Payer(Protocol):
    """Something that costs money by what happens, not by the hour of the run."""

    def costs(self, now: float) -> Iterator[tuple[str, float]]:
        """Yield measures of :data:`opt_twin.simulation.kpis.COSTS` and the money spent until now."""


T = TypeVar("T")


class Floor:
    """A line made ready for one run.

    Attributes
    ----------
    calendar, ledger
        Time, and the accounts.
    nodes
        The elements, by name, in the order of their ranks.
    stations, buffers, sources, stocks
        Those of each kind.
    consumers
        The elements that draw power, by name.
    meter
        What they draw and what that costs; None where nothing draws any.
    observers
        What has measures beside the elements.
    payers
        What costs money by what happens.
    actors
        Whatever changes in a run, by a name of its own.
    book
        The orders; None without a plan.
    """

    def __init__(
        self,
        line: Line,
        *,
        plan: Plan | None,
        seed: int,
        replication: int,
        log: EventLog | None,
        clock_start: float = 0.0,
    ) -> None:
        self.line = line
        self.calendar = Calendar()
        self.ledger = Ledger(line.products, log)
        self.streams = Streams(seed, replication)
        self.nodes: dict[str, Node] = {}
        self.stations: dict[str, StationNode] = {}
        self.buffers: dict[str, BufferNode] = {}
        self.sources: dict[str, SourceNode] = {}
        self.stocks: dict[str, StockNode] = {}
        self.consumers: dict[str, Consumer] = {}
        self.meter: Meter | None = None
        self.observers: list[Observer] = []
        self.payers: list[Payer] = []
        self.actors: dict[str, object] = {"calendar": self.calendar, "ledger": self.ledger}
        self.book: OrderBook | None = None
        self._ranks = ranks(line)
        self._widest = max(2, *(station.servers for station in line.stations))
        self.priorities = Priorities(
            elements=len(line.elements) + 1,  # the tariff comes after the elements
            servers=self._widest,
            modes=max(1, *(len(station.failures) for station in line.stations)),
        )
        self.ledger.stocks = self.stocks
        if plan is not None and any(isinstance(element, Stock) for element in line.elements):
            raise PlanError("a stock orders by itself; simulate a line with stocks without a plan")
        sequence = None if plan is None else order_sequence(line, plan)
        ordered = sorted(line.elements, key=lambda element: self._ranks[element.name])
        leaving = {e.name: Ways(self.streams.uniform(e.name, Purpose.ROUTING)) for e in ordered}
        for element in ordered:
            if not isinstance(element, Source):
                self.nodes[element.name] = self._node(element, leaving[element.name])
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
        if self.consumers:
            self._install_meter(clock_start)

    def start(self) -> None:
        """Let everything begin at time 0."""
        for station in self.stations.values():
            for server in station.servers:
                for mode in server.modes:
                    mode.renew()
        if self.book is not None:
            self.book.start()
        for source in self.sources.values():
            source.start()
        for stock in self.stocks.values():
            stock.start()
        if self.meter is not None:
            self.meter.start()

    def accounts(self, now: float) -> Iterator[Account]:
        """Yield all measures that add up, as they stand, in the order of the elements of the line."""
        nodes = (self.nodes[element.name] for element in self.line.elements)
        return chain.from_iterable(each.accounts(now) for each in chain(nodes, self.observers))

    def at(self, time: float, kind: Kind, act: Callable[[float], None]) -> None:
        """Schedule what happens once, at `time`."""
        self.calendar.schedule(Cause(self.calendar, act), self.priorities.of(kind), time - self.calendar.now)

    def actor(self, name: str, made: T) -> T:
        """Return `made`, known under `name` from now on."""
        self.actors[name] = made
        return made

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
        if isinstance(element, Stock):
            return self._stock(element)
        raise NotImplementedError(element.kind)

    def _stop(self, now: float) -> None:
        self.at(now, Kind.STOP, self.calendar.end)

    def _refuse_flood(self, source: Source) -> None:
        """Refuse a saturated source without a limit that nothing holds back."""
        if source.interarrival is not None or source.limit is not None or self.book is not None:
            return
        if source.replenishes is not None:
            return
        for connection in self.line.successors(source.name):
            target = self.line.element(connection.target)
            if isinstance(target, Sink | Stock) or (isinstance(target, Buffer) and target.capacity is None):
                raise SimulationError(
                    f"the saturated source {source.name!r} would fill {target.kind} {target.name!r} without "
                    "end; give the source an interarrival time or a limit, or the buffer a capacity"
                )

    def _source(self, source: Source, ways: Ways) -> SourceNode:
        interarrival = None
        if source.interarrival is not None and self.book is None:
            interarrival = self.streams.times(source.name, Purpose.ARRIVAL, source.interarrival)
        name = source.name
        self.sources[name] = node = SourceNode(
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

    def _install_meter(self, clock_start: float) -> None:
        self.meter = Meter(
            self.consumers,
            self.line.economics,
            clock_start=clock_start,
            calendar=self.calendar,
            priority=self.priorities.of(Kind.SHIFT, len(self.line.elements)),
        )
        self.actor("|meter", self.meter)
        self.observers.append(self.meter)
        self.payers.append(self.meter)

    def _supply(self, source: Source) -> Supply:
        """Return what a source releases."""
        if self.book is not None:
            return OrderSupply(self.book.sequence)
        products = [*source.mix, *(product.name for product in self.line.products)]
        if len(source.mix) < 2:
            supply = MixSupply(source.limit, products[0] if products else None)
        else:
            draw = self.streams.uniform(source.name, Purpose.PRODUCT)
            supply = MixSupply(source.limit, products[0], shares=dict(source.mix), draw=draw)
        if source.replenishes is None:
            return supply
        return CalledSupply(self.actor(f"{source.name}|mix", supply))

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
        test = station.inspection
        node = StationNode(
            station,
            rank=self.rank(name),
            ways=ways,
            ledger=self.ledger,
            calendar=self.calendar,
            draws=draws,
            defect=streams.chances(name, Purpose.DEFECT, rate) if rate > 0 else None,
            inspect=None if test is None else streams.uniform(name, Purpose.INSPECTION),
            test_time=(
                None
                if test is None or test.time is None
                else streams.times(name, Purpose.INSPECTION_TIME, test.time)
            ),
        )
        if any(station.power.values()):
            self.consumers[name] = node
        if node.pays:
            self.payers.append(node)
        conditions = self._conditions(station)
        node.equip(
            [
                self._server(node, index, self.key(name) + index, conditions[index])
                for index in range(station.servers)
            ]
        )
        return node

    def _conditions(self, station: Station) -> list[Condition] | list[None]:
        """Return the condition of each server; None where every cycle is like the others."""
        name, tool = station.name, station.tool
        wears = tool is not None and tool.defect_rate is not None
        if tool is None and station.start_up is None and not station.cures:
            return [None] * station.servers
        spoils = wears or station.start_up is not None or station.defect_rate > 0
        defect = self.streams.uniform(name, Purpose.DEFECT) if spoils else None
        cure = self.streams.chances(name, Purpose.CURE, station.cures) if station.cures else None
        return [
            self.actor(
                f"{name}#{number}|condition",
                Condition(
                    station,
                    defect=defect,
                    cure=cure,
                    change=(
                        None
                        if tool is None
                        else self.streams.times(f"{name}#{number}", Purpose.TOOL_CHANGE, tool.change_time)
                    ),
                ),
            )
            for number in range(1, station.servers + 1)
        ]

    def _server(self, node: StationNode, index: int, key: int, condition: Condition | None) -> Server:
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
            condition=condition,
        )
        modes = [
            ModeState(
                mode,
                server,
                calendar=self.calendar,
                failure=self.priorities.of(Kind.FAILURE, node.rank, index, number),
                repair=self.priorities.of(Kind.REPAIR, node.rank, index, number),
                time_to_failure=streams.times(
                    f"{place}.{mode.name}", Purpose.TIME_TO_FAILURE, mode.time_to_failure
                ),
                time_to_repair=streams.times(
                    f"{place}.{mode.name}", Purpose.TIME_TO_REPAIR, mode.time_to_repair
                ),
            )
            for number, mode in enumerate(station.failures)
        ]
        server.fit(modes)
        for mode in modes:
            self.actor(f"{place}.{mode.mode.name}", mode)
        return self.actor(place, server)
