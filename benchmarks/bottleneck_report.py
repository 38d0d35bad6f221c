"""The tables of the bottleneck benchmark, made from its rows."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

__all__ = ["clear_lines", "tables", "wilson", "write_page"]

BEGIN, END = "<!-- begin: benchmarks/bottleneck_accuracy.py report -->", "<!-- end -->"

Row = dict[str, Any]
Named = Mapping[int, str]


def wilson(hits: int, of: int) -> tuple[float, float]:
    """Return the ends of the 95 % interval of a proportion (Wilson 1927)."""
    if not of:
        return 0.0, 1.0
    z = 1.959964
    share = hits / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return middle - half, middle + half


def clear_lines(rows: Iterable[Row], *, below: int | None = None) -> list[int]:
    """Return the clear lines in their order, of those with a number below `below`."""
    return sorted(
        row["line"]
        for row in rows
        if row["variant"] == "truth" and row["clear"] and (below is None or row["line"] < below)
    )


def tables(rows: list[Row], wanted: int) -> str:
    """Return what was measured on the lines up to the last of the `wanted` clear ones, as Markdown."""
    clear = clear_lines(rows)
    last = clear[:wanted][-1]
    rows = _complete(rows, last)
    truths = {row["line"]: row for row in rows if row["variant"] == "truth"}
    practical = [number for number in truths if truths[number]["practical"]]
    clear = [number for number in clear if number <= last]
    spent = [row["replications"] for row in truths.values() if row["clear"]]
    summary = (
        f"{len(truths)} lines, {len(clear)} of them clear, {len(practical)} practical. The truth took "
        f"{min(spent)} to {max(spent)} replications on the clear lines, {statistics.median(spent):.0f} in "
        "the median. Hits in %, with the 95 % interval of Wilson on the clear lines:"
    )
    text = [
        summary,
        "",
        "| method | all | clear | of clear | interval | practical | among the true first two | mean regret |",
        "|---|---|---|---|---|---|---|---|",
    ]
    named = _named(rows)
    text += [_line(method, own, truths, clear, practical) for method, own in named.items()]
    text += ["", *_effort(rows, truths, clear), "", *_sure(rows, truths)]
    return "\n".join(text)


def _complete(rows: list[Row], last: int) -> list[Row]:
    """Return the rows of the lines up to `last`, of the variants that have been measured on all of them."""
    kept = [row for row in rows if row["line"] <= last]
    count = Counter(row["variant"] for row in kept)
    return [row for row in kept if count[row["variant"]] == count["truth"]]


def _named(rows: list[Row]) -> dict[str, dict[int, str]]:
    """Return method -> line -> the station that it names: the detectors, then the classical methods."""
    found: dict[str, dict[int, str]] = {}
    classical: dict[str, dict[int, str]] = {}
    for row in rows:
        if row["variant"] == "truth":
            continue
        if row["variant"] == "classical":
            for method, station in row["named"].items():
                classical.setdefault(method, {})[row["line"]] = station
        else:
            found.setdefault(f"sensitivity, {row['variant']}", {})[row["line"]] = row["named"]
    return found | classical


def _line(
    method: str, named: Named, truths: Mapping[int, Row], clear: list[int], practical: list[int]
) -> str:
    def hits(lines: Iterable[int]) -> int:
        return sum(named[number] == truths[number]["named"] for number in lines)

    low, high = wilson(hits(clear), len(clear))
    among = regret = 0.0
    for number, row in truths.items():
        gains = row["gains"]
        among += named[number] in sorted(gains, key=lambda name: -gains[name])[:2]
        regret += (gains[row["named"]] - gains[named[number]]) / gains[row["named"]]
    return (
        f"| {method} | {_percent(hits(truths), len(truths))} | {_percent(hits(clear), len(clear))} | "
        f"{hits(clear)} of {len(clear)} | {100 * low:.1f} to {100 * high:.1f} | "
        f"{_percent(hits(practical), len(practical))} | {_percent(among, len(truths))} | "
        f"{100 * regret / len(truths):.2f} % |"
    )


def _percent(hits: float, of: int) -> str:
    return f"{100 * hits / of:.1f}" if of else "-"


def _effort(rows: list[Row], truths: Mapping[int, Row], clear: list[int]) -> list[str]:
    """Return how the hits on clear lines depend on how hard the line is to tell."""
    efforts = sorted({truths[number]["replications"] for number in clear})
    detectors: dict[str, dict[int, Row]] = {}
    for row in rows:
        if row["variant"].startswith("until"):
            detectors.setdefault(row["variant"], {})[row["line"]] = row
    text = [
        "Hits on clear lines by the number of replications that the truth took to be clear:",
        "",
        "| truth took | lines | " + " | ".join(detectors) + " |",
        "|---|---|" + "---|" * len(detectors),
    ]
    for effort in efforts:
        lines = [number for number in clear if truths[number]["replications"] == effort]
        cells = [
            str(sum(own[number]["named"] == truths[number]["named"] for number in lines))
            for own in detectors.values()
        ]
        text.append(f"| {effort} | {len(lines)} | " + " | ".join(cells) + " |")
    return text


def _sure(rows: list[Row], truths: Mapping[int, Row]) -> list[str]:
    """Return how often an answer of a stated certainty is right."""
    summary = (
        "What the certainty is worth: answers on all lines whose certainty is at least 99 %, and those of "
        "them that are right; replications spent:"
    )
    text = [
        summary,
        "",
        "| detector | sure | right | replications in the median | most |",
        "|---|---|---|---|---|",
    ]
    own: dict[str, list[Row]] = {}
    for row in rows:
        if row.get("certainty") is not None:
            own.setdefault(row["variant"], []).append(row)
    for variant, answers in own.items():
        sure = [row for row in answers if row["certainty"] >= 0.99]
        right = sum(row["named"] == truths[row["line"]]["named"] for row in sure)
        spent = [row["replications"] for row in answers]
        text.append(f"| {variant} | {len(sure)} | {right} | {statistics.median(spent):.0f} | {max(spent)} |")
    return text


def write_page(page: Path, text: str) -> None:
    """Put the tables between their markers."""
    before, found, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    if not found:
        raise SystemExit(f"{page} has no line {BEGIN}")
    after = rest.partition(END)[2]
    page.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")
