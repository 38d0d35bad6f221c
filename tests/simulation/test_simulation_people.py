"""Operators, crews and shifts, on lines that can be followed by hand, and against exact queues."""

import pytest

from opt_twin.errors import ModelError
from opt_twin.line import (
    Break,
    Conveyor,
    Exponential,
    FailureMode,
    Maintenance,
    Need,
    Operators,
    Order,
    Product,
    Shift,
    Sink,
    Source,
    Station,
    Uniform,
)
from opt_twin.plan import Assignment, Schedule
from opt_twin.simulation import RunSettings, Simulation, run_replication, simulate

HOUR = 3600.0


def once(line, horizon, **settings):
    return run_replication(line, settings=RunSettings(horizon=horizon, **settings), log=True)


def exits(run):
    return [event.time for event in run.events if event.kind == "exit"]


def states(run, element):
    return [
        (event.time, event.state, event.duration)
        for event in run.events
        if event.kind == "state" and event.element == element
    ]


def test_one_operator_serves_two_machines_in_turn(line_of):
    """A needs 4 s, B needs 6 s, each with the operator; A calls first, then whoever has waited longer."""
    line = line_of(
        Source(name="In"),
        Station(name="A", cycle_time=4.0, needs={"run": "operator"}),
        Station(name="B", cycle_time=6.0, needs={"run": "operator"}),
        Sink(name="Out"),
        operators=(Operators(name="operator"),),
    )
    run = once(line, 30)
    assert exits(run) == [10.0, 20.0, 30.0]
    assert run.values["A.waiting_for_operator"] == pytest.approx(18 / 30)
    assert run.values["operator.busy"] == 1


def test_two_operators_are_as_good_as_none_needed(line_of):
    def line(needs, operators=()):
        return line_of(
            Source(name="In"),
            Station(name="A", cycle_time=Uniform(low=2.0, high=6.0), needs=needs),
            Station(name="B", cycle_time=Uniform(low=2.0, high=6.0), needs=needs),
            Sink(name="Out"),
            operators=operators,
        )

    free = once(line({}), 500)
    staffed = once(line({"run": "hand"}, (Operators(name="people", number=2, skills=("hand",)),)), 500)
    assert exits(free) == exits(staffed)


def test_only_the_phases_that_need_people_wait_for_them(line_of):
    """Loading takes 2 s of a person who is shared; the processing of 5 s runs by itself."""
    line = line_of(
        Source(name="In"),
        Station(name="A", cycle_time=5.0, load_time=2.0, servers=2, needs={"load": "loader"}),
        Sink(name="Out"),
        operators=(Operators(name="loader"),),
    )
    run = once(line, 23)
    assert exits(run) == [7.0, 9.0, 14.0, 16.0, 21.0, 23.0]
    assert [s for s in states(run, "A") if s[1] == "waiting_for_operator"] == [
        (0.0, "waiting_for_operator", 2.0)
    ]


def test_a_setup_needs_its_own_people(line_of):
    line = line_of(
        Source(name="In", mix={"a": 0.5, "b": 0.5}),
        Station(
            name="A",
            cycle_time=1.0,
            setup_times={"a": {"b": 10.0}, "b": {"a": 10.0}},
            initial_product="a",
            needs={"setup": {"skill": "fitter", "number": 2}},
        ),
        Sink(name="Out"),
        products=(Product(name="a"), Product(name="b")),
        operators=(Operators(name="fitter", number=2, shifts=("day",)),),
        shifts=(Shift(name="day", start="00:00", end="06:00"),),
    )
    run = once(line, 8 * HOUR)
    last_setup = max(event.time for event in run.events if event.state == "setup")
    assert last_setup < 6 * HOUR
    assert states(run, "A")[-1][1:] == ("waiting_for_operator", pytest.approx(2 * HOUR, abs=30))


