"""The format of PSPLIB: projects with one (.sm) or several modes (.mm) and resources that are used up.

References
----------
Kolisch and Sprecher (1997), PSPLIB - a project scheduling problem library, European Journal of Operational
Research 96:205-216.
"""

from __future__ import annotations

import re
from typing import Any

from opt_twin.errors import InstanceError
from opt_twin.scheduling.formats.format import Draft, Format
from opt_twin.scheduling.formats.project import (
    CARRIES,
    Activity,
    Way,
    amount,
    draft_of_project,
    project_of,
    successors_of,
)
from opt_twin.scheduling.formats.text import LARGEST_SIZE, Source, keep_numbers, shortened
from opt_twin.scheduling.instance import SchedulingInstance

__all__ = ["PSPLIB"]

_TITLES = ("PRECEDENCERELATIONS:", "REQUESTS/DURATIONS:", "RESOURCEAVAILABILITIES:")


def _plain(line: str) -> str:
    return "".join(line.split()).upper()


def _marked(source: Source) -> bool:
    return any(_plain(line) in _TITLES for _, line in source.lines)


class _File:
    """The sections of a file, found by their titles."""

    def __init__(self, source: Source) -> None:
        self.source = keep_numbers(source, lambda line: not re.match(r"\s*(\*|-{3,})", line))
        self._index: dict[str, int] = {}
        for index, (_, line) in enumerate(self.source.lines):
            self._index.setdefault(_plain(line), index)

    def count(self, title: str) -> int:
        """Return the number behind the colon of the line that begins with `title`."""
        for number, line in self.source.lines:
            begin, colon, rest = line.partition(":")
            if colon and _plain(begin).startswith(_plain(title)):
                words = rest.split()
                if not words:
                    self.source.fail(f"expected a number behind {begin.strip()!r}", number)
                (value,) = self.source.numbers_of(words[:1], number)
                if not 0 <= value <= LARGEST_SIZE:
                    self.source.fail(f"{title}: {value} is not between 0 and {LARGEST_SIZE}", number)
                return value
        return self.source.fail(f"the line '{title} :' is missing")

    def section(self, title: str) -> int:
        """Return the index of the first row of a section: behind its title and its line of headings."""
        if _plain(title) not in self._index:
            self.source.fail(f"the section '{title}' is missing")
        index = self._index[_plain(title)] + 2
        self.source.line(index, f"the rows of '{title}'")
        return index

    def row(self, index: int, expected: str) -> list[int]:
        """Return the numbers of a row."""
        number, line = self.source.line(index, expected)
        if not re.match(r"\s*[-+0-9]", line):
            self.source.fail(f"expected {expected}, found {shortened(line.strip())!r}", number)
        return self.source.numbers(index)


def _successors(file: _File, count: int) -> tuple[list[int], list[list[tuple[int, int]]]]:
    """Return the number of modes and the successors of each activity."""
    first, source = file.section("PRECEDENCE RELATIONS:"), file.source
    modes, successors = [], []
    for job in range(1, count + 1):
        row = file.row(first + job - 1, f"the successors of activity {job}")
        line = source.lines[first + job - 1][0]
        if len(row) < 3 or row[0] != job:
            source.fail(f"expected {job}, its number of modes, number of successors, and these", line)
        if row[1] < 1:
            source.fail(f"activity {job} has {row[1]} modes, expected 1 or more", line)
        if len(row) != 3 + row[2]:
            source.fail(f"activity {job} has {len(row) - 3} successors, {row[2]} are announced", line)
        for after in row[3:]:
            if not 1 <= after <= count:
                source.fail(f"activity {after} is not between 1 and {count}", line)
        modes.append(row[1])
        successors.append([(after - 1, 0) for after in row[3:]])
    return modes, successors


def _ways(file: _File, modes: list[int], kinds: int) -> list[list[Way]]:
    """Return the modes of each activity."""
    at, source = file.section("REQUESTS/DURATIONS:"), file.source
    found = []
    for job, count in enumerate(modes, 1):
        ways = []
        for mode in range(1, count + 1):
            what = f"mode {mode} of activity {job}"
            row = file.row(at, what)
            line = source.lines[at][0]
            begin = [job, mode] if mode == 1 or len(row) == 3 + kinds else [mode]
            if row[: len(begin)] != begin or len(row) != len(begin) + 1 + kinds:
                source.fail(
                    f"expected {what}: {' '.join(map(str, begin))}, a duration and {kinds} demands", line
                )
            duration, *demands = row[len(begin) :]
            source.duration(duration, line)
            ways.append(Way(line, duration, [amount(source, d, line, "demand") for d in demands]))
            at += 1
        found.append(ways)
    return found


