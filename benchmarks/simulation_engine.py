"""Speed of the simulation engine against an idiomatic SimPy model, run in turn in one process.

The case: 100 stations in a row, 10 places between two of them, lognormal 5 s with a coefficient of variation
of 0.3, failures on the calendar clock (exponential, MTBF 3600 s, MTTR 120 s), a saturated source, 28,800 s.
Both models draw from the same named streams, so that they make the same parts.

    python benchmarks/simulation_engine.py [--stations 100] [--repeats 5]

prints a table, writes it into docs/validation.md, and appends one row for each engine to
``results/simulation_engine.jsonl`` and one for what the checks at the end of every run cost: the median of
the ratios of processor time with them on and off, runs of the same path in turn.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import sys
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import simpy

import opt_twin
from opt_twin.line import Buffer, Exponential, FailureMode, Line, Lognormal, Sink, Source, Station, chain
from opt_twin.simulation import RunSettings, run_replication
from opt_twin.simulation.draws import Streams
from opt_twin.streams import Purpose

sys.path.insert(0, str(Path(__file__).parent))
from pages import ROOT, put_between, read_rows, table, write_rows

HORIZON = 28800.0
PLACES = 10
CYCLE = Lognormal(mean=5.0, cv=0.3)
FAILURE = FailureMode(time_to_failure=Exponential(mean=3600.0), time_to_repair=Exponential(mean=120.0))
PAGE = ROOT / "docs" / "validation.md"
CHECKS = "opt_twin, checks on against off"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run made, and how long it took."""

    wall: float
    parts: int
    moves: int


def tandem(stations: int) -> Line:
    """Return the line of the case."""
    elements: list[Source | Station | Buffer | Sink] = [Source(name="In")]
    for i in range(stations):
        if i:
            elements.append(Buffer(name=f"B{i}", capacity=PLACES))
        elements.append(Station(name=f"S{i + 1}", cycle_time=CYCLE, failures=(FAILURE,)))
    elements.append(Sink(name="Out"))
    return Line(
        name=f"tandem of {stations}",
        elements=tuple(elements),
        connections=chain(*(element.name for element in elements)),
    )


def run_engine(stations: int, seed: int, *, check: bool = True) -> Outcome:
    """Run the case on the engine, with building the model and all checks in the time."""
    line = tandem(stations)
    settings = RunSettings(horizon=HORIZON, check=check)
    start = time.perf_counter()
    run = run_replication(line, settings=settings, seed=seed)
    wall = time.perf_counter() - start
    moves = sum(int(run.values[f"S{i + 1}.parts"]) for i in range(stations))
    return Outcome(wall=wall, parts=int(run.values["parts_out"]), moves=moves)


class PlainStation:
    """A station as SimPy's tutorial would write it: one process that works, one that breaks it."""

    def __init__(
        self,
        env: simpy.Environment,
        name: str,
        before: simpy.Store | None,
        after: simpy.Store | None,
        draws: Streams,
    ) -> None:
        self.env = env
        self.before = before
        self.after = after
        self.made = 0
        self.broken = False
        self.working = False
        self.repaired = env.event()
        self.cycle = draws.times(name, Purpose.PROCESSING, CYCLE)
        mode = f"{name}#1.{FAILURE.name}"
        self.to_failure = draws.times(mode, Purpose.TIME_TO_FAILURE, FAILURE.time_to_failure)
        self.to_repair = draws.times(mode, Purpose.TIME_TO_REPAIR, FAILURE.time_to_repair)
        self.process = env.process(self.work())
        env.process(self.fail())

    def work(self) -> Generator[simpy.Event, object, None]:
        """Take a part, process it in spite of failures, pass it on."""
        part: object = object()
        while True:
            if self.before is not None:
                part = yield self.before.get()
            remaining = self.cycle()
            while remaining > 0:
                while self.broken:
                    yield self.repaired
                start = self.env.now
                self.working = True
                try:
                    yield self.env.timeout(remaining)
                    remaining = 0.0
                except simpy.Interrupt:
                    remaining -= self.env.now - start
                self.working = False
            self.made += 1
            if self.after is not None:
                yield self.after.put(part)

    def fail(self) -> Generator[simpy.Event, object, None]:
        """Break down and be repaired, for ever."""
        while True:
            yield self.env.timeout(self.to_failure())
            self.broken = True
            if self.working:
                self.process.interrupt()
            yield self.env.timeout(self.to_repair())
            self.broken = False
            self.repaired.succeed()
            self.repaired = self.env.event()


