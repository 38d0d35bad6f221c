"""Behaviour as a user might write it, and behaviour that is wrong in every way."""

import math

from opt_twin.simulation import Cycle


class Oven:
    """Heats up for longer when it has stood still, and every tenth part is spoiled."""

    def __init__(self, heat=0.0, cool=30.0):
        self.heat, self.cool = heat, cool
        self.last = None
        self.count = 0

    def cycle(self, part, drawn, now, draw):
        cold = self.last is None or now - self.last > self.cool
        self.count += 1
        spoiled = True if self.count % 10 == 0 else None
        self.last = now + drawn
        return Cycle(
            run=drawn * (1 + 0.1 * draw()),
            before=[("setup", self.heat if cold else 0.0)],
            after=[("busy", 1.0)],
            defective=spoiled,
        )

    def state(self):
        return {"last": self.last, "count": self.count}

    def restore(self, state):
        self.last, self.count = state["last"], state["count"]


class Careful:
    """Asks for a cleaning after each fifth cycle."""

    def cycle(self, part, drawn, now, draw):
        return Cycle(run=drawn)

    def maintenance(self, cycles, now):
        return "cleaning" if cycles % 5 == 0 else None


class Forgetful:
    """Remembers, but not in a snapshot."""

    def __init__(self):
        self.count = 0

    def cycle(self, part, drawn, now, draw):
        self.count += 1
        return Cycle(run=self.count)


class Answers:
    """Returns whatever it was told to."""

    def __init__(self, what):
        self.what = what

    def cycle(self, part, drawn, now, draw):
        if now < 10:
            return Cycle(run=drawn)
        if self.what == "raise":
            raise KeyError("no such tool")
        return {
            "number": 3.0,
            "negative": Cycle(run=-1.0),
            "nan": Cycle(run=math.nan),
            "state": Cycle(run=1.0, after=[("asleep", 2.0)]),
            "cleaning": Cycle(run=1.0),
        }[self.what]

    def maintenance(self, cycles, now):
        return "cleaning" if self.what == "cleaning" and now >= 10 else None


class TwoPoints:
    """One time or the other, equally likely."""

    def __init__(self, low, high, mean=None):
        self.low, self.high = low, high
        self.mean = (low + high) / 2 if mean is None else mean

    @property
    def variance(self):
        return ((self.high - self.low) / 2) ** 2

    def sample(self, rng, size):
        return self.low + (self.high - self.low) * (rng.random(size) < 0.5)


class Wild(TwoPoints):
    def sample(self, rng, size):
        return super().sample(rng, size) - 100


class FirstPass:
    """Counts the parts that leave a station, and how long the longest cycle took."""

    def __init__(self, station, name="first pass", value=None):
        self.station, self.name, self.value = station, name, value
        self.count, self.longest = 0, 0.0

    def append(self, record):
        if record.kind == "finish" and record.element == self.station:
            self.count += 1
            self.longest = max(self.longest, record.duration)

    def measures(self, end):
        return {self.name: self.count if self.value is None else self.value, "longest": self.longest}

    def state(self):
        return [self.count, self.longest]

    def restore(self, state):
        self.count, self.longest = state


class Deaf:
    def append(self, record):
        if record.time > 20:
            raise ValueError("too late")


class Alternate:
    """Sends parts one way and the other."""

    def __init__(self):
        self.count = 0

    def choose(self, part, targets, now):
        self.count += 1
        return list(targets)[self.count % len(targets)]

    def state(self):
        return self.count

    def restore(self, state):
        self.count = state


class Nowhere:
    def choose(self, part, targets, now):
        return "Nowhere"


class Late:
    """Wears out after so many cycles."""

    def __init__(self, limit):
        self.left = limit

    def cycle(self, part, drawn, now, draw):
        self.left -= 1
        if not self.left:
            raise RuntimeError("worn out")
        return Cycle(run=drawn)
