"""Evaluators in closed form, importable by worker processes, and small lines for them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from opt_twin.line import Buffer, Line, Sink, Source, Station, chain
from opt_twin.results import Evaluation
from opt_twin.streams import stream


def line_of(stations: int = 3, capacity: int | None = 4) -> Line:
    """Return a serial line M1, B1, M2, B2, ..."""
    elements: list[Source | Station | Buffer | Sink] = [Source(name="In")]
    for index in range(1, stations + 1):
        elements.append(Station(name=f"M{index}", cycle_time=10.0))
        if index < stations:
            elements.append(Buffer(name=f"B{index}", capacity=capacity))
    elements.append(Sink(name="Out"))
    return Line(name="fake", elements=tuple(elements), connections=chain(*(e.name for e in elements)))


def evaluation(line: Line, seed: int, **values: object) -> Evaluation:
    """Return an evaluation that holds the arrays `values`."""
    arrays = {name: np.atleast_1d(np.asarray(value, dtype=float)) for name, value in values.items()}
    count = len(next(iter(arrays.values())))
    return Evaluation(
        values=arrays,
        replications=tuple(range(count)),
        seed=seed,
        horizon=3600.0,
        warm_up=0.0,
        line_digest=line.digest(),
    )


def zdt1(x: np.ndarray) -> tuple[float, float]:
    """Return both objectives of Zitzler, Deb, Thiele (2000), test function 1."""
    g = 1 + 9 * float(np.mean(x[1:]))
    return float(x[0]), g * (1 - math.sqrt(float(x[0]) / g))


@dataclass
class Zdt1:
    """ZDT1 on the speeds of the stations, speed 1 standing for 0 and 2 for 1."""

    calls: list[str] = field(default_factory=list)

    def evaluate(self, line: Line, *, plan: object = None, seed: int) -> Evaluation:
        self.calls.append(line.digest())
        f1, f2 = zdt1(np.array([station.speed - 1 for station in line.stations]))
        return evaluation(line, seed, f1=f1, f2=f2)


@dataclass
class Noisy:
    """More places give more throughput and more work in process; noise on top.

    With `common` the noise of a replication is the same for all lines; without, each line has its own, as
    if every line had a seed of its own.
    """

    replications: int = 5
    sd: float = 1.0
    common: bool = False
    unevenness: float = 0.5
    calls: list[tuple[str, int]] = field(default_factory=list)

    def truth(self, line: Line) -> tuple[float, float]:
        places = sum(buffer.capacity or 0 for buffer in line.buffers)
        imbalance = sum(abs((buffer.capacity or 0) - places / len(line.buffers)) for buffer in line.buffers)
        return 100 * places / (places + 10) - self.unevenness * imbalance, float(places)

    def evaluate(self, line: Line, *, plan: object = None, seed: int) -> Evaluation:
        self.calls.append((line.digest(), seed))
        throughput, wip = self.truth(line)
        who = "all" if self.common else line.digest()
        noise = np.array([stream(seed, r, who, "noise").normal(0, self.sd) for r in range(self.replications)])
        return evaluation(line, seed, throughput=throughput + noise, wip=np.full(self.replications, wip))


@dataclass(frozen=True)
class ZdtPlain:
    """ZDT1 without a memory, for worker processes."""

    def evaluate(self, line: Line, *, plan: object = None, seed: int) -> Evaluation:
        return Zdt1().evaluate(line, seed=seed)


@dataclass(frozen=True)
class Dies:
    """Ends the process that evaluates."""

    def evaluate(self, line: Line, *, plan: object = None, seed: int) -> Evaluation:
        import os

        os._exit(3)
