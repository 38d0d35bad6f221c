"""Jobs in one sequence on all machines: what a sequence is worth, and sequences worth trying.

References
----------
Nawaz, Enscore, Ham (1983), A heuristic algorithm for the m-machine, n-job flow-shop sequencing problem, Omega
11:91-95. Lee, Bhaskaran, Pinedo (1997), A heuristic to minimize the total weighted tardiness with
sequence-dependent setups, IIE Transactions 29:45-52 (apparent tardiness cost with set-ups).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import permutations
from typing import NamedTuple

from opt_twin.scheduling.instance import SchedulingInstance

__all__ = ["FlowLine", "LineState", "Worth", "descent", "sequences"]

Worth = tuple[int, int]
"""Ticks by which deadlines are missed, and the objective; the smaller the better."""

_MOST_CAMPAIGNS = 4
_LOOK_AHEAD = (0.5, 1.0, 2.0, 4.0)


class LineState(NamedTuple):
    """A line after some jobs: when each machine is free, what it is set up for, what it has cost."""

    ends: tuple[int, ...]
    family: int
    """Index of the last job's family; the last index stands for the start."""
    missed: int
    cost: int

    @property
    def worth(self) -> Worth:
        """Return what the sequence so far is worth."""
        return self.missed, self.cost


class FlowLine:
    """Dense numbers of an instance with ``permutation``.

    Parameters
    ----------
    instance
        What is to be scheduled.
    objective
        What to minimise.

    Attributes
    ----------
    steps
        For each job and position (duration, lead of the position before, tail, whether elastic).
    families
        The index of each job's family; a job without a family has one that needs no set-up.
    setups
        ``setups[before][after]``: the set-up on each position; the last row is the start.
    is_sum, is_late, is_flow, is_setup
        Whether the costs of the jobs are added (the largest counts otherwise), and what they are: tardiness,
        flow time or set-ups; none of the three for the makespan.
    """

    def __init__(self, instance: SchedulingInstance, objective: str) -> None:
        jobs = instance.jobs
        self.count = len(jobs)
        self.route = tuple(operation.machine for operation in jobs[0].operations)
        self.releases = [job.release for job in jobs]
        self.dues = [job.due for job in jobs]
        self.deadlines = [job.deadline for job in jobs]
        self.weights = [job.weight for job in jobs]
        self.steps = [
            [
                (
                    operation.duration,
                    job.operations[position - 1].lead_ticks if position else 0,
                    operation.tail_ticks,
                    job.is_elastic(position),
                )
                for position, operation in enumerate(job.operations)
            ]
            for job in jobs
        ]
        names = list(dict.fromkeys(job.family for job in jobs))
        self.families = [names.index(job.family) for job in jobs]
        self.setups = [
            [[instance.setup_time(machine, before, after) for machine in self.route] for after in names]
            for before in names
        ]
        self.setups.append(
            [[instance.first_setup_time(machine, after) for machine in self.route] for after in names]
        )
        self.is_sum = objective.startswith("total_")
        self.is_late = objective.endswith("tardiness")
        self.is_flow = objective == "total_weighted_flow_time"
        self.is_setup = objective == "total_setup_time"

    @property
    def start(self) -> LineState:
        """The empty line."""
        return LineState((0,) * len(self.route), len(self.setups) - 1, 0, 0)

    def cost(self, job: int, end: int, setup: int) -> int:
        """Return what a job adds that is complete at `end` after set-ups of `setup` ticks."""
        if self.is_late:
            due = self.dues[job]
            late = 0 if due is None or end <= due else end - due
            return self.weights[job] * late if self.is_sum else late
        if self.is_flow:
            return self.weights[job] * (end - self.releases[job])
        return setup if self.is_setup else end

    def after(self, state: LineState, job: int) -> LineState:
        """Return the line after one more job, all operations as early as possible."""
        release, setups = self.releases[job], self.setups[state.family][self.families[job]]
        ends: list[int] = []
        start = end = 0
        for free, setup, (duration, lead, tail, elastic) in zip(
            state.ends, setups, self.steps[job], strict=True
        ):
            earliest = max(free + setup, release)
            if ends:
                earliest = max(earliest, start + lead)
                end += tail
                if not elastic and earliest < end - duration:
                    earliest = end - duration
            start = earliest
            end = max(end, start + duration)
            ends.append(end)
        added = self.cost(job, end, sum(setups))
        deadline = self.deadlines[job]
        return LineState(
            tuple(ends),
            self.families[job],
            state.missed if deadline is None else state.missed + max(0, end - deadline),
            state.cost + added if self.is_sum else max(state.cost, added),
        )

    def worth(self, sequence: Sequence[int], state: LineState | None = None) -> Worth:
        """Return what a sequence is worth."""
        now = self.start if state is None else state
        for job in sequence:
            now = self.after(now, job)
        return now.worth


