"""One sequence on all machines, solved exactly: dynamic programming over sets of jobs.

A label is a line after some jobs: which ones, the family of the last, when each machine is free, the cost.
All sequences grow job by job, in layers of equal length. A label whose machines are free no earlier and whose
cost is no smaller than another's with the same jobs and family can be dropped, as can one whose cost and
bound on the rest reach the best schedule known.

References
----------
Held and Karp (1962), A dynamic programming approach to sequencing problems, Journal of SIAM 10:196-210.
Ibaraki (1977), The power of dominance relations in branch-and-bound algorithms, Journal of the
ACM 24:264-279.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from opt_twin import __version__
from opt_twin.plan import Schedule
from opt_twin.results import Result, Status, StopReason, TracePoint
from opt_twin.scheduling.bounds import heads, lower_bound, tails
from opt_twin.scheduling.flow_line import FlowLine
from opt_twin.scheduling.instance import SchedulingInstance
from opt_twin.scheduling.objectives import beyond_classical, evaluate_objective
from opt_twin.scheduling.timing import in_sequence
from opt_twin.solvers import OnProgress, SolveOptions, Stop

__all__ = ["MOST_JOBS", "MOST_STEPS", "LabelSolver", "RestBounds"]

MOST_JOBS = 16
"""The bounds on the rest have a row for each set of jobs."""

MOST_STEPS = 20_000_000
"""Sets x jobs x families x machines: what the bounds on the rest take; about two seconds."""

_NEVER = 2**61
_WIDTHS = (300, 3_000, 20_000, 60_000)
_COMPARED = 32
"""How many neighbours in the order of cost a label is compared with."""

_Ints = npt.NDArray[np.int64]


class RestBounds:
    """For each set of jobs done and each last family, bounds on the free time of a machine and on the cost.

    Each machine is taken alone: a job starts on it no earlier than its head and is complete no earlier than
    its tail after that; set-ups are those of the sequence.

    Attributes
    ----------
    free
        ``free[k][set, family]``: machine k is not free earlier once the set is done.
    rest
        ``rest[set, family]``: the jobs not in the set cost no less (their sum, or the largest).

    Notes
    -----
    Let L(S, f) be the least time at which the machine alone can have done S with family f last, and
    t_j(S, f) = max(L(S, f) + c(f, f_j), r_j) + p_j. In every schedule in which j follows the set S that ends
    with f, the machine has done j no earlier than t_j(S, f), so j costs at least its cost at t_j(S, f) + q_j.
    The least sum of these costs over all sequences is a bound, and follows from the last set to the first.
    """

    def __init__(self, instance: SchedulingInstance, line: FlowLine) -> None:
        self._line = line
        self._heads = [heads(job) for job in instance.jobs]
        self._tails = [tails(job) for job in instance.jobs]
        self._members = np.arange(1 << line.count, dtype=np.int64)
        size = np.zeros(1 << line.count, dtype=np.int64)
        for job in range(line.count):
            size += (self._members >> job) & 1
        self._layers = [np.nonzero(size == count)[0] for count in range(line.count + 1)]
        self.free = [self._free(position) for position in range(len(line.route))]
        self.rest = np.zeros((1 << line.count, len(line.setups)), dtype=np.int64)
        for position in range(len(line.route)):
            np.maximum(self.rest, self._rest(position), out=self.rest)

    def _done(self, position: int, free: _Ints, family: int, job: int) -> _Ints:
        """Return when a machine that is free at `free` and set up for `family` can have done `job`."""
        line, head = self._line, self._heads[job][position]
        start = np.maximum(free + line.setups[family][line.families[job]][position], head.start)
        done: _Ints = np.minimum(np.maximum(start + line.steps[job][position][0], head.end), _NEVER)
        return done

    def _free(self, position: int) -> _Ints:
        line = self._line
        found = np.full((1 << line.count, len(line.setups)), _NEVER, dtype=np.int64)
        found[0, -1] = 0
        for layer in self._layers[:-1]:
            for job in range(line.count):
                sets = layer[(layer >> job) & 1 == 0]
                into = sets | (1 << job)
                column = line.families[job]
                for family in range(len(line.setups)):
                    done = self._done(position, found[sets, family], family, job)
                    found[into, column] = np.minimum(found[into, column], done)
        return found

    def _rest(self, position: int) -> _Ints:
        line = self._line
        found = np.full((1 << line.count, len(line.setups)), _NEVER, dtype=np.int64)
        found[-1] = 0
        for layer in reversed(self._layers[:-1]):
            for job in range(line.count):
                sets = layer[(layer >> job) & 1 == 0]
                later = found[sets | (1 << job), line.families[job]]
                for family in range(len(line.setups)):
                    free = self.free[position][sets, family]
                    end = self._done(position, free, family, job) + self._tails[job][position].end
                    cost = costs(line, job, end, sum(line.setups[family][line.families[job]]))
                    total = cost + later if line.is_sum else np.maximum(cost, later)
                    deadline = line.deadlines[job]
                    late = free >= _NEVER if deadline is None else (free >= _NEVER) | (end > deadline)
                    total = np.where(late, _NEVER, np.minimum(total, _NEVER))
                    found[sets, family] = np.minimum(found[sets, family], total)
        return found


def costs(line: FlowLine, job: int, end: _Ints, setup: int) -> _Ints:
    """Return :meth:`FlowLine.cost` for many ends."""
    if line.is_late:
        due = line.dues[job]
        late = np.zeros_like(end) if due is None else np.maximum(end - due, 0)
        return np.minimum(late, _NEVER >> 21) * line.weights[job] if line.is_sum else late
    if line.is_flow:
        return np.minimum(end - line.releases[job], _NEVER >> 21) * line.weights[job]
    return np.full_like(end, setup) if line.is_sum else end


@dataclass(frozen=True, slots=True)
class _Labels:
    """All labels of one length, as columns."""

    done: _Ints
    family: _Ints
    ends: _Ints
    cost: _Ints
    bound: _Ints
    """Cost, with the bound on the rest."""
    parent: _Ints
    job: _Ints

    def take(self, chosen: npt.NDArray[np.int64] | npt.NDArray[np.bool_]) -> _Labels:
        """Return the chosen rows."""
        return _Labels(
            self.done[chosen],
            self.family[chosen],
            self.ends[chosen],
            self.cost[chosen],
            self.bound[chosen],
            self.parent[chosen],
            self.job[chosen],
        )


class _Sweep(NamedTuple):
    """What one pass through all layers found."""

    bound: int
    """No schedule better than the one known costs less."""
    sequence: tuple[int, ...] | None
    """A better sequence."""


class _Search:
    """The layers of labels of one instance."""

    def __init__(self, instance: SchedulingInstance, objective: str) -> None:
        self.line = FlowLine(instance, objective)
        self._bounds = RestBounds(instance, self.line)

    def sweep(self, width: int, upper: int, halt: Callable[[], bool]) -> _Sweep | None:
        """Return what the labels with the `width` least bounds of each layer give; None when halted.

        What is left out limits the bound.
        """
        line = self.line
        zero = np.zeros(1, dtype=np.int64)
        layer = _Labels(
            zero,
            np.full(1, len(line.setups) - 1, dtype=np.int64),
            np.zeros((1, len(line.route)), dtype=np.int64),
            zero,
            zero,
            zero,
            zero,
        )
        history: list[tuple[_Ints, _Ints]] = []
        lowest = upper
        for _ in range(line.count):
            parts: list[_Labels] = []
            for job in range(line.count):
                if halt():
                    return None
                parts.append(self._extended(layer, job, upper))
            layer = _undominated(_joined(parts))
            if len(layer.cost) > width:
                order = np.argsort(layer.bound, kind="stable")
                lowest = min(lowest, int(layer.bound[order[width]]))
                layer = layer.take(order[:width])
            history.append((layer.parent, layer.job))
        if not len(layer.cost):
            return _Sweep(lowest, None)
        best = int(np.argmin(layer.cost))
        return _Sweep(min(lowest, int(layer.cost[best])), _sequence(history, best))

    def _extended(self, layer: _Labels, job: int, upper: int) -> _Labels:
        """Return the labels of `layer` with `job` behind, those that may lead below `upper`."""
        line = self.line
        rows = np.nonzero((layer.done >> job) & 1 == 0)[0]
        family = line.families[job]
        setups = np.array([row[family] for row in line.setups], dtype=np.int64)[layer.family[rows]]
        earliest = np.maximum(layer.ends[rows] + setups, line.releases[job])
        ends = np.empty_like(earliest)
        start = end = np.zeros(len(rows), dtype=np.int64)
        for position, (duration, lead, tail, elastic) in enumerate(line.steps[job]):
            if position == 0:
                start, end = earliest[:, 0], earliest[:, 0] + duration
            else:
                start, end = np.maximum(earliest[:, position], start + lead), end + tail
                if not elastic:
                    start = np.maximum(start, end - duration)
                end = np.maximum(end, start + duration)
            ends[:, position] = end
        added = setups.sum(axis=1) if line.is_setup else costs(line, job, end, 0)
        cost = layer.cost[rows] + added if line.is_sum else np.maximum(layer.cost[rows], added)
        done = layer.done[rows] | (1 << job)
        rest = self._bounds.rest[done, family]
        bound = np.minimum(cost + rest, _NEVER) if line.is_sum else np.maximum(cost, rest)
        made = _Labels(done, np.full_like(done, family), ends, cost, bound, rows, np.full_like(done, job))
        deadline = line.deadlines[job]
        return made.take(bound < upper if deadline is None else (bound < upper) & (end <= deadline))


def _joined(parts: list[_Labels]) -> _Labels:
    return _Labels(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("done", "family", "ends", "cost", "bound", "parent", "job")
        )
    )


def _undominated(labels: _Labels) -> _Labels:
    """Return the labels without those that are found to be no better than another.

    In the order of set, family and cost, each is compared with those shortly before it.
    """
    order = np.lexsort((*labels.ends.T[::-1], labels.cost, labels.family, labels.done))
    kept = labels.take(order)
    for distance in range(1, _COMPARED + 1):
        same = (kept.done[distance:] == kept.done[:-distance]) & (
            kept.family[distance:] == kept.family[:-distance]
        )
        if not same.any():
            break
        worse = same & (kept.ends[:-distance] <= kept.ends[distance:]).all(axis=1)
        kept = kept.take(np.concatenate([np.ones(min(distance, len(kept.cost)), dtype=bool), ~worse]))
    return kept


def _sequence(history: list[tuple[_Ints, _Ints]], row: int) -> tuple[int, ...]:
    """Follow the labels from the last to the first: (parents, jobs) of each layer."""
    found: list[int] = []
    for parents, jobs in reversed(history):
        found.append(int(jobs[row]))
        row = int(parents[row])
    return tuple(reversed(found))


class LabelSolver:
    """Dynamic programming over sets of jobs, for one sequence on all machines."""

    name = "labels"

    def refuses(self, instance: SchedulingInstance, objective: str) -> str | None:
        """Return why not: the labels are for a few jobs in one sequence on all machines."""
        beyond = beyond_classical(instance, objective)
        if beyond is not None:
            return beyond
        if not instance.permutation:
            return "labels are for instances with one sequence on all machines (permutation); use cp-sat"
        if len(instance.jobs) > MOST_JOBS:
            return f"labels are for {MOST_JOBS} jobs or fewer, there are {len(instance.jobs)}; use cp-sat"
        count, families = len(instance.jobs), len({job.family for job in instance.jobs})
        if (1 << count) * count * (families + 1) * len(instance.jobs[0].operations) > MOST_STEPS:
            return f"{count} jobs of {families} families on so many machines are too many labels; use cp-sat"
        return None

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
        """Return the best schedule found; see :class:`~opt_twin.scheduling.solver.SchedulingSolver`.

        The layers are swept several times, with more labels each time, until none had to be left out.
        """
        run = _Run(instance, objective, options, start, on_progress, stop)
        try:
            run.sweep_all()
        except KeyboardInterrupt:
            run.reason = StopReason.INTERRUPTED
        return run.result()


class _Run:
    """One solve: what is known so far."""

    def __init__(
        self,
        instance: SchedulingInstance,
        objective: str,
        options: SolveOptions,
        start: Schedule | None,
        on_progress: OnProgress | None,
        stop: Stop | None,
    ) -> None:
        self._started = time.perf_counter()
        self._instance, self._objective, self._options = instance, objective, options
        self._on_progress, self._stop = on_progress, stop
        self.reason = StopReason.BUDGET
        self._trace: list[TracePoint] = []
        self._best = start
        self._value = None if start is None else evaluate_objective(instance, start, objective)
        self._bound = lower_bound(instance, objective)
        self._infeasible = False

    def _halt(self) -> bool:
        if self._stop is not None and self._stop():
            self.reason = StopReason.INTERRUPTED
        elif time.perf_counter() - self._started > self._options.time_limit:
            self.reason = StopReason.TIME_LIMIT
        return self.reason is not StopReason.BUDGET

    def sweep_all(self) -> None:
        """Sweep with more and more labels, until the bound meets the value or a limit is reached."""
        if self._value is not None and self._value <= self._bound:
            return
        search = _Search(self._instance, self._objective)
        for width in _WIDTHS:
            upper = _NEVER if self._value is None else self._value
            found = search.sweep(width, upper, self._halt)
            if found is None:
                return
            if found.sequence is not None:
                self._best = in_sequence(self._instance, found.sequence)
                self._value = evaluate_objective(self._instance, self._best, self._objective)
            if found.sequence is None and self._value is None and found.bound == _NEVER:
                self._infeasible = True
                return
            self._bound = max(self._bound, found.bound)
            self._note()
            if self._value is not None and self._value - self._bound <= self._options.gap * self._value:
                self.reason = StopReason.GAP_LIMIT
                return

    def _note(self) -> None:
        point = TracePoint(time.perf_counter() - self._started, self._value, self._bound)
        last = self._trace[-1] if self._trace else None
        if last is None or last[1:] != point[1:]:
            self._trace.append(point)
            if self._on_progress is not None:
                self._on_progress(point)

    def result(self) -> Result[Schedule]:
        """Return what is known."""
        if self._infeasible:
            status = Status.INFEASIBLE
        elif self._value is None:
            status = Status.UNKNOWN
        else:
            status = Status.OPTIMAL if self._value <= self._bound else Status.FEASIBLE
        proved = status in {Status.OPTIMAL, Status.INFEASIBLE}
        return Result(
            status=status,
            stop_reason=StopReason.PROVED if proved else self.reason,
            best=self._best,
            objective=self._value,
            bound=None if self._infeasible else self._bound,
            runtime=time.perf_counter() - self._started,
            solver=LabelSolver.name,
            solver_version=__version__,
            seed=self._options.seed,
            workers=1,
            objective_name=self._objective,
            trace=tuple(self._trace),
        )
