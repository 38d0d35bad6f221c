"""Objectives: what they measure, how they are written, and when they mean nothing."""

import pytest

from opt_twin.errors import ModelError, OptionError, PlanError, UnknownNameError
from opt_twin.plan import Assignment, Schedule
from opt_twin.scheduling import (
    CLASSICAL_OBJECTIVES,
    OBJECTIVES,
    SchedulingInstance,
    check_objective,
    evaluate_objective,
    evaluate_stages,
    parse_objective,
)
from opt_twin.scheduling.objectives import evaluate_term
from opt_twin.scheduling.timing import left_shifted, schedule_of
from opt_twin.testing import brute_force, random_instance, two_job_shop


def _shop(**more):
    """Return jobs a, b, c of 4, 4 and 2 ticks on m and n; c does not count, a may skip its second step."""
    data = {
        "name": "shop",
        "machines": ["m", "n"],
        "jobs": [
            {
                "name": "a",
                "operations": [
                    {"machine": "m", "duration": 4, "power": 2},
                    {"machine": "n", "duration": 1, "optional": True, "skip_cost": 7},
                ],
                "due": 3,
                "weight": 2,
                "earliness_weight": 5,
                "priority": 2,
                "family": "red",
            },
            {
                "name": "b",
                "operations": [{"machine": "m", "duration": 4, "power": 1}],
                "due": 12,
                "weight": 3,
                "earliness_weight": 1,
                "release": 1,
                "family": "blue",
            },
            {"name": "c", "operations": [{"machine": "m", "duration": 2}], "due": 1, "counts": False},
        ],
        "tariff": [{"start": 2, "price": 10}, {"start": 5, "price": 1}],
        "setup_times": {"m": {"red": {"blue": 1}}},
        "planned": [{"job": "b", "operation": 0, "machine": "m", "start": 7, "end": 11}],
    }
    return SchedulingInstance.from_dict(data | more)


def _plan(*rows):
    return Schedule(
        assignments=tuple(
            Assignment(job=job, operation=position, machine=machine, start=start, end=end)
            for job, position, machine, start, end in rows
        )
    )


PLAN = _plan(("a", 0, "m", 0, 4), ("b", 0, "m", 5, 9), ("c", 0, "m", 20, 22))
VALUES = {
    "makespan": 9,  # c does not count
    "total_weighted_tardiness": 2 * 1,
    "maximum_tardiness": 1,
    "total_weighted_flow_time": 2 * 4 + 3 * 8,
    "total_setup_time": 1,
    "total_tardiness": 1,
    "weighted_number_tardy": 2,
    "earliness_tardiness": 2 * 1 + 1 * 3,
    "energy_cost": 2 * (10 + 10) + 1 * 4,  # a pays in ticks 2 and 3, b from 5 on
    "total_deviation": 2,
    "skip_cost": 7,
}


def test_every_measure_has_the_value_that_its_definition_gives():
    assert {name: evaluate_objective(_shop(), PLAN, name) for name in OBJECTIVES} == VALUES
    assert set(CLASSICAL_OBJECTIVES) < set(OBJECTIVES)


def test_a_job_of_which_nothing_is_done_is_not_looked_at():
    job = {"name": "z", "operations": [{"machine": "m", "duration": 1, "optional": True}], "release": 90}
    shop = _shop(jobs=[*_shop().to_dict()["jobs"], job])
    assert evaluate_objective(shop, PLAN) == 9
    assert evaluate_objective(shop, PLAN, "total_weighted_flow_time") == VALUES["total_weighted_flow_time"]


def test_deviation_counts_starts_machines_and_the_horizon_for_what_is_left_out():
    shop = _shop(
        planned=[
            {"job": "a", "operation": 1, "machine": "n", "start": 7, "end": 8},
            {"job": "b", "operation": 0, "machine": "m", "start": 3, "end": 7},
        ]
    )
    assert evaluate_objective(shop, PLAN, "total_deviation") == shop.horizon() + 2
    moved = _plan(("a", 0, "m", 0, 4), ("b", 0, "n", 5, 9), ("c", 0, "m", 20, 22), ("a", 1, "n", 9, 10))
    assert evaluate_objective(shop, moved, "total_deviation") == 2 + (2 + 1)


