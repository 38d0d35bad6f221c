"""What the solvers' statuses mean, how they are run, and the registry."""

import importlib.metadata
import json
import time

import pytest

from opt_twin.errors import OptionError, SolverError, UnknownNameError
from opt_twin.results import Status, StopReason, TracePoint
from opt_twin.solvers import SolveOptions, highs_process
from opt_twin.solvers import highs as highs_module
from opt_twin.solvers.cpsat import cpsat_version, run_cpsat
from opt_twin.solvers.highs import highs_version, run_highs
from opt_twin.solvers.registry import Registry
from opt_twin.solvers.status import cpsat_status, highs_status


@pytest.mark.parametrize(
    ("name", "objective", "bound", "interrupted", "expected"),
    [
        ("OPTIMAL", 5, 5, False, (Status.OPTIMAL, StopReason.PROVED)),
        ("OPTIMAL", 5, 4, False, (Status.FEASIBLE, StopReason.GAP_LIMIT)),
        ("OPTIMAL", None, None, False, (Status.OPTIMAL, StopReason.PROVED)),
        ("FEASIBLE", 5, 4, False, (Status.FEASIBLE, StopReason.TIME_LIMIT)),
        ("FEASIBLE", 5, 4, True, (Status.FEASIBLE, StopReason.INTERRUPTED)),
        ("INFEASIBLE", None, None, False, (Status.INFEASIBLE, StopReason.PROVED)),
        ("UNKNOWN", None, 4, False, (Status.UNKNOWN, StopReason.TIME_LIMIT)),
        ("UNKNOWN", None, 4, True, (Status.UNKNOWN, StopReason.INTERRUPTED)),
    ],
)
def test_statuses_of_cpsat(name, objective, bound, interrupted, expected):
    assert cpsat_status(name, objective=objective, bound=bound, interrupted=interrupted) == expected


def test_an_invalid_model_is_a_solver_error():
    with pytest.raises(SolverError, match="MODEL_INVALID"):
        cpsat_status("MODEL_INVALID", objective=None, bound=None, interrupted=False)


@pytest.mark.parametrize(
    ("name", "has_solution", "bound", "expected"),
    [
        ("kOptimal", True, 5, (Status.OPTIMAL, StopReason.PROVED)),
        ("kOptimal", True, 4, (Status.FEASIBLE, StopReason.GAP_LIMIT)),
        ("kInfeasible", False, None, (Status.INFEASIBLE, StopReason.PROVED)),
        ("kUnboundedOrInfeasible", False, None, (Status.INFEASIBLE, StopReason.PROVED)),
        ("kTimeLimit", True, 4, (Status.FEASIBLE, StopReason.TIME_LIMIT)),
        ("kTimeLimit", False, 4, (Status.UNKNOWN, StopReason.TIME_LIMIT)),
        ("kInterrupt", True, 4, (Status.FEASIBLE, StopReason.INTERRUPTED)),
    ],
)
def test_statuses_of_highs(name, has_solution, bound, expected):
    assert highs_status(name, has_solution=has_solution, objective=5, bound=bound) == expected


def test_other_statuses_of_highs_are_errors():
    with pytest.raises(SolverError, match="kModelError"):
        highs_status("kModelError", has_solution=False)


def _cpsat_model():
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    x = model.new_int_var(3, 9, "x")
    model.minimize(x)
    return model, x


def test_cpsat_answers_with_value_bound_and_trace():
    model, x = _cpsat_model()
    answer = run_cpsat(model, options=SolveOptions(), started=time.perf_counter())
    assert (answer.status, answer.objective, answer.bound) == (Status.OPTIMAL, 3, 3)
    assert answer.value(x) == 3
    assert answer.trace[-1][1:] == (3, 3)


def test_only_what_is_better_enters_the_trace():
    model, _ = _cpsat_model()
    answer = run_cpsat(
        model, options=SolveOptions(), started=time.perf_counter(), known=TracePoint(0.0, 3, 3)
    )
    assert answer.trace == ()


def test_an_infeasible_model_has_no_values():
    model, x = _cpsat_model()
    model.add(x < 3)
    answer = run_cpsat(model, options=SolveOptions(), started=time.perf_counter())
    assert (answer.status, answer.objective, answer.bound, answer.value) == (
        Status.INFEASIBLE,
        None,
        None,
        None,
    )


