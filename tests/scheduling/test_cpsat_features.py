"""CP-SAT and brute force agree: every feature, every objective, on tiny random instances."""

import pytest

from opt_twin.errors import OptionError
from opt_twin.results import Status
from opt_twin.scheduling import FEATURES, OBJECTIVES, evaluate_stages, solve_schedule
from opt_twin.scheduling.cp_model import SchedulingModel
from opt_twin.scheduling.objectives import check_objective
from opt_twin.testing import brute_force_stages, random_instance

_COMPOSED = (
    "makespan, earliness_tardiness",
    "by_priority",
    "2*makespan + total_tardiness",
    "total_setup_time, total_weighted_flow_time",
)


def _means_something(instance, objective):
    try:
        check_objective(instance, objective)
    except OptionError:
        return False
    return True


def _compare(instance, objective):
    """Solve with both; the answer passes the verifier inside `solve_schedule`."""
    result = solve_schedule(instance, objective=objective, solver="cp-sat")
    found = brute_force_stages(instance, objective)
    if found is None:
        assert result.status is Status.INFEASIBLE
        return
    values, schedule = found
    assert result.status is Status.OPTIMAL
    assert evaluate_stages(instance, result.solution(), objective) == values
    assert result.bound == values[0]
    # the model accepts the schedule of the other, and finds the values of all its literals
    assert SchedulingModel(instance, objective).hint(schedule)


@pytest.mark.parametrize("feature", FEATURES)
def test_the_optimum_agrees_with_brute_force_for_each_feature(feature):
    compared = 0
    for seed in (0, 1):
        instance = random_instance(seed, features={feature})
        for objective in ("makespan", OBJECTIVES[1 + (seed + len(feature)) % (len(OBJECTIVES) - 1)]):
            if _means_something(instance, objective):
                _compare(instance, objective)
                compared += 1
    assert compared >= 2


@pytest.mark.parametrize("objective", [*OBJECTIVES, *_COMPOSED])
def test_the_optimum_agrees_with_brute_force_for_each_objective(objective):
    compared = 0
    for seed in range(60, 80):
        instance = random_instance(seed, features=None)
        if _means_something(instance, objective):
            _compare(instance, objective)
            compared += 1
        if compared == 3:
            return
    assert compared


@pytest.mark.parametrize(
    "features",
    [
        ("finite buffers", "modes"),
        ("finite buffers", "transport times", "alternative routes"),
        ("finite buffers", "set-ups"),
        ("batching machines", "set-ups"),
        ("batching machines", "closures"),
        ("batching machines", "one sequence on all machines"),
        ("modes", "set-ups"),
        ("modes", "no-wait", "transport times"),
        ("modes", "interruptible operations"),
        ("optional operations", "set-ups"),
        ("optional operations", "no-wait"),
        ("open jobs", "transport times"),
        ("open jobs", "alternative routes"),
        ("frozen operations", "set-ups", "a present time"),
        ("one sequence on groups of machines", "modes"),
        ("resources", "interruptible operations"),
        ("resources", "alternative routes"),
        ("precedences", "optional operations"),
    ],
    ids=", ".join,
)
def test_the_optimum_agrees_with_brute_force_where_features_meet(features):
    for seed in (3, 4):
        instance = random_instance(seed, features=set(features))
        for objective in ("makespan", "earliness_tardiness"):
            _compare(instance, objective)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(400, 440))
def test_the_optimum_agrees_with_brute_force_on_mixtures(seed):
    instance = random_instance(seed, features=None)
    for objective in (*OBJECTIVES, *_COMPOSED):
        if _means_something(instance, objective):
            _compare(instance, objective)
