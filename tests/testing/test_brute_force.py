"""The oracle that tries all schedules: closed forms, known values, and an even plainer enumeration."""

from itertools import pairwise, permutations, product

import numpy as np
import pytest

from opt_twin.errors import OptionError, UnknownNameError
from opt_twin.plan import Assignment, Schedule
from opt_twin.scheduling import (
    CLASSICAL_OBJECTIVES,
    FEATURES,
    OBJECTIVES,
    Job,
    Operation,
    SchedulingInstance,
    evaluate_objective,
    evaluate_stages,
    load_instance,
    verify,
)
from opt_twin.testing import (
    best_by_enumeration,
    brute_force,
    brute_force_stages,
    infeasible_shop,
    known_shops,
    random_instance,
    random_shop,
)


def _shop(machines, *jobs, **more):
    """Return jobs from rows of (machine, duration)."""
    made = tuple(
        Job(name=f"J{n}", operations=tuple(Operation(machine=m, duration=d) for m, d in row), **fields)
        for n, (row, fields) in enumerate(jobs)
    )
    return SchedulingInstance(name="shop", machines=tuple(machines), jobs=made, **more)


@pytest.mark.parametrize(("instance", "objective", "value"), known_shops())
def test_known_optima_are_found(instance, objective, value):
    found, schedule = brute_force(instance, objective)
    assert found == value
    assert verify(instance, schedule) == ()
    assert evaluate_objective(instance, schedule, objective) == value


def test_an_infeasible_shop_has_none():
    assert brute_force(infeasible_shop()) is None


def _johnson(times):
    """Return the least makespan of a flow shop of two machines.

    Johnson (1954), Optimal two- and three-stage production schedules with setup times included.
    """
    first = sorted((t for t in times if t[0] <= t[1]), key=lambda t: t[0])
    last = sorted((t for t in times if t[0] > t[1]), key=lambda t: -t[1])
    one = two = 0
    for a, b in first + last:
        one += a
        two = max(one, two) + b
    return two


@pytest.mark.parametrize("seed", range(4))
def test_two_machines_in_line_take_as_long_as_johnson_says(seed):
    times = np.random.default_rng(seed).integers(1, 5, size=(3, 2)).tolist()
    shop = _shop("mn", *(((("m", a), ("n", b)), {}) for a, b in times))
    assert brute_force(shop)[0] == _johnson(times)


@pytest.mark.parametrize("seed", range(4))
def test_two_open_machines_take_as_long_as_the_larger_load_or_the_longest_job(seed):
    """Gonzalez and Sahni (1976), Open shop scheduling to minimize finish time."""
    times = np.random.default_rng(seed).integers(1, 4, size=(3, 2))
    shop = _shop("mn", *(((("m", int(a)), ("n", int(b))), {"order": "open"}) for a, b in times))
    assert brute_force(shop)[0] == max(times.sum(axis=0).max(), times.sum(axis=1).max())


@pytest.mark.parametrize("seed", range(3))
def test_one_machine_keeps_to_smith_and_jackson(seed):
    """Smith (1956): weighted flow time by duration over weight. Jackson (1955): lateness by due date."""
    rng = np.random.default_rng(seed)
    rows = [
        {
            "duration": int(rng.integers(1, 5)),
            "weight": int(rng.integers(1, 4)),
            "due": int(rng.integers(1, 9)),
        }
        for _ in range(4)
    ]
    shop = _shop("m", *(((("m", r["duration"]),), {"weight": r["weight"], "due": r["due"]}) for r in rows))
    for objective, key in (
        ("total_weighted_flow_time", lambda r: r["duration"] / r["weight"]),
        ("maximum_tardiness", lambda r: r["due"]),
    ):
        time, flow, late = 0, 0, 0
        for row in sorted(rows, key=key):
            time += row["duration"]
            flow, late = flow + row["weight"] * time, max(late, time - row["due"])
        assert brute_force(shop, objective)[0] == (flow if "flow" in objective else late)


@pytest.mark.parametrize("objective", CLASSICAL_OBJECTIVES)
def test_job_shops_agree_with_the_enumeration_of_orders(objective):
    for seed in range(1, 4):
        shop = random_shop(seed, jobs=2, setups=seed % 2 == 1, dates=True, permutation=seed == 3)
        assert brute_force(shop, objective, shop.horizon() // 2 + 8)[0] == best_by_enumeration(
            shop, objective
        )


