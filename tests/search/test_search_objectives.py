"""Objectives, constraints and the budget."""

import math
import pickle

import numpy as np
import pytest
from search_fakes import evaluation, line_of

from opt_twin.errors import ObjectiveError, OptionError
from opt_twin.search import Budget, Constraint, Objective, objective_named

LINE = line_of(2)
SEEN = evaluation(LINE, 0, throughput=[10.0, 12.0], wip=[3.0, 5.0])


def margin(seen):
    return seen.mean("throughput") - seen.mean("wip")


def places(line):
    return sum(buffer.capacity for buffer in line.buffers)


def test_an_objective_is_a_measure_or_a_function_of_the_evaluation_or_of_the_line():
    assert objective_named("throughput", "max").score(SEEN, LINE) == 11
    assert Objective("margin", margin, "max", "EUR").score(SEEN, LINE) == 7
    assert Objective("places", places, on="line").score(SEEN, LINE) == 4
    assert Objective("whole", lambda _: np.int64(3)).score(SEEN, LINE) == 3.0


def test_units_of_common_measures_are_known_and_can_be_replaced():
    assert objective_named("lead_time").unit == "s"
    assert objective_named("M1.blocked").unit == ""
    assert objective_named("wip", unit="bottles").unit == "bottles"


def test_a_function_at_the_top_of_a_module_travels():
    assert pickle.loads(pickle.dumps(objective_named("wip"))) == objective_named("wip")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (lambda _: math.nan, "objective 'profit' is nan at B1.capacity=3, M1.speed=1.5. Maybe it divides"),
        (lambda _: -math.inf, "objective 'profit' is -inf"),
        (lambda _: None, "returned None at B1.capacity=3, M1.speed=1.5. It must return one number"),
        (lambda _: True, "returned True"),
        (lambda _: "12", "returned '12'"),
        (lambda _: np.array([1.0]), "returned array"),
        (lambda seen: seen.mean("profit"), "raised UnknownNameError: 'profit' is not a known measure"),
        (lambda _: 1 / 0, "objective 'profit' raised ZeroDivisionError: division by zero at B1"),
        (
            "througput",
            r"raised UnknownNameError: 'througput' is not a known measure .did you mean 'throughput'",
        ),
    ],
)
def test_a_failing_objective_is_named_with_the_decisions(value, message):
    with pytest.raises(ObjectiveError, match=message):
        Objective("profit", value).score(SEEN, LINE, {"B1.capacity": 3, "M1.speed": 1.5})


def test_without_decisions_the_message_leaves_them_out():
    with pytest.raises(ObjectiveError, match=r"returned None. It must"):
        Objective("profit", lambda _: None).score(SEEN, LINE)


def test_a_constraint_is_broken_by_the_share_of_its_limit():
    assert Constraint("wip", "wip", 4).violation(SEEN, LINE) == 0
    assert Constraint("wip", "wip", 2).violation(SEEN, LINE) == 1
    assert Constraint("wip", "wip", 0).violation(SEEN, LINE) == 4
    assert Constraint("least", lambda e: -e.mean("wip"), -8).violation(SEEN, LINE) == 0.5
    assert Constraint("places", places, 2, on="line").violation(SEEN, LINE) == 1
    with pytest.raises(ObjectiveError, match="constraint 'odd' is nan"):
        Constraint("odd", lambda _: math.nan, 1).violation(SEEN, LINE)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Objective("", "wip"), "a name is missing: every objective needs one"),
        (lambda: Objective("wip", 3), "objective 'wip': the value must be a function"),
        (lambda: Objective("wip", ""), "must be a function"),
        (lambda: Objective("wip", "wip", "down"), "sense 'down' is not known"),
        (lambda: Objective("wip", "wip", on="plan"), "'plan' is not known"),
        (lambda: Objective("wip", "wip", on="line"), "on='line' needs a function of a line"),
        (lambda: Constraint("wip", "wip", math.inf), "constraint 'wip': the upper limit must be finite"),
        (lambda: Constraint("", "wip", 1), "every constraint needs one"),
    ],
)
def test_what_cannot_be_an_objective_or_constraint_is_refused(make, message):
    with pytest.raises(OptionError, match=message):
        make()


@pytest.mark.parametrize(
    ("value", "evaluations", "seconds"),
    [
        (400, 400, None),
        ("400", 400, None),
        ("60s", None, 60),
        ("2m", None, 120),
        (Budget(evaluations=3, seconds=1), 3, 1),
    ],
)
def test_a_budget_is_a_number_of_evaluations_or_a_time(value, evaluations, seconds):
    budget = Budget.of(value)
    assert (budget.evaluations, budget.seconds) == (evaluations, seconds)


def test_a_budget_reads_well():
    assert str(Budget(evaluations=3, seconds=90)) == "3 evaluations or 90 s"
    assert str(Budget(seconds=1.5)) == "1.5 s"


@pytest.mark.parametrize("value", [0, -1, True, 2.5, "0s", "soon", "5 kg", None, "0"])
def test_what_is_no_budget_is_refused(value):
    with pytest.raises(OptionError, match="budget"):
        Budget.of(value)


def test_an_empty_budget_is_refused():
    with pytest.raises(OptionError, match="needs evaluations, seconds, or both"):
        Budget()
