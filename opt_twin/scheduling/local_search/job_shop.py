"""Job shops and flexible job shops as plain integer arrays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from opt_twin.errors import OptionError, PlanError
from opt_twin.plan import Schedule
from opt_twin.scheduling.features import missing_features
from opt_twin.scheduling.instance import SchedulingInstance
from opt_twin.scheduling.jobs import Key
from opt_twin.scheduling.timing import schedule_of

__all__ = ["FLEXIBLE_FEATURES", "Sequences", "ShopArrays", "schedule_from", "sequences_of", "shop_arrays"]

Sequences = tuple[tuple[int, ...], ...]
"""For each machine its operations in their order, counted from 0, job by job along the routes."""

_LARGEST = 2**30
"""Ticks that all durations together stay below, so that no sum of two paths leaves 32 bits."""

_Ints = npt.NDArray[np.int32]


@dataclass(frozen=True, kw_only=True, slots=True)
class ShopArrays:
    """A flexible job shop; a job shop is one in which each operation has one option.

    Attributes
    ----------
    machines
        Their number.
    first
        Operations ``first[j]`` to ``first[j + 1] - 1`` are those of job j in the order of its route,
        [jobs + 1].
    option
        Options ``option[o]`` to ``option[o + 1] - 1`` are those of operation o, [operations + 1].
    option_machine, option_duration
        Machine and ticks of each option.
    release, delivery
        Ticks before a job may start and ticks that it needs after its last operation, [jobs].
    free
        Ticks before a machine may start, [machines].
    """

    machines: int
    first: _Ints
    option: _Ints
    option_machine: _Ints
    option_duration: _Ints
    release: _Ints
    delivery: _Ints
    free: _Ints

    @property
    def jobs(self) -> int:
        """The number of jobs."""
        return self.first.size - 1

    @property
    def operations(self) -> int:
        """The number of operations."""
        return self.option.size - 1

    @property
    def is_flexible(self) -> bool:
        """Whether some operation has a choice of machines."""
        return self.option_machine.size > self.operations

    @classmethod
    def from_options(
        cls,
        machines: int,
        jobs: Sequence[Sequence[Sequence[tuple[int, int]]]],
        *,
        release: Sequence[int] | None = None,
        delivery: Sequence[int] | None = None,
        free: Sequence[int] | None = None,
    ) -> ShopArrays:
        """Return the shop whose jobs are lists of operations, and those lists of (machine, ticks).

        Raises
        ------
        OptionError
            If there is no job, a job without operations, an operation without options or with two on one
            machine, a machine out of range, a number of ticks that is negative, or more ticks in all than
            2**30.

        Examples
        --------
        >>> shop = ShopArrays.from_options(2, [[[(0, 3)], [(1, 2)]], [[(0, 1), (1, 4)]]])
        >>> shop.jobs, shop.operations, shop.is_flexible
        (2, 3, True)
        """
        operations = [options for job in jobs for options in job]
        limits = {
            "release": [0] * len(jobs) if release is None else list(release),
            "delivery": [0] * len(jobs) if delivery is None else list(delivery),
            "free": [0] * machines if free is None else list(free),
        }
        for field, wanted in (("release", len(jobs)), ("delivery", len(jobs)), ("free", machines)):
            if len(limits[field]) != wanted or min(limits[field], default=0) < 0:
                raise OptionError(f"{field}: need {wanted} numbers of ticks, none of them negative")
        if not jobs or not all(jobs):
            raise OptionError("a shop needs a job, and each job an operation")
        for number, options in enumerate(operations):
            chosen = [machine for machine, _ in options]
            if not options or len(set(chosen)) < len(chosen):
                raise OptionError(f"operation {number}: need an option, and at most one a machine")
            if min(chosen) < 0 or max(chosen) >= machines or min(ticks for _, ticks in options) < 0:
                raise OptionError(
                    f"operation {number}: machines are 0 to {machines - 1} and ticks not negative: {options}"
                )
        total = sum(max(ticks for _, ticks in options) for options in operations)
        total += sum(max(values, default=0) for values in limits.values())
        if total >= _LARGEST:
            raise OptionError(f"all times add up to {total} ticks, more than {_LARGEST}; use a longer tick")
        return cls(
            machines=machines,
            first=_frozen(np.cumsum([0, *(len(job) for job in jobs)])),
            option=_frozen(np.cumsum([0, *(len(options) for options in operations)])),
            option_machine=_frozen([machine for options in operations for machine, _ in options]),
            option_duration=_frozen([ticks for options in operations for _, ticks in options]),
            release=_frozen(limits["release"]),
            delivery=_frozen(limits["delivery"]),
            free=_frozen(limits["free"]),
        )


def _frozen(values: Iterable[int] | npt.NDArray[np.integer]) -> _Ints:
    array = np.array(values, dtype=np.int32)
    array.setflags(write=False)
    return array


FLEXIBLE_FEATURES = frozenset({"modes", "release dates"})
"""What the arrays hold beside a classical job shop."""


def shop_arrays(instance: SchedulingInstance) -> ShopArrays:
    """Return the arrays of an instance with no more than :data:`FLEXIBLE_FEATURES`.

    Raises
    ------
    OptionError
        If it has more, or its times are too long.
    """
    beyond = missing_features(instance, FLEXIBLE_FEATURES)
    if beyond is not None:
        raise OptionError(f"instance {instance.name!r} is no flexible job shop: {beyond}")
    number = {name: index for index, name in enumerate(instance.machines)}
    modes = iter(_best_modes(instance))
    jobs = [
        [[(number[machine], ticks) for machine, (ticks, _) in next(modes).items()] for _ in job.operations]
        for job in instance.jobs
    ]
    return ShopArrays.from_options(
        len(instance.machines), jobs, release=[job.release for job in instance.jobs]
    )


def _best_modes(instance: SchedulingInstance) -> list[dict[str, tuple[int, int]]]:
    """Return, operation by operation, machine -> (ticks, number) of its fastest mode there."""
    found = []
    for job in instance.jobs:
        for operation in job.operations:
            best: dict[str, tuple[int, int]] = {}
            for number, mode in enumerate(operation.ways):
                own = mode.duration, number
                best[mode.machine] = min(own, best.get(mode.machine, own))
            found.append(best)
    return found


def schedule_from(instance: SchedulingInstance, sequences: Sequences) -> Schedule:
    """Return the schedule in which each operation starts as early as `sequences` allow.

    Raises
    ------
    PlanError
        If the sequences contradict the routes.
    """
    keys = tuple(instance.keys())
    best = _best_modes(instance)
    ticks: dict[Key, int] = {}
    modes: dict[Key, int] = {}
    waits: dict[Key, list[Key]] = {key: [(key[0], key[1] - 1)] if key[1] else [] for key in keys}
    for machine, sequence in zip(instance.machines, sequences, strict=True):
        for operation in sequence:
            ticks[keys[operation]], modes[keys[operation]] = best[operation][machine]
        for before, after in pairwise(sequence):
            waits[keys[after]].append(keys[before])
    release = {job.name: job.release for job in instance.jobs}
    times: dict[Key, tuple[int, int]] = {}
    try:
        for key in TopologicalSorter(waits).static_order():
            start = max([release[key[0]], *(times[other][1] for other in waits[key])])
            times[key] = start, start + ticks[key]
    except CycleError as error:
        raise PlanError("the sequences of the machines contradict the routes of the jobs") from error
    return schedule_of(instance, times, modes)


def sequences_of(instance: SchedulingInstance, schedule: Schedule) -> Sequences:
    """Return the sequences of the machines in `schedule`, operations by number."""
    number: dict[tuple[str, int], int] = {}
    for job in instance.jobs:
        for position in range(len(job.operations)):
            number[job.name, position] = len(number)
    found: dict[str, list[tuple[int, int, int]]] = {machine: [] for machine in instance.machines}
    for a in schedule.assignments:
        found[a.machine].append((a.start, a.end, number[a.job, a.operation]))
    return tuple(tuple(operation for _, _, operation in sorted(found[m])) for m in instance.machines)
