"""The search drives the real simulator."""

import pytest

from opt_twin.line import Buffer, Line, Sink, Source, Station, chain
from opt_twin.search import DecisionSpace, Objective, objective_named, process_pool, search, vary
from opt_twin.simulation import RunSettings, SimulationEvaluator, simulate

LINE = Line(
    name="three machines",
    elements=(
        Source(name="In"),
        Station(name="M1", cycle_time="exponential(10 s)"),
        Buffer(name="B1", capacity=3),
        Station(name="M2", cycle_time="exponential(10 s)"),
        Buffer(name="B2", capacity=3),
        Station(name="M3", cycle_time="exponential(10 s)"),
        Sink(name="Out"),
    ),
    connections=chain("In", "M1", "B1", "M2", "B2", "M3", "Out"),
)
SPACE = DecisionSpace(base=LINE, variables=vary(LINE, "B*.capacity=1..12"))
SETTINGS = RunSettings(horizon=3600, warm_up=300, replications=4)


def places(line):
    return sum(buffer.capacity for buffer in line.buffers)


WANTED = (objective_named("throughput", "max"), Objective("places", places, "min", "places", on="line"))


@pytest.fixture(scope="module")
def front():
    return search(SPACE, WANTED, SimulationEvaluator(SETTINGS), budget=40, population=10, seed=1).solution()


def test_more_places_give_more_throughput(front):
    assert len(front) > 3
    assert front.points[-1, 1] > front.points[0, 1]
    assert front.points[-1, 0] > 1.1 * front.points[0, 0]


def test_a_reported_point_is_what_the_simulator_says_of_its_line(front):
    knee = front.knee()
    again = simulate(front.lines[knee], settings=SETTINGS, seed=front.evaluation_seed)
    assert again.digest() == front.evaluations[knee].digest()
    assert again.mean("throughput") == front.points[knee, 0]
    assert (front.intervals[:, 1, 0] == front.points[:, 1]).all()


def test_worker_processes_give_the_same_front(front):
    with process_pool(2) as executor:
        parallel = search(
            SPACE, WANTED, SimulationEvaluator(SETTINGS), budget=40, population=10, seed=1, executor=executor
        )
    assert parallel.solution().digest() == front.digest()
