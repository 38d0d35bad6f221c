"""Reading and writing instances.

Three formats are recognised by their content.

Standard (OR-Library, JSPLIB)
    Comment lines begin with ``#`` or ``+``. Then the number of jobs and machines, then a line for each job
    with pairs ``machine duration``, machines numbered from 0.
Taillard
    A line of titles, a line of numbers that begins with jobs and machines, the word ``Times``, a line of
    durations for each job, the word ``Machines``, a line of machines for each job, numbered from 1.
JSON
    What :meth:`SchedulingInstance.to_dict` gives.

In the first two, jobs get the names J1, J2, ... and machines M1, M2, ...; the first machine is M1 in both.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple, NoReturn

from opt_twin.errors import InstanceError, ModelError
from opt_twin.files import write_text
from opt_twin.scheduling.instance import LARGEST_HORIZON, SchedulingInstance

__all__ = [
    "LARGEST_FILE",
    "LARGEST_SIZE",
    "parse_instance",
    "read_instance",
    "standard_format",
    "write_instance",
]

LARGEST_FILE = 64 * 2**20
"""Bytes; a longer file is refused."""

LARGEST_SIZE = 1_000_000
"""Operations; a larger instance is refused."""

_INTEGER = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)
Row = tuple[tuple[int, int], ...]


class _Text(NamedTuple):
    """The lines of a file that are neither blank nor comments, with their numbers."""

    path: str
    lines: tuple[tuple[int, str], ...]
    last: int

    def fail(self, message: str, line: int | None = None) -> NoReturn:
        raise InstanceError(message, path=self.path, line=line)

    def numbers(self, index: int) -> list[int]:
        """Return the whole numbers of the line at `index`."""
        number, line = self.lines[index]
        found = []
        for word in line.split():
            if not _INTEGER.fullmatch(word):
                self.fail(f"expected whole numbers of at most 18 digits, found {_shortened(word)!r}", number)
            found.append(int(word))
        return found


def _shortened(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:40]}..."


def read_instance(path: str | Path) -> SchedulingInstance:
    """Read an instance from a file; the format is recognised by the content.

    Parameters
    ----------
    path
        A file in the standard format, in Taillard's format, or JSON. Its stem becomes the instance's name.

    Raises
    ------
    InstanceError
        If the file cannot be read or is malformed; the message has the file, the line and what was expected.
    """
    file = Path(path)
    try:
        if file.stat().st_size > LARGEST_FILE:
            raise InstanceError(f"the file is longer than {LARGEST_FILE} bytes", path=str(path))
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InstanceError(f"not a text file in UTF-8 (byte {error.start})", path=str(path)) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise InstanceError(f"cannot be read: {reason}", path=str(path)) from None
    return parse_instance(text, name=file.stem, path=str(path))


def parse_instance(text: str, *, name: str = "instance", path: str = "text") -> SchedulingInstance:
    r"""Read an instance from `text`; the format is recognised by the content.

    Parameters
    ----------
    text
        As in a file.
    name
        Of the instance, unless the text is JSON, which has its own.
    path
        What error messages call the text.

    Raises
    ------
    InstanceError
        If the text is malformed.

    Examples
    --------
    >>> parse_instance("1 2\n0 3 1 4").jobs[0].operations[1].duration
    4
    """
    if text.lstrip().startswith(("{", "[")):
        return _parse_json(text, path)
    lines = text.splitlines()
    kept = tuple(
        (number, line)
        for number, line in enumerate(lines, 1)
        if line.strip() and not line.lstrip().startswith(("#", "+"))
    )
    source = _Text(path, kept, len(lines))
    if not kept:
        source.fail("the file is empty; expected the number of jobs and machines")
    is_taillard = kept[0][1].lower().split()[:1] == ["nb"] or any(
        line.strip().lower() == "times" for _, line in kept
    )
    machines, rows = _parse_taillard(source) if is_taillard else _parse_standard(source)
    try:
        return SchedulingInstance.from_matrices(name, machines, rows)
    except ModelError as error:
        raise InstanceError(_joined(error), path=path) from None


def _joined(error: ModelError) -> str:
    shown = [str(problem) for problem in error.problems[:20]]
    more = len(error.problems) - len(shown)
    return "; ".join([*shown, f"and {more} more problems"] if more else shown)


def _parse_json(text: str, path: str) -> SchedulingInstance:
    try:
        data = json.loads(text)
        if not isinstance(data, dict):
            raise InstanceError("expected a JSON object with name, machines and jobs, not a list", path=path)
        return SchedulingInstance.from_dict(data)
    except json.JSONDecodeError as error:
        raise InstanceError(f"not JSON: {error.msg}", path=path, line=error.lineno) from None
    except ModelError as error:
        raise InstanceError(_joined(error), path=path) from None
    except (RecursionError, ValueError) as error:
        raise InstanceError(f"not a readable JSON document: {error}", path=path) from None


def _sizes(source: _Text, index: int, *, most: int) -> tuple[int, int]:
    """Return the number of jobs and machines in the line at `index`."""
    number = source.lines[index][0]
    found = source.numbers(index)
    if not 2 <= len(found) <= most:
        source.fail(
            f"expected the number of jobs and machines, found {_numbers(len(found))}: "
            f"{_shortened(source.lines[index][1].strip())!r}",
            number,
        )
    jobs, machines = found[:2]
    if jobs < 1 or machines < 1:
        source.fail(f"{jobs} jobs and {machines} machines: there must be at least 1 of each", number)
    if jobs * machines > LARGEST_SIZE:
        source.fail(
            f"{jobs} jobs on {machines} machines: more than {LARGEST_SIZE} operations are refused", number
        )
    return jobs, machines


def _parse_standard(source: _Text) -> tuple[int, tuple[Row, ...]]:
    jobs, machines = _sizes(source, 0, most=2)
    _check_count(source, found=len(source.lines) - 1, jobs=jobs, first=1, what="lines of jobs")
    rows: list[Row] = []
    for job in range(1, jobs + 1):
        number, numbers = source.lines[job][0], source.numbers(job)
        if len(numbers) != 2 * machines:
            source.fail(
                f"job {job} has {_numbers(len(numbers))}, expected {2 * machines} "
                f"({machines} pairs machine, duration)",
                number,
            )
        pairs = zip(numbers[::2], numbers[1::2], strict=True)
        rows.append(tuple(_checked(source, number, pairs, machines, first=0)))
    return machines, tuple(rows)


def _parse_taillard(source: _Text) -> tuple[int, tuple[Row, ...]]:
    start = 0 if _INTEGER.fullmatch(source.lines[0][1].split()[0]) else 1
    if start >= len(source.lines):
        source.fail("expected a line with the number of jobs and machines", source.last)
    jobs, machines = _sizes(source, start, most=6)
    marks = [
        _mark(source, "times", start + 1),
        _mark(source, "machines", start + 2 + jobs),
    ]
    _check_count(
        source,
        found=len(source.lines) - marks[1] - 1,
        jobs=jobs,
        first=marks[1] + 1,
        what="lines of machines",
    )
    rows: list[Row] = []
    for job in range(1, jobs + 1):
        durations = _row(source, marks[0] + job, machines, job, "durations")
        route = _row(source, marks[1] + job, machines, job, "machines")
        list(_checked(source, source.lines[marks[0] + job][0], ((1, d) for d in durations), 1, first=1))
        pairs = zip(route, durations, strict=True)
        number = source.lines[marks[1] + job][0]
        rows.append(tuple((m - 1, d) for m, d in _checked(source, number, pairs, machines, first=1)))
    return machines, tuple(rows)


def _mark(source: _Text, word: str, index: int) -> int:
    """Return `index` when the line there is `word`."""
    if index >= len(source.lines):
        source.fail(f"the file ends before the line {word.capitalize()!r}", source.last)
    number, line = source.lines[index]
    if line.strip().lower() != word:
        source.fail(f"expected the line {word.capitalize()!r}, found {_shortened(line.strip())!r}", number)
    return index


def _row(source: _Text, index: int, machines: int, job: int, what: str) -> list[int]:
    numbers = source.numbers(index)
    if len(numbers) != machines:
        source.fail(
            f"job {job} has {_numbers(len(numbers))}, expected {machines} {what}", source.lines[index][0]
        )
    return numbers


def _numbers(count: int) -> str:
    return "1 number" if count == 1 else f"{count} numbers"


def _check_count(source: _Text, *, found: int, jobs: int, first: int, what: str) -> None:
    if found < jobs:
        source.fail(f"the file ends after {found} of {jobs} {what}", source.last)
    if found > jobs:
        source.fail(
            f"{found} {what}, expected {jobs}: the file goes on after the last job",
            source.lines[first + jobs][0],
        )


def _checked(
    source: _Text, line: int, pairs: Iterable[tuple[int, int]], machines: int, *, first: int
) -> Iterator[tuple[int, int]]:
    """Yield the pairs (machine, duration) after checking their ranges."""
    for machine, duration in pairs:
        if machine >= machines + first:
            source.fail(f"machine {machine} >= {machines + first}: machines are numbered from {first}", line)
        if machine < first:
            source.fail(f"machine {machine} < {first}: machines are numbered from {first}", line)
        if not 0 <= duration <= LARGEST_HORIZON:
            source.fail(f"duration {duration} is not between 0 and {LARGEST_HORIZON}", line)
        yield machine, duration


def write_instance(instance: SchedulingInstance, path: str | Path) -> None:
    """Write `instance` to a file: JSON when its name ends in ``.json``, else the standard format.

    Raises
    ------
    InstanceError
        If the standard format cannot hold the instance, or the file cannot be written.
    """
    file = Path(path)
    if file.suffix.lower() == ".json":
        text = json.dumps(instance.to_dict(), indent=1, ensure_ascii=False) + "\n"
    else:
        text = standard_format(instance, path=str(path))
    try:
        write_text(file, text)
    except OSError as error:
        raise InstanceError(f"cannot be written: {error.strerror or error}", path=str(path)) from None


def standard_format(instance: SchedulingInstance, *, path: str = "") -> str:
    """Return `instance` in the standard format.

    Raises
    ------
    InstanceError
        If it holds more than a plain job shop, or a job has not as many operations as there are machines.
    """
    count = len(instance.machines)
    if not instance.is_plain or any(job.due is not None for job in instance.jobs):
        raise InstanceError("the standard format holds plain job shops only; write a .json file", path=path)
    short = [job.name for job in instance.jobs if len(job.operations) != count]
    if short:
        raise InstanceError(
            f"job {short[0]!r} has not {count} operations, one a machine; write a .json file", path=path
        )
    number = {machine: index for index, machine in enumerate(instance.machines)}
    lines = [f"# {' '.join(instance.name.split())}", f"{len(instance.jobs)} {count}"]
    lines += [
        " ".join(f"{number[operation.machine]} {operation.duration}" for operation in job.operations)
        for job in instance.jobs
    ]
    return "\n".join(lines) + "\n"
