"""Distributions: moments, draws, and how they are written."""

import math

import numpy as np
import pydantic
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opt_twin.errors import ModelError
from opt_twin.line import (
    Deterministic,
    Distribution,
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

ALL = [
    Deterministic(value=5),
    Exponential(mean=3),
    Uniform(low=1, high=4),
    Triangular(low=1, mode=2, high=6),
    Normal(location=5, sd=1),
    Normal(location=1, sd=2),
    Normal(location=0, sd=1),
    Normal(location=5, sd=1, low=6),
    Lognormal(mean=5, cv=0.3),
    Gamma(shape=2.5, scale=3),
    Weibull(shape=1.7, scale=4),
    Weibull(shape=0.8, scale=4),
    Erlang(phases=3, mean=6),
    Empirical(values=(1, 2, 7)),
    Empirical(values=(1, 2, 7), weights=(1, 0, 3)),
]
READ = pydantic.TypeAdapter(Distribution).validate_python


def rng(number=0):
    return stream(7, number, "test", "processing")


@pytest.mark.parametrize("distribution", ALL, ids=repr)
def test_draws_have_the_stated_mean_and_variance(distribution):
    n = 200_000
    draws = distribution.sample(rng(), n)
    assert draws.shape == (n,)
    assert draws.min() >= 0
    error = 4.5 * math.sqrt(distribution.variance / n)
    assert draws.mean() == pytest.approx(distribution.mean, abs=error + 1e-12)
    squares = (draws - distribution.mean) ** 2
    assert squares.mean() == pytest.approx(
        distribution.variance, abs=4.5 * squares.std() / math.sqrt(n) + 1e-12
    )


@pytest.mark.parametrize("distribution", ALL, ids=repr)
def test_draws_do_not_depend_on_how_they_are_split(distribution):
    whole = distribution.sample(rng(), 50)
    split = rng()
    parts = np.concatenate([distribution.sample(split, size) for size in (1, 20, 0, 29)])
    assert np.array_equal(whole, parts)


@pytest.mark.parametrize("distribution", ALL, ids=repr)
def test_a_distribution_makes_the_round_trip(distribution):
    assert READ(distribution.to_dict()) == distribution
    assert READ(distribution) == distribution
    assert distribution.cv == pytest.approx(
        distribution.cv
        if isinstance(distribution, Lognormal)
        else math.sqrt(distribution.variance) / distribution.mean
    )


def test_the_truncated_normal_keeps_its_bound():
    cut = Normal(location=5, sd=1, low=6)
    draws = cut.sample(rng(), 20_000)
    assert draws.min() >= 6
    # E[X | X > 6] = 5 + phi(1) / (1 - Phi(1))
    assert cut.mean == pytest.approx(5 + 1.5251352761609807, rel=1e-12)
    far = Normal(location=0.1, sd=1, low=5.9)
    assert far.sample(rng(), 1000).min() >= 5.9
    assert 5.9 < far.mean < 6.1


def test_exact_moments():
    assert (Exponential(mean=3).mean, Exponential(mean=3).variance) == (3, 9)
    assert (Uniform(low=1, high=4).mean, Uniform(low=1, high=4).variance) == (2.5, 0.75)
    assert Triangular(low=0, mode=0, high=6).variance == 2
    assert (Erlang(phases=3, mean=6).mean, Erlang(phases=3, mean=6).variance) == (6, 12)
    assert Weibull(shape=1, scale=4).variance == pytest.approx(16)
    assert Lognormal(mean=5, cv=0.4).variance == pytest.approx(4)
    assert Empirical(values=(1, 3)).variance == 1
    assert Deterministic(value=0).cv == 0


@pytest.mark.parametrize(
    ("text", "distribution"),
    [
        (5, Deterministic(value=5)),
        ("5 s", Deterministic(value=5)),
        ("10000/h", Deterministic(value=0.36)),
        ("deterministic(5)", Deterministic(value=5)),
        ("exponential(120 min)", Exponential(mean=7200)),
        ("Exponential( mean = 2h )", Exponential(mean=7200)),
        ("uniform(0 s, 8 s)", Uniform(low=0, high=8)),
        ("triangular(1, high=5, mode=2)", Triangular(low=1, mode=2, high=5)),
        ("normal(5, 1)", Normal(location=5, sd=1)),
        ("normal(5, 1, low=2)", Normal(location=5, sd=1, low=2)),
        ("lognormal(mean=5 s, cv=0.3)", Lognormal(mean=5, cv=0.3)),
        ("gamma(2, 3 min)", Gamma(shape=2, scale=180)),
        ("weibull(shape=1.7, scale=4)", Weibull(shape=1.7, scale=4)),
        ("erlang(3, 6)", Erlang(phases=3, mean=6)),
        ("empirical(1, 2 min, 3)", Empirical(values=(1, 120, 3))),
        ({"type": "exponential", "mean": "1 min"}, Exponential(mean=60)),
    ],
)
def test_a_distribution_is_read(text, distribution):
    assert READ(text) == distribution


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("expnential(5)", "did you mean 'exponential'?"),
        ("exponential()", "Field required"),
        ("exponential(1, 2)", "exponential takes 1 arguments (mean), got 2"),
        ("exponential(1, mean=2)", "exponential got 'mean' twice"),
        ("exponential(maen=2)", "maen"),
        ("exponential(0)", "greater than 0"),
        ("exponential(5 kg)", "'kg' is not a unit of time"),
        ("uniform(5, 1)", "low 5.0 is above high 1.0"),
        ("uniform(-1, 1)", "greater than or equal to 0"),
        ("triangular(1, 9, 5)", "low <= mode <= high must hold"),
        ("triangular(5, 5, 5)", "use deterministic for one value"),
        ("normal(1, 1, 10)", "nearly all of the distribution is cut off below low"),
        ("normal(5, 0)", "greater than 0"),
        ("lognormal(5)", "Field required"),
        ("weibull(0.01, 5)", "a shape below 0.05 has no usable moments"),
        ("erlang(0, 5)", "greater than or equal to 1"),
        ("erlang(1.5, 5)", "valid integer"),
        ("empirical()", "at least 1"),
        ("exponential(5", "is not a time"),
        ("5 kg", "is not a unit of time"),
        (-5, "greater than or equal to 0"),
        (True, "True is not a distribution"),
        (None, "tag"),
        ([5], "valid dictionary"),
        ({"mean": 5}, "a distribution needs a 'type'"),
        ({"type": "expo", "mean": 5}, "'expo' is not a distribution"),
        ({"type": "empirical", "values": [1, 2], "weights": [1]}, "1 weights for 2 values"),
        (
            {"type": "empirical", "values": [1, 2], "weights": [0, 0]},
            "must add up to a finite number above 0",
        ),
        ({"type": "empirical", "values": [1, 2], "weights": [-1, 2]}, "greater than or equal to 0"),
    ],
)
def test_what_is_no_distribution_is_named(text, message):
    with pytest.raises(pydantic.ValidationError) as caught:
        READ(text)
    assert message in str(caught.value)


