"""A Pareto front as a picture or a table needs it: numbers, intervals and texts, point by point."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from opt_twin.errors import OptTwinError
from opt_twin.quantity import estimate_text, measure_scale, number_text
from opt_twin.results import Estimate, Evaluation

if TYPE_CHECKING:
    from opt_twin.line import Line
    from opt_twin.search import ParetoFront

__all__ = ["FrontAxis", "FrontPoints", "Point", "front_points"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontAxis:
    """An objective: its name and unit for people, and ``"min"`` or ``"max"``."""

    name: str
    unit: str
    sense: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One point.

    Attributes
    ----------
    label
        Its number from 1, ``knee``, or ``today``.
    values, half_widths
        Of each objective; a half width of 0 where the interval is not known or the value is exact.
    decisions
        Path -> value; empty for the line of today.
    is_knee, is_today
        What it is.
    """

    label: str
    values: tuple[float, ...]
    half_widths: tuple[float, ...]
    decisions: Mapping[str, int | float]
    is_knee: bool = False
    is_today: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontPoints:
    """All that a picture of a front shows.

    Attributes
    ----------
    axes
        The objectives.
    points
        The front.
    today
        The line as it is; None where it is not known.
    others
        Values of what else was tried.
    """

    axes: tuple[FrontAxis, ...]
    points: tuple[Point, ...]
    today: Point | None
    others: tuple[tuple[float, ...], ...]

    @property
    def marked(self) -> tuple[Point, ...]:
        """The front, then today."""
        return (*self.points, self.today) if self.today else self.points

    def text(self, point: Point) -> str:
        """Return the values of a point with their intervals and units."""
        return ", ".join(
            f"{axis.name} {text}" for axis, text in zip(self.axes, self.cells(point), strict=True)
        )

    def cells(self, point: Point) -> Iterator[str]:
        """Yield the value of each objective with its interval and unit."""
        for axis, value, half in zip(self.axes, point.values, point.half_widths, strict=True):
            unit, factor = measure_scale(axis.unit, value)
            text = estimate_text(value, half or None, factor=factor)
            yield f"{text} {unit}".rstrip()

    def tip(self, point: Point) -> str:
        """Return everything about a point."""
        chosen = "; ".join(f"{path} = {number_text(value)}" for path, value in point.decisions.items())
        return f"{point.label}: {self.text(point)}" + (f". {chosen}" if chosen else "")


def front_points(
    front: ParetoFront,
    *,
    today: Evaluation | None = None,
    line: Line | None = None,
    tried: npt.ArrayLike | None = None,
) -> FrontPoints:
    """Return the points of `front` for a picture.

    Parameters
    ----------
    front
        What a search found.
    today
        Evaluation of the line as it is; left out where an objective cannot be computed from it.
    line
        The line as it is, for objectives that need it; the first line of the front unless given.
    tried
        Values of what else was tried, shape (k, m).
    """
    axes = tuple(FrontAxis(name=o.name, unit=o.unit, sense=o.sense) for o in front.objectives)
    knee = front.knee()
    points = tuple(
        Point(
            label="knee" if at == knee else str(at + 1),
            values=tuple(map(float, values)),
            half_widths=tuple(_half(low, high) for low, high in intervals),
            decisions=front.decisions[at],
            is_knee=at == knee,
        )
        for at, (values, intervals) in enumerate(zip(front.points, front.intervals, strict=True))
    )
    rows = np.asarray([] if tried is None else tried, dtype=float).reshape(-1, len(axes))
    others = tuple(tuple(map(float, row)) for row in rows if np.isfinite(row).all())
    now = None if today is None else _today(front, today, line or front.lines[0])
    return FrontPoints(axes=axes, points=points, today=now, others=others)


def _half(low: float, high: float) -> float:
    half = (float(high) - float(low)) / 2
    return half if math.isfinite(half) else 0.0


def _today(front: ParetoFront, evaluation: Evaluation, line: Line) -> Point | None:
    from opt_twin.search.noise import pseudo_values

    try:
        values = [objective.score(evaluation, line) for objective in front.objectives]
        spread = [pseudo_values(objective, evaluation, line) for objective in front.objectives]
    except OptTwinError:  # a measure that only the lines of the search have
        return None
    halves = [(Estimate.of(row).half_width or 0.0) if np.isfinite(row).all() else 0.0 for row in spread]
    return Point(label="today", values=tuple(values), half_widths=tuple(halves), decisions={}, is_today=True)
