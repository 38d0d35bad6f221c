"""Labels: the exact dynamic programme over sets of jobs, and the bounds that prune it."""

from itertools import permutations
from pathlib import Path

import pytest

from opt_twin.errors import OptionError
from opt_twin.io import read_line
from opt_twin.results import Status, StopReason
from opt_twin.scheduling import (
    CLASSICAL_OBJECTIVES,
    dispatch,
    evaluate_objective,
    load_instance,
    lower_bound,
    scheduling_instance,
    solve_schedule,
    verify,
)
from opt_twin.scheduling import labels as labels_module
from opt_twin.scheduling.flow_line import FlowLine
from opt_twin.scheduling.labels import MOST_JOBS, LabelSolver, RestBounds
from opt_twin.scheduling.timing import in_sequence
from opt_twin.solvers import SolveOptions
from opt_twin.streams import stream
from opt_twin.testing import best_by_enumeration, random_shop

BOTTLING = Path(__file__).parents[2] / "models" / "bottling.yaml"


def _shop(seed, *, jobs=5, machines=3, deadlines=False, **more):
    shop = random_shop(seed, jobs=jobs, machines=machines, permutation=True, dates=True, **more)
    if not deadlines:
        return shop
    slack = stream(seed, 0, "deadlines", "search").integers(5, 45, size=jobs)
    return shop.replace(
        jobs=tuple(
            job.replace(deadline=job.due + int(more)) for job, more in zip(shop.jobs, slack, strict=True)
        )
    )


def _solved(shop, objective="total_weighted_tardiness", **options):
    return LabelSolver().solve(shop, objective=objective, options=SolveOptions(**options))


@pytest.mark.parametrize("objective", CLASSICAL_OBJECTIVES)
@pytest.mark.parametrize("setups", [False, True])
@pytest.mark.parametrize("streaming", [False, True])
def test_labels_find_and_prove_what_the_enumeration_finds(objective, setups, streaming):
    for seed in range(5):
        shop = _shop(seed, machines=1 + seed % 4, setups=setups, streaming=streaming)
        best = best_by_enumeration(shop, objective)
        result = _solved(shop, objective)
        assert (result.objective, result.bound) == (best, best)
        assert (result.status, result.stop_reason) == (Status.OPTIMAL, StopReason.PROVED)
        assert verify(shop, result.solution()) == ()


@pytest.mark.parametrize("objective", ["makespan", "total_weighted_tardiness"])
def test_labels_keep_deadlines_or_prove_that_none_can(objective):
    seen = set()
    for seed in range(12):
        shop = _shop(seed, jobs=4, setups=True, deadlines=True)
        best = best_by_enumeration(shop, objective)
        result = _solved(shop, objective)
        assert result.objective == best
        assert result.status is (Status.INFEASIBLE if best is None else Status.OPTIMAL)
        seen.add(result.status)
    assert len(seen) == 2


def test_labels_and_constraint_programming_agree_on_seven_jobs():
    for seed in range(2):
        shop = _shop(seed, jobs=7, machines=3, setups=True, streaming=True)
        for objective in ("makespan", "total_weighted_tardiness"):
            exact = solve_schedule(shop, objective=objective, solver="labels")
            assert exact.status is Status.OPTIMAL
            other = solve_schedule(shop, objective=objective, solver="cp-sat")
            assert exact.objective == other.objective


@pytest.mark.parametrize("objective", CLASSICAL_OBJECTIVES)
@pytest.mark.parametrize("streaming", [False, True])
def test_bounds_on_the_rest_hold_for_every_sequence(objective, streaming):
    """At every place of every sequence: no machine is free earlier, and the jobs to come cost no less."""
    for seed in range(4):
        shop = _shop(seed, jobs=4, setups=True, streaming=streaming)
        line = FlowLine(shop, objective)
        bounds = RestBounds(shop, line)
        for sequence in permutations(range(4)):
            states = [line.start]
            for job in sequence:
                states.append(line.after(states[-1], job))
            for place, state in enumerate(states):
                done = sum(1 << job for job in sequence[:place])
                for position, end in enumerate(state.ends):
                    assert bounds.free[position][done, state.family] <= end
                if line.is_sum:
                    rest = states[-1].cost - state.cost
                else:
                    now = state._replace(cost=0)
                    rest = line.worth(sequence[place:], now)[1]
                assert bounds.rest[done, state.family] <= rest


@pytest.mark.parametrize("objective", CLASSICAL_OBJECTIVES)
def test_few_labels_give_bounds_that_hold(objective, monkeypatch):
    """What is left out limits the bound: it stays below the optimum, and the schedule stays feasible."""
    gaps = 0
    for width in (1, 2, 4):
        monkeypatch.setattr(labels_module, "_WIDTHS", (width,))
        for seed in range(6):
            shop = _shop(seed, jobs=6, setups=True, streaming=True)
            line = FlowLine(shop, objective)
            best = min(line.worth(sequence) for sequence in permutations(range(6)))[1]
            result = _solved(shop, objective)
            assert verify(shop, result.solution()) == ()
            assert lower_bound(shop, objective) <= result.bound <= best <= result.objective
            gaps += result.status is Status.FEASIBLE
            assert result.stop_reason is (
                StopReason.BUDGET if result.status is Status.FEASIBLE else StopReason.PROVED
            )
    if objective.startswith("total_weighted"):
        assert gaps


