"""Everything that a study of a line found, in one record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from opt_twin.line import Line
from opt_twin.plan import Schedule
from opt_twin.results import Evaluation, Result

if TYPE_CHECKING:
    from opt_twin.analysis import BottleneckReport
    from opt_twin.scheduling import SchedulingInstance
    from opt_twin.search import ParetoFront
    from opt_twin.theory import Limit, StationCapacity

__all__ = ["Study"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """What a study of a line found; what is None was not done, or not finished.

    Attributes
    ----------
    line
        The line.
    warnings
        What is odd about it.
    evaluation
        Of the line as it is, without a plan.
    capacity
        What each station could make alone.
    limits, left_out
        What people, conveyors, vehicles and pallets let through, and what these figures do not hold.
    bottleneck
        What limits the line.
    schedule, instance
        The schedule of its orders, and what it solves.
    executed
        Evaluation of the line under that schedule.
    search
        The front of better lines.
    baseline
        The line as it is, evaluated as the points of the front were; `evaluation` unless given.
    tried
        Values of the objectives of other lines that were tried, for the picture.
    settings
        Name -> value of everything that was set.
    commands
        What to type to get the same again.
    notes
        What a reader must know first: what was interrupted, what is illustrative.
    """

    line: Line
    warnings: tuple[str, ...] = ()
    evaluation: Evaluation | None = None
    capacity: tuple[StationCapacity, ...] = ()
    limits: tuple[Limit, ...] = ()
    left_out: tuple[str, ...] = ()
    bottleneck: BottleneckReport | None = None
    schedule: Result[Schedule] | None = None
    instance: SchedulingInstance | None = None
    executed: Evaluation | None = None
    search: Result[ParetoFront] | None = None
    baseline: Evaluation | None = None
    tried: tuple[tuple[float, ...], ...] = ()
    settings: Mapping[str, object] = field(default_factory=dict)
    commands: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def today(self) -> Evaluation | None:
        """The line as it is, to compare the front with."""
        return self.baseline or self.evaluation

    @property
    def bottleneck_station(self) -> str:
        """The station that limits the line; empty where it is not known."""
        return self.bottleneck.station if self.bottleneck is not None and self.bottleneck.limited else ""
