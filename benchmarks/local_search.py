"""The compiled local search against best known makespans, for a number of processor seconds each.

    python benchmarks/local_search.py la29 ta21 --seconds 60 --seeds 5

appends a row for each run to ``benchmarks/results/local_search.jsonl`` and prints a table. Seconds are those
of the processor, so that a busy machine does not change the result. Flexible shops come from files of
Brandimarte's format, given by path.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from opt_twin.scheduling import best_known, load_instance, verify
from opt_twin.scheduling.local_search.job_shop import ShopArrays, schedule_from, shop_arrays
from opt_twin.scheduling.local_search.job_shop_search import JobShopSearch

DEFAULT = ("la21", "la29", "abz7", "ta11", "ta21", "ta31", "ta41")
RESULTS = Path(__file__).parent / "results" / "local_search.jsonl"


def warm_up() -> None:
    """Compile, so that no run pays for it."""
    search = JobShopSearch(ShopArrays.from_options(2, [[[(0, 1), (1, 2)], [(1, 1)]]] * 3), seed=0)
    for _ in range(30):
        search.advance()


def run(name: str, seed: int, seconds: float) -> dict[str, object]:
    """Search one instance and return its row."""
    instance = load_instance(name)
    known, shop = best_known(instance.name), shop_arrays(instance)
    began = time.process_time()
    search = JobShopSearch(shop, seed=seed, target=(known.lower or 0) if known else 0)
    trace: list[tuple[float, int]] = []
    while not search.reached and time.process_time() - began < seconds:
        search.advance()
        if not trace or search.value != trace[-1][1]:
            trace.append((round(time.process_time() - began, 2), search.value))
    used = time.process_time() - began
    row: dict[str, object] = {
        "date": datetime.now(UTC).date().isoformat(),
        "instance": instance.name,
        "seed": seed,
        "seconds": seconds,
        "value": search.value,
        "best_known": known.upper if known else None,
        "time_to_best": trace[-1][0],
        "used": round(used, 2),
        "iterations_per_second": round(search.iterations / used),
        "opt_twin": version("opt-twin"),
        "numba": version("numba"),
        "python": platform.python_version(),
        "trace": trace[-12:],
    }
    schedule = schedule_from(instance, search.sequences)
    row["verified"] = verify(instance, schedule) == () and schedule.makespan == search.value
    return row


def table(rows: list[dict[str, object]]) -> str:
    """Return the rows as a table for people, an instance a line."""
    lines = ["instance | best known | median | best | gap % | seconds to best | moves/s"]
    for name in dict.fromkeys(str(row["instance"]) for row in rows):
        own = [row for row in rows if row["instance"] == name]
        value = statistics.median(row["value"] for row in own)
        known = own[0]["best_known"]
        gap = "" if known is None else f"{100 * (value / known - 1):.2f}"
        late = statistics.median(row["time_to_best"] for row in own)
        speed = statistics.median(row["iterations_per_second"] for row in own)
        best = min(row["value"] for row in own)
        lines.append(f"{name} | {known or ''} | {value:g} | {best} | {gap} | {late:.1f} | {speed:,.0f}")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("instances", nargs="*", default=list(DEFAULT), help="names, or files")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seeds", type=int, default=5, help="how many, from 0")
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    warm_up()
    rows = []
    for name in arguments.instances:
        for seed in range(arguments.seeds):
            rows.append(run(name, seed, arguments.seconds))
            arguments.out.parent.mkdir(parents=True, exist_ok=True)
            with arguments.out.open("a", encoding="utf-8") as out:
                out.write(json.dumps(rows[-1]) + "\n")
    print(table(rows))


if __name__ == "__main__":
    main()
