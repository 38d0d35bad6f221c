"""A plain engine, written from docs/semantics.md alone, moves belts, vehicles and pallets on the same path.

It has no calendar: after each event it asks everything in the line what would happen there next, and when.
"""

import math
from itertools import chain as joined

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opt_twin.graph import ranks
from opt_twin.line import (
    Buffer,
    Connection,
    Conveyor,
    Deterministic,
    Empirical,
    Exponential,
    FailureMode,
    Fleet,
    Inspection,
    Line,
    Pallets,
    Sink,
    Source,
    Station,
    Transport,
    Uniform,
)
from opt_twin.results import BELT_STATES, VEHICLE_STATES
from opt_twin.simulation import RunSettings, run_replication
from opt_twin.streams import stream


class Thing:
    """Something in a line: an element, one of its servers, a vehicle, pallets."""

    server = 0

    def __init__(self, engine, model):
        self.engine, self.model, self.name = engine, model, model.name
        self.rank = engine.rank.get(model.name)
        self.since = 0.0
        self.waiting = []

    def next_events(self):
        """Return (time, kind, rank, server, mode, action) of each thing that would happen here next."""
        return []

    def parts(self):
        return []

    def opened(self):
        """Let the vehicles know that there may be a place here."""
        for thing in self.engine.things.values():
            if isinstance(thing, TransportThing) and thing.target() is self and thing.model.reserves:
                thing.fleet.dispatch()

    def order(self):
        return (self.since, self.rank, self.server)

    def wait(self, giver):
        giver.since = self.engine.now
        self.waiting.append(giver)
        self.waiting.sort(key=Thing.order)

    def send(self, part):
        """Draw the way of a part; return the target, and whether it is ready."""
        target = self.engine.way(self.name)
        return target, target.ready(part)


class SourceThing(Thing):
    def __init__(self, engine, model):
        super().__init__(engine, model)
        self.part, self.at, self.pallet, self.count = None, None, False, 0

    def make(self):
        """Make parts until one has to wait."""
        while self.part is None and self.count != self.model.limit:
            self.count += 1
            self.part = {"pallets": [], "units": 1, "bad": False}
            if self.model.interarrival is not None:
                self.at = self.engine.now + self.engine.time(self.name, "arrival", self.model.interarrival)
                return
            self.attempt()

    def next_events(self):
        return [] if self.at is None else [(self.at, 4, self.rank, 0, 0, self.arrive)]

    def arrive(self):
        self.at = None
        self.attempt()
        self.make()

    def attempt(self):
        if self.model.pallets and not self.pallet:
            pool = self.engine.pools[self.model.pallets]
            if not pool.free:
                pool.wait(self)
                return
            pool.free -= 1
            self.pallet = True
        target, ready = self.send(self.part)
        if ready:
            target.take(self.give())
        else:
            target.wait(self)

    def give(self):
        part, self.part = self.part, None
        if self.pallet:
            part["pallets"] = [self.engine.pools[self.model.pallets]]
        self.pallet = False
        self.engine.note("release", self.name)
        return part

    def moved_on(self, machines):
        self.make()


class PoolThing(Thing):
    """Pallets of one name."""

    def __init__(self, engine, model, rank):
        super().__init__(engine, model)
        self.rank, self.free, self.back = rank, model.number, []

    def next_events(self):
        return [(min(self.back), 1, self.rank, 0, 0, self.arrive)] if self.back else []

    def come_back(self):
        self.back.append(self.engine.now + self.model.return_time)

    def arrive(self):
        self.free += self.back.count(self.engine.now)
        self.back = [time for time in self.back if time != self.engine.now]
        while self.free and self.waiting:
            source = self.waiting.pop(0)
            self.free -= 1
            source.pallet = True
            source.attempt()
            source.make()


class SinkThing(Thing):
    def room(self):
        return math.inf

    def ready(self, part):
        return True

    def take(self, part):
        self.engine.leave("exit", self.name, part)


