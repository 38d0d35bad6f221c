"""What a source releases, part by part."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, Protocol

from opt_twin.line import Order, Release

__all__ = ["MixSupply", "OrderSupply", "Supply", "TimetableSupply"]

Following = tuple[str | None, str | None, float]
"""Product and order of a part, and the time before which it may not be released."""


class Supply(Protocol):
    """Gives one part after another."""

    def following(self) -> Following | None:
        """Return the next part; None when there are no more."""


class MixSupply:
    """Parts of one product, or of products drawn by their shares, up to a limit.

    Parameters
    ----------
    limit
        Parts in all; None for no limit.
    product
        Of every part, where there are no shares.
    shares
        Product -> its share.
    draw
        Uniform draws, one for each part; needed with shares.
    """

    STATE: ClassVar[tuple[str, ...]] = ("_left",)
    __slots__ = (*STATE, "_draw", "_product", "_steps")

    def __init__(
        self,
        limit: int | None,
        product: str | None,
        *,
        shares: Mapping[str, float] | None = None,
        draw: Callable[[], float] | None = None,
    ) -> None:
        self._left = -1 if limit is None else limit
        self._product = product
        self._draw = draw
        self._steps: list[tuple[float, str]] = []
        reached, total = 0.0, sum((shares or {}).values())
        for name, share in (shares or {}).items():
            reached += share
            self._steps.append((reached / total, name))

    def following(self) -> Following | None:
        """Return the next part; None when there are no more."""
        if not self._left:
            return None
        self._left -= 1
        if self._draw is None:
            return self._product, None, 0.0
        share = self._draw()
        product = next((name for step, name in self._steps if share < step), self._steps[-1][1])
        return product, None, 0.0


class OrderSupply:
    """The units of orders, one order after another.

    Parameters
    ----------
    orders
        In the order of release.
    """

    STATE: ClassVar[tuple[str, ...]] = ("_position", "_unit")
    __slots__ = (*STATE, "_orders")

    def __init__(self, orders: Sequence[Order]) -> None:
        self._orders = orders
        self._position = 0
        self._unit = 0

    def following(self) -> Following | None:
        """Return the next part; None when there are no more."""
        if self._position == len(self._orders):
            return None
        order = self._orders[self._position]
        self._unit += 1
        if self._unit == order.quantity:
            self._position, self._unit = self._position + 1, 0
        return order.product, order.name, order.release


class TimetableSupply:
    """Parts at stated times.

    Parameters
    ----------
    timetable
        Ascending in time.
    limit
        Parts in all; None for no limit.
    product
        Of parts for which the timetable says none.
    """

    STATE: ClassVar[tuple[str, ...]] = ("_left", "_position", "_unit")
    __slots__ = (*STATE, "_product", "_timetable")

    def __init__(self, timetable: Sequence[Release], limit: int | None, product: str | None) -> None:
        self._timetable = timetable
        self._product = product
        self._left = -1 if limit is None else limit
        self._position = 0
        self._unit = 0

    def following(self) -> Following | None:
        """Return the next part; None when there are no more."""
        if not self._left or self._position == len(self._timetable):
            return None
        self._left -= 1
        release = self._timetable[self._position]
        self._unit += 1
        if self._unit == release.quantity:
            self._position, self._unit = self._position + 1, 0
        return release.product or self._product, None, release.time
