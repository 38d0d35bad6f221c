"""The tables of the validation page are those of the stored rows, which cover the registry of exact cases."""

import importlib.util
import sys
from pathlib import Path

import pytest

from opt_twin.testing.exact_cases import allocation_cases, exact_cases

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "validation.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def load():
    """Return a function that imports a benchmark by its name."""
    path = list(sys.path)

    def module(name):
        spec = importlib.util.spec_from_file_location(f"benchmark_{name}", ROOT / "benchmarks" / f"{name}.py")
        assert spec is not None
        found = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = found
        spec.loader.exec_module(found)
        return found

    yield module
    sys.path[:] = path


@pytest.mark.parametrize(
    ("benchmark", "part"),
    [("validation", "validation"), ("simulation_engine", "speed"), ("simulation_scale", "scale")],
)
def test_a_table_of_the_page_is_made_from_the_stored_rows(load, benchmark, part):
    pages, program = load("pages"), load(benchmark)
    assert pages.between(PAGE, part) == program.page_table(pages.read_rows(benchmark))


def test_the_rows_hold_every_case_of_the_registry_and_all_are_covered(load):
    rows = load("pages").read_rows("validation")
    assert load("validation").failures(rows) == []
    stored = {(row["case"], row["quantity"]): row["exact"] for row in rows}
    for case in exact_cases():
        for known in case.known:
            assert stored[case.name, known.symbol] == known.exact
    assert {case.name for case in (*exact_cases(), *allocation_cases())} == {row["case"] for row in rows}


def test_what_is_not_covered_and_a_wrong_convention_that_is_are_failures(load):
    rows = [
        {"case": "A", "quantity": "L", "covered": False},
        {"case": "B", "quantity": "L", "covered": True, "wrong_covered": True},
        {"case": "C", "quantity": "L", "covered": True, "wrong_covered": True},
        {"case": "C", "quantity": "W", "covered": True, "wrong_covered": False},
    ]
    assert load("validation").failures(rows) == ["A: L is not covered", "B: the wrong convention is covered"]