def test_wrong_parameters_and_models_are_named():
    from ortools.sat.python import cp_model

    model, _ = _cpsat_model()
    began = time.perf_counter()
    for parameters in ({"use_magic": True}, {"random_seed": "five"}):
        with pytest.raises(OptionError, match="CP-SAT has no parameter"):
            run_cpsat(model, options=SolveOptions(), started=began, parameters=parameters)
    wrong = cp_model.CpModel()
    wrong.new_int_var_from_domain(cp_model.Domain.from_values([]), "empty")
    with pytest.raises(SolverError, match="CP-SAT refuses the model"):
        run_cpsat(wrong, options=SolveOptions(), started=began)
    with pytest.raises(SolverError, match="CP-SAT failed"):
        run_cpsat("no model", options=SolveOptions(), started=began)


def _highs_model(low=2.5):
    import pyomo.environ as pyo

    model = pyo.ConcreteModel()
    model.x = pyo.Var(domain=pyo.Integers, bounds=(0, 9))
    model.y = pyo.Var(domain=pyo.NonNegativeReals, bounds=(0, 9))
    model.low = pyo.Constraint(expr=model.x + model.y >= low)
    model.whole = pyo.Constraint(expr=model.y == 1)
    model.cost = pyo.Objective(expr=model.x)
    return model


def test_highs_loads_the_values_and_rounds():
    model = _highs_model()
    answer = run_highs(model, options=SolveOptions(), started=time.perf_counter())
    assert (answer.status, answer.objective, answer.bound) == (Status.OPTIMAL, 2, 2)
    assert model.x.value == 2
    assert model.y.value == pytest.approx(1)


def test_highs_says_infeasible():
    answer = run_highs(_highs_model(low=99), options=SolveOptions(), started=time.perf_counter())
    assert (answer.status, answer.has_solution, answer.objective) == (Status.INFEASIBLE, False, None)


def test_highs_and_cpsat_work_in_one_session_in_any_order():
    """Their libraries cannot live in one process: HiGHS has its own."""
    for _ in range(2):
        assert run_highs(_highs_model(), options=SolveOptions(), started=time.perf_counter()).objective == 2
        model, _x = _cpsat_model()
        assert run_cpsat(model, options=SolveOptions(), started=time.perf_counter()).objective == 3


def test_a_process_that_fails_is_a_solver_error(monkeypatch, tmp_path):
    with pytest.raises(SolverError, match=r"HiGHS failed: .*request\.json.* \(exit code 1\)"):
        highs_module._run(tmp_path, 5.0, None)
    (tmp_path / "request.json").write_text('{"options": {}, "until": 0}')
    highs_module._run(tmp_path, 5.0, None)
    with pytest.raises(SolverError, match="HiGHS failed: the model cannot be read"):
        highs_module._read(json.loads((tmp_path / "answer.json").read_text()))
    monkeypatch.setattr(highs_module, "_PATIENCE", 0.0)
    with pytest.raises(SolverError, match="it did not stop in time"):
        highs_module._run(tmp_path, -1.0, None)


def test_versions_are_those_installed():
    assert cpsat_version() == importlib.metadata.version("ortools")
    assert highs_version() == importlib.metadata.version("highspy")


class _Entry:
    value = "package:Solver"

    def __init__(self, name, made):
        self.name, self._made = name, made

    def load(self):
        return self._made


def test_registry_knows_its_own_and_those_of_plug_ins(monkeypatch):
    def fail():
        raise RuntimeError("no licence")

    entries = [_Entry("theirs", lambda: "theirs made"), _Entry("own", lambda: "taken"), _Entry("bad", fail)]
    seen = []
    monkeypatch.setattr(
        "opt_twin.solvers.registry.entry_points", lambda *, group: (seen.append(group), entries)[1]
    )
    registry = Registry("cooking", {"own": lambda: "own made"})
    assert registry.names() == ("own", "bad", "theirs")
    assert registry.solver("own") == "own made"
    assert registry.solver("theirs") == "theirs made"
    assert set(seen) == {"opt_twin.solvers.cooking"}
    with pytest.raises(
        UnknownNameError, match=r"'their' is not a known cooking solver.*did you mean 'theirs'"
    ):
        registry.solver("their")
    with pytest.raises(SolverError, match=r"'bad' \(package:Solver\) cannot be loaded: no licence"):
        registry.solver("bad")


def test_the_process_module_is_importable_without_a_solver():
    assert callable(highs_process.main)
