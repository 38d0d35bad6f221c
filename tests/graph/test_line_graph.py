"""The networkx view of a line."""

import networkx as nx
import pytest

from opt_twin.graph import line_graph
from opt_twin.line import Buffer, Connection, Line, Sink, Source, Station, chain


@pytest.fixture
def rework():
    return Line(
        name="rework",
        elements=(
            Source(name="In"),
            Buffer(name="Queue"),
            Station(name="Weld", cycle_time=5),
            Station(name="Test", cycle_time=2),
            Sink(name="Out"),
        ),
        connections=(
            *chain("In", "Queue", "Weld", "Test"),
            Connection(source="Test", target="Out", probability=0.9),
            Connection(source="Test", target="Queue", probability=0.1),
        ),
    )


def test_nodes_carry_kind_and_record(rework):
    graph = line_graph(rework)
    assert list(graph.nodes) == ["In", "Queue", "Weld", "Test", "Out"]
    for element in rework.elements:
        assert graph.nodes[element.name] == {"kind": element.kind, "record": element}


def test_edges_carry_the_probability_and_one_where_there_is_one_way(rework):
    graph = line_graph(rework)
    assert dict(graph.edges) == {
        ("In", "Queue"): {"probability": 1.0},
        ("Queue", "Weld"): {"probability": 1.0},
        ("Weld", "Test"): {"probability": 1.0},
        ("Test", "Out"): {"probability": 0.9},
        ("Test", "Queue"): {"probability": 0.1},
    }
    assert isinstance(graph, nx.DiGraph)
    assert graph.name == "rework"


def test_changing_the_graph_does_not_change_the_line(rework):
    digest = rework.digest()
    graph = line_graph(rework)
    graph.remove_node("Weld")
    graph.nodes["Test"]["kind"] = "sink"
    assert rework.digest() == digest
    assert line_graph(rework).nodes["Test"]["kind"] == "station"
    assert "Weld" in line_graph(rework)
