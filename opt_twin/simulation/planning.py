"""Plans, made ready to be executed in one run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from opt_twin.line import Behaviour, Order
from opt_twin.simulation.agendas import Agenda, Lookout, RoutedBook, Step
from opt_twin.simulation.behaviours import Own
from opt_twin.simulation.calendar import Kind
from opt_twin.simulation.orders import ChainBook
from opt_twin.simulation.selective import SelectiveStationNode
from opt_twin.simulation.settings import Late

if TYPE_CHECKING:
    from opt_twin.simulation.build import Floor

__all__ = ["follow_chain", "follow_routes"]

Routes = Mapping[str, Mapping[str, tuple[Step, ...]]]
"""Station -> machine -> its orders and operations in their sequence."""


def follow_chain(floor: Floor, sequence: tuple[Order, ...]) -> None:
    """Execute a plan in which all stations have one sequence."""
    followers = [
        node for node in floor.stations.values() if node.station.batch_size > 1 or node.station.setup_times
    ]
    floor.book = floor.actor("book", ChainBook(sequence, followers, floor.stop))
    for node in followers:
        floor.actor(f"{node.station.name}|backlog", node.backlog)
    floor.ledger.book = floor.book


def follow_routes(floor: Floor, sequence: tuple[Order, ...], routes: Routes, late: Late) -> None:
    """Execute a plan in which each station has a sequence of its own."""
    orders = {order.name: order for order in sequence}
    nodes: list[SelectiveStationNode] = []
    replanner = None
    if isinstance(late, Behaviour):
        rule = Own(late, "the rule for late parts", "replan(machine, rest, waiting, now)")
        replanner = floor.actor("replanner", rule)
    for name, machines in routes.items():
        node = floor.stations[name]
        assert isinstance(node, SelectiveStationNode)
        agendas = {
            machine: floor.actor(f"{machine}|agenda", Agenda(steps, orders))
            for machine, steps in machines.items()
        }
        own = [
            agendas.get(name) or agendas.get(f"{name}#{k + 1}") or Agenda((), orders)
            for k in range(len(node.servers))
        ]
        node.plan(own)
        nodes.append(node)
        _watch(floor, node, late, replanner, named=name in machines)
    floor.book = floor.ledger.book = floor.actor("book", RoutedBook(sequence, nodes, floor.stop))


def _watch(
    floor: Floor, node: SelectiveStationNode, late: Late, replanner: Own | None, *, named: bool
) -> None:
    """Let the servers of a station look for what they can take at last."""
    name, lookouts = node.station.name, []
    for server, agenda in zip(node.servers, node.agendas, strict=True):
        place = f"{name}#{server.index + 1}"
        lookout = Lookout(
            name if named else place,
            node,
            server,
            agenda,
            calendar=floor.calendar,
            priority=floor.priorities.of(Kind.TIMER, node.rank, server.index, 1),
            late=late,
            replanner=replanner,
        )
        lookouts.append(floor.actor(f"{place}|lookout", lookout))
    node.lookouts = tuple(lookouts)
