"""A second engine, written from docs/semantics.md alone, gives the same sample path on random lines.

It is slow and plain: it looks for the next event in a list and draws one number at a time.
"""

import math
from functools import partial

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from opt_twin.errors import SimulationError
from opt_twin.graph import ranks
from opt_twin.line import (
    Buffer,
    Connection,
    Deterministic,
    Empirical,
    Exponential,
    FailureMode,
    Inspection,
    Line,
    MicroStop,
    Order,
    Product,
    Sink,
    Source,
    StartUp,
    Station,
    Stock,
    ToolWear,
    Uniform,
    chain,
)
from opt_twin.plan import Assignment, Schedule
from opt_twin.results import STATES
from opt_twin.simulation import RunSettings, run_replication
from opt_twin.streams import stream


class Machine:
    """A server; phases is what is left of its cycle, as [state, seconds]."""

    def __init__(self, station, number):
        self.station, self.number = station, number
        self.part = None
        self.members = []
        self.phases = []
        self.product = station.initial_product
        self.order = None
        self.ahead = False
        self.broken = set()
        self.started = 0.0
        self.times = dict.fromkeys(STATES, 0.0)
        self.work = 0.0
        self.clock = {}
        self.used = self.fresh = 0

    def state(self):
        if self.broken:
            return "failed"
        if self.phases:
            return "busy" if self.phases[0][0] == "test" else self.phases[0][0]
        return "blocked" if self.part is not None else "starved"


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


