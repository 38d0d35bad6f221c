"""CP-SAT on instances whose optimum is published, or follows from a formula."""

from itertools import pairwise, permutations

import numpy as np
import pytest

from opt_twin.results import Status
from opt_twin.scheduling import (
    Job,
    Mode,
    Operation,
    SchedulingInstance,
    load_instance,
    solve_schedule,
)
from opt_twin.solvers import SolveOptions


def _solved(instance, objective="makespan", time_limit=60, workers=1):
    result = solve_schedule(
        instance,
        objective=objective,
        solver="cp-sat",
        options=SolveOptions(time_limit=time_limit, workers=workers),
    )
    assert result.status is Status.OPTIMAL
    return result.objective


def _no_wait(instance):
    return instance.replace(jobs=tuple(job.replace(no_wait=True) for job in instance.jobs))


def _blocking(instance, places=0):
    return instance.replace(buffers=dict.fromkeys(instance.machines, places))


def _reversed(instance):
    return instance.replace(
        jobs=tuple(job.replace(operations=tuple(reversed(job.operations))) for job in instance.jobs)
    )


def _flow_shop(times, **more):
    """Return a flow shop; times[machine][job]."""
    names = [f"M{number + 1}" for number in range(len(times))]
    return SchedulingInstance(
        name="flow shop",
        machines=names,
        jobs=tuple(
            Job(
                name=f"J{job + 1}",
                operations=[
                    Operation(machine=name, duration=int(row[job]))
                    for name, row in zip(names, times, strict=True)
                ],
            )
            for job in range(len(times[0]))
        ),
        **more,
    )


def _random_times(seed, jobs, machines, longest=20):
    return np.random.default_rng(seed).integers(1, longest + 1, size=(machines, jobs)).tolist()


# published values


def test_ft06_without_waits_is_73_and_with_blocking_63():
    """Mascis and Pacciarelli (2002); blocking with swap."""
    shop = load_instance("ft06")
    assert _solved(_no_wait(shop)) == 73
    assert _solved(_blocking(shop)) == 63
    assert _solved(_blocking(_reversed(shop))) == 63
    assert 55 <= _solved(_blocking(shop, 1)) <= 63


@pytest.mark.slow
def test_la01_without_waits_is_971_and_with_blocking_793():
    shop = load_instance("la01")
    assert _solved(_no_wait(shop), time_limit=300, workers=2) == 971
    assert _solved(_blocking(shop), time_limit=300, workers=2) == 793


def test_ta001_is_1278():
    shop = load_instance("ta001")
    assert [job.operations[0].duration for job in shop.jobs[:4]] == [54, 83, 15, 71]
    assert _solved(shop, workers=2) == 1278


def test_ta001_without_waits_is_1486():
    assert _solved(_no_wait(load_instance("ta001").replace(permutation=False)), workers=2) == 1486


@pytest.mark.parametrize(
    ("name", "optimum"), [("ta4x4_1", 193), ("ta4x4_2", 236), ("ta5x5_1", 300), ("ta7x7_1", 435)]
)
def test_open_shops_of_taillard_have_their_published_optimum(name, optimum):
    assert _solved(load_instance(name)) == optimum


@pytest.mark.parametrize(("name", "optimum"), [("mk01", 40), ("mk02", 26), ("mk03", 204), ("mk04", 60)])
def test_flexible_shops_of_brandimarte_have_their_published_optimum(published, name, optimum):
    assert _solved(load_instance(published / "fjsp" / f"{name}.txt"), workers=2) == optimum


@pytest.mark.parametrize("name", ["j301_5", "j309_1", "j3013_1", "j3029_1", "j3045_1"])
def test_projects_of_psplib_are_not_shorter_than_bound_and_critical_path(published, name):
    project = load_instance(published / "rcpsp" / f"{name}.sm")
    result = solve_schedule(project, solver="cp-sat", options=SolveOptions(time_limit=8, workers=2))
    free = project.replace(resources=[r.replace(capacity=10**6) for r in project.resources])
    assert _solved(free) <= result.bound <= result.objective


# formulas


@pytest.mark.parametrize("seed", range(4))
def test_two_machine_flow_shops_follow_the_rule_of_johnson(seed):
    """Johnson (1954): jobs with a <= b by a upwards, then the others by b downwards."""
    times = _random_times(seed, 7, 2)
    pairs = list(zip(*times, strict=True))
    order = sorted((p for p in pairs if p[0] <= p[1]), key=lambda p: p[0])
    order += sorted((p for p in pairs if p[0] > p[1]), key=lambda p: -p[1])
    first = second = 0
    for a, b in order:
        first += a
        second = max(first, second) + b
    assert _solved(_flow_shop(times)) == _solved(_flow_shop(times, permutation=True)) == second


