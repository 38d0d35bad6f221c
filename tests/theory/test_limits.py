"""What people, belts, vehicles and pallets let through, by hand."""

import math

import pytest

from opt_twin.line import (
    Break,
    Conveyor,
    FailureMode,
    Fleet,
    Inspection,
    Line,
    Maintenance,
    Need,
    Operators,
    Pallets,
    Product,
    Shift,
    Sink,
    Source,
    Station,
    ToolWear,
    Transport,
    chain,
)
from opt_twin.theory import capacity_table, effective_cycle_time, limits, predicted_bottleneck
from opt_twin.theory.working_time import share_of_week, working_share, working_windows

DAY_SHIFT = Shift(name="day", start="06:00", end="14:00", days=("mon", "tue", "wed", "thu", "fri"))
HOUR = 3600.0


def line_of(*elements, **fields):
    names = [element.name for element in elements]
    return Line(name="t", elements=elements, connections=chain(*names), **fields)


def found(line):
    return {limit.name: limit for limit in limits(line)}


# the effective cycle ----------------------------------------------------------------------------------------


def test_loading_tests_and_tools_lengthen_a_cycle():
    station = Station(
        name="S",
        cycle_time=10,
        speed=2,
        load_time=3,
        inspection=Inspection(time=2),
        tool=ToolWear(life=20, change_time=60),
    )
    assert effective_cycle_time(station) == pytest.approx(3 + 10 / 2 + 2 + 60 / 20)


def test_maintenance_takes_its_share_of_the_time():
    station = Station(
        name="S", cycle_time=9, maintenance=(Maintenance(start=0, every="10 h", duration="1 h"),)
    )
    assert effective_cycle_time(station) == pytest.approx(10)
    once = station.replace(maintenance=(Maintenance(start=0, duration="1 h"),))
    assert effective_cycle_time(once) == 9
    always = station.replace(maintenance=(Maintenance(start=0, every="1 h", duration="1 h"),))
    assert effective_cycle_time(always) == math.inf


@pytest.mark.parametrize(
    ("clock", "after", "expected"),
    [
        ("operation", 0, 10 + 10 * (40 + 20) / 100),
        ("operation", 50, 10 + 10 * 40 / 100),
        ("cycles", 0, 10 + (40 + 20) / 100),
        ("calendar", 0, 10 * (100 + 40) / (100 - 20)),
    ],
)
def test_warming_up_comes_on_top_of_long_stops(clock, after, expected):
    mode = FailureMode(time_to_failure=100, time_to_repair=40, clock=clock)
    station = Station(name="S", cycle_time=10, failures=(mode,), warm_up_time=20, warm_up_after=after)
    assert effective_cycle_time(station) == pytest.approx(expected)


def test_a_fast_station_fails_more_often_where_it_wears():
    mode = FailureMode(time_to_failure=100, time_to_repair=40, clock="operation")
    station = Station(name="S", cycle_time=10, speed=2, wear_exponent=3, failures=(mode,))
    assert effective_cycle_time(station) == pytest.approx(5 + 5 * 40 / (100 / 8))


# shifts -----------------------------------------------------------------------------------------------------


def test_a_station_in_shifts_makes_its_share_of_the_week():
    line = line_of(
        Source(name="In"),
        Station(name="S", cycle_time=10, shifts=("day",)),
        Sink(name="Out"),
        shifts=(DAY_SHIFT,),
    )
    (row,) = capacity_table(line)
    assert row.working == pytest.approx(40 / 168)
    assert row.capacity_per_hour == pytest.approx(360 * 40 / 168)


def test_shifts_that_overlap_count_once_and_breaks_do_not_count():
    late = Shift(name="late", start="12:00", end="20:00", breaks=(Break(start="18:00", duration="30 min"),))
    line = line_of(
        Source(name="In"), Station(name="S", cycle_time=1), Sink(name="Out"), shifts=(DAY_SHIFT, late)
    )
    assert share_of_week(line, ("late",)) * 168 == pytest.approx(7 * 7.5)
    assert share_of_week(line, ("day", "late")) * 168 == pytest.approx(5 * 13.5 + 2 * 7.5)
    assert share_of_week(line, ()) == 1
    assert working_windows(line, ("day", "late"))[:2] == ((6 * HOUR, 18 * HOUR), (18.5 * HOUR, 20 * HOUR))


def test_warming_up_after_each_pause_shortens_the_shift():
    station = Station(name="S", cycle_time=1, shifts=("day",), warm_up_time="15 min", warm_up_after="1 h")
    line = line_of(Source(name="In"), station, Sink(name="Out"), shifts=(DAY_SHIFT,))
    assert working_share(line, station) * 168 == pytest.approx(40 - 5 * 0.25)


# people -----------------------------------------------------------------------------------------------------


def staffed(**fields):
    return line_of(
        Source(name="In"),
        Station(
            name="A",
            cycle_time=10,
            load_time=4,
            needs={"load": "hand", "run": Need(skill="hand", number=2)},
        ),
        Station(name="B", cycle_time=12, inspection=Inspection(time=6), needs={"inspect": "eye"}),
        Sink(name="Out"),
        **fields,
    )