class QueueThing(Thing):
    """A buffer."""

    def __init__(self, engine, model):
        super().__init__(engine, model)
        self.queue = []

    def parts(self):
        return self.queue

    def room(self):
        return (self.model.capacity or math.inf) - len(self.queue)

    def ready(self, part):
        return not self.waiting and len(self.queue) < (self.model.capacity or math.inf)

    def take(self, part):
        self.engine.note("enter", self.name)
        self.queue.append(part)
        if len(self.queue) == 1:
            target, ready = self.send(part)
            if ready:
                target.take(self.give())
            else:
                target.wait(self)

    def give(self):
        return self.queue.pop(0)

    def moved_on(self, machines):
        several = len(self.engine.line.successors(self.name)) > 1
        while self.queue:
            target, ready = self.send(self.queue[0]) if several else (self.engine.way(self.name), False)
            if not ready:
                target.wait(self)
                break
            target.take(self.give())
        while self.waiting and len(self.queue) < (self.model.capacity or math.inf):
            giver = self.waiting.pop(0)
            self.take(giver.give())
            giver.moved_on(machines)
        self.opened()


class StationThing(Thing):
    def __init__(self, engine, model):
        super().__init__(engine, model)
        self.machines = [MachineThing(engine, self, number) for number in range(model.servers)]

    def next_events(self):
        return [event for machine in self.machines for event in machine.next_events()]

    def parts(self):
        return [part for machine in self.machines for part in machine.parts()]

    def room(self):
        free = [machine for machine in self.machines if machine.part is None]
        return sum(self.model.batch_size - len(machine.members) for machine in free)

    def choose(self):
        free = [machine for machine in self.machines if machine.part is None]
        return min(free, key=lambda machine: not machine.members, default=None)

    def ready(self, part):
        return not self.waiting and self.choose() is not None

    def take(self, part):
        self.choose().load(part)


class MachineThing(Thing):
    def __init__(self, engine, station, number):
        super().__init__(engine, station.model)
        self.station, self.server = station, number
        self.part, self.members, self.until = None, [], None

    def parts(self):
        return [*self.members, *([] if self.part is None else [self.part])]

    def next_events(self):
        return [] if self.until is None else [(self.until, 1, self.rank, self.server, 0, self.finish)]

    def load(self, part):
        self.members.append(part)
        if len(self.members) < self.model.batch_size:
            return
        self.part = {
            "pallets": [pallet for member in self.members for pallet in member["pallets"]],
            "units": sum(member["units"] for member in self.members),
            "bad": any(member["bad"] for member in self.members),
        }
        self.members = []
        self.engine.note("start", self.name, self.server)
        self.until = self.engine.now + self.engine.time(self.name, "processing", self.model.cycle_time)

    def finish(self):
        self.until = None
        if self.model.defect_rate and self.engine.chance(self.name, "defect") < self.model.defect_rate:
            self.part["bad"] = True
        self.engine.note("finish", self.name, self.server)
        for pool in self.engine.pools.values():
            if pool.model.unloaded_at == self.name:
                while pool in self.part["pallets"]:
                    self.part["pallets"].remove(pool)
                    pool.come_back()
        test = self.model.inspection
        if test is not None:
            draw = self.engine.chance(self.name, "inspection")
            if draw < (test.detection if self.part["bad"] else test.false_alarm):
                self.engine.leave("scrap", self.name, self.give(), self.server)
                self.engine.fill([self])
                return
        target, ready = self.send(self.part)
        if ready:
            target.take(self.part)
            self.part = None
            self.engine.fill([self])
        else:
            target.wait(self)

    def give(self):
        part, self.part = self.part, None
        return part

    def moved_on(self, machines):
        machines.append(self)

    def refill(self, machines):
        while self.part is None and self.station.waiting:
            giver = self.station.waiting.pop(0)
            self.load(giver.give())
            giver.moved_on(machines)
        if self.part is None:
            self.station.opened()


