"""How defects come about and are found: start-ups, tools that wear, rework, tests that take time."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opt_twin.line import (
    Buffer,
    Economics,
    Exponential,
    FailureMode,
    Inspection,
    Operators,
    Order,
    Product,
    Release,
    Sink,
    Source,
    StartUp,
    Station,
    ToolWear,
    Uniform,
)
from opt_twin.plan import Assignment, Schedule
from opt_twin.simulation import RunSettings, run_replication
from opt_twin.streams import stream

AB = (Product(name="a"), Product(name="b"))


def log_of(line, horizon, **options):
    return run_replication(line, settings=RunSettings(horizon=horizon), log=True, **options)


def times(run, kind, element="S"):
    return [e.time for e in run.events if e.kind == kind and e.element == element]


def test_a_worn_tool_is_changed_before_the_next_cycle(line_of):
    station = Station(name="S", cycle_time=10, tool=ToolWear(life=3, change_time=4))
    run = log_of(line_of(Source(name="In"), station, Sink(name="Out")), 100)
    assert times(run, "finish") == [10, 20, 30, 44, 54, 64, 78, 88, 98]
    assert run.values["S.setup"] == pytest.approx(0.1)  # 30 to 34, 64 to 68, 98 to the end
    assert [e.time for e in run.events if e.state == "setup"] == [30, 64, 98]


def test_a_change_of_the_tool_comes_before_the_set_up_and_each_has_its_length(line_of):
    station = Station(
        name="S",
        cycle_time=1,
        tool=ToolWear(life=2, change_time=10),
        setup_times={"a": {"b": 5}},
        initial_product="a",
    )
    source = Source(name="In", timetable=(), limit=3, mix={"b": 1.0})
    run = log_of(line_of(source, station, Sink(name="Out"), products=AB), 50)
    assert times(run, "finish") == [6, 7, 18]


def test_each_server_has_a_tool_of_its_own(line_of):
    station = Station(name="S", cycle_time=10, servers=2, tool=ToolWear(life=1, change_time=5))
    run = log_of(line_of(Source(name="In"), station, Sink(name="Out")), 60)
    assert times(run, "finish") == [10, 10, 25, 25, 40, 40, 55, 55]


def test_tools_are_paid_when_their_change_begins(line_of):
    station = Station(name="S", cycle_time=10, tool=ToolWear(life=3, change_time=4, cost=7))
    line = line_of(Source(name="In"), station, Sink(name="Out"))
    assert log_of(line, 100).values["tool_cost"] == 21
    assert log_of(line, 97.5).values["tool_cost"] == 14
    warm = run_replication(line, settings=RunSettings(horizon=100, warm_up=40))
    assert warm.values["tool_cost"] == 14
    assert warm.values["conversion_cost"] == 14


def test_defects_rise_with_the_wear_of_the_tool(line_of):
    tool = ToolWear(life=5, change_time=0, defect_rate=0.9)
    station = Station(name="S", cycle_time=1, defect_rate=0.1, tool=tool)
    run = log_of(line_of(Source(name="In"), station, Sink(name="Out")), 1000)
    draws = stream(0, 0, "S", "defect").random(1000)
    rates = [0.1 + (0.9 - 0.1) * (cycle % 5) / 4 for cycle in range(1000)]
    assert run.values["defective_parts"] == sum(draws[i] < rates[i] for i in range(1000))


@pytest.mark.parametrize(("rate", "bad"), [(1.0, 10), (0.0, 0), (None, 0)])
def test_a_tool_for_one_cycle_has_its_own_defect_rate(line_of, rate, bad):
    station = Station(name="S", cycle_time=1, tool=ToolWear(life=1, change_time=0, defect_rate=rate))
    run = log_of(line_of(Source(name="In"), station, Sink(name="Out")), 10)
    assert run.values["defective_parts"] == bad


def test_only_the_first_cycles_after_a_set_up_have_the_start_up_rate(line_of):
    station = Station(
        name="S",
        cycle_time=1,
        setup_times={"a": {"b": 2}, "b": {"a": 2}},
        initial_product="a",
        start_up=StartUp(cycles=2, defect_rate=1.0),
    )
    orders = [Order(name=f"o{i}", product=p, quantity=4) for i, p in enumerate("aba")]
    line = line_of(Source(name="In"), station, Sink(name="Out"), products=AB, orders=tuple(orders))
    plan = Schedule(
        assignments=tuple(
            Assignment(job=order.name, operation=0, machine="S", start=i, end=i)
            for i, order in enumerate(orders)
        )
    )
    run = run_replication(line, plan=plan)
    assert run.values["defective_parts"] == 4  # none at the start, for which S is set up
    assert run.end == 12 + 4


def test_a_start_up_without_a_plan_follows_the_set_up_of_its_cycle(line_of):
    station = Station(
        name="S",
        cycle_time=1,
        setup_times={"a": {"b": 2}},
        initial_product="a",
        start_up=StartUp(cycles=3, defect_rate=1.0),
    )
    run = log_of(line_of(Source(name="In", mix={"b": 1}), station, Sink(name="Out"), products=AB), 12)
    assert (run.values["defective_parts"], run.values["good_parts"]) == (3, 7)


def test_rework_makes_defective_parts_good(line_of):
    spoil = Station(name="Spoil", cycle_time=1, defect_rate=1)
    cure = Station(name="Cure", cycle_time=1, cures=0.5)
    run = log_of(line_of(Source(name="In"), spoil, cure, Sink(name="Out")), 401)
    draws = stream(0, 0, "Cure", "cure").random(400)
    assert run.values["good_parts"] == sum(draws < 0.5)
    assert run.values["parts_out"] == 400


def test_a_cycle_that_cures_can_make_a_new_defect(line_of):
    spoil = Station(name="Spoil", cycle_time=1, defect_rate=1)
    cure = Station(name="Cure", cycle_time=1, cures=1, defect_rate=1)
    run = log_of(line_of(Source(name="In"), spoil, cure, Sink(name="Out")), 50)
    assert run.values["good_parts"] == 0


def test_a_test_takes_its_time_after_the_processing_and_is_not_sped_up(line_of):
    station = Station(name="S", cycle_time=10, speed=2, inspection=Inspection(time=3, cost=2))
    run = log_of(line_of(Source(name="In"), station, Sink(name="Out")), 40)
    assert times(run, "finish") == [8, 16, 24, 32, 40]
    assert run.values["S.busy"] == 1
    assert run.values["inspection_cost"] == run.values["conversion_cost"] == 10


def test_a_failure_of_the_operation_clock_cannot_strike_in_a_test(line_of):
    mode = FailureMode(clock="operation", time_to_failure=15, time_to_repair=100, interrupted="scrap")
    station = Station(name="S", cycle_time=10, failures=(mode,), inspection=Inspection(time=30))
    run = log_of(line_of(Source(name="In"), station, Sink(name="Out")), 60)
    assert times(run, "fail") == [45]


def test_a_failure_in_a_test_scraps_nothing_and_the_test_goes_on(line_of):
    mode = FailureMode(time_to_failure=25, time_to_repair=5, interrupted="scrap")
    station = Station(name="S", cycle_time=10, failures=(mode,), inspection=Inspection(time=30))
    run = log_of(line_of(Source(name="In", limit=1), station, Sink(name="Out")), 60)
    assert times(run, "finish") == [45]
    assert run.values["scrapped"] == 0


def test_a_part_that_is_rejected_but_routed_stays_in_the_line(line_of):
    inspection = Inspection(rejects="route")
    station = Station(name="S", cycle_time=1, defect_rate=0.5, inspection=inspection)
    run = log_of(line_of(Source(name="In"), station, Sink(name="Out")), 100)
    assert run.values["scrapped"] == 0
    assert run.values["parts_out"] == 100


def test_scrap_is_paid_by_the_part_as_it_is_then(line_of):
    products = (Product(name="case", scrap_cost=3, material_cost=1, price=10),)
    pack = Station(
        name="Pack", cycle_time=4, batch_size=4, defect_rate=0.5, inspection=Inspection(detection=1)
    )
    line = line_of(Source(name="In"), pack, Sink(name="Out"), products=products)
    run = log_of(line, 4000)
    cases = run.values["scrapped"] / 4
    assert run.values["scrap_cost"] == 3 * cases
    assert run.values["margin"] == 10 * run.values["good_parts"] - run.values["released"] - 3 * cases


@st.composite
def quality_lines(draw, line_of):
    """Return a line with everything that touches quality."""
    tool = ToolWear(
        life=draw(st.integers(1, 4)),
        change_time=draw(st.sampled_from([Uniform(low=0, high=2), Exponential(mean=1)])),
        defect_rate=draw(st.sampled_from([None, 0.7])),
        cost=3,
    )
    test = Inspection(
        detection=0.8, false_alarm=0.1, time=draw(st.sampled_from([None, Exponential(mean=0.5)])), cost=0.5
    )
    first = Station(
        name="A",
        cycle_time=Exponential(mean=1),
        servers=draw(st.integers(1, 2)),
        tool=tool,
        start_up=draw(st.sampled_from([None, StartUp(cycles=2, defect_rate=0.9)])),
        setup_times={"a": {"b": 1}, "b": {"a": 1}},
        defect_rate=0.1,
        failures=(FailureMode(time_to_failure=Exponential(mean=9), time_to_repair=1, interrupted="scrap"),),
    )
    second = Station(name="B", cycle_time=Exponential(mean=1), cures=0.5, inspection=test)
    pack = Station(name="C", cycle_time=1, batch_size=draw(st.integers(1, 3)))
    return line_of(
        Source(name="In", mix={"a": 0.5, "b": 0.5}),
        first,
        Buffer(name="AB", capacity=2),
        second,
        pack,
        Sink(name="Out"),
        products=(Product(name="a", price=9, material_cost=1, scrap_cost=2), Product(name="b", price=5)),
        economics=Economics(cost_per_hour=60),
    )


@given(data=st.data(), seed=st.integers(0, 100), warm_up=st.sampled_from([0, 50]))
@settings(max_examples=25, deadline=None)
def test_quality_keeps_what_there_is_and_every_cost_stands_in_the_margin(line_of, data, seed, warm_up):
    line = data.draw(quality_lines(line_of))
    chosen = RunSettings(horizon=300, warm_up=warm_up)
    run = run_replication(line, settings=chosen, seed=seed, log=True)
    assert run.values == run_replication(line, settings=chosen, seed=seed).values
    values = run.values
    changes = [e for e in run.events if e.element == "A" and e.kind == "start" and e.time > warm_up]
    assert values["tool_cost"] <= 3 * len(changes) + 6
    assert values["inspection_cost"] == 0.5 * values["B.parts"]
    hours = (300 - warm_up) / 3600
    parts = values["tool_cost"] + values["inspection_cost"] + values["cycle_cost"]
    assert values["conversion_cost"] == pytest.approx(60 * hours + parts)
    costs = values["material_cost"] + values["conversion_cost"] + values["scrap_cost"]
    assert values["margin"] == pytest.approx(values["revenue"] - costs)


def test_the_share_of_defects_over_the_life_of_a_tool_is_the_mean_of_its_ends(line_of):
    tool = ToolWear(life=20, change_time=0, defect_rate=0.4)
    station = Station(name="S", cycle_time=1, defect_rate=0.1, tool=tool)
    run = log_of(line_of(Source(name="In"), station, Sink(name="Out")), 40_000, seed=1)
    share = run.values["defective_parts"] / 40_000
    assert share == pytest.approx(0.25, abs=4 * (0.25 * 0.75 / 40_000) ** 0.5)


# -- batches, ovens, people -----------------------------------------------------------------------------


def test_what_a_cycle_does_in_an_oven_it_does_to_all_parts(line_of):
    spoil = Station(name="Spoil", cycle_time=1, defect_rate=1)
    oven = Station(name="Oven", cycle_time=2, batch_size=3, batch_output="parts", cures=0.5)
    run = log_of(line_of(Source(name="In"), spoil, oven, Sink(name="Out")), 300)
    draws = stream(0, 0, "Oven", "cure").random(100)
    assert run.values["good_parts"] == 3 * sum(draws[: int(run.values["Oven.parts"])] < 0.5)


def test_a_worn_tool_spoils_all_parts_of_an_oven(line_of):
    oven = Station(
        name="S",
        cycle_time=1,
        batch_size=2,
        batch_output="parts",
        tool=ToolWear(life=2, change_time=0, defect_rate=1.0),
    )
    run = log_of(line_of(Source(name="In"), oven, Sink(name="Out")), 10)
    assert (run.values["good_parts"], run.values["defective_parts"]) == (10, 10)


def test_an_oven_tests_each_part_and_takes_the_time_once(line_of):
    oven = Station(
        name="S",
        cycle_time=1,
        batch_size=3,
        batch_output="parts",
        defect_rate=0.5,
        inspection=Inspection(time=4, cost=2),
    )
    run = log_of(line_of(Source(name="In"), oven, Sink(name="Out")), 100)
    assert run.values["S.parts"] == 20
    assert run.values["inspection_cost"] == 2 * 3 * 20
    assert run.values["parts_out"] + run.values["scrapped"] == 60


def test_what_is_scrapped_in_an_oven_is_paid_by_the_part(line_of):
    mode = FailureMode(time_to_failure=5, time_to_repair=1, interrupted="scrap")
    products = (Product(name="a", scrap_cost=2), Product(name="b", scrap_cost=5))
    source = Source(name="In", timetable=(Release(time=0, product="a"), Release(time=1, product="b")))
    oven = {"name": "S", "cycle_time": 20, "batch_size": 2, "failures": (mode,)}
    for output, cost in (("parts", 7), ("joined", 2)):
        station = Station(**oven, batch_output=output)
        run = log_of(line_of(source, station, Sink(name="Out"), products=products), 10)
        assert (run.values["scrapped"], run.values["scrap_cost"]) == (2, cost)


def test_a_cure_of_a_batch_reaches_the_members_of_its_members(line_of):
    elements = (
        Source(name="In", limit=8),
        Station(name="Spoil", cycle_time=1, defect_rate=1),
        Station(name="Pack", cycle_time=1, batch_size=2),
        Station(name="Stack", cycle_time=1, batch_size=2),
        Station(name="Cure", cycle_time=1, cures=1),
        Station(name="Unstack", cycle_time=1, unpacks=True),
        Station(name="Unpack", cycle_time=1, unpacks=True),
        Sink(name="Out"),
    )
    run = log_of(line_of(*elements), 100)
    assert (run.values["parts_out"], run.values["good_parts"]) == (8, 8)
    assert sorted(run.lead_times) == sorted(
        e.time - born
        for e in run.events
        if e.kind == "exit"
        for born in [next(r.time for r in run.events if r.kind == "release" and r.part == e.part)]
    )


def test_people_come_for_a_test(line_of):
    station = Station(
        name="S", cycle_time=10, inspection=Inspection(time=3), needs={"inspect": "hand"}, servers=2
    )
    hand = Operators(name="hand", number=1)
    run = log_of(line_of(Source(name="In"), station, Sink(name="Out"), operators=(hand,)), 30)
    assert times(run, "finish") == [13, 16, 26, 29]
    assert run.values["hand.busy"] == pytest.approx(12 / 30)
