"""Earliest starts and ends of operations, and how long the rest takes after them.

References
----------
Bartusch, Moehring and Radermacher (1988), Scheduling project networks with resource constraints and time
windows, Annals of Operations Research 16:201-240 (generalised precedences as longest paths).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import NamedTuple

from opt_twin.scheduling.instance import SchedulingInstance
from opt_twin.scheduling.jobs import Job, Key
from opt_twin.scheduling.tasks import Task, certain_tasks, earliest, routes_that_can_be_taken, supplies

__all__ = ["NEVER", "Head", "Network", "Tail", "heads", "tails"]

NEVER = -(2**62)
"""The tail of an operation that no completion waits for."""


class Head(NamedTuple):
    """The earliest start and end of an operation, in ticks, if its job had the shop for itself."""

    start: int
    end: int


class Tail(NamedTuple):
    """The least number of ticks from the start and from the end of an operation to its job's completion."""

    start: int
    end: int


def heads(job: Job) -> tuple[Head, ...]:
    """Return the heads of the operations of a `job` with a route and without modes."""
    found: list[Head] = []
    for position, operation in enumerate(job.operations):
        if position == 0:
            start, end = job.release, job.release + operation.duration
        else:
            start = found[-1].start + job.operations[position - 1].lead_ticks
            end = found[-1].end + operation.tail_ticks
            if not job.is_elastic(position):
                start = max(start, end - operation.duration)
            end = max(end, start + operation.duration)
        found.append(Head(start, end))
    return tuple(found)


def tails(job: Job) -> tuple[Tail, ...]:
    """Return the tails of the operations of a `job` with a route and without modes."""
    found: list[Tail] = []
    for position in range(len(job.operations) - 1, -1, -1):
        operation = job.operations[position]
        start, end = operation.duration, 0
        if found:
            end = job.operations[position + 1].tail_ticks + found[-1].end
            start = max(operation.duration + end, operation.lead_ticks + found[-1].start)
            if not job.is_elastic(position):
                end = max(end, start - operation.duration)
        found.append(Tail(start, end))
    return tuple(reversed(found))


class _Arcs:
    """Distances that every schedule keeps: from node, to node, ticks. Node 2 i is the start of task i."""

    def __init__(self, nodes: int) -> None:
        self.after: list[list[tuple[int, int]]] = [[] for _ in range(nodes)]
        self.before: list[list[tuple[int, int]]] = [[] for _ in range(nodes)]
        self.own: list[list[tuple[int, int]]] = [[] for _ in range(nodes)]

    def add(self, source: int, target: int, ticks: int, *, own: bool) -> None:
        """Add a distance; `own` when both are of one job."""
        self.after[source].append((target, ticks))
        self.before[target].append((source, ticks))
        if own:
            self.own[target].append((source, ticks))


