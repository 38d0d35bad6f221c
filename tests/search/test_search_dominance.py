"""Domination, hypervolume, reference point, knee."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opt_twin.errors import OptionError
from opt_twin.search import hypervolume, non_dominated
from opt_twin.search.dominance import knee_of, reference_of, spread

GRID = st.integers(1, 4).flatmap(
    lambda m: st.tuples(
        st.lists(st.lists(st.integers(0, 4), min_size=m, max_size=m), max_size=25),
        st.lists(st.sampled_from(["min", "max"]), min_size=m, max_size=m),
    )
)


def dominated_by_brute_force(points, senses):
    def costs(point):
        return [value if sense == "min" else -value for value, sense in zip(point, senses, strict=True)]

    def beats(a, b):
        return all(x <= y for x, y in zip(a, b, strict=True)) and a != b

    return [any(beats(costs(other), costs(point)) for other in points) for point in points]


@given(GRID)
@settings(deadline=None, max_examples=200)
def test_non_dominated_agrees_with_brute_force(case):
    points, senses = case
    assert (~non_dominated(points, senses)).tolist() == dominated_by_brute_force(points, senses)


@given(GRID, st.randoms())
@settings(deadline=None, max_examples=50)
def test_the_front_does_not_depend_on_the_order_of_the_points(case, random):
    points, senses = case
    shuffled = list(points)
    random.shuffle(shuffled)
    fronts = [
        sorted(point for point, keep in zip(order, non_dominated(order, senses), strict=True) if keep)
        for order in (points, shuffled)
    ]
    assert fronts[0] == fronts[1]


def test_equal_points_stay_together():
    assert non_dominated([[1, 1], [1, 1], [2, 0]], ["min", "min"]).tolist() == [True, True, True]


@pytest.mark.parametrize(
    ("points", "message"),
    [
        ([[1, math.nan]], "must be finite"),
        ([[1, math.inf]], "must be finite"),
        ([[1, 2, 3]], "do not fit 2"),
        ([1, 2], "do not fit"),
    ],
)
def test_points_that_are_not_numbers_never_enter_a_front(points, message):
    with pytest.raises(OptionError, match=message):
        non_dominated(points, ["min", "min"])


def test_hypervolumes_known_by_hand():
    assert hypervolume([[0.25, 0.75], [0.5, 0.5]], [1, 1], ["min", "min"]) == 0.3125
    assert hypervolume([[-0.25, 0.75], [-0.5, 0.5]], [-1, 1], ["max", "min"]) == 0.3125
    assert hypervolume([[0, 0, 0]], [1, 2, 3], ["min"] * 3) == 6
    assert hypervolume([[3.0], [4.0]], [10], ["min"]) == 7
    assert hypervolume([[2, 2]], [1, 1], ["min", "min"]) == 0
    assert hypervolume([], [1, 1], ["min", "min"]) == 0


def test_the_hypervolume_of_zdt1_is_the_published_one():
    f1 = np.linspace(0, 1, 1001)
    front = np.column_stack([f1, 1 - np.sqrt(f1)])
    assert hypervolume(front, [1.1, 1.1], ["min", "min"]) == pytest.approx(0.87616, abs=5e-6)
    assert hypervolume(front, [1.1, 1.1], ["min", "min"]) < 1.21 - 1 / 3
    assert front[knee_of(front, ["min", "min"])].tolist() == [0.25, 0.5]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=12))
@settings(deadline=None, max_examples=100)
def test_the_hypervolume_counts_the_unit_squares_that_are_dominated(points):
    squares = sum(any(a <= x and b <= y for a, b in points) for x in range(10) for y in range(10))
    assert hypervolume(points, [10, 10], ["min", "min"]) == pytest.approx(squares)
    mirrored = [(-a, b) for a, b in points]
    assert hypervolume(mirrored, [-10, 10], ["max", "min"]) == pytest.approx(squares)


def test_the_reference_point_is_the_nadir_widened_in_the_users_units():
    assert reference_of([[0, 100], [10, 50]], ["min", "max"]).tolist() == [11, 45]
    assert reference_of([[5, 0, -20]], ["min", "min", "max"]).tolist() == [5.5, 1, -22]


def test_the_knee_of_small_fronts():
    assert knee_of([[3, 4]], ["min", "min"]) == 0
    assert knee_of([[0, 1], [1, 0]], ["min", "min"]) == 0
    assert knee_of([[0, 10], [9, 9], [10, 0]], ["min", "max"]) == 0
    assert knee_of([[0, 0], [90, 1], [100, 10]], ["max", "min"]) == 1
    assert knee_of([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0.2, 0.2, 0.2]], ["min"] * 3) == 3
    with pytest.raises(OptionError, match="no knee"):
        knee_of([], ["min", "min"])


def test_a_thinned_front_keeps_its_extremes_and_lies_apart():
    f1 = np.linspace(0, 1, 101)
    front = np.column_stack([f1, 1 - f1])
    assert spread(front, 5).tolist() == [0, 25, 50, 75, 100]
    assert spread(front, 1).tolist() == [0]
    assert spread(front[:3], 5).tolist() == [0, 1, 2]
    assert spread(front[:0], 5).tolist() == []
