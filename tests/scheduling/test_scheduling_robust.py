"""The choice among schedules by what becomes of them on the floor."""

import numpy as np
import pytest

from opt_twin.errors import OptionError, PlanError
from opt_twin.line import (
    Buffer,
    Deterministic,
    Exponential,
    FailureMode,
    Line,
    Order,
    Product,
    Sink,
    Source,
    Station,
    chain,
)
from opt_twin.results import Evaluation, cvar_of
from opt_twin.scheduling import candidates, robust_choice, scheduling_instance, verify
from opt_twin.scheduling.timing import orders_of
from opt_twin.simulation import RunSettings, SimulationEvaluator, simulate
from opt_twin.solvers import SolveOptions

QUICK = SolveOptions(time_limit=4)


def _line(stops=(), dues=(30, 30, 60, 60)):
    times = {"A": (3, 8, 5, 2), "B": (6, 2, 7, 4)}
    products = tuple(Product(name=f"P{number}") for number in range(4))
    stations = tuple(
        Station(
            name=name,
            cycle_time=Deterministic(value=1),
            cycle_time_by_product={p.name: t for p, t in zip(products, own, strict=True)},
            failures=stops,
        )
        for name, own in times.items()
    )
    return Line(
        name="two",
        elements=(Source(name="In"), stations[0], Buffer(name="Q"), stations[1], Sink(name="Out")),
        connections=chain("In", "A", "Q", "B", "Out"),
        products=products,
        orders=tuple(
            Order(name=f"o{number}", product=product.name, quantity=1, due=due)
            for number, (product, due) in enumerate(zip(products, dues, strict=True))
        ),
    )


class Floor:
    """A floor on which each schedule takes its planned time, and a chosen one far longer."""

    def __init__(self, line, disaster):
        self.line = line
        self.disaster = disaster
        self.asked = []

    def replicate(self, line, *, first, count, plan=None, seed):
        self.asked.append((first, count, seed))
        noise = np.random.default_rng([seed, first]).normal(size=count)
        values = plan.makespan + noise + (100.0 if orders_of(plan) == self.disaster else 0.0)
        ends = {f"order.{order.name}.completion": values for order in line.orders}
        return Evaluation(
            values={"makespan": values} | ends,
            replications=tuple(range(first, first + count)),
            seed=seed,
            horizon=1.0,
            warm_up=0.0,
            line_digest="x",
        )

    evaluate = None


def test_candidates_are_distinct_feasible_and_the_first_is_the_plan():
    instance = scheduling_instance(_line())
    found = candidates(instance, count=6, options=QUICK)
    assert found[0].origin == "plan"
    assert all(found[0].planned <= candidate.planned for candidate in found)
    orders = [tuple(sorted(orders_of(candidate.schedule).items())) for candidate in found]
    assert len(set(orders)) == len(orders) > 2
    assert all(verify(instance, candidate.schedule) == () for candidate in found)


def test_a_plan_that_fails_on_the_floor_is_not_chosen():
    line = _line()
    instance = scheduling_instance(line)
    plan = candidates(instance, count=1, options=QUICK)[0].schedule
    floor = Floor(line, orders_of(plan))
    choice = robust_choice(instance, line, floor, count=4, replications=50, options=QUICK)
    assert orders_of(choice.best) != orders_of(plan)
    assert choice.scores[-1].candidate.origin == "plan"
    assert choice.scores[-1].gain is None
    assert 90 < choice.confirmed.gain.mean < 110
    assert choice.confirmed.on_time["o0"].share == 1.0
    assert choice.scores[-1].on_time["o0"].share == 0.0


def test_the_confirmation_uses_replications_that_played_no_part_in_the_choice():
    line = _line()
    floor = Floor(line, None)
    robust_choice(scheduling_instance(line), line, floor, count=3, replications=20, seed=5, options=QUICK)
    assert set(floor.asked[:3]) == {(0, 20, 5)}
    assert set(floor.asked[3:]) == {(20, 20, 5)}


