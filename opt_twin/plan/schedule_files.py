"""Files of schedules: JSON and CSV, and the readers of what is read again."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from opt_twin.errors import InstanceError, ModelError
from opt_twin.files import write_text
from opt_twin.plan.schedule import Assignment, Schedule

__all__ = [
    "Complete",
    "read_schedule",
    "schedule_csv",
    "schedule_from_csv",
    "schedule_from_json",
    "schedule_json",
]

_FORMAT = "opt_twin.schedule/1"
_NEEDED = ("job", "operation", "machine", "start", "end")
_COLUMNS = ("job", "operation", "machine", "mode", "start", "end")
_SECONDS = ("start_s", "end_s")
_LARGEST_FILE = 64 * 2**20

Complete = Callable[[dict[str, Any]], dict[str, Any]]
"""Fills in what the row of an assignment leaves out."""


def schedule_json(schedule: Schedule, path: str | Path | None = None) -> str:
    """Return a schedule as JSON, and write it where `path` is given.

    The object holds ``format, instance, instance_digest, tick`` (seconds), ``makespan`` (ticks) and
    ``assignments``, each with job, operation, machine, mode, start and end in ticks.
    """
    body = {
        "format": _FORMAT,
        "instance": schedule.instance_name,
        "instance_digest": schedule.instance_digest,
        "tick": schedule.tick,
        "makespan": schedule.makespan,
    }
    head = json.dumps(body, ensure_ascii=False, indent=1)[:-2]
    rows = ",\n".join(
        "  " + json.dumps({name: getattr(a, name) for name in _COLUMNS}, ensure_ascii=False)
        for a in schedule.assignments
    )
    text = f'{head},\n "assignments": [\n{rows}\n ]\n}}\n' if rows else f'{head},\n "assignments": []\n}}\n'
    if path is not None:
        write_text(path, text)
    return text


def schedule_from_json(source: str | Path, *, complete: Complete | None = None) -> Schedule:
    """Read a schedule that :func:`schedule_json` wrote.

    Parameters
    ----------
    source
        A path, or the JSON itself (text that starts with a brace).
    complete
        Fills in what an assignment leaves out; without it a mode that is left out is 0.

    Raises
    ------
    InstanceError
        If the file cannot be read or does not hold a schedule; the message says where.
    """
    text, name = _read(source)
    try:
        body = json.loads(text)
    except (ValueError, RecursionError) as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else None
        raise InstanceError(f"not JSON: {error}", path=name, line=line) from None
    if not isinstance(body, dict) or not isinstance(body.get("assignments"), list):
        raise InstanceError("expected an object with a list 'assignments'", path=name)
    written = body.get("format", _FORMAT)
    if written != _FORMAT:
        raise InstanceError(f"the format is {written!r}, expected {_FORMAT!r}", path=name)
    assignments = tuple(
        _assignment(row, name, f"assignments.{at}", complete=complete)
        for at, row in enumerate(body["assignments"])
    )
    fields = {"tick": "tick", "instance_digest": "instance_digest", "instance": "instance_name"}
    given = {field: body[key] for key, field in fields.items() if key in body}
    schedule = _schedule(assignments, given, name)
    if body.get("makespan", schedule.makespan) != schedule.makespan:
        raise InstanceError(
            f"the makespan is given as {body['makespan']!r}, the assignments end at {schedule.makespan}",
            path=name,
        )
    return schedule


def schedule_csv(schedule: Schedule, path: str | Path | None = None) -> str:
    """Return a schedule as CSV, and write it where `path` is given.

    Columns ``job, operation, machine, mode, start, end`` in ticks, and ``start_s, end_s`` in seconds.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow((*_COLUMNS, *_SECONDS))
    for a in schedule.assignments:
        seconds = (repr(a.start * schedule.tick), repr(a.end * schedule.tick))
        writer.writerow((a.job, a.operation, a.machine, a.mode, a.start, a.end, *seconds))
    if path is not None:
        write_text(path, out.getvalue())
    return out.getvalue()


def schedule_from_csv(source: str | Path, *, tick: float = 1.0, complete: Complete | None = None) -> Schedule:
    """Read a schedule from CSV with the columns job, operation, machine, start, end (ticks), perhaps mode.

    Parameters
    ----------
    source
        A path, or the CSV itself (text of several lines).
    tick
        Seconds in one tick.
    complete
        As in :func:`schedule_from_json`.

    Raises
    ------
    InstanceError
        If the file cannot be read or a row is not an operation; the message says which line.
    """
    text, name = _read(source, inline="\n")
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    assignments: list[Assignment] = []
    try:
        header = next(rows, [])
        missing = [column for column in _NEEDED if column not in header]
        if missing:
            raise InstanceError(
                f"column {missing[0]!r} is missing; expected {', '.join(_COLUMNS)}", path=name, line=1
            )
        for row in rows:
            if row:
                cells = dict(zip(header, row, strict=False))
                record = {column: cells.get(column) for column in _COLUMNS}
                if not record["mode"]:
                    del record["mode"]
                assignments.append(_assignment(record, name, "row", rows.line_num, complete=complete))
    except csv.Error as error:
        raise InstanceError(f"not CSV: {error}", path=name, line=rows.line_num) from None
    return _schedule(tuple(assignments), {"tick": tick}, name)


def read_schedule(source: str | Path, *, tick: float = 1.0, complete: Complete | None = None) -> Schedule:
    """Read a schedule from a file: CSV where its name ends so, else JSON.

    Parameters
    ----------
    source
        A path, or the JSON itself.
    tick
        Seconds in one tick, for CSV.
    complete
        As in :func:`schedule_from_json`.

    Raises
    ------
    InstanceError
        If the file cannot be read or does not hold a schedule; the message says where.
    """
    if (isinstance(source, Path) or "\n" not in source) and str(source).lower().endswith(".csv"):
        return schedule_from_csv(source, tick=tick, complete=complete)
    return schedule_from_json(source, complete=complete)


def _read(source: str | Path, *, inline: str = "{") -> tuple[str, str]:
    """Return the text and its name; a string that holds `inline` is the text itself."""
    if isinstance(source, str) and inline in source:
        return source, "<text>"
    try:
        if Path(source).stat().st_size > _LARGEST_FILE:
            raise InstanceError(f"the file is longer than {_LARGEST_FILE} bytes", path=str(source))
        return Path(source).read_text(encoding="utf-8"), str(source)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InstanceError(f"cannot be read: {reason}", path=str(source)) from None


def _assignment(
    row: object, name: str, where: str, line: int | None = None, *, complete: Complete | None
) -> Assignment:
    if not isinstance(row, dict):
        raise InstanceError(f"{where}: expected an object with {', '.join(_COLUMNS)}", path=name, line=line)
    try:
        own = {key: value for key, value in row.items() if key not in _SECONDS}
        return Assignment.from_dict(own if complete is None else complete(own))
    except ModelError as error:
        raise InstanceError(f"{where}: {error}", path=name, line=line) from None


def _schedule(assignments: tuple[Assignment, ...], given: Mapping[str, Any], name: str) -> Schedule:
    try:
        return Schedule.from_dict({"assignments": assignments, **given})
    except ModelError as error:
        raise InstanceError(str(error), path=name) from None
