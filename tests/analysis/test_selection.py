"""Ranking and selection: how often the best is found, and what that costs."""

import numpy as np
import pytest

from opt_twin.analysis import SelectionMethod, select_best
from opt_twin.analysis.allocation import allocate, correct_selection
from opt_twin.errors import EvaluationError, OptionError, UnknownNameError
from opt_twin.line import Exponential
from opt_twin.results import Evaluation
from opt_twin.simulation import RunSettings, SimulationEvaluator, pooled_evaluator
from opt_twin.testing import saturated_tandem, serial_line

LINES = tuple(serial_line(f"L{i}", (Exponential(mean=1.0),)) for i in range(5))


class Normal:
    """Gives normal values of known mean, deviation and correlation between the lines."""

    def __init__(self, means, deviations=None, *, common=0.0):
        self.means = dict(zip((line.name for line in LINES), means, strict=False))
        deviations = [1.0] * len(means) if deviations is None else deviations
        self.deviations = dict(zip(self.means, deviations, strict=True))
        self.common = common
        self.tables = {}

    def _table(self, seed, name):
        if (seed, name) not in self.tables:
            own = np.random.default_rng([seed, *name.encode()]).normal(size=1200)
            shared = np.random.default_rng(seed).normal(size=1200)
            noise = np.sqrt(1 - self.common) * own + np.sqrt(self.common) * shared
            self.tables[seed, name] = self.means[name] + self.deviations[name] * noise
        return self.tables[seed, name]

    def replicate(self, line, *, first, count, plan=None, seed):
        return Evaluation(
            values={"throughput": self._table(seed, line.name)[first : first + count]},
            replications=tuple(range(first, first + count)),
            seed=seed,
            horizon=1.0,
            warm_up=0.0,
            line_digest=line.name,
            units={"throughput": "1/h"},
        )


def share_correct(runs, lines, evaluator, best, **options):
    found = [select_best(lines, evaluator(), seed=seed, **options) for seed in range(runs)]
    return (
        np.mean([selection.best == best for selection in found]),
        np.mean([sum(selection.replications) for selection in found]),
    )


SLIPPAGE = [0.0, 0.0, 0.5, 0.0, 0.0]
"""The best is better by the indifference, all others are equal: the hardest case."""


@pytest.mark.parametrize(("method", "tolerance"), [("kn", 0.0), ("kn++", 0.02)])
@pytest.mark.parametrize("common", [0.0, 0.6])
def test_the_best_is_selected_as_often_as_promised_in_the_slippage_configuration(method, tolerance, common):
    """The guarantee of KN++ is asymptotic, hence the tolerance."""
    share, _ = share_correct(
        400,
        LINES,
        lambda: Normal(SLIPPAGE, common=common),
        2,
        method=method,
        indifference=0.5,
        confidence=0.9,
    )
    assert share >= 0.9 - tolerance


def test_common_random_numbers_save_replications():
    means, options = [0.0, 0.0, 0.2, 0.0, 0.0], {"method": "kn++", "indifference": 0.2}
    _, apart = share_correct(30, LINES, lambda: Normal(means), 2, **options)
    _, alike = share_correct(30, LINES, lambda: Normal(means, common=0.8), 2, **options)
    assert alike < 0.5 * apart


def test_updated_variances_save_replications():
    _, kn = share_correct(40, LINES, lambda: Normal(SLIPPAGE), 2, method="kn", indifference=0.5, first=10)
    _, kn_plus_plus = share_correct(
        40, LINES, lambda: Normal(SLIPPAGE), 2, method="kn++", indifference=0.5, first=10
    )
    assert kn_plus_plus < kn


def test_clearly_worse_lines_drop_out_first():
    selection = select_best(LINES, Normal([0, 1, 2, 3.5, 4]), indifference=0.3, first=5, seed=3)
    assert selection.best == 4
    assert selection.survivors == (4,)
    assert selection.replications[0] == 5
    assert selection.replications[4] == max(selection.replications) > 5
    assert selection.finished


def test_the_least_is_found_where_less_is_better():
    selection = select_best(LINES, Normal([3, 1, 2, 4, 5]), sense="min", indifference=0.5, seed=3)
    assert selection.best == 1
    assert selection.estimates[1].mean == pytest.approx(1, abs=0.7)


def test_differences_are_paired_over_what_both_lines_have():
    """With the same noise in all lines, each differs from the best by exactly its mean."""
    selection = select_best(LINES, Normal([0, 1, 2, 3.5, 4], common=1.0), indifference=0.3, seed=3)
    assert [difference.mean for difference in selection.differences] == pytest.approx([-4, -3, -2, -0.5, 0])
    assert selection.differences[0].half_width == pytest.approx(0, abs=1e-9)


def test_relabelling_the_lines_relabels_the_answer():
    evaluator = Normal(SLIPPAGE)
    ours = select_best(LINES, evaluator, indifference=0.5, seed=5)
    theirs = select_best(LINES[::-1], evaluator, indifference=0.5, seed=5)
    assert ours.best_line == theirs.best_line
    assert ours.replications == theirs.replications[::-1]


def test_equal_lines_end_with_either_of_them():
    selection = select_best(LINES[:2], Normal([1.0, 1.0], common=1.0), indifference=0.5)
    assert selection.finished
    assert selection.replications == (20, 20)


def test_a_budget_that_is_too_small_leaves_the_question_open():
    selection = select_best(LINES, Normal(SLIPPAGE), indifference=0.01, budget=150)
    assert not selection.finished
    assert len(selection.survivors) > 1
    assert sum(selection.replications) <= 150
    assert selection.guarantee.startswith("not decided between ")


