"""Rules that solve a problem, against the enumeration of everything on small random instances."""

import random
from itertools import combinations, pairwise, permutations, product

import pytest

from opt_twin.errors import OptionError
from opt_twin.scheduling.closed_forms import (
    earliest_due_date,
    gilmore_gomory,
    gonzalez_sahni,
    held_karp,
    jackson_job_shop,
    johnson,
    lawler,
    mcnaughton,
    moore_hodgson,
    preemptive_maximum_lateness,
    shortest_first_list,
    smith,
)

SEEDS = range(40)


def _pairs(seed, count, high=9):
    rng = random.Random(seed)
    return [(rng.randint(0, high), rng.randint(0, high)) for _ in range(count)]


def _ends(times, order):
    ends, time = {}, 0
    for job in order:
        time += times[job]
        ends[job] = time
    return ends


def _two_machines(times, order):
    first = second = 0
    for job in order:
        first += times[job][0]
        second = max(first, second) + times[job][1]
    return second


def _two_machines_without_waiting(times, order):
    """The first machine waits instead."""
    start, free = 0, 0
    for job in order:
        begin = max(start, free - times[job][0])
        start = begin + times[job][0]
        free = start + times[job][1]
    return free


@pytest.mark.parametrize("seed", SEEDS)
def test_johnson_and_gilmore_gomory_find_the_best_of_all_sequences(seed):
    times = _pairs(seed, 1 + seed % 6, high=9 if seed % 2 else 4)
    orders = list(permutations(range(len(times))))
    classic, strict = johnson(times), gilmore_gomory(times)
    assert classic.value == min(_two_machines(times, order) for order in orders)
    assert classic.value == _two_machines(times, classic.order)
    assert strict.value == min(_two_machines_without_waiting(times, order) for order in orders)
    assert strict.value == _two_machines_without_waiting(times, strict.order)
    assert sorted(strict.order) == sorted(classic.order) == list(range(len(times)))
    assert strict.value >= classic.value


def test_gilmore_gomory_holds_for_larger_shops_at_the_bound_of_the_machines():
    """Reversing time exchanges the machines; the optimum stays."""
    for seed in range(20):
        times = _pairs(seed, 60, high=99)
        found = gilmore_gomory(times)
        assert found.value == _two_machines_without_waiting(times, found.order)
        assert found.value == gilmore_gomory([(b, a) for a, b in times]).value
        assert found.value >= johnson(times).value


def _job_shop(jobs, orders):
    """Return the makespan of two machine orders, None where they wait for each other."""
    ends, free, places = {}, [0, 0], [0, 0]
    progress = True
    while progress:
        progress = False
        for machine in (0, 1):
            if places[machine] < len(orders[machine]):
                job = orders[machine][places[machine]]
                step = [m for m, _ in jobs[job]].index(machine)
                if step == 0 or (job, 0) in ends:
                    start = max(free[machine], ends.get((job, 0), 0) if step else 0)
                    free[machine] = ends[job, step] = start + jobs[job][step][1]
                    places[machine] += 1
                    progress = True
    return max(free) if len(ends) == sum(map(len, jobs)) else None


@pytest.mark.parametrize("seed", range(25))
def test_jackson_finds_the_best_of_all_orders_of_a_job_shop(seed):
    rng = random.Random(seed)
    routes = [rng.choice([(0, 1), (1, 0), (0,), (1,)]) for _ in range(4)]
    jobs = [[(machine, rng.randint(1, 9)) for machine in route] for route in routes]
    present = [[j for j, route in enumerate(routes) if machine in route] for machine in (0, 1)]
    values = [_job_shop(jobs, pair) for pair in product(permutations(present[0]), permutations(present[1]))]
    found = jackson_job_shop(jobs)
    assert found.makespan == min(value for value in values if value is not None)
    assert _job_shop(jobs, (found.first, found.second)) == found.makespan


def test_jackson_refuses_a_job_that_comes_back():
    with pytest.raises(OptionError, match="job 0 visits machines"):
        jackson_job_shop([[(0, 1), (1, 1), (0, 2)]])


@pytest.mark.parametrize("seed", range(15))
def test_gonzalez_and_sahni_state_the_best_open_shop(seed):
    times = _pairs(seed, 3)
    best = min(
        value
        for routes in product([(0, 1), (1, 0)], repeat=3)
        for pair in product(permutations(range(3)), repeat=2)
        if (value := _job_shop([[(m, t[m]) for m in r] for t, r in zip(times, routes, strict=True)], pair))
        is not None
    )
    assert gonzalez_sahni(times) == best


@pytest.mark.parametrize("seed", SEEDS)
def test_rules_of_one_machine_find_the_best_of_all_orders(seed):
    rng = random.Random(seed)
    count = 1 + seed % 6
    times, dues = [rng.randint(1, 9) for _ in range(count)], [rng.randint(1, 30) for _ in range(count)]
    weights = [rng.randint(0, 4) for _ in range(count)]

    def weighted(order):
        return sum(weights[job] * end for job, end in _ends(times, order).items())

    def late(order):
        return max(end - dues[job] for job, end in _ends(times, order).items())

    def late_jobs(order):
        return sum(end > dues[job] for job, end in _ends(times, order).items())

    orders = list(permutations(range(count)))
    for found, value in (
        (smith(times, weights), weighted),
        (earliest_due_date(times, dues), late),
        (moore_hodgson(times, dues), late_jobs),
    ):
        assert found.value == value(found.order) == min(map(value, orders))


