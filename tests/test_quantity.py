"""Numbers for people."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opt_twin.quantity import TimeScale, estimate_text, measure_scale, number_text, percent

MINUS = "\N{MINUS SIGN}"
DASH = "\N{EN DASH}"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (1234567.0, "1,234,567"),
        (0.00012345, "0.000123"),
        (-12.5, f"{MINUS}12.5"),
        (1e15, "1.00e15"),
        (1e-9, "1.00e-09"),
        (math.nan, DASH),
        (math.inf, DASH),
        (99.96, "100"),
    ],
)
def test_numbers_are_rounded_to_three_digits(value, text):
    assert number_text(value) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0 %"), (0.004, "< 1 %"), (0.5, "50 %"), (1, "100 %"), (-0.1, f"{MINUS}10 %"), (math.nan, DASH)],
)
def test_shares_are_whole_percentages(share, text):
    assert percent(share) == text


@pytest.mark.parametrize(
    ("mean", "half_width", "text"),
    [
        (8.8354, 0.1234, "8.84 ± 0.12"),
        (51891.9, 1234.5, "51,900 ± 1,200"),
        (1224.0, 0.0, "1,224 ± 0"),
        (-3.0, 0.5, f"{MINUS}3.00 ± 0.50"),
        (5.0, None, "5"),
        (5.0, math.inf, "5"),
        (2e13, 1e12, "2.000e13 ± 1.0e12"),
        (1e-9, 1e-10, "1.000e-09 ± 1.0e-10"),
    ],
)
def test_means_are_rounded_to_what_their_interval_is_worth(mean, half_width, text):
    assert estimate_text(mean, half_width) == text


def test_a_factor_changes_the_unit_of_both():
    assert estimate_text(7200.0, 360.0, factor=3600.0) == "2.00 ± 0.10"


@settings(deadline=None)
@given(st.floats(allow_nan=True), st.none() | st.floats(0, 1e300))
def test_every_estimate_has_a_text(mean, half_width):
    assert estimate_text(mean, half_width)


@pytest.mark.parametrize(
    ("seconds", "text"), [(30, "30 s"), (600, "10 min"), (9000, "2.5 h"), (864000, "10 d")]
)
def test_times_are_written_in_a_unit_that_suits_them(seconds, text):
    assert TimeScale.suited(seconds).text(seconds) == text


def test_ticks_have_no_unit_and_keep_their_digits():
    assert TimeScale("ticks").text(123456) == "123,456"
    scale = TimeScale("h", tick=60.0)
    assert scale.value(90) == 1.5
    assert scale.ticks(1.5) == 90


@pytest.mark.parametrize(
    ("unit", "size", "shown"),
    [
        ("s", 30, ("s", 1.0)),
        ("share", 0.5, ("%", 0.01)),
        ("1/h", 4, ("per hour", 1.0)),
        ("EUR", 4, ("EUR", 1.0)),
    ],
)
def test_measures_have_a_unit_for_people(unit, size, shown):
    assert measure_scale(unit, size) == shown
