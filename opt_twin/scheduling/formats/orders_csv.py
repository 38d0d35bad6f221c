"""Orders as CSV: a row for each operation, in the order of the route of its job.

========== =====================================================================================
column     what stands in it
========== =====================================================================================
job        the name of the job
machine    a machine, or several of which one is chosen: ``Saw|Drill``
duration   a time, or one for each of the machines: ``5|7``
release    earliest start of the job
due        by when it should be complete
deadline   by when it must be complete
weight     of the job, a whole number
priority   its class, from 0
family     what machines are set up for
========== =====================================================================================

The first three are needed. What belongs to the job may stand in any of its rows and must not differ. Times
are seconds with at most nine decimals, or have a unit: ``2.5``, ``15 min``. Cells are separated by commas,
or by semicolons when the first line has some. Lines that begin with ``#`` are comments.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any, NamedTuple

from opt_twin.errors import InstanceError, did_you_mean
from opt_twin.scheduling.formats.format import Draft, Format
from opt_twin.scheduling.formats.text import INTEGER, LARGEST_SIZE, Source, shortened
from opt_twin.scheduling.formats.ticks import Clock, seconds_in
from opt_twin.scheduling.instance import SchedulingInstance

__all__ = ["COLUMNS", "ORDERS"]

_NEEDED = ("job", "machine", "duration")
_TIMES = ("release", "due", "deadline")
_NUMBERS = ("weight", "priority")
COLUMNS = (*_NEEDED, *_TIMES, *_NUMBERS, "family")
"""The columns, of which the first three are needed."""


class _Step(NamedTuple):
    """An operation with its line."""

    line: int
    machines: list[str]
    durations: list[Fraction]


class _Order(NamedTuple):
    """A job: its operations, and what its rows say of it."""

    steps: list[_Step]
    fields: dict[str, Any]


def _marked(source: Source) -> bool:
    if not source.lines:
        return False
    cells = [cell.strip() for cell in source.lines[0][1].replace(";", ",").split(",")]
    return len(set(_NEEDED).intersection(cells)) > 1


def _rows(source: Source) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield line and cells of each row."""
    first = source.lines[0][1] if source.lines else ""
    delimiter = ";" if ";" in first else ","
    reader = csv.reader(io.StringIO(source.text, newline=""), delimiter=delimiter, strict=True)
    header: list[str] = []
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if not any(cells) or cells[0].startswith("#"):
                continue
            if not header:
                header = cells
                _check_header(source, header, reader.line_num)
            elif len(cells) != len(header):
                source.fail(f"{len(cells)} cells, expected {len(header)}", reader.line_num)
            else:
                yield reader.line_num, dict(zip(header, cells, strict=True))
    except csv.Error as error:
        source.fail(f"not CSV: {error}", max(reader.line_num, 1))


def _check_header(source: Source, header: list[str], line: int) -> None:
    for column in _NEEDED:
        if column not in header:
            source.fail(f"column {column!r} is missing; expected {', '.join(COLUMNS)}", line)
    for column in header:
        if column not in COLUMNS:
            source.fail(f"{column!r} is not a column{did_you_mean(column, COLUMNS)}", line)
        if header.count(column) > 1:
            source.fail(f"column {column!r} stands there twice", line)


def _time(source: Source, text: str, column: str, line: int) -> Fraction:
    time = seconds_in(text)
    if time is None:
        source.fail(f"{column}: expected a time such as 2.5 or '15 min', found {shortened(text)!r}", line)
    if time < 0:
        source.fail(f"{column}: {text!r} is below 0", line)
    return time


def _step(source: Source, cells: dict[str, str], line: int) -> _Step:
    machines = [name.strip() for name in cells["machine"].split("|")]
    durations = [_time(source, text, "duration", line) for text in cells["duration"].split("|")]
    if not all(machines):
        source.fail("machine: expected a name, or several as Saw|Drill, found an empty one", line)
    if len(durations) == 1:
        durations *= len(machines)
    if len(durations) != len(machines):
        source.fail(f"{len(durations)} durations for {len(machines)} machines", line)
    return _Step(line, machines, durations)


