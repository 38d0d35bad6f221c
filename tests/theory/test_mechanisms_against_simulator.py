"""What theory says of people, shifts, vehicles, pallets, assembly and conditions holds in the simulator."""

import pytest

from opt_twin.line import (
    Buffer,
    Connection,
    Conveyor,
    Fleet,
    Inspection,
    Line,
    Operators,
    Pallets,
    Product,
    Shift,
    Sink,
    Source,
    Station,
    Transport,
    chain,
)
from opt_twin.simulation import RunSettings, simulate
from opt_twin.theory import capacity_table, limits, predicted_bottleneck, traffic


def line_of(*elements, connections=None, **fields):
    ways = chain(*(element.name for element in elements)) if connections is None else connections
    return Line(name="t", elements=elements, connections=ways, **fields)


def run(line, horizon, *, warm_up=0, replications=1):
    settings = RunSettings(horizon=horizon, warm_up=warm_up, replications=replications)
    return simulate(line, settings=settings, seed=5)


def released_per_hour(evaluation):
    return evaluation.mean("released") * 3600 / (evaluation.horizon - evaluation.warm_up)


def test_one_pallet_goes_round_in_the_least_time():
    line = line_of(
        Source(name="In", pallets="tray"),
        Station(name="A", cycle_time=10, load_time=5),
        Conveyor(name="Belt", length=10, speed=0.5, pitch=1),
        Station(name="B", cycle_time=8),
        Sink(name="Out"),
        pallets=(Pallets(name="tray", number=1, unloaded_at="B", return_time=12),),
    )
    (limit,) = [limit for limit in limits(line) if limit.kind == "pallets"]
    assert limit.seconds == 55
    evaluation = run(line, 55 * 101, warm_up=55)
    assert released_per_hour(evaluation) == pytest.approx(limit.capacity_per_hour, rel=0.011)


@pytest.mark.parametrize("number", [1, 3])
def test_vehicles_that_always_have_work_carry_what_their_limit_says(number):
    line = line_of(
        Source(name="In"),
        Station(name="A", cycle_time=1),
        Buffer(name="Full", capacity=20),
        Transport(name="Trip", fleet="AGV"),
        Buffer(name="End", capacity=20),
        Sink(name="Out"),
        fleets=(Fleet(name="AGV", number=number, speed=2, loading_time=5, distances={"Full": {"End": 30}}),),
    )
    line = line.with_value("AGV.parking", "Full")  # else the next one is called when it stands at the end
    (limit,) = limits(line)
    evaluation = run(line, 36000, warm_up=600)
    assert evaluation.mean("throughput") == pytest.approx(limit.capacity_per_hour, rel=0.005)


def test_one_person_at_two_stations_makes_what_the_limit_says():
    line = line_of(
        Source(name="In"),
        Station(name="A", cycle_time=5, needs={"run": "hand"}),
        Buffer(name="Q", capacity=10),
        Station(name="B", cycle_time=7, needs={"run": "hand"}, priority=1),
        Sink(name="Out"),
        operators=(Operators(name="hand"),),
    )
    (limit,) = limits(line)
    evaluation = run(line, 36000, warm_up=600)
    assert evaluation.mean("throughput") == pytest.approx(limit.capacity_per_hour, rel=0.005)
    assert limit.capacity_per_hour == 300 < predicted_bottleneck(line).capacity_per_hour


@pytest.mark.parametrize("at_end", ["finish", "stop"])
def test_a_week_in_shifts_makes_the_share_of_the_week(at_end):
    shift = Shift(name="day", start="06:00", end="14:00", days=("mon", "tue", "wed", "thu", "fri"))
    station = Station(name="S", cycle_time=70, shifts=("day",), at_shift_end=at_end)
    line = line_of(Source(name="In"), station, Sink(name="Out"), shifts=(shift,))
    (row,) = capacity_table(line)
    cycles = run(line, 7 * 86400).mean("S.parts")
    exact = row.capacity_per_hour * 168
    assert exact - 1 <= cycles <= exact + 5  # one cycle at each end of a shift, where it is finished


