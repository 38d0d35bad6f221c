"""A second engine, written from docs/semantics.md alone, gives the same sample path on random lines."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from second_engine import SecondEngine

from opt_twin.errors import SimulationError
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
    Order,
    Product,
    Sink,
    Source,
    StartUp,
    Station,
    Stock,
    ToolWear,
    Uniform,
    chain,
)
from opt_twin.plan import Assignment, Schedule
from opt_twin.results import STATES
from opt_twin.simulation import RunSettings, run_replication

times = st.sampled_from(
    [
        Deterministic(value=1.0),
        Deterministic(value=2.0),
        Deterministic(value=0.5),
        Exponential(mean=1.5),
        Uniform(low=0.5, high=1.5),
        Empirical(values=(0.0, 1.0, 2.0)),
    ]
)


@st.composite
def stations(draw, name, *, servers=True, batches=(1, 1, 2, 3)):
    modes = [
        FailureMode(
            name=f"mode{number}",
            time_to_failure=draw(
                st.sampled_from([Exponential(mean=8), Deterministic(value=7.0), Deterministic(value=4.0)])
            ),
            time_to_repair=draw(times),
            clock=draw(st.sampled_from(["calendar", "operation", "cycles"])),
            interrupted=draw(st.sampled_from(["continue", "restart", "scrap"])),
        )
        for number in range(draw(st.integers(0, 2)))
    ]
    jam = MicroStop(probability=0.3, duration=Exponential(mean=1.0))
    cough = MicroStop(name="cough", probability=0.5, duration=0.5)
    saw = ToolWear(life=draw(st.integers(1, 3)), change_time=draw(times))
    test = Inspection(
        detection=0.8,
        false_alarm=0.1,
        time=draw(st.sampled_from([None, Exponential(mean=0.5)])),
        rejects=draw(st.sampled_from(["scrap", "scrap", "route"])),
    )
    return Station(
        name=name,
        cycle_time=draw(times),
        cycle_time_by_product=draw(st.sampled_from([{}, {"b": 0.75}])),
        servers=draw(st.integers(1, 3)) if servers else 1,
        speed=draw(st.sampled_from([1.0, 1.25])),
        batch_size=draw(st.sampled_from(batches)),
        failures=tuple(modes),
        micro_stops=draw(st.sampled_from([(), (jam,), (jam, cough)])),
        defect_rate=draw(st.sampled_from([0.0, 0.3])),
        start_up=draw(st.sampled_from([None, None, StartUp(cycles=2, defect_rate=0.9)])),
        tool=draw(st.sampled_from([None, None, saw, saw.replace(defect_rate=0.8)])),
        cures=draw(st.sampled_from([0.0, 0.0, 0.5])),
        inspection=draw(st.sampled_from([None, test])),
        setup_times=draw(st.sampled_from([{}, {"a": {"b": 2.0}, "b": {"a": 1.0}}])),
        initial_product=draw(st.sampled_from([None, "a"])),
    )


@st.composite
def networks(draw):
    """Return a line with merges, splits, direct hand-offs, parallel servers and a loop."""
    elements = [draw(stations(name)) for name in "PQRT"]
    elements += [Buffer(name=f"B{name}", capacity=draw(st.sampled_from([1, 2, 5, None]))) for name in "QR"]
    arrival = st.sampled_from([Exponential(mean=1.0), Deterministic(value=1.0)])
    elements += [
        Source(name="In", interarrival=draw(arrival), mix={"a": 0.5, "b": 0.5}),
        Source(name="More", interarrival=draw(arrival), limit=draw(st.sampled_from([None, 10]))),
        Sink(name="Out"),
        Sink(name="Else"),
    ]
    back = draw(st.sampled_from([0.0, 0.3]))
    arrows = [
        ("In", "P", 0.6),
        ("In", "BQ", 0.4),
        ("More", "BQ", 1.0),
        ("BQ", "Q", 0.7),
        ("BQ", "P", 0.3),
        ("BR", "R", 1.0),
        ("P", "BR", 0.5),
        ("P", "T", 0.5),
        ("Q", "BR", 0.5),
        ("Q", "T", 0.5),
        ("R", "T", 1.0),
        ("T", "Out", 0.8 - back),
        ("T", "Else", 0.2),
        ("T", "BQ", back),
    ]
    return Line(
        name="network",
        elements=tuple(elements),
        connections=tuple(Connection(source=a, target=b, probability=p) for a, b, p in arrows),
        products=(Product(name="a"), Product(name="b")),
    )


@st.composite
def shops(draw):
    """Return a line that makes to stock, with a second way out."""
    order_up_to, waits = draw(st.integers(1, 6)), draw(st.booleans())
    stock = Stock(
        name="Shop",
        initial=draw(st.sampled_from([None, 0, 4])),
        reorder_point=draw(st.integers(-2 if waits else 0, order_up_to - 1)),
        order_up_to=order_up_to,
        demand=draw(st.sampled_from([Exponential(mean=2), Deterministic(value=2)])),
        quantity=draw(st.integers(1, 3)),
        backorders=waits,
    )
    elements = [Source(name="In", replenishes="Shop", mix=draw(st.sampled_from([{}, {"a": 0.5, "b": 0.5}])))]
    elements += [draw(stations(name, batches=(1,))) for name in "PQ"]
    elements += [Buffer(name="B", capacity=draw(st.sampled_from([1, 3, None]))), stock, Sink(name="Out")]
    away = draw(st.sampled_from([0.1, 0.3]))
    arrows = [
        ("In", "P", 1.0),
        ("P", "B", 1.0),
        ("B", "Q", 1.0),
        ("Q", "Shop", 1 - away),
        ("Q", "Out", away),
    ]
    return Line(
        name="shop",
        elements=tuple(elements),
        connections=tuple(Connection(source=a, target=b, probability=p) for a, b, p in arrows),
        products=(Product(name="a"), Product(name="b")),
    )


@st.composite
def chains(draw):
    """Return a chain with a saturated source, some buffers, and orders."""
    elements, count = [Source(name="In")], draw(st.integers(1, 4))
    for index in range(count):
        places = draw(st.sampled_from([0, 1, 3]))
        if places:
            elements.append(Buffer(name=f"B{index}", capacity=places))
        elements.append(draw(stations(f"S{index}")))
    elements.append(Sink(name="Out"))
    orders = [
        Order(
            name=f"order {number}",
            product=draw(st.sampled_from("ab")),
            quantity=draw(st.integers(1, 8)),
            release=draw(st.sampled_from([0.0, 5.0])),
        )
        for number in range(draw(st.integers(1, 4)))
    ]
    return Line(
        name="chain",
        elements=tuple(elements),
        connections=chain(*(element.name for element in elements)),
        products=(Product(name="a"), Product(name="b")),
        orders=tuple(orders),
    )


def compare(line, run, second):
    ours = sorted(
        (e.time, e.kind, e.element, e.server, str(e.product), str(e.order))
        for e in run.events
        if e.kind not in ("state", "join")
    )
    assert ours == sorted(second.log)
    for station in line.stations:
        whole = sum(sum(machine.times.values()) for machine in second.machines[station.name])
        for state in STATES:
            seconds = sum(machine.times[state] for machine in second.machines[station.name])
            assert run.values[f"{station.name}.{state}"] == pytest.approx(seconds / whole, abs=1e-9)


@given(line=networks(), seed=st.integers(0, 1000))
@settings(max_examples=60, deadline=None)
def test_both_engines_walk_the_same_path_through_a_network(line, seed):
    run = run_replication(line, settings=RunSettings(horizon=40), seed=seed, log=True)
    compare(line, run, SecondEngine(line, seed).run(40))


@given(line=chains(), seed=st.integers(0, 1000))
@settings(max_examples=60, deadline=None)
def test_both_engines_walk_the_same_path_through_a_chain(line, seed):
    run = run_replication(line, settings=RunSettings(horizon=40), seed=seed, log=True)
    compare(line, run, SecondEngine(line, seed).run(40))


@given(line=shops(), seed=st.integers(0, 1000))
@settings(max_examples=60, deadline=None)
def test_both_engines_walk_the_same_path_to_a_stock(line, seed):
    run = run_replication(line, settings=RunSettings(horizon=40), seed=seed, log=True)
    second = SecondEngine(line, seed).run(40)
    compare(line, run, second)
    shelf = second.stocks["Shop"]
    assert (run.values["Shop.filled"], run.values["Shop.lost"]) == (shelf.filled, shelf.lost)


@given(line=chains(), seed=st.integers(0, 1000))
@settings(max_examples=60, deadline=None)
def test_both_engines_execute_the_same_plan(line, seed):
    plan = Schedule(
        assignments=tuple(
            Assignment(job=order.name, operation=0, machine=line.stations[0].name, start=i, end=i)
            for i, order in enumerate(line.orders)
        )
    )
    horizon = 1000.0
    second = SecondEngine(line, seed, line.orders).run(horizon)
    if any(second.orders.values()):  # a part that is restarted again and again never gets through
        assert any(mode.interrupted == "restart" for station in line.stations for mode in station.failures)
        with pytest.raises(SimulationError, match="orders are not complete"):
            run_replication(line, plan=plan, settings=RunSettings(horizon=horizon), seed=seed)
        return
    assume(second.now > 0)
    run = run_replication(line, plan=plan, settings=RunSettings(horizon=horizon), seed=seed, log=True)
    assert run.end == second.now
    compare(line, run, second)
