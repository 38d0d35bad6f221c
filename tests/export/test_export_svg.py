"""The SVG builder: escaping, numbers, widths, ticks."""

import itertools
import math
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opt_twin.export import svg

numbers = st.floats(-1e12, 1e12)


@settings(deadline=None, max_examples=200)
@given(st.text())
def test_any_text_becomes_legal_xml_in_elements_and_attributes(content):
    root = ET.fromstring(svg.tag("a", svg.escape(content), name=content))
    assert root.tag == "a"
    printable = "".join(c for c in content if c.isprintable() and c.isascii())
    assert all(c in "".join(root.itertext()) for c in printable)
    assert all(c in root.get("name") for c in printable)


def test_characters_that_xml_forbids_are_replaced():
    assert svg.escape("a\x00b\ud800c\ufffe") == "a\ufffdb\ufffdc\ufffd"


@pytest.mark.parametrize(
    ("value", "text"), [(-0.001, "0"), (2.0, "2"), (1.239, "1.24"), (100, "100"), (-3.5, "-3.5")]
)
def test_coordinates_have_at_most_two_decimals(value, text):
    assert svg.number(value) == text


def test_attributes_that_are_none_are_left_out():
    assert svg.tag("g", x=None, data_job="J1", class_="k") == '<g data-job="J1" class="k"/>'


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=60), st.floats(0, 400), st.floats(8, 20))
def test_fitted_text_is_never_wider_than_its_room(content, width, size):
    assert svg.text_width(svg.fit(content, width, size), size) <= width + 1e-9


def test_text_that_fits_stays_whole_and_other_text_ends_with_an_ellipsis():
    assert svg.fit("Filler", 100) == "Filler"
    assert svg.fit("A very long name of a station", 60).endswith("…")


@settings(deadline=None, max_examples=300)
@given(numbers, st.floats(1e-6, 1e12), st.integers(1, 12))
def test_ticks_lie_within_the_range_and_are_evenly_spaced(low, span, count):
    high = low + span
    ticks = svg.nice_ticks(low, high, count)
    assert len(ticks) <= 2 * count + 2
    assert list(ticks) == sorted(set(ticks))
    slack = 1e-6 * max(span, abs(low), abs(high))
    assert all(low - slack <= tick <= high + slack for tick in ticks)
    steps = {round(b - a, 9) for a, b in itertools.pairwise(ticks)}
    assert len(steps) <= 1 or max(steps) - min(steps) <= slack


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [(5, 5, (5,)), (math.nan, 1, ()), (0, math.inf, (0,)), (1.0, 1.0 + 3e-16, (1.0,)), (0.0, 5e-324, (0.0,))],
)
def test_ranges_without_room_have_at_most_one_tick(low, high, ticks):
    assert svg.nice_ticks(low, high) == ticks


def test_ticks_of_tenths_are_exact():
    assert svg.nice_ticks(0, 0.55) == (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)


def test_an_axis_maps_its_ends_and_keeps_what_is_outside_at_the_edge():
    axis = svg.Axis(10, 20, 100, 0)
    assert (axis(10), axis(20), axis(15), axis(99), axis(-5)) == (100, 0, 50, 0, 100)
    assert axis.ticks(2) == (10, 15, 20)


@pytest.mark.parametrize("value", [0.0, 7.0, -7.0])
def test_an_axis_of_one_value_shows_it_in_the_middle(value):
    assert svg.Axis(value, value, 0, 100)(value) == pytest.approx(50)


@settings(deadline=None, max_examples=60)
@given(st.floats(0, 500), st.floats(0, 100), st.floats(1, 20))
def test_hatching_stays_within_its_rectangle(width, height, step):
    import re

    text = svg.hatch(10, 20, width, height, colour="#000", step=step)
    for x, y in re.findall(r"[ML]([\d.]+) ([\d.]+)", text):
        assert 9.9 <= float(x) <= 10.1 + width
        assert 19.9 <= float(y) <= 20.1 + height


def test_a_picture_has_a_title_a_description_and_a_role():
    text = svg.picture(10, 20, title="A < B", description="what & why")
    root = ET.fromstring(text)
    assert root.get("role") == "img"
    assert root.get("viewBox") == "0 0 10 20"
    assert [child.text for child in root][:2] == ["A < B", "what & why"]
    assert "<desc>" not in svg.picture(1, 1, title="")