def test_assembly_releases_and_makes_what_the_bill_of_materials_says():
    line = line_of(
        Source(name="A", mix={"a": 1}),
        Source(name="B", mix={"b": 1}),
        Buffer(name="Shelf", capacity=4),
        Station(name="Kit", cycle_time=10, components={"a": 2, "b": 1}, makes="c"),
        Sink(name="Out"),
        connections=(*chain("A", "Shelf", "Kit", "Out"), *chain("B", "Kit")),
        products=tuple(Product(name=name) for name in "abc"),
    )
    evaluation = run(line, 36000, warm_up=600)
    (row,) = capacity_table(line)
    assert released_per_hour(evaluation) == pytest.approx(row.capacity_per_hour, rel=0.005)
    assert evaluation.mean("parts_out") / evaluation.mean("released") == pytest.approx(
        traffic(line).parts_out, rel=0.005
    )


def test_cutting_multiplies_parts():
    line = line_of(
        Source(name="In", mix={"rod": 1}),
        Station(name="Saw", cycle_time=10, yields={"long": 1, "short": 3}),
        Buffer(name="Q", capacity=20),
        Station(name="Mill", cycle_time=3),
        Sink(name="Out"),
        products=tuple(Product(name=name) for name in ("rod", "long", "short")),
    )
    evaluation = run(line, 36000, warm_up=600)
    per_hour = evaluation.mean("Saw.parts") * 3600 / 35400
    assert per_hour == pytest.approx(predicted_bottleneck(line).capacity_per_hour, rel=0.005)
    assert predicted_bottleneck(line).station == "Mill"


def test_rework_with_a_limit_visits_as_often_as_calculated():
    test = Inspection(detection=0.9, false_alarm=0.05, rejects="route")
    line = line_of(
        Source(name="In", mix={"x": 0.6, "y": 0.4}),
        Station(name="Test", cycle_time=1, defect_rate=0.2, inspection=test),
        Buffer(name="Again"),
        Station(name="Fix", cycle_time=1),
        Buffer(name="Fixed"),
        Station(name="Polish", cycle_time=1),
        Sink(name="Out"),
        connections=(
            *chain("In", "Test"),
            Connection(source="Test", target="Again", quality="rejected", limit=2),
            Connection(source="Test", target="Out", quality="passed", products=("x",)),
            Connection(source="Test", target="Polish", quality="passed", products=("y",)),
            *chain("Again", "Fix", "Fixed", "Test"),
            *chain("Polish", "Out"),
        ),
        products=(Product(name="x"), Product(name="y")),
    )
    evaluation = run(line, 6000, replications=20)
    flow = traffic(line)
    for name in ("Fix", "Test", "Polish"):
        ratio = evaluation[f"{name}.parts"] / evaluation["released"]
        error = ratio.std(ddof=1) / len(ratio) ** 0.5
        assert ratio.mean() == pytest.approx(flow.visits[name], abs=3.5 * error + 0.001)


@pytest.mark.parametrize("rule", ["first_ready", "shortest_queue", "round_robin"])
def test_no_rule_makes_more_than_the_capacities_say(rule):
    line = line_of(
        Source(name="In"),
        Buffer(name="Q", capacity=4, routing=rule),
        Station(name="Fast", cycle_time=4),
        Station(name="Slow", cycle_time=10),
        Sink(name="Out"),
        connections=(*chain("In", "Q", "Fast", "Out"), *chain("Q", "Slow", "Out")),
    )
    made = run(line, 36000, warm_up=600).mean("throughput")
    bound = predicted_bottleneck(line).capacity_per_hour
    assert made <= bound * 1.005
    if rule != "shortest_queue":  # it lets the fast one wait for the slow one now and then
        assert made == pytest.approx(bound, rel=0.005)
