"""A schedule is executed by its sequence, and the run ends when every order is complete."""

import pytest

from opt_twin.errors import PlanError, SimulationError
from opt_twin.line import (
    Buffer,
    Exponential,
    FailureMode,
    Inspection,
    Order,
    Product,
    Sink,
    Source,
    Station,
)
from opt_twin.plan import Assignment, Schedule
from opt_twin.simulation import RunSettings, SimulationEvaluator, run_replication, simulate


def schedule(*jobs, machines=("S1",)):
    return Schedule(
        assignments=tuple(
            Assignment(job=job, operation=0, machine=machine, start=i, end=i + 1)
            for machine in machines
            for i, job in enumerate(jobs)
        )
    )


ORDERS = (
    Order(name="one", product="a", quantity=3, due=10.0),
    Order(name="two", product="b", quantity=2, due=30.0, release=4.0),
)
PRODUCTS = (Product(name="a", price=2.0), Product(name="b", price=5.0))


@pytest.fixture
def line(line_of):
    return line_of(
        Source(name="In", interarrival=Exponential(mean=100), limit=1),
        Station(name="S1", cycle_time=2.0, cycle_time_by_product={"b": 4.0}, setup_times={"a": {"b": 3.0}}),
        Buffer(name="B1", capacity=2),
        Station(name="S2", cycle_time=3.0),
        Sink(name="Out"),
        products=PRODUCTS,
        orders=ORDERS,
    )


def test_the_orders_are_released_in_the_sequence_of_the_plan(line):
    """Order one: 2, 4, 6 and 5, 8, 11; set-up until 9; order two: 13, 17 and 16, 20."""
    found = simulate(line, plan=schedule("one", "two"), settings=RunSettings(replications=2))
    assert list(found["order.one.completion"]) == [11.0, 11.0]
    assert found.mean("makespan") == found.mean("order.two.completion") == 20.0
    assert found.mean("total_tardiness") == found.mean("maximum_tardiness") == 1.0
    assert found.mean("orders_on_time") == 0.5
    assert found.mean("S2.busy") == pytest.approx(15 / 20)
    assert found.mean("revenue") == 16.0
    assert found.units["order.one.completion"] == "s"
    assert found.plan_digest == schedule("one", "two").digest()


def test_no_order_starts_before_its_release(line):
    """Order two may start at 4 s only: 4 + 4, 12 and 11, 15; then order one without set-up."""
    run = run_replication(line, plan=schedule("two", "one"), log=True)
    starts = [
        (event.time, event.order) for event in run.events if event.element == "S1" and event.kind == "start"
    ]
    assert starts == [(4.0, "two"), (8.0, "two"), (12.0, "one"), (14.0, "one"), (16.0, "one")]
    assert run.end == run.values["makespan"] == 24.0


def test_all_machines_must_have_one_sequence(line):
    plan = Schedule(
        assignments=(
            *schedule("one", "two").assignments,
            *schedule("two", "one", machines=("S2",)).assignments,
        )
    )
    with pytest.raises(PlanError, match="'S1' and 'S2' differ at position 1: 'one' and 'two'"):
        run_replication(line, plan=plan)
    short = Schedule(
        assignments=(*schedule("one", "two").assignments, *schedule("one", machines=("S2",)).assignments)
    )
    with pytest.raises(PlanError, match="position 2: 'two' and nothing"):
        run_replication(line, plan=short)


def test_a_plan_names_what_is_in_the_line(line):
    with pytest.raises(PlanError, match=r"no such order \(did you mean 'two'\?\)"):
        run_replication(line, plan=schedule("one", "tow"))
    with pytest.raises(PlanError, match="does not say when to make order 'two'"):
        run_replication(line, plan=schedule("one"))
    with pytest.raises(PlanError, match=r"machine 'S9' \(did you mean 'S2'\?\)|machine 'S9'"):
        run_replication(line, plan=schedule("one", "two", machines=("S9",)))
    with pytest.raises(PlanError, match="has no orders"):
        run_replication(line.replace(orders=()), plan=schedule("one"))


def test_a_server_may_be_named_as_a_machine(line):
    assert run_replication(line, plan=schedule("one", "two", machines=("S1#1", "S2"))).end == 20.0


