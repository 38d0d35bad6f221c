"""Detectors that read who was active when."""

from types import SimpleNamespace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from opt_twin.analysis import (
    BottleneckShare,
    average_active_periods,
    classical_bottlenecks,
    shifting_bottleneck,
    trace_bottlenecks,
)
from opt_twin.errors import EvaluationError
from opt_twin.line import Line, Sink, Source, Station, chain
from opt_twin.results import Evaluation
from opt_twin.simulation import RunSettings, run_replication


def states(element, *spans, server=0):
    """Return the records of one server: (begin, end, state)."""
    return [
        SimpleNamespace(
            kind="state", element=element, server=server, state=state, time=begin, duration=end - begin
        )
        for begin, end, state in spans
    ]


def test_states_that_follow_one_another_make_one_active_period():
    trace = [
        *states("A", (0, 4, "busy"), (4, 5, "failed"), (5, 8, "busy"), (8, 10, "starved"), (10, 12, "setup")),
        *states("B", (0, 3, "starved"), (3, 12, "busy")),
    ]
    assert average_active_periods(trace) == {"B": 9.0, "A": 5.0}
    assert list(average_active_periods(trace)) == ["B", "A"]


def test_states_nobody_has_heard_of_count_as_active():
    trace = states(
        "A", (0, 4, "busy"), (4, 6, "waiting_for_crew"), (6, 8, "maintenance"), (8, 10, "off_shift")
    )
    assert average_active_periods(trace) == {"A": 8.0}


def test_a_station_that_was_never_active_has_periods_of_no_length():
    trace = [*states("A", (0, 9, "busy")), *states("B", (0, 9, "starved"))]
    assert average_active_periods(trace) == {"A": 9.0, "B": 0.0}


def test_the_bottleneck_shifts_while_two_long_periods_overlap():
    """A is active until 10, B from 6 to 20: alone 6 and 10 of 20 seconds, 4 of both."""
    trace = [
        *states("A", (0, 10, "busy"), (10, 20, "blocked")),
        *states("B", (0, 6, "starved"), (6, 20, "busy")),
        *states("C", (0, 2, "busy"), (2, 20, "starved")),
    ]
    assert shifting_bottleneck(trace) == (
        BottleneckShare(station="B", sole=0.5, shifting=0.2),
        BottleneckShare(station="A", sole=0.3, shifting=0.2),
        BottleneckShare(station="C", sole=0.0, shifting=0.0),
    )
    assert trace_bottlenecks(trace)["shifting bottleneck"] == "B"


def test_a_short_period_within_a_longer_one_never_is_the_bottleneck():
    trace = [*states("A", (0, 20, "busy")), *states("B", (0, 5, "starved"), (5, 15, "busy"))]
    (first, second) = shifting_bottleneck(trace)
    assert (first.station, first.sole, first.shifting) == ("A", 1.0, 0.0)
    assert second.share == 0


def test_nobody_is_the_bottleneck_while_all_wait():
    trace = states("A", (0, 4, "busy"), (4, 8, "starved"), (8, 10, "busy"))
    assert shifting_bottleneck(trace) == (BottleneckShare(station="A", sole=0.6, shifting=0.0),)


def test_the_servers_of_a_station_are_looked_at_one_by_one():
    trace = [
        *states("A", (0, 4, "busy"), (4, 8, "starved"), server=0),
        *states("A", (0, 4, "starved"), (4, 8, "busy"), server=1),
        *states("B", (0, 8, "busy")),
    ]
    assert average_active_periods(trace) == {"B": 8.0, "A": 4.0}
    assert shifting_bottleneck(trace)[0].station == "B"


def test_what_lies_before_the_warm_up_is_left_out():
    trace = [
        *states("A", (0, 90, "busy"), (90, 100, "starved")),
        *states("B", (0, 80, "starved"), (80, 100, "busy")),
    ]
    assert average_active_periods(trace)["A"] == 90
    assert average_active_periods(trace, since=80) == {"B": 20.0, "A": 10.0}
    assert sum(share.sole for share in shifting_bottleneck(trace, since=80)) == pytest.approx(0.5 + 0.5)


def test_a_trace_without_states_is_refused():
    with pytest.raises(EvaluationError, match="was the run logged"):
        average_active_periods([])
    with pytest.raises(EvaluationError, match="after 50 s"):
        trace_bottlenecks(states("A", (0, 40, "busy")), since=50)


SPANS = st.lists(
    st.lists(st.tuples(st.integers(1, 9), st.booleans()), min_size=1, max_size=8), min_size=1, max_size=4
)


@given(SPANS)
@example([[(4, False), (2, True)], [(5, False), (3, True)], [(6, False), (4, True)]])
def test_the_momentary_bottleneck_passes_to_the_longest_active_period_when_its_own_ends(lines):
    """Brute force, second by second, where no two periods have the same length; and shares stay in bounds."""
    trace, periods = [], []
    for number, spans in enumerate(lines):
        now, own = 0, []
        for length, active in spans:
            own.append((now, now + length, "busy" if active else "starved"))
            now += length
        trace += states(f"S{number}", *own)
        for begin, end, state in own:
            if state != "busy":
                continue
            if periods and periods[-1][2] == number and periods[-1][1] == begin:
                periods[-1] = (periods[-1][0], end, number)
            else:
                periods.append((begin, end, number))
    shares = {share.station: share for share in shifting_bottleneck(trace)}
    whole = max(sum(length for length, _ in spans) for spans in lines)
    assert all(0 <= share.share <= 1 + 1e-12 for share in shares.values())
    lengths = [end - begin for begin, end, _ in periods]
    if len(set(lengths)) < len(lengths):
        return
    seconds, now = [0] * len(lines), None
    for second in range(whole):
        if now is None or now[1] <= second:
            alive = [period for period in periods if period[0] <= second < period[1]]
            now = max(alive, key=lambda period: period[1] - period[0], default=None)
        if now is not None:
            seconds[now[2]] += 1
    for number, own in enumerate(seconds):
        assert own <= shares[f"S{number}"].share * whole + 1e-9


def test_the_trace_of_a_run_agrees_with_its_measures():
    """In a deterministic line the slowest station never waits: all methods name it."""
    line = Line(
        name="three",
        elements=(
            Source(name="In"),
            *(Station(name=name, cycle_time=time) for name, time in (("A", 4), ("B", 6), ("C", 5))),
            Sink(name="Out"),
        ),
        connections=chain("In", "A", "B", "C", "Out"),
    )
    run = run_replication(line, settings=RunSettings(horizon=1000, warm_up=100), log=True)
    assert average_active_periods(run.events, since=100) == {"B": 900.0, "C": 5.0, "A": 4.0}
    assert trace_bottlenecks(run.events, since=100) == {
        "average active period": "B",
        "shifting bottleneck": "B",
    }
    evaluation = Evaluation(
        values={name: [value] for name, value in run.values.items()},
        replications=(0,),
        seed=0,
        horizon=1000.0,
        warm_up=100.0,
        line_digest="",
    )
    assert set(classical_bottlenecks(line, evaluation).values()) == {"B"}
