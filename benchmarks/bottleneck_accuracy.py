"""How often the bottleneck of a line is named correctly, and by which method.

The lines are random tandem lines (``bottleneck_lines.py``), taken in their order until 200 are *clear*. The
truth is the gain of throughput when one station is 4 % faster, by paired differences under common random
numbers: 80 replications of 135,000 s after a warm-up of 15,000 s, twice as many each time until the station
of the greatest gain is ahead of every other with a paired z above 3 (the line is clear) or 2,560 are done (it
is not). A line is *practical* when it is clear and the first gain is at least 1.5 times the second.

The detector is ``find_bottleneck``; its replications and those of the truth are disjoint. It is told the line
as it is, or a line whose distributions are those of one trace (``line_from_trace``). The classical methods
read one trace. Everything is simulated with the compiled recursion of ``tandem.py``, but the traces: they
are the simulator's. Before anything is measured the two are compared, departure by departure.

    python benchmarks/bottleneck_accuracy.py run     adds what is missing to results/bottleneck.jsonl
    python benchmarks/bottleneck_accuracy.py undecided  asks again, with up to 640 replications, about the
        lines whose one trace left the detector undecided at 160
    python benchmarks/bottleneck_accuracy.py report  prints the tables and writes them into docs/bottleneck.md
"""

from __future__ import annotations

import argparse
import gc
import json
import platform
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import cache
from pathlib import Path
from typing import Any

import numba
import numpy as np
from bottleneck_lines import line_from_trace, random_line
from bottleneck_report import clear_lines, tables, write_page
from tandem import TandemEvaluator, assert_same, tandem_of

import opt_twin
from opt_twin.analysis import classical_bottlenecks, find_bottleneck, trace_bottlenecks
from opt_twin.line import Line
from opt_twin.results import Evaluation
from opt_twin.simulation import Run, RunSettings, run_replication

RESULTS = Path(__file__).parent / "results" / "bottleneck.jsonl"
PAGE = Path(__file__).parents[1] / "docs" / "bottleneck.md"

CLEAR_LINES = 200
STEP = 0.04
SETTINGS = RunSettings(horizon=150_000, warm_up=15_000, replications=1)
# replications by their numbers: the detector's from 0, the truth's and the traces' where it never comes
TRUTH_FIRST, TRUTH_LOOK, TRUTH_LIMIT = 1_000_000, 80, 2560
TRACE_FIRST = 2_000_000
UNTIL, DETECTOR_LOOK, DETECTOR_LIMIT = 0.99, 10, 640
FITTED_LIMIT = 160  # more replications do not make up for what a trace leaves open: see `undecided`

Row = dict[str, Any]


def truth(line: Line, seed: int) -> Row:
    """Measure what 4 % more speed brings at each station, until the first is clear."""
    evaluator = TandemEvaluator(SETTINGS, keep=0)
    base = tandem_of(line)
    names = [station.name for station in base.stations]
    faster = [
        base._replace(
            stations=tuple(
                s.replace(speed=s.speed * (1 + STEP)) if s.name == name else s for s in base.stations
            )
        )
        for name in names
    ]
    hours = (SETTINGS.horizon - SETTINGS.warm_up) / 3600
    gains = np.empty((0, len(names)))
    output = np.empty(0)
    wanted = TRUTH_LOOK
    while True:
        counts = np.array(
            [
                evaluator.counts([base, *faster], seed, TRUTH_FIRST + number)
                for number in range(len(gains), wanted)
            ]
        )
        gains = np.concatenate([gains, (counts[:, 1:] - counts[:, :1]) / hours])
        output = np.concatenate([output, counts[:, 0] / hours])
        best = int(gains.mean(axis=0).argmax())
        lead = np.delete(gains[:, [best]] - gains, best, axis=1)
        z = float((lead.mean(axis=0) / (lead.std(axis=0, ddof=1) / np.sqrt(len(lead)))).min())
        if z > 3 or wanted >= TRUTH_LIMIT:
            break
        wanted *= 2
    means = gains.mean(axis=0)
    second = float(np.delete(means, best).max())
    return {
        "stations": len(names),
        "throughput": round(float(output.mean()), 4),
        "gains": {name: round(float(gain), 5) for name, gain in zip(names, means, strict=True)},
        "named": names[best],
        "z": round(z, 3),
        "replications": len(gains),
        "clear": z > 3,
        "practical": z > 3 and float(means[best]) >= 1.5 * second,
    }


