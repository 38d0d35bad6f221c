"""Replications: streams, workers, blocks, and what an evaluation holds."""

import pickle

import numpy as np
import pytest
import simpy

from opt_twin.errors import SimulationError
from opt_twin.line import (
    Buffer,
    Connection,
    Exponential,
    FailureMode,
    Lognormal,
    MicroStop,
    Sink,
    Source,
    Station,
)
from opt_twin.simulation import RunSettings, SimulationEvaluator, run_replication, simulate
from opt_twin.simulation.calendar import Calendar, Cause, Kind, Priorities
from opt_twin.simulation.draws import Streams
from opt_twin.streams import Purpose, stream

SHORT = RunSettings(horizon=500, replications=5)


@pytest.fixture
def line(tandem):
    mode = FailureMode(time_to_failure=Exponential(mean=60), time_to_repair=Exponential(mean=5))
    return tandem([Lognormal(mean=1, cv=0.4)] * 3, 2, failures=(mode,), defect_rate=0.1)


def test_the_result_does_not_depend_on_the_number_of_workers(line):
    calls = []
    one = simulate(line, settings=SHORT, seed=3)
    two = simulate(
        line,
        settings=SHORT.replace(workers=2),
        seed=3,
        on_progress=lambda done, total: calls.append((done, total)),
    )
    assert one.digest() == two.digest()
    assert calls[-1] == (5, 5)
    assert [done for done, _ in calls] == sorted({done for done, _ in calls})


def test_an_error_in_a_worker_comes_back_as_itself(tandem):
    with pytest.raises(SimulationError, match="without time going on"):
        simulate(tandem((0.0,)), settings=SHORT.replace(workers=2))


def test_blocks_of_replications_merge_to_one_run(line):
    whole = simulate(line, settings=SHORT, seed=3)
    first = simulate(line, settings=SHORT.replace(replications=2), seed=3)
    rest = simulate(line, settings=SHORT.replace(replications=3, first_replication=2), seed=3)
    assert rest.replications == (2, 3, 4)
    assert first.merge(rest).digest() == rest.merge(first).digest() == whole.digest()


def test_progress_is_told_after_each_replication(line):
    calls = []
    simulate(line, settings=SHORT, on_progress=lambda done, total: calls.append((done, total)))
    assert calls == [(1, 5), (2, 5), (3, 5), (4, 5), (5, 5)]


def test_replications_and_seeds_differ(line):
    found = simulate(line, settings=SHORT, seed=3)
    assert len(set(found["S1.busy"])) == 5
    assert found.digest() != simulate(line, settings=SHORT, seed=4).digest()


def test_an_evaluator_is_a_value(line):
    evaluator = SimulationEvaluator(SHORT)
    again = pickle.loads(pickle.dumps(evaluator))
    assert again == evaluator
    found = again.evaluate(line, seed=3)
    assert found.digest() == simulate(line, settings=SHORT, seed=3).digest()
    assert (found.horizon, found.seed, found.line_digest) == (500, 3, line.digest())
    assert found.states()["S2"]["busy"] == found.mean("S2.busy")


def cycles(run, element):
    """Return how long each cycle of a station lasted, apart from failures: its own draws."""
    return [(e.part, e.time) for e in run.events if e.kind == "finish" and e.element == element]


def test_a_station_added_at_the_end_shifts_no_draw(tandem):
    """An unlimited buffer before it, so that nothing else changes either."""
    mode = FailureMode(time_to_failure=Exponential(mean=60), time_to_repair=Exponential(mean=5))
    times = [Lognormal(mean=1, cv=0.4)] * 4
    settings = RunSettings(horizon=500)
    short = run_replication(tandem(times[:3], (2, 2), failures=(mode,)), settings=settings, log=True)
    longer = run_replication(tandem(times, (2, 2, None), failures=(mode,)), settings=settings, log=True)
    for name in ("S1", "S2", "S3"):
        assert cycles(short, name) == cycles(longer, name)


def test_a_separate_branch_shifts_no_draw(line):
    branch = (
        Source(name="In 2"),
        Station(
            name="A", cycle_time=Exponential(mean=1), micro_stops=(MicroStop(probability=0.3, duration=1),)
        ),
    )
    wider = line.replace(
        elements=(*branch, *line.elements),
        connections=(
            *line.connections,
            Connection(source="In 2", target="A"),
            Connection(source="A", target="Out"),
        ),
    )
    ours = run_replication(line, settings=RunSettings(horizon=500), log=True)
    theirs = run_replication(wider, settings=RunSettings(horizon=500), log=True)
    for name in ("S1", "S2", "S3"):
        assert [time for _, time in cycles(ours, name)] == [time for _, time in cycles(theirs, name)]
        assert ours.values[f"{name}.busy"] == theirs.values[f"{name}.busy"]


