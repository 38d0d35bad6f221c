"""The compiled search for flow shops: against plain recursion and enumeration, and on its own promises."""

import importlib.util
import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations_with_replacement, pairwise, permutations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opt_twin.errors import OptionError, PlanError, SolverError, UnknownNameError
from opt_twin.scheduling.local_search import flow_shop_kernel as kernel
from opt_twin.scheduling.local_search import flow_shop_search
from opt_twin.scheduling.local_search.flow_shop import FLOW_SHOP_OBJECTIVES, FlowShop, value_of
from opt_twin.scheduling.local_search.flow_shop_compiled import draw, random_state
from opt_twin.scheduling.local_search.flow_shop_search import compiled_shop, new_memory, search
from opt_twin.scheduling.local_search.insertion import best_insertion, heads_from, tails_before
from opt_twin.scheduling.local_search.insertion_recursive import best_recursive_insertion
from opt_twin.scheduling.taillard import taillard_times

PATHS = Path(__file__).with_name("flow_shop_paths.py")
_spec = importlib.util.spec_from_file_location("flow_shop_paths", PATHS)
paths = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(paths)
random_flow_shop, variants = paths.random_flow_shop, paths.variants()


def _all_sequences(jobs, factories):
    for order in permutations(range(jobs)):
        for cuts in combinations_with_replacement(range(jobs + 1), factories - 1):
            yield tuple(order[a:b] for a, b in pairwise((0, *cuts, jobs)))


def _at(tokens, jobs, position, job):
    """Return the sequences with the job inserted before `position`."""
    found = [[]]
    for token in (*tokens[:position], job, *tokens[position:]):
        if token >= jobs:
            found.append([])
        else:
            found[-1].append(token)
    return tuple(map(tuple, found))


@given(st.integers(0, 10**6), st.sampled_from(variants), st.sampled_from(FLOW_SHOP_OBJECTIVES), st.data())
@settings(max_examples=150, deadline=None)
def test_insertions_have_the_value_of_the_plain_recursion(seed, variant, objective, data):
    """The recursion of the kernels for all; heads and tails for the makespan without releases too."""
    n = data.draw(st.integers(2, 7))
    shop = random_flow_shop(seed, jobs=n, machines=data.draw(st.integers(1, 4)), **variant)
    tokens = data.draw(st.permutations(range(n + shop.factories - 1)))
    job = next(token for token in tokens if token < n)
    rest = [token for token in tokens if token != job]
    arrays = compiled_shop(shop, objective)
    memory = new_memory(arrays, 1)
    memory.rest[: len(rest)] = rest
    expected = [value_of(shop, _at(rest, n, k, job), objective) for k in range(len(rest) + 1)]
    position, value = best_recursive_insertion(arrays, memory, job, len(rest))
    assert memory.values[: len(expected)].tolist() == expected
    assert (value, expected[position]) == (min(expected), min(expected))
    if objective == "makespan" and shop.kind != "hybrid" and shop.releases is None:
        heads_from(arrays, memory.rest, len(rest), memory.rest_heads, 0)
        tails_before(arrays, memory.rest, len(rest), memory.rest_tails, len(rest) - 1)
        position, value = best_insertion(arrays, memory, job, len(rest))
        assert (value, expected[position]) == (min(expected), min(expected))
        if shop.factories == 1:
            assert memory.front_end[: len(expected)].tolist() == expected


@pytest.mark.parametrize("variant", variants, ids=str)
def test_search_finds_the_best_of_all_sequences(variant):
    for objective in FLOW_SHOP_OBJECTIVES:
        shop = random_flow_shop(7, **variant)
        best = min(value_of(shop, s, objective) for s in _all_sequences(shop.jobs, shop.factories))
        answer = search(shop, objective=objective, steps=5000, target=best)
        assert answer.value == best == value_of(shop, answer.sequences, objective)


def test_moves_keep_heads_and_tails_up_to_date():
    """After any number of steps they are those that a new computation gives."""
    for number, variant in enumerate(v for v in variants if v["kind"] != "hybrid" and not v["releases"]):
        shop = random_flow_shop(number, jobs=9, machines=4, **variant)
        arrays = compiled_shop(shop, "makespan")
        memory = new_memory(arrays, number)
        flow_shop_search._prepare(shop, arrays, memory, None)
        for _ in range(60):
            kernel.advance(arrays, memory, 1)
            length = int(memory.counts[kernel.LENGTH])
            kept = memory.heads[:, : length + 1].copy(), memory.tails[:, : length + 1].copy()
            value = int(memory.counts[kernel.VALUE])
            kernel.load(arrays, memory, length)
            assert kept[0].tolist() == memory.heads[:, : length + 1].tolist()
            assert kept[1].tolist() == memory.tails[:, : length + 1].tolist()
            assert value == memory.counts[kernel.VALUE]


