"""Bounds, and the recursion that replays one path of a tandem line."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opt_twin.errors import OptionError
from opt_twin.theory import (
    Downtimes,
    departures,
    deterministic_makespan,
    line_availability,
    markov_line,
    mg1,
    throughput_bound,
)

times = st.floats(0, 9)


def test_the_makespan_of_ten_parts_is_57():
    assert deterministic_makespan((3, 5, 4), 10) == 57


@settings(deadline=None, max_examples=50)
@given(st.lists(times, min_size=1, max_size=5), st.integers(1, 12), st.data())
def test_the_makespan_agrees_with_the_recursion_for_any_buffers(cycle_times, parts, data):
    gaps = len(cycle_times) - 1
    buffers = data.draw(st.lists(st.none() | st.integers(0, 3), min_size=gaps, max_size=gaps))
    work = np.repeat(np.array(cycle_times)[:, None], parts, axis=1)
    left = departures(work, buffers)
    assert left[-1, -1] == pytest.approx(deterministic_makespan(cycle_times, parts))


def replay(work, buffers, calendars, tick):
    """Return departures by advancing a clock tick by tick: slow, plain, independent of the recursion."""
    stations, parts = work.shape
    left = np.full((stations, parts), np.nan)
    waiting = [list(range(parts)), *([] for _ in range(stations - 1))]  # in the buffer before each station
    inside = [None] * stations  # [part, ticks left]
    now = 0
    while np.isnan(left[-1, -1]):
        moved = True
        while moved:
            moved = False
            for station in reversed(range(stations)):
                here = inside[station]
                if here and here[1] == 0:
                    last = station == stations - 1
                    if not last:
                        free = inside[station + 1] is None and not waiting[station + 1]
                    if last or free or len(waiting[station + 1]) < buffers[station]:
                        left[station, here[0]] = now
                        inside[station] = None
                        moved = True
                        if not last:
                            waiting[station + 1].append(here[0])
                if inside[station] is None and waiting[station]:
                    part = waiting[station].pop(0)
                    inside[station] = [part, round(work[station, part] / tick)]
                    moved = True
        for station in range(stations):
            down = any(a <= now < b for a, b in calendars[station])
            if inside[station] and inside[station][1] > 0 and not down:
                inside[station][1] -= 1
        now += 1
    return left * tick


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 4), st.integers(1, 6), st.data())
def test_the_recursion_agrees_with_a_clock_that_ticks(stations, parts, data):
    work = np.array(
        [[data.draw(st.integers(1, 6)) for _ in range(parts)] for _ in range(stations)], dtype=float
    )
    buffers = [data.draw(st.integers(0, 2)) for _ in range(stations - 1)]
    failures, calendars = [], []
    for _ in range(stations):
        stops = data.draw(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 5)), max_size=4))
        failures.append(Downtimes(up=[u for u, _ in stops], down=[d for _, d in stops]) if stops else None)
        now, calendar = 0, []
        for up, down in stops:
            calendar.append((now + up, now + up + down))
            now += up + down
        calendars.append(calendar)
    expected = replay(work, buffers, calendars, 1.0)
    assert departures(work, buffers, failures=failures).tolist() == expected.tolist()


def test_a_failure_on_the_operation_clock_waits_until_the_station_has_worked():
    downtimes = Downtimes(up=[5.0, 3.0], down=[10.0, 1.0], clock="operation")
    left = departures([[4, 4, 4]], [], failures=[downtimes], releases=[0, 100, 200])
    # 4 s, then 1 s and the repair of 10 s and 3 s, then at once a repair of 1 s and 4 s
    assert left.tolist() == [[4.0, 114.0, 205.0]]


def test_a_failure_on_the_calendar_passes_while_the_station_waits():
    downtimes = Downtimes(up=[5.0, 93.0], down=[10.0, 4.0])
    left = departures([[4, 4]], [], failures=[downtimes], releases=[0, 107])
    assert left.tolist() == [[4.0, 115.0]]  # down from 108 to 112


def test_a_part_that_is_done_when_the_failure_comes_leaves():
    assert departures([[5.0]], [], failures=[Downtimes(up=[5.0], down=[100.0])]).tolist() == [[5.0]]


def test_a_blocked_part_waits_for_the_place():
    assert departures([[1, 1, 1], [5, 5, 5]], [1]).tolist() == [[1, 2, 6], [6, 11, 16]]


def test_a_long_path_comes_near_the_exact_throughput():
    rng = np.random.default_rng(7)
    left = departures(rng.exponential(1.0, (3, 40000)), (1, 1))
    assert 40000 / left[-1, -1] == pytest.approx(markov_line((1, 1, 1), (1, 1)).throughput, rel=0.02)


def test_releases_make_a_queue():
    rng = np.random.default_rng(8)
    arrivals = np.cumsum(rng.exponential(1 / 0.5, 60000))
    left = departures(np.ones((1, 60000)), [], releases=arrivals)
    assert (left[0] - arrivals).mean() == pytest.approx(mg1(0.5, 1.0, 0.0).time_in_system, rel=0.03)


def test_five_synchronous_machines_have_their_availability():
    assert line_availability([100] * 5, [5] * 5) == pytest.approx(0.8)
    assert line_availability([100] * 5, [5] * 5, clock="calendar") == pytest.approx(0.783526, abs=5e-7)


def test_the_slowest_station_bounds_throughput():
    assert throughput_bound((2.0, 5.0, 4.0)) == pytest.approx(0.2)
    assert markov_line((1 / 2, 1 / 5, 1 / 4), (9, 9)).throughput < 0.2


def test_downtimes_cannot_change():
    downtimes = Downtimes(up=[1.0], down=[2.0])
    with pytest.raises(ValueError, match="read-only"):
        downtimes.up[0] = 3.0


@pytest.mark.parametrize(
    "call",
    [
        lambda: deterministic_makespan((), 3),
        lambda: deterministic_makespan((1, -1), 3),
        lambda: deterministic_makespan((1,), 0),
        lambda: throughput_bound(()),
        lambda: throughput_bound((1, 0)),
        lambda: line_availability((), ()),
        lambda: line_availability((1,), (1, 2)),
        lambda: line_availability((1,), (1,), clock="cycles"),
        lambda: line_availability((0,), (1,)),
        lambda: Downtimes(up=[1], down=[1, 2]),
        lambda: Downtimes(up=[-1], down=[1]),
        lambda: Downtimes(up=[1], down=[1], clock="cycles"),
        lambda: departures([1, 2], [1]),
        lambda: departures([[-1]], []),
        lambda: departures([[1], [1]], []),
        lambda: departures([[1], [1]], [-1]),
        lambda: departures([[1]], [], failures=[None, None]),
        lambda: departures([[1, 1]], [], releases=[2, 1]),
        lambda: departures([[1, 1]], [], releases=[2]),
    ],
)
def test_arguments_out_of_range_are_refused(call):
    with pytest.raises(OptionError):
        call()
