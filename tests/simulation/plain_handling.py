"""Conveyors, transports and vehicles of the plain engine, in the words of docs/semantics.md."""

import math

from plain_places import Thing

from opt_twin.results import BELT_STATES, VEHICLE_STATES


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
