"""How the next way of a part is chosen where several leave an element."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator

from opt_twin.line.behaviour import Behaviour

__all__ = ["Quality", "Routing", "RoutingField"]


class Routing(StrEnum):
    """Rules for choosing among the ways that a part may take."""

    PROBABILITY = "probability"
    """By the probabilities of the connections."""
    ROUND_ROBIN = "round_robin"
    """One after another, in the order of the connections."""
    SHORTEST_QUEUE = "shortest_queue"
    """Where the fewest parts are or wait, the first of equals."""
    FIRST_READY = "first_ready"
    """The first, in the order of the connections, that can take the part; waits for all while none can."""
    DECISION = "decision"
    """By whoever runs the simulation step by step, or by its policy."""


class Quality(StrEnum):
    """What a connection may ask of the parts that take it."""

    PASSED = "passed"
    """The last inspection did not reject it, or there was none."""
    REJECTED = "rejected"
    GOOD = "good"
    """It has no defect, whether that is known or not."""
    DEFECTIVE = "defective"


def _routing(value: object) -> object:
    return {"path": value} if isinstance(value, str) and ":" in value else value


RoutingField = Annotated[Routing | Behaviour, BeforeValidator(_routing)]
"""A rule by name, or a user's own as ``module:Class`` or a mapping with a ``path``."""