def test_of_two_calls_the_higher_priority_is_served_first(line_of):
    """Three parallel ways: the operator is busy with A until 4; B and C call at 0, C goes first."""
    ways = [f"A{i}" for i in (1, 2, 3)]
    from opt_twin.line import Connection

    line = line_of(
        Source(name="In1", limit=1),
        Source(name="In2", limit=1),
        Source(name="In3", limit=1),
        Station(name="A1", cycle_time=4.0, needs={"run": "o"}),
        Station(name="A2", cycle_time=4.0, needs={"run": "o"}),
        Station(name="A3", cycle_time=4.0, needs={"run": "o"}, priority=1),
        Sink(name="Out"),
        ways=[
            *(Connection(source=f"In{i}", target=f"A{i}") for i in (1, 2, 3)),
            *(Connection(source=way, target="Out") for way in ways),
        ],
        operators=(Operators(name="o"),),
    )
    run = once(line, 12)
    assert [(e.element, e.time) for e in run.events if e.kind == "finish"] == [
        ("A1", 4.0),
        ("A3", 8.0),
        ("A2", 12.0),
    ]


def test_specialists_are_sent_before_those_who_can_do_more(line_of):
    line = line_of(
        Source(name="In", limit=1),
        Station(name="A", cycle_time=4.0, needs={"run": "weld"}),
        Station(name="B", cycle_time=4.0, needs={"run": "paint"}),
        Sink(name="Out"),
        operators=(
            Operators(name="all", skills=("weld", "paint")),
            Operators(name="welder", skills=("weld",)),
        ),
    )
    run = once(line, 8)
    assert run.values["welder.busy"] == 0.5
    assert run.values["all.busy"] == 0.5


def test_one_repairman_for_two_machines_as_the_machine_repair_model_says(line_of):
    """Two machines, failures at rate a while up, one repairman at rate b: a birth and death process.

    With a = 1/50, b = 1/20 and calendar clocks that stand still while down, the states 0, 1, 2 down have the
    probabilities 1 : 2a/b : 2a^2/b^2 (Palm 1947; machine interference).
    """
    a, b = 1 / 50, 1 / 20
    weights = [1, 2 * a / b, 2 * a * a / b / b]
    down = (weights[1] + 2 * weights[2]) / sum(weights) / 2
    repairing = (weights[1] + weights[2]) / sum(weights)
    mode = FailureMode(
        time_to_failure=Exponential(mean=1 / a), time_to_repair=Exponential(mean=1 / b), crew="fitter"
    )
    line = line_of(
        Source(name="In"),
        Station(name="A", cycle_time=5.0, servers=2, failures=(mode,)),
        Sink(name="Out"),
        operators=(Operators(name="fitter"),),
    )
    found = simulate(line, settings=RunSettings(horizon=20_000, warm_up=500, replications=20), seed=2)
    assert found.estimate("A.failed", 0.999).covers(repairing / 2)
    assert found.estimate("A.waiting_for_crew", 0.999).covers(down - repairing / 2)
    assert found.estimate("fitter.busy", 0.999).covers(repairing)


def test_a_crew_that_leaves_at_the_end_of_its_shift_comes_back_to_the_rest_of_the_repair(line_of):
    """Failure at 3500 s for 600 s; the crew leaves at 3600 s and is back an hour later."""

    def line(at_shift_end):
        mode = FailureMode(time_to_failure=3500.0, time_to_repair=600.0, crew="crew")
        return line_of(
            Source(name="In"),
            Station(name="A", cycle_time=10.0, failures=(mode,)),
            Sink(name="Out"),
            operators=(Operators(name="crew", shifts=("early", "late"), at_shift_end=at_shift_end),),
            shifts=(
                Shift(name="early", start="00:00", end="01:00"),
                Shift(name="late", start="02:00", end="22:00"),
            ),
        )

    run = once(line("stop"), 8000)
    assert [s[1:] for s in states(run, "A")][:4] == [
        ("busy", 3500.0),
        ("failed", 100.0),
        ("waiting_for_crew", 3600.0),
        ("failed", 500.0),
    ]
    run = once(line("finish"), 8000)
    assert [s[1:] for s in states(run, "A")][:2] == [("busy", 3500.0), ("failed", 600.0)]


@pytest.mark.parametrize(("at_shift_end", "made"), [("stop", 359), ("finish", 360)])
def test_a_station_stops_at_the_end_of_its_shift_or_after_its_cycle(line_of, at_shift_end, made):
    """10.01 s a cycle, an hour of work: 359 whole cycles, and one that is finished late if it may be."""
    line = line_of(
        Source(name="In"),
        Station(name="A", cycle_time=10.01, shifts=("one",), at_shift_end=at_shift_end),
        Sink(name="Out"),
        shifts=(Shift(name="one", start="00:00", end="01:00"),),
    )
    run = once(line, 2 * HOUR)
    assert run.values["A.parts"] == made
    assert run.values["A.off_shift"] == pytest.approx(0.5, abs=0.001)


