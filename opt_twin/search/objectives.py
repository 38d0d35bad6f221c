"""What a search wants: objectives and constraints as functions of an evaluation."""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from opt_twin.errors import ObjectiveError, OptionError
from opt_twin.line import Line
from opt_twin.results import Evaluation

__all__ = ["Constraint", "Measure", "Objective", "Sense", "Subject", "objective_named"]

Sense = Literal["min", "max"]
Measure = Callable[[Any], float] | str
"""A function of an evaluation (or of a line), or a name: the mean of the measure of that name."""
Subject = Literal["evaluation", "line"]
"""What a function is given: the evaluation of a line, or the line itself."""


@dataclass(frozen=True, slots=True)
class Objective:
    """What is to be as small or as large as possible.

    Attributes
    ----------
    name
        For tables and pictures.
    value
        A function of an :class:`~opt_twin.results.Evaluation` that returns a number, or the name of a
        measure (its mean over the replications is taken). It runs in the calling process, so a lambda will
        do. With ``on="line"`` it is a function of the :class:`~opt_twin.line.Line`.
    sense
        ``"min"`` or ``"max"``.
    unit
        Of the value, for tables and pictures.
    on
        ``"evaluation"``, or ``"line"`` for what is known without a simulation: places, investment.

    Raises
    ------
    OptionError
        If the name is empty, the value is neither a function nor a name, or sense or subject is not known.

    Examples
    --------
    >>> Objective("profit", lambda e: e.mean("revenue") - e.mean("material_cost"), "max", "EUR").sense
    'max'
    >>> Objective("places", lambda line: sum(b.capacity for b in line.buffers), on="line").on
    'line'
    """

    name: str
    value: Measure
    sense: Sense = "min"
    unit: str = ""
    on: Subject = "evaluation"

    def __post_init__(self) -> None:
        _check("objective", self.name, self.value, self.on)
        if self.sense not in ("min", "max"):
            raise OptionError(
                f"objective {self.name!r}: sense {self.sense!r} is not known; use 'min' or 'max'"
            )

    def score(
        self, evaluation: Evaluation, line: Line, decisions: Mapping[str, float] | None = None
    ) -> float:
        """Return the value for a line and its evaluation, a finite number.

        Raises
        ------
        ObjectiveError
            If the function raised, or returned something that is not a finite number. The message names the
            objective, and the `decisions` where they are given.
        """
        subject = evaluation if self.on == "evaluation" else line
        return _number(f"objective {self.name!r}", self.value, subject, decisions)


@dataclass(frozen=True, slots=True)
class Constraint:
    """What must not be above a limit.

    Attributes
    ----------
    name
        For messages.
    value
        A function of an evaluation, or the name of a measure, as in :class:`Objective`.
    upper
        The line is feasible when the value is at most this.
    on
        What the function is given, as in :class:`Objective`.

    Raises
    ------
    OptionError
        If the name is empty, the value is neither a function nor a name, the limit is not finite, or the
        subject is not known.
    """

    name: str
    value: Measure
    upper: float
    on: Subject = "evaluation"

    def __post_init__(self) -> None:
        _check("constraint", self.name, self.value, self.on)
        if not math.isfinite(self.upper):
            raise OptionError(f"constraint {self.name!r}: the upper limit must be finite, got {self.upper}")

    def violation(
        self, evaluation: Evaluation, line: Line, decisions: Mapping[str, float] | None = None
    ) -> float:
        """Return by how much the limit is exceeded, as a share of it (of 1 if it is 0); else 0.

        Raises
        ------
        ObjectiveError
            As in :meth:`Objective.score`.
        """
        subject = evaluation if self.on == "evaluation" else line
        value = _number(f"constraint {self.name!r}", self.value, subject, decisions)
        return max(0.0, value - self.upper) / (abs(self.upper) or 1.0)


_UNITS = {
    "throughput": "parts/h",
    "wip": "parts",
    "lead_time": "s",
    "lead_time_p50": "s",
    "lead_time_p90": "s",
    "lead_time_p99": "s",
    "energy": "kWh",
    "makespan": "s",
    "total_tardiness": "s",
    "maximum_tardiness": "s",
}


def objective_named(measure: str, sense: Sense = "min", *, unit: str | None = None) -> Objective:
    """Return the objective that is a measure of the line: the mean of it over the replications.

    Parameters
    ----------
    measure
        The name of a measure, see :mod:`opt_twin.results.evaluation`. Whether the evaluations have it shows
        when the first one is there.
    sense
        ``"min"`` or ``"max"``.
    unit
        Of the measure; known for the common ones.

    Examples
    --------
    >>> objective_named("throughput", "max").unit
    'parts/h'
    """
    return Objective(measure, measure, sense, _UNITS.get(measure, "") if unit is None else unit)


def _check(kind: str, name: str, value: object, on: str) -> None:
    if not name:
        raise OptionError(f"a name is missing: every {kind} needs one")
    if not (callable(value) or (isinstance(value, str) and value)):
        raise OptionError(
            f"{kind} {name!r}: the value must be a function of an evaluation or a measure's name"
        )
    if on not in ("evaluation", "line"):
        raise OptionError(f"{kind} {name!r}: {on!r} is not known; use on='evaluation' or on='line'")
    if on == "line" and not callable(value):
        raise OptionError(f"{kind} {name!r}: on='line' needs a function of a line, got {value!r}")


def _number(
    what: str, measure: Measure, subject: Evaluation | Line, decisions: Mapping[str, float] | None
) -> float:
    try:
        value: object = _mean(subject, measure) if isinstance(measure, str) else measure(subject)
    except Exception as error:
        raise ObjectiveError(
            f"{what} raised {type(error).__name__}: {error}{_where(decisions)}. Maybe it uses a measure that "
            "these evaluations do not have"
        ) from error
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise ObjectiveError(f"{what} returned {value!r}{_where(decisions)}. It must return one number")
    number = float(value)
    if not math.isfinite(number):
        raise ObjectiveError(
            f"{what} is {number}{_where(decisions)}. Maybe it divides by a measure that can be 0; return a "
            "finite number, or search with on_error='infeasible' to leave such lines out"
        )
    return number


def _mean(subject: Evaluation | Line, measure: str) -> float:
    assert isinstance(subject, Evaluation)
    return subject.mean(measure)


def _where(decisions: Mapping[str, float] | None) -> str:
    if not decisions:
        return ""
    return " at " + ", ".join(f"{path}={value:g}" for path, value in decisions.items())
