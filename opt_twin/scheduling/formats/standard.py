"""The standard format of job shops (OR-Library, JSPLIB), and two of its kind.

Lines that begin with ``#`` or ``+`` are comments. Then the number of jobs and machines, then a line for each
job with pairs ``machine duration``, machines numbered from 0.
"""

from __future__ import annotations

from opt_twin.errors import InstanceError
from opt_twin.scheduling.formats.format import (
    Draft,
    Format,
    flow_rows,
    job_shop,
    lines_of,
    numbered_rows,
    single_machine,
)
from opt_twin.scheduling.formats.text import Source, counted
from opt_twin.scheduling.instance import SchedulingInstance

__all__ = ["OPEN_SHOP", "PERMUTATION", "REENTRANT", "STANDARD"]

Rows = list[list[tuple[int, int]]]


def _jobs(source: Source) -> tuple[int, int]:
    """Return the number of jobs and machines of the first line; the lines of jobs are counted."""
    jobs, machines = source.sizes(0, most=2)
    found = len(source.lines) - 1
    if found < jobs:
        source.fail(f"the file ends after {found} of {jobs} lines of jobs", source.last)
    if found > jobs:
        source.fail(
            f"{found} lines of jobs, expected {jobs}: the file goes on after the last job",
            source.lines[1 + jobs][0],
        )
    return jobs, machines


def _pairs(source: Source, index: int, machines: int, numbers: list[int]) -> list[tuple[int, int]]:
    line = source.lines[index][0]
    pairs = list(zip(numbers[::2], numbers[1::2], strict=True))
    for machine, duration in pairs:
        source.machine(machine, machines, line, first=0)
        source.duration(duration, line)
    return pairs


def _rows(source: Source) -> tuple[int, Rows]:
    jobs, machines = _jobs(source)
    rows = []
    for job in range(1, jobs + 1):
        numbers = source.numbers(job)
        if len(numbers) != 2 * machines:
            source.fail(
                f"job {job} has {counted(len(numbers))}, expected {2 * machines} "
                f"({machines} pairs machine, duration)",
                source.lines[job][0],
            )
        rows.append(_pairs(source, job, machines, numbers))
    return machines, rows


def _scan(source: Source) -> Draft:
    return Draft(job_shop(*_rows(source)))


def _head(instance: SchedulingInstance) -> str:
    title = " ".join(instance.name.split())
    return f"# {title}\n{len(instance.jobs)} {len(instance.machines)}\n"


def _write(instance: SchedulingInstance) -> str:
    rows = single_machine(instance)
    return _head(instance) + lines_of([number for pair in row for number in pair] for row in rows)


STANDARD = Format(name="standard", holds="job shops", extensions=(".jsp",), scan=_scan, write=_write)
"""``6 6`` / ``2 1 0 3 1 6 3 7 5 3 4 6`` / ..."""


def _scan_permutation(source: Source) -> Draft:
    machines, rows = _rows(source)
    route = [machine for machine, _ in rows[0]]
    for index, row in enumerate(rows, 1):
        if [machine for machine, _ in row] != route:
            source.fail(
                f"job {index} takes another route than job 1; in a flow shop all take one",
                source.lines[index][0],
            )
    return Draft({**job_shop(machines, rows), "permutation": True})


def _write_permutation(instance: SchedulingInstance) -> str:
    flow_rows(instance)
    return _write(instance)


PERMUTATION = Format(
    name="standard-permutation",
    holds="permutation flow shops, laid out as in `standard`",
    scan=_scan_permutation,
    write=_write_permutation,
    carries=frozenset({"one sequence on all machines"}),
    detected=False,
)
"""Read as `standard` the same file is a flow shop in which jobs may overtake; so it must be named."""


def _scan_reentrant(source: Source) -> Draft:
    jobs, machines = _jobs(source)
    rows, total = [], 0
    for job in range(1, jobs + 1):
        numbers = source.numbers(job)
        line = source.lines[job][0]
        if len(numbers) < 4 or len(numbers) % 2 or numbers[-2:] != [-1, -1]:
            source.fail(f"job {job}: expected pairs machine, duration and -1 -1 behind the last one", line)
        total += len(numbers) // 2
        source.size(total, 1, line, names=("operations", "file"))
        rows.append(_pairs(source, job, machines, numbers[:-2]))
    return Draft(job_shop(machines, rows))


def _write_reentrant(instance: SchedulingInstance) -> str:
    rows = numbered_rows(instance)
    return _head(instance) + lines_of([*(n for pair in row for n in pair), -1, -1] for row in rows)


REENTRANT = Format(
    name="reentrant",
    holds="job shops with any number of operations a job",
    scan=_scan_reentrant,
    write=_write_reentrant,
)
"""As the standard format, but ``-1 -1`` ends each job (Da Col and Teppan 2022)."""


def _scan_open_shop(source: Source) -> Draft:
    jobs, machines = _jobs(source)
    rows = source.rows(1, jobs, machines, "job", f"{machines} durations, one a machine")
    return Draft(job_shop(machines, [list(enumerate(row)) for row in rows], order="open"))


def _write_open_shop(instance: SchedulingInstance) -> str:
    if any(job.order != "open" for job in instance.jobs):
        raise InstanceError("the jobs have routes; this format holds open shops only")
    return _head(instance) + lines_of(flow_rows(instance))


OPEN_SHOP = Format(
    name="open-shop",
    holds="open shops",
    extensions=(".osp",),
    scan=_scan_open_shop,
    write=_write_open_shop,
    carries=frozenset({"open jobs"}),
)
"""``2 3`` / ``5 0 7`` / ``1 2 3``: durations by machine."""
