"""What a solver is given, and what every solver promises."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from pydantic import BeforeValidator, Field

from opt_twin.records import Record, record
from opt_twin.results import TracePoint
from opt_twin.timebase import parse_duration

__all__ = ["OnProgress", "SolveOptions", "Stop"]

OnProgress = Callable[[TracePoint], None]
"""Called with every improvement of objective or bound, from the thread of the solver."""

Stop = Callable[[], bool]
"""Asked from time to time; once it returns true the solver stops with its best solution so far."""


@record
class SolveOptions(Record):
    """Limits of a search.

    Attributes
    ----------
    time_limit
        Wall-clock seconds; reads ``"60s"`` and ``"2m"``.
    gap
        Stop when (objective - bound) / |objective| is at most this.
    workers
        Threads or processes; 1 gives the same answer for the same seed.
    seed
        Of everything random.
    log
        Send the solver's own log to the logger ``opt_twin``.
    """

    time_limit: Annotated[float, BeforeValidator(parse_duration), Field(gt=0)] = 60.0
    gap: Annotated[float, Field(ge=0)] = 0.0
    workers: Annotated[int, Field(ge=1)] = 1
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    log: bool = False
