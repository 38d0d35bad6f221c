"""Order, loops, cuts and seriality."""

import random

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opt_twin.errors import ModelError
from opt_twin.graph import Loop, cuts, is_serial, layers, line_graph, loops, ranks, serial_path
from opt_twin.line import Buffer, Connection, Line, Sink, Source, Station, chain


def station(name):
    return Station(name=name, cycle_time=1)


def line_of(edges, *, sources=("In",), sinks=("Out",)):
    """Return a line from edges (a, b) or (a, b, probability)."""
    names = dict.fromkeys(name for edge in edges for name in edge[:2])
    made = [Source(name=n) if n in sources else Sink(name=n) if n in sinks else station(n) for n in names]
    connections = [
        Connection(source=e[0], target=e[1], probability=e[2] if len(e) > 2 else None) for e in edges
    ]
    return Line(name="made", elements=tuple(made), connections=tuple(connections))


SERIAL = line_of([("In", "Z"), ("Z", "A"), ("A", "M"), ("M", "Out")])
DIAMOND = line_of(
    [("In", "S"), ("S", "B", 0.5), ("S", "A", 0.5), ("A", "J"), ("B", "C"), ("C", "J"), ("J", "Out")]
)
REWORK = line_of([("In", "W"), ("W", "T"), ("T", "Out", 0.8), ("T", "R", 0.2), ("R", "W")])


def test_ranks_of_a_serial_line_follow_the_flow_not_the_names():
    assert ranks(SERIAL) == {"In": 0, "Z": 1, "A": 2, "M": 3, "Out": 4}
    assert layers(SERIAL) == ranks(SERIAL)


def test_ties_between_parallel_branches_are_broken_by_column_then_name():
    assert layers(DIAMOND) == {"In": 0, "S": 1, "A": 2, "B": 2, "C": 3, "J": 4, "Out": 5}
    assert sorted(ranks(DIAMOND), key=ranks(DIAMOND).get) == ["In", "S", "A", "B", "C", "J", "Out"]


def test_the_answers_are_given_in_the_order_of_the_elements():
    names = [element.name for element in DIAMOND.elements]
    assert list(ranks(DIAMOND)) == list(layers(DIAMOND)) == names


def test_a_rework_loop_is_ranked_from_its_entry():
    assert layers(REWORK) == {"In": 0, "W": 1, "T": 2, "Out": 3, "R": 3}
    assert ranks(REWORK) == {"In": 0, "W": 1, "T": 2, "Out": 3, "R": 4}


@st.composite
def random_lines(draw):
    """A spine with random forward and backward ways, every element on it."""
    size = draw(st.integers(1, 7))
    names = ["In", *draw(st.permutations([f"S{i}" for i in range(size)])), "Out"]
    targets = {position: {position + 1} for position in range(size + 1)}
    extra = draw(st.lists(st.tuples(st.integers(0, size), st.integers(1, size + 1)), max_size=8))
    for start, end in extra:
        if start != end:
            targets[start].add(end)
    edges = [
        (names[start], names[end], 1 / len(ends)) for start, ends in targets.items() for end in sorted(ends)
    ]
    return line_of(edges)


@settings(deadline=None, max_examples=80)
@given(random_lines(), st.integers(0, 10**6))
def test_ranks_are_a_permutation_that_respects_the_flow_and_ignores_the_order_in_the_file(line, seed):
    rank = ranks(line)
    assert sorted(rank.values()) == list(range(len(line.elements)))
    graph = line_graph(line)
    component = {n: i for i, members in enumerate(nx.strongly_connected_components(graph)) for n in members}
    for a, b in graph.edges:
        if component[a] != component[b]:
            assert rank[a] < rank[b]
            assert layers(line)[a] < layers(line)[b]
    shuffled = random.Random(seed)
    elements, connections = list(line.elements), list(line.connections)
    shuffled.shuffle(elements)
    shuffled.shuffle(connections)
    other = line.replace(elements=tuple(elements), connections=tuple(connections))
    assert ranks(other) == rank
    assert layers(other) == layers(line)
    assert cuts(other) == cuts(line)
    assert [loop.names for loop in loops(other)] == [loop.names for loop in loops(line)]


