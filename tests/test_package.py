"""The package as a whole: what `import opt_twin` gives, and what it leaves alone."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import opt_twin

HEAVY = [
    "ortools",
    "pyomo",
    "highspy",
    "pymoo",
    "simpy",
    "pandas",
    "matplotlib",
    "scipy",
    "networkx",
    "pydantic",
]


def run(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_importing_the_package_imports_nothing_heavy():
    code = f"import sys, opt_twin; print([name for name in {HEAVY} if name in sys.modules])"
    assert run(code).strip() == "[]"


def test_reading_a_line_needs_no_solver_and_no_simulator():
    heavy = [name for name in HEAVY if name != "pydantic"]
    code = (
        f"import sys, opt_twin; opt_twin.read_line; print([name for name in {heavy} if name in sys.modules])"
    )
    assert run(code).strip() == "[]"


@pytest.mark.parametrize(
    ("module", "needed"),
    [
        ("opt_twin.errors", set()),
        ("opt_twin.line", {"pydantic"}),
        ("opt_twin.results", {"pydantic"}),
        ("opt_twin.plan", {"pydantic"}),
        ("opt_twin.io", {"pydantic"}),
        ("opt_twin.graph", {"pydantic", "networkx"}),
        ("opt_twin.theory", {"pydantic", "networkx"}),
        ("opt_twin.analysis", {"pydantic", "networkx"}),
        ("opt_twin.scheduling", {"pydantic"}),
        ("opt_twin.solvers", {"pydantic"}),
        ("opt_twin.simulation", {"pydantic", "networkx", "simpy"}),
        ("opt_twin.search", {"pydantic"}),
        ("opt_twin.export", {"pydantic"}),
        ("opt_twin.cli.main", {"pydantic"}),
    ],
)
def test_a_package_imports_no_more_than_it_needs_at_once(module, needed):
    code = f"import sys, {module}; print(*(name for name in {HEAVY} if name in sys.modules))"
    assert set(run(code).split()) <= needed


@pytest.mark.parametrize("arguments", [["--help"], ["solve", "--help"], ["study", "--help"]])
def test_help_loads_nothing_heavy(arguments):
    code = (
        f"import sys; sys.argv[1:] = {arguments}\n"
        "from opt_twin.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code\n"
        f"print('heavy:', *(name for name in {HEAVY} if name in sys.modules))"
    )
    assert set(run(code).rpartition("heavy:")[2].split()) <= {"pydantic"}  # typer looks at it by itself


@pytest.mark.parametrize("name", sorted(set(dir(opt_twin)) - {"__version__"}))
def test_every_public_name_comes_from_its_package(name):
    thing = getattr(opt_twin, name)
    home = getattr(thing, "__module__", "opt_twin")
    assert home.split(".")[0] in {"opt_twin", "typing"}


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'opt_twin' has no attribute 'nothing'"):
        _ = opt_twin.nothing


def test_the_version_is_that_of_the_project():
    project = (Path(__file__).parents[1] / "pyproject.toml").read_text()
    assert re.search(r'^version = "(.*)"$', project, re.MULTILINE)[1] == opt_twin.__version__


def test_a_line_is_read_with_one_import():
    line = opt_twin.read_line(Path(__file__).parents[1] / "models" / "bottling.yaml")
    assert isinstance(line, opt_twin.Line)
