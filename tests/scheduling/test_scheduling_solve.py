"""Solving: known optima, agreement with enumeration and between solvers, limits, interruption."""

import signal
import threading
import time

import pytest

from opt_twin.errors import OptionError, PlanError, SolverError, UnknownNameError
from opt_twin.plan import Assignment, Schedule
from opt_twin.results import Result, Status, StopReason
from opt_twin.scheduling import (
    CLASSICAL_OBJECTIVES,
    SchedulingInstance,
    best_known,
    dispatch,
    evaluate_objective,
    load_instance,
    solve_schedule,
    solver_names,
    verify,
)
from opt_twin.scheduling.cpsat import CpSatSolver
from opt_twin.scheduling.milp import ManneModel, MilpSolver
from opt_twin.scheduling.solve import AutoSolver
from opt_twin.solvers import SolveOptions
from opt_twin.testing import best_by_enumeration, infeasible_shop, known_shops, random_shop, two_job_shop


@pytest.mark.parametrize("name", ["ft06", "la01", "la02", "la03", "la04", "la05"])
@pytest.mark.parametrize("solver", ["auto", "cp-sat"])
def test_known_optima_of_classical_job_shops(name, solver):
    instance = load_instance(name)
    result = solve_schedule(instance, solver=solver)
    assert result.status is Status.OPTIMAL
    assert result.stop_reason is StopReason.PROVED
    assert result.objective == result.bound == best_known(name).upper
    assert verify(instance, result.solution()) == ()
    assert result.gap == 0
    assert result.solver_version


@pytest.mark.slow
def test_ft10_is_930():
    result = solve_schedule(load_instance("ft10"), options=SolveOptions(time_limit=300, workers=2))
    assert (result.objective, result.bound) == (930, 930)


@pytest.mark.parametrize("objective", CLASSICAL_OBJECTIVES)
@pytest.mark.parametrize("setups", [False, True])
@pytest.mark.parametrize("streaming", [False, True])
def test_optimum_agrees_with_the_enumeration_of_all_orders(objective, setups, streaming):
    for seed in range(5):
        instance = random_shop(seed, setups=setups, streaming=streaming, dates=True)
        best = best_by_enumeration(instance, objective)
        for solver in ("auto", "cp-sat"):
            result = solve_schedule(instance, objective=objective, solver=solver)
            assert (result.objective, result.bound, result.status) == (best, best, Status.OPTIMAL)
            assert verify(instance, result.solution()) == ()


def test_deadlines_agree_with_the_enumeration():
    for seed in range(10):
        instance = random_shop(seed, setups=True, dates=True)
        tight = instance.replace(jobs=tuple(job.replace(deadline=job.due + 6) for job in instance.jobs))
        best = best_by_enumeration(tight, "makespan")
        result = solve_schedule(tight)
        assert result.objective == best
        assert result.status is (Status.INFEASIBLE if best is None else Status.OPTIMAL)


def test_routes_that_return_to_a_machine_agree_with_the_enumeration():
    instance = SchedulingInstance.from_matrices(
        "again", 2, (((0, 3), (1, 2), (0, 4)), ((1, 4), (0, 1), (0, 2)))
    )
    jobs = tuple(job.replace(family=name) for job, name in zip(instance.jobs, "xy", strict=True))
    setups = instance.to_dict() | {
        "jobs": [job.to_dict() for job in jobs],
        "setup_times": {"M1": {"x": {"y": 2}, "y": {"x": 3}}},
    }
    for shop in (instance, SchedulingInstance.from_dict(setups)):
        for objective in ("makespan", "total_weighted_flow_time", "total_setup_time"):
            result = solve_schedule(shop, objective=objective)
            assert result.objective == best_by_enumeration(shop, objective)


def test_operations_without_duration_are_scheduled():
    shop = SchedulingInstance.from_matrices("zero", 2, (((0, 0), (1, 3)), ((1, 0), (0, 2)), ((0, 2), (1, 0))))
    for objective in ("makespan", "total_weighted_flow_time"):
        result = solve_schedule(shop, objective=objective)
        assert verify(shop, result.solution()) == ()
        assert result.objective == best_by_enumeration(shop, objective)