class BeltThing(Thing):
    """A conveyor; `belt` holds [part, E] for each part, the first at the end first."""

    def __init__(self, engine, model):
        super().__init__(engine, model)
        self.travel, self.step = model.length / model.speed, model.pitch / model.speed
        self.belt, self.arrival, self.last_entry, self.looked_at = [], None, None, None
        self.clock, self.start, self.runs, self.waits = 0.0, 0.0, True, False
        self.down, self.left, self.due = {}, {}, {}
        self.passed, self.times = 0, dict.fromkeys(BELT_STATES, 0.0)
        for mode in model.failures:
            self.renew(mode)

    def parts(self):
        return [part for part, _ in self.belt]

    def room(self):
        return self.model.capacity - len(self.belt)

    def state(self):
        return "failed" if self.down else "blocked" if self.waits else "moving"

    def belt_time(self):
        return self.clock + (self.engine.now - self.start) if self.runs else self.clock

    def time_of(self, belt_time):
        return self.start + (belt_time - self.clock)

    def opening(self):
        return 0.0 if self.last_entry is None else self.time_of(self.last_entry + self.step)

    def next_events(self):
        now, modes = self.engine.now, list(self.model.failures)
        for mode in modes:
            number = modes.index(mode)
            if mode.name in self.down:
                yield self.down[mode.name], 3, self.rank, 0, number, lambda mode=mode: self.repair(mode)
            elif mode.name in self.due:
                yield self.due[mode.name], 2, self.rank, 0, number, lambda mode=mode: self.strike(mode)
        if not self.runs:
            return
        clocks = [mode for mode in modes if mode.clock == "operation"]
        if clocks:
            mode = min(clocks, key=lambda mode: self.left[mode.name])
            number = modes.index(mode)
            yield self.start + self.left[mode.name], 2, self.rank, 0, number, lambda: self.strike(mode)
        if self.belt and not self.waits:
            yield max(now, self.time_of(self.arrival)), 1, self.rank, 0, 0, self.arrive
        awaited = self.waiting and len(self.belt) < self.model.capacity
        if awaited and self.looked_at != self.last_entry and self.opening() >= now:
            yield self.opening(), 1, self.rank, 1, 0, self.look

    # the entrance

    def open(self):
        if not self.runs or len(self.belt) >= self.model.capacity or self.engine.now < self.opening():
            return False
        if self.model.recirculating and self.belt:
            return self.arrival - self.belt_time() >= self.step * (1 - 1e-9)
        return True

    def ready(self, part):
        return not self.waiting and self.open()

    def take(self, part):
        self.engine.note("enter", self.name)
        self.last_entry = self.belt_time()
        self.belt.append([part, self.last_entry])
        if len(self.belt) == 1:
            self.arrival = self.last_entry + self.travel

    def look(self):
        self.looked_at = self.last_entry
        self.enter_all()

    def enter_all(self):
        machines = []
        self.admit(machines)
        self.engine.fill(machines)

    def admit(self, machines):
        while self.waiting and self.open():
            giver = self.waiting.pop(0)
            self.take(giver.give())
            giver.moved_on(machines)

    # the end

    def arrive(self):
        target, ready = self.send(self.belt[0][0])
        machines = []
        if ready:
            target.take(self.give())
            self.moved_on(machines)
        elif self.model.recirculating:
            self.last_entry = self.belt_time()
            self.belt.append([self.belt.pop(0)[0], self.last_entry])
            self.arrival = self.belt[0][1] + self.travel
            self.admit(machines)
        else:
            self.waits = True
            if not self.model.accumulating:
                self.stand()
            target.wait(self)
        self.engine.fill(machines)

    def give(self):
        part, _ = self.belt.pop(0)
        self.passed += 1
        if self.belt:
            self.arrival = self.belt[0][1] + self.travel
            if not self.model.recirculating:
                self.arrival = max(self.arrival, self.belt_time() + self.step)
        self.waits = False
        self.go()
        return part

    def moved_on(self, machines):
        for mode in self.model.failures:
            if mode.clock == "cycles" and mode.name not in self.down:
                self.left[mode.name] -= 1
                if self.left[mode.name] == 0:
                    self.strike(mode)
        self.admit(machines)
        self.opened()

    # running and standing

    def go(self):
        if not self.runs and not self.down and (self.model.accumulating or not self.waits):
            self.runs, self.start = True, self.engine.now

    def stand(self):
        if not self.runs:
            return
        self.runs = False
        elapsed = self.engine.now - self.start
        self.clock += elapsed
        for mode in self.model.failures:
            if mode.clock == "operation":
                self.left[mode.name] = max(0.0, self.left[mode.name] - elapsed)

    def renew(self, mode):
        draw = self.engine.time(f"{self.name}.{mode.name}", "time to failure", mode.time_to_failure)
        if mode.clock == "calendar":
            self.due[mode.name] = self.engine.now + draw
        elif mode.clock == "operation":
            self.left[mode.name] = draw
        else:
            self.left[mode.name] = max(1, math.ceil(draw))

    def strike(self, mode):
        self.engine.note("fail", self.name)
        repair = self.engine.time(f"{self.name}.{mode.name}", "time to repair", mode.time_to_repair)
        self.down[mode.name] = self.engine.now + repair
        self.left[mode.name] = math.inf
        self.stand()

    def repair(self, mode):
        self.engine.note("repair", self.name)
        del self.down[mode.name]
        self.renew(mode)
        self.go()
        self.enter_all()