def _information(file: _File) -> dict[str, Any]:
    """Return release, due date and weight of the project, where the file has them."""
    if not any(_plain(line) == "PROJECTINFORMATION:" for _, line in file.source.lines):
        return {}
    index = file.section("PROJECT INFORMATION:")
    row = file.row(index, "a project's number, jobs, release date, due date, cost of tardiness and MPM time")
    line = file.source.lines[index][0]
    if len(row) < 5:
        file.source.fail("expected number, jobs, release date, due date and cost of tardiness", line)
    for value, what in zip(row[2:4], ("release date", "due date"), strict=True):
        file.source.duration(value, line, what)
    if not 0 <= row[4] <= 10**6:
        file.source.fail(f"cost of tardiness {row[4]} is not between 0 and 1000000", line)
    return {"release": row[2], "due": row[3], "weight": row[4]}


def _scan(source: Source) -> Draft:
    file = _File(source)
    if file.count("projects") != 1:
        source.fail(f"{file.count('projects')} projects; this reader takes one")
    if file.count("- doubly constrained"):
        source.fail("doubly constrained resources are not read; give each as two resources")
    count = file.count("jobs (incl. supersource/sink )")
    renewable, consumable = file.count("- renewable"), file.count("- nonrenewable")
    source.size(count, 1 + renewable + consumable, 1, names=("activities", "resources"))
    modes, successors = _successors(file, count)
    if sum(modes) * (1 + renewable + consumable) > LARGEST_SIZE:
        source.fail(f"{sum(modes)} modes: more than {LARGEST_SIZE} demands are refused")
    ways = _ways(file, modes, renewable + consumable)
    at = file.section("RESOURCEAVAILABILITIES:")
    kinds = renewable + consumable
    there = file.source.row(at, kinds, "the line of resources", f"{kinds} amounts") if kinds else []
    if kinds:
        file.source.end(at + 1, "the amounts of resources")
    resources: list[dict[str, Any]] = []
    for index, value in enumerate(there):
        own = index < renewable
        resources.append(
            {
                "name": f"R{index + 1}" if own else f"N{index - renewable + 1}",
                "capacity": amount(source, value, file.source.lines[at][0], "amount"),
                "kind": "renewable" if own else "consumable",
            }
        )
    activities = [
        Activity(str(job), own, after)
        for job, (own, after) in enumerate(zip(ways, successors, strict=True), 1)
    ]
    return draft_of_project(source, activities, resources, **_information(file))


def _write(instance: SchedulingInstance) -> str:
    job = project_of(instance, kinds=("renewable", "consumable"))
    kinds = [resource.kind for resource in instance.resources]
    if kinds != sorted(kinds, reverse=True):
        raise InstanceError("a consumable stands before a renewable resource; put the renewable ones first")
    if job.due is None and (job.release or job.weight != 1):
        raise InstanceError("a release or a weight without a due date; this format holds them together only")
    names = [resource.name for resource in instance.resources]
    renewable = kinds.count("renewable")
    heads = [f"R {i + 1}" if i < renewable else f"N {i - renewable + 1}" for i in range(len(names))]
    rule = "*" * 72
    lines = [
        rule,
        "projects                      :  1",
        f"jobs (incl. supersource/sink ):  {len(job.operations)}",
        f"horizon                       :  {sum(operation.longest for operation in job.operations)}",
        "RESOURCES",
        f"  - renewable                 :  {renewable}   R",
        f"  - nonrenewable              :  {len(kinds) - renewable}   N",
        "  - doubly constrained        :  0   D",
        rule,
    ]
    if job.due is not None:
        lines += ["PROJECT INFORMATION:", "pronr.  #jobs rel.date duedate tardcost  MPM-Time"]
        lines += [f"1 {len(job.operations)} {job.release} {job.due} {job.weight} 0", rule]
    lines += ["PRECEDENCE RELATIONS:", "jobnr.    #modes  #successors   successors"]
    for number, after in enumerate(successors_of(instance), 1):
        own = [
            number,
            len(job.operations[number - 1].ways),
            len(after),
            *(position + 1 for position, _ in after),
        ]
        lines.append(" ".join(map(str, own)))
    lines += [rule, "REQUESTS/DURATIONS:", " ".join(["jobnr. mode duration", *heads]), "-" * 72]
    for number, operation in enumerate(job.operations, 1):
        for mode, way in enumerate(operation.ways, 1):
            row = [number, mode, way.duration, *(way.demands.get(name, 0) for name in names)]
            lines.append(" ".join(map(str, row)))
    amounts = " ".join(str(resource.capacity) for resource in instance.resources)
    lines += [rule, "RESOURCEAVAILABILITIES:", "  ".join(heads) or "-", amounts or "0", rule]
    return "\n".join(lines) + "\n"


PSPLIB = Format(
    name="psplib",
    holds="projects, with one or several modes",
    extensions=(".sm", ".mm"),
    marked=_marked,
    scan=_scan,
    write=_write,
    carries=CARRIES | {"modes", "release dates", "due dates", "weights"},
)
