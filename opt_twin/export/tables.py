"""Tables and files of results: tidy frames, CSV and JSON, and the readers of what is read again."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opt_twin.errors import InstanceError, ModelError, OptionError
from opt_twin.files import write_text
from opt_twin.plan import Assignment, Schedule
from opt_twin.results import Evaluation

if TYPE_CHECKING:
    import pandas as pd

    from opt_twin.search import ParetoFront
    from opt_twin.simulation import Run

__all__ = [
    "evaluation_frame",
    "front_csv",
    "front_json",
    "read_schedule",
    "schedule_csv",
    "schedule_from_csv",
    "schedule_from_json",
    "schedule_json",
    "series_frame",
]

_FORMAT = "opt_twin.schedule/1"
_COLUMNS = ("job", "operation", "machine", "start", "end", "start_s", "end_s")


def evaluation_frame(
    evaluation: Evaluation, *, parameters: Mapping[str, object] | None = None
) -> pd.DataFrame:
    """Return an evaluation as a long table: a row for each replication and measure.

    Parameters
    ----------
    evaluation
        Of a line.
    parameters
        What was varied; each becomes a column that all rows share.

    Returns
    -------
    pandas.DataFrame
        Columns ``line, line_digest, plan_digest, seed, replication, horizon_s, warm_up_s, measure, element,
        value, unit`` and those of `parameters`; `element` is empty for a measure of the line as a whole.
    """
    import pandas as pd

    count = len(evaluation.replications)
    rows: dict[str, list[object]] = {"replication": [], "measure": [], "element": [], "value": [], "unit": []}
    for measure in list(evaluation.values):
        values = evaluation[measure]
        rows["replication"] += evaluation.replications
        rows["measure"] += [measure] * count
        rows["element"] += [_element_of(measure)] * count
        rows["value"] += values.tolist()
        rows["unit"] += [evaluation.units.get(measure, "")] * count
    frame = pd.DataFrame(rows)
    shared = {
        "line": evaluation.line_name,
        "line_digest": evaluation.line_digest,
        "plan_digest": evaluation.plan_digest,
        "seed": evaluation.seed,
        "horizon_s": evaluation.horizon,
        "warm_up_s": evaluation.warm_up,
    }
    for name, value in {**shared, **(parameters or {})}.items():
        frame[name] = pd.Series([value] * len(frame), index=frame.index)
    order = ["line", "line_digest", "plan_digest", "seed", "replication", "horizon_s", "warm_up_s"]
    return frame[[*order, "measure", "element", "value", "unit", *(parameters or {})]]


def series_frame(run: Run) -> pd.DataFrame:
    """Return the telemetry of a run as a wide table: a row for each interval, a column for each measure.

    Parameters
    ----------
    run
        With an ``interval``.

    Returns
    -------
    pandas.DataFrame
        Columns ``start_s``, when the interval began, seconds from the start of the run, and the measures.

    Raises
    ------
    OptionError
        If the run has no telemetry.
    """
    import pandas as pd

    if run.interval is None:
        raise OptionError("the run has no telemetry; give RunSettings an interval")
    count = len(next(iter(run.series.values())))
    starts = [index * run.interval for index in range(count)]
    return pd.DataFrame({"start_s": starts, **run.series})


def _element_of(measure: str) -> str:
    """Return the element that a measure belongs to; the measures of an order belong to the line."""
    element, dot, _ = measure.rpartition(".")
    return element if dot and not measure.startswith("order.") else ""


def schedule_json(schedule: Schedule, path: str | Path | None = None) -> str:
    """Return a schedule as JSON, and write it where `path` is given.

    The object holds ``format, instance, instance_digest, tick`` (seconds), ``makespan`` (ticks) and
    ``assignments``, each with job, operation, machine, start and end in ticks.
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
        "  " + json.dumps({name: getattr(a, name) for name in _COLUMNS[:5]}, ensure_ascii=False)
        for a in schedule.assignments
    )
    text = f'{head},\n "assignments": [\n{rows}\n ]\n}}\n' if rows else f'{head},\n "assignments": []\n}}\n'
    if path is not None:
        write_text(path, text)
    return text


