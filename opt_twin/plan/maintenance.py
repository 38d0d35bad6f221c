"""A maintenance plan: what is done on which station, and when."""

from __future__ import annotations

from opt_twin.errors import PlanError, did_you_mean
from opt_twin.line import Line, Maintenance
from opt_twin.line.units import Name
from opt_twin.records import FrozenMapping, Record, record

__all__ = ["MaintenancePlan"]


@record
class MaintenancePlan(Record):
    """A decision about planned maintenance.

    Attributes
    ----------
    tasks
        Station -> its tasks, in the place of those that the line has.

    Examples
    --------
    >>> from opt_twin.line import Line, Sink, Source, Station, chain
    >>> line = Line(
    ...     name="one",
    ...     elements=(Source(name="In"), Station(name="Saw", cycle_time="5 s"), Sink(name="Out")),
    ...     connections=chain("In", "Saw", "Out"),
    ... )
    >>> plan = MaintenancePlan(tasks={"Saw": ({"start": "4 h", "every": "8 h", "duration": "10 min"},)})
    >>> plan.apply_to(line).element("Saw").maintenance[0].every
    28800.0
    """

    tasks: FrozenMapping[Name, tuple[Maintenance, ...]]

    def apply_to(self, line: Line) -> Line:
        """Return the line with these tasks; stations that the plan does not name keep theirs.

        Raises
        ------
        PlanError
            If the line has no such station.
        ModelError
            If a task does not fit its station: it renews a failure mode that the station has not.
        """
        known = [station.name for station in line.stations]
        for name in self.tasks:
            if name not in known:
                raise PlanError(
                    f"the plan maintains {name!r}, which is no station of {line.name!r}"
                    f"{did_you_mean(name, known)}"
                )
        return line.with_values({f"{name}.maintenance": tasks for name, tasks in self.tasks.items()})
