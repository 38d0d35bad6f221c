"""The plain engine of routing, disciplines, intake and output gives the same sample path on random lines."""

from hypothesis import given, settings
from hypothesis import strategies as st
from plain_flow import FlowEngine

from opt_twin.line import (
    Buffer,
    Connection,
    Exponential,
    Inspection,
    Line,
    Product,
    Release,
    Sink,
    Source,
    Station,
    Uniform,
)
from opt_twin.simulation import RunSettings, run_replication

LOGGED = {"release", "enter", "start", "finish", "scrap", "exit"}
RULES = st.sampled_from(["probability", "round_robin", "shortest_queue", "first_ready"])
TIMES = st.sampled_from([1.0, 0.5, Exponential(mean=1.0), Uniform(low=0.5, high=1.5)])
TESTS = st.sampled_from(
    [None, Inspection(detection=0.7, false_alarm=0.1), Inspection(detection=0.6, rejects="route")]
)
DISCIPLINES = st.sampled_from(["fifo", "lifo", "priority", "by_product"])


@st.composite
def networks(draw):
    """Return a line with every way of taking in, giving out and going on."""

    def way(source, target, *, share=0.5, **fields):
        return Connection(source=source, target=target, probability=share, **fields)

    elements = [
        Source(
            name="In",
            interarrival=draw(st.sampled_from([1.0, Exponential(mean=0.8)])),
            mix={"a": 0.3, "b": 0.5, "c": 0.2},
            routing=draw(RULES),
        ),
        Source(name="More", timetable=[Release(time=2.0 * k, product="c", quantity=2) for k in range(6)]),
        Station(
            name="P",
            cycle_time=draw(TIMES),
            servers=draw(st.integers(1, 3)),
            defect_rate=0.3,
            inspection=draw(TESTS),
            routing=draw(RULES),
        ),
        Buffer(
            name="Q",
            capacity=draw(st.sampled_from([1, 3, None])),
            discipline=draw(DISCIPLINES),
            routing=draw(RULES),
        ),
        Station(
            name="Kit",
            cycle_time=draw(TIMES),
            servers=draw(st.integers(1, 2)),
            components={"a": 1, "b": 2},
            makes="k",
        ),
        Station(
            name="Oven",
            cycle_time=draw(TIMES),
            servers=draw(st.integers(1, 2)),
            batch_size=draw(st.integers(1, 3)),
            batch_by=draw(st.sampled_from(["any", "product", "family"])),
            batch_wait=draw(st.sampled_from([None, 0.0, 1.5])),
            batch_output=draw(st.sampled_from(["joined", "parts"])),
            defect_rate=0.2,
            inspection=draw(TESTS),
            routing=draw(RULES),
        ),
        Station(name="Unpack", cycle_time=draw(TIMES), unpacks=True, routing=draw(RULES)),
        Buffer(name="R", discipline=draw(DISCIPLINES), routing=draw(RULES)),
        Station(name="Cut", cycle_time=draw(TIMES), yields={"c": 1, "b": 2}),
        Sink(name="Out"),
        Sink(name="Else"),
    ]
    connections = (
        way("In", "P", products=draw(st.sampled_from([(), ("a", "c")]))),
        way("In", "Q"),
        Connection(source="More", target="P"),
        way("P", "Q", share=0.25, limit=draw(st.sampled_from([None, 1]))),
        way("P", "Oven", share=0.25, quality=draw(st.sampled_from([None, "passed", "good"]))),
        way("P", "R", share=0.25, quality=draw(st.sampled_from([None, "defective"]))),
        way("P", "Else", share=0.25),
        Connection(source="P", target="Out", probability=0.0),
        way("Q", "Kit", products=("a", "b")),
        way("Q", "Oven", products=("c", "k", "a")),
        way("Q", "Cut", products=("k", "b", "c")),
        Connection(source="Kit", target="Oven"),
        way("Oven", "Unpack", quality="passed"),
        way(
            "Oven", "R", quality=draw(st.sampled_from([None, "good"])), limit=draw(st.sampled_from([None, 2]))
        ),
        way("Oven", "Q", quality="rejected", limit=1),
        way("Oven", "Cut", quality="passed", products=draw(st.sampled_from([(), ("k",)]))),
        way("Unpack", "Out"),
        way("Unpack", "R", limit=1),
        way("R", "Unpack"),
        way("R", "Cut"),
        Connection(source="Cut", target="Out"),
    )
    products = (
        Product(name="a", family="f", priority=1),
        Product(name="b", family="f"),
        Product(name="c", priority=2),
        Product(name="k", priority=1),
    )
    return Line(name="network", elements=tuple(elements), connections=connections, products=products)


@given(line=networks(), seed=st.integers(0, 1000))
@settings(max_examples=100, deadline=None)
def test_both_engines_walk_the_same_path(line, seed):
    run = run_replication(line, settings=RunSettings(horizon=40), seed=seed, log=True)
    ours = [(e.time, e.kind, e.element, e.server, e.product) for e in run.events if e.kind in LOGGED]
    assert sorted(ours) == sorted(FlowEngine(line, seed).run(40).log)
