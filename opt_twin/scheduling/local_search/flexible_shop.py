"""Job shops and flexible job shops of the scheduling model, as arrays and back."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

from opt_twin.errors import PlanError
from opt_twin.plan import Schedule
from opt_twin.scheduling.instance import SchedulingInstance
from opt_twin.scheduling.jobs import Key
from opt_twin.scheduling.local_search.job_shop import Sequences, ShopArrays
from opt_twin.scheduling.timing import schedule_of

__all__ = ["FLEXIBLE_FEATURES", "arrays_of", "schedule_of_sequences"]

FLEXIBLE_FEATURES = frozenset({"modes", "release dates"})
"""What the arrays hold beside a classical job shop."""


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


def arrays_of(instance: SchedulingInstance) -> ShopArrays:
    """Return the arrays of an instance with no more than :data:`FLEXIBLE_FEATURES`.

    Raises
    ------
    OptionError
        If its times are too long.
    """
    number = {name: index for index, name in enumerate(instance.machines)}
    modes = iter(_best_modes(instance))
    jobs = [
        [[(number[machine], ticks) for machine, (ticks, _) in next(modes).items()] for _ in job.operations]
        for job in instance.jobs
    ]
    return ShopArrays.from_options(
        len(instance.machines), jobs, release=[job.release for job in instance.jobs]
    )


def schedule_of_sequences(instance: SchedulingInstance, sequences: Sequences) -> Schedule:
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
