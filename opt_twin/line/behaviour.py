"""Behaviour that a user has written, named in the model."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, StringConstraints

from opt_twin.records import FrozenMapping, Record, record

__all__ = ["Behaviour", "BehaviourField"]


@record
class Behaviour(Record):
    """A class that a user has written, and what it is made with.

    Attributes
    ----------
    path
        ``module:Class``, or the name of an entry point in the group ``opt_twin.behaviours``.
    options
        Keyword arguments of its constructor: plain data.
    """

    path: Annotated[str, StringConstraints(pattern=r"^[\w.\-]+(:[\w.]+)?$")]
    options: FrozenMapping[str, Any] = FrozenMapping()


def _behaviour(value: object) -> object:
    return {"path": value} if isinstance(value, str) else value


BehaviourField = Annotated[Behaviour, BeforeValidator(_behaviour)]
"""A behaviour that may be written as its path alone."""
