"""Mixed-integer formulations have the optima of brute force, and one matrix in Pyomo and as arrays."""

import time

import numpy as np
import pytest

from opt_twin.errors import OptionError, SolverError, UnknownNameError
from opt_twin.results import Status, StopReason
from opt_twin.scheduling import (
    SchedulingInstance,
    evaluate_objective,
    load_instance,
    lower_bound,
    solve_schedule,
    solver_names,
    verify,
)
from opt_twin.scheduling.milp import FORMULATIONS, MilpSolver
from opt_twin.scheduling.milp_flow_shop import ManneFlowShopModel, WagnerModel
from opt_twin.scheduling.milp_time_indexed import TimeIndexedColumns, TimeIndexedModel, starts_of
from opt_twin.solvers import SolveOptions
from opt_twin.solvers.highs import SparseModel, run_highs, run_sparse
from opt_twin.testing import best_by_enumeration, brute_force, random_shop

TIME_INDEXED = (
    "makespan",
    "maximum_tardiness",
    "total_weighted_flow_time",
    "total_weighted_tardiness",
    "total_tardiness",
    "weighted_number_tardy",
    "earliness_tardiness",
)


def machines_in_parallel(seed, jobs=3, machines=("A", "B"), *, related=False, deadline=None):
    """Return jobs of one operation with releases, due dates and weights."""
    rng = np.random.default_rng(seed)

    def whole(low, high):
        return int(rng.integers(low, high + 1))

    rows = []
    for number in range(jobs):
        same = whole(1, 4)
        modes = [{"machine": m, "duration": same if related else whole(1, 4)} for m in machines]
        rows.append(
            {
                "name": f"J{number}",
                "release": whole(0, 3),
                "due": whole(2, 7),
                "weight": whole(1, 3),
                "earliness_weight": whole(0, 2),
                "deadline": deadline,
                "operations": [{"modes": modes} if len(modes) > 1 else modes[0]],
            }
        )
    return SchedulingInstance.from_dict({"name": f"parallel {seed}", "machines": machines, "jobs": rows})


def _optimum(instance, objective, *, formulation):
    """Return the optimum of a formulation, without the bound and the rules in front of it."""
    options = SolveOptions(time_limit=60)
    model = FORMULATIONS[formulation](instance, 10**6, objective)
    if isinstance(model, TimeIndexedColumns):
        answer, values = run_sparse(model.model, options=options, started=time.perf_counter())
        schedule = model.schedule(values)
    else:
        answer = run_highs(model.model, options=options, started=time.perf_counter())
        schedule = model.schedule()
    assert answer.status is Status.OPTIMAL
    assert verify(instance, schedule) == ()
    assert evaluate_objective(instance, schedule, objective) == answer.objective
    return answer.objective


@pytest.mark.parametrize("objective", TIME_INDEXED)
def test_time_indexed_optimum_is_that_of_brute_force(objective):
    shops = (
        machines_in_parallel(1),
        machines_in_parallel(2, related=True),
        machines_in_parallel(3, machines=("A",)),
    )
    shop = shops[TIME_INDEXED.index(objective) % 3]
    assert (
        _optimum(shop, objective, formulation="time-indexed") == brute_force(shop, objective, horizon=16)[0]
    )


@pytest.mark.slow
@pytest.mark.parametrize("objective", TIME_INDEXED)
def test_time_indexed_optima_are_those_of_brute_force_in_pyomo_too(objective):
    for seed in range(3):
        for more in ({}, {"related": True}, {"machines": ("A",)}):
            shop = machines_in_parallel(seed, **more)
            best = brute_force(shop, objective, horizon=16)[0]
            for formulation in ("time-indexed", "time-indexed-pyomo"):
                assert _optimum(shop, objective, formulation=formulation) == best


def _row(low, high, entries):
    """Return a row in one form: what has only an upper limit below zero entries is turned around."""
    if np.isinf(low) and min(entries.values()) < 0:
        low, high, entries = -high, np.inf, {column: -value for column, value in entries.items()}
    return low + 0.0, high + 0.0, tuple(sorted((k, float(v)) for k, v in entries.items() if v))


