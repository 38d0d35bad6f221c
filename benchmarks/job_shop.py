"""Job shops against their best known makespans.

    python benchmarks/job_shop.py ft06 ft10 --time-limit 60 --workers 2

appends a row for each run to ``benchmarks/results/job_shop.jsonl`` and prints a table.
"""

from __future__ import annotations

import argparse
import json
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from opt_twin.scheduling import best_known, load_instance, solve_schedule, solver_names, verify
from opt_twin.solvers import SolveOptions

DEFAULT = ("ft06", "ft10", "la21", "abz7", "ta01", "ta21")
RESULTS = Path(__file__).parent / "results" / "job_shop.jsonl"


def run(name: str, solver: str, options: SolveOptions) -> dict[str, object]:
    """Solve one instance and return its row."""
    instance, known = load_instance(name), best_known(name)
    result = solve_schedule(instance, solver=solver, options=options)
    found = result.objective
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "instance": name,
        "solver": result.solver,
        "asked_for": solver,
        "solver_version": result.solver_version,
        "opt_twin": version("opt-twin"),
        "python": platform.python_version(),
        "seed": options.seed,
        "workers": options.workers,
        "time_limit": options.time_limit,
        "status": str(result.status),
        "objective": found,
        "bound": result.bound,
        "best_known": known.upper if known else None,
        "gap": None if result.gap is None else round(result.gap, 4),
        "gap_to_best_known": round(found / known.upper - 1, 4) if found is not None and known else None,
        "runtime": round(result.runtime, 2),
        "time_to_best": round(min((p.time for p in result.trace if p.objective == found), default=0.0), 2),
        "verified": result.best is not None and verify(instance, result.best) == (),
    }


def table(rows: list[dict[str, object]]) -> str:
    """Return the rows as a table for people."""
    columns = (
        "instance",
        "seed",
        "objective",
        "best_known",
        "bound",
        "status",
        "time_to_best",
        "runtime",
        "verified",
    )
    lines = [" | ".join(columns), " | ".join("---" for _ in columns)]
    lines += [" | ".join(str(row[column]) for column in columns) for row in rows]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("instances", nargs="*", default=list(DEFAULT))
    parser.add_argument("--solver", default="auto", choices=solver_names())
    parser.add_argument("--time-limit", type=float, default=60.0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seeds", type=int, default=1, help="how many, from 0")
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    rows = []
    for name in arguments.instances:
        for seed in range(arguments.seeds):
            options = SolveOptions(time_limit=arguments.time_limit, workers=arguments.workers, seed=seed)
            rows.append(run(name, arguments.solver, options))
            arguments.out.parent.mkdir(parents=True, exist_ok=True)
            with arguments.out.open("a", encoding="utf-8") as out:
                out.write(json.dumps(rows[-1]) + "\n")
    print(table(rows))


if __name__ == "__main__":
    main()
