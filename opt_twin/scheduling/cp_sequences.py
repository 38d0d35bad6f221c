"""What CP-SAT is told about machines that do their jobs in one sequence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from opt_twin.scheduling.cp_tasks import Literal, Tasks, enforced
from opt_twin.scheduling.jobs import Job

__all__ = ["same_sequence"]


@dataclass(frozen=True, slots=True)
class _Visit:
    """The first operation of a job on a machine; the end is None where it may take no time."""

    literal: Literal
    start: Any
    end: Any


def same_sequence(tasks: Tasks, group: Iterable[str]) -> None:
    r"""Ensure that the machines of a group do their common jobs in one sequence.

    .. math:: b_{ij} \Rightarrow s_{im} \le s_{jm}, \qquad \neg b_{ij} \Rightarrow s_{jm} \le s_{im}

    with one literal for each pair of jobs, for all machines of the group. Where each operation takes
    time and the machine works one by one, the end of the first stands for its start.
    Jobs of one batch start together and have no order.
    """
    model, batching = tasks.model, tasks.instance.batching
    visits: dict[str, dict[str, _Visit]] = {}
    for machine in dict.fromkeys(group):
        for job in tasks.instance.jobs:
            visit = _visit(tasks, job, machine)
            if visit is not None:
                visits.setdefault(job.name, {})[machine] = visit
    for one, other in combinations(visits, 2):
        common = [machine for machine in visits[one] if machine in visits[other]]
        if len(common) < 2:
            continue
        first = model.new_bool_var(f"sequence_{one}_{other}")
        for machine in common:
            lasting = machine not in batching
            for before, after, literal in ((one, other, first), (other, one, ~first)):
                i, j = visits[before][machine], visits[after][machine]
                earlier = i.end if lasting and i.end is not None and j.end is not None else i.start
                enforced(model.add(j.start >= earlier), [literal, i.literal, j.literal])


def _visit(tasks: Tasks, job: Job, machine: str) -> _Visit | None:
    """Return when a job starts on a machine for the first time."""
    own = [task for task in tasks.of_job(job) if machine in task.machines]
    if not own:
        return None
    if len(own) == 1:
        task = own[0]
        end = task.end if task.shortest > 0 else None
        return _Visit(task.literal_on(machine, tasks.model), task.start, end)
    model, name = tasks.model, f"first_{job.name}_{machine}"
    start = model.new_int_var(0, tasks.horizon, name)
    there = [task.literal_on(machine, model) for task in own]
    chosen = [model.new_bool_var(f"{name}_{task.position}") for task in own]
    literal: Literal = None
    if all(one is not None for one in there):
        literal = model.new_bool_var(f"visits_{job.name}_{machine}")
        model.add_max_equality(literal, there)
    model.add(sum(chosen) == (1 if literal is None else literal))
    for task, on, first in zip(own, there, chosen, strict=True):
        enforced(model.add(start <= task.start), [on])
        model.add(start == task.start).only_enforce_if(first)
        if on is not None:
            model.add_implication(first, on)
    return _Visit(literal, start, None)
