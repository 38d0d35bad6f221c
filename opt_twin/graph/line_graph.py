"""The networkx view of a line."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import networkx as nx

from opt_twin.line import Line

if TYPE_CHECKING:
    Graph = nx.DiGraph[str]

__all__ = ["line_graph"]


def line_graph(line: Line) -> Graph:
    """Return the line as a directed graph.

    The graph is a view made anew on each call: changing it does not change the line, and the records that it
    holds are frozen.

    Parameters
    ----------
    line
        The line.

    Returns
    -------
    networkx.DiGraph
        A node for each element, under its name, in the order of ``line.elements``, with the attributes
        ``kind`` (``"source"``, ``"station"``, ``"buffer"``, ...) and ``record`` (the element). An edge for
        each connection, in the order of ``line.connections``, with the attribute ``probability`` (float, 1.0
        where there is one way only, equal shares where several ways leave that have none). The attribute
        ``name`` of the graph is that of the line.

    Examples
    --------
    >>> from opt_twin.line import Line, Sink, Source, Station, chain
    >>> line = Line(
    ...     name="one",
    ...     elements=(Source(name="In"), Station(name="Saw", cycle_time="5 s"), Sink(name="Out")),
    ...     connections=chain("In", "Saw", "Out"),
    ... )
    >>> graph = line_graph(line)
    >>> graph.nodes["Saw"]["kind"], graph.edges["Saw", "Out"]["probability"]
    ('station', 1.0)
    """
    graph: Graph = nx.DiGraph(name=line.name)
    for element in line.elements:
        graph.add_node(element.name, kind=element.kind, record=element)
    ways = Counter(connection.source for connection in line.connections)
    for connection in line.connections:
        probability = connection.probability
        if probability is None:
            probability = 1 / ways[connection.source]
        graph.add_edge(connection.source, connection.target, probability=probability)
    return graph
