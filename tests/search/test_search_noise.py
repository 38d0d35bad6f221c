"""What replications say: pseudo-values, intervals, probabilities, and the honesty of the reported values."""

import math

import numpy as np
import pytest
from search_fakes import Noisy, evaluation, line_of

from opt_twin.results import Estimate
from opt_twin.search import DecisionSpace, Objective, objective_named, search, vary
from opt_twin.search.noise import (
    common_replications,
    indistinguishable,
    intervals_of,
    nondominance,
    pseudo_values,
)

LINE = line_of(4)
SPACE = DecisionSpace(base=LINE, variables=vary(LINE, "B*.capacity=1..20"))
BOTH = (objective_named("throughput", "max"), objective_named("wip"))
RNG = np.random.default_rng(3)


def test_the_pseudo_values_of_a_mean_are_the_replications():
    seen = evaluation(LINE, 0, a=RNG.normal(size=8), b=RNG.normal(size=8))
    by_name = pseudo_values(objective_named("a"), seen, LINE)
    by_function = pseudo_values(Objective("a", lambda e: e.mean("a")), seen, LINE)
    assert np.array_equal(by_name, seen["a"])
    assert by_function == pytest.approx(seen["a"])
    both = pseudo_values(Objective("c", lambda e: 2 * e.mean("a") - e.mean("b") + 1), seen, LINE)
    assert both == pytest.approx(2 * seen["a"] - seen["b"] + 1)


def test_the_pseudo_values_of_a_ratio_have_its_value_as_mean_and_the_spread_of_its_linearisation():
    seen = evaluation(LINE, 0, a=RNG.normal(10, 0.1, 200), b=RNG.normal(5, 0.1, 200))
    pseudo = pseudo_values(Objective("r", lambda e: e.mean("a") / e.mean("b")), seen, LINE)
    ratio = seen.mean("a") / seen.mean("b")
    linear = (seen["a"] - ratio * seen["b"]) / seen.mean("b")
    assert pseudo.mean() == pytest.approx(ratio)
    assert pseudo.std(ddof=1) == pytest.approx(linear.std(ddof=1), rel=0.02)


def test_what_has_no_noise_or_one_replication_has_its_value_alone():
    seen = evaluation(LINE, 0, a=[1.0, 2.0, 4.0])
    assert (
        pseudo_values(Objective("n", lambda line: len(line.buffers), on="line"), seen, LINE).tolist()
        == [3] * 3
    )
    one = evaluation(LINE, 0, a=[7.0])
    assert pseudo_values(Objective("a", lambda e: e.mean("a")), one, LINE).tolist() == [7]


def test_a_function_that_needs_all_replications_has_no_known_spread():
    def spread(seen):
        return seen.mean("a") if len(seen["a"]) == 3 else math.nan

    pseudo = pseudo_values(Objective("s", spread), evaluation(LINE, 0, a=[1.0, 2.0, 3.0]), LINE)
    assert np.isnan(pseudo).all()
    assert intervals_of(np.array([[2.0]]), [[pseudo]], [False]).tolist() == [[[-math.inf, math.inf]]]


def test_intervals_are_those_of_student():
    values = RNG.normal(size=9)
    low, high = Estimate.of(values).interval
    found = intervals_of(np.array([[values.mean(), 4.0]]), [[values, np.full(9, 4.0)]], [False, True])
    assert found[0, 0] == pytest.approx([low, high])
    assert found[0, 1].tolist() == [4, 4]
    assert np.isinf(intervals_of(np.array([[1.0]]), [[np.array([1.0])]], [False])).all()


def test_only_shared_replications_are_paired():
    one, two = evaluation(LINE, 0, a=[1.0, 2.0, 3.0]), evaluation(LINE, 0, a=[4.0, 5.0])
    assert common_replications([[one["a"]], [two["a"]]], [one, two]).tolist() == [[[1, 2]], [[4, 5]]]


def test_the_bootstrap_pairs_the_replications():
    noise = RNG.normal(0, 5, 30)
    shifted = np.array([[noise, np.zeros(30)], [noise + 0.01, np.zeros(30)]])
    assert nondominance(shifted, seed=1).tolist() == [1, 0]
    assert indistinguishable(shifted) == ((), ())


def test_the_bootstrap_is_even_between_equals_and_unknown_for_one_replication():
    alike = RNG.normal(0, 1, (2, 1, 400))
    alike -= alike.mean(axis=2, keepdims=True)
    assert nondominance(alike, seed=1) == pytest.approx([0.5, 0.5], abs=0.06)
    assert nondominance(alike, seed=1).tolist() == nondominance(alike, seed=1).tolist()
    assert indistinguishable(alike) == ((1,), (0,))
    assert np.isnan(nondominance(alike[:, :, :1], seed=1)).all()
    assert indistinguishable(alike[:, :, :1]) == ((), ())


def test_points_differ_when_one_objective_tells_them_apart():
    noise = RNG.normal(0, 1, (3, 1, 50))
    level = np.array([1.0, 1.0, 2.0])[:, None, None] * np.ones((3, 1, 50))
    assert indistinguishable(np.concatenate([noise, level], axis=1))[2] == ()
    assert 1 in indistinguishable(np.concatenate([noise, level], axis=1))[0]


def _biases(run, evaluator):
    front = run.solution()
    truth = np.array([evaluator.truth(line)[0] for line in front.lines])
    return (front.search_points[:, 0] - truth).mean(), (front.points[:, 0] - truth).mean(), front


def test_the_search_is_optimistic_and_the_reported_values_are_not():
    """With noise of its own for each line (standard error 1.8) the winners are lucky by more than that."""
    evaluator, final = Noisy(sd=4), Noisy(sd=4, replications=40)
    seen, reported, told = [], [], []
    for seed in range(5):
        run = search(SPACE, BOTH, evaluator, budget=300, population=20, seed=seed, final_evaluator=final)
        lucky, honest, front = _biases(run, evaluator)
        seen.append(lucky)
        reported.append(honest)
        told.append(front.summary.optimism["throughput"])
    assert np.mean(seen) > 1.8
    assert (
        abs(np.mean(reported)) < 0.35
    )  # standard error of 5 fronts of 15 points: 0.07; removal adds a little
    assert np.mean(told) == pytest.approx(np.mean(seen), abs=0.6)


def test_common_random_numbers_compare_without_noise():
    """The same noise in all lines moves every value alike: what the search keeps is truly not dominated."""
    evaluator = Noisy(sd=4, common=True, unevenness=0)
    run = search(SPACE, BOTH, evaluator, budget=200, population=20)
    lucky, _, front = _biases(run, evaluator)
    shift = front.search_points[:, 0] - [evaluator.truth(line)[0] for line in front.lines]
    assert np.ptp(shift) < 1e-9
    assert front.summary.removed_dominated == 0
    assert front.summary.optimism["throughput"] == pytest.approx(
        lucky - (front.points[:, 0] - [evaluator.truth(line)[0] for line in front.lines]).mean()
    )


def test_intervals_of_a_front_cover_the_truth():
    evaluator = Noisy(sd=2, replications=10)
    covered = []
    for seed in range(8):
        front = search(SPACE, BOTH, evaluator, budget=60, population=20, seed=seed).solution()
        for line, (low, high) in zip(front.lines, front.intervals[:, 0], strict=True):
            covered.append(low <= evaluator.truth(line)[0] <= high)
    assert len(covered) > 60
    assert np.mean(covered) > 0.85
