"""Field types with a unit: what a model file may write, and what the record holds."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator, Field, StringConstraints, WithJsonSchema

from opt_twin.errors import UnitError
from opt_twin.timebase import parse_duration

__all__ = ["DAY", "ClockTime", "Fraction", "Name", "PositiveSeconds", "Seconds"]

DAY = 86400.0
"""Seconds in a day."""

_TIME_SCHEMA = {
    "anyOf": [{"type": "number", "minimum": 0}, {"type": "string"}],
    "description": "a time: seconds as a number, or text with a unit such as '15 min', '0.36 s', '10000/h'",
}

Seconds = Annotated[float, BeforeValidator(parse_duration), Field(ge=0), WithJsonSchema(_TIME_SCHEMA)]
"""A time of 0 s or more; reads ``"15 min"`` and ``"10000/h"``, holds seconds."""

PositiveSeconds = Annotated[float, BeforeValidator(parse_duration), Field(gt=0), WithJsonSchema(_TIME_SCHEMA)]
"""A time above 0 s."""

Fraction = Annotated[float, Field(ge=0, le=1)]
"""A probability or share, from 0 to 1."""

Name = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^\w[\w \-/#()+&]*$")]
"""A name: letters, digits, ``_ - / # ( ) + &`` and inner spaces; never a dot, which separates paths."""

_CLOCK = re.compile(r"^\s*(\d{1,2}):(\d{2})(?::(\d{2}))?\s*$")


def _clock_time(value: object) -> object:
    """Return the seconds since midnight of a time of day."""
    if not isinstance(value, str):
        return value
    match = _CLOCK.match(value)
    if match is None:
        raise UnitError(f"{value!r} is not a time of day; write it as '06:00'")
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    if minutes > 59 or seconds > 59 or hours * 3600 + minutes * 60 + seconds > DAY:
        raise UnitError(f"{value!r} is not a time of day; it lies between '00:00' and '24:00'")
    return hours * 3600.0 + minutes * 60 + seconds


ClockTime = Annotated[
    float,
    BeforeValidator(_clock_time),
    Field(ge=0, le=DAY),
    WithJsonSchema(
        {
            "anyOf": [{"type": "number", "minimum": 0, "maximum": DAY}, {"type": "string"}],
            "description": "a time of day such as '06:00', or seconds since midnight",
        }
    ),
]
"""A time of day; reads ``"06:00"``, holds seconds since midnight."""
