"""What CP-SAT is told about finite buffers: when a job leaves a machine, and where it waits."""

from __future__ import annotations

from typing import Any

from opt_twin.scheduling.cp_jobs import follow_ons, ways_on_the_way
from opt_twin.scheduling.cp_tasks import Literal, Task, Tasks, Way, enforced

__all__ = ["add_buffers"]


def add_buffers(tasks: Tasks) -> None:
    r"""Ensure that a job stays on its machine until there is room in front of the next one.

    .. math:: e_k \le d_k \le s_{k+1} - t, \qquad
        \sum_{(k): d_k + t \le \tau < s_{k+1}} 1 \le b_m \quad \forall \tau

    with the departure d, from which on the machine is free; m is the machine of operation k + 1. Without
    places d = s - t. A job that goes on at the same machine stays there.

    References
    ----------
    Mascis and Pacciarelli (2002), Job-shop scheduling with blocking and no-wait constraints, European Journal
    of Operational Research 143:498-517.
    """
    instance, model = tasks.instance, tasks.model
    waits: dict[str, list[Any]] = {machine: [] for machine in instance.buffers}
    for job in instance.jobs:
        for before, after, literals in follow_ons(tasks, job) if job.order == "route" else ():
            choices = [
                (one, other, way)
                for one, other, way in ways_on_the_way(tasks, before, after)
                if one.mode.machine and other.mode.machine in instance.buffers
            ]
            if not choices:
                continue
            present = [literal for literal in literals if literal is not None]
            if not present and len(choices) == len(before.ways) == len(after.ways) == 1:
                _certain(tasks, before, after, choices[0], waits)
                continue
            _leaves_later(tasks, before)
            for choice in choices:
                chosen = [*literals, choice[0].literal, choice[1].literal]
                _chosen(tasks, before, after, choice, chosen, waits)
    for machine, intervals in waits.items():
        if intervals:
            model.add_cumulative(intervals, [1] * len(intervals), instance.buffers[machine])


def _leaves_later(tasks: Tasks, task: Task) -> None:
    """Give a task a departure that may lie behind its end."""
    if task.departure is task.end:
        task.departure = tasks.model.new_int_var(0, tasks.horizon, f"leaves_{task.label}")
        tasks.model.add(task.departure >= task.end)


def _certain(
    tasks: Tasks, before: Task, after: Task, choice: tuple[Way, Way, int], waits: dict[str, list[Any]]
) -> None:
    """Add the departure between two operations that certainly follow each other on their only machines."""
    one, other, way = choice
    machine = other.mode.machine
    if one.mode.machine != machine and tasks.instance.buffers[machine] > 0:
        _leaves_later(tasks, before)
        _chosen(tasks, before, after, choice, [], waits)
        return
    if one.mode.machine == machine and way:
        tasks.contradictory = True  # it stays on the machine, and the way from there to there takes time
    before.departure = after.start - way


def _chosen(
    tasks: Tasks,
    before: Task,
    after: Task,
    choice: tuple[Way, Way, int],
    chosen: list[Literal],
    waits: dict[str, list[Any]],
) -> None:
    """Add what holds between two operations where all literals of `chosen` are true."""
    model, (one, other, way) = tasks.model, choice
    machine = other.mode.machine
    if one.mode.machine == machine:
        if way:
            model.add_bool_or([~literal for literal in chosen if literal is not None])
        enforced(model.add(before.departure == after.start), chosen)
    elif tasks.instance.buffers[machine] == 0:
        enforced(model.add(before.departure == after.start - way), chosen)
    else:
        name = f"waits_{before.label}_{after.label}_{one.number}_{other.number}"
        size = model.new_int_var(0, tasks.horizon, f"size_{name}")
        literal = tasks.all_of(chosen, name)
        waits[machine].append(tasks.interval(before.departure + way, size, after.start, literal, name))
