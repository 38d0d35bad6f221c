"""No lower bound passes the optimum, whatever the instance has; some are known or exact."""

from itertools import permutations, product

import numpy as np
import pytest

from opt_twin.errors import OptTwinError, UnknownNameError
from opt_twin.scheduling import (
    FEATURES,
    OBJECTIVES,
    SchedulingInstance,
    load_instance,
    lower_bound,
    lower_bounds,
    parse_instance,
    solve_schedule,
)
from opt_twin.scheduling.bounds import CARLIER_NODES, parallel_bound, two_machine_bound
from opt_twin.testing import best_by_enumeration, brute_force, random_instance, random_shop

_SUMS = ("2*makespan + total_tardiness", "total_weighted_flow_time@1", "maximum_tardiness@1")


def _compared(features, seeds, objectives, **size):
    """Return how many optima were compared, after a check that no bound passes one of them."""
    compared = 0
    for seed in seeds:
        instance = random_instance(seed, features=features, **size)
        for objective in objectives:
            try:
                bounds = lower_bounds(instance, objective)
            except OptTwinError:
                continue  # it means nothing here: no due dates of that class
            best = brute_force(instance, objective, horizon=min(instance.horizon(), 18))
            if best is None:
                continue
            compared += 1
            for bound in bounds:
                assert bound.value <= best[0], (seed, objective, bound)
    return compared


@pytest.mark.parametrize("feature", FEATURES)
def test_no_bound_passes_the_optimum_with_any_feature(feature):
    size = {"operations": 1} if feature == "set-ups" else {}
    assert _compared({feature}, range(5), ("makespan", "total_weighted_flow_time"), **size) >= 4


@pytest.mark.parametrize("objective", [*OBJECTIVES, *_SUMS])
def test_no_bound_passes_the_optimum_of_any_objective(objective):
    size = {"jobs": 3, "operations": 1} if objective in {"energy_cost", "total_setup_time"} else {}
    assert _compared(None, range(100, 112), (objective,), **size) >= 1


@pytest.mark.parametrize("feature", ["alternative routes", "optional operations", "no-wait"])
def test_no_bound_passes_the_optimum_of_longer_routes(feature):
    size = {"jobs": 2, "operations": 3, "longest": 2}
    assert _compared({feature, "transport times"}, range(4), ("makespan",), **size) >= 3


def test_a_job_counts_the_shortest_of_its_routes():
    steps = [
        {"machine": "A", "duration": 3},
        {"machine": "B", "duration": 5, "route": "over B"},
        {"machine": "A", "duration": 2, "route": "over A"},
        {"machine": "C", "duration": 2, "route": "over A"},
        {"machine": "C", "duration": 1, "optional": True},
        {"machine": "C", "duration": 2},
    ]
    job = {"name": "J", "operations": steps, "release": 1, "due": 3}
    data = {"name": "routes", "machines": ["A", "B", "C"], "jobs": [job]}
    shop = SchedulingInstance.from_dict(data)
    assert lower_bound(shop) == 1 + 3 + 4 + 2 == brute_force(shop)[0]
    assert lower_bound(shop, "total_tardiness") == 7
    taken = {"job": "J", "operation": 1, "machine": "B", "start": 4, "end": 9}
    assert lower_bound(SchedulingInstance.from_dict(data | {"frozen": [taken]})) == 11


@pytest.mark.slow
@pytest.mark.parametrize("feature", FEATURES)
def test_no_bound_passes_the_optimum_of_many_instances(feature):
    size = {"operations": 1} if feature == "set-ups" else {}
    assert _compared({feature}, range(1000, 1010), OBJECTIVES, **size) >= 20


def test_bounds_hold_for_larger_shops():
    """Three jobs on two machines, all orders enumerated."""
    for seed, setups, streaming in product(range(3), (False, True), (False, True)):
        shop = random_shop(seed + 50, setups=setups, streaming=streaming, dates=True)
        for objective in ("makespan", "total_weighted_tardiness", "total_weighted_flow_time"):
            best = best_by_enumeration(shop, objective)
            assert all(bound.value <= best for bound in lower_bounds(shop, objective))


def test_classical_bounds_of_taillards_table():
    """The trivial bounds that Taillard prints beside the first instances of his job shops."""
    for name, value in (("ta01", 1005), ("ta31", 1764), ("ta51", 2760), ("ta71", 5464)):
        values = {b.name: b.value for b in lower_bounds(load_instance(name), nodes=0)}
        assert max(values["machine load"], values["longest job"]) == value


def test_bounds_come_by_name_the_largest_first():
    bounds = lower_bounds(load_instance("ft10"))
    assert len({bound.name for bound in bounds}) == len(bounds)
    values = [bound.value for bound in bounds]
    assert values == sorted(values, reverse=True)
    assert lower_bound(load_instance("ft10")) == values[0] == 808
    assert {b.name: b.where for b in bounds}["machine load"] == "machine M3"


def test_branch_and_bound_is_left_out_on_demand():
    names = [{b.name for b in lower_bounds(load_instance("ft06"), nodes=n)} for n in (0, CARLIER_NODES)]
    assert names[1] - names[0] == {"one machine"}


