"""Comparing two evaluations."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from opt_twin.analysis import compare, compare_all
from opt_twin.analysis.compare import require_pairs
from opt_twin.errors import EvaluationError, UnknownNameError
from opt_twin.results import Evaluation

numbers = st.floats(-100, 100).map(lambda value: round(value, 6))


def run(values, *, seed=1, horizon=3600.0, **more):
    return Evaluation(
        values={"throughput": values, **more},
        replications=tuple(range(len(values))),
        seed=seed,
        horizon=horizon,
        warm_up=0.0,
        line_digest="",
        units={"throughput": "1/h"},
    )


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(numbers, numbers), min_size=2, max_size=12))
def test_common_random_numbers_give_the_paired_interval(pairs):
    a, b = (np.array(side) for side in zip(*pairs, strict=True))
    result = compare(run(a), run(b))
    assert result.paired
    assert result.difference.mean == pytest.approx((b - a).mean())
    if np.std(b - a) > 1e-6:
        test = stats.ttest_rel(b, a)
        low, high = test.confidence_interval(0.95)
        assert result.difference.interval == pytest.approx((low, high), rel=1e-6, abs=1e-6)
        assert result.probability == pytest.approx(stats.t.cdf(test.statistic, len(a) - 1), abs=1e-9)


@settings(deadline=None, max_examples=60)
@given(st.lists(numbers, min_size=2, max_size=9), st.lists(numbers, min_size=2, max_size=9))
def test_different_seeds_give_the_interval_of_welch(a, b):
    result = compare(run(a), run(b, seed=2))
    assert not result.paired
    if np.std(a) > 1e-3 and np.std(b) > 1e-3:
        test = stats.ttest_ind(b, a, equal_var=False)
        low, high = test.confidence_interval(0.95)
        assert result.difference.interval == pytest.approx((low, high), rel=1e-6, abs=1e-6)
        assert result.probability == pytest.approx(stats.t.cdf(test.statistic, test.df), abs=1e-9)


def test_other_runs_are_not_paired():
    assert not compare(run([1, 2, 4]), run([1, 2, 5], horizon=7200.0)).paired
    assert not compare(run([1, 2, 4]), run([1, 2])).paired


def test_pairing_finds_a_difference_that_unpaired_runs_hide():
    noise = np.array([0.0, 40, 80, 120, 160])
    better = noise + np.array([2.0, 3, 2.5, 3, 2])
    assert compare(run(noise), run(better)).significant
    assert not compare(run(noise), run(better, seed=2)).significant


def test_a_comparison_reads_as_a_sentence():
    text = str(compare(run([100, 110, 120]), run([103, 112, 124])))
    assert text == "throughput: 110 -> 113 1/h, +3 ± 2.5 (+2.7 %), paired"
    text = str(compare(run([100, 110, 120]), run([90, 118, 125], seed=2)))
    assert text.startswith("throughput: 110 -> 111 1/h, +1 ± ")
    assert text.endswith("not paired; the difference may be chance")


def test_single_replications_have_a_difference_but_no_interval():
    for result in (compare(run([0.0]), run([3.0])), compare(run([0.0]), run([3.0], seed=2))):
        assert result.difference.mean == 3
        assert result.difference.half_width is None
        assert result.probability is None
        assert not result.significant
        assert str(result).startswith("throughput: 0 -> 3 1/h, +3, ")


@pytest.mark.parametrize("seed", [1, 2])
def test_values_without_spread_are_certain(seed):
    assert compare(run([1, 1, 1]), run([2, 2, 2], seed=seed)).probability == 1
    assert compare(run([1, 1, 1]), run([0, 0, 0], seed=seed)).probability == 0
    same = compare(run([1, 1, 1]), run([1, 1, 1], seed=seed))
    assert same.probability == 0.5
    assert not same.significant


def test_the_intervals_have_the_confidence_asked_for():
    result = compare(run([1.0, 2, 4]), run([2.0, 3, 6]), confidence=0.99)
    assert result.first.confidence == result.second.confidence == result.difference.confidence == 0.99


def test_all_shared_finite_measures_are_compared():
    first = run([1.0, 2.0], wip=[3.0, 4.0], lead_time=[math.nan, 1.0], only_here=[1.0, 1.0])
    second = run([2.0, 2.0], lead_time=[1.0, 1.0], wip=[3.0, 5.0])
    assert [result.measure for result in compare_all(first, second)] == ["throughput", "wip"]


def test_a_measure_that_is_missing_or_not_finite_is_an_error():
    with pytest.raises(UnknownNameError, match="did you mean 'throughput'"):
        compare(run([1.0]), run([1.0]), "troughput")
    with pytest.raises(EvaluationError, match="finite"):
        compare(run([math.nan]), run([1.0]))


def test_replications_that_do_not_belong_together_are_refused():
    require_pairs(run([1.0]), run([2.0]))
    with pytest.raises(EvaluationError, match="same seed"):
        require_pairs(run([1.0]), run([1.0], seed=2))
