"""Parts, and what the places of a line promise one another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Protocol

if TYPE_CHECKING:
    from opt_twin.simulation.pallets import PalletPool
    from opt_twin.simulation.servers import Server

__all__ = ["Giver", "Part", "Taker", "enqueue", "free_pallets"]


class Part:
    """One part in the line.

    Attributes
    ----------
    number
        Of the run, from 0; a batch has a number of its own.
    product, order
        Names, or None.
    units
        Released parts that it holds.
    born
        Sum of the times at which these were released, in seconds.
    births
        Each of these times, where it holds more than one; else None.
    defective
        Whether a cycle made it defective, or any part in it is.
    rejected
        Whether the last inspection rejected it.
    operation
        With a plan for each station: its last planned operation, -1 before the first.
    taken
        Index of a connection with a limit -> how often the part has gone that way; None for never.
    members
        The parts that it was made of, where they come out again; else None.
    pallets
        Those that it travels on, one entry for each: the pool that it belongs to.
    stocks
        Names of the stocks that have ordered it: none, one, or of a kit one for each member that was ordered.
    """

    STATE: ClassVar[tuple[str, ...]] = (
        "number",
        "product",
        "order",
        "units",
        "born",
        "births",
        "defective",
        "rejected",
        "operation",
        "taken",
        "members",
        "pallets",
        "stocks",
    )
    __slots__ = STATE

    def __init__(self, number: int, product: str | None, order: str | None) -> None:
        self.number = number
        self.product = product
        self.order = order
        self.units = 1
        self.born = 0.0
        self.births: list[float] | None = None
        self.defective = False
        self.rejected = False
        self.stocks: tuple[str, ...] = ()
        self.operation = -1
        self.taken: dict[int, int] | None = None
        self.members: list[Part] | None = None
        self.pallets: tuple[PalletPool, ...] = ()

    def hold(self, members: Sequence[Part]) -> None:
        """Become what `members` are together: their units and times, defective or rejected if any is."""
        self.units = sum(member.units for member in members)
        self.born = sum(member.born for member in members)
        births = [[member.born] if member.births is None else member.births for member in members]
        self.births = [time for times in births for time in times]
        self.defective = any(member.defective for member in members)
        self.rejected = any(member.rejected for member in members)
        self.stocks = tuple(name for member in members for name in member.stocks)

    def become(self, *, defective: bool) -> None:
        """Become defective or good, with all members."""
        self.defective = defective
        for member in self.members or ():
            member.become(defective=defective)

    def judge(self, *, rejected: bool) -> None:
        """Take the result of an inspection, which holds for all members."""
        self.rejected = rejected
        for member in self.members or ():
            member.judge(rejected=rejected)


class Giver(Protocol):
    """A place whose part waits for a place elsewhere: of any element but a sink."""

    since: float
    key: int

    def peek(self) -> Part:
        """Return the part that waits."""

    def surrender(self, now: float) -> Part:
        """Give the part away."""

    def moved_on(self, now: float, freed: list[Server]) -> None:
        """Act on the part having gone; append the servers that this has emptied to `freed`."""


class Taker(Protocol):
    """An element that parts are sent to: any but a source."""

    def ready(self, part: Part, now: float) -> bool:
        """Return whether `part` can be taken now."""

    def take(self, part: Part, now: float) -> None:
        """Take a part that it is ready for."""

    def wait(self, giver: Giver, now: float) -> None:
        """Let `giver` wait until its part can be taken."""

    def withdraw(self, giver: Giver) -> None:
        """Let `giver`, which waits, wait no longer."""

    def queue_length(self) -> int:
        """Return how many parts are in it or wait for it."""


def enqueue(waiting: list[Giver], giver: Giver, now: float) -> None:
    """Put `giver` behind those that have waited longer; among equals the lower key comes first."""
    giver.since = now
    position = len(waiting)
    while position and waiting[position - 1].since == now and waiting[position - 1].key > giver.key:
        position -= 1
    waiting.insert(position, giver)


def free_pallets(part: Part, now: float, unloaded: tuple[PalletPool, ...] | None = None) -> None:
    """Take a part off its pallets, or off those of the pools `unloaded` only; they go back."""
    kept = []
    for pool in part.pallets:
        if unloaded is None or pool in unloaded:
            pool.give_back(now)
        else:
            kept.append(pool)
    part.pallets = tuple(kept)
    for member in part.members or ():  # what a batch leaves, its members leave too
        member.pallets = tuple(pool for pool in member.pallets if pool in kept)
