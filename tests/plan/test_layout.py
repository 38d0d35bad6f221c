"""Where the elements stand decides how far vehicles drive."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opt_twin.errors import ModelError, PlanError, UnknownNameError
from opt_twin.line import Fleet, Line, Sink, Source, Station, Transport, chain
from opt_twin.plan import Layout, Metric
from opt_twin.simulation import RunSettings, run_replication

LINE = Line(
    name="shop",
    elements=(
        Source(name="In"),
        Station(name="Saw", cycle_time=10),
        Transport(name="Truck", fleet="AGV"),
        Station(name="Drill", cycle_time=10),
        Sink(name="Out"),
    ),
    connections=chain("In", "Saw", "Truck", "Drill", "Out"),
    fleets=(Fleet(name="AGV", speed=2, parking="In"), Fleet(name="Idle", speed=1)),
)
SQUARE = {"In": (0, 0), "Saw": (3, 4), "Drill": (3, -4)}

points = st.tuples(*[st.floats(-1e6, 1e6)] * 2)


@pytest.mark.parametrize(("metric", "metres"), [("rectilinear", (7, 7, 8)), ("euclidean", (5, 5, 8))])
def test_positions_set_the_distances_of_a_fleet(metric, metres):
    fleet = Layout(positions=SQUARE, metric=metric).apply_to(LINE).fleets[0]
    ways = [("In", "Saw"), ("In", "Drill"), ("Saw", "Drill")]
    assert [fleet.distance(a, b) for a, b in ways] == list(metres)
    assert [fleet.distance(b, a) for a, b in ways] == list(metres)


def test_a_stated_distance_wins_over_positions_and_may_differ_back():
    layout = Layout(
        positions=SQUARE, distances={"Saw": {"Drill": 20}, "Drill": {"Saw": 30}, "In": {"Saw": 1}}
    )
    fleet = layout.apply_to(LINE).fleets[0]
    assert [fleet.distance("Saw", "Drill"), fleet.distance("Drill", "Saw")] == [20, 30]
    assert fleet.distance("Saw", "In") == 1


def test_elements_that_no_vehicle_comes_to_need_no_position():
    assert "Out" not in SQUARE
    layout = Layout(distances={"Saw": {"Drill": 5}})
    with pytest.raises(
        PlanError, match="does not say how far it is from 'Saw' to 'In'; give 'Saw' a position"
    ):
        layout.apply_to(LINE)
    assert layout.apply_to(LINE.replace(fleets=[Fleet(name="AGV", speed=2)])).fleets[0].distances


def test_only_the_fleets_asked_for_are_changed():
    layout = Layout(positions=SQUARE)
    assert layout.apply_to(LINE, fleets=["Idle"]).fleets[0] == LINE.fleets[0]
    assert layout.apply_to(LINE, fleets=["AGV"]).fleets[0] != LINE.fleets[0]
    with pytest.raises(UnknownNameError, match="AGV"):
        layout.apply_to(LINE, fleets=["AVG"])


@pytest.mark.parametrize(
    "fields",
    [{"positions": {"Sw": (0, 0)}}, {"distances": {"Saw": {"Sw": 1}}}, {"distances": {"Sw": {"Saw": 1}}}],
)
def test_an_element_that_is_not_in_the_line_is_named(fields):
    with pytest.raises(
        PlanError, match=r"places 'Sw', but line 'shop' has no such element \(did you mean 'Saw'"
    ):
        Layout(**fields).apply_to(LINE)


@pytest.mark.parametrize("fields", [{"positions": {"A": (0, float("nan"))}}, {"distances": {"A": {"B": -1}}}])
def test_bad_numbers_are_refused(fields):
    with pytest.raises(ModelError):
        Layout(**fields)


@given(a=points, b=points, c=points, metric=st.sampled_from(Metric))
def test_ways_are_a_metric(a, b, c, metric):
    layout = Layout(positions={"A": a, "B": b, "C": c}, metric=metric)
    ab, bc, ac = layout.metres("A", "B"), layout.metres("B", "C"), layout.metres("A", "C")
    assert ab == layout.metres("B", "A") >= 0 == layout.metres("A", "A")
    assert ac <= (ab + bc) * (1 + 1e-12)


def test_a_layout_is_a_record():
    layout = Layout(positions=SQUARE)
    assert pickle.loads(pickle.dumps(layout)) == layout
    assert layout.digest() == Layout(positions=dict(reversed(SQUARE.items()))).digest()
    assert layout.digest() != layout.replace(metric="euclidean").digest()


def test_the_simulator_drives_the_distances_of_the_layout():
    """Saw until 10; parking to Saw 7 m, loaded 8 m, at 2 m/s: the drill starts at 10 + 3.5 + 4."""
    line = Layout(positions=SQUARE).apply_to(LINE)
    run = run_replication(line, settings=RunSettings(horizon=30), log=True)
    assert [e.time for e in run.events if e.kind == "start" and e.element == "Drill"] == [17.5]