def test_skips_are_counted_on_the_route_that_is_taken():
    steps = [
        {"machine": "m", "duration": 1, "route": "x"},
        {"machine": "m", "duration": 1, "route": "x", "optional": True, "skip_cost": 3},
        {"machine": "n", "duration": 1, "route": "y", "optional": True, "skip_cost": 5},
        {"machine": "n", "duration": 1, "optional": True, "skip_cost": 11},
    ]
    shop = SchedulingInstance.from_dict(
        {"name": "s", "machines": ["m", "n"], "jobs": [{"name": "a", "operations": steps}]}
    )
    for rows, cost in (
        ((("a", 0, "m", 0, 1),), 3 + 11),
        ((("a", 0, "m", 0, 1), ("a", 1, "m", 1, 2)), 11),
        ((("a", 2, "n", 0, 1), ("a", 3, "n", 1, 2)), 0),
        ((("a", 3, "n", 1, 2),), 5),  # y is taken by doing nothing
    ):
        assert evaluate_objective(shop, _plan(*rows), "skip_cost") == cost


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("3*makespan + total_weighted_tardiness", (3 * 9 + 2,)),
        (" makespan , 2 * total_setup_time+makespan", (9, 11)),
        ("total_weighted_flow_time@2", (8,)),
        ("makespan@0+4*makespan@2", (9 + 16,)),
        ("by_priority", (2, 0)),
        ("makespan, by_priority", (9, 2, 0)),
    ],
)
def test_sums_orders_and_classes_are_read(text, values):
    assert evaluate_stages(_shop(), PLAN, text) == values
    parsed = parse_objective(_shop(), text)
    assert evaluate_stages(_shop(), PLAN, str(parsed)) == values
    assert parse_objective(_shop(), str(parsed)) == parsed


def test_by_priority_goes_through_the_classes_with_due_dates_from_the_highest_on():
    assert str(parse_objective(_shop(), "by_priority")) == (
        "total_weighted_tardiness@2, total_weighted_tardiness@0"
    )
    assert str(parse_objective(two_job_shop(), "by_priority")) == "total_weighted_tardiness"


