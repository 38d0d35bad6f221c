"""The default solver: who runs when, and what comes out."""

import threading
import time

import pytest

from opt_twin.errors import OptionError
from opt_twin.results import Status, StopReason
from opt_twin.scheduling import load_instance, solve_schedule, taillard_job_shop, verify
from opt_twin.scheduling.incumbent import Incumbent
from opt_twin.scheduling.local_search.solvers import TabuSearchSolver
from opt_twin.scheduling.portfolio import SMALL, TINY, _lanes, _search_for
from opt_twin.solvers import SolveOptions
from opt_twin.testing import two_job_shop


def _names(lanes):
    known = Incumbent(started=0.0)
    return [[step.make(known).name for step in lane] for lane in lanes]


@pytest.mark.parametrize(
    ("jobs", "machines", "workers", "expected"),
    [
        (5, 5, 2, [["cp-sat"]]),
        (10, 10, 2, [["cp-sat", "tabu-search", "cp-sat"]]),
        (20, 15, 1, [["tabu-search", "cp-sat"]]),
        (20, 15, 2, [["tabu-search"], ["cp-sat", "tabu-search"]]),
        (20, 15, 3, [["tabu-search"], ["cp-sat", "tabu-search"], ["tabu-search"]]),
    ],
)
def test_who_runs_depends_on_the_size_and_the_cores(jobs, machines, workers, expected):
    shop = taillard_job_shop(jobs, machines, 1, 2)
    assert (shop.operation_count <= TINY, shop.operation_count <= SMALL) in {
        (True, True),
        (False, True),
        (False, False),
    }
    assert _names(_lanes(shop, _search_for(shop, "makespan"), workers)) == expected


def test_other_objectives_and_shops_have_their_own_search():
    shop = taillard_job_shop(10, 10, 1, 2)
    assert _search_for(shop, "total_weighted_flow_time").name == "ruin-and-recreate"
    assert _search_for(load_instance("ta001"), "total_weighted_flow_time").name == "iterated-greedy"
    assert _search_for(load_instance("ft06"), "total_weighted_flow_time") is None


def test_a_job_shop_is_proved_with_two_workers_and_one():
    shop = load_instance("la01")
    for workers in (1, 2):
        result = solve_schedule(shop, options=SolveOptions(time_limit=20, workers=workers))
        assert (result.objective, result.bound, result.status) == (666, 666, Status.OPTIMAL)
        assert result.stop_reason is StopReason.PROVED


def test_a_large_shop_is_solved_by_both_lanes_and_its_trace_falls():
    shop = load_instance("ta31")
    result = solve_schedule(shop, options=SolveOptions(time_limit=3, workers=2))
    assert verify(shop, result.solution()) == ()
    values = [point.objective for point in result.trace if point.objective is not None]
    bounds = [point.bound for point in result.trace if point.bound is not None]
    assert values == sorted(values, reverse=True)
    assert bounds == sorted(bounds)
    assert [point.time for point in result.trace] == sorted(point.time for point in result.trace)
    assert result.bound <= 1764 <= result.objective


def test_the_search_ends_when_the_bound_is_met():
    shop = load_instance("la06")  # its bound is the load of a machine, 926
    started = time.perf_counter()
    result = solve_schedule(shop, options=SolveOptions(time_limit=60, workers=2))
    assert (result.objective, result.status) == (926, Status.OPTIMAL)
    assert time.perf_counter() - started < 55


def test_a_gap_ends_it():
    shop = load_instance("ta21")
    result = solve_schedule(shop, options=SolveOptions(time_limit=60, workers=2, gap=0.5))
    assert result.stop_reason is StopReason.GAP_LIMIT
    assert result.gap <= 0.5


def test_a_hook_ends_it_with_the_best_so_far():
    shop = load_instance("ta41")
    calls = []

    def stop():
        calls.append(threading.current_thread().name)
        return len(calls) > 60

    result = solve_schedule(shop, options=SolveOptions(time_limit=120, workers=2), stop=stop)
    assert result.stop_reason is StopReason.INTERRUPTED
    assert verify(shop, result.solution()) == ()


def test_an_error_of_the_progress_hook_comes_out():
    def tell(_):
        raise RuntimeError("no screen")

    with pytest.raises(RuntimeError, match="no screen"):
        solve_schedule(
            load_instance("ta21"), options=SolveOptions(time_limit=20, workers=2), on_progress=tell
        )


def test_an_infeasible_shop_is_told():
    shop = two_job_shop()
    tight = shop.replace(jobs=tuple(job.replace(deadline=4) for job in shop.jobs))
    assert solve_schedule(tight).status is Status.INFEASIBLE


def test_tabu_search_says_what_it_does_not_treat():
    shop = load_instance("ft06")
    with pytest.raises(OptionError, match="minimises the makespan, not total_weighted_flow_time"):
        solve_schedule(shop, objective="total_weighted_flow_time", solver="tabu-search")
    late = shop.replace(jobs=tuple(job.replace(deadline=100) for job in shop.jobs))
    assert "deadlines" in TabuSearchSolver().refuses(late, "makespan")


def test_one_seed_gives_one_path_of_tabu_search():
    TabuSearchSolver().prepare()
    shop = load_instance("ta21")
    traces = []
    for limit in (0.6, 1.5):
        result = solve_schedule(shop, solver="tabu-search", options=SolveOptions(time_limit=limit, seed=3))
        traces.append([point.objective for point in result.trace])
    shorter, longer = sorted(traces, key=len)
    assert longer[: len(shorter)] == shorter


def test_an_incumbent_keeps_the_best_and_tells_once():
    told = []
    known = Incumbent(started=time.perf_counter(), on_progress=told.append)
    known.note(None, 5)
    known.note(9, None)
    known.note(9, 4)
    known.note(7, None)
    assert [(point.objective, point.bound) for point in told] == [(None, 5), (9, 5), (7, 5)]
    assert not known.closed
    known.note(None, 7)
    assert known.closed
    assert known.should_stop()
