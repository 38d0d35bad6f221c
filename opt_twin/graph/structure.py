"""What the structure of a line says: order, loops, cuts, whether it is serial.

Connections of probability 0 are left out, as no part takes them. No answer depends on the order of the
elements and connections in the line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import networkx as nx
import numpy as np

from opt_twin.errors import ModelError, Problem
from opt_twin.graph.line_graph import line_graph
from opt_twin.line import Line
from opt_twin.records import Record, record

if TYPE_CHECKING:
    Graph = nx.DiGraph[str]

__all__ = ["Loop", "cuts", "is_serial", "layers", "loops", "ranks", "serial_path"]


@record
class Loop(Record):
    """A set of elements in which a part can come back to where it was: rework, returns.

    Attributes
    ----------
    names
        The elements, in the order of their ranks; the first is where parts enter.
    exit_probability
        Probability that a part at the first element leaves the loop before it comes back there, by the
        probabilities alone: rejects that leave the line are not counted, and ways without a probability, such
        as those with conditions, count as equally likely (:func:`opt_twin.theory.traffic` knows better).
        1 / exit_probability is the mean number of passes.
    """

    names: tuple[str, ...]
    exit_probability: float


def layers(line: Line) -> dict[str, int]:
    """Return the column of each element in a drawing from left to right.

    A column is the length of the longest way from a source; inside a loop, where there is none, the shortest
    way from the place where parts enter it.

    Returns
    -------
    dict
        Name -> column, from 0; in the order of ``line.elements``.
    """
    graph = _flow(line)
    column: dict[str, int] = {}
    components = _components(graph)
    for members in components:
        before = [column[name] for member in members for name in graph.pred[member] if name not in members]
        first = max(before, default=-1) + 1
        for name, distance in _distances(graph, members).items():
            column[name] = first + distance
    return {element.name: column[element.name] for element in line.elements}


def ranks(line: Line) -> dict[str, int]:
    """Return the position of each element along the flow: the order for ties between simultaneous events.

    A connection leads from a lower to a higher rank, but for those inside a loop that lead back to its
    entry. Ties are broken by name, so that the order of the elements in a file has no effect.

    Returns
    -------
    dict
        Name -> position, each of 0 to n - 1 once; in the order of ``line.elements``.
    """
    column = layers(line)
    ordered = sorted(column, key=lambda name: (column[name], name))
    position = {name: index for index, name in enumerate(ordered)}
    return {element.name: position[element.name] for element in line.elements}


def loops(line: Line) -> tuple[Loop, ...]:
    """Return the loops of the line: its strongly connected components of two or more elements.

    Returns
    -------
    tuple of Loop
        In the order of the ranks of their entries; empty when parts only move forward.

    Raises
    ------
    ModelError
        If a loop inside a loop has an exit probability so small that it is not told from 0.
    """
    graph = _flow(line)
    rank = ranks(line)
    found = []
    for members in _components(graph):
        if len(members) > 1:
            names = tuple(sorted(members, key=rank.__getitem__))
            found.append(Loop(names=names, exit_probability=_exit_probability(graph, names)))
    return tuple(sorted(found, key=lambda loop: rank[loop.names[0]]))


def cuts(line: Line) -> tuple[str, ...]:
    """Return the elements that every finished part has passed, in the order of their ranks.

    These are the dominators of the sinks (seen as one) in the flow from the sources (seen as one). If such
    an element stops for good, nothing leaves the line any more.

    References
    ----------
    Cooper, Harvey, Kennedy (2001), A simple, fast dominance algorithm.
    """
    graph = _flow(line)
    start, end = "<start>", "<end>"  # no element can be called so
    graph.add_edges_from((start, source.name) for source in line.sources)
    graph.add_edges_from((sink.name, end) for sink in line.ends)
    dominator = nx.immediate_dominators(graph, start)
    found = []
    name = dominator[end]
    while name != start:
        found.append(name)
        name = dominator[name]
    return tuple(reversed(found))


def is_serial(line: Line) -> bool:
    """Return whether the line is one chain from one source to one sink."""
    graph = _flow(line)
    ends = len(line.sources) == len(line.ends) == 1
    return ends and all(len(graph.succ[name]) <= 1 and len(graph.pred[name]) <= 1 for name in graph)


def serial_path(line: Line) -> tuple[str, ...]:
    """Return the elements of a serial line from its source to its sink.

    Raises
    ------
    ModelError
        If the line is not serial; the message names the first element where it branches.
    """
    if not is_serial(line):
        raise ModelError(Problem(path="connections", message=_why_not_serial(line)))
    rank = ranks(line)
    return tuple(sorted(rank, key=rank.__getitem__))


def _why_not_serial(line: Line) -> str:
    graph = _flow(line)
    rank = ranks(line)
    for name in sorted(rank, key=rank.__getitem__):
        leaving, entering = len(graph.succ[name]), len(graph.pred[name])
        if leaving > 1:
            return f"the line is not serial: {leaving} ways leave {name!r}"
        if entering > 1:
            return f"the line is not serial: {entering} ways enter {name!r}"
    return f"the line is not serial: it has {len(line.sources)} sources and {len(line.ends)} sinks"


def _flow(line: Line) -> Graph:
    graph = line_graph(line)
    graph.remove_edges_from([edge for edge in graph.edges if graph.edges[edge]["probability"] == 0])
    return graph


def _components(graph: Graph) -> list[set[str]]:
    """Return the strongly connected components in a topological order."""
    condensed = nx.condensation(graph)
    return [set(condensed.nodes[node]["members"]) for node in nx.topological_sort(condensed)]


def _distances(graph: Graph, members: set[str]) -> dict[str, int]:
    """Return the number of steps from the nearest entry of a component, staying inside it."""
    entries = {name for name in members if not members.issuperset(graph.pred[name])}
    reached = entries or members
    distance: dict[str, int] = {}
    steps = 0
    while reached:
        distance.update(dict.fromkeys(reached, steps))
        following = {after for name in reached for after in graph.succ[name] if after in members}
        reached = following - distance.keys()
        steps += 1
    return distance


def _exit_probability(graph: Graph, names: tuple[str, ...]) -> float:
    """Return the probability of leaving the loop `names` before coming back to the first of them.

    The chance h of coming back from the other elements solves h = P h + q, with P the steps among them and q
    the steps to the first.
    """
    inside = np.array(
        [[graph.edges[a, b]["probability"] if graph.has_edge(a, b) else 0.0 for b in names] for a in names]
    )
    others = inside[1:, 1:]
    try:
        back = np.linalg.solve(np.eye(len(others)) - others, inside[1:, 0])
    except np.linalg.LinAlgError:
        raise ModelError(
            Problem(
                path="connections",
                message=f"parts circulate practically for ever among {', '.join(names)}; "
                "raise the probability of the way out",
            )
        ) from None
    return 1 - float(inside[0, 1:] @ back)
