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
from statistics import fmean
from typing import Literal, NamedTuple

from opt_twin.errors import NoSolutionError, OptionError, UnknownNameError
from opt_twin.plan import Schedule
from opt_twin.results import Result, StopReason, TracePoint
from opt_twin.scheduling.bounds import lower_bound
from opt_twin.scheduling.dispatching_rules import RULES, priority_index
from opt_twin.scheduling.features import CLASSICAL, missing_features
from opt_twin.scheduling.flow_line import FlowLine, descent, sequences
from opt_twin.scheduling.instance import Job, SchedulingInstance
from opt_twin.scheduling.objectives import beyond_classical, check_objective, evaluate_objective
from opt_twin.scheduling.solver import heuristic_result
from opt_twin.scheduling.timing import Key, in_sequence, left_shifted, schedule_of, sequence_of
from opt_twin.scheduling.verify import verify
from opt_twin.solvers import OnProgress, SolveOptions, Stop
from opt_twin.streams import stream

__all__ = ["RULES", "DispatchingSolver", "dispatch"]

Kind = Literal["non-delay", "active", "serial"]


class _Work(NamedTuple):
    """What a rule looks at, for one operation."""

    duration: int
    done: int
    """Durations of the job up to this operation, with it."""
    remaining: int
    """Durations of the job from this operation on, with it."""
    operations: int
    """Operations of the job from this one on, with it."""


class _Shop:
    """The state of a shop while it is being filled."""

    def __init__(self, instance: SchedulingInstance, rule: str, seed: int) -> None:
        self._instance = instance
        self._rule = RULES.index(rule)
        self._random = stream(seed, 0, "dispatching", "search")
        self._free = dict.fromkeys(instance.machines, 0)
        self._family: dict[str, str | None] = {
            machine: instance.initial_family.get(machine) for machine in instance.machines
        }
        self._next = [0] * len(instance.jobs)
        self._works = [list(_works(job)) for job in instance.jobs]
        durations = [work.duration for works in self._works for work in works]
        setups = [t for rows in instance.setup_times.values() for row in rows.values() for t in row.values()]
        self._means = fmean(durations), fmean(setups) if setups else 0.0
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
        start, _, index = candidate
        job, position = self._instance.jobs[index], self._next[index]
        work, machine = self._works[index][position], job.operations[position].machine
        value = priority_index(
            self._rule,
            duration=work.duration,
            done=work.done,
            remaining=work.remaining,
            operations=work.operations,
            due=math.inf if job.due is None else job.due,
            weight=job.weight,
            ready=self._last[index][1] if position else job.release,
            priority=job.priority,
            time=start,
            setup=self._instance.setup_time(machine, self._family[machine], job.family),
            mean=self._means[0],
            mean_setup=self._means[1],
            chance=float(self._random.random()) if RULES[self._rule] == "random" else 0.0,
        )
        return value, index

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
        )


def _conflicting(shop: _Shop, candidates: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """Return the candidates that Giffler and Thompson choose among.

    They are those on the machine of the earliest end that could start before it.
    """
    first = min(candidates, key=lambda c: (c[1], c[2]))
    machine = shop.machine(first)
    members = [c for c in candidates if shop.machine(c) == machine and c[0] < first[1]]
    return members or [first]


def dispatch(
    instance: SchedulingInstance, rule: str = "FDD/MWKR", *, kind: Kind = "non-delay", seed: int = 0
) -> Schedule:
    """Return the schedule that a dispatching rule makes.

    Deadlines are not looked at. With one sequence for all machines it is that of the first machine. An
    instance beyond release dates, set-ups and lot streaming goes through the schedule generation
    (docs/formulations/dispatching.md): there the greatest time lags, sequences on groups of machines and what
    is frozen can be missed; :func:`~opt_twin.scheduling.verify` says whether they are.

    Parameters
    ----------
    instance
        What is to be scheduled.
    rule
        One of :data:`RULES`.
    kind
        ``non-delay``: among the operations that can start earliest in the whole shop. ``active``: among those
        that compete for the machine of the earliest possible end (Giffler and Thompson). ``serial``: among
        all whose predecessors are done. Ties go to the lowest job.
    seed
        Of the rule ``random``.

    Raises
    ------
    UnknownNameError
        If there is no such rule.
    OptionError
        If `kind` is none of the three.
    NoSolutionError
        If an operation fits nowhere.

    Examples
    --------
    >>> from opt_twin.scheduling import load_instance
    >>> dispatch(load_instance("ta01"), "SPT").makespan
    1462
    """
    if rule not in RULES:
        raise UnknownNameError.among("dispatching rule", rule, RULES)
    if kind not in {"non-delay", "active", "serial"}:
        raise OptionError(f"a schedule is made 'non-delay', 'active' or 'serial', not {kind!r}")
    if kind == "serial" or missing_features(instance, CLASSICAL) is not None:
        from opt_twin.scheduling.local_search.generation_rules import dispatched

        return dispatched(instance, rule, kind, seed)
    shop = _Shop(instance, rule, seed)
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
        """Return why not: it minimises one sum, not a lexicographic order."""
        stages = len(check_objective(instance, objective).stages)
        return f"it minimises one sum, {objective!r} is an order of {stages}" if stages > 1 else None

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

        A schedule that the verifier objects to does not count. At least one rule is tried.
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
            for schedule in _schedules(instance, objective, start, options.seed, enough):
                found = evaluate_objective(instance, schedule, objective)
                if (value is None or found < value) and not verify(instance, schedule):
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
        return heuristic_result(
            self.name,
            started,
            best,
            value,
            bound,
            reason,
            objective=objective,
            seed=options.seed,
            trace=trace,
        )


_KINDS: tuple[Kind, ...] = ("non-delay", "active")
_ALL_KINDS: tuple[Kind, ...] = (*_KINDS, "serial")


def _schedules(
    instance: SchedulingInstance,
    objective: str,
    start: Schedule | None,
    seed: int,
    enough: Callable[[], bool],
) -> Iterator[Schedule]:
    """Yield the schedule of each rule, the non-delay ones first; then those of other sequences."""
    made: list[Schedule] = [] if start is None else [start]
    plain = missing_features(instance, CLASSICAL) is None
    for kind in _KINDS if plain else _ALL_KINDS:
        for rule in RULES:
            try:
                made.append(dispatch(instance, rule, kind=kind, seed=seed))
            except NoSolutionError:
                continue
            yield made[-1]
    if instance.permutation and beyond_classical(instance, objective) is None:
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
