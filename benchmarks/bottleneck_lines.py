"""Random tandem lines for the bottleneck benchmark, and the same lines as one trace shows them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from opt_twin.line import (
    Buffer,
    Empirical,
    Exponential,
    FailureMode,
    Line,
    Lognormal,
    Sink,
    Source,
    Station,
    chain,
)
from opt_twin.simulation import EventRecord
from opt_twin.streams import stream

__all__ = ["LINES_SEED", "line_from_trace", "random_line"]

LINES_SEED = 20261125
"""Names the set of lines; never changed once results are published."""


def random_line(number: int) -> Line:
    """Return line `number` of the set.

    4 to 8 stations; lognormal cycle times with means of 4.2 to 5.8 s and coefficients of variation of 0.05
    to 0.8; exponential times to failure, on the calendar clock, with means of 1,500 to 8,000 s, and to repair
    with means of 30 to 400 s; 0 to 11 places between neighbours. All are uniform and independent.
    """
    rng = stream(LINES_SEED, number, "line", "generator")
    stations = int(rng.integers(4, 9))
    means = rng.uniform(4.2, 5.8, stations)
    variations = rng.uniform(0.05, 0.8, stations)
    failures = rng.uniform(1500, 8000, stations)
    repairs = rng.uniform(30, 400, stations)
    places = rng.integers(0, 12, stations - 1)
    elements: list[Source | Station | Buffer | Sink] = [Source(name="In")]
    for index in range(stations):
        mode = FailureMode(
            time_to_failure=Exponential(mean=float(failures[index])),
            time_to_repair=Exponential(mean=float(repairs[index])),
            clock="calendar",
        )
        cycle = Lognormal(mean=float(means[index]), cv=float(variations[index]))
        elements.append(Station(name=f"S{index}", cycle_time=cycle, failures=(mode,)))
        if index < stations - 1 and places[index]:
            elements.append(Buffer(name=f"B{index}", capacity=int(places[index])))
    elements.append(Sink(name="Out"))
    return Line(
        name=f"line {number}", elements=tuple(elements), connections=chain(*(e.name for e in elements))
    )


def line_from_trace(line: Line, logs: Sequence[Iterable[EventRecord]], *, since: float, until: float) -> Line:
    """Return the line with what the logs of one or more runs show in place of its true distributions.

    Cycle times: those observed, downtimes left out. Times to failure: exponential with the time up over the
    number of failures as mean. Times to repair: those observed. Only what began after `since` counts; buffers
    and the order of the stations are known.
    """
    seen = [{station.name: _Observed(since, until) for station in line.stations} for _ in logs]
    for observed, events in zip(seen, logs, strict=True):
        for event in events:
            if event.element in observed:
                observed[event.element].note(event)
    for station in line.stations:
        own = [observed[station.name] for observed in seen]
        time_to_failure = sum(one.up for one in own) / sum(one.failures for one in own)
        (mode,) = station.failures
        line = line.with_element(
            station.replace(
                cycle_time=Empirical(values=tuple(work for one in own for work in one.work)),
                failures=(
                    mode.replace(
                        time_to_failure=Exponential(mean=time_to_failure),
                        time_to_repair=Empirical(values=tuple(time for one in own for time in one.repairs)),
                    ),
                ),
            )
        )
    return line


class _Observed:
    """What the log says about one station of one server and one failure mode."""

    def __init__(self, since: float, until: float) -> None:
        self.work: list[float] = []
        self.repairs: list[float] = []
        self.failures = 0
        self._since = since
        self._until = until
        self._started = 0.0
        self._stopped = 0.0
        self._down_since: float | None = None
        self._down = 0.0

    def note(self, event: EventRecord) -> None:
        """Take in one record; a cycle that starts during a repair begins its work after it."""
        now = event.time
        if event.kind == "start":
            self._started, self._stopped = now, 0.0
        elif event.kind == "fail":
            self._down_since = now
            self.failures += now > self._since
        elif event.kind == "repair" and self._down_since is not None:
            self._stopped += max(0.0, now - max(self._down_since, self._started))
            self._down += max(0.0, now - max(self._down_since, self._since))
            if self._down_since > self._since:
                self.repairs.append(now - self._down_since)
            self._down_since = None
        elif event.kind == "finish" and self._started > self._since:
            self.work.append(max(0.0, now - self._started - self._stopped))

    @property
    def up(self) -> float:
        """The time up, of the time that was observed."""
        open_end = 0.0 if self._down_since is None else self._until - max(self._down_since, self._since)
        return self._until - self._since - self._down - open_end
