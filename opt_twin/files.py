"""How files are written: whole or not at all, or line by line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["append_line", "write_text"]


def append_line(path: str | Path, row: Mapping[str, Any]) -> None:
    """Add `row` to a file of JSON lines, which is made if it is not there.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("a", encoding="utf-8", newline="\n") as file:
        file.write(json.dumps(row, ensure_ascii=False) + "\n")


def write_text(path: str | Path, text: str) -> Path:
    """Write `text` as UTF-8 with Unix line ends, make the folders above it, and return the path.

    A reader never sees half of the file, and what stood there is kept until the new text is complete.

    Raises
    ------
    OSError
        If the file or a folder cannot be written.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists() and not target.is_file():  # a device or a pipe takes the text, nothing may replace it
        target.write_text(text, encoding="utf-8", newline="\n")
        return target
    part = target.with_name(f".{target.name}.part")
    try:
        part.write_text(text, encoding="utf-8", newline="\n")
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return target
