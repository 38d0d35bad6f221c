"""Losses by station and state, and what a part costs."""

import numpy as np
import pytest

from opt_twin.analysis import losses, unit_cost
from opt_twin.errors import EvaluationError
from opt_twin.line import (
    Buffer,
    Exponential,
    FailureMode,
    Inspection,
    Line,
    MicroStop,
    Product,
    Sink,
    Source,
    Station,
    chain,
)
from opt_twin.results import STATES, Evaluation
from opt_twin.simulation import RunSettings, simulate


def evaluation(line, shares, **more):
    values = {f"{s.name}.{state}": [0.0, 0.0] for s in line.stations for state in STATES}
    values |= {name: [share, share] for name, share in shares.items()}
    return Evaluation(
        values=values | more, replications=(0, 1), seed=0, horizon=7200.0, warm_up=3600.0, line_digest=""
    )


def packing(**station):
    return Line(
        name="packing",
        elements=(
            Source(name="In", mix={"tube": 1}),
            Station(
                name="Fill",
                cycle_time=4,
                defect_rate=0.2,
                inspection=Inspection(),
                failures=(FailureMode(time_to_failure=100, time_to_repair=10),),
                micro_stops=(MicroStop(probability=0.5, duration=1),),
                **station,
            ),
            Station(name="Pack", cycle_time=9, batch_size=10),
            Sink(name="Out"),
        ),
        connections=chain("In", "Fill", "Pack", "Out"),
        products=(Product(name="tube", material_cost=2.0, price=60.0),),
    )


def test_lost_time_becomes_minutes_parts_and_money():
    line = packing(servers=2)
    found = losses(line, evaluation(line, {"Fill.failed": 0.1, "Fill.micro_stop": 0.25, "Pack.starved": 0.5}))
    assert [(loss.station, loss.state) for loss in found] == [
        ("Fill", "micro_stop"),
        ("Fill", "failed"),
        ("Pack", "starved"),
    ]
    failed = found[1]
    assert failed.share == pytest.approx(0.1)
    assert failed.minutes == pytest.approx(12)  # two machines, one hour after the warm-up
    assert failed.hours == pytest.approx(0.2)
    # 720 s / 4 s are 180 tubes, of which 4 in 5 pass: 14.4 cases, each worth 60 less 12.5 tubes of material
    assert failed.parts == pytest.approx(14.4)
    assert failed.money == pytest.approx(14.4 * (60 - 25))
    assert found[2].parts == pytest.approx(1800 / 9)


def test_waiting_for_people_is_lost_and_time_off_shift_is_not():
    line = packing()
    found = losses(line, evaluation(line, {"Fill.waiting_for_crew": 0.1, "Fill.off_shift": 0.5}))
    assert [(loss.station, loss.state) for loss in found] == [("Fill", "waiting_for_crew")]


def test_what_an_assembly_station_loses_is_counted_in_what_it_makes():
    line = Line(
        name="kits",
        elements=(
            Source(name="A", mix={"a": 1}),
            Source(name="B", mix={"b": 1}),
            Station(name="Kit", cycle_time=10, components={"a": 2, "b": 1}, makes="c"),
            Sink(name="Shelf"),
        ),
        connections=(*chain("A", "Kit", "Shelf"), *chain("B", "Kit")),
        products=(
            Product(name="a", material_cost=1),
            Product(name="b", material_cost=3),
            Product(name="c", price=9),
        ),
    )
    (loss,) = losses(line, evaluation(line, {"Kit.failed": 0.5}))
    assert loss.parts == pytest.approx(180)
    assert loss.money == pytest.approx(180 * (9 - 2 * 1 - 3))


def test_a_station_that_loses_nothing_is_not_listed():
    line = packing()
    assert losses(line, evaluation(line, {"Fill.busy": 1.0})) == ()


def test_without_products_money_is_zero():
    line = packing().replace(products=(Product(name="tube"),))
    (loss,) = losses(line, evaluation(line, {"Fill.failed": 0.1}))
    assert loss.money == 0
    assert loss.parts > 0


def test_a_line_without_good_parts_loses_time_but_no_parts():
    line = packing().with_value("Fill.defect_rate", 1.0)
    (loss,) = losses(line, evaluation(line, {"Fill.failed": 0.1}))
    assert (loss.parts, loss.money) == (0, 0)
    assert loss.hours == pytest.approx(0.1)


def test_losses_of_a_simulated_bottleneck_and_what_it_made_add_up_to_its_plain_capacity():
    line = Line(
        name="one",
        elements=(
            Source(name="In"),
            Station(
                name="A",
                cycle_time=5,
                failures=(
                    FailureMode(time_to_failure=Exponential(mean=300), time_to_repair=Exponential(mean=40)),
                ),
            ),
            Buffer(name="B", capacity=3),
            Station(name="C", cycle_time=2),
            Sink(name="Out"),
        ),
        connections=chain("In", "A", "B", "C", "Out"),
    )
    result = simulate(line, settings=RunSettings(horizon=36000, replications=4))
    lost = sum(loss.parts for loss in losses(line, result) if loss.station == "A")
    assert lost + result.mean("A.parts") == pytest.approx(36000 / 5, abs=2)


def test_a_part_costs_what_all_runs_cost_over_all_good_parts():
    line = packing()
    result = evaluation(
        line, {}, material_cost=[100.0, 140.0], conversion_cost=[50.0, 50.0], good_parts=[10.0, 30.0]
    )
    estimate = unit_cost(result)
    assert estimate.mean == pytest.approx(340 / 40)
    assert estimate.half_width > 0


def test_the_interval_of_the_unit_cost_covers_the_true_ratio_about_as_often_as_it_says():
    rng = np.random.default_rng(2)
    hits = 0
    for _ in range(400):
        good = rng.normal(100, 10, 30)
        cost = 200 + 3 * good + rng.normal(0, 5, 30)
        result = Evaluation(
            values={"material_cost": cost, "conversion_cost": np.zeros(30), "good_parts": good},
            replications=tuple(range(30)),
            seed=0,
            horizon=1.0,
            warm_up=0.0,
            line_digest="",
        )
        hits += unit_cost(result).covers(5.0)
    assert 0.91 <= hits / 400 <= 0.98


def test_no_good_part_has_no_cost():
    line = packing()
    result = evaluation(line, {}, material_cost=[1.0, 1.0], conversion_cost=[0.0, 0.0], good_parts=[0.0, 0.0])
    with pytest.raises(EvaluationError, match="no good part"):
        unit_cost(result)