def _plain_best(instance, objective, horizon):
    """Return the best values over all modes, starts and ends whatsoever within the horizon."""
    every = []
    for name, position in instance.keys():  # noqa: SIM118 - it is no mapping
        options = instance.options(instance.job(name), position)
        ways = [None] + [
            Assignment(job=name, operation=position, machine=m.machine, start=start, end=end, mode=number)
            for number, m in enumerate(options)
            for start in range(horizon + 1)
            for end in range(start, min(horizon, start + 5) + 1)
        ]
        every.append([way for way in ways if way is not None or _optional(instance, name, position)])
    best = None
    for rows in product(*every):
        schedule = Schedule(assignments=tuple(row for row in rows if row is not None))
        if verify(instance, schedule) == ():
            values = evaluate_stages(instance, schedule, objective)
            best = values if best is None else min(best, values)
    return best


def _optional(instance, name, position):
    return instance.job(name).operations[position].may_be_left_out


@pytest.mark.parametrize("feature", FEATURES)
def test_plain_enumeration_finds_nothing_better(feature):
    """One job of two operations, or two jobs of one where two are needed for the feature to matter."""
    objective = "earliness_tardiness + energy_cost, total_deviation, makespan"
    alone = {"lot streaming", "no-wait", "networks", "open jobs", "alternative routes", "transport times"}
    for seed in range(1 if feature == "alternative routes" else 2):
        jobs, operations = (1, 2) if feature in alone or seed else (2, 1)
        try:
            shop = random_instance(
                seed, features={feature}, jobs=jobs, operations=operations, machines=2, longest=2
            )
        except OptionError:
            continue
        found = brute_force_stages(shop, objective, 5)
        assert (None if found is None else found[0]) == _plain_best(shop, objective, 5)


@pytest.mark.parametrize("seed", range(3))
def test_no_wait_is_no_better_than_blocking_and_blocking_no_better_than_room(seed):
    shop = random_instance(seed, features={"finite buffers"}, jobs=2, operations=2)
    blocking = shop.replace(buffers=dict.fromkeys(shop.machines, 0))
    free = shop.replace(buffers={})
    stiff = free.replace(jobs=tuple(job.replace(no_wait=True) for job in shop.jobs))
    values = [brute_force(one)[0] for one in (free, blocking, stiff)]
    assert values == sorted(values)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_every_measure_is_minimised_and_evaluated_alike(objective):
    """The oracle has measures of its own; it raises where they differ from those of the engine."""
    for seed in range(6):
        shop = random_instance(seed, features=None)
        if brute_force(shop, "makespan", 14) is not None:
            value, schedule = brute_force(shop, objective, 14)
            assert verify(shop, schedule) == ()
            assert evaluate_objective(shop, schedule, objective) == value


def test_orders_of_objectives_are_minimised_one_after_the_other():
    shop = random_instance(7, features={"set-ups"}, jobs=2)
    (first, second), _ = brute_force_stages(shop, "makespan, total_weighted_flow_time")
    assert first == brute_force(shop)[0]
    assert second >= brute_force(shop, "total_weighted_flow_time")[0]
    with pytest.raises(OptionError, match=r"brute_force_stages\(\) minimises them"):
        brute_force(shop, "makespan, makespan")


def test_too_many_operations_are_refused():
    with pytest.raises(OptionError, match="36 operations, too many to try all"):
        brute_force(load_instance("ft06"))


def test_random_instances_have_their_features_and_are_the_same_for_the_same_seed():
    for feature in FEATURES:
        shop = random_instance(3, features={feature})
        assert feature in shop.features
        assert random_instance(3, features={feature}) == shop
    assert {name for seed in range(100) for name in random_instance(seed, features=None).features} == set(
        FEATURES
    )


def test_features_that_do_not_exist_or_go_together_are_refused():
    with pytest.raises(UnknownNameError, match="did you mean 'set-ups'"):
        random_instance(1, features={"setups"})
    with pytest.raises(OptionError, match="do not go together"):
        random_instance(1, features={"modes", "one sequence on all machines"})


def test_all_orders_of_three_jobs_are_tried():
    """The best order of three jobs with set-ups between them, listed by hand."""
    table = {"x": {"y": 1, "z": 4}, "y": {"x": 3, "z": 1}, "z": {"x": 1, "y": 2}}
    jobs = tuple(
        Job(name=name, family=name, operations=(Operation(machine="m", duration=1),)) for name in "xyz"
    )
    shop = SchedulingInstance(name="s", machines=("m",), jobs=jobs, setup_times={"m": table})
    best = min(sum(table[a][b] for a, b in pairwise(p)) for p in permutations("xyz"))
    assert brute_force(shop, "total_setup_time", 12)[0] == best
    assert brute_force(shop, "makespan", 12)[0] == 3 + best
