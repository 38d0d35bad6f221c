"""The variables of an operation for CP-SAT: when it starts and ends, whether it is done, and in which way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from opt_twin.scheduling.bounds import heads, tails
from opt_twin.scheduling.instance import SchedulingInstance
from opt_twin.scheduling.jobs import Job, Key, Mode, Operation

__all__ = ["Literal", "Piece", "Task", "Tasks", "Way", "enforced", "pieces_of", "whole"]

Literal = Any
"""A literal of CP-SAT, or None for one that is always true."""


def enforced(constraint: Any, literals: Iterable[Literal]) -> None:
    """Let `constraint` hold only where all `literals` are true."""
    wanted = [literal for literal in literals if literal is not None]
    if wanted:
        constraint.only_enforce_if(wanted)


def whole(literal: Literal) -> Any:
    """Return a literal as a summand: 1 where it is true."""
    return 1 if literal is None else literal


@dataclass(frozen=True, slots=True)
class Piece:
    """Starts that take the same time from start to end.

    Attributes
    ----------
    first, last
        The earliest and the latest of the starts.
    length
        Ticks from start to end.
    """

    first: int
    last: int
    length: int


def pieces_of(
    duration: int, closed: Sequence[tuple[int, int]], earliest: int, latest_end: int, *, interruptible: bool
) -> list[Piece]:
    """Return the starts that closures leave to an operation, in order.

    Parameters
    ----------
    duration
        Ticks of work.
    closed
        Disjoint closures in order.
    earliest
        Tick before which it cannot start.
    latest_end
        Tick by which it must end.
    interruptible
        Whether closures may interrupt it. An operation without duration is never interrupted.

    Examples
    --------
    >>> pieces_of(3, [(4, 6)], 0, 12, interruptible=False)
    [Piece(first=0, last=1, length=3), Piece(first=6, last=9, length=3)]
    >>> [(p.first, p.last, p.length) for p in pieces_of(3, [(4, 6)], 0, 9, interruptible=True)]
    [(0, 1, 3), (2, 3, 5), (6, 6, 3)]
    """
    close = max(latest_end, earliest, *(end for _, end in closed))
    bounds = [0, *(tick for closure in closed for tick in closure), close]
    spans = list(zip(bounds[::2], bounds[1::2], strict=True))  # when all is open
    found: list[Piece] = []
    if not interruptible or duration == 0:
        for start, end in spans:
            first, last = max(start, earliest), min(end, latest_end) - duration
            if first <= last:
                found.append(Piece(first, last, duration))
        return found
    for index, (start, end) in enumerate(spans):
        work, pause = end - start, 0  # open ticks from `start` on, and closed ones
        for place in range(index, len(spans)):
            if place > index:
                pause += spans[place][0] - spans[place - 1][1]
                work += spans[place][1] - spans[place][0]
            # the last tick lies in span `place`, so that the work before it is not enough
            before = work - (spans[place][1] - spans[place][0])
            first = max(start, start + before - duration + 1, earliest)
            last = min(end - 1, start + work - duration, latest_end - duration - pause)
            if place == index:
                first = max(start, earliest)
            if first <= last:
                found.append(Piece(first, last, duration + pause))
    return found


@dataclass(slots=True)
class Way:
    """One way of doing an operation.

    Attributes
    ----------
    number
        Of the mode, as in :attr:`~opt_twin.plan.Assignment.mode`.
    mode
        Machine, duration, demands.
    literal
        Whether it is chosen.
    interval
        From start to end, where it is chosen.
    fixed
        Whether it always takes as long as its mode says.
    """

    number: int
    mode: Mode
    literal: Literal
    interval: Any
    fixed: bool


@dataclass(slots=True)
class Task:
    """The variables of an operation.

    Attributes
    ----------
    job, position
        Which operation.
    present
        Whether it is done.
    start, end
        Ticks; without meaning where it is not done.
    ways
        Those that its time window leaves.
    latest
        Tick by which it ends.
    head, tail
        Ticks that pass at least before its start, from time 0, and between its end and that of its job.
    departure
        When its job leaves the machine; the end, but for jobs that may have to stay on it.
    """

    job: Job
    position: int
    present: Literal
    start: Any
    end: Any
    ways: tuple[Way, ...]
    latest: int
    departure: Any
    head: int = 0
    tail: int = 0
    on: dict[str, Literal] = field(default_factory=dict)

    @property
    def key(self) -> Key:
        """Job and position."""
        return self.job.name, self.position

    @property
    def operation(self) -> Operation:
        """What is done."""
        return self.job.operations[self.position]

    @property
    def label(self) -> str:
        """A name for variables."""
        return f"{self.job.name}_{self.position}"

    @property
    def shortest(self) -> int:
        """The least duration of its ways."""
        return min(way.mode.duration for way in self.ways)

    @property
    def machines(self) -> tuple[str, ...]:
        """The machines on which it can be done."""
        return tuple(dict.fromkeys(way.mode.machine for way in self.ways if way.mode.machine))

    def literal_on(self, machine: str, model: Any) -> Literal:
        """Return whether the operation is done on `machine`."""
        if machine not in self.on:
            own = [way.literal for way in self.ways if way.mode.machine == machine]
            if len(own) == len(self.ways):
                self.on[machine] = self.present
            elif len(own) == 1:
                self.on[machine] = own[0]
            else:
                literal = model.new_bool_var(f"on_{machine}_{self.label}")
                model.add(sum(own) == literal)
                self.on[machine] = literal
        return self.on[machine]


class Tasks:
    """The variables of all operations.

    Parameters
    ----------
    instance
        What is scheduled.
    model
        The ``CpModel`` that they are added to.
    horizon_of
        Job -> the tick by which it is complete.

    Attributes
    ----------
    contradictory
        Whether an operation that must be done has no time window.
    """

    def __init__(self, instance: SchedulingInstance, model: Any, horizon_of: Callable[[Job], int]) -> None:
        self.instance, self.model = instance, model
        self.horizon = instance.horizon()
        self.contradictory = False
        self._frozen = {(a.job, a.operation): a for a in instance.frozen}
        self._tasks: dict[Key, Task] = {}
        self._routes: dict[tuple[str, str], Literal] = {}
        for job in instance.jobs:
            self._choose_route(job)
            last = horizon_of(job)
            if job.deadline is not None:
                last = min(last, job.deadline)
            for position, (head, tail) in enumerate(_windows(job)):
                task = self._task(job, position, job.release + head, last - tail)
                if task is not None:
                    task.head, task.tail = job.release + head, tail
                    self._tasks[job.name, position] = task

    def __iter__(self) -> Iterator[Task]:
        return iter(self._tasks.values())

    def get(self, key: Key) -> Task | None:
        """Return the variables of an operation; None when it cannot be done, and may be left out."""
        return self._tasks.get(key)

    def of_job(self, job: Job) -> list[Task]:
        """Return the variables of the operations of `job` that can be done, in their order."""
        keys = [(job.name, position) for position in range(len(job.operations))]
        return [self._tasks[key] for key in keys if key in self._tasks]

    @cached_property
    def by_machine(self) -> dict[str, list[Task]]:
        """Machine -> the operations that it may do."""
        found: dict[str, list[Task]] = {machine: [] for machine in self.instance.machines}
        for task in self:
            for machine in task.machines:
                found[machine].append(task)
        return found

    def route_literal(self, job: Job, route: str) -> Literal:
        """Return whether `job` takes an alternative route; always where it has none."""
        return self._routes.get((job.name, route))

    def all_of(self, literals: Iterable[Literal], name: str) -> Literal:
        """Return a literal that is true exactly where all `literals` are."""
        wanted = [literal for literal in literals if literal is not None]
        if len(wanted) < 2:
            return wanted[0] if wanted else None
        both = self.model.new_bool_var(name)
        self.model.add_bool_and(wanted).only_enforce_if(both)
        self.model.add_bool_or([both, *(~literal for literal in wanted)])
        return both

    def _choose_route(self, job: Job) -> None:
        """Ensure that exactly one of the alternative routes of a job is taken."""
        for route in job.routes:
            self._routes[job.name, route] = self.model.new_bool_var(f"route_{job.name}_{route}")
        if job.routes:
            self.model.add_exactly_one(self._routes[job.name, route] for route in job.routes)

    def _presence(self, job: Job, position: int) -> Literal:
        operation = job.operations[position]
        route = self.route_literal(job, operation.route) if operation.route else None
        if not operation.optional:
            return route
        present = self.model.new_bool_var(f"present_{job.name}_{position}")
        if route is not None:
            self.model.add_implication(present, route)
        return present

    def _task(self, job: Job, position: int, earliest: int, latest: int) -> Task | None:
        """Create the variables of an operation within its time window."""
        operation, key = job.operations[position], (job.name, position)
        frozen = self._frozen.get(key)
        present = self._presence(job, position)
        earliest = max(earliest, self.instance.now) if frozen is None else max(earliest, frozen.start)
        latest = latest if frozen is None else min(latest, frozen.end)
        found: list[tuple[int, Mode, list[Piece], bool]] = []
        for number, mode in enumerate(self.instance.options(job, position)):
            if frozen is not None and number != frozen.mode:
                continue
            stretches = job.is_elastic(position) or mode.machine in self.instance.batching
            closed = () if stretches else self.instance.closed(mode)
            pieces = pieces_of(mode.duration, closed, earliest, latest, interruptible=operation.interruptible)
            if frozen is not None:
                pieces = [_only(piece, frozen.start) for piece in pieces if _fits(piece, frozen, stretches)]
            if pieces:
                found.append((number, mode, pieces, stretches))
        if found:
            task = self._with_ways(job, position, present, found, latest)
            if frozen is not None:
                self.model.add(task.end == frozen.end)
                if present is not None:
                    self.model.add_bool_or([present])
            return task
        if frozen is not None or present is None:
            self.contradictory = True
        else:
            self.model.add_bool_or([~present])
        return None

    def _with_ways(
        self,
        job: Job,
        position: int,
        present: Literal,
        found: list[tuple[int, Mode, list[Piece], bool]],
        latest: int,
    ) -> Task:
        r"""Create start, end and the intervals of the ways.

        .. math:: \sum_m x_{om} = y_o, \qquad x_{om} \Rightarrow e_o = s_o + p_{om}
        """
        from ortools.sat.python import cp_model

        model, label = self.model, f"{job.name}_{position}"
        spans = sorted((piece.first, piece.last) for _, _, pieces, _ in found for piece in pieces)
        start = model.new_int_var_from_domain(cp_model.Domain.from_intervals(spans), f"start_{label}")
        lengths = {piece.length for _, _, pieces, _ in found for piece in pieces}
        constant = len(lengths) == 1 and not any(stretches for _, _, _, stretches in found)
        if constant:
            end = start + lengths.pop()
        else:
            first = min(piece.first + piece.length for _, _, pieces, _ in found for piece in pieces)
            end = model.new_int_var(first, latest, f"end_{label}")
        task = Task(job, position, present, start, end, (), latest, end)
        ways = []
        for number, mode, pieces, stretches in found:
            literal = present
            if len(found) > 1:
                literal = model.new_bool_var(f"mode_{label}_{number}")
            way = Way(number, mode, literal, None, not stretches and len({p.length for p in pieces}) == 1)
            if len(found) > 1 and [(p.first, p.last) for p in pieces] != spans:
                allowed = cp_model.Domain.from_intervals([(p.first, p.last) for p in pieces])
                enforced(model.add_linear_expression_in_domain(start, allowed), [literal])
            way.interval = self._interval(task, way, pieces, constant=constant)
            ways.append(way)
        if len(ways) > 1:
            model.add(sum(way.literal for way in ways) == whole(present))
        task.ways = tuple(ways)
        return task

    def _interval(self, task: Task, way: Way, pieces: list[Piece], *, constant: bool) -> Any:
        """Return the interval from start to end of a way."""
        model, name = self.model, f"{task.label}_{way.number}"
        if way.fixed:
            length = pieces[0].length
            if constant:
                if way.literal is None:
                    return model.new_fixed_size_interval_var(task.start, length, name)
                return model.new_optional_fixed_size_interval_var(task.start, length, way.literal, name)
            return self.interval(task.start, length, task.end, way.literal, name)
        least = way.mode.duration
        size = model.new_int_var(least, max(least, task.latest), f"size_{name}")
        interval = self.interval(task.start, size, task.end, way.literal, name)
        if task.job.is_elastic(task.position) or way.mode.machine in self.instance.batching:
            closed = self.instance.closed(way.mode)
            if closed:
                self._in_a_gap(task, way, closed)
        else:
            self._in_a_piece(task, way, pieces)
        return interval

    def interval(self, start: Any, size: Any, end: Any, literal: Literal, name: str) -> Any:
        """Return an interval that is there where `literal` is true."""
        if literal is None:
            return self.model.new_interval_var(start, size, end, name)
        return self.model.new_optional_interval_var(start, size, end, literal, name)

    def _in_a_piece(self, task: Task, way: Way, pieces: list[Piece]) -> None:
        r"""Ensure that an interruptible operation takes the closures within it in.

        .. math:: z_i \Rightarrow a_i \le s_o \le b_i, \; e_o = s_o + p_o + c_i, \quad \sum_i z_i = x_{om}
        """
        chosen = [self.model.new_bool_var(f"piece_{task.label}_{way.number}_{p.first}") for p in pieces]
        self.model.add(sum(chosen) == whole(way.literal))
        for literal, piece in zip(chosen, pieces, strict=True):
            self.model.add(task.start >= piece.first).only_enforce_if(literal)
            self.model.add(task.start <= piece.last).only_enforce_if(literal)
            self.model.add(task.end == task.start + piece.length).only_enforce_if(literal)

    def _in_a_gap(self, task: Task, way: Way, closed: Sequence[tuple[int, int]]) -> None:
        """Ensure that an operation that may take longer lies between two closures."""
        bounds = [0, *(tick for closure in closed for tick in closure), max(task.latest, closed[-1][1])]
        gaps = list(zip(bounds[::2], bounds[1::2], strict=True))
        chosen = [self.model.new_bool_var(f"gap_{task.label}_{way.number}_{first}") for first, _ in gaps]
        self.model.add(sum(chosen) == whole(way.literal))
        for literal, (first, last) in zip(chosen, gaps, strict=True):
            self.model.add(task.start >= first).only_enforce_if(literal)
            self.model.add(task.end <= last).only_enforce_if(literal)


def _fits(piece: Piece, frozen: Any, stretches: bool) -> bool:
    took = frozen.end - frozen.start
    longer = took - piece.length
    return piece.first <= frozen.start <= piece.last and (longer == 0 or (stretches and longer > 0))


def _only(piece: Piece, start: int) -> Piece:
    return Piece(start, start, piece.length)


def _windows(job: Job) -> Iterator[tuple[int, int]]:
    """Yield for each operation the ticks that its job needs at least before its start and after its end."""
    needed = [0 if operation.may_be_left_out else operation.shortest for operation in job.operations]
    if job.order != "route":
        yield from ((0, 0) for _ in needed)
    elif any((o.lead, o.tail) != (None, None) for o in job.operations):
        for head, tail in zip(heads(job), tails(job), strict=True):
            yield head.start - job.release, tail.end
    else:
        for position in range(len(needed)):
            yield sum(needed[:position]), sum(needed[position + 1 :])
