"""A line as a graph: the networkx view, and what its structure says."""

from opt_twin.graph.line_graph import line_graph
from opt_twin.graph.structure import Loop, cuts, is_serial, layers, loops, ranks, serial_path

__all__ = ["Loop", "cuts", "is_serial", "layers", "line_graph", "loops", "ranks", "serial_path"]
