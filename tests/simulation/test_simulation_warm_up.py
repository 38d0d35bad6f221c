"""MSER-5 cuts off a start that differs from the rest."""

import numpy as np
import pytest

from opt_twin.errors import OptionError
from opt_twin.simulation import mser5


def test_nothing_is_cut_off_a_constant_series():
    assert mser5([3.0] * 40) == 0


@pytest.mark.parametrize("seed", range(5))
def test_a_start_that_is_too_low_is_cut_off(seed):
    noise = np.random.default_rng(seed).normal(size=500)
    series = 20 + noise
    series[:50] -= np.linspace(20, 4, 50)
    assert 45 <= mser5(series) <= 100


def test_never_more_than_half_is_cut_off():
    assert mser5(np.linspace(100, 0, 100)) <= 50


@pytest.mark.parametrize("series", [[1.0] * 9, [float("nan")] * 20, [[1.0] * 20]])
def test_too_little_to_tell_is_refused(series):
    with pytest.raises(OptionError, match="10 or more finite observations"):
        mser5(series)
