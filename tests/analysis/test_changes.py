"""Small improvements of a line."""

import numpy as np
import pytest

from opt_twin.analysis.changes import larger_capacity, scaled
from opt_twin.line import (
    Deterministic,
    Empirical,
    Erlang,
    Exponential,
    Gamma,
    Lognormal,
    Normal,
    Triangular,
    Uniform,
    Weibull,
)
from opt_twin.streams import stream


@pytest.mark.parametrize(
    ("capacity", "step", "larger"),
    [(1, 0.05, 2), (4, 0.1, 5), (30, 0.1, 33), (31, 0.1, 35), (100, 0.07, 107)],
)
def test_a_larger_buffer_is_rounded_up_to_whole_places(capacity, step, larger):
    assert larger_capacity(capacity, step) == larger


DISTRIBUTIONS = [
    Deterministic(value=4),
    Exponential(mean=4),
    Uniform(low=2, high=5),
    Triangular(low=1, mode=2, high=6),
    Normal(location=3, sd=2, low=1),
    Lognormal(mean=4, cv=0.5),
    Gamma(shape=2, scale=3),
    Weibull(shape=2, scale=3),
    Erlang(phases=3, mean=6),
    Empirical(values=(1, 2, 6), weights=(1, 2, 3)),
]


@pytest.mark.parametrize("distribution", DISTRIBUTIONS, ids=lambda d: d.type)
def test_a_scaled_distribution_draws_the_scaled_numbers(distribution):
    half = scaled(distribution, 0.5)
    draws = [d.sample(stream(1, 0, "x", "test"), 50) for d in (distribution, half)]
    np.testing.assert_allclose(draws[1], 0.5 * draws[0], rtol=1e-12)
    assert half.mean == pytest.approx(distribution.mean / 2)
