"""Closed forms of single queues, against published numbers and against one another."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opt_twin.errors import OptionError
from opt_twin.theory import markov_line, mg1, mg1_with_failures, mm1, mm1k, mmc

rates = st.floats(0.05, 20)


@pytest.mark.parametrize(("rate", "in_system", "time"), [(0.8, 4, 5), (0.9, 9, 10)])
def test_mm1_has_its_textbook_values(rate, in_system, time):
    queue = mm1(rate, 1.0)
    assert queue.in_system == pytest.approx(in_system)
    assert queue.time_in_system == pytest.approx(time)
    assert queue.utilisation == pytest.approx(rate)
    assert queue.waiting_probability == pytest.approx(rate)


@pytest.mark.parametrize(
    ("rate", "servers", "waiting", "time"),
    [(1.6, 2, 0.711111, 1.777778), (2.4, 3, 0.647191, 1.078652), (4.5, 5, 0.762493, 1.524986)],
)
def test_mmc_has_erlangs_c(rate, servers, waiting, time):
    queue = mmc(rate, 1.0, servers)
    assert queue.waiting_probability == pytest.approx(waiting, abs=5e-7)
    assert queue.time_in_queue == pytest.approx(time, abs=5e-7)


def test_mmc_does_not_overflow_with_many_servers():
    queue = mmc(990.0, 1.0, 1000)
    assert 0 < queue.waiting_probability < 1
    assert queue.utilisation == pytest.approx(0.99)


@pytest.mark.parametrize(("variance", "time"), [(0.0, 2.0), (0.5, 3.0), (1.0, 4.0)])
def test_mg1_waits_in_proportion_to_the_second_moment(variance, time):
    assert mg1(0.8, 1.0, variance).time_in_queue == pytest.approx(time)


@settings(deadline=None, max_examples=50)
@given(rates, st.floats(0.01, 0.99))
def test_mg1_with_exponential_service_is_mm1_and_obeys_littles_law(rate, load):
    service = load / rate
    general, exponential = mg1(rate, service, service**2), mm1(rate, 1 / service)
    assert general.time_in_queue == pytest.approx(exponential.time_in_queue)
    for queue in (general, exponential):
        assert queue.in_system == pytest.approx(queue.throughput * queue.time_in_system)
        assert queue.in_queue == pytest.approx(queue.in_system - queue.utilisation)


def test_mg1_with_failures_agrees_with_white_and_christie():
    queue = mg1_with_failures(0.7, 1.0, 1.0, time_to_failure=10.0, repair_mean=1.0, repair_variance=1.0)
    assert queue.utilisation == pytest.approx(0.77)
    assert queue.time_in_queue == pytest.approx(3.986957, abs=5e-7)


def test_mg1_whose_repairs_take_no_time_is_mg1():
    broken = mg1_with_failures(0.7, 1.0, 0.3, time_to_failure=10.0, repair_mean=1e-9, repair_variance=0)
    assert broken.time_in_queue == pytest.approx(mg1(0.7, 1.0, 0.3).time_in_queue)


def test_mg1_with_failures_agrees_with_the_markov_chain():
    queue = mg1_with_failures(0.5, 1.0, 1.0, time_to_failure=10, repair_mean=2, repair_variance=4)
    chain = markov_line((0.5, 1.0), (150,), failure_rates=(0, 0.1), repair_rates=(0, 0.5))
    # the source holds one part more
    assert chain.work_in_process - 1 == pytest.approx(queue.in_system, rel=1e-6)
    assert chain.throughput == pytest.approx(0.5, rel=1e-9)


def test_mm1k_has_its_textbook_values():
    queue = mm1k(0.8, 1.0, 3)
    assert queue.loss_probability == pytest.approx(0.173442, abs=5e-7)
    assert queue.throughput == pytest.approx(0.661247, abs=5e-7)
    assert queue.in_system == pytest.approx(1.224932, abs=5e-7)


@settings(deadline=None, max_examples=50)
@given(rates, rates, st.integers(1, 400))
def test_mm1k_is_a_birth_death_chain(arrival, service, places):
    queue = mm1k(arrival, service, places)
    assert queue.throughput == pytest.approx(service * queue.utilisation)
    assert queue.throughput == pytest.approx(arrival * (1 - queue.loss_probability))
    assert 0 <= queue.in_queue <= queue.in_system <= places
    assert -1e-12 <= queue.waiting_probability <= 1


def test_mm1k_with_many_places_is_mm1():
    assert mm1k(0.8, 1.0, 500).in_system == pytest.approx(4.0)


@pytest.mark.parametrize(
    "call",
    [
        lambda: mm1(1.0, 1.0),
        lambda: mm1(0.0, 1.0),
        lambda: mm1(0.5, float("nan")),
        lambda: mmc(0.5, 1.0, 0),
        lambda: mmc(3.0, 1.0, 2),
        lambda: mg1(0.5, 1.0, -0.1),
        lambda: mg1(0.5, float("inf"), 1.0),
        lambda: mg1(1.5, 1.0, 1.0),
        lambda: mg1_with_failures(0.5, 1, 1, time_to_failure=0, repair_mean=1, repair_variance=0),
        lambda: mg1_with_failures(0.5, 1, 1, time_to_failure=9, repair_mean=1, repair_variance=-1),
        lambda: mg1_with_failures(0.95, 1, 1, time_to_failure=10, repair_mean=1, repair_variance=0),
        lambda: mm1k(0.5, 1.0, 0),
        lambda: mm1k(-1, 1.0, 2),
    ],
)
def test_arguments_out_of_range_are_refused(call):
    with pytest.raises(OptionError):
        call()
