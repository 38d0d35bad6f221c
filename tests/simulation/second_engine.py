"""A second engine, written from docs/semantics.md alone.

It is slow and plain: it looks for the next event in a list and draws one number at a time.
"""

import math

from second_machines import Machine, MachineRules
from second_stocks import Shelf, StockRules

from opt_twin.graph import ranks
from opt_twin.line import Sink, Stock
from opt_twin.streams import stream


class SecondEngine(MachineRules, StockRules):
    """The meaning of a line, in the words of docs/semantics.md."""

    def __init__(self, line, seed, sequence=()):
        self.line, self.seed = line, seed
        self.rank = ranks(line)
        self.kind = {element.name: element for element in line.elements}
        self.streams, self.events, self.log = {}, [], []
        self.waiting = {element.name: [] for element in line.elements}
        self.queue = {buffer.name: [] for buffer in line.buffers}
        self.held = {}
        self.machines = {s.name: [Machine(s, k) for k in range(s.servers)] for s in line.stations}
        self.now = 0.0
        self.orders = {order.name: order.quantity for order in line.orders} if sequence else {}
        self.to_come = {s.name: {order.name: order.quantity for order in sequence} for s in line.stations}
        self.products = {order.name: order.product for order in sequence}
        self.supplies = {source.name: self.supply(source, sequence) for source in line.sources}
        self.stocks = {stock.name: Shelf(stock) for stock in line.ends if isinstance(stock, Stock)}
        self.called = {source.name: 0 for source in line.sources if source.replenishes}

    # draws

    def rng(self, element, purpose):
        key = (element, purpose)
        if key not in self.streams:
            self.streams[key] = stream(self.seed, 0, element, purpose)
        return self.streams[key]

    def time(self, element, purpose, distribution):
        return float(distribution.sample(self.rng(element, purpose), 1)[0])

    def choice(self, element, purpose, shares):
        draw, total, reached = self.rng(element, purpose).random(), sum(shares.values()), 0.0
        for name, share in shares.items():
            reached += share
            if draw < reached / total:
                return name
        return name

    def way(self, name):
        shares = {
            c.target: 1.0 if c.probability is None else c.probability for c in self.line.successors(name)
        }
        return self.choice(name, "routing", shares) if len(shares) > 1 else next(iter(shares))

    # calendar

    def at(self, delay, kind, name, action, server=0, mode=0):
        event = [self.now + delay, kind, self.rank.get(name, 0), server, mode, action]
        self.events.append(event)
        return event

    def run(self, horizon):
        for name in sorted(self.machines, key=self.rank.get):
            for machine in self.machines[name]:
                for mode in machine.station.failures:
                    self.renew(machine, mode)
        for machine in self.each_machine():
            self.look_ahead(machine)
        for name in sorted(self.supplies, key=self.rank.get):
            self.make(name)
        for name in sorted(self.stocks, key=self.rank.get):
            self.next_customer(name)
            self.review(name)
        while self.events and not (self.orders and not any(self.orders.values())):
            event = min(self.events, key=lambda event: event[:5])
            if event[0] > horizon:
                break
            self.events.remove(event)
            self.pass_time(event[0])
            event[5]()
        if not self.orders:
            self.pass_time(horizon)
        return self

    def pass_time(self, now):
        for machine in self.each_machine():
            machine.times[machine.state()] += now - self.now
        self.now = now

    def each_machine(self):
        return [machine for machines in self.machines.values() for machine in machines]

    def note(self, kind, name, part=None, server=0):
        product, order = (part["product"], part["order"]) if part else (None, None)
        self.log.append((self.now, kind, name, server, str(product), str(order)))

    # sources

    def supply(self, source, sequence):
        for order in sequence:
            for _ in range(order.quantity):
                yield order.product, order.name, order.release
        count = 0
        while not sequence and (source.limit is None or count < source.limit):
            count += 1
            if len(source.mix) > 1:
                yield self.choice(source.name, "product", source.mix), None, 0.0
            else:
                yield (self.line.products[0].name if self.line.products else None), None, 0.0

    def make(self, name):
        source = self.kind[name]
        if source.replenishes:
            if not self.called[name]:
                return
            self.called[name] -= 1
        following = next(self.supplies[name], None)
        if following is None:
            return
        product, order, release = following
        self.held[name] = {"product": product, "order": order, "units": 1, "defective": False}
        self.held[name]["stock"] = source.replenishes
        if source.interarrival is not None and not order:
            self.at(self.time(name, "arrival", source.interarrival), 4, name, lambda: self.attempt(name))
        elif release > self.now:
            self.at(release - self.now, 4, name, lambda: self.attempt(name))
        else:
            self.attempt(name)

    def attempt(self, name):
        target = self.way(name)
        if self.ready(target, self.held[name]):
            self.take(target, self.give(name))
            self.make(name)
        else:
            self.wait(target, name)

    # moves

    def wait(self, target, giver):
        name, server = (giver, 0) if isinstance(giver, str) else (giver.station.name, giver.number)
        self.waiting[target].append((self.now, self.rank[name], server, giver))
        self.waiting[target].sort(key=lambda entry: entry[:3])

    def offered(self, giver):
        if isinstance(giver, Machine):
            return giver.part
        return self.queue[giver][0] if giver in self.queue else self.held[giver]

    def give(self, giver):
        part = self.offered(giver)
        if isinstance(giver, Machine):
            giver.part = None
        elif giver in self.queue:
            self.queue[giver].pop(0)
        else:
            self.note("release", giver, part)
            del self.held[giver]
        return part

    def room(self, machine, part):
        """Return whether the machine can take the part; another order closes its batch."""
        if machine.part is not None:
            return False
        if machine.members and machine.members[0]["order"] != part["order"]:
            self.start_batch(machine)
            return False
        return True

    def machine_for(self, name, part):
        for machine in self.machines[name]:
            if machine.members and self.room(machine, part):
                return machine
        free = [machine for machine in self.machines[name] if machine.part is None]
        able = [machine for machine in free if not machine.broken and not machine.ahead]
        return next(iter(able + free), None)

    def ready(self, name, part):
        if isinstance(self.kind[name], Sink | Stock):
            return True
        if self.waiting[name]:
            return False
        if name in self.queue:
            return len(self.queue[name]) < (self.kind[name].capacity or math.inf)
        return self.machine_for(name, part) is not None

    def take(self, name, part, machine=None):
        if isinstance(self.kind[name], Sink | Stock):
            if name in self.stocks and not part["defective"]:
                self.stocks[name].put()
            self.note("exit", name, part)
            self.settle_order(part)
        elif name in self.queue:
            self.note("enter", name, part)
            self.queue[name].append(part)
            if len(self.queue[name]) == 1:
                target = self.way(name)
                if self.ready(target, part):
                    self.take(target, self.give(name))
                else:
                    self.wait(target, name)
        else:
            self.load(machine or self.machine_for(name, part), part)

    def fill(self, machines):
        for machine in machines:
            self.look_ahead(machine)
            waiting = self.waiting[machine.station.name]
            while waiting and self.room(machine, self.offered(waiting[0][3])):
                giver = waiting.pop(0)[3]
                self.take(machine.station.name, self.give(giver), machine)
                if isinstance(giver, Machine):
                    machines.append(giver)
                elif giver in self.queue:
                    self.buffer_moves_on(giver, machines)
                else:
                    self.make(giver)

    def buffer_moves_on(self, name, machines):
        while self.queue[name]:
            target = self.way(name)
            if len(self.line.successors(name)) == 1 or not self.ready(target, self.offered(name)):
                self.wait(target, name)
                break
            self.take(target, self.give(name))
        while self.waiting[name] and len(self.queue[name]) < (self.kind[name].capacity or math.inf):
            giver = self.waiting[name].pop(0)[3]
            self.take(name, self.give(giver))
            if isinstance(giver, Machine):
                machines.append(giver)
            else:
                self.make(giver)

    # set-ups ahead

    def look_ahead(self, machine):
        to_come = self.to_come[machine.station.name]
        if machine.part is not None or machine.members or machine.ahead or to_come.get(machine.order):
            return
        names = list(to_come)
        later = names[names.index(machine.order) + 1 :] if machine.order else names
        following = [name for name in later if to_come[name]]
        if not following:
            return
        before, machine.product = machine.product, self.products[following[0]]
        machine.order = following[0]
        seconds = machine.station.setup_time(before, machine.product)
        if seconds > 0:
            machine.fresh = machine.station.start_up.cycles if machine.station.start_up else 0
            machine.ahead = True
            machine.phases = [["setup", seconds]]
            if not machine.broken:
                self.go_on(machine)

    def no_longer_comes(self, name, part):
        """Take the units off what may come; return whether they were the last of their order."""
        if not part["order"]:
            return False
        self.to_come[name][part["order"]] -= part["units"]
        return not self.to_come[name][part["order"]]
