"""Fronts of two objectives are exact: compared with brute force, and with themselves turned round."""

import pytest

from opt_twin.errors import OptionError, UnknownNameError
from opt_twin.scheduling import load_instance, pareto_schedules, solve_schedule, verify
from opt_twin.solvers import SolveOptions
from opt_twin.testing import brute_force_stages, infeasible_shop, random_instance, random_shop


@pytest.mark.parametrize("seed", range(3))
def test_a_front_begins_and_ends_with_the_lexicographic_best(seed):
    shop = random_instance(seed, features={"modes"})
    pair = "makespan", "total_weighted_tardiness"
    front = pareto_schedules(shop, *pair)
    assert front.exact
    assert front.values[0] == brute_force_stages(shop, ", ".join(pair))[0]
    assert front.values[-1] == brute_force_stages(shop, ", ".join(reversed(pair)))[0][::-1]
    assert all(verify(shop, schedule) == () for _, schedule in front)


@pytest.mark.parametrize("seed", range(3))
def test_a_front_turned_round_is_the_same(seed):
    shop = random_shop(seed, jobs=4, machines=2, setups=True, dates=True)
    one = pareto_schedules(shop, "total_setup_time", "total_weighted_tardiness")
    other = pareto_schedules(shop, "total_weighted_tardiness", "total_setup_time")
    assert one.exact
    assert other.exact
    assert one.values == tuple(values[::-1] for values in reversed(other.values))


def test_no_weighted_sum_is_below_the_front():
    shop = random_shop(1, jobs=4, machines=2, setups=True, dates=True)
    front = pareto_schedules(shop, "makespan", "total_setup_time")
    for one, other in ((1, 1), (1, 5), (4, 1)):
        best = solve_schedule(shop, objective=f"{one}*makespan + {other}*total_setup_time").objective
        assert min(one * a + other * b for a, b in front.values) == best


def test_an_infeasible_instance_has_an_empty_front():
    front = pareto_schedules(infeasible_shop(), "makespan", "total_weighted_flow_time")
    assert (len(front), front.exact) == (0, True)


def test_without_time_a_front_is_not_exact():
    front = pareto_schedules(
        load_instance("ft10"), "makespan", "total_weighted_flow_time", options=SolveOptions(time_limit=0.4)
    )
    assert not front.exact


def test_objectives_of_a_front_are_checked():
    shop = random_shop(1)
    with pytest.raises(OptionError, match="several stages"):
        pareto_schedules(shop, "makespan, total_setup_time", "makespan")
    with pytest.raises(UnknownNameError, match="did you mean 'makespan'"):
        pareto_schedules(shop, "makespan", "make_span")
