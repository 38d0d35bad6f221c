"""One replication of a line: builds its elements, runs the calendar, and closes the accounts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from opt_twin.errors import PlanError, SimulationError
from opt_twin.graph import ranks
from opt_twin.line import Buffer, Line, Sink, Source, Station
from opt_twin.plan import Plan
from opt_twin.records import FrozenMapping
from opt_twin.simulation.batches import BatchServer
from opt_twin.simulation.buffers import BufferNode
from opt_twin.simulation.calendar import Calendar, Cause, Kind, Priorities
from opt_twin.simulation.conservation import check_run
from opt_twin.simulation.draws import Streams
from opt_twin.simulation.events import EventRecord
from opt_twin.simulation.failures import ModeState
from opt_twin.simulation.kpis import Totals, measures
from opt_twin.simulation.ledger import Ledger
from opt_twin.simulation.orders import OrderBook, order_sequence
from opt_twin.simulation.parts import Taker
from opt_twin.simulation.servers import Server
from opt_twin.simulation.settings import RunSettings
from opt_twin.simulation.sources import Release, SinkNode, SourceNode
from opt_twin.simulation.stations import StationNode
from opt_twin.simulation.ways import Ways
from opt_twin.streams import Purpose

__all__ = ["Engine", "Run", "run_replication"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Run:
    """One replication.

    Attributes
    ----------
    values
        Measure -> value; names as in :mod:`opt_twin.results.evaluation`.
    replication, seed
        Name the random streams.
    end
        When the run ended, seconds.
    last_exit
        When the last part left through a sink, seconds; 0 when none did.
    events
        What happened, in the order of time (states at the time when they end); empty unless asked for.
    """

    values: Mapping[str, float]
    replication: int
    seed: int
    end: float
    last_exit: float
    events: tuple[EventRecord, ...] = ()


def run_replication(
    line: Line,
    *,
    settings: RunSettings = RunSettings(),  # noqa: B008  frozen
    plan: Plan | None = None,
    seed: int = 0,
    replication: int = 0,
    log: bool = False,
) -> Run:
    """Run a line once.

    Parameters
    ----------
    line
        What to run.
    settings
        Horizon, warm-up and whether to check; `replications` and `workers` play no part.
    plan
        A schedule of the line's orders. The source then releases the orders in its sequence, none before its
        release time, and the run ends when all are complete.
    seed, replication
        Name the random streams.
    log
        Keep the event log.

    Raises
    ------
    PlanError
        If the plan does not fit the line, or a warm-up is asked for with a plan.
    SimulationError
        If the line would release parts without end at one moment, or the orders are not complete by the
        horizon.
    ConservationError
        If parts or state times do not add up.
    """
    return Engine(line, settings=settings, plan=plan, seed=seed, replication=replication, log=log).run()


class Engine:
    """A line made ready for one run.

    Attributes
    ----------
    calendar, ledger
        Time, and the accounts.
    stations, buffers, sources
        By name.
    book
        The orders; None without a plan.
    """

    def __init__(
        self, line: Line, *, settings: RunSettings, plan: Plan | None, seed: int, replication: int, log: bool
    ) -> None:
        self.line = line
        self.settings = settings
        self.seed = seed
        self.replication = replication
        self.calendar = Calendar()
        self.ledger = Ledger(
            {product.name: product.price for product in line.products},
            {product.name: product.material_cost for product in line.products},
            [] if log else None,
        )
        self.stations: dict[str, StationNode] = {}
        self.buffers: dict[str, BufferNode] = {}
        self.sources: dict[str, SourceNode] = {}
        self.book: OrderBook | None = None
        self._streams = Streams(seed, replication)
        self._ranks = ranks(line)
        self._widest = max(station.servers for station in line.stations)
        self._priorities = Priorities(
            elements=len(line.elements),
            servers=self._widest,
            modes=max(len(station.failures) for station in line.stations),
        )
        self._warm: Totals | None = None
        if plan is not None and settings.warm_up:
            raise PlanError(
                "a plan is measured from the first release to the last completion; set warm_up to 0"
            )
        self._sequence = None if plan is None else order_sequence(line, plan)
        self._build(sorted(line.elements, key=lambda element: self._ranks[element.name]))

    def run(self) -> Run:
        """Run once, to the horizon or to the completion of all orders."""
        settings, calendar = self.settings, self.calendar
        self._at(settings.horizon, Kind.HORIZON, calendar.end)
        if settings.warm_up:
            self._at(settings.warm_up, Kind.WARM_UP, self._keep)
        before = Totals.of(self, 0.0)
        for server in self._servers():
            for mode in server.modes:
                mode.renew()
        if self.book is not None:
            self.book.start()
        for source in self.sources.values():
            source.start()
        end = calendar.execute()
        self._refuse_open_orders()
        if settings.check:
            check_run(self, end)
        if self.ledger.log is not None:
            for server in self._servers():
                server.close_log(end)
        return Run(
            values=FrozenMapping(measures(self.line, self._warm or before, Totals.of(self, end), self.book)),
            replication=self.replication,
            seed=self.seed,
            end=end,
            last_exit=self.ledger.last_exit,
            events=tuple(self.ledger.log or ()),
        )

    def _servers(self) -> Iterator[Server]:
        for station in self.stations.values():
            yield from station.servers

    def _refuse_open_orders(self) -> None:
        if self.book is not None and self.book.open:
            names = self.book.open
            raise SimulationError(
                f"{len(names)} of {len(self.book.sequence)} orders are not complete by the horizon of "
                f"{self.settings.horizon:g} s, the first is {names[0]!r}; give a longer horizon"
            )

    def _keep(self, now: float) -> None:
        self._warm = Totals.of(self, now)

    def _at(self, time: float, kind: Kind, act: Callable[[float], None]) -> None:
        """Schedule what happens once, at `time`."""
        self.calendar.schedule(Cause(self.calendar, act), self._priorities.of(kind), time - self.calendar.now)

    # -- building -------------------------------------------------------------------------------------

    def _build(self, elements: list[Source | Station | Buffer | Sink]) -> None:
        takers: dict[str, Taker] = {}
        leaving: dict[str, Ways] = {}
        for element in elements:
            name, key = element.name, self._ranks[element.name] * self._widest
            ways = leaving[name] = Ways(self._streams.uniform(name, Purpose.ROUTING))
            if isinstance(element, Station):
                takers[name] = self.stations[name] = self._station(element, key, ways)
            elif isinstance(element, Buffer):
                takers[name] = self.buffers[name] = BufferNode(
                    element, key=key, ways=ways, ledger=self.ledger
                )
            elif isinstance(element, Sink):
                takers[name] = SinkNode(element, ledger=self.ledger)
        if self._sequence is not None:
            followers = [
                node
                for node in self.stations.values()
                if node.station.batch_size > 1 or node.station.setup_times
            ]
            self.book = OrderBook(self._sequence, followers, self._stop)
            self.ledger.book = self.book
        for source in (element for element in elements if isinstance(element, Source)):
            self._refuse_flood(source)
            self.sources[source.name] = self._source(source, leaving[source.name])
        for name, ways in leaving.items():
            connections = self.line.successors(name)
            ways.lead_to(
                [takers[c.target] for c in connections],
                [1.0 if c.probability is None else c.probability for c in connections],
            )

    def _stop(self, now: float) -> None:
        self._at(now, Kind.STOP, self.calendar.end)

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
            interarrival = self._streams.times(source.name, Purpose.ARRIVAL, source.interarrival)
        rank = self._ranks[source.name]
        return SourceNode(
            source.name,
            key=rank * self._widest,
            ways=ways,
            ledger=self.ledger,
            calendar=self.calendar,
            priority=self._priorities.of(Kind.ARRIVAL, rank),
            supply=islice(self._mixed(source), source.limit) if self.book is None else self.book.supply(),
            interarrival=interarrival,
        )

    def _mixed(self, source: Source) -> Iterator[Release]:
        """Yield what a source releases without a plan."""
        if len(source.mix) < 2:
            names = [*source.mix, *(product.name for product in self.line.products)]
            product = names[0] if names else None
            while True:
                yield product, None, 0.0
        draw = self._streams.uniform(source.name, Purpose.PRODUCT)
        steps, reached, total = [], 0.0, sum(source.mix.values())
        for name, share in source.mix.items():
            reached += share
            steps.append((reached / total, name))
        while True:
            share = draw()
            yield next((name for step, name in steps if share < step), steps[-1][1]), None, 0.0

    def _station(self, station: Station, key: int, ways: Ways) -> StationNode:
        name, streams = station.name, self._streams
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
            rank=self._ranks[name],
            ways=ways,
            ledger=self.ledger,
            calendar=self.calendar,
            draws=draws,
            defect=streams.chances(name, Purpose.DEFECT, rate) if rate > 0 else None,
            inspect=streams.uniform(name, Purpose.INSPECTION) if station.inspection is not None else None,
        )
        node.equip([self._server(node, index, key + index) for index in range(station.servers)])
        return node

    def _server(self, node: StationNode, index: int, key: int) -> Server:
        station, streams = node.station, self._streams
        place = f"{station.name}#{index + 1}"
        kind = BatchServer if station.batch_size > 1 else Server
        server = kind(
            node,
            index=index,
            key=key,
            priority=self._priorities.of(Kind.COMPLETION, node.rank, index),
            micro_stops=[
                (
                    streams.chances(f"{place}.{stop.name}", Purpose.MICRO_STOP, stop.probability),
                    streams.times(f"{place}.{stop.name}", Purpose.MICRO_STOP_DURATION, stop.duration),
                )
                for stop in station.micro_stops
                if stop.probability > 0
            ],
        )
        modes = [
            ModeState(
                mode,
                server,
                calendar=self.calendar,
                failure=self._priorities.of(Kind.FAILURE, node.rank, index, number),
                repair=self._priorities.of(Kind.REPAIR, node.rank, index, number),
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
        return server