def test_people_let_through_what_their_time_allows():
    line = staffed(operators=(Operators(name="hand", number=3), Operators(name="eye")))
    limit = found(line)
    assert limit["hand"].seconds == pytest.approx(4 + 2 * 10)
    assert limit["hand"].capacity_per_hour == pytest.approx(3 * 3600 / 24)
    assert limit["eye"].capacity_per_hour == pytest.approx(600)
    assert limit["hand + eye"].capacity_per_hour == pytest.approx(4 * 3600 / 30)


def test_people_with_two_skills_share_their_time():
    line = staffed(operators=(Operators(name="all", number=2, skills=("hand", "eye")),))
    limit = found(line)
    assert limit["hand"].capacity_per_hour == pytest.approx(2 * 3600 / 24)
    assert limit["hand + eye"].capacity_per_hour == pytest.approx(2 * 3600 / 30)


def test_people_in_shifts_have_their_share_of_the_week():
    line = staffed(
        operators=(Operators(name="hand", number=2, shifts=("day",)), Operators(name="eye")),
        shifts=(DAY_SHIFT,),
    )
    assert found(line)["hand"].capacity_per_hour == pytest.approx(2 * 3600 / 24 * 40 / 168)


def test_set_ups_and_new_tools_take_people_too():
    line = line_of(
        Source(name="In", mix={"x": 0.5, "y": 0.5}),
        Station(
            name="S",
            cycle_time=10,
            setup_times={"x": {"y": 40}, "y": {"x": 20}},
            tool=ToolWear(life=10, change_time=50),
            needs={"setup": "hand"},
        ),
        Sink(name="Out"),
        products=(Product(name="x"), Product(name="y")),
        operators=(Operators(name="hand"),),
    )
    assert found(line)["hand"].seconds == pytest.approx(0.25 * 60 + 5)


def test_utilisation_is_what_the_arrivals_ask_for():
    line = staffed(operators=(Operators(name="hand", number=3), Operators(name="eye")))
    assert found(line)["hand"].utilisation is None
    busy = line.with_value("In.interarrival", 20)
    assert found(busy)["hand"].utilisation == pytest.approx(24 / 20 / 3)


# handling ---------------------------------------------------------------------------------------------------


def test_a_belt_passes_a_part_for_each_pitch():
    belt = Conveyor(name="Belt", length=10, pitch=0.5, speed=0.25)
    line = line_of(Source(name="In"), belt, Station(name="S", cycle_time=1), Sink(name="Out"))
    (limit,) = limits(line)
    assert (limit.kind, limit.number, limit.capacity_per_hour) == ("conveyor", 20, pytest.approx(1800))
    mode = FailureMode(time_to_failure=90, time_to_repair=10)
    assert found(line.with_value("Belt.failures", (mode,)))["Belt"].capacity_per_hour == pytest.approx(1620)


def shuttled(**fleet):
    return line_of(
        Source(name="In"),
        Station(name="A", cycle_time=1),
        Transport(name="Tug", fleet="AGV"),
        Station(name="B", cycle_time=1),
        Sink(name="Out"),
        fleets=(Fleet(name="AGV", **({"speed": 2, "distances": {"A": {"B": 30}}} | fleet)),),
    )


def test_a_vehicle_drives_there_and_back():
    (limit,) = limits(shuttled(loading_time=5, unloading_time=10))
    assert limit.seconds == pytest.approx(5 + 15 + 10 + 15)
    (two,) = limits(shuttled(number=2, loading_time=5, unloading_time=10))
    assert two.capacity_per_hour == pytest.approx(2 * 3600 / 45)


def test_vehicles_that_find_parts_where_they_unload_drive_empty_only_where_they_must():
    line = line_of(
        Source(name="In"),
        Station(name="A", cycle_time=1),
        Transport(name="There", fleet="AGV"),
        Station(name="B", cycle_time=1),
        Transport(name="Back", fleet="AGV"),
        Station(name="C", cycle_time=1),
        Sink(name="Out"),
        fleets=(Fleet(name="AGV", speed=1, distances={"A": {"B": 100, "C": 5}, "B": {"C": 80}}),),
    )
    (limit,) = limits(line)
    assert limit.seconds == pytest.approx(100 + 80 + 5)


def test_charging_takes_time_for_the_way_driven():
    (limit,) = limits(shuttled(battery=540, charging_time=63))
    assert limit.seconds == pytest.approx(30 + 60 / (540 + 90) * 63)


def loop(**pallets):
    return line_of(
        Source(name="In", pallets="P"),
        Station(name="A", cycle_time=10, load_time=5),
        Conveyor(name="Belt", length=10, speed=0.5, pitch=1),
        Station(name="B", cycle_time=8),
        Station(name="C", cycle_time=2),
        Sink(name="Out"),
        pallets=(Pallets(name="P", **pallets),),
    )


def test_pallets_obey_the_law_of_little():
    assert found(loop(number=3))["P"].seconds == pytest.approx(15 + 20 + 8 + 2)
    limit = found(loop(number=3, unloaded_at="B", return_time=12))["P"]
    assert limit.seconds == pytest.approx(15 + 20 + 8 + 12)
    assert limit.capacity_per_hour == pytest.approx(3 * 3600 / 55)


def test_the_bottleneck_is_still_a_station_and_lines_without_such_things_have_no_limits():
    assert predicted_bottleneck(loop(number=1)).station == "A"
    plain = line_of(Source(name="In"), Station(name="A", cycle_time=1), Sink(name="Out"))
    assert limits(plain) == ()
