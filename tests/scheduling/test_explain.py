"""What is said of infeasible instances is minimal, least and true: checked by leaving out and by solving."""

import pytest

from opt_twin.plan import Assignment
from opt_twin.results import Status
from opt_twin.scheduling import (
    Absence,
    Closure,
    Job,
    Operation,
    Precedence,
    Resource,
    SchedulingInstance,
    explain_infeasibility,
    solve_schedule,
)
from opt_twin.scheduling.requirements import elements_of
from opt_twin.solvers import SolveOptions
from opt_twin.testing import brute_force, infeasible_shop, random_instance, two_job_shop


def _job(name, duration, machine="M", **more):
    return Job(name=name, operations=(Operation(machine=machine, duration=duration),), **more)


def _shop(*jobs, machines=("M",), **more):
    return SchedulingInstance(name="shop", machines=machines, jobs=jobs, **more)


def _kinds(explanation):
    return [(member.kind, member.where) for member in explanation.conflict]


def _feasible(instance):
    return brute_force(instance) is not None


def _only(instance, members):
    """Return the instance with those demands only."""
    kept = {(member.kind, member.text) for member in members}
    for element in elements_of(instance):
        if (element.kind, element.text) not in kept:
            instance = element.without(instance)
    return instance


def test_two_deadlines_that_one_machine_cannot_keep():
    explanation = explain_infeasibility(infeasible_shop())
    assert _kinds(explanation) == [("deadline", "job a"), ("deadline", "job b")]
    assert [(member.give, member.enough) for member in explanation.conflict] == [(2, True), (2, True)]
    assert (explanation.minimal, explanation.smallest) == (True, True)


def test_a_deadline_that_its_own_job_cannot_keep():
    explanation = explain_infeasibility(_shop(_job("A", 7, deadline=4), _job("B", 2, deadline=50)))
    assert _kinds(explanation) == [("deadline", "job A")]
    assert explanation.conflict[0].give == 3
    assert "job A must be complete by 4 (3 ticks later: feasible)" in str(explanation)


def test_a_closure_a_release_and_a_deadline():
    shop = _shop(_job("A", 3, release=2, deadline=8), _job("B", 9), closures={"M": [Closure(start=4, end=6)]})
    explanation = explain_infeasibility(shop)
    assert {kind for kind, _ in _kinds(explanation)} == {"closure", "deadline", "release"}
    give = {member.kind: member.give for member in explanation.conflict}
    assert give == {"closure": None, "deadline": 1, "release": 1}
    assert "M is closed from 4 to 6 (without it: feasible)" in str(explanation)


def test_frozen_operations_that_overlap():
    frozen = [
        Assignment(job=name, operation=0, machine="M", start=start, end=start + 4)
        for name, start in (("A", 1), ("B", 3))
    ]
    explanation = explain_infeasibility(_shop(_job("A", 4), _job("B", 4), _job("C", 1), frozen=frozen))
    assert [kind for kind, _ in _kinds(explanation)] == ["frozen operation", "frozen operation"]
    assert all(member.enough and member.give is None for member in explanation.conflict)


def test_a_maximum_time_lag_says_how_much_more():
    shop = _shop(
        _job("A", 5),
        _job("B", 3),
        _job("C", 2, machine="N", release=20),
        machines=("M", "N"),
        precedences=[
            Precedence(before=("A", 0), after=("C", 0)),
            Precedence(before=("C", 0), after=("A", 0), kind="start-start", lag=-12),
            Precedence(before=("A", 0), after=("B", 0)),
        ],
        frozen=[Assignment(job="A", operation=0, machine="M", start=0, end=5)],
    )
    explanation = explain_infeasibility(shop)
    kinds = {member.kind: member.give for member in explanation.conflict}
    assert kinds == {"maximum time lag": 8, "release": 8, "frozen operation": None}


