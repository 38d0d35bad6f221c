"""Ctrl-C and the stop hook: the best schedule so far comes out, in each part of a search."""

import json
import signal
import subprocess
import sys
import threading
import time

import pytest

from opt_twin.results import Status, StopReason
from opt_twin.scheduling import cpsat, dispatch, load_instance, solve, solve_schedule, verify
from opt_twin.scheduling import dispatching as dispatching_module
from opt_twin.scheduling import labels as labels_module
from opt_twin.scheduling.bounds import lower_bound
from opt_twin.scheduling.cpsat import CpSatSolver
from opt_twin.solvers import SolveOptions
from opt_twin.testing import random_shop

LONG = SolveOptions(time_limit=600.0)
PATIENCE = 20.0
"""Seconds after the interruption on a busy machine; it takes less than one on an idle one."""

CHILD = """
import json, signal, sys, time
from opt_twin.scheduling import cpsat, dispatch, load_instance, solve_schedule, verify
from opt_twin.solvers import SolveOptions

signal.signal(signal.SIGINT, signal.default_int_handler)
place, limit = sys.argv[1], float(sys.argv[2])
if place == "model":
    build = cpsat.SchedulingModel._constraints
    def slowly(self):
        print("now", flush=True)
        build(self)
        time.sleep(60)
    cpsat.SchedulingModel._constraints = slowly

def progress(point):
    if place == "rules":
        print("now", flush=True)

instance = load_instance("ta71")
how = {"solver": "cp-sat", "start": dispatch(instance)} if place == "model" else {}
result = solve_schedule(instance, options=SolveOptions(time_limit=limit), on_progress=progress, **how)
violations = verify(instance, result.solution())
status = str(result.stop_reason), str(result.status)
print(json.dumps([*status, result.objective, result.bound, len(violations)]))
"""


@pytest.mark.parametrize(("place", "limit"), [("rules", 600.0), ("model", 600.0)])
def test_a_signal_gives_the_best_schedule_so_far(place, limit):
    """100 jobs on 20 machines, interrupted after the first rule and while the model is being built."""
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, place, str(limit)], stdout=subprocess.PIPE, text=True
    )
    with child:
        assert child.stdout.readline() == "now\n"
        child.send_signal(signal.SIGINT)
        sent = time.perf_counter()
        lines = child.stdout.read().splitlines()
        assert child.wait() == 0
    assert time.perf_counter() - sent < PATIENCE
    reason, status, objective, bound, violations = json.loads(lines[-1])
    assert (reason, status, violations) == ("interrupted", "feasible", 0)
    assert 5464 <= bound <= objective <= 6200


@pytest.mark.parametrize("solver", ["auto", "dispatching"])
def test_the_stop_hook_ends_the_rules(solver):
    """One rule is enough for a schedule."""
    instance = load_instance("ta71")
    began = time.perf_counter()
    result = solve_schedule(instance, solver=solver, options=LONG, stop=lambda: True)
    assert time.perf_counter() - began < PATIENCE
    assert (result.status, result.stop_reason) == (Status.FEASIBLE, StopReason.INTERRUPTED)
    assert len(result.trace) == 1
    assert verify(instance, result.solution()) == ()


def test_the_stop_hook_ends_the_search_for_sequences():
    """The hook is asked between insertions and between neighbourhoods, not between schedules only."""
    shop = random_shop(1, jobs=40, machines=5, setups=True, permutation=True, dates=True)
    answers = {}
    for patience in (5, 14, 30, 60):
        calls = iter(range(10**9))
        result = solve_schedule(
            shop,
            objective="total_weighted_tardiness",
            solver="dispatching",
            options=LONG,
            stop=lambda calls=calls, patience=patience: next(calls) >= patience,
        )
        assert result.stop_reason is StopReason.INTERRUPTED
        assert verify(shop, result.solution()) == ()
        answers[patience] = result.objective
    assert list(answers.values()) == sorted(answers.values(), reverse=True)


def _raise(*_, **__):
    raise KeyboardInterrupt


