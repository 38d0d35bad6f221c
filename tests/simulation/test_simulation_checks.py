"""Conservation, state times and physical limits are checked on every run, and raise when broken."""

import math
from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from opt_twin.errors import ConservationError, ModelError, SimulationError
from opt_twin.line import (
    Buffer,
    Connection,
    Deterministic,
    Empirical,
    Exponential,
    FailureMode,
    Inspection,
    Line,
    MicroStop,
    Normal,
    Order,
    Product,
    Sink,
    Source,
    Station,
    Triangular,
    Uniform,
    chain,
)
from opt_twin.plan import Assignment, Schedule
from opt_twin.results import STATES
from opt_twin.simulation import RunSettings, run_replication
from opt_twin.simulation.buffers import BufferNode
from opt_twin.simulation.conservation import shortest
from opt_twin.simulation.ledger import Ledger
from opt_twin.simulation.servers import Server


@pytest.fixture
def line(tandem):
    return tandem((1.0, 1.5, 1.0), 2)


def test_a_lost_part_is_noticed(line, monkeypatch):
    def lose(self, part, now):
        """Forget every tenth part."""
        if part.number % 10:
            take(self, part, now)

    take = BufferNode.take
    monkeypatch.setattr(BufferNode, "take", lose)
    with pytest.raises(ConservationError, match="must be in the line, but"):
        run_replication(line, settings=RunSettings(horizon=100))
    run_replication(line, settings=RunSettings(horizon=100, check=False))


def test_a_part_that_leaves_twice_is_noticed(line, monkeypatch):
    leave = Ledger.exit

    def leave_twice(self, part, element, now):
        leave(self, part, element, now)
        if part.number == 7:
            leave(self, part, element, now)

    monkeypatch.setattr(Ledger, "exit", leave_twice)
    with pytest.raises(ConservationError, match="units were released"):
        run_replication(line, settings=RunSettings(horizon=100))


def test_state_times_that_do_not_add_up_are_noticed(line, monkeypatch):
    change = Server._change

    def forget(self, state, now):
        change(self, state, now)
        self.times[0] += 1e-3

    monkeypatch.setattr(Server, "_change", forget)
    with pytest.raises(ConservationError, match="state times of station 'S1' do not add up to 100 s: busy"):
        run_replication(line, settings=RunSettings(horizon=100))


def test_an_overfull_buffer_is_noticed(tandem, monkeypatch):
    monkeypatch.setattr(BufferNode, "ready", lambda self, part, now: True)
    with pytest.raises(ConservationError, match=r"buffer 'B1' holds \d+ parts in 2 places"):
        run_replication(tandem((1.0, 1.5, 1.0), 2), settings=RunSettings(horizon=100))


def test_a_station_that_is_too_fast_is_noticed(line, monkeypatch):
    finish = Server._finish

    def finish_twice(self, now):
        self._station.cycles += 1
        finish(self, now)

    monkeypatch.setattr(Server, "_finish", finish_twice)
    with pytest.raises(ConservationError, match="servers need at least 1 s for each"):
        run_replication(line, settings=RunSettings(horizon=100))


def test_a_part_that_forgets_when_it_came_breaks_littles_law(line, monkeypatch):
    def forget(self, part, now):
        """Take a tenth of the parts for new ones."""
        if part.number % 10 == 0:
            part.born = now
        take(self, part, now)

    take = BufferNode.take
    monkeypatch.setattr(BufferNode, "take", forget)
    with pytest.raises(ConservationError, match="Little's law is broken"):
        run_replication(line, settings=RunSettings(horizon=100))


def test_parts_that_leave_the_accounts_before_the_line_are_noticed(line, monkeypatch):
    """Lead times and work in process then agree with one another, but not with what the servers did."""
    leave = Ledger.exit
    monkeypatch.setattr(
        Ledger, "exit", lambda self, part, element, now: leave(self, part, element, max(part.born, now - 5))
    )
    with pytest.raises(ConservationError, match="parts on average, but only"):
        run_replication(line, settings=RunSettings(horizon=100))


@pytest.mark.parametrize("forgotten", [1.0, -1.0])
def test_a_level_that_a_buffer_cannot_have_on_average_is_noticed(line, monkeypatch, forgotten):
    def surrender(self, now):
        self.moment += 100 * forgotten
        return give(self, now)

    give = BufferNode.surrender
    monkeypatch.setattr(BufferNode, "surrender", surrender)
    with pytest.raises(ConservationError, match=r"buffer 'B1' held .* parts on average in 2 places"):
        run_replication(line, settings=RunSettings(horizon=100))


