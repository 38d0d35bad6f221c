"""Replications until the intervals are narrow enough."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from contextlib import nullcontext
from dataclasses import dataclass

import numpy as np

from opt_twin.errors import EvaluationError, OptionError
from opt_twin.line import Line
from opt_twin.plan import Plan
from opt_twin.records import FrozenMapping
from opt_twin.results import Estimate, Evaluation, RunWarning, WarningCode
from opt_twin.simulation.evaluator import SimulationEvaluator, pooled_evaluator
from opt_twin.simulation.settings import RunSettings

__all__ = ["OnBlock", "SequentialRun", "simulate_until"]

OnBlock = Callable[[Evaluation, float], None]
"""Called after each block with what is there, and with the largest half width as a multiple of its goal."""

_FEWEST = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class SequentialRun:
    """What replications until a precision found.

    Attributes
    ----------
    evaluation
        All replications.
    goals
        Measure -> the half width that its interval may have, in its unit, given the mean that was found.
    confidence
        Of the intervals.
    reached
        Whether every interval is as narrow as asked for.
    interrupted
        Whether Ctrl-C ended the run before.
    """

    evaluation: Evaluation
    goals: Mapping[str, float]
    confidence: float
    reached: bool
    interrupted: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "goals", FrozenMapping(self.goals))

    @property
    def estimates(self) -> dict[str, Estimate]:
        """Measure -> its estimate, for those that a precision was asked for."""
        return {name: self.evaluation.estimate(name, self.confidence) for name in self.goals}

    @property
    def warnings(self) -> tuple[RunWarning, ...]:
        """One for each measure whose interval is wider than asked for."""
        return tuple(
            RunWarning(
                code=WarningCode.IMPRECISE,
                message=f"{name}: {estimate} after {estimate.replications} replications, where a half width "
                f"of {self.goals[name]:.3g} was asked for",
            )
            for name, estimate in self.estimates.items()
            if not _half_width(estimate) <= self.goals[name]
        )


def simulate_until(
    line: Line,
    *,
    settings: RunSettings = RunSettings(),  # noqa: B008  frozen
    measures: Mapping[str, float] = FrozenMapping({"throughput": 0.01}),
    absolute: Mapping[str, float] = FrozenMapping(),
    confidence: float = 0.95,
    max_replications: int = 1000,
    plan: Plan | None = None,
    seed: int = 0,
    on_progress: OnBlock | None = None,
    executor: Executor | None = None,
) -> SequentialRun:
    """Add replications until the interval of each measure is as narrow as asked for.

    The first block has ``settings.replications``. After each block the half widths h are looked at. A
    relative precision p is reached when h / abs(mean) <= p / (1 + p): then h is at most p times the *true*
    mean, as far as the interval covers it. An absolute precision is reached when h is at most that. The next
    block has as many replications as would do at the standard deviations seen so far, at least a quarter of
    the first block and at most as many as there are already.

    The answer depends on the line, the settings and the seed only, not on the number of workers. Ctrl-C after
    the first block ends the run with the whole blocks that are there.

    Parameters
    ----------
    line, plan, seed
        What is run, under what, and on which streams.
    settings
        How; `replications` is the size of the first block, 2 or more. At 10 or more the interval at the end
        covers the mean nearly as often as it says.
    measures
        Measure -> relative half width: 0.01 for one per cent.
    absolute
        Measure -> half width in the unit of the measure.
    confidence
        Of each interval. All of k intervals hold together with at least 1 - k (1 - confidence) (Bonferroni).
    max_replications
        The run ends with these, precise enough or not.
    on_progress
        Called after each block.
    executor
        Where replications are run when `settings` ask for several workers; None starts processes once for
        this call.

    Raises
    ------
    OptionError
        If no measure is given, a precision is not above 0, or there are fewer than 2 replications or fewer
        than the first block in all.
    UnknownNameError
        If there is no such measure.
    EvaluationError
        If a measure is no number in some replication.
    OptTwinError
        What :func:`~opt_twin.simulation.simulate` raises.

    References
    ----------
    Law (2015), Simulation modeling and analysis, section 9.4.1; Chow and Robbins (1965), On the asymptotic
    theory of fixed-width sequential confidence intervals for the mean, Annals of Mathematical Statistics 36.

    Examples
    --------
    >>> from opt_twin.testing import single_queue
    >>> result = simulate_until(single_queue(), measures={"throughput": 0.02}, seed=1)
    >>> result.reached, result.warnings
    (True, ())
    """
    precision = _Precision(measures, absolute, confidence)
    _check(settings, precision, max_replications)
    with (
        pooled_evaluator(settings)
        if executor is None
        else nullcontext(SimulationEvaluator(settings, executor))
    ) as evaluator:

        def more(first: int, count: int) -> Evaluation:
            return evaluator.replicate(line, first=first, count=count, plan=plan, seed=seed)

        return _until(precision, more, settings, max_replications, on_progress)


@dataclass(frozen=True, slots=True)
class _Precision:
    measures: Mapping[str, float]
    absolute: Mapping[str, float]
    confidence: float

    def goals(self, found: Evaluation) -> dict[str, float]:
        """Return the half width that each measure may have; the narrower where two are asked for."""
        goals: dict[str, float] = {}
        for name in (*self.measures, *self.absolute):
            values = found[name]
            wrong = np.flatnonzero(~np.isfinite(values))
            if wrong.size:
                raise EvaluationError(
                    f"{name!r} is no number in replication {found.replications[wrong[0]]}: no precision can "
                    "be reached; maybe no part left the line, and the horizon is too short"
                )
            goal = self.absolute.get(name, math.inf)
            if name in self.measures:
                relative = self.measures[name]
                goal = min(goal, relative / (1 + relative) * abs(float(values.mean())))
            goals[name] = goal
        return goals

    def excess(self, found: Evaluation) -> float:
        """Return the largest half width as a multiple of its goal; at most 1 when all are reached."""
        most = 0.0
        for name, goal in self.goals(found).items():
            half_width = _half_width(found.estimate(name, self.confidence))
            if half_width > 0:
                most = max(most, half_width / goal if goal else math.inf)
        return most


def _check(settings: RunSettings, precision: _Precision, most: int) -> None:
    if not precision.measures and not precision.absolute:
        raise OptionError("give a measure and the precision that it should have")
    for name, wanted in (*precision.measures.items(), *precision.absolute.items()):
        if not 0 < wanted < math.inf:
            raise OptionError(f"the precision of {name!r} must be above 0, got {wanted:g}")
    if settings.replications < _FEWEST:
        raise OptionError(f"an interval needs {_FEWEST} or more replications, got {settings.replications}")
    if most < settings.replications:
        raise OptionError(
            f"max_replications ({most}) must not be below the replications of the first block "
            f"({settings.replications})"
        )


def _until(
    precision: _Precision,
    more: Callable[[int, int], Evaluation],
    settings: RunSettings,
    most: int,
    on_progress: OnBlock | None,
) -> SequentialRun:
    found: Evaluation | None = None
    size, interrupted = settings.replications, False
    while size:
        done = 0 if found is None else len(found.replications)
        try:
            block = more(settings.first_replication + done, size)
            found = block if found is None else found.merge(block)
            excess = precision.excess(found)
            if on_progress is not None:
                on_progress(found, excess)
        except KeyboardInterrupt:
            if found is None:
                raise
            interrupted = True
            break
        size = _next_block(done + size, excess, settings.replications, most)
    assert found is not None
    return SequentialRun(
        evaluation=found,
        goals=precision.goals(found),
        confidence=precision.confidence,
        reached=precision.excess(found) <= 1,
        interrupted=interrupted,
    )


def _half_width(estimate: Estimate) -> float:
    return math.inf if estimate.half_width is None else estimate.half_width


def _next_block(done: int, excess: float, first: int, most: int) -> int:
    if excess <= 1:
        return 0
    wanted = math.ceil(done * min(excess**2, 2.0)) - done
    return min(max(wanted, math.ceil(first / 4)), done, most - done)
