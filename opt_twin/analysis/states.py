"""Which states of a station mean what; a state that is not listed means that the station is active."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["INACTIVE", "PRODUCTIVE", "active", "working"]

PRODUCTIVE = frozenset({"busy", "setup", "micro_stop"})
"""A cycle goes on, with what belongs to it."""

INACTIVE = frozenset({"starved", "blocked", "stopped", "off_shift"})
"""The station waits for others, or nobody expects it to work.

Whatever else it is at, being repaired, maintained, or waiting for somebody to do that, holds up its
neighbours and counts as active (Roser, Nakano, Tanaka 2001).
"""


def working(shares: Mapping[str, float]) -> float:
    """Return the time in productive states, from state -> time or share."""
    return sum(share for state, share in shares.items() if state in PRODUCTIVE)


def active(shares: Mapping[str, float]) -> float:
    """Return the time in active states, from state -> time or share."""
    return sum(share for state, share in shares.items() if state not in INACTIVE)
