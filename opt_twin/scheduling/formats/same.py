"""Whether what a writer has written is the instance: the text is read back, names apart."""

from __future__ import annotations

import dataclasses
from typing import Any

from opt_twin.scheduling.formats.format import Format
from opt_twin.scheduling.instance import SchedulingInstance
from opt_twin.scheduling.jobs import Job, Operation

__all__ = ["first_difference", "left_out"]

Data = dict[str, Any]

_OF_OPERATIONS = tuple(
    field.name
    for field in dataclasses.fields(Operation)
    if field.name not in {"machine", "duration", "demands", "power", "modes", "lead", "tail"}
)
"""The fields of an operation that hold no names, its ways, lead and tail apart."""

_OF_JOBS = tuple(
    field.name for field in dataclasses.fields(Job) if field.name not in {"name", "operations", "family"}
)
"""The fields of a job that hold no names."""


def first_difference(written: SchedulingInstance, read: SchedulingInstance, form: Format) -> str | None:
    """Return the first field in which the two differ, names and order aside; None when they are the same."""
    one, other = _normal(written, form), _normal(read, form)
    return next((field for field in one if one[field] != other[field]), None)


def left_out(instance: SchedulingInstance, read: SchedulingInstance, form: Format) -> tuple[str, ...]:
    """Return what the text does not say, though it means the same: names, the tick, idle machines."""
    notes = [
        f"the names of {kind} are replaced by numbers"
        for kind in ("jobs", "machines", "resources")
        if not form.named and _names(instance, kind) != _names(read, kind)
    ]
    if len(read.machines) < len(instance.machines):
        notes.append("machines that no operation uses are left out")
    if read.tick != instance.tick:
        how = "must be given when it is read" if form.timed else "is left out"
        notes.append(f"the tick of {instance.tick:.10g} s {how}")
    return tuple(notes)


def _names(instance: SchedulingInstance, kind: str) -> list[str]:
    return [item if isinstance(item, str) else item.name for item in getattr(instance, kind)]


def _normal(instance: SchedulingInstance, form: Format) -> Data:
    """Return the fields of an instance with numbers for names where the format has none."""
    if form.name == "json":
        return {"instance": instance}
    plain: Data = {"jobs": [], "permutation": instance.permutation}
    machines, jobs, resources = (
        {name: name if form.named else index for index, name in enumerate(_names(instance, kind))}
        for kind in ("machines", "jobs", "resources")
    )
    used = {mode.machine for job in instance.jobs for o in job.operations for mode in o.ways} - {""}
    plain["machines"] = used if form.named else len(instance.machines)
    for job in instance.jobs:
        operations = [
            (_ways(operation, machines, resources), _others(operation, _OF_OPERATIONS))
            for operation in job.operations
        ]
        plain["jobs"].append((jobs[job.name], operations, _others(job, _OF_JOBS)))
    plain["resources"] = [
        (r.capacity, r.kind, r.skills, r.absences, r.deliveries) for r in instance.resources
    ]
    plain["precedences"] = sorted(
        (jobs[p.before[0]], p.before[1], jobs[p.after[0]], p.after[1], p.kind, p.lag)
        for p in instance.precedences
    )
    plain["set-ups"] = _setups(instance)
    if form.named and "families" in form.carries:
        plain["families"] = [job.family for job in instance.jobs]
    return plain


def _ways(operation: Operation, machines: Data, resources: Data) -> list[object]:
    """Return machine, duration, power and demands of each way of doing an operation, then lead and tail."""
    ways: list[object] = [
        (
            machines.get(mode.machine),
            mode.duration,
            mode.power,
            {resources.get(name, name): amount for name, amount in mode.demands.items()},
        )
        for mode in operation.ways
    ]
    if not operation.modes:
        ways.append((operation.lead_ticks, operation.tail_ticks))
    return ways


def _others(record: Job | Operation, fields: tuple[str, ...]) -> list[object]:
    return [getattr(record, field) for field in fields]


def _setups(instance: SchedulingInstance) -> list[list[int]]:
    """Return the set-up between each two jobs on each machine that has some."""
    if not instance.setup_times:
        return []
    families = [job.family for job in instance.jobs]
    tables = [
        [
            instance.setup_time(machine, a, b)
            for i, a in enumerate(families)
            for j, b in enumerate(families)
            if i != j
        ]
        for machine in instance.machines
    ]
    return tables if any(map(any, tables)) else []
