"""The simulator against every exact case: the table of docs/validation.md.

    python benchmarks/validation.py [--effort 4] [--workers 2]

runs each case of `opt_twin.testing.exact_cases` at a multiple of its stated effort, on random streams other
than those of the tests, writes one row for each known value to ``results/validation.jsonl`` and the table
into ``docs/validation.md``. ``--table`` writes the table again from the rows that are there.

It ends with status 1 if an interval does not cover its exact value, or if a wrong convention is covered.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import opt_twin
from opt_twin.results import Estimate
from opt_twin.testing.exact_case import CONFIDENCE, AllocationCase, ExactCase
from opt_twin.testing.exact_cases import allocation_cases, exact_cases

sys.path.insert(0, str(Path(__file__).parent))
from pages import ROOT, put_between, read_rows, table, write_rows

PAGE = ROOT / "docs" / "validation.md"
SEED = 20

Row = dict[str, object]


def names() -> list[str]:
    """Return the names of all cases."""
    return [case.name for case in (*exact_cases(), *allocation_cases())]


def measure(name: str, effort: float) -> list[Row]:
    """Run one case, and its wrong convention."""
    start = time.process_time()
    case = next(case for case in (*exact_cases(), *allocation_cases()) if case.name == name)
    rows = _allocation(case, effort) if isinstance(case, AllocationCase) else _values(case, effort)
    scaled = case.effort.times(effort)
    common = {
        "case": name,
        "source": case.source,
        "replications": case.effort.replications,
        "horizon": scaled.horizon,
        "warm_up": scaled.warm_up,
        "seed": SEED,
        "confidence": CONFIDENCE,
        "processor_seconds": round(time.process_time() - start, 1),
        "opt_twin": opt_twin.__version__,
    }
    return [common | row for row in rows]


def _values(case: ExactCase, effort: float) -> list[Row]:
    scaled = case.effort.times(1 if case.deterministic else effort)
    found = case.simulate(scaled, seed=SEED)
    wrong = None if case.wrong is None else case.simulate_wrong(scaled, seed=SEED)
    rows: list[Row] = []
    for known in case.known:
        row = _row(known.symbol, known.exact, known.estimate(found))
        if wrong is not None:
            other = known.estimate(wrong)
            row |= {
                "wrong_mean": other.mean,
                "wrong_half_width": other.half_width,
                "wrong_covered": other.covers(known.exact),
            }
        rows.append(row)
    return rows


def _row(symbol: str, exact: float, estimate: Estimate) -> Row:
    return {
        "quantity": symbol,
        "exact": exact,
        "mean": estimate.mean,
        "half_width": estimate.half_width,
        "covered": estimate.covers(exact),
    }


def _allocation(case: AllocationCase, effort: float) -> list[Row]:
    made = case.simulate(case.effort.times(effort), seed=SEED)
    best = max(made, key=lambda allocation: float(made[allocation].mean()))
    apart = all(
        Estimate.of(made[best] - rates, CONFIDENCE).interval[0] > 0
        for allocation, rates in made.items()
        if allocation not in case.best
    )
    chosen: Row = {
        "quantity": "best allocation",
        "exact": " or ".join(map(str, case.best)),
        "mean": str(best),
        "half_width": None,
        "covered": best in case.best and apart,
    }
    return [chosen, _row("throughput", case.exact, Estimate.of(made[best], CONFIDENCE))]


def page_table(rows: Sequence[Row]) -> str:
    """Return the table of the page."""
    lines = []
    before = None
    for row in rows:
        name = row["case"]
        wrong = ""
        if "wrong_mean" in row:
            shown = _interval(row["wrong_mean"], row["wrong_half_width"])
            wrong = f"{shown} ({'covered' if row['wrong_covered'] else 'not covered'})"
        lines.append(
            [
                "" if name == before else str(name),
                str(row["quantity"]),
                _number(row["exact"]),
                _interval(row["mean"], row["half_width"]),
                "yes" if row["covered"] else "**no**",
                wrong,
                "" if name == before else str(row["source"]),
            ]
        )
        before = name
    heads = ("case", "quantity", "exact", "simulated", "covered", "wrong convention", "source")
    return table(heads, lines)


def _number(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _interval(mean: object, half_width: object) -> str:
    if not isinstance(mean, float) or not isinstance(half_width, float):
        return str(mean)
    return f"{mean:.6g} ± {half_width:.2g}"


def failures(rows: Sequence[Row]) -> list[str]:
    """Return what is wrong: values that are not covered, and wrong conventions that are not told apart."""
    open_values = [f"{row['case']}: {row['quantity']} is not covered" for row in rows if not row["covered"]]
    told = dict.fromkeys((str(row["case"]) for row in rows if "wrong_covered" in row), False)
    for row in rows:
        if row.get("wrong_covered") is False:
            told[str(row["case"])] = True
    return open_values + [
        f"{name}: the wrong convention is covered" for name, apart in told.items() if not apart
    ]


def main() -> int:
    """Run all cases, write rows and table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--effort", type=float, default=4.0, help="multiple of the stated effort")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--table", action="store_true", help="only write the table from the rows there are")
    options = parser.parse_args()
    if not options.table:
        with ProcessPoolExecutor(options.workers) as pool:
            found = []
            for rows in pool.map(partial(measure, effort=options.effort), names()):
                found += rows
                for row in rows:
                    print(row["case"], row["quantity"], row["exact"], row["mean"], row["covered"], flush=True)
        write_rows("validation", found, append=False)
    rows = read_rows("validation")
    put_between(PAGE, "validation", page_table(rows))
    wrong = failures(rows)
    print("\n".join(wrong) or f"{len(rows)} values, all covered; all wrong conventions told apart")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
