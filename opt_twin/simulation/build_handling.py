"""Conveyors, vehicles and pallets made ready for a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opt_twin.line import Conveyor, Station, Transport
from opt_twin.simulation.buffers import BufferNode
from opt_twin.simulation.calendar import Kind
from opt_twin.simulation.conveyors import ConveyorNode, LoopConveyor, StoppingConveyor
from opt_twin.simulation.equipment import failure_modes
from opt_twin.simulation.fleets import Dock, FleetNode, TransportNode, Vehicle
from opt_twin.simulation.pallets import PalletPool
from opt_twin.simulation.stations import StationNode
from opt_twin.simulation.ways import Ways

if TYPE_CHECKING:
    from opt_twin.simulation.build import Floor

__all__ = [
    "conveyor_node",
    "fleet_nodes",
    "pallet_pools",
    "reserve_places",
    "transport_node",
    "unload_pallets",
]


def conveyor_node(floor: Floor, conveyor: Conveyor, ways: Ways) -> ConveyorNode:
    """Return a conveyor with its failure modes."""
    name, rank = conveyor.name, floor.rank(conveyor.name)
    kind = ConveyorNode if conveyor.accumulating else StoppingConveyor
    if conveyor.recirculating:
        kind = LoopConveyor
    node = kind(
        conveyor,
        key=floor.key(name),
        ways=ways,
        ledger=floor.ledger,
        calendar=floor.calendar,
        priorities=(
            floor.priorities.of(Kind.COMPLETION, rank, 0),
            floor.priorities.of(Kind.COMPLETION, rank, 1),
        ),
    )
    node.fit(failure_modes(floor, node, conveyor, place=name))
    return node


def transport_node(floor: Floor, transport: Transport, ways: Ways) -> TransportNode:
    """Return a transport; its fleet is there already."""
    return TransportNode(
        transport,
        key=floor.key(transport.name),
        ways=ways,
        ledger=floor.ledger,
        fleet=floor.fleets[transport.fleet],
        target=floor.line.successors(transport.name)[0].target,
    )


def reserve_places(floor: Floor) -> None:
    """Let the transports that reserve places see those of their targets.

    Places that depend on what comes (components of an assembly) are not counted, nor are those of sinks.
    """
    docks: dict[str, Dock] = {}
    for transport in floor.line.elements:
        if not isinstance(transport, Transport) or not transport.reserves:
            continue
        node = floor.nodes[transport.name]
        assert isinstance(node, TransportNode)
        target = floor.line.element(node.target)
        place = floor.nodes[node.target]
        if isinstance(target, Station) and target.components:
            continue
        if isinstance(place, StationNode | BufferNode | ConveyorNode):
            node.dock = place.dock = docks.setdefault(node.target, Dock(place))
            node.dock.transports.append(node)


def fleet_nodes(floor: Floor, places: list[str], widest: int) -> dict[str, FleetNode]:
    """Return the fleets of a line; they rank behind its elements."""
    nodes: dict[str, FleetNode] = {}
    for rank, fleet in enumerate(floor.line.fleets, start=len(places)):
        name = f"fleet {fleet.name}"
        nodes[fleet.name] = node = floor.actor(name, FleetNode(fleet, places=places, widest=widest))
        node.vehicles = tuple(
            floor.actor(
                f"{name}#{index + 1}",
                Vehicle(
                    node,
                    index=index,
                    calendar=floor.calendar,
                    priority=floor.priorities.of(Kind.COMPLETION, rank, index),
                ),
            )
            for index in range(fleet.number)
        )
    return nodes


def pallet_pools(floor: Floor) -> dict[str, PalletPool]:
    """Return the pallets of a line; they rank behind its fleets."""
    first = len(floor.line.elements) + len(floor.line.fleets)
    return {
        pallets.name: floor.actor(
            f"pallets {pallets.name}",
            PalletPool(
                pallets,
                calendar=floor.calendar,
                priority=floor.priorities.of(Kind.COMPLETION, first + index),
            ),
        )
        for index, pallets in enumerate(floor.line.pallets)
    }


def unload_pallets(floor: Floor) -> None:
    """Tell stations which pallets parts leave there."""
    for pool in floor.pools.values():
        if pool.pallets.unloaded_at is not None:
            node = floor.stations[pool.pallets.unloaded_at]
            node.unloads = (*(node.unloads or ()), pool)
