"""Write a line as YAML text."""

from __future__ import annotations

from typing import Any

import yaml

from opt_twin.line import Line

__all__ = ["write_line"]


def write_line(line: Line) -> str:
    """Return `line` as the text of a model file; reading it gives an equal line with the same digest.

    Times are written in seconds, fields that hold None or nothing are left out.
    """
    text: str = yaml.safe_dump(_escaped(line.to_dict()), sort_keys=False, allow_unicode=True, width=100)
    return text


def _escaped(value: Any) -> Any:
    """Return plain data with ``${`` protected from being read as a constant."""
    if isinstance(value, str):
        return value.replace("${", "$${")
    if isinstance(value, dict):
        return {key: _escaped(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_escaped(inner) for inner in value]
    return value
