"""The files of Taillard: job shops, flow shops, open shops.

References
----------
Taillard (1993), Benchmarks for basic scheduling problems, European Journal of Operational Research
64:278-285.
"""

from __future__ import annotations

from opt_twin.errors import InstanceError
from opt_twin.scheduling.formats.format import Draft, Format, flow_rows, job_shop, lines_of, single_machine
from opt_twin.scheduling.formats.text import INTEGER, Source, shortened
from opt_twin.scheduling.instance import SchedulingInstance

__all__ = ["JOB_SHOP", "OPEN_SHOP", "PERMUTATION"]


def _plain(line: str) -> str:
    """Return a line of titles without its colon, in small letters."""
    return line.strip().rstrip(":").strip().lower()


def _has(source: Source, *words: str) -> bool:
    return any(_plain(line) in words for _, line in source.lines)


def _skip_title(source: Source) -> int:
    """Return the index of the first line of numbers: 0 or 1."""
    if not source.lines:
        source.fail("the file is empty; expected the number of jobs and machines")
    start = 0 if INTEGER.fullmatch(source.lines[0][1].split()[0]) else 1
    if start >= len(source.lines):
        source.fail("expected a line with the number of jobs and machines", source.last)
    return start


def _mark(source: Source, word: str, index: int) -> None:
    """Refuse another line than the title `word` at `index`."""
    number, line = source.line(index, f"the line {word!r}")
    if _plain(line) != word.lower():
        source.fail(f"expected the line {word!r}, found {shortened(line.strip())!r}", number)


def _times_and_machines(source: Source, times: str, machines: str) -> tuple[int, list[list[tuple[int, int]]]]:
    """Return the number of machines, and rows of (machine from 0, duration)."""
    start = _skip_title(source)
    jobs, width = source.sizes(start, most=6)[:2]
    _mark(source, times, start + 1)
    durations = source.rows(start + 2, jobs, width, "job", f"{width} durations")
    _mark(source, machines, start + 2 + jobs)
    first = start + 3 + jobs
    found = len(source.lines) - first
    if found < jobs:
        source.fail(f"the file ends after {found} of {jobs} lines of machines", source.last)
    if found > jobs:
        source.fail(
            f"{found} lines of machines, expected {jobs}: the file goes on after the last job",
            source.lines[first + jobs][0],
        )
    rows = []
    for job, row in enumerate(durations):
        route = source.row(first + job, width, f"job {job + 1}", f"{width} machines")
        for machine in route:
            source.machine(machine, width, source.lines[first + job][0], first=1)
        rows.append([(machine - 1, duration) for machine, duration in zip(route, row, strict=True)])
    return width, rows


def _scan_job_shop(source: Source) -> Draft:
    return Draft(job_shop(*_times_and_machines(source, "Times", "Machines")))


def _write_job_shop(instance: SchedulingInstance) -> str:
    rows = single_machine(instance)
    text = "Nb of jobs, Nb of Machines\n"
    text += f"{len(instance.jobs)} {len(instance.machines)}\nTimes\n"
    text += lines_of([duration for _, duration in row] for row in rows)
    return text + "Machines\n" + lines_of([machine + 1 for machine, _ in row] for row in rows)


JOB_SHOP = Format(
    name="taillard",
    holds="job shops",
    marked=lambda source: (
        source.lines[0][1].lower().split()[:1] == ["nb"]
        or (_has(source, "times") and _has(source, "machines"))
    ),
    scan=_scan_job_shop,
    write=_write_job_shop,
)
"""A line of titles, a line that begins with jobs and machines, ``Times``, a line of durations for each job,
``Machines``, a line of machines for each job, numbered from 1."""


def _scan_permutation(source: Source) -> Draft:
    start = _skip_title(source)
    jobs, machines = source.sizes(start, most=5)[:2]
    first = start + 1
    if start == 1 or (first < len(source.lines) and _plain(source.lines[first][1]) == "processing times"):
        _mark(source, "processing times", first)
        first += 1
    columns = source.rows(first, machines, jobs, "machine", f"{jobs} durations, one a job")
    source.end(first + machines, f"the {machines} lines of machines; give one instance a file")
    rows = [list(enumerate(row)) for row in zip(*columns, strict=True)]
    return Draft({**job_shop(machines, rows), "permutation": True})


def _write_permutation(instance: SchedulingInstance) -> str:
    rows = flow_rows(instance)
    text = "number of jobs, number of machines :\n"
    text += f"{len(instance.jobs)} {len(instance.machines)}\nprocessing times :\n"
    return text + lines_of(list(zip(*rows, strict=True)))


PERMUTATION = Format(
    name="taillard-flow-shop",
    holds="permutation flow shops",
    marked=lambda source: _has(source, "processing times") and not _has(source, "machines"),
    scan=_scan_permutation,
    write=_write_permutation,
    carries=frozenset({"one sequence on all machines"}),
)
"""A line of titles, a line that begins with jobs and machines, ``processing times :``, a line of durations
for each machine, one a job. The two lines of titles may be missing."""


def _scan_open_shop(source: Source) -> Draft:
    machines, rows = _times_and_machines(source, "processing times", "machines")
    for index, row in enumerate(rows):
        if len({machine for machine, _ in row}) < machines:
            at = len(source.lines) - len(rows) + index
            source.fail(f"job {index + 1} visits a machine twice", source.lines[at][0])
    return Draft(job_shop(machines, [sorted(row) for row in rows], order="open"))


def _write_open_shop(instance: SchedulingInstance) -> str:
    if any(job.order != "open" for job in instance.jobs):
        raise InstanceError("the jobs have routes; this format holds open shops only")
    rows = flow_rows(instance)
    text = "number of jobs, number of machines :\n"
    text += f"{len(instance.jobs)} {len(instance.machines)}\nprocessing times :\n" + lines_of(rows)
    return text + "machines :\n" + lines_of([range(1, len(instance.machines) + 1)] * len(rows))


OPEN_SHOP = Format(
    name="taillard-open-shop",
    holds="open shops",
    marked=lambda source: _has(source, "processing times") and _has(source, "machines"),
    scan=_scan_open_shop,
    write=_write_open_shop,
    carries=frozenset({"open jobs"}),
)
"""As Taillard's job shops, with the titles ``processing times :`` and ``machines :``. The operations of a job
are kept in the order of the machines."""