class SecondEngine:
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

    # cycles

    def load(self, machine, part):
        name, size = machine.station.name, machine.station.batch_size
        last = self.no_longer_comes(name, part)
        if size == 1:
            machine.part = part
            self.begin(machine)
        else:
            machine.members.append(part)
            if len(machine.members) == size or last:
                self.start_batch(machine)
        if last:
            for other in self.machines[name]:
                self.look_ahead(other)

    def start_batch(self, machine):
        members, machine.members = machine.members, []
        machine.part = {
            **members[0],
            "units": sum(member["units"] for member in members),
            "defective": any(member["defective"] for member in members),
        }
        self.begin(machine)

    def begin(self, machine):
        if machine.ahead:
            return
        machine.order = machine.part["order"]
        station, product = machine.station, machine.part["product"]
        place = f"{station.name}#{machine.number + 1}"
        own = f"{station.name}.{product}" if product in station.cycle_time_by_product else station.name
        machine.work = self.time(own, "processing", station.cycle_time_of(product)) / station.speed
        stops = 0.0
        for stop in station.micro_stops:
            if self.rng(f"{place}.{stop.name}", "micro-stop").random() < stop.probability:
                stops += self.time(f"{place}.{stop.name}", "micro-stop duration", stop.duration)
        setup = station.setup_time(machine.product, product)
        machine.product = product
        change, test = 0.0, 0.0
        if station.tool and machine.used == station.tool.life:
            machine.used, change = 0, self.time(place, "tool change", station.tool.change_time)
        if setup > 0 and station.start_up:
            machine.fresh = station.start_up.cycles
        if station.inspection and station.inspection.time:
            test = self.time(station.name, "inspection time", station.inspection.time)
        phases = [["setup", change], ["setup", setup], ["micro_stop", stops], ["busy", machine.work]]
        phases.append(["test", test])
        machine.phases = [phase for phase in phases if phase[1] > 0 or phase[0] == "busy"]
        self.note("start", station.name, machine.part, machine.number)
        if not machine.broken:
            self.go_on(machine)

    def go_on(self, machine):
        machine.started = self.now
        name, (state, remaining) = machine.station.name, machine.phases[0]
        modes = [m for m in machine.station.failures if m.clock == "operation"] if state == "busy" else []
        for mode in sorted(modes, key=lambda mode: machine.clock[mode.name])[:1]:
            left = machine.clock[mode.name]
            if self.now + left < self.now + remaining:
                number = machine.station.failures.index(mode)
                machine.event = self.at(
                    left, 2, name, partial(self.strike, machine, mode), machine.number, number
                )
                return
        machine.event = self.at(remaining, 1, name, lambda: self.phase_ends(machine), machine.number)

    def advance(self, machine):
        for mode in machine.clock:
            machine.clock[mode] = max(0.0, machine.clock[mode] - (self.now - machine.started))

    def phase_ends(self, machine):
        state, _ = machine.phases.pop(0)
        if machine.ahead:
            machine.ahead = False
            if machine.part is not None:
                self.begin(machine)
            else:
                self.look_ahead(machine)
            return
        if state == "busy":
            self.advance(machine)
        if machine.phases:
            self.go_on(machine)
            return
        station, part = machine.station, machine.part
        self.judge(machine)
        self.note("finish", station.name, part, machine.number)
        for mode in station.failures:
            if mode.clock == "cycles" and mode.name not in machine.broken:
                machine.count[mode.name] -= 1
                if machine.count[mode.name] == 0:
                    self.strike(machine, mode)
        test = station.inspection
        if test is not None:
            draw = self.rng(station.name, "inspection").random()
            found = draw < (test.detection if part["defective"] else test.false_alarm)
            if found and test.rejects == "scrap":
                self.scrap(machine)
                return
        target = self.way(station.name)
        if self.ready(target, part):
            self.take(target, part)
            machine.part = None
            self.fill([machine])
        else:
            self.wait(target, machine)

    def judge(self, machine):
        """Cure the part of the machine, or spoil it."""
        station, part, tool = machine.station, machine.part, machine.station.tool
        if station.cures and self.rng(station.name, "cure").random() < station.cures:
            part["defective"] = False
        rate, wears = station.defect_rate, tool and tool.defect_rate is not None
        if machine.fresh:
            rate = station.start_up.defect_rate
        elif wears and tool.life == 1:
            rate = tool.defect_rate
        elif wears:
            rate = rate + (tool.defect_rate - rate) * machine.used / (tool.life - 1)
        if station.defect_rate > 0 or wears or station.start_up:
            part["defective"] |= self.rng(station.name, "defect").random() < rate
        machine.used += 1
        machine.fresh = max(0, machine.fresh - 1)

    def scrap(self, machine):
        part, machine.part, machine.phases = machine.part, None, []
        self.note("scrap", machine.station.name, part, machine.number)
        if part["order"]:
            for name in self.to_come:
                if self.rank[name] <= self.rank[machine.station.name]:
                    continue
                if self.no_longer_comes(name, part):
                    for other in self.machines[name]:
                        if other.members and other.members[0]["order"] == part["order"]:
                            self.start_batch(other)
                    for other in self.machines[name]:
                        self.look_ahead(other)
        self.settle_order(part)
        self.fill([machine])

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

    # failures

    def renew(self, machine, mode):
        place = f"{machine.station.name}#{machine.number + 1}.{mode.name}"
        draw = self.time(place, "time to failure", mode.time_to_failure)
        number = machine.station.failures.index(mode)
        if mode.clock == "calendar":
            self.at(draw, 2, machine.station.name, lambda: self.strike(machine, mode), machine.number, number)
        elif mode.clock == "operation":
            machine.clock[mode.name] = draw
        else:
            machine.__dict__.setdefault("count", {})[mode.name] = max(1, math.ceil(draw))

    def strike(self, machine, mode):
        place = f"{machine.station.name}#{machine.number + 1}.{mode.name}"
        running = machine.phases and not machine.broken
        machine.broken.add(mode.name)
        self.note("fail", machine.station.name, None, machine.number)
        repair = self.time(place, "time to repair", mode.time_to_repair)
        self.at(
            repair,
            3,
            machine.station.name,
            lambda: self.repair(machine, mode),
            machine.number,
            machine.station.failures.index(mode),
        )
        scrapped = False
        if running:
            if machine.event in self.events:
                self.events.remove(machine.event)
            machine.phases[0][1] -= self.now - machine.started
            if machine.phases[0][0] == "busy":
                self.advance(machine)
                if mode.interrupted == "restart":
                    machine.phases[0][1] = machine.work
                scrapped = mode.interrupted == "scrap"
        machine.clock.pop(mode.name, None)
        if scrapped:
            self.scrap(machine)

    def repair(self, machine, mode):
        machine.broken.discard(mode.name)
        self.note("repair", machine.station.name, None, machine.number)
        self.renew(machine, mode)
        if not machine.broken and machine.phases:
            self.go_on(machine)


times = st.sampled_from(
    [
        Deterministic(value=1.0),
        Deterministic(value=2.0),
        Deterministic(value=0.5),
        Exponential(mean=1.5),
        Uniform(low=0.5, high=1.5),
        Empirical(values=(0.0, 1.0, 2.0)),
    ]
)


