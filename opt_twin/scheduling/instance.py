"""What is to be scheduled: machines, resources, jobs and their operations, in integer ticks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated

from pydantic import Field
from pydantic_core import PydanticCustomError

from opt_twin.errors import UnknownNameError
from opt_twin.plan import Assignment
from opt_twin.records import FrozenMapping, Record, record
from opt_twin.scheduling import checks
from opt_twin.scheduling.features import features_of
from opt_twin.scheduling.jobs import Job, Key, Mode, Operation, Precedence
from opt_twin.scheduling.resources import LARGEST_HORIZON, Closure, PriceStep, Resource, Text, Ticks

__all__ = ["LARGEST_HORIZON", "Job", "Key", "Mode", "Operation", "SchedulingInstance", "SetupTimes"]

SetupTimes = FrozenMapping[Text, FrozenMapping[Text, FrozenMapping[Text, Ticks]]]
"""``setup_times[machine][before][after]`` in ticks, by families of jobs."""


@record
class SchedulingInstance(Record):
    """What is to be scheduled: every kind of shop, and projects, in one record.

    Every machine does one operation at a time. A set-up stands between two operations that follow each other
    on a machine and may run before the job arrives. docs/formulations/scheduling_model.md says what each
    field means for a schedule.

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
    resources
        What operations share besides machines.
    precedences
        Between any two operations, besides the routes of the jobs.
    closures
        Machine or resource -> when it does not work.
    transport_times
        ``transport_times[from][to]``: ticks on the way from a machine to the next one of the same job; what
        is not listed takes no time.
    buffers
        Machine -> places for jobs that wait in front of it; a machine that is not listed has room for all. A
        job that finds no place stays on the machine before and blocks it; jobs that wait for each other swap.
    batching
        Machine -> places for operations that it does together: a batch has one family, starts together, ends
        together, and lasts as long as its longest operation.
    same_sequence
        Groups of machines that do their common jobs in one sequence.
    tariff
        Prices of energy over time, for the energy cost; the price is 0 before the first step.
    frozen
        Operations that are decided already, with their times; everything else stays clear of them.
    now
        Ticks before which nothing starts that is not frozen.
    planned
        An earlier plan, for the objective ``total_deviation``.

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

    name: Text
    machines: tuple[Text, ...] = ()
    jobs: Annotated[tuple[Job, ...], Field(min_length=1)]
    setup_times: SetupTimes = FrozenMapping()
    initial_family: FrozenMapping[Text, Text] = FrozenMapping()
    tick: Annotated[float, Field(gt=0)] = 1.0
    permutation: Annotated[bool, Field(strict=True)] = False
    resources: tuple[Resource, ...] = ()
    precedences: tuple[Precedence, ...] = ()
    closures: FrozenMapping[Text, tuple[Closure, ...]] = FrozenMapping()
    transport_times: FrozenMapping[Text, FrozenMapping[Text, Ticks]] = FrozenMapping()
    buffers: FrozenMapping[Text, Annotated[int, Field(ge=0, strict=True, le=10**6)]] = FrozenMapping()
    batching: FrozenMapping[Text, Annotated[int, Field(ge=1, strict=True, le=10**9)]] = FrozenMapping()
    same_sequence: tuple[Annotated[tuple[Text, ...], Field(min_length=2)], ...] = ()
    tariff: tuple[PriceStep, ...] = ()
    frozen: tuple[Assignment, ...] = ()
    now: Ticks = 0
    planned: tuple[Assignment, ...] = ()

    def __post_init__(self) -> None:
        problems = list(checks.problems_of_instance(self))
        if problems:
            text = "; ".join(str(problem) for problem in problems).replace("{", "{{").replace("}", "}}")
            raise PydanticCustomError("instance", text, {"problems": tuple(problems)})

    @property
    def operation_count(self) -> int:
        """The number of operations of all jobs."""
        return sum(len(job.operations) for job in self.jobs)

    @property
    def features(self) -> frozenset[str]:
        """What the instance has beyond a classical job shop (:data:`~opt_twin.scheduling.FEATURES`)."""
        return features_of(self)

    @property
    def is_plain(self) -> bool:
        """Whether this is a classical job shop, due dates and weights aside."""
        return not self.features

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

    def keys(self) -> Iterator[Key]:
        """Yield job and position of every operation, job by job."""
        return ((job.name, position) for job in self.jobs for position in range(len(job.operations)))

    def options(self, job: Job, position: int) -> tuple[Mode, ...]:
        """Return the modes of an operation, with resources in the place of skills.

        A mode that asks for a skill becomes one for each resource that has the skill and enough capacity, in
        the order of the resources. :attr:`~opt_twin.plan.Assignment.mode` counts in this tuple.
        """
        ways = job.operations[position].ways
        if not any(mode.demands for mode in ways):
            return ways
        return tuple(option for mode in ways for option in checks.without_skills(mode, self.resources))

    def setup_time(self, machine: str, before: str | None, after: str | None) -> int:
        """Return the ticks of change-over on `machine` from family `before` to family `after`."""
        if before is None or after is None or before == after:
            return 0
        return self.setup_times.get(machine, _NO_ROWS).get(before, _NO_ROW).get(after, 0)

    def first_setup_time(self, machine: str, family: str | None) -> int:
        """Return the ticks of set-up before a job of `family` that is the first on `machine`."""
        return self.setup_time(machine, self.initial_family.get(machine), family)

    def transport_time(self, source: str, target: str) -> int:
        """Return the ticks on the way from machine `source` to machine `target`."""
        return self.transport_times.get(source, _NO_ROW).get(target, 0)

    def closed(self, mode: Mode) -> tuple[tuple[int, int], ...]:
        """Return when `mode` cannot be worked on: closures of its machine and resources, merged, in order."""
        names = [mode.machine, *mode.demands] if mode.machine else [*mode.demands]
        return checks.merged(closure for name in names for closure in self.closures.get(name, ()))

    def on_machine(self, machine: str) -> tuple[tuple[Job, int], ...]:
        """Return the operations that `machine` may do, as (job, position), in the order of the jobs."""
        return tuple(
            (job, position)
            for job in self.jobs
            for position, operation in enumerate(job.operations)
            if operation.machine == machine or any(mode.machine == machine for mode in operation.modes)
        )

    def horizon(self) -> int:
        """Return a number of ticks within which some best schedule of every objective ends, deadlines aside.

        The longest path to any end passes each start and each end at most once; it leaves a start over the
        duration or the lead, and an end over a set-up, the way to another machine or the tail of the next
        operation. Whatever depends on the clock (releases, closures, deliveries, due dates) lies before.
        """
        return checks.latest_event(self) + checks.sum_of_times(self)

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


_NO_ROW: Mapping[str, int] = FrozenMapping()
_NO_ROWS: Mapping[str, Mapping[str, int]] = FrozenMapping()
