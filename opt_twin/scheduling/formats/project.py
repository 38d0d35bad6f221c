"""What the formats of projects share: activities, their modes and successors, and resources.

A project is one job with ``order="network"``, its activities are the operations in the order of the file. A
resource that is used up is a consumable.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from opt_twin.errors import InstanceError
from opt_twin.scheduling.formats.format import Draft
from opt_twin.scheduling.formats.text import Source
from opt_twin.scheduling.instance import SchedulingInstance
from opt_twin.scheduling.jobs import Job

__all__ = ["CARRIES", "JOB", "Activity", "Way", "draft_of_project", "project_of"]

JOB = "project"
"""The name of the job."""

CARRIES = frozenset({"operations without a machine", "networks", "resources", "precedences"})
"""What every format of projects holds."""

_LARGEST_AMOUNT = 10**9


class Way(NamedTuple):
    """A mode of an activity: its line, duration, and what it asks of each resource."""

    line: int
    duration: int
    demands: list[int]


class Activity(NamedTuple):
    """An activity: what it is called, its modes, and (activity from 0, lag) behind it."""

    label: str
    ways: list[Way]
    successors: list[tuple[int, int]]


def amount(source: Source, value: int, line: int, what: str) -> int:
    """Return `value`, or refuse an amount that no instance holds."""
    if not 0 <= value <= _LARGEST_AMOUNT:
        source.fail(f"{what} {value} is not between 0 and {_LARGEST_AMOUNT}", line)
    return value


def draft_of_project(
    source: Source,
    activities: list[Activity],
    resources: list[dict[str, Any]],
    *,
    kind: str = "end-start",
    **fields: Any,
) -> Draft:
    """Return the instance of a project, with more `fields` of its job.

    A mode that asks for more than there ever is cannot be chosen; it is left out, and a note says so.

    Raises
    ------
    InstanceError
        If an activity has no mode that can be chosen.
    """
    notes, operations, precedences = [], [], []
    for position, activity in enumerate(activities):
        modes, reasons = [], []
        for number, way in enumerate(activity.ways, 1):
            lacks = [
                f"{asked} of {resource['name']}, of which there are {resource['capacity']}"
                for asked, resource in zip(way.demands, resources, strict=True)
                if asked > resource["capacity"]
            ]
            if lacks:
                reasons.append((way.line, f"mode {number} of activity {activity.label} asks for {lacks[0]}"))
                continue
            demands = {r["name"]: a for a, r in zip(way.demands, resources, strict=True) if a}
            modes.append({"duration": way.duration, **({"demands": demands} if demands else {})})
        if not modes:
            source.fail(reasons[0][1], reasons[0][0])
        notes += [f"line {line}: {reason}; it was left out" for line, reason in reasons]
        operations.append(modes[0] if len(modes) == 1 else {"modes": modes})
        for after, lag in activity.successors:
            precedence = {"before": (JOB, position), "after": (JOB, after), "kind": kind, "lag": lag}
            precedences.append(precedence)
    job = {"name": JOB, "order": "network", "operations": operations, **fields}
    return Draft({"resources": resources, "jobs": [job], "precedences": precedences}, tuple(notes))


def project_of(instance: SchedulingInstance, *, kinds: Iterable[str], kind: str = "end-start") -> Job:
    """Return the one job of `instance` once it is known that the format holds the project.

    Parameters
    ----------
    instance
        The project.
    kinds
        Of resources.
    kind
        Of precedences; with ``end-start`` they have no lag.

    Raises
    ------
    InstanceError
        If it does not.
    """
    if len(instance.jobs) > 1:
        raise InstanceError(f"{len(instance.jobs)} jobs; this format holds one project")
    job = instance.jobs[0]
    if job.order != "network":
        raise InstanceError(f"job {job.name!r} has a route; this format holds projects only")
    if instance.machines:
        raise InstanceError("this format holds no machines; make resources of them")
    for resource in instance.resources:
        if resource.kind not in kinds:
            raise InstanceError(f"{resource.name!r} is {resource.kind}, which this format does not hold")
        if resource.absences or resource.deliveries or resource.skills:
            raise InstanceError(
                f"{resource.name!r} has absences, deliveries or skills, which this format does not hold"
            )
    for precedence in instance.precedences:
        if precedence.kind != kind or (kind == "end-start" and precedence.lag):
            raise InstanceError(
                f"a precedence is {precedence.kind} with lag {precedence.lag}; this format holds {kind}"
                + (" without lags" if kind == "end-start" else "")
            )
    return job


def successors_of(instance: SchedulingInstance) -> list[list[tuple[int, int]]]:
    """Return (position, lag) behind each activity."""
    found: list[list[tuple[int, int]]] = [[] for _ in instance.jobs[0].operations]
    for precedence in instance.precedences:
        found[precedence.before[1]].append((precedence.after[1], precedence.lag))
    return found
