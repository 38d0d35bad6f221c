"""The simulator's 99 % interval covers what theory knows exactly, and one path agrees to the last bit."""

import numpy as np
import pytest

from opt_twin.line import (
    Buffer,
    Deterministic,
    Erlang,
    Exponential,
    FailureMode,
    Inspection,
    Line,
    MicroStop,
    Sink,
    Source,
    Station,
    chain,
)
from opt_twin.simulation import RunSettings, run_replication, simulate
from opt_twin.streams import Purpose, stream
from opt_twin.theory import (
    Downtimes,
    availability,
    capacity_table,
    departures,
    deterministic_makespan,
    effective_cycle_time,
    exponential_two_station,
    line_availability,
    markov_line,
    mg1,
    mg1_with_failures,
    mmc,
    traffic,
)


def station(number, rate, failure_rate=0.0, repair_rate=0.0, clock="operation"):
    modes = ()
    if failure_rate:
        modes = (
            FailureMode(
                time_to_failure=Exponential(mean=1 / failure_rate),
                time_to_repair=Exponential(mean=1 / repair_rate),
                clock=clock,
            ),
        )
    return Station(name=f"S{number}", cycle_time=Exponential(mean=1 / rate), failures=modes)


def tandem(stations, buffers, *, interarrival=None, limit=None, first=None):
    """Return the line of `stations` with as many places between them as `buffers` say."""
    elements = [Source(name="In", interarrival=interarrival, limit=limit)]
    if first:
        elements.append(first)
    for number, made in enumerate(stations):
        elements.append(made)
        if number < len(buffers) and buffers[number]:
            elements.append(Buffer(name=f"B{number}", capacity=buffers[number]))
    elements.append(Sink(name="Out"))
    names = [element.name for element in elements]
    return Line(name="tandem", elements=tuple(elements), connections=chain(*names))


def run(line, *, horizon=8000.0, warm_up=200.0, replications=12, seed=3):
    settings = RunSettings(horizon=horizon, warm_up=warm_up, replications=replications)
    return simulate(line, settings=settings, seed=seed)


def assert_covers(evaluation, measure, exact):
    estimate = evaluation.estimate(measure, 0.99)
    assert estimate.covers(exact), f"{measure}: {estimate} does not cover {exact}"


def assert_agrees(line, exact, **settings):
    """Throughput, work in process and the time that each station works agree with the Markov chain."""
    evaluation = run(line, **settings)
    assert_covers(evaluation, "throughput", 3600 * exact.throughput)
    assert_covers(evaluation, "wip", exact.work_in_process)
    for number, share in enumerate(exact.working):
        assert_covers(evaluation, f"S{number}.busy", share)
    return evaluation


@pytest.mark.parametrize("places", [0, 2])
def test_two_exponential_stations(places):
    line = tandem([station(0, 1.0), station(1, 1.0)], [places])
    exact = markov_line((1, 1), (places,))
    assert exact.throughput == pytest.approx(exponential_two_station(1, 1, places))
    evaluation = assert_agrees(line, exact)
    assert_covers(evaluation, "S0.blocked", exact.blocked[0])
    assert_covers(evaluation, "S1.starved", exact.starved[1])


@pytest.mark.parametrize(("rates", "places"), [((1, 1, 1), (0, 0)), ((1, 1.1, 1.2), (1, 2))])
def test_three_exponential_stations(rates, places):
    line = tandem([station(number, rate) for number, rate in enumerate(rates)], places)
    assert_agrees(line, markov_line(rates, places))


@pytest.mark.parametrize("clock", ["operation", "calendar"])
def test_two_unreliable_stations_of_gershwin_and_berman(clock):
    line = tandem([station(number, 1.0, 0.01, 0.1, clock) for number in range(2)], [2])
    exact = markov_line((1, 1), (2,), failure_rates=(0.01,) * 2, repair_rates=(0.1,) * 2, clock=clock)
    evaluation = assert_agrees(line, exact, horizon=16000.0)
    assert_covers(evaluation, "S0.failed", exact.down[0])
    assert_covers(evaluation, "S1.failed", exact.down[1])


def test_the_two_clocks_of_failures_are_told_apart():
    """With 4 % between the two clocks, the interval of the one leaves out the value of the other."""
    stops = {"failure_rates": (0.1,) * 3, "repair_rates": (0.5,) * 3}
    exact = {
        clock: markov_line((1,) * 3, (2, 2), **stops, clock=clock) for clock in ("operation", "calendar")
    }
    for clock, other in (("operation", "calendar"), ("calendar", "operation")):
        line = tandem([station(number, 1.0, 0.1, 0.5, clock) for number in range(3)], [2, 2])
        estimate = run(line, horizon=5000.0).estimate("throughput", 0.99)
        assert estimate.covers(3600 * exact[clock].throughput)
        assert not estimate.covers(3600 * exact[other].throughput)


