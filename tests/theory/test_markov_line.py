"""Exact throughput of exponential lines, against published numbers."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opt_twin.errors import OptionError
from opt_twin.theory import availability, markov_line, mg1_with_failures, mm1

HILLIER_BOLING = {
    2: (0.66667, 0.75, 0.8, 0.83333, 0.85714),
    3: (0.5641, 0.67047, 0.73402, 0.77671, 0.80749),
    4: (0.51478, 0.63115, 0.70071, 0.74771, 0.78178),
    5: (0.4858, 0.60758, 0.68049, 0.72995, 0.76593),
}
CASES = [(n, b, value) for n, row in HILLIER_BOLING.items() for b, value in enumerate(row)]


@pytest.mark.parametrize(("stations", "places", "value"), CASES)
def test_balanced_lines_have_the_values_of_hillier_and_boling(stations, places, value):
    line = markov_line((1,) * stations, (places,) * (stations - 1))
    assert line.throughput == pytest.approx(value, abs=6e-6)


def test_three_stations_without_buffers_make_22_parts_in_39():
    assert markov_line((1, 1, 1), (0, 0)).throughput == pytest.approx(22 / 39, rel=1e-12)


@pytest.mark.parametrize(
    ("rates", "buffers", "value"),
    [
        ((1,) * 3, (2, 3), 0.754345),
        ((1,) * 3, (3, 2), 0.754345),
        ((1,) * 3, (1, 0), 0.6133333),
        ((1,) * 4, (1, 2, 1), 0.657175),
        ((1,) * 6, (0, 1, 1, 1, 0), 0.548562),
        ((1, 1.1, 1.2), (4, 2), 0.841721),
        ((1, 1.2, 1, 1.2), (2, 2, 2), 0.757538),
    ],
)
def test_the_best_allocations_of_buffers_have_their_published_throughput(rates, buffers, value):
    assert markov_line(rates, buffers).throughput == pytest.approx(value, abs=6e-7)


def test_the_line_of_pichitlamken_nelson_and_hong_depends_on_what_a_place_is():
    # 12 and 8 count the place in the station; 11 and 7 are then between the stations
    assert markov_line((6, 7, 7), (11, 7)).throughput == pytest.approx(5.776121751)
    assert markov_line((7, 7, 6), (7, 11)).throughput == pytest.approx(5.776121751)
    assert markov_line((6, 7, 7), (12, 8)).throughput == pytest.approx(5.817650, abs=5e-7)


@pytest.mark.parametrize(
    ("places", "operation", "calendar"), [(2, 0.695386, 0.673529), (8, 0.785921, 0.775910)]
)
def test_two_unreliable_stations_have_the_values_of_gershwin_and_berman(places, operation, calendar):
    stops = {"failure_rates": (0.01, 0.01), "repair_rates": (0.1, 0.1)}
    assert markov_line((1, 1), (places,), **stops).throughput == pytest.approx(operation, abs=5e-7)
    on_calendar = markov_line((1, 1), (places,), **stops, clock="calendar")
    assert on_calendar.throughput == pytest.approx(calendar, abs=5e-7)
    assert on_calendar.down == pytest.approx((availability(10, 100),) * 2)


@pytest.mark.parametrize(
    ("places", "failure", "operation", "calendar"),
    [(1, 0.05, 0.583928, 0.565234), (2, 0.1, 0.568090, 0.546283)],
)
def test_three_unreliable_stations_have_their_values(places, failure, operation, calendar):
    stops = {"failure_rates": (failure,) * 3, "repair_rates": (0.5,) * 3}
    assert markov_line((1,) * 3, (places,) * 2, **stops).throughput == pytest.approx(operation, abs=5e-7)
    on_calendar = markov_line((1,) * 3, (places,) * 2, **stops, clock="calendar")
    assert on_calendar.throughput == pytest.approx(calendar, abs=5e-7)


@settings(deadline=None, max_examples=25)
@given(
    st.lists(
        st.tuples(st.floats(0.2, 5), st.integers(0, 2), st.floats(0, 0.5), st.floats(0.1, 2)),
        min_size=1,
        max_size=3,
    ),
    st.sampled_from(["operation", "calendar"]),
)
def test_flow_is_conserved_and_reversing_the_line_changes_nothing(rows, clock):
    rates, buffers, failures, repairs = (list(column) for column in zip(*rows, strict=True))
    line = markov_line(rates, buffers[:-1], failure_rates=failures, repair_rates=repairs, clock=clock)
    for rate, share in zip(rates, line.working, strict=True):
        assert rate * share == pytest.approx(line.throughput)
    mirror = markov_line(
        rates[::-1],
        buffers[:-1][::-1],
        failure_rates=failures[::-1],
        repair_rates=repairs[::-1],
        clock=clock,
    )
    assert mirror.throughput == pytest.approx(line.throughput)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.floats(0.3, 3), min_size=2, max_size=3), st.data())
def test_one_more_place_never_lowers_throughput_and_the_slowest_station_bounds_it(rates, data):
    buffers = data.draw(st.lists(st.integers(0, 3), min_size=len(rates) - 1, max_size=len(rates) - 1))
    base = markov_line(rates, buffers).throughput
    for position in range(len(buffers)):
        more = [*buffers]
        more[position] += 1
        assert markov_line(rates, more).throughput >= base - 1e-12
    assert base <= min(rates)


def test_one_station_alone_works_its_availability():
    line = markov_line((2.0,), (), failure_rates=(0.1,), repair_rates=(0.4,))
    assert line.throughput == pytest.approx(2.0 * 0.8)
    assert line.starved == line.blocked == (0.0,)
    assert line.work_in_process == pytest.approx(1.0)


def test_a_source_before_a_long_buffer_makes_the_queue_mm1():
    line = markov_line((0.8, 1.0), (300,))
    assert line.work_in_process - 1 == pytest.approx(mm1(0.8, 1.0).in_system)
    assert line.states == 303


def test_shares_of_the_time_add_up_without_failures():
    line = markov_line((1, 2, 1.5), (1, 0))
    for shares in zip(line.working, line.starved, line.blocked, strict=True):
        assert sum(shares) == pytest.approx(1.0)


def test_an_operation_clock_stands_still_while_a_station_waits():
    stops = {"failure_rates": (0.0, 0.2), "repair_rates": (0.0, 0.5)}
    line = markov_line((0.5, 1.0), (200,), **stops)
    queue = mg1_with_failures(0.5, 1, 1, time_to_failure=5, repair_mean=2, repair_variance=4)
    assert line.working[1] + line.down[1] == pytest.approx(queue.utilisation)


def test_a_line_of_too_many_states_is_refused():
    with pytest.raises(OptionError, match="more than 50 states; simulate it"):
        markov_line((1,) * 5, (3,) * 4, state_limit=50)


@pytest.mark.parametrize(
    "call",
    [
        lambda: markov_line((), ()),
        lambda: markov_line((1, 1), ()),
        lambda: markov_line((1, 0), (1,)),
        lambda: markov_line((1, 1), (-1,)),
        lambda: markov_line((1, 1), (0.5,)),
        lambda: markov_line((1, 1), (1,), clock="cycles"),
        lambda: markov_line((1, 1), (1,), failure_rates=(0.1, 0.1)),
        lambda: markov_line((1, 1), (1,), failure_rates=(0.1,), repair_rates=(0.1,)),
        lambda: markov_line((1, 1), (1,), failure_rates=(0.1, 0.1), repair_rates=(0.1, 0.0)),
        lambda: markov_line((1, 1), (1,), failure_rates=(-0.1, 0.1), repair_rates=(0.1, 0.1)),
    ],
)
def test_arguments_out_of_range_are_refused(call):
    with pytest.raises(OptionError):
        call()
