"""The rule for finite buffers: where a job is between two operations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, pairwise

from opt_twin.plan import Violation
from opt_twin.scheduling.instance import SchedulingInstance
from opt_twin.scheduling.verify_steps import Step, consecutive, excesses, positions_of

__all__ = ["buffers"]


def buffers(instance: SchedulingInstance, steps: Iterable[Step]) -> Iterator[Violation]:
    """Yield times in which more jobs wait in front of a machine than there are places.

    A job stays on the machine behind it as long as it disturbs no one there: until the next operation on that
    machine, less its set-up. So it waits in the buffer as shortly as it can, and if this schedule is not
    feasible, no other choice of the times of leaving makes it so.
    """
    if not instance.buffers:
        return
    steps = tuple(steps)
    by_machine: dict[str, list[Step]] = {}
    for step in sorted(steps, key=lambda step: (step.start, step.end)):
        by_machine.setdefault(step.machine, []).append(step)
    needed_at = {
        machine: _needed_at(instance, machine, ordered) for machine, ordered in by_machine.items() if machine
    }
    waits: dict[str, list[tuple[int, int, Step]]] = {}
    for own in positions_of(steps).values():
        for before, after in consecutive(own):
            if after.machine not in instance.buffers or not before.machine:
                continue
            way = instance.transport_time(before.machine, after.machine)
            leaves = after.start - way
            needed = needed_at[before.machine].get(before.start)
            if needed is not None and needed[1] is not after:
                leaves = max(before.end, min(leaves, needed[0]))
            if before.machine != after.machine:
                waits.setdefault(after.machine, []).append((leaves + way, after.start, after))
            elif leaves < after.start:
                yield Violation(
                    rule="buffer",
                    where=f"machine {after.machine}: job {after.job.name}",
                    amount=after.start - leaves,
                    message=f"stays on the machine from {before.end} to {after.start}, when it goes on "
                    f"there; something else needs the machine at {leaves}",
                )
    for machine, places in instance.buffers.items():
        yield from _full(machine, places, waits.get(machine, ()))


def _needed_at(
    instance: SchedulingInstance, machine: str, ordered: Sequence[Step]
) -> dict[int, tuple[int, Step]]:
    """Return start of an operation -> when the machine must be free for the next one, and which that is.

    Operations of a batch have one start, and are followed by the next batch.
    """
    found: dict[int, tuple[int, Step]] = {}
    heads = [next(together) for _, together in groupby(ordered, key=lambda step: step.start)]
    for step, later in pairwise(heads):
        found[step.start] = later.start - instance.setup_time(machine, step.family, later.family), later
    return found


def _full(machine: str, places: int, waits: Iterable[tuple[int, int, Step]]) -> Iterator[Violation]:
    own = [(start, end, step) for start, end, step in waits if start < end]
    changes = [(start, 1) for start, _, _ in own] + [(end, -1) for _, end, _ in own]
    for since, until, most in excesses([(-1, -places), *changes]):
        jobs = ", ".join(
            step.job.name for start, end, step in own if start < (until or since + 1) and end > since
        )
        yield Violation(
            rule="buffer",
            where=f"machine {machine}, {since} to {until}",
            amount=most,
            message=f"{most + places} jobs wait in front of it ({jobs}), there is room for {places}",
        )