def test_work_that_stopped_goes_on_with_the_next_shift(line_of):
    line = line_of(
        Source(name="In", limit=1),
        Station(name="A", cycle_time="90 min", shifts=("day",), at_shift_end="stop"),
        Sink(name="Out"),
        shifts=(Shift(name="day", start="06:00", end="07:00"),),
    )
    run = once(line, "3 d")
    assert exits(run) == [(24 + 6.5) * HOUR]


def test_weeks_with_breaks_nights_and_weekends(line_of):
    """Nights from 22:00 to 06:00 on weekdays with a break at 02:00: 7.5 h each, from Monday to Saturday."""
    night = Shift(
        name="night",
        start="22:00",
        end="06:00",
        days=("mon", "tue", "wed", "thu", "fri"),
        breaks=(Break(start="02:00", duration="30 min"),),
    )
    line = line_of(
        Source(name="In"),
        Station(name="A", cycle_time="1 h", shifts=("night",), at_shift_end="stop"),
        Sink(name="Out"),
        shifts=(night,),
    )
    run = once(line, "14 d")
    off = [s for s in states(run, "A") if s[1] == "off_shift"]
    assert off[0] == (0.0, "off_shift", 22 * HOUR)
    assert off[1] == (26 * HOUR, "off_shift", 0.5 * HOUR)
    assert off[2] == (30 * HOUR, "off_shift", 16 * HOUR)
    weekend = max(off, key=lambda state: state[2])
    assert weekend == ((5 * 24 + 6) * HOUR, "off_shift", (2 * 24 + 16) * HOUR)
    assert run.values["A.off_shift"] == pytest.approx(1 - 2 * 5 * 7.5 / (14 * 24))
    assert run.values["A.parts"] == 75


def test_the_run_may_start_at_any_hour_of_the_week(line_of):
    """A run that starts on Sunday 23:00 finds the Sunday night shift at work."""
    line = line_of(
        Source(name="In"),
        Station(name="A", cycle_time="1 h", shifts=("night",)),
        Sink(name="Out"),
        shifts=(Shift(name="night", start="22:00", end="02:00", days=("sun",)),),
    )
    run = once(line, "9 h", clock_start=(6 * 24 + 23) * HOUR)
    assert states(run, "A") == [(0.0, "busy", 3 * HOUR), (3 * HOUR, "off_shift", 6 * HOUR)]
    always = once(
        line.replace(shifts=(Shift(name="night", start="00:00", end="24:00"),)), "9 d", clock_start=5.0
    )
    assert always.values["A.off_shift"] == 0


def test_maintenance_is_done_between_two_cycles_or_at_once_and_comes_back(line_of):
    def line(at_start, **fields):
        task = Maintenance(start=25.0, every=100.0, duration=30.0, at_start=at_start, **fields)
        return line_of(
            Source(name="In"), Station(name="A", cycle_time=10.0, maintenance=(task,)), Sink(name="Out")
        )

    run = once(line("finish"), 200)
    assert states(run, "A") == [
        (0.0, "busy", 30.0),
        (30.0, "maintenance", 30.0),
        (60.0, "busy", 70.0),
        (130.0, "maintenance", 30.0),
        (160.0, "busy", 40.0),
    ]
    run = once(line("stop"), 200)
    assert states(run, "A")[:3] == [(0.0, "busy", 25.0), (25.0, "maintenance", 30.0), (55.0, "busy", 70.0)]
    assert exits(run)[:3] == [10.0, 20.0, 60.0]


def test_maintenance_starts_failure_modes_anew(line_of):
    """The mode would strike at 40; renewed at 35 it strikes at 75."""
    task = Maintenance(start=25.0, duration=10.0, at_start="stop", renews=("wear",))
    mode = FailureMode(name="wear", time_to_failure=40.0, time_to_repair=5.0)
    line = line_of(
        Source(name="In"),
        Station(name="A", cycle_time=10.0, maintenance=(task,), failures=(mode,)),
        Sink(name="Out"),
    )
    run = once(line, 100)
    assert [event.time for event in run.events if event.kind == "fail"] == [75.0]


