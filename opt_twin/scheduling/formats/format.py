"""What a format is, and what all writers share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from opt_twin.errors import InstanceError
from opt_twin.scheduling.features import FEATURES
from opt_twin.scheduling.formats.text import Source
from opt_twin.scheduling.from_line import RoundingLoss
from opt_twin.scheduling.instance import SchedulingInstance
from opt_twin.scheduling.jobs import Job

__all__ = [
    "BESIDES",
    "Draft",
    "Format",
    "flow_rows",
    "job_shop",
    "lines_of",
    "not_held",
    "numbered_rows",
    "single_machine",
]

Data = dict[str, Any]


class Draft(NamedTuple):
    """What a reader found.

    Attributes
    ----------
    data
        The fields of the instance as plain data, the name apart.
    notes
        What its user should know: how it was read where there was a choice.
    loss
        What rounding to ticks changed; None where nothing was rounded.
    """

    data: Data
    notes: tuple[str, ...] = ()
    loss: RoundingLoss | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Format:
    """A format of instance files.

    Attributes
    ----------
    name
        As given to ``--format``.
    holds
        What its files describe, in a few words.
    extensions
        Of file names, with the dot, that only this format has.
    marked
        Whether a text shows that it is meant to be in this format, whatever mistakes it has.
    scan
        Reads a text; raises :class:`~opt_twin.errors.InstanceError`.
    write
        Returns an instance as text; None where the format is only read.
    carries
        Which of :data:`~opt_twin.scheduling.FEATURES` and :data:`BESIDES` it holds.
    detected
        Whether it may be recognised by the content; otherwise it must be named.
    timed
        Whether it holds times in seconds with decimals, which become ticks.
    named
        Whether it holds the names of jobs, machines and resources.
    """

    name: str
    holds: str
    extensions: tuple[str, ...] = ()
    marked: Callable[[Source], bool] | None = None
    scan: Callable[[Source], Draft]
    write: Callable[[SchedulingInstance], str] | None = None
    carries: frozenset[str] = frozenset()
    detected: bool = True
    timed: bool = False
    named: bool = False

    def recognise(self, source: Source) -> bool:
        """Return whether the text is in this format without a mistake."""
        try:
            self.scan(source)
        except InstanceError:
            return False
        return True


def _of_jobs(test: Callable[[Job], bool]) -> Callable[[SchedulingInstance], bool]:
    return lambda instance: any(test(job) for job in instance.jobs)


BESIDES: Mapping[str, Callable[[SchedulingInstance], bool]] = {
    "due dates": _of_jobs(lambda job: job.due is not None),
    "weights": _of_jobs(lambda job: job.weight != 1),
    "earliness weights": _of_jobs(lambda job: job.earliness_weight > 0),
    "priorities": _of_jobs(lambda job: job.priority > 0),
    "families": _of_jobs(lambda job: any(job.family_of(k) is not None for k in range(len(job.operations)))),
    "initial families": lambda instance: bool(instance.initial_family),
    "sizes": _of_jobs(lambda job: any(o.size != 1 for o in job.operations)),
    "skip costs": _of_jobs(lambda job: any(o.skip_cost for o in job.operations)),
    "energy": lambda instance: (
        bool(instance.tariff)
        or any(mode.power for job in instance.jobs for o in job.operations for mode in o.ways)
    ),
    "an earlier plan": lambda instance: bool(instance.planned),
}
"""What a file may lose besides features: these do not change which schedules are feasible."""


def not_held(instance: SchedulingInstance, carries: Iterable[str]) -> list[str]:
    """Return what `instance` has of features and :data:`BESIDES` that is not among `carries`."""
    held = set(carries)
    features = instance.features
    own = [name for name in FEATURES if name in features]
    own += [name for name, has in BESIDES.items() if has(instance)]
    return [name for name in own if name not in held]


def job_shop(machines: int, rows: Iterable[Iterable[tuple[int, int]]], **fields: Any) -> Data:
    """Return the shop whose jobs J1, J2, ... are rows of (machine from 0, duration), each with `fields`."""
    return {
        "machines": [f"M{number + 1}" for number in range(machines)],
        "jobs": [
            {
                "name": f"J{index + 1}",
                "operations": [{"machine": f"M{machine + 1}", "duration": d} for machine, d in row],
                **fields,
            }
            for index, row in enumerate(rows)
        ],
    }


def flow_rows(instance: SchedulingInstance) -> list[list[int]]:
    """Return the durations of a shop by job and machine, in the order of the machines.

    Raises
    ------
    InstanceError
        If a job does not visit every machine once, in their order.
    """
    for job in instance.jobs:
        if [operation.machine for operation in job.operations] != list(instance.machines):
            raise InstanceError(
                f"job {job.name!r} does not visit all {len(instance.machines)} machines once in their order"
            )
    return [[operation.duration for operation in job.operations] for job in instance.jobs]


def single_machine(instance: SchedulingInstance) -> list[list[tuple[int, int]]]:
    """Return (machine from 0, duration) of the operations of each job.

    Raises
    ------
    InstanceError
        If a job has not as many operations as there are machines.
    """
    count = len(instance.machines)
    for job in instance.jobs:
        if len(job.operations) != count:
            raise InstanceError(f"job {job.name!r} has not {count} operations, one a machine")
    return numbered_rows(instance)


def numbered_rows(instance: SchedulingInstance) -> list[list[tuple[int, int]]]:
    """Return (machine from 0, duration) of the operations of each job."""
    number = {machine: index for index, machine in enumerate(instance.machines)}
    return [[(number[o.machine], o.duration) for o in job.operations] for job in instance.jobs]


def lines_of(rows: Iterable[Sequence[object]]) -> str:
    """Return rows of numbers as text."""
    return "".join(" ".join(map(str, row)) + "\n" for row in rows)
