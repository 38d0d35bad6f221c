"""Replications until the intervals are narrow enough."""

import numpy as np
import pytest

from opt_twin.errors import EvaluationError, OptionError, UnknownNameError
from opt_twin.line import Exponential
from opt_twin.results import WarningCode
from opt_twin.simulation import RunSettings, SimulationEvaluator, simulate, simulate_until
from opt_twin.testing import saturated_tandem, serial_line, single_queue

SETTINGS = RunSettings(horizon=300, warm_up=50, replications=6)
TANDEM = saturated_tandem(2, capacity=2)


def test_the_precision_is_reached():
    result = simulate_until(TANDEM, settings=SETTINGS, measures={"throughput": 0.02}, seed=1)
    estimate = result.evaluation.estimate("throughput")
    assert result.reached
    assert result.warnings == ()
    assert estimate.half_width <= 0.02 / 1.02 * estimate.mean
    assert estimate.replications > 6
    assert estimate.mean == pytest.approx(3600 * 0.8, rel=0.04)


def test_no_block_is_added_once_it_is_reached():
    coarse = simulate_until(TANDEM, settings=SETTINGS, measures={"throughput": 0.5}, seed=1)
    assert len(coarse.evaluation.replications) == 6


def test_the_replications_are_those_of_one_run():
    """Blocks change nothing: the streams are named by the number of the replication."""
    result = simulate_until(TANDEM, settings=SETTINGS, measures={"throughput": 0.02}, seed=1)
    number = len(result.evaluation.replications)
    whole = simulate(TANDEM, settings=SETTINGS.replace(replications=number), seed=1)
    assert result.evaluation.digest() == whole.digest()


def test_the_result_does_not_depend_on_the_number_of_workers():
    options = {"measures": {"throughput": 0.03}, "seed": 2}
    one = simulate_until(TANDEM, settings=SETTINGS, **options)
    two = simulate_until(TANDEM, settings=SETTINGS.replace(workers=2), **options)
    assert one.evaluation.digest() == two.evaluation.digest()
    assert len(one.evaluation.replications) > 6


def test_a_finer_precision_only_adds_replications():
    counts = [
        len(simulate_until(TANDEM, settings=SETTINGS, measures={"throughput": p}).evaluation.replications)
        for p in (0.06, 0.03, 0.015)
    ]
    assert counts == sorted(counts)
    assert counts[0] < counts[-1]


def test_several_measures_are_all_reached_relative_or_absolute():
    result = simulate_until(
        TANDEM, settings=SETTINGS, measures={"throughput": 0.05}, absolute={"wip": 0.1, "throughput": 100}
    )
    assert result.reached
    assert result.estimates["wip"].half_width <= 0.1
    assert result.estimates["throughput"].half_width <= 100
    assert set(result.goals) == {"throughput", "wip"}


def test_a_limit_that_is_too_low_is_warned_about():
    result = simulate_until(TANDEM, settings=SETTINGS, measures={"throughput": 1e-4}, max_replications=9)
    assert not result.reached
    assert len(result.evaluation.replications) == 9
    assert [warning.code for warning in result.warnings] == [WarningCode.IMPRECISE]
    assert str(result.warnings[0]).startswith("throughput: ")


def test_an_interruption_keeps_whole_blocks():
    def stop(found, excess):
        if len(found.replications) > 10:
            raise KeyboardInterrupt

    result = simulate_until(
        TANDEM, settings=SETTINGS, measures={"throughput": 1e-3}, seed=3, on_progress=stop
    )
    assert result.interrupted
    assert not result.reached
    number = len(result.evaluation.replications)
    whole = simulate(TANDEM, settings=SETTINGS.replace(replications=number), seed=3)
    assert result.evaluation.digest() == whole.digest()


def test_an_interruption_in_a_later_block_keeps_the_first(monkeypatch):
    plain = SimulationEvaluator.replicate

    def interrupted(self, line, *, first, **options):
        if first:
            raise KeyboardInterrupt
        return plain(self, line, first=first, **options)

    monkeypatch.setattr(SimulationEvaluator, "replicate", interrupted)
    result = simulate_until(TANDEM, settings=SETTINGS, measures={"throughput": 1e-3})
    assert result.interrupted
    assert result.evaluation.replications == tuple(range(6))


def test_an_interruption_before_anything_is_there_goes_on(monkeypatch):
    def interrupted(self, line, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(SimulationEvaluator, "replicate", interrupted)
    with pytest.raises(KeyboardInterrupt):
        simulate_until(TANDEM, settings=SETTINGS)


def test_progress_tells_how_far_the_precision_is():
    told = []
    simulate_until(
        TANDEM,
        settings=SETTINGS,
        measures={"throughput": 0.03},
        on_progress=lambda found, excess: told.append((len(found.replications), excess)),
    )
    assert [count for count, _ in told] == sorted({count for count, _ in told})
    assert all(excess > 1 for _, excess in told[:-1])
    assert told[-1][1] <= 1


def test_a_measure_without_spread_is_precise_at_once():
    line = serial_line("fixed", (5.0,))
    result = simulate_until(line, settings=SETTINGS, measures={"throughput": 1e-9, "scrapped": 0.01})
    assert result.reached
    assert len(result.evaluation.replications) == 6


def test_the_first_replication_is_kept():
    result = simulate_until(TANDEM, settings=SETTINGS.replace(first_replication=40), seed=1)
    assert result.evaluation.replications[0] == 40


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"measures": {}}, "give a measure"),
        ({"measures": {"throughput": 0.0}}, "must be above 0"),
        ({"absolute": {"wip": float("nan")}}, "must be above 0"),
        ({"settings": SETTINGS.replace(replications=1)}, "2 or more"),
        ({"max_replications": 5}, "must not be below"),
    ],
)
def test_options_out_of_range_are_named(options, message):
    with pytest.raises(OptionError, match=message):
        simulate_until(TANDEM, **{"settings": SETTINGS} | options)


def test_an_unknown_measure_gets_the_nearest():
    with pytest.raises(UnknownNameError, match="throughput"):
        simulate_until(TANDEM, settings=SETTINGS, measures={"troughput": 0.1})


def test_a_measure_that_is_no_number_is_named():
    settings = RunSettings(horizon=0.01, replications=2)
    with pytest.raises(EvaluationError, match="'lead_time' is no number in replication 0"):
        simulate_until(single_queue(), settings=settings, measures={"lead_time": 0.1})


@pytest.mark.slow
def test_the_interval_at_the_end_covers_nearly_as_often_as_it_says():
    """A sequential interval covers a little less; 10 % precision, first block of 10."""
    line = serial_line("one", (Exponential(mean=1.0),))
    settings = RunSettings(horizon=40, warm_up=0, replications=10)
    covered = [
        simulate_until(line, settings=settings, measures={"throughput": 0.05}, seed=seed)
        .evaluation.estimate("throughput")
        .covers(3600)
        for seed in range(200)
    ]
    assert np.mean(covered) >= 0.9
