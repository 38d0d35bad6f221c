"""Memory and time of what a run can write down: its event log in a Parquet file, and its telemetry.

The log: 20 stations in a row with failures run until more than a million records have been written; the same
run without a log stands beside it. The telemetry: 100 stations over 30 days at intervals of 60 s. Every case
runs in a process of its own, since only the peak of a whole process is known.

    python benchmarks/event_log.py [--case log|telemetry]

prints a table and appends one row for each case to ``results/event_log.jsonl``.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import numpy as np

import opt_twin
from opt_twin.export import ParquetLog
from opt_twin.line import Buffer, Exponential, FailureMode, Line, Lognormal, Sink, Source, Station, chain
from opt_twin.simulation import RunSettings, run_replication

RESULTS = Path(__file__).parent / "results" / "event_log.jsonl"
LOG_HORIZON = 120_000.0
DAYS_30 = 30 * 86_400.0
CASES = ("run", "log", "plain", "telemetry")


def tandem(stations: int) -> Line:
    """Return stations in a row with 10 places between two of them."""
    mode = FailureMode(time_to_failure=Exponential(mean=3600.0), time_to_repair=Exponential(mean=120.0))
    elements: list[Source | Station | Buffer | Sink] = [Source(name="In")]
    for i in range(stations):
        if i:
            elements.append(Buffer(name=f"B{i}", capacity=10))
        elements.append(Station(name=f"S{i + 1}", cycle_time=Lognormal(mean=5.0, cv=0.3), failures=(mode,)))
    elements.append(Sink(name="Out"))
    return Line(
        name=f"tandem of {stations}",
        elements=tuple(elements),
        connections=chain(*(element.name for element in elements)),
    )


def measure(case: str) -> dict[str, object]:
    """Run one case in this process and return what it took."""
    stored = 0
    size = 0
    start = time.perf_counter()
    if case == "run":
        run = run_replication(tandem(20), settings=RunSettings(horizon=LOG_HORIZON))
    elif case == "log":
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "run.parquet"
            with ParquetLog(file) as log:
                run = run_replication(tandem(20), settings=RunSettings(horizon=LOG_HORIZON), log=log)
            size = file.stat().st_size
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            wall = time.perf_counter() - start
            stored = duckdb.sql(f"SELECT count(*) FROM '{file}'").fetchall()[0][0]
            assert stored == log.rows
    else:
        settings = RunSettings(horizon=DAYS_30, interval=60.0 if case == "telemetry" else None)
        run = run_replication(tandem(100), settings=settings)
        stored = sum(values.size for values in run.series.values())
        size = 4 * stored
    if case != "log":
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        wall = time.perf_counter() - start
    return {
        "case": case,
        "parts_out": run.values["parts_out"],
        "rows": stored,
        "bytes": size,
        "peak_mib": round(peak / 1024, 1),
        "wall": round(wall, 2),
    }


def main() -> None:
    """Run the cases, print them and append the rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--case", choices=("log", "telemetry"), help="both unless given")
    parser.add_argument("--dry-run", action="store_true", help="print only")
    parser.add_argument("--measure", choices=CASES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(options.measure)))
        return
    pairs = {"log": ("run", "log"), "telemetry": ("plain", "telemetry")}
    rows = []
    print(f"{'case':<12}{'parts out':>11}{'values stored':>15}{'MB stored':>11}{'peak MiB':>10}{'wall s':>9}")
    for case in [case for name, pair in pairs.items() if options.case in {None, name} for case in pair]:
        done = subprocess.run(
            [sys.executable, __file__, "--measure", case], capture_output=True, text=True, check=True
        )
        row = json.loads(done.stdout)
        rows.append(
            row
            | {
                "opt_twin": opt_twin.__version__,
                "duckdb": duckdb.__version__,
                "numpy": np.__version__,
                "python": platform.python_version(),
            }
        )
        print(
            f"{row['case']:<12}{row['parts_out']:>11.0f}{row['rows']:>15}{row['bytes'] / 1e6:>11.1f}"
            f"{row['peak_mib']:>10}{row['wall']:>9}"
        )
    if not options.dry_run:
        RESULTS.parent.mkdir(exist_ok=True)
        with RESULTS.open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)


if __name__ == "__main__":
    main()
