"""Schedules that are planned anew when the floor falls behind."""

import pytest

from opt_twin.analysis.replanning import replanned_run
from opt_twin.errors import OptionError
from opt_twin.line import (
    Buffer,
    Clock,
    Connection,
    Deterministic,
    FailureMode,
    Line,
    Order,
    Product,
    Sink,
    Source,
    Station,
    chain,
)
from opt_twin.scheduling import replanning_instance, scheduling_instance, solve_schedule, verify
from opt_twin.simulation import run_replication
from opt_twin.solvers import SolveOptions

LIMITS = SolveOptions(time_limit=10)


def _line(*failures):
    """Two equal stations side by side; the failures are those of B."""
    return Line(
        name="twins",
        elements=(
            Source(name="In"),
            Buffer(name="Q", discipline="by_product"),
            Station(name="A", cycle_time=Deterministic(value=10)),
            Station(name="B", cycle_time=Deterministic(value=10), failures=failures),
            Sink(name="Out"),
        ),
        connections=(
            *chain("In", "Q"),
            Connection(source="Q", target="A", probability=0.5),
            Connection(source="Q", target="B", probability=0.5),
            *chain("A", "Out"),
            *chain("B", "Out"),
        ),
        products=tuple(Product(name=name) for name in "pqrs"),
        orders=tuple(Order(name=name, product=name, quantity=1) for name in "pqrs"),
    )


LONG = FailureMode(
    clock=Clock.CALENDAR, time_to_failure=Deterministic(value=12), time_to_repair=Deterministic(value=200)
)


def test_a_plan_that_holds_is_never_made_anew():
    line = _line()
    instance = scheduling_instance(line)
    plan = solve_schedule(instance, options=LIMITS).solution()
    executed = replanned_run(line, instance, plan, threshold=1)
    assert executed.replans == ()
    assert executed.run.values == run_replication(line, plan=plan).values
    assert executed.run.end == plan.makespan == 20


def test_orders_in_front_of_a_broken_station_are_moved_to_its_twin():
    """B stops at 12 s in its second order for 200 s: that order ends at 220 s, the next one at 430 s.

    It has been taken by B, so it stays there; with three orders planned on B the third one is moved.
    """
    line = _line(LONG)
    instance = scheduling_instance(line)
    rows = {"p": ("B", 0), "q": ("B", 10), "r": ("B", 20), "s": ("A", 0)}
    plan = solve_schedule(instance, options=LIMITS).solution()
    modes = {"A": 0, "B": 1}
    plan = plan.replace(
        assignments=tuple(
            a.replace(
                machine=rows[a.job][0],
                mode=modes[rows[a.job][0]],
                start=rows[a.job][1],
                end=rows[a.job][1] + 10,
            )
            for a in plan.assignments
        )
    )
    assert verify(instance, plan) == ()
    kept = run_replication(line, plan=plan)
    assert kept.values["order.r.completion"] == 430
    executed = replanned_run(line, instance, plan, threshold=5, every=1)
    assert executed.replans[0].delay == pytest.approx(6, abs=1)
    assert executed.run.values["order.r.completion"] < 60
    assert executed.run.values["order.q.completion"] == 220
    assert {a.job: a.machine for a in executed.replans[0].schedule.assignments}["r"] == "A"


def test_a_threshold_must_be_above_zero():
    line = _line()
    instance = scheduling_instance(line)
    plan = solve_schedule(instance, options=LIMITS).solution()
    with pytest.raises(OptionError, match="threshold and every are above 0 s"):
        replanned_run(line, instance, plan, threshold=0)


def test_what_has_started_is_frozen_and_the_rest_keeps_clear_of_it():
    instance = scheduling_instance(_line())
    plan = solve_schedule(instance, options=LIMITS).solution()
    first = [a for a in plan.assignments if a.start == 0]
    late = {(a.job, 0): (0, 17) for a in first}
    rest = replanning_instance(instance, plan, now=12, actual=late)
    assert {(a.job, a.end) for a in rest.frozen} == {(a.job, 17) for a in first}
    assert {a.job for a in rest.planned} == {a.job for a in plan.assignments if a.start == 10}
    again = solve_schedule(rest, options=LIMITS)
    assert (again.objective, again.bound) == (27, 27)
    calm = solve_schedule(rest, objective="makespan + total_deviation", options=LIMITS)
    assert calm.objective == 27 + 2 * 7


def test_a_machine_that_is_down_takes_nothing_and_a_frozen_stretch_stays():
    instance = scheduling_instance(_line())
    plan = solve_schedule(instance, options=LIMITS).solution()
    down = replanning_instance(instance, plan, now=10, not_before={"B": 35})
    assert solve_schedule(down, options=LIMITS).objective == 30  # both that are left, on A
    still = replanning_instance(instance, plan, now=10, freeze=1)
    assert len(still.frozen) == 4
    assert solve_schedule(still, options=LIMITS).objective == 20


def test_times_that_contradict_one_another_are_moved_later():
    instance = scheduling_instance(_line())
    plan = solve_schedule(instance, options=LIMITS).solution()
    on_a = [a for a in plan.assignments if a.machine == "A"]
    rest = replanning_instance(
        instance, plan, now=25, actual={(on_a[0].job, 0): (0, 11), (on_a[1].job, 0): (10, 22)}
    )
    times = {a.job: (a.start, a.end) for a in rest.frozen}
    assert times == {on_a[0].job: (0, 11), on_a[1].job: (11, 22)}