def test_only_a_single_measure_is_a_single_term():
    shop = _shop()
    assert str(parse_objective(shop, "makespan@2").only_term) == "makespan@2"
    for text in ("2*makespan", "makespan, makespan", "makespan+makespan"):
        assert parse_objective(shop, text).only_term is None
    term = parse_objective(shop, "2*makespan").stages[0][0]
    assert evaluate_term(shop, PLAN, term) == 9


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("makespam", UnknownNameError, "did you mean 'makespan'"),
        ("makespan, 2*total_tardines", UnknownNameError, "'total_tardiness'.*at character 11 of"),
        ("", OptionError, "there is no measure at character 1 of ''"),
        ("makespan,", OptionError, "there is no measure at character 10"),
        ("makespan++makespan", OptionError, "there is no measure at character 10"),
        ("2.5*makespan", OptionError, "'2.5' at character 1 .* is not a factor, a whole number from 1"),
        ("-1*makespan", OptionError, "is not a factor"),
        ("0*makespan", OptionError, "is not a factor"),
        ("*makespan", OptionError, "is not a factor"),
        ("9999999999*makespan", OptionError, "is not a factor"),
        ("2*3*makespan", OptionError, "is no term"),
        ("makespan@2@2", OptionError, "is no term"),
        ("makespan@high", OptionError, "'high' at character 1 .* is not a priority"),
        ("makespan@7", OptionError, "no job has the priority 7 at character 1 .* there are 0, 2"),
        ("total_setup_time@2", OptionError, "is not over jobs"),
        ("2*by_priority", OptionError, "by_priority at character 1 .* stands alone"),
        ("by_priority + makespan", OptionError, "stands alone"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(text, error, message):
    with pytest.raises(error, match=message):
        parse_objective(_shop(), text)


@pytest.mark.parametrize(
    ("text", "changes", "message"),
    [
        ("skip_cost", {"jobs": two_job_shop().to_dict()["jobs"], "machines": ["M1", "M2"]}, "optional"),
        ("energy_cost", {"tariff": []}, "has no tariff"),
        ("energy_cost", {"jobs": [_shop().to_dict()["jobs"][2]], "planned": []}, "needs powers"),
        ("total_deviation", {"planned": []}, "needs an earlier plan"),
        ("makespan, 2*total_deviation", {"planned": []}, "needs an earlier plan"),
        ("1000000000*total_weighted_flow_time", {"tick": 1.0, "now": 2**39}, "larger than"),
    ],
)
def test_an_objective_that_means_nothing_is_refused(text, changes, message):
    if "jobs" in changes:
        changes = {"planned": [], "setup_times": {}} | changes
    with pytest.raises(OptionError, match=message):
        check_objective(_shop(**changes), text)


@pytest.mark.parametrize("name", [name for name in OBJECTIVES if "tard" in name])
def test_lateness_needs_due_dates_of_jobs_that_count(name):
    check_objective(_shop(), name)
    jobs = [job | {"due": None} if job["name"] != "c" else job for job in _shop().to_dict()["jobs"]]
    with pytest.raises(OptionError, match="needs due dates, and no job of 'shop' has one"):
        check_objective(_shop(jobs=jobs), name)
    jobs[0]["due"] = 5
    check_objective(_shop(jobs=jobs), f"{name}@2")
    with pytest.raises(OptionError, match="no job of 'shop' of priority 0 has one"):
        check_objective(_shop(jobs=jobs), f"{name}@0")


def test_a_lexicographic_objective_has_no_single_value():
    with pytest.raises(OptionError, match=r"has 2 values; evaluate_stages\(\)"):
        evaluate_objective(_shop(), PLAN, "makespan, makespan")


@pytest.mark.parametrize(
    "rows",
    [
        PLAN.assignments[:2],
        (*PLAN.assignments, PLAN.assignments[0]),
        (*PLAN.assignments, PLAN.assignments[0].replace(job="nobody")),
        (*PLAN.assignments, PLAN.assignments[0].replace(operation=5)),
        (PLAN.assignments[0].replace(mode=3), *PLAN.assignments[1:]),
    ],
)
def test_a_schedule_that_is_not_whole_has_no_value(rows):
    with pytest.raises(PlanError, match="verify"):
        evaluate_objective(_shop(), Schedule(assignments=rows))


def test_prices_before_the_first_step_are_nothing_and_the_last_one_stays():
    for start, cost in ((0, 20), (1, 30), (4, 10 + 3), (100, 4)):
        plan = _plan(("a", 0, "m", 0, 4), ("b", 0, "m", start, start + 4), ("c", 0, "m", 20, 22))
        assert evaluate_objective(_shop(), plan, "energy_cost") == 2 * 20 + cost


def test_schedules_are_made_of_what_is_done_in_the_modes_that_are_chosen():
    shop = random_instance(1, features={"modes", "optional operations"})
    value, best = brute_force(shop, "makespan + skip_cost")
    times = {(a.job, a.operation): (a.start, a.end) for a in best.assignments}
    modes = {(a.job, a.operation): a.mode for a in best.assignments}
    made = schedule_of(shop, times, modes)
    assert made.assignments == best.assignments
    assert evaluate_objective(shop, made, "makespan + skip_cost") == value
    with pytest.raises(PlanError, match="no times for operation 0 of job 'J1'"):
        schedule_of(two_job_shop(), {})
    with pytest.raises(PlanError, match="has no mode 1, only 0 to 0"):
        schedule_of(two_job_shop(), {("J1", 0): (0, 3)}, {("J1", 0): 1})


def test_what_the_orders_alone_do_not_time_is_not_shifted():
    late = PLAN.replace(
        assignments=tuple(a.replace(start=a.start + 3, end=a.end + 3) for a in PLAN.assignments)
    )
    assert left_shifted(_shop(), late) is late


def test_records_of_objectives_are_validated():
    with pytest.raises(ModelError):
        parse_objective(_shop(), "makespan").stages[0][0].replace(factor=0)
