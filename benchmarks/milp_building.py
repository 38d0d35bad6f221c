"""Time-indexed models: how long Pyomo and the arrays take to build what HiGHS reads, built in turn.

The case: jobs with durations from 1 to 20 ticks, releases and weights on three unrelated machines, total
weighted flow time. Building ends where the solver's process begins: for Pyomo with the LP file on the disk,
for the arrays with the file of the arrays. The seconds are processor time, the least of the repetitions.

    python benchmarks/milp_building.py [--jobs 10 20 40] [--repetitions 3]

prints a table and appends one row for each size to ``results/milp_building.jsonl``.
"""

from __future__ import annotations

import argparse
import json
import platform
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np

from opt_twin.scheduling import SchedulingInstance
from opt_twin.scheduling.milp_time_indexed import TimeIndexedColumns, TimeIndexedModel

RESULTS = Path(__file__).parent / "results" / "milp_building.jsonl"
OBJECTIVE = "total_weighted_flow_time"
MACHINES = ("M1", "M2", "M3")


def shop(jobs: int, seed: int = 1) -> SchedulingInstance:
    """Return random jobs on three unrelated machines."""
    rng = np.random.default_rng(seed)
    rows = [
        {
            "name": f"J{number}",
            "release": int(rng.integers(0, 10)),
            "weight": int(rng.integers(1, 6)),
            "operations": [
                {"modes": [{"machine": m, "duration": int(rng.integers(1, 21))} for m in MACHINES]}
            ],
        }
        for number in range(jobs)
    ]
    return SchedulingInstance.from_dict({"name": f"{jobs} jobs", "machines": MACHINES, "jobs": rows})


def by_pyomo(instance: SchedulingInstance, folder: Path) -> None:
    """Build the readable model and write its LP file."""
    TimeIndexedModel(instance, None, OBJECTIVE).model.write(str(folder / "model.lp"))


def by_arrays(instance: SchedulingInstance, folder: Path) -> None:
    """Build the arrays and write them."""
    TimeIndexedColumns(instance, None, OBJECTIVE).model.save(folder / "model.npz")


def seconds(build: Callable[[SchedulingInstance, Path], None], instance: SchedulingInstance) -> float:
    """Return the processor time of one building."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.process_time()
        build(instance, Path(folder))
        return time.process_time() - began


def main() -> None:
    """Build each size both ways in turn and write the rows."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--jobs", type=int, nargs="+", default=[10, 20, 40])
    parser.add_argument("--repetitions", type=int, default=3)
    options = parser.parse_args()
    seconds(by_pyomo, shop(3)), seconds(by_arrays, shop(3))  # warm up imports
    print(f"{'jobs':>5}{'columns':>10}{'rows':>8}{'entries':>10}{'Pyomo s':>10}{'arrays s':>10}{'ratio':>8}")
    with RESULTS.open("a", encoding="utf-8") as file:
        for jobs in options.jobs:
            instance = shop(jobs)
            runs = [
                (seconds(by_pyomo, instance), seconds(by_arrays, instance))
                for _ in range(options.repetitions)
            ]
            slow, fast = (min(column) for column in zip(*runs, strict=True))
            model = TimeIndexedColumns(instance, None, OBJECTIVE).model
            size = len(model.cost), len(model.row_lower), len(model.values)
            row = {
                "date": datetime.now(UTC).date().isoformat(),
                "case": f"{jobs} jobs on 3 unrelated machines, {OBJECTIVE}",
                "columns": size[0],
                "rows": size[1],
                "entries": size[2],
                "pyomo_seconds": round(slow, 4),
                "array_seconds": round(fast, 4),
                "ratio": round(slow / fast, 1),
                "repetitions": options.repetitions,
                "pyomo": version("pyomo"),
                "opt_twin": version("opt-twin"),
                "python": platform.python_version(),
            }
            file.write(json.dumps(row) + "\n")
            sizes = f"{jobs:>5}{size[0]:>10}{size[1]:>8}{size[2]:>10}"
            print(f"{sizes}{slow:>10.3f}{fast:>10.4f}{slow / fast:>8.0f}")


if __name__ == "__main__":
    main()
