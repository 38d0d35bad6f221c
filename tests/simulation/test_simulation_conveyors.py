"""Conveyors: exact recurrences, cases followed by hand, and what holds for every belt."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opt_twin.errors import ConservationError, ModelError
from opt_twin.line import (
    Buffer,
    Clock,
    Connection,
    Conveyor,
    Deterministic,
    Empirical,
    Exponential,
    FailureMode,
    Lognormal,
    Sink,
    Source,
    Station,
    Uniform,
)
from opt_twin.results import BELT_STATES
from opt_twin.simulation import RunSettings, run_replication
from opt_twin.simulation.conveyors import ConveyorNode
from opt_twin.streams import stream


def belt(**fields):
    """Return a belt of four places on which a part rides 4 s, unless `fields` say else."""
    return Conveyor(**{"name": "Belt", "length": 4, "speed": 1, "pitch": 1, **fields})


def run(line, horizon=100.0, seed=0):
    return run_replication(line, settings=RunSettings(horizon=horizon), seed=seed, log=True)


def times(result, element, kind):
    return [event.time for event in result.events if event.element == element and event.kind == kind]


def draws(element, purpose, distribution, count, seed=0):
    return distribution.sample(stream(seed, 0, element, purpose), count).tolist()


def belt_and_station(line_of, conveyor, cycle_time, interarrival=None):
    return line_of(
        Source(name="In", interarrival=interarrival),
        conveyor,
        Station(name="S", cycle_time=cycle_time),
        Sink(name="Out"),
    )


@given(
    length=st.floats(0.5, 20),
    speed=st.floats(0.05, 3),
    pitch=st.floats(0.1, 0.5),
    gap=st.sampled_from([None, Exponential(mean=1.0), Lognormal(mean=2.0, cv=1.0)]),
    work=st.sampled_from([Exponential(mean=1.5), Uniform(low=0.0, high=3.0), Deterministic(value=1.0)]),
    seed=st.integers(0, 100),
)
@settings(max_examples=60, deadline=None)
def test_a_belt_that_accumulates_follows_its_recurrence_bit_by_bit(
    line_of, length, speed, pitch, gap, work, seed
):
    """E = max(E' + gap, E' + pitch, D(j - N)); A = max(E + travel, D' + pitch); D = max(A, F'); F = D + w."""
    conveyor = belt(length=length, speed=speed, pitch=pitch)
    result = run(belt_and_station(line_of, conveyor, work, gap), horizon=300, seed=seed)
    entries, starts = times(result, "Belt", "enter"), times(result, "S", "start")
    gaps = [0.0] * len(entries) if gap is None else draws("In", "arrival", gap, len(entries), seed)
    works = draws("S", "processing", work, len(entries), seed)
    travel, step = length / speed, pitch / speed
    entered, left, done = [], [], -1.0
    for j, (wait, need) in enumerate(zip(gaps, works, strict=True)):
        free = left[j - conveyor.capacity] if j >= conveyor.capacity else 0.0
        entered.append(max(entered[-1] + wait, entered[-1] + step, free) if j else wait)
        arrived = max(entered[-1] + travel, left[-1] + step) if j else entered[-1] + travel
        left.append(max(arrived, done))
        done = left[-1] + need
    assert len(entries) > 1
    assert entries == entered
    assert starts == left[: len(starts)]


def stopping_belt(conveyor, works):
    """Return when each part enters and leaves a belt that stops while the part at its end waits."""
    travel, step = (Fraction(x) / Fraction(conveyor.speed) for x in (conveyor.length, conveyor.pitch))
    entered, left, at_end, stops, done = [], [], [], [], Fraction(0)
    for j, need in enumerate(works):

        def real(belt_time):
            """Return when the belt has run for `belt_time`, the stop that begins then included."""
            return belt_time + sum(seconds for begun, seconds in stops if begun <= belt_time)

        on_belt = entered[-1] + step if entered else Fraction(0)
        now = real(on_belt)
        if j >= conveyor.capacity and left[j - conveyor.capacity] > now:
            now = left[j - conveyor.capacity]
            on_belt = now - sum(seconds for begun, seconds in stops if real(begun) <= now)
        entered.append(on_belt)
        at_end.append((now, on_belt + travel))
        arrived = on_belt + travel + sum(seconds for _, seconds in stops)
        left.append(max(arrived, done))
        stops.append((on_belt + travel, left[-1] - arrived))
        done = left[-1] + Fraction(need)
    return [float(now) for now, _ in at_end], [float(time) for time in left]


@given(
    length=st.sampled_from([1.0, 2.0, 3.5, 4.0]),
    pitch=st.sampled_from([0.5, 1.0]),
    speed=st.sampled_from([0.5, 1.0, 2.0]),
    values=st.lists(st.sampled_from([0.25, 0.5, 1.0, 1.75, 3.0, 6.0]), min_size=1, max_size=4),
    seed=st.integers(0, 100),
)
@settings(max_examples=60, deadline=None)
def test_a_belt_that_does_not_accumulate_stands_while_its_end_waits(
    line_of, length, pitch, speed, values, seed
):
    """All times are multiples of 1/16, so that no sum is rounded."""
    conveyor = belt(length=length, speed=speed, pitch=pitch, accumulating=False)
    work = Empirical(values=tuple(values))
    result = run(belt_and_station(line_of, conveyor, work), horizon=120, seed=seed)
    entries, starts = times(result, "Belt", "enter"), times(result, "S", "start")
    entered, left = stopping_belt(conveyor, draws("S", "processing", work, len(entries), seed))
    assert entries == entered
    assert starts == left[: len(starts)]


@given(
    places=st.integers(1, 6),
    values=st.lists(st.sampled_from([0.5, 1.0, 2.0, 2.5, 4.0, 9.0]), min_size=1, max_size=4),
    step=st.sampled_from([1.0, 0.25, 0.1, 0.7]),
    seed=st.integers(0, 100),
)
@settings(max_examples=60, deadline=None)
def test_a_loop_moves_like_a_ring_of_slots(line_of, places, values, step, seed):
    """Each step the ring turns by one slot; the slot at the end is emptied or goes on, then filled.

    A part that comes to the end just as a cycle ends goes round: the belt comes first in the order of ranks.
    Where steps are rounded no cycle ends with one.
    """
    if step in (0.1, 0.7):
        values = [value + 0.25 for value in values]
    conveyor = belt(length=places, speed=1 / step, recirculating=True)
    work = Empirical(values=tuple(value * step for value in values))
    result = run(belt_and_station(line_of, conveyor, work), horizon=60 * step, seed=seed)
    works = iter(draws("S", "processing", work, 100, seed))
    ring, done, entries, starts = [False] * places, -1.0, [], []
    for tick in range(60):
        if ring[tick % places] and done < tick - 1e-6:
            ring[tick % places] = False
            starts.append(tick)
            done = tick + next(works) / step
        if not ring[tick % places]:
            ring[tick % places] = True
            entries.append(tick)
    assert times(result, "Belt", "enter")[: len(entries)] == pytest.approx([t * step for t in entries])
    assert times(result, "S", "start")[: len(starts)] == pytest.approx([t * step for t in starts])


@pytest.mark.parametrize("seed", range(3))
def test_a_fast_belt_is_a_buffer(line_of, seed):
    """When riding takes next to no time, the parts leave as from a buffer of as many places."""

    def exits(between):
        stations = [Station(name=f"S{i}", cycle_time=Exponential(mean=1.0)) for i in (1, 2)]
        line = line_of(Source(name="In"), stations[0], between, stations[1], Sink(name="Out"))
        return times(run(line, horizon=500, seed=seed), "Out", "exit")

    assert exits(belt(length=3, speed=1e9)) == pytest.approx(exits(Buffer(name="B", capacity=3)), abs=1e-5)


@pytest.mark.parametrize("kind", [{}, {"accumulating": False}, {"recirculating": True}])
def test_no_belt_carries_more_than_speed_over_pitch(line_of, kind):
    """A station of 0.25 s takes every part at once: one part each 0.5 s from 10 s on."""
    line = belt_and_station(line_of, belt(length=10, pitch=0.5, **kind), 0.25)
    result = run(line, horizon=110)
    assert times(result, "Belt", "enter") == [j / 2 for j in range(221)]
    assert times(result, "S", "start") == [10 + j / 2 for j in range(201)]
    assert result.values["Belt.parts"] == 201
    assert result.values["Belt.moving"] == 1


def test_a_belt_by_hand(line_of):
    """Entries 0, 1, 2, 3, then one for each part that leaves: 4, 7, 10 ...; the end waits from 5 on."""
    result = run(belt_and_station(line_of, belt(), 3.0), horizon=12)
    assert times(result, "Belt", "enter") == [0, 1, 2, 3, 4, 7, 10]
    assert times(result, "S", "start") == [4, 7, 10]
    states = {state: 12 * result.values[f"Belt.{state}"] for state in BELT_STATES}
    assert states == pytest.approx({"moving": 5 + 1 + 1, "blocked": 2 + 2 + 1, "failed": 0})
    assert 12 * result.values["Belt.level"] == pytest.approx(1 + 2 + 3 + 4 * 9)


def test_the_end_of_a_belt_is_blocked_by_a_full_buffer_and_by_another_belt(line_of):
    """The first belt ends where the second begins; with one place there it hands over when that is free."""
    line = line_of(
        Source(name="In"),
        belt(name="First", length=2),
        belt(name="Second", length=1, speed=0.5),
        Station(name="S", cycle_time=1),
        Sink(name="Out"),
    )
    result = run(line, horizon=10)
    assert times(result, "Second", "enter") == [2, 4, 6, 8, 10]
    assert times(result, "First", "enter") == [0, 1, 2, 4, 6, 8, 10]


def test_several_ways_lead_in_and_several_out(line_of):
    """Two sources take turns at the entrance; the end sends one part in four to the second station."""
    line = line_of(
        Source(name="A"),
        Source(name="B", interarrival=5),
        belt(length=2),
        Station(name="S", cycle_time=0.5),
        Station(name="T", cycle_time=0.5),
        Sink(name="Out"),
        ways=(
            Connection(source="A", target="Belt"),
            Connection(source="B", target="Belt"),
            Connection(source="Belt", target="S", probability=0.75),
            Connection(source="Belt", target="T", probability=0.25),
            Connection(source="S", target="Out"),
            Connection(source="T", target="Out"),
        ),
    )
    result = run(line, horizon=1000)
    assert times(result, "B", "release") == [7 * (j + 1) for j in range(142)]  # behind one part of A: 2 s
    ways = stream(0, 0, "Belt", "routing").random(999)
    assert len(times(result, "T", "start")) == sum(ways >= 0.75)


@pytest.mark.parametrize("clock", [Clock.CALENDAR, Clock.OPERATION])
def test_a_failure_stops_the_whole_belt(line_of, clock):
    """Up 5 s, down 3 s: what should happen at 5 happens, all else 3 s later."""
    mode = FailureMode(time_to_failure=5, time_to_repair=3, clock=clock)
    result = run(belt_and_station(line_of, belt(failures=(mode,)), 0.25), horizon=17)
    assert times(result, "Belt", "enter") == [0, 1, 2, 3, 4, 5, 9, 10, 11, 12, 13, 17]
    assert times(result, "S", "start") == [4, 5, 9, 10, 11, 12, 13, 17]
    assert times(result, "Belt", "fail") == [5, 13]
    assert times(result, "Belt", "repair") == [8, 16]
    assert 17 * result.values["Belt.failed"] == pytest.approx(6)


def test_the_clock_of_operation_stands_while_the_belt_does(line_of):
    """A belt that stops for its end runs 0-4, 6-7 (one pitch), 9-10, 12-13, and fails after 6 s of that."""
    mode = FailureMode(time_to_failure=6, time_to_repair=10, clock=Clock.OPERATION)
    conveyor = belt(failures=(mode,), accumulating=False)
    result = run(belt_and_station(line_of, conveyor, 3.0), horizon=15)
    assert times(result, "S", "start") == [4, 7, 10]
    assert times(result, "Belt", "fail") == [10]


def test_the_clock_of_cycles_counts_parts_that_leave(line_of):
    """After every second part the belt stands for 3 s; what is on it moves on after that."""
    mode = FailureMode(time_to_failure=2, time_to_repair=3, clock=Clock.CYCLES)
    result = run(belt_and_station(line_of, belt(failures=(mode,)), 0.25), horizon=20)
    assert times(result, "S", "start") == [4, 5, 9, 10, 14, 15, 19, 20]
    assert times(result, "Belt", "fail") == [5, 10, 15, 20]


def test_the_part_at_the_end_may_leave_a_belt_that_is_down(line_of):
    """Down from 5 to 30: the part that waits at the end is taken at 7; the next needs one pitch after 30."""
    mode = FailureMode(time_to_failure=5.5, time_to_repair=24.5)
    result = run(belt_and_station(line_of, belt(failures=(mode,)), 3.0), horizon=32)
    assert times(result, "S", "start") == [4, 7, 31]
    assert times(result, "Belt", "enter") == [0, 1, 2, 3, 4, 30, 31]


def test_two_failure_modes_overlap(line_of):
    """Down 4-7, 5-10 and from 11 on: the belt stands until both are repaired, and what is due then comes."""
    modes = (
        FailureMode(name="a", time_to_failure=4, time_to_repair=3),
        FailureMode(name="b", time_to_failure=5, time_to_repair=5),
    )
    result = run(belt_and_station(line_of, belt(failures=modes), 0.25), horizon=12)
    assert 12 * result.values["Belt.failed"] == pytest.approx(6 + 1)
    assert times(result, "Belt", "enter") == [0, 1, 2, 3, 4, 11]
    assert times(result, "S", "start") == [4, 11]


@given(
    kind=st.sampled_from([{}, {"accumulating": False}, {"recirculating": True}]),
    clock=st.sampled_from(list(Clock)),
    seed=st.integers(0, 1000),
    pitch=st.floats(0.2, 2),
    speed=st.floats(0.1, 5),
)
@settings(max_examples=60, deadline=None)
def test_every_belt_keeps_its_parts_their_order_and_their_distance(line_of, kind, clock, seed, pitch, speed):
    """The checks of every run hold, the same seed gives the same path, and no entry is early."""
    mode = FailureMode(time_to_failure=Exponential(mean=8), time_to_repair=Exponential(mean=2), clock=clock)
    line = line_of(
        Source(name="In", interarrival=Exponential(mean=0.5)),
        Station(name="P", cycle_time=Exponential(mean=1), servers=2),
        belt(length=5, pitch=pitch, speed=speed, failures=(mode,), **kind),
        Buffer(name="B", capacity=1),
        Station(name="S", cycle_time=Exponential(mean=1)),
        Sink(name="Out"),
    )
    result = run(line, horizon=60, seed=seed)
    assert result.events == run(line, horizon=60, seed=seed).events
    assert sum(result.values[f"Belt.{state}"] for state in BELT_STATES) == pytest.approx(1)
    entered = [event for event in result.events if event.element == "Belt" and event.kind == "enter"]
    step = pitch / speed * (1 - 1e-9)
    assert all(later.time - sooner.time >= step for sooner, later in pairwise(entered))
    if not kind.get("recirculating"):
        order = [event.part for event in result.events if event.element == "B"]
        assert order == [event.part for event in entered][: len(order)]


def test_a_belt_that_takes_too_much_is_noticed(line_of, monkeypatch):
    monkeypatch.setattr(ConveyorNode, "_open", lambda self, now: True)
    line = belt_and_station(line_of, belt(), 3.0, interarrival=1.0)
    with pytest.raises(ConservationError, match=r"conveyor 'Belt' holds \d+ parts in 4 places"):
        run(line)


def test_state_times_of_a_belt_that_do_not_add_up_are_noticed(line_of, monkeypatch):
    monkeypatch.setattr(ConveyorNode, "state_times", lambda self, now: [now, 1.0, 0.0])
    with pytest.raises(
        ConservationError, match="state times of conveyor 'Belt' do not add up to 100 s: moving"
    ):
        run(belt_and_station(line_of, belt(), 3.0))


def test_a_belt_that_is_too_fast_is_noticed(line_of, monkeypatch):
    surrender = ConveyorNode.surrender

    def count_twice(self, now):
        self.passed += 1
        return surrender(self, now)

    monkeypatch.setattr(ConveyorNode, "surrender", count_twice)
    with pytest.raises(
        ConservationError, match="parts left conveyor 'Belt' in 100 s, but no more than 101 can"
    ):
        run(belt_and_station(line_of, belt(), 0.25))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"pitch": 5}, "does not fit on a conveyor of 4 m"),
        ({"recirculating": True, "accumulating": False}, "never stops"),
        ({"speed": 0}, "greater than 0"),
        (
            {"failures": [{"time_to_failure": 5, "time_to_repair": 1, "interrupted": "scrap"}]},
            "goes on after",
        ),
        ({"failures": [{"time_to_failure": 5, "time_to_repair": 1}] * 2}, "two failures of conveyor 'Belt'"),
    ],
)
def test_a_belt_that_cannot_be_is_refused(fields, message):
    with pytest.raises(ModelError, match=message):
        belt(**fields)


@pytest.mark.parametrize(
    ("length", "pitch", "places"), [(0.3, 0.1, 3), (1.0, 1.0, 1), (1.99, 1.0, 1), (4.9, 0.7, 7)]
)
def test_a_belt_has_as_many_places_as_pitches_fit(length, pitch, places):
    assert belt(length=length, pitch=pitch).capacity == places
