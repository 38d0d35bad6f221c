"""The search for job shops and flexible job shops: optima, schedules that hold, one path for one seed."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import product

import numpy as np
import pytest

from opt_twin.errors import OptionError, PlanError
from opt_twin.scheduling import (
    Job,
    Operation,
    SchedulingInstance,
    dispatch,
    load_instance,
    lower_bound,
    verify,
)
from opt_twin.scheduling.local_search.job_shop import (
    ShopArrays,
    schedule_from,
    sequences_of,
    shop_arrays,
)
from opt_twin.scheduling.local_search.job_shop_search import JobShopSearch, search

SMALL = ShopArrays.from_options(2, [[[(0, 3)], [(1, 2)]], [[(1, 4), (0, 6)], [(0, 1)]]])


def ends(shop, sequences, options):
    """Makespan of sequences by repeated passes over all operations, with nothing of the search in it."""
    job = np.repeat(np.arange(shop.jobs), np.diff(shop.first))
    machine = {o: m for m, line in enumerate(sequences) for o in line}
    place = {o: k for line in sequences for k, o in enumerate(line)}
    assert sorted(machine) == list(range(shop.operations))
    end = dict.fromkeys(machine, 0)
    for _ in range(shop.operations + 1):
        for o in machine:
            same_job = o > shop.first[job[o]]
            ahead = end[o - 1] if same_job else int(shop.release[job[o]])
            line, k = sequences[machine[o]], place[o]
            free = end[line[k - 1]] if k else int(shop.free[machine[o]])
            end[o] = max(ahead, free) + options[o][machine[o]]
    return max(end[int(last) - 1] + int(d) for last, d in zip(shop.first[1:], shop.delivery, strict=True))


def options_of(shop):
    return [
        {int(shop.option_machine[k]): int(shop.option_duration[k]) for k in range(a, b)}
        for a, b in zip(shop.option[:-1], shop.option[1:], strict=True)
    ]


def linear_orders(counts):
    """All words with `counts[j]` letters j."""
    if not any(counts):
        yield ()
    for job, count in enumerate(counts):
        if count:
            rest = [*counts[:job], count - 1, *counts[job + 1 :]]
            for word in linear_orders(rest):
                yield (job, *word)


def brute_force(shop):
    """The least makespan over all linear orders and options."""
    options, best = options_of(shop), 10**9
    words = list(linear_orders([int(c) for c in np.diff(shop.first)]))
    for chosen in product(*(list(option.items()) for option in options)):
        for word in words:
            ready, free = [int(r) for r in shop.release], [int(f) for f in shop.free]
            following = [int(f) for f in shop.first[:-1]]
            for job in word:
                machine, ticks = chosen[following[job]]
                following[job] += 1
                ready[job] = free[machine] = max(ready[job], free[machine]) + ticks
            best = min(best, max(r + int(d) for r, d in zip(ready, shop.delivery, strict=True)))
    return best


def found(shop, seed=0, slices=4, **keywords):
    path = JobShopSearch(shop, seed=seed, population=4, patience=300, **keywords)
    for _ in range(slices):
        path.advance()
    return path


def test_the_smallest_flexible_shop_is_solved():
    path = found(SMALL)
    assert path.value == brute_force(SMALL) == 6
    assert ends(SMALL, path.sequences, options_of(SMALL)) == 6


@pytest.mark.parametrize("seed", range(4))
def test_random_job_shops_of_three_jobs_are_solved_to_the_optimum_of_all_orders(seed):
    rng = np.random.default_rng(seed)
    shop = ShopArrays.from_options(
        3,
        [[[(int(m), int(rng.integers(0, 9)))] for m in rng.permutation(3)] for _ in range(3)],
        release=[int(x) for x in rng.integers(0, 6, 3)],
        delivery=[int(x) for x in rng.integers(0, 6, 3)],
        free=[int(x) for x in rng.integers(0, 6, 3)],
    )
    path = found(shop, slices=12)
    assert path.value == brute_force(shop) == ends(shop, path.sequences, options_of(shop))


@pytest.mark.parametrize("seed", range(6))
def test_random_flexible_shops_are_solved_to_the_optimum_of_all_orders_and_options(seed):
    rng = np.random.default_rng(seed)
    shop = ShopArrays.from_options(
        3,
        [
            [
                [(int(m), int(rng.integers(1, 9))) for m in rng.choice(3, rng.integers(1, 4), replace=False)]
                for _ in range(2)
            ]
            for _ in range(3)
        ],
    )
    path = found(shop, slices=12)
    assert path.value == brute_force(shop) == ends(shop, path.sequences, options_of(shop))


@pytest.mark.parametrize(("name", "optimum"), [("ft06", 55), ("la01", 666), ("ft10", 930)])
def test_known_optima_are_found_and_the_schedules_hold(name, optimum):
    """ft06 and ft10: Fisher and Thompson (1963); la01: Lawrence (1984)."""
    instance = load_instance(name)
    path = JobShopSearch(shop_arrays(instance), seed=6, target=optimum)
    while not path.reached and path.iterations < 8_000_000:
        path.advance()
    schedule = schedule_from(instance, path.sequences)
    assert verify(instance, schedule) == ()
    assert schedule.makespan == path.value == optimum


def test_the_machine_bound_of_a_large_shop_is_reached_at_once():
    """ta71, 100 jobs on 20 machines: 5464 is the load of one machine with the least head and tail."""
    instance = load_instance("ta71")
    bound = lower_bound(instance)
    path = JobShopSearch(shop_arrays(instance), seed=0, target=bound)
    while not path.reached and path.iterations < 300_000:
        path.advance()
    schedule = schedule_from(instance, path.sequences)
    assert verify(instance, schedule) == ()
    assert schedule.makespan == bound == 5464


def test_release_dates_are_kept():
    instance = SchedulingInstance(
        name="late",
        machines=("saw", "drill"),
        jobs=tuple(
            Job(
                name=f"J{n}",
                release=5 * n,
                operations=(Operation(machine="saw", duration=4), Operation(machine="drill", duration=n)),
            )
            for n in range(4)
        ),
    )
    path = found(shop_arrays(instance))
    schedule = schedule_from(instance, path.sequences)
    assert verify(instance, schedule) == ()
    assert schedule.makespan == path.value == 5 * 3 + 4 + 3


@pytest.mark.parametrize("seed", range(3))
def test_all_routes_reversed_have_the_same_optimum(seed):
    rng = np.random.default_rng(seed)
    jobs = [[[(int(m), int(rng.integers(1, 20)))] for m in rng.permutation(4)] for _ in range(5)]
    backward = [job[::-1] for job in jobs]
    values = [found(ShopArrays.from_options(4, routes), slices=60).value for routes in (jobs, backward)]
    assert values[0] == values[1]


def improvements(shop, seed, slices):
    path, seen = JobShopSearch(shop, seed=seed), []
    for _ in range(slices):
        path.advance()
        if not seen or path.value < seen[-1][1]:
            seen.append((path.iterations, path.value, path.sequences))
    return seen


def test_a_longer_search_begins_with_the_improvements_of_a_shorter_one():
    shop = shop_arrays(load_instance("la21"))
    long, short = improvements(shop, 3, 40), improvements(shop, 3, 15)
    assert len(long) > 1
    assert long[: len(short)] == short
    assert improvements(shop, 4, 15) != short


def test_two_searches_at_once_take_the_paths_that_each_takes_alone():
    shop = shop_arrays(load_instance("ft10"))
    with ThreadPoolExecutor(2) as threads:
        together = list(threads.map(lambda seed: improvements(shop, seed, 12), (1, 2)))
    assert together == [improvements(shop, 1, 12), improvements(shop, 2, 12)]


def test_the_stop_hook_and_the_target_end_a_search_with_what_it_has():
    instance = load_instance("la21")
    shop, told, calls = shop_arrays(instance), [], []

    def stop():
        calls.append(None)
        return len(calls) == 5

    outcome = search(shop, seed=0, time_limit=60, stop=stop, on_improvement=lambda *seen: told.append(seen))
    assert len(calls) == 5
    assert not outcome.reached
    assert [value for _, value, _ in told] == sorted({value for _, value, _ in told}, reverse=True)
    assert told[-1][1:] == (outcome.value, outcome.sequences)
    assert verify(instance, schedule_from(instance, outcome.sequences)) == ()
    easier = search(shop, seed=0, time_limit=60, target=told[0][1])
    assert easier.reached
    assert easier.value <= told[0][1]
    assert easier.iterations <= outcome.iterations


def test_the_time_limit_ends_a_search():
    outcome = search(shop_arrays(load_instance("la21")), time_limit=0.0)
    assert outcome.iterations > 0
    assert outcome.runtime < 5


def test_a_start_is_never_made_worse():
    instance = load_instance("la21")
    start = dispatch(instance, "MWKR")
    sequences = sequences_of(instance, start)
    outcome = search(shop_arrays(instance), start=sequences, time_limit=0.0)
    assert outcome.value <= start.makespan
    assert schedule_from(instance, sequences).makespan <= start.makespan


def test_an_offered_solution_is_taken_up():
    shop = shop_arrays(load_instance("ft10"))
    better = JobShopSearch(shop, seed=1)
    while better.value is None or better.value > 940:
        better.advance()
    other = JobShopSearch(shop, seed=2, population=3, patience=50)
    other.advance()
    assert other.value > better.value
    other.offer(better.sequences)
    for _ in range(2):
        other.advance()
    assert other.value <= better.value


@pytest.mark.parametrize(
    "sequences",
    [
        ((0, 3), (2,)),
        ((0, 3), (2, 1, 1)),
        ((0, 1), (2, 3)),
        ((0, 3, 4), (2, 1)),
        ((-1, 0, 3), (2, 1)),
    ],
)
def test_sequences_that_do_not_fit_are_refused(sequences):
    with pytest.raises(PlanError):
        JobShopSearch(SMALL, seed=0, start=sequences)
    path = JobShopSearch(SMALL, seed=0)
    with pytest.raises(PlanError):
        path.offer(sequences)
    path.advance()
    assert path.value == 6


def test_sequences_that_contradict_the_routes_are_refused():
    shop = ShopArrays.from_options(2, [[[(0, 1)], [(1, 1)]], [[(1, 1)], [(0, 1)]]])
    with pytest.raises(PlanError, match="contradict"):
        JobShopSearch(shop, seed=0, start=((3, 0), (1, 2)))
    instance = SchedulingInstance.from_matrices("two", 2, (((0, 1), (1, 1)), ((1, 1), (0, 1))))
    with pytest.raises(PlanError, match="contradict"):
        schedule_from(instance, ((3, 0), (1, 2)))


@pytest.mark.parametrize(
    ("machines", "jobs", "limits"),
    [
        (1, [], {}),
        (1, [[]], {}),
        (1, [[[]]], {}),
        (1, [[[(1, 2)]]], {}),
        (1, [[[(-1, 2)]]], {}),
        (1, [[[(0, -2)]]], {}),
        (1, [[[(0, 2), (0, 3)]]], {}),
        (1, [[[(0, 2**30)]]], {}),
        (1, [[[(0, 2)]]], {"release": [-1]}),
        (1, [[[(0, 2)]]], {"delivery": [1, 2]}),
        (1, [[[(0, 2)]]], {"free": []}),
    ],
)
def test_a_shop_that_makes_no_sense_is_refused(machines, jobs, limits):
    with pytest.raises(OptionError):
        ShopArrays.from_options(machines, jobs, **limits)


def test_what_the_kernels_do_not_know_is_refused():
    saw, drill = Operation(machine="saw", duration=3), Operation(machine="drill", duration=2)
    common = {"name": "shop", "machines": ("saw", "drill")}
    job = Job(name="door", operations=(saw, drill))
    for instance in (
        SchedulingInstance(**common, jobs=(job,), permutation=True),
        SchedulingInstance(**common, jobs=(job.replace(deadline=9),)),
        SchedulingInstance(**common, jobs=(job.replace(operations=(saw.replace(lead=1), drill)),)),
        SchedulingInstance(**common, jobs=(job,), setup_times={"saw": {"a": {"b": 1}}}),
    ):
        with pytest.raises(OptionError):
            shop_arrays(instance)


def test_a_shop_with_one_path_ends_at_once():
    shop = ShopArrays.from_options(2, [[[(0, 3)], [(1, 2)]]])
    path = found(shop)
    assert path.value == 5
    assert path.iterations == 0


PROGRAM = """
import json
import os
from opt_twin.scheduling.local_search import disjunctive
from opt_twin.scheduling.local_search.disjunctive_graph import DisjunctiveGraph
from opt_twin.scheduling.local_search.job_shop import ShopArrays
from opt_twin.scheduling.local_search.job_shop_search import JobShopSearch
one_path = [[[(0, 3)], [(1, 2)]]]
job_shop = [[[((j * k + k) % 3, 1 + (7 * j + 5 * k) % 9)] for k in range(3)] for j in range(4)]
flexible = [
    [[(m, 1 + (3 * j + 5 * k + m) % 7) for m in (k % 3, (k + 1) % 3)] for k in range(3)] for j in range(4)
]
seen = []
for jobs in (one_path, flexible, job_shop):
    if jobs is job_shop and os.environ["NUMBA_DISABLE_JIT"] == "1":
        disjunctive.SMALL = 0  # the way of large shops, with the same result
    shop = ShopArrays.from_options(3, jobs)
    path = JobShopSearch(shop, seed=5, population=3, patience=15)
    for _ in range(30):
        path.advance()
        seen.append((path.iterations, path.value, path.sequences))
    path.offer(path.sequences)
    path.advance()
    path.advance()
    graph = DisjunctiveGraph(shop, seed=1, patience=9)
    graph.take_random()
    graph.start()
    nodes, slots = graph._nodes, [int(x) for x in graph.slots]
    for x in slots:
        for v in slots:
            if x != v and nodes[x, disjunctive.MACHINE] == nodes[v, disjunctive.MACHINE]:
                done = disjunctive.insert_after(nodes, graph._order, graph._work, x, v)
                seen.append((bool(done), nodes[:, (disjunctive.END, disjunctive.TAIL)].tolist()))
