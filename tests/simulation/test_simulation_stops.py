"""Failures, micro-stops and set-ups, on lines that can be followed by hand."""

import pytest

from opt_twin.line import Buffer, Clock, Exponential, FailureMode, MicroStop, Product, Sink, Source, Station
from opt_twin.results import STATES
from opt_twin.simulation import RunSettings, run_replication, simulate


def mode(fails, repairs, **fields):
    return FailureMode(time_to_failure=fails, time_to_repair=repairs, **fields)


def exits(run):
    return [event.time for event in run.events if event.kind == "exit"]


def once(line, horizon, **arguments):
    return run_replication(line, settings=RunSettings(horizon=horizon), log=True, **arguments)


def test_a_part_that_is_restarted_needs_its_whole_time_again(tandem):
    """Failures at 9 (until 12), then at 12 + 9 = 21: after a restart at 12 the part would need until 22."""
    line = tandem((8.0,), failures=(mode(9.0, 3.0, interrupted="restart"),))
    run = once(line, 45)
    assert exits(run) == [8.0, 20.0, 32.0, 44.0]
    resumed = once(tandem((8.0,), failures=(mode(9.0, 3.0),)), 45)
    assert exits(resumed) == [8.0, 19.0, 30.0, 41.0]


def test_a_scrapped_part_makes_room_for_the_next_while_the_station_is_down(tandem):
    line = tandem((8.0,), failures=(mode(10.0, 5.0, interrupted="scrap"),))
    run = once(line, 40)
    assert exits(run) == [8.0, 23.0, 38.0]
    scraps = [(event.time, event.detail) for event in run.events if event.kind == "scrap"]
    assert scraps == [(10.0, "interrupted"), (25.0, "interrupted"), (40.0, "interrupted")]
    starts = [event.time for event in run.events if event.kind == "start"]
    assert starts[:4] == [0.0, 8.0, 10.0, 23.0]


def test_the_operation_clock_stands_still_while_the_station_is_starved(tandem):
    """A part each 10 s, 4 s of work, failure after 6 s of work.

    The second failure falls together with the end of the third part, which wins; it strikes at the start of
    the fourth.
    """
    failures = (mode(6.0, 1.0, clock=Clock.OPERATION),)
    line = tandem((4.0,), source=Source(name="In", interarrival=10.0), failures=failures)
    run = once(line, 60)
    assert [event.time for event in run.events if event.kind == "fail"] == [22.0, 40.0, 52.0]
    assert exits(run) == [14.0, 25.0, 34.0, 45.0, 55.0]
    assert run.values["S1.failed"] == pytest.approx(3 / 60)


def test_the_calendar_clock_runs_on_while_the_station_is_starved(tandem):
    line = tandem((4.0,), source=Source(name="In", interarrival=10.0), failures=(mode(6.0, 1.0),))
    run = once(line, 30)
    assert [event.time for event in run.events if event.kind == "fail"] == [6.0, 13.0, 20.0, 27.0]


def test_the_clock_of_cycles_fails_after_whole_cycles(tandem):
    """2.5 cycles are rounded up to 3; the finished part leaves, the next one waits for the repair."""
    line = tandem((4.0,), failures=(mode(2.5, 10.0, clock=Clock.CYCLES),))
    run = once(line, 60)
    assert exits(run) == [4.0, 8.0, 12.0, 26.0, 30.0, 34.0, 48.0, 52.0, 56.0]
    assert run.values["S1.failed"] == pytest.approx((10 + 10 + 4) / 60)


def test_less_than_one_cycle_counts_as_one(tandem):
    run = once(tandem((4.0,), failures=(mode(0.2, 1.0, clock="cycles"),)), 20)
    assert exits(run) == [4.0, 9.0, 14.0, 19.0]


def test_two_modes_that_overlap_keep_the_station_down_until_both_are_repaired(tandem):
    """Down 5 to 9 by one mode and 7 to 12 by the other; in between a second failure interrupts nothing."""
    failures = (mode(5.0, 4.0, name="a"), mode(7.0, 5.0, name="b", interrupted="scrap"))
    run = once(tandem((10.0,), failures=failures), 13.5)
    states = [(event.time, event.state, event.duration) for event in run.events if event.kind == "state"]
    assert states == [(0.0, "busy", 5.0), (5.0, "failed", 7.0), (12.0, "busy", 1.5)]
    assert run.values["scrapped"] == 0


def test_two_clocks_of_operation_strike_in_their_order(tandem):
    failures = (
        mode(7.0, 1.0, name="late", clock="operation"),
        mode(5.0, 1.0, name="early", clock="operation"),
    )
    run = once(tandem((20.0,), failures=failures), 19)
    log = [(event.time, event.detail) for event in run.events if event.kind == "fail"]
    assert log == [(5.0, "early"), (8.0, "late"), (12.0, "early"), (17.0, "late"), (19.0, "early")]


def test_a_blocked_station_that_is_down_lets_its_finished_part_go(line_of):
    """The second station frees its place at 20 s, when the first is down from 15 s to 35 s."""
    line = line_of(
        Source(name="In"),
        Station(name="A", cycle_time=5.0, failures=(mode(15.0, 20.0),)),
        Station(name="B", cycle_time=15.0),
        Sink(name="Out"),
    )
    run = once(line, 36)
    assert [event.time for event in run.events if event.element == "B" and event.kind == "start"] == [
        5.0,
        20.0,
    ]
    assert [event.time for event in run.events if event.element == "A" and event.kind == "start"] == [
        0.0,
        5.0,
        20.0,
    ]
    assert run.values["A.blocked"] == pytest.approx(5 / 36)
    assert run.values["A.failed"] == pytest.approx(20 / 36)
    assert run.values["B.starved"] == pytest.approx(6 / 36)