def sequences(line: FlowLine, halt: Callable[[], bool]) -> Iterator[tuple[int, ...]]:
    """Yield sequences of all jobs, the quick ones first; fewer once `halt` returns true.

    By due date; by weight and work; by apparent tardiness cost with four look-aheads; in campaigns of one
    family, for each order of up to four families; by insertion of one job after the other where it costs
    least.
    """
    jobs = range(line.count)
    by_due = sorted(jobs, key=lambda j: (_due(line, j), j))
    yield tuple(by_due)
    yield tuple(sorted(jobs, key=lambda j: (_work(line, j) / max(line.weights[j], 1e-9), j)))
    by_work = sorted(jobs, key=lambda j: (-_work(line, j), j))
    for ahead in _LOOK_AHEAD if line.is_late else ():
        if halt():
            return
        yield _apparent(line, ahead)
    families = sorted(
        set(line.families), key=lambda f: min(_due(line, j) for j in by_due if line.families[j] == f)
    )
    for order in permutations(families) if 1 < len(families) <= _MOST_CAMPAIGNS else [tuple(families)]:
        if halt():
            return
        yield tuple(sorted(by_due, key=lambda j: order.index(line.families[j])))
    for growing in (by_due, by_work):
        inserted = _inserted(line, growing, halt)
        if inserted is None:
            return
        yield inserted


def _due(line: FlowLine, job: int) -> float:
    due = line.dues[job]
    return math.inf if due is None else due


def _work(line: FlowLine, job: int) -> int:
    return sum(duration for duration, _, _, _ in line.steps[job])


def _apparent(line: FlowLine, ahead: float) -> tuple[int, ...]:
    """Return the sequence by apparent tardiness cost: next goes the job worth most for what it adds."""
    longest = [max(duration for duration, _, _, _ in steps) for steps in line.steps]
    scale = ahead * sum(longest) / line.count
    left, found, state = list(range(line.count)), [], line.start
    while left:
        busy = max(range(len(line.route)), key=lambda m: sum(line.steps[j][m][0] for j in left))

        def index(job: int, state: LineState = state, busy: int = busy) -> tuple[float, int]:
            then = line.after(state, job)
            added = max(1, then.ends[busy] - state.ends[busy])
            slack = max(0.0, _due(line, job) - then.ends[-1])
            return line.weights[job] / added * math.exp(-slack / scale), -job

        chosen = max(left, key=index)
        left.remove(chosen)
        found.append(chosen)
        state = line.after(state, chosen)
    return tuple(found)


def _inserted(line: FlowLine, order: Sequence[int], halt: Callable[[], bool]) -> tuple[int, ...] | None:
    """Return the sequence that grows by inserting each job of `order` at its best place; None when halted."""
    found: tuple[int, ...] = ()
    for job in order:
        if halt():
            return None
        places = ((*found[:at], job, *found[at:]) for at in range(len(found), -1, -1))
        found = min(places, key=line.worth)
    return found


def descent(line: FlowLine, sequence: Sequence[int], halt: Callable[[], bool]) -> Iterator[tuple[int, ...]]:
    """Yield better and better sequences: one job moved, or two jobs exchanged, until none is better.

    Ends early once `halt` returns true.
    """
    best = tuple(sequence)
    worth = line.worth(best)
    improved = True
    while improved:
        improved = False
        for first in range(line.count):
            prefix = [line.start]
            for job in best[:-1]:
                prefix.append(line.after(prefix[-1], job))
            found, place = min(
                (line.worth(tail, prefix[at]), tail_at)
                for tail_at, (at, tail) in enumerate(_neighbours(best, first))
            )
            if halt():
                return
            if found < worth:
                at, tail = list(_neighbours(best, first))[place]
                best, worth, improved = best[:at] + tail, found, True
                yield best


def _neighbours(sequence: tuple[int, ...], first: int) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Yield (places unchanged at the front, rest) of each sequence after one move or exchange.

    The job at `first` moves, or changes places with another. The sequence itself is among them.
    """
    rest = sequence[:first] + sequence[first + 1 :]
    for at in range(len(sequence)):
        same = min(at, first)
        yield same, (*rest[:at], sequence[first], *rest[at:])[same:]
        swapped = list(sequence)
        swapped[first], swapped[at] = swapped[at], swapped[first]
        yield same, tuple(swapped[same:])