def test_a_failure_can_stop_neighbours(line_of):
    mode = FailureMode(time_to_failure=12.0, time_to_repair=8.0, also_stops=("B",))
    line = line_of(
        Source(name="In"),
        Station(name="A", cycle_time=5.0, failures=(mode,)),
        Station(name="B", cycle_time=5.0),
        Sink(name="Out"),
    )
    run = once(line, 31)
    assert exits(run) == [10.0, 23.0, 28.0]
    assert (12.0, "stopped", 8.0) in states(run, "B")


def test_a_belt_that_fails_can_stop_neighbours(line_of):
    """The first part rides from 3 to 7; B works on it until the belt fails at 8, and again from 11 on."""
    mode = FailureMode(time_to_failure=8.0, time_to_repair=3.0, also_stops=("B",))
    line = line_of(
        Source(name="In", limit=1),
        Station(name="A", cycle_time=3.0),
        Conveyor(name="C", length=4.0, speed=1.0, pitch=1.0, failures=(mode,)),
        Station(name="B", cycle_time=2.0),
        Sink(name="Out"),
    )
    run = once(line, 15)
    assert states(run, "B") == [
        (0.0, "starved", 7.0),
        (7.0, "busy", 1.0),
        (8.0, "stopped", 3.0),
        (11.0, "busy", 1.0),
        (12.0, "starved", 3.0),
    ]
    assert exits(run) == [12.0]


def test_a_station_warms_up_after_a_long_stop_only(line_of):
    """Stops of 4 s and 20 s; above 10 s work goes on after 7 s of warming up."""
    long = FailureMode(name="long", time_to_failure=52.0, time_to_repair=20.0)
    short = FailureMode(name="short", time_to_failure=13.0, time_to_repair=4.0, clock="operation")
    station = Station(name="A", cycle_time=10.0, failures=(long, short), warm_up_time=7.0, warm_up_after=10.0)
    run = once(line_of(Source(name="In"), station, Sink(name="Out")), 100)
    assert states(run, "A") == [
        (0.0, "busy", 13.0),
        (13.0, "failed", 4.0),
        (17.0, "busy", 13.0),
        (30.0, "failed", 4.0),
        (34.0, "busy", 13.0),
        (47.0, "failed", 4.0),
        (51.0, "busy", 1.0),
        (52.0, "failed", 20.0),
        (72.0, "setup", 7.0),
        (79.0, "busy", 12.0),
        (91.0, "failed", 4.0),
        (95.0, "busy", 5.0),
    ]


def test_a_part_that_is_scrapped_ends_its_cycle_and_the_shift_of_its_station(line_of):
    """The shift ends at 5 in the middle of a cycle; that is lost at 6, and no other one begins."""
    mode = FailureMode(time_to_failure=6.0, time_to_repair=1.0, clock="operation", interrupted="scrap")
    line = line_of(
        Source(name="In"),
        Station(name="A", cycle_time=4.0, failures=(mode,), shifts=("early",), at_shift_end="finish"),
        Sink(name="Out"),
        shifts=(Shift(name="early", start=0, end=5),),
    )
    run = once(line, 30)
    assert exits(run) == [4.0]
    assert [(event.time, event.detail) for event in run.events if event.kind == "scrap"] == [
        (6.0, "interrupted")
    ]
    assert states(run, "A") == [(0.0, "busy", 6.0), (6.0, "off_shift", 24.0)]


def test_a_part_that_is_scrapped_makes_way_for_a_task_that_is_due(line_of):
    """Due at 5, at the end of a cycle that a failure ends at 6: the task and the repair begin together."""
    mode = FailureMode(time_to_failure=6.0, time_to_repair=3.0, clock="operation", interrupted="scrap")
    task = Maintenance(start=5.0, duration=2.0)
    line = line_of(
        Source(name="In"),
        Station(name="A", cycle_time=4.0, failures=(mode,), maintenance=(task,)),
        Sink(name="Out"),
    )
    assert states(once(line, 13), "A") == [
        (0.0, "busy", 6.0),
        (6.0, "maintenance", 2.0),
        (8.0, "failed", 1.0),
        (9.0, "busy", 4.0),
    ]


