"""Decisions about ways that are left to whoever runs the simulation step by step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from opt_twin.errors import OptionError, did_you_mean
from opt_twin.simulation.disciplines import RankedBufferNode
from opt_twin.simulation.parts import Giver
from opt_twin.simulation.servers import Server, settle

if TYPE_CHECKING:
    from opt_twin.simulation.routing import Way

__all__ = ["Decisions", "Pending"]

Pending = tuple[Giver, tuple[str, ...]]
"""Who waits for a decision, and the names of the targets that it may be given."""


class Decisions:
    """What waits for a decision.

    Attributes
    ----------
    open
        In the order in which they came up.
    """

    STATE: ClassVar[tuple[str, ...]] = ("open",)
    __slots__ = (*STATE, "_elements", "_ways")

    def __init__(self) -> None:
        self.open: list[Pending] = []
        self._ways: dict[tuple[str, str], Way] = {}
        self._elements: dict[Giver, str] = {}

    def enter(self, element: str, ways: list[Way], givers: list[Giver]) -> None:
        """Learn, when the line is built, of an element whose ways are decided."""
        self._ways |= {(element, way.name): way for way in ways}
        self._elements |= dict.fromkeys(givers, element)

    @property
    def needed(self) -> bool:
        """Whether some element leaves its ways to decisions."""
        return bool(self._ways)

    def element_of(self, giver: Giver) -> str:
        """Return the name of the element whose part waits for a decision."""
        return self._elements[giver]

    def ask(self, giver: Giver, targets: Sequence[str]) -> None:
        """Let `giver` wait for a decision among `targets`."""
        self.open.append((giver, tuple(targets)))

    def withdraw(self, giver: Giver) -> None:
        """Let `giver` wait no longer."""
        self.open = [pending for pending in self.open if pending[0] is not giver]

    def carry_out(self, giver: Giver, target: str, now: float) -> None:
        """Send the part of `giver` to `target`: at once if that is ready, else it waits there.

        Raises
        ------
        OptionError
            If `giver` waits for no decision, or its part may not go to `target`.
        """
        names = next((names for waiting, names in self.open if waiting is giver), None)
        if names is None:
            raise OptionError("this part waits for no decision; decide about those that are open")
        if target not in names:
            raise OptionError(
                f"a part at {self.element_of(giver)!r} cannot go to {target!r}{did_you_mean(target, names)}; "
                f"choose one of {', '.join(names)}"
            )
        self.withdraw(giver)
        way = self._ways[self.element_of(giver), target]
        part = giver.peek()
        way.count(part)
        if isinstance(giver, RankedBufferNode):
            giver.chosen[0] = way.target
        if not way.target.ready(part, now):
            way.target.wait(giver, now)
            return
        way.target.take(giver.surrender(now), now)
        freed: list[Server] = []
        giver.moved_on(now, freed)
        settle(freed, now)