class Network:
    """The operations that every schedule of an instance holds, and the distances between them.

    Whatever is no simple distance is left out, so that times are never too late: machines, resources,
    buffers. An operation that may be left out counts only for the least time that its job takes there.

    Parameters
    ----------
    instance
        Any.
    """

    def __init__(self, instance: SchedulingInstance) -> None:
        self.instance = instance
        self.tasks = certain_tasks(instance)
        self._index = {task.key: index for index, task in enumerate(self.tasks)}
        self._supply = supplies(instance)
        self._arcs = _Arcs(2 * len(self.tasks))
        self._rest: dict[str, tuple[int, int]] = {}
        for job in instance.jobs:
            self._arcs_of_job(job)
        for precedence in instance.precedences:
            self._arc_of_precedence(precedence.before, precedence.after, precedence.kind, precedence.lag)
        self.starts, self.ends = self._heads()

    def tasks_of(self, job: Job) -> list[int]:
        """Return the indices of the tasks of `job`, in their order."""
        keys = ((job.name, position) for position in range(len(job.operations)))
        return [self._index[key] for key in keys if key in self._index]

    def _arcs_of_job(self, job: Job) -> None:
        own = self.tasks_of(job)
        for index in own:
            task = self.tasks[index]
            self._arcs.add(2 * index, 2 * index + 1, task.shortest, own=True)
            if task.longest is not None:
                self._arcs.add(2 * index + 1, 2 * index, -task.longest, own=True)
        if job.order == "route":
            for before, after in pairwise(own):
                self._follow(before, after)
        first = self.tasks[own[0]].key[1] if own else len(job.operations)
        last = self.tasks[own[-1]].key[1] if own else -1
        if job.order == "route":
            self._rest[job.name] = (
                self._between(job, -1, first),
                self._between(job, last, len(job.operations)),
            )
        else:
            self._rest[job.name] = 0, 0

    def _between(self, job: Job, before: int, after: int) -> int:
        """Return the ticks that `job` works at least between two positions of its route."""
        inner = job.operations[before + 1 : after]
        if not inner:
            return 0
        return min(
            sum(o.shortest for o in inner if not o.optional and o.route in {"", route})
            for route in routes_that_can_be_taken(self.instance, job) or ("",)
        )

    def _follow(self, before: int, after: int) -> None:
        """Ensure that one task of a route comes after another one."""
        one, two = self.tasks[before], self.tasks[after]
        first, second = one.operation, two.operation
        streams = (not first.modes and first.lead_ticks != first.duration) or (
            not second.modes and second.tail_ticks != second.duration
        )
        add = self._arcs.add
        if streams:
            lead = first.lead_ticks if first.lead is not None else one.shortest
            add(2 * before, 2 * after, lead, own=True)
            tail = second.tail_ticks if second.tail is not None else two.shortest
            add(2 * before + 1, 2 * after + 1, tail, own=True)
            return
        neighbours = two.key[1] == one.key[1] + 1
        if not neighbours:
            add(2 * before + 1, 2 * after, self._between(one.job, one.key[1], two.key[1]), own=True)
            return
        ways = [0]
        if self.instance.transport_times:
            ways = [self.transport(a.machine, b.machine) for a in one.ways for b in two.ways]
        add(2 * before + 1, 2 * after, min(ways), own=True)
        if one.job.no_wait:
            add(2 * after, 2 * before + 1, -max(ways), own=True)

    def successors(self) -> list[set[int]]:
        """Return for each task the tasks that start when it has ended or later, by distances alone."""
        found: list[set[int]] = []
        for index in range(len(self.tasks)):
            seen: set[int] = set()
            stack = [index]
            while stack:
                for target, ticks in self._arcs.after[2 * stack.pop() + 1]:
                    if target % 2 == 0 and ticks >= 0 and target // 2 not in seen:
                        seen.add(target // 2)
                        stack.append(target // 2)
            found.append(seen)
        return found

    def transport(self, source: str, target: str) -> int:
        """Return the ticks on the way between two machines; 0 where one of them is none."""
        return self.instance.transport_time(source, target) if source and target else 0

    def _arc_of_precedence(self, before: Key, after: Key, kind: str, lag: int) -> None:
        if before in self._index and after in self._index:
            source, target = kind.split("-")
            one = 2 * self._index[before] + (source == "end")
            two = 2 * self._index[after] + (target == "end")
            self._arcs.add(one, two, lag, own=before[0] == after[0])

    def _heads(self) -> tuple[list[int], list[int]]:
        """Return the earliest start and end of each task: longest paths, moved out of the closures."""
        times = [NEVER] * (2 * len(self.tasks))
        for index, task in enumerate(self.tasks):
            if task.frozen is not None:
                times[2 * index], times[2 * index + 1] = task.frozen.start, task.frozen.end
                continue
            first = max(task.job.release, self.instance.now)
            own = self.tasks_of(task.job)[0] if task.job.order == "route" else -1
            if index == own:
                first += self._rest[task.job.name][0]
            times[2 * index] = max(first, self._supplied(task))
            times[2 * index + 1] = times[2 * index] + task.shortest
        queue = deque(range(len(times)))
        waiting = [True] * len(times)
        for _ in range(60 * len(times) + 1000):  # no schedule exists where that is not enough
            if not queue:
                break
            node = queue.popleft()
            waiting[node] = False
            self._leave_closures(node // 2, times)
            for target, ticks in self._arcs.after[node]:
                if times[node] + ticks > times[target] and self.tasks[target // 2].frozen is None:
                    times[target] = times[node] + ticks
                    if not waiting[target]:
                        waiting[target] = True
                        queue.append(target)
        return times[::2], times[1::2]

    def _leave_closures(self, index: int, times: list[int]) -> None:
        """Move the start and the end of a task to where the closures let it be done."""
        task = self.tasks[index]
        if task.frozen is not None or not any(way.closed for way in task.ways):
            return
        found = [
            earliest(way, times[2 * index], interruptible=task.operation.interruptible) for way in task.ways
        ]
        times[2 * index] = max(times[2 * index], min(start for start, _ in found))
        times[2 * index + 1] = max(times[2 * index + 1], min(end for _, end in found))

    def _supplied(self, task: Task) -> int:
        """Return when there is enough of every consumable for a task that is the only one."""
        if not self._supply:
            return 0
        waits = (
            max((self._supply[r](amount) for r, amount in w.demands.items() if r in self._supply), default=0)
            for w in task.ways
        )
        return min(waits)

    def enough(self, resource: str, amount: int) -> int:
        """Return the first tick at which `amount` of a consumable resource has come."""
        return self._supply[resource](amount)

    def deliveries(self, after: Mapping[str, int], *, own: bool = False) -> tuple[list[int], list[int]]:
        """Return how long it takes at least from each start and each end to the objective.

        Parameters
        ----------
        after
            Job -> ticks that count after its completion: 0 for the makespan, minus the due date for the
            lateness. A job that is not listed does not count.
        own
            Whether only distances within a job are looked at, so that each job has its own objective.
        """
        tails = [NEVER] * (2 * len(self.tasks))
        for index, task in enumerate(self.tasks):
            if task.job.name in after:
                tails[2 * index + 1] = after[task.job.name]
        for job in self.instance.jobs:
            tasks = self.tasks_of(job)
            if tasks and job.name in after:
                tails[2 * tasks[-1] + 1] += self._rest[job.name][1]
        arcs = self._arcs.own if own else self._arcs.before
        queue = deque(node for node in range(len(tails) - 1, -1, -1) if tails[node] != NEVER)
        waiting = [value != NEVER for value in tails]
        for _ in range(60 * len(tails) + 1000):
            if not queue:
                break
            node = queue.popleft()
            waiting[node] = False
            for source, ticks in arcs[node]:
                if tails[node] + ticks > tails[source]:
                    tails[source] = tails[node] + ticks
                    if not waiting[source]:
                        waiting[source] = True
                        queue.append(source)
        return tails[::2], tails[1::2]

    def completions(self) -> dict[str, int]:
        """Return job -> its earliest completion; a job that may be left out altogether is not listed."""
        found: dict[str, int] = {}
        for job in self.instance.jobs:
            tasks = self.tasks_of(job)
            rest = list(self._rests(job))
            if not tasks and min(rest, default=0) == 0:
                continue
            decided = any(self.tasks[index].frozen is not None for index in tasks)
            first = job.release if decided else max(job.release, self.instance.now)
            times = [first + min(rest, default=0)]
            times += [self.ends[index] for index in tasks]
            if tasks:
                times.append(self.ends[tasks[-1]] + self._rest[job.name][1])
            found[job.name] = max(times)
        return found

    def _rests(self, job: Job) -> Iterator[int]:
        """Yield the least work of `job` for each route that it can take."""
        if any(job.is_elastic(position) for position in range(len(job.operations))):
            return
        for route in routes_that_can_be_taken(self.instance, job) or ("",):
            work = [o.shortest for o in job.operations if not o.optional and o.route in {"", route}]
            if job.order == "network":
                yield max(work, default=0)
            else:
                yield sum(work)
