"""Where the time of each station goes, and how certain the measures are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from opt_twin.errors import OptionError
from opt_twin.export import svg
from opt_twin.export.palette import ACCENT, STATE_COLOURS, STATE_NAMES, text_on
from opt_twin.quantity import estimate_text, measure_scale, percent
from opt_twin.results import STATES, Evaluation

__all__ = ["intervals_svg", "states_svg"]

_HATCHED = {"setup": "#fff", "off_shift": "#c4bda4"}
"""State that is hatched, so that it is not taken for another one or for the paper -> colour of the lines."""


def states_svg(evaluation: Evaluation, *, title: str = "", bottleneck: str = "", width: float = 980) -> str:
    """Return the states of every station as bars of 100 % of its time.

    Parameters
    ----------
    evaluation
        Of the line.
    title
        Stands above the picture.
    bottleneck
        Station to mark; empty for none.
    width
        Of the picture, in pixels.

    Returns
    -------
    str
        An SVG document.
    """
    shares = evaluation.states()
    used = [state for state in STATES if any(row[state] > 0 for row in shares.values())]
    heading = title or "Where the time of each station goes"
    left = max(30.0, 16 + min(max((svg.text_width(name, 12.5) for name in shares), default=0.0), 170))
    right = width - (112 if bottleneck in shares else 24)
    row = 30.0 if len(shares) <= 12 else 22.0
    legend, top = _legend(used, 8, 34, width - 16)
    top += 12
    bottom = top + row * len(shares)
    parts = [svg.label(8, 20, svg.fit(heading, width - 16, 15), size=15, weight="bold"), legend]
    axis = svg.Axis(0, 1, left, right)
    grid = "".join(
        f"M{svg.number(axis(at / 4))} {svg.number(top - 2)}V{svg.number(bottom + 4)}" for at in range(5)
    )
    parts.append(svg.tag("path", d=grid, stroke=svg.RULE))
    for at, (station, row_shares) in enumerate(shares.items()):
        y = top + at * row
        marked = station == bottleneck
        parts.append(_bar(axis, y + 3, row - 6, station, row_shares))
        parts.append(
            svg.label(
                left - 8,
                y + row / 2 + 4,
                svg.fit(station, left - 12, 12.5),
                anchor="end",
                weight="bold" if marked else None,
                tip=station,
            )
        )
        if marked:
            parts.append(svg.label(right + 8, y + row / 2 + 4, "◀ bottleneck", weight="bold", fill=ACCENT))
    parts += [
        svg.label(axis(at / 4), bottom + 18, f"{at * 25} %", size=11, anchor="middle", fill=svg.MUTED)
        for at in range(5)
    ]
    count = len(evaluation.replications)
    runs = f"{count} replication{'s' if count > 1 else ''}"
    note = f"Mean over {runs}; every bar is the whole time of a station's servers."
    parts.append(svg.label(left, bottom + 36, svg.fit(note, width - left - 8, 11), size=11, fill=svg.MUTED))
    described = "; ".join(_described(station, row) for station, row in list(shares.items())[:40])
    return svg.picture(width, bottom + 46, *parts, title=heading, description=described)


def _described(station: str, shares: dict[str, float]) -> str:
    parts = (f"{STATE_NAMES[state]} {percent(share)}" for state, share in shares.items() if share > 0)
    return f"{station}: {', '.join(parts)}"


def _legend(states: Sequence[str], left: float, top: float, width: float) -> tuple[str, float]:
    x, y, parts = left, top, []
    for state in states:
        name = STATE_NAMES[state]
        wide = 18 + svg.text_width(name) + 14
        if x + wide > left + width and x > left:
            x, y = left, y + 18
        parts.append(
            svg.tag("rect", x=x, y=y, width=12, height=12, fill=STATE_COLOURS[state])
            + (svg.hatch(x, y, 12, 12, colour=_HATCHED[state], step=7) if state in _HATCHED else "")
            + svg.label(x + 17, y + 10.5, name)
        )
        x += wide
    return svg.tag("g", *parts), y + 12


def _bar(axis: svg.Axis, y: float, height: float, station: str, shares: dict[str, float]) -> str:
    """Return one bar; its parts add up to the width of the axis whatever rounding did to the shares."""
    total = sum(shares.values())
    parts: list[str] = []
    done = 0.0
    for state in STATES:
        share = shares[state] / total if total > 0 else 0.0
        x, end = axis(done), axis(done + share)
        done += share
        if end - x < 0.01:
            continue
        colour = STATE_COLOURS[state]
        tip = svg.tag("title", svg.escape(f"{station}: {STATE_NAMES[state]} {percent(share, 1)}"))
        parts.append(
            svg.tag("rect", tip, x=x, y=y, width=end - x, height=height, fill=colour, class_="state")
        )
        if state in _HATCHED:
            parts.append(svg.hatch(x, y, end - x, height, colour=_HATCHED[state], step=7))
        text = percent(share)
        if end - x > svg.text_width(text, 11) + 6:
            ground = (
                ""
                if state not in _HATCHED
                else svg.tag(
                    "rect",
                    x=(x + end) / 2 - svg.text_width(text, 11) / 2 - 2,
                    y=y + 4,
                    width=svg.text_width(text, 11) + 4,
                    height=height - 8,
                    fill=colour,
                )
            )
            parts.append(
                ground
                + svg.label(
                    (x + end) / 2, y + height / 2 + 4, text, size=11, anchor="middle", fill=text_on(colour)
                )
            )
        if x > axis.start:
            parts.append(
                svg.tag("path", d=f"M{svg.number(x)} {svg.number(y)}v{svg.number(height)}", stroke="#fff")
            )
    return svg.tag("g", *parts)


def intervals_svg(
    evaluation: Evaluation, measures: Sequence[str], *, title: str = "", width: float = 720
) -> str:
    """Return a row for each measure: a dot for each replication, the mean, and its 95 % interval.

    Every row has its own scale, from its smallest to its largest value.

    Parameters
    ----------
    evaluation
        Of the line.
    measures
        Names of measures, from the top.
    title
        Stands above the picture.
    width
        Of the picture, in pixels.

    Returns
    -------
    str
        An SVG document.

    Raises
    ------
    OptionError
        If there is no measure to draw.
    UnknownNameError
        If the evaluation has no such measure.
    """
    if not measures:
        raise OptionError("intervals_svg needs one measure or more")
    heading = title or "How much the replications differ"
    left = 16 + min(max(svg.text_width(name) for name in measures), 200)
    right = width - 190
    row, top = 38.0, 36.0
    parts = [svg.label(8, 20, svg.fit(heading, width - 16, 15), size=15, weight="bold")]
    for at, name in enumerate(measures):
        parts.append(_dots(evaluation, name, left, right, top + at * row, width))
    bottom = top + row * len(measures)
    note = "○ one replication   ● mean and its 95 % interval; every row has its own scale"
    parts.append(svg.label(8, bottom + 12, svg.fit(note, width - 16, 11), size=11, fill=svg.MUTED))
    return svg.picture(width, bottom + 22, *parts, title=heading, description=", ".join(measures))


def _dots(evaluation: Evaluation, name: str, left: float, right: float, y: float, width: float) -> str:
    values = evaluation[name][np.isfinite(evaluation[name])]
    if values.size == 0:
        return svg.label(left - 8, y + 16, svg.fit(name, left - 12), anchor="end", tip=name)
    mean = float(values.mean())
    estimate = evaluation.estimate(name) if values.size == evaluation[name].size else None
    half = (estimate.half_width or 0.0) if estimate else 0.0
    low, high = min(float(values.min()), mean - half), max(float(values.max()), mean + half)
    axis = svg.Axis(low, high, left + 8, right - 8)
    unit, factor = measure_scale(evaluation.units.get(name, ""), mean)
    middle = y + 14
    parts = [
        svg.label(left - 8, middle + 4, svg.fit(name, left - 12), anchor="end", tip=name),
        svg.tag("path", d=f"M{svg.number(left)} {svg.number(middle)}H{svg.number(right)}", stroke=svg.RULE),
    ]
    parts += [
        svg.tag(
            "circle", cx=axis(float(value)), cy=middle, r=3.5, fill="#fff", fill_opacity=0.6, stroke="#6b7683"
        )
        for value in values[:200]
    ]
    if half > 0:
        x1, x2 = svg.number(axis(mean - half)), svg.number(axis(mean + half))
        parts.append(svg.tag("path", d=f"M{x1} {svg.number(middle)}H{x2}", stroke="#0b4f8a", stroke_width=4))
    parts.append(svg.tag("circle", cx=axis(mean), cy=middle, r=5, fill="#0b4f8a"))
    for value, anchor in ((low, "start"), (high, "end")):
        text = estimate_text(value, None, factor=factor)
        at = left if anchor == "start" else right
        parts.append(svg.label(at, middle + 18, text, size=10, anchor=anchor, fill=svg.MUTED))
    shown = estimate_text(mean, half if evaluation.replications[1:] else None, factor=factor)
    parts.append(
        svg.label(right + 12, middle + 4, svg.fit(f"{shown} {unit}", width - right - 16), weight="bold")
    )
    return svg.tag("g", *parts)