def test_few_labels_do_not_prove_that_there_is_no_schedule(monkeypatch):
    monkeypatch.setattr(labels_module, "_WIDTHS", (1,))
    monkeypatch.setattr(RestBounds, "_rest", lambda self, position: self.rest * 0)
    statuses = set()
    for seed in range(12):
        shop = _shop(seed, jobs=4, setups=True, deadlines=True)
        result = _solved(shop)
        if best_by_enumeration(shop, "makespan") is not None:
            assert result.status is not Status.INFEASIBLE
        statuses.add(result.status)
    assert Status.UNKNOWN in statuses


def test_a_start_is_kept_or_improved():
    shop = _shop(3, jobs=6, setups=True)
    objective = "total_weighted_tardiness"
    start = dispatch(shop, "LPT")
    best = _solved(shop).objective
    for given in (start, _solved(shop).solution()):
        result = LabelSolver().solve(shop, objective=objective, options=SolveOptions(), start=given)
        assert (result.objective, result.bound) == (best, best)
    easy = shop.replace(jobs=tuple(job.replace(due=10**4) for job in shop.jobs))
    quick = LabelSolver().solve(easy, objective=objective, options=SolveOptions(), start=dispatch(easy))
    assert (quick.objective, quick.bound, quick.trace) == (0, 0, ())


def test_limits_end_the_sweeps(monkeypatch):
    shop = _shop(4, jobs=6, setups=True)
    start = in_sequence(shop, (5, 4, 3, 2, 1, 0))
    value = evaluate_objective(shop, start, "total_weighted_tardiness")
    for stop, limit, reason in (
        (lambda: True, 60.0, StopReason.INTERRUPTED),
        (None, 1e-9, StopReason.TIME_LIMIT),
    ):
        result = LabelSolver().solve(
            shop,
            objective="total_weighted_tardiness",
            options=SolveOptions(time_limit=limit),
            start=start,
            stop=stop,
        )
        assert (result.objective, result.stop_reason, result.status) == (value, reason, Status.FEASIBLE)
    assert _solved(shop, time_limit=1e-9).status is Status.UNKNOWN

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(labels_module, "_undominated", interrupt)
    result = LabelSolver().solve(shop, objective="makespan", options=SolveOptions(), start=start)
    assert (result.best, result.stop_reason) == (start, StopReason.INTERRUPTED)


def test_gap_limit_ends_the_sweeps(monkeypatch):
    monkeypatch.setattr(labels_module, "_WIDTHS", (1, 60))
    shop = _shop(1, jobs=6, setups=True)
    rough = _solved(shop, gap=0.99)
    assert rough.stop_reason is StopReason.GAP_LIMIT
    assert rough.gap > 0
    assert _solved(shop).status is Status.OPTIMAL


def test_progress_goes_down_and_up(monkeypatch):
    monkeypatch.setattr(labels_module, "_WIDTHS", (1, 1, 4, 1000))
    points = []
    shop = _shop(2, jobs=6, setups=True)
    result = LabelSolver().solve(
        shop, objective="total_weighted_flow_time", options=SolveOptions(), on_progress=points.append
    )
    assert list(result.trace) == points
    objectives = [point.objective for point in points]
    bounds = [point.bound for point in points]
    assert objectives == sorted(objectives, reverse=True)
    assert bounds == sorted(bounds)
    assert (objectives[-1], bounds[-1]) == (result.objective, result.bound)
    assert len({(point.objective, point.bound) for point in points}) == len(points)


def test_labels_refuse_what_they_do_not_cover():
    with pytest.raises(OptionError, match=r"one sequence on all machines \(permutation\); use cp-sat"):
        solve_schedule(load_instance("ft06"), solver="labels")
    with pytest.raises(OptionError, match=f"{MOST_JOBS} jobs or fewer, there are 17"):
        solve_schedule(random_shop(1, jobs=17, permutation=True), solver="labels")
    many = random_shop(1, jobs=16, machines=12, permutation=True)
    with pytest.raises(OptionError, match="too many labels; use cp-sat"):
        solve_schedule(many, solver="labels")
    quick = solve_schedule(many, options=SolveOptions(time_limit=0.5))
    assert "labels" not in quick.solver_version


def test_the_orders_of_the_bottling_line_are_proved_optimal():
    instance = scheduling_instance(read_line(BOTTLING), allowance="mean")
    result = solve_schedule(instance, objective="total_weighted_tardiness")
    assert result.status is Status.OPTIMAL
    assert result.bound == result.objective > 0
    assert verify(instance, result.solution()) == ()
