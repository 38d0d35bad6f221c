"""The solver around the model: stages, bounds from outside, caps, parameters, starts."""

import pytest

from opt_twin.results import Status, StopReason
from opt_twin.scheduling import (
    Closure,
    Job,
    Operation,
    SchedulingInstance,
    dispatch,
    evaluate_stages,
    load_instance,
    lower_bound,
    solve_schedule,
    verify,
)
from opt_twin.scheduling.cp_model import SchedulingModel
from opt_twin.scheduling.cp_resources import missing
from opt_twin.scheduling.cp_tasks import Piece, pieces_of
from opt_twin.scheduling.cpsat import BOUND_SEARCH, BOUND_SEARCH_ALONE, CpSatSolver
from opt_twin.scheduling.resources import Absence, Resource
from opt_twin.solvers import SolveOptions
from opt_twin.testing import brute_force_stages, random_instance, random_shop


def _solve(instance, objective="makespan", options=None, start=None, **more):
    solver = CpSatSolver(**more)
    return solver.solve(instance, objective=objective, options=options or SolveOptions(), start=start)


def test_stages_are_minimised_in_turn():
    shop = random_shop(5, jobs=4, machines=2, setups=True, dates=True)
    order = "total_setup_time, makespan, total_weighted_tardiness"
    result = solve_schedule(shop, objective=order, solver="cp-sat")
    assert result.status is Status.OPTIMAL
    values = evaluate_stages(shop, result.solution(), order)
    assert result.stages == tuple((value, value) for value in values)
    assert (result.objective, result.bound) == (values[0], values[0])
    held = []
    for number, stage in enumerate(order.split(", ")):
        caps = dict(zip(order.split(", "), held, strict=False))
        alone = _solve(shop, stage, caps=caps)
        assert alone.objective == values[number]
        held.append(values[number])


def test_a_single_objective_has_no_stages():
    assert solve_schedule(load_instance("ft06"), solver="cp-sat").stages == ()


def test_stages_without_time_keep_the_start():
    shop = random_shop(5, jobs=4, machines=2, setups=True, dates=True)
    order = "makespan, total_setup_time"
    start = dispatch(shop)
    result = solve_schedule(
        shop, objective=order, solver="cp-sat", start=start, options=SolveOptions(time_limit=1e-3)
    )
    assert result.status is not Status.OPTIMAL
    assert evaluate_stages(shop, result.solution(), order) <= evaluate_stages(shop, start, order)


def test_a_cap_holds_for_the_schedule():
    shop = random_shop(3, jobs=4, machines=2, dates=True)
    best = _solve(shop, "total_weighted_tardiness").objective
    free = _solve(shop, "total_weighted_flow_time")
    held = _solve(shop, "total_weighted_flow_time", caps={"total_weighted_tardiness": best})
    (value,) = evaluate_stages(shop, held.best, "total_weighted_tardiness")
    assert value == best
    assert held.objective >= free.objective
    none = _solve(shop, caps={"total_weighted_tardiness": best - 1}) if best else None
    assert none is None or none.status is Status.INFEASIBLE


def test_nothing_below_an_upper_limit_is_a_bound():
    shop = load_instance("ft06")
    below = _solve(shop, upper=54)
    assert (below.status, below.best, below.bound) == (Status.UNKNOWN, None, 55)
    at = _solve(shop, upper=55)
    assert (at.status, at.objective, at.bound) == (Status.OPTIMAL, 55, 55)
    assert _solve(shop, upper=46).bound == max(47, lower_bound(shop))


def test_a_start_above_the_upper_limit_is_kept_and_the_limit_becomes_a_bound():
    shop = load_instance("ft06")
    start = dispatch(shop, "LPT")
    result = _solve(shop, upper=54, start=start)
    assert (result.best, result.bound) == (start, 55)
    assert result.status is Status.FEASIBLE
    best = _solve(shop).best
    again = _solve(shop, upper=54, start=best)
    assert (again.best, again.status, again.stop_reason) == (best, Status.OPTIMAL, StopReason.PROVED)


