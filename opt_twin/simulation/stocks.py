"""Stocks in a run: customers come, and what they take is ordered anew."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, ClassVar

from opt_twin.line import Stock
from opt_twin.simulation.calendar import Calendar, Cause
from opt_twin.simulation.events import EventRecord
from opt_twin.simulation.parts import Giver, Part

if TYPE_CHECKING:
    from simpy.events import EventPriority

    from opt_twin.simulation.build import Account
    from opt_twin.simulation.ledger import Ledger
    from opt_twin.simulation.sources import SourceNode

__all__ = ["StockNode"]


class StockNode:
    """A stock, under (s, S) control.

    Parameters
    ----------
    stock
        The model.
    product
        What lies in it at the start.
    demand
        Seconds until the next customer.
    customer, review
        The priorities of a customer, and of a review of the stock that stands apart from one.

    Attributes
    ----------
    products
        What lies in it: the product of each part, the one that came first at the head.
    owed
        Parts that customers wait for.
    on_order
        Parts ordered that have neither come nor been lost on their way.
    demanded, filled, lost
        Parts that customers have asked for; of these, those that they got at once, and those not there for
        customers who do not wait.
    received
        Good parts that have come.
    moment, owed_moment
        The level, and what is owed, integrated until now is ``level * now + moment``.
    """

    STATE: ClassVar[tuple[str, ...]] = (
        "_due",
        "demanded",
        "filled",
        "lost",
        "moment",
        "on_order",
        "owed",
        "owed_moment",
        "products",
        "received",
    )
    CAUSES: ClassVar[tuple[str, ...]] = ("_customer", "_review")
    __slots__ = (
        *STATE,
        *CAUSES,
        "_calendar",
        "_customer_priority",
        "_demand",
        "_initial",
        "_ledger",
        "_name",
        "_review_priority",
        "_source",
        "stock",
    )

    def __init__(
        self,
        stock: Stock,
        *,
        product: str | None,
        ledger: Ledger,
        calendar: Calendar,
        demand: Callable[[], float],
        customer: EventPriority,
        review: EventPriority,
    ) -> None:
        self.stock = stock
        self._name = stock.name
        self._ledger = ledger
        self._calendar = calendar
        self._demand = demand
        self._customer_priority = customer
        self._review_priority = review
        self._customer = Cause(calendar, self._serve)
        self._review = Cause(calendar, self._review_again)
        self._source: SourceNode | None = None
        self._due = False
        self._initial = stock.order_up_to if stock.initial is None else stock.initial
        self.products: deque[str | None] = deque([product] * self._initial)
        self.moment = 0.0
        self.owed = 0
        self.owed_moment = 0.0
        self.on_order = 0
        self.demanded = 0
        self.filled = 0
        self.lost = 0
        self.received = 0

    def order_from(self, source: SourceNode) -> None:
        """Set the source that replenishes the stock."""
        self._source = source

    def start(self) -> None:
        """Let customers come, and place the first order if one is due."""
        self._calendar.schedule(self._customer, self._customer_priority, self._demand())
        self._order(0.0)

    @property
    def position(self) -> int:
        """The inventory position: parts on hand and on order, less those owed."""
        return len(self.products) + self.on_order - self.owed

    @property
    def expected(self) -> int:
        """Parts that must lie there: those of the start and that came, less those that customers got."""
        return self._initial + self.received - (self.demanded - self.owed - self.lost)

    def contents(self) -> Iterator[Part]:
        """Yield nothing: what it takes has left the line."""
        yield from ()

    def accounts(self, now: float) -> Iterator[Account]:
        """Yield what is on hand and owed, integrated over time, and what customers asked for and got."""
        name = self._name
        yield f"{name}.level", len(self.products) * now + self.moment, 1
        yield f"{name}.backorders", self.owed * now + self.owed_moment, 1
        yield f"{name}.demand", float(self.demanded), 0
        yield f"{name}.filled", float(self.filled), 0
        yield f"{name}.lost", float(self.lost), 0

    def costs(self, now: float) -> Iterator[tuple[str, float]]:
        """Yield what holding, owing and losing parts has cost."""
        stock = self.stock
        held = stock.holding_cost * (len(self.products) * now + self.moment) / 3600
        owed = stock.backorder_cost * (self.owed * now + self.owed_moment) / 3600
        yield "stock_cost", held + owed + stock.lost_sale_cost * self.lost

    # -- parts that come ------------------------------------------------------------------------------

    def ready(self, part: Part, now: float) -> bool:  # noqa: ARG002 - every caller passes it
        """Return True."""
        return True

    def wait(self, giver: Giver, now: float) -> None:  # noqa: ARG002 - every caller passes it
        """Never called: a stock is always ready."""
        raise AssertionError("a stock takes every part")

    def withdraw(self, giver: Giver) -> None:  # noqa: ARG002 - every caller passes it
        """Never called: nobody waits."""
        raise AssertionError("nobody waits at a stock")

    def queue_length(self) -> int:
        """Return 0: what it takes has left the line."""
        return 0

    def take(self, part: Part, now: float) -> None:
        """Give a good part to a customer who waits, or keep it; a defective one is thrown away."""
        if not part.defective:
            self.received += 1
            if self.owed:
                self.owed -= 1
                self.owed_moment += now
                self._ledger.sell(part.product)
            else:
                self.products.append(part.product)
                self.moment -= now
        self._ledger.exit(part, self._name, now, sold=False)

    def arrived(self) -> None:
        """Strike a part off what is on order, as it has come or never will."""
        self.on_order -= 1
        if not self._due and self.position <= self.stock.reorder_point:
            self._due = True
            self._calendar.schedule(self._review, self._review_priority, 0.0)

    # -- customers ------------------------------------------------------------------------------------

    def _serve(self, now: float) -> None:
        """Give a customer what is there; what is not is owed or lost."""
        wanted = self.stock.quantity
        self._log("demand", wanted, now)
        self.demanded += wanted
        got = min(wanted, len(self.products))
        self.filled += got
        for _ in range(got):
            self._ledger.sell(self.products.popleft())
            self.moment += now
        if self.stock.backorders:
            self.owed += wanted - got
            self.owed_moment -= (wanted - got) * now
        else:
            self.lost += wanted - got
        self._calendar.schedule(self._customer, self._customer_priority, self._demand())
        self._order(now)

    def _review_again(self, now: float) -> None:
        self._due = False
        self._order(now)

    def _order(self, now: float) -> None:
        """Order up to S when the inventory position is at s or below."""
        position = self.position
        if position > self.stock.reorder_point or self._source is None:
            return
        quantity = self.stock.order_up_to - position
        self.on_order += quantity
        self._log("order", quantity, now)
        self._source.order(quantity, now)

    def _log(self, kind: str, quantity: int, now: float) -> None:
        if self._ledger.log is not None:
            self._ledger.write(EventRecord(time=now, element=self._name, kind=kind, detail=str(quantity)))
