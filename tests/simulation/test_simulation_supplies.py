"""What sources release: timetables, and orders without a plan."""

import math

import pytest

from opt_twin.errors import ModelError, PlanError
from opt_twin.line import (
    Buffer,
    Connection,
    Deterministic,
    Order,
    Product,
    Release,
    Sink,
    Source,
    Station,
)
from opt_twin.plan import Assignment, Schedule
from opt_twin.simulation import RunSettings, run_replication, simulate

PRODUCTS = (Product(name="a"), Product(name="b"))
ORDERS = (
    Order(name="one", product="a", quantity=3, due=10.0),
    Order(name="two", product="b", quantity=2, release=20.0, due=25.0),
    Order(name="three", product="a", quantity=1, release=5.0),
)


def once(line, horizon, **arguments):
    return run_replication(line, settings=RunSettings(horizon=horizon), log=True, **arguments)


def releases(run):
    return [(e.time, e.product, e.order) for e in run.events if e.kind == "release"]


def shop(line_of, source, cycle=4.0, **fields):
    return line_of(
        source,
        Buffer(name="B"),
        Station(name="A", cycle_time=cycle),
        Sink(name="Out"),
        products=PRODUCTS,
        **fields,
    )


def test_a_timetable_says_what_comes_when(line_of):
    timetable = [
        Release(time=2.0, quantity=2),
        Release(time=2.0, product="b"),
        Release(time=7.5, product="b"),
    ]
    run = once(shop(line_of, Source(name="In", timetable=timetable)), 30)
    assert releases(run) == [(2.0, "a", None), (2.0, "a", None), (2.0, "b", None), (7.5, "b", None)]
    run = once(shop(line_of, Source(name="In", timetable=timetable, limit=3)), 30)
    assert len(releases(run)) == 3


def test_what_finds_no_place_waits_and_holds_up_the_timetable(line_of):
    line = line_of(
        Source(name="In", timetable=[Release(time=1.0, quantity=2), Release(time=2.0)]),
        Station(name="A", cycle_time=5.0),
        Sink(name="Out"),
    )
    assert [time for time, _, _ in releases(once(line, 30))] == [1.0, 6.0, 11.0]


def test_a_timetable_fills_an_unlimited_buffer_and_is_no_flood(line_of):
    run = once(shop(line_of, Source(name="In", timetable=[Release(time=0.0, quantity=50)])), 10)
    assert run.values["released"] == 50


def test_a_timetable_must_be_ascending_and_names_known_products(line_of):
    with pytest.raises(ModelError, match="ascending"):
        Source(name="In", timetable=[Release(time=2.0), Release(time=1.0)])
    with pytest.raises(ModelError, match="leave out mix"):
        Source(name="In", timetable=[Release(time=2.0)], mix={"a": 1.0})
    with pytest.raises(ModelError, match="no product is called 'z'"):
        shop(line_of, Source(name="In", timetable=[Release(time=2.0, product="z")]))


def test_orders_are_released_in_their_order_without_a_plan(line_of):
    run = once(shop(line_of, Source(name="In", releases_orders=True), orders=ORDERS), 40)
    assert releases(run) == [
        *[(0.0, "a", "one")] * 3,
        *[(20.0, "b", "two")] * 2,
        (20.0, "a", "three"),
    ]
    assert run.end == 40
    expected = {"one": 12.0, "two": 28.0, "three": 32.0}
    for name, time in expected.items():
        assert run.values[f"order.{name}.completion"] == time
    assert run.values["makespan"] == 32
    assert run.values["total_tardiness"] == 2 + 3
    assert run.values["maximum_tardiness"] == 3
    assert run.values["orders_on_time"] == pytest.approx(1 / 3)


def test_an_order_that_is_open_at_the_horizon_is_late_until_then(line_of):
    run = once(shop(line_of, Source(name="In", releases_orders=True), orders=ORDERS), 27)
    assert run.values["order.one.completion"] == 12
    assert math.isnan(run.values["order.two.completion"])
    assert math.isnan(run.values["makespan"])
    assert run.values["total_tardiness"] == 2 + 2
    assert run.values["orders_on_time"] == 0


def test_open_orders_are_no_numbers_in_an_evaluation(line_of):
    line = shop(line_of, Source(name="In", releases_orders=True), orders=ORDERS)
    result = simulate(line, settings=RunSettings(horizon=27, replications=2))
    assert math.isnan(result.mean("makespan"))
    assert result.mean("order.one.completion") == 12


def test_orders_need_one_source_and_orders(line_of):
    with pytest.raises(ModelError, match="the line has no orders"):
        shop(line_of, Source(name="In", releases_orders=True))
    with pytest.raises(ModelError, match="'In' releases the orders already"):
        line_of(
            Source(name="In", releases_orders=True),
            Source(name="More", releases_orders=True),
            Station(name="A", cycle_time=1.0),
            Sink(name="Out"),
            ways=(
                Connection(source="In", target="A"),
                Connection(source="More", target="A"),
                Connection(source="A", target="Out"),
            ),
            products=PRODUCTS,
            orders=ORDERS,
        )


def test_two_measures_of_orders_come_from_every_replication(line_of):
    line = shop(line_of, Source(name="In", releases_orders=True), Deterministic(value=4.0), orders=ORDERS)
    result = simulate(line, settings=RunSettings(horizon=40, replications=2))
    assert result.mean("total_tardiness") == 5


def test_components_without_an_order_join_one(line_of):
    """Kits of an ordered body and two lids from stock: the order is complete when its kits are out."""
    line = line_of(
        Source(name="Bodies", releases_orders=True),
        Source(name="Lids", interarrival=1.0, mix={"b": 1.0}),
        Buffer(name="Q", discipline="by_product"),
        Station(name="Join", cycle_time=1.0, components={"a": 1, "b": 2}),
        Sink(name="Out"),
        ways=(
            Connection(source="Bodies", target="Q"),
            Connection(source="Lids", target="Q"),
            Connection(source="Q", target="Join"),
            Connection(source="Join", target="Out"),
        ),
        products=PRODUCTS,
        orders=(Order(name="one", product="a", quantity=3),),
    )
    assert once(line, 20).values["order.one.completion"] == 7.0
    plan = Schedule(
        assignments=(Assignment(job="one", operation=0, machine="Join", start=0, end=3),),
        instance_name="kits",
    )
    assert run_replication(line, plan=plan).end == 7.0


def test_a_plan_asks_which_of_several_sources_releases_the_orders(line_of):
    line = line_of(
        Source(name="In", interarrival=1.0),
        Source(name="More", interarrival=1.0),
        Station(name="A", cycle_time=1.0),
        Sink(name="Out"),
        ways=(
            Connection(source="In", target="A"),
            Connection(source="More", target="A"),
            Connection(source="A", target="Out"),
        ),
        products=PRODUCTS,
        orders=ORDERS,
    )
    plan = Schedule(
        assignments=tuple(
            Assignment(job=order.name, operation=0, machine="A", start=i, end=i)
            for i, order in enumerate(ORDERS)
        )
    )
    with pytest.raises(PlanError, match="set releases_orders on one of them"):
        run_replication(line, plan=plan)
