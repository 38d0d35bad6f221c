"""The door to pymoo: points in, better points out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from search_fakes import line_of

from opt_twin.search import DecisionSpace, Variable, vary
from opt_twin.search.problem import Breeder

LINE = line_of(3)
SPACE = DecisionSpace(base=LINE, variables=vary(LINE, "B*.capacity=1..20", "M1.speed=0.5..2"))


def breed(space, *, generations=6, seed=1, population=8):
    rng = np.random.default_rng(seed)
    first = np.unique(
        space.repair(rng.uniform(space.low, space.high, (population, len(space.names)))), axis=0
    )
    breeder = Breeder(space, first=first, objectives=2, constraints=1, population=population, seed=seed)
    asked = []
    for _ in range(generations):
        points = breeder.ask()
        asked.append(points)
        if len(points) == 0:
            break
        costs = np.column_stack([points.sum(axis=1), -points[:, 0]])
        breeder.tell(points, costs, np.zeros((len(points), 1)))
    return asked


@given(st.integers(0, 1000))
@settings(deadline=None, max_examples=15)
def test_points_are_new_and_lie_in_the_space(seed):
    points = np.vstack(breed(SPACE, seed=seed))
    assert len(np.unique(points, axis=0)) == len(points)
    assert np.array_equal(points, SPACE.repair(points))


def test_the_first_points_are_the_given_ones():
    first = np.array([[1.0, 2, 1], [3, 4, 1.5], [1, 2, 1]])
    breeder = Breeder(SPACE, first=first, objectives=1, constraints=1, population=4, seed=0)
    assert breeder.ask().tolist() == [[1, 2, 1], [3, 4, 1.5]]


def test_the_same_seed_gives_the_same_points_and_breeders_share_nothing():
    one, two, other = breed(SPACE), breed(SPACE), breed(SPACE, seed=2)
    assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))
    assert not np.array_equal(one[0], other[0])


def test_an_exhausted_space_gives_no_point():
    small = DecisionSpace(base=LINE, variables=(Variable("B1.capacity", 1, 3), Variable("B2.capacity", 1, 2)))
    asked = breed(small, generations=50)
    assert len(np.vstack(asked)) == 6
    assert len(asked[-1]) == 0


def test_the_ends_of_an_integer_range_are_as_likely_as_the_middle():
    wide = DecisionSpace(
        base=LINE, variables=(Variable("B1.capacity", 1, 4), Variable("M1.speed", 1, 2, "real"))
    )
    born = np.vstack(breed(wide, generations=2, population=400, seed=4))[400:]
    counts = np.bincount(born[:, 0].astype(int), minlength=5)[1:]
    assert counts.min() > 20


def test_points_that_break_a_constraint_lose_against_those_that_keep_it():
    first = np.array([[value, 1, 1.0] for value in range(1, 9)])
    breeder = Breeder(SPACE, first=first, objectives=1, constraints=1, population=8, seed=3)
    for _ in range(25):
        points = breeder.ask()
        breeder.tell(points, points[:, :1], np.maximum(0, 12 - points[:, :1]))
    assert points[:, 0].min() >= 11
    assert np.median(points[:, 0]) == pytest.approx(12, abs=1)
