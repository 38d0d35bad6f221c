"""What enters and leaves the line in a run, counted in released parts (units)."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from opt_twin.line import Product
from opt_twin.simulation.events import EventLog, EventRecord
from opt_twin.simulation.parts import free_pallets

if TYPE_CHECKING:
    from opt_twin.simulation.orders import OrderBook
    from opt_twin.simulation.parts import Part
    from opt_twin.simulation.stocks import StockNode

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
    leads
        Those of each unit.
    lost
        Sum of the seconds that the units which were scrapped had spent in the line.
    backdated
        Sum of the seconds by which the births of units that came about in pieces lie before that.
    revenue, material, scrap_cost
        Money.
    last_exit
        When a sink took a part last; 0 before the first.
    log
        Records of what happened; None when nobody asked for them.
    book
        The orders that are made; None without a plan.
    stocks
        The stocks, by name.
    """

    STATE: ClassVar[tuple[str, ...]] = (
        "backdated",
        "created",
        "defective",
        "good",
        "last_exit",
        "lead",
        "leads",
        "left",
        "lost",
        "material",
        "moment",
        "numbers",
        "released",
        "revenue",
        "scrap_cost",
        "scrapped",
    )
    __slots__ = (*STATE, "_costs", "_prices", "_scrap_costs", "book", "log", "stocks")

    def __init__(self, products: Iterable[Product], log: EventLog | None) -> None:
        products = tuple(products)
        self._prices = {product.name: product.price for product in products}
        self._costs = {product.name: product.material_cost for product in products}
        self._scrap_costs = {product.name: product.scrap_cost for product in products}
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
        self.leads = array("d")
        self.lost = 0.0
        self.revenue = 0.0
        self.material = 0.0
        self.scrap_cost = 0.0
        self.last_exit = 0.0
        self.log = log
        self.book: OrderBook | None = None
        self.stocks: dict[str, StockNode] = {}

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

    def exit(self, part: Part, element: str, now: float, *, sold: bool = True) -> None:
        """Enter a part that a sink, or a stock, takes; one that is not `sold` yet brings no money."""
        at = part.units * now
        self.left += part.units
        self.moment += at
        self.lead += at - part.born
        if part.births is None:
            self.leads.append(now - part.born)
        else:
            self.leads.extend([now - born for born in part.births])
        self.last_exit = now
        if part.defective:
            self.defective += 1
        else:
            self.good += 1
            if sold:
                self.sell(part.product)
        if part.pallets:
            free_pallets(part, now)
        if self.log is not None:
            self.note(now, element, "exit", part)
        if self.book is not None:
            self.book.leave(part, now)
        for name in part.stocks:
            self.stocks[name].arrived()

    def sell(self, product: str | None) -> None:
        """Enter the price of a good part."""
        if product is not None:
            self.revenue += self._prices.get(product, 0.0)

    def scrap(
        self,
        part: Part,
        element: str,
        now: float,
        *,
        rank: int,
        server: int,
        why: str,
        members: Sequence[Part] | None = None,
    ) -> None:
        """Enter a part that leaves as scrap from the station of `rank`, or what an oven holds: `members`."""
        self.scrapped += part.units
        self.moment += part.units * now
        self.lost += part.units * now - part.born
        apart = (part,) if members is None else members
        for each in apart:
            if each.product is not None:
                self.scrap_cost += self._scrap_costs.get(each.product, 0.0)
        if part.pallets:
            free_pallets(part, now)
        if self.log is not None:
            self.note(now, element, "scrap", part, server=server, detail=why)
        if self.book is not None:
            self.book.scrap(part, now, rank)
        for each in apart:
            for name in each.stocks:
                self.stocks[name].arrived()

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
        """Write a record about a part into the log, if there is one."""
        if self.log is None:
            return
        self.write(
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

    def write(self, happened: EventRecord) -> None:
        """Write a record into the log, if there is one: all that is logged passes here."""
        if self.log is not None:
            self.log.append(happened)
