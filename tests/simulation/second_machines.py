"""The servers of the second engine: cycles, batches, failures."""

import math
from functools import partial

from opt_twin.results import STATES


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


class MachineRules:
    """What happens to a part in a server, and to the server."""

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
