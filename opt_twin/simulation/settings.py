"""How a line is run."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from opt_twin.line import Behaviour
from opt_twin.line.behaviour import BehaviourField
from opt_twin.line.people import WEEK
from opt_twin.line.units import PositiveSeconds, Seconds
from opt_twin.records import Record, record

__all__ = ["Late", "RunSettings"]


def _late(value: object) -> object:
    return {"path": value} if isinstance(value, str) and ":" in value else value


Late = Annotated[Literal["keep", "swap"] | Behaviour, BeforeValidator(_late)]
"""What a machine does when the next order of its plan is late."""


@record
class RunSettings(Record):
    """Length, number and manner of the replications.

    Attributes
    ----------
    horizon
        Seconds of a run, warm-up included. With a plan only a cap: the run ends when every order is
        complete.
    warm_up
        Seconds at the start that the measures leave out.
    replications
        How many independent runs.
    workers
        Processes that share the replications; the result does not depend on it.
    check
        Check conservation, state times and physical limits at the end of each run, and whether the line has
        locked up.
    clock_start
        Seconds since Monday 00:00 at which the run starts: what shifts and energy tariffs go by.
    interval
        Seconds between two notes of the telemetry, see :class:`opt_twin.simulation.Run`; None for none.
        ``run_replication`` and :class:`opt_twin.simulation.Simulation` keep it.
    late
        With a plan for a line that is not one chain, what a machine does when its next order is not there
        and another one is: ``keep`` the sequence and wait; ``swap`` to the one that stands first in it, once
        the planned start of the next has passed; or ask a user's own rule
        (:class:`opt_twin.simulation.Replanner`, named by a :class:`~opt_twin.line.Behaviour`).
    observers
        Users' own classes that see every event of a run, see :class:`opt_twin.simulation.Observer`; what they
        measure stands among the values.
    first_replication
        Number of the first replication, so that blocks of replications can be merged.

    Raises
    ------
    ModelError
        If the warm-up does not end before the horizon, the clock does not start within a week, or a field is
        out of its range.

    Examples
    --------
    >>> RunSettings(horizon="8 h").horizon
    28800.0
    """

    horizon: PositiveSeconds = 28800.0
    warm_up: Seconds = 0.0
    replications: Annotated[int, Field(ge=1)] = 20
    workers: Annotated[int, Field(ge=1)] = 1
    check: bool = True
    clock_start: Seconds = 0.0
    interval: PositiveSeconds | None = None
    late: Late = "keep"
    observers: tuple[BehaviourField, ...] = ()
    first_replication: Annotated[int, Field(ge=0)] = 0

    def __post_init__(self) -> None:
        if self.warm_up >= self.horizon:
            raise ValueError(f"warm_up ({self.warm_up:g} s) must end before the horizon ({self.horizon:g} s)")
        if self.clock_start >= WEEK:
            raise ValueError(
                f"clock_start ({self.clock_start:g} s) counts from Monday 00:00 and lies within one week"
            )
