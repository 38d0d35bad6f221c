"""What the pages show is executed: Python blocks, doctests in the sources, and examples with their output."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import opt_twin

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    page
    for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
    if "```python" in page.read_text(encoding="utf-8")
)
EXAMPLES = sorted(ROOT.glob("docs/examples/*.py"))
MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(opt_twin.__path__, "opt_twin.")
    if not module.name.startswith("opt_twin.testing")
)


def _blocks(text: str) -> str:
    """Return the Python blocks of a page, at their own lines, so that tracebacks fit the page."""
    lines = [""] * (text.count("\n") + 2)
    for match in re.finditer(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        first = text[: match.start(1)].count("\n")
        for offset, line in enumerate(match[1].splitlines()):
            lines[first + offset] = line
    return "\n".join(lines)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_python_blocks_of_a_page_run_one_after_another(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("models", "instances"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {"__name__": f"page_{page.stem}"}
    exec(compile(_blocks(page.read_text(encoding="utf-8")), str(page), "exec"), namespace)
    assert len(namespace) > 1


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.stem)
def test_an_example_prints_what_stands_beside_it(example: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(example)], capture_output=True, text=True, cwd=ROOT, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == example.with_suffix(".out").read_text(encoding="utf-8")


@pytest.mark.parametrize("module", MODULES)
def test_the_doctests_of_a_module_hold(module: str) -> None:
    failed, _ = doctest.testmod(importlib.import_module(module))
    assert failed == 0


@pytest.mark.parametrize(
    "page", sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]), ids=lambda page: page.stem
)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8")):
        if not target.startswith(("http://", "https://", "mailto:")):
            assert (page.parent / target).exists(), target
