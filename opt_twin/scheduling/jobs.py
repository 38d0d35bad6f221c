"""Jobs, their operations, and the ways in which these can be done."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator
from pydantic_core import ArgsKwargs, PydanticCustomError

from opt_twin.errors import Problem
from opt_twin.records import FrozenMapping, Record, record
from opt_twin.scheduling.resources import Amount, Text, Ticks

__all__ = ["Job", "Key", "Mode", "Operation", "Precedence"]

Key = tuple[str, int]
"""A job's name and the position of one of its operations."""

_Weight = Annotated[int, Field(ge=0, strict=True, le=10**6)]
Demands = FrozenMapping[Text, Annotated[int, Field(ge=1, strict=True, le=10**9)]]


@record
class Mode(Record):
    """One way of doing an operation.

    Attributes
    ----------
    machine
        The machine it holds from start to end; empty when it needs none.
    duration
        Ticks of work.
    demands
        Resource or skill -> how much of it. A renewable resource is held from start to end.
    power
        Units of power from start to end, for the energy cost.
    """

    machine: Annotated[str, Field(max_length=200)] = ""
    duration: Ticks
    demands: Demands = FrozenMapping()
    power: Amount = 0


@record
class Operation(Record):
    """One step of a job.

    It is done on one machine, or in one of several modes.

    Attributes
    ----------
    machine
        Name of the machine; empty when it needs none, or has modes.
    duration
        Ticks of work; 0 when it has modes.
    demands, power
        As in :class:`Mode`, for an operation without modes.
    modes
        The ways in which it can be done, of which one is chosen: eligible machines, fast and slow.
    lead
        Ticks from the start of this operation to the earliest start of the next one; the duration unless
        given. A shorter lead is lot streaming: the next machine begins with the first pieces.
    tail
        Ticks that this operation still needs after the previous one has ended; the duration unless given.
    interruptible
        Whether closures of its machine and resources may interrupt it. It starts and ends while they are
        open, and holds everything in between. Otherwise it keeps clear of closures.
    route
        The alternative route of the job that it belongs to. Exactly one of the routes that the operations of
        a job name is taken; operations without a name belong to all.
    optional
        Whether it may be left out, at the `skip_cost`.
    skip_cost
        Units of cost when it is left out.
    size
        Places that it takes in a batching machine.
    family
        What a machine is set up for, or which batch it can join; that of the job unless given.

    Notes
    -----
    For consecutive operations k and k + 1 of a job, ``start[k+1] >= start[k] + lead[k]`` and
    ``end[k+1] >= end[k] + tail[k+1]``. With both defaults this is the classical precedence.
    """

    machine: Annotated[str, Field(max_length=200)] = ""
    duration: Ticks = 0
    demands: Demands = FrozenMapping()
    power: Amount = 0
    modes: tuple[Mode, ...] = ()
    lead: Ticks | None = None
    tail: Ticks | None = None
    interruptible: Annotated[bool, Field(strict=True)] = False
    route: Annotated[str, Field(max_length=200)] = ""
    optional: Annotated[bool, Field(strict=True)] = False
    skip_cost: Amount = 0
    size: Annotated[int, Field(ge=1, strict=True, le=10**9)] = 1
    family: Text | None = None

    @model_validator(mode="before")
    @classmethod
    def _duration_given(cls, data: Any) -> Any:
        """Refuse an operation whose duration was forgotten; no default would be right."""
        fields = data.kwargs if isinstance(data, ArgsKwargs) else data
        if isinstance(fields, Mapping) and not fields.get("modes") and "duration" not in fields:
            problem = Problem(path="duration", message="field required")
            raise PydanticCustomError("operation", "duration: field required", {"problems": (problem,)})
        return data

    def __post_init__(self) -> None:
        if self.modes and (self.machine or self.duration or self.demands or self.power):
            raise ValueError("has modes, and a machine, duration, demands or power beside them; give one")
        if self.modes and (self.lead is not None or self.tail is not None):
            raise ValueError("has modes and a lead or a tail; lot streaming needs one machine")
        if self.skip_cost and not self.optional:
            raise ValueError("has a skip_cost and is not optional; set optional or leave the cost out")

    @property
    def lead_ticks(self) -> int:
        """The lead, or the duration where none is given."""
        return self.duration if self.lead is None else self.lead

    @property
    def tail_ticks(self) -> int:
        """The tail, or the duration where none is given."""
        return self.duration if self.tail is None else self.tail

    @property
    def ways(self) -> tuple[Mode, ...]:
        """The modes, or the one that machine, duration, demands and power stand for."""
        if self.modes:
            return self.modes
        return (Mode(machine=self.machine, duration=self.duration, demands=self.demands, power=self.power),)

    @property
    def shortest(self) -> int:
        """The least duration of its modes."""
        return min((mode.duration for mode in self.modes), default=self.duration)

    @property
    def longest(self) -> int:
        """The greatest duration of its modes."""
        return max((mode.duration for mode in self.modes), default=self.duration)

    @property
    def may_be_left_out(self) -> bool:
        """Whether a schedule need not hold it: it is optional, or belongs to one of several routes."""
        return self.optional or bool(self.route)