def test_the_simulator_scores_every_schedule_under_the_same_failures():
    stops = (FailureMode(time_to_failure=Exponential(mean=20.0), time_to_repair=Exponential(mean=10.0)),)
    line = _line(stops)
    instance = scheduling_instance(line)
    evaluator = SimulationEvaluator(RunSettings())
    choice = robust_choice(
        instance,
        line,
        evaluator,
        objective="total_weighted_tardiness",
        count=4,
        criterion="tail",
        replications=40,
        options=QUICK,
        buffered=(scheduling_instance(line, allowance=0.9),),
    )
    tails = [score.tail.mean for score in choice.scores]
    assert tails == sorted(tails)
    best = choice.scores[0]
    again = simulate(line, settings=RunSettings(replications=40), plan=choice.best, seed=0)
    late = sum(np.maximum(0, again[f"order.{o.name}.completion"] - o.due) for o in line.orders)
    assert best.expected.mean == pytest.approx(late.mean())
    assert best.tail.mean == pytest.approx(cvar_of(late).mean)


def test_buffered_durations_cover_their_share_of_the_work():
    """Ten cycles of 9 s with stops: mean 100, variance 200; the normal 90 % quantile of the model."""
    stop = FailureMode(
        time_to_failure=Exponential(mean=90.0), time_to_repair=Exponential(mean=10.0), clock="operation"
    )
    line = Line(
        name="one",
        elements=(
            Source(name="In"),
            Station(name="M", cycle_time=Deterministic(value=9), failures=(stop,)),
            Sink(name="Out"),
        ),
        connections=chain("In", "M", "Out"),
        products=(Product(name="P"),),
        orders=(Order(name="a", product="P", quantity=10),),
    )
    durations = [
        scheduling_instance(line, allowance=allowance, tick=0.01).jobs[0].operations[0].duration / 100
        for allowance in ("nominal", "mean", 0.9)
    ]
    assert durations == pytest.approx([90, 100, 100 + 1.2816 * 200**0.5], abs=0.02)
    made = simulate(line, settings=RunSettings(replications=40), seed=1)  # saturated: the time of 10 parts
    assert made.mean("M.busy") == pytest.approx(0.9, abs=0.01)


def test_what_the_simulator_does_not_measure_is_refused():
    line = _line()
    instance = scheduling_instance(line)
    with pytest.raises(OptionError, match="does not measure 'total_setup_time'"):
        robust_choice(instance, line, Floor(line, None), objective="total_setup_time")
    with pytest.raises(OptionError, match="a criterion is"):
        robust_choice(instance, line, Floor(line, None), criterion="best")
    with pytest.raises(OptionError, match="2 or more replications"):
        robust_choice(instance, line, Floor(line, None), replications=1)
    with pytest.raises(PlanError, match="has no orders"):
        robust_choice(instance, line.replace(orders=()), Floor(line, None))
    without = line.replace(orders=tuple(order.replace(due=None) for order in line.orders))
    with pytest.raises(OptionError, match="no order of 'two' has one"):
        robust_choice(instance, without, Floor(line, None), objective="maximum_tardiness")


@pytest.mark.parametrize(
    ("values", "level", "tail", "expected"),
    [
        (range(1, 11), 0.8, "high", 9.5),
        (range(1, 11), 0.8, "low", 1.5),
        ([5.0], 0.9, "high", 5.0),
        ([1.0, 2.0, 3.0, 4.0], 0.5, "high", 3.5),
        (range(1, 11), 0.75, "high", (0.5 * 8 + 9 + 10) / 2.5),
    ],
)
def test_the_conditional_value_at_risk_is_the_mean_of_the_worst(values, level, tail, expected):
    assert cvar_of(values, level, tail=tail).mean == pytest.approx(expected)


def test_the_interval_of_the_conditional_value_at_risk_covers():
    """Exponential values: the value at risk is ln 10, and the mean beyond it 1 more."""
    exact = np.log(10) + 1
    rng = np.random.default_rng(3)
    hits = sum(cvar_of(rng.exponential(size=400)).covers(exact) for _ in range(500))
    assert 0.90 * 500 < hits < 0.985 * 500