print(json.dumps(seen))
"""


def test_compiled_and_interpreted_kernels_take_the_same_path():
    compiled, interpreted = (
        json.loads(
            subprocess.run(
                [sys.executable, "-c", PROGRAM],
                env={**os.environ, "NUMBA_DISABLE_JIT": switch},
                check=True,
                capture_output=True,
                text=True,
            ).stdout
        )
        for switch in ("0", "1")
    )
    assert compiled == interpreted
    assert {True, False} <= {entry[0] for entry in compiled if isinstance(entry[0], bool)}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("mk01", 40), ("mk02", 26), ("mk03", 204), ("mk04", 60), ("mk05", 172), ("mk06", 58)),
        *(("mk07", 140), ("mk08", 523), ("mk09", 307), ("mk10", 200)),
    ],
)
def test_flexible_shops_of_brandimarte_are_solved_to_the_best_known_or_near(published, name, value):
    """Best known: 40, 26, 204, 60, 172, 57, 139, 523, 307, 189 to 193."""
    instance = load_instance(published / "fjsp" / f"{name}.txt")
    shop = shop_arrays(instance)
    found = JobShopSearch(shop, seed=0, target=value)
    while not found.reached and found.iterations < 1_500_000:
        found.advance()
    schedule = schedule_from(instance, found.sequences)
    assert verify(instance, schedule) == ()
    assert schedule.makespan == found.value <= value