@st.composite
def stations(draw, name, *, servers=True, batches=(1, 1, 2, 3)):
    modes = [
        FailureMode(
            name=f"mode{number}",
            time_to_failure=draw(
                st.sampled_from([Exponential(mean=8), Deterministic(value=7.0), Deterministic(value=4.0)])
            ),
            time_to_repair=draw(times),
            clock=draw(st.sampled_from(["calendar", "operation", "cycles"])),
            interrupted=draw(st.sampled_from(["continue", "restart", "scrap"])),
        )
        for number in range(draw(st.integers(0, 2)))
    ]
    jam = MicroStop(probability=0.3, duration=Exponential(mean=1.0))
    cough = MicroStop(name="cough", probability=0.5, duration=0.5)
    saw = ToolWear(life=draw(st.integers(1, 3)), change_time=draw(times))
    test = Inspection(
        detection=0.8,
        false_alarm=0.1,
        time=draw(st.sampled_from([None, Exponential(mean=0.5)])),
        rejects=draw(st.sampled_from(["scrap", "scrap", "route"])),
    )
    return Station(
        name=name,
        cycle_time=draw(times),
        cycle_time_by_product=draw(st.sampled_from([{}, {"b": 0.75}])),
        servers=draw(st.integers(1, 3)) if servers else 1,
        speed=draw(st.sampled_from([1.0, 1.25])),
        batch_size=draw(st.sampled_from(batches)),
        failures=tuple(modes),
        micro_stops=draw(st.sampled_from([(), (jam,), (jam, cough)])),
        defect_rate=draw(st.sampled_from([0.0, 0.3])),
        start_up=draw(st.sampled_from([None, None, StartUp(cycles=2, defect_rate=0.9)])),
        tool=draw(st.sampled_from([None, None, saw, saw.replace(defect_rate=0.8)])),
        cures=draw(st.sampled_from([0.0, 0.0, 0.5])),
        inspection=draw(st.sampled_from([None, test])),
        setup_times=draw(st.sampled_from([{}, {"a": {"b": 2.0}, "b": {"a": 1.0}}])),
        initial_product=draw(st.sampled_from([None, "a"])),
    )


@st.composite
def networks(draw):
    """Return a line with merges, splits, direct hand-offs, parallel servers and a loop."""
    elements = [draw(stations(name)) for name in "PQRT"]
    elements += [Buffer(name=f"B{name}", capacity=draw(st.sampled_from([1, 2, 5, None]))) for name in "QR"]
    arrival = st.sampled_from([Exponential(mean=1.0), Deterministic(value=1.0)])
    elements += [
        Source(name="In", interarrival=draw(arrival), mix={"a": 0.5, "b": 0.5}),
        Source(name="More", interarrival=draw(arrival), limit=draw(st.sampled_from([None, 10]))),
        Sink(name="Out"),
        Sink(name="Else"),
    ]
    back = draw(st.sampled_from([0.0, 0.3]))
    arrows = [
        ("In", "P", 0.6),
        ("In", "BQ", 0.4),
        ("More", "BQ", 1.0),
        ("BQ", "Q", 0.7),
        ("BQ", "P", 0.3),
        ("BR", "R", 1.0),
        ("P", "BR", 0.5),
        ("P", "T", 0.5),
        ("Q", "BR", 0.5),
        ("Q", "T", 0.5),
        ("R", "T", 1.0),
        ("T", "Out", 0.8 - back),
        ("T", "Else", 0.2),
        ("T", "BQ", back),
    ]
    return Line(
        name="network",
        elements=tuple(elements),
        connections=tuple(Connection(source=a, target=b, probability=p) for a, b, p in arrows),
        products=(Product(name="a"), Product(name="b")),
    )


