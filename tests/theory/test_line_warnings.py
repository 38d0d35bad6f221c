"""What is allowed in a line but probably not meant."""

from pathlib import Path

import pytest

from opt_twin.io import read_line
from opt_twin.line import (
    Buffer,
    Connection,
    Exponential,
    FailureMode,
    Line,
    MicroStop,
    Order,
    Product,
    Sink,
    Source,
    Station,
    chain,
)
from opt_twin.theory import line_warnings

MODELS = Path(__file__).parents[2] / "models"


def line_of(*elements, **fields):
    names = [element.name for element in elements]
    return Line(name="w", elements=elements, connections=chain(*names), **fields)


def packing(interarrival="exponential(5.6 s)", *, capacity=None, limit=None, first=1.0, second=6.0):
    return line_of(
        Source(name="In", interarrival=interarrival, limit=limit),
        Station(name="Fill", cycle_time=first),
        Buffer(name="Queue", capacity=capacity),
        Station(name="Packer", cycle_time=second),
        Sink(name="Out"),
    )


def test_a_queue_before_an_overloaded_station_grows():
    assert line_warnings(packing()) == (
        "utilisation of Packer 1.071 > 1: the queue in Queue grows without bound",
    )


def test_utilisation_of_exactly_one_is_too_much():
    assert line_warnings(packing(interarrival="exponential(6 s)")) == (
        "utilisation of Packer 1 = 1: the queue in Queue grows without bound",
    )


@pytest.mark.parametrize(
    "line",
    [
        packing(interarrival="exponential(7 s)"),
        packing(capacity=20),
        packing(limit=100),
        packing(interarrival=None, first=7.0),
        packing(first=8.0),  # what comes before lets too little through
        packing(second=0.0),
    ],
)
def test_a_queue_that_cannot_grow_for_ever_is_no_warning(line):
    assert line_warnings(line) == ()


def test_a_saturated_source_grows_the_queue_when_what_follows_is_faster_than_what_empties_it():
    (warning,) = line_warnings(packing(interarrival=None))
    assert warning.startswith("Queue is unlimited and fed faster than Packer empties it")


def test_a_saturated_source_before_an_unlimited_buffer_is_a_warning():
    line = line_of(Source(name="In"), Buffer(name="Queue"), Station(name="A", cycle_time=2), Sink(name="Out"))
    (warning,) = line_warnings(line)
    assert "its source always has a part" in warning


def test_a_buffer_before_the_sink_only_is_no_warning():
    line = line_of(Source(name="In"), Station(name="A", cycle_time=2), Buffer(name="Q"), Sink(name="Out"))
    assert line_warnings(line) == ()


def test_the_queue_grows_before_the_station_that_is_too_slow_only():
    line = line_of(
        Source(name="In", interarrival=5),
        Buffer(name="Q1"),
        Station(name="A", cycle_time=4),
        Buffer(name="Q2"),
        Station(name="B", cycle_time=6),
        Sink(name="Out"),
    )
    assert line_warnings(line) == ("utilisation of B 1.2 > 1: the queue in Q2 grows without bound",)


def test_a_queue_in_a_rework_loop_counts_the_rework():
    line = Line(
        name="loop",
        elements=(
            Source(name="In", interarrival=10),
            Buffer(name="Q"),
            Station(name="A", cycle_time=8),
            Sink(name="Out"),
            Buffer(name="Spare", capacity=1),
        ),
        connections=(
            *chain("In", "Q", "A"),
            Connection(source="A", target="Q", probability=0.25),
            Connection(source="A", target="Out", probability=0.5),
            Connection(source="A", target="Spare", probability=0.25),
            *chain("Spare", "Out"),
        ),
    )
    assert line_warnings(line) == ("utilisation of A 1.067 > 1: the queue in Q grows without bound",)


def failing(cycle, until, repair, **fields):
    mode = FailureMode(time_to_failure=until, time_to_repair=repair, **fields)
    return line_of(Source(name="In"), Station(name="A", cycle_time=cycle, failures=(mode,)), Sink(name="Out"))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (
            failing("0.36 s", "15 min", "2 h"),
            "longer than the mean time to failure 15 min: did you mean hours",
        ),
        (failing("1 s", "30 s", "2 min"), "did you mean minutes?"),
        (
            failing("10 s", "2 s", "1 s"),
            "mean time to failure 2 s against a cycle of 10 s: did you mean minutes",
        ),
        (failing("1 s", "10000 h", "1 h"), "less than one failure a year"),
        (failing("100 s", "10000 s", "0.5 s"), "mean time to repair 0.5 s against a cycle of 1.667 min"),
        (failing("5 s", "1", "2 s", clock="cycles"), "about every cycle fails"),
        (failing("1 s", "20", "2 min", clock="cycles"), "longer than the mean time to failure 20 s"),
    ],
)
def test_times_that_look_like_the_wrong_unit_are_questioned(line, words):
    (warning,) = line_warnings(line)
    assert warning.startswith("A: breakdown: ")
    assert words in warning


