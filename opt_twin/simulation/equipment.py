"""The stations of a line with their servers, failure modes and tasks, made ready for one run."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from opt_twin.line import Conveyor, Maintenance, Station
from opt_twin.simulation.batches import BatchServer
from opt_twin.simulation.behaviours import StationRules
from opt_twin.simulation.calendar import Kind
from opt_twin.simulation.draws import Times
from opt_twin.simulation.failures import ModeState
from opt_twin.simulation.maintenance import TaskState
from opt_twin.simulation.outcomes import Outcome
from opt_twin.simulation.people import Asker, Call
from opt_twin.simulation.selective import KitServer, PickingBatchServer, PickingServer, SelectiveStationNode
from opt_twin.simulation.servers import Server
from opt_twin.simulation.stations import StationNode
from opt_twin.simulation.ways import Ways
from opt_twin.simulation.work import Stoppable
from opt_twin.streams import Purpose

if TYPE_CHECKING:
    from opt_twin.simulation.build import Floor

__all__ = ["failure_modes", "station_node"]


def station_node(floor: Floor, station: Station, ways: Ways) -> StationNode:
    """Return a station with its servers."""
    name, streams = station.name, floor.streams
    times: dict[str | None, Times] = {
        None: streams.scaled(name, Purpose.PROCESSING, station.cycle_time, station.speed)
    }
    for product, cycle_time in station.cycle_time_by_product.items():
        times[product] = streams.scaled(f"{name}.{product}", Purpose.PROCESSING, cycle_time, station.speed)
    rate = station.defect_rate
    kind = SelectiveStationNode if floor.is_selective(station) else StationNode
    node = kind(
        station,
        rank=floor.rank(name),
        ways=ways,
        ledger=floor.ledger,
        calendar=floor.calendar,
        times=times,
        defect=streams.chances(name, Purpose.DEFECT, rate) if rate > 0 else None,
        inspect=streams.uniform(name, Purpose.INSPECTION) if station.inspection is not None else None,
    )
    if station.behaviour is not None:
        draw = streams.uniform(name, Purpose.BEHAVIOUR)
        node.rules = floor.actor(f"{name}|rules", StationRules(name, station.behaviour, draw))
    node.outcome = Outcome.of(station, rank=node.rank, ledger=floor.ledger)
    node.keeps = floor.keeps_members or station.batch_output == "parts"
    if station.batch_by != "any":
        own = station.batch_by == "product"
        node.groups = {None: None}
        node.groups |= {p.name: p.name if own else p.family or p.name for p in floor.line.products}
    load = None
    if station.load_time is not None:
        load = streams.times(name, Purpose.LOADING, station.load_time)
    node.equip([_server(floor, node, index, load) for index in range(station.servers)])
    return node


def _server(floor: Floor, node: StationNode, index: int, load: Callable[[], float] | None) -> Server:
    station, streams, key = node.station, floor.streams, floor.key(node.station.name) + index
    place = f"{station.name}#{index + 1}"
    server = _server_kind(station, picks=floor.is_selective(station))(
        node,
        index=index,
        key=key,
        priority=floor.priorities.of(Kind.COMPLETION, node.rank, index),
        micro_stops=[
            (
                streams.chances(f"{place}.{stop.name}", Purpose.MICRO_STOP, stop.probability),
                streams.times(f"{place}.{stop.name}", Purpose.MICRO_STOP_DURATION, stop.duration),
            )
            for stop in station.micro_stops
            if stop.probability > 0
        ],
        load=load,
        people=floor.people,
    )
    if station.needs:
        server.call = _call(floor, place, server, priority=station.priority, key=key)
    if isinstance(server, BatchServer):
        server.wait_for(station.batch_wait, floor.priorities.of(Kind.TIMER, node.rank, index))
    server.fit(failure_modes(floor, server, station, place=place, index=index))
    server.tasks = tuple(
        _task(floor, server, task, len(station.failures) + number)
        for number, task in enumerate(station.maintenance)
    )
    return floor.actor(place, server)


def _server_kind(station: Station, *, picks: bool) -> type[Server]:
    if station.components:
        return KitServer
    if station.batch_size > 1:
        return PickingBatchServer if picks else BatchServer
    return PickingServer if picks else Server


def failure_modes(
    floor: Floor, failing: Stoppable, element: Station | Conveyor, *, place: str, index: int = 0
) -> list[ModeState]:
    """Return the failure modes of one server of a station, or of a belt."""
    speed = 1.0
    if isinstance(element, Station):
        speed = element.speed**element.wear_exponent
    rank = floor.rank(element.name)
    modes = []
    for number, mode in enumerate(element.failures):
        name = f"{place}.{mode.name}"
        state = ModeState(
            mode,
            failing,
            calendar=floor.calendar,
            failure=floor.priorities.of(Kind.FAILURE, rank, index, number),
            repair=floor.priorities.of(Kind.REPAIR, rank, index, number),
            time_to_failure=floor.streams.scaled(name, Purpose.TIME_TO_FAILURE, mode.time_to_failure, speed),
            time_to_repair=floor.streams.times(name, Purpose.TIME_TO_REPAIR, mode.time_to_repair),
            people=floor.people,
        )
        if mode.crew is not None:
            key = floor.key(element.name) + index
            state.call = _call(floor, name, state, priority=mode.priority, key=key)
        modes.append(floor.actor(name, state))
    return modes


def _task(floor: Floor, server: Server, task: Maintenance, number: int) -> TaskState:
    rank, place = server.rank, f"{server.place}.{task.name}"
    state = TaskState(
        task,
        server,
        calendar=floor.calendar,
        due=floor.priorities.of(Kind.SHIFT, rank, server.index, number),
        done=floor.priorities.of(Kind.REPAIR, rank, server.index, number),
        duration=floor.streams.times(place, Purpose.MAINTENANCE, task.duration),
        people=floor.people,
    )
    if task.crew is not None:
        state.call = _call(floor, f"{place}|maintenance", state, priority=task.priority, key=server.key)
    return floor.actor(f"{place}|maintenance", state)


def _call(floor: Floor, place: str, asker: Asker, *, priority: int, key: int) -> Call:
    return floor.actor(f"{place}|call", Call(asker, priority=priority, key=key))
