"""How a station stops: failures and micro-stops."""

from __future__ import annotations

from enum import StrEnum

from opt_twin.line.distributions import Distribution
from opt_twin.line.people import AtShiftEnd, NeedField
from opt_twin.line.units import Fraction, Name, PositiveSeconds, Seconds
from opt_twin.records import Record, record

__all__ = ["Clock", "FailureMode", "Interrupted", "Maintenance", "MicroStop"]


class Clock(StrEnum):
    """What advances the clock of a failure mode."""

    CALENDAR = "calendar"
    """Time itself, whether the station works or not; it stands still while this mode is being repaired."""
    OPERATION = "operation"
    """Time during which the station processes a part."""
    CYCLES = "cycles"
    """The number of cycles; the time to failure counts cycles and is rounded up to at least one."""


class Interrupted(StrEnum):
    """What happens to the part that a failure interrupts."""

    CONTINUE = "continue"
    """Processing goes on after the repair where it stopped (pre-emptive resume)."""
    RESTART = "restart"
    """Processing starts again after the repair, with the same processing time."""
    SCRAP = "scrap"
    """The part is scrapped when the failure strikes."""


@record
class FailureMode(Record):
    """A way for a station to fail.

    Attributes
    ----------
    name
        Unique within the station.
    time_to_failure
        From the end of the last repair (or the start of the run) to the next failure, on the mode's clock:
        seconds, or a number of cycles.
    time_to_repair
        Seconds.
    clock
        What advances the time to failure.
    interrupted
        What happens to the part in process.
    crew
        Who repairs it; the repair starts when they have come. None when it starts at once.
    priority
        Of its call for the crew; a higher one is served first.
    also_stops
        Names of other stations that cannot work until it is repaired.

    Raises
    ------
    ModelError
        If the mean time to failure is not above 0, or a field is out of its range.
    """

    name: Name = "breakdown"
    time_to_failure: Distribution
    time_to_repair: Distribution
    clock: Clock = Clock.CALENDAR
    interrupted: Interrupted = Interrupted.CONTINUE
    crew: NeedField | None = None
    priority: int = 0
    also_stops: tuple[Name, ...] = ()

    def __post_init__(self) -> None:
        if not self.time_to_failure.mean > 0:
            raise ValueError("time_to_failure must be above 0 on average; leave the failure mode out instead")


@record
class MicroStop(Record):
    """A short stop that happens with a probability in each cycle, before processing starts.

    Attributes
    ----------
    probability
        Per cycle.
    duration
        Seconds.
    """

    name: Name = "jam"
    probability: Fraction
    duration: Distribution


@record
class Maintenance(Record):
    """A task that is done at stated times on each server of a station.

    Attributes
    ----------
    name
        Unique within the station.
    start
        When it is due first, seconds from the start of the run; None for a task that is done only when the
        behaviour of the station asks for it.
    every
        Seconds from one time that it is due to the next; None for once only.
    duration
        Seconds.
    crew
        Who does it; it starts when they have come. None when it starts at once.
    priority
        Of its call for the crew; a higher one is served first.
    at_start
        Whether a cycle in process is finished first.
    renews
        Names of failure modes that start anew, with a fresh time to failure, when it is done.
    """

    name: Name = "maintenance"
    start: Seconds | None = None
    every: PositiveSeconds | None = None
    duration: Distribution
    crew: NeedField | None = None
    priority: int = 0
    at_start: AtShiftEnd = AtShiftEnd.FINISH
    renews: tuple[Name, ...] = ()

    def __post_init__(self) -> None:
        if self.start is None and self.every is not None:
            raise ValueError("a task that comes back needs a start")