def test_a_job_without_waits_and_a_busy_machine():
    jobs = (
        Job(
            name="A",
            operations=(Operation(machine="M", duration=2), Operation(machine="N", duration=2)),
            no_wait=True,
            deadline=9,
        ),
        _job("B", 2),
    )
    shop = _shop(
        *jobs, machines=("M", "N"), closures={"M": [Closure(start=2, end=5)], "N": [Closure(start=1, end=3)]}
    )
    assert solve_schedule(shop, solver="cp-sat").status is Status.OPTIMAL
    tight = shop.replace(jobs=(jobs[0].replace(deadline=8), jobs[1]))
    explanation = explain_infeasibility(tight)
    kinds = [member.kind for member in explanation.conflict]
    assert "no-wait" in kinds
    assert "deadline" in kinds


def test_absences_are_named():
    shop = _shop(
        Job(name="A", operations=(Operation(duration=4, demands={"crew": 2}),), deadline=6, order="network"),
        resources=[Resource(name="crew", capacity=2, absences=[Absence(start=2, end=3, amount=1)])],
        machines=(),
    )
    explanation = explain_infeasibility(shop)
    assert set(_kinds(explanation)) == {("absence", "crew"), ("deadline", "job A")}


def test_what_no_demand_explains_is_said():
    shop = _shop(
        _job("A", 3),
        _job("B", 3),
        precedences=[
            Precedence(before=("A", 0), after=("B", 0), kind="start-start", lag=2),
            Precedence(before=("B", 0), after=("A", 0), kind="start-start", lag=1),
        ],
    )
    explanation = explain_infeasibility(shop)
    assert (explanation.status, explanation.conflict) == ("infeasible", ())
    assert "whatever the deadlines" in str(explanation)


def test_a_feasible_instance_needs_no_explanation():
    assert explain_infeasibility(two_job_shop()).status == "feasible"
    assert str(explain_infeasibility(two_job_shop())) == "two jobs is feasible"


def test_no_time_is_unknown():
    assert explain_infeasibility(infeasible_shop(), options=SolveOptions(time_limit=1e-9)).status == "unknown"


def test_two_conflicts_are_told_apart():
    """No extension of one deadline is enough when another job is late in any case."""
    shop = _shop(_job("A", 7, deadline=4), _job("B", 9, machine="N", deadline=5), machines=("M", "N"))
    explanation = explain_infeasibility(shop)
    assert len(explanation.conflict) == 1
    assert not explanation.conflict[0].enough
    assert "more stands in the way" in str(explanation)


def test_the_smallest_conflict_is_found_beside_a_larger_one():
    pair = [_job(name, 4, deadline=13) for name in "ABCD"]  # four on one machine: none can be left out
    shop = _shop(*pair, _job("E", 6, machine="N", deadline=5), machines=("M", "N"))
    explanation = explain_infeasibility(shop)
    assert _kinds(explanation) == [("deadline", "job E")]
    assert explanation.smallest


@pytest.mark.parametrize("features", [("deadlines", "closures"), ("deadlines", "frozen operations")])
def test_conflicts_of_random_instances_are_minimal_and_give_the_least(features):
    found = 0
    for seed in range(40):
        instance = random_instance(seed, features=set(features))
        tight = instance.replace(
            jobs=tuple(
                job if job.deadline is None else job.replace(deadline=max(1, job.deadline - 6))
                for job in instance.jobs
            )
        )
        if _feasible(tight):
            continue
        explanation = explain_infeasibility(tight)
        members = explanation.conflict
        assert explanation.minimal
        assert not _feasible(_only(tight, members))
        for member in members:
            others = [other for other in members if other is not member]
            assert _feasible(_only(tight, others))
            if member.kind == "deadline":
                (element,) = [e for e in elements_of(tight) if e.text == member.text]
                inside = _only(tight, members)
                assert _feasible(element.looser(inside, member.give))
                assert not _feasible(element.looser(inside, member.give - 1))
        found += 1
        if found == 4:
            return
    assert found