@pytest.mark.parametrize(("parameters", "workers"), [(BOUND_SEARCH, 2), (BOUND_SEARCH_ALONE, 1)])
def test_the_search_for_bounds_proves_a_small_shop(parameters, workers):
    shop = load_instance("la02")
    result = _solve(
        shop, upper=655, parameters=parameters, options=SolveOptions(workers=workers, time_limit=60)
    )
    assert result.bound == 655


def test_parameters_of_the_user_come_last():
    result = _solve(load_instance("ft06"), parameters={"stop_after_first_solution": True})
    assert result.status in {Status.FEASIBLE, Status.OPTIMAL}
    assert result.best is not None


@pytest.mark.parametrize(
    "features",
    [("modes", "set-ups"), ("finite buffers", "modes"), ("batching machines",), ("resources", "closures")],
    ids=", ".join,
)
def test_a_start_is_never_lost_whatever_the_instance_has(features):
    for seed in (11, 12):
        instance = random_instance(seed, features=set(features))
        for objective in ("makespan", "earliness_tardiness"):
            found = brute_force_stages(instance, objective)
            if found is None:
                continue
            start = found[1]
            quick = solve_schedule(
                instance,
                objective=objective,
                solver="cp-sat",
                start=start,
                options=SolveOptions(time_limit=1e-3),
            )
            assert quick.objective == found[0][0]
            assert (
                solve_schedule(instance, objective=objective, solver="cp-sat", start=start).best is not None
            )


def test_a_hint_that_contradicts_the_model_is_told():
    shop = random_shop(2, setups=True)
    schedule = dispatch(shop)
    at_once = schedule.replace(
        assignments=tuple(a.replace(start=0, end=a.end - a.start) for a in schedule.assignments)
    )
    assert verify(shop, at_once)
    assert SchedulingModel(shop, "makespan").hint(schedule)
    assert not SchedulingModel(shop, "makespan").hint(at_once)


def test_the_stop_hook_ends_a_search_with_stages():
    shop = load_instance("ta21")
    start = dispatch(shop)
    result = CpSatSolver().solve(
        shop,
        objective="makespan, total_weighted_flow_time",
        options=SolveOptions(time_limit=600),
        start=start,
        stop=lambda: True,
    )
    assert result.stop_reason is StopReason.INTERRUPTED
    assert result.status is Status.FEASIBLE


def test_an_operation_that_fits_between_no_closures_is_a_contradiction():
    shop = SchedulingInstance(
        name="closed",
        machines=("M",),
        jobs=(Job(name="J", operations=(Operation(machine="M", duration=5),), deadline=9),),
        closures={"M": [Closure(start=4, end=5)]},
    )
    assert SchedulingModel(shop, "makespan").contradictory
    assert solve_schedule(shop, solver="cp-sat").status is Status.INFEASIBLE


@pytest.mark.parametrize("interruptible", [False, True])
def test_the_pieces_of_starts_are_what_counting_ticks_gives(interruptible):
    closed = [(2, 4), (5, 8), (11, 12)]
    for duration in range(7):
        for earliest in (0, 3, 6):
            wanted = {}
            for start in range(earliest, 21):
                if not interruptible or duration == 0:
                    end = start + duration
                    fine = all(end <= a or start >= b for a, b in closed)
                else:
                    end, work = start, 0
                    while work < duration:
                        work += not any(a <= end < b for a, b in closed)
                        end += 1
                    fine = not any(a <= start < b for a, b in closed)
                if fine and end <= 20:
                    wanted[start] = end - start
            pieces = pieces_of(duration, closed, earliest, 20, interruptible=interruptible)
            found = {start: piece.length for piece in pieces for start in range(piece.first, piece.last + 1)}
            assert found == wanted
            assert all(isinstance(piece, Piece) for piece in pieces)


def test_absences_that_pass_the_capacity_leave_nothing():
    crew = Resource(name="crew", capacity=2, absences=(Absence(start=1, end=4, amount=5),))
    assert missing(crew) == [(1, 4, 2)]
