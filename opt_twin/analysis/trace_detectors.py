"""Bottleneck detectors that read which state each machine was in when: the active-period methods.

They take the records of one run, simulated or logged by the machines themselves, and know nothing of
the line.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple, Protocol

from opt_twin.analysis.states import INACTIVE
from opt_twin.errors import EvaluationError
from opt_twin.records import Record, record

__all__ = [
    "BottleneckShare",
    "StateRecord",
    "average_active_periods",
    "shifting_bottleneck",
    "trace_bottlenecks",
]

_TOUCHING = 1e-6


class StateRecord(Protocol):
    """A state that a server was in, such as an :class:`opt_twin.simulation.EventRecord`.

    Records of another kind than ``state`` are passed over.
    """

    @property
    def kind(self) -> str:
        """What is recorded."""

    @property
    def element(self) -> str:
        """The station."""

    @property
    def server(self) -> int:
        """Which of its servers."""

    @property
    def state(self) -> str | None:
        """The state."""

    @property
    def time(self) -> float:
        """When it began, seconds."""

    @property
    def duration(self) -> float | None:
        """How long it lasted, seconds."""


@record
class BottleneckShare(Record):
    """For what share of the time a station was the momentary bottleneck.

    Attributes
    ----------
    station
        The station; its servers are added up.
    sole
        Share of the time in which it alone was.
    shifting
        Share of the time in which the bottleneck passed from or to it.
    """

    station: str
    sole: float
    shifting: float

    @property
    def share(self) -> float:
        """Both shares."""
        return self.sole + self.shifting


class _Period(NamedTuple):
    """An uninterrupted active period of one server."""

    start: float
    end: float
    station: str
    server: int


class _Trace(NamedTuple):
    """The stations in the order in which they appear, and what was seen of them."""

    stations: list[str]
    periods: list[_Period]
    start: float
    end: float


def average_active_periods(records: Iterable[StateRecord], *, since: float = 0.0) -> dict[str, float]:
    """Return the mean length of the uninterrupted active periods of each station, longest first.

    A server is active unless it is in one of :data:`opt_twin.analysis.states.INACTIVE`; states that follow
    one another without a gap make one period.

    Parameters
    ----------
    records
        The states of all servers, in any order.
    since
        Seconds; what happened before is left out, as a warm-up.

    Returns
    -------
    dict
        Station -> seconds; 0 for one that was never active.

    Raises
    ------
    EvaluationError
        If there is no state after `since`.

    References
    ----------
    Roser, Nakano, Tanaka (2001), A practical bottleneck detection method, Winter Simulation Conference.
    """
    trace = _read(records, since)
    total = dict.fromkeys(trace.stations, 0.0)
    count = dict.fromkeys(trace.stations, 0)
    for period in trace.periods:
        total[period.station] += period.end - period.start
        count[period.station] += 1
    means = {name: total[name] / count[name] if count[name] else 0.0 for name in trace.stations}
    return dict(sorted(means.items(), key=lambda item: -item[1]))


def shifting_bottleneck(records: Iterable[StateRecord], *, since: float = 0.0) -> tuple[BottleneckShare, ...]:
    """Return how long each station was the momentary bottleneck, longest first.

    The bottleneck is a server whose active period is the longest, seen from its beginning to its end, among
    those active when it takes over. When its period ends, the longest of those active then takes over. While
    the two overlap the bottleneck shifts; apart from that one server is the sole bottleneck.

    Parameters
    ----------
    records
        The states of all servers, in any order.
    since
        Seconds; what happened before is left out, as a warm-up.

    Returns
    -------
    tuple of BottleneckShare
        Of each station, the greatest share first. While the bottleneck shifts the time counts for both.

    Raises
    ------
    EvaluationError
        If there is no state after `since`.

    References
    ----------
    Roser, Nakano, Tanaka (2002), Shifting bottleneck detection, Winter Simulation Conference.
    """
    trace = _read(records, since)
    chain = _momentary(trace.periods)
    sole = dict.fromkeys(trace.stations, 0.0)
    shifting = dict.fromkeys(trace.stations, 0.0)
    overlaps = [0.0, *(max(0.0, a.end - b.start) for a, b in pairwise(chain)), 0.0]
    for period, (earlier, later) in zip(chain, pairwise(overlaps), strict=False):  # no period, no overlap
        length = period.end - period.start
        alone = max(0.0, length - earlier - later)
        sole[period.station] += alone
        shifting[period.station] += length - alone
    whole = trace.end - trace.start
    shares = [
        BottleneckShare(station=name, sole=sole[name] / whole, shifting=shifting[name] / whole)
        for name in trace.stations
    ]
    return tuple(sorted(shares, key=lambda one: -one.share))


def trace_bottlenecks(records: Iterable[StateRecord], *, since: float = 0.0) -> dict[str, str]:
    """Return the station that each method names: ``"average active period"``, ``"shifting bottleneck"``.

    Raises
    ------
    EvaluationError
        If there is no state after `since`.
    """
    kept = tuple(records)
    return {
        "average active period": next(iter(average_active_periods(kept, since=since))),
        "shifting bottleneck": shifting_bottleneck(kept, since=since)[0].station,
    }


def _read(records: Iterable[StateRecord], since: float) -> _Trace:
    """Return the active periods of each server after `since`, sorted by their beginning."""
    seen: dict[tuple[str, int], list[tuple[float, float, str]]] = {}
    for each in records:
        if each.kind != "state" or each.state is None or not each.duration:
            continue
        end = each.time + each.duration
        if end > since:
            own = seen.setdefault((each.element, each.server), [])
            own.append((max(each.time, since), end, each.state))
    if not seen:
        raise EvaluationError(f"the trace has no states after {since:g} s; was the run logged?")
    periods: list[_Period] = []
    for (station, server), own in seen.items():
        current: _Period | None = None
        for start, end, state in sorted(own):
            if state in INACTIVE:
                continue
            if current is not None and start <= current.end + _TOUCHING:
                current = current._replace(end=end)
                periods[-1] = current
            else:
                current = _Period(start, end, station, server)
                periods.append(current)
    ends = [end for own in seen.values() for _, end, _ in own]
    starts = [start for own in seen.values() for start, _, _ in own]
    stations = list(dict.fromkeys(station for station, _ in seen))
    return _Trace(stations, sorted(periods), min(starts), max(ends))


def _momentary(periods: list[_Period]) -> list[_Period]:
    """Return the periods that are the bottleneck one after another.

    `periods` are sorted by their beginning.
    """
    chain: list[_Period] = []
    begun: list[_Period] = []
    position = 0
    now = periods[0].start if periods else 0.0
    while True:
        while position < len(periods) and periods[position].start <= now:
            begun.append(periods[position])
            position += 1
        begun = [period for period in begun if period.end > now]
        if begun:
            longest = max(begun, key=lambda period: period.end - period.start)
            chain.append(longest)
            now = longest.end
        elif position < len(periods):
            now = periods[position].start
        else:
            return chain
