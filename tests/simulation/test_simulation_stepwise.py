"""A run in steps takes the path of a run in a piece, and a restored one goes on to the last bit."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opt_twin.errors import OptionError, SimulationError, UnknownNameError
from opt_twin.line import (
    Buffer,
    Connection,
    Conveyor,
    Economics,
    Exponential,
    FailureMode,
    Inspection,
    Line,
    Lognormal,
    Maintenance,
    MicroStop,
    Operators,
    Order,
    Product,
    Shift,
    Sink,
    Source,
    StartUp,
    Station,
    Stock,
    TariffPeriod,
    ToolWear,
    chain,
)
from opt_twin.plan import Assignment, Schedule
from opt_twin.simulation import RunSettings, Simulation, Snapshot, run_replication
from opt_twin.simulation.kpis import COSTS
from opt_twin.simulation.snapshot import save_state

LINE = Line(
    name="everything",
    elements=(
        Source(name="In", interarrival=Exponential(mean=9.0), mix={"a": 0.6, "b": 0.4}),
        Buffer(name="B0", capacity=8),
        Station(
            name="A",
            cycle_time=Lognormal(mean=6.0, cv=0.5),
            cycle_time_by_product={"b": 9.0},
            servers=2,
            load_time=Exponential(mean=1.0),
            setup_times={"a": {"b": 4.0}, "b": {"a": 3.0}},
            start_up=StartUp(cycles=2, defect_rate=0.3),
            tool=ToolWear(life=7, change_time=Exponential(mean=6.0), defect_rate=0.2, cost=5.0),
            power={"busy": 7.0, "setup": 3.0, "failed": 0.5},
            cost_per_cycle=0.1,
            micro_stops=(MicroStop(probability=0.1, duration=Exponential(mean=5.0)),),
            needs={"setup": "hand", "load": "hand"},
            failures=(
                FailureMode(
                    time_to_failure=Exponential(mean=150.0),
                    time_to_repair=Exponential(mean=20.0),
                    crew="fitter",
                    also_stops=("C",),
                ),
                FailureMode(
                    name="wear",
                    clock="operation",
                    interrupted="scrap",
                    time_to_failure=Exponential(mean=200.0),
                    time_to_repair=9.0,
                ),
            ),
            maintenance=(
                Maintenance(start=100.0, every=300.0, duration=Exponential(mean=15.0), renews=("wear",)),
            ),
        ),
        Buffer(name="B1", capacity=2),
        Station(
            name="C",
            cycle_time=Exponential(mean=5.0),
            defect_rate=0.2,
            inspection=Inspection(detection=0.8, false_alarm=0.05, time=Exponential(mean=2.0), cost=0.3),
            failures=(
                FailureMode(
                    clock="cycles", time_to_failure=Exponential(mean=20.0), time_to_repair=10.0, crew="fitter"
                ),
            ),
            shifts=("short",),
            at_shift_end="stop",
            warm_up_time=3.0,
            warm_up_after=15.0,
        ),
        Station(name="R", cycle_time=4.0, cures=0.5),
        Buffer(name="RB"),
        Station(name="P", cycle_time=Exponential(mean=8.0), batch_size=3),
        Sink(name="Out"),
        Source(name="Call", replenishes="Shop", mix={"a": 0.5, "b": 0.5}),
        Conveyor(name="Belt", length=4.0, speed=0.5, pitch=0.5, power=2.0),
        Station(name="O", cycle_time=Exponential(mean=7.0), batch_size=2, batch_output="parts", cures=0.1),
        Stock(
            name="Shop",
            demand=Exponential(mean=9.0),
            reorder_point=3,
            order_up_to=9,
            holding_cost=1.0,
            backorder_cost=4.0,
        ),
    ),
    connections=(
        *chain("In", "B0", "A", "B1", "C"),
        *chain("Call", "Belt", "O", "Shop"),
        Connection(source="C", target="P", probability=0.8),
        Connection(source="C", target="R", probability=0.2),
        *chain("R", "RB", "C"),
        Connection(source="P", target="Out"),
    ),
    products=(
        Product(name="a", price=3.0, scrap_cost=0.5),
        Product(name="b", material_cost=1.0, price=2.0),
    ),
    economics=Economics(
        tariff=(TariffPeriod(start="00:03", price=0.2), TariffPeriod(start="00:15", price=0.4))
    ),
    operators=(
        Operators(name="hand", number=1, cost_per_hour=30.0),
        Operators(name="fitter", shifts=("short", "long"), at_shift_end="stop"),
    ),
    shifts=(
        Shift(name="short", start="00:00", end="00:12"),
        Shift(name="long", start="00:14", end="23:00"),
    ),
)
RUN = RunSettings(horizon=1500.0, warm_up=200.0)


def through_json(snapshot):
    return Snapshot.from_dict(json.loads(json.dumps(snapshot.to_dict())))


def test_single_steps_take_the_path_of_a_whole_run():
    whole = run_replication(LINE, settings=RUN, seed=4, log=True)
    run = Simulation(LINE, settings=RUN, seed=4, log=True)
    times = []
    while run.step():
        times.append(run.now)
    assert run.ended
    assert not run.step()
    assert times == sorted(times)
    stepped = run.finish()
    assert stepped.events == whole.events
    assert dict(stepped.values) == dict(whole.values)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(0, 1500), min_size=1, max_size=4), st.integers(0, 50))
def test_stops_at_any_times_with_restored_runs_change_nothing(times, seed):
    whole = run_replication(LINE, settings=RUN, seed=seed, log=True)
    run = Simulation(LINE, settings=RUN, seed=seed, log=True)
    seen = []
    for time in sorted(times):
        run.run_until(time)
        seen += run._engine.floor.ledger.log
        saved = run.snapshot()
        run = Simulation.restore(through_json(saved), log=True)
        assert run.snapshot() == saved
    end = run.finish()
    assert repr(dict(end.values)) == repr(dict(whole.values))  # a lead time may be not a number
    states_of = [[e for e in events if e.kind != "state"] for events in ([*seen, *end.events], whole.events)]
    assert states_of[0] == states_of[1]


def test_the_line_of_these_tests_pays_for_everything():
    values = run_replication(LINE, settings=RUN, seed=4).values
    for name in COSTS:
        assert values[name] > 0, name
    assert values["scrap_cost"] > 0


@settings(max_examples=15, deadline=None)
@given(st.lists(st.floats(0, 1500), min_size=1, max_size=3), st.sampled_from([40.0, 333.0]))
def test_a_restored_run_has_the_series_of_the_whole_one(times, interval):
    noted = RUN.replace(interval=interval)
    whole = run_replication(LINE, settings=noted, seed=7)
    run = Simulation(LINE, settings=noted, seed=7)
    for time in sorted(times):
        run.run_until(time)
        saved = run.snapshot()
        run = Simulation.restore(through_json(saved))
        assert run.snapshot() == saved
    end = run.finish()
    assert repr(dict(end.values)) == repr(dict(whole.values))
    assert end.lead_times.tolist() == whole.lead_times.tolist()
    assert {name: values.tolist() for name, values in end.series.items()} == {
        name: values.tolist() for name, values in whole.series.items()
    }
    assert {len(values) for values in end.series.values()} == {int(1500 // interval)}


def test_an_observer_is_told_of_single_steps():
    told = []
    run = Simulation(LINE, settings=RUN, seed=4, log=told)
    while run.step():
        pass
    assert run.finish().events == ()
    assert tuple(told) == run_replication(LINE, settings=RUN, seed=4, log=True).events


def test_telemetry_is_noted_in_single_steps_too():
    noted = RUN.replace(interval=100.0)
    run = Simulation(LINE, settings=noted, seed=4)
    while run.step():
        pass
    whole = run_replication(LINE, settings=noted, seed=4)
    assert all((run.finish().series[name] == values).all() for name, values in whole.series.items())
    assert repr(dict(whole.values)) == repr(dict(run_replication(LINE, settings=RUN, seed=4).values))


def test_a_plan_is_saved_in_the_middle_too():
    products = (Product(name="a"), Product(name="b"))
    line = Line(
        name="orders",
        elements=(
            Source(name="In"),
            Station(
                name="A",
                cycle_time=Exponential(mean=2.0),
                setup_times={"a": {"b": 9.0}, "b": {"a": 9.0}},
                initial_product="a",
            ),
            Buffer(name="B", capacity=2),
            Station(name="P", cycle_time=3.0, batch_size=4, defect_rate=0.3, inspection=Inspection()),
            Sink(name="Out"),
        ),
        connections=chain("In", "A", "B", "P", "Out"),
        products=products,
        orders=(
            Order(name="O1", product="b", quantity=6, release=5.0),
            Order(name="O2", product="a", quantity=7, due=20.0),
        ),
    )
    plan = Schedule(
        assignments=tuple(
            Assignment(
                job=order, operation=index, machine=machine, start=10.0 * number, end=10.0 * number + 1
            )
            for index, machine in enumerate(("A", "P"))
            for number, order in enumerate(("O2", "O1"))
        )
    )
    whole = run_replication(line, plan=plan, seed=3)
    for time in (0.0, 4.0, 11.0, 30.0):
        run = Simulation(line, plan=plan, seed=3)
        run.run_until(time)
        assert dict(Simulation.restore(through_json(run.snapshot())).finish().values) == dict(whole.values)
    assert run.finish().end == whole.end == whole.values["makespan"]


def test_a_snapshot_can_be_gone_on_from_many_times():
    run = Simulation(LINE, settings=RUN, seed=1)
    run.run_until(700)
    saved = run.snapshot()
    first, second = (Simulation.restore(saved).finish() for _ in range(2))
    assert dict(first.values) == dict(second.values) == dict(run.finish().values)


def test_the_floor_that_is_restored_is_the_one_that_was_saved():
    run = Simulation(LINE, settings=RUN, seed=1)
    for time in range(50, 1500, 50):
        run.run_until(time)
        twin = Simulation.restore(run.snapshot())
        assert save_state(twin._engine.floor) == save_state(run._engine.floor)
        assert twin.observe() == run.observe()


def test_an_observation_counts_what_is_there():
    run = Simulation(LINE, settings=RUN, seed=1)
    run.run_until(600)
    seen = run.observe()
    assert seen.time == 600
    assert seen.released - seen.parts_out - seen.scrapped == seen.wip > 0
    assert set(seen.states) == {"A", "C", "R", "P", "O"}
    assert len(seen.states["A"]) == 2
    assert 0 <= seen.levels["B1"] <= 2


def line_of_one(cycle_time=10.0):
    return Line(
        name="one",
        elements=(Source(name="In"), Station(name="A", cycle_time=cycle_time), Sink(name="Out")),
        connections=chain("In", "A", "Out"),
    )


def exits(run):
    return [event.time for event in run.events if event.kind == "exit"]


def test_a_new_speed_holds_from_the_next_cycle_on():
    run = Simulation(line_of_one(), settings=RunSettings(horizon=60), log=True)
    run.run_until(15)
    run.set_speed("A", 2.0)
    restored = Simulation.restore(run.snapshot(), log=True)
    assert exits(run.finish()) == [10.0, 20.0, 25.0, 30.0, 35.0, 40.0, 45.0, 50.0, 55.0, 60.0]
    assert exits(restored.finish())[-1] == 60.0


def test_a_new_speed_divides_the_very_same_draws():
    plain = exits(
        run_replication(line_of_one(Exponential(mean=10.0)), settings=RunSettings(horizon=900), log=True)
    )
    run = Simulation(line_of_one(Exponential(mean=10.0)), settings=RunSettings(horizon=900), log=True)
    run.set_speed("A", 2.0)
    fast = exits(run.finish())[: len(plain)]
    assert fast[0] == plain[0]  # it had begun
    assert fast[1:] == pytest.approx([plain[0] + (time - plain[0]) / 2 for time in plain[1:]])


def test_a_station_that_is_stopped_waits_until_it_may_go():
    run = Simulation(line_of_one(), settings=RunSettings(horizon=60), log=True)
    run.run_until(15)
    run.stop("A")
    run.run_until(30)
    assert run.observe().states["A"] == ("stopped",)
    run.go("A")
    assert exits(run.finish()) == [10.0, 35.0, 45.0, 55.0]


def test_wrong_steps_are_refused():
    run = Simulation(line_of_one(), settings=RunSettings(horizon=60))
    run.run_until(20)
    with pytest.raises(OptionError, match=r"stands at 20 s and cannot go back to 10 s"):
        run.run_until(10)
    with pytest.raises(OptionError, match="above 0"):
        run.set_speed("A", 0.0)
    with pytest.raises(UnknownNameError, match="'AA' is not a known station"):
        run.set_speed("AA", 1.0)
    with pytest.raises(SimulationError, match="'A' was not stopped, at 20 s"):
        run.go("A")


def test_time_stops_at_the_horizon():
    run = Simulation(line_of_one(), settings=RunSettings(horizon=60))
    run.run_until(1000)
    assert run.ended
    assert run.now == 60
    assert run.finish().values["parts_out"] == 6


def fork():
    return Line(
        name="fork",
        elements=(
            Source(name="In", interarrival=Exponential(mean=4.0)),
            Buffer(name="Q", capacity=6),
            Station(name="T", cycle_time=1.0, routing="decision"),
            Station(name="A", cycle_time=Exponential(mean=6.0)),
            Buffer(name="B1", capacity=2),
            Station(name="B", cycle_time=Exponential(mean=9.0)),
            Sink(name="Out"),
        ),
        connections=(
            *chain("In", "Q", "T", "A", "Out"),
            Connection(source="T", target="B1"),
            *chain("B1", "B", "Out"),
        ),
    )


def shorter(decision, _observation=None):
    return min(zip(decision.waiting, decision.targets, strict=True))[1]


def test_a_decision_stops_the_run_until_it_is_made():
    run = Simulation(fork(), settings=RunSettings(horizon=600), seed=2)
    asked = run.run_to_decision()
    assert asked.element == "T"
    assert asked.targets == ("A", "B1")
    assert asked.waiting == (0, 0)
    with pytest.raises(SimulationError, match=r"'T' waits for a decision, at [0-9.]+ s: call decide"):
        run.run_until(600)
    with pytest.raises(OptionError, match="cannot go to 'B'"):
        run.decide("B")
    run.decide("B1")
    assert run.observe().states["B"] == ("busy",)
    assert run.observe().states["T"] == ("starved",)
    while run.decision or run.run_to_decision():
        run.decide(shorter(run.decision))
    with pytest.raises(OptionError, match="no decision is open, at 600 s"):
        run.decide("A")
    assert run.finish().values["parts_out"] > 100


def test_a_policy_and_decisions_by_hand_take_the_same_path():
    whole = Simulation(fork(), settings=RunSettings(horizon=900), seed=5, policy=shorter, log=True).finish()
    run = Simulation(fork(), settings=RunSettings(horizon=900), seed=5)
    while run.run_to_decision():
        run = Simulation.restore(through_json(run.snapshot()))
        run.decide(shorter(run.decision))
    assert dict(run.finish().values) == dict(whole.values)


def test_deciding_by_the_shortest_queue_is_the_rule_of_that_name():
    """Both look at the parts at a target and those that wait for it when the part comes to the head."""
    ruled = fork().with_value("T.routing", "shortest_queue")
    run = Simulation(fork(), settings=RunSettings(horizon=900), seed=5, policy=shorter).finish()
    assert dict(run.values) == dict(run_replication(ruled, settings=RunSettings(horizon=900), seed=5).values)