@st.composite
def shops(draw):
    """Return a line that makes to stock, with a second way out."""
    order_up_to, waits = draw(st.integers(1, 6)), draw(st.booleans())
    stock = Stock(
        name="Shop",
        initial=draw(st.sampled_from([None, 0, 4])),
        reorder_point=draw(st.integers(-2 if waits else 0, order_up_to - 1)),
        order_up_to=order_up_to,
        demand=draw(st.sampled_from([Exponential(mean=2), Deterministic(value=2)])),
        quantity=draw(st.integers(1, 3)),
        backorders=waits,
    )
    elements = [Source(name="In", replenishes="Shop", mix=draw(st.sampled_from([{}, {"a": 0.5, "b": 0.5}])))]
    elements += [draw(stations(name, batches=(1,))) for name in "PQ"]
    elements += [Buffer(name="B", capacity=draw(st.sampled_from([1, 3, None]))), stock, Sink(name="Out")]
    away = draw(st.sampled_from([0.1, 0.3]))
    arrows = [
        ("In", "P", 1.0),
        ("P", "B", 1.0),
        ("B", "Q", 1.0),
        ("Q", "Shop", 1 - away),
        ("Q", "Out", away),
    ]
    return Line(
        name="shop",
        elements=tuple(elements),
        connections=tuple(Connection(source=a, target=b, probability=p) for a, b, p in arrows),
        products=(Product(name="a"), Product(name="b")),
    )


@st.composite
def chains(draw):
    """Return a chain with a saturated source, some buffers, and orders."""
    elements, count = [Source(name="In")], draw(st.integers(1, 4))
    for index in range(count):
        places = draw(st.sampled_from([0, 1, 3]))
        if places:
            elements.append(Buffer(name=f"B{index}", capacity=places))
        elements.append(draw(stations(f"S{index}")))
    elements.append(Sink(name="Out"))
    orders = [
        Order(
            name=f"order {number}",
            product=draw(st.sampled_from("ab")),
            quantity=draw(st.integers(1, 8)),
            release=draw(st.sampled_from([0.0, 5.0])),
        )
        for number in range(draw(st.integers(1, 4)))
    ]
    return Line(
        name="chain",
        elements=tuple(elements),
        connections=chain(*(element.name for element in elements)),
        products=(Product(name="a"), Product(name="b")),
        orders=tuple(orders),
    )


def compare(line, run, second):
    ours = sorted(
        (e.time, e.kind, e.element, e.server, str(e.product), str(e.order))
        for e in run.events
        if e.kind not in ("state", "join")
    )
    assert ours == sorted(second.log)
    for station in line.stations:
        whole = sum(sum(machine.times.values()) for machine in second.machines[station.name])
        for state in STATES:
            seconds = sum(machine.times[state] for machine in second.machines[station.name])
            assert run.values[f"{station.name}.{state}"] == pytest.approx(seconds / whole, abs=1e-9)


@given(line=networks(), seed=st.integers(0, 1000))
@settings(max_examples=60, deadline=None)
def test_both_engines_walk_the_same_path_through_a_network(line, seed):
    run = run_replication(line, settings=RunSettings(horizon=40), seed=seed, log=True)
    compare(line, run, SecondEngine(line, seed).run(40))


@given(line=chains(), seed=st.integers(0, 1000))
@settings(max_examples=60, deadline=None)
def test_both_engines_walk_the_same_path_through_a_chain(line, seed):
    run = run_replication(line, settings=RunSettings(horizon=40), seed=seed, log=True)
    compare(line, run, SecondEngine(line, seed).run(40))


@given(line=shops(), seed=st.integers(0, 1000))
@settings(max_examples=60, deadline=None)
def test_both_engines_walk_the_same_path_to_a_stock(line, seed):
    run = run_replication(line, settings=RunSettings(horizon=40), seed=seed, log=True)
    second = SecondEngine(line, seed).run(40)
    compare(line, run, second)
    shelf = second.stocks["Shop"]
    assert (run.values["Shop.filled"], run.values["Shop.lost"]) == (shelf.filled, shelf.lost)


@given(line=chains(), seed=st.integers(0, 1000))
@settings(max_examples=60, deadline=None)
def test_both_engines_execute_the_same_plan(line, seed):
    plan = Schedule(
        assignments=tuple(
            Assignment(job=order.name, operation=0, machine=line.stations[0].name, start=i, end=i)
            for i, order in enumerate(line.orders)
        )
    )
    horizon = 1000.0
    second = SecondEngine(line, seed, line.orders).run(horizon)
    if any(second.orders.values()):  # a part that is restarted again and again never gets through
        assert any(mode.interrupted == "restart" for station in line.stations for mode in station.failures)
        with pytest.raises(SimulationError, match="orders are not complete"):
            run_replication(line, plan=plan, settings=RunSettings(horizon=horizon), seed=seed)
        return
    assume(second.now > 0)
    run = run_replication(line, plan=plan, settings=RunSettings(horizon=horizon), seed=seed, log=True)
    assert run.end == second.now
    compare(line, run, second)
