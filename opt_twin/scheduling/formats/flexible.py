"""The format of flexible job shops (.fjs, FJSPLIB).

The number of jobs and machines, and perhaps the machines an operation has on average. Then a line for each
job: the number of its operations, and for each of them the number of its machines and pairs
``machine duration``. FJSPLIB numbers machines from 1, some collections from 0.

References
----------
Brandimarte (1993), Routing and scheduling in a flexible job shop by tabu search, Annals of Operations
Research 41:157-183.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from opt_twin.errors import InstanceError
from opt_twin.scheduling.formats.format import Draft, Format
from opt_twin.scheduling.formats.text import Source, counted, shortened
from opt_twin.scheduling.instance import SchedulingInstance

__all__ = ["FJS"]

Options = list[tuple[int, int]]


def _head(source: Source) -> tuple[int, int]:
    """Return the number of jobs and machines; the third number of the line may have decimals."""
    number, line = source.line(0, "the number of jobs and machines")
    words = line.split()
    if len(words) == 3 and not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{0,9})?", words[2], re.ASCII):
        source.fail(f"expected the average number of machines, found {shortened(words[2])!r}", number)
    if not 2 <= len(words) <= 3:
        source.fail(
            f"expected the number of jobs and machines, found {counted(len(words))}: "
            f"{shortened(line.strip())!r}",
            number,
        )
    jobs, machines = source.numbers_of(words[:2], number)
    source.size(jobs, machines, number)
    return jobs, machines


class _Row:
    """The numbers of one job, taken one after the other."""

    def __init__(self, source: Source, job: int) -> None:
        self.source, self.job = source, job
        self.line = source.lines[job][0]
        self.numbers = source.numbers(job)
        self.at = 0

    def take(self, expected: str) -> int:
        if self.at == len(self.numbers):
            self.source.fail(f"job {self.job} ends before {expected}", self.line)
        self.at += 1
        return self.numbers[self.at - 1]

    def operations(self, machines: int) -> Iterator[Options]:
        count = self.take("the number of its operations")
        if count < 1:
            self.source.fail(f"job {self.job} has {count} operations, expected 1 or more", self.line)
        for number in range(1, count + 1):
            what = f"operation {number} of job {self.job}"
            options = self.take(f"the number of machines of operation {number} of {count}")
            if not 1 <= options <= machines:
                self.source.fail(f"{what} has {options} machines, expected 1 to {machines}", self.line)
            pairs = []
            for option in range(1, options + 1):
                machine = self.take(f"machine {option} of operation {number}")
                duration = self.take(f"duration {option} of operation {number}")
                if not 0 <= machine <= machines:
                    self.source.fail(f"{what}: machine {machine} is not between 0 and {machines}", self.line)
                self.source.duration(duration, self.line)
                pairs.append((machine, duration))
            yield pairs
        if self.at < len(self.numbers):
            self.source.fail(
                f"job {self.job} has {counted(len(self.numbers))}, its {count} operations need {self.at}",
                self.line,
            )


def _scan(source: Source) -> Draft:
    jobs, machines = _head(source)
    rows: list[list[Options]] = []
    total = 0
    for job in range(1, jobs + 1):
        source.line(job, f"the line of job {job} of {jobs}")
        rows.append(list(_Row(source, job).operations(machines)))
        total += sum(len(options) for options in rows[-1])
        source.size(total, 1, source.lines[job][0], names=("machines of operations", "file"))
    source.end(jobs + 1, f"the {jobs} lines of jobs")
    first = _first_machine(source, rows, machines)
    data = {
        "machines": [f"M{number + 1}" for number in range(machines)],
        "jobs": [
            {"name": f"J{index}", "operations": [_operation(options, first) for options in row]}
            for index, row in enumerate(rows, 1)
        ],
    }
    return Draft(data, (f"machines are numbered from {first} in this file",))


def _first_machine(source: Source, rows: list[list[Options]], machines: int) -> int:
    """Return from which number on the machines are counted: 0 where machine 0 occurs, else 1."""
    first = 1
    greatest, line = 0, 0
    for index, row in enumerate(rows, 1):
        for options in row:
            for machine, _ in options:
                if machine == 0:
                    first = 0
                if machine > greatest:
                    greatest, line = machine, source.lines[index][0]
    if first == 0 and greatest == machines:
        source.fail(
            f"machine {machines} >= {machines}: machines are numbered from 0, as machine 0 occurs", line
        )
    return first


def _operation(options: Options, first: int) -> dict[str, Any]:
    modes = [{"machine": f"M{machine - first + 1}", "duration": duration} for machine, duration in options]
    return modes[0] if len(modes) == 1 else {"modes": modes}


def _write(instance: SchedulingInstance) -> str:
    number = {machine: index for index, machine in enumerate(instance.machines, 1)}
    if not all(mode.machine for job in instance.jobs for o in job.operations for mode in o.ways):
        raise InstanceError("an operation needs no machine; this format holds operations on machines only")
    ways = sum(len(o.ways) for job in instance.jobs for o in job.operations)
    lines = [
        f"# {' '.join(instance.name.split())}",
        f"{len(instance.jobs)} {len(instance.machines)} {ways / instance.operation_count:.2f}",
    ]
    for job in instance.jobs:
        row = [len(job.operations)]
        for operation in job.operations:
            row.append(len(operation.ways))
            row += [value for mode in operation.ways for value in (number[mode.machine], mode.duration)]
        lines.append(" ".join(map(str, row)))
    return "\n".join(lines) + "\n"


FJS = Format(
    name="fjs",
    holds="flexible job shops",
    extensions=(".fjs",),
    scan=_scan,
    write=_write,
    carries=frozenset({"modes"}),
)
"""``2 2 2`` / ``2 2 1 25 2 37 2 1 32 2 24`` / ..."""
