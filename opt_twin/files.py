"""How a file is written: whole or not at all."""

from __future__ import annotations

from pathlib import Path

__all__ = ["write_text"]


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
