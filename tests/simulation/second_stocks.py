"""The stocks and orders of the second engine."""

from functools import partial


class Shelf:
    """A stock: what is on hand, owed and on order."""

    def __init__(self, stock):
        self.stock = stock
        self.hand = stock.order_up_to if stock.initial is None else stock.initial
        self.owed = self.on_order = self.filled = self.lost = 0
        self.due = False

    def position(self):
        return self.hand + self.on_order - self.owed

    def put(self):
        if self.owed:
            self.owed -= 1
        else:
            self.hand += 1

    def ask(self):
        got = min(self.hand, self.stock.quantity)
        missing = self.stock.quantity - got
        self.hand -= got
        self.filled += got
        self.owed += missing if self.stock.backorders else 0
        self.lost += 0 if self.stock.backorders else missing


class StockRules:
    """What happens to orders, and at stocks."""

    def settle_order(self, part):
        if part["order"]:
            self.orders[part["order"]] -= part["units"]
        if part["stock"]:
            shelf = self.stocks[part["stock"]]
            shelf.on_order -= 1
            if not shelf.due and shelf.position() <= shelf.stock.reorder_point:
                shelf.due = True
                self.at(0.0, 4, part["stock"], partial(self.review, part["stock"], due=False), 1)

    # stocks

    def next_customer(self, name):
        stock = self.kind[name]
        self.at(self.time(name, "demand", stock.demand), 4, name, lambda: self.customer(name))

    def customer(self, name):
        self.note("demand", name)
        self.stocks[name].ask()
        self.next_customer(name)
        self.review(name)

    def review(self, name, due=None):
        shelf = self.stocks[name]
        shelf.due = shelf.due if due is None else due
        if shelf.position() <= shelf.stock.reorder_point:
            self.note("order", name)
            source = next(source.name for source in self.line.sources if source.replenishes == name)
            missing = shelf.stock.order_up_to - shelf.position()
            shelf.on_order += missing
            self.called[source] += missing
            if source not in self.held:
                self.make(source)
