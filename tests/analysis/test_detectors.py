"""Detectors that read the state times."""

import pytest

from opt_twin.analysis import classical_bottlenecks
from opt_twin.errors import UnknownNameError
from opt_twin.line import Connection, Line, Sink, Source, Station, chain
from opt_twin.results import STATES, Evaluation


def serial(*names):
    stations = tuple(Station(name=name, cycle_time=1) for name in names)
    return Line(
        name="serial",
        elements=(Sink(name="Out"), *reversed(stations), Source(name="In")),
        connections=chain("In", *names, "Out"),
    )


def evaluation(**shares):
    values = {}
    for station, states in shares.items():
        values |= {f"{station}.{state}": [states.get(state, 0.0)] for state in STATES}
    return Evaluation(values=values, replications=(0,), seed=0, horizon=1.0, warm_up=0.0, line_digest="")


def test_a_clear_bottleneck_is_named_by_all_methods():
    states = evaluation(
        A={"busy": 0.6, "blocked": 0.4},
        B={"busy": 0.9, "failed": 0.1},
        C={"busy": 0.5, "starved": 0.5},
    )
    assert classical_bottlenecks(serial("A", "B", "C"), states) == {
        "working share": "B",
        "active share": "B",
        "arrows": "B",
        "turning point": "B",
    }


def test_set_ups_and_micro_stops_count_as_work_and_failures_as_activity_only():
    states = evaluation(
        A={"busy": 0.4, "setup": 0.2, "micro_stop": 0.1, "starved": 0.3},
        B={"busy": 0.5, "failed": 0.4, "starved": 0.1},
    )
    found = classical_bottlenecks(serial("A", "B"), states)
    assert found["working share"] == "A"
    assert found["active share"] == "B"


def test_the_first_and_the_last_station_can_be_the_bottleneck():
    first = evaluation(A={"busy": 1}, B={"busy": 0.7, "starved": 0.3}, C={"busy": 0.6, "starved": 0.4})
    last = evaluation(A={"busy": 0.6, "blocked": 0.4}, B={"busy": 0.7, "blocked": 0.3}, C={"busy": 1})
    for states, name in ((first, "A"), (last, "C")):
        found = classical_bottlenecks(serial("A", "B", "C"), states)
        assert found["arrows"] == found["turning point"] == name


def test_of_several_candidates_the_arrows_take_the_most_severe_and_the_turning_point_waits_least():
    states = evaluation(
        A={"busy": 0.8, "starved": 0.15, "blocked": 0.05},
        B={"busy": 0.7, "starved": 0.2, "blocked": 0.1},
        C={"busy": 0.5, "blocked": 0.45, "starved": 0.05},
        D={"busy": 0.95, "starved": 0.05},
    )
    found = classical_bottlenecks(serial("A", "B", "C", "D"), states)
    # arrows: A <- B (0.05 < 0.2), B -> C (0.1 > 0.05), C -> D: A and D are ends, D the more severe
    assert found["arrows"] == "D"
    # turning points: A (B starves more), D (C is blocked more); D waits least
    assert found["turning point"] == "D"


def test_without_a_turn_the_station_that_waits_least_is_named():
    states = evaluation(
        A={"busy": 0.4, "starved": 0.2, "blocked": 0.2},
        B={"busy": 0.8, "starved": 0.1, "blocked": 0.1},
    )
    assert classical_bottlenecks(serial("A", "B"), states)["turning point"] == "B"


def test_branching_lines_and_single_stations_have_the_two_shares_only():
    branching = Line(
        name="branching",
        elements=(
            Source(name="In"),
            *(Station(name=name, cycle_time=1) for name in "ABC"),
            Sink(name="Out"),
        ),
        connections=(
            *chain("In", "A"),
            Connection(source="A", target="B", probability=0.5),
            Connection(source="A", target="C", probability=0.5),
            *chain("B", "Out"),
            *chain("C", "Out"),
        ),
    )
    states = evaluation(A={"busy": 0.5}, B={"busy": 0.2}, C={"busy": 0.9})
    assert classical_bottlenecks(branching, states) == {"working share": "C", "active share": "C"}
    assert set(classical_bottlenecks(serial("A"), states)) == {"working share", "active share"}


def test_a_missing_state_is_an_error():
    with pytest.raises(UnknownNameError):
        classical_bottlenecks(serial("A", "Z"), evaluation(A={"busy": 1}))
