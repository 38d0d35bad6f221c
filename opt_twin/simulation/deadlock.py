"""Lines that have locked up: elements that wait for one another and can never move again.

A place can move again if something is under way there, or if what it waits for can. What cannot is the rest
of this least fixed point; where such elements wait for one another in a cycle the line has locked up, else
some of it waits for parts that never come.

References
----------
Coffman, Elphick, Shoshani (1971), System deadlocks, ACM Computing Surveys 3.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import networkx as nx

from opt_twin.errors import SimulationError
from opt_twin.line import Sink, Stock
from opt_twin.simulation.conveyors import ConveyorNode
from opt_twin.simulation.fleets import IDLE, WAITING, TransportNode
from opt_twin.simulation.routing import Offer
from opt_twin.simulation.sources import SourceNode
from opt_twin.simulation.stations import StationNode

if TYPE_CHECKING:
    from opt_twin.simulation.build import Floor
    from opt_twin.simulation.parts import Giver

__all__ = ["can_lock", "lock_of", "refuse_deadlock", "starved_for_ever"]


@dataclass(slots=True)
class _Place:
    """What an element waits for.

    Attributes
    ----------
    moves
        Whether something is under way there.
    needs
        Elements of which one must move for it to move: where its parts wait, or whence parts must come.
    holds
        Whether it holds a part, or a source has one to release.
    since
        Since when its parts wait, at the latest.
    """

    moves: bool = False
    needs: set[str] = field(default_factory=set)
    holds: bool = False
    since: float = 0.0


def can_lock(floor: Floor) -> bool:
    """Return whether parts of the line can ever wait for one another in a cycle.

    That takes a way back, or parts that are taken out of turn: by kits, plans, vehicles or pallets.
    """
    back = any(floor.rank(c.target) <= floor.rank(c.source) for c in floor.line.connections)
    picks = any(floor.is_selective(element) for element in floor.line.elements)
    return back or picks or bool(floor.fleets) or bool(floor.pools)


def lock_of(floor: Floor) -> str:
    """Return how the line has locked up, which elements wait for one another; empty if it has not."""
    places = _places(floor)
    cycle = _cycle(places, _still(places))
    if not cycle:
        return ""
    since = max(places[name].since for name in cycle)
    chain = " -> ".join([*cycle, cycle[0]])
    return (
        f"the line has locked up, at {since:g} s: each of {chain} waits for the next; give the loop more "
        "places, fewer parts (pallets limit them), or another way out"
    )


def refuse_deadlock(floor: Floor) -> None:
    """Refuse to go on with a line that has locked up.

    Raises
    ------
    SimulationError
        If elements wait for one another in a cycle and none of them can move again; it names them.
    """
    lock = lock_of(floor)
    if lock:
        raise SimulationError(lock)


def starved_for_ever(floor: Floor) -> tuple[str, ...]:
    """Return the stations that have taken parts, and wait for others that can never come, by rank."""
    places = _places(floor)
    waiting = [
        name
        for name in _still(places)
        if name in floor.stations and any(server.collected for server in floor.stations[name].servers)
    ]
    return tuple(sorted(waiting, key=floor.rank))


def _places(floor: Floor) -> dict[str, _Place]:
    waits = _waits(floor)
    before: dict[str, set[str]] = defaultdict(set)
    for connection in floor.line.connections:
        before[connection.target].add(connection.source)
    places: dict[str, _Place] = {}
    for name, node in floor.nodes.items():
        place = places[name] = _Place()
        element = floor.line.element(name)
        if isinstance(element, Sink | Stock):
            place.moves = True
        elif isinstance(node, StationNode):
            _see_station(node, place, waits, before[name])
        elif isinstance(node, TransportNode):
            _see_transport(node, place, waits, before[name])
        elif isinstance(node, SourceNode):
            _see_source(floor, name, node, place, waits)
        else:
            givers = list(getattr(node, "lanes", {"": node}).values())
            place.holds = any(True for _ in node.contents())
            waiting = [waits[id(giver)] for giver in givers if id(giver) in waits]
            if isinstance(node, ConveyorNode) and not node.held:
                place.moves = place.holds
            place.needs |= {target for targets, _ in waiting for target in targets}
            place.since = max((since for _, since in waiting), default=0.0)
            if not place.holds:
                place.needs |= before[name]
    return places


def _waits(floor: Floor) -> dict[int, tuple[set[str], float]]:
    """Return who waits -> the elements where, and since when."""
    found: dict[int, tuple[set[str], float]] = {}

    def add(giver: Giver, target: str) -> None:
        real = giver.giver if isinstance(giver, Offer) else giver
        targets, since = found.get(id(real), (set(), 0.0))
        found[id(real)] = (targets | {target}, max(since, giver.since))

    for name, node in floor.nodes.items():
        for giver in getattr(node, "waiting", ()):
            add(giver, name)
    for fleet in floor.fleets.values():
        for transport, giver in fleet.calls:
            add(giver, transport.name)
    for giver, targets in floor.pending:
        for target in targets:
            add(giver, target)
    return found


def _see_station(
    node: StationNode, place: _Place, waits: dict[int, tuple[set[str], float]], before: set[str]
) -> None:
    for server in node.servers:
        if server.part is None:
            place.needs |= before
            place.holds |= bool(server.collected)
            place.moves |= server.phase is not None
        elif id(server) in waits and server.phase is None:
            targets, since = waits[id(server)]
            place.needs |= targets
            place.since = max(place.since, since)
            place.holds = True
        else:
            place.moves = True


def _see_transport(
    node: TransportNode, place: _Place, waits: dict[int, tuple[set[str], float]], before: set[str]
) -> None:
    """See the vehicles: one that drives moves; one that stands idle waits for room at the target."""
    place.holds = bool(node.aboard) or any(transport is node for transport, _ in node.fleet.calls)
    for vehicle in node.fleet.vehicles:
        if vehicle.state == WAITING:
            targets, since = waits.get(id(vehicle), (set(), 0.0))
            place.needs |= targets
            place.since = max(place.since, since)
        elif vehicle.state == IDLE:
            place.needs |= {node.target} | before
        else:
            place.moves = True


def _see_source(
    floor: Floor, name: str, node: SourceNode, place: _Place, waits: dict[int, tuple[set[str], float]]
) -> None:
    if node.idle:
        place.moves = getattr(floor.line.element(name), "replenishes", None) is not None
        return
    if id(node) in waits:
        place.needs, place.since = waits[id(node)]
        place.holds = True
        return
    pool = next((pool for pool in floor.pools.values() if node in pool.waiting), None)
    if pool is None:
        place.moves = True
        return
    place.holds = True
    place.moves = bool(pool.returning)
    place.needs = {
        carrier
        for carrier, other in floor.nodes.items()
        if any(pool in part.pallets for part in other.contents()) or getattr(other, "holds", False)
    }


def _still(places: dict[str, _Place]) -> set[str]:
    """Return the elements that can never move again."""
    return set(places) - _reached({name for name, place in places.items() if place.moves}, places)


def _reached(starts: set[str], places: dict[str, _Place]) -> set[str]:
    """Return `starts` and all that wait for one of them, or for what does."""
    waiting_for: dict[str, set[str]] = defaultdict(set)
    for name, place in places.items():
        for need in place.needs:
            waiting_for[need].add(name)
    found, open_ends = set(starts), list(starts)
    while open_ends:
        for name in waiting_for[open_ends.pop()] - found:
            found.add(name)
            open_ends.append(name)
    return found


def _cycle(places: dict[str, _Place], still: set[str]) -> list[str]:
    """Return elements that wait for one another in a cycle; empty when there are none.

    What waits for a source that has run out, or for what does, is starved and has not locked up.
    """
    starved = _reached({name for name in still if not places[name].needs}, places)
    locked = sorted(name for name in still - starved if places[name].holds)
    graph = nx.DiGraph(
        (name, need) for name in locked for need in sorted(places[name].needs) if need in locked
    )
    try:
        return [name for name, _ in nx.find_cycle(graph)]
    except nx.NetworkXNoCycle:
        return []