@pytest.mark.parametrize(
    ("service", "variance"),
    [(Exponential(mean=1), 1.0), (Deterministic(value=1), 0.0), (Erlang(phases=2, mean=1), 0.5)],
)
def test_queues_of_one_server(service, variance):
    line = tandem(
        [Station(name="S0", cycle_time=service)],
        [],
        interarrival=Exponential(mean=1 / 0.7),
        first=Buffer(name="Queue"),
    )
    exact = mg1(0.7, 1.0, variance)
    evaluation = run(line, horizon=8000.0, warm_up=500.0)
    assert_covers(evaluation, "wip", exact.in_system)
    assert_covers(evaluation, "lead_time", exact.time_in_system)
    assert_covers(evaluation, "Queue.level", exact.in_queue)
    assert_covers(evaluation, "S0.busy", exact.utilisation)


def test_a_queue_of_three_servers():
    line = tandem(
        [Station(name="S0", cycle_time=Exponential(mean=1), servers=3)],
        [],
        interarrival=Exponential(mean=1 / 2.1),
        first=Buffer(name="Queue"),
    )
    exact = mmc(2.1, 1.0, 3)
    evaluation = run(line)
    assert_covers(evaluation, "Queue.level", exact.in_queue)
    assert_covers(evaluation, "lead_time", exact.time_in_system)


def test_a_queue_whose_server_fails_while_it_works():
    line = tandem(
        [station(0, 1.0, 0.1, 1.0)], [], interarrival=Exponential(mean=1 / 0.6), first=Buffer(name="Queue")
    )
    exact = mg1_with_failures(0.6, 1, 1, time_to_failure=10, repair_mean=1, repair_variance=1)
    evaluation = run(line, horizon=8000.0, warm_up=500.0)
    assert_covers(evaluation, "lead_time", exact.time_in_system)
    assert_covers(evaluation, "wip", exact.in_system)


def test_a_line_without_buffers_and_constant_times():
    made = [Station(name=f"S{number}", cycle_time=time) for number, time in enumerate((3, 5, 4))]
    result = run_replication(
        tandem(made, [0, 0], limit=10), settings=RunSettings(horizon=1000.0), seed=0, replication=0
    )
    assert result.last_exit == deterministic_makespan((3, 5, 4), 10) == 57


def test_five_machines_without_buffers_share_their_failures():
    """With short cycles the line works 1 / (1 + sum of R/F) of the time on the clock of operation."""
    made = [
        Station(
            name=f"S{number}",
            cycle_time=0.2,
            failures=(
                FailureMode(
                    time_to_failure=Exponential(mean=100),
                    time_to_repair=Exponential(mean=5),
                    clock="operation",
                ),
            ),
        )
        for number in range(5)
    ]
    evaluation = run(tandem(made, [0] * 4), horizon=6000.0, replications=8)
    share = evaluation.mean("throughput") * 0.2 / 3600
    # the one place in each station lets a repair overlap with a bit of work elsewhere
    assert share == pytest.approx(line_availability([100] * 5, [5] * 5), rel=0.02)


def test_a_machine_on_the_calendar_clock_is_down_its_share_whether_it_works_or_not():
    for interarrival in (None, Exponential(mean=10)):
        line = tandem([station(0, 1.0, 0.02, 0.2, "calendar")], [], interarrival=interarrival)
        evaluation = run(line, horizon=20000.0)
        assert_covers(evaluation, "S0.failed", 1 - availability(50, 5))


CYCLES = {
    "operation": (FailureMode(time_to_failure="exponential(90)", time_to_repair=20, clock="operation"),),
    "calendar": (FailureMode(time_to_failure="exponential(90)", time_to_repair="uniform(10, 30)"),),
    "two on the calendar": (
        FailureMode(time_to_failure="exponential(90)", time_to_repair=20),
        FailureMode(name="b", time_to_failure="gamma(2, 40)", time_to_repair="exponential(9)"),
    ),
    "cycles": (FailureMode(time_to_failure="exponential(12.3)", time_to_repair=20, clock="cycles"),),
    "restart": (
        FailureMode(
            time_to_failure="exponential(30)", time_to_repair=20, clock="operation", interrupted="restart"
        ),
    ),
    "scrap": (
        FailureMode(
            time_to_failure="exponential(30)", time_to_repair=20, clock="operation", interrupted="scrap"
        ),
    ),
}


