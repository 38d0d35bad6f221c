"""What an answer is, and why the search for it ended."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Status", "StopReason"]


class Status(StrEnum):
    """What the answer is."""

    OPTIMAL = "optimal"
    FEASIBLE = "feasible"
    INFEASIBLE = "infeasible"
    UNBOUNDED = "unbounded"
    UNKNOWN = "unknown"


class StopReason(StrEnum):
    """Why the solver stopped."""

    PROVED = "proved"
    TIME_LIMIT = "time limit"
    GAP_LIMIT = "gap limit"
    BUDGET = "budget"
    INTERRUPTED = "interrupted"
    ERROR = "error"