@record
class Job(Record):
    """A piece of work.

    Attributes
    ----------
    name
        Unique in the instance.
    operations
        In the order of the route.
    release
        Ticks before which no operation may start.
    due
        Ticks by which the job should be complete; None when it is never late.
    deadline
        Ticks by which the job must be complete; None for no limit.
    weight
        Of its tardiness and flow time, relative to the other jobs.
    earliness_weight
        Of the ticks between completion and due date, in earliness-tardiness objectives.
    priority
        Its class; a higher one comes first where an objective or a rule looks at classes.
    family
        What a machine is set up for; None when the job needs no set-up.
    order
        ``route``: one operation after the other, in their order. ``open``: one at a time, in any order, as in
        an open shop. ``network``: only the precedences of the instance hold, as in a project.
    no_wait
        Whether each operation starts when the one before it has ended (and the transport is over).
    counts
        Whether the objectives look at the job. Maintenance is a job that does not count, with a release and
        a deadline as its window.
    """

    name: Text
    operations: Annotated[tuple[Operation, ...], Field(min_length=1)]
    release: Ticks = 0
    due: Ticks | None = None
    deadline: Ticks | None = None
    weight: _Weight = 1
    earliness_weight: _Weight = 0
    priority: Annotated[int, Field(ge=0, strict=True, le=100)] = 0
    family: Text | None = None
    order: Literal["route", "open", "network"] = "route"
    no_wait: Annotated[bool, Field(strict=True)] = False
    counts: Annotated[bool, Field(strict=True)] = True

    @property
    def routes(self) -> tuple[str, ...]:
        """The names of its alternative routes, in the order in which they are first named."""
        return tuple(dict.fromkeys(o.route for o in self.operations if o.route))

    def route_taken(self, done: Collection[int]) -> str | None:
        """Return the alternative route that is taken when the operations at the positions `done` are done.

        It is empty when the job has no alternatives, and None when not exactly one is taken. When nothing of
        any route is done, a route of optional operations only is taken, the one that is cheapest to skip.
        """
        if not self.routes:
            return ""
        begun = {self.operations[position].route for position in done} - {""}
        if begun:
            return begun.pop() if len(begun) == 1 else None
        cost = {
            name: sum(o.skip_cost for o in self.operations if o.route == name)
            for name in self.routes
            if all(o.optional for o in self.operations if o.route == name)
        }
        return min(cost, key=lambda name: cost[name], default=None)

    def family_of(self, position: int) -> str | None:
        """Return what a machine is set up for at the operation at `position`."""
        own = self.operations[position].family
        return self.family if own is None else own

    def is_elastic(self, position: int) -> bool:
        """Return whether the operation at `position` may take longer than its duration.

        It may when it overlaps with the previous one: then it can wait for pieces. The duration of any other
        operation is exact.
        """
        if position == 0 or self.order != "route":
            return False
        before, own = self.operations[position - 1], self.operations[position]
        return before.lead_ticks < before.duration or own.tail_ticks < own.duration


@record
class Precedence(Record):
    """A least distance in time between two operations (a generalised precedence, or time lag).

    Attributes
    ----------
    before, after
        Job and position of the two operations.
    kind
        From which end of `before` to which end of `after` it is counted.
    lag
        Ticks; negative for a greatest distance in the other direction. ``start-start`` from B to A with lag
        -10 says that B starts at most 10 ticks after A.

    Notes
    -----
    ``end-start``: ``start(after) >= end(before) + lag``, and so on. It holds when a schedule has both.
    """

    before: Key
    after: Key
    kind: Literal["end-start", "start-start", "end-end", "start-end"] = "end-start"
    lag: Annotated[int, Field(strict=True, ge=-(2**40), le=2**40)] = 0
