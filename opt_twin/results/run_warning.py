"""What a run gives reason to doubt."""

from __future__ import annotations

from enum import StrEnum

from opt_twin.records import Record, record

__all__ = ["RunWarning", "WarningCode"]


class WarningCode(StrEnum):
    """What is in doubt; for programs that react to it."""

    SHORT_FOR_WARM_UP = "short for warm-up"
    GROWING = "growing"
    CORRELATED_BATCHES = "correlated batches"
    IMPRECISE = "imprecise"
    NO_OUTPUT = "no output"
    STARVED = "starved"


@record
class RunWarning(Record):
    """Something in the figures of a run that its user should know.

    Attributes
    ----------
    code
        Which kind.
    message
        One sentence or two: what was seen, and what to do.
    """

    code: WarningCode
    message: str

    def __str__(self) -> str:
        return self.message
