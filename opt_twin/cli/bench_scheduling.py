"""Scheduling solvers on instances with known values, in turn."""

from __future__ import annotations

import json
import os
import platform
import statistics
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opt_twin.errors import OptionError

if TYPE_CHECKING:
    from opt_twin.scheduling import SchedulingInstance

__all__ = ["SUITES", "Row", "done_rows", "run_suite", "suite_names", "summary", "table"]

Row = Mapping[str, Any]

FIGURES = ("ft10", "la21", "la29", "abz7", "ta11", "ta21", "ta31", "ta41", "ta051", "ta081")

SUITES = ("figures", "ta", "ta-flow", "ta-open")
"""A few that are often cited, and the 80 job shops, 120 flow shops and 60 open shops of Taillard."""


def suite_names(suite: str) -> tuple[str, ...]:
    """Return the names of the instances of a suite, or of those that are named with commas between.

    Raises
    ------
    UnknownNameError
        If there is no such instance.
    """
    from opt_twin.scheduling import builtin_names, load_instance

    if suite == "figures":
        return FIGURES
    if suite in {"ta", "ta-flow", "ta-open"}:
        return tuple(name for name in builtin_names() if _suite_of(name) == suite)
    names = tuple(name.strip() for name in suite.split(",") if name.strip())
    for name in names:
        load_instance(name)
    return names


def _suite_of(name: str) -> str:
    if not name.startswith("ta"):
        return ""
    if "x" in name:
        return "ta-open"
    return "ta" if len(name) == 4 else "ta-flow"


def done_rows(path: Path) -> list[dict[str, Any]]:
    """Return the rows that a file holds already; none when there is no file.

    Raises
    ------
    OptionError
        If it holds something else.
    """
    if not path.exists():
        return []
    try:
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except json.JSONDecodeError as error:
        raise OptionError(f"{path} holds something that is no row of a benchmark: {error}") from None


def run_suite(
    instances: Iterable[SchedulingInstance],
    *,
    solvers: Sequence[str],
    seeds: Sequence[int],
    time_limit: float,
    workers: int,
    known: Iterable[Row] = (),
    on_row: Callable[[dict[str, Any]], None] = lambda _: None,
) -> Iterator[dict[str, Any]]:
    """Solve each instance with each solver and seed in turn; yield a row for each, new or known.

    A run that stands among `known`, with the same limits, is not repeated.
    """
    done = {_key(row): dict(row) for row in known}
    for instance in instances:
        for seed in seeds:
            for solver in solvers:
                key = (instance.name, solver, seed, time_limit, workers)
                if key in done:
                    yield done[key]
                    continue
                row = _measured(instance, solver, seed, time_limit, workers)
                on_row(row)
                yield row


def _key(row: Row) -> tuple[Any, ...]:
    return tuple(row.get(name) for name in ("instance", "asked_for", "seed", "time_limit", "workers"))


def _measured(
    instance: SchedulingInstance, solver: str, seed: int, time_limit: float, workers: int
) -> dict[str, Any]:
    from opt_twin.scheduling import best_known, solve_schedule, verify
    from opt_twin.solvers import SolveOptions

    before = os.times()
    options = SolveOptions(time_limit=time_limit, workers=workers, seed=seed)
    result = solve_schedule(instance, solver=solver, options=options)
    after = os.times()
    spent = sum(after[index] - before[index] for index in range(4))
    known, found = best_known(instance.name), result.objective
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "instance": instance.name,
        "asked_for": solver,
        "solver": result.solver,
        "solver_version": result.solver_version,
        "opt_twin": version("opt-twin"),
        "python": platform.python_version(),
        "seed": seed,
        "workers": workers,
        "time_limit": time_limit,
        "status": str(result.status),
        "objective": found,
        "bound": result.bound,
        "best_known": known.upper if known else None,
        "best_known_source": f"{known.source} {known.date}" if known else None,
        "gap_to_best_known": round(found / known.upper - 1, 5) if found is not None and known else None,
        "runtime": round(result.runtime, 2),
        "cpu": round(spent, 1),
        "peak_mib": _peak_memory(),
        "time_to_best": round(min((p.time for p in result.trace if p.objective == found), default=0.0), 2),
        "trace": [[round(p.time, 2), p.objective, p.bound] for p in result.trace[-40:]],
        "verified": result.best is not None and verify(instance, result.best) == (),
    }


def _peak_memory() -> int | None:
    """Return the most memory that this process has had so far, in MiB; None where it is not known."""
    try:
        import resource
    except ImportError:  # pragma: no cover - not on Windows
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(most / (2**20 if sys.platform == "darwin" else 2**10))


def summary(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return a row for each solver: runs, proofs, mean gap to the best known values, in percent."""
    found = []
    for solver in dict.fromkeys(row["asked_for"] for row in rows):
        own = [row for row in rows if row["asked_for"] == solver]
        gaps = [row["gap_to_best_known"] for row in own if row["gap_to_best_known"] is not None]
        found.append(
            {
                "solver": solver,
                "runs": len(own),
                "proved": sum(row["status"] == "optimal" for row in own),
                "mean_gap_percent": round(100 * statistics.fmean(gaps), 3) if gaps else None,
                "worst_gap_percent": round(100 * max(gaps), 3) if gaps else None,
            }
        )
    return found


def table(rows: Sequence[Row]) -> list[list[str]]:
    """Return lines of text, a line for each instance: best known, and the median of each solver's seeds."""
    solvers = list(dict.fromkeys(row["asked_for"] for row in rows))
    lines = [["instance", "best known", *solvers]]
    for name in dict.fromkeys(row["instance"] for row in rows):
        own = [row for row in rows if row["instance"] == name]
        cells = [name, str(own[0]["best_known"] or "-")]
        for solver in solvers:
            runs = [row for row in own if row["asked_for"] == solver and row["objective"] is not None]
            values = sorted(row["objective"] for row in runs)
            proved = runs and all(row["status"] == "optimal" for row in runs)
            middle = values[(len(values) - 1) // 2] if values else None
            cells.append("-" if middle is None else f"{middle:g}{' proved' if proved else ''}")
        lines.append(cells)
    return lines
