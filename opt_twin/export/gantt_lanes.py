"""Schedules as they are drawn where operations overlap: projects, and machines that work in batches."""

from __future__ import annotations

from collections.abc import Mapping

from opt_twin.plan import Schedule

__all__ = ["by_operations", "in_lanes"]


def by_operations(schedule: Schedule, due: Mapping[str, float]) -> tuple[Schedule, dict[str, float]]:
    """Return a schedule of one job by its operations, counted from 1 as if they were jobs, and its due date.

    The due date is that of the operation that ends last. A schedule of several jobs stays as it is.
    """
    if len({a.job for a in schedule.assignments}) != 1 or len(schedule.assignments) == 1:
        return schedule, dict(due)
    drawn = tuple(a.replace(job=str(a.operation + 1)) for a in schedule.assignments)
    last = max(drawn, key=lambda a: (a.end, a.operation))
    own = due.get(schedule.assignments[0].job)
    dates = {} if own is None else {last.job: own}
    return schedule.replace(assignments=drawn), dates


def in_lanes(schedule: Schedule) -> Schedule:
    """Return a schedule in which no two operations of a row overlap.

    What overlaps on a machine is drawn on further rows of it, ``Oven (2)``; operations without a machine get
    the rows ``lane 1``, ``lane 2`` and so on.
    """
    rows = []
    for machine in schedule.machines:
        free: list[int] = []
        for a in sorted(schedule.on_machine(machine), key=lambda a: (a.start, a.end)):
            lane = next((number for number, end in enumerate(free) if end <= a.start), len(free))
            free[lane : lane + 1] = [a.end]
            further = machine if lane == 0 else f"{machine} ({lane + 1})"
            name = further if machine else f"lane {lane + 1}"
            rows.append(a if name == machine else a.replace(machine=name))
    return schedule.replace(assignments=tuple(rows))