def _rows_of_pyomo(model, columns):
    import pyomo.environ as pyo
    from pyomo.repn import generate_standard_repn

    rows = []
    for constraint in model.component_data_objects(pyo.Constraint, active=True):
        body = generate_standard_repn(constraint.body)
        low, high = pyo.value(constraint.lower), pyo.value(constraint.upper)
        entries = {columns[v.name]: c for v, c in zip(body.linear_vars, body.linear_coefs, strict=True)}
        low = -np.inf if low is None else low - body.constant
        high = np.inf if high is None else high - body.constant
        rows.append(_row(low, high, entries))
    return sorted(rows)


def _rows_of_arrays(model):
    rows = [{} for _ in model.row_lower]
    for column in range(len(model.cost)):
        for entry in range(model.starts[column], model.starts[column + 1]):
            rows[model.rows[entry]][column] = model.values[entry]
    limits = zip(model.row_lower.tolist(), model.row_upper.tolist(), strict=True)
    return sorted(_row(low, high, entries) for (low, high), entries in zip(limits, rows, strict=True))


@pytest.mark.parametrize("objective", TIME_INDEXED)
@pytest.mark.parametrize("seed", [4, 5])
def test_the_arrays_are_the_matrix_of_pyomo(objective, seed):
    """Same columns, same rows up to their order, same costs, same bounds of the columns."""
    shop = machines_in_parallel(seed, deadline=20 if seed == 4 else None)
    upper = 40 if seed == 4 else None
    arrays = TimeIndexedColumns(shop, upper, objective).model
    readable = TimeIndexedModel(shop, upper, objective).model
    columns = {f"begins[{k}]": k for k in range(len(arrays.cost))} | {"largest": len(arrays.cost) - 1}
    assert _rows_of_arrays(arrays) == _rows_of_pyomo(readable, columns)
    starts = starts_of(shop, objective, upper)
    if objective in {"makespan", "maximum_tardiness"}:
        assert arrays.lower[-1] == lower_bound(shop, objective)
        assert list(arrays.cost) == [0.0] * len(starts) + [1.0]
    else:
        assert list(arrays.cost) == [start.cost for start in starts]
    assert arrays.integer.sum() == len(starts)


@pytest.mark.parametrize("formulation", ["wagner", "manne-flow-shop"])
def test_flow_shop_optima_are_those_of_all_sequences(formulation):
    for seed, objective in ((1, "makespan"), (2, "total_weighted_flow_time")):
        shop = random_shop(seed, jobs=4, machines=3, permutation=True)
        best = best_by_enumeration(shop, objective)
        assert _optimum(shop, objective, formulation=formulation) == best


@pytest.mark.slow
def test_more_flow_shop_optima_are_those_of_all_sequences():
    for seed in range(10, 16):
        shop = random_shop(seed, jobs=5, machines=4, permutation=True)
        for objective in ("makespan", "total_weighted_flow_time"):
            best = best_by_enumeration(shop, objective)
            for formulation in ("wagner", "manne-flow-shop"):
                assert _optimum(shop, objective, formulation=formulation) == best


@pytest.mark.slow
def test_order_model_treats_releases_and_weights():
    for seed in range(4):
        shop = random_shop(seed, jobs=4, machines=3, permutation=True, dates=True)
        for objective in ("makespan", "total_weighted_flow_time"):
            best = best_by_enumeration(shop, objective)
            assert _optimum(shop, objective, formulation="manne-flow-shop") == best


@pytest.mark.slow
def test_all_formulations_agree_with_constraint_programming():
    flow = random_shop(21, jobs=5, machines=3, permutation=True)
    plain = random_shop(22, jobs=4, machines=3)
    for shop, names in ((flow, ("wagner", "manne-flow-shop")), (plain, ("manne",))):
        wanted = solve_schedule(shop, solver="cp-sat").objective
        for name in names:
            assert solve_schedule(shop, solver=f"milp:{name}").objective == wanted


def test_the_first_formulation_that_fits_is_taken():
    fits = {
        "time-indexed": (machines_in_parallel(1), "total_tardiness"),
        "wagner": (random_shop(1, permutation=True), "makespan"),
        "manne": (random_shop(1), "makespan"),
    }
    for name, (shop, objective) in fits.items():
        found = [n for n, model in FORMULATIONS.items() if model.refuses(shop, objective) is None]
        assert found[0] == name
        assert MilpSolver().refuses(shop, objective) is None
        result = solve_schedule(shop, objective=objective, solver="milp")
        assert (result.solver, result.status) == ("milp", Status.OPTIMAL)
        assert result.objective == result.bound


