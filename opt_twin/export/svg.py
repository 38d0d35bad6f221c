"""SVG as text: escaping, numbers, the width of words, the ticks of an axis.

A picture is a string that :func:`picture` returns. It holds no identifiers, style sheets, fonts or scripts,
so that several pictures stand in one page without touching one another, and the same input gives the
same text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

__all__ = [
    "FONT",
    "INK",
    "MUTED",
    "RULE",
    "Axis",
    "escape",
    "fit",
    "hatch",
    "label",
    "nice_ticks",
    "number",
    "picture",
    "tag",
    "text_width",
]

FONT = "Helvetica Neue, Helvetica, Arial, Liberation Sans, sans-serif"
"""Fonts that every system has one of; their letters have nearly the same widths."""
INK = "#1d2733"
"""Colour of text and of what matters."""
MUTED = "#55606d"
"""Colour of secondary text; its contrast on white is above 6."""
RULE = "#d9dee4"
"""Colour of grid lines."""

_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd\U00010000-\U0010ffff]|[\x7f-\x9f]")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"}
_SPECIAL = re.compile("[&<>\"']")


def escape(content: object) -> str:
    """Return `content` as text that may stand in XML or HTML, in an element or in a quoted attribute.

    Characters that XML does not allow become U+FFFD.

    Examples
    --------
    >>> escape('<"Filler" & Co>')
    '&lt;&quot;Filler&quot; &amp; Co&gt;'
    """
    legal = _ILLEGAL.sub("\ufffd", str(content))
    return _SPECIAL.sub(lambda match: _ENTITIES[match[0]], legal)


def number(value: float) -> str:
    """Return a coordinate with at most two decimals, the shortest way.

    Examples
    --------
    >>> number(12.50), number(-0.001), number(3)
    ('12.5', '0', '3')
    """
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def tag(name: str, /, *children: str, **attributes: object) -> str:
    """Return an element; its children are markup already, its attributes are escaped here.

    An underscore in the name of an attribute stands for a hyphen, a trailing one is dropped; None leaves
    the attribute out.

    Examples
    --------
    >>> tag("rect", x=1.5, stroke_width=2, class_="bar")
    '<rect x="1.5" stroke-width="2" class="bar"/>'
    """
    parts = [name]
    for key, value in attributes.items():
        if value is not None:
            shown = number(value) if isinstance(value, (int, float)) else escape(value)
            parts.append(f'{key.rstrip("_").replace("_", "-")}="{shown}"')
    opening = " ".join(parts)
    return f"<{opening}>{''.join(children)}</{name}>" if children else f"<{opening}/>"


def label(
    x: float,
    y: float,
    content: str,
    *,
    size: float = 12,
    anchor: str | None = None,
    fill: str | None = None,
    weight: str | None = None,
    tip: str = "",
    halo: bool = False,
) -> str:
    """Return a line of text with its baseline at `y`; `anchor` is ``start`` (None), ``middle`` or ``end``.

    A `halo` keeps text readable that stands on a line.
    """
    title = tag("title", escape(tip)) if tip else ""
    return tag(
        "text",
        title + escape(content),
        x=x,
        y=y,
        font_size=None if size == 12 else size,
        text_anchor=anchor,
        fill=fill,
        font_weight=weight,
        stroke="#fff" if halo else None,
        stroke_width=3 if halo else None,
        paint_order="stroke" if halo else None,
    )


def _em(character: str) -> float:
    """Return the width of a character in ems: that of Helvetica, rounded up."""
    if character in "ijl.,:;'|!":
        return 0.29
    if character in ' ftrI()[]{}/\\-*"`':
        return 0.37
    if character in "mwMW%@":
        return 0.95
    if character.isascii() and character.isprintable():
        return 0.74 if character.isupper() or character in "&+=<>~^" else 0.58
    return (
        0.7
        if character in "·°²³±\N{EN DASH}\N{MULTIPLICATION SIGN}\N{MINUS SIGN}"
        or "\u00c0" <= character <= "\u024f"
        else 1.1
    )


def text_width(content: str, size: float = 12) -> float:
    """Return an upper estimate of the width of `content` in pixels at font size `size`."""
    return size * sum(map(_em, content))


def fit(content: str, width: float, size: float = 12) -> str:
    """Return `content`, shortened with an ellipsis where it is wider than `width`; empty if nothing fits.

    Examples
    --------
    >>> fit("Palletizer", 100), fit("Palletizer", 40), fit("Palletizer", 3)
    ('Palletizer', 'Pall…', '')
    """
    shown = " ".join(content.split())
    if text_width(shown, size) <= width:
        return shown
    room = width - size * _em("…")
    kept = 0
    for character in shown:
        room -= size * _em(character)
        if room < 0:
            break
        kept += 1
    return f"{shown[:kept].rstrip()}…" if kept else ""


def nice_ticks(
    low: float, high: float, count: int = 6, steps: Iterable[float] = (1, 2, 5)
) -> tuple[float, ...]:
    """Return about `count` round numbers between `low` and `high`, ascending, both ends included if round.

    `steps` are the round numbers of a decade, ascending, beginning with 1.

    Examples
    --------
    >>> nice_ticks(0, 55)
    (0.0, 10.0, 20.0, 30.0, 40.0, 50.0)
    """
    span = high - low
    least = max(1e-300, 1e-12 * max(abs(low), abs(high)))  # below it, ticks would be the same numbers
    if not (math.isfinite(span) and span > least):
        return (low,) if math.isfinite(low) else ()
    decade = 10.0 ** math.floor(math.log10(span / max(count, 1)))
    candidates = [step * decade for step in steps] + [10 * decade, 20 * decade]
    step = next((size for size in candidates if span / size <= count), candidates[-1])
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    decimals = max(0, 1 - math.floor(math.log10(step)))
    ticks = (round(index * step, decimals) + 0.0 for index in range(first, last + 1))
    return tuple(dict.fromkeys(ticks))


class Axis:
    """A linear scale from values to pixels.

    Parameters
    ----------
    low, high
        Values at the two ends; where they are the same, some room is made around them.
    start, end
        Pixels at the two ends.
    """

    def __init__(self, low: float, high: float, start: float, end: float) -> None:
        if not high > low:
            room = abs(low) * 0.05 or 0.5
            low, high = low - room, low + room
        self.low, self.high, self.start, self.end = low, high, start, end

    def __call__(self, value: float) -> float:
        """Return the pixel of `value`, kept within the axis."""
        share = (value - self.low) / (self.high - self.low)
        return self.start + min(max(share, 0.0), 1.0) * (self.end - self.start)

    def ticks(self, count: int = 6) -> tuple[float, ...]:
        """Return round values along the axis."""
        return nice_ticks(self.low, self.high, count)


def hatch(x: float, y: float, width: float, height: float, *, colour: str, step: float = 5) -> str:
    """Return diagonal lines across a rectangle, as one path that does not leave it."""
    moves: list[str] = []
    offset = step / 2
    while offset < width + height and len(moves) < 400:
        x1, y1 = x + min(offset, width), y + max(0.0, offset - width)
        x2, y2 = x + max(0.0, offset - height), y + min(offset, height)
        moves.append(f"M{number(x1)} {number(y1)}L{number(x2)} {number(y2)}")
        offset += step
    return tag("path", d="".join(moves), stroke=colour, stroke_width=1, fill="none")


def picture(width: float, height: float, *children: str, title: str, description: str = "") -> str:
    """Return a whole SVG document on a white ground, with its title and description for screen readers."""
    head = tag("title", escape(title) or " ")
    if description:
        head += tag("desc", escape(description))
    return tag(
        "svg",
        head,
        tag("rect", width=width, height=height, fill="#fff"),
        tag("g", *children, font_family=FONT, font_size=12, fill=INK),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {number(width)} {number(height)}",
        width=width,
        height=height,
        role="img",
    )