def test_ocba_finds_the_best_more_often_than_equal_shares_of_the_same_budget():
    means, deviations = [0.0, 0.25, 0.5, 0.75, 1.0], [2.0, 2.0, 2.0, 2.0, 2.0]
    runs, budget = 300, 250
    ocba, spent = share_correct(
        runs, LINES, lambda: Normal(means, deviations), 4, method="ocba", budget=budget, first=10, block=10
    )
    assert spent == budget
    equal = 0
    for seed in range(runs):
        evaluator = Normal(means, deviations)
        found = [evaluator.replicate(line, first=0, count=budget // 5, seed=seed) for line in LINES]
        equal += np.argmax([evaluation.mean("throughput") for evaluation in found]) == 4
    assert ocba > equal / runs + 0.03


def test_the_probability_of_ocba_is_not_far_from_the_truth():
    found = [
        select_best(
            LINES, Normal([0, 0, 0, 0.5, 1.0]), method="ocba", budget=150, first=10, block=10, seed=seed
        )
        for seed in range(200)
    ]
    truth = np.mean([selection.best == 4 for selection in found])
    said = np.mean([selection.probability for selection in found])
    assert said == pytest.approx(truth, abs=0.1)


def test_ocba_allocates_in_the_published_proportions():
    """N_i ~ (s_i / d_i)^2, N_b = s_b sqrt(sum N_i^2 / s_i^2); nothing done yet."""
    means, variances = np.array([0.0, 1.0, 3.0]), np.array([4.0, 1.0, 9.0])
    given = allocate(means, variances, np.zeros(3, dtype=int), 100_000)
    a, b = 4 / 9, 1 / 4
    best = 3 * np.sqrt(a**2 / 4 + b**2 / 1)
    assert given / 100_000 == pytest.approx(np.array([a, b, best]) / (a + b + best), abs=1e-4)
    assert given.sum() == 100_000


def test_ocba_gives_out_exactly_what_there_is():
    generator = np.random.default_rng(1)
    for _ in range(200):
        k = int(generator.integers(2, 8))
        done, more = generator.integers(1, 40, k), int(generator.integers(1, 30))
        variances = generator.choice([0.0, 1.0, 4.0], k)
        given = allocate(generator.normal(size=k), variances, done, more)
        assert given.sum() == more
        assert (given >= 0).all()


def test_the_probability_for_two_lines_is_that_of_one_normal_variable():
    found = correct_selection(np.array([1.0, 0.0]), np.array([4.0, 5.0]), np.array([4, 5]))
    assert found == pytest.approx(0.76025, abs=1e-5)  # Phi(1 / sqrt(2))


def test_the_faster_of_small_lines_is_found_whatever_the_number_of_workers():
    """Hillier and Boling: 0.5641, 0.67047 and 0.73402 parts a second for 0, 1 and 2 places, at rate 1."""
    lines = [saturated_tandem(3, capacity=places).replace(name=f"{places} places") for places in (0, 2, 1)]
    settings = RunSettings(horizon=300, warm_up=60)
    alone = select_best(lines, SimulationEvaluator(settings), indifference=100, first=3, seed=2)
    assert alone.best_line == "2 places"
    with pooled_evaluator(settings.replace(workers=2)) as evaluator:
        assert select_best(lines, evaluator, indifference=100, first=3, seed=2) == alone


def test_an_interruption_leaves_what_is_known():
    def stop(spent, left):
        if spent > 120:
            raise KeyboardInterrupt

    selection = select_best(LINES, Normal(SLIPPAGE), indifference=0.1, on_progress=stop)
    assert selection.interrupted
    assert not selection.finished
    assert len(selection.estimates) == 5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "kn\\+\\+ needs the smallest difference"),
        ({"indifference": 0.0}, "needs the smallest difference"),
        ({"indifference": 1.0, "confidence": 0.2}, "between 0.2 and 1"),
        ({"indifference": 1.0, "first": 2}, "3 or more replications"),
        ({"method": "ocba"}, "needs a budget"),
        ({"method": "ocba", "budget": 50}, "does not cover the first stage"),
        ({"indifference": 1.0, "sense": "most"}, "'max' or 'min'"),
    ],
)
def test_options_out_of_range_are_named(options, message):
    with pytest.raises(OptionError, match=message):
        select_best(LINES, Normal(SLIPPAGE), **options)


def test_one_line_is_no_choice():
    with pytest.raises(OptionError, match="2 or more lines"):
        select_best(LINES[:1], Normal([0.0]), indifference=1.0)


def test_unknown_names_get_the_nearest():
    with pytest.raises(UnknownNameError, match="kn"):
        select_best(LINES, Normal(SLIPPAGE), method="kn+", indifference=1.0)
    with pytest.raises(UnknownNameError, match="throughput"):
        select_best(LINES, Normal(SLIPPAGE), "throughputs", indifference=1.0)


def test_a_measure_that_is_no_number_is_refused():
    with pytest.raises(EvaluationError, match="L2 is no number in replication 0"):
        select_best(LINES, Normal([0, 0, float("nan"), 0, 0]), indifference=1.0)


def test_a_selection_states_what_it_guarantees():
    kn = select_best(LINES, Normal([0, 0, 3, 0, 0]), method=SelectionMethod.KN, indifference=1.0)
    assert kn.guarantee == "L2 is the best, or within 1 1/h of the best, with probability 0.95 or more"
    ocba = select_best(LINES, Normal([0, 0, 9, 0, 0]), method="ocba", budget=110)
    assert ocba.guarantee.startswith("L2 is the best with an approximate probability of 1,")
    assert ocba.indifference is None
