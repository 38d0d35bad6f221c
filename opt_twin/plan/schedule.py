"""A schedule: which machine does what, and when."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from opt_twin.records import Record, record

__all__ = ["Assignment", "Schedule"]


@record
class Assignment(Record):
    """One operation of a job, on a machine, from `start` to `end`.

    Attributes
    ----------
    job, machine
        Their names; the machine is empty for an operation that needs none.
    operation
        Position of the operation within its job, from 0.
    start, end
        Ticks.
    mode
        Which of the ways of doing the operation, from 0.

    Raises
    ------
    ModelError
        If it ends before it starts, or a number is negative.
    """

    job: str
    operation: Annotated[int, Field(ge=0)]
    machine: str
    start: Annotated[int, Field(ge=0)]
    end: Annotated[int, Field(ge=0)]
    mode: Annotated[int, Field(ge=0)] = 0

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise ValueError(f"operation {self.operation} of job {self.job!r} ends before it starts")


@record
class Schedule(Record):
    """A decision about when every operation is done.

    Attributes
    ----------
    assignments
        In the order of start, then machine, then job.
    tick
        Seconds in one tick.
    instance_digest
        The instance that the schedule was made for; empty when it was made by hand.
    instance_name
        For people.
    """

    assignments: tuple[Assignment, ...]
    tick: Annotated[float, Field(gt=0)] = 1.0
    instance_digest: str = ""
    instance_name: str = ""

    def __post_init__(self) -> None:
        ordered = tuple(sorted(self.assignments, key=lambda a: (a.start, a.machine, a.job, a.operation)))
        object.__setattr__(self, "assignments", ordered)

    @property
    def makespan(self) -> int:
        """The end of the last operation, in ticks; 0 for an empty schedule."""
        return max((assignment.end for assignment in self.assignments), default=0)

    @property
    def machines(self) -> tuple[str, ...]:
        """The machines that do something, sorted by name."""
        return tuple(sorted({assignment.machine for assignment in self.assignments}))

    def on_machine(self, machine: str) -> tuple[Assignment, ...]:
        """Return what `machine` does, in the order of start."""
        return tuple(assignment for assignment in self.assignments if assignment.machine == machine)

    def of_job(self, job: str) -> tuple[Assignment, ...]:
        """Return the operations of `job`, in the order of its route."""
        own = [assignment for assignment in self.assignments if assignment.job == job]
        return tuple(sorted(own, key=lambda assignment: assignment.operation))

    def sequence(self, machine: str) -> tuple[str, ...]:
        """Return the jobs on `machine` in the order in which it does them."""
        return tuple(assignment.job for assignment in self.on_machine(machine))
