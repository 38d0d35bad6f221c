r"""Bounds on the largest of the completions, machine by machine: makespan and maximum lateness.

Every operation that must be done has a head r, a duration p and a tail q. The objective is at least
:math:`C_o + q_o` for each of them. A bound looks at the operations of one machine, of one job or of a set
of machines, and forgets the rest.

References
----------
Johnson (1954), Optimal two- and three-stage production schedules with setup times included. Mitten (1959),
Sequencing n jobs on two machines with arbitrary time lags. Lageweg, Lenstra and Rinnooy Kan (1978), A general
bounding scheme for the permutation flow-shop problem, Operations Research 26:53-67. McNaughton (1959),
Scheduling with deadlines and loss functions. Carlier (1987), Scheduling jobs with release dates and tails on
identical machines to minimize the makespan, European Journal of Operational Research 29:298-306.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise
from typing import NamedTuple

import numpy as np

from opt_twin.scheduling.bounds_setups import cheapest_walks, first_setups
from opt_twin.scheduling.carlier import Timed, carlier, jackson_bound, machine_load_bound, schrage
from opt_twin.scheduling.checks import merged
from opt_twin.scheduling.tasks import Task
from opt_twin.scheduling.windows import NEVER, Network
from opt_twin.solvers import Stop

__all__ = ["Found", "Relaxation", "parallel_bound", "two_machine_bound"]

_MOST_SETS = 60
"""Sets of machines that are looked at."""


class Found(NamedTuple):
    """A value that no schedule is below, and where it comes from."""

    name: str
    value: int
    where: str


class Relaxation:
    """Heads, durations and tails of an instance under an objective that is a maximum over the jobs.

    Parameters
    ----------
    network
        The operations that must be done.
    after
        Job -> ticks that count after its completion; a job that is not listed does not count.
    """

    def __init__(self, network: Network, after: dict[str, int]) -> None:
        self.network = network
        self.instance = network.instance
        self.after = after
        _, self.tails = network.deliveries(after)
        self.counted = [index for index, tail in enumerate(self.tails) if tail > NEVER // 2]
        self.by_machine: dict[str, list[int]] = defaultdict(list)
        self.by_set: dict[frozenset[str], list[int]] = defaultdict(list)
        for index in self.counted:
            machines = network.tasks[index].machines
            if len(machines) == 1:
                self.by_machine[next(iter(machines))].append(index)
            if "" not in machines:
                self.by_set[machines].append(index)
        self.by_machine.pop("", None)

    def timed(self, index: int) -> Timed:
        """Return head, duration and tail of a task."""
        network = self.network
        return network.starts[index], network.tasks[index].shortest, self.tails[index]

    def bounds(self, *, nodes: int, stop: Stop | None = None) -> Iterator[Found]:
        """Yield all bounds on the maximum; `nodes` of branch and bound for each machine."""
        yield from self._jobs()
        yield from self._machines(nodes, stop)
        yield from self._batches()
        yield from self._sets()
        yield from self._flow_shop()

    def _jobs(self) -> Iterator[Found]:
        completions = self.network.completions()
        for job in self.instance.jobs:
            if job.name not in self.after or job.name not in completions:
                continue
            where = f"job {job.name}"
            value = completions[job.name] + self.after[job.name]
            yield Found(name="longest job", value=value, where=where)
            if job.order == "open":
                own = [self.timed(i) for i in self.network.tasks_of(job) if i in self._counted]
                yield Found(name="open job", value=jackson_bound(own), where=where)
        for index in self.counted if self.instance.precedences else ():  # a path may end at another job
            value = self.network.ends[index] + self.tails[index]
            yield Found(name="longest path", value=value, where=_place(self.network.tasks[index]))

    @property
    def _counted(self) -> frozenset[int]:
        return frozenset(self.counted)

    def _machines(self, nodes: int, stop: Stop | None) -> Iterator[Found]:
        """Yield the bounds of one machine each, the branch and bound only where it can gain."""
        best, best_where = NEVER, ""
        hard: list[tuple[int, str, list[Timed]]] = []
        for machine, members in self.by_machine.items():
            if machine in self.instance.batching:
                continue
            where = f"machine {machine}"
            operations = [self.timed(index) for index in members]
            yield Found(name="machine load", value=machine_load_bound(operations), where=where)
            closed = merged(self.instance.closures.get(machine, ()))
            preemptive = jackson_bound(operations, closed)
            yield Found(name="one machine, preemptive", value=preemptive, where=where)
            yield from self._setups(machine, members)
            if preemptive > best:
                best, best_where = preemptive, where
            if nodes:
                hard.append((schrage(operations).value, where, operations))
        for value, where, operations in sorted(hard, key=lambda entry: (-entry[0], entry[1])):
            if value <= best:  # its optimum is no better than what is known
                break
            found = carlier(operations, most_nodes=nodes, stop=stop)
            if found.bound > best:
                best, best_where = found.bound, where
        if hard:
            yield Found(name="one machine", value=best, where=best_where)

    def _setups(self, machine: str, members: Sequence[int]) -> Iterator[Found]:
        tasks = [self.network.tasks[index] for index in members]
        families = {task.job.family_of(task.key[1]) for task in tasks}
        walks = cheapest_walks(self.instance, machine, families)
        if not walks:
            return
        operations = [self.timed(index) for index in members]
        head = min(head for head, _, _ in operations)
        first = first_setups(self.instance, machine)
        setups = min(max(0, first.get(family, 0) - head) + ticks for family, ticks in walks.items())
        value = machine_load_bound(operations) + setups
        yield Found(name="machine load with set-ups", value=value, where=f"machine {machine}")

    def _batches(self) -> Iterator[Found]:
        """Yield the bounds of batching machines: pieces of operations fill the batches, the longest first."""
        for machine, places in self.instance.batching.items():
            members = self.by_machine.get(machine, ())
            families: dict[str | None, list[Task]] = defaultdict(list)
            for index in members:
                task = self.network.tasks[index]
                families[task.job.family_of(task.key[1])].append(task)
            if members:
                work = sum(_batch_work(tasks, places) for tasks in families.values())
                head = min(self.network.starts[index] for index in members)
                value = head + work + min(self.tails[index] for index in members)
                yield Found(name="batches", value=value, where=f"machine {machine}")

    def _sets(self) -> Iterator[Found]:
        """Yield the bounds of sets of machines that share operations."""
        if all(len(machines) == 1 for machines in self.by_set):
            return
        sets = set(self.by_set)
        for one, two in combinations(sorted(self.by_set, key=sorted), 2):
            if len(sets) >= _MOST_SETS:
                break
            if one & two:
                sets.add(one | two)
        sets.add(frozenset().union(*self.by_set))
        for machines in sorted(sets, key=sorted):
            if len(machines) == 1 or machines & set(self.instance.batching):
                continue
            inside = [index for own, members in self.by_set.items() if own <= machines for index in members]
            value = parallel_bound([self.timed(index) for index in inside], len(machines))
            where = f"machines {', '.join(sorted(machines))}"
            yield Found(name="parallel machines", value=value, where=where)

    def _flow_shop(self) -> Iterator[Found]:
        """Yield the best two-machine bound of a permutation flow shop."""
        instance, network = self.instance, self.network
        streams = "lot streaming" in instance.features
        jobs = [job for job in instance.jobs if job.name in self.after]
        if not instance.permutation or streams or len(jobs) < 2 or len(jobs[0].operations) < 2:
            return
        rows = [network.tasks_of(job) for job in jobs]
        durations = np.array([[network.tasks[index].shortest for index in row] for row in rows])
        starts = np.array([[network.starts[index] for index in row] for row in rows])
        tails = np.array([[self.tails[index] for index in row] for row in rows])
        machines = [operation.machine for operation in jobs[0].operations]
        ways = [network.transport(a, b) for a, b in pairwise(machines)]
        single = [k for k, machine in enumerate(machines) if machine not in instance.batching]
        for first, second in combinations(single, 2):
            lags = durations[:, first + 1 : second].sum(axis=1) + sum(ways[first:second])
            between = two_machine_bound(durations[:, first], lags, durations[:, second])
            value = int(starts[:, first].min()) + between + int(tails[:, second].min())
            where = f"machines {machines[first]} and {machines[second]}"
            yield Found(name="two machines", value=value, where=where)


def _place(task: Task) -> str:
    return f"job {task.key[0]}, operation {task.key[1]}"


def _batch_work(tasks: Sequence[Task], places: int) -> int:
    """Return how long batches of one family take at least, were operations as fine as sand."""
    work, room = 0, 0
    for task in sorted(tasks, key=lambda task: -task.shortest):
        size = task.operation.size
        if size > room:
            batches = -(-(size - room) // places)
            work += batches * task.shortest
            room += batches * places
        room -= size
    return work


def parallel_bound(operations: Sequence[Timed], machines: int) -> int:
    r"""Return a bound on the greatest completion + tail of operations that `machines` machines share.

    For every subset J of at least m operations,

    .. math:: \frac1m \Bigl(\sum_{i \le m} r_{(i)} + \sum_{o \in J} p_o + \sum_{i \le m} q_{(i)}\Bigr)

    with the m smallest heads and the m smallest tails of J: no machine starts and none ends earlier. The
    subsets are those of the operations with a head and a tail above some value.

    Examples
    --------
    >>> parallel_bound([(0, 4, 0)] * 3, 2)
    6
    """
    best = max((sum(operation) for operation in operations), default=0)
    heads = sorted({head for head, _, _ in operations})
    tails = sorted({tail for _, _, tail in operations})
    if len(heads) * len(tails) * len(operations) > 400_000:
        heads, tails = heads[:: len(heads) // 20 + 1], tails[:: len(tails) // 20 + 1]
    for head in heads:
        later = [operation for operation in operations if operation[0] >= head]
        first = sum(sorted(r for r, _, _ in later)[:machines])
        for tail in tails:
            subset = [operation for operation in later if operation[2] >= tail]
            if len(subset) < machines:
                break
            first = sum(sorted(r for r, _, _ in subset)[:machines])
            last = sum(sorted(q for _, _, q in subset)[:machines])
            total = first + sum(p for _, p, _ in subset) + last
            best = max(best, -(-total // machines))
    return best


def two_machine_bound(first: np.ndarray, lags: np.ndarray, second: np.ndarray) -> int:
    """Return the optimum of a two-machine permutation flow shop with time lags, by Johnson's rule.

    Parameters
    ----------
    first, second
        Duration of each job on either machine, in ticks.
    lags
        Ticks from the end of a job on the first to its start on the second machine, at least.

    Examples
    --------
    >>> import numpy as np
    >>> two_machine_bound(np.array([3, 5, 1]), np.array([0, 0, 0]), np.array([6, 2, 2]))
    12
    """
    ahead, behind = first + lags, lags + second
    front = np.flatnonzero(ahead <= behind)
    back = np.flatnonzero(ahead > behind)
    order = np.concatenate(
        (front[np.argsort(ahead[front], kind="stable")], back[np.argsort(-behind[back], kind="stable")])
    )
    done = np.cumsum(first[order])
    rest = np.cumsum(second[order][::-1])[::-1]
    return int((done + lags[order] + rest).max())
