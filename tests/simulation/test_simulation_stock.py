"""Stocks: customers, backorders and lost sales, (s, S) orders; exact cases and what must always hold."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opt_twin.errors import PlanError, SimulationError
from opt_twin.line import (
    Buffer,
    Connection,
    Deterministic,
    Exponential,
    FailureMode,
    Inspection,
    Order,
    Pallets,
    Product,
    Sink,
    Source,
    Station,
    Stock,
    Uniform,
    chain,
)
from opt_twin.plan import Assignment, Schedule
from opt_twin.simulation import RunSettings, run_replication, simulate
from opt_twin.theory import lost_sales_stock, make_to_stock, reorder_stock


def stocked(line_of, *middle, limit=None, products=(), mix=None, **stock):
    source = Source(name="In", replenishes="Shop", limit=limit, mix=mix or {})
    return line_of(source, *middle, Stock(name="Shop", **stock), products=products)


def run(line, horizon, **options):
    return run_replication(line, settings=RunSettings(horizon=horizon), log=True, **options)


def told(found, kind, element="Shop"):
    return [(e.time, e.detail) for e in found.events if e.kind == kind and e.element == element]


# -- followed by hand -----------------------------------------------------------------------------------


def test_an_order_is_placed_when_the_position_falls_to_the_reorder_point(line_of):
    line = stocked(
        line_of, Station(name="S", cycle_time=3), demand=10, reorder_point=1, order_up_to=4, initial=4
    )
    found = run(line, 100)
    # customers at 10, 20, ...; the position falls to 1 with every third one
    assert told(found, "demand") == [(10.0 * k, "1") for k in range(1, 11)]
    assert told(found, "order") == [(30, "3"), (60, "3"), (90, "3")]
    assert [e.time for e in found.events if e.kind == "exit"] == [33, 36, 39, 63, 66, 69, 93, 96, 99]
    # 4 until 10, 3, 2, then 1 from 30 to 33, 2, 3, 4 from 39 to 40, and so on
    level = 40 + 30 + 20 + 2 * (3 + 6 + 9 + 4 + 30 + 20) + 3 + 6 + 9 + 4
    assert found.values["Shop.level"] == pytest.approx(level / 100)
    assert found.values["Shop.fill_rate"] == 1


def test_customers_wait_for_what_is_not_there(line_of):
    line = stocked(
        line_of,
        Station(name="S", cycle_time=25),
        demand=10,
        quantity=2,
        reorder_point=0,
        order_up_to=1,
        initial=3,
    )
    found = run(line, 30)
    # 10: two of three are taken, position 1; 20: one taken, one owed, position -1, two ordered;
    # 30: two more owed, position -1, two ordered
    assert told(found, "order") == [(20, "2"), (30, "2")]
    assert found.values["Shop.demand"] == 6
    assert found.values["Shop.filled"] == 3
    assert found.values["Shop.fill_rate"] == 0.5
    assert found.values["Shop.backorders"] == pytest.approx(10 / 30)
    assert found.values["Shop.lost"] == 0


def test_what_is_not_there_is_lost_where_customers_do_not_wait(line_of):
    line = stocked(
        line_of,
        Station(name="S", cycle_time=100),
        demand=10,
        quantity=2,
        reorder_point=0,
        order_up_to=1,
        initial=3,
        backorders=False,
    )
    found = run(line, 30)
    assert (found.values["Shop.filled"], found.values["Shop.lost"]) == (3, 3)
    assert found.values["Shop.backorders"] == 0
    assert told(found, "order") == [(20, "1")]


def test_the_first_order_is_placed_at_the_start(line_of):
    line = stocked(
        line_of, Station(name="S", cycle_time=5), demand=1000, reorder_point=2, order_up_to=6, initial=1
    )
    found = run(line, 100)
    assert told(found, "order") == [(0, "5")]
    assert [e.time for e in found.events if e.kind == "exit"] == [5, 10, 15, 20, 25]


def test_a_stock_is_full_at_the_start_unless_told_otherwise(line_of):
    line = stocked(line_of, Station(name="S", cycle_time=5), demand=1000, reorder_point=2, order_up_to=6)
    assert run(line, 100).values["Shop.level"] == 6


def test_scrap_on_the_way_is_ordered_again(line_of):
    test = Station(name="S", cycle_time=1, defect_rate=0.5, inspection=Inspection())
    line = stocked(line_of, test, demand=50, reorder_point=9, order_up_to=10)
    found = run(line, 1000, seed=3)
    orders, exits = told(found, "order"), [e for e in found.events if e.kind == "exit"]
    scrap = [e.time for e in found.events if e.kind == "scrap"]
    assert scrap
    assert len(exits) in {19, 20}  # the one that the last customer has ordered may be on its way
    assert sorted(time for time, _ in orders) == sorted([*(50.0 * k for k in range(1, 21)), *scrap])


def test_a_defective_part_is_thrown_away_and_ordered_again(line_of):
    spoil = Station(name="S", cycle_time=1, defect_rate=0.5)
    product = Product(name="a", price=3)
    line = stocked(
        line_of, spoil, demand=50, reorder_point=9, order_up_to=10, products=(product,), backorders=False
    )
    found = run(line, 1020, seed=3)
    assert found.values["defective_parts"] > 0
    assert found.values["good_parts"] == 20
    assert found.values["revenue"] == 3 * found.values["Shop.filled"] == 60


def test_parts_that_leave_elsewhere_are_struck_off_the_order(line_of):
    elements = (
        Source(name="In", replenishes="Shop"),
        Station(name="S", cycle_time=1),
        Stock(name="Shop", demand=20, reorder_point=4, order_up_to=5),
        Sink(name="Elsewhere"),
    )
    ways = (
        Connection(source="In", target="S"),
        Connection(source="S", target="Shop", probability=0.5),
        Connection(source="S", target="Elsewhere", probability=0.5),
    )
    found = run(line_of(*elements, ways=ways), 990)
    gone = [e.time for e in found.events if e.kind == "exit" and e.element == "Elsewhere"]
    assert gone
    assert len([e for e in found.events if e.kind == "exit" and e.element == "Shop"]) == 49
    assert len(told(found, "order")) == 49 + len(gone)


def test_money_follows_the_customer(line_of):
    product = Product(name="a", price=10, material_cost=2)
    line = stocked(
        line_of,
        Station(name="S", cycle_time=1800),
        demand=3600,
        quantity=2,
        reorder_point=3,
        order_up_to=4,
        initial=1,
        holding_cost=0.5,
        backorder_cost=4,
        products=(product,),
    )
    found = run(line, 2 * 3600)
    # order of 3 at 0: parts at 0.5 h, 1 h and 1.5 h; customers at 1 h (finds 3) and 2 h (finds 2)
    # the first customer takes two of three, the part of 1.5 h makes 2, all of which the second one takes
    values = found.values
    assert values["revenue"] == 10 * 4
    held = 1 * 0.5 + 2 * 0.5 + 1 * 0.5 + 2 * 0.5
    assert values["stock_cost"] == pytest.approx(0.5 * held)
    assert values["margin"] == pytest.approx(40 - values["material_cost"] - 0.5 * held)


def test_lost_sales_cost_money(line_of):
    line = stocked(
        line_of,
        Station(name="S", cycle_time=1e6),
        demand=10,
        reorder_point=0,
        order_up_to=1,
        initial=0,
        backorders=False,
        lost_sale_cost=7,
    )
    assert run(line, 100).values["stock_cost"] == 70
    warm = run_replication(line, settings=RunSettings(horizon=100, warm_up=40))
    assert warm.values["stock_cost"] == 42
    assert warm.values["Shop.fill_rate"] == 0


def test_a_source_with_a_limit_releases_no_more_than_that(line_of):
    line = stocked(
        line_of, Station(name="S", cycle_time=1), limit=3, demand=10, reorder_point=1, order_up_to=2
    )
    found = run(line, 200)
    assert found.values["released"] == 3
    assert found.values["Shop.filled"] == 5


def test_a_saturated_source_of_its_own_must_not_flood_a_stock(line_of):
    elements = (
        Source(name="In", replenishes="Shop"),
        Source(name="More"),
        Station(name="S", cycle_time=1),
        Stock(name="Shop", demand=20, reorder_point=4, order_up_to=5),
    )
    ways = (*chain("In", "S", "Shop"), *chain("More", "Shop"))
    with pytest.raises(SimulationError, match="would fill stock 'Shop' without end"):
        run(line_of(*elements, ways=ways), 10)


def test_products_are_sold_in_the_order_in_which_they_came(line_of):
    line = stocked(
        line_of,
        Station(name="S", cycle_time=1),
        demand=10,
        reorder_point=0,
        order_up_to=1,
        mix={"b": 1.0},
        products=(Product(name="a", price=1), Product(name="b", price=100)),
    )
    assert run(line, 55).values["revenue"] == 500


def test_no_customer_means_no_fill_rate(line_of):
    line = stocked(line_of, Station(name="S", cycle_time=1), demand=100, reorder_point=0, order_up_to=1)
    assert math.isnan(run(line, 50).values["Shop.fill_rate"])


def test_a_plan_and_a_stock_do_not_go_together(line_of):
    line = stocked(
        line_of,
        Station(name="S", cycle_time=1),
        demand=100,
        reorder_point=0,
        order_up_to=1,
        products=(Product(name="a"),),
    ).replace(orders=(Order(name="o", product="a", quantity=1),))
    plan = Schedule(assignments=(Assignment(job="o", operation=0, machine="S", start=0, end=1),))
    with pytest.raises(PlanError, match="a stock orders by itself"):
        run_replication(line, plan=plan)


# -- closed forms ---------------------------------------------------------------------------------------

LONG = RunSettings(horizon=30_000, warm_up=500, replications=8)


def covers(found, measure, expected):
    estimate = found.estimate(measure, 0.999)
    assert abs(estimate.mean - expected) <= estimate.half_width, (measure, estimate, expected)


@pytest.mark.parametrize("base_stock", [1, 4])
def test_one_exponential_machine_behind_a_base_stock(line_of, base_stock):
    """Buzacott and Shanthikumar (1993), section 4.3: the parts on order are those in an M/M/1 queue."""
    line = stocked(
        line_of,
        Buffer(name="Queue"),
        Station(name="S", cycle_time=Exponential(mean=1)),
        demand=Exponential(mean=1 / 0.7),
        reorder_point=base_stock - 1,
        order_up_to=base_stock,
    )
    expected = make_to_stock(0.7, 1.0, base_stock)
    found = simulate(line, settings=LONG, seed=11)
    covers(found, "Shop.level", expected.level)
    covers(found, "Shop.backorders", expected.backorders)
    covers(found, "Shop.fill_rate", expected.fill_rate)
    covers(found, "wip", expected.on_order)


@pytest.mark.parametrize("lead_time", [Exponential(mean=4), Uniform(low=2, high=6)])
def test_lead_times_that_nothing_delays_matter_by_their_mean_alone(line_of, lead_time):
    """Palm (1938): the number on order is that in an M/G/inf queue."""
    line = stocked(
        line_of,
        Station(name="S", cycle_time=lead_time, servers=40),
        demand=Exponential(mean=1),
        reorder_point=3,
        order_up_to=4,
    )
    expected = reorder_stock(1.0, 4.0, 3, 4)
    found = simulate(line, settings=LONG.replace(horizon=10_000), seed=12)
    covers(found, "Shop.level", expected.level)
    covers(found, "Shop.backorders", expected.backorders)
    covers(found, "Shop.fill_rate", expected.fill_rate)


def test_larger_orders_with_a_constant_lead_time(line_of):
    """Hadley and Whitin (1963), chapter 4: the inventory position is uniform between s + 1 and S."""
    line = stocked(
        line_of,
        Station(name="S", cycle_time=4, servers=60),
        demand=Exponential(mean=1),
        reorder_point=3,
        order_up_to=9,
    )
    expected = reorder_stock(1.0, 4.0, 3, 9)
    found = simulate(line, settings=LONG.replace(horizon=10_000), seed=13)
    covers(found, "Shop.level", expected.level)
    covers(found, "Shop.backorders", expected.backorders)
    covers(found, "Shop.fill_rate", expected.fill_rate)


def test_lost_sales_follow_erlangs_formula(line_of):
    line = stocked(
        line_of,
        Station(name="S", cycle_time=Exponential(mean=3), servers=10),
        demand=Exponential(mean=1),
        reorder_point=3,
        order_up_to=4,
        backorders=False,
    )
    expected = lost_sales_stock(1.0, 3.0, 4)
    found = simulate(line, settings=LONG.replace(horizon=10_000), seed=14)
    covers(found, "Shop.level", expected.level)
    covers(found, "Shop.fill_rate", expected.fill_rate)
    covers(found, "wip", expected.on_order)


# -- what must always hold ------------------------------------------------------------------------------


@st.composite
def shops(draw, line_of):
    order_up_to, waits = draw(st.integers(1, 6)), draw(st.booleans())
    mode = FailureMode(time_to_failure=Exponential(mean=20), time_to_repair=Exponential(mean=3))
    return stocked(
        line_of,
        Buffer(name="Queue", capacity=draw(st.sampled_from([1, 3, None]))),
        Station(
            name="S",
            cycle_time=draw(st.sampled_from([Exponential(mean=1), Deterministic(value=1)])),
            failures=draw(st.sampled_from([(), (mode.replace(interrupted="scrap"),)])),
            defect_rate=draw(st.sampled_from([0, 0.3])),
            inspection=draw(st.sampled_from([None, Inspection(detection=0.7)])),
            servers=draw(st.integers(1, 2)),
        ),
        demand=draw(st.sampled_from([Exponential(mean=1.5), Deterministic(value=2)])),
        quantity=draw(st.integers(1, 3)),
        reorder_point=draw(st.integers(-2 if waits else 0, order_up_to - 1)),
        order_up_to=order_up_to,
        initial=draw(st.sampled_from([None, 0, 3])),
        backorders=waits,
        holding_cost=1,
        backorder_cost=2,
        lost_sale_cost=3,
    )


@given(data=st.data(), seed=st.integers(0, 100))
@settings(max_examples=40, deadline=None)
def test_what_is_ordered_has_come_or_is_on_its_way_or_lost(line_of, data, seed):
    line = data.draw(shops(line_of))
    found = run(line, 200, seed=seed)
    assert repr(found.values) == repr(run(line, 200, seed=seed).values)  # nan is not nan
    shop = line.element("Shop")
    ordered = sum(int(quantity) for _, quantity in told(found, "order"))
    values = found.values
    assert values["parts_out"] + values["scrapped"] <= values["released"] <= ordered
    assert values["Shop.filled"] + values["Shop.lost"] <= values["Shop.demand"]
    if not shop.backorders:
        assert values["Shop.filled"] + values["Shop.lost"] == values["Shop.demand"]
        assert values["Shop.backorders"] == 0
    hours = 200 / 3600
    cost = values["Shop.level"] * hours + 2 * values["Shop.backorders"] * hours + 3 * values["Shop.lost"]
    assert values["stock_cost"] == pytest.approx(cost)


# -- ovens and pallets on the way -----------------------------------------------------------------------


def test_what_is_scrapped_in_an_oven_is_ordered_anew_part_by_part(line_of):
    mode = FailureMode(time_to_failure=5, time_to_repair=1, interrupted="scrap")
    oven = Station(name="S", cycle_time=4, batch_size=2, batch_output="parts", failures=(mode,))
    line = stocked(line_of, oven, demand=1000, reorder_point=1, order_up_to=4, initial=0)
    found = run(line, 20)
    # two parts come at 4; two are scrapped at 5 and ordered anew, come at 10 and are not struck off twice
    assert found.values["scrapped"] == 2
    assert told(found, "order") == [(0, "4")]
    assert found.values["Shop.level"] == pytest.approx(2 * 16 / 20)


def test_parts_leave_their_pallets_at_a_stock(line_of):
    line = line_of(
        Source(name="In", replenishes="Shop", pallets="tray"),
        Station(name="S", cycle_time=4),
        Stock(name="Shop", demand=5, reorder_point=2, order_up_to=3),
        pallets=(Pallets(name="tray", number=1, return_time=2),),
    )
    found = run(line, 103)
    # a customer at 5, 10, ...; each part is on its pallet for 4 s, which is free again 2 s later
    assert [e.time for e in found.events if e.kind == "exit"][:4] == [9, 15, 21, 27]
    assert found.values["tray.in_use"] + found.values["tray.free"] + found.values[
        "tray.returning"
    ] == pytest.approx(1)


def test_a_kit_of_parts_that_two_stocks_ordered_is_struck_off_both_orders(line_of):
    fields = {"demand": 10_000, "reorder_point": 3, "order_up_to": 4, "initial": 0}
    line = line_of(
        Source(name="InA", replenishes="ShopA", mix={"a": 1}),
        Source(name="InB", replenishes="ShopB", mix={"b": 1}),
        Station(name="S", cycle_time=4, components={"a": 1, "b": 1}, routing="round_robin"),
        Stock(name="ShopA", **fields),
        Stock(name="ShopB", **fields),
        products=(Product(name="a"), Product(name="b")),
        ways=(
            Connection(source="InA", target="S"),
            Connection(source="InB", target="S"),
            Connection(source="S", target="ShopA"),
            Connection(source="S", target="ShopB"),
        ),
    )
    found = run(line, 100)
    # each kit fills one stock and takes a part off both orders, so that the other one orders anew; after
    # the seventh ShopA is full, and the last part for ShopB finds no other to go with
    for shop, ordered, came in (("ShopA", 7, 4), ("ShopB", 8, 3)):
        assert sum(int(quantity) for _, quantity in told(found, "order", shop)) == ordered
        assert sum(event.kind == "exit" and event.element == shop for event in found.events) == came
