"""What is to be scheduled: machines, jobs and their operations, in integer ticks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated

from pydantic import Field
from pydantic_core import PydanticCustomError

from opt_twin.errors import Problem, UnknownNameError, did_you_mean
from opt_twin.records import FrozenMapping, Record, record

__all__ = ["LARGEST_HORIZON", "Job", "Operation", "SchedulingInstance", "SetupTimes"]

LARGEST_HORIZON = 2**40
"""Ticks. All durations, lags and set-ups of an instance together stay below, so that no solver overflows."""

_Ticks = Annotated[int, Field(ge=0, strict=True, le=LARGEST_HORIZON)]
_Text = Annotated[str, Field(min_length=1, max_length=200)]

SetupTimes = FrozenMapping[_Text, FrozenMapping[_Text, FrozenMapping[_Text, _Ticks]]]
"""``setup_times[machine][before][after]`` in ticks, by families of jobs."""


@record
class Operation(Record):
    """One step of a job, on one machine.

    Attributes
    ----------
    machine
        Name of the machine.
    duration
        Ticks of work.
    lead
        Ticks from the start of this operation to the earliest start of the next one; the duration unless
        given. A shorter lead is lot streaming: the next machine begins with the first pieces.
    tail
        Ticks that this operation still needs after the previous one has ended; the duration unless given.

    Notes
    -----
    For consecutive operations k and k + 1 of a job, ``start[k+1] >= start[k] + lead[k]`` and
    ``end[k+1] >= end[k] + tail[k+1]``. With both defaults this is the classical precedence.
    """

    machine: _Text
    duration: _Ticks
    lead: _Ticks | None = None
    tail: _Ticks | None = None

    @property
    def lead_ticks(self) -> int:
        """The lead, or the duration where none is given."""
        return self.duration if self.lead is None else self.lead

    @property
    def tail_ticks(self) -> int:
        """The tail, or the duration where none is given."""
        return self.duration if self.tail is None else self.tail


@record
class Job(Record):
    """A piece of work that visits machines in a fixed order.

    Attributes
    ----------
    name
        Unique in the instance.
    operations
        In the order of the route.
    release
        Ticks before which the first operation may not start.
    due
        Ticks by which the job should be complete; None when it is never late.
    deadline
        Ticks by which the job must be complete; None for no limit.
    weight
        Of its tardiness and flow time, relative to the other jobs.
    family
        What a machine is set up for; None when the job needs no set-up.
    """

    name: _Text
    operations: Annotated[tuple[Operation, ...], Field(min_length=1)]
    release: _Ticks = 0
    due: _Ticks | None = None
    deadline: _Ticks | None = None
    weight: Annotated[int, Field(ge=0, strict=True, le=10**6)] = 1
    family: _Text | None = None

    def is_elastic(self, position: int) -> bool:
        """Return whether the operation at `position` may take longer than its duration.

        It may when it overlaps with the previous one: then it can wait for pieces. The duration of any other
        operation is exact.
        """
        if position == 0:
            return False
        before, own = self.operations[position - 1], self.operations[position]
        return before.lead_ticks < before.duration or own.tail_ticks < own.duration


@record
class SchedulingInstance(Record):
    """A job shop with release dates, due dates, deadlines, set-ups and lot streaming.

    Every machine does one operation at a time. A set-up stands between two operations that follow each other
    on a machine and may run before the job arrives.

    Attributes
    ----------
    name
        What the instance is called.
    machines
        Names.
    jobs
        What is to be done.
    setup_times
        ``setup_times[machine][before][after]``: ticks of change-over from family to family; what is not
        listed takes no time.
    initial_family
        Machine -> the family that it is set up for at time 0. Where it is given, the first job on the machine
        needs its set-up too, from time 0 on; where it is not, the first job needs none.
    tick
        Seconds in one tick.
    permutation
        Whether all machines do the jobs in one sequence, as a line does in which parts cannot overtake. All
        jobs then visit the same machines in the same order, each once, for 1 tick or more.

    Examples
    --------
    >>> from opt_twin.scheduling import Job, Operation, SchedulingInstance
    >>> saw, drill = Operation(machine="saw", duration=3), Operation(machine="drill", duration=2)
    >>> shop = SchedulingInstance(
    ...     name="shop", machines=("saw", "drill"), jobs=(Job(name="door", operations=(saw, drill)),)
    ... )
    >>> shop.is_plain
    True
    """

    name: _Text
    machines: Annotated[tuple[_Text, ...], Field(min_length=1)]
    jobs: Annotated[tuple[Job, ...], Field(min_length=1)]
    setup_times: SetupTimes = FrozenMapping()
    initial_family: FrozenMapping[_Text, _Text] = FrozenMapping()
    tick: Annotated[float, Field(gt=0)] = 1.0
    permutation: Annotated[bool, Field(strict=True)] = False

    def __post_init__(self) -> None:
        problems = [*self._name_problems(), *self._machine_problems(), *self._permutation_problems()]
        problems = problems or [*self._size_problems()]
        if problems:
            text = "; ".join(str(problem) for problem in problems).replace("{", "{{").replace("}", "}}")
            raise PydanticCustomError("instance", text, {"problems": tuple(problems)})

    @property
    def operation_count(self) -> int:
        """The number of operations of all jobs."""
        return sum(len(job.operations) for job in self.jobs)

    @property
    def is_plain(self) -> bool:
        """Whether this is a classical job shop.

        It has no release dates, deadlines, set-ups or lot streaming, and the sequences on its machines are
        free.
        """
        return not (self.setup_times or self.permutation) and all(
            job.release == 0
            and job.deadline is None
            and all(o.lead_ticks == o.duration and o.tail_ticks == o.duration for o in job.operations)
            for job in self.jobs
        )

    def job(self, name: str) -> Job:
        """Return the job called `name`.

        Raises
        ------
        UnknownNameError
            If there is none.
        """
        for job in self.jobs:
            if job.name == name:
                return job
        raise UnknownNameError.among("job", name, [job.name for job in self.jobs])

    def setup_time(self, machine: str, before: str | None, after: str | None) -> int:
        """Return the ticks of change-over on `machine` from family `before` to family `after`."""
        if before is None or after is None or before == after:
            return 0
        return self.setup_times.get(machine, _NO_ROWS).get(before, _NO_ROW).get(after, 0)

    def first_setup_time(self, machine: str, family: str | None) -> int:
        """Return the ticks of set-up before a job of `family` that is the first on `machine`."""
        return self.setup_time(machine, self.initial_family.get(machine), family)

    def on_machine(self, machine: str) -> tuple[tuple[Job, int], ...]:
        """Return the operations that `machine` does, as (job, position), in the order of the jobs."""
        return tuple(
            (job, position)
            for job in self.jobs
            for position, operation in enumerate(job.operations)
            if operation.machine == machine
        )

    def horizon(self) -> int:
        """Return a number of ticks within which every left-shifted schedule ends, deadlines aside.

        The longest path to any end passes each start and each end at most once; it leaves a start over the
        duration or the lead, and an end over a set-up or the tail of the next operation.
        """
        longest = {machine: self._longest_setup(machine) for machine in self.machines}
        total = max(job.release for job in self.jobs) + sum(longest.values())
        for job in self.jobs:
            total += sum(max(operation.duration, operation.lead_ticks) for operation in job.operations)
            for position, operation in enumerate(job.operations):
                total += longest[operation.machine]
                if operation.tail_ticks != operation.duration or job.is_elastic(position):
                    total += operation.tail_ticks
        return total

    def _longest_setup(self, machine: str) -> int:
        rows = self.setup_times.get(machine, _NO_ROWS)
        return max((ticks for row in rows.values() for ticks in row.values()), default=0)

    def _name_problems(self) -> Iterator[Problem]:
        for field, names in (("machines", self.machines), ("jobs", [job.name for job in self.jobs])):
            first: dict[str, int] = {}
            for index, name in enumerate(names):
                if name in first:
                    where = f"{field}.{index}" if field == "machines" else f"{field}.{index}.name"
                    yield Problem(path=where, message=f"the name {name!r} is taken by {field}.{first[name]}")
                first.setdefault(name, index)

    def _machine_problems(self) -> Iterator[Problem]:
        known = set(self.machines)
        mentioned = [(f"setup_times.{machine}", machine) for machine in self.setup_times]
        mentioned += [(f"initial_family.{machine}", machine) for machine in self.initial_family]
        for index, job in enumerate(self.jobs):
            for position, operation in enumerate(job.operations):
                path = f"jobs.{index}.operations.{position}"
                mentioned.append((f"{path}.machine", operation.machine))
                if operation.duration == 0 and operation.machine in self.setup_times:
                    message = f"machine {operation.machine!r} has set-ups: its operations take 1 tick or more"
                    yield Problem(path=f"{path}.duration", message=message)
        for path, machine in mentioned:
            if machine not in known:
                message = f"no machine is called {machine!r}{did_you_mean(machine, known)}"
                yield Problem(path=path, message=message)

    def _permutation_problems(self) -> Iterator[Problem]:
        if not self.permutation:
            return
        route = [operation.machine for operation in self.jobs[0].operations]
        twice = sorted({machine for machine in route if route.count(machine) > 1})
        if twice:
            message = f"visits machine {twice[0]!r} twice; with permutation, each machine once"
            yield Problem(path="jobs.0.operations", message=message)
        for index, job in enumerate(self.jobs):
            own = [operation.machine for operation in job.operations]
            if own != route:
                message = (
                    f"takes the route {_arrows(own)}, job {self.jobs[0].name!r} takes {_arrows(route)}; "
                    "with permutation, all jobs take one route"
                )
                yield Problem(path=f"jobs.{index}.operations", message=message)
            for position, operation in enumerate(job.operations):
                if operation.duration == 0 and operation.machine not in self.setup_times:
                    path = f"jobs.{index}.operations.{position}.duration"
                    yield Problem(path=path, message="with permutation, operations take 1 tick or more")

    def _size_problems(self) -> Iterator[Problem]:
        horizon = self.horizon()
        if horizon > LARGEST_HORIZON:
            message = f"all times add up to {horizon} ticks, more than {LARGEST_HORIZON}; use a longer tick"
            yield Problem(path="jobs", message=message)
        elif horizon * sum(job.weight for job in self.jobs) > 2**60:
            message = f"the weights are too large for a horizon of {horizon} ticks; make them smaller"
            yield Problem(path="jobs", message=message)

    @classmethod
    def from_matrices(
        cls,
        name: str,
        machines: int,
        routes: tuple[tuple[tuple[int, int], ...], ...],
    ) -> SchedulingInstance:
        """Return the plain job shop whose jobs are rows of (machine, duration), machines counted from 0.

        Jobs are called J1, J2, ... and machines M1, M2, ...; machine 0 is M1.

        Raises
        ------
        ModelError
            If a machine or a duration is not valid.
        """
        return cls.from_dict(
            {
                "name": name,
                "machines": [f"M{number + 1}" for number in range(machines)],
                "jobs": [
                    {
                        "name": f"J{index + 1}",
                        "operations": [
                            {"machine": f"M{machine + 1}", "duration": duration} for machine, duration in row
                        ],
                    }
                    for index, row in enumerate(routes)
                ],
            }
        )


def _arrows(route: Sequence[str]) -> str:
    shown = " -> ".join(route[:8])
    return f"{shown} -> ..." if len(route) > 8 else shown


_NO_ROW: Mapping[str, int] = FrozenMapping()
_NO_ROWS: Mapping[str, Mapping[str, int]] = FrozenMapping()