def test_a_larger_buffer_leaves_the_first_times_to_failure_alone(line):
    wider = line.with_value("B1.capacity", 50)
    ours = run_replication(line, settings=RunSettings(horizon=500), log=True)
    theirs = run_replication(wider, settings=RunSettings(horizon=500), log=True)

    def failures(run):
        return [(e.time, e.element) for e in run.events if e.kind == "fail"]

    assert failures(ours) == failures(theirs)
    assert ours.values["B1.level"] < theirs.values["B1.level"]


def test_less_time_between_failures_means_more_downtime_under_common_random_numbers(line):
    worse = FailureMode(time_to_failure=Exponential(mean=30), time_to_repair=Exponential(mean=5))
    ours = simulate(line, settings=SHORT)
    theirs = simulate(line.with_value("S2.failures", (worse,)), settings=SHORT)
    assert (ours["S2.failed"] < theirs["S2.failed"]).all()
    assert (ours["S1.failed"] == theirs["S1.failed"]).all()


@pytest.mark.parametrize("block", [1, 7, 4096])
def test_draws_do_not_depend_on_the_block(block):
    streams, plain = Streams(5, 2, block=block), stream(5, 2, "A", Purpose.PROCESSING)
    draw = streams.times("A", Purpose.PROCESSING, Lognormal(mean=2, cv=0.5), speed=4.0)
    expected = [float(Lognormal(mean=2, cv=0.5).sample(plain, 1)[0]) / 4.0 for _ in range(50)]
    assert [draw() for _ in range(50)] == expected
    uniform = streams.uniform("A", Purpose.ROUTING)
    assert [uniform() for _ in range(20)] == list(stream(5, 2, "A", Purpose.ROUTING).random(20))
    chances = streams.chances("A", Purpose.DEFECT, 0.3)
    assert [chances() for _ in range(20)] == list(stream(5, 2, "A", Purpose.DEFECT).random(20) < 0.3)


def test_routing_uses_one_draw_for_each_part(line_of):
    """Sink 1 takes those whose draw is below 0.3."""
    line = line_of(
        Source(name="In", limit=50),
        Station(name="S", cycle_time=1.0),
        Sink(name="One"),
        Sink(name="Two"),
        ways=(
            Connection(source="In", target="S"),
            Connection(source="S", target="One", probability=0.3),
            Connection(source="S", target="Two", probability=0.7),
        ),
    )
    run = run_replication(line, settings=RunSettings(horizon=100), seed=6, log=True)
    found = [event.element for event in run.events if event.kind == "exit"]
    draws = stream(6, 0, "S", Purpose.ROUTING).random(50)
    assert found == ["One" if draw < 0.3 else "Two" for draw in draws]


def test_processing_times_are_drawn_in_the_order_in_which_parts_start(line_of):
    line = line_of(
        Source(name="In"),
        Buffer(name="B", capacity=3),
        Station(name="S", cycle_time=Exponential(mean=3), servers=3),
        Sink(name="Out"),
    )
    run = run_replication(line, settings=RunSettings(horizon=200), seed=6, log=True)
    lasted = {event.part: event.duration for event in run.events if event.kind == "finish"}
    starts = [event.part for event in run.events if event.kind == "start"]
    draws = stream(6, 0, "S", Purpose.PROCESSING).exponential(3, len(starts))
    for part, draw in zip(starts, draws, strict=True):
        if part in lasted:
            assert lasted[part] == pytest.approx(draw)


def test_ordinary_simpy_processes_run_in_the_calendar():
    calendar = Calendar()
    heard = []

    def clock(env: simpy.Environment):
        while True:
            yield env.timeout(4)
            heard.append(env.now)

    calendar.process(clock(calendar))
    priorities = Priorities(elements=2, servers=2, modes=2)
    calendar.schedule(Cause(calendar, calendar.end), priorities.of(Kind.HORIZON), 10)
    assert calendar.execute() == 10
    assert heard == [4, 8]


def test_priorities_are_distinct_and_ordered_by_kind_then_rank_then_server_then_mode():
    priorities = Priorities(elements=3, servers=2, modes=2)
    found = [
        priorities.of(kind, rank, server, mode)
        for kind in Kind
        for rank in range(3)
        for server in range(2)
        for mode in range(2)
    ]
    assert found == sorted(set(found))


def test_simultaneous_events_do_not_follow_the_order_of_scheduling():
    calendar, priorities, heard = Calendar(), Priorities(elements=1), []
    for kind in (Kind.REPAIR, Kind.ARRIVAL, Kind.FAILURE, Kind.COMPLETION):
        calendar.schedule(Cause(calendar, lambda now, kind=kind: heard.append(kind)), priorities.of(kind), 3)
    calendar.schedule(Cause(calendar, calendar.end), priorities.of(Kind.HORIZON), 3)
    calendar.execute()
    assert heard == [Kind.COMPLETION, Kind.FAILURE, Kind.REPAIR, Kind.ARRIVAL]


def test_values_are_plain_numbers(line):
    run = run_replication(line, settings=RunSettings(horizon=100))
    assert all(type(value) is float for value in run.values.values())
    assert np.isfinite(list(run.values.values())).all()