def test_mixed_integer_program_and_constraint_program_agree():
    for seed in range(3):
        instance = random_shop(seed, jobs=4, machines=3)
        exact = solve_schedule(instance, solver="milp")
        assert exact.status is Status.OPTIMAL
        assert exact.objective == solve_schedule(instance, solver="cp-sat").objective
        assert verify(instance, exact.solution()) == ()


def test_mixed_integer_program_solves_ft06():
    """Its linear relaxation alone is far away, so that HiGHS has to branch."""
    points = []
    result = solve_schedule(load_instance("ft06"), solver="milp", on_progress=points.append)
    assert (result.objective, result.bound) == (55, 55)
    assert points == list(result.trace)


def test_mixed_integer_program_is_for_plain_job_shops():
    with pytest.raises(OptionError, match="plain job shops; use cp-sat"):
        solve_schedule(random_shop(1, streaming=True), solver="milp")
    with pytest.raises(OptionError, match="not total_setup_time; use cp-sat"):
        solve_schedule(two_job_shop(), solver="milp", objective="total_setup_time")


def test_reversed_routes_keep_the_optimum():
    """The mirror of a job shop has the same optimum."""
    for seed in range(4):
        instance = random_shop(seed, jobs=4, machines=3)
        mirror = instance.replace(
            jobs=tuple(job.replace(operations=tuple(reversed(job.operations))) for job in instance.jobs)
        )
        assert solve_schedule(instance).objective == solve_schedule(mirror).objective


def test_more_set_up_time_never_helps():
    for seed in range(4):
        instance = random_shop(seed, jobs=4, setups=True)
        without = solve_schedule(instance.replace(setup_times={}))
        assert without.objective <= solve_schedule(instance).objective


def test_streaming_never_hurts():
    for seed in range(4):
        instance = random_shop(seed, jobs=4, streaming=True)
        classical = instance.replace(
            jobs=tuple(
                job.replace(operations=tuple(o.replace(lead=None, tail=None) for o in job.operations))
                for job in instance.jobs
            )
        )
        assert solve_schedule(instance).objective <= solve_schedule(classical).objective


def test_same_seed_and_one_worker_give_the_same_schedule():
    instance = load_instance("la02")
    first, second = (solve_schedule(instance, options=SolveOptions(seed=3)).solution() for _ in range(2))
    assert first == second


def test_infeasible_deadline_is_a_status():
    for solver in ("auto", "cp-sat"):
        result = solve_schedule(infeasible_shop(), solver=solver)
        assert (result.status, result.stop_reason) == (Status.INFEASIBLE, StopReason.PROVED)
        assert (result.best, result.objective, result.bound) == (None, None, None)


def test_deadline_shorter_than_the_job_is_infeasible_without_a_search():
    instance = two_job_shop()
    tight = instance.replace(jobs=(instance.jobs[0].replace(deadline=6), instance.jobs[1]))
    assert solve_schedule(tight).status is Status.INFEASIBLE


def test_time_limit_without_a_solution_is_unknown():
    instance = load_instance("ta21")
    result = solve_schedule(instance, solver="cp-sat", options=SolveOptions(time_limit=0.001))
    assert (result.status, result.stop_reason) == (Status.UNKNOWN, StopReason.TIME_LIMIT)
    assert result.best is None
    assert result.bound > 0


def test_time_limit_with_a_solution_is_feasible():
    result = solve_schedule(load_instance("ta21"), options=SolveOptions(time_limit=0.5))
    assert (result.status, result.stop_reason) == (Status.FEASIBLE, StopReason.TIME_LIMIT)
    assert result.bound < result.objective
    assert result.trace


def test_gap_limit_stops_the_search():
    instance = load_instance("la02")
    loose = solve_schedule(instance, options=SolveOptions(gap=0.9))
    assert (loose.status, loose.stop_reason) == (Status.FEASIBLE, StopReason.GAP_LIMIT)
    found = CpSatSolver().solve(instance, objective="makespan", options=SolveOptions(gap=0.9))
    assert (found.status, found.stop_reason) == (Status.FEASIBLE, StopReason.GAP_LIMIT)
    assert 0 < found.gap <= 0.9


