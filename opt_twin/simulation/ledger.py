"""What enters and leaves the line in a run, counted in released parts (units)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from opt_twin.simulation.events import EventRecord
from opt_twin.simulation.parts import free_pallets

if TYPE_CHECKING:
    from opt_twin.simulation.orders import OrderBook
    from opt_twin.simulation.parts import Part

__all__ = ["Ledger"]


class Ledger:
    """The accounts of a run.

    Attributes
    ----------
    numbers
        How many parts and batches have got a number.
    released, left, scrapped
        Units that sources released, that sinks took, that left as scrap.
    created
        Units that came about when parts were taken apart.
    good, defective
        Parts that sinks took.
    moment
        Sum of the times at which units left, less the sum of those at which they came: the number of units
        in the line integrated over [a, b] is ``wip(b) b - wip(a) a + moment(b) - moment(a)``.
    lead
        Sum of the seconds that the units which sinks took had spent in the line.
    revenue, material
        Money.
    last_exit
        When a sink took a part last; 0 before the first.
    log
        Records of what happened; None when nobody asked for them.
    book
        The orders that are made; None without a plan.
    """

    STATE: ClassVar[tuple[str, ...]] = (
        "backdated",
        "created",
        "defective",
        "good",
        "last_exit",
        "lead",
        "left",
        "material",
        "moment",
        "numbers",
        "released",
        "revenue",
        "scrapped",
    )
    __slots__ = (*STATE, "_costs", "_prices", "book", "log")

    def __init__(
        self, prices: Mapping[str, float], costs: Mapping[str, float], log: list[EventRecord] | None
    ) -> None:
        self._prices = dict(prices)
        self._costs = dict(costs)
        self.numbers = 0
        self.released = 0
        self.created = 0
        self.backdated = 0.0
        self.left = 0
        self.scrapped = 0
        self.good = 0
        self.defective = 0
        self.moment = 0.0
        self.lead = 0.0
        self.revenue = 0.0
        self.material = 0.0
        self.last_exit = 0.0
        self.log = log
        self.book: OrderBook | None = None

    @property
    def inside(self) -> int:
        """Units that must be in the line now."""
        return self.released + self.created - self.left - self.scrapped

    def number(self) -> int:
        """Return the number of a new part or batch."""
        number = self.numbers
        self.numbers = number + 1
        return number

    def release(self, part: Part, element: str, now: float) -> None:
        """Enter a part that leaves its source."""
        part.born = now
        self.released += 1
        self.moment -= now
        if part.product is not None:
            self.material += self._costs.get(part.product, 0.0)
        if self.log is not None:
            self.note(now, element, "release", part)

    def create(self, part: Part, units: int, now: float, *, rank: int) -> None:
        """Enter units that come about as `part` is taken apart at the station of `rank`."""
        self.created += units
        self.moment -= units * now
        self.backdated += units * (now - part.born / part.units)
        if self.book is not None and part.order is not None:
            self.book.add(part, units, rank)

    def exit(self, part: Part, element: str, now: float) -> None:
        """Enter a part that a sink takes."""
        at = part.units * now
        self.left += part.units
        self.moment += at
        self.lead += at - part.born
        self.last_exit = now
        if part.defective:
            self.defective += 1
        else:
            self.good += 1
            if part.product is not None:
                self.revenue += self._prices.get(part.product, 0.0)
        if part.pallets:
            free_pallets(part, now)
        if self.log is not None:
            self.note(now, element, "exit", part)
        if self.book is not None:
            self.book.leave(part, now)

    def scrap(self, part: Part, element: str, now: float, *, rank: int, server: int, why: str) -> None:
        """Enter a part that leaves as scrap from the station of `rank`."""
        self.scrapped += part.units
        self.moment += part.units * now
        if part.pallets:
            free_pallets(part, now)
        if self.log is not None:
            self.note(now, element, "scrap", part, server=server, detail=why)
        if self.book is not None:
            self.book.scrap(part, now, rank)

    def note(
        self,
        now: float,
        element: str,
        kind: str,
        part: Part,
        *,
        server: int = 0,
        duration: float | None = None,
        detail: str = "",
        batch: int | None = None,
    ) -> None:
        """Append a record about a part to the log, if there is one."""
        if self.log is not None:
            self.log.append(
                EventRecord(
                    time=now,
                    element=element,
                    kind=kind,
                    server=server,
                    part=part.number,
                    product=part.product,
                    order=part.order,
                    duration=duration,
                    detail=detail,
                    batch=batch,
                )
            )