@pytest.mark.parametrize("seed", range(4))
def test_two_machine_open_shops_take_the_longest_job_or_machine(seed):
    """Gonzalez and Sahni (1976)."""
    times = np.array(_random_times(seed, 6, 2))
    shop = _flow_shop(times)
    shop = shop.replace(jobs=tuple(job.replace(order="open") for job in shop.jobs))
    assert _solved(shop) == max(times.sum(axis=0).max(), times.sum(axis=1).max())


@pytest.mark.parametrize("seed", range(3))
def test_two_machine_flow_shops_without_waits_are_a_shortest_round_trip(seed):
    """Gilmore and Gomory (1964); here by trying all orders."""
    times = _random_times(seed, 6, 2)
    pairs = list(zip(*times, strict=True))

    def length(order):
        total = order[0][0]
        for before, after in pairwise(order):
            total += max(before[1], after[0])
        return total + order[-1][1]

    assert _solved(_no_wait(_flow_shop(times))) == min(map(length, permutations(pairs)))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("objective", ["makespan", "total_weighted_flow_time"])
def test_flow_shops_without_waits_are_the_best_of_all_sequences(seed, objective):
    """Each job is pushed as near to the one before as the machines allow."""
    times = _random_times(seed, 5, 3)
    jobs = list(zip(*times, strict=True))

    def ends(order):
        free, found = [0, 0, 0], []
        for job in order:
            heads = [0, job[0], job[0] + job[1]]
            start = max(f - h for f, h in zip(free, heads, strict=True))
            free = [start + h + d for h, d in zip(heads, job, strict=True)]
            found.append(free[-1])
        return found

    total = max if objective == "makespan" else sum
    wanted = min(total(ends(order)) for order in permutations(jobs))
    for permutation in (False, True):
        assert _solved(_no_wait(_flow_shop(times, permutation=permutation)), objective) == wanted


@pytest.mark.parametrize("seed", range(3))
def test_single_machines_follow_the_rules_of_smith_jackson_and_moore(seed):
    rng = np.random.default_rng(seed)
    jobs = [
        Job(
            name=f"J{number}",
            operations=[Operation(machine="M", duration=int(rng.integers(1, 10)))],
            weight=int(rng.integers(1, 5)),
            due=int(rng.integers(5, 30)),
        )
        for number in range(7)
    ]
    shop = SchedulingInstance(name="one machine", machines=["M"], jobs=jobs)

    def ends(order):
        return zip(order, np.cumsum([job.operations[0].duration for job in order]).tolist(), strict=True)

    by_ratio = sorted(jobs, key=lambda job: job.operations[0].duration / job.weight)
    assert _solved(shop, "total_weighted_flow_time") == sum(job.weight * end for job, end in ends(by_ratio))
    by_due = sorted(jobs, key=lambda job: job.due)
    assert _solved(shop, "maximum_tardiness") == max(0, *(end - job.due for job, end in ends(by_due)))
    kept = []
    for job in by_due:  # Moore and Hodgson: drop the longest whenever one is late
        kept.append(job)
        if sum(one.operations[0].duration for one in kept) > job.due:
            kept.remove(max(kept, key=lambda one: one.operations[0].duration))
    same = shop.replace(jobs=tuple(job.replace(weight=1) for job in jobs))
    assert _solved(same, "weighted_number_tardy") == len(jobs) - len(kept)


@pytest.mark.parametrize("seed", range(3))
def test_parallel_machines_share_the_flow_time_by_the_shortest_first(seed):
    """Conway, Maxwell and Miller (1967): the k-th longest job counts ceil(k / m) times."""
    durations = sorted(np.random.default_rng(seed).integers(1, 20, size=8).tolist(), reverse=True)
    machines = ["A", "B", "C"]
    shop = SchedulingInstance(
        name="parallel",
        machines=machines,
        jobs=[
            Job(name=f"J{n}", operations=[Operation(modes=[Mode(machine=m, duration=d) for m in machines])])
            for n, d in enumerate(durations)
        ],
    )
    wanted = sum(duration * (number // 3 + 1) for number, duration in enumerate(durations))
    assert _solved(shop, "total_weighted_flow_time") == wanted


def test_an_oven_of_one_family_is_filled_with_the_longest_first():
    """Bartholdi (1988), as in Brucker et al. (1998): full batches of the longest jobs, for the makespan."""
    durations = [9, 8, 7, 4, 3, 2, 2]
    oven = SchedulingInstance(
        name="oven",
        machines=["oven"],
        batching={"oven": 3},
        jobs=[
            Job(name=f"J{n}", operations=[Operation(machine="oven", duration=d)])
            for n, d in enumerate(durations)
        ],
    )
    assert _solved(oven) == 9 + 4 + 2
