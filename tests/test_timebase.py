"""Seconds, ticks and what people write."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opt_twin.errors import OptionError, UnitError
from opt_twin.timebase import SECONDS_PER, TimeBase, format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("15 min", 900),
        ("0.36 s", 0.36),
        ("2h", 7200),
        ("60", 60),
        (60, 60),
        (1.5, 1.5),
        ("10000/h", 0.36),
        ("6 per min", 10),
        ("1,000 ms", 1),
        ("1_000 ms", 1),
        (" .5 d ", 43200),
        ("1e3 s", 1000),
        ("-5 s", -5),
        ("2 weeks", 1209600),
    ],
)
def test_a_duration_is_read(text, seconds):
    assert parse_duration(text) == pytest.approx(seconds, rel=1e-15)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("5 kg", "'kg' is not a unit of time; use ms, s, min, h, d"),
        ("5 H", "'H' is not a unit"),
        ("12:30", "is not a time; write"),
        ("", "is not a time"),
        ("1,00 s", "is not a time"),
        ("0/h", "a rate must be above 0"),
        ("-1/h", "a rate must be above 0"),
        ("5/kg", "'kg' is not a unit"),
        ("1e999", "is not a finite time"),
        (float("nan"), "is not a finite time"),
        (10**400, "is not a finite time"),
        (True, "True is not a time"),
        (None, "None is not a time"),
        ([1], "is not a time"),
    ],
)
def test_what_is_no_duration_is_named(value, message):
    with pytest.raises(UnitError, match=message):
        parse_duration(value)


@given(st.text(max_size=12) | st.floats() | st.integers())
def test_any_value_is_a_finite_number_or_a_unit_error(value):
    try:
        seconds = parse_duration(value)
    except UnitError:
        return
    assert abs(seconds) < float("inf")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(5400, "1.5 h"), (0.36, "0.36 s"), (0, "0 s"), (90, "1.5 min"), (172800, "2 d"), (-120, "-2 min")],
)
def test_a_duration_is_written(seconds, text):
    assert format_duration(seconds) == text


@given(st.floats(1e-3, 1e9))
def test_what_is_written_reads_back_nearly_the_same(seconds):
    assert parse_duration(format_duration(seconds)) == pytest.approx(seconds, rel=1e-3)


def test_units_are_seconds():
    assert SECONDS_PER["min"] == SECONDS_PER["m"] == 60
    assert SECONDS_PER["d"] == 24 * SECONDS_PER["h"]


@pytest.mark.parametrize(
    ("seconds", "rounding", "ticks"),
    [
        (1.2, "nearest", 2),
        (1.25, "nearest", 3),
        (1.2, "up", 3),
        (1.2, "down", 2),
        (1.5, "up", 3),
        (1.5, "down", 3),
        (1.5 + 1e-12, "up", 3),
        (1.5 - 1e-12, "down", 3),
        (-1.25, "nearest", -2),
    ],
)
def test_seconds_become_ticks(seconds, rounding, ticks):
    assert TimeBase(tick=0.5).ticks(seconds, rounding) == ticks


@given(st.floats(0, 1e6), st.floats(0.01, 100))
def test_rounding_loses_less_than_a_tick(seconds, tick):
    base = TimeBase(tick=tick)
    assert -1e-9 * tick <= base.loss(seconds, "up") < tick * (1 + 1e-6)
    assert -tick * (1 + 1e-6) < base.loss(seconds, "down") <= 1e-9 * tick + 1e-6
    assert abs(base.loss(seconds)) <= tick * 0.5 * (1 + 1e-6)
    assert base.seconds(base.ticks(base.seconds(7))) == base.seconds(7)


@pytest.mark.parametrize("tick", [0, -1])
def test_a_tick_is_longer_than_nothing(tick):
    with pytest.raises(ValueError, match="a tick must be longer than 0 s"):
        TimeBase(tick=tick)


def test_endless_times_have_no_ticks():
    with pytest.raises(OptionError, match="cannot be counted in ticks"):
        TimeBase().ticks(float("inf"))
