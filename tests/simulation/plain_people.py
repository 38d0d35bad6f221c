"""A plain engine of people, shifts, maintenance and neighbours, written from docs/semantics.md alone.

It is that of `second_engine`, in which whatever keeps a server from working is a halt.
"""

import math
from functools import partial
from itertools import count

from second_engine import SecondEngine

from opt_twin.line.people import WEEK

SHIFT = 3.5  # between a repair and an arrival, which are 3 and 4 in the second engine
LABELS = ("off_shift", "maintenance", "failed", "waiting_for_crew", "stopped", "waiting_for_operator")
PHASES = {
    "setup": "setup",
    "warm": "setup",
    "load": "busy",
    "stop": "micro_stop",
    "run": "busy",
    "inspect": "busy",
}


class Call:
    """People that are asked for, or there; `come` and `go` are what they make happen."""

    def __init__(self, need, order, come, go):
        self.need, self.order, self.come, self.go = need, order, come, go
        self.held = {}


class People:
    """The groups of a line and the calls for them."""

    def __init__(self, line):
        self.groups = sorted(line.operators, key=lambda group: len(group.abilities))
        self.free = {group.name: group.number for group in line.operators}
        self.off = set()
        self.waiting, self.served, self.made = [], [], count()

    def call(self, need, order, come, go):
        call = Call(need, (*order, next(self.made)), come, go)
        self.waiting.append(call)
        return call, self.serve(call)

    def able(self, skill):
        return [g.name for g in self.groups if skill in g.abilities and g.name not in self.off]

    def serve(self, call):
        names, missing = self.able(call.need.skill), call.need.number
        if sum(self.free[name] for name in names) < missing:
            return False
        for name in names:
            taken = min(missing, self.free[name])
            missing -= taken
            self.free[name] -= taken
            if taken:
                call.held[name] = taken
        self.waiting.remove(call)
        self.served.append(call)
        return True

    def serve_all(self):
        for call in sorted(self.waiting, key=lambda call: call.order):
            if call in self.waiting and self.serve(call):
                call.come()

    def end(self, call):
        """Give the people of a call back, or take back the call."""
        if call in self.waiting:
            self.waiting.remove(call)
            return
        self.part(call)
        self.serve_all()

    def part(self, call):
        self.served.remove(call)
        for name, number in call.held.items():
            self.free[name] += number
        call.held = {}

    def leave(self, group):
        """Let the people of a group go at once."""
        for call in [call for call in self.served if group in call.held]:
            self.part(call)
            call.go()
        self.serve_all()


