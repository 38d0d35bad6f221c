"""What stops cost on average."""

import math

import numpy as np
import pytest

from opt_twin.errors import OptionError
from opt_twin.line import Deterministic, Empirical, Erlang, Exponential, Gamma, Weibull
from opt_twin.theory import availability, completion_time, cycles_to_failure, restart_time


def test_availability_is_the_share_of_the_time_between_failures():
    assert availability(95, 5) == pytest.approx(0.95)
    assert availability(95, 0) == 1


def test_a_cycle_of_the_filler_takes_its_share_of_the_repairs():
    assert completion_time(0.36, 7200, 900) == pytest.approx(0.405)


def test_restarting_agrees_with_random_attempts():
    rng = np.random.default_rng(3)
    total = 0.0
    for _ in range(20000):
        until = rng.exponential(4.0)
        while until < 3.0:
            total += until + 2.0
            until = rng.exponential(4.0)
        total += 3.0
    assert restart_time(3.0, 4.0, 2.0) == pytest.approx(total / 20000, rel=0.03)


def test_restarting_a_short_job_costs_no_more_than_going_on():
    assert restart_time(0.01, 1000, 50) == pytest.approx(completion_time(0.01, 1000, 50), rel=1e-5)


@pytest.mark.parametrize(
    "distribution",
    [
        Exponential(mean=3.0),
        Exponential(mean=0.2),
        Erlang(phases=1, mean=2.0),
        Deterministic(value=4.3),
        Deterministic(value=0.0),
        Empirical(values=(0.5, 2.0, 3.5), weights=(1, 2, 1)),
        Empirical(values=(0.0, 7.0)),
        Gamma(shape=4.0, scale=20.0),
        Weibull(shape=2.0, scale=50.0),
    ],
)
def test_cycles_to_failure_is_the_mean_of_the_draws_rounded_up(distribution):
    draws = distribution.sample(np.random.default_rng(11), 200_000)
    counted = np.maximum(1, np.ceil(draws))
    error = 5 * counted.std() / math.sqrt(len(counted))
    assert cycles_to_failure(distribution) == pytest.approx(counted.mean(), abs=error + 1e-12)


@pytest.mark.parametrize(
    "call",
    [
        lambda: availability(0, 1),
        lambda: availability(1, -1),
        lambda: availability(math.inf, 1),
        lambda: completion_time(-1, 1, 1),
        lambda: restart_time(-1, 1, 1),
        lambda: restart_time(1, 0, 1),
        lambda: restart_time(1000, 1, 1),
    ],
)
def test_arguments_out_of_range_are_refused(call):
    with pytest.raises(OptionError):
        call()
