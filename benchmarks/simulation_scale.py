"""How the simulator grows: processor time for an event in lines of 10 to 1,000 stations, memory for 30 days.

The lines are those of ``simulation_engine.py`` with other numbers of stations; runs of all sizes are made in
turn, and the least of the times of each size counts, as other programs on the machine only add to it. Events
are completions, failures and repairs. A cost of c n log n gives a time for an event that grows like log n; so
the slope of log(time for an event) on log(n) is compared with the slope of log(log n), for n the events of
the run, and for n the stations, to which the size of the calendar is proportional. The other way to more
events is a longer run: 100 stations over 2 to 128 hours are fitted in the same way.

    python benchmarks/simulation_scale.py [--repeats 5] [--days 30]

appends one row for each size and length, one for each fit and one for the memory to
``results/simulation_scale.jsonl`` and writes the tables of docs/validation.md. The memory is the peak of a
fresh process that runs 100 stations.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import opt_twin
from opt_twin.simulation import RunSettings, run_replication

sys.path.insert(0, str(Path(__file__).parent))
from pages import ROOT, put_between, read_rows, table, write_rows
from simulation_engine import FAILURE, HORIZON, tandem

PAGE = ROOT / "docs" / "validation.md"
SIZES = (10, 32, 100, 316, 1000)
HOURS = (2, 8, 32, 128)
DAY = 86400.0
INTERVAL = 60.0

Row = dict[str, object]


def run(stations: int, horizon: float, seed: int = 0, interval: float | None = None) -> tuple[float, int]:
    """Return the processor seconds of a run, making the line ready included, and its events."""
    line = tandem(stations)
    start = time.process_time()
    values = run_replication(line, settings=RunSettings(horizon=horizon, interval=interval), seed=seed).values
    spent = time.process_time() - start
    names = [station.name for station in line.stations]
    cycles = sum(int(values[f"{name}.parts"]) for name in names)
    # a station is down for the mean time to repair at each failure; each has a repair
    down = sum(values[f"{name}.failed"] for name in names) * horizon
    return spent, cycles + 2 * round(down / FAILURE.time_to_repair.mean)


def sizes(repeats: int) -> list[Row]:
    """Run all sizes in turn and return one row for each, and the fit."""
    rows = _timed("size", [(size, HORIZON) for size in SIZES], repeats)
    return [*rows, _fit("fit", rows, ("events", "stations"))]


def lengths(repeats: int) -> list[Row]:
    """Run one line over all lengths in turn and return one row for each, and the fit."""
    rows = _timed("length", [(100, 3600.0 * hours) for hours in HOURS], repeats)
    return [*rows, _fit("fit of length", rows, ("events",))]


def _timed(what: str, cases: Sequence[tuple[int, float]], repeats: int) -> list[Row]:
    """Run cases of so many stations and such a horizon in turn and return one row for each."""
    found: dict[tuple[int, float], list[tuple[float, int]]] = {case: [] for case in cases}
    for repeat in range(repeats):
        for case in cases:
            found[case].append(run(*case, seed=repeat))
    rows: list[Row] = []
    for (size, horizon), runs in found.items():
        each = min(spent / events for spent, events in runs)
        rows.append(
            {
                "what": what,
                "stations": size,
                "horizon": horizon,
                "events": round(statistics.median(events for _, events in runs)),
                "processor_seconds": round(min(spent for spent, _ in runs), 3),
                "events_per_second": round(1 / each),
                "microseconds_for_an_event": round(1e6 * each, 3),
                "repeats": repeats,
                **_versions(),
            }
        )
    return rows


def _fit(what: str, rows: Sequence[Row], against: Sequence[str]) -> Row:
    each = np.log([float(str(row["microseconds_for_an_event"])) for row in rows])
    fit: Row = {"what": what}
    for of in against:
        n = np.log([float(str(row[of])) for row in rows])
        slope = float(np.polyfit(n, each, 1)[0])
        allowed = float(np.polyfit(n, np.log(n), 1)[0])
        fit |= {f"slope_on_{of}": round(slope, 4), f"slope_of_n_log_n_on_{of}": round(allowed, 4)}
    return fit | _versions()


def memory(days: float) -> Row:
    """Run 100 stations in a fresh process and return its peak."""
    command = [sys.executable, __file__, "--memory-run", "--days", str(days)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return {"what": "memory", "stations": 100, "days": days, **json.loads(done.stdout), **_versions()}


def memory_run(days: float) -> None:
    """Run in this process and print what it took."""
    before = _peak()
    spent, events = run(100, days * DAY, interval=INTERVAL)
    print(
        json.dumps(
            {
                "peak_mib": round(_peak()),
                "peak_mib_before_the_run": round(before),
                "telemetry": True,
                "events": events,
                "processor_seconds": round(spent, 1),
                "times_real_time": round(days * DAY / spent),
            }
        )
    )


def _peak() -> float:
    """Return the peak of resident memory so far, MiB.

    On Linux from the memory map of this process: its resource usage would hold that of the process which
    started it.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # bytes, where there is no /proc


