"""Dispatching rules: a schedule in milliseconds, one operation after the other.

References
----------
Giffler and Thompson (1960), Algorithms for solving production-scheduling problems, Operations Research
8:487-503. Sels, Gheysen, Vanhoucke (2012), A comparison of priority rules for the job shop scheduling
problem, International Journal of Production Research 50:4255-4270.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

from opt_twin import __version__
from opt_twin.errors import OptionError, UnknownNameError
from opt_twin.plan import Schedule
from opt_twin.results import Result, Status, StopReason, TracePoint
from opt_twin.scheduling.bounds import lower_bound
from opt_twin.scheduling.flow_line import FlowLine, descent, sequences
from opt_twin.scheduling.instance import Job, SchedulingInstance
from opt_twin.scheduling.objectives import beyond_classical, evaluate_objective
from opt_twin.scheduling.timing import Key, in_sequence, left_shifted, schedule_of, sequence_of
from opt_twin.solvers import OnProgress, SolveOptions, Stop

__all__ = ["RULES", "DispatchingSolver", "dispatch"]

Kind = Literal["non-delay", "active"]


class _Work(NamedTuple):
    """What a rule looks at, for one operation."""

    duration: int
    done: int
    """Durations of the job up to this operation, with it."""
    remaining: int
    """Durations of the job from this operation on, with it."""
    operations: int
    """Operations of the job from this one on, with it."""
    due: float


_Rule = Callable[[_Work], float]
_RULES: dict[str, _Rule] = {
    "FDD/MWKR": lambda work: work.done / work.remaining if work.remaining else math.inf,
    "MWKR": lambda work: -work.remaining,
    "MOPNR": lambda work: -work.operations,
    "SPT": lambda work: work.duration,
    "EDD": lambda work: work.due,
    "LPT": lambda work: -work.duration,
    "LWKR": lambda work: work.remaining,
}

RULES = tuple(_RULES)
"""The rules; each takes the operation with

``SPT``, ``LPT``
    the shortest, longest duration;
``MWKR``, ``LWKR``
    the most, least work remaining in its job, itself included;
``MOPNR``
    the most operations remaining;
``FDD/MWKR``
    the smallest ratio of work up to and including it (its flow due date) to work remaining;
``EDD``
    the earliest due date of its job.
"""


class _Shop:
    """The state of a shop while it is being filled."""

    def __init__(self, instance: SchedulingInstance, rule: _Rule) -> None:
        self._instance = instance
        self._free = dict.fromkeys(instance.machines, 0)
        self._family: dict[str, str | None] = {
            machine: instance.initial_family.get(machine) for machine in instance.machines
        }
        self._next = [0] * len(instance.jobs)
        self._priority = [[rule(work) for work in _works(job)] for job in instance.jobs]
        self._last: list[tuple[int, int]] = [(0, 0)] * len(instance.jobs)
        self.times: dict[Key, tuple[int, int]] = {}

    def candidates(self) -> Iterator[tuple[int, int, int]]:
        """Yield (start, end, job) of the next operation of each unfinished job, as early as it can be."""
        for index, job in enumerate(self._instance.jobs):
            position = self._next[index]
            if position < len(job.operations):
                yield (*self._span(index, job, position), index)

    def _span(self, index: int, job: Job, position: int) -> tuple[int, int]:
        operation = job.operations[position]
        machine = operation.machine
        setup = self._instance.setup_time(machine, self._family[machine], job.family)
        start, end = max(job.release, self._free[machine] + setup), 0
        if position:
            before = self._last[index]
            start = max(start, before[0] + job.operations[position - 1].lead_ticks)
            end = before[1] + operation.tail_ticks
            if not job.is_elastic(position):
                start = max(start, end - operation.duration)
        return start, max(end, start + operation.duration)

    def priority(self, candidate: tuple[int, int, int]) -> tuple[float, int]:
        """Return what the rule makes of a candidate; ties go to the lowest job."""
        index = candidate[2]
        return self._priority[index][self._next[index]], index

    def machine(self, candidate: tuple[int, int, int]) -> str:
        """Return the machine of a candidate."""
        index = candidate[2]
        return self._instance.jobs[index].operations[self._next[index]].machine

    def place(self, candidate: tuple[int, int, int]) -> None:
        """Fix a candidate's times."""
        start, end, index = candidate
        job, position, machine = self._instance.jobs[index], self._next[index], self.machine(candidate)
        self.times[job.name, position] = start, end
        self._last[index] = start, end
        self._free[machine] = end
        self._family[machine] = job.family
        self._next[index] += 1


def _works(job: Job) -> Iterator[_Work]:
    total, done = sum(operation.duration for operation in job.operations), 0
    for position, operation in enumerate(job.operations):
        remaining = total - done
        done += operation.duration
        yield _Work(
            duration=operation.duration,
            done=done,
            remaining=remaining,
            operations=len(job.operations) - position,
            due=math.inf if job.due is None else job.due,
        )


