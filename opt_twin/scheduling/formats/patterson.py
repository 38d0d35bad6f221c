"""The format of Patterson (.rcp), and that of ProGen/max (.sch): projects, also with time lags.

References
----------
Patterson (1984), A comparison of exact approaches for solving the multiple constrained resource project
scheduling problem, Management Science 30:854-867.
Kolisch, Schwindt, Sprecher (1999), Benchmark instances for project scheduling problems, in Weglarz (ed.),
Project Scheduling, 197-212.
"""

from __future__ import annotations

import re
from typing import Any

from opt_twin.errors import InstanceError
from opt_twin.scheduling.formats.format import Draft, Format, lines_of
from opt_twin.scheduling.formats.project import (
    CARRIES,
    Activity,
    Way,
    amount,
    draft_of_project,
    project_of,
    successors_of,
)
from opt_twin.scheduling.formats.text import LARGEST_SIZE, Source, Tokens
from opt_twin.scheduling.instance import SchedulingInstance
from opt_twin.scheduling.resources import LARGEST_HORIZON

__all__ = ["PATTERSON", "PROGEN_MAX"]


def _resources(source: Source, capacities: list[int], line: int) -> list[dict[str, Any]]:
    return [
        {"name": f"R{index}", "capacity": amount(source, capacity, line, "capacity"), "kind": "renewable"}
        for index, capacity in enumerate(capacities, 1)
    ]


def _scan(source: Source) -> Draft:
    tokens = Tokens(source)
    count, kinds = tokens.take("the number of activities"), tokens.take("the number of resources")
    if kinds < 0:
        source.fail(f"{kinds} resources: there must be 0 or more", tokens.line)
    source.size(count, 1 + kinds, tokens.line, names=("activities", "resources"))
    resources = []
    for number in range(1, kinds + 1):
        capacity = tokens.take(f"the capacity of resource {number}")
        resources += _resources(source, [capacity], tokens.line)
        resources[-1]["name"] = f"R{number}"
    activities, total = [], 0
    for job in range(1, count + 1):
        duration = tokens.take(f"the duration of activity {job} of {count}")
        line = tokens.line
        source.duration(duration, line)
        demands = [
            amount(source, tokens.take(f"what activity {job} asks of resource {number}"), line, "demand")
            for number in range(1, kinds + 1)
        ]
        follow = tokens.take(f"the number of successors of activity {job}")
        if not 0 <= follow <= count:
            source.fail(f"activity {job} has {follow} successors, expected 0 to {count}", tokens.line)
        total += follow
        if total > LARGEST_SIZE:
            source.fail(f"more than {LARGEST_SIZE} successors are refused", tokens.line)
        successors = []
        for number in range(1, follow + 1):
            after = tokens.take(f"successor {number} of activity {job}")
            if not 1 <= after <= count:
                source.fail(f"activity {after} is not between 1 and {count}", tokens.line)
            successors.append((after - 1, 0))
        activities.append(Activity(str(job), [Way(line, duration, demands)], successors))
    tokens.end(f"activity {count}")
    return draft_of_project(source, activities, resources)


def _write(instance: SchedulingInstance) -> str:
    job = project_of(instance, kinds=("renewable",))
    rows: list[list[int]] = [
        [len(job.operations), len(instance.resources)],
        [resource.capacity for resource in instance.resources],
    ]
    for operation, after in zip(job.operations, successors_of(instance), strict=True):
        demands = [operation.demands.get(resource.name, 0) for resource in instance.resources]
        rows.append([operation.duration, *demands, len(after), *(position + 1 for position, _ in after)])
    return lines_of(rows)


PATTERSON = Format(
    name="patterson",
    holds="projects",
    extensions=(".rcp",),
    scan=_scan,
    write=_write,
    carries=CARRIES,
)
"""Activities and resources, the capacities, then of each activity its duration, what it asks of each
resource, the number of its successors, and these, numbered from 1. Lines may be broken anywhere."""


