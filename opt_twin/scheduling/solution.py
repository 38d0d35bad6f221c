"""Reading and writing solutions: a schedule as a file beside its instance."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from opt_twin.errors import InstanceError, PlanError
from opt_twin.plan import Schedule, read_schedule, schedule_csv, schedule_json
from opt_twin.scheduling.instance import SchedulingInstance
from opt_twin.scheduling.jobs import Job

__all__ = ["read_solution", "write_solution"]


def write_solution(schedule: Schedule, path: str | Path) -> None:
    """Write a schedule to a file: CSV where its name ends so, else JSON.

    Both hold job, operation (from 0), machine, mode (from 0), start and end in ticks of each assignment; JSON
    also holds the tick and the digest of the instance.

    Raises
    ------
    InstanceError
        If the file cannot be written.
    """
    write = schedule_csv if str(path).lower().endswith(".csv") else schedule_json
    try:
        write(schedule, path)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InstanceError(f"cannot be written: {reason}", path=str(path)) from None


def read_solution(path: str | Path, instance: SchedulingInstance) -> Schedule:
    """Read a schedule of `instance` from a file: CSV where its name ends so, else JSON.

    Only the form of the file is checked: what is wrong with the schedule, :func:`~opt_twin.scheduling.verify`
    says. A mode that is left out is the first one on the machine that is given, with the duration that the
    times leave if there is one.

    Raises
    ------
    InstanceError
        If the file cannot be read or does not hold a schedule; the message says where.
    PlanError
        If the schedule counts in other ticks than the instance.
    """
    jobs = {job.name: job for job in instance.jobs}

    def complete(row: dict[str, Any]) -> dict[str, Any]:
        if "mode" in row:
            return row
        mode = _mode(instance, jobs.get(row.get("job", "")), row)
        return row if mode is None else {**row, "mode": mode}

    schedule = read_schedule(Path(path), tick=instance.tick, complete=complete)
    if schedule.tick != instance.tick:
        raise PlanError(
            f"{path}: the schedule counts in ticks of {schedule.tick:.10g} s, {instance.name!r} in ticks of "
            f"{instance.tick:.10g} s"
        )
    return schedule


def _mode(instance: SchedulingInstance, job: Job | None, row: dict[str, Any]) -> int | None:
    """Return the mode that an assignment means; None where it cannot be told."""
    try:
        position, took = int(row["operation"]), int(row["end"]) - int(row["start"])
    except (KeyError, TypeError, ValueError):
        return None
    if job is None or not 0 <= position < len(job.operations):
        return None
    on_machine = [
        number
        for number, mode in enumerate(instance.options(job, position))
        if mode.machine == (row.get("machine") or "")
    ]
    exact = [n for n in on_machine if instance.options(job, position)[n].duration == took]
    return next(iter([*exact, *on_machine]), None)
