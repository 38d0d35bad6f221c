r"""Bounds from resources that several operations share.

The energy of an operation is duration times demand. Within a time :math:`[a, b)` a resource gives at most
the sum of its capacities, and an operation that must lie between its head and a limit spends some of its
energy there, wherever it lies: the least of it lying as far to the left, and as far to the right, as it can.

References
----------
Baptiste, Le Pape and Nuijten (1999), Satisfiability tests and time-bound adjustments for cumulative
scheduling problems, Annals of Operations Research 92:305-333. Klein and Scholl (1999), Computing lower bounds
by destructive improvement, European Journal of Operational Research 112:322-346. Mingozzi, Maniezzo,
Ricciardelli and Bianco (1998), An exact algorithm for the resource-constrained project scheduling problem,
Management Science 44:714-729 (operations that cannot run together).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from opt_twin.scheduling.bounds_machines import Found, Relaxation
from opt_twin.scheduling.carlier import jackson_bound
from opt_twin.scheduling.instance import SchedulingInstance
from opt_twin.scheduling.resources import Resource
from opt_twin.solvers import Stop

__all__ = ["energy_bound", "resource_bounds"]

_MOST_TASKS = 150
"""Operations of a resource up to which all intervals of time are looked at."""
_BOTH_ENDS = 60
"""Operations up to which intervals may also begin and end where an operation can be forced to."""


@dataclass(frozen=True, slots=True)
class _Pool:
    """One resource, or all that have a skill, and what every schedule asks of it."""

    where: str
    steps: np.ndarray  # when the capacity changes
    capacity: np.ndarray  # from each step on
    heads: np.ndarray
    durations: np.ndarray
    demands: np.ndarray
    energies: np.ndarray
    tails: np.ndarray
    pausing: np.ndarray  # whether closures may interrupt the operation

    def available(self, until: np.ndarray) -> np.ndarray:
        """Return the energy that there is from time 0 to each of the times `until`."""
        before = np.concatenate(([0], np.cumsum(self.capacity[:-1] * np.diff(self.steps))))
        step = np.searchsorted(self.steps, until, side="right") - 1
        found: np.ndarray = before[step] + self.capacity[step] * (until - self.steps[step])
        return found

    def exceeded(self, limit: int) -> bool:
        """Return whether no schedule has its objective at most `limit`, by energy alone."""
        last = limit - self.tails
        if np.any(self.heads + self.durations > last):
            return True
        starts, ends = np.unique(self.heads), np.unique(last)
        if len(self.heads) <= _BOTH_ENDS:
            starts = np.union1d(starts, last - self.durations)
            ends = np.union1d(ends, self.heads + self.durations)
        starts = starts[starts >= 0]
        for start in starts:
            after = ends[ends > start]
            needed = self._needed(int(start), after, last)
            there = self.available(after) - self.available(np.array([start]))
            if np.any(needed > there):
                return True
        return False

    def _needed(self, start: int, ends: np.ndarray, last: np.ndarray) -> np.ndarray:
        """Return the energy that is spent at least between `start` and each of `ends`."""
        end = ends[:, None]
        left = self.heads + self.durations - start  # what is inside when it lies to the left
        right = end - (last - self.durations)
        inside = np.minimum(np.minimum(left, right), np.minimum(self.durations, end - start))
        outside = np.maximum(0, start - self.heads) + np.maximum(0, last - end)
        pausing = np.minimum(self.durations - outside, end - start)
        ticks = np.maximum(0, np.where(self.pausing, np.minimum(pausing, inside), inside))
        found: np.ndarray = ticks @ self.demands
        return found


def resource_bounds(relaxation: Relaxation, known: int, stop: Stop | None = None) -> Iterator[Found]:
    """Yield the bounds on a maximum from resources and from operations that cannot run together.

    Parameters
    ----------
    relaxation
        Heads, durations and tails.
    known
        A bound on the objective; the energetic one is sought above it.
    stop
        Asked between two tests.
    """
    if not relaxation.instance.resources:
        return
    pools = list(_pools(relaxation))
    for pool in pools:
        value = _load(pool)
        known = max(known, value)
        yield Found(name="resource load", value=value, where=pool.where)
    yield from _consumption(relaxation)
    for bound in _cliques(relaxation):
        known = max(known, bound.value)
        yield bound
    for pool in pools:
        found = energy_bound(pool, known, stop)
        if found > known:
            known = found
            yield Found(name="energy", value=found, where=pool.where)


def energy_bound(pool: _Pool, known: int, stop: Stop | None = None) -> int:
    """Return the largest limit that the energy of one resource refutes, plus 1; `known` if there is none.

    The limit grows in steps that double, then is bisected: what refutes a limit refutes all below it.
    """
    if len(pool.heads) > _MOST_TASKS or not pool.exceeded(known):
        return known
    refuted, step = known, 1
    while pool.exceeded(refuted + step):
        refuted, step = refuted + step, 2 * step
        if stop is not None and stop():
            return refuted + 1
    open_limit = refuted + step
    while open_limit - refuted > 1:
        middle = (open_limit + refuted) // 2
        if pool.exceeded(middle):
            refuted = middle
        else:
            open_limit = middle
        if stop is not None and stop():
            break
    return refuted + 1


def _load(pool: _Pool) -> int:
    """Return least head + the time that all energy takes + least tail."""
    first = int(pool.heads.min())
    wanted = int(pool.available(np.array([first]))[0]) + int(pool.energies.sum())
    known = pool.available(pool.steps)
    step = max(int(np.searchsorted(known, wanted, side="left")) - 1, 0)
    capacity = int(pool.capacity[step])
    missing = wanted - int(known[step])
    until = int(pool.steps[step]) + (-(-missing // capacity) if capacity else 0)
    return max(first, until) + int(pool.tails.min())


def _profile(instance: SchedulingInstance, members: list[Resource]) -> tuple[np.ndarray, np.ndarray]:
    """Return when the capacity of some resources together changes, and what it is from then on."""
    times = {0}
    for resource in members:
        times |= {time for away in resource.absences for time in (away.start, away.end)}
        closures = instance.closures.get(resource.name, ())
        times |= {time for closure in closures for time in (closure.start, closure.end)}
    steps = sorted(times)
    capacity = []
    for time in steps:
        total = 0
        for resource in members:
            shut = any(c.start <= time < c.end for c in instance.closures.get(resource.name, ()))
            away = sum(a.amount for a in resource.absences if a.start <= time < a.end)
            total += 0 if shut else max(0, resource.capacity - away)
        capacity.append(total)
    return np.array(steps, dtype=np.int64), np.array(capacity, dtype=np.int64)


def _pools(relaxation: Relaxation) -> Iterator[_Pool]:
    """Yield each renewable resource, and each set of those with one skill."""
    instance = relaxation.instance
    renewable = [resource for resource in instance.resources if resource.kind == "renewable"]
    sets = {f"resource {resource.name}": [resource] for resource in renewable}
    for skill in dict.fromkeys(skill for resource in renewable for skill in resource.skills):
        able = [resource for resource in renewable if skill in resource.skills]
        if len(able) > 1:
            sets[f"skill {skill}"] = able
    for where, members in sets.items():
        names = {resource.name for resource in members}
        rows = []
        for index in relaxation.counted:
            task = relaxation.network.tasks[index]
            uses = [(w.duration, sum(a for r, a in w.demands.items() if r in names)) for w in task.ways]
            energy = min(duration * amount for duration, amount in uses)
            if energy:
                pausing = task.operation.interruptible and any(way.closed for way in task.ways)
                head, duration, tail = relaxation.timed(index)
                rows.append((head, duration, min(amount for _, amount in uses), energy, tail, pausing))
        if rows:
            columns = np.array(rows, dtype=np.int64).T
            heads, durations, demands, energies, tails, pausing = columns
            steps, capacity = _profile(instance, members)
            yield _Pool(
                where, steps, capacity, heads, durations, demands, energies, tails, pausing.astype(bool)
            )


def _consumption(relaxation: Relaxation) -> Iterator[Found]:
    """Yield when the last of the operations that use up a resource can start, plus the least that follows."""
    network = relaxation.network
    for resource in relaxation.instance.resources:
        if resource.kind != "consumable":
            continue
        uses = []
        for index in relaxation.counted:
            task = network.tasks[index]
            amount = min(way.demands.get(resource.name, 0) for way in task.ways)
            if amount:
                uses.append((amount, task.shortest + relaxation.tails[index]))
        if uses:
            last = network.enough(resource.name, sum(amount for amount, _ in uses))
            value = last + min(rest for _, rest in uses)
            yield Found(name="consumption", value=value, where=f"resource {resource.name}")


def _cliques(relaxation: Relaxation) -> Iterator[Found]:
    """Yield the one-machine bounds of sets of operations of which no two can run together.

    Two cannot that ask for more than there is, or that follow each other. Around each operation such a set
    is grown, the longest first.
    """
    capacity = {r.name: r.capacity for r in relaxation.instance.resources if r.kind == "renewable"}
    members = [i for i in relaxation.counted if relaxation.network.tasks[i].shortest]
    if len(members) > 2 * _MOST_TASKS:
        return
    needs = {}
    for index in members:
        ways = relaxation.network.tasks[index].ways
        demands = {r: min(way.demands.get(r, 0) for way in ways) for r in ways[0].demands}
        needs[index] = {r: amount for r, amount in demands.items() if r in capacity}
    after = relaxation.network.successors()
    apart: dict[int, set[int]] = {index: set() for index in members}
    for one, two in combinations(members, 2):
        other = needs[two]
        held = any(amount + other.get(r, 0) > capacity[r] for r, amount in needs[one].items())
        if held or two in after[one] or one in after[two]:
            apart[one].add(two)
            apart[two].add(one)
    tasks = relaxation.network.tasks
    order = sorted(members, key=lambda index: (-tasks[index].shortest, index))
    seen: set[frozenset[int]] = set()
    for seed in order:
        clique, candidates = [seed], apart[seed]
        for index in order:
            if index in candidates:
                clique.append(index)
                candidates = candidates & apart[index]
        if len(clique) > 1 and frozenset(clique) not in seen:
            seen.add(frozenset(clique))
            value = jackson_bound([relaxation.timed(index) for index in clique])
            first = tasks[seed].key
            where = f"{len(clique)} operations beside job {first[0]}, operation {first[1]}"
            yield Found(name="incompatible operations", value=value, where=where)
