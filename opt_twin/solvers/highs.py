"""One way to run HiGHS, on Pyomo models and on sparse arrays: limits, interruption, a process of its own.

OR-Tools 9.15 brings HiGHS 1.12 as a shared library of the same name as highspy's, so that of the two only
the one imported first works in a process. HiGHS runs in a process of its own, therefore.
"""

from __future__ import annotations

import contextlib
import json
import logging
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opt_twin.errors import SolverError
from opt_twin.results import Status, StopReason
from opt_twin.solvers.base import SolveOptions, Stop
from opt_twin.solvers.status import highs_status

__all__ = ["HighsAnswer", "SparseModel", "highs_version", "run_highs", "run_sparse"]

_LOGGER = logging.getLogger("opt_twin")
_POLL = 0.05
"""Seconds between two looks at the stop hook."""
_PATIENCE = 10.0
"""Seconds that HiGHS may take to stop after it has been asked to, or beyond its time limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HighsAnswer:
    """What HiGHS found; the values of the best solution stand in the model.

    Attributes
    ----------
    status, stop_reason
        What the answer is, and why the solver stopped.
    has_solution
        Whether the model holds the values of a solution.
    objective
        Of that solution, rounded; HiGHS gives 54.999999999999986 for 55.
    bound
        The proven bound, rounded up to a whole number.
    """

    status: Status
    stop_reason: StopReason
    has_solution: bool
    objective: int | None
    bound: int | None


def highs_version() -> str:
    """Return the version of highspy."""
    return version("highspy")


def run_highs(model: Any, *, options: SolveOptions, started: float, stop: Stop | None = None) -> HighsAnswer:
    """Solve a Pyomo model whose objective is a whole number, to be minimised.

    Parameters
    ----------
    model
        A ``ConcreteModel``; the values of the best solution are loaded into it.
    options
        Limits. The time limit counts from `started`.
    started
        ``time.perf_counter()`` at the start of the whole search.
    stop
        Asked about every 0.05 s; the search ends with its best answer once it returns true. Ctrl-C does the
        same.

    Raises
    ------
    SolverError
        If HiGHS failed.
    """
    with tempfile.TemporaryDirectory(prefix="opt_twin_") as folder:
        _, map_id = model.write(str(Path(folder) / "model.lp"))
        symbols = model.solutions.symbol_map[map_id].bySymbol
        answer = _answer(Path(folder), options, started, stop)
    for name, value in (answer["values"] or {}).items():
        if name in symbols:
            variable = symbols[name]
            variable.set_value(round(value) if variable.is_integer() else value, skip_validation=True)
    return _read(answer)


@dataclass(frozen=True, slots=True, kw_only=True)
class SparseModel:
    """A mixed-integer program as arrays, to be minimised; its rows read ``lower <= A x <= upper``.

    Attributes
    ----------
    cost, lower, upper
        Of each column, shape (n,).
    integer
        Whether the column is whole, shape (n,).
    row_lower, row_upper
        Of each row, shape (m,); infinite where there is no limit.
    starts, rows, values
        The columns of A one after the other: column j has the entries from ``starts[j]`` to
        ``starts[j + 1]`` of `rows` and `values`; shapes (n + 1,), (nonzeros,) and (nonzeros,).
    """

    cost: NDArray[np.float64]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    integer: NDArray[np.bool_]
    row_lower: NDArray[np.float64]
    row_upper: NDArray[np.float64]
    starts: NDArray[np.int32]
    rows: NDArray[np.int32]
    values: NDArray[np.float64]

    def save(self, file: Path) -> None:
        """Write the arrays for the process of HiGHS."""
        np.savez(file, **{name: getattr(self, name) for name in self.__slots__})


def run_sparse(
    model: SparseModel, *, options: SolveOptions, started: float, stop: Stop | None = None
) -> tuple[HighsAnswer, NDArray[np.float64] | None]:
    """Solve a model of arrays whose objective is a whole number, to be minimised.

    Parameters
    ----------
    model
        The arrays.
    options, started, stop
        As for :func:`run_highs`.

    Returns
    -------
    answer
        What HiGHS found.
    values
        Of each column in the best solution, whole where they must be; None without a solution.

    Raises
    ------
    SolverError
        If HiGHS failed.
    """
    with tempfile.TemporaryDirectory(prefix="opt_twin_") as folder:
        model.save(Path(folder) / "model.npz")
        answer = _answer(Path(folder), options, started, stop)
        file = Path(folder) / "values.npy"
        values = np.load(file) if file.exists() else None
    if values is not None:
        values = np.where(model.integer, np.round(values), values)
    return _read(answer), values


def _answer(folder: Path, options: SolveOptions, started: float, stop: Stop | None) -> dict[str, Any]:
    """Run HiGHS on the model in `folder` and return what it has written."""
    log = folder / "highs.log"
    request = {
        "time_limit": options.time_limit,
        "mip_rel_gap": options.gap,
        "mip_abs_gap": 0.999,  # below one whole number nothing is left to gain
        "threads": options.workers,
        "random_seed": options.seed,
        "log_to_console": False,
        "log_file": str(log) if options.log else "",
    }
    left = options.time_limit - (time.perf_counter() - started)
    until = time.time() + left  # the clock on the wall is what two processes share
    (folder / "request.json").write_text(json.dumps({"options": request, "until": until}))
    _run(folder, left, stop)
    if options.log:
        for line in log.read_text(errors="replace").splitlines():
            _LOGGER.info(line)
    answer: dict[str, Any] = json.loads((folder / "answer.json").read_text())
    return answer


def _read(answer: Mapping[str, Any]) -> HighsAnswer:
    """Return what the answer of the process means."""
    if answer["error"]:
        raise SolverError(f"HiGHS failed: {answer['error']}")
    has_solution = answer["objective"] is not None
    objective = round(answer["objective"]) if has_solution else None
    bound = answer["bound"]
    whole = None if bound is None or not math.isfinite(bound) else math.ceil(bound - 1e-5)
    status, reason = highs_status(
        answer["status"], has_solution=has_solution, objective=objective, bound=whole
    )
    return HighsAnswer(
        status=status, stop_reason=reason, has_solution=has_solution, objective=objective, bound=whole
    )


def _run(folder: Path, left: float, stop: Stop | None) -> None:
    """Run HiGHS on what lies in `folder`; an end of its input asks it to stop.

    Raises
    ------
    SolverError
        If the process failed or did not stop.
    """
    # by its file, without the packages around it: the process imports highspy and nothing of ours
    script = Path(__file__).with_name("highs_process.py")
    command = [sys.executable, "-P", str(script), str(folder)]
    process = subprocess.Popen(  # noqa: S603 - our own module
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for this process; it asks the other one to stop
    )
    assert process.stdin is not None
    assert process.stderr is not None
    deadline = time.monotonic() + max(left, 0.0) + _PATIENCE
    asked = False
    with process:
        while process.poll() is None:
            try:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(_POLL)
                if not asked and stop is not None and stop():
                    asked = True
                    process.stdin.close()
                    deadline = time.monotonic() + _PATIENCE
                if time.monotonic() > deadline:
                    process.kill()
            except KeyboardInterrupt:
                asked = True
                process.stdin.close()
                deadline = time.monotonic() + _PATIENCE
        message = process.stderr.read().decode(errors="replace").strip()
    if process.returncode != 0:
        last = message.splitlines()[-1] if message else "it did not stop in time"
        raise SolverError(f"HiGHS failed: {last} (exit code {process.returncode})")