@pytest.mark.parametrize(
    ("name", "kind", "known"),
    [
        ("ta001", "permutation", 1278),
        ("ta011", "permutation", 1582),
        ("ta031", "permutation", 2724),
        ("ta001", "no_wait", 1486),
        ("ta002", "no_wait", 1528),
    ],
)
def test_known_optima_are_reached(name, kind, known):
    """Taillard (1993), and the values of the literature without waiting."""
    shop = FlowShop(durations=taillard_times(name), kind=kind)
    assert search(shop, steps=400_000, target=known).value == known


def test_clock_cuts_the_path_and_does_not_bend_it():
    shop = FlowShop(durations=taillard_times("ta011"))
    seen = []
    whole = search(shop, seed=3, steps=3000, chunk=60.0)
    parts = search(shop, seed=3, steps=3000, chunk=1e-6, on_improvement=lambda *point: seen.append(point))
    assert whole == parts
    assert whole.steps == 3000
    values = [value for _, value, _ in seen]
    assert values == sorted(set(values), reverse=True)
    assert values[-1] == whole.value
    assert all(value_of(shop, sequences) == value for _, value, sequences in seen)
    assert search(shop, seed=4, steps=3000).sequences != whole.sequences


def test_two_searches_run_in_two_threads_as_alone():
    shop = FlowShop(durations=taillard_times("ta021"))
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda seed: search(shop, seed=seed, steps=4000), (1, 2)))
    assert both == [search(shop, seed=seed, steps=4000) for seed in (1, 2)]


def test_doubled_times_double_the_value_along_the_same_path():
    durations = taillard_times("ta001")
    doubled = tuple(tuple(2 * ticks for ticks in row) for row in durations)
    one, two = (search(FlowShop(durations=rows), seed=5, steps=3000) for rows in (durations, doubled))
    assert (two.value, two.sequences) == (2 * one.value, one.sequences)


def test_search_ends_at_target_deadline_and_stop():
    shop = FlowShop(durations=taillard_times("ta051"))
    assert search(shop, target=4100, steps=10**6).value <= 4100
    answer = search(shop, deadline=time.perf_counter() + 0.1)
    assert answer.value == value_of(shop, answer.sequences)
    calls = []
    search(shop, stop=lambda: len(calls) >= 3 or calls.append(1) is not None)
    assert len(calls) == 3


def test_answer_is_complete_when_the_time_is_over_at_once():
    shop = FlowShop(durations=taillard_times("ta051"))
    answer = search(shop, deadline=0.0)
    assert answer.steps == 1
    assert answer.value == value_of(shop, answer.sequences)


def test_answer_is_never_worse_than_the_start():
    shop = random_flow_shop(1, jobs=7, factories=2)
    good = search(shop, steps=2000)
    assert search(shop, steps=1, start=good.sequences).value == good.value
    with pytest.raises(PlanError):
        search(shop, steps=1, start=((0, 1), (2,)))


def test_a_search_without_progress_starts_anew():
    shop = random_flow_shop(1, jobs=6)
    arrays = compiled_shop(shop, "makespan")
    memory = new_memory(arrays, 1, patience=3)
    flow_shop_search._prepare(shop, arrays, memory, None)
    rounds = []
    for _ in range(300):
        kernel.advance(arrays, memory, 1)
        rounds.append(int(memory.counts[kernel.ROUND]))
    assert sum(after < before for before, after in pairwise(rounds)) >= 2


def test_kernels_are_ready_after_warming_up():
    flow_shop_search.warm_up()
    for function in (kernel.advance, kernel.begin, kernel.load, kernel.finish_build):
        assert function.signatures


def test_one_job_needs_no_search():
    shop = FlowShop(durations=((3, 2),), factories=2)
    answer = search(shop, steps=10)
    assert (answer.value, answer.sequences, answer.steps) == (5, ((0,), ()), 0)


def test_what_makes_no_sense_is_refused(monkeypatch):
    shop = FlowShop(durations=((3, 2), (1, 4)))
    with pytest.raises(OptionError, match="nothing would end the search"):
        search(shop)
    with pytest.raises(UnknownNameError, match="did you mean 'makespan'"):
        search(shop, objective="makespam", steps=1)
    monkeypatch.setattr(flow_shop_search, "value_of", lambda *_: 0)
    with pytest.raises(SolverError, match="the kernel states makespan 7, the recursion gives 0"):
        search(shop, steps=10)


def test_random_numbers_are_even():
    state = random_state(1)
    counts = [0] * 7
    for _ in range(7000):
        counts[draw(state, 7)] += 1
    assert sum((count - 1000) ** 2 / 1000 for count in counts) < 22.5  # 99.9 % of chi-squared, 6 degrees


def _path(**environment):
    done = subprocess.run(
        [sys.executable, "-W", "error", str(PATHS)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_compiled_and_interpreted_kernels_take_the_same_path():
    assert _path(NUMBA_DISABLE_JIT="1") == _path()


def test_the_compiler_is_not_imported_before_it_is_needed():
    code = "import opt_twin, opt_twin.scheduling, sys; raise SystemExit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
