"""Scheduling against best known values and plain CP-SAT, in turn, and the tables of docs/benchmarks.md.

    python benchmarks/scheduling.py figures --seeds 5
    python benchmarks/scheduling.py ta
    python benchmarks/scheduling.py ta-flow
    python benchmarks/scheduling.py report

A run that stands in ``results/scheduling_*.jsonl`` is not repeated, so each can be stopped and gone on with.
``opt-twin bench scheduling`` does the same; this program adds mk10, which lies outside the package, where
it is there, and writes the page.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pages

from opt_twin.cli.bench_scheduling import done_rows, run_suite, suite_names
from opt_twin.files import append_line
from opt_twin.scheduling import load_instance
from opt_twin.scheduling.portfolio import warm_up

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "fjsp"
SUITES = ("figures", "ta", "ta-flow", "ta-open")
AIMS = {
    "ft10": "proved < 20 s",
    "la21": "1046 < 15 s",
    "la29": "1157",
    "abz7": "659",
    "ta11": "1361",
    "ta21": "1647",
    "ta31": "1765",
    "ta41": "2020",
    "mk10": "203",
    "ta051": "3875",
    "ta081": "6250",
}
"""Of the median of five seeds after 60 s on two cores."""

DECADES = {
    "ta": ((15, 15), (20, 15), (20, 20), (30, 15), (30, 20), (50, 15), (50, 20), (100, 20)),
    "ta-flow": (
        (20, 5),
        (20, 10),
        (20, 20),
        (50, 5),
        (50, 10),
        (50, 20),
        (100, 5),
        (100, 10),
        (100, 20),
        (200, 10),
        (200, 20),
        (500, 20),
    ),
    "ta-open": ((4, 4), (5, 5), (7, 7), (10, 10), (15, 15), (20, 20)),
}


def results(suite: str) -> Path:
    """Return the file of the rows of a suite."""
    return pages.RESULTS / f"scheduling_{suite.replace('-', '_')}.jsonl"


def run(suite: str, solvers: Sequence[str], seeds: int, seconds: float, workers: int) -> None:
    """Run what is not there yet."""
    path = results(suite)
    instances = [load_instance(name) for name in suite_names(suite)]
    if suite == "figures" and (DATA / "mk10.txt").exists():
        instances.append(load_instance(DATA / "mk10.txt"))
    warm_up()

    def keep(row: dict[str, Any]) -> None:
        append_line(path, row)
        print(row["instance"], row["asked_for"], row["seed"], row["objective"], row["best_known"], flush=True)

    known = done_rows(path)
    for _ in run_suite(
        instances,
        solvers=solvers,
        seeds=range(seeds),
        time_limit=seconds,
        workers=workers,
        known=known,
        on_row=keep,
    ):
        pass


def figures_table(rows: Sequence[dict[str, Any]]) -> str:
    """Return the table of the figures: medians of the seeds."""
    lines = []
    for name, aim in AIMS.items():
        own = [row for row in rows if row["instance"] == name]
        if not own:
            continue
        cells = [name, str(own[0]["best_known"] or "189..193")]
        for solver in ("cp-sat", "auto"):
            runs = [row for row in own if row["asked_for"] == solver and row["objective"] is not None]
            cells.append(_median(runs))
        runs = [row for row in own if row["asked_for"] == "auto" and row["objective"] is not None]
        times = [row["time_to_best"] for row in runs]
        ends = [row["runtime"] for row in runs if row["status"] == "optimal"]
        cells += [
            f"{statistics.median(times):.1f} s" if times else "-",
            f"{statistics.median(ends):.1f} s ({len(ends)} of {len(runs)})" if ends else "-",
            aim,
        ]
        lines.append(cells)
    heads = ["instance", "best known", "CP-SAT alone", "opt_twin", "found after", "proved after", "aim"]
    return pages.table(heads, lines)


def _median(runs: Sequence[dict[str, Any]]) -> str:
    values = sorted(int(row["objective"]) for row in runs)
    if not values:
        return "-"
    spread = f" ({values[0]} to {values[-1]})" if values[0] < values[-1] else ""
    return f"{statistics.median_low(values)}{spread}"


def suite_table(suite: str, rows: Sequence[dict[str, Any]]) -> str:
    """Return the table of a suite: mean gap to the best known value, size by size."""
    solvers = [name for name in ("cp-sat", "auto") if any(row["asked_for"] == name for row in rows)]
    names = suite_names(suite)
    lines = []
    for index, (jobs, machines) in enumerate(DECADES[suite]):
        wanted = set(names[10 * index : 10 * index + 10])
        own = [row for row in rows if row["instance"] in wanted]
        if own:
            cells = [_gap([row for row in own if row["asked_for"] == solver]) for solver in solvers]
            lines.append([f"{jobs} x {machines}", *cells])
    lines.append(["all", *(_gap([row for row in rows if row["asked_for"] == solver]) for solver in solvers)])
    return pages.table(["size", *({"cp-sat": "CP-SAT alone", "auto": "opt_twin"}[s] for s in solvers)], lines)


def _gap(rows: Sequence[dict[str, Any]]) -> str:
    gaps = [row["gap_to_best_known"] for row in rows if row["gap_to_best_known"] is not None]
    if not gaps:
        return "-"
    proved = sum(row["status"] == "optimal" for row in rows)
    best = sum(gap <= 0 for gap in gaps)
    return f"{100 * statistics.fmean(gaps):.2f} % ({best} of {len(gaps)} best known, {proved} proved)"


def page_table(suite: str) -> str:
    """Return what stands on the page for a suite."""
    rows = done_rows(results(suite))
    return figures_table(rows) if suite == "figures" else suite_table(suite, rows)


def report() -> None:
    """Write the tables of the page."""
    page = pages.ROOT / "docs" / "benchmarks.md"
    for suite in SUITES:
        if results(suite).exists():
            pages.put_between(page, f"scheduling {suite}", page_table(suite))


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=[*SUITES, "report"])
    parser.add_argument("--solver", action="append")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    if options.what != "report":
        solvers = options.solver or ["auto", "cp-sat"]
        run(options.what, solvers, options.seeds, options.seconds, options.workers)
    report()


if __name__ == "__main__":
    main()
