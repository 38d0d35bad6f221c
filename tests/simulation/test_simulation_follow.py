"""A run that goes on by another plan."""

import pytest

from opt_twin.errors import PlanError
from opt_twin.line import (
    Buffer,
    Connection,
    Deterministic,
    Line,
    Order,
    Product,
    Sink,
    Source,
    Station,
    chain,
)
from opt_twin.plan import Assignment, Schedule
from opt_twin.simulation import RunSettings, Simulation


def _line(quantity=1):
    def station(name, time):
        return Station(name=name, cycle_time=Deterministic(value=time))

    return Line(
        name="cells",
        elements=(
            Source(name="In"),
            Buffer(name="Q", discipline="by_product"),
            station("A", 4),
            station("B", 6),
            Buffer(name="R", discipline="by_product"),
            station("C", 2),
            Sink(name="Out"),
        ),
        connections=(
            *chain("In", "Q"),
            Connection(source="Q", target="A", probability=0.5),
            Connection(source="Q", target="B", probability=0.5),
            *chain("A", "R"),
            *chain("B", "R"),
            *chain("R", "C", "Out"),
        ),
        products=tuple(Product(name=name) for name in "pqr"),
        orders=tuple(Order(name=name, product=name, quantity=quantity) for name in "pqr"),
    )


def _plan(**machines):
    """Return a schedule from machine -> orders in their sequence; the times only give the order."""
    return Schedule(
        assignments=tuple(
            Assignment(
                job=job, operation=0 if machine in "AB" else 1, machine=machine, start=10 * k, end=10 * k + 9
            )
            for machine, jobs in machines.items()
            for k, job in enumerate(jobs)
        )
    )


def _run(*steps, line=None, first=None):
    """Return order -> completion, when the run follows the plans at the times of `steps`."""
    simulation = Simulation(
        line or _line(), settings=RunSettings(horizon=500), plan=first or _plan(A="pqr", C="pqr")
    )
    for time, plan in steps:
        simulation.run_until(time)
        simulation.follow(plan)
    run = simulation.finish()
    return {name: run.values[f"order.{name}.completion"] for name in "pqr"}


def test_the_same_plan_again_changes_nothing():
    plan = _plan(A="pqr", C="pqr")
    assert _run() == _run((1, plan), (5, plan), (11, plan)) == {"p": 6, "q": 10, "r": 14}


def test_what_waits_is_made_in_the_new_sequence():
    """At 1 s order p runs on A; then r comes before q there."""
    assert _run((1, _plan(A="prq", C="prq"))) == {"p": 6, "r": 10, "q": 14}


def test_what_waits_in_a_queue_can_be_moved_to_another_station():
    """At 1 s p runs on A and r on B; q waits for A, and is moved behind r."""
    first = _plan(A="pq", B="r", C="pqr")
    assert _run(first=first) == {"p": 6, "r": 12, "q": 10}
    assert _run((1, _plan(A="p", B="rq", C="prq")), first=first) == {"p": 6, "r": 8, "q": 14}


def test_what_has_been_taken_cannot_be_moved():
    first = _plan(A="pq", B="r", C="pqr")
    line = _line(quantity=2)
    with pytest.raises(PlanError, match="moves operation 0 of order 'p' away from 'A'"):
        _run((1, _plan(A="q", B="rp", C="rpq")), first=first, line=line)


def test_a_run_that_was_restored_goes_on_by_the_new_plan():
    simulation = Simulation(_line(), settings=RunSettings(horizon=500), plan=_plan(A="pqr", C="pqr"))
    simulation.run_until(1)
    simulation.follow(_plan(A="prq", C="prq"))
    restored = Simulation.restore(simulation.snapshot())
    assert restored.finish().values == simulation.finish().values


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        (_plan(A="pq", C="pqr"), "leaves out operation 0 of order 'r'"),
        (_plan(A="pq", B="r", C="pqr"), "uses machine 'B', which the first one does not"),
        (_plan(X="pqr", C="pqr"), "uses machine 'X'"),
    ],
)
def test_a_plan_that_does_not_fit_is_refused(plan, message):
    with pytest.raises(PlanError, match=message):
        _run((1, plan))


def test_a_chain_cannot_go_on_by_another_plan():
    line = Line(
        name="one",
        elements=(Source(name="In"), Station(name="A", cycle_time=Deterministic(value=4)), Sink(name="Out")),
        connections=chain("In", "A", "Out"),
        products=(Product(name="p"),),
        orders=(Order(name="p", product="p", quantity=1),),
    )
    simulation = Simulation(line, plan=_plan(A="p"))
    with pytest.raises(PlanError, match="orders cannot overtake"):
        simulation.follow(_plan(A="p"))
