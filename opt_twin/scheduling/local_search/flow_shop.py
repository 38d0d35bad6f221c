"""Flow shops as plain numbers, and what a sequence of their jobs means.

This module compiles nothing; :mod:`opt_twin.scheduling.local_search.flow_shop_search` searches.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field
from pydantic_core import PydanticCustomError

from opt_twin.errors import PlanError, Problem, UnknownNameError
from opt_twin.records import Record, record

__all__ = ["FLOW_SHOP_OBJECTIVES", "LARGEST_TIME", "FlowShop", "Sequences", "Timing", "decode", "value_of"]

LARGEST_TIME = 2**30
"""Ticks. All times of a shop add up to less, so that 32 bits hold every head plus tail."""

FLOW_SHOP_OBJECTIVES = (
    "makespan",
    "total_weighted_flow_time",
    "total_weighted_tardiness",
    "maximum_tardiness",
)
"""What can be minimised, as in :data:`opt_twin.scheduling.OBJECTIVES`."""

Sequences = tuple[tuple[int, ...], ...]
"""The jobs of each factory in their order, counted from 0."""

_Ticks = Annotated[int, Field(ge=0, le=LARGEST_TIME)]


@record
class FlowShop(Record):
    """n jobs that visit m machines in the same order, in one sequence.

    Attributes
    ----------
    durations
        Ticks of work, ``durations[job][machine]``.
    kind
        ``permutation``: a job waits before a busy machine as long as it must. ``blocking``: it waits on the
        machine that it has left, and blocks it. ``no_wait``: it never waits between machines. ``hybrid``:
        each stage has parallel machines; the sequence is that of the first stage, the others take the jobs
        as they come, on the machine that is free first.
    setups
        ``setups[machine][before][after]``: ticks between two jobs on a machine; they may run before the job
        arrives. For ``permutation`` and ``no_wait``.
    first_setups
        ``first_setups[machine][job]``: ticks from time 0 before the first job; none unless given.
    releases
        Tick before which a job does not start; 0 unless given.
    dues
        Tick by which a job should be complete; None for a job that is never late.
    weights
        Of flow time and tardiness; 1 unless given.
    factories
        Number of equal shops among which the jobs are spread.
    stage_machines
        Number of parallel machines of each stage of a hybrid shop.

    Examples
    --------
    >>> shop = FlowShop(durations=((3, 2), (1, 4)))
    >>> value_of(shop, ((1, 0),)), value_of(shop, ((0, 1),))
    (7, 9)
    """

    durations: tuple[tuple[_Ticks, ...], ...]
    kind: Literal["permutation", "blocking", "no_wait", "hybrid"] = "permutation"
    setups: tuple[tuple[tuple[_Ticks, ...], ...], ...] | None = None
    first_setups: tuple[tuple[_Ticks, ...], ...] | None = None
    releases: tuple[_Ticks, ...] | None = None
    dues: tuple[_Ticks | None, ...] | None = None
    weights: tuple[Annotated[int, Field(ge=0, le=10**6)], ...] | None = None
    factories: Annotated[int, Field(ge=1, le=10_000)] = 1
    stage_machines: tuple[Annotated[int, Field(ge=1)], ...] | None = None

    def __post_init__(self) -> None:
        problems = [*self._shape_problems()] or [*self._sense_problems()]
        if problems:
            text = "; ".join(str(problem) for problem in problems)
            raise PydanticCustomError("instance", text, {"problems": tuple(problems)})

    @property
    def jobs(self) -> int:
        """The number of jobs, n."""
        return len(self.durations)

    @property
    def machines(self) -> int:
        """The number of machines or stages, m."""
        return len(self.durations[0])

    def setup(self, machine: int, before: int | None, after: int) -> int:
        """Return the ticks of set-up on a machine between two jobs; `before` is None at the start."""
        if before is None:
            return 0 if self.first_setups is None else self.first_setups[machine][after]
        return 0 if self.setups is None else self.setups[machine][before][after]

    def _shape_problems(self) -> Iterator[Problem]:
        if not self.durations or not self.durations[0]:
            yield Problem(path="durations", message="needs one job and one machine at least")
            return
        n, m = self.jobs, self.machines
        for index, row in enumerate(self.durations):
            if len(row) != m:
                yield Problem(
                    path=f"durations.{index}", message=f"has {len(row)} machines, the first has {m}"
                )
        rows = ((self.releases, "releases"), (self.dues, "dues"), (self.weights, "weights"))
        for values, field in rows:
            if values is not None and len(values) != n:
                yield Problem(path=field, message=f"has {len(values)} values for {n} jobs")
        if self.stage_machines is not None and len(self.stage_machines) != m:
            found = len(self.stage_machines)
            yield Problem(path="stage_machines", message=f"has {found} values for {m} stages")
        if self.setups is not None and _shape(self.setups) != {(m, n, n)}:
            yield Problem(path="setups", message=f"needs {m} x {n} x {n} values")
        if self.first_setups is not None and _shape((self.first_setups,)) != {(1, m, n)}:
            yield Problem(path="first_setups", message=f"needs {m} x {n} values")

    def _sense_problems(self) -> Iterator[Problem]:
        with_setups = self.setups is not None or self.first_setups is not None
        if with_setups and self.kind not in {"permutation", "no_wait"}:
            yield Problem(path="setups", message=f"a {self.kind} shop takes none; use permutation or no_wait")
        if (self.stage_machines is not None) != (self.kind == "hybrid"):
            yield Problem(path="stage_machines", message="belongs to a hybrid shop, and only there")
        if self.factories > 1 and self.kind == "hybrid":
            yield Problem(path="factories", message="a hybrid shop has one; use parallel machines")
        total = sum(map(sum, self.durations)) + max(self.releases or (0,))
        for rows in self.setups or ():
            total += sum(max(row) for row in rows)
        for row in self.first_setups or ():
            total += max(row)
        if total > LARGEST_TIME:
            message = f"all times add up to {total} ticks, more than {LARGEST_TIME}; use a longer tick"
            yield Problem(path="durations", message=message)
        elif total * sum(self.weights or (self.jobs,)) > 2**60:
            yield Problem(path="weights", message=f"are too large for {total} ticks; make them smaller")


def _shape(values: tuple[tuple[tuple[int, ...], ...], ...]) -> set[tuple[int, int, int]]:
    """Return the shapes that a nested tuple has; one where it is regular."""
    return {(len(values), len(rows), len(row)) for rows in values for row in rows}


@record
class Timing(Record):
    """When everything happens.

    Attributes
    ----------
    starts
        Tick at which each operation starts, ``starts[job][machine]``; it ends after its duration.
    units
        Which of the parallel machines does it, ``units[job][machine]``, counted from 0.
    completions
        Tick at which each job is complete.
    """

    starts: tuple[tuple[int, ...], ...]
    units: tuple[tuple[int, ...], ...]
    completions: tuple[int, ...]


def decode(shop: FlowShop, sequences: Sequences) -> Timing:
    """Return the earliest times at which the jobs can run in their sequences.

    A plain recursion that shares nothing with the compiled kernels: their answers are checked by it.

    Parameters
    ----------
    shop
        The shop.
    sequences
        One for each factory.

    Raises
    ------
    PlanError
        If the sequences do not hold each job once, or are not one for each factory.
    """
    found = sorted(job for sequence in sequences for job in sequence)
    if len(sequences) != shop.factories or found != list(range(shop.jobs)):
        raise PlanError(
            f"{len(sequences)} sequences with jobs {found[:8]}: need {shop.factories} "
            f"that hold each of the {shop.jobs} jobs once"
        )
    starts = [(0,) * shop.machines] * shop.jobs
    units = [(0,) * shop.machines] * shop.jobs
    for sequence in sequences:
        if shop.kind == "hybrid":
            _stages(shop, sequence, starts, units)
            continue
        free, before = [0] * shop.machines, None
        for job in sequence:
            starts[job], free = _next(shop, free, before, job)
            before = job
    ends = tuple(row[-1] + work[-1] for row, work in zip(starts, shop.durations, strict=True))
    return Timing(starts=tuple(starts), units=tuple(units), completions=ends)


def _next(shop: FlowShop, free: list[int], before: int | None, job: int) -> tuple[tuple[int, ...], list[int]]:
    """Return the starts of a job behind others, and when it leaves the machines."""
    work = shop.durations[job]
    ready = [free[i] + shop.setup(i, before, job) for i in range(shop.machines)]
    time = 0 if shop.releases is None else shop.releases[job]
    if shop.kind == "no_wait":
        for i in range(shop.machines):
            time = max(time, ready[i] - sum(work[:i]))
        starts = [time + sum(work[:i]) for i in range(shop.machines)]
    else:
        starts = []
        for i in range(shop.machines):
            starts.append(max(time, ready[i]))
            time = starts[-1] + work[i]
    leaves = [start + ticks for start, ticks in zip(starts, work, strict=True)]
    if shop.kind == "blocking":
        leaves[:-1] = starts[1:]
    return tuple(starts), leaves


def _stages(
    shop: FlowShop, sequence: tuple[int, ...], starts: list[tuple[int, ...]], units: list[tuple[int, ...]]
) -> None:
    """Fill starts and units of a hybrid shop, stage by stage."""
    assert shop.stage_machines is not None
    ready = [0] * shop.jobs if shop.releases is None else list(shop.releases)
    order = list(sequence)
    for stage, count in enumerate(shop.stage_machines):
        if stage > 0:
            order.sort(key=lambda job: ready[job])
        free = [0] * count
        for job in order:
            unit = min(range(count), key=lambda number: free[number])
            start = max(ready[job], free[unit])
            ready[job] = free[unit] = start + shop.durations[job][stage]
            starts[job] = (*starts[job][:stage], start, *starts[job][stage + 1 :])
            units[job] = (*units[job][:stage], unit, *units[job][stage + 1 :])


def value_of(shop: FlowShop, sequences: Sequences, objective: str = "makespan") -> int:
    """Return the value of the sequences, by the plain recursion of :func:`decode`.

    Raises
    ------
    UnknownNameError
        If there is no such objective.
    PlanError
        If the sequences do not hold each job once.
    """
    if objective not in FLOW_SHOP_OBJECTIVES:
        raise UnknownNameError.among("objective of a flow shop", objective, FLOW_SHOP_OBJECTIVES)
    ends = decode(shop, sequences).completions
    if objective == "makespan":
        return max(ends)
    weights = shop.weights or (1,) * shop.jobs
    if objective == "total_weighted_flow_time":
        releases = shop.releases or (0,) * shop.jobs
        return sum(w * (end - r) for w, end, r in zip(weights, ends, releases, strict=True))
    dues = shop.dues or (None,) * shop.jobs
    late = [0 if due is None else max(0, end - due) for end, due in zip(ends, dues, strict=True)]
    if objective == "maximum_tardiness":
        return max(late)
    return sum(w * ticks for w, ticks in zip(weights, late, strict=True))
