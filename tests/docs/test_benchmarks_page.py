"""The tables of the page of benchmarks are those of the stored rows, and every stored run was verified."""

import importlib.util
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def program():
    """Return the benchmark as a module."""
    path = list(sys.path)
    sys.path.insert(0, str(ROOT / "benchmarks"))
    spec = importlib.util.spec_from_file_location(
        "benchmark_scheduling", ROOT / "benchmarks" / "scheduling.py"
    )
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    yield found
    sys.path[:] = path
    sys.modules.pop("pages", None)


@pytest.mark.parametrize("suite", ["figures", "ta", "ta-flow", "ta-open"])
def test_a_table_of_the_page_is_made_from_the_stored_rows(program, suite):
    shown = program.pages.between(PAGE, f"scheduling {suite}")
    if not program.results(suite).exists():
        assert shown == "Not measured yet at 60 s."
        return
    assert shown == program.page_table(suite)
    assert all(row["verified"] for row in program.done_rows(program.results(suite)))
