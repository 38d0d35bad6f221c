"""Field types with a unit: what a model file may write, and what the record holds."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field, StringConstraints, WithJsonSchema

from opt_twin.timebase import parse_duration

__all__ = ["Fraction", "Name", "PositiveSeconds", "Seconds"]

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
