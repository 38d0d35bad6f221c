"""One way to run CP-SAT for all formulations: limits, trace, interruption."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from opt_twin.errors import OptionError, SolverError
from opt_twin.results import Status, StopReason, TracePoint
from opt_twin.solvers.base import OnProgress, SolveOptions, Stop
from opt_twin.solvers.status import cpsat_status

__all__ = ["CpSatAnswer", "complete_hint", "cpsat_version", "run_cpsat"]

_LOGGER = logging.getLogger("opt_twin")
_POLL = 0.05
"""Seconds between two looks at the stop hook."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CpSatAnswer:
    """What CP-SAT found.

    Attributes
    ----------
    status, stop_reason
        What the answer is, and why the solver stopped.
    objective, bound
        Of the best solution, and proven; None where there is none.
    value
        Returns the value of a variable in the best solution; None when there is no solution.
    trace
        How objective and bound came about.
    """

    status: Status
    stop_reason: StopReason
    objective: int | None
    bound: int | None
    value: Callable[[Any], int] | None
    trace: tuple[TracePoint, ...]


def cpsat_version() -> str:
    """Return the version of OR-Tools."""
    import ortools

    return str(ortools.__version__)


class _Trace:
    """The growing trace; both callbacks of the solver write into it, from threads of their own."""

    def __init__(self, started: float, best: TracePoint, on_progress: OnProgress | None) -> None:
        self.points: list[TracePoint] = []
        self.error: BaseException | None = None
        self._started = started
        self._best, self._bound = best.objective, best.bound
        self._on_progress = on_progress
        self._lock = threading.Lock()

    def add(self, objective: float | None, bound: float | None) -> None:
        """Note what is known now, and tell it if it is better than what was known."""
        with self._lock:
            better = objective is not None and (self._best is None or objective < self._best)
            tighter = bound is not None and (self._bound is None or bound > self._bound)
            if not better and not tighter:
                return
            self._best = objective if better else self._best
            self._bound = bound if tighter else self._bound
            point = TracePoint(time.perf_counter() - self._started, self._best, self._bound)
            self.points.append(point)
            if self._on_progress is not None and self.error is None:
                try:
                    self._on_progress(point)
                except BaseException as error:  # noqa: BLE001 - raised again once the solver has stopped
                    self.error = error


def run_cpsat(
    model: Any,
    *,
    options: SolveOptions,
    started: float,
    known: TracePoint = TracePoint(0.0, None, None),  # noqa: B008 - an immutable tuple
    parameters: Mapping[str, Any] | None = None,
    on_progress: OnProgress | None = None,
    stop: Stop | None = None,
) -> CpSatAnswer:
    """Solve a model with an integer objective to be minimised.

    Parameters
    ----------
    model
        A ``CpModel``.
    options
        Limits. The time limit counts from `started`.
    started
        ``time.perf_counter()`` at the start of the whole search.
    known
        Objective and bound that are known already; only what is better enters the trace.
    parameters
        Further parameters of CP-SAT by name; a tuple for one that has several values.
    on_progress
        Called with each improvement, from a thread of the solver.
    stop
        Asked about every 0.05 s; the search ends with its best answer once it returns true. Ctrl-C does the
        same.

    Raises
    ------
    SolverError
        If CP-SAT finds the model not valid.
    OptionError
        If CP-SAT does not know a parameter.
    """
    from ortools.sat.python import cp_model

    trace = _Trace(started, known, on_progress)

    class _OnSolution(cp_model.CpSolverSolutionCallback):  # type: ignore[misc,unused-ignore]
        def on_solution_callback(self) -> None:
            trace.add(round(self.objective_value), _whole(self.best_objective_bound))

    solver = cp_model.CpSolver()
    _configure(solver, options, started, parameters or {})
    solver.best_bound_callback = lambda bound: trace.add(None, _whole(bound))
    status, interrupted = _run(solver, model, _OnSolution(), trace, stop)
    if trace.error is not None:
        raise trace.error
    name = solver.status_name(status)
    if name == "MODEL_INVALID":
        raise SolverError(f"CP-SAT refuses the model: {model.validate() or 'a parameter is not valid'}")
    found = name in {"OPTIMAL", "FEASIBLE"}
    objective = round(solver.objective_value) if found else None
    bound = _whole(solver.best_objective_bound) if name != "INFEASIBLE" else None
    meaning = cpsat_status(name, objective=objective, bound=bound, interrupted=interrupted)
    if found:
        trace.add(objective, bound)
    return CpSatAnswer(
        status=meaning[0],
        stop_reason=meaning[1],
        objective=objective,
        bound=bound,
        value=solver.value if found else None,
        trace=tuple(trace.points),
    )


def complete_hint(model: Any, seconds: float) -> bool:
    """Add what follows from the values that are suggested to a model; return whether that was found in time.

    Parameters
    ----------
    model
        A ``CpModel`` with hints.
    seconds
        The most that may be spent.
    """
    from ortools.sat.python import cp_model

    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = max(seconds, 0.0)
    solver.parameters.num_workers = 1
    solver.parameters.fix_variables_to_their_hinted_value = True
    solver.parameters.catch_sigint_signal = False
    if solver.status_name(solver.solve(model)) not in {"OPTIMAL", "FEASIBLE"}:
        return False
    values = list(solver.response_proto.solution)
    model.clear_hints()
    for index, value in enumerate(values):
        model.add_hint(model.get_int_var_from_proto_index(index), value)
    return True


def _whole(bound: float) -> int | None:
    """Return a bound on a whole number as a whole number; None when there is none."""
    return math.ceil(bound - 1e-6) if math.isfinite(bound) and abs(bound) < 2**62 else None


def _configure(solver: Any, options: SolveOptions, started: float, parameters: Mapping[str, Any]) -> None:
    left = options.time_limit - (time.perf_counter() - started)
    solver.parameters.max_time_in_seconds = max(left, 0.0)
    solver.parameters.relative_gap_limit = options.gap
    solver.parameters.num_workers = options.workers
    solver.parameters.random_seed = options.seed
    solver.parameters.catch_sigint_signal = False  # Ctrl-C is ours: the best answer must come out
    if options.log:
        solver.parameters.log_search_progress = True
        solver.parameters.log_to_stdout = False
        solver.log_callback = _LOGGER.info
    for name, value in parameters.items():
        try:
            if isinstance(value, tuple):
                getattr(solver.parameters, name).extend(value)
            else:
                setattr(solver.parameters, name, value)
        except (AttributeError, TypeError, ValueError) as error:
            raise OptionError(f"CP-SAT has no parameter {name!r} with value {value!r}: {error}") from None


def _run(solver: Any, model: Any, callback: Any, trace: _Trace, stop: Stop | None) -> tuple[Any, bool]:
    """Run the solver in a thread, so that this one can stop it; return its status and if it was stopped."""
    answer: list[Any] = []
    failure: list[BaseException] = []
    done = threading.Event()

    def work() -> None:
        try:
            answer.append(solver.solve(model, callback))
        except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
            failure.append(error)
        finally:
            done.set()

    thread = threading.Thread(target=work, name="cp-sat", daemon=True)
    thread.start()
    interrupted = False
    while not done.is_set():
        try:
            done.wait(_POLL)
            if not interrupted:
                interrupted = trace.error is not None or (stop is not None and stop())
            if interrupted:
                solver.stop_search()
        except KeyboardInterrupt:
            interrupted = True
    thread.join()
    if failure:
        raise SolverError(f"CP-SAT failed: {failure[0]}") from failure[0]
    return answer[0], interrupted
