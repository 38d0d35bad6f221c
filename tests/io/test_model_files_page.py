"""The page on line files shows files that are lines, and names every field."""

import dataclasses
import re
from pathlib import Path

import pytest

from opt_twin import line as rooms
from opt_twin.errors import ModelError
from opt_twin.io import read_line_text, write_line

PAGE = (Path(__file__).parents[2] / "docs" / "model_files.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```yaml\n(# complete\n.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
RECORDS = [thing for thing in vars(rooms).values() if dataclasses.is_dataclass(thing)]

WRONG = """\
name: test
elements:
  - kind: source
    name: In
  - kind: station
    name: Filler
    ufh: 5
    speed: -1
  - kind: bufer
    name: B1
  - {kind: sink, name: Out}
connections: [In -> Filler -> B1 -> Out]
"""


def test_the_page_has_complete_files():
    assert len(BLOCKS) == PAGE.count("```yaml") == 6


@pytest.mark.parametrize("text", BLOCKS, ids=range(len(BLOCKS)))
def test_a_complete_file_is_a_line(text):
    line = read_line_text(text)
    assert read_line_text(write_line(line)) == line


@pytest.mark.parametrize("cls", RECORDS, ids=lambda cls: cls.__name__)
def test_the_page_names_every_field(cls):
    missing = [field.name for field in dataclasses.fields(cls) if f"`{field.name}`" not in PAGE]
    assert missing == []


def test_the_messages_on_the_page_are_the_real_ones():
    shown = re.search(r"^```text\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)[1]
    with pytest.raises(ModelError) as caught:
        read_line_text(WRONG, sets=["Fillr.speed=1"])
    assert str(caught.value) == shown.strip()
