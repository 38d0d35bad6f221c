"""A plain engine, written from docs/semantics.md alone, moves belts, vehicles and pallets alike."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_engine import PlainEngine

from opt_twin.line import (
    Buffer,
    Connection,
    Conveyor,
    Deterministic,
    Empirical,
    Exponential,
    FailureMode,
    Fleet,
    Inspection,
    Line,
    Pallets,
    Sink,
    Source,
    Station,
    Transport,
    Uniform,
)
from opt_twin.results import BELT_STATES, VEHICLE_STATES
from opt_twin.simulation import RunSettings, run_replication

times = st.sampled_from(
    [
        Deterministic(value=1.0),
        Deterministic(value=0.5),
        Exponential(mean=1.5),
        Uniform(low=0.5, high=1.5),
        Empirical(values=(0.0, 1.0, 2.0)),
    ]
)


@st.composite
def belts(draw, name):
    modes = [
        FailureMode(
            name=f"mode{number}",
            time_to_failure=draw(st.sampled_from([Exponential(mean=8), Deterministic(value=4.0)])),
            time_to_repair=draw(times),
            clock=draw(st.sampled_from(["calendar", "operation", "cycles"])),
        )
        for number in range(draw(st.integers(0, 2)))
    ]
    kinds = [{}, {}, {"accumulating": False}, {"recirculating": True}]
    return Conveyor(
        name=name,
        length=draw(st.sampled_from([1.0, 2.0, 2.7, 4.0])),
        speed=draw(st.sampled_from([0.5, 1.0, 2.0, 0.3])),
        pitch=draw(st.sampled_from([0.5, 1.0, 0.9])),
        failures=tuple(modes),
        **draw(st.sampled_from(kinds)),
    )


@st.composite
def stations(draw, name):
    return Station(
        name=name,
        cycle_time=draw(times),
        servers=draw(st.integers(1, 2)),
        batch_size=draw(st.sampled_from([1, 1, 1, 2])),
        defect_rate=draw(st.sampled_from([0.0, 0.3])),
        inspection=draw(st.sampled_from([None, Inspection(detection=0.8, false_alarm=0.1)])),
    )


@st.composite
def networks(draw):
    """Return a line in which belts, vehicles, buffers and stations hand over to one another."""
    meters = st.sampled_from([0.0, 0.5, 1.0, 2.5])
    fleets = tuple(
        Fleet(
            name=name,
            number=draw(st.integers(1, 3)),
            speed=draw(st.sampled_from([1.0, 0.7])),
            loading_time=draw(st.sampled_from([0.0, 0.25])),
            unloading_time=draw(st.sampled_from([0.0, 0.5])),
            distances={
                "B1": {"P": draw(meters), "C2": draw(meters)},
                "P": {"C2": draw(meters)},
                "In": {"P": 1},
            },
            parking=draw(st.sampled_from([None, "P", "In"])),
            **draw(
                st.sampled_from(
                    [
                        {},
                        {"battery": 2.0, "charging_time": 1.5},
                        {"battery": 4, "charging_time": 1, "charger": "C2"},
                    ]
                )
            ),
        )
        for name in ("F", "G")
    )
    pallets = Pallets(
        name="tray",
        number=draw(st.integers(2, 6)),
        return_time=draw(st.sampled_from([0.0, 1.0, 2.3])),
        unloaded_at=draw(st.sampled_from([None, "Q"])),
    )
    saturated = draw(st.booleans())
    elements = [
        Source(
            name="In",
            interarrival=None if saturated else draw(times),
            limit=draw(st.sampled_from([None, 20])),
            pallets="tray",
        ),
        Source(
            name="More", interarrival=draw(st.sampled_from([Exponential(mean=2.0), Deterministic(value=1.0)]))
        ),
        draw(belts("C1")),
        Buffer(name="B1", capacity=draw(st.sampled_from([1, 3]))),
        Transport(name="T1", fleet="F", priority=draw(st.integers(0, 1)), reserves=draw(st.booleans())),
        Transport(name="T2", fleet=draw(st.sampled_from(["F", "G"])), reserves=draw(st.booleans())),
        Transport(name="T3", fleet="F", reserves=draw(st.booleans())),
        draw(stations("P")),
        draw(stations("Q")),
        draw(belts("C2")),
        draw(belts("C3")),
        Sink(name="Out"),
    ]
    back, to = draw(st.sampled_from([0.0, 0.1])), draw(st.sampled_from(["B1", "Out", "P", "C2"]))
    arrows = [
        ("In", "C1", 1.0),
        ("More", "C1", 0.5),
        ("More", "B1", 0.5),
        ("C1", "B1", 0.6),
        ("C1", "P", 0.4),
        ("B1", "T1", 0.7),
        ("B1", "T2", 0.3),
        ("T1", "P", 1.0),
        ("T2", "C2", 1.0),
        ("P", "C2", 1.0),
        ("C2", "C3", 1.0),
        ("C3", "Q", 1.0),
        ("Q", "Out", 0.7),
        ("Q", "B1", back),
        ("Q", "T3", 0.3 - back),
        ("T3", to, 1.0),
    ]
    return Line(
        name="network",
        elements=tuple(elements),
        connections=tuple(Connection(source=a, target=b, probability=p) for a, b, p in arrows),
        fleets=fleets,
        pallets=(pallets,),
    )


@given(line=networks(), seed=st.integers(0, 1000))
@settings(max_examples=100, deadline=None)
def test_the_plain_engine_walks_the_same_path(line, seed):
    horizon = 40.0
    run = run_replication(line, settings=RunSettings(horizon=horizon), seed=seed, log=True)
    plain = PlainEngine(line, seed).run(horizon)
    ours = sorted(
        (e.time, e.kind, e.element, e.server) for e in run.events if e.kind not in ("state", "join")
    )
    assert ours == sorted(plain.log)
    assert plain.units == sum(part["units"] for thing in plain.things.values() for part in thing.parts())
    for name in ("C1", "C2", "C3"):
        belt = plain.things[name]
        assert run.values[f"{name}.parts"] == belt.passed
        for state in BELT_STATES:
            assert run.values[f"{name}.{state}"] == pytest.approx(belt.times[state] / horizon, abs=1e-9)
    for name, fleet in plain.fleets.items():
        for state in VEHICLE_STATES:
            seconds = sum(cart.times[state] for cart in fleet.carts)
            share = seconds / horizon / len(fleet.carts)
            assert run.values[f"{name}.{state}"] == pytest.approx(share, abs=1e-9)
