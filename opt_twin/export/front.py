"""The picture of a Pareto front, with the certainty of every point and the line of today."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy.typing as npt

from opt_twin.export import svg
from opt_twin.export.front_points import FrontPoints, Point, front_points
from opt_twin.export.palette import ACCENT
from opt_twin.quantity import measure_scale, number_text
from opt_twin.results import Evaluation

if TYPE_CHECKING:
    from opt_twin.line import Line
    from opt_twin.search import ParetoFront

__all__ = ["front_svg"]

_POINT = "#0b4f8a"
_TODAY = ACCENT
_KNEE = "#e39b1c"


def front_svg(
    front: ParetoFront,
    *,
    title: str = "",
    today: Evaluation | None = None,
    line: Line | None = None,
    tried: npt.ArrayLike | None = None,
    width: float = 760,
) -> str:
    """Return a picture of `front`.

    Two objectives give a plane with the 95 % intervals of both means at each point; one or more than two
    give an axis each, drawn so that up is better.

    Parameters
    ----------
    front
        What a search found.
    title
        Stands above the picture.
    today
        Evaluation of the line as it is, marked for comparison.
    line
        The line as it is, for objectives that are computed from it.
    tried
        Values of what else was tried, shape (k, m); drawn faint.
    width
        Of the picture, in pixels.

    Returns
    -------
    str
        An SVG document.
    """
    points = front_points(front, today=today, line=line, tried=tried)
    heading = title or "Pareto front: " + " against ".join(axis.name for axis in points.axes)
    draw = _plane if len(points.axes) == 2 else _parallel
    return draw(points, heading, width)


class _Rect(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: _Rect) -> bool:
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )


@dataclass(frozen=True, slots=True)
class _Plane:
    x: svg.Axis
    y: svg.Axis
    scales: tuple[tuple[str, float], tuple[str, float]]

    def at(self, values: Sequence[float]) -> tuple[float, float]:
        return self.x(values[0]), self.y(values[1])


def _range(values: Iterable[float]) -> tuple[float, float]:
    finite = [value for value in values if math.isfinite(value)]
    low, high = min(finite, default=0.0), max(finite, default=1.0)
    room = (high - low) * 0.06
    return low - room, high + room


def _extent(points: FrontPoints, axis: int, *, with_all: bool) -> tuple[float, float]:
    """Return the range of an axis: all of the front and of today, and most of what else was tried."""
    values: list[float] = []
    for point in points.marked:
        half = point.half_widths[axis]
        values += [point.values[axis] - half, point.values[axis] + half]
    if with_all:
        others = sorted(row[axis] for row in points.others)
        cut = len(others) // 20
        values += others[cut : len(others) - cut] if cut else others
    return _range(values)


def _plane(points: FrontPoints, heading: str, width: float) -> str:
    right, top, bottom = width - 24, 66.0, 430.0
    x_range, y_range = (_extent(points, axis, with_all=True) for axis in (0, 1))
    scales = tuple(
        measure_scale(axis.unit, max(map(abs, extent)))
        for axis, extent in zip(points.axes, (x_range, y_range), strict=True)
    )
    y_axis = svg.Axis(*y_range, bottom, top)
    widest = max((svg.text_width(text, 11) for _, text in _ticks(y_axis, scales[1][1], 6)), default=0.0)
    left = min(max(74.0, widest + 16), 150.0)
    plane = _Plane(svg.Axis(*x_range, left, right), y_axis, (scales[0], scales[1]))
    parts = [
        svg.label(8, 20, svg.fit(heading, width - 16, 16), size=15, weight="bold", tip=heading),
        _axes(points, plane),
        _others(points, plane),
    ]
    taken: list[_Rect] = []
    for point in points.marked:
        x, y = plane.at(point.values)
        taken.append(_Rect(x - 6, y - 6, x + 6, y + 6))
    boxed = sorted(points.marked, key=lambda p: not (p.is_today or p.is_knee))
    parts += [_interval(point, plane) for point in boxed]
    frame = _Rect(left, top - 6, right, bottom)
    for point in sorted(points.marked, key=lambda p: (not p.is_today, not p.is_knee)):
        parts.append(_mark(point, plane, points))
        parts.append(_name(point, plane, taken, frame))
    legend, bottom = _legend(points, bottom + 54, width)
    parts.append(legend)
    return svg.picture(width, bottom + 8, *parts, title=heading, description=_described(points))


def _described(points: FrontPoints) -> str:
    text = f"{len(points.points)} points that no other point found is better than in every objective. "
    named = [point for point in points.marked if point.is_knee or point.is_today]
    return text + " ".join(f"{point.label}: {points.text(point)}." for point in named)


def _axes(points: FrontPoints, plane: _Plane) -> str:
    n, x, y = svg.number, plane.x, plane.y
    (x_unit, x_factor), (y_unit, y_factor) = plane.scales
    rules: list[str] = []
    texts: list[str] = []
    free = 0.0  # where the next text may begin
    for value, text in _ticks(x, x_factor, 7):
        at = x(value * x_factor)
        rules.append(f"M{n(at)} {n(y.end)}V{n(y.start)}")
        half = svg.text_width(text, 11) / 2
        middle = min(at, x.end + 22 - half)
        if middle - half >= free:
            texts.append(svg.label(middle, y.start + 17, text, size=11, anchor="middle", fill=svg.MUTED))
            free = middle + half + 8
    for value, text in _ticks(y, y_factor, 6):
        at = y(value * y_factor)
        rules.append(f"M{n(x.start)} {n(at)}H{n(x.end)}")
        shown = svg.fit(text, x.start - 9, 11)
        texts.append(svg.label(x.start - 7, at + 4, shown, size=11, anchor="end", fill=svg.MUTED))
    first, second = points.axes
    right = first.sense == "max"
    name = f"{first.name}{f' ({x_unit})' if x_unit else ''}"
    better = "more is better →" if right else "← less is better"
    wide = x.end - x.start
    texts += [
        svg.label(x.start, y.start + 36, svg.fit(name, wide * 0.7), weight="bold"),
        svg.label(x.end, y.start + 36, better, size=11, anchor="end", fill=svg.MUTED),
    ]
    up = "more is better ↑" if second.sense == "max" else "less is better ↓"
    name = svg.fit(f"{second.name}{f' ({y_unit})' if y_unit else ''}", wide * 0.7)
    texts += [
        svg.label(8, y.end - 18, name, weight="bold"),
        svg.label(x.end, y.end - 18, up, size=11, anchor="end", fill=svg.MUTED),
    ]
    return svg.tag("path", d="".join(rules) or "M0 0", stroke=svg.RULE) + "".join(texts)


def _ticks(axis: svg.Axis, factor: float, count: int) -> list[tuple[float, str]]:
    """Return the round values of an axis, in its own unit, with texts that tell them apart."""
    values = svg.nice_ticks(axis.low / factor, axis.high / factor, count)
    step = min((b - a for a, b in pairwise(values)), default=abs(values[0]) if values else 0.0)
    if step == 0:
        return [(value, number_text(value)) for value in values]
    decimals = -math.floor(math.log10(step) + 1e-9)
    largest = max(map(abs, values))
    if largest >= 1e9 or decimals > 6:
        digits = max(0, math.floor(math.log10(largest) + 1e-9) + decimals) if largest else 0
        return [(value, f"{value:.{min(digits, 12)}e}".replace("e+", "e")) for value in values]
    texts = [f"{value:,.{max(decimals, 0)}f}".replace("-", "\N{MINUS SIGN}") for value in values]
    return list(zip(values, texts, strict=True))


def _others(points: FrontPoints, plane: _Plane) -> str:
    x, y = plane.x, plane.y
    dots = [
        svg.tag("circle", cx=plane.at(row)[0], cy=plane.at(row)[1], r=2)
        for row in points.others[:1500]
        if x.low <= row[0] <= x.high and y.low <= row[1] <= y.high
    ]
    return svg.tag("g", *dots, fill="#9aa5b1", fill_opacity=0.55) if dots else ""


def _interval(point: Point, plane: _Plane) -> str:
    """Return the intervals of both means: a box for the knee and today, thin bars for the others."""
    (vx, vy), (hx, hy) = point.values, point.half_widths
    if not (hx > 0 or hy > 0):
        return ""
    x1, x2 = plane.x(vx - hx), plane.x(vx + hx)
    y1, y2 = plane.y(vy + hy), plane.y(vy - hy)
    if not (point.is_today or point.is_knee):
        n, (x, y) = svg.number, plane.at(point.values)
        d = f"M{n(x1)} {n(y)}H{n(x2)}M{n(x)} {n(y1)}V{n(y2)}"
        return svg.tag("path", d=d, stroke=_POINT, stroke_opacity=0.4, fill="none", class_="interval")
    colour = _TODAY if point.is_today else _KNEE
    return svg.tag(
        "rect",
        x=x1,
        y=y1,
        width=max(x2 - x1, 0.8),
        height=max(y2 - y1, 0.8),
        fill=colour,
        fill_opacity=0.14,
        stroke=colour,
        class_="interval",
    )


def _shape(kind: str, x: float, y: float, tip: str = "", *, class_: str | None = None) -> str:
    """Return the mark of a point: a cross for today, a diamond for the knee, a disc for the others."""
    n = svg.number
    title = [svg.tag("title", svg.escape(tip))] if tip else []
    if kind == "today":
        cross = f"M{n(x - 6)} {n(y - 6)}l12 12M{n(x - 6)} {n(y + 6)}l12 -12"
        return svg.tag("path", *title, d=cross, stroke=_TODAY, stroke_width=2.5, fill="none")
    if kind == "knee":
        return svg.tag("path", *title, d=f"M{n(x)} {n(y - 8)}l8 8l-8 8l-8 -8z", fill=_KNEE, stroke=svg.INK)
    if kind == "tried":
        return svg.tag("circle", cx=x, cy=y, r=2.5, fill="#9aa5b1")
    return svg.tag("circle", *title, cx=x, cy=y, r=4.5, fill=_POINT, stroke="#fff", class_=class_)


def _kind(point: Point) -> str:
    return "today" if point.is_today else "knee" if point.is_knee else "point"


def _mark(point: Point, plane: _Plane, points: FrontPoints) -> str:
    return _shape(_kind(point), *plane.at(point.values), points.tip(point), class_="point")


def _name(point: Point, plane: _Plane, taken: list[_Rect], frame: _Rect) -> str:
    """Return the label of a point where it is free; numbers without a free place are left out."""
    special = point.is_knee or point.is_today
    size = 12 if special else 10
    wide, high = svg.text_width(point.label, size) * (1.06 if special else 1), size + 2
    x, y = plane.at(point.values)
    places = [
        (x + gap * dx - wide * (1 - dx) / 2, y + gap * dy - high * (1 - dy) / 2)
        for gap in ((11, 18, 30, 45) if special else (8, 13))
        for dx, dy in ((1, -1), (1, 1), (-1, -1), (-1, 1), (1, 0), (-1, 0), (0, -1), (0, 1))
    ]
    for left, top in places:
        own = _Rect(left, top, left + wide, top + high)
        inside = frame.left <= own.left and own.right <= frame.right and frame.top <= own.top
        if inside and own.bottom <= frame.bottom and not any(own.overlaps(other) for other in taken):
            taken.append(own)
            weight = "bold" if special else None
            fill = _TODAY if point.is_today else None if special else svg.MUTED
            return svg.label(left, top + size, point.label, size=size, weight=weight, fill=fill, halo=True)
    return ""


def _legend(points: FrontPoints, top: float, width: float) -> tuple[str, float]:
    """Return what the marks mean, with the figures of the knee and of today."""
    bars = "points of the front; bars and boxes are 95 % intervals of both means"
    lines = [("point", bars if len(points.axes) == 2 else "points of the front, a line each")]
    lines += [
        (_kind(point), f"{point.label}: {points.text(point)}")
        for point in points.marked
        if point.is_today or point.is_knee
    ]
    if points.others:
        lines.append(("tried", f"{len(points.others):,} lines tried on the way"))
    parts: list[str] = []
    y = top
    for kind, text in lines:
        parts.append(_shape(kind, 16, y - 4))
        parts.append(svg.label(32, y, svg.fit(text, width - 40), fill=svg.MUTED))
        y += 19
    return svg.tag("g", *parts), y - 12


# One objective, or more than two


def _parallel(points: FrontPoints, heading: str, width: float) -> str:
    count = len(points.axes)
    top, bottom = 76.0, 380.0
    step = (width - 160) / max(count - 1, 1)
    xs = [80 + step * at for at in range(count)] if count > 1 else [width / 2]
    axes, parts = (
        [],
        [svg.label(8, 20, svg.fit(heading, width - 16, 16), size=15, weight="bold", tip=heading)],
    )
    ticks: list[str] = []  # above the lines
    room = min(step, width * 0.6) - 8
    for at, axis in enumerate(points.axes):
        low, high = _extent(points, at, with_all=False)
        up = svg.Axis(low, high, *((bottom, top) if axis.sense == "max" else (top, bottom)))
        axes.append(up)
        unit, factor = measure_scale(axis.unit, max(abs(low), abs(high)))
        parts.append(svg.tag("path", d=f"M{svg.number(xs[at])} {top}V{bottom}", stroke="#8b96a2"))
        name = svg.fit(f"{axis.name}{f' ({unit})' if unit else ''}", room)
        parts.append(svg.label(xs[at], top - 22, name, anchor="middle", weight="bold", tip=axis.name))
        sense = "more is better" if axis.sense == "max" else "less is better"
        parts.append(
            svg.label(xs[at], top - 8, svg.fit(sense, room, 10), size=10, anchor="middle", fill=svg.MUTED)
        )
        place = max(8.0, xs[at] - 6 - step * 0.8)  # texts may use most of the room between two axes
        ticks += [
            svg.label(
                xs[at] - 6,
                up(value * factor) + 4,
                svg.fit(text, xs[at] - 6 - place, 10),
                size=10,
                anchor="end",
                halo=True,
            )
            for value, text in _ticks(up, factor, 5)
        ]
    for point in sorted(points.marked, key=lambda p: (p.is_today, p.is_knee)):
        places = [(x, up(value)) for x, up, value in zip(xs, axes, point.values, strict=True)]
        colour = _TODAY if point.is_today else _KNEE if point.is_knee else _POINT
        special = point.is_knee or point.is_today
        d = "M" + "L".join(f"{svg.number(x)} {svg.number(y)}" for x, y in places)
        parts.append(
            svg.tag(
                "g",
                svg.tag("title", svg.escape(points.tip(point))),
                svg.tag(
                    "path",
                    d=d,
                    fill="none",
                    stroke=colour,
                    stroke_width=3 if special else 1.2,
                    stroke_opacity=1 if special else 0.55,
                    stroke_dasharray="7 4" if point.is_today else None,
                ),
                *(svg.tag("circle", cx=x, cy=y, r=3, fill=colour) for x, y in places),
            )
        )
    legend, end = _legend(points, bottom + 30, width)
    return svg.picture(width, end + 8, *parts, *ticks, legend, title=heading, description=_described(points))