class PeopleEngine(SecondEngine):
    """The meaning of a line, in the words of docs/semantics.md."""

    def __init__(self, line, seed, clock_start=0.0, sequence=()):
        super().__init__(line, seed, sequence)
        self.people, self.clock_start = People(line), clock_start
        for machine in self.each_machine():
            machine.halts = machine.broken = {}  # what halts it -> the state that it is in then
            machine.since, machine.cold, machine.call = None, False, None
            machine.began, machine.after, machine.tasks = 0.0, [], {}
            machine.calendar, machine.count, machine.repairs = {}, {}, {}
            machine.state = partial(self.state, machine)

    def state(self, machine):
        labels = set(machine.halts.values())
        if labels:
            return next(label for label in LABELS if label in labels)
        if machine.phases:
            return PHASES[machine.phases[0][0]]
        return "blocked" if machine.part is not None else "starved"

    def run(self, horizon):
        self.follow_shifts(horizon)
        for machine in self.each_machine():
            for task in machine.station.maintenance:
                if task.start is not None:
                    self.plan_task(machine, task, task.start)
        return super().run(horizon)

    def event(self, time, kind, rank, action, server=0, mode=0):
        event = [time, kind, rank, server, mode, action]
        self.events.append(event)
        return event

    # shifts

    def follow_shifts(self, horizon):
        windows = {shift.name: shift.windows() for shift in self.line.shifts}
        stations = sorted(self.line.stations, key=lambda station: self.rank[station.name])
        followed = dict.fromkeys(who.shifts for who in (*stations, *self.line.operators) if who.shifts)
        for position, names in enumerate(followed):
            spans = [span for name in names for span in windows[name]]
            spans = [(a - WEEK, b - WEEK) for a, b in spans] + spans

            def works(moment, spans=spans):
                return any(a <= moment < b for a, b in spans)

            tell = partial(self.tell, names, stations)
            if not works(self.clock_start % WEEK):
                tell(False)
            bounds = {bound % WEEK for span in spans for bound in span}
            for week in range(math.ceil((self.clock_start + horizon) / WEEK) + 1):
                for bound in bounds:
                    time = week * WEEK + bound - self.clock_start
                    before = works(math.nextafter(bound or WEEK, 0.0))
                    if 0 < time <= horizon and works(bound) != before:
                        self.event(time, SHIFT, len(self.rank) + position, partial(tell, works(bound)))

    def tell(self, names, stations, works):
        for station in stations:
            for machine in self.machines[station.name] if station.shifts == names else ():
                if works and "shift" in machine.after:
                    machine.after.remove("shift")
                elif works:
                    self.end_halt(machine, "shift")
                elif station.at_shift_end == "finish" and self.in_cycle(machine):
                    machine.after.append("shift")
                else:
                    self.halt(machine, "shift", "off_shift")
        for group in self.line.operators:
            if group.shifts == names and works:
                self.people.off.discard(group.name)
                self.people.serve_all()
            elif group.shifts == names:
                self.people.off.add(group.name)
                if group.at_shift_end == "stop":
                    self.people.leave(group.name)

    def in_cycle(self, machine):
        return bool(machine.phases) and machine.began < self.now

    def after_cycle(self, machine):
        while machine.after:
            asked = machine.after.pop(0)
            if asked == "shift":
                self.halt(machine, "shift", "off_shift")
            else:
                self.begin_task(machine, asked)

    # halts

    def halt(self, machine, key, label):
        working = not machine.halts
        if machine.since is None:
            machine.since = self.now
        machine.halts.pop("operator", None)
        machine.halts[key] = label
        if working and machine.phases:
            self.stop_phase(machine)
        call, machine.call = machine.call, None
        if call:
            self.people.end(call)

    def stop_phase(self, machine):
        self.events.remove(machine.event)
        machine.phases[0][1] -= self.now - machine.started
        if machine.phases[0][0] == "run":
            self.advance(machine)

    def end_halt(self, machine, key):
        del machine.halts[key]
        if machine.halts:
            return
        station = machine.station
        if station.warm_up_time and self.now - machine.since > station.warm_up_after:
            if machine.phases and not machine.ahead:
                self.warm_up(machine)
            else:
                machine.cold = True
        machine.since = None
        self.go_on(machine)

    def warm_up(self, machine):
        if machine.phases[0][0] == "warm":
            machine.phases.pop(0)
        machine.phases.insert(0, ["warm", machine.station.warm_up_time])

    # cycles

    def look_ahead(self, machine):
        ahead = machine.ahead
        super().look_ahead(machine)
        if machine.ahead and not ahead:
            machine.began = self.now

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
        load = self.time(station.name, "loading", station.load_time) if station.load_time else 0.0
        setup = station.setup_time(machine.product, product)
        machine.product, machine.began = product, self.now
        phases = [["setup", setup], ["load", load], ["stop", stops], ["run", machine.work]]
        machine.phases = [phase for phase in phases if phase[1] > 0 or phase[0] == "run"]
        if machine.cold:
            machine.cold = False
            self.warm_up(machine)
        self.note("start", station.name, machine.part, machine.number)
        self.go_on(machine)

    def go_on(self, machine):
        if machine.halts or not machine.phases:
            return
        station, (phase, remaining) = machine.station, machine.phases[0]
        need = station.needs.get(phase)
        if machine.call and machine.call.need != need:
            call, machine.call = machine.call, None
            self.people.end(call)
        if need and not machine.call and not self.call_operators(machine, need):
            return
        machine.started = self.now
        modes = [m for m in station.failures if m.clock == "operation"] if phase == "run" else []
        for mode in sorted(modes, key=lambda mode: machine.clock[mode.name])[:1]:
            left = machine.clock[mode.name]
            if self.now + left < self.now + remaining:
                machine.event = self.mode_event(left, 2, machine, mode, self.strike)
                return
        machine.event = self.at(remaining, 1, station.name, lambda: self.phase_ends(machine), machine.number)

    def mode_event(self, delay, kind, machine, mode, action):
        number = (*machine.station.failures, *machine.station.maintenance).index(mode)
        name = machine.station.name
        return self.at(delay, kind, name, partial(action, machine, mode), machine.number, number)

    def order(self, machine, priority):
        return -priority, self.now, self.rank[machine.station.name], machine.number

    def call_operators(self, machine, need):
        def come():
            del machine.halts["operator"]
            self.go_on(machine)

        def go():
            self.stop_phase(machine)
            machine.halts["operator"] = "waiting_for_operator"
            if self.call_operators(machine, need):
                come()

        order = self.order(machine, machine.station.priority)
        machine.call, served = self.people.call(need, order, come, go)
        if not served:
            machine.halts["operator"] = "waiting_for_operator"
        return served

    def phase_ends(self, machine):
        phase, _ = machine.phases.pop(0)
        station, part = machine.station, machine.part
        if phase == "run":
            self.advance(machine)
        if machine.phases:
            self.go_on(machine)
            return
        call, machine.call = machine.call, None
        if call:
            self.people.end(call)
        if machine.ahead:
            machine.ahead = False
            self.after_cycle(machine)
            if machine.part is not None:
                self.begin(machine)
            else:
                self.look_ahead(machine)
            return
        if station.defect_rate > 0 and self.rng(station.name, "defect").random() < station.defect_rate:
            part["defective"] = True
        self.note("finish", station.name, part, machine.number)
        for mode in station.failures:
            if mode.clock == "cycles" and mode.name in machine.count:
                machine.count[mode.name] -= 1
                if machine.count[mode.name] == 0:
                    self.strike(machine, mode)
        self.after_cycle(machine)
        self.send_off(machine)

    def send_off(self, machine):
        station, part = machine.station, machine.part
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

    def scrap(self, machine):
        machine.phases = []
        self.after_cycle(machine)
        super().scrap(machine)

    # failures and maintenance

    def renew(self, machine, mode):
        place = f"{machine.station.name}#{machine.number + 1}.{mode.name}"
        draw = self.time(place, "time to failure", mode.time_to_failure)
        draw /= machine.station.speed**machine.station.wear_exponent
        if mode.clock == "calendar":
            machine.calendar[mode.name] = self.mode_event(draw, 2, machine, mode, self.strike)
        elif mode.clock == "operation":
            machine.clock[mode.name] = draw
        else:
            machine.count[mode.name] = max(1, math.ceil(draw))

    def strike(self, machine, mode):
        place = f"{machine.station.name}#{machine.number + 1}.{mode.name}"
        processed = machine.phases and not machine.halts and machine.phases[0][0] == "run"
        if machine.phases and not machine.halts and machine.event not in self.events:
            self.events.append(machine.event)  # it was the end of this phase that struck
        self.note("fail", machine.station.name, None, machine.number)
        self.halt(machine, mode.name, "failed")
        for clock in (machine.clock, machine.count, machine.calendar):
            clock.pop(mode.name, None)
        if processed and mode.interrupted == "restart":
            machine.phases[0][1] = machine.work
        repair = self.time(place, "time to repair", mode.time_to_repair)
        if processed and mode.interrupted == "scrap":
            self.scrap(machine)
        self.work(machine, mode, repair, "failed", self.repair)
        for name in mode.also_stops:
            for neighbour in self.machines[name]:
                self.halt(neighbour, (machine, mode.name), "stopped")

    def work(self, machine, task, seconds, label, done):
        """Repair or maintain, once the crew has come."""
        job = {"left": seconds, "call": None}

        def come():
            machine.halts[task.name] = label
            job["began"] = self.now
            job["end"] = self.mode_event(job["left"], 3, machine, task, end)

        def go():
            self.events.remove(job["end"])
            job["left"] -= self.now - job["began"]
            call()

        def call():
            machine.halts[task.name] = "waiting_for_crew"
            job["call"], served = self.people.call(task.crew, self.order(machine, task.priority), come, go)
            if served:
                come()

        def end(machine, task):
            if job["call"]:
                self.people.end(job["call"])
            done(machine, task)

        if task.crew:
            call()
        else:
            come()

    def repair(self, machine, mode):
        self.note("repair", machine.station.name, None, machine.number)
        self.renew(machine, mode)
        self.end_halt(machine, mode.name)
        for name in mode.also_stops:
            for neighbour in self.machines[name]:
                self.end_halt(neighbour, (machine, mode.name))

    def plan_task(self, machine, task, time):
        number = (*machine.station.failures, *machine.station.maintenance).index(task)
        due = partial(self.due, machine, task, time)
        self.event(time, SHIFT, self.rank[machine.station.name], due, machine.number, number)

    def due(self, machine, task, time):
        if task.every:
            self.plan_task(machine, task, time + task.every)
        if task in machine.after or task.name in machine.halts:
            return
        if task.at_start == "finish" and self.in_cycle(machine):
            machine.after.append(task)
        else:
            self.begin_task(machine, task)

    def begin_task(self, machine, task):
        place = f"{machine.station.name}#{machine.number + 1}.{task.name}"
        self.note("maintain", machine.station.name, None, machine.number)
        self.halt(machine, task.name, "maintenance")
        self.work(
            machine, task, self.time(place, "maintenance", task.duration), "maintenance", self.task_ends
        )

    def task_ends(self, machine, task):
        self.note("maintained", machine.station.name, None, machine.number)
        for mode in machine.station.failures:
            if mode.name in task.renews and mode.name not in machine.halts:
                old = machine.calendar.pop(mode.name, None)
                if old in self.events:
                    self.events.remove(old)
                self.renew(machine, mode)
        self.end_halt(machine, task.name)