@pytest.mark.parametrize("solver", ["auto", "milp"])
def test_stop_hook_gives_the_best_so_far(solver):
    instance = load_instance("ta21" if solver == "auto" else "ft10")
    flag = threading.Event()
    timer = threading.Timer(1.5, flag.set)
    timer.start()
    result = solve_schedule(instance, solver=solver, stop=flag.is_set, options=SolveOptions(time_limit=100))
    timer.join()
    assert (result.status, result.stop_reason) == (Status.FEASIBLE, StopReason.INTERRUPTED)
    assert verify(instance, result.solution()) == ()


@pytest.mark.parametrize("solver", ["auto", "milp", "dispatching"])
def test_stop_at_once_leaves_the_schedule_of_the_first_rule(solver):
    result = solve_schedule(load_instance("ft10"), solver=solver, stop=lambda: True)
    assert (result.status, result.stop_reason) == (Status.FEASIBLE, StopReason.INTERRUPTED)
    assert result.objective == dispatch(load_instance("ft10"), "FDD/MWKR").makespan


def _ctrl_c():
    raise KeyboardInterrupt


@pytest.mark.parametrize("solver", ["auto", "cp-sat", "milp", "dispatching"])
def test_ctrl_c_at_any_moment_keeps_the_start(solver):
    instance = load_instance("ft10")
    start = dispatch(instance)
    result = solve_schedule(instance, solver=solver, start=start, stop=_ctrl_c)
    assert result.stop_reason is StopReason.INTERRUPTED
    assert result.objective <= start.makespan


def test_ctrl_c_while_the_model_is_built_keeps_the_schedule_of_the_rules(monkeypatch):
    monkeypatch.setattr(CpSatSolver, "solve", lambda *_, **__: _ctrl_c())
    result = solve_schedule(load_instance("ft10"))
    assert (result.status, result.stop_reason) == (Status.FEASIBLE, StopReason.INTERRUPTED)


@pytest.mark.parametrize("solver", ["auto", "milp"])
def test_ctrl_c_gives_the_best_so_far(solver):
    if threading.current_thread() is not threading.main_thread():
        pytest.skip("signals reach the main thread only")
    instance = load_instance("ta21") if solver == "auto" else load_instance("ft10")
    began = time.perf_counter()
    old = signal.signal(signal.SIGINT, signal.default_int_handler)
    # late enough for a busy machine to have loaded the solver and found a first schedule
    timer = threading.Timer(6.0, signal.pthread_kill, (threading.main_thread().ident, signal.SIGINT))
    try:
        timer.start()
        result = solve_schedule(instance, solver=solver, options=SolveOptions(time_limit=100))
    finally:
        timer.cancel()
        signal.signal(signal.SIGINT, old)
    assert time.perf_counter() - began < 60
    assert result.stop_reason is StopReason.INTERRUPTED
    assert verify(instance, result.solution()) == ()


def test_a_start_is_verified_and_never_lost():
    instance = load_instance("ft06")
    best = solve_schedule(instance).solution()
    quick = SolveOptions(time_limit=1e-3)
    for solver in ("auto", "cp-sat", "milp", "dispatching"):
        assert solve_schedule(instance, solver=solver, start=best, options=quick).objective == 55
    broken = best.replace(assignments=best.assignments[:-4])
    with pytest.raises(PlanError, match=r"not feasible for 'ft06': missing operation .* and 1 more"):
        solve_schedule(instance, start=broken)


@pytest.mark.parametrize("objective", CLASSICAL_OBJECTIVES)
def test_a_start_is_used_for_every_kind_of_instance(objective):
    instance = random_shop(8, jobs=4, machines=3, setups=True, streaming=True, dates=True)
    start = dispatch(instance, "LPT")
    result = CpSatSolver().solve(instance, objective=objective, options=SolveOptions(), start=start)
    assert result.status is Status.OPTIMAL
    assert result.objective <= evaluate_objective(instance, start, objective)


def test_trace_goes_forward_down_and_up():
    points = []
    result = solve_schedule(load_instance("la04"), on_progress=points.append)
    assert list(result.trace) == points
    times = [point.time for point in points]
    assert times == sorted(times)
    assert points[-1].objective == result.objective
    assert points[-1].bound == result.bound


def test_an_error_in_the_progress_hook_comes_out():
    def fail(point):
        if point.time > 0:
            raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        CpSatSolver().solve(
            load_instance("ft06"), objective="makespan", options=SolveOptions(), on_progress=fail
        )


