"""Quantiles with their intervals, and histograms."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from opt_twin.errors import EvaluationError, UnknownNameError
from opt_twin.results import Evaluation, histogram_of, quantile_of

values = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60)


def evaluation(**measures):
    n = len(next(iter(measures.values())))
    return Evaluation(
        values=measures, replications=tuple(range(n)), seed=0, horizon=1.0, warm_up=0.0, line_digest=""
    )


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.95])
@pytest.mark.parametrize("n", [20, 59, 200])
def test_the_interval_of_a_quantile_holds_with_at_least_its_confidence_and_no_more_than_needed(n, share):
    """Of the values 1 ... n, the interval names the ranks; the number below the quantile is binomial."""
    found = quantile_of(np.arange(1, n + 1), share)
    low = 0 if found.low is None else int(found.low)
    high = n + 1 if found.high is None else int(found.high)
    missed_low, missed_high = binom.cdf(low - 1, n, share), binom.sf(high - 1, n, share)
    assert missed_low <= 0.025
    assert missed_high <= 0.025
    assert binom.cdf(low, n, share) > 0.025
    assert found.high is None or binom.sf(high - 2, n, share) > 0.025


@pytest.mark.parametrize("draw", ["exponential", "normal", "uniform"])
def test_the_interval_covers_whatever_the_distribution(draw):
    generator = np.random.default_rng(4)
    true = np.quantile(getattr(generator, draw)(size=1_000_000), 0.8)
    covered = [quantile_of(getattr(generator, draw)(size=50), 0.8).covers(true) for _ in range(600)]
    assert np.mean(covered) >= 0.94


def test_too_few_values_leave_a_side_open():
    found = quantile_of(range(10), 0.95)
    assert found.high is None
    assert found.covers(1e9)
    assert str(found) == "8.55 [7, inf]"


@given(values, st.floats(0.01, 0.99))
def test_turning_the_values_round_turns_the_quantile_round(sample, share):
    ours, theirs = quantile_of(sample, share), quantile_of([-value for value in sample], 1 - share)
    assert ours.value == pytest.approx(-theirs.value, rel=1e-9, abs=1e-6)


def test_quantiles_of_an_evaluation_are_those_of_its_replications():
    found = evaluation(makespan=np.arange(100.0))
    assert found.quantile("makespan", 0.5).value == 49.5
    assert found.histogram("makespan", 4).counts == (25, 25, 25, 25)
    with pytest.raises(UnknownNameError, match="makespan"):
        found.quantile("makespans", 0.5)


@given(values)
def test_a_histogram_counts_every_value(sample):
    found = histogram_of(sample)
    assert sum(found.counts) == len(sample)
    assert len(found.edges) == len(found.counts) + 1
    assert sum(found.shares) == pytest.approx(1)


def test_values_outside_given_edges_are_not_counted():
    assert histogram_of([0, 1, 2, 9], bins=[1, 2, 3]).counts == (1, 1)


@pytest.mark.parametrize("bins", [0, [3, 2, 1]])
def test_bins_that_are_none_are_refused(bins):
    with pytest.raises(EvaluationError, match="ascending"):
        histogram_of([1.0], bins)


@pytest.mark.parametrize("share", [0.0, 1.0, 95])
def test_a_share_that_is_none_is_refused(share):
    with pytest.raises(EvaluationError, match="share"):
        quantile_of([1.0], share)


@pytest.mark.parametrize(("sample", "confidence"), [([], 0.95), ([float("nan")], 0.95), ([1.0], 1.0)])
def test_what_is_no_sample_is_refused(sample, confidence):
    with pytest.raises(EvaluationError):
        quantile_of(sample, 0.5, confidence)