class TransportThing(Thing):
    def __init__(self, engine, model):
        super().__init__(engine, model)
        self.fleet = engine.fleets[model.fleet]

    def parts(self):
        return [cart.part for cart in self.fleet.carts if cart.part and cart.call[0] is self]

    def ready(self, part):
        return False

    def target(self):
        return self.engine.way(self.name)

    def wait(self, giver):
        giver.since = self.engine.now
        self.fleet.calls.append((self, giver))
        self.fleet.dispatch()

    def may_be_served(self):
        """Return whether the target has a place beside those of the parts that are on their way."""
        if not self.model.reserves:
            return True
        coming = [
            cart
            for fleet in self.engine.fleets.values()
            for cart in fleet.carts
            if cart.call and cart.call[0].target() is self.target() and cart.call[0].model.reserves
        ]
        return self.target().room() > len(coming)


class FleetThing(Thing):
    def __init__(self, engine, model, rank):
        super().__init__(engine, model)
        self.calls = []
        self.carts = [CartThing(engine, self, rank, number) for number in range(model.number)]

    def next_events(self):
        return [event for cart in self.carts for event in cart.next_events()]

    def next_call(self):
        calls = [call for call in self.calls if call[0].may_be_served()]
        call = min(calls, key=lambda call: (-call[0].model.priority, *call[1].order()), default=None)
        if call:
            self.calls.remove(call)
        return call

    def dispatch(self):
        while idle := [cart for cart in self.carts if cart.state == "idle"]:
            call = self.next_call()
            if call is None:
                return
            min(idle, key=lambda cart: cart.metres(call[1].name)).serve(*call)


class CartThing(Thing):
    """A vehicle; `goal` is what its drive without a part is for."""

    def __init__(self, engine, fleet, rank, number):
        super().__init__(engine, fleet.model)
        self.fleet, self.event_rank, self.server = fleet, rank, number
        self.place, self.driven, self.part, self.call = fleet.model.parking, 0.0, None, None
        self.state, self.until = "idle", None
        self.times = dict.fromkeys(VEHICLE_STATES, 0.0)

    def next_events(self):
        return [] if self.until is None else [(self.until, 1, self.event_rank, self.server, 0, self.over)]

    def metres(self, place):
        return 0.0 if self.place is None else self.model.distance(self.place, place)

    def begin(self, state, seconds=None):
        self.state = state
        self.until = None if seconds is None else self.engine.now + seconds

    def drive(self, state, place):
        metres = self.metres(place)
        self.driven += metres
        self.place = place
        self.begin(state, metres / self.model.speed)

    def serve(self, transport, giver):
        self.call = (transport, giver)
        self.rank = transport.rank
        self.drive("empty", giver.name)

    def over(self):
        if self.state == "empty" and self.call:
            self.begin("loading", self.model.loading_time)
        elif self.state == "loading":
            transport, giver = self.call
            self.part = giver.give()
            self.engine.note("enter", transport.name)
            self.drive("loaded", self.engine.way(transport.name).name)
            machines = []
            giver.moved_on(machines)
            self.engine.fill(machines)
        elif self.state == "loaded":
            self.begin("unloading", self.model.unloading_time)
        elif self.state == "unloading":
            transport = self.call[0]
            target = transport.target()
            if target.ready(self.part):
                target.take(self.give())
                self.free()
                if transport.model.reserves:
                    target.opened()
            else:
                self.begin("waiting")
                target.wait(self)
        else:
            if self.state == "charging":
                self.driven = 0.0
            self.free()

    def give(self):
        part, self.part, self.call = self.part, None, None
        return part

    def moved_on(self, machines):
        self.free()

    def free(self):
        model = self.model
        if model.battery is not None and self.driven >= model.battery:
            if model.charger in (None, self.place):
                self.begin("charging", model.charging_time)
            else:
                self.drive("empty", model.charger)
        elif call := self.fleet.next_call():
            self.serve(*call)
        elif model.parking not in (None, self.place):
            self.drive("empty", model.parking)
        else:
            self.begin("idle")


