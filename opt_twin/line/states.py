"""The states of a server."""

from __future__ import annotations

from typing import Literal, get_args

__all__ = ["STATES", "State"]

State = Literal[
    "busy",
    "setup",
    "starved",
    "blocked",
    "failed",
    "micro_stop",
    "waiting_for_crew",
    "waiting_for_operator",
    "maintenance",
    "off_shift",
    "stopped",
]
"""A state of a server."""

STATES: tuple[str, ...] = get_args(State)
"""The states of a server; at every moment it is in exactly one of them."""
