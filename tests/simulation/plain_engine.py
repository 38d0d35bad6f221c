"""A plain engine, written from docs/semantics.md alone.

It has no calendar: after each event it asks everything in the line what would happen there next, and when.
"""

import math
from itertools import chain

from plain_handling import BeltThing, FleetThing, TransportThing
from plain_places import PoolThing, QueueThing, SinkThing, SourceThing, StationThing

from opt_twin.graph import ranks
from opt_twin.streams import stream

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
        return chain(self.things.values(), self.fleets.values(), self.pools.values())

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
