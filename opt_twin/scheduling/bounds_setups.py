"""Bounds on the set-ups of a machine: the cheapest walk through the families that it must meet.

References
----------
Held and Karp (1962), A dynamic programming approach to sequencing problems, Journal of SIAM 10:196-210.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import product

from opt_twin.scheduling.instance import SchedulingInstance

__all__ = ["cheapest_walks", "first_setups", "setup_bound"]

_MOST_FAMILIES = 10


def _chains(instance: SchedulingInstance, machine: str) -> dict[tuple[str, str], int] | None:
    """Return the cheapest chain of set-ups from family to family; None if a job without one may be there."""
    present = {job.family_of(position) for job, position in instance.on_machine(machine)}
    if None in present or machine not in instance.setup_times:
        return None
    families = sorted({family for family in present if family is not None})
    initial = instance.initial_family.get(machine)
    names = [*families, initial] if initial is not None and initial not in families else families
    cost = {(a, b): instance.setup_time(machine, a, b) for a in names for b in names}
    for k, i, j in product(families, names, names):
        cost[i, j] = min(cost[i, j], cost[i, k] + cost[k, j])
    return cost


def first_setups(instance: SchedulingInstance, machine: str) -> dict[str, int]:
    """Return family -> the least set-ups from the initial family of `machine` to it."""
    initial = instance.initial_family.get(machine)
    chains = _chains(instance, machine)
    if initial is None or chains is None:
        return {}
    return {after: ticks for (before, after), ticks in chains.items() if before == initial}


def cheapest_walks(
    instance: SchedulingInstance, machine: str, needed: Collection[str | None] | None = None
) -> dict[str, int]:
    """Return family -> the least set-ups between jobs when `machine` begins with it and meets all the others.

    A machine that may meet a job without a family gets none: such a job may stand between any two. Up to ten
    families the walk is the shortest path through all of them over the cheapest chains of set-ups; above, the
    cheapest set-up into each family is counted once.

    Parameters
    ----------
    instance, machine
        Where.
    needed
        The families that the machine meets in every schedule; unless given, all that it can meet.
    """
    cost = _chains(instance, machine)
    if cost is None:
        return {}
    if needed is None:
        needed = {job.family_of(position) for job, position in instance.on_machine(machine)}
    families = sorted({family for family in needed if family is not None})
    count = len(families)
    if count > _MOST_FAMILIES:
        entries = {b: min(cost[a, b] for a in families if a != b) for b in families}
        return {family: sum(entries.values()) - entries[family] for family in families}
    least = {(1 << i, i): 0 for i in range(count)}
    for mask in range(1, 1 << count):
        for i in range(count):
            if mask & (1 << i) and mask != 1 << i:
                rest = mask ^ (1 << i)
                least[mask, i] = min(
                    cost[families[i], families[j]] + least[rest, j] for j in range(count) if rest & (1 << j)
                )
    return {family: least[(1 << count) - 1, index] for index, family in enumerate(families)}


def setup_bound(instance: SchedulingInstance, machine: str, needed: Collection[str | None]) -> int:
    """Return a bound on the set-ups of `machine`, with the one before its first job."""
    walks = cheapest_walks(instance, machine, needed)
    first = first_setups(instance, machine)
    return min((first.get(family, 0) + ticks for family, ticks in walks.items()), default=0)