@pytest.mark.parametrize("failures", CYCLES.values(), ids=CYCLES)
def test_the_effective_cycle_time_of_a_station_alone(failures):
    """A station that never waits makes 3600 / effective cycle time parts per hour, less what it scraps."""
    only = Station(
        name="S0",
        cycle_time=4,
        speed=1.25,
        failures=failures,
        micro_stops=(MicroStop(probability=0.1, duration="uniform(2, 6)"),),
    )
    line = tandem([only], [])
    exact = 3600 / effective_cycle_time(only) * traffic(line).good_parts
    evaluation = run(line, horizon=40000.0, warm_up=1000.0, replications=10)
    assert_covers(evaluation, "throughput", exact)


def test_flows_of_a_line_with_scrap_and_batches():
    line = tandem(
        [
            Station(name="S0", cycle_time=1, defect_rate=0.05),
            Station(name="S1", cycle_time=0.5, inspection=Inspection(detection=0.9, false_alarm=0.02)),
            Station(name="S2", cycle_time=2, batch_size=6),
        ],
        [4, 12],
    )
    evaluation = run(line, horizon=20000.0, replications=8)
    flow = traffic(line)
    released = capacity_table(line)[0].capacity_per_hour
    assert_covers(evaluation, "throughput", released * flow.parts_out)
    assert_covers(evaluation, "good_throughput", released * flow.good_parts)
    assert_covers(evaluation, "parts_out", released * flow.parts_out * 19800 / 3600)


def departures_of(result, line, parts):
    """Return when each part left each station, from the event log."""
    left = []
    for made in line.stations:
        (after,) = line.successors(made.name)
        kind = {"station": "start", "buffer": "enter", "sink": "exit"}[line.element(after.target).kind]
        times = [e.time for e in result.events if e.element == after.target and e.kind == kind]
        assert len(times) == parts
        left.append(times)
    return np.array(left)


@pytest.mark.parametrize("clock", ["operation", "calendar"])
@pytest.mark.parametrize("seed", range(3))
def test_a_path_agrees_with_the_recursion(clock, seed):
    """Same draws, two programs: every departure is the same, but for rounding of the last bits."""
    parts, buffers = 400, [2, 0, 5]
    made = [
        Station(
            name=f"S{number}",
            cycle_time=f"lognormal(mean={mean}, cv=0.4)",
            failures=(
                FailureMode(time_to_failure="exponential(60)", time_to_repair="exponential(15)", clock=clock),
            ),
        )
        for number, mean in enumerate((5, 6, 5.5, 5))
    ]
    line = tandem(made, buffers, limit=parts)
    result = run_replication(line, settings=RunSettings(horizon=1e5), seed=seed, replication=7, log=True)
    work, failures = [], []
    for each in made:
        work.append(each.cycle_time.sample(stream(seed, 7, each.name, Purpose.PROCESSING), parts))
        (mode,) = each.failures
        place = f"{each.name}#1.{mode.name}"
        failures.append(
            Downtimes(
                up=mode.time_to_failure.sample(stream(seed, 7, place, Purpose.TIME_TO_FAILURE), 3000),
                down=mode.time_to_repair.sample(stream(seed, 7, place, Purpose.TIME_TO_REPAIR), 3000),
                clock=clock,
            )
        )
    expected = departures(work, buffers, failures=failures)
    np.testing.assert_allclose(departures_of(result, line, parts), expected, rtol=1e-12, atol=0)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rates", "places"),
    [((1,) * 4, (1, 2, 1)), ((1,) * 6, (0, 1, 1, 1, 0)), ((6, 7, 7), (11, 7)), ((1,) * 5, (4,) * 4)],
)
def test_longer_exponential_lines_with_more_effort(rates, places):
    line = tandem([station(number, rate) for number, rate in enumerate(rates)], places)
    assert_agrees(line, markov_line(rates, places), horizon=20000.0, warm_up=1000.0, replications=20)


@pytest.mark.slow
@pytest.mark.parametrize("clock", ["operation", "calendar"])
@pytest.mark.parametrize(("failure", "places"), [(0.05, 1), (0.1, 2)])
def test_three_unreliable_stations_with_more_effort(clock, failure, places):
    line = tandem([station(number, 1.0, failure, 0.5, clock) for number in range(3)], [places] * 2)
    stops = {"failure_rates": (failure,) * 3, "repair_rates": (0.5,) * 3}
    exact = markov_line((1,) * 3, (places,) * 2, **stops, clock=clock)
    assert_agrees(line, exact, horizon=20000.0, warm_up=1000.0, replications=20)
