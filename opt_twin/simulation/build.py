"""Everything that stands in a line, made ready for one run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol, TypeVar

from opt_twin.errors import SimulationError
from opt_twin.graph import ranks
from opt_twin.line import Buffer, Element, FailureMode, Line, Maintenance, Sink, Source, Station
from opt_twin.plan import Plan
from opt_twin.simulation.batches import BatchServer
from opt_twin.simulation.behaviours import StationRules
from opt_twin.simulation.buffers import BufferNode
from opt_twin.simulation.calendar import Calendar, Cause, Kind, Priorities
from opt_twin.simulation.draws import Streams, Times
from opt_twin.simulation.events import EventRecord
from opt_twin.simulation.failures import ModeState
from opt_twin.simulation.ledger import Ledger
from opt_twin.simulation.maintenance import TaskState
from opt_twin.simulation.orders import OrderBook, order_sequence
from opt_twin.simulation.parts import Part, Taker
from opt_twin.simulation.people import Asker, Call, People
from opt_twin.simulation.servers import Server
from opt_twin.simulation.settings import RunSettings
from opt_twin.simulation.shifts import ShiftClock, StationShift
from opt_twin.simulation.sources import SinkNode, SourceNode
from opt_twin.simulation.stations import StationNode
from opt_twin.simulation.supplies import MixSupply, OrderSupply, Supply
from opt_twin.simulation.ways import Ways
from opt_twin.streams import Purpose

__all__ = ["Account", "Floor", "Node"]

Account = tuple[str, float, float]
"""Name of a measure, what it has come to since the start, and by what times the seconds measured it is
divided: 1 for a mean over time, the number of servers for a share of their time, 0 for what is counted."""


class Accountable(Protocol):
    """What has measures of its own."""

    def accounts(self, now: float) -> Iterator[Account]:
        """Yield its measures as they stand."""


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
    stations, buffers, sources
        Those of each kind.
    actors
        Whatever changes in a run, by a name of its own.
    book
        The orders; None without a plan.
    """

    def __init__(
        self,
        line: Line,
        *,
        settings: RunSettings,
        plan: Plan | None,
        seed: int,
        replication: int,
        log: list[EventRecord] | None,
    ) -> None:
        self.line = line
        self.settings = settings
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
        self.actors: dict[str, object] = {
            "floor": self,
            "calendar": self.calendar,
            "ledger": self.ledger,
        }
        self.book: OrderBook | None = None
        self._ranks = ranks(line)
        self._widest = max(2, *(station.servers for station in line.stations))
        self._shifts: dict[tuple[str, ...], ShiftClock] = {}
        self.priorities = Priorities(
            elements=len(line.elements) + len(line.shifts) + len(line.stations) + len(line.operators),
            servers=self._widest,
            modes=max(1, *(len(station.failures) + len(station.maintenance) for station in line.stations)),
        )
        self.people = self.actor("people", People(line.operators))
        for group in self.people.groups:
            self.actor(group.operators.name, group)
        sequence = None if plan is None else order_sequence(line, plan)
        ordered = sorted(line.elements, key=lambda element: self._ranks[element.name])
        leaving = {e.name: Ways(self.streams.uniform(e.name, Purpose.ROUTING)) for e in ordered}
        for element in ordered:
            if not isinstance(element, Source):
                self.nodes[element.name] = self._node(element, leaving[element.name])
        self._follow_shifts()
        self._stop_neighbours()
        if sequence is not None:
            followers = [
                node
                for node in self.stations.values()
                if node.station.batch_size > 1 or node.station.setup_times
            ]
            self.book = self.actor("book", OrderBook(sequence, followers, self.stop))
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
        for clock in self._shifts.values():
            clock.start()
        for station in self.stations.values():
            for server in station.servers:
                for mode in server.modes:
                    mode.renew()
                for task in server.tasks:
                    task.start()
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

    def accountable(self) -> Iterator[Accountable]:
        """Yield what has measures of its own: the elements in the order of the line, then the people."""
        yield from (self.nodes[element.name] for element in self.line.elements)
        yield from self.people.groups

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
        raise NotImplementedError(element.kind)

    def stop(self, now: float) -> None:
        """End the run, before anything else happens."""
        self.at(now, Kind.STOP, self.calendar.end)

    def _refuse_flood(self, source: Source) -> None:
        """Refuse a saturated source without a limit that nothing holds back."""
        if source.interarrival is not None or source.limit is not None or self.book is not None:
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
        self.sources[name] = node = SourceNode(
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
        times: dict[str | None, Times] = {
            None: streams.scaled(name, Purpose.PROCESSING, station.cycle_time, station.speed)
        }
        for product, cycle_time in station.cycle_time_by_product.items():
            times[product] = streams.scaled(
                f"{name}.{product}", Purpose.PROCESSING, cycle_time, station.speed
            )
        rate = station.defect_rate
        node = StationNode(
            station,
            rank=self.rank(name),
            ways=ways,
            ledger=self.ledger,
            calendar=self.calendar,
            times=times,
            defect=streams.chances(name, Purpose.DEFECT, rate) if rate > 0 else None,
            inspect=streams.uniform(name, Purpose.INSPECTION) if station.inspection is not None else None,
        )
        if station.behaviour is not None:
            draw = streams.uniform(name, Purpose.BEHAVIOUR)
            node.rules = self.actor(f"{name}|rules", StationRules(name, station.behaviour, draw))
        load = None
        if station.load_time is not None:
            load = streams.times(name, Purpose.LOADING, station.load_time)
        servers = range(station.servers)
        node.equip([self._server(node, index, self.key(name) + index, load) for index in servers])
        return node

    def _server(self, node: StationNode, index: int, key: int, load: Callable[[], float] | None) -> Server:
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
            load=load,
            people=self.people,
        )
        if station.needs:
            server.call = self._call(place, server, priority=station.priority, key=key)
        server.fit([self._mode(server, mode, number) for number, mode in enumerate(station.failures)])
        server.tasks = tuple(
            self._task(server, task, len(station.failures) + number)
            for number, task in enumerate(station.maintenance)
        )
        return self.actor(place, server)

    def _call(self, place: str, asker: Asker, *, priority: int, key: int) -> Call:
        return self.actor(f"{place}|call", Call(asker, priority=priority, key=key))

    def _mode(self, server: Server, mode: FailureMode, number: int) -> ModeState:
        rank, place = server.rank, f"{server.place}.{mode.name}"
        speed = server.station.speed**server.station.wear_exponent
        state = ModeState(
            mode,
            server,
            calendar=self.calendar,
            failure=self.priorities.of(Kind.FAILURE, rank, server.index, number),
            repair=self.priorities.of(Kind.REPAIR, rank, server.index, number),
            time_to_failure=self.streams.scaled(place, Purpose.TIME_TO_FAILURE, mode.time_to_failure, speed),
            time_to_repair=self.streams.times(place, Purpose.TIME_TO_REPAIR, mode.time_to_repair),
            people=self.people,
        )
        if mode.crew is not None:
            state.call = self._call(place, state, priority=mode.priority, key=server.key)
        return self.actor(place, state)

    def _task(self, server: Server, task: Maintenance, number: int) -> TaskState:
        rank, place = server.rank, f"{server.place}.{task.name}"
        state = TaskState(
            task,
            server,
            calendar=self.calendar,
            due=self.priorities.of(Kind.SHIFT, rank, server.index, number),
            done=self.priorities.of(Kind.REPAIR, rank, server.index, number),
            duration=self.streams.times(place, Purpose.MAINTENANCE, task.duration),
            people=self.people,
        )
        if task.crew is not None:
            state.call = self._call(f"{place}|maintenance", state, priority=task.priority, key=server.key)
        return self.actor(f"{place}|maintenance", state)

    def _follow_shifts(self) -> None:
        """Let stations and people follow their shifts, those of the same shifts one clock."""
        for station in self.stations.values():
            if station.station.shifts:
                follower = self.actor(f"{station.station.name}|shift", StationShift(station))
                self._clock(station.station.shifts).followers.append(follower)
        for group in self.people.groups:
            if group.operators.shifts:
                self._clock(group.operators.shifts).followers.append(group)

    def _clock(self, names: tuple[str, ...]) -> ShiftClock:
        if names not in self._shifts:
            shifts = [shift for shift in self.line.shifts if shift.name in names]
            clock = ShiftClock(
                shifts,
                clock_start=self.settings.clock_start,
                calendar=self.calendar,
                priority=self.priorities.of(Kind.SHIFT, len(self.line.elements) + len(self._shifts)),
            )
            self._shifts[names] = self.actor(f"shift {'+'.join(names)}", clock)
        return self._shifts[names]

    def _stop_neighbours(self) -> None:
        for node in self.stations.values():
            for server in node.servers:
                for mode in server.modes:
                    mode.neighbours = tuple(self.stations[name] for name in mode.mode.also_stops)