def test_formulations_have_names_in_the_registry():
    assert {f"milp:{name}" for name in FORMULATIONS} <= set(solver_names())
    assert MilpSolver("wagner").name == "milp:wagner"
    with pytest.raises(UnknownNameError, match="did you mean 'milp:wagner'"):
        solve_schedule(random_shop(1), solver="milp:wagne")


def test_what_a_formulation_does_not_treat_is_said():
    flow = random_shop(1, permutation=True)
    weighted = flow.replace(jobs=(flow.jobs[0].replace(weight=5), *flow.jobs[1:]))
    zero = SchedulingInstance.from_matrices("zero", 1, (((0, 0),), ((0, 2),)))
    long = SchedulingInstance.from_matrices("long", 1, (((0, 200_000),), ((0, 2),)))
    for name, shop, objective, message in (
        ("wagner", random_shop(1), "makespan", "one sequence on all machines"),
        ("wagner", weighted, "total_weighted_flow_time", "equal weights"),
        ("wagner", flow, "total_setup_time", "not total_setup_time"),
        ("wagner", random_shop(1, permutation=True, dates=True), "makespan", "release dates"),
        ("manne-flow-shop", random_shop(1), "makespan", "one sequence on all machines"),
        ("manne-flow-shop", flow, "total_setup_time", "not total_setup_time"),
        ("time-indexed", flow, "makespan", "jobs of one operation"),
        ("time-indexed", flow, "total_setup_time", "does not minimise total_setup_time"),
        ("time-indexed", zero, "makespan", "durations of 1 tick or more"),
        ("time-indexed", long, "makespan", "use a longer tick"),
    ):
        with pytest.raises(OptionError, match=message):
            solve_schedule(shop, objective=objective, solver=f"milp:{name}")


def test_deadlines_that_cannot_be_kept_are_infeasible():
    shop = machines_in_parallel(1, jobs=3, machines=("A", "B"), deadline=4)
    tight = shop.replace(jobs=tuple(job.replace(release=2, due=None) for job in shop.jobs))
    assert brute_force(tight, horizon=10) is None
    for name in ("time-indexed", "time-indexed-pyomo"):
        result = solve_schedule(tight, solver=f"milp:{name}")
        assert (result.status, result.stop_reason, result.best) == (
            Status.INFEASIBLE,
            StopReason.PROVED,
            None,
        )


def test_no_time_leaves_what_is_known_without_a_search():
    shop = machines_in_parallel(6, jobs=8)
    quick = SolveOptions(time_limit=1e-6)
    result = solve_schedule(shop, objective="total_weighted_flow_time", solver="milp", options=quick)
    assert (result.best is None) == (result.status is Status.UNKNOWN)  # presolve alone may find one
    assert result.bound >= lower_bound(shop, "total_weighted_flow_time")


def test_models_are_limited_by_what_can_be_reached():
    shop = machines_in_parallel(7, jobs=5)
    few = starts_of(shop, "total_weighted_tardiness", upper=3)
    assert len(few) < len(starts_of(shop, "total_weighted_tardiness"))
    assert max(start.cost for start in few) <= 3


def test_arrays_that_make_no_model_are_a_solver_error():
    one = np.ones(1)
    wrong = SparseModel(
        cost=one,
        lower=one,
        upper=one,
        integer=np.ones(1, dtype=bool),
        row_lower=one,
        row_upper=one,
        starts=np.array([0, 1], dtype=np.int32),
        rows=np.array([7], dtype=np.int32),
        values=one,
    )
    with pytest.raises(SolverError, match="cannot be read"):
        run_sparse(wrong, options=SolveOptions(), started=time.perf_counter())


def test_flow_shop_models_have_the_published_numbers_of_binaries():
    """Wagner: n squared; Manne: n (n - 1) / 2 (Tseng, Stafford and Gupta 2004)."""
    shop = load_instance("ft06")
    flow = random_shop(3, jobs=6, machines=3, permutation=True)
    assert len(shop.jobs) == len(flow.jobs) == 6
    assert len(WagnerModel(flow, 10**4).model.place) == 36
    assert len(ManneFlowShopModel(flow, 10**4).model.first) == 15