@pytest.mark.parametrize("what", ["__init__", "hint"])
def test_an_interrupt_while_the_model_is_built_keeps_the_start(monkeypatch, what):
    instance = load_instance("ft06")
    start = dispatch(instance)
    monkeypatch.setattr(cpsat.SchedulingModel, what, _raise)
    result = CpSatSolver().solve(instance, objective="makespan", options=LONG, start=start)
    assert (result.best, result.objective) == (start, start.makespan)
    assert (result.status, result.stop_reason) == (Status.FEASIBLE, StopReason.INTERRUPTED)
    assert result.bound == lower_bound(instance)
    auto = solve_schedule(instance, options=LONG)
    assert auto.stop_reason is StopReason.INTERRUPTED
    assert auto.objective <= start.makespan


def test_an_interrupt_without_a_schedule_is_unknown(monkeypatch):
    monkeypatch.setattr(cpsat.SchedulingModel, "__init__", _raise)
    result = solve_schedule(load_instance("ft06"), solver="cp-sat", options=LONG)
    assert (result.status, result.stop_reason) == (Status.UNKNOWN, StopReason.INTERRUPTED)
    assert (result.best, result.bound) == (None, lower_bound(load_instance("ft06")))
    monkeypatch.setattr(dispatching_module, "dispatch", _raise)
    first = solve_schedule(load_instance("ft06"), options=LONG)
    assert (first.best, first.stop_reason) == (None, StopReason.INTERRUPTED)


def test_an_interrupt_between_the_parts_keeps_the_schedule(monkeypatch):
    instance = load_instance("ft06")
    monkeypatch.setattr(CpSatSolver, "solve", _raise)
    result = solve_schedule(instance, options=LONG)
    assert (result.status, result.stop_reason) == (Status.FEASIBLE, StopReason.INTERRUPTED)
    assert verify(instance, result.solution()) == ()
    monkeypatch.setattr(dispatching_module.DispatchingSolver, "solve", _raise)
    with pytest.raises(KeyboardInterrupt):
        solve_schedule(instance, options=LONG)


def test_an_interrupt_during_the_labels_keeps_the_schedule(monkeypatch):
    shop = random_shop(2, jobs=7, machines=3, setups=True, permutation=True, dates=True)
    monkeypatch.setattr(labels_module, "RestBounds", _raise)
    result = solve_schedule(shop, objective="total_weighted_tardiness", options=LONG)
    assert (result.status, result.stop_reason) == (Status.FEASIBLE, StopReason.INTERRUPTED)
    assert verify(shop, result.solution()) == ()


@pytest.mark.parametrize(("name", "reason"), [("ft20", StopReason.INTERRUPTED), ("la05", StopReason.PROVED)])
def test_an_interrupt_during_the_check_does_not_lose_the_answer(monkeypatch, name, reason):
    checked, calls = solve._checked, []

    def once(*arguments):
        calls.append(1)
        if len(calls) == 1:
            raise KeyboardInterrupt
        return checked(*arguments)

    monkeypatch.setattr(solve, "_checked", once)
    instance = load_instance(name)
    result = solve_schedule(instance, solver="dispatching", options=LONG)
    assert result.stop_reason is reason
    assert verify(instance, result.solution()) == ()
    assert len(calls) == 2


def test_a_signal_during_constraint_programming_keeps_its_best_schedule():
    if threading.current_thread() is not threading.main_thread():
        pytest.skip("signals reach the main thread only")
    instance = load_instance("ta21")
    old = signal.signal(signal.SIGINT, signal.default_int_handler)
    sent = []

    def interrupt(point):
        if point.objective is not None and not sent:
            sent.append(time.perf_counter())
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    try:
        result = CpSatSolver().solve(instance, objective="makespan", options=LONG, on_progress=interrupt)
    finally:
        signal.signal(signal.SIGINT, old)
    assert time.perf_counter() - sent[0] < PATIENCE
    assert result.stop_reason is StopReason.INTERRUPTED
    assert verify(instance, result.solution()) == ()
