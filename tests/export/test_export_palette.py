"""Colours that people can tell apart, and text that can be read on them."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opt_twin.export import svg
from opt_twin.export.palette import (
    ACCENT,
    STATE_COLOURS,
    STATE_NAMES,
    colour_of,
    contrast,
    natural_key,
    text_on,
)
from opt_twin.results import STATES

# Machado, Oliveira, Fernandes (2009), A physiologically-based model for simulation of color vision deficiency
MACHADO = {
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "none": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
}


def oklab(colour, matrix):
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    rgb = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    r, g, b = (min(max(sum(k * c for k, c in zip(row, rgb, strict=True)), 0), 1) for row in matrix)
    roots = [
        (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b) ** (1 / 3),
        (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b) ** (1 / 3),
        (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b) ** (1 / 3),
    ]
    rows = (
        (0.2104542553, 0.7936177850, -0.0040720468),
        (1.9779984951, -2.4285922050, 0.4505937099),
        (0.0259040371, 0.7827717662, -0.8086757660),
    )
    return [sum(k * v for k, v in zip(row, roots, strict=True)) for row in rows]


def distance(one, other, sight):
    a, b = oklab(one, MACHADO[sight]), oklab(other, MACHADO[sight])
    return sum((x - y) ** 2 for x, y in zip(a, b, strict=True)) ** 0.5


def test_every_state_has_a_colour_and_a_name():
    assert set(STATE_COLOURS) == set(STATE_NAMES) == set(STATES)


@pytest.mark.parametrize("sight", MACHADO)
def test_states_stay_apart_for_people_who_see_few_colours(sight):
    for one, other in itertools.combinations(STATE_COLOURS.values(), 2):
        assert distance(one, other, sight) > 0.08, (one, other)


@pytest.mark.parametrize("sight", MACHADO)
def test_neighbouring_jobs_stay_apart(sight):
    colours = [colour_of(index) for index in range(40)]
    assert all(distance(a, b, sight) > 0.06 for a, b in itertools.pairwise(colours))
    assert len(set(colours)) == 40


def test_text_is_readable_on_every_colour():
    colours = [*STATE_COLOURS.values(), *(colour_of(index) for index in range(200))]
    assert min(contrast(text_on(colour), colour) for colour in colours) >= 4.5
    assert all(contrast(ink, "#ffffff") >= 4.5 for ink in (svg.INK, svg.MUTED, ACCENT))


def test_contrast_runs_from_1_to_21():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#123456", "#123456") == 1


@given(st.lists(st.text(max_size=8)))
def test_natural_order_is_defined_for_any_names(names):
    assert sorted(sorted(names, key=natural_key, reverse=True), key=natural_key) == sorted(
        names, key=natural_key
    )


def test_numbers_in_names_are_sorted_as_numbers():
    assert sorted(["J10", "J9", "A", "J1b", "J1"], key=natural_key) == ["A", "J1", "J1b", "J9", "J10"]
