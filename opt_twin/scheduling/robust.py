"""The schedule that is best on the floor, not on paper: candidates, executed under failures and variation."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from opt_twin.errors import OptionError, PlanError
from opt_twin.line import Line
from opt_twin.plan import Schedule
from opt_twin.results import Estimate, Evaluation, Replicator, cvar_of
from opt_twin.scheduling.features import CLASSICAL, missing_features
from opt_twin.scheduling.instance import SchedulingInstance
from opt_twin.scheduling.objectives import evaluate_objective, on_machine_in_order
from opt_twin.scheduling.solve import solve_schedule
from opt_twin.scheduling.timing import in_sequence, orders_of, schedule_of, sequence_of, timed
from opt_twin.scheduling.verify import verify
from opt_twin.solvers import SolveOptions

__all__ = ["Candidate", "OnTime", "RobustChoice", "RobustScore", "candidates", "robust_choice"]

Criterion = Literal["expected", "tail"]
_Floats = npt.NDArray[np.float64]


class Candidate(NamedTuple):
    """A schedule that may prove good on the floor.

    Attributes
    ----------
    schedule
        It is feasible for the instance that it was made for.
    planned
        Its objective there, in ticks (times weight).
    origin
        Where it comes from.
    """

    schedule: Schedule
    planned: int
    origin: str


class OnTime(NamedTuple):
    """How often an order is complete by its due date.

    Attributes
    ----------
    share
        Of the replications.
    low, high
        The interval of Wilson (1927) for the probability, 95 %.
    """

    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RobustScore:
    """What became of one schedule on the floor.

    Attributes
    ----------
    candidate
        The schedule.
    expected
        Mean of the objective over the replications, in seconds (times weight).
    tail
        Mean over the worst of them (conditional value at risk).
    on_time
        Order -> how often it was on time; orders with a due date only.
    gain
        By how much it is better than the schedule that is best on paper: its mean objective less this one's,
        replication by replication under the same random numbers. None for that schedule itself.
    """

    candidate: Candidate
    expected: Estimate
    tail: Estimate
    on_time: Mapping[str, OnTime]
    gain: Estimate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RobustChoice:
    """Schedules in the order of what they are worth on the floor.

    Attributes
    ----------
    objective
        What was minimised.
    criterion, level
        By what they are ordered: ``expected``, or ``tail``, the mean of the worst ``1 - level``.
    scores
        The best first.
    confirmed
        The first of them in as many further replications, which played no part in the choice: the best of
        many looks better than it is. Its gain is the one to quote.
    """

    objective: str
    criterion: Criterion
    level: float
    scores: tuple[RobustScore, ...]
    confirmed: RobustScore

    @property
    def best(self) -> Schedule:
        """The schedule to execute."""
        return self.scores[0].candidate.schedule


def robust_choice(
    instance: SchedulingInstance,
    line: Line,
    evaluator: Replicator,
    *,
    objective: str = "makespan",
    count: int = 10,
    criterion: Criterion = "expected",
    level: float = 0.9,
    replications: int = 100,
    seed: int = 0,
    options: SolveOptions | None = None,
    buffered: Sequence[SchedulingInstance] = (),
    on_progress: Callable[[int, int], None] | None = None,
) -> RobustChoice:
    """Return the best of `count` distinct schedules, as they do on the floor.

    Parameters
    ----------
    instance
        What is to be scheduled.
    line
        The floor: its stations are the machines, its orders the jobs.
    evaluator
        Executes a schedule on the line, for instance
        :class:`opt_twin.simulation.SimulationEvaluator`.
    objective
        ``makespan``, ``total_weighted_tardiness``, ``total_tardiness``, ``maximum_tardiness`` or
        ``total_weighted_flow_time``.
    count
        How many schedules are executed.
    criterion, level
        See :class:`RobustChoice`.
    replications
        Of each schedule, all under the same random numbers.
    seed
        Of the random numbers.
    options
        Limits of the search for the schedules, all together.
    buffered
        Instances of the same orders with longer durations
        (``scheduling_instance(line, allowance=0.9)``), whose best schedules are candidates too.
    on_progress
        Called with the number of schedules executed and to be executed.

    Raises
    ------
    OptionError
        If a number is out of its range, or the simulator does not measure the objective.
    PlanError
        If the machines or jobs are not those of the line, or no schedule was found.

    Notes
    -----
    All schedules meet the same failures (common random numbers), so that their differences are known much
    better than their values.

    References
    ----------
    Rockafellar and Uryasev (2000), Optimization of conditional value-at-risk, Journal of Risk 2:21-41.
    """
    if criterion not in {"expected", "tail"}:
        raise OptionError(f"a criterion is 'expected' or 'tail', not {criterion!r}")
    if count < 1 or replications < 2:
        raise OptionError(f"need 1 or more schedules and 2 or more replications, got {count}, {replications}")
    _check_measured(line, objective)
    found = candidates(instance, objective, count=count, options=options, buffered=buffered)
    first = min(range(len(found)), key=lambda index: (found[index].origin != "plan", index))
    runs = []
    for number, candidate in enumerate(found):
        runs.append(
            evaluator.replicate(line, first=0, count=replications, plan=candidate.schedule, seed=seed)
        )
        if on_progress is not None:
            on_progress(number + 1, len(found))
    values = [_realised(line, run, objective) for run in runs]
    scores = [
        _score(line, candidate, run, objective, level, None if index == first else values[first])
        for index, (candidate, run) in enumerate(zip(found, runs, strict=True))
    ]
    ranked = tuple(sorted(scores, key=lambda score: getattr(score, criterion).mean))
    winner = ranked[0].candidate
    fresh = evaluator.replicate(line, first=replications, count=replications, plan=winner.schedule, seed=seed)
    against = None
    if winner is not found[first]:
        reference = evaluator.replicate(
            line, first=replications, count=replications, plan=found[first].schedule, seed=seed
        )
        against = _realised(line, reference, objective)
    confirmed = _score(line, winner, fresh, objective, level, against)
    return RobustChoice(
        objective=objective, criterion=criterion, level=level, scores=ranked, confirmed=confirmed
    )


def candidates(
    instance: SchedulingInstance,
    objective: str = "makespan",
    *,
    count: int = 10,
    options: SolveOptions | None = None,
    buffered: Sequence[SchedulingInstance] = (),
) -> tuple[Candidate, ...]:
    """Return up to `count` schedules with distinct orders on the machines, good ones first.

    The first is the best for the instance as it is (origin ``plan``); then the best for each buffered
    instance, schedules of other seeds, and for classical shops those in which two neighbours on a machine
    change places and little is lost.

    Raises
    ------
    PlanError
        If no schedule was found in time.
    """
    limits = SolveOptions() if options is None else options
    others = max(0, min(count - 1 - len(buffered), 3))
    share = limits.time_limit / (2 + len(buffered) + others)
    result = solve_schedule(instance, objective=objective, options=limits.replace(time_limit=2 * share))
    if result.best is None:
        raise PlanError(f"no schedule of {instance.name!r} was found ({result.status}); allow more time")
    assert result.objective is not None
    found = [Candidate(result.best, int(result.objective), "plan")]
    started = time.perf_counter()
    for number, other in enumerate((*buffered, *[instance] * others)):
        if len(found) >= count:
            break
        is_buffered = number < len(buffered)
        settings = limits.replace(time_limit=share, seed=limits.seed + number + 1)
        answer = solve_schedule(other, objective=objective, options=settings)
        if answer.best is not None and answer.objective is not None:
            origin = f"longer durations {number + 1}" if is_buffered else f"seed {settings.seed}"
            found.append(Candidate(answer.best, int(answer.objective), origin))
    if missing_features(instance, CLASSICAL) is None:
        deadline = started + limits.time_limit
        near = [
            Candidate(schedule, evaluate_objective(instance, schedule, objective), "neighbour")
            for schedule in _neighbours(instance, found[0].schedule, deadline)
        ]
        found += sorted(near, key=lambda candidate: candidate.planned)
    return tuple(_distinct(found)[:count])


def _distinct(found: Sequence[Candidate]) -> list[Candidate]:
    """Return the candidates without those whose machines do the same in the same order."""
    seen: set[object] = set()
    kept = []
    for candidate in found:
        key = tuple(sorted(orders_of(candidate.schedule).items()))
        if key not in seen:
            seen.add(key)
            kept.append(candidate)
    return kept


def _neighbours(instance: SchedulingInstance, schedule: Schedule, deadline: float) -> Iterator[Schedule]:
    """Yield the feasible schedules in which two neighbours on a machine (in the sequence) change places."""
    for made in _exchanges(instance, schedule):
        if time.perf_counter() > deadline:
            return
        if made is not None and not verify(instance, made):
            yield made


def _exchanges(instance: SchedulingInstance, schedule: Schedule) -> Iterator[Schedule | None]:
    if instance.permutation:
        sequence = sequence_of(instance, schedule)
        for index in range(len(sequence) - 1):
            swapped = [*sequence]
            swapped[index : index + 2] = reversed(swapped[index : index + 2])
            yield in_sequence(instance, swapped)
        return
    orders = orders_of(schedule)
    for machine in schedule.machines:
        ordered = on_machine_in_order(schedule, machine)
        for index, _ in enumerate(pairwise(ordered)):
            own = [*orders[machine]]
            own[index : index + 2] = reversed(own[index : index + 2])
            times = timed(instance, orders | {machine: tuple(own)})
            yield None if times is None else schedule_of(instance, times)


_MEASURED = (
    "makespan",
    "total_weighted_tardiness",
    "total_tardiness",
    "maximum_tardiness",
    "total_weighted_flow_time",
)


def _check_measured(line: Line, objective: str) -> None:
    if objective not in _MEASURED:
        raise OptionError(
            f"the simulator does not measure {objective!r}; choose one of {', '.join(_MEASURED)}"
        )
    if not line.orders:
        raise PlanError(f"line {line.name!r} has no orders to execute a schedule with; add them to it")
    if objective.endswith("tardiness") and all(order.due is None for order in line.orders):
        raise OptionError(f"{objective} needs due dates, and no order of {line.name!r} has one")


def _realised(line: Line, run: Evaluation, objective: str) -> _Floats:
    """Return the objective in each replication, in seconds (times weight), shape (n,)."""
    if objective == "makespan":
        return run["makespan"]
    ends = [run[f"order.{order.name}.completion"] for order in line.orders]
    if objective == "total_weighted_flow_time":
        flows = [order.weight * (end - order.release) for order, end in zip(line.orders, ends, strict=True)]
        return np.asarray(np.sum(flows, axis=0))
    late = [
        (1.0 if objective != "total_weighted_tardiness" else order.weight) * np.maximum(0.0, end - order.due)
        for order, end in zip(line.orders, ends, strict=True)
        if order.due is not None
    ]
    return np.asarray(np.max(late, axis=0) if objective == "maximum_tardiness" else np.sum(late, axis=0))


def _score(
    line: Line,
    candidate: Candidate,
    run: Evaluation,
    objective: str,
    level: float,
    against: _Floats | None,
) -> RobustScore:
    values = _realised(line, run, objective)
    on_time = {
        order.name: _wilson(int((run[f"order.{order.name}.completion"] <= order.due).sum()), values.size)
        for order in line.orders
        if order.due is not None
    }
    return RobustScore(
        candidate=candidate,
        expected=Estimate.of(values),
        tail=cvar_of(values, level),
        on_time=on_time,
        gain=None if against is None else Estimate.of(against - values),
    )


def _wilson(hits: int, tries: int) -> OnTime:
    z = 1.959964
    share = hits / tries
    middle = (share + z * z / (2 * tries)) / (1 + z * z / tries)
    half = z * math.sqrt(share * (1 - share) / tries + z * z / (4 * tries * tries)) / (1 + z * z / tries)
    return OnTime(share, max(0.0, middle - half), min(1.0, middle + half))