@cache
def _trace(number: int, which: int) -> Run:
    """Return the log of one run of the simulator."""
    line = random_line(number)
    gc.disable()  # hundreds of thousands of records and no cycle among them
    try:
        return run_replication(
            line, settings=SETTINGS, seed=number, replication=TRACE_FIRST + which, log=True
        )
    finally:
        gc.enable()


def classical(line: Line, seed: int) -> Row:
    """Ask the classical methods about one trace."""
    run = _trace(seed, 0)
    evaluation = Evaluation(
        values={name: np.array([value]) for name, value in run.values.items()},
        replications=(run.replication,),
        seed=seed,
        horizon=SETTINGS.horizon,
        warm_up=SETTINGS.warm_up,
        line_digest="",
    )
    shares = classical_bottlenecks(line, evaluation)
    return {"named": shares | trace_bottlenecks(run.events, since=SETTINGS.warm_up)}


def fixed(replications: int) -> Callable[[Line, int], Row]:
    """Return the detector with a number of replications."""

    def detect(line: Line, seed: int) -> Row:
        evaluator = TandemEvaluator(SETTINGS.replace(replications=replications))
        report = find_bottleneck(line, evaluator, seed=seed, step=STEP, improvement=None)
        return {
            "named": report.station,
            "runner_up": report.runner_up,
            "certainty": report.certainty,
            "replications": replications,
        }

    return detect


def sequential(line: Line, seed: int, *, step: float = STEP, limit: int = DETECTOR_LIMIT) -> Row:
    """Ask the detector, with replications until it is sure."""
    evaluator = TandemEvaluator(SETTINGS.replace(replications=DETECTOR_LOOK))
    report = find_bottleneck(
        line,
        evaluator,
        seed=seed,
        step=step,
        improvement=None,
        until=UNTIL,
        max_replications=limit,
        blocks=evaluator.block,
    )
    return {
        "named": report.station,
        "runner_up": report.runner_up,
        "certainty": report.certainty,
        "replications": report.replications,
    }


def default_step(line: Line, seed: int) -> Row:
    """Ask the detector with the step that it has unless told otherwise."""
    return sequential(line, seed, step=0.05)


def fitted(traces: int, limit: int = FITTED_LIMIT) -> Callable[[Line, int], Row]:
    """Return the detector on a line whose distributions are those of some traces."""

    def detect(line: Line, seed: int) -> Row:
        seen = [_trace(seed, which).events for which in range(traces)]
        known = line_from_trace(line, seen, since=SETTINGS.warm_up, until=SETTINGS.horizon)
        return sequential(known, seed, limit=limit)

    return detect


VARIANTS: dict[str, Callable[[Line, int], Row]] = {
    "truth": truth,
    "classical": classical,
    "1 replication": fixed(1),
    "4 replications": fixed(4),
    "10 replications": fixed(10),
    "until 99 %": sequential,
    "until 99 %, step of 5 %": default_step,
    "until 99 %, one trace": fitted(1),
    "until 99 %, four traces": fitted(4),
}


ONE_TRACE = "until 99 %, one trace"
LONGER = f"{ONE_TRACE}, at most {DETECTOR_LIMIT}"
AGAIN = {LONGER: fitted(1, DETECTOR_LIMIT)}


