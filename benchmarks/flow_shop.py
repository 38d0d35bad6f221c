"""Iterated greedy on Taillard's flow shops, against their best known makespans.

    python benchmarks/flow_shop.py ta051 ta081 --seconds 60 --workers 2 --seeds 5

appends a row for each run to ``benchmarks/results/flow_shop.jsonl`` and prints a table. ``all`` stands for
the 120 instances. Workers are threads with seeds of their own; the best of them counts.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from opt_twin.scheduling.files import instances_folder
from opt_twin.scheduling.local_search.flow_shop import FlowShop, value_of
from opt_twin.scheduling.local_search.flow_shop_search import search, warm_up
from opt_twin.scheduling.taillard import taillard_flow_shop_names, taillard_times

DEFAULT = ("ta051", "ta056", "ta081", "ta091", "ta101")
RESULTS = Path(__file__).parent / "results" / "flow_shop.jsonl"


def best_known() -> dict[str, int]:
    """Return instance -> best known makespan."""
    with (instances_folder() / "pfsp" / "best_known.csv").open(encoding="utf-8", newline="") as lines:
        return {row["instance"]: int(row["best_known"]) for row in csv.DictReader(lines)}


def run(name: str, seed: int, seconds: float, workers: int, known: int) -> dict[str, object]:
    """Search one instance and return its row."""
    shop = FlowShop(durations=taillard_times(name))
    found_at: list[tuple[int, float]] = []
    until = time.perf_counter() + seconds
    before = os.times()
    with ThreadPoolExecutor(workers) as pool:
        answers = [
            pool.submit(
                search,
                shop,
                seed=seed + 1_000_000 * worker,
                deadline=until,
                on_improvement=lambda at, value, _: found_at.append((value, at)),
            )
            for worker in range(workers)
        ]
        best = min((answer.result() for answer in answers), key=lambda answer: answer.value)
    after = os.times()
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "instance": name,
        "solver": "iterated-greedy",
        "opt_twin": version("opt-twin"),
        "numba": version("numba"),
        "python": platform.python_version(),
        "seed": seed,
        "workers": workers,
        "seconds": seconds,
        "cpu_seconds": round(after.user + after.system - before.user - before.system, 1),
        "value": best.value,
        "best_known": known,
        "gap": round(best.value / known - 1, 5),
        "time_to_best": round(min((at for value, at in found_at if value == best.value), default=0.0), 2),
        "verified": value_of(shop, best.sequences) == best.value,
    }


def table(rows: list[dict[str, object]]) -> str:
    """Return the rows as a table for people, and the mean gap."""
    columns = ("instance", "seed", "value", "best_known", "gap", "time_to_best", "cpu_seconds", "verified")
    lines = [" | ".join(columns), " | ".join("---" for _ in columns)]
    lines += [" | ".join(str(row[column]) for column in columns) for row in rows]
    mean = statistics.fmean(float(str(row["gap"])) for row in rows)
    return "\n".join([*lines, f"mean gap {100 * mean:.3f} %"])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("instances", nargs="*", default=list(DEFAULT))
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seeds", type=int, default=1, help="how many, from 0")
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    names = taillard_flow_shop_names() if arguments.instances == ["all"] else arguments.instances
    known = best_known()
    warm_up()
    rows = []
    for name in names:
        for seed in range(arguments.seeds):
            rows.append(run(name, seed, arguments.seconds, arguments.workers, known[name]))
            arguments.out.parent.mkdir(parents=True, exist_ok=True)
            with arguments.out.open("a", encoding="utf-8") as out:
                out.write(json.dumps(rows[-1]) + "\n")
    print(table(rows))


if __name__ == "__main__":
    main()