def _fields(source: Source, cells: dict[str, str], line: int) -> dict[str, Any]:
    """Return what a row says of its job."""
    found: dict[str, Any] = {}
    for column, text in cells.items():
        if column in _NEEDED or not text:
            continue
        if column in _TIMES:
            found[column] = _time(source, text, column, line)
        elif column in _NUMBERS:
            if not INTEGER.fullmatch(text):
                source.fail(f"{column}: expected a whole number, found {shortened(text)!r}", line)
            found[column] = int(text)
        else:
            found[column] = text
    return found


def _orders(source: Source) -> dict[str, _Order]:
    orders: dict[str, _Order] = {}
    size = 0
    for line, cells in _rows(source):
        if not cells["job"]:
            source.fail("job: expected a name, found an empty cell", line)
        order = orders.setdefault(cells["job"], _Order([], {}))
        order.steps.append(_step(source, cells, line))
        for column, value in _fields(source, cells, line).items():
            if order.fields.setdefault(column, value) != value:
                source.fail(
                    f"{column} of job {cells['job']!r} is {shortened(cells[column])!r} here and "
                    f"{shortened(str(order.fields[column]))!r} in a row before",
                    line,
                )
        size += len(order.steps[-1].machines)
        if size > LARGEST_SIZE:
            source.fail(f"more than {LARGEST_SIZE} operations are refused", line)
    if not orders:
        source.fail(f"no orders; expected a line with {', '.join(_NEEDED)}, ... and a row for each operation")
    return orders


def _scan(source: Source) -> Draft:
    orders = _orders(source)
    times = [time for order in orders.values() for step in order.steps for time in step.durations]
    times += [order.fields[c] for order in orders.values() for c in _TIMES if c in order.fields]
    clock = Clock(times, source.tick)
    machines: dict[str, None] = {}
    jobs = []
    for name, order in orders.items():
        operations: list[dict[str, Any]] = []
        for step in order.steps:
            machines.update(dict.fromkeys(step.machines))
            modes: list[dict[str, Any]] = [
                {"machine": machine, "duration": clock.duration(time, f"{name} at {machine}")}
                for machine, time in zip(step.machines, step.durations, strict=True)
            ]
            for mode in modes:
                source.duration(mode["duration"], step.line)
            operations.append(modes[0] if len(modes) == 1 else {"modes": modes})
        job: dict[str, Any] = {"name": name, "operations": operations, **order.fields}
        for column in _TIMES:
            if column in job:
                job[column] = clock.ticks(job[column], "up" if column == "release" else "down")
        jobs.append(job)
    data: dict[str, Any] = {"machines": list(machines), "jobs": jobs}
    if clock.tick == 1 and not clock.loss().seconds:
        return Draft(data)
    return Draft({**data, "tick": float(clock.tick)}, (clock.note(),), clock.loss())


_OPTIONAL: dict[str, Callable[[Any], bool]] = {
    "release": lambda job: job.release > 0,
    "due": lambda job: job.due is not None,
    "deadline": lambda job: job.deadline is not None,
    "weight": lambda job: job.weight != 1,
    "priority": lambda job: job.priority != 0,
    "family": lambda job: job.family is not None,
}


def _decimal(ticks: int, tick: Fraction) -> str:
    """Return ticks in seconds."""
    seconds = ticks * tick
    if seconds.denominator == 1:
        return str(seconds.numerator)
    text = f"{float(seconds):.9f}".rstrip("0")
    if Fraction(text) != seconds:
        raise InstanceError(f"{float(seconds)} s has more than nine decimals; use another tick")
    return text


def _write(instance: SchedulingInstance) -> str:
    tick = Fraction(str(instance.tick))
    columns = [name for name, has in _OPTIONAL.items() if any(has(job) for job in instance.jobs)]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*_NEEDED, *columns])
    for job in instance.jobs:
        own = []
        for column in columns:
            value = getattr(job, column)
            own.append("" if value is None else _decimal(value, tick) if column in _TIMES else value)
        for operation in job.operations:
            names = "|".join(mode.machine for mode in operation.ways)
            durations = "|".join(_decimal(mode.duration, tick) for mode in operation.ways)
            writer.writerow([job.name, names, durations, *own])
    return out.getvalue()


ORDERS = Format(
    name="orders",
    holds="orders with routes, alternative machines and dates",
    extensions=(".csv",),
    marked=_marked,
    scan=_scan,
    write=_write,
    carries=frozenset(
        {"release dates", "deadlines", "due dates", "modes", "weights", "priorities", "families"}
    ),
    timed=True,
    named=True,
)
