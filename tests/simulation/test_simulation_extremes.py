"""Extreme variation, and runs that end with an error: nothing is not a number, nothing is lost."""

import math
import sys
from pathlib import Path

import pytest

from opt_twin.errors import BehaviourError, ModelError, SimulationError
from opt_twin.line import (
    Behaviour,
    Buffer,
    Exponential,
    FailureMode,
    Gamma,
    Lognormal,
    Normal,
    Sink,
    Source,
    Station,
    Uniform,
    Weibull,
)
from opt_twin.results import STATES
from opt_twin.simulation import RunSettings, simulate


@pytest.mark.parametrize(
    "time",
    [
        Lognormal(mean=5.0, cv=10.0),
        Gamma(shape=0.01, scale=500.0),
        Weibull(shape=0.2, scale=0.05),
        Exponential(mean=1e-9),
        Exponential(mean=1e9),
    ],
    ids=lambda time: time.type + f" {time.mean:.3g}",
)
def test_extreme_variation_gives_finite_measures(tandem, time):
    """A coefficient of variation of 10, and times from 1e-9 to 1e9 s, in stations, failures and repairs."""
    mode = FailureMode(time_to_failure=Exponential(mean=40.0), time_to_repair=time)
    line = tandem((time, 5.0, time), 2, failures=(mode,))
    found = simulate(line, settings=RunSettings(horizon=2000.0, replications=3), seed=5)
    for name, values in found.values.items():
        if not name.startswith("lead_time"):  # there is none where nothing leaves
            assert all(math.isfinite(value) for value in values), name
    for number in (1, 2, 3):
        assert sum(found.mean(f"S{number}.{state}") for state in STATES) == pytest.approx(1.0)


def test_times_below_zero_are_refused_or_cut_off():
    with pytest.raises(ModelError):
        Uniform(low=-1.0, high=2.0)
    with pytest.raises(ModelError, match="nearly all of the distribution is cut off"):
        Normal(location=1.0, sd=1.0, low=8.0)
    cut = Normal(location=1.0, sd=2.0)  # truncated at 0
    assert cut.mean > 1.0


def test_a_buffer_without_places_is_refused():
    with pytest.raises(ModelError, match="greater than or equal to 1"):
        Buffer(name="B", capacity=0)


@pytest.fixture
def late_error(monkeypatch):
    """Return a line whose behaviour raises at 900 s in the runs that get so far."""
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "testing"))
    yield Behaviour(path="own_behaviours:Late", options={"limit": 90})
    sys.modules.pop("own_behaviours", None)


def test_what_was_finished_before_an_error_is_kept(line_of, late_error):
    line = line_of(
        Source(name="In"),
        Station(name="A", cycle_time=Exponential(mean=10.0), behaviour=late_error),
        Sink(name="Out"),
    )
    with pytest.raises(BehaviourError, match="raised RuntimeError: worn out") as caught:
        simulate(line, settings=RunSettings(horizon=800.0, replications=20), seed=3)
    finished = caught.value.finished
    assert 1 <= len(finished.replications) < 20
    assert finished.replications == tuple(range(len(finished.replications)))
    assert finished["parts_out"].min() > 50


def test_an_error_before_anything_is_finished_has_nothing(line_of):
    line = line_of(Source(name="In"), Buffer(name="B"), Station(name="A", cycle_time=1.0), Sink(name="Out"))
    with pytest.raises(SimulationError, match="without end") as caught:
        simulate(line, settings=RunSettings(horizon=10.0, replications=2))
    assert caught.value.finished is None


def test_what_was_finished_before_an_interrupt_is_kept(tandem):
    def interrupt(done, _total):
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        simulate(tandem((5.0,)), settings=RunSettings(horizon=50.0), on_progress=interrupt)
    assert caught.value.finished.replications == (0, 1, 2)
