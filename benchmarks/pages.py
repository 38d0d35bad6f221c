"""Tables of the pages that are made from rows: what stands between two markers is replaced."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def between(text: str, name: str) -> str:
    """Return what stands between the markers of `name`."""
    return text.split(_begin(name), 1)[1].split(_end(name), 1)[0].strip()


def put_between(page: Path, name: str, new: str) -> None:
    """Replace what stands between the markers of `name` on a page."""
    text = page.read_text(encoding="utf-8")
    before, rest = text.split(_begin(name), 1)
    _, after = rest.split(_end(name), 1)
    page.write_text(f"{before}{_begin(name)}\n\n{new}\n\n{_end(name)}{after}", encoding="utf-8")


def read_rows(name: str) -> list[dict[str, object]]:
    """Return the rows of a benchmark, the oldest first."""
    text = (RESULTS / f"{name}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def write_rows(name: str, rows: Iterable[Mapping[str, object]], *, append: bool = True) -> None:
    """Write the rows of a benchmark, behind the older ones or in their place."""
    RESULTS.mkdir(exist_ok=True)
    with (RESULTS / f"{name}.jsonl").open("a" if append else "w", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _begin(name: str) -> str:
    return f"<!-- {name}: made by a benchmark, begin -->"


def _end(name: str) -> str:
    return f"<!-- {name}: end -->"