@pytest.mark.parametrize("seed", SEEDS)
def test_lawler_finds_the_best_order_that_keeps_the_precedence(seed):
    rng = random.Random(seed)
    times = [rng.randint(1, 9) for _ in range(5)]
    slopes, dues = [rng.randint(1, 5) for _ in range(5)], [rng.randint(0, 20) for _ in range(5)]
    costs = [lambda end, s=s, d=d: s * (end - d) for s, d in zip(slopes, dues, strict=True)]
    before = [tuple(i for i in range(j) if rng.random() < 0.3) for j in range(5)]

    def value(order):
        return max(costs[job](end) for job, end in _ends(times, order).items())

    def keeps(order):
        return all(order.index(i) < order.index(j) for j in range(5) for i in before[j])

    found = lawler(times, costs, before)
    assert keeps(found.order)
    assert found.value == value(found.order) == min(map(value, filter(keeps, permutations(range(5)))))


def test_lawler_names_jobs_that_wait_for_one_another():
    with pytest.raises(OptionError, match=r"jobs \[0, 1\] wait"):
        lawler([1, 1], [int, int], [(1,), (0,)])


def _best_with_interruptions(releases, times, dues):
    """Return the least maximum lateness over all choices, tick by tick."""
    best = {tuple(times): -(10**6)}
    time = 0
    while any(any(left) for left in best):
        following = {}
        for left, value in best.items():
            ready = [j for j, ticks in enumerate(left) if ticks and releases[j] <= time]
            for job in ready or [None]:
                after = tuple(ticks - (j == job) for j, ticks in enumerate(left))
                late = value
                if job is not None and after[job] == 0:
                    late = max(value, time + 1 - dues[job])
                following[after] = min(late, following.get(after, 10**6))
        best, time = following, time + 1
    return min(best.values())


@pytest.mark.parametrize("seed", range(20))
def test_earliest_due_date_with_interruptions_is_the_best_choice_tick_by_tick(seed):
    rng = random.Random(seed)
    releases, times, dues = ([rng.randint(low, 5) for _ in range(4)] for low in (0, 1, 1))
    expected = _best_with_interruptions(releases, times, dues)
    assert preemptive_maximum_lateness(releases, times, dues) == expected


@pytest.mark.parametrize("seed", SEEDS)
def test_mcnaughton_schedule_is_feasible_and_meets_the_bounds(seed):
    rng = random.Random(seed)
    times, machines = [rng.randint(0, 9) for _ in range(rng.randint(0, 7))], rng.randint(1, 4)
    makespan, pieces = mcnaughton(times, machines)
    assert makespan >= max(times, default=0)
    assert makespan * machines >= sum(times)
    assert makespan == max(times, default=0) or makespan * machines == sum(times)
    for job, ticks in enumerate(times):
        assert sum(piece.end - piece.start for piece in pieces if piece.job == job) == ticks
    for one, other in combinations(pieces, 2):
        if one.job == other.job or one.machine == other.machine:
            assert one.end <= other.start or other.end <= one.start
    assert all(0 <= p.start < p.end <= makespan and 0 <= p.machine < machines for p in pieces)


@pytest.mark.parametrize("seed", range(20))
def test_shortest_first_is_the_best_of_all_assignments(seed):
    rng = random.Random(seed)
    times, machines = [rng.randint(1, 9) for _ in range(6)], rng.randint(1, 3)
    best = min(
        sum(
            sum(_ends(own, range(len(own))).values())
            for machine in range(machines)
            for own in [sorted(t for t, m in zip(times, choice, strict=True) if m == machine)]
        )
        for choice in product(range(machines), repeat=6)
    )
    orders, total = shortest_first_list(times, machines)
    assert total == best
    assert total == sum(sum(_ends(times, order).values()) for order in orders)
    assert sorted(job for order in orders for job in order) == list(range(6))


@pytest.mark.parametrize("seed", SEEDS)
def test_held_and_karp_find_the_best_of_all_orders(seed):
    rng = random.Random(seed)
    count = 1 + seed % 6
    times = [rng.randint(1, 9) for _ in range(count)]
    setups = [[rng.randint(0, 9) for _ in range(count)] for _ in range(count)]
    first = [rng.randint(0, 9) for _ in range(count)] if seed % 2 else None

    def value(order):
        begin = first[order[0]] if first else 0
        return begin + sum(times) + sum(setups[a][b] for a, b in pairwise(order))

    found = held_karp(times, setups, first)
    assert found.value == value(found.order) == min(map(value, permutations(range(count))))


def test_what_is_out_of_range_is_refused():
    with pytest.raises(OptionError, match="17 jobs"):
        held_karp([1] * 17, [[0] * 17] * 17)
    with pytest.raises(OptionError, match="0 machines"):
        mcnaughton([1], 0)
    with pytest.raises(OptionError, match="0 machines"):
        shortest_first_list([1], 0)
    assert held_karp([], []).value == 0