def test_log_goes_to_the_logger(caplog):
    caplog.set_level("INFO", logger="opt_twin")
    for solver, word in (("cp-sat", "CpSolverResponse"), ("milp", "HiGHS")):
        caplog.clear()
        solve_schedule(load_instance("ft06"), solver=solver, options=SolveOptions(log=True))
        assert word in caplog.text


def test_unknown_names_are_refused():
    with pytest.raises(UnknownNameError, match="did you mean 'cp-sat'"):
        solve_schedule(two_job_shop(), solver="cpsat")
    with pytest.raises(UnknownNameError, match="did you mean 'makespan'"):
        solve_schedule(two_job_shop(), objective="make_span")
    with pytest.raises(OptionError, match="needs due dates"):
        solve_schedule(two_job_shop(), objective="total_weighted_tardiness")
    assert solver_names()[:4] == ("auto", "cp-sat", "milp", "dispatching")


class _Lying:
    """A solver that answers what it is told to."""

    name = "lying"

    def __init__(self, **answer):
        self.answer = {
            "status": Status.FEASIBLE,
            "stop_reason": StopReason.PROVED,
            "solver": "lying",
        } | answer

    def refuses(self, instance, objective):
        return None

    def solve(self, instance, **_):
        return Result(**self.answer)


def test_two_operations_at_once_on_a_machine_are_no_answer():
    shop = SchedulingInstance.from_dict(
        {
            "name": "one machine",
            "machines": ["M"],
            "jobs": [{"name": n, "operations": [{"machine": "M", "duration": 3}]} for n in "AB"],
        }
    )
    both = [Assignment(job=n, operation=0, machine="M", start=s, end=s + 3) for n, s in (("A", 0), ("B", 2))]
    with pytest.raises(SolverError, match="1 violations; the first: overlap at machine M"):
        solve_schedule(shop, solver=_Lying(best=Schedule(assignments=both), objective=5))


def test_no_answer_leaves_that_the_verifier_has_not_accepted():
    good = dispatch(two_job_shop())
    assert good.makespan == 7
    for answer, message in (
        ({"best": None}, "without a schedule"),
        (
            {"best": Schedule(assignments=good.assignments[1:]), "objective": 7},
            "1 violations; the first: missing",
        ),
        ({"best": good, "objective": 6}, "states makespan 6, its schedule has 7"),
        ({"best": good, "objective": 7, "bound": 8}, "states the bound 8"),
    ):
        with pytest.raises(SolverError, match=message):
            solve_schedule(two_job_shop(), solver=_Lying(**answer))
    proved = solve_schedule(two_job_shop(), solver=_Lying(best=good, objective=7))
    assert (proved.bound, proved.status) == (7, Status.OPTIMAL)
    unknown = solve_schedule(two_job_shop(), solver=_Lying(status=Status.UNKNOWN, bound=3))
    assert unknown.bound == 7


def test_orders_that_contradict_the_routes_are_a_solver_error():
    model = ManneModel(two_job_shop(), 9)
    for index, (_, first, _) in enumerate(model._pairs):
        model.model.first[index].set_value(1 if first[1] == 1 else 0)
    model.model.first[0].set_value(0)  # on M1 J2 before J1, on M2 J1 before J2
    model.model.first[1].set_value(1)
    with pytest.raises(SolverError, match="contradict"):
        model.schedule()


def test_an_infeasible_answer_of_highs_is_not_believed(monkeypatch):
    from opt_twin.scheduling import milp
    from opt_twin.solvers.highs import HighsAnswer

    answer = HighsAnswer(
        status=Status.INFEASIBLE,
        stop_reason=StopReason.PROVED,
        has_solution=False,
        objective=None,
        bound=None,
    )
    monkeypatch.setattr(milp, "run_highs", lambda *_, **__: answer)
    with pytest.raises(SolverError, match="a dispatching rule solves it"):
        MilpSolver().solve(load_instance("ft06"), objective="makespan", options=SolveOptions())


def test_every_solver_of_the_front_door_treats_every_known_shop():
    for instance, objective, optimum in known_shops():
        assert best_by_enumeration(instance, objective) == optimum
        for solver in (AutoSolver(), CpSatSolver()):
            assert solver.refuses(instance, objective) is None
            assert solve_schedule(instance, objective=objective, solver=solver).objective == optimum
