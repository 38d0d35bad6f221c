"""What a server can be at, and the state that this is."""

from __future__ import annotations

from opt_twin.results import STATES

__all__ = [
    "BLOCKED",
    "BUSY",
    "FAILED",
    "HALTS",
    "INSPECT",
    "LOAD",
    "MAINTENANCE",
    "MICRO_STOP",
    "OFF_SHIFT",
    "PHASE_STATES",
    "RUN",
    "SETUP",
    "STARVED",
    "STOP",
    "STOPPED",
    "WAITING_FOR_CREW",
    "WAITING_FOR_OPERATOR",
    "WARM",
    "phase_in_state",
]

(
    BUSY,
    _SETUP,
    STARVED,
    BLOCKED,
    FAILED,
    MICRO_STOP,
    WAITING_FOR_CREW,
    WAITING_FOR_OPERATOR,
    MAINTENANCE,
    OFF_SHIFT,
    STOPPED,
) = range(len(STATES))

RUN, SETUP, LOAD, STOP, INSPECT, WARM = range(6)
"""The phases of a cycle: processing, set-up, loading, micro-stops, inspection, warming up after a stop."""

_OWN = 6

PHASE_STATES = (BUSY, _SETUP, BUSY, MICRO_STOP, BUSY, _SETUP, *range(len(STATES)))
"""The state of a server in each phase; behind the phases above there is one for each state."""


def phase_in_state(state: int) -> int:
    """Return the phase of a user's own in which a server is in `state`, an index of STATES."""
    return _OWN + state


HALTS = (OFF_SHIFT, MAINTENANCE, FAILED, WAITING_FOR_CREW, STOPPED, WAITING_FOR_OPERATOR)
"""What keeps a server from working; of several the first is its state."""
