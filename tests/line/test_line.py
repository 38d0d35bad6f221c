"""The line: valid by construction."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opt_twin.errors import ModelError, UnknownNameError
from opt_twin.line import (
    Buffer,
    Connection,
    Economics,
    FailureMode,
    Fleet,
    Line,
    MicroStop,
    Operators,
    Order,
    Pallets,
    Product,
    Sink,
    Source,
    Station,
    chain,
)

IN, OUT = Source(name="In"), Sink(name="Out")
SAW, MILL = Station(name="Saw", cycle_time=5), Station(name="Mill", cycle_time=4)
B1 = Buffer(name="B1", capacity=3)
PLAIN = Line(
    name="two", elements=(IN, SAW, B1, MILL, OUT), connections=chain("In", "Saw", "B1", "Mill", "Out")
)


def problems(elements, connections, **fields):
    data = {"name": "x", "elements": elements, "connections": connections, **fields}
    with pytest.raises(ModelError) as caught:
        Line.from_dict(data)
    return [str(problem) for problem in caught.value.problems]


def way(source, target, probability=None):
    return Connection(source=source, target=target, probability=probability)


def test_the_parts_of_a_line_are_found_by_kind_and_name():
    assert PLAIN.stations == (SAW, MILL)
    assert PLAIN.buffers == (B1,)
    assert PLAIN.sources == (IN,)
    assert PLAIN.sinks == (OUT,)
    assert PLAIN.element("B1") is B1
    assert [c.target for c in PLAIN.successors("Saw")] == ["B1"]
    assert [c.source for c in PLAIN.predecessors("Saw")] == ["In"]
    with pytest.raises(UnknownNameError, match=r"'Swa' is not a known element \(did you mean 'Saw'\?\)"):
        PLAIN.element("Swa")


STAFFED = PLAIN.replace(
    operators=(Operators(name="crew", number=2),),
    fleets=(Fleet(name="AGV", speed=1.5),),
    pallets=(Pallets(name="tray", number=9),),
)


def test_paths_lead_to_people_vehicles_and_pallets_too():
    assert [STAFFED.value(path) for path in ("crew.number", "AGV.speed", "tray.number")] == [2, 1.5, 9]
    changed = STAFFED.with_values(
        {"crew.number": 4, "AGV.number": 3, "tray.return_time": "1 min", "Saw.speed": 2}
    )
    assert changed.member("crew") == Operators(name="crew", number=4)
    assert changed.member("AGV").number == 3
    assert changed.member("tray").return_time == 60
    assert changed.member("Saw").speed == 2
    assert changed.member("B1") is B1
    with pytest.raises(ModelError, match=r"crew\.number: Input should be greater than or equal to 1"):
        STAFFED.with_value("crew.number", 0)
    with pytest.raises(UnknownNameError, match=r"field of group of operators 'crew'.*did you mean 'number'"):
        STAFFED.value("crew.numbr")
    with pytest.raises(UnknownNameError, match="did you mean 'tray'"):
        STAFFED.value("try.number")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"operators": [{"name": "Saw"}]}, "operators.0.name: the name 'Saw' is taken by elements.1"),
        (
            {"fleets": [{"name": "x", "speed": 1}], "pallets": [{"name": "x", "number": 1}]},
            "pallets.0.name: the name 'x' is taken by fleets.0",
        ),
    ],
)
def test_elements_people_vehicles_and_pallets_have_different_names(fields, message):
    assert message in problems(PLAIN.elements, PLAIN.connections, **fields)


def test_values_are_read_and_replaced_by_path():
    assert PLAIN.value("B1.capacity") == 3
    changed = PLAIN.with_values({"B1.capacity": 9, "Saw.speed": 1.5, "B1.name": "B1"})
    assert (changed.value("B1.capacity"), changed.value("Saw.speed")) == (9, 1.5)
    assert PLAIN.value("B1.capacity") == 3
    assert PLAIN.with_value("B1.capacity", None).value("B1.capacity") is None
    assert PLAIN.with_element(B1.replace(capacity=4)).value("B1.capacity") == 4


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("B2.capacity", "'B2' is not a known element"),
        ("B1.capcity", "'capcity' is not a known field of buffer 'B1' (did you mean 'capacity'?)"),
        ("B1", "'' is not a known field of buffer 'B1'"),
    ],
)
def test_a_wrong_path_is_named(path, message):
    with pytest.raises(UnknownNameError) as caught:
        PLAIN.with_value(path, 1)
    assert message in str(caught.value)


def test_a_wrong_value_is_named_with_its_path():
    with pytest.raises(ModelError, match=r"B1\.capacity: Input should be greater than or equal to 1, got 0"):
        PLAIN.with_value("B1.capacity", 0)
    with pytest.raises(UnknownNameError):
        PLAIN.with_element(Buffer(name="B2"))


@pytest.mark.parametrize(
    ("elements", "connections", "message"),
    [
        ((), (), "elements: the line has no source and no station and no sink"),
        ((IN, OUT), (way("In", "Out"),), "elements: the line has no station"),
        (
            (IN, SAW, SAW, OUT),
            chain("In", "Saw", "Out"),
            "elements.2.name: the name 'Saw' is taken by elements.1",
        ),
        (
            (IN, SAW, OUT),
            chain("In", "Swa", "Out"),
            "connections.0: In -> Swa: no element is called 'Swa' (did you mean 'Saw'?)",
        ),
        (
            (IN, SAW, OUT),
            (*chain("In", "Saw", "Out"), way("In", "Saw")),
            "connections.2: In -> Saw stands twice",
        ),
        ((IN, SAW, OUT), (*chain("In", "Saw", "Out"), way("Saw", "Saw")), "leads back to itself"),
        ((IN, SAW, OUT), (*chain("In", "Saw", "Out"), way("Out", "Saw")), "nothing leaves the sink 'Out'"),
        ((IN, SAW, OUT), (*chain("In", "Saw", "Out"), way("Saw", "In")), "nothing enters the source 'In'"),
        (
            (IN, SAW, B1, Buffer(name="B2"), OUT),
            chain("In", "Saw", "B1", "B2", "Out"),
            "connections.2: B1 -> B2: two buffers in a row; join them into one",
        ),
        (
            (IN, SAW, MILL, OUT),
            (way("In", "Saw", 0.5), way("In", "Mill"), way("Saw", "Out"), way("Mill", "Out")),
            "connections.0: 2 ways leave 'In': give each of them a probability",
        ),
        (
            (IN, SAW, MILL, OUT),
            (way("In", "Saw", 0.5), way("In", "Mill", 0.4), way("Saw", "Out"), way("Mill", "Out")),
            "the probabilities of the ways out of 'In' add up to 0.9, not to 1",
        ),
        ((IN, SAW, OUT), (way("In", "Saw", 0.5), way("Saw", "Out")), "add up to 0.5, not to 1"),
        (
            (IN, SAW, MILL, OUT),
            chain("In", "Saw", "Out"),
            "elements.2: station 'Mill' cannot be reached from any source",
        ),
        ((IN, SAW, OUT), (way("In", "Saw"),), "elements.2: sink 'Out' cannot be reached from any source"),
        (
            (IN, SAW, OUT),
            (way("In", "Saw"),),
            "elements.1: no way leaves station 'Saw'; connect it to what follows",
        ),
        (
            (IN, SAW, B1, MILL, OUT),
            (*chain("In", "Saw", "B1", "Mill"), way("Mill", "Saw", 1), way("Mill", "Out", 0)),
            "connections: the loop Saw -> B1 -> Mill -> Saw has exit probability 0: parts would",
        ),
    ],
)
def test_what_cannot_work_is_told(elements, connections, message):
    assert any(message in problem for problem in problems(elements, connections))


def test_products_and_orders_must_be_known_and_unique():
    station = Station(
        name="Saw",
        cycle_time=5,
        cycle_time_by_product={"P": 4, "Q1": 3},
        setup_times={"P": {"Q2": 5}, "Q3": {"P": 5}},
        initial_product="Q4",
    )
    found = problems(
        (Source(name="In", mix={"Q5": 1}), station, OUT),
        chain("In", "Saw", "Out"),
        products=[Product(name="P"), Product(name="P")],
        orders=[Order(name="O", product="Q6", quantity=1), Order(name="O", product="P", quantity=1)],
    )
    assert found == [
        "products.1.name: the name 'P' is taken by products.0",
        "orders.1.name: the name 'O' is taken by orders.0",
        "orders.0.product: no product is called 'Q6'",
        "elements.0.mix.Q5: no product is called 'Q5'",
        "elements.1.cycle_time_by_product.Q1: no product is called 'Q1'",
        "elements.1.setup_times.P: no product is called 'Q2'",
        "elements.1.setup_times.Q3: no product is called 'Q3'",
        "elements.1.initial_product: no product is called 'Q4'",
    ]


def test_braces_in_a_problem_do_not_break_its_message():
    with pytest.raises(ModelError, match=r"\{B\}"):
        Line.from_dict({"name": "x", "elements": [IN, SAW, OUT], "connections": ["In -> Saw"], "{B}": 1})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Source(name="In", mix={"A": 0.5}), "the shares of mix add up to 0.5, not to 1"),
        (
            lambda: SAW.replace(failures=[MODE, MODE]),
            "two stops of station 'Saw' are called 'breakdown'; rename one",
        ),
        (
            lambda: SAW.replace(micro_stops=[JAM, JAM]),
            "two stops of station 'Saw' are called 'jam'; rename one",
        ),
        (lambda: MODE.replace(time_to_failure=0), "time_to_failure must be above 0 on average"),
        (lambda: B1.replace(capacity=0), "greater than or equal to 1"),
        (lambda: B1.replace(name="a.b"), "should match pattern"),
        (lambda: B1.replace(name=""), "should match pattern"),
        (lambda: Economics(currency="euro"), "should match pattern"),
        (
            lambda: Line.from_dict({"name": "x", "elements": [], "connections": ["A -> B -> C"]}),
            "is not a connection",
        ),
        (
            lambda: Line.from_dict({"name": "x", "elements": [], "connections": ["A"]}),
            "'A' is not a connection",
        ),
    ],
)
def test_a_wrong_part_is_refused(make, message):
    with pytest.raises(ModelError) as caught:
        make()
    assert message in str(caught.value)


MODE = FailureMode(time_to_failure=100, time_to_repair=10)
JAM = MicroStop(probability=0.1, duration=3)


def test_a_connection_may_be_an_arrow():
    line = Line.from_dict({"name": "x", "elements": [IN, SAW, OUT], "connections": ["In -> Saw", "Saw->Out"]})
    assert line.connections == chain("In", "Saw", "Out")


def test_an_unlimited_buffer_has_no_capacity():
    for text in (None, "unlimited", " INF "):
        assert Buffer(name="B", capacity=text).capacity is None


def test_cycle_and_set_up_times_depend_on_the_product():
    station = Station(name="Saw", cycle_time=5, cycle_time_by_product={"A": 4}, setup_times={"A": {"B": 60}})
    assert [station.cycle_time_of(p).mean for p in (None, "A", "B")] == [5, 4, 5]
    assert station.setup_time("A", "B") == 60
    for before, after in ((None, "A"), ("A", None), ("A", "A"), ("B", "A"), ("A", "C")):
        assert station.setup_time(before, after) == 0


def test_a_rework_loop_with_an_exit_is_fine():
    line = PLAIN.replace(
        connections=(*chain("In", "Saw", "B1", "Mill"), way("Mill", "Saw", 0.1), way("Mill", "Out", 0.9))
    )
    assert len(line.successors("Mill")) == 2
    assert pickle.loads(pickle.dumps(line)).digest() == line.digest()


@given(st.permutations(range(5)), st.permutations(range(4)))
@settings(max_examples=20, deadline=None)
def test_any_order_of_elements_and_connections_is_valid(elements, connections):
    line = PLAIN.replace(
        elements=tuple(PLAIN.elements[i] for i in elements),
        connections=tuple(PLAIN.connections[i] for i in connections),
    )
    assert set(line.elements) == set(PLAIN.elements)


@given(st.sets(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=14))
@settings(max_examples=150, deadline=None)
def test_a_line_that_is_accepted_lets_every_part_in_and_out(pairs):
    """Checked against reachability by powers of the adjacency matrix."""
    names = ["In", "A", "B", "C", "D", "Out"]
    elements = (IN, *(Station(name=name, cycle_time=1) for name in names[1:-1]), OUT)
    leaving = {source: [t for s, t in pairs if s == source] for source, _ in pairs}
    ways = tuple(way(names[s], names[t], 1 / len(leaving[s])) for s, t in sorted(pairs))
    adjacent = np.zeros((6, 6), dtype=bool)
    for source, target in pairs:
        adjacent[source, target] = True
    reach = np.linalg.matrix_power((adjacent | np.eye(6, dtype=bool)).astype(int), 6) > 0
    plain = not (adjacent.diagonal().any() or adjacent[5].any() or adjacent[:, 0].any())
    try:
        Line(name="x", elements=elements, connections=ways)
    except ModelError:
        assert not (plain and reach[0].all() and reach[:, 5].all())
    else:
        assert plain
        assert reach[0].all()
        assert reach[:, 5].all()
