"""What a verifier finds."""

from __future__ import annotations

from opt_twin.records import Record, record

__all__ = ["Violation"]


@record
class Violation(Record):
    """One rule that a plan breaks.

    Attributes
    ----------
    rule
        Its name: ``overlap``, ``precedence``, ``duration``, ``deadline`` ...
    where
        What breaks it, as ``machine M1: jobs 3 and 5``.
    amount
        By how much, in ticks, or places or units of a resource; 0 where there is no amount.
    message
        One sentence for people.
    """

    rule: str
    where: str
    amount: float
    message: str

    def __str__(self) -> str:
        return f"{self.rule} at {self.where}: {self.message}"
