"""Where the parts of an element go."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from opt_twin.simulation.parts import Part, Taker

__all__ = ["Ways"]


class Ways:
    """The ways out of an element, one of which is drawn for each part.

    Attributes
    ----------
    only
        The target, where there is one only; else None.
    """

    STATE: ClassVar[tuple[str, ...]] = ()
    __slots__ = ("_draw", "_steps", "_targets", "only")

    def __init__(self, draw: Callable[[], float]) -> None:
        self._draw = draw
        self._targets: tuple[Taker, ...] = ()
        self._steps: tuple[float, ...] = ()
        self.only: Taker | None = None

    def lead_to(self, targets: list[Taker], probabilities: list[float]) -> None:
        """Set the targets, in the order of the connections."""
        self._targets = tuple(targets)
        total = sum(probabilities)
        steps, reached = [], 0.0
        for probability in probabilities:
            reached += probability
            steps.append(reached / total)
        self._steps = tuple(steps[:-1])
        self.only = targets[0] if len(targets) == 1 else None

    def choose(self, part: Part, now: float) -> Taker:  # noqa: ARG002 - other rules look at them
        """Return the target of `part`: one draw, the first target whose cumulated share is above."""
        share = self._draw()
        for step, target in zip(self._steps, self._targets, strict=False):
            if share < step:
                return target
        return self._targets[-1]
