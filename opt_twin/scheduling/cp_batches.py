"""What CP-SAT is told about machines that work in batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from opt_twin.scheduling.cp_tasks import Literal, Task, Tasks, whole

__all__ = ["Batch", "batches_of"]


@dataclass(frozen=True, slots=True)
class Batch:
    """What a machine does at a time: an operation, or all that join it.

    Attributes
    ----------
    leader
        The operation, or the first one of the batch in the order of the jobs.
    literal
        Whether it takes place.
    start, end
        Ticks in which the machine is held.
    interval
        The time in which nothing else is done; None for a single operation, which has its own.
    """

    leader: Task
    literal: Literal
    start: Any
    end: Any
    interval: Any

    @property
    def family(self) -> str | None:
        """What the machine is set up for."""
        return self.leader.job.family_of(self.leader.position)


def batches_of(tasks: Tasks, machine: str, members: Sequence[Task], places: int) -> list[Batch]:
    r"""Return the batches of a machine, one for each operation that may lead it.

    .. math:: \sum_{i \le o} z_{oi} = y_o, \qquad z_{oi} \le z_{ii}, \qquad \sum_o g_o z_{oi} \le G z_{ii},
        \qquad z_{oi} \Rightarrow s_o = s_i, \; e_o = e_i, \qquad e_i - s_i = \max_{o: z_{oi}} p_o

    where z says that operation o joins the batch that operation i leads, the first of its members in the
    order of the jobs; y that the machine does o; g are sizes and G the places. Only operations of one family
    join each other. A batch that takes no time keeps its tick for itself: what starts together is one batch.

    References
    ----------
    Potts and Kovalyov (2000), Scheduling with batching: a review, European Journal of Operational Research
    120:228-249.
    """
    model = tasks.model
    there = [task.literal_on(machine, model) for task in members]
    joins: list[dict[int, Any]] = [{} for _ in members]
    for o, task in enumerate(members):
        family = task.job.family_of(task.position)
        for i, leader in enumerate(members[: o + 1]):
            fits = task.operation.size + leader.operation.size <= places
            same = leader.job.family_of(leader.position) == family
            if i == o or (fits and same and not _apart(task, leader)):
                joins[o][i] = model.new_bool_var(f"joins_{machine}_{o}_{i}")
        model.add(sum(joins[o].values()) == whole(there[o]))
    batches = []
    for i, leader in enumerate(members):
        leads = joins[i][i]
        crew = [o for o in range(i, len(members)) if i in joins[o]]
        size = sum(members[o].operation.size * joins[o][i] for o in crew)
        if len(crew) > 1:
            model.add(size <= places * leads)
        for o in crew[1:]:
            model.add_implication(joins[o][i], leads)
            model.add(members[o].start == leader.start).only_enforce_if(joins[o][i])
            model.add(members[o].end == leader.end).only_enforce_if(joins[o][i])
        _lasts(tasks, machine, [(members[o], joins[o][i]) for o in crew])
        batches.append(_batch(tasks, machine, leader, leads))
    return batches


def _batch(tasks: Tasks, machine: str, leader: Task, leads: Any) -> Batch:
    """Return a batch with its interval, 1 tick or longer."""
    name = f"batch_{machine}_{leader.label}"
    least = min(way.mode.duration for way in leader.ways if way.mode.machine == machine)
    size = tasks.model.new_int_var(max(1, least), tasks.horizon + 1, f"size_{name}")
    end = leader.end
    if least == 0:
        end = tasks.model.new_int_var(1, tasks.horizon + 1, f"end_{name}")
        tasks.model.add_max_equality(end, [leader.end, leader.start + 1])
    interval = tasks.interval(leader.start, size, end, leads, name)
    return Batch(leader, leads, leader.start, end, interval)


def _lasts(tasks: Tasks, machine: str, crew: Sequence[tuple[Task, Any]]) -> None:
    """Ensure that a batch lasts exactly as long as the longest of its modes."""
    model, (leader, leads) = tasks.model, crew[0]
    longest = []
    for task, joins in crew:
        for way in task.ways:
            if way.mode.machine == machine:
                literal = model.new_bool_var(f"longest_{machine}_{leader.label}_{task.label}_{way.number}")
                longest.append(literal)
                model.add_implication(literal, joins)
                if way.literal is not None:
                    model.add_implication(literal, way.literal)
                model.add(leader.end <= leader.start + way.mode.duration).only_enforce_if(literal)
    model.add(sum(longest) == leads)


def _apart(task: Task, other: Task) -> bool:
    """Return whether two operations are of one job that cannot do them together."""
    return task.job is other.job and task.job.order != "network" and task.shortest > 0 and other.shortest > 0
