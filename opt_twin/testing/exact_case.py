"""A line whose long-run behaviour is known exactly, and how to ask the simulator for it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from opt_twin.line import Exponential, Line
from opt_twin.plan import Plan
from opt_twin.results import Estimate, Evaluation
from opt_twin.simulation import RunSettings, simulate
from opt_twin.testing.tiny_lines import serial_line

__all__ = [
    "CONFIDENCE",
    "AllocationCase",
    "Effort",
    "ExactCase",
    "Known",
    "allocations",
    "per_second",
    "taken",
]

CONFIDENCE = 0.999
"""Of the interval that must cover an exact value."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How much is simulated.

    Attributes
    ----------
    replications
        Independent runs.
    horizon, warm_up
        Of each, seconds; the warm-up is part of the horizon.
    """

    replications: int
    horizon: float
    warm_up: float = 0.0

    def times(self, factor: float) -> Effort:
        """Return the effort with runs longer by `factor`, the warm-up unchanged."""
        return Effort(
            replications=self.replications,
            horizon=self.warm_up + factor * (self.horizon - self.warm_up),
            warm_up=self.warm_up,
        )

    def settings(self, *, workers: int = 1) -> RunSettings:
        """Return the settings of the simulator, all checks on."""
        return RunSettings(
            horizon=self.horizon, warm_up=self.warm_up, replications=self.replications, workers=workers
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A quantity of a line that is known.

    Attributes
    ----------
    symbol
        What it is, in a word or a letter of the literature.
    exact
        Its value, to the digits given; times in seconds, rates per second.
    simulated
        Takes it from an evaluation: one value for each replication, shape (replications,).
    theory
        Calculates it with :mod:`opt_twin.theory`; None where no function there does.
    """

    symbol: str
    exact: float
    simulated: Callable[[Evaluation], Floats]
    theory: Callable[[], float] | None = None

    def estimate(self, evaluation: Evaluation, confidence: float = CONFIDENCE) -> Estimate:
        """Return the simulated value with its interval."""
        return Estimate.of(self.simulated(evaluation), confidence)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExactCase:
    """A line of which something is known.

    Attributes
    ----------
    name, group
        Unique; and what the case is an example of.
    line, plan
        What is run.
    known
        What is known of it.
    source
        Of the values.
    effort
        At which the interval covers the exact values and, where there is one, the wrong line is told apart.
    deterministic
        Whether a single run gives the exact value, to the last bit.
    wrong
        The same line under a wrong convention (the other clock of failures, other places): at the stated
        effort the interval of something that is known does not cover its exact value. None where no
        convention is at stake.
    quick
        Whether the case is run by the quick tests.
    note
        How the simulator is made to mean what the source means; empty where it is plain.
    """

    name: str
    group: str
    line: Line
    known: tuple[Known, ...]
    source: str
    effort: Effort
    plan: Plan | None = None
    deterministic: bool = False
    wrong: Line | None = None
    quick: bool = False
    note: str = ""

    def simulate(self, effort: Effort | None = None, *, seed: int = 1, workers: int = 1) -> Evaluation:
        """Run the line with `effort`, that of the case unless given."""
        settings = (effort or self.effort).settings(workers=workers)
        return simulate(self.line, settings=settings, plan=self.plan, seed=seed)

    def simulate_wrong(self, effort: Effort | None = None, *, seed: int = 1, workers: int = 1) -> Evaluation:
        """Run the line of the wrong convention; there must be one."""
        assert self.wrong is not None
        return simulate(self.wrong, settings=(effort or self.effort).settings(workers=workers), seed=seed)

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationCase:
    """Places to share out between exponential stations of rate 1, with the best way proven by enumeration.

    Attributes
    ----------
    stations, places
        How many there are; the places are shared out between neighbouring stations.
    best
        The best allocations; the mirror of one is as good as itself (reversibility).
    exact
        Their throughput.
    source, effort, quick
        As in :class:`ExactCase`; the effort is that of each allocation.
    """

    stations: int
    places: int
    best: tuple[tuple[int, ...], ...]
    exact: float
    source: str
    effort: Effort
    quick: bool = False

    @property
    def name(self) -> str:
        """What the case is called."""
        return f"{self.places} places between {self.stations} stations"

    def line(self, allocation: tuple[int, ...]) -> Line:
        """Return the line with that many places behind each station but the last."""
        return serial_line(
            f"places {allocation}", (Exponential(mean=1.0),) * self.stations, buffers=allocation
        )

    def simulate(
        self, effort: Effort | None = None, *, seed: int = 1, workers: int = 1
    ) -> dict[tuple[int, ...], Floats]:
        """Run every allocation on the same random numbers; return parts per second in each replication."""
        settings = (effort or self.effort).settings(workers=workers)
        return {
            allocation: per_second(simulate(self.line(allocation), settings=settings, seed=seed))
            for allocation in allocations(self.stations, self.places)
        }

    def __str__(self) -> str:
        return self.name


def allocations(stations: int, places: int) -> tuple[tuple[int, ...], ...]:
    """Return every way to share out `places` between `stations` in a row.

    Examples
    --------
    >>> allocations(3, 2)
    ((0, 2), (1, 1), (2, 0))
    """
    slots = stations - 1
    bars = combinations(range(places + slots - 1), slots - 1)
    ends = [(-1, *chosen, places + slots - 1) for chosen in bars]
    found = tuple(tuple(end[i + 1] - end[i] - 1 for i in range(slots)) for end in ends)
    assert len(found) == math.comb(places + slots - 1, slots - 1)
    return found


def per_second(evaluation: Evaluation) -> Floats:
    """Return the parts per second that left through the sinks."""
    rate: Floats = evaluation["throughput"] / 3600
    return rate


def taken(measure: str, *, times: float = 1.0, plus: float = 0.0) -> Callable[[Evaluation], Floats]:
    """Return a function that takes `times` a measure `plus` a constant from an evaluation."""

    def value(evaluation: Evaluation) -> Floats:
        values: Floats = times * evaluation[measure] + plus
        return values

    return value