def schedule_from_json(source: str | Path) -> Schedule:
    """Read a schedule that :func:`schedule_json` wrote.

    Parameters
    ----------
    source
        A path, or the JSON itself (text that starts with a brace).

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
        _assignment(row, name, f"assignments.{at}") for at, row in enumerate(body["assignments"])
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

    Columns ``job, operation, machine, start, end`` in ticks, and ``start_s, end_s`` in seconds.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for a in schedule.assignments:
        seconds = (repr(a.start * schedule.tick), repr(a.end * schedule.tick))
        writer.writerow((a.job, a.operation, a.machine, a.start, a.end, *seconds))
    if path is not None:
        write_text(path, out.getvalue())
    return out.getvalue()


def schedule_from_csv(source: str | Path, *, tick: float = 1.0) -> Schedule:
    """Read a schedule from CSV with the columns job, operation, machine, start, end (ticks).

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
        missing = [column for column in _COLUMNS[:5] if column not in header]
        if missing:
            raise InstanceError(f"column {missing[0]!r} is missing", path=name, line=1)
        for row in rows:
            if row:
                cells = dict(zip(header, row, strict=False))
                record = {column: cells.get(column) for column in _COLUMNS[:5]}
                assignments.append(_assignment(record, name, "row", rows.line_num))
    except csv.Error as error:
        raise InstanceError(f"not CSV: {error}", path=name, line=rows.line_num) from None
    return _schedule(tuple(assignments), {"tick": tick}, name)


def read_schedule(source: str | Path) -> Schedule:
    """Read a schedule from a file: CSV where its name ends so, else JSON.

    Raises
    ------
    InstanceError
        If the file cannot be read or does not hold a schedule; the message says where.
    """
    if isinstance(source, Path) or "\n" not in source:
        return schedule_from_csv(source) if str(source).endswith(".csv") else schedule_from_json(source)
    return schedule_from_json(source)


def front_csv(front: ParetoFront, path: str | Path | None = None) -> str:
    """Return a front as CSV, a row for each point, and write it where `path` is given.

    Columns as in :meth:`opt_twin.search.ParetoFront.to_frame`; the unit of an objective stands behind its
    name in brackets.
    """
    frame = front.to_frame()
    named = {}
    for objective in front.objectives:
        for end in ("", ".low", ".high", ".search") if objective.unit else ():
            named[f"{objective.name}{end}"] = f"{objective.name}{end} [{objective.unit}]"
    text: str = frame.rename(columns=named).to_csv(index=False, lineterminator="\n")
    if path is not None:
        write_text(path, text)
    return text


def front_json(front: ParetoFront, path: str | Path | None = None) -> str:
    """Return a front as JSON that :meth:`opt_twin.search.ParetoFront.load` reads, and write it to `path`."""
    text = json.dumps(front.to_dict(), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    if path is not None:
        write_text(path, text)
    return text


def _read(source: str | Path, *, inline: str = "{") -> tuple[str, str]:
    """Return the text and its name; a string that holds `inline` is the text itself."""
    if isinstance(source, str) and inline in source:
        return source, "<text>"
    try:
        return Path(source).read_text(encoding="utf-8"), str(source)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InstanceError(f"cannot be read: {reason}", path=str(source)) from None


def _assignment(row: object, name: str, where: str, line: int | None = None) -> Assignment:
    if not isinstance(row, dict):
        raise InstanceError(
            f"{where}: expected an object with {', '.join(_COLUMNS[:5])}", path=name, line=line
        )
    try:
        return Assignment.from_dict({key: value for key, value in row.items() if key not in _COLUMNS[5:]})
    except ModelError as error:
        raise InstanceError(f"{where}: {error}", path=name, line=line) from None


def _schedule(assignments: tuple[Assignment, ...], given: Mapping[str, Any], name: str) -> Schedule:
    try:
        return Schedule.from_dict({"assignments": assignments, **given})
    except ModelError as error:
        raise InstanceError(str(error), path=name) from None
