"""The ways between the elements of a line, made ready for one run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opt_twin.line import Behaviour, Element, Routing
from opt_twin.simulation.behaviours import Own
from opt_twin.simulation.disciplines import LanedBufferNode
from opt_twin.simulation.parts import Giver
from opt_twin.simulation.routing import (
    ByShare,
    Decide,
    Discard,
    FirstReady,
    OwnRule,
    RoundRobin,
    RuledWays,
    ShortestQueue,
    Way,
)
from opt_twin.simulation.stations import StationNode
from opt_twin.simulation.ways import Ways
from opt_twin.streams import Purpose

if TYPE_CHECKING:
    from opt_twin.simulation.build import Floor

__all__ = ["lead", "ways_out_of"]


def ways_out_of(floor: Floor, element: Element) -> Ways:
    """Return the ways out of an element, which lead nowhere yet."""
    name = element.name
    connections = [connection for _, connection in floor.leaving(name)]
    rule = getattr(element, "routing", Routing.PROBABILITY)
    alone = len(connections) == 1 and not connections[0].conditional
    picked = any(floor.is_selective(floor.element(c.target)) for c in connections)
    draw = floor.streams.uniform(name, Purpose.ROUTING)
    if (alone and not picked) or not connections:
        return Ways(draw)
    ruled = floor.routed or any(c.conditional for c in connections)
    if not alone and rule is Routing.PROBABILITY and not ruled:
        return Ways(draw)
    discard = Discard(name, rank=floor.rank(name), ledger=floor.ledger)
    if alone or rule is Routing.PROBABILITY:
        return ByShare(name, discard=discard, draw=draw)
    if rule is Routing.DECISION:
        return floor.actor(f"{name}|ways", Decide(name, discard=discard, decisions=floor.decisions))
    if isinstance(rule, Behaviour):
        own = Own(rule, f"the routing of {name!r}", "choose(part, targets, now)")
        return OwnRule(name, discard=discard, rule=floor.actor(f"{name}|rule", own))
    if rule is Routing.ROUND_ROBIN:
        return floor.actor(f"{name}|ways", RoundRobin(name, discard=discard))
    if rule is Routing.SHORTEST_QUEUE:
        return ShortestQueue(name, discard=discard)
    return floor.actor(f"{name}|ways", FirstReady(name, discard=discard))


def lead(floor: Floor, name: str, ways: Ways) -> None:
    """Let the ways out of an element lead to their targets."""
    numbered = floor.leaving(name)
    connections = [connection for _, connection in numbered]
    targets = [floor.taker(connection.target) for connection in connections]
    if not isinstance(ways, RuledWays):
        ways.lead_to(targets, [1.0 if c.probability is None else c.probability for c in connections])
        return
    givers = _givers(floor, name)
    led = [Way(index, c, target) for (index, c), target in zip(numbered, targets, strict=True)]
    if floor.routed:
        for way in led:
            way.stations = floor.planned_behind(way.name)
    ways.lead_along(led, connections, givers)
    if isinstance(ways, FirstReady):
        for giver, offers in ways.offers.items():
            for offer in offers:
                floor.actor(f"{name}|{giver.key}>{offer.way.name}", offer)
    if isinstance(ways, Decide):
        floor.decisions.enter(name, led, givers)


def _givers(floor: Floor, name: str) -> list[Giver]:
    """Return what gives the parts of an element away."""
    node = floor.nodes[name]
    if isinstance(node, StationNode):
        return list(node.servers)
    if isinstance(node, LanedBufferNode):
        return list(node.lanes.values())
    return [node]  # type: ignore[list-item]  # what is no station gives its parts itself