def test_work_in_less_time_than_it_takes_is_noticed(line, monkeypatch):
    """State times that add up do not help a server that books half of its work as starving."""
    times = Server.state_times

    def half(self, now):
        found = list(times(self, now))
        busy, starved = STATES.index("busy"), STATES.index("starved")
        found[starved] += found[busy] / 2
        found[busy] /= 2
        return tuple(found)

    monkeypatch.setattr(Server, "state_times", half)
    with pytest.raises(ConservationError, match=r"finished .* cycles in .* s of work"):
        run_replication(line, settings=RunSettings(horizon=100))


@pytest.mark.parametrize(
    ("distribution", "least"),
    [
        (Deterministic(value=3.0), 3.0),
        (Uniform(low=1.0, high=2.0), 1.0),
        (Triangular(low=1.0, mode=2.0, high=3.0), 1.0),
        (Normal(location=5.0, sd=1.0, low=2.0), 2.0),
        (Empirical(values=(4.0, 3.0)), 3.0),
        (Exponential(mean=1.0), 0.0),
    ],
)
def test_the_shortest_time_of_a_distribution_bounds_the_output(distribution, least):
    assert shortest(distribution) == least


def test_a_warm_up_ends_before_the_horizon():
    with pytest.raises(ValueError, match=r"warm_up \(10 s\) must end before the horizon \(10 s\)"):
        RunSettings(horizon=10, warm_up=10)
    with pytest.raises(ModelError, match="workers"):
        RunSettings().replace(workers=0)


def test_what_happens_at_the_end_of_the_warm_up_belongs_to_it(tandem):
    """A part leaves each 2 s; those of (10, 20] count, the one at 10 s does not."""
    values = run_replication(tandem((2.0,)), settings=RunSettings(horizon=20, warm_up=10)).values
    assert values["parts_out"] == 5
    assert values["throughput"] == 1800
    assert values["S1.busy"] == 1
    assert values["wip"] == pytest.approx(1)
    assert values["lead_time"] == pytest.approx(2)


times = st.one_of(
    st.floats(0.1, 5).map(lambda value: Deterministic(value=value)),
    st.floats(0.1, 5).map(lambda value: Exponential(mean=value)),
    st.sampled_from([Empirical(values=(0.0, 1.0, 2.0)), Uniform(low=0.5, high=1.5)]),
)


@st.composite
def stations(draw, name):
    modes = [
        FailureMode(
            name=f"mode{number}",
            time_to_failure=draw(st.sampled_from([Exponential(mean=10), Deterministic(value=7.0)])),
            time_to_repair=draw(times),
            clock=draw(st.sampled_from(["calendar", "operation", "cycles"])),
            interrupted=draw(st.sampled_from(["continue", "restart", "scrap"])),
        )
        for number in range(draw(st.integers(0, 2)))
    ]
    return Station(
        name=name,
        cycle_time=draw(times),
        servers=draw(st.integers(1, 3)),
        batch_size=draw(st.integers(1, 3)),
        failures=tuple(modes),
        micro_stops=draw(st.sampled_from([(), (MicroStop(probability=0.2, duration=1.5),)])),
        defect_rate=draw(st.sampled_from([0.0, 0.3])),
        inspection=draw(st.sampled_from([None, Inspection(detection=0.8, false_alarm=0.1)])),
        setup_times=draw(st.sampled_from([{}, {"a": {"b": 2.0}, "b": {"a": 1.0}}])),
    )


@st.composite
def lines(draw):
    """Return two branches that merge, with a way back from the end to the start of the first."""
    names = ["P", "Q", "R", "T"]
    elements = [draw(stations(name)) for name in names]
    elements += [Buffer(name=f"B{name}", capacity=draw(st.sampled_from([1, 2, 5]))) for name in names]
    arrival = draw(st.sampled_from([None, Exponential(mean=2.0)]))
    elements += [Source(name="In", interarrival=arrival, mix={"a": 0.5, "b": 0.5}), Source(name="More")]
    elements += [Sink(name="Out")]
    back = draw(st.sampled_from([0.0, 0.3]))
    arrows = [
        ("In", "BP", 0.6),
        ("In", "BQ", 0.4),
        ("More", "BQ", 1.0),
        *((f"B{name}", name, 1.0) for name in names),
        ("P", "BR", 1.0),
        ("Q", "BR", 0.5),
        ("Q", "T", 0.5),
        ("R", "BT", 1.0),
        ("T", "Out", 1 - back),
        ("T", "BQ", back),
    ]
    return Line(
        name="random",
        elements=tuple(elements),
        connections=tuple(Connection(source=a, target=b, probability=p) for a, b, p in arrows),
        products=(Product(name="a"), Product(name="b")),
    )