def _conflicting(shop: _Shop, candidates: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """Return the candidates that Giffler and Thompson choose among.

    They are those on the machine of the earliest end that could start before it.
    """
    first = min(candidates, key=lambda c: (c[1], c[2]))
    machine = shop.machine(first)
    members = [c for c in candidates if shop.machine(c) == machine and c[0] < first[1]]
    return members or [first]


def dispatch(instance: SchedulingInstance, rule: str = "FDD/MWKR", *, kind: Kind = "non-delay") -> Schedule:
    """Return the schedule that a dispatching rule makes.

    Release dates, set-ups and lot streaming are respected; deadlines are not looked at. With one sequence for
    all machines it is that of the first machine.

    Parameters
    ----------
    instance
        What is to be scheduled.
    rule
        One of :data:`RULES`.
    kind
        ``non-delay``: among the operations that can start earliest in the whole shop. ``active``: among those
        that compete for the machine of the earliest possible end (Giffler and Thompson). Ties go to the
        lowest job.

    Raises
    ------
    UnknownNameError
        If there is no such rule.
    OptionError
        If `kind` is neither of the two.

    Examples
    --------
    >>> from opt_twin.scheduling import load_instance
    >>> dispatch(load_instance("ta01"), "SPT").makespan
    1462
    """
    if rule not in _RULES:
        raise UnknownNameError.among("dispatching rule", rule, RULES)
    if kind not in {"non-delay", "active"}:
        raise OptionError(f"a schedule is made 'non-delay' or 'active', not {kind!r}")
    shop = _Shop(instance, _RULES[rule])
    for _ in range(instance.operation_count):
        candidates = list(shop.candidates())
        if kind == "non-delay":
            earliest = min(start for start, _, _ in candidates)
            chosen = [candidate for candidate in candidates if candidate[0] == earliest]
        else:
            chosen = _conflicting(shop, candidates)
        shop.place(min(chosen, key=shop.priority))
    schedule = left_shifted(instance, schedule_of(instance, shop.times))
    if instance.permutation:
        return in_sequence(instance, sequence_of(instance, schedule))
    return schedule


class DispatchingSolver:
    """Every dispatching rule in turn, non-delay and active; the best schedule wins.

    With one sequence for all machines other sequences follow
    (:func:`~opt_twin.scheduling.flow_line.sequences`), and the best is improved by moves and
    exchanges of jobs.
    """

    name = "dispatching"

    def refuses(self, instance: SchedulingInstance, objective: str) -> str | None:
        """Return why not: one machine an operation, no resources, no calendars."""
        return beyond_classical(instance, objective)

    def solve(
        self,
        instance: SchedulingInstance,
        *,
        objective: str,
        options: SolveOptions,
        start: Schedule | None = None,
        on_progress: OnProgress | None = None,
        stop: Stop | None = None,
    ) -> Result[Schedule]:
        """Return the best of all rules; see :class:`~opt_twin.scheduling.solver.SchedulingSolver`.

        A schedule that misses a deadline does not count. At least one rule is tried.
        """
        started = time.perf_counter()
        bound = lower_bound(instance, objective)
        best, value = start, None if start is None else evaluate_objective(instance, start, objective)
        trace: list[TracePoint] = []
        reason = StopReason.BUDGET

        def enough() -> bool:
            nonlocal reason
            if stop is not None and stop():
                reason = StopReason.INTERRUPTED
            elif time.perf_counter() - started > options.time_limit:
                reason = StopReason.TIME_LIMIT
            return reason is not StopReason.BUDGET

        try:
            for schedule in _schedules(instance, objective, start, enough):
                found = evaluate_objective(instance, schedule, objective)
                if _keeps_deadlines(instance, schedule) and (value is None or found < value):
                    best, value = schedule, found
                    trace.append(TracePoint(time.perf_counter() - started, found, bound))
                    if on_progress is not None:
                        on_progress(trace[-1])
                if value is not None and value <= bound:
                    break
                if enough():
                    break
        except KeyboardInterrupt:
            reason = StopReason.INTERRUPTED
        status = Status.UNKNOWN if value is None else Status.OPTIMAL if value <= bound else Status.FEASIBLE
        return Result(
            status=status,
            stop_reason=StopReason.PROVED if status is Status.OPTIMAL else reason,
            best=best,
            objective=value,
            bound=bound,
            runtime=time.perf_counter() - started,
            solver=self.name,
            solver_version=__version__,
            seed=options.seed,
            workers=1,
            objective_name=objective,
            trace=tuple(trace),
        )


_KINDS: tuple[Kind, ...] = ("non-delay", "active")


def _schedules(
    instance: SchedulingInstance, objective: str, start: Schedule | None, enough: Callable[[], bool]
) -> Iterator[Schedule]:
    """Yield the schedule of each rule, the non-delay ones first; then those of other sequences."""
    made: list[Schedule] = [] if start is None else [start]
    for kind in _KINDS:
        for rule in RULES:
            made.append(dispatch(instance, rule, kind=kind))
            yield made[-1]
    if instance.permutation:
        yield from _in_sequences(instance, objective, made, enough)


def _in_sequences(
    instance: SchedulingInstance, objective: str, made: list[Schedule], enough: Callable[[], bool]
) -> Iterator[Schedule]:
    """Yield a schedule for each sequence that is better than those before, and at the end of the way."""
    line = FlowLine(instance, objective)
    best = min((sequence_of(instance, schedule) for schedule in made), key=line.worth)
    worth = line.worth(best)
    for sequence in sequences(line, enough):
        found = line.worth(sequence)
        if found < worth:
            best, worth = sequence, found
            yield in_sequence(instance, best)
    for better in descent(line, best, enough):
        yield in_sequence(instance, better)


def _keeps_deadlines(instance: SchedulingInstance, schedule: Schedule) -> bool:
    deadlines = {job.name: job.deadline for job in instance.jobs if job.deadline is not None}
    return all(a.job not in deadlines or a.end <= deadlines[a.job] for a in schedule.assignments)
