"""MSER-5 cuts off a start that differs from the rest."""

import numpy as np
import pytest

from opt_twin.errors import OptionError
from opt_twin.line import Buffer, Exponential, Inspection, Sink, Source, Station
from opt_twin.results import WarningCode
from opt_twin.simulation import RunSettings, grows, mser5, run_replication, suggest_warm_up
from opt_twin.simulation.warm_up import _series
from opt_twin.testing import serial_line, single_queue


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


def mm1_levels(seed, load, horizon, runs=10, intervals=400):
    """Return the number in an M/M/1 system that starts empty, at rate 1, by its uniformised walk."""
    generator = np.random.default_rng(seed)
    per = round(horizon * (1 + load) / intervals)
    up = generator.random((runs, per * intervals)) < load / (1 + load)
    walk = np.cumsum(np.where(up, 1, -1).astype(np.int32), axis=1)
    level = walk - np.minimum(np.minimum.accumulate(walk, axis=1), 0)
    return level.reshape(runs, intervals, per).mean(axis=2)


def test_a_stable_queue_is_rarely_said_to_grow():
    """The level of the test is 1 %; a queue that starts empty adds a little."""
    alarms = [grows(mm1_levels(seed, 0.9, 8000))[0] for seed in range(200)]
    assert np.mean(alarms) <= 0.03


def test_a_queue_with_more_arrivals_than_service_is_found_to_grow():
    assert np.mean([grows(mm1_levels(seed, 1.05, 8000))[0] for seed in range(100)]) >= 0.9


def test_a_level_that_moves_by_less_than_a_twentieth_does_not_grow():
    assert grows([[100.0, 100, 100, 104]] * 3) == (False, 0.04)
    assert grows([[100.0, 100, 100, 106]] * 3) == (True, 0.06)
    assert grows([[100.0, 100, 106, 100]] * 3)[0] is False
    assert grows([[0.0, 0, 0, 0]] * 3) == (False, 0.0)


def test_growth_needs_runs_to_compare():
    with pytest.raises(OptionError, match="2 or more runs"):
        grows([[1.0, 2.0, 3.0, 4.0]])


def test_the_series_of_a_run_add_up_to_its_measures(line_of):
    """Parts out, and work in process in released units, also through a packer and an inspection."""
    line = line_of(
        Source(name="In"),
        Station(name="A", cycle_time=Exponential(mean=1), defect_rate=0.2, inspection=Inspection()),
        Buffer(name="B", capacity=5),
        Station(name="Packer", cycle_time=Exponential(mean=2), batch_size=3),
        Station(name="Pallet", cycle_time=Exponential(mean=3), batch_size=2),
        Sink(name="Out"),
    )
    settings = RunSettings(horizon=500)
    series = _series(line, settings, 1, 0, 5.0)
    run = run_replication(line, settings=settings, seed=1)
    assert series["wip"].shape == series["parts_out"].shape == (100,)
    assert series["parts_out"].sum() == run.values["parts_out"]
    assert series["wip"].mean() == pytest.approx(run.values["wip"])


def test_the_warm_up_of_a_queue_that_starts_empty_is_found():
    settings = RunSettings(horizon=5000, replications=5)
    suggestion = suggest_warm_up(single_queue(utilisation=0.8), settings=settings, seed=1)
    assert 0 < suggestion.warm_up < 2000
    assert suggestion.warm_up == max(suggestion.by_series.values())
    assert set(suggestion.by_series) == {"parts_out", "wip"}
    assert suggestion.warnings == ()
    settings.replace(warm_up=suggestion.warm_up)


def test_an_overloaded_queue_is_warned_about():
    settings = RunSettings(horizon=3000, replications=5)
    suggestion = suggest_warm_up(single_queue(utilisation=1.3), settings=settings, seed=1)
    assert [warning.code for warning in suggestion.warnings] == [WarningCode.GROWING]
    assert "more may come in than the line can handle" in str(suggestion.warnings[0])


@pytest.mark.parametrize(
    ("places", "code"), [(2000, WarningCode.GROWING), (142, WarningCode.SHORT_FOR_WARM_UP), (20, None)]
)
def test_a_buffer_that_fills_late_is_warned_about(places, code):
    """It gains a part every 11 s: 2000 places fill never, 142 at 52 % of the run, 20 at 7 %."""
    line = serial_line("filling", (1.0, 1.1), buffers=(places,))
    suggestion = suggest_warm_up(line, settings=RunSettings(horizon=3000, replications=2))
    assert [warning.code for warning in suggestion.warnings] == ([] if code is None else [code])


@pytest.mark.parametrize(
    ("replications", "interval", "message"),
    [(1, None, "2 or more replications"), (2, 0.0, "at most a tenth"), (2, 200.0, "at most a tenth")],
)
def test_options_of_a_suggestion_are_checked(replications, interval, message):
    settings = RunSettings(horizon=1000, replications=replications)
    with pytest.raises(OptionError, match=message):
        suggest_warm_up(single_queue(), settings=settings, interval=interval)
