"""Stochastic lines whose exact answers are known: the 99 % interval must cover them.

Sources: Erlang (1917); Hillier and Boling (1967), Finite queues in series with exponential or Erlang service
times; Avi-Itzhak and Naor (1963), Some queueing problems with the service station subject to breakdown;
Gershwin and Berman (1981), Analysis of transfer lines consisting of two unreliable machines with random
processing times and finite storage buffers.
"""

import pytest

from opt_twin.line import (
    Buffer,
    Clock,
    Deterministic,
    Erlang,
    Exponential,
    FailureMode,
    Sink,
    Source,
    Station,
)
from opt_twin.simulation import RunSettings, simulate

ONE = Exponential(mean=1.0)


def rate(line, *, horizon, replications=20, warm_up=500.0, seed=1):
    """Return the 99 % estimate of the parts per second."""
    plan = RunSettings(horizon=horizon, warm_up=warm_up, replications=replications)
    return simulate(line, settings=plan, seed=seed).estimate("throughput", 0.99)


def covers(estimate, per_second):
    return estimate.covers(per_second * 3600)


def queue(line_of, arrival_rate, service, servers=1, failures=(), **run):
    """Return the evaluation of a queue with unlimited places before the servers."""
    line = line_of(
        Source(name="In", interarrival=Exponential(mean=1 / arrival_rate)),
        Buffer(name="Queue"),
        Station(name="S", cycle_time=service, servers=servers, failures=failures),
        Sink(name="Out"),
    )
    return simulate(line, settings=RunSettings(**run), seed=1)


@pytest.mark.parametrize(
    ("arrival_rate", "servers", "wait"), [(0.8, 1, 4.0), (1.6, 2, 1.777778), (2.4, 3, 1.078652)]
)
def test_mmc_queues_wait_as_long_as_erlang_says(line_of, arrival_rate, servers, wait):
    found = queue(line_of, arrival_rate, ONE, servers, horizon=8000, warm_up=500, replications=16)
    assert found.estimate("lead_time", 0.99).covers(wait + 1)
    assert found.estimate("Queue.level", 0.99).covers(arrival_rate * wait)
    assert found.estimate("wip", 0.99).covers(arrival_rate * (wait + 1))
    assert found.estimate("S.busy", 0.99).covers(arrival_rate / servers)


@pytest.mark.parametrize(
    ("service", "wait"), [(Deterministic(value=1.0), 2.0), (Erlang(phases=2, mean=1.0), 3.0)]
)
def test_mg1_queues_wait_as_long_as_pollaczek_and_khinchine_say(line_of, service, wait):
    found = queue(line_of, 0.8, service, horizon=8000, warm_up=500, replications=12)
    assert found.estimate("lead_time", 0.99).covers(wait + 1)


def test_a_queue_with_breakdowns_waits_as_long_as_its_completion_times_say(line_of):
    """Operation clock, MTBF 10, repair 1, load .7: Wq 3.986957 (Avi-Itzhak and Naor)."""
    mode = FailureMode(time_to_failure=Exponential(mean=10), time_to_repair=ONE, clock=Clock.OPERATION)
    found = queue(line_of, 0.7, ONE, failures=(mode,), horizon=8000, warm_up=500, replications=16)
    assert found.estimate("lead_time", 0.99).covers(3.986957 + 1.1)


@pytest.mark.parametrize("places", [0, 1, 4])
def test_two_exponential_stations_make_what_the_closed_form_says(tandem, places):
    """Rate 1: (B + 2) / (B + 3)."""
    assert covers(rate(tandem([ONE] * 2, places), horizon=6000, replications=10), (places + 2) / (places + 3))


@pytest.mark.parametrize(("stations", "places", "exact"), [(3, 0, 22 / 39), (3, 2, 0.73402), (5, 1, 0.60758)])
def test_balanced_exponential_lines_make_what_hillier_and_boling_found(tandem, stations, places, exact):
    assert covers(rate(tandem([ONE] * stations, places), horizon=6000, replications=10), exact)


def test_availability_does_not_depend_on_the_load(tandem):
    """MTBF / (MTBF + MTTR) on the calendar clock, for a station that is mostly starved too."""
    mode = FailureMode(time_to_failure=Exponential(mean=80), time_to_repair=Exponential(mean=20))
    line = tandem((1.0, 0.1), 3, source=Source(name="In", interarrival=Exponential(mean=2)), failures=(mode,))
    found = simulate(line, settings=RunSettings(horizon=10000, warm_up=500, replications=16), seed=1)
    for station in ("S1", "S2"):
        assert found.estimate(f"{station}.failed", 0.99).covers(0.2)


