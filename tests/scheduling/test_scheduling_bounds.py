"""Bounds without a solver hold, and dispatching rules give the published values."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opt_twin.errors import OptionError, UnknownNameError
from opt_twin.results import Status, StopReason
from opt_twin.scheduling import (
    CLASSICAL_OBJECTIVES,
    RULES,
    Job,
    Operation,
    SchedulingInstance,
    dispatch,
    evaluate_objective,
    load_instance,
    lower_bound,
    verify,
)
from opt_twin.scheduling.bounds import heads, jackson_bound, machine_load_bound, tails
from opt_twin.scheduling.dispatching import DispatchingSolver
from opt_twin.solvers import SolveOptions
from opt_twin.testing import best_by_enumeration, infeasible_shop, random_shop


@pytest.mark.parametrize("name", ["ta01", "ta41", "ta42"])
def test_dispatching_rules_give_the_known_values(name):
    """Non-delay schedules, ties to the lowest job."""
    known = {
        "ta01": (1462, 1491, 1438, 1433),
        "ta41": (2499, 2620, 2538, 2537),
        "ta42": (2710, 2416, 2440, 2388),
    }
    found = tuple(
        dispatch(load_instance(name), rule).makespan for rule in ("SPT", "MWKR", "MOPNR", "FDD/MWKR")
    )
    assert found == known[name]


@pytest.mark.parametrize("kind", ["non-delay", "active"])
@pytest.mark.parametrize("rule", RULES)
def test_every_rule_respects_everything_but_deadlines(rule, kind):
    for seed in range(12):
        shop = random_shop(
            seed, jobs=4, machines=3, setups=seed % 2 == 0, streaming=seed % 3 == 0, dates=True
        )
        assert verify(shop, dispatch(shop, rule, kind=kind)) == ()


def test_rules_choose_what_their_name_says():
    jobs = tuple(
        Job(name=name, operations=(Operation(machine="m", duration=duration),), due=due)
        for name, duration, due in (("a", 5, 20), ("b", 3, None), ("c", 7, 9))
    )
    shop = SchedulingInstance(name="one", machines=("m",), jobs=jobs)
    order = {rule: "".join(dispatch(shop, rule).sequence("m")) for rule in RULES}
    assert order["SPT"] == order["LWKR"] == "bac"
    assert order["LPT"] == order["MWKR"] == "cab"
    assert order["EDD"] == "cab"
    assert order["MOPNR"] == order["FDD/MWKR"] == "abc"


def test_operations_without_duration_are_dispatched():
    shop = SchedulingInstance.from_matrices("zero", 2, (((0, 0), (1, 0)), ((1, 0), (0, 2))))
    for rule in RULES:
        for kind in ("non-delay", "active"):
            assert verify(shop, dispatch(shop, rule, kind=kind)) == ()


def test_unknown_rule_and_kind_are_refused():
    with pytest.raises(UnknownNameError, match="did you mean 'MWKR'"):
        dispatch(load_instance("ft06"), "MWRK")
    with pytest.raises(OptionError, match="'non-delay' or 'active'"):
        dispatch(load_instance("ft06"), kind="semi-active")


def test_jackson_schedule_on_an_example_by_hand():
    """Seven jobs, without preemption at least 50 (enumerated), with preemption 49."""
    operations = [(10, 5, 7), (13, 6, 26), (11, 7, 24), (20, 4, 21), (30, 3, 8), (0, 6, 17), (30, 2, 0)]
    assert jackson_bound(operations) == 49
    assert machine_load_bound(operations) == 0 + 33 + 0
    assert jackson_bound([]) == 0
    assert machine_load_bound([]) == 0


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 4), st.integers(-3, 6)), min_size=1, max_size=4))
@settings(deadline=None, max_examples=80)
def test_jackson_bound_is_between_the_load_and_every_sequence(operations):
    from itertools import permutations

    best = None
    for order in permutations(operations):
        time, worst = 0, None
        for head, duration, tail in order:
            time = max(time, head) + duration
            worst = time + tail if worst is None else max(worst, time + tail)
        best = worst if best is None else min(best, worst)
    assert machine_load_bound(operations) <= jackson_bound(operations) <= best
    assert jackson_bound(operations) >= max(sum(operation) for operation in operations)


@pytest.mark.parametrize("objective", CLASSICAL_OBJECTIVES)
def test_bounds_never_pass_the_optimum(objective):
    for seed, setups, streaming in product(range(8), (False, True), (False, True)):
        shop = random_shop(seed, setups=setups, streaming=streaming, dates=True)
        assert lower_bound(shop, objective) <= best_by_enumeration(shop, objective)


def test_setup_bound_is_the_cheapest_way_through_the_families():
    jobs = tuple(
        Job(name=name, operations=(Operation(machine="m", duration=1),), family=family)
        for name, family in (("a", "x"), ("b", "y"), ("c", "x"))
    )
    data = {"m": {"x": {"y": 3}, "y": {"x": 5}, "z": {"x": 2, "y": 2}}}
    shop = SchedulingInstance.from_dict(
        {"name": "s", "machines": ["m"], "jobs": [job.to_dict() for job in jobs], "setup_times": data}
    )
    assert lower_bound(shop, "total_setup_time") == 3
    assert lower_bound(shop.replace(initial_family={"m": "x"}), "total_setup_time") == 3
    assert lower_bound(shop.replace(initial_family={"m": "z"}), "total_setup_time") == 5
    assert lower_bound(shop) == 3 + 3
    nameless = shop.replace(jobs=(*shop.jobs, jobs[0].replace(name="d", family=None)))
    assert lower_bound(nameless, "total_setup_time") == 0


def test_heads_and_tails_of_a_streaming_job():
    job = Job(
        name="a",
        release=5,
        operations=(
            Operation(machine="m", duration=10, lead=2),
            Operation(machine="n", duration=4, tail=1),
            Operation(machine="o", duration=3),
        ),
    )
    assert heads(job) == ((5, 15), (7, 16), (16, 19))
    assert tails(job) == ((14, 4), (7, 3), (3, 0))
    shop = SchedulingInstance(name="s", machines=("m", "n", "o"), jobs=(job,))
    assert dispatch(shop).makespan == lower_bound(shop) == 19


def test_dispatching_solver_reports_how_it_stopped():
    shop = load_instance("ft06")
    solver = DispatchingSolver()
    full = solver.solve(shop, objective="makespan", options=SolveOptions())
    assert (full.status, full.stop_reason) == (Status.FEASIBLE, StopReason.BUDGET)
    assert full.objective == evaluate_objective(shop, full.solution())
    short = solver.solve(shop, objective="makespan", options=SolveOptions(time_limit=1e-9))
    assert short.stop_reason is StopReason.TIME_LIMIT
    assert short.objective is not None
    stopped = solver.solve(shop, objective="makespan", options=SolveOptions(), stop=lambda: True)
    assert (stopped.status, stopped.stop_reason) == (Status.FEASIBLE, StopReason.INTERRUPTED)
    proved = solver.solve(load_instance("la05"), objective="makespan", options=SolveOptions())
    assert (proved.status, proved.stop_reason) == (Status.OPTIMAL, StopReason.PROVED)


def test_schedules_that_miss_a_deadline_do_not_count():
    result = DispatchingSolver().solve(infeasible_shop(), objective="makespan", options=SolveOptions())
    assert (result.status, result.best) == (Status.UNKNOWN, None)


def test_many_families_have_a_weaker_bound():
    """With eleven families the cheapest set-up into each is counted; the walk itself would be longer."""
    names = [f"f{number:02}" for number in range(11)]
    rows = {a: {b: 1 + abs(i - j) for j, b in enumerate(names) if i != j} for i, a in enumerate(names)}
    jobs = [{"name": name, "family": name, "operations": [{"machine": "m", "duration": 1}]} for name in names]
    data = {"name": "many", "machines": ["m"], "jobs": jobs, "setup_times": {"m": rows}}
    many = SchedulingInstance.from_dict(data)
    fewer = SchedulingInstance.from_dict(data | {"jobs": jobs[:10]})
    assert lower_bound(many, "total_setup_time") == 20
    assert lower_bound(fewer, "total_setup_time") == 18