def run_idiomatic(stations: int, seed: int) -> Outcome:
    """Run the case as an idiomatic SimPy model."""
    start = time.perf_counter()
    env = simpy.Environment()
    draws = Streams(seed, 0)
    stores = [simpy.Store(env, capacity=PLACES) for _ in range(stations - 1)]
    line = [
        PlainStation(env, f"S{i + 1}", before, after, draws)
        for i, (before, after) in enumerate(zip([None, *stores], [*stores, None], strict=True))
    ]
    env.run(until=HORIZON)
    wall = time.perf_counter() - start
    return Outcome(wall=wall, parts=line[-1].made, moves=sum(station.made for station in line))


def compare(stations: int, repeats: int) -> list[dict[str, object]]:
    """Run both models in turn, `repeats` times, and return one row for each."""
    engines: dict[str, Callable[[int, int], Outcome]] = {
        "idiomatic SimPy": run_idiomatic,
        "opt_twin": run_engine,
    }
    outcomes: dict[str, list[Outcome]] = {name: [] for name in engines}
    for repeat in range(repeats):
        for name, run in engines.items():
            outcomes[name].append(run(stations, repeat))
    plain, own = outcomes["idiomatic SimPy"], outcomes["opt_twin"]
    rows: list[dict[str, object]] = []
    for name, found in outcomes.items():
        wall = statistics.median(outcome.wall for outcome in found)
        ratio = statistics.median(a.wall / b.wall for a, b in zip(plain, found, strict=True))
        rows.append(
            {
                "engine": name,
                "case": f"{stations} stations, {HORIZON:g} s",
                "opt_twin": opt_twin.__version__,
                "simpy": simpy.__version__,
                "numpy": np.__version__,
                "python": platform.python_version(),
                "repeats": repeats,
                "wall": round(wall, 4),
                "parts_out": [outcome.parts for outcome in found],
                "part_moves": [outcome.moves for outcome in found],
                "moves_per_second": round(statistics.median(o.moves / o.wall for o in found)),
                "times_real_time": round(HORIZON / wall),
                "times_idiomatic": round(ratio, 2),
                "same_parts": all(a.parts == b.parts for a, b in zip(plain, own, strict=True)),
            }
        )
    return rows


def cost_of_checks(stations: int, repeats: int) -> dict[str, object]:
    """Return a row: processor time with the checks over that without, each pair in the other order."""
    ratios = []
    for repeat in range(repeats):
        spent = {}
        for check in (True, False) if repeat % 2 else (False, True):
            start = time.process_time()
            run_engine(stations, repeat, check=check)
            spent[check] = time.process_time() - start
        ratios.append(spent[True] / spent[False])
    low, _, high = statistics.quantiles(ratios, n=4)
    return {
        "engine": CHECKS,
        "case": f"{stations} stations, {HORIZON:g} s",
        "opt_twin": opt_twin.__version__,
        "python": platform.python_version(),
        "repeats": repeats,
        "ratio": round(statistics.median(ratios), 4),
        "quartiles": [round(low, 4), round(high, 4)],
    }


def page_table(rows: Sequence[dict[str, object]]) -> str:
    """Return the table of the page from the latest rows of 100 stations."""
    case = f"100 stations, {HORIZON:g} s"
    last = {str(row["engine"]): row for row in rows if row["case"] == case}
    checks = last.pop(CHECKS)
    lines = [
        [
            str(row["engine"]),
            f"{row['wall']:.2f} s",
            f"{row['moves_per_second']:,}",
            f"{row['times_real_time']:,}",
            f"{row['times_idiomatic']:.2f}",
        ]
        for row in last.values()
    ]
    heads = ("engine", "time", "part-moves a second", "times real time", "times idiomatic SimPy")
    return (
        f"{table(heads, lines)}\n\nTime with the checks over time without them: {checks['ratio']:.3f} "
        f"(median of {checks['repeats']} pairs of runs in turn)."
    )


def main() -> None:
    """Run the comparison, print it and append the rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stations", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--pairs", type=int, default=21, help="runs with and without the checks")
    parser.add_argument("--dry-run", action="store_true", help="print only")
    options = parser.parse_args()
    rows = compare(options.stations, options.repeats)
    print(f"{'engine':<18}{'wall s':>9}{'moves/s':>11}{'x real time':>13}{'x idiomatic':>13}")
    for row in rows:
        print(
            f"{row['engine']:<18}{row['wall']:>9}{row['moves_per_second']:>11}"
            f"{row['times_real_time']:>13}{row['times_idiomatic']:>13}"
        )
    print(f"same parts made in every run: {rows[0]['same_parts']}")
    checks = cost_of_checks(options.stations, options.pairs)
    print(f"time with the checks over time without: {checks['ratio']} (quartiles {checks['quartiles']})")
    rows.append(checks)
    if not options.dry_run:
        write_rows("simulation_engine", rows)
        put_between(PAGE, "speed", page_table(read_rows("simulation_engine")))


if __name__ == "__main__":
    main()