def measure(number: int, variants: tuple[str, ...]) -> list[Row]:
    """Return the rows of one line; the number of a line is also the seed of its random streams."""
    line = random_line(number)
    rows = [{"line": number, "variant": name, **(VARIANTS | AGAIN)[name](line, number)} for name in variants]
    _trace.cache_clear()
    return rows


def verify() -> None:
    """Compare recursion and simulator: lines as they are, faster, from a trace, and one whole run."""
    short = RunSettings(horizon=20_000, warm_up=2000)
    compared = 0
    for number in range(12):
        line = random_line(number)
        faster = line.with_value("S1.speed", 1 + STEP)
        known = line_from_trace(
            line, [_trace(number, 0).events], since=SETTINGS.warm_up, until=SETTINGS.horizon
        )
        _trace.cache_clear()
        for one in (line, faster, known):
            compared += assert_same(one, short, seed=number, replication=0)
    compared += assert_same(random_line(0), SETTINGS, seed=0, replication=TRUTH_FIRST)
    print(f"recursion and simulator: {compared:,} departures compared, all equal")


def stored() -> list[Row]:
    """Return the rows of earlier runs."""
    if not RESULTS.exists():
        return []
    return [json.loads(text) for text in RESULTS.read_text(encoding="utf-8").splitlines()]


def _missing(
    first: int, count: int, rows: list[Row], variants: Sequence[str]
) -> Iterator[tuple[int, tuple[str, ...]]]:
    done = {(row["line"], row["variant"]) for row in rows}
    for number in range(first, first + count):
        names = tuple(name for name in variants if (number, name) not in done)
        if names:
            yield number, names


def _environment() -> Row:
    return {
        "opt_twin": opt_twin.__version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "numba": numba.__version__,
    }


def undecided() -> None:
    """Ask again about the lines whose one trace left the detector undecided, and tell what that changed."""
    rows = stored()
    truths = {row["line"]: row for row in rows if row["variant"] == "truth"}
    again = {row["line"]: row for row in rows if row["variant"] == LONGER}
    for before in rows:
        if before["variant"] != ONE_TRACE or before["certainty"] >= UNTIL:
            continue
        number = before["line"]
        if number not in again:
            made = measure(number, (LONGER,))
            with RESULTS.open("a", encoding="utf-8") as out:
                out.writelines(json.dumps(row | _environment()) + "\n" for row in made)
            again[number] = made[0]
        right = [row["named"] == truths[number]["named"] for row in (before, again[number])]
        clear = "clear" if truths[number]["clear"] else "not clear"
        print(f"line {number}, {clear}: right {right[0]} -> {right[1]}, {again[number]['certainty']:.3f}")


def run(workers: int, variants: Sequence[str]) -> None:
    """Measure line after line until enough of them are clear."""
    verify()
    environment = _environment()
    rows = stored()
    first, batch = 0, 20
    RESULTS.parent.mkdir(exist_ok=True)
    with ProcessPoolExecutor(workers) as pool, RESULTS.open("a", encoding="utf-8") as out:
        while len(clear_lines(rows, below=first)) < CLEAR_LINES:
            jobs = [pool.submit(measure, *job) for job in _missing(first, batch, rows, variants)]
            for job in as_completed(jobs):
                made = job.result()
                rows += made
                out.writelines(json.dumps(row | environment) + "\n" for row in made)
                out.flush()
            first += batch
            print(f"{first} lines, {len(clear_lines(rows, below=first))} of them clear", flush=True)


def main() -> None:
    """Run or report."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("what", choices=("run", "undecided", "report"))
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--variants", nargs="+", choices=list(VARIANTS), default=list(VARIANTS))
    options = parser.parse_args()
    if options.what == "run":
        run(options.workers, options.variants)
    if options.what == "undecided":
        undecided()
        return
    rows = stored()
    print(tables(rows, CLEAR_LINES))
    if options.what == "report":
        write_page(PAGE, tables(rows, CLEAR_LINES))


if __name__ == "__main__":
    main()
