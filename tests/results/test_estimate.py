"""Means with their intervals."""

import math

import numpy as np
import pytest

from opt_twin.errors import EvaluationError
from opt_twin.results import Estimate
from opt_twin.streams import stream


def test_the_interval_is_students():
    estimate = Estimate.of([1.0, 2.0, 3.0, 4.0, 5.0], confidence=0.95)
    assert estimate.mean == 3
    # t(0.975, 4) = 2.7764451 (tables), s = sqrt(2.5)
    assert estimate.half_width == pytest.approx(2.7764451052 * math.sqrt(2.5 / 5), rel=1e-9)
    assert estimate.interval == (3 - estimate.half_width, 3 + estimate.half_width)
    assert estimate.covers(3.5)
    assert not estimate.covers(6)
    assert str(estimate) == "3.0 ± 2.0"
    assert (estimate.replications, estimate.confidence) == (5, 0.95)


def test_one_value_has_no_interval():
    estimate = Estimate.of([7.0])
    assert estimate.half_width is None
    assert estimate.interval == (-math.inf, math.inf)
    assert estimate.covers(1e300)
    assert str(estimate) == "7"


@pytest.mark.parametrize(
    ("values", "confidence"),
    [([], 0.95), ([math.nan], 0.95), ([math.inf, 1], 0.95), ([[1.0]], 0.95), ([1], 1), ([1], 0)],
)
def test_what_gives_no_estimate_is_refused(values, confidence):
    with pytest.raises(EvaluationError):
        Estimate.of(values, confidence)


def test_more_confidence_is_wider():
    values = [1.0, 2.0, 4.0]
    assert Estimate.of(values, 0.99).half_width > Estimate.of(values, 0.9).half_width


def test_the_interval_covers_the_true_mean_as_often_as_it_says():
    rng = stream(3, 0, "estimate", "search")
    covered = sum(Estimate.of(rng.normal(10, 2, 8), 0.9).covers(10) for _ in range(1000))
    assert covered / 1000 == pytest.approx(0.9, abs=4 * math.sqrt(0.09 / 1000))


def test_the_estimate_is_plain_numbers():
    estimate = Estimate.of(np.array([1.0, 3.0]))
    assert type(estimate.mean) is float
    assert Estimate.from_dict(estimate.to_dict()) == estimate
