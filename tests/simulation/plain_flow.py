"""A plain engine of routing, disciplines, intake and output, written from docs/semantics.md alone.

It is slow and plain: it knows no failures, no set-ups and no plans, and draws one number at a time.
"""

import math

from opt_twin.graph import ranks
from opt_twin.line import Buffer, Sink
from opt_twin.streams import stream

SCRAP, ANY = object(), object()


class Place:
    """Who gives parts: a source, a server, a buffer or one of its queues."""

    def __init__(self, element, index=0):
        self.element, self.name, self.index = element, element.name, index
        self.parts = []  # those that leave, the first first
        self.working = None
        self.members = []
        self.ways = {}  # part -> what was chosen for it

    @property
    def full(self):
        return self.working is not None or bool(self.parts)


class Part:
    def __init__(self, product, units=1):
        self.product, self.units = product, units
        self.defective = self.rejected = False
        self.sent, self.members = {}, None


class FlowEngine:
    """The meaning of a line, in the words of docs/semantics.md."""

    def __init__(self, line, seed):
        self.line, self.seed, self.now = line, seed, 0.0
        self.rank = ranks(line)
        self.kind = {element.name: element for element in line.elements}
        self.family = {product.name: product.family or product.name for product in line.products}
        self.priority = {product.name: product.priority for product in line.products}
        self.streams, self.events, self.log = {}, [], []
        self.waiting = {element.name: [] for element in line.elements}
        self.following = dict.fromkeys(self.kind, 0)
        self.servers = {s.name: [Place(s, k) for k in range(s.servers)] for s in line.stations}
        self.queues = {}
        for buffer in line.buffers:
            names = [None, *(p.name for p in line.products)] if buffer.discipline == "by_product" else [None]
            self.queues[buffer.name] = {name: Place(buffer, k) for k, name in enumerate(names)}
        self.sources = {source.name: Place(source) for source in line.sources}
        self.supplies = {source.name: self.supply(source) for source in line.sources}

    # draws and calendar

    def rng(self, element, purpose):
        if (element, purpose) not in self.streams:
            self.streams[element, purpose] = stream(self.seed, 0, element, purpose)
        return self.streams[element, purpose]

    def time(self, element, purpose, distribution):
        return float(distribution.sample(self.rng(element, purpose), 1)[0])

    def chance(self, element, purpose, probability):
        return self.rng(element, purpose).random() < probability

    def share(self, element, purpose, shares):
        draw, reached = self.rng(element, purpose).random(), 0.0
        for key, share in shares:
            reached += share
            if draw < reached / sum(share for _, share in shares):
                return key
        return shares[-1][0]

    def at(self, delay, kind, name, action, server=0):
        event = (self.now + delay, kind, self.rank[name], server, action)
        self.events.append(event)
        return event

    def run(self, horizon):
        for name in sorted(self.sources, key=self.rank.get):
            self.make(name)
        while self.events:
            event = min(self.events, key=lambda event: event[:4])
            if event[0] > horizon:
                break
            self.events.remove(event)
            self.now = event[0]
            event[4]()
        return self

    def note(self, kind, name, part, server=0):
        self.log.append((self.now, kind, name, server, part.product))

    # sources

    def supply(self, source):
        for release in source.timetable:
            for _ in range(release.quantity):
                yield release.product or self.line.products[0].name, release.time
        while not source.timetable:
            yield self.share(source.name, "product", list(source.mix.items())), None

    def make(self, name):
        place = self.sources[name]
        while True:
            product, time = next(self.supplies[name], (None, None))
            if product is None:
                return
            place.parts = [Part(product)]
            if time is None:
                self.at(
                    self.time(name, "arrival", place.element.interarrival),
                    4,
                    name,
                    lambda: self.attempt(place),
                )
                return
            if time > self.now:
                self.at(time - self.now, 4, name, lambda: self.attempt(place))
                return
            if not self.send(place):
                return

    def attempt(self, place):
        if self.send(place):
            self.make(place.name)

    # ways

    def admitted(self, name, part):
        ways = [(i, c) for i, c in enumerate(self.line.connections) if c.source == name]
        meets = {
            None: True,
            "passed": not part.rejected,
            "rejected": part.rejected,
            "good": not part.defective,
            "defective": part.defective,
        }
        return [
            (i, c)
            for i, c in ways
            if (not c.products or part.product in c.products)
            and meets[c.quality]
            and (c.limit is None or part.sent.get(i, 0) < c.limit)
            and c.probability != 0
        ]

    def rule(self, name):
        return self.kind[name].routing

    def choose(self, name, part):
        """Return the connection that the part takes, SCRAP, or ANY of those that admit it."""
        ways = self.admitted(name, part)
        if not ways:
            assert part.rejected
            return SCRAP
        alone = len(self.line.successors(name)) == 1
        if self.rule(name) == "first_ready" and not (alone and not ways[0][1].conditional):
            return ANY
        if self.rule(name) == "round_robin":
            every = [i for i, c in enumerate(self.line.connections) if c.source == name]
            while every[self.following[name]] not in dict(ways):
                self.following[name] = (self.following[name] + 1) % len(every)
            chosen = every[self.following[name]]
            self.following[name] = (self.following[name] + 1) % len(every)
        elif self.rule(name) == "shortest_queue":
            chosen = min(ways, key=lambda way: self.length(way[1].target))[0]
        elif len(ways) == 1:
            chosen = ways[0][0]
        else:
            shares = [(i, 1.0 if c.probability is None else c.probability) for i, c in ways]
            chosen = self.share(name, "routing", shares)
        part.sent[chosen] = part.sent.get(chosen, 0) + 1
        return self.line.connections[chosen]

    def length(self, name):
        inside = 0
        for server in self.servers.get(name, ()):
            inside += len(server.parts) + len(server.members) + (server.working is not None)
        for queue in self.queues.get(name, {}).values():
            inside += len(queue.parts)
        return inside + len(self.waiting[name])

    def plain(self, name):
        ways = self.line.successors(name)
        if len(ways) > 1 or ways[0].conditional:
            return False
        return not getattr(self.kind[ways[0].target], "components", None)

    # moves

    def give(self, place):
        """Take the first part away from its place, which waits no longer."""
        part = place.parts.pop(0)
        place.ways.pop(part, None)
        self.forget(place)
        if place.name in self.sources:
            self.note("release", place.name, part)
        return part

    def forget(self, place):
        for entries in self.waiting.values():
            entries[:] = [entry for entry in entries if entry[3] is not place]

    def wait(self, place, targets):
        for target in targets:
            self.waiting[target].append((self.now, self.rank[place.name], place.index, place))
            self.waiting[target].sort(key=lambda entry: entry[:3])

    def send(self, place):
        """Send the first part of a place on; return whether it has gone."""
        part = place.parts[0]
        if part not in place.ways:
            place.ways[part] = self.choose(place.name, part)
        way = place.ways[part]
        if way is SCRAP:
            self.note("scrap", place.name, self.give(place), place.index if place.name in self.servers else 0)
            return True
        ways = [c for _, c in self.admitted(place.name, part)] if way is ANY else [way]
        ready = next((c for c in ways if self.ready(c.target, part)), None)
        if ready is None:
            self.wait(place, [c.target for c in ways])
            return False
        if way is ANY:
            self.count(part, ready)
        if place.name in self.servers:  # it counts there until it has been taken
            self.take(ready.target, part)
            self.give(place)
        else:
            self.take(ready.target, self.give(place))
        return True

    def count(self, part, connection):
        index = self.line.connections.index(connection)
        part.sent[index] = part.sent.get(index, 0) + 1

    def ready(self, name, part):
        element = self.kind[name]
        if isinstance(element, Sink):
            return True
        if isinstance(element, Buffer):
            level = sum(len(queue.parts) for queue in self.queues[name].values())
            return not self.waiting[name] and level < (element.capacity or math.inf)
        if element.components:
            able = any(self.can_use(server, part) for server in self.servers[name])
            return able and not any(
                self.can_use(server, entry[3].parts[0])
                for entry in self.waiting[name]
                for server in self.servers[name]
            )
        return not self.waiting[name] and self.server_for(name, part) is not None

    def can_use(self, server, part):
        needed = server.element.components.get(part.product, 0)
        return not server.full and sum(m.product == part.product for m in server.members) < needed

    def belongs(self, server, part):
        first, by = server.members[0], server.element.batch_by
        if by == "product":
            return first.product == part.product
        return by == "any" or self.family[first.product] == self.family[part.product]

    def server_for(self, name, part):
        if self.kind[name].components:
            able = [server for server in self.servers[name] if self.can_use(server, part)]
            return next((server for server in able if server.members), None) or next(iter(able), None)
        for server in self.servers[name]:
            if server.members:
                if self.belongs(server, part):
                    return server
                self.begin(server)
        return next((server for server in self.servers[name] if not server.full), None)

    def take(self, name, part, server=None):
        if isinstance(self.kind[name], Sink):
            self.note("exit", name, part)
        elif isinstance(self.kind[name], Buffer):
            self.enter(name, part)
        else:
            self.load(server or self.server_for(name, part), part)

    def enter(self, name, part):
        self.note("enter", name, part)
        discipline, queues = self.kind[name].discipline, self.queues[name]
        queue = queues[part.product if discipline == "by_product" else None]
        position = len(queue.parts)
        if discipline == "lifo":
            position = 0
        while discipline == "priority" and position:
            if self.priority[queue.parts[position - 1].product] >= self.priority[part.product]:
                break
            position -= 1
        if position:
            queue.parts.insert(position, part)
            return
        waits = bool(queue.parts)
        before = [(name, e) for name, entries in self.waiting.items() for e in entries if e[3] is queue]
        alone = Place(queue.element, queue.index)  # as if nothing else lay there
        alone.parts = [part]
        if self.send(alone):
            return
        self.forget(alone)
        if waits:
            assert before
            self.forget(queue)
        queue.parts.insert(0, part)
        queue.ways[part] = alone.ways[part]
        ways = self.admitted(name, part)
        targets = [c.target for _, c in ways] if queue.ways[part] is ANY else [queue.ways[part].target]
        self.wait(queue, targets)

    def moves_on(self, place, emptied):
        if place.name in self.servers:
            while place.parts and self.send(place):
                pass
            if not place.full:
                emptied.append(place)
        elif place.name in self.sources:
            self.make(place.name)
        else:
            name = place.name
            if place.parts and place.element.discipline == "fifo" and self.plain(name):
                self.wait(place, [self.line.successors(name)[0].target])
                place.ways[place.parts[0]] = self.line.successors(name)[0]
            else:
                while place.parts and self.send(place):
                    pass
            capacity = place.element.capacity or math.inf
            while self.waiting[name]:
                if sum(len(queue.parts) for queue in self.queues[name].values()) >= capacity:
                    break
                self.pull(self.waiting[name][0][3], lambda part: self.enter(name, part), name, emptied)

    def pull(self, giver, take, name, emptied):
        part = giver.parts[0]
        if giver.ways[part] is ANY:
            self.count(part, next(c for _, c in self.admitted(giver.name, part) if c.target == name))
        take(self.give(giver))
        self.moves_on(giver, emptied)

    def fill(self, emptied):
        for server in emptied:
            name = server.name
            while not server.full and self.waiting[name]:
                givers = [entry[3] for entry in self.waiting[name]]
                if server.element.components:
                    giver = next((g for g in givers if self.can_use(server, g.parts[0])), None)
                    if giver is None:
                        break
                else:
                    giver = givers[0]
                    if server.members and not self.belongs(server, giver.parts[0]):
                        self.begin(server)
                        break
                self.pull(giver, lambda part, server=server: self.load(server, part), name, emptied)

    # cycles

    def load(self, server, part):
        station = server.element
        server.members.append(part)
        if len(server.members) == (sum(station.components.values()) or station.batch_size):
            self.begin(server)
        elif station.batch_wait is not None and len(server.members) == 1:
            server.timer = self.at(
                station.batch_wait, 5, station.name, lambda: self.begin(server), server.index
            )

    def begin(self, server):
        station, members = server.element, server.members
        if getattr(server, "timer", None) in self.events:
            self.events.remove(server.timer)
        server.members = []
        server.working = members[0]
        if station.components or station.batch_size > 1:
            batch = server.working = Part(members[0].product, sum(member.units for member in members))
            batch.defective = any(member.defective for member in members)
            batch.rejected = any(member.rejected for member in members)
            batch.members = members
        self.note("start", station.name, server.working, server.index)
        work = self.time(station.name, "processing", station.cycle_time) / station.speed
        self.at(work, 1, station.name, lambda: self.end(server), server.index)

    def end(self, server):
        station, part = server.element, server.working
        if station.defect_rate > 0 and self.chance(station.name, "defect", station.defect_rate):
            for each in (part, *(part.members or ())):
                each.defective = True
        self.note("finish", station.name, part, server.index)
        oven = station.batch_output == "parts" and station.batch_size > 1
        leaving = part.members if oven else [part]
        server.working = None
        if station.inspection is not None:
            for each in list(leaving):
                test = station.inspection
                limit = test.detection if each.defective else test.false_alarm
                each.rejected = self.chance(station.name, "inspection", limit)
                for member in each.members or ():
                    member.rejected = each.rejected
                if each.rejected and test.rejects == "scrap":
                    leaving = [other for other in leaving if other is not each]
                    self.note("scrap", station.name, each, server.index)
        server.parts = self.outcome(station, leaving)
        while server.parts and self.send(server):
            pass
        if not server.parts:
            self.fill([server])

    def outcome(self, station, leaving):
        if station.unpacks:
            leaving = [member for batch in leaving for member in batch.members or [batch]]
        for each in leaving:
            each.product = station.makes or each.product
        if not station.yields:
            return leaving
        pieces = []
        for each in leaving:
            for product, count in station.yields.items():
                for _ in range(count):
                    piece = Part(product)
                    piece.defective, piece.rejected = each.defective, each.rejected
                    pieces.append(piece)
        return pieces