def test_branch_and_bound_gains_over_preemption():
    """Carlier's seven jobs as a shop: heads and tails as operations without a machine in common."""
    rows = [(10, 5, 7), (13, 6, 26), (11, 7, 24), (20, 4, 21), (30, 3, 8), (0, 6, 17), (30, 2, 0)]
    jobs = []
    for number, (head, duration, tail) in enumerate(rows):
        steps = [{"machine": "M", "duration": duration}, {"machine": f"T{number}", "duration": tail}]
        jobs.append({"name": f"J{number}", "release": head, "operations": steps})
    machines = ["M", *(f"T{number}" for number in range(7))]
    shop = SchedulingInstance.from_dict({"name": "c", "machines": machines, "jobs": jobs})
    values = {bound.name: bound.value for bound in lower_bounds(shop)}
    assert (values["one machine, preemptive"], values["one machine"]) == (49, 50)
    assert solve_schedule(shop).objective == 50


def test_two_machine_bound_is_the_best_of_all_sequences():
    rng = np.random.default_rng(7)
    for _ in range(60):
        first, lags, second = rng.integers(0, 8, size=(3, int(rng.integers(1, 6))))
        best = None
        for order in permutations(range(len(first))):
            one = two = 0
            for job in order:
                one += first[job]
                two = max(two, one + lags[job]) + second[job]
            best = two if best is None else min(best, two)
        assert two_machine_bound(first, lags, second) == best


def test_two_machine_flow_shops_meet_johnsons_bound():
    for seed in range(6):
        shop = random_shop(seed, jobs=5, permutation=True)
        found = next(bound for bound in lower_bounds(shop) if bound.name == "two machines")
        assert found.value == best_by_enumeration(shop, "makespan")


def test_parallel_bound_is_mcnaughtons_without_heads_and_tails():
    """P | pmtn | Cmax = max(longest, work / machines)."""
    rng = np.random.default_rng(11)
    for _ in range(40):
        durations = rng.integers(1, 9, size=int(rng.integers(1, 8))).tolist()
        machines = int(rng.integers(1, 4))
        wanted = max(*durations, -(-sum(durations) // machines))
        assert parallel_bound([(0, p, 0) for p in durations], machines) == wanted


def test_open_shop_bound_is_the_largest_of_loads_and_lengths():
    """Gonzalez and Sahni (1976): with two machines it is the optimum."""
    rng = np.random.default_rng(3)
    for _ in range(10):
        rows = rng.integers(1, 9, size=(4, 2)).tolist()
        jobs = [
            {
                "name": f"J{n}",
                "order": "open",
                "operations": [{"machine": m, "duration": p} for m, p in zip("AB", row, strict=True)],
            }
            for n, row in enumerate(rows)
        ]
        shop = SchedulingInstance.from_dict({"name": "open", "machines": ["A", "B"], "jobs": jobs})
        loads = [sum(row[k] for row in rows) for k in range(2)]
        assert lower_bound(shop) == max(*loads, *map(sum, rows))


def _project(operations, precedences, capacity):
    data = {
        "name": "project",
        "jobs": [{"name": "p", "order": "network", "operations": operations}],
        "precedences": [{"before": ["p", a], "after": ["p", b]} for a, b in precedences],
        "resources": [{"name": "crew", "capacity": capacity}],
    }
    return SchedulingInstance.from_dict(data)


def test_energy_refutes_what_the_load_cannot():
    """Four operations that need both workers' time in a window between a head and a tail of 5 ticks."""
    steps = [{"duration": 5}, *({"duration": 3, "demands": {"crew": 1}} for _ in range(5)), {"duration": 5}]
    free = [{"duration": 1, "demands": {"crew": 1}} for _ in range(2)]
    ties = [(0, k) for k in range(1, 6)] + [(k, 6) for k in range(1, 6)]
    values = {b.name: b.value for b in lower_bounds(_project(steps + free, ties, 2))}
    assert values["longest path"] == 13
    assert values["resource load"] == 9
    assert values["energy"] == 5 + 8 + 5


def test_operations_that_cannot_run_together_are_one_machine():
    steps = [{"duration": d, "demands": {"crew": 2}} for d in (3, 4, 5)]
    values = {b.name: b.value for b in lower_bounds(_project(steps, [(0, 1)], 3))}
    assert values["incompatible operations"] == 12
    assert values["resource load"] == 8


def test_absences_and_deliveries_delay_the_bound():
    steps = [{"duration": 4, "demands": {"crew": 2}}]
    project = _project(steps, [], 2)
    away = project.resources[0].replace(absences=({"start": 0, "end": 6, "amount": 1},))
    assert lower_bound(project.replace(resources=(away,))) >= 7
    data = project.to_dict()
    data["resources"] = [
        {"name": "crew", "kind": "consumable", "capacity": 1, "deliveries": [{"time": 9, "amount": 1}]}
    ]
    assert lower_bound(SchedulingInstance.from_dict(data)) == 13


def test_doubled_times_double_the_bounds():
    for name in ("ft06", "la02", "ft10"):
        shop = load_instance(name)
        double = shop.replace(
            jobs=tuple(
                job.replace(operations=tuple(o.replace(duration=2 * o.duration) for o in job.operations))
                for job in shop.jobs
            )
        )
        for one, two in zip(lower_bounds(shop), lower_bounds(double), strict=True):
            assert (two.name, two.value) == (one.name, 2 * one.value)


def test_a_lexicographic_order_is_bounded_by_its_first_stage():
    shop = load_instance("ft06")
    assert lower_bounds(shop, "makespan, total_weighted_flow_time") == lower_bounds(shop, "makespan")
    assert lower_bound(shop, "3*makespan") == 3 * lower_bound(shop)


def test_misspelt_objectives_are_refused():
    with pytest.raises(UnknownNameError, match="did you mean 'makespan'"):
        lower_bounds(parse_instance("1 1\n0 3\n"), "makespam")
