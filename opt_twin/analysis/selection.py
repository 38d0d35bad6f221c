"""The best of several lines, with a guarantee."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Literal

import numpy as np
import numpy.typing as npt

from opt_twin.analysis.allocation import allocate, correct_selection
from opt_twin.analysis.elimination import Elimination
from opt_twin.errors import EvaluationError, OptionError, UnknownNameError
from opt_twin.line import Line
from opt_twin.quantity import number_text
from opt_twin.records import Record, record
from opt_twin.results import Estimate, Replicator

__all__ = ["OnSelection", "Selection", "SelectionMethod", "select_best"]

Floats = npt.NDArray[np.float64]

OnSelection = Callable[[int, int], None]
"""Called with (replications of all lines together, lines that are left)."""

_USUAL = 1000


class SelectionMethod(StrEnum):
    """How replications are given out and the best line is found."""

    KN = "kn"
    KN_PLUS_PLUS = "kn++"
    OCBA = "ocba"


@record
class Selection(Record):
    """Which of several lines is the best in one measure.

    Attributes
    ----------
    method, measure, unit, sense
        How it was found, and in what.
    lines
        Their names.
    best
        Position of the best line in `lines`, from 0.
    survivors
        Positions of the lines that are not ruled out; more than one where the procedure was cut short. OCBA
        rules out none.
    replications
        Spent on each line.
    estimates
        Mean and 95 % interval of each line, from all its replications. The interval of the selected line is
        that of the best of several: its mean is a little too good.
    differences
        Each line minus the best with the 95 % interval, over the replications that both have, in pairs. The
        best has no difference to itself.
    indifference
        Smallest difference that matters, in the unit of the measure; None for OCBA.
    confidence
        That was asked for; None for OCBA.
    probability
        Approximate probability that `best` is the best; None for KN and KN++.
    finished
        Whether the procedure came to its end: False when the budget was too small for KN or KN++, and
        whenever Ctrl-C ended it.
    interrupted
        Whether Ctrl-C ended it.
    """

    method: SelectionMethod
    measure: str
    unit: str = ""
    sense: Literal["max", "min"]
    lines: tuple[str, ...]
    best: int
    survivors: tuple[int, ...]
    replications: tuple[int, ...]
    estimates: tuple[Estimate, ...]
    differences: tuple[Estimate, ...]
    indifference: float | None = None
    confidence: float | None = None
    probability: float | None = None
    finished: bool = True
    interrupted: bool = False

    @property
    def best_line(self) -> str:
        """Name of the best line."""
        return self.lines[self.best]

    @property
    def guarantee(self) -> str:
        """What is known about the answer, in one sentence."""
        unit = f" {self.unit}" if self.unit else ""
        if self.probability is not None:
            return (
                f"{self.best_line} is the best with an approximate probability of {self.probability:.4g}, "
                "taking the estimated means and variances as true"
            )
        if not self.finished:
            left = ", ".join(self.lines[i] for i in self.survivors)
            return f"not decided between {left}: allow more replications, or a larger indifference"
        assert self.confidence is not None
        assert self.indifference is not None
        asymptotic = " (KN++: as the indifference goes to 0)" * (self.method is SelectionMethod.KN_PLUS_PLUS)
        return (
            f"{self.best_line} is the best, or within {number_text(self.indifference)}{unit} of the best, "
            f"with probability {self.confidence:.4g} or more{asymptotic}"
        )

    def __str__(self) -> str:
        estimate = self.estimates[self.best]
        return f"{self.best_line}: {self.measure} {estimate}{' ' + self.unit if self.unit else ''}"


def select_best(
    lines: Sequence[Line],
    evaluator: Replicator,
    measure: str = "throughput",
    *,
    sense: Literal["max", "min"] = "max",
    method: SelectionMethod | str = SelectionMethod.KN_PLUS_PLUS,
    indifference: float | None = None,
    confidence: float = 0.95,
    first: int = 20,
    block: int = 1,
    budget: int | None = None,
    seed: int = 0,
    on_progress: OnSelection | None = None,
) -> Selection:
    """Find the best of several lines.

    Parameters
    ----------
    lines
        Two or more.
    evaluator
        Gives replications of each line. All lines use the same random numbers; the more alike the lines are,
        the fewer replications KN and KN++ then need.
    measure, sense
        What is compared, and whether more or less of it is better.
    method
        ``kn++`` and ``kn`` are fully sequential: they end as soon as the best line is known with
        `confidence`, up to differences below `indifference`. KN guarantees this for normal values; KN++
        updates its variances and needs fewer replications, its guarantee is asymptotic. ``ocba`` spends a
        budget so that the best line is most likely found, and estimates how likely.
    indifference
        Smallest difference that matters, in the unit of the measure. Needed for KN and KN++.
    confidence
        Of a correct selection, for KN and KN++; above 1 / k for k lines.
    first
        Replications of each line in the first stage, 3 or more.
    block
        Replications of each remaining line (of all lines together for OCBA) in the rounds after it. More
        keeps several workers busy, and costs a few replications.
    budget
        Replications of all lines together; needed for OCBA. KN and KN++ stop undecided when it does not
        allow another round; None for 1,000 a line.
    seed
        Of the random streams.
    on_progress
        Called after each round.

    Returns
    -------
    Selection
        Ctrl-C after the first stage ends the procedure with what is known then.

    Raises
    ------
    OptionError
        If an option is missing or out of its range.
    UnknownNameError
        If there is no such measure.
    EvaluationError
        If a value of the measure is no number.

    Notes
    -----
    The variances of the first stage decide when KN and KN++ may stop. Where lines differ in a few
    replications only (a part more or less in a short run), the first stage may see too little of that: use
    longer runs or a larger first stage.

    OCBA treats the lines as independent. With common random numbers lines are usually alike in their luck,
    and the probability that it states is then on the low side.

    References ---------- Kim and Nelson (2001), ACM TOMACS 11; Kim and Nelson (2006), Operations Research 54;
    Chen, Lin, Yücesan, Chick (2000), Discrete Event Dynamic Systems 10; Law (2015), Simulation modeling and
    analysis, section 10.4.
    """
    known, count = _method(method), len(lines)
    _check(count, sense, first, block)
    most = _budget(known, count, budget, first)
    rule = None if known is SelectionMethod.OCBA else _rule(known, count, first, indifference, confidence)
    race = _Race(lines, evaluator, measure, sense, seed)
    for index in race.left:
        race.more(index, first)
    interrupted = False
    try:
        if rule is None:
            _spend(race, most, block, on_progress)
        else:
            _eliminate(race, rule, most, block, on_progress)
    except KeyboardInterrupt:
        interrupted = True
    best = max(race.left, key=race.mean)
    fields = {} if rule is None else {"indifference": indifference, "confidence": confidence}
    return Selection(
        method=known,
        measure=measure,
        unit=race.unit,
        sense=sense,
        lines=tuple(line.name for line in lines),
        best=best,
        survivors=race.left,
        replications=tuple(int(count) for count in race.counts),
        estimates=tuple(race.estimate(index) for index in range(count)),
        differences=tuple(race.difference(index, best) for index in range(count)),
        probability=race.probability() if rule is None else None,
        finished=not interrupted and (rule is None or len(race.left) == 1),
        interrupted=interrupted,
        **fields,
    )


class _Race:
    """The replications of all lines so far; values are turned so that larger is better.

    Every block is stored as soon as it is complete, so that an interruption leaves whole blocks only.
    """

    def __init__(
        self, lines: Sequence[Line], evaluator: Replicator, measure: str, sense: str, seed: int
    ) -> None:
        self.left = tuple(range(len(lines)))
        self.unit = ""
        self._lines = lines
        self._evaluator = evaluator
        self._measure = measure
        self._sign = 1.0 if sense == "max" else -1.0
        self._seed = seed
        self._values: list[Floats] = [np.empty(0) for _ in lines]

    def more(self, index: int, count: int) -> None:
        """Add replications of a line."""
        line, done = self._lines[index], self._values[index].size
        found = self._evaluator.replicate(line, first=done, count=count, seed=self._seed)
        values = found[self._measure]
        wrong = np.flatnonzero(~np.isfinite(values))
        if wrong.size:
            raise EvaluationError(
                f"{self._measure!r} of {line.name} is no number in replication "
                f"{found.replications[wrong[0]]}; maybe no part left the line: use a longer horizon"
            )
        self.unit = found.units.get(self._measure, "")
        self._values[index] = np.concatenate((self._values[index], self._sign * values))

    def of(self, index: int) -> Floats:
        """Return the values of a line that is left, as many as the others have."""
        return self._values[index][: min(self._values[other].size for other in self.left)]

    def mean(self, index: int) -> float:
        """Return the mean of a line, larger being better."""
        return float(self._values[index].mean())

    def estimate(self, index: int) -> Estimate:
        """Return the estimate of a line in the unit of the measure."""
        return Estimate.of(self._sign * self._values[index])

    def difference(self, index: int, other: int) -> Estimate:
        """Return a line minus another one, in pairs, in the unit of the measure."""
        ours, theirs = self._values[index], self._values[other]
        shared = min(ours.size, theirs.size)
        return Estimate.of(self._sign * (ours[:shared] - theirs[:shared]))

    @property
    def counts(self) -> npt.NDArray[np.int64]:
        """Replications of each line."""
        return np.array([values.size for values in self._values], dtype=np.int64)

    def moments(self) -> tuple[Floats, Floats]:
        """Return mean and variance of each line."""
        return (
            np.array([values.mean() for values in self._values]),
            np.array([values.var(ddof=1) for values in self._values]),
        )

    def probability(self) -> float:
        """Return the approximate probability that the line with the best mean is the best."""
        return correct_selection(*self.moments(), self.counts)


def _eliminate(
    race: _Race, rule: Elimination, budget: int, block: int, on_progress: OnSelection | None
) -> None:
    """Add replications of the lines that are left until one is, or the budget allows no further round."""
    while True:
        race.left = rule.survivors(race.left, race.of)
        spent = int(race.counts.sum())
        if on_progress is not None:
            on_progress(spent, len(race.left))
        if len(race.left) == 1 or spent + block * len(race.left) > budget:
            return
        for index in race.left:
            race.more(index, block)


def _spend(race: _Race, budget: int, block: int, on_progress: OnSelection | None) -> None:
    """Give out the budget, `block` replications at a time."""
    while (spent := int(race.counts.sum())) < budget:
        shares = allocate(*race.moments(), race.counts, min(block, budget - spent))
        for index in np.flatnonzero(shares):
            race.more(int(index), int(shares[index]))
        if on_progress is not None:
            on_progress(int(race.counts.sum()), len(race.left))


def _method(name: SelectionMethod | str) -> SelectionMethod:
    try:
        return SelectionMethod(name)
    except ValueError:
        raise UnknownNameError.among("method of selection", str(name), list(SelectionMethod)) from None


def _check(lines: int, sense: str, first: int, block: int) -> None:
    if lines < 2:
        raise OptionError(f"the best is selected from 2 or more lines, got {lines}")
    if sense not in {"max", "min"}:
        raise OptionError(f"sense is 'max' or 'min', got {sense!r}")
    if first < 3 or block < 1:
        raise OptionError(
            f"first must be 3 or more replications and block 1 or more, got {first} and {block}"
        )


def _budget(method: SelectionMethod, lines: int, budget: int | None, first: int) -> int:
    if budget is None:
        if method is SelectionMethod.OCBA:
            raise OptionError("ocba needs a budget: replications of all lines together")
        return max(_USUAL, first) * lines
    if budget < first * lines:
        raise OptionError(
            f"the budget ({budget}) does not cover the first stage: {lines} lines of {first} replications"
        )
    return budget


def _rule(
    method: SelectionMethod, lines: int, first: int, indifference: float | None, confidence: float
) -> Elimination:
    if indifference is None or not 0 < indifference < math.inf:
        raise OptionError(
            f"{method} needs the smallest difference that matters, above 0 in the unit of the measure "
            f"(indifference), got {indifference}"
        )
    if not 1 / lines < confidence < 1:
        raise OptionError(
            f"the confidence of a selection from {lines} lines lies between {1 / lines:.3g} and 1, "
            f"got {confidence:g}"
        )
    return Elimination(
        lines=lines,
        first=first,
        indifference=indifference,
        error=1 - confidence,
        updated=method is SelectionMethod.KN_PLUS_PLUS,
    )
