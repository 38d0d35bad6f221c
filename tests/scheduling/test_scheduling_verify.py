"""The verifier: it accepts what is feasible and names everything that is not."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opt_twin.errors import OptionError, PlanError, UnknownNameError
from opt_twin.plan import Assignment, Schedule
from opt_twin.scheduling import (
    CLASSICAL_OBJECTIVES,
    Job,
    Operation,
    SchedulingInstance,
    dispatch,
    evaluate_objective,
    left_shifted,
    lower_bound,
    verify,
)
from opt_twin.scheduling.verify import RULES
from opt_twin.testing import random_shop, two_job_shop


def _schedule(*rows, tick=1.0):
    return Schedule(
        assignments=tuple(
            Assignment(job=job, operation=position, machine=machine, start=start, end=end)
            for job, position, machine, start, end in rows
        ),
        tick=tick,
    )


GOOD = (("J1", 0, "M1", 0, 3), ("J1", 1, "M2", 3, 7), ("J2", 0, "M2", 0, 2), ("J2", 1, "M1", 3, 7))


def _rules(instance, schedule):
    return [violation.rule for violation in verify(instance, schedule)]


def test_a_feasible_schedule_has_no_violation():
    assert verify(two_job_shop(), _schedule(*GOOD)) == ()
    assert evaluate_objective(two_job_shop(), _schedule(*GOOD)) == 7


@pytest.mark.parametrize(
    ("rows", "rules"),
    [
        (GOOD[:3], ["missing operation"]),
        ((*GOOD, ("J3", 0, "M1", 9, 10)), ["unknown job"]),
        ((*GOOD, ("J1", 2, "M1", 9, 10)), ["unknown operation"]),
        ((*GOOD, ("J2", 1, "M1", 7, 11)), ["duplicate operation"]),
        ((*GOOD[:3], ("J2", 1, "M2", 7, 11)), ["machine"]),
        ((*GOOD[:3], ("J2", 1, "M1", 3, 6)), ["duration"]),
        ((*GOOD[:3], ("J2", 1, "M1", 3, 9)), ["duration"]),
        ((*GOOD[:3], ("J2", 1, "M1", 2, 6)), ["overlap"]),
        ((GOOD[0], ("J1", 1, "M2", 2, 6), *GOOD[2:]), ["precedence"]),
    ],
)
def test_each_broken_rule_is_named(rows, rules):
    assert _rules(two_job_shop(), _schedule(*rows)) == rules


def test_all_violations_are_reported_not_the_first_one():
    found = _rules(two_job_shop(), _schedule(("J1", 0, "M1", 0, 9), ("J2", 1, "M1", 1, 2), tick=2.0))
    assert set(found) == {"tick", "missing operation", "duration", "overlap"}
    assert found.count("missing operation") == 2
    assert set(found) <= set(RULES)


def test_a_violation_says_where_and_by_how_much():
    rows = (*GOOD[:3], ("J2", 1, "M1", 2, 6))
    (violation,) = verify(two_job_shop(), _schedule(*rows))
    assert violation.where == "machine M1: jobs J1 and J2"
    assert violation.amount == 1
    assert "J1, operation 0 runs 0 to 3" in violation.message


def _saw(**changes):
    job = {
        "name": "a",
        "operations": [{"machine": "saw", "duration": 3}],
        "family": "oak",
        "release": 2,
        "deadline": 9,
    }
    other = {"name": "b", "operations": [{"machine": "saw", "duration": 3}], "family": "pine"}
    data = {
        "name": "saw",
        "machines": ["saw"],
        "jobs": [job, other],
        "setup_times": {"saw": {"oak": {"pine": 2}, "pine": {"oak": 4}}},
        "initial_family": {"saw": "pine"},
    }
    return SchedulingInstance.from_dict(data | changes)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (4, 9, []),
        (3, 9, ["setup"]),
        (4, 8, ["setup"]),
        (1, 9, ["release", "setup"]),
        (7, 0, ["deadline"]),
        (7, 2, ["deadline", "setup"]),
    ],
)
def test_releases_deadlines_and_setups_are_checked(a, b, expected):
    schedule = _schedule(("a", 0, "saw", a, a + 3), ("b", 0, "saw", b, b + 3))
    assert _rules(_saw(), schedule) == expected


def test_setups_count_from_the_initial_family():
    schedule = _schedule(("a", 0, "saw", 4, 7), ("b", 0, "saw", 9, 12))
    assert evaluate_objective(_saw(), schedule, "total_setup_time") == 6
    assert evaluate_objective(_saw(initial_family={}), schedule, "total_setup_time") == 2


def _streaming():
    operations = (Operation(machine="m", duration=10, lead=2), Operation(machine="n", duration=5, tail=1))
    return SchedulingInstance(name="s", machines=("m", "n"), jobs=(Job(name="a", operations=operations),))


@pytest.mark.parametrize(
    ("start", "end", "rules"),
    [
        (2, 11, []),
        (6, 11, []),
        (2, 10, ["precedence"]),
        (1, 11, ["precedence"]),
        (7, 11, ["duration"]),
        (7, 12, []),
    ],
)
def test_lot_streaming_lets_an_operation_wait_for_pieces(start, end, rules):
    schedule = _schedule(("a", 0, "m", 0, 10), ("a", 1, "n", start, end))
    assert _rules(_streaming(), schedule) == rules


def test_operations_without_duration_may_stand_at_the_border_of_another():
    jobs = tuple(
        Job(name=name, operations=(Operation(machine="m", duration=duration),))
        for name, duration in (("a", 5), ("b", 0))
    )
    shop = SchedulingInstance(name="z", machines=("m",), jobs=jobs)
    for at, rules in ((0, []), (5, []), (3, ["overlap"])):
        assert _rules(shop, _schedule(("a", 0, "m", 0, 5), ("b", 0, "m", at, at))) == rules


@given(
    st.integers(0, 30),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["drop", "repeat", "earlier", "shorter", "machine", "job"]),
    st.data(),
)
@settings(deadline=None, max_examples=120)
def test_a_mutated_schedule_is_caught(seed, setups, streaming, change, data):
    """Left-shifted schedules have no slack: whatever moves to the left, shrinks, or is lost is noticed."""
    instance = random_shop(seed, jobs=4, machines=3, setups=setups, streaming=streaming, dates=True)
    schedule = dispatch(instance, data.draw(st.sampled_from(["SPT", "MWKR", "EDD"])))
    assert verify(instance, schedule) == ()
    rows = list(schedule.assignments)
    index = data.draw(st.integers(0, len(rows) - 1))
    chosen = rows[index]
    if change == "drop":
        rows.pop(index)
    elif change == "repeat":
        rows.append(chosen)
    elif change == "earlier" and chosen.start > 0:
        rows[index] = chosen.replace(start=chosen.start - 1, end=chosen.end - 1)
    elif change == "earlier" or change == "shorter":
        duration = instance.job(chosen.job).operations[chosen.operation].duration
        rows[index] = chosen.replace(end=chosen.start + duration - 1)
    elif change == "machine":
        others = [machine for machine in instance.machines if machine != chosen.machine]
        rows[index] = chosen.replace(machine=data.draw(st.sampled_from(others)))
    else:
        rows[index] = chosen.replace(job="nobody")
    assert verify(instance, schedule.replace(assignments=tuple(rows))) != ()


@given(st.integers(0, 40), st.booleans(), st.booleans(), st.integers(1, 9))
@settings(deadline=None, max_examples=60)
def test_left_shift_repairs_delay_and_worsens_nothing(seed, setups, streaming, delay):
    instance = random_shop(seed, jobs=4, machines=3, setups=setups, streaming=streaming, dates=True)
    schedule = dispatch(instance)
    late = schedule.replace(
        assignments=tuple(a.replace(start=a.start + delay, end=a.end + delay) for a in schedule.assignments)
    )
    assert verify(instance, late) == ()
    assert left_shifted(instance, late) == schedule
    for objective in CLASSICAL_OBJECTIVES:
        value = evaluate_objective(instance, schedule, objective)
        assert lower_bound(instance, objective) <= value <= evaluate_objective(instance, late, objective)


def test_orders_that_contradict_the_routes_are_left_alone():
    crossed = _schedule(
        ("J1", 1, "M2", 0, 4), ("J2", 0, "M2", 4, 6), ("J2", 1, "M1", 0, 4), ("J1", 0, "M1", 4, 7)
    )
    assert left_shifted(two_job_shop(), crossed) is crossed


def test_an_objective_needs_a_whole_schedule_and_a_known_name():
    with pytest.raises(PlanError, match="verify"):
        evaluate_objective(two_job_shop(), _schedule(*GOOD[:3]))
    with pytest.raises(UnknownNameError, match="did you mean 'makespan'"):
        evaluate_objective(two_job_shop(), _schedule(*GOOD), "makespam")
    with pytest.raises(UnknownNameError, match="did you mean 'makespan'"):
        lower_bound(two_job_shop(), "makespam")
    with pytest.raises(OptionError, match="needs due dates, and no job of 'two jobs' has one"):
        lower_bound(two_job_shop(), "maximum_tardiness")


def test_tardiness_and_flow_time_are_weighted():
    jobs = tuple(
        Job(name=name, operations=(Operation(machine="m", duration=4),), due=due, weight=weight, release=rel)
        for name, due, weight, rel in (("a", 3, 2, 0), ("b", 5, 3, 1), ("c", None, 1, 0))
    )
    shop = SchedulingInstance(name="w", machines=("m",), jobs=jobs)
    schedule = _schedule(("a", 0, "m", 0, 4), ("b", 0, "m", 4, 8), ("c", 0, "m", 8, 12))
    values = [evaluate_objective(shop, schedule, objective) for objective in CLASSICAL_OBJECTIVES]
    assert values == [12, 2 * 1 + 3 * 3, 3, 2 * 4 + 3 * 7 + 12, 0]
