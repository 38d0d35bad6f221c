"""Flows, effective cycle times and capacities, by hand and against counting parts one by one."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opt_twin.errors import ModelError
from opt_twin.line import (
    Buffer,
    Connection,
    Deterministic,
    Exponential,
    FailureMode,
    Inspection,
    Line,
    MicroStop,
    Product,
    Sink,
    Source,
    Station,
    chain,
)
from opt_twin.theory import (
    capacity_table,
    effective_cycle_time,
    predicted_bottleneck,
    released_per_hour,
    traffic,
)


def breakdown(minutes, repair, **fields):
    return FailureMode(
        time_to_failure=Exponential(mean=60 * minutes),
        time_to_repair=Exponential(mean=60 * repair),
        **{"clock": "operation", **fields},
    )


def bottling(**source):
    """Return the published line: tubes, cases of 12, pallets of 60 cases."""
    return Line(
        name="bottling",
        elements=(
            Source(name="Source", **source),
            Station(
                name="Filler",
                cycle_time="10000/h",
                failures=(breakdown(120, 15),),
                micro_stops=(MicroStop(probability=0.01, duration="15 s"),),
                defect_rate=0.02,
            ),
            Buffer(name="B1", capacity=50),
            Station(name="Inspector", cycle_time="11000/h", inspection=Inspection(detection=0.95)),
            Buffer(name="B2", capacity=20),
            Station(
                name="Packer",
                cycle_time="12000/h",
                batch_size=12,
                failures=(breakdown(240, 60),),
                micro_stops=(MicroStop(probability=0.05, duration="30 s"),),
            ),
            Buffer(name="B3", capacity=100),
            Station(name="Palletizer", cycle_time="13000/h", batch_size=60, failures=(breakdown(480, 60),)),
            Sink(name="Sink"),
        ),
        connections=chain("Source", "Filler", "B1", "Inspector", "B2", "Packer", "B3", "Palletizer", "Sink"),
    )


def rows(line):
    return {row.station: row for row in capacity_table(line)}


def test_the_bottling_line_has_its_known_cycles():
    table = rows(bottling())
    assert table["Filler"].effective_cycle_time == pytest.approx(0.555)
    assert table["Inspector"].effective_cycle_time == pytest.approx(0.3273, abs=5e-5)
    assert table["Packer"].effective_cycle_time == pytest.approx(1.875)
    assert table["Palletizer"].effective_cycle_time == pytest.approx(0.3115, abs=5e-5)
    assert table["Packer"].cycles_per_hour * 12 == pytest.approx(23040)
    assert all(row.utilisation is None for row in table.values())


def test_the_bottling_line_makes_at_most_70_pallets_in_8_hours():
    line = bottling()
    slowest = predicted_bottleneck(line)
    flow = traffic(line)
    assert slowest.station == "Filler"
    assert 8 * slowest.capacity_per_hour == pytest.approx(51892, abs=0.5)
    assert 8 * slowest.capacity_per_hour * flow.parts_out == pytest.approx(70.7, abs=0.05)


def test_the_bottling_line_lets_defects_escape_into_pallets():
    flow = traffic(bottling())
    assert flow.visits["Packer"] == pytest.approx(0.981)
    assert flow.visits["Palletizer"] == pytest.approx(0.981 / 12)
    assert flow.defective["Packer"] == pytest.approx(0.001 / 0.981)
    assert flow.good_parts / flow.parts_out == pytest.approx((1 - 0.001 / 0.981) ** 720)


def test_utilisation_is_what_the_arrivals_ask_for():
    line = bottling(interarrival=Exponential(mean=0.6))
    assert released_per_hour(line) == pytest.approx(6000)
    assert rows(line)["Filler"].utilisation == pytest.approx(0.555 / 0.6)
    assert rows(line)["Packer"].utilisation == pytest.approx(1.875 / 12 * 0.981 / 0.6)


def test_parallel_servers_share_the_work():
    line = bottling()
    two = line.with_value("Filler.servers", 2)
    assert rows(two)["Filler"].capacity_per_hour == pytest.approx(2 * rows(line)["Filler"].capacity_per_hour)
    assert predicted_bottleneck(two).station == "Inspector"


def test_speed_shortens_processing_and_what_counts_with_it_but_not_micro_stops():
    filler = bottling().element("Filler")
    fast = filler.replace(speed=2.0)
    assert effective_cycle_time(fast) == pytest.approx((0.36 + 0.045) / 2 + 0.15)


@pytest.mark.parametrize(
    ("failures", "expected"),
    [
        ((breakdown(100 / 60, 10 / 60),), 5 * 1.1),
        ((breakdown(100 / 60, 10 / 60, clock="calendar"),), 5 * 1.1),
        (
            (
                breakdown(100 / 60, 10 / 60, clock="calendar"),
                breakdown(50 / 60, 10 / 60, clock="calendar", name="b"),
            ),
            5 * 1.1 * 1.2,
        ),
        ((breakdown(100 / 60, 10 / 60), breakdown(50 / 60, 10 / 60, name="b")), 5 * (1 + 0.1 + 0.2)),
        (
            (FailureMode(clock="cycles", time_to_failure=Deterministic(value=19.5), time_to_repair="40 s"),),
            5 + 2,
        ),
        ((breakdown(100 / 60, 10 / 60, interrupted="restart"),), 110 * math.expm1(0.05)),
        ((breakdown(100 / 60, 10 / 60, interrupted="scrap"),), 110 * -math.expm1(-0.05)),
        (
            (breakdown(100 / 60, 10 / 60, interrupted="scrap", clock="calendar"),),
            110 * -math.expm1(-0.05),
        ),
    ],
)
def test_failures_lengthen_a_cycle_by_their_clock(failures, expected):
    station = Station(name="S", cycle_time=5, failures=failures)
    assert effective_cycle_time(station) == pytest.approx(expected)


def test_parts_that_failures_scrap_do_not_go_on():
    line = Line(
        name="scrap",
        elements=(
            Source(name="In"),
            Station(name="A", cycle_time=5, failures=(breakdown(100 / 60, 1, interrupted="scrap"),)),
            Sink(name="Out"),
        ),
        connections=chain("In", "A", "Out"),
    )
    assert traffic(line).good_parts == pytest.approx(math.exp(-0.05))


def two_products(mix, **station):
    return Line(
        name="mix",
        elements=(
            Source(name="In", mix=mix),
            Station(name="A", cycle_time=10, cycle_time_by_product={"x": 4}, **station),
            Sink(name="Out"),
        ),
        connections=chain("In", "A", "Out"),
        products=(Product(name="x"), Product(name="y")),
    )


def test_the_cycle_is_the_mean_over_the_mix():
    (row,) = capacity_table(two_products({"x": 0.25, "y": 0.75}, speed=2.0))
    assert row.effective_cycle_time == pytest.approx((0.25 * 4 + 0.75 * 10) / 2)


def test_a_source_without_a_mix_releases_the_first_product():
    (row,) = capacity_table(two_products({}))
    assert row.effective_cycle_time == pytest.approx(4)


def test_set_ups_follow_the_random_sequence_of_products():
    line = two_products({"x": 0.25, "y": 0.75}, setup_times={"x": {"y": 60}, "y": {"x": 20}})
    (row,) = capacity_table(line)
    assert row.effective_cycle_time == pytest.approx(8.5 + 0.25 * 0.75 * (60 + 20))


def test_products_of_two_sources_mix_behind_the_merge():
    line = Line(
        name="merge",
        elements=(
            Source(name="X", mix={"x": 1}, interarrival=10),
            Source(name="Y", mix={"y": 1}, interarrival=30),
            Station(name="A", cycle_time=1),
            Station(name="B", cycle_time=1),
            Sink(name="Out"),
        ),
        connections=(
            *chain("X", "A", "B", "Out"),
            *chain("Y", "B"),
        ),
        products=(Product(name="x"), Product(name="y")),
    )
    flow = traffic(line)
    assert flow.products["A"] == {"x": 1.0, "y": 0.0}
    assert flow.products["B"] == pytest.approx({"x": 0.75, "y": 0.25})
    assert flow.visits["A"] == pytest.approx(0.75)
    assert released_per_hour(line) == pytest.approx(480)
    saturated = line.with_value("X.interarrival", None)
    assert released_per_hour(saturated) is None
    assert traffic(saturated).visits["A"] == pytest.approx(0.5)


def test_an_interarrival_time_of_zero_is_a_saturated_source():
    assert released_per_hour(bottling(interarrival=Deterministic(value=0))) is None


def rework(share, *, defects=0.0, detection=1.0, false_alarm=0.0, batch=1):
    return Line(
        name="rework",
        elements=(
            Source(name="In", interarrival=10),
            Station(name="Weld", cycle_time=4, defect_rate=defects),
            Station(
                name="Test",
                cycle_time=2,
                inspection=Inspection(detection=detection, false_alarm=false_alarm),
            ),
            Station(name="Pack", cycle_time=3, batch_size=batch),
            Sink(name="Out"),
        ),
        connections=(
            *chain("In", "Weld", "Test"),
            Connection(source="Test", target="Weld", probability=share),
            Connection(source="Test", target="Pack", probability=1 - share),
            *chain("Pack", "Out"),
        ),
    )


def test_rework_multiplies_visits():
    table = rows(rework(0.2))
    assert table["Weld"].visits == pytest.approx(1.25)
    assert table["Weld"].utilisation == pytest.approx(1.25 * 4 / 10)
    assert table["Pack"].visits == pytest.approx(1)


@settings(deadline=None, max_examples=40)
@given(st.floats(0, 0.8), st.floats(0, 0.5), st.floats(0, 1), st.floats(0, 0.5), st.sampled_from([1, 1, 3]))
def test_parts_are_conserved(share, defects, detection, false_alarm, batch):
    line = rework(share, defects=defects, detection=detection, false_alarm=false_alarm, batch=batch)
    flow = traffic(line)
    tested, bad = flow.visits["Test"], flow.defective["Test"]
    rejected = tested * (bad * detection + (1 - bad) * false_alarm)
    assert flow.visits["In"] == pytest.approx(1)
    assert flow.parts_out * batch + rejected == pytest.approx(1)
    assert 0 <= flow.good_parts <= flow.parts_out + 1e-12


def test_visits_agree_with_walking_parts_through_the_loop():
    line = rework(0.3, defects=0.1, detection=0.8, false_alarm=0.05)
    rng = np.random.default_rng(5)
    welded = good = out = 0
    count = 60000
    for _ in range(count):
        defective = False
        while True:
            welded += 1
            defective |= rng.random() < 0.1
            if rng.random() < (0.8 if defective else 0.05):
                break
            if rng.random() >= 0.3:
                out += 1
                good += not defective
                break
    flow = traffic(line)
    assert flow.visits["Weld"] == pytest.approx(welded / count, rel=0.01)
    assert flow.parts_out == pytest.approx(out / count, rel=0.01)
    assert flow.good_parts == pytest.approx(good / count, rel=0.01)


def test_a_batch_inside_a_loop_settles():
    line = Line(
        name="batches",
        elements=(
            Source(name="In"),
            Station(name="A", cycle_time=1, batch_size=2, defect_rate=0.1),
            Station(name="B", cycle_time=1),
            Sink(name="Out"),
        ),
        connections=(
            *chain("In", "A", "B"),
            Connection(source="B", target="A", probability=0.5),
            Connection(source="B", target="Out", probability=0.5),
        ),
    )
    flow = traffic(line)
    share = flow.defective["A"]
    passed = 1 - (1 - share) ** 2 * 0.9
    assert flow.defective["B"] == pytest.approx(passed)
    assert flow.visits["A"] == pytest.approx(4 / 3)
    assert share == pytest.approx(flow.visits["B"] * 0.5 * passed / flow.visits["A"])


def test_a_station_that_takes_no_time_has_no_limit_and_one_without_parts_neither():
    line = rework(0.0, defects=1.0)
    table = rows(line.with_value("Test.cycle_time", 0))
    assert table["Test"].cycles_per_hour == math.inf
    assert table["Test"].utilisation == 0
    assert table["Pack"].visits == 0
    assert table["Pack"].capacity_per_hour == math.inf


def test_a_part_that_starts_again_for_ever_has_no_capacity():
    line = two_products({}, failures=(breakdown(0.02, 1, interrupted="restart"),)).with_value(
        "In.interarrival", 30
    )
    slow = line.with_value("A.cycle_time_by_product", {}).with_value("A.cycle_time", 1000)
    (row,) = capacity_table(slow)
    assert row.effective_cycle_time == row.utilisation == math.inf
    assert row.capacity_per_hour == 0


def test_a_loop_that_is_practically_never_left_is_an_error():
    line = rework(0.5)
    endless = line.replace(
        connections=tuple(
            c.replace(probability={"Weld": 1.0, "Pack": 1e-30}[c.target]) if c.probability else c
            for c in line.connections
        )
    )
    with pytest.raises(ModelError, match="raise the probability of the way out"):
        traffic(endless)
