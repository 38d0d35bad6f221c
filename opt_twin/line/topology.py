"""What the connections of a line must satisfy, without a graph library."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import product

from opt_twin.errors import Problem, did_you_mean
from opt_twin.line.elements import Buffer, Connection, Element, Sink, Source, Stock
from opt_twin.line.handling import Transport
from opt_twin.line.routing import Quality, Routing

__all__ = ["topology_problems"]


def topology_problems(elements: Sequence[Element], connections: Sequence[Connection]) -> list[Problem]:
    """Return everything that is wrong with the way the elements are connected."""
    kinds = {element.name: element for element in elements}
    problems = list(_endpoint_problems(kinds, connections))
    known = [c for c in connections if c.source in kinds and c.target in kinds]
    problems += _choice_problems(kinds, connections)
    if not problems:
        problems += _reach_problems(kinds, known)
    return problems


def _endpoint_problems(kinds: dict[str, Element], connections: Sequence[Connection]) -> Iterator[Problem]:
    seen: set[tuple[str, str]] = set()
    for index, connection in enumerate(connections):
        path = f"connections.{index}"
        pair = (connection.source, connection.target)
        arrow = f"{connection.source} -> {connection.target}"
        for end in dict.fromkeys(pair):
            if end not in kinds:
                yield Problem(
                    path=path, message=f"{arrow}: no element is called {end!r}{did_you_mean(end, kinds)}"
                )
        if pair in seen:
            yield Problem(path=path, message=f"{arrow} stands twice; give one connection its probability")
        seen.add(pair)
        if connection.source == connection.target:
            yield Problem(path=path, message=f"{arrow} leads back to itself; put a buffer into the loop")
        start = kinds.get(connection.source)
        if isinstance(start, Sink | Stock):
            yield Problem(path=path, message=f"{arrow}: nothing leaves the {start.kind} {start.name!r}")
        if isinstance(kinds.get(connection.target), Source):
            yield Problem(path=path, message=f"{arrow}: nothing enters the source {connection.target!r}")
        if isinstance(kinds.get(connection.source), Buffer) and isinstance(
            kinds.get(connection.target), Buffer
        ):
            yield Problem(path=path, message=f"{arrow}: two buffers in a row; join them into one")
        if isinstance(start, Transport) and isinstance(kinds.get(connection.target), Transport):
            yield Problem(
                path=path, message=f"{arrow}: two transports in a row; put a buffer between the vehicles"
            )


def _choice_problems(kinds: dict[str, Element], connections: Sequence[Connection]) -> Iterator[Problem]:
    """Yield what is wrong with the ways out of each element from which several leave."""
    leaving: dict[str, list[tuple[int, Connection]]] = defaultdict(list)
    for index, connection in enumerate(connections):
        leaving[connection.source].append((index, connection))
    for source, ways in leaving.items():
        path = f"connections.{ways[0][0]}"
        element = kinds.get(source)
        if isinstance(element, Transport) and len(ways) > 1:
            yield Problem(
                path=path, message=f"{len(ways)} ways leave the transport {source!r}; it leads to one element"
            )
            continue
        routing = getattr(element, "routing", Routing.PROBABILITY)
        if routing is Routing.PROBABILITY:
            yield from _probability_problems(source, path, [way for _, way in ways])
        if routing is Routing.FIRST_READY:
            for index, way in ways:
                if isinstance(kinds.get(way.target), Transport):
                    yield Problem(
                        path=f"connections.{index}",
                        message=f"{source!r} takes the first way that is ready, and a transport never is "
                        "before it is called; choose another routing, or lead there through a buffer",
                    )


def _probability_problems(source: str, path: str, ways: list[Connection]) -> Iterator[Problem]:
    given = [way.probability for way in ways if way.probability is not None]
    if not any(way.conditional for way in ways):
        if len(ways) > 1 and len(given) < len(ways):
            yield Problem(
                path=path, message=f"{len(ways)} ways leave {source!r}: give each of them a probability"
            )
        elif given and abs(sum(given) - 1) > 1e-6:
            yield Problem(
                path=path,
                message=f"the probabilities of the ways out of {source!r} add up to {sum(given):g}, not to 1",
            )
        return
    products: dict[str | None, None] = dict.fromkeys([None, *(name for way in ways for name in way.products)])
    for name, tested, state in product(
        products, (Quality.PASSED, Quality.REJECTED), (Quality.GOOD, Quality.DEFECTIVE)
    ):
        open_ways = [
            way
            for way in ways
            if (not way.products or name in way.products) and way.quality in (None, tested, state)
        ]
        if len(open_ways) > 1 and any(way.probability is None for way in open_ways):
            part = f"a {state} part" if name is None else f"a {state} part of {name!r}"
            yield Problem(
                path=path,
                message=f"{part} that was {tested} has {len(open_ways)} ways out of {source!r}: give each of "
                "them a probability, or conditions that exclude one another",
            )
            return


def _reach_problems(kinds: dict[str, Element], connections: Sequence[Connection]) -> Iterator[Problem]:
    forward: dict[str, list[str]] = defaultdict(list)
    backward: dict[str, list[str]] = defaultdict(list)
    for connection in connections:
        if connection.probability != 0:
            forward[connection.source].append(connection.target)
            backward[connection.target].append(connection.source)
    sources = [name for name, element in kinds.items() if isinstance(element, Source)]
    sinks = [name for name, element in kinds.items() if isinstance(element, Sink | Stock)]
    fed = _reachable(sources, forward)
    drained = _reachable(sinks, backward)
    for index, (name, element) in enumerate(kinds.items()):
        path = f"elements.{index}"
        if name not in fed:
            yield Problem(path=path, message=f"{element.kind} {name!r} cannot be reached from any source")
        elif name not in drained and not forward[name]:
            yield Problem(
                path=path, message=f"no way leaves {element.kind} {name!r}; connect it to what follows"
            )
    trapped = [name for name in kinds if name in fed and name not in drained]
    for loop in _loops(trapped, forward):
        yield Problem(
            path="connections",
            message=f"the loop {' -> '.join(loop)} has exit probability 0: parts would circulate for ever",
        )


def _reachable(starts: Sequence[str], following: dict[str, list[str]]) -> set[str]:
    found = set(starts)
    open_ends = list(starts)
    while open_ends:
        for name in following[open_ends.pop()]:
            if name not in found:
                found.add(name)
                open_ends.append(name)
    return found


def _loops(names: Sequence[str], forward: dict[str, list[str]]) -> Iterator[list[str]]:
    """Yield one loop for each set of names that parts cannot leave and that has a way inside."""
    seen: set[str] = set()
    for start in names:
        path: list[str] = []
        name: str | None = start
        while name is not None and name not in seen:
            seen.add(name)
            path.append(name)
            name = next(iter(forward[name]), None)
        if name is not None and name in path:
            yield [*path[path.index(name) :], name]