def _lags(source: Source, text: str, count: int, line: int) -> list[int]:
    """Return the time lags in brackets, one for each of `count` successors."""
    if re.sub(r"\[[^\[\]]*\]", "", text).strip():
        source.fail("expected a time lag in brackets for each successor, as [3]", line)
    lags = []
    for found in re.findall(r"\[([^\[\]]*)\]", text):
        words = found.split()
        if len(words) != 1:
            source.fail(f"expected one number in the brackets, found [{found.strip()[:20]}]", line)
        lags += source.numbers_of(words, line)
    if len(lags) != count:
        source.fail(f"{len(lags)} time lags for {count} successors", line)
    for lag in lags:
        if abs(lag) > LARGEST_HORIZON:
            source.fail(f"time lag {lag} is not between {-LARGEST_HORIZON} and {LARGEST_HORIZON}", line)
    return lags


def _followers(source: Source, job: int, count: int) -> list[tuple[int, int]]:
    """Return (activity, lag) behind activity `job`."""
    number, line = source.line(1 + job, f"the successors of activity {job}")
    plain, bracket, rest = line.partition("[")
    row = source.numbers_of(plain.split(), number)
    if len(row) < 3 or row[0] != job or len(row) != 3 + row[2]:
        source.fail(
            f"expected {job}, its number of modes, number of successors, these, and their time lags", number
        )
    if row[1] != 1:
        source.fail(f"activity {job} has {row[1]} modes; with time lags this reader takes 1", number)
    for after in row[3:]:
        if not 0 <= after < count:
            source.fail(f"activity {after} is not between 0 and {count - 1}", number)
    return list(zip(row[3:], _lags(source, bracket + rest, row[2], number), strict=True))


def _scan_lags(source: Source) -> Draft:
    number, _ = source.line(0, "the number of activities and resources")
    head = source.row(0, 4, "the first line", "activities, resources that are renewable, used up, and both")
    if head[0] < 0 or head[1] < 0:
        source.fail(f"{head[0]} activities and {head[1]} resources: there must be 0 or more", number)
    if head[2] or head[3]:
        source.fail("resources that are used up are not read with time lags", number)
    count, kinds = head[0] + 2, head[1]
    source.size(count, 1 + kinds, number, names=("activities", "resources"))
    successors = [_followers(source, job, count) for job in range(count)]
    activities = []
    for job in range(count):
        at = 1 + count + job
        row = source.row(at, 3 + kinds, f"activity {job}", f"{job} 1, its duration and {kinds} demands")
        line = source.lines[at][0]
        if row[:2] != [job, 1]:
            source.fail(f"expected {job} 1, a duration and {kinds} demands", line)
        source.duration(row[2], line)
        demands = [amount(source, value, line, "demand") for value in row[3:]]
        activities.append(Activity(str(job), [Way(line, row[2], demands)], successors[job]))
    at = 1 + 2 * count
    capacities = source.row(at, kinds, "the last line", f"{kinds} capacities") if kinds else []
    source.end(at + (1 if kinds else 0), "the capacities")
    resources = _resources(source, capacities, source.lines[min(at, len(source.lines) - 1)][0])
    return draft_of_project(source, activities, resources, kind="start-start")


def _write_lags(instance: SchedulingInstance) -> str:
    job = project_of(instance, kinds=("renewable",), kind="start-start")
    count = len(job.operations)
    if count < 2:
        raise InstanceError("1 activity; this format needs a source and a sink")
    rows: list[list[object]] = [[count - 2, len(instance.resources), 0, 0]]
    for position, after in enumerate(successors_of(instance)):
        own: list[object] = [position, 1, len(after), *(other for other, _ in after)]
        rows.append([*own, *(f"[{lag}]" for _, lag in after)])
    for position, operation in enumerate(job.operations):
        demands = [operation.demands.get(resource.name, 0) for resource in instance.resources]
        rows.append([position, 1, operation.duration, *demands])
    if instance.resources:
        rows.append([resource.capacity for resource in instance.resources])
    return lines_of(rows)


PROGEN_MAX = Format(
    name="progen-max",
    holds="projects with least and greatest time lags",
    extensions=(".sch",),
    marked=lambda source: any(re.search(r"[0-9]\s*\[\s*[-+]?[0-9]+\s*\]", line) for _, line in source.lines),
    scan=_scan_lags,
    write=_write_lags,
    carries=CARRIES,
)
"""Activities between source and sink and kinds of resources, a line of successors with time lags from start
to start for each activity from 0, a line of its duration and demands, the capacities."""