def test_who_has_set_up_ahead_is_free_before_the_parts_come(line_of):
    """A is set up for the order from 0 to 10, its units come at 100; the fitter is needed at B from 20 on."""
    task = Maintenance(start=20.0, duration=5.0, crew="fitter")
    line = line_of(
        Source(name="In"),
        Station(
            name="A",
            cycle_time=1.0,
            setup_times={"a": {"b": 10.0}},
            initial_product="a",
            needs={"setup": "fitter"},
        ),
        Station(name="B", cycle_time=1.0, maintenance=(task,)),
        Sink(name="Out"),
        products=(Product(name="a"), Product(name="b")),
        orders=(Order(name="one", product="b", quantity=1, release=100.0),),
        operators=(Operators(name="fitter"),),
    )
    plan = Schedule(assignments=(Assignment(job="one", operation=0, machine="A", start=0, end=1),))
    run = run_replication(line, plan=plan, log=True)
    assert [event.time for event in run.events if event.kind == "maintained"] == [25.0]
    assert exits(run) == [102.0]


def test_a_night_shift_is_saved_and_restored(line_of):
    """It works through Sunday night; the run starts on Sunday at 12:00 and is saved 5 h later."""
    line = line_of(
        Source(name="In"),
        Station(name="A", cycle_time=HOUR, shifts=("night",)),
        Sink(name="Out"),
        shifts=(Shift(name="night", start="22:00", end="06:00"),),
    )
    run_settings = RunSettings(horizon=48 * HOUR, clock_start=6.5 * 24 * HOUR)
    run = Simulation(line, settings=run_settings)
    run.run_until(5 * HOUR)
    twin = Simulation.restore(run.snapshot())
    whole = run_replication(line, settings=run_settings)
    assert dict(twin.finish().values) == pytest.approx(dict(whole.values), rel=0, abs=0, nan_ok=True)
    assert whole.values["A.parts"] == 16
    assert whole.values["A.off_shift"] == (10 + 16 + 6) / 48


def test_wear_grows_with_speed(line_of):
    mode = FailureMode(time_to_failure=80.0, time_to_repair=1.0, clock="operation")
    station = Station(name="A", cycle_time=10.0, speed=2.0, failures=(mode,), wear_exponent=3.0)
    run = once(line_of(Source(name="In"), station, Sink(name="Out")), 12)
    assert [event.time for event in run.events if event.kind == "fail"] == [10.0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"needs": {"run": "painter"}}, "nobody has the skill 'painter'"),
        ({"needs": {"run": Need(skill="smith", number=3)}}, "3 people with the skill 'smith' are needed"),
        ({"shifts": ("nigth",)}, "no shift is called 'nigth' (did you mean 'night'?)"),
        (
            {"failures": (FailureMode(time_to_failure=1.0, time_to_repair=1.0, also_stops=("Z",)),)},
            "no station is called 'Z'",
        ),
        (
            {"maintenance": (Maintenance(start=1.0, duration=1.0, renews=("wear",)),)},
            "no failure mode of its station is called 'wear'",
        ),
    ],
)
def test_people_shifts_and_stations_that_do_not_exist_are_refused(line_of, change, message):
    with pytest.raises(ModelError) as caught:
        line_of(
            Source(name="In"),
            Station(name="A", cycle_time=1.0, **change),
            Sink(name="Out"),
            operators=(Operators(name="smith", number=2),),
            shifts=(Shift(name="night", start="22:00", end="06:00"),),
        )
    assert message in str(caught.value)


def test_a_belt_that_stops_a_station_that_does_not_exist_is_refused(line_of):
    mode = FailureMode(time_to_failure=8.0, time_to_repair=3.0, also_stops=("Z",))
    belt = Conveyor(name="C", length=4.0, speed=1.0, pitch=1.0, failures=(mode,))
    with pytest.raises(ModelError, match="no station is called 'Z'"):
        line_of(Source(name="In"), belt, Sink(name="Out"))


def test_a_shift_that_never_opens_is_refused():
    with pytest.raises(ModelError, match="never opens"):
        Shift(name="s", start="06:00", end="14:00", days=())
    with pytest.raises(ModelError, match="never opens"):
        Shift(
            name="s",
            start="06:00",
            end="07:00",
            breaks=(Break(start="05:00", duration="1 min"), Break(start="06:00", duration="2 h")),
        )
