"""Laws that every run obeys, on random lines: accounts, paths, and what a change of the line may do."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opt_twin.line import Buffer, Deterministic, Line, Order, Product, Sink, Source, Station, chain
from opt_twin.plan import Assignment, Schedule
from opt_twin.results import STATES
from opt_twin.simulation import RunSettings, Simulation, run_replication, simulate
from opt_twin.simulation.draws import Streams
from opt_twin.testing.random_lines import STAFFED, random_line, random_tandem, slowed

HORIZON = 64.0


class Drawn:
    """Choices that hypothesis makes, and shrinks."""

    def __init__(self, draw):
        self._draw = draw

    def pick(self, options):
        return options[self._draw(st.integers(0, len(options) - 1))]

    def whole(self, low, high):
        return self._draw(st.integers(low, high))

    def number(self, low, high):
        return self._draw(st.floats(low, high, width=32))


lines = st.composite(lambda draw: random_line(Drawn(draw)))()
staffed = st.composite(lambda draw: random_line(Drawn(draw), mechanisms=STAFFED))()
seeds = st.integers(0, 1000)


@st.composite
def tandems(draw, **fields):
    return random_tandem(Drawn(draw), **fields)


def path(run, until=math.inf):
    """Return what happened to the parts, in its order."""
    return [event for event in run.events if event.kind != "state" and event.time <= until]


@given(line=lines, seed=seeds)
@settings(max_examples=100, deadline=None)
def test_every_line_keeps_its_accounts(line, seed):
    """The checks of the run itself, and here: shares of the time add up, nothing is out of its range."""
    values = run_replication(line, settings=RunSettings(horizon=HORIZON, warm_up=16), seed=seed).values
    for station in line.stations:
        shares = [values[f"{station.name}.{state}"] for state in STATES]
        assert math.fsum(shares) == pytest.approx(1, abs=1e-7)
        assert min(shares) >= 0
    for buffer in line.buffers:
        assert -1e-9 <= values[f"{buffer.name}.level"] <= buffer.capacity + 1e-9
        assert values[f"{buffer.name}.level"] <= values["wip"] + 1e-9
    assert values["parts_out"] == values["good_parts"] + values["defective_parts"]


@given(line=lines, seed=seeds)
@settings(max_examples=40, deadline=None)
def test_the_same_seed_gives_the_same_path(line, seed):
    once, again = (
        run_replication(line, settings=RunSettings(horizon=HORIZON), seed=seed, log=True) for _ in range(2)
    )
    assert once.events == again.events
    assert once.values == pytest.approx(again.values, rel=0, abs=0, nan_ok=True)


@given(line=lines, seed=seeds, share=st.sampled_from([0.25, 0.5, 0.9]))
@settings(max_examples=40, deadline=None)
def test_a_longer_run_begins_with_the_shorter_one(line, seed, share):
    short, long = (
        run_replication(line, settings=RunSettings(horizon=horizon), seed=seed, log=True)
        for horizon in (share * HORIZON, HORIZON)
    )
    assert path(short) == path(long, until=share * HORIZON)


@given(line=lines, seed=seeds, block=st.sampled_from([1, 7, 4096]))
@settings(max_examples=40, deadline=None)
def test_the_path_does_not_depend_on_how_many_numbers_are_drawn_at_a_time(line, seed, block):
    run = run_replication(line, settings=RunSettings(horizon=HORIZON), seed=seed, log=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(Streams.__init__.__kwdefaults__, "block", block)
        other = run_replication(line, settings=RunSettings(horizon=HORIZON), seed=seed, log=True)
    assert run.events == other.events


@given(line=lines, seed=seeds)
@settings(max_examples=15, deadline=None)
def test_blocks_of_replications_are_the_replications_of_one_run(line, seed):
    """Unchecked, as some random lines lock up."""
    whole = simulate(line, settings=RunSettings(horizon=HORIZON, check=False, replications=4), seed=seed)
    first, second = (
        simulate(
            line,
            settings=RunSettings(horizon=HORIZON, check=False, replications=count, first_replication=first),
            seed=seed,
        )
        for first, count in ((0, 1), (1, 3))
    )
    assert first.merge(second).digest() == whole.digest()


@given(line=lines, seed=seeds, factor=st.sampled_from([2.0, 0.5, 64.0]))
@settings(max_examples=60, deadline=None)
def test_doubling_all_times_halves_the_throughput(line, seed, factor):
    """Exactly: multiplying by a power of two rounds nothing, so the path is the same but for its times."""
    run = run_replication(line, settings=RunSettings(horizon=HORIZON), seed=seed, log=True)
    slow = run_replication(
        slowed(line, factor), settings=RunSettings(horizon=factor * HORIZON), seed=seed, log=True
    )
    assert [(e.time * factor, e.kind, e.element, e.part) for e in path(run)] == [
        (e.time, e.kind, e.element, e.part) for e in path(slow)
    ]
    assert slow.values["throughput"] == run.values["throughput"] / factor
    assert slow.values["wip"] == pytest.approx(run.values["wip"], rel=1e-12)


@given(line=tandems(limit=25), seed=seeds, gain=st.integers(1, 5), data=st.data())
@settings(max_examples=80, deadline=None)
def test_a_larger_buffer_never_lowers_the_output(line, seed, gain, data):
    """No part leaves later, on each path (common random numbers): the recursion of the line is monotone."""
    names = [buffer.name for buffer in line.buffers]
    if not names:
        return
    chosen = data.draw(st.sampled_from(names))
    larger = line.replace(
        elements=tuple(
            e.replace(capacity=e.capacity + gain) if e.name == chosen else e for e in line.elements
        )
    )
    assert_no_part_leaves_later(larger, line, seed)


@given(line=tandems(limit=25), seed=seeds, factor=st.floats(1.0, 4.0), data=st.data())
@settings(max_examples=80, deadline=None)
def test_a_faster_station_never_slows_the_line(line, seed, factor, data):
    """On each path; with failures on the clock of the calendar, which do not move with the work."""
    chosen = data.draw(st.sampled_from([station.name for station in line.stations]))
    faster = line.replace(
        elements=tuple(e.replace(speed=factor) if e.name == chosen else e for e in line.elements)
    )
    assert_no_part_leaves_later(faster, line, seed)


def assert_no_part_leaves_later(better, line, seed):
    long = RunSettings(horizon=2000)
    exits = [
        [e.time for e in run_replication(each, settings=long, seed=seed, log=True).events if e.kind == "exit"]
        for each in (better, line)
    ]
    assert len(exits[0]) == len(exits[1]) == 25
    assert all(a <= b * (1 + 1e-12) for a, b in zip(*exits, strict=True))


@given(line=tandems(limit=20), seed=seeds)
@settings(max_examples=40, deadline=None)
def test_littles_law_is_exact_on_a_path_that_empties(line, seed):
    """Work in process times time is the lead time times the parts: every part has come and gone."""
    values = run_replication(line, settings=RunSettings(horizon=1e5), seed=seed).values
    assert values["parts_out"] == values["released"] == 20
    assert values["wip"] * 1e5 == pytest.approx(values["lead_time"] * 20, rel=1e-9)


@st.composite
def work(draw):
    """Return whole seconds at each station for each part, and the places between the stations."""
    stations, parts = draw(st.integers(1, 5)), draw(st.integers(1, 8))
    times = [[draw(st.integers(1, 9)) for _ in range(parts)] for _ in range(stations)]
    return times, [draw(st.integers(0, 2)) for _ in range(stations - 1)]


def makespan(times, places):
    """Simulate parts with times of their own, each an order of its own product, in this sequence."""
    parts = [f"P{number}" for number in range(len(times[0]))]
    elements = [Source(name="In")]
    for number, row in enumerate(times):
        if number and places[number - 1]:
            elements.append(Buffer(name=f"B{number}", capacity=places[number - 1]))
        own = {part: Deterministic(value=float(t)) for part, t in zip(parts, row, strict=True)}
        elements.append(Station(name=f"M{number}", cycle_time=1.0, cycle_time_by_product=own))
    elements.append(Sink(name="Out"))
    line = Line(
        name="parts with times of their own",
        elements=tuple(elements),
        connections=chain(*(element.name for element in elements)),
        products=tuple(Product(name=part) for part in parts),
        orders=tuple(Order(name=part, product=part, quantity=1) for part in parts),
    )
    steps = [
        Assignment(job=part, operation=0, machine="M0", start=i, end=i + 1) for i, part in enumerate(parts)
    ]
    settings = RunSettings(horizon=1e5)
    return run_replication(line, plan=Schedule(assignments=tuple(steps)), settings=settings).values[
        "makespan"
    ]


@given(case=work())
@settings(max_examples=80, deadline=None)
def test_a_reversed_line_takes_as_long_for_the_parts_in_reversed_sequence(case):
    """Exactly, whatever the times and the places (Muth 1979; Yamazaki and Sakasegawa 1975)."""
    times, places = case
    turned = [row[::-1] for row in times[::-1]]
    assert makespan(times, places) == makespan(turned, places[::-1])


@given(case=work())
@settings(max_examples=30, deadline=None)
def test_a_line_takes_no_less_than_its_longest_station_and_no_more_than_one_part_after_another(case):
    times, places = case
    taken = makespan(times, places)
    assert max(sum(row) for row in times) <= taken <= sum(map(sum, times))
    assert taken >= max(sum(column) for column in zip(*times, strict=True))


@given(line=st.one_of(lines, staffed), seed=seeds, time=st.floats(0, HORIZON))
@settings(max_examples=100, deadline=None)
def test_a_run_that_is_saved_and_restored_anywhere_goes_on_alike(line, seed, time):
    run_settings = RunSettings(horizon=HORIZON, warm_up=4)
    whole = run_replication(line, settings=run_settings, seed=seed)
    run = Simulation(line, settings=run_settings, seed=seed)
    run.run_until(time)
    saved = run.snapshot()
    twin = Simulation.restore(saved)
    assert twin.snapshot() == saved
    assert repr(dict(twin.finish().values)) == repr(dict(run.finish().values)) == repr(dict(whole.values))


@given(line=staffed, seed=seeds)
@settings(max_examples=100, deadline=None)
def test_people_are_never_more_than_there_are(line, seed):
    """With people, shifts and maintenance the run keeps its accounts; nobody has two tasks."""
    run = Simulation(line, settings=RunSettings(horizon=HORIZON), seed=seed)
    floor = run._engine.floor
    while run.step():
        for number, group in enumerate(floor.people.groups):
            calls = [actor for name, actor in floor.actors.items() if name.endswith("|call")]
            held = sum(count for call in calls for index, count in call.held if index == number)
            assert held == group.busy <= group.operators.number
            assert not (
                group.free
                and any(
                    call.number <= group.free and call.skill in group.operators.abilities
                    for call in floor.people.calls
                )
            )
    run.finish()
