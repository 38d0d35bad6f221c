"""Intervals from one long run."""

import numpy as np
import pytest
from scipy.signal import lfilter

from opt_twin.errors import EvaluationError
from opt_twin.results import Estimate, WarningCode, batch_means, von_neumann
from opt_twin.theory import mm1


def autoregressive(seed, n, correlation):
    """Return a stationary AR(1) series of mean 0: `correlation` times the value before, plus noise."""
    noise = np.random.default_rng(seed).normal(size=n)
    noise[0] /= np.sqrt(1 - correlation**2)
    return lfilter([1.0], [1.0, -correlation], noise)


def waiting_times(seed, n, load):
    """Return waiting times of an M/M/1 queue by Lindley's recursion, without the first tenth."""
    generator = np.random.default_rng(seed)
    work = generator.exponential(1.0, n) - generator.exponential(1 / load, n)
    walk = np.concatenate(([0.0], np.cumsum(work)[:-1]))
    return (walk - np.minimum.accumulate(walk))[n // 10 :]


def test_the_interval_is_that_of_student_over_the_batches():
    series = np.arange(64.0) % 7
    result = batch_means(series, batches=4)
    assert result.estimate == Estimate.of(series.reshape(4, 16).mean(axis=1))
    assert (result.batches, result.batch_size, result.left_out) == (4, 16, 0)


def test_what_fills_no_batch_is_left_out_at_the_start():
    result = batch_means([1000.0, 1000.0] + [1.0, 3.0] * 32, batches=4)
    assert result.left_out == 2
    assert result.estimate.mean == 2.0


def test_batches_grow_with_the_correlation():
    sizes = [batch_means(autoregressive(3, 4000, phi)).batch_size for phi in (0.0, 0.8, 0.95)]
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[-1]


def test_a_run_that_is_too_short_for_its_correlation_is_warned_about():
    result = batch_means(autoregressive(1, 200, 0.97))
    assert [warning.code for warning in result.warnings] == [WarningCode.CORRELATED_BATCHES]
    assert "a longer run is needed" in str(result.warnings[0])
    assert result.batches == 8


@pytest.mark.parametrize(("correlation", "n"), [(0.0, 1000), (0.8, 2000), (0.9, 4000)])
def test_the_interval_of_an_autoregressive_series_covers_its_mean_as_often_as_it_says(correlation, n):
    covered = [batch_means(autoregressive(seed, n, correlation)).estimate.covers(0) for seed in range(400)]
    assert 0.92 <= np.mean(covered) <= 0.98


def test_values_taken_as_independent_would_cover_far_less_often():
    """Why there are batches at all."""
    covered = [Estimate.of(autoregressive(seed, 2000, 0.8)).covers(0) for seed in range(200)]
    assert np.mean(covered) < 0.7


def test_the_interval_of_waiting_times_covers_the_exact_mean():
    exact = mm1(0.5, 1.0).time_in_queue
    covered = [batch_means(waiting_times(seed, 20_000, 0.5)).estimate.covers(exact) for seed in range(300)]
    assert 0.91 <= np.mean(covered) <= 0.98


def test_the_test_of_neighbours_is_exact_enough_and_sees_correlation():
    level = [von_neumann(autoregressive(seed, 64, 0.0))[1] < 0.1 for seed in range(2000)]
    assert np.mean(level) == pytest.approx(0.1, abs=0.025)
    power = [von_neumann(autoregressive(seed, 64, 0.5))[1] < 0.1 for seed in range(300)]
    assert np.mean(power) > 0.95


def test_the_figure_of_von_neumann_by_hand():
    """Of 1, 2, 3, 4: squared steps 3, squared distances 5."""
    assert von_neumann([1, 2, 3, 4])[0] == pytest.approx(1 - 3 / 10)


def test_a_constant_series_has_an_interval_of_no_width():
    result = batch_means([0.1] * 500)
    assert result.estimate.half_width == pytest.approx(0, abs=1e-12)
    assert result.warnings == ()


@pytest.mark.parametrize(
    ("series", "batches"),
    [([1.0] * 31, None), ([1.0] * 39, 10), ([1.0] * 40, 1), ([float("nan")] * 64, None)],
)
def test_too_little_to_make_batches_of_is_refused(series, batches):
    with pytest.raises(EvaluationError, match="batches"):
        batch_means(series, batches=batches)


def test_too_few_neighbours_are_refused():
    with pytest.raises(EvaluationError, match="4 or more"):
        von_neumann([1, 2, 3])