@pytest.mark.parametrize(
    "line",
    [
        failing("0.36 s", "120 h", "15 min"),
        failing("0.36 s", "120 min", "15 min", clock="operation"),
        failing("5 s", "exponential(99.5)", "60 s", clock="cycles"),
        failing("5 s", "1 h", "0 s"),
    ],
)
def test_times_as_they_are_in_factories_are_not_questioned(line):
    assert line_warnings(line) == ()


def test_micro_stops_that_take_longer_than_all_the_work_are_questioned():
    stop = MicroStop(probability=0.5, duration="1 min")
    line = line_of(Source(name="In"), Station(name="A", cycle_time=1, micro_stops=(stop,)), Sink(name="Out"))
    (warning,) = line_warnings(line)
    assert warning.startswith("A: jam takes 30 s a cycle on average against a cycle of 1 s")


def test_one_station_that_is_far_slower_than_the_others_is_questioned():
    stations = [Station(name=name, cycle_time=time) for name, time in (("A", 5), ("B", "6 min"), ("C", 4))]
    (warning,) = line_warnings(line_of(Source(name="In"), *stations, Sink(name="Out")))
    assert warning.startswith("B takes 6 min for each released part, the other stations 4.5 s")


def test_a_buffer_larger_than_a_day_of_output_is_questioned():
    (warning,) = line_warnings(packing(interarrival="exponential(8 s)", capacity=20000))
    assert warning.startswith("Queue has places for 20000 parts, 1.852 d of the line's output")
    assert line_warnings(packing(interarrival="exponential(8 s)", capacity=10000)) == ()


def test_a_cycle_that_would_take_for_ever_to_simulate_is_questioned():
    (warning,) = line_warnings(packing(interarrival="8 s", capacity=10, first="1e-6 s", second="1e-3 s"))
    assert warning.endswith(
        ": a cycle of 1e-06 s: an hour of it takes 3.6e+09 cycles to simulate; did you mean a larger unit?"
    )


def test_a_line_that_takes_no_time_has_no_vast_buffers():
    line = packing(interarrival=None, capacity=20000, first=0.0, second=0.0)
    assert line_warnings(line) == ()


def products(mix, *, orders=(), **fields):
    return line_of(
        Source(name="In", mix=mix, interarrival=Exponential(mean=9)),
        Station(name="A", cycle_time=1),
        Sink(name="Out"),
        products=(Product(name="x"), Product(name="y")),
        orders=orders,
        **fields,
    )


def test_a_product_that_nothing_makes_is_named():
    expected = ("product y is in no source's mix and in no order: nothing makes it",)
    assert line_warnings(products({"x": 1})) == expected
    assert line_warnings(products({})) == expected  # the first product is what such a source releases
    assert line_warnings(products({"x": 1}, orders=(Order(name="o", product="y", quantity=3),))) == ()
    assert line_warnings(products({"x": 0.5, "y": 0.5})) == ()


def test_a_part_that_starts_again_for_ever_is_questioned_without_a_crash():
    mode = FailureMode(time_to_failure=1, time_to_repair=2, clock="operation", interrupted="restart")
    line = line_of(
        Source(name="In", interarrival=10),
        Buffer(name="Queue"),
        Station(name="A", cycle_time=1000, failures=(mode,)),
        Buffer(name="Rack", capacity=100000),
        Station(name="B", cycle_time=1),
        Station(name="C", cycle_time=1),
        Sink(name="Out"),
    )
    assert line_warnings(line) == (
        "utilisation of A inf > 1: the queue in Queue grows without bound",
        "A: breakdown: mean time to failure 1 s against a cycle of 16.67 min: did you mean minutes?",
    )


@pytest.mark.parametrize("name", ["bottling", "serial_3"])
def test_the_lines_that_come_with_the_project_have_no_warnings(name):
    assert line_warnings(read_line(MODELS / f"{name}.yaml")) == ()


def test_a_buffer_of_rework_that_a_saturated_source_shares_is_no_warning():
    line = Line(
        name="rework",
        elements=(
            Source(name="In"),
            Station(name="Saw", cycle_time="5 s"),
            Buffer(name="Rework"),
            Sink(name="Out"),
        ),
        connections=(
            Connection(source="In", target="Saw"),
            Connection(source="Saw", target="Out", probability=0.9),
            Connection(source="Saw", target="Rework", probability=0.1),
            Connection(source="Rework", target="Saw"),
        ),
    )
    assert line_warnings(line) == ()