@given(line=lines(), seed=st.integers(0, 100))
@settings(max_examples=80, deadline=None)
def test_random_lines_keep_their_accounts(line, seed):
    """Units are conserved (checked inside), shares add up, and the log agrees with the counts."""
    run = run_replication(line, settings=RunSettings(horizon=60, warm_up=20), seed=seed, log=True)
    for station in line.stations:
        shares = [run.values[f"{station.name}.{state}"] for state in STATES]
        assert math.fsum(shares) == pytest.approx(1, abs=1e-6 / 40)
        assert min(shares) >= -1e-12
        finished = [e for e in run.events if e.element == station.name and e.kind == "finish" and e.time > 20]
        assert len(finished) == run.values[f"{station.name}.parts"]
    for buffer in line.buffers:
        assert -1e-9 <= run.values[f"{buffer.name}.level"] <= buffer.capacity + 1e-9
    assert sum(e.kind == "exit" and e.time > 20 for e in run.events) == run.values["parts_out"]
    assert run.values["wip"] >= 0
    times_in_order = [e.time + (e.duration if e.kind == "state" else 0) for e in run.events]
    assert all(a <= b + 1e-9 for a, b in pairwise(times_in_order))
    again = run_replication(line, settings=RunSettings(horizon=60, warm_up=20), seed=seed)
    assert again.values == pytest.approx(run.values, rel=0, abs=0, nan_ok=True)


@given(line=lines(), seed=st.integers(0, 100))
@settings(max_examples=30, deadline=None)
def test_each_server_is_in_one_state_at_a_time(line, seed):
    """The states in the log join without gaps from 0 to the end."""
    run = run_replication(line, settings=RunSettings(horizon=50), seed=seed, log=True)
    for station in line.stations:
        for server in range(station.servers):
            own = [
                e for e in run.events if e.kind == "state" and (e.element, e.server) == (station.name, server)
            ]
            ends = [0.0, *(e.time + e.duration for e in own)]
            assert [e.time for e in own] == pytest.approx(ends[:-1])
            assert ends[-1] == pytest.approx(50)


@st.composite
def chains(draw):
    """Return three stations in a row with orders of two products, and their sequence."""
    elements = [Source(name="In")]
    for name in "PQR":
        elements += [draw(stations(name)), Buffer(name=f"B{name}", capacity=draw(st.sampled_from([1, 2, 5])))]
    elements.append(Sink(name="Out"))
    orders = tuple(
        Order(name=f"O{number}", product=draw(st.sampled_from("ab")), quantity=draw(st.integers(1, 8)))
        for number in range(draw(st.integers(1, 4)))
    )
    line = Line(
        name="chain",
        elements=tuple(elements),
        connections=chain(*(element.name for element in elements)),
        products=(Product(name="a"), Product(name="b")),
        orders=orders,
    )
    return line, draw(st.permutations([order.name for order in orders]))


@given(case=chains(), seed=st.integers(0, 100))
@settings(max_examples=60, deadline=None)
def test_random_plans_keep_their_accounts(case, seed):
    """Units are conserved (checked inside), every unit is accounted for, and the states join without gaps."""
    line, sequence = case
    plan = Schedule(
        assignments=tuple(
            Assignment(job=job, operation=0, machine="P", start=i, end=i) for i, job in enumerate(sequence)
        )
    )
    try:
        run = run_replication(line, plan=plan, settings=RunSettings(horizon=1000), seed=seed, log=True)
    except SimulationError:  # a part that is restarted again and again, or all at 0 s
        assume(False)
    assert run.values["released"] == sum(order.quantity for order in line.orders)
    for station in line.stations:
        for server in range(station.servers):
            own = [
                e for e in run.events if e.kind == "state" and (e.element, e.server) == (station.name, server)
            ]
            ends = [0.0, *(e.time + e.duration for e in own)]
            assert [e.time for e in own] == pytest.approx(ends[:-1])
            assert ends[-1] == pytest.approx(run.end)
