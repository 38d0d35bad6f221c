"""Flows with conditional ways, assembly, disassembly, cures and limits, by hand and by counting parts."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opt_twin.errors import ModelError
from opt_twin.line import (
    Buffer,
    Connection,
    Inspection,
    Line,
    Order,
    Product,
    Release,
    Sink,
    Source,
    Station,
    Stock,
    ToolWear,
    chain,
)
from opt_twin.theory import capacity_table, released_per_hour, traffic


def way(source, target, **fields):
    return Connection(source=source, target=target, **fields)


def line_of(elements, connections, products="", **fields):
    return Line(
        name="t",
        elements=tuple(elements),
        connections=tuple(connections),
        products=tuple(Product(name=name) for name in products),
        **fields,
    )


def test_products_take_the_ways_that_admit_them():
    line = line_of(
        (
            Source(name="In", mix={"a": 0.7, "b": 0.3}),
            Station(name="First", cycle_time=1),
            Station(name="Left", cycle_time=10),
            Station(name="Right", cycle_time=10),
            Sink(name="Out"),
        ),
        (
            *chain("In", "First"),
            way("First", "Left", products=["a"]),
            way("First", "Right", products=["b"]),
            *chain("Left", "Out"),
            *chain("Right", "Out"),
        ),
        "ab",
    )
    flow = traffic(line)
    assert (flow.visits["Left"], flow.visits["Right"]) == pytest.approx((0.7, 0.3))
    assert flow.products["Left"] == {"a": 1.0, "b": 0.0}
    assert [row.capacity_per_hour for row in capacity_table(line)] == pytest.approx([3600, 360 / 0.7, 1200])


def test_probabilities_are_shared_among_the_ways_that_admit_a_part():
    line = line_of(
        (
            Source(name="In", mix={"a": 0.5, "b": 0.5}),
            Station(name="S", cycle_time=1),
            *(Buffer(name=name) for name in "XYZ"),
            Sink(name="Out"),
        ),
        (
            *chain("In", "S"),
            way("S", "X", probability=0.25),
            way("S", "Y", probability=0.25, products=["a"]),
            way("S", "Z", probability=0.5),
            *(c for name in "XYZ" for c in chain(name, "Out")),
        ),
        "ab",
    )
    visits = traffic(line).visits
    assert visits["Y"] == pytest.approx(0.5 * 0.25)
    assert visits["X"] == pytest.approx(0.5 * 0.25 + 0.5 / 3)


def rework(*, defects=0.1, cures=1.0, limit=None, detection=1.0, false_alarm=0.0):
    test = Inspection(detection=detection, false_alarm=false_alarm, rejects="route")
    return line_of(
        (
            Source(name="In"),
            Station(name="Make", cycle_time=4, defect_rate=defects),
            Station(name="Test", cycle_time=2, inspection=test),
            Station(name="Fix", cycle_time=20, cures=cures),
            Sink(name="Out"),
        ),
        (
            *chain("In", "Make", "Test"),
            way("Test", "Out", quality="passed"),
            way("Test", "Fix", quality="rejected", limit=limit),
            *chain("Fix", "Test"),
        ),
    )


def test_rejects_are_cured_and_tested_again():
    flow = traffic(rework())
    assert flow.visits["Fix"] == pytest.approx(0.1)
    assert flow.visits["Test"] == pytest.approx(1.1)
    assert (flow.parts_out, flow.good_parts) == pytest.approx((1, 1))
    assert flow.defective["Fix"] == 1


def test_a_part_that_has_used_up_its_way_of_rework_is_scrapped():
    flow = traffic(rework(cures=0.5, limit=2))
    assert flow.visits["Fix"] == pytest.approx(0.1 * (1 + 0.5))
    assert flow.parts_out == pytest.approx(1 - 0.1 * 0.25)
    assert flow.stranded == {}


@settings(deadline=None, max_examples=40)
@given(
    st.floats(0, 0.5),
    st.floats(0.1, 1),
    st.integers(1, 5),
    st.floats(0.2, 1),
    st.floats(0, 0.3),
)
def test_the_flow_of_rework_is_that_of_following_one_part(defects, cures, limit, detection, false_alarm):
    """A part is good or defective; the probabilities of both are followed from test to test."""
    good, bad, out, fixed = 1 - defects, defects, 0.0, 0.0
    for number in range(limit + 1):
        out += good * (1 - false_alarm) + bad * (1 - detection)
        good, bad = good * false_alarm, bad * detection
        if number < limit:
            fixed += good + bad
            good, bad = good + bad * cures, bad * (1 - cures)
    flow = traffic(
        rework(defects=defects, cures=cures, limit=limit, detection=detection, false_alarm=false_alarm)
    )
    assert flow.parts_out == pytest.approx(out)
    assert flow.visits["Fix"] == pytest.approx(fixed)


def test_parts_that_no_connection_admits_are_told():
    line = line_of(
        (Source(name="In", mix={"a": 0.75, "b": 0.25}), Station(name="S", cycle_time=1), Sink(name="Out")),
        (*chain("In", "S"), way("S", "Out", products=["a"])),
        "ab",
    )
    assert traffic(line).stranded == {"S": pytest.approx(0.25)}


def assembly(*, a=None, b=None, components=None, **station):
    return line_of(
        (
            Source(name="A", mix={"a": 1}, interarrival=a),
            Source(name="B", mix={"b": 1}, interarrival=b),
            Station(
                name="Kit", cycle_time=10, components=components or {"a": 2, "b": 1}, makes="c", **station
            ),
            Sink(name="Out"),
        ),
        (*chain("A", "Kit", "Out"), *chain("B", "Kit")),
        "abc",
    )


def test_sources_release_what_assembly_needs():
    flow = traffic(assembly())
    assert flow.sources == pytest.approx({"A": 2 / 3, "B": 1 / 3})
    assert flow.cycles["Kit"] == pytest.approx(1 / 3)
    assert flow.parts_out == pytest.approx(1 / 3)
    assert flow.unused["Kit"] == pytest.approx({"a": 0, "b": 0})
    (row,) = capacity_table(assembly())
    assert row.capacity_per_hour == pytest.approx(3 * 360)


def test_the_scarcest_component_says_how_much_is_offered():
    line = assembly(a=30.0, b=90.0)  # 120 and 40 an hour: 20 kits too few of b
    assert released_per_hour(line) == pytest.approx(160)
    flow = traffic(line)
    assert flow.usable == pytest.approx(120 / 160)
    (row,) = capacity_table(line)
    assert row.utilisation == pytest.approx(40 * 10 / 3600)


def test_a_mix_that_does_not_fit_the_bill_of_materials_leaves_parts_over():
    line = line_of(
        (
            Source(name="In", mix={"a": 0.5, "b": 0.5}),
            Station(name="Kit", cycle_time=10, components={"a": 2, "b": 1}, makes="c"),
            Sink(name="Out"),
        ),
        chain("In", "Kit", "Out"),
        "abc",
    )
    flow = traffic(line)
    assert flow.cycles["Kit"] == pytest.approx(0.25)
    assert flow.unused["Kit"] == pytest.approx({"a": 0, "b": 0.5})


def test_a_kit_is_defective_if_any_component_is():
    line = assembly(defect_rate=0.05)
    spoiled = Station(name="Paint", cycle_time=1, defect_rate=0.1)
    line = line.replace(
        elements=(*line.elements, spoiled),
        connections=(*chain("A", "Paint", "Kit", "Out"), *chain("B", "Kit")),
    )
    flow = traffic(line)
    assert flow.good_parts / flow.parts_out == pytest.approx(0.9**2 * 0.95)


def test_an_assembly_of_assemblies_settles():
    line = line_of(
        (
            *(Source(name=name.upper(), mix={name: 1}) for name in "abd"),
            Station(name="Kit", cycle_time=1, components={"a": 2, "b": 1}, makes="c"),
            Station(name="Final", cycle_time=1, components={"c": 1, "d": 3}, makes="e"),
            Sink(name="Out"),
        ),
        (*chain("A", "Kit", "Final", "Out"), *chain("B", "Kit"), *chain("D", "Final")),
        "abcde",
    )
    flow = traffic(line)
    assert flow.sources == pytest.approx({"A": 2 / 6, "B": 1 / 6, "D": 3 / 6})
    assert flow.parts_out == pytest.approx(1 / 6)


def test_what_is_cut_into_pieces_has_more_of_them():
    line = line_of(
        (
            Source(name="In", mix={"rod": 1}),
            Station(name="Saw", cycle_time=10, yields={"long": 1, "short": 3}),
            Station(name="Mill", cycle_time=2),
            Sink(name="Out"),
        ),
        chain("In", "Saw", "Mill", "Out"),
        ("rod", "long", "short"),
    )
    flow = traffic(line)
    assert flow.visits["Mill"] == pytest.approx(4)
    assert flow.products["Mill"] == pytest.approx({"rod": 0, "long": 0.25, "short": 0.75})


@pytest.mark.parametrize(("output", "behind"), [("joined", 1 / 8), ("parts", 1.0)])
def test_the_parts_of_an_oven_leave_as_one_or_one_by_one(output, behind):
    line = line_of(
        (
            Source(name="In"),
            Station(name="Oven", cycle_time=80, batch_size=8, batch_output=output),
            Station(name="Test", cycle_time=1),
            Sink(name="Out"),
        ),
        chain("In", "Oven", "Test", "Out"),
    )
    flow = traffic(line)
    assert flow.visits["Test"] == pytest.approx(behind)
    assert flow.cycles["Oven"] == pytest.approx(1 / 8)


def test_packs_that_are_unpacked_hold_what_was_packed():
    line = line_of(
        (
            Source(name="In", mix={"a": 0.25, "b": 0.75}),
            Station(name="Pack", cycle_time=1, batch_size=4),
            Station(name="Unpack", cycle_time=1, unpacks=True),
            Station(name="Test", cycle_time=1),
            Sink(name="Out"),
        ),
        chain("In", "Pack", "Unpack", "Test", "Out"),
        "ab",
    )
    flow = traffic(line)
    assert flow.visits["Unpack"] == pytest.approx(0.25)
    assert flow.visits["Test"] == pytest.approx(1)
    assert flow.products["Test"] == pytest.approx({"a": 0.25, "b": 0.75})


def test_the_defects_of_packed_parts_are_those_of_the_unpacked():
    line = line_of(
        (
            Source(name="In"),
            Station(name="Make", cycle_time=1, defect_rate=0.1),
            Station(name="Pack", cycle_time=1, batch_size=5),
            Station(name="Unpack", cycle_time=1, unpacks=True),
            Sink(name="Out"),
        ),
        chain("In", "Make", "Pack", "Unpack", "Out"),
    )
    flow = traffic(line)
    assert flow.defective["Unpack"] == pytest.approx(1 - 0.9**5)
    assert flow.defective["Out"] == pytest.approx(0.1)


def test_a_worn_tool_makes_more_defects_on_average():
    tool = ToolWear(life=5, change_time=10, defect_rate=0.2)
    line = line_of(
        (Source(name="In"), Station(name="S", cycle_time=1, tool=tool), Sink(name="Out")),
        chain("In", "S", "Out"),
    )
    by_hand = np.mean([0.2 * k / 4 for k in range(5)])
    assert traffic(line).good_parts == pytest.approx(1 - by_hand)
    (row,) = capacity_table(line)
    assert row.effective_cycle_time == pytest.approx(1 + 10 / 5)


@pytest.mark.parametrize(
    ("routing", "share"),
    [("round_robin", 0.5), ("decision", 0.5), ("first_ready", 0.8), ("shortest_queue", 0.8)],
)
def test_other_rules_share_the_ways_equally_or_by_speed(routing, share):
    line = line_of(
        (
            Source(name="In"),
            Buffer(name="B", capacity=5, routing=routing),
            Station(name="Fast", cycle_time=1, servers=2),
            Station(name="Slow", cycle_time=2),
            Sink(name="Out"),
        ),
        (*chain("In", "B", "Fast", "Out"), *chain("B", "Slow", "Out")),
    )
    assert traffic(line).visits["Fast"] == pytest.approx(share)


def test_a_stock_is_an_end_that_takes_good_parts_at_the_rate_of_its_customers():
    line = line_of(
        (
            Source(name="In", replenishes="Shelf"),
            Station(name="S", cycle_time=1, defect_rate=0.1),
            Stock(name="Shelf", reorder_point=2, order_up_to=5, demand="30 s", quantity=2),
        ),
        chain("In", "S", "Shelf"),
    )
    assert released_per_hour(line) == pytest.approx(240)
    assert traffic(line).parts_out == pytest.approx(0.9)
    (row,) = capacity_table(line)
    assert row.utilisation == pytest.approx(240 / 3600)


def test_timetables_and_orders_give_shares_but_no_rate():
    elements = (Station(name="S", cycle_time=1), Sink(name="Out"))
    timetable = (Release(time=0, product="b", quantity=3), Release(time=10))
    table = line_of((Source(name="In", timetable=timetable), *elements), chain("In", "S", "Out"), "ab")
    assert traffic(table).products["S"] == pytest.approx({"a": 0.25, "b": 0.75})
    assert released_per_hour(table) is None
    orders = (Order(name="1", product="a", quantity=9), Order(name="2", product="b", quantity=1))
    line = line_of(
        (Source(name="In", releases_orders=True), *elements), chain("In", "S", "Out"), "ab", orders=orders
    )
    assert traffic(line).products["S"] == pytest.approx({"a": 0.9, "b": 0.1})


def test_many_kinds_are_solved_as_a_sparse_system_with_the_same_answer():
    names = [f"S{k}" for k in range(40)]
    small = line_of(
        (
            Source(name="In"),
            *(Station(name=n, cycle_time=1, defect_rate=0.01) for n in names),
            Sink(name="Out"),
        ),
        chain("In", *names, "Out"),
    )
    products = [f"p{k}" for k in range(20)]
    large = small.replace(
        products=tuple(Product(name=name) for name in products),
        elements=(Source(name="In", mix=dict.fromkeys(products, 0.05)), *small.elements[1:]),
    )
    assert traffic(small).good_parts == pytest.approx(0.99**40)
    assert traffic(large).good_parts == pytest.approx(0.99**40)


def test_too_many_kinds_are_refused_with_advice():
    elements = [Source(name="In"), Sink(name="Out")]
    ways = [way("In", "S0")]
    for k in range(8):
        test = Inspection(detection=0.5, rejects="route")
        elements += [
            Station(name=f"S{k}", cycle_time=1, defect_rate=0.5, inspection=test),
            Buffer(name=f"R{k}"),
        ]
        ways += [
            way(f"S{k}", f"R{k}", quality="rejected", limit=30),
            way(f"S{k}", f"S{k + 1}" if k < 7 else "Out", quality="passed"),
            way(f"R{k}", f"S{k}"),
        ]
    with pytest.raises(ModelError, match="too many to calculate"):
        traffic(line_of(elements, ways))


def test_nothing_is_lost_on_the_way():
    line = rework(cures=0.3, limit=3, detection=0.9, false_alarm=0.1)
    flow = traffic(line)
    tested = flow.visits["Test"]
    assert tested == pytest.approx(1 + flow.visits["Fix"])
    assert math.isclose(sum(flow.sources.values()), 1)