@pytest.mark.parametrize(
    ("clock", "cycle", "exact", "wrong"),
    [
        ("operation", 1.0, 0.8, 0.783526),
        pytest.param("calendar", 0.05, 0.783526, 0.8, marks=pytest.mark.slow),
    ],
)
def test_five_machines_without_buffers_tell_the_clocks_apart(tandem, clock, cycle, exact, wrong):
    """MTTR 5, MTBF 100 each: 1 / (1 + sum MTTR / MTBF), or the product of the availabilities.

    The product is the limit of short cycles, in which no part is under way while another machine is down.
    """
    mode = FailureMode(time_to_failure=Exponential(mean=100), time_to_repair=Exponential(mean=5), clock=clock)
    found = rate(tandem([cycle] * 5, 0, failures=(mode,)), horizon=4000, warm_up=50, replications=40)
    assert covers(found, exact / cycle)
    assert not covers(found, wrong / cycle)


@pytest.mark.parametrize(
    ("clock", "exact", "wrong"), [("operation", 0.695386, 0.673529), ("calendar", 0.673529, 0.695386)]
)
def test_two_unreliable_exponential_machines_tell_the_clocks_apart(tandem, clock, exact, wrong):
    """Rates 1, p .01, r .1, two places (their storage of 4 counts the machines)."""
    mode = FailureMode(
        time_to_failure=Exponential(mean=100), time_to_repair=Exponential(mean=10), clock=clock
    )
    found = rate(tandem([ONE] * 2, 2, failures=(mode,)), horizon=15000, replications=24)
    assert covers(found, exact)
    assert not covers(found, wrong)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("stations", "places", "exact"),
    [
        (2, 2, 0.8),
        (3, 1, 0.67047),
        (3, 4, 0.80749),
        (4, 0, 0.51478),
        (4, 3, 0.74771),
        (5, 0, 0.48580),
        (5, 4, 0.76593),
    ],
)
def test_more_balanced_exponential_lines(tandem, stations, places, exact):
    assert covers(rate(tandem([ONE] * stations, places), horizon=40000, replications=20), exact)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("clock", "places", "p", "r", "stations", "exact"),
    [
        ("operation", 8, 0.01, 0.1, 2, 0.785921),
        ("calendar", 8, 0.01, 0.1, 2, 0.775910),
        ("operation", 1, 0.05, 0.5, 3, 0.583928),
        ("calendar", 1, 0.05, 0.5, 3, 0.565234),
        ("operation", 2, 0.1, 0.5, 3, 0.568090),
        ("calendar", 2, 0.1, 0.5, 3, 0.546283),
    ],
)
def test_more_unreliable_exponential_lines(tandem, clock, places, p, r, stations, exact):
    mode = FailureMode(
        time_to_failure=Exponential(mean=1 / p), time_to_repair=Exponential(mean=1 / r), clock=clock
    )
    assert covers(
        rate(tandem([ONE] * stations, places, failures=(mode,)), horizon=40000, replications=20), exact
    )


@pytest.mark.slow
def test_a_queue_at_nine_tenths_of_its_capacity(line_of):
    found = queue(line_of, 0.9, ONE, horizon=60000, warm_up=5000, replications=20)
    assert found.estimate("lead_time", 0.99).covers(10)
    busy = queue(line_of, 4.5, ONE, 5, horizon=20000, warm_up=2000, replications=20)
    assert busy.estimate("lead_time", 0.99).covers(1.524986 + 1)


@pytest.mark.slow
def test_a_buffer_does_not_count_the_place_of_the_server(tandem):
    """Rates 6, 7, 7 with 12 and 8 places make 5.817650; 5.776122 if the server's place were one of them.

    The line of Pichitlamken, Nelson and Hong (2006), A sequential procedure for neighborhood
    selection-of-the-best in optimization via simulation.
    """
    line = tandem([Exponential(mean=1 / r) for r in (6, 7, 7)], (12, 8))
    found = rate(line, horizon=6000, replications=30)
    assert covers(found, 5.817650)
    assert not covers(found, 5.776122)