@given(st.text(max_size=30) | st.floats() | st.lists(st.integers(), max_size=2))
@settings(deadline=None)
def test_anything_is_a_distribution_or_a_validation_error(value):
    try:
        distribution = READ(value)
    except pydantic.ValidationError:
        return
    assert distribution.mean >= 0


@given(st.floats(0.1, 100), st.floats(0.05, 3))
@settings(max_examples=30, deadline=None)
def test_a_lognormal_holds_its_own_mean_and_cv(mean, cv):
    distribution = Lognormal(mean=mean, cv=cv)
    sigma2 = math.log1p(cv**2)
    mu = math.log(mean) - sigma2 / 2
    assert math.exp(mu + sigma2 / 2) == pytest.approx(distribution.mean)
    assert math.expm1(sigma2) * math.exp(2 * mu + sigma2) == pytest.approx(distribution.variance)


@given(st.floats(0, 50), st.floats(0.1, 20), st.floats(0, 50))
@settings(max_examples=100, deadline=None)
def test_a_truncated_normal_has_sound_moments(location, sd, low):
    try:
        cut = Normal(location=location, sd=sd, low=low)
    except ModelError:
        assert (low - location) / sd >= 6 - 1e-9
        return
    assert cut.mean >= max(low, location) - 1e-9
    assert 0 < cut.variance <= sd**2 * (1 + 1e-9)


def test_replace_of_a_distribution_validates():
    with pytest.raises(ModelError, match=r"low 3\.0 is above high 2\.0"):
        Uniform(low=1, high=2).replace(low=3)