def test_a_repaired_station_without_a_part_is_starved_and_with_a_finished_one_blocked(line_of):
    line = line_of(
        Source(name="In", limit=2),
        Station(name="A", cycle_time=5.0, failures=(mode(6.0, 2.0),)),
        Station(name="B", cycle_time=30.0, failures=(mode(1.0, 2.0),)),
        Sink(name="Out"),
    )
    states = [e for e in once(line, 20).events if e.kind == "state"]
    assert [(e.time, e.state) for e in states if e.element == "A"] == [
        (0.0, "busy"),
        (6.0, "failed"),
        (8.0, "busy"),
        (12.0, "blocked"),
        (14.0, "failed"),
        (16.0, "blocked"),
    ]
    assert [(e.time, e.state) for e in states if e.element == "B"][:3] == [
        (0.0, "starved"),
        (1.0, "failed"),
        (3.0, "starved"),
    ]


def test_micro_stops_add_their_mean_to_the_cycle(tandem):
    """0.36 s + 0.01 x 15 s a cycle, the figures of the bottling line's filler."""
    line = tandem((0.36,), micro_stops=(MicroStop(probability=0.01, duration=15.0),))
    found = simulate(line, settings=RunSettings(horizon=10000, replications=10), seed=1)
    assert found.estimate("throughput", 0.99).covers(3600 / 0.51)
    assert found.estimate("S1.micro_stop", 0.99).covers(0.15 / 0.51)
    assert found.estimate("S1.busy", 0.99).covers(0.36 / 0.51)


def test_several_micro_stops_of_one_cycle_follow_one_another(tandem):
    stops = (
        MicroStop(name="a", probability=1.0, duration=2.0),
        MicroStop(name="b", probability=1.0, duration=3.0),
        MicroStop(name="never", probability=0.0, duration=99.0),
    )
    run = once(tandem((5.0,), micro_stops=stops), 25)
    assert exits(run) == [10.0, 20.0]
    assert run.values["S1.micro_stop"] == pytest.approx(0.6)


def test_a_failure_interrupts_a_micro_stop_and_a_set_up_which_then_go_on(line_of):
    """Set-up 4 s, down from 2 s to 12 s: 2 s of set-up are left then; only parts in process are scrapped."""
    line = line_of(
        Source(name="In", limit=1),
        Station(
            name="S",
            cycle_time=2.0,
            setup_times={"a": {"b": 4.0}},
            initial_product="a",
            micro_stops=(MicroStop(probability=1.0, duration=3.0),),
            failures=(
                mode(2.0, 10.0, name="one", interrupted="scrap", clock="calendar"),
                mode(15.0, 1.0, name="two", interrupted="restart"),
            ),
        ),
        Sink(name="Out"),
        products=(Product(name="b"), Product(name="a")),
    )
    run = once(line, 16.5)
    states = [(event.time, event.state) for event in run.events if event.kind == "state"]
    assert states == [(0.0, "setup"), (2.0, "failed"), (12.0, "setup"), (14.0, "failed")]
    assert run.values["scrapped"] == 0


def test_a_set_up_is_made_where_the_product_changes(line_of):
    """The mix is drawn, so the expectation is counted from the log."""
    line = line_of(
        Source(name="In", mix={"a": 0.5, "b": 0.5}),
        Station(
            name="S",
            cycle_time=1.0,
            setup_times={"a": {"b": 3.0}, "b": {"a": 5.0}},
            cycle_time_by_product={"b": 2.0},
        ),
        Sink(name="Out"),
        products=(Product(name="a"), Product(name="b")),
    )
    run = once(line, 2000)
    made = [event.product for event in run.events if event.kind == "exit"]
    assert 0.3 < made.count("a") / len(made) < 0.7
    cycle, change = {"a": 1.0, "b": 2.0}, {("a", "b"): 3.0, ("b", "a"): 5.0}
    now, before, expected = 0.0, None, []
    for product in made:
        now += change.get((before, product), 0.0) + cycle[product]
        before = product
        expected.append(now)
    assert exits(run) == pytest.approx(expected)


def test_parallel_servers_fail_each_on_its_own(line_of):
    line = line_of(
        Source(name="In", interarrival=Exponential(mean=5)),
        Buffer(name="B"),
        Station(
            name="S",
            cycle_time=Exponential(mean=4),
            servers=3,
            failures=(mode(Exponential(mean=40), Exponential(mean=10)),),
        ),
        Sink(name="Out"),
    )
    run = once(line, 3000)
    times = {k: [e.time for e in run.events if e.kind == "fail" and e.server == k] for k in range(3)}
    assert all(times.values())
    assert len({*times[0], *times[1], *times[2]}) == sum(map(len, times.values()))
    assert sum(run.values[f"S.{state}"] for state in STATES) == pytest.approx(1)


def test_a_part_goes_to_a_server_that_is_up(line_of):
    """Of two free servers the first is down from 1 s on: the part that comes at 2 s takes the second."""
    line = line_of(
        Source(name="In", interarrival=2.0),
        Station(name="S", cycle_time=1.0, servers=2, failures=(mode(Exponential(mean=5), 50.0),)),
        Sink(name="Out"),
    )
    run = once(line, 40, seed=7)
    down = {0: [], 1: []}
    for event in run.events:
        if event.kind == "state" and event.state == "failed":
            down[event.server].append((event.time, event.time + event.duration))

    def is_down(server, time):
        return any(begin <= time < end for begin, end in down[server])

    starts = [event for event in run.events if event.kind == "start"]
    assert {event.server for event in starts} == {0, 1}
    for event in starts:
        assert not is_down(event.server, event.time) or is_down(1 - event.server, event.time)
