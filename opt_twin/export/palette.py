"""Colours: those of states are the same in every picture, those of jobs come in a fixed order.

The colours of states differ in lightness as well as in hue, so that they stay apart for people who see few
colours and on grey paper.

References
----------
Okabe, Ito (2008), Color universal design. Ottosson (2020), A perceptual color space for image processing
(OKLCH). W3C (2018), WCAG 2.1, contrast ratio.
"""

from __future__ import annotations

import math
import re

__all__ = ["ACCENT", "STATE_COLOURS", "STATE_NAMES", "colour_of", "contrast", "natural_key", "text_on"]

STATE_COLOURS: dict[str, str] = {
    "busy": "#1f7a74",
    "setup": "#9a86c8",
    "starved": "#d7dee6",
    "blocked": "#f0c04f",
    "failed": "#b3261e",
    "micro_stop": "#f08a66",
    "waiting_for_crew": "#681a23",
    "waiting_for_operator": "#e7a8d7",
    "maintenance": "#00448b",
    "off_shift": "#fffbee",
    "stopped": "#0f1621",
}
"""State of a server -> its colour."""

STATE_NAMES: dict[str, str] = {
    "busy": "working",
    "setup": "set-up",
    "starved": "starved",
    "blocked": "blocked",
    "failed": "failed",
    "micro_stop": "micro-stop",
    "waiting_for_crew": "waits for a crew",
    "waiting_for_operator": "waits for an operator",
    "maintenance": "maintenance",
    "off_shift": "off shift",
    "stopped": "stopped by another",
}
"""State of a server -> what people call it."""

ACCENT = "#b3261e"
"""Marks what needs attention: the bottleneck, a late order."""

_TIERS = ((0.71, 0.125), (0.53, 0.12), (0.87, 0.08))
_GOLDEN_ANGLE = 137.508


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def _gamma(channel: float) -> float:
    return 12.92 * channel if channel <= 0.0031308 else 1.055 * channel ** (1 / 2.4) - 0.055


def _oklch(lightness: float, chroma: float, hue: float) -> str:
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    linear = (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )
    channels = (round(255 * min(max(_gamma(max(value, 0.0)), 0.0), 1.0)) for value in linear)
    return "#" + "".join(f"{channel:02x}" for channel in channels)


def colour_of(index: int) -> str:
    """Return the colour of the job at place `index` of its list, as ``#rrggbb``.

    Hues follow the golden angle, so that neighbours differ much; the lightness changes from round to round,
    so that dozens of jobs stay apart. The colour of a place does not depend on how many jobs there are.

    Examples
    --------
    >>> colour_of(0) == colour_of(0), colour_of(0) == colour_of(8)
    (True, False)
    """
    lightness, chroma = _TIERS[index % len(_TIERS)]
    return _oklch(lightness, chroma, (265 + index * _GOLDEN_ANGLE) % 360)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours ``#rrggbb``, from 1 to 21 (WCAG 2.1)."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def text_on(colour: str) -> str:
    """Return the colour of text that reads best on `colour`: black or white; the contrast is 4.58 or more."""
    return max("#000000", "#ffffff", key=lambda ink: contrast(ink, colour))


def natural_key(name: str) -> tuple[tuple[int, int, str], ...]:
    """Return a sort key under which ``J2`` stands before ``J10``.

    Examples
    --------
    >>> sorted(["J10", "J2"], key=natural_key)
    ['J2', 'J10']
    """
    pieces = re.findall(r"[0-9]{1,18}|[^0-9]+", name)
    return tuple((0, int(piece), "") if piece[0] in "0123456789" else (1, 0, piece) for piece in pieces)