KINDS = {
    "source": SourceThing,
    "buffer": QueueThing,
    "station": StationThing,
    "conveyor": BeltThing,
    "transport": TransportThing,
    "sink": SinkThing,
}


class PlainEngine:
    """The meaning of a line, in the words of docs/semantics.md."""

    def __init__(self, line, seed):
        self.line, self.seed, self.now = line, seed, 0.0
        self.rank, self.streams, self.log, self.units = ranks(line), {}, [], 0
        first = len(line.elements)
        self.fleets = {f.name: FleetThing(self, f, first + i) for i, f in enumerate(line.fleets)}
        first += len(line.fleets)
        self.pools = {p.name: PoolThing(self, p, first + i) for i, p in enumerate(line.pallets)}
        self.things = {e.name: KINDS[e.kind](self, e) for e in line.elements}

    def rng(self, element, purpose):
        if (element, purpose) not in self.streams:
            self.streams[element, purpose] = stream(self.seed, 0, element, purpose)
        return self.streams[element, purpose]

    def time(self, element, purpose, distribution):
        return float(distribution.sample(self.rng(element, purpose), 1)[0])

    def chance(self, element, purpose):
        return self.rng(element, purpose).random()

    def way(self, name):
        ways = self.line.successors(name)
        if len(ways) == 1:
            return self.things[ways[0].target]
        draw, total, reached = self.chance(name, "routing"), sum(way.probability for way in ways), 0.0
        for way in ways:
            reached += way.probability
            if draw < reached / total:
                break
        return self.things[way.target]

    def note(self, kind, name, server=0):
        self.log.append((self.now, kind, name, server))
        self.units += kind == "release"

    def leave(self, kind, name, part, server=0):
        self.note(kind, name, server)
        self.units -= part["units"]
        for pool in part["pallets"]:
            pool.come_back()

    def fill(self, machines):
        for machine in machines:
            machine.refill(machines)

    def everything(self):
        return joined(self.things.values(), self.fleets.values(), self.pools.values())

    def run(self, horizon):
        sources = [thing for thing in self.things.values() if isinstance(thing, SourceThing)]
        for source in sorted(sources, key=lambda source: source.rank):
            source.make()
        while True:
            events = [event for thing in self.everything() for event in thing.next_events()]
            first = min(events, key=lambda event: event[:5], default=(math.inf,))
            self.pass_time(min(first[0], horizon))
            if first[0] > horizon:
                return self
            first[-1]()

    def pass_time(self, now):
        belts = [thing for thing in self.things.values() if isinstance(thing, BeltThing)]
        for thing in (*belts, *(cart for fleet in self.fleets.values() for cart in fleet.carts)):
            thing.times[thing.state() if isinstance(thing, BeltThing) else thing.state] += now - self.now
        self.now = now


times = st.sampled_from(
    [
        Deterministic(value=1.0),
        Deterministic(value=0.5),
        Exponential(mean=1.5),
        Uniform(low=0.5, high=1.5),
        Empirical(values=(0.0, 1.0, 2.0)),
    ]
)


@st.composite
def belts(draw, name):
    modes = [
        FailureMode(
            name=f"mode{number}",
            time_to_failure=draw(st.sampled_from([Exponential(mean=8), Deterministic(value=4.0)])),
            time_to_repair=draw(times),
            clock=draw(st.sampled_from(["calendar", "operation", "cycles"])),
        )
        for number in range(draw(st.integers(0, 2)))
    ]
    kinds = [{}, {}, {"accumulating": False}, {"recirculating": True}]
    return Conveyor(
        name=name,
        length=draw(st.sampled_from([1.0, 2.0, 2.7, 4.0])),
        speed=draw(st.sampled_from([0.5, 1.0, 2.0, 0.3])),
        pitch=draw(st.sampled_from([0.5, 1.0, 0.9])),
        failures=tuple(modes),
        **draw(st.sampled_from(kinds)),
    )


@st.composite
def stations(draw, name):
    return Station(
        name=name,
        cycle_time=draw(times),
        servers=draw(st.integers(1, 2)),
        batch_size=draw(st.sampled_from([1, 1, 1, 2])),
        defect_rate=draw(st.sampled_from([0.0, 0.3])),
        inspection=draw(st.sampled_from([None, Inspection(detection=0.8, false_alarm=0.1)])),
    )


