"""Sources, buffers, stations, sinks and pallets of the plain engine, in the words of docs/semantics.md."""

import math


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
            if thing.model.kind == "transport" and thing.target() is self and thing.model.reserves:
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
