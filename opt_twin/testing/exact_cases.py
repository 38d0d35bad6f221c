"""The registry of lines with exact answers, which the tests and the validation benchmark share."""

from __future__ import annotations

from functools import cache

from opt_twin.testing.exact_case import CONFIDENCE, AllocationCase, Effort, ExactCase, Known
from opt_twin.testing.exact_queues import queue_cases
from opt_twin.testing.exact_tandems import allocation_cases, tandem_cases

__all__ = [
    "CONFIDENCE",
    "AllocationCase",
    "Effort",
    "ExactCase",
    "Known",
    "allocation_cases",
    "exact_case",
    "exact_cases",
]


@cache
def exact_cases() -> tuple[ExactCase, ...]:
    """Return every case, queues first.

    Examples
    --------
    >>> exact_case("M/M/1, rate 0.8").known[0].exact
    4.0
    """
    return queue_cases() + tandem_cases()


def exact_case(name: str) -> ExactCase:
    """Return the case of that name."""
    return next(case for case in exact_cases() if case.name == name)
