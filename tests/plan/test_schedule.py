"""Schedules and what a verifier says of them."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opt_twin.errors import ModelError
from opt_twin.plan import Assignment, Schedule, Violation


def assigned(job, operation, machine, start, end):
    return Assignment(job=job, operation=operation, machine=machine, start=start, end=end)


SCHEDULE = Schedule(
    assignments=(
        assigned("B", 0, "M2", 0, 4),
        assigned("A", 1, "M2", 4, 6),
        assigned("A", 0, "M1", 0, 3),
        assigned("B", 1, "M1", 4, 9),
    ),
    tick=0.5,
)


def test_a_schedule_is_in_the_order_of_start():
    assert [(a.start, a.machine, a.job) for a in SCHEDULE.assignments] == [
        (0, "M1", "A"),
        (0, "M2", "B"),
        (4, "M1", "B"),
        (4, "M2", "A"),
    ]


def test_a_schedule_answers_by_machine_and_job():
    assert SCHEDULE.makespan == 9
    assert SCHEDULE.machines == ("M1", "M2")
    assert SCHEDULE.sequence("M2") == ("B", "A")
    assert [a.start for a in SCHEDULE.on_machine("M1")] == [0, 4]
    assert [a.machine for a in SCHEDULE.of_job("A")] == ["M1", "M2"]
    assert SCHEDULE.on_machine("M9") == ()


def test_an_empty_schedule_ends_at_once():
    assert Schedule(assignments=()).makespan == 0


@given(st.permutations(SCHEDULE.assignments))
def test_the_order_in_which_it_is_given_does_not_matter(assignments):
    again = Schedule(assignments=tuple(assignments), tick=0.5)
    assert again == SCHEDULE
    assert again.digest() == SCHEDULE.digest()


def test_a_schedule_makes_the_round_trip():
    assert Schedule.from_dict(SCHEDULE.to_dict()) == SCHEDULE
    assert pickle.loads(pickle.dumps(SCHEDULE)) == SCHEDULE
    assert SCHEDULE.replace(tick=1).digest() != SCHEDULE.digest()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"start": 5, "end": 4}, "operation 0 of job 'A' ends before it starts"),
        ({"start": -1}, "greater than or equal to 0"),
        ({"operation": -1}, "greater than or equal to 0"),
        ({"end": 4.5}, "valid integer"),
    ],
)
def test_an_impossible_assignment_is_refused(change, message):
    fields = {"job": "A", "operation": 0, "machine": "M1", "start": 0, "end": 9} | change
    with pytest.raises(ModelError, match=message):
        Assignment(**fields)


def test_a_tick_is_longer_than_nothing():
    with pytest.raises(ModelError, match="greater than 0"):
        Schedule(assignments=(), tick=0)


def test_a_violation_reads_as_a_sentence():
    violation = Violation(rule="overlap", where="machine M1: jobs 3 and 5", amount=2, message="both run at 7")
    assert str(violation) == "overlap at machine M1: jobs 3 and 5: both run at 7"
