"""What the judge of schedules looks at: assignments together with what the instance says of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, product

from opt_twin.plan import Assignment, Schedule
from opt_twin.scheduling.instance import Job, Mode, Operation, SchedulingInstance

__all__ = ["Step", "consecutive", "excesses", "place", "positions_of", "steps_of"]


@dataclass(frozen=True, slots=True)
class Step:
    """An assignment of an operation that exists.

    Attributes
    ----------
    job
        Its job.
    assignment
        Who does it, and when.
    mode
        How it is done; None when the operation has no such mode.
    """

    job: Job
    assignment: Assignment
    mode: Mode | None

    @property
    def position(self) -> int:
        """Which operation of its job it is."""
        return self.assignment.operation

    @property
    def operation(self) -> Operation:
        """The operation."""
        return self.job.operations[self.assignment.operation]

    @property
    def machine(self) -> str:
        """The machine that the schedule states."""
        return self.assignment.machine

    @property
    def start(self) -> int:
        """When it starts, in ticks."""
        return self.assignment.start

    @property
    def end(self) -> int:
        """When it ends, in ticks."""
        return self.assignment.end

    @property
    def family(self) -> str | None:
        """What its machine is set up for."""
        return self.job.family_of(self.assignment.operation)

    @property
    def place(self) -> str:
        """How messages call it."""
        return place(self.assignment)


def place(assignment: Assignment) -> str:
    """Return how messages call an assignment."""
    return f"job {assignment.job}, operation {assignment.operation}"


def steps_of(instance: SchedulingInstance, schedule: Schedule) -> tuple[Step, ...]:
    """Return the assignments of operations that exist, in the order of the schedule."""
    jobs = {job.name: job for job in instance.jobs}
    found = []
    for assignment in schedule.assignments:
        job = jobs.get(assignment.job)
        if job is not None and assignment.operation < len(job.operations):
            options = instance.options(job, assignment.operation)
            mode = options[assignment.mode] if assignment.mode < len(options) else None
            found.append(Step(job, assignment, mode))
    return tuple(found)


def positions_of(steps: Iterable[Step]) -> dict[str, dict[int, list[Step]]]:
    """Return job -> position -> its steps, of which there is more than one where something is done twice."""
    found: dict[str, dict[int, list[Step]]] = {}
    for step in steps:
        found.setdefault(step.job.name, {}).setdefault(step.position, []).append(step)
    return found


def consecutive(own: dict[int, list[Step]]) -> Iterator[tuple[Step, Step]]:
    """Yield the pairs of operations of one job that follow each other among those that are done."""
    for earlier, later in pairwise(sorted(own)):
        yield from product(own[earlier], own[later])


def excesses(changes: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int | None, int]]:
    """Yield (start, end, most) of each longest time in which a level that begins at 0 is positive.

    Parameters
    ----------
    changes
        (time, change) in any order; the level holds the sum of all changes up to a time, that time included.
        The end is None when the level never comes back.
    """
    level, since, most = 0, None, 0
    at: dict[int, int] = {}
    for time, change in changes:
        at[time] = at.get(time, 0) + change
    for time in sorted(at):
        level += at[time]
        if level > 0:
            since = time if since is None else since
            most = max(most, level)
        elif since is not None:
            yield since, time, most
            since, most = None, 0
    if since is not None:
        yield since, None, most