@settings(deadline=None, max_examples=80)
@given(random_lines())
def test_cuts_are_the_elements_without_which_no_sink_is_reached(line):
    graph = line_graph(line)
    without = []
    for name in graph:
        rest = graph.copy()
        rest.remove_node(name)
        if "In" not in rest or "Out" not in rest or not nx.has_path(rest, "In", "Out"):
            without.append(name)
    assert sorted(cuts(line)) == sorted(without)


def test_no_element_is_a_cut_between_two_separate_lines():
    line = line_of(
        [("In", "A"), ("A", "Out"), ("In2", "B"), ("B", "Out2")],
        sources=("In", "In2"),
        sinks=("Out", "Out2"),
    )
    assert cuts(line) == ()


def test_the_station_behind_a_merge_is_a_cut():
    line = line_of([("In", "A"), ("In2", "A"), ("A", "Out")], sources=("In", "In2"))
    assert cuts(line) == ("A", "Out")


def test_the_exit_probability_of_simple_rework_is_the_share_that_passes():
    (loop,) = loops(REWORK)
    assert loop.names == ("W", "T", "R")
    assert loop.exit_probability == pytest.approx(0.8)


def test_the_exit_probability_of_nested_loops_agrees_with_walking():
    line = line_of(
        [
            ("In", "A"),
            ("A", "B", 0.7),
            ("A", "Out", 0.3),
            ("B", "C", 0.6),
            ("B", "A", 0.4),
            ("C", "B", 0.5),
            ("C", "Out", 0.5),
        ]
    )
    (loop,) = loops(line)
    # from B: back to A with 0.4, to C with 0.6, from there back to B with 0.5: h = 0.4 / (1 - 0.3)
    assert isinstance(loop, Loop)
    assert loop.names == ("A", "B", "C")
    assert loop.exit_probability == pytest.approx(1 - 0.7 * 0.4 / 0.7)


def test_two_loops_are_listed_along_the_flow():
    line = line_of(
        [
            ("In", "Y"),
            ("Y", "Z"),
            ("Z", "Y", 0.25),
            ("Z", "A", 0.75),
            ("A", "B"),
            ("B", "A", 0.5),
            ("B", "Out", 0.5),
        ]
    )
    assert [(loop.names, round(loop.exit_probability, 9)) for loop in loops(line)] == [
        (("Y", "Z"), 0.75),
        (("A", "B"), 0.5),
    ]


def test_a_loop_inside_a_loop_that_is_practically_never_left_is_an_error():
    line = line_of(
        [
            ("In", "A"),
            ("A", "B"),
            ("B", "C", 1.0),
            ("B", "A", 1e-30),
            ("C", "B", 1.0),
            ("C", "Out", 1e-30),
        ]
    )
    with pytest.raises(ModelError, match="parts circulate practically for ever among A, B, C"):
        loops(line)


def test_a_way_of_probability_zero_is_no_way():
    line = line_of([("In", "A"), ("A", "B"), ("B", "Out", 1.0), ("B", "A", 0.0)])
    assert loops(line) == ()
    assert is_serial(line)
    assert serial_path(line) == ("In", "A", "B", "Out")


def test_a_line_without_loops_has_none():
    assert loops(SERIAL) == loops(DIAMOND) == ()


def test_serial_path_leads_through_buffers():
    line = Line(
        name="b",
        elements=(Sink(name="Out"), station("B"), Buffer(name="Q"), station("A"), Source(name="In")),
        connections=chain("In", "A", "Q", "B", "Out"),
    )
    assert is_serial(line)
    assert serial_path(line) == ("In", "A", "Q", "B", "Out")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (DIAMOND, "2 ways leave 'S'"),
        (line_of([("In", "A"), ("In2", "A"), ("A", "Out")], sources=("In", "In2")), "2 ways enter 'A'"),
        (
            line_of(
                [("In", "A"), ("A", "Out"), ("X", "B"), ("B", "Y")], sources=("In", "X"), sinks=("Out", "Y")
            ),
            "2 sources and 2 sinks",
        ),
    ],
)
def test_serial_path_says_where_a_line_is_not_serial(line, message):
    assert not is_serial(line)
    with pytest.raises(ModelError, match=message):
        serial_path(line)
