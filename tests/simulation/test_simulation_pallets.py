"""Pallets: closed loops whose throughput is known, and pallets that are never lost."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opt_twin.errors import ConservationError
from opt_twin.graph import ranks
from opt_twin.line import (
    Buffer,
    Connection,
    Exponential,
    FailureMode,
    Inspection,
    Pallets,
    Sink,
    Source,
    Station,
)
from opt_twin.simulation import RunSettings, run_replication, simulate
from opt_twin.simulation.pallets import PalletPool


def pallets(number, **fields):
    return Pallets(**{"name": "P", "number": number, **fields})


def run(line, horizon=100.0, seed=0):
    return run_replication(line, settings=RunSettings(horizon=horizon), seed=seed, log=True)


def times(result, element, kind):
    return [event.time for event in result.events if event.element == element and event.kind == kind]


def loop(line_of, cycle_times, pool, **fields):
    """Return a saturated line on pallets, with unlimited places before each station."""
    elements = [Source(name="In", pallets="P")]
    for i, cycle_time in enumerate(cycle_times):
        elements += [Buffer(name=f"B{i}"), Station(name=f"S{i}", cycle_time=cycle_time, **fields)]
    return line_of(*elements, Sink(name="Out"), pallets=(pool,))


@pytest.mark.parametrize("number", range(1, 7))
@pytest.mark.parametrize("back", [0.0, 6.0])
def test_a_deterministic_loop_makes_what_its_bottleneck_or_its_pallets_allow(line_of, number, back):
    """min(1 / 5 s, number / (3 + 5 + 4 s and the way back)), from the first round on."""
    line = loop(line_of, (3.0, 5.0, 4.0), pallets(number, return_time=back))
    round_trip = 12 + back
    warm = RunSettings(horizon=10 * 5 * round_trip, warm_up=5 * round_trip)
    found = run_replication(line, settings=warm).values["parts_out"]
    seconds = 9 * 5 * round_trip
    assert found == pytest.approx(min(seconds / 5, seconds * number / round_trip), abs=1)


@pytest.mark.parametrize(("stations", "number"), [(2, 1), (2, 3), (3, 4), (4, 2)])
def test_a_closed_network_of_exponential_stations_has_product_form(line_of, stations, number):
    """N / (N + M - 1) of the rate of a station, for M alike (Gordon and Newell 1967; Jackson 1963)."""
    line = loop(line_of, (Exponential(mean=1.0),) * stations, pallets(number))
    found = simulate(line, settings=RunSettings(horizon=5000, warm_up=200, replications=8), seed=1)
    assert found.estimate("throughput", 0.99).covers(3600 * number / (number + stations - 1))
    assert found.mean("wip") == pytest.approx(number)


def test_a_pallet_by_hand(line_of):
    """One pallet, 3 s of work, 4 s back: a part every 7 s; the pallet is in use 3 s of them."""
    result = run(loop(line_of, (3.0,), pallets(1, return_time=4)), horizon=21)
    assert times(result, "In", "release") == [0, 7, 14, 21]
    assert times(result, "Out", "exit") == [3, 10, 17]
    assert 21 * result.values["P.in_use"] == pytest.approx(9)
    assert 21 * result.values["P.returning"] == pytest.approx(12)
    assert 21 * result.values["P.free"] == pytest.approx(0)


def test_a_pallet_is_unloaded_at_a_station(line_of):
    """The pallet leaves the part after S0; S1 may be as slow as it likes."""
    line = loop(line_of, (3.0, 50.0), pallets(1, return_time=2, unloaded_at="S0"))
    assert times(run(line, horizon=20), "In", "release") == [0, 5, 10, 15, 20]


def test_a_part_that_waits_in_the_source_holds_its_pallet(line_of):
    """The only place is S: the second part waits with its pallet; the third has none until one is back."""
    line = line_of(
        Source(name="In", pallets="P"),
        Station(name="S", cycle_time=10),
        Sink(name="Out"),
        pallets=(pallets(2),),
    )
    result = run(line, horizon=30)
    assert times(result, "In", "release") == [0, 10, 20, 30]
    assert result.values["P.in_use"] == pytest.approx(2)
    assert result.values["wip"] == pytest.approx(1)


def test_the_next_interarrival_time_starts_when_the_part_has_left(line_of):
    """At 2 on the only pallet, which is back at 12; at 14 the next part, and so on."""
    line = line_of(
        Source(name="In", interarrival=2, pallets="P"),
        Station(name="S", cycle_time=10),
        Sink(name="Out"),
        pallets=(pallets(1),),
    )
    assert times(run(line, horizon=30), "In", "release") == [2, 12, 22]


def test_scrap_gives_its_pallet_back(line_of):
    """Every part is rejected after 3 s; the pallet is free 1 s later."""
    line = loop(line_of, (3.0,), pallets(1, return_time=1), defect_rate=1.0, inspection=Inspection())
    result = run(line, horizon=12)
    assert times(result, "S0", "scrap") == [3, 7, 11]
    assert times(result, "In", "release") == [0, 4, 8, 12]


def test_a_batch_travels_on_the_pallets_of_all_its_parts(line_of):
    """Three parts make a case of 10 s; their pallets are free together when it has left."""
    line = loop(line_of, (10.0,), pallets(4), batch_size=3)
    result = run(line, horizon=25)
    assert times(result, "In", "release") == [0, 0, 0, 0, 10, 10, 10, 20, 20, 20]
    assert result.values["P.in_use"] == pytest.approx(4)


def test_the_source_that_has_waited_longest_gets_the_pallet(line_of):
    """A (interarrival 1 s) and B (5 s) share one pallet: A at 1, then B has waited since 5, A since 7."""
    line = line_of(
        Source(name="A", interarrival=1, pallets="P"),
        Source(name="B", interarrival=5, pallets="P"),
        Station(name="S", cycle_time=6),
        Sink(name="Out"),
        ways=[Connection(source=a, target=b) for a, b in [("A", "S"), ("B", "S"), ("S", "Out")]],
        pallets=(pallets(1),),
    )
    released = [(e.time, e.element) for e in run(line, horizon=30).events if e.kind == "release"]
    assert released == [(1, "A"), (7, "A"), (13, "B"), (19, "A"), (25, "B")]


@pytest.mark.parametrize("saturated", ["A", "B"])
def test_sources_that_ask_at_one_moment_get_the_pallet_by_rank(line_of, saturated):
    """At 10 the saturated source gets the pallet and asks again; the other asks for the first time."""
    line = line_of(
        *(Source(name=n, interarrival=None if n == saturated else 10, pallets="P") for n in "AB"),
        Station(name="S", cycle_time=10),
        Sink(name="Out"),
        ways=[Connection(source=a, target=b) for a, b in [("A", "S"), ("B", "S"), ("S", "Out")]],
        pallets=(pallets(1),),
    )
    released = [e.element for e in run(line, horizon=20).events if e.kind == "release"]
    assert released == [saturated, saturated, min("AB", key=ranks(line).get)]


@given(
    number=st.integers(1, 5),
    back=st.sampled_from([0.0, 0.5, 3.0]),
    unloaded=st.sampled_from([None, "S"]),
    batch=st.sampled_from([1, 2]),
    interarrival=st.sampled_from([None, Exponential(mean=0.5)]),
    seed=st.integers(0, 1000),
)
@settings(max_examples=60, deadline=None)
def test_pallets_are_never_lost_and_never_more(line_of, number, back, unloaded, batch, interarrival, seed):
    """Failures scrap parts, tests reject some; two sources share the pallets."""
    mode = FailureMode(time_to_failure=Exponential(mean=5), time_to_repair=1, interrupted="scrap")
    arrows = [("A", "B1", 1), ("C", "B1", 1), ("B1", "R", 1), ("R", "B2", 0.7), ("R", "B1", 0.3)]
    arrows += [("B2", "S", 1), ("S", "Out", 1)]
    line = line_of(
        Source(name="A", interarrival=interarrival, pallets="P"),
        Source(name="C", interarrival=Exponential(mean=2), pallets="P"),
        Buffer(name="B1"),
        Station(name="R", cycle_time=Exponential(mean=1), servers=2, failures=(mode,)),
        Buffer(name="B2"),
        Station(
            name="S",
            cycle_time=Exponential(mean=1),
            batch_size=batch,
            defect_rate=0.3,
            inspection=Inspection(detection=0.9),
        ),
        Sink(name="Out"),
        ways=[Connection(source=a, target=b, probability=p) for a, b, p in arrows],
        pallets=(pallets(number, return_time=back, unloaded_at=unloaded),),
    )
    result = run(line, seed=seed)
    assert result.events == run(line, seed=seed).events
    means = [result.values[f"P.{state}"] for state in ("free", "in_use", "returning")]
    assert sum(means) == pytest.approx(number)
    assert min(means) >= -1e-9
    inside = 0
    for event in result.events:
        inside += (event.kind == "release") - (event.kind in {"scrap", "exit"}) * (1 if batch == 1 else 0)
        assert batch > 1 or unloaded or inside <= number
    assert result.values["wip"] <= number or unloaded


def test_a_lost_pallet_is_noticed(line_of, monkeypatch):
    monkeypatch.setattr(PalletPool, "give_back", lambda self, now: None)
    with pytest.raises(
        ConservationError, match="there are 3 pallets 'P', but 0 are free, 0 come back, 0 carry"
    ):
        run(loop(line_of, (3.0,), pallets(3)))


def test_two_kinds_of_pallets_keep_apart(line_of):
    """Each source has its own; together they feed one station, in turn."""
    line = line_of(
        Source(name="A", pallets="P"),
        Source(name="B", pallets="Q"),
        Buffer(name="Queue"),
        Station(name="S", cycle_time=2),
        Sink(name="Out"),
        ways=[
            Connection(source=a, target=b)
            for a, b in [("A", "Queue"), ("B", "Queue"), ("Queue", "S"), ("S", "Out")]
        ],
        pallets=(pallets(1), Pallets(name="Q", number=2, return_time=100)),
    )
    result = run(line, horizon=20)
    assert Counter(e.element for e in result.events if e.kind == "release") == {"A": 9, "B": 2}