def test_a_plan_is_for_runs_without_warm_up(line):
    with pytest.raises(PlanError, match="set warm_up to 0"):
        run_replication(line, plan=schedule("one", "two"), settings=RunSettings(warm_up=5))


def test_the_horizon_is_a_cap(line):
    with pytest.raises(SimulationError, match="1 of 2 orders are not complete by the horizon of 12 s"):
        run_replication(line, plan=schedule("one", "two"), settings=RunSettings(horizon=12))


def test_a_run_that_takes_no_time_is_refused(line):
    line = line.with_values(
        {"S1.cycle_time": 0.0, "S1.cycle_time_by_product": {}, "S1.setup_times": {}, "S2.cycle_time": 0.0}
    ).replace(orders=(ORDERS[0],))
    with pytest.raises(SimulationError, match="took no time"):
        run_replication(line, plan=schedule("one"))


def packing(line_of, *, quantities=(5, 4), first=None, **fields):
    return line_of(
        Source(name="In"),
        first or Station(name="S1", cycle_time=1.0),
        Buffer(name="B1", capacity=10),
        Station(name="Pack", cycle_time=2.0, batch_size=3, **fields),
        Sink(name="Out"),
        products=PRODUCTS,
        orders=tuple(
            Order(name=name, product=product, quantity=quantity)
            for name, product, quantity in zip(("one", "two"), "ab", quantities, strict=True)
        ),
    )


def test_a_batch_holds_one_order_only_and_closes_short(line_of):
    """5 + 4 units in threes: 3, 2, 3, 1; the last unit of an order closes its batch."""
    run = run_replication(packing(line_of), plan=schedule("one", "two"), log=True)
    sizes = {}
    for event in run.events:
        if event.kind == "join":
            sizes[event.batch] = sizes.get(event.batch, 0) + 1
    assert list(sizes.values()) == [3, 2, 3, 1]
    assert run.values["order.one.completion"] == 7.0
    assert run.values["makespan"] == 12.0
    assert run.values["parts_out"] == 4


def test_a_batch_does_not_wait_for_units_that_were_scrapped(line_of):
    """Whatever the inspection rejects, every order completes."""
    first = Station(name="S1", cycle_time=1.0, defect_rate=0.5, inspection=Inspection())
    line = packing(line_of, quantities=(20, 20), first=first)
    for seed in range(10):
        run = run_replication(line, plan=schedule("two", "one"), seed=seed)
        assert run.values["released"] == 40
        assert 0 < run.values["scrapped"] < 40
        assert run.end < 100


def test_an_order_of_which_everything_is_scrapped_is_complete(line_of):
    first = Station(name="S1", cycle_time=1.0, defect_rate=1.0, inspection=Inspection())
    run = run_replication(packing(line_of, first=first), plan=schedule("one", "two"))
    assert run.values["order.one.completion"] == 5.0
    assert run.end == 9.0
    assert run.values["parts_out"] == 0


def test_orders_that_overtake_each_other_in_parallel_servers_complete(line_of):
    """A part of another order closes a batch before its order is through."""
    first = Station(name="S1", cycle_time=Exponential(mean=3.0), servers=4)
    failures = (FailureMode(time_to_failure=Exponential(mean=10), time_to_repair=Exponential(mean=5)),)
    line = packing(line_of, quantities=(7, 8), first=first, servers=2, failures=failures)
    sizes = set()
    for seed in range(20):
        run = run_replication(line, plan=schedule("one", "two"), seed=seed, log=True)
        members = {}
        for event in run.events:
            if event.kind == "join":
                members.setdefault(event.batch, set()).add(event.order)
        assert all(len(orders) == 1 for orders in members.values())
        sizes.add(len(members))
    assert len(sizes) > 1


def test_the_evaluator_executes_plans_too(line):
    evaluator = SimulationEvaluator(RunSettings(replications=3))
    found = evaluator.evaluate(line, plan=schedule("one", "two"), seed=5)
    assert found.mean("makespan") == 20.0
    assert found.digest() == evaluator.evaluate(line, plan=schedule("one", "two"), seed=5).digest()
