"""The files of Naderi, Ruiz and Roshanaei: shops of ten kinds, each count on a line of its own.

The number of jobs stands alone on the first line, the number of machines alone on the second one. Several
kinds have one layout, so that a file does not show which it is: these must be named.

References
----------
Naderi, Ruiz and Roshanaei (2023), Mixed-integer programming vs. constraint programming for shop scheduling
problems: new results and outlook, INFORMS Journal on Computing 35:817-843.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from opt_twin.errors import InstanceError
from opt_twin.scheduling.formats.format import Draft, Format, flow_rows, job_shop, lines_of, single_machine
from opt_twin.scheduling.formats.text import Source, counted
from opt_twin.scheduling.instance import SchedulingInstance

__all__ = ["NADERI"]

Rows = list[list[int]]


def _counts(source: Source) -> tuple[int, int]:
    """Return the numbers of the first two lines: jobs, and machines or stages."""
    found = []
    for index, what in enumerate(("the number of jobs", "the number of machines")):
        numbers = source.numbers(index, what)
        if len(numbers) != 1:
            source.fail(
                f"expected {what} alone on its line, found {counted(len(numbers))}", source.lines[index][0]
            )
        found += numbers
    source.size(found[0], found[1], source.lines[1][0])
    return found[0], found[1]


def _durations(source: Source, first: int) -> tuple[int, int, Rows]:
    jobs, machines = _counts(source)
    rows = source.rows(first, jobs, machines, "job", f"{machines} durations")
    return jobs, machines, rows


def _flow(rows: Rows) -> list[list[tuple[int, int]]]:
    return [list(enumerate(row)) for row in rows]


def _matrix(top: dict[str, Any] | None = None, **fields: Any) -> Callable[[Source], Draft]:
    """Return the reader of jobs x machines durations that adds fields to the instance and to each job."""

    def scan(source: Source) -> Draft:
        jobs, machines, rows = _durations(source, 2)
        source.end(2 + jobs, f"the {jobs} lines of jobs")
        return Draft({**job_shop(machines, _flow(rows), **fields), **(top or {})})

    return scan


def _head(instance: SchedulingInstance) -> str:
    return f"{len(instance.jobs)}\n{len(instance.machines)}\n"


def _write_matrix(instance: SchedulingInstance) -> str:
    return _head(instance) + lines_of(flow_rows(instance))


def _scan_job_shop(source: Source) -> Draft:
    jobs, machines, rows = _durations(source, 2)
    shops = []
    for job, row in enumerate(rows):
        index = 2 + jobs + job
        route = source.row(index, machines, f"job {job + 1}", f"{machines} machines")
        for machine in route:
            source.machine(machine, machines, source.lines[index][0], first=1)
        shops.append([(machine - 1, duration) for machine, duration in zip(route, row, strict=True)])
    source.end(2 + 2 * jobs, f"the {jobs} lines of machines")
    return Draft(job_shop(machines, shops))


def _write_job_shop(instance: SchedulingInstance) -> str:
    rows = single_machine(instance)
    text = _head(instance) + lines_of([duration for _, duration in row] for row in rows)
    return text + lines_of([machine + 1 for machine, _ in row] for row in rows)


def _scan_setups(source: Source) -> Draft:
    jobs, machines, rows = _durations(source, 2)
    times = {}
    for machine in range(machines):
        block = source.rows(
            2 + jobs + machine * jobs, jobs, jobs, f"set-up on machine {machine + 1}, job", f"{jobs} times"
        )
        table = {
            f"J{before + 1}": {
                f"J{after + 1}": ticks for after, ticks in enumerate(row) if ticks and after != before
            }
            for before, row in enumerate(block)
        }
        times[f"M{machine + 1}"] = {before: row for before, row in table.items() if row}
    source.end(2 + jobs * (1 + machines), f"the {machines} tables of set-ups")
    data = {**job_shop(machines, _flow(rows)), "permutation": True}
    for job in data["jobs"]:
        job["family"] = job["name"]
    data["setup_times"] = {machine: table for machine, table in times.items() if table}
    return Draft(data)


def _write_setups(instance: SchedulingInstance) -> str:
    if any(o.family is not None for job in instance.jobs for o in job.operations):
        raise InstanceError("operations have families of their own; this format holds one a job")
    text = _head(instance) + lines_of(flow_rows(instance))
    families = [job.family for job in instance.jobs]
    for machine in instance.machines:
        text += lines_of([instance.setup_time(machine, a, b) for b in families] for a in families)
    return text


def _scan_tardiness(source: Source) -> Draft:
    jobs, machines = _counts(source)
    due = source.row(2, jobs, "the line of due dates", f"{jobs} of them")
    for time in due:
        source.duration(time, source.lines[2][0], "due date")
    jobs, machines, rows = _durations(source, 3)
    source.end(3 + jobs, f"the {jobs} lines of jobs")
    data = {**job_shop(machines, _flow(rows)), "permutation": True}
    for job, time in zip(data["jobs"], due, strict=True):
        job["due"] = time
    return Draft(data)


def _write_tardiness(instance: SchedulingInstance) -> str:
    due = [job.due for job in instance.jobs if job.due is not None]
    if len(due) < len(instance.jobs):
        raise InstanceError("a job has no due date; in this format each has one")
    return _head(instance) + lines_of([due, *flow_rows(instance)])


def _scan_hybrid(source: Source) -> Draft:
    jobs, stages = _counts(source)
    widths = source.row(2, stages, "the line of machines", f"their number for each of {stages} stages")
    if min(widths) < 1:
        source.fail(f"a stage has {min(widths)} machines, expected 1 or more", source.lines[2][0])
    source.size(jobs, sum(widths), source.lines[2][0])
    jobs, stages, rows = _durations(source, 3)
    source.end(3 + jobs, f"the {jobs} lines of jobs")
    groups, first = [], 1
    for width in widths:
        groups.append([f"M{number}" for number in range(first, first + width)])
        first += width
    return Draft(
        {
            "machines": [machine for group in groups for machine in group],
            "jobs": [
                {
                    "name": f"J{index}",
                    "operations": [_on(group, duration) for group, duration in zip(groups, row, strict=True)],
                }
                for index, row in enumerate(rows, 1)
            ],
        }
    )


def _on(group: list[str], duration: int) -> dict[str, Any]:
    modes = [{"machine": machine, "duration": duration} for machine in group]
    return modes[0] if len(modes) == 1 else {"modes": modes}


def _write_hybrid(instance: SchedulingInstance) -> str:
    groups = [tuple(mode.machine for mode in o.ways) for o in instance.jobs[0].operations]
    if [machine for group in groups for machine in group] != list(instance.machines):
        raise InstanceError("the stages do not share the machines out in their order")
    rows = []
    for job in instance.jobs:
        if [tuple(mode.machine for mode in o.ways) for o in job.operations] != groups:
            raise InstanceError(f"job {job.name!r} does not visit all stages, each on any of its machines")
        if any(o.shortest != o.longest for o in job.operations):
            raise InstanceError(f"job {job.name!r} takes other times on other machines of a stage")
        rows.append([operation.longest for operation in job.operations])
    widths = [len(group) for group in groups]
    return f"{len(rows)}\n{len(groups)}\n" + lines_of([widths, *rows])


def _scan_flexible(source: Source) -> Draft:
    jobs, machines = _counts(source)
    counts = source.row(2, jobs, "the line of operations", f"their number for each of {jobs} jobs")
    if min(counts) < 1:
        source.fail(f"a job has {min(counts)} operations, expected 1 or more", source.lines[2][0])
    source.size(sum(counts), machines, source.lines[2][0], names=("operations", "machines"))
    at, found = 3, []
    for index, count in enumerate(counts, 1):
        rows = source.rows(at, count, machines, f"job {index}, operation", f"{machines} durations")
        for offset, row in enumerate(rows):
            if not any(row):
                number = source.lines[at + offset][0]
                source.fail(f"job {index}, operation {offset + 1} can be done on no machine", number)
        found.append({"name": f"J{index}", "operations": [_eligible(row) for row in rows]})
        at += count
    source.end(at, f"the {sum(counts)} lines of operations")
    return Draft({"machines": [f"M{number}" for number in range(1, machines + 1)], "jobs": found})


def _eligible(row: list[int]) -> dict[str, Any]:
    modes = [
        {"machine": f"M{index}", "duration": duration} for index, duration in enumerate(row, 1) if duration
    ]
    return modes[0] if len(modes) == 1 else {"modes": modes}


def _times(instance: SchedulingInstance) -> Rows:
    """Return a row for each operation, 0 where a machine cannot do it."""
    rows = []
    for job in instance.jobs:
        for operation in job.operations:
            own = {mode.machine: mode.duration for mode in operation.ways}
            if not all(own.values()):
                raise InstanceError(
                    f"an operation of job {job.name!r} takes 0 ticks, which means no machine here"
                )
            rows.append([own.get(machine, 0) for machine in instance.machines])
    return rows


def _write_flexible(instance: SchedulingInstance) -> str:
    counts = [len(job.operations) for job in instance.jobs]
    return _head(instance) + lines_of([counts, *_times(instance)])


def _scan_parallel(source: Source) -> Draft:
    jobs, machines, rows = _durations(source, 2)
    source.end(2 + jobs, f"the {jobs} lines of jobs")
    names = [f"M{number}" for number in range(1, machines + 1)]
    found = []
    for index, row in enumerate(rows, 1):
        modes = [{"machine": machine, "duration": d} for machine, d in zip(names, row, strict=True)]
        found.append({"name": f"J{index}", "operations": modes if machines == 1 else [{"modes": modes}]})
    return Draft({"machines": names, "jobs": found})


def _write_parallel(instance: SchedulingInstance) -> str:
    rows = []
    for job in instance.jobs:
        if len(job.operations) != 1:
            raise InstanceError(f"job {job.name!r} has {len(job.operations)} operations, expected 1")
        ways = job.operations[0].ways
        if [mode.machine for mode in ways] != list(instance.machines):
            raise InstanceError(f"job {job.name!r} cannot be done on all machines")
        rows.append([mode.duration for mode in ways])
    return _head(instance) + lines_of(rows)


_ONE = "one sequence on all machines"

NADERI = (
    Format(name="naderi-jsp", holds="job shops", scan=_scan_job_shop, write=_write_job_shop),
    Format(
        name="naderi-pfsp",
        holds="permutation flow shops",
        scan=_matrix({"permutation": True}),
        write=_write_matrix,
        carries=frozenset({_ONE}),
    ),
    Format(name="naderi-npfsp", holds="flow shops with overtaking", scan=_matrix(), write=_write_matrix),
    Format(
        name="naderi-no-wait",
        holds="no-wait flow shops",
        scan=_matrix(no_wait=True),
        write=_write_matrix,
        carries=frozenset({"no-wait"}),
    ),
    Format(
        name="naderi-sdst",
        holds="permutation flow shops with set-ups",
        scan=_scan_setups,
        write=_write_setups,
        carries=frozenset({_ONE, "set-ups", "families"}),
    ),
    Format(
        name="naderi-tardiness",
        holds="permutation flow shops with due dates",
        scan=_scan_tardiness,
        write=_write_tardiness,
        carries=frozenset({_ONE, "due dates"}),
    ),
    Format(
        name="naderi-hybrid",
        holds="hybrid flow shops",
        scan=_scan_hybrid,
        write=_write_hybrid,
        carries=frozenset({"modes"}),
    ),
    Format(
        name="naderi-fjsp",
        holds="flexible job shops",
        scan=_scan_flexible,
        write=_write_flexible,
        carries=frozenset({"modes"}),
    ),
    Format(
        name="naderi-osp",
        holds="open shops",
        scan=_matrix(order="open"),
        write=_write_matrix,
        carries=frozenset({"open jobs"}),
    ),
    Format(
        name="naderi-parallel",
        holds="unrelated parallel machines",
        scan=_scan_parallel,
        write=_write_parallel,
        carries=frozenset({"modes"}),
    ),
)
"""The kinds of shop, in the order of the page of formats."""