def _versions() -> Row:
    return {"opt_twin": opt_twin.__version__, "python": platform.python_version()}


def _told(rows: Sequence[Row], fit: str) -> str:
    """Return the latest rows before a fit as a table, and the fit."""
    last = max(index for index, row in enumerate(rows) if row["what"] == fit)
    first = last
    while first and rows[first - 1]["what"] in ("size", "length"):
        first -= 1
    heads = ("stations", "hours", "events", "processor time", "events a second", "for an event")
    lines = [
        [
            f"{row['stations']:,}",
            f"{float(str(row['horizon'])) / 3600:g}",
            f"{row['events']:,}",
            f"{row['processor_seconds']:.2f} s",
            f"{row['events_per_second']:,}",
            f"{row['microseconds_for_an_event']:.2f} µs",
        ]
        for row in rows[first:last]
    ]
    found = rows[last]
    slopes = " and ".join(
        f"{found[name]:.3f} on log({of}), where n log n has {found[f'slope_of_n_log_n_on_{of}']:.3f}"
        for of in ("events", "stations")
        if (name := f"slope_on_{of}") in found
    )
    return f"{table(heads, lines)}\n\nSlope of log(time for an event): {slopes}."


def page_table(rows: Sequence[Row]) -> str:
    """Return the tables of the page from the latest rows."""
    text = f"{_told(rows, 'fit')}\n\n{_told(rows, 'fit of length')}"
    runs = [row for row in rows if row["what"] == "memory"]
    if runs:
        row = runs[-1]
        told = "with" if row["telemetry"] else "without"
        text += (
            f"\n\n100 stations over {row['days']:g} days ({row['events']:,} events, {told} telemetry and "
            f"without the event log): a peak of {row['peak_mib']} MiB in a fresh process, of which "
            f"{row['peak_mib_before_the_run']} MiB stand there before the run; {row['times_real_time']:,} "
            "times real time with all checks on."
        )
    return text


def main() -> None:
    """Measure, write rows and table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--days", type=float, default=30.0)
    parser.add_argument("--only", choices=("sizes", "lengths", "memory"), help="measure one of the three")
    parser.add_argument("--memory-run", action="store_true", help="what the fresh process does")
    parser.add_argument("--dry-run", action="store_true", help="print only")
    options = parser.parse_args()
    if options.memory_run:
        memory_run(options.days)
        return
    rows: list[Row] = []
    if options.only in (None, "sizes"):
        rows += sizes(options.repeats)
    if options.only in (None, "lengths"):
        rows += lengths(options.repeats)
    if options.only in (None, "memory"):
        rows.append(memory(options.days))
    print("\n".join(json.dumps(row) for row in rows))
    if not options.dry_run:
        write_rows("simulation_scale", rows)
        put_between(PAGE, "scale", page_table(read_rows("simulation_scale")))


if __name__ == "__main__":
    main()
