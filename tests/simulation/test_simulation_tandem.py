"""Tandem lines: exact makespans, the max-plus recursion, and laws that every tandem line obeys."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opt_twin.line import Empirical, Exponential, FailureMode, Lognormal, Sink, Source, Station, Uniform
from opt_twin.simulation import RunSettings, run_replication
from opt_twin.streams import Purpose, stream


def walk(seed, station, mode, horizon):
    """Return the down intervals of a station's calendar, drawn from its own streams."""
    rng_failure = stream(seed, 0, f"{station}#1.{mode.name}", Purpose.TIME_TO_FAILURE)
    rng_repair = stream(seed, 0, f"{station}#1.{mode.name}", Purpose.TIME_TO_REPAIR)
    now, intervals = 0.0, []
    while now <= horizon:
        failed = now + float(mode.time_to_failure.sample(rng_failure, 1)[0])
        now = failed + float(mode.time_to_repair.sample(rng_repair, 1)[0])
        intervals.append((failed, now))
    return intervals


def up_time_end(intervals, start, work):
    """Return when `work` seconds of up-time since `start` are over."""
    for failed, repaired in intervals:
        if repaired <= start:
            continue
        if failed <= start:
            start = repaired
            continue
        if start + work <= failed:
            break
        work -= failed - start
        start = repaired
    return start + work


def max_plus(seed, work, places, modes, horizon):
    """Return D[i, j], the departure of part j from station i."""
    stations, parts = work.shape
    calendars = [
        walk(seed, f"S{i + 1}", modes[i], horizon) if modes[i] is not None else [] for i in range(stations)
    ]
    departures = np.full((stations + 1, parts), -np.inf)
    for j in range(parts):
        for i in range(stations):
            start = max(departures[i - 1, j] if i else 0.0, departures[i, j - 1] if j else 0.0)
            done = up_time_end(calendars[i], start, float(work[i, j]))
            if i < stations - 1 and j - places[i] - 1 >= 0:
                done = max(done, departures[i + 1, j - places[i] - 1])
            departures[i, j] = done
    return departures[:stations]


def simulated_departures(run, stations, places):
    """Return the same vector from the event log: a part departs when it enters the next place."""
    vectors = []
    for i in range(stations):
        if i == stations - 1:
            where, kind = "Out", "exit"
        elif places[i]:
            where, kind = f"B{i + 1}", "enter"
        else:
            where, kind = f"S{i + 2}", "start"
        vectors.append([e.time for e in run.events if e.element == where and e.kind == kind])
    return vectors


@pytest.mark.parametrize(
    ("times", "buffers", "parts", "makespan"),
    [((3, 5, 4), 0, 10, 57.0), ((4, 5, 4.5), 5, 100, 508.5), ((2,), 0, 7, 14.0)],
)
def test_a_deterministic_line_takes_the_sum_and_the_slowest(tandem, times, buffers, parts, makespan):
    """Makespan = sum p + (J - 1) max p; 508.5 s is the published figure of the serial line."""
    line = tandem(times, buffers, source=Source(name="In", limit=parts))
    run = run_replication(line, settings=RunSettings(horizon=1000))
    assert run.last_exit == makespan
    assert run.values["parts_out"] == parts


times_of = st.sampled_from(
    [
        Exponential(mean=2.0),
        Lognormal(mean=2.0, cv=0.5),
        Uniform(low=0.5, high=3.0),
        Empirical(values=(1, 2, 3)),
    ]
)


@given(
    cycles=st.lists(times_of, min_size=1, max_size=5),
    places=st.lists(st.integers(0, 3), min_size=4, max_size=4),
    failing=st.lists(st.booleans(), min_size=5, max_size=5),
    seed=st.integers(0, 1000),
)
@settings(max_examples=40, deadline=None)
def test_every_departure_equals_the_max_plus_recursion(tandem, cycles, places, failing, seed):
    """The same bits, part by part and station by station."""
    parts, horizon = 60, 1e4
    mode = FailureMode(time_to_failure=Exponential(mean=20.0), time_to_repair=Exponential(mean=5.0))
    modes = [mode if failing[i] else None for i in range(len(cycles))]
    line = tandem(
        cycles,
        places[: len(cycles) - 1],
        source=Source(name="In", limit=parts),
        failures=[(m,) if m else () for m in modes],
    )
    run = run_replication(line, settings=RunSettings(horizon=horizon), seed=seed, log=True)
    work = np.array(
        [
            cycle.sample(stream(seed, 0, f"S{i + 1}", Purpose.PROCESSING), parts)
            for i, cycle in enumerate(cycles)
        ]
    )
    expected = max_plus(seed, work, places, modes, horizon)
    found = simulated_departures(run, len(cycles), places)
    assert [list(row) for row in expected] == found


def test_completion_wins_over_a_failure_at_the_same_moment(tandem):
    """With 30 s of work and a failure after 30 s the first part leaves at 30 s, not after the repair."""
    mode = FailureMode(time_to_failure=30.0, time_to_repair=100.0)
    run = run_replication(tandem((30.0,), failures=(mode,)), settings=RunSettings(horizon=1000), log=True)
    exits = [event.time for event in run.events if event.kind == "exit"]
    assert exits[:3] == [30.0, 160.0, 290.0]


def test_speed_divides_the_times(tandem):
    plain = run_replication(tandem([Exponential(mean=2)] * 3, 1), settings=RunSettings(horizon=4000), seed=2)
    fast = run_replication(
        tandem([Exponential(mean=4)] * 3, 1, speed=2.0), settings=RunSettings(horizon=4000), seed=2
    )
    assert fast.values == pytest.approx(plain.values)


@pytest.mark.parametrize("seed", range(5))
def test_a_larger_buffer_never_lowers_the_output(tandem, seed):
    """Common random numbers make this hold for each sample path, not only on average."""
    mode = FailureMode(time_to_failure=Exponential(mean=60), time_to_repair=Exponential(mean=20))
    outputs = [
        run_replication(
            tandem([Lognormal(mean=1, cv=0.5)] * 4, places, failures=(mode,)),
            settings=RunSettings(horizon=3000),
            seed=seed,
        ).values["parts_out"]
        for places in (0, 1, 2, 5, 20, None)
    ]
    assert outputs == sorted(outputs)
    assert outputs[0] < outputs[-1]


def test_elements_may_be_listed_in_any_order(tandem):
    line = tandem([Exponential(mean=1)] * 3, 2)
    shuffled = line.replace(elements=line.elements[::-1])
    ours = run_replication(line, settings=RunSettings(horizon=500))
    theirs = run_replication(shuffled, settings=RunSettings(horizon=500))
    assert ours.values == theirs.values


def test_a_line_of_600_stations_runs(line_of):
    """A jam that clears from one end to the other needs no deep recursion."""
    stations = [Station(name=f"S{i}", cycle_time=0.001) for i in range(599)]
    line = line_of(Source(name="In"), *stations, Station(name="Last", cycle_time=10), Sink(name="Out"))
    run = run_replication(line, settings=RunSettings(horizon=65))
    assert run.values["parts_out"] == 6