@st.composite
def networks(draw):
    """Return a line in which belts, vehicles, buffers and stations hand over to one another."""
    meters = st.sampled_from([0.0, 0.5, 1.0, 2.5])
    fleets = tuple(
        Fleet(
            name=name,
            number=draw(st.integers(1, 3)),
            speed=draw(st.sampled_from([1.0, 0.7])),
            loading_time=draw(st.sampled_from([0.0, 0.25])),
            unloading_time=draw(st.sampled_from([0.0, 0.5])),
            distances={
                "B1": {"P": draw(meters), "C2": draw(meters)},
                "P": {"C2": draw(meters)},
                "In": {"P": 1},
            },
            parking=draw(st.sampled_from([None, "P", "In"])),
            **draw(
                st.sampled_from(
                    [
                        {},
                        {"battery": 2.0, "charging_time": 1.5},
                        {"battery": 4, "charging_time": 1, "charger": "C2"},
                    ]
                )
            ),
        )
        for name in ("F", "G")
    )
    pallets = Pallets(
        name="tray",
        number=draw(st.integers(2, 6)),
        return_time=draw(st.sampled_from([0.0, 1.0, 2.3])),
        unloaded_at=draw(st.sampled_from([None, "Q"])),
    )
    saturated = draw(st.booleans())
    elements = [
        Source(
            name="In",
            interarrival=None if saturated else draw(times),
            limit=draw(st.sampled_from([None, 20])),
            pallets="tray",
        ),
        Source(
            name="More", interarrival=draw(st.sampled_from([Exponential(mean=2.0), Deterministic(value=1.0)]))
        ),
        draw(belts("C1")),
        Buffer(name="B1", capacity=draw(st.sampled_from([1, 3]))),
        Transport(name="T1", fleet="F", priority=draw(st.integers(0, 1)), reserves=draw(st.booleans())),
        Transport(name="T2", fleet=draw(st.sampled_from(["F", "G"])), reserves=draw(st.booleans())),
        Transport(name="T3", fleet="F", reserves=draw(st.booleans())),
        draw(stations("P")),
        draw(stations("Q")),
        draw(belts("C2")),
        draw(belts("C3")),
        Sink(name="Out"),
    ]
    back, to = draw(st.sampled_from([0.0, 0.1])), draw(st.sampled_from(["B1", "Out", "P", "C2"]))
    arrows = [
        ("In", "C1", 1.0),
        ("More", "C1", 0.5),
        ("More", "B1", 0.5),
        ("C1", "B1", 0.6),
        ("C1", "P", 0.4),
        ("B1", "T1", 0.7),
        ("B1", "T2", 0.3),
        ("T1", "P", 1.0),
        ("T2", "C2", 1.0),
        ("P", "C2", 1.0),
        ("C2", "C3", 1.0),
        ("C3", "Q", 1.0),
        ("Q", "Out", 0.7),
        ("Q", "B1", back),
        ("Q", "T3", 0.3 - back),
        ("T3", to, 1.0),
    ]
    return Line(
        name="network",
        elements=tuple(elements),
        connections=tuple(Connection(source=a, target=b, probability=p) for a, b, p in arrows),
        fleets=fleets,
        pallets=(pallets,),
    )


@given(line=networks(), seed=st.integers(0, 1000))
@settings(max_examples=100, deadline=None)
def test_the_plain_engine_walks_the_same_path(line, seed):
    horizon = 40.0
    run = run_replication(line, settings=RunSettings(horizon=horizon), seed=seed, log=True)
    plain = PlainEngine(line, seed).run(horizon)
    ours = sorted(
        (e.time, e.kind, e.element, e.server) for e in run.events if e.kind not in ("state", "join")
    )
    assert ours == sorted(plain.log)
    assert plain.units == sum(part["units"] for thing in plain.things.values() for part in thing.parts())
    for name in ("C1", "C2", "C3"):
        belt = plain.things[name]
        assert run.values[f"{name}.parts"] == belt.passed
        for state in BELT_STATES:
            assert run.values[f"{name}.{state}"] == pytest.approx(belt.times[state] / horizon, abs=1e-9)
    for name, fleet in plain.fleets.items():
        for state in VEHICLE_STATES:
            seconds = sum(cart.times[state] for cart in fleet.carts)
            share = seconds / horizon / len(fleet.carts)
            assert run.values[f"{name}.{state}"] == pytest.approx(share, abs=1e-9)
