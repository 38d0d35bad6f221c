"""Bounds and exact values for tandem lines, and the recursion that replays one path of such a line."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from opt_twin.errors import OptionError
from opt_twin.records import read_only
from opt_twin.theory.renewal import availability

__all__ = [
    "Downtimes",
    "departures",
    "deterministic_makespan",
    "line_availability",
    "throughput_bound",
]

Floats = npt.NDArray[np.float64]


def deterministic_makespan(times: Sequence[float], parts: int) -> float:
    """Return when the last part leaves a tandem line of constant times that starts empty.

    It is sum(times) + (parts - 1) max(times), with buffers of any size or none.

    Parameters
    ----------
    times
        Seconds at each station, in the order of the line.
    parts
        How many parts are made, at least 1.

    Raises
    ------
    OptionError
        If there is no station or part, or a time is negative.

    Examples
    --------
    >>> deterministic_makespan((3, 5, 4), 10)
    57.0
    """
    if not times or not all(time >= 0 and math.isfinite(time) for time in times):
        raise OptionError(f"times must be finite and 0 or more, one for each station, got {tuple(times)}")
    if parts < 1:
        raise OptionError(f"a makespan needs at least one part, got {parts}")
    return float(math.fsum(times) + (parts - 1) * max(times))


def throughput_bound(effective_cycle_times: Sequence[float]) -> float:
    """Return an upper bound on the throughput of a tandem line: that of its slowest station alone.

    Parameters
    ----------
    effective_cycle_times
        Mean seconds per part at each station working without pause, its stops included, parallel servers
        counted.

    Returns
    -------
    float
        Parts per second. Buffers of growing size approach it from below.

    Raises
    ------
    OptionError
        If there is no station or a time is not above 0.
    """
    if not effective_cycle_times or not all(time > 0 for time in effective_cycle_times):
        raise OptionError(f"times must be above 0, one for each station, got {tuple(effective_cycle_times)}")
    return 1 / max(effective_cycle_times)


def line_availability(
    times_to_failure: Sequence[float],
    times_to_repair: Sequence[float],
    *,
    clock: Literal["operation", "calendar"] = "operation",
) -> float:
    """Return the share of the time that synchronous machines without buffers all work.

    Parameters
    ----------
    times_to_failure, times_to_repair
        Means for each machine, in one unit of time.
    clock
        ``"operation"``: machines that wait for another one do not age: 1 / (1 + sum of R/F).
        ``"calendar"``: each fails on its own: the product of F / (F + R).

    Raises
    ------
    OptionError
        If the two do not have the same length, there is none, or a time is out of its range.

    References
    ----------
    Buzacott and Shanthikumar (1993), Stochastic models of manufacturing systems, chapter 6; Barlow and
    Proschan (1975), Statistical theory of reliability and life testing.

    Examples
    --------
    >>> round(line_availability([100] * 5, [5] * 5), 6)
    0.8
    >>> round(line_availability([100] * 5, [5] * 5, clock="calendar"), 6)
    0.783526
    """
    if not times_to_failure or len(times_to_failure) != len(times_to_repair):
        raise OptionError(
            f"{len(times_to_failure)} times to failure and {len(times_to_repair)} times to repair: "
            "give one of each for every machine"
        )
    if clock not in ("operation", "calendar"):
        raise OptionError(f"the clock is 'operation' or 'calendar', got {clock!r}")
    shares = [availability(f, r) for f, r in zip(times_to_failure, times_to_repair, strict=True)]
    if clock == "calendar":
        return math.prod(shares)
    return 1 / (1 + math.fsum(1 / share - 1 for share in shares))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Downtimes:
    """The failures of one station on one path.

    Attributes
    ----------
    up
        Times to failure on the clock, seconds, shape (n,), the first from the start of the run. After the
        last of them the station does not fail any more.
    down
        Times to repair, seconds, shape (n,).
    clock
        ``"calendar"`` (runs always, but during its own repairs) or ``"operation"`` (runs while a part is
        processed).

    Raises
    ------
    OptionError
        If `up` and `down` are not as many times of 0 s or more, or there is no such clock.
    """

    up: npt.ArrayLike
    down: npt.ArrayLike
    clock: Literal["operation", "calendar"] = "calendar"

    def __post_init__(self) -> None:
        up, down = read_only(self.up), read_only(self.down)
        if up.ndim != 1 or up.shape != down.shape or not (up >= 0).all() or not (down >= 0).all():
            raise OptionError("up and down must be as many times of 0 s or more")
        if self.clock not in ("operation", "calendar"):
            raise OptionError(f"the clock is 'operation' or 'calendar', got {self.clock!r}")
        object.__setattr__(self, "up", up)
        object.__setattr__(self, "down", down)


class _Walk(Protocol):
    def __call__(self, start: float, work: float) -> float:
        """Return when `work` seconds of processing that start at `start` are done; `start` never falls."""


class _Reliable:
    def __call__(self, start: float, work: float) -> float:
        return start + work


class _OnCalendar:
    def __init__(self, downtimes: Downtimes) -> None:
        self._failed: list[float] = []
        self._repaired: list[float] = []
        now = 0.0
        for up, down in zip(np.asarray(downtimes.up), np.asarray(downtimes.down), strict=True):
            self._failed.append(now + float(up))
            now = self._failed[-1] + float(down)
            self._repaired.append(now)
        self._next = 0

    def __call__(self, start: float, work: float) -> float:
        now, left = start, work
        while self._next < len(self._failed):
            failed, repaired = self._failed[self._next], self._repaired[self._next]
            if repaired > now:
                if now + left <= failed:  # done before the failure, or at its very moment
                    break
                left -= max(0.0, failed - now)
                now = repaired
            self._next += 1
        return now + left


class _OnOperation:
    def __init__(self, downtimes: Downtimes) -> None:
        self._up = [*np.asarray(downtimes.up).tolist(), math.inf]
        self._down = np.asarray(downtimes.down).tolist()
        self._next = 0
        self._until_failure = self._up[0]

    def __call__(self, start: float, work: float) -> float:
        now, left = start, work
        while self._until_failure < left:
            left -= self._until_failure
            now = now + self._until_failure + self._down[self._next]
            self._next += 1
            self._until_failure = self._up[self._next]
        self._until_failure -= left
        return now + left


def departures(
    times: npt.ArrayLike,
    buffers: Sequence[int | None],
    *,
    failures: Sequence[Downtimes | None] | None = None,
    releases: npt.ArrayLike | None = None,
) -> Floats:
    """Return when each part leaves each station of a tandem line: a simulator of one path.

    With D[i, j] the departure of part j from station i, w[i, j] its time there, B_i the places behind the
    station, and F_i(t, w) the moment at which w seconds of work that start at t are done between the
    station's downtimes::

        D[i, j] = max(F_i(max(D[i-1, j], D[i, j-1]), w[i, j]), D[i+1, j-B_i-1])

    This is blocking after service: a failure stops processing only, and processing goes on after the repair
    where it stopped.

    Parameters
    ----------
    times
        Seconds, shape (stations, parts).
    buffers
        Places between neighbouring stations, one fewer than stations; None for no limit.
    failures
        Downtimes of each station, None for one that does not fail; None for a line without failures.
    releases
        When each part is there for the first station, non-decreasing, shape (parts,); None when all are
        there from the start.

    Returns
    -------
    numpy.ndarray
        Seconds, shape (stations, parts).

    Raises
    ------
    OptionError
        If shapes do not fit together or a time is negative.

    References
    ----------
    Baccelli, Cohen, Olsder, Quadrat (1992), Synchronization and linearity; Muth (1979), The reversibility
    property of production lines, Management Science 25.

    Examples
    --------
    >>> departures([[1, 1], [3, 3]], [0]).tolist()
    [[1.0, 4.0], [4.0, 7.0]]
    """
    work = np.asarray(times, dtype=float)
    if work.ndim != 2 or work.size == 0 or not (work >= 0).all():
        raise OptionError(f"times must be 0 or more, of shape (stations, parts), got shape {work.shape}")
    stations, parts = work.shape
    ready = np.zeros(parts) if releases is None else np.asarray(releases, dtype=float)
    if ready.shape != (parts,) or (np.diff(ready) < 0).any() or not (ready >= 0).all():
        raise OptionError(f"releases must be {parts} times of 0 or more that do not fall")
    if len(buffers) != stations - 1 or any(places is not None and places < 0 for places in buffers):
        raise OptionError(f"{stations} stations need {stations - 1} buffers of 0 places or more")
    if failures is not None and len(failures) != stations:
        raise OptionError(f"{stations} stations need {stations} entries in failures, got {len(failures)}")
    walks = [_walk(downtimes) for downtimes in failures or [None] * stations]
    left = [[0.0] * parts for _ in range(stations)]
    for part in range(parts):
        arrived = float(ready[part])
        for station in range(stations):
            start = max(arrived, left[station][part - 1]) if part else arrived
            done = walks[station](start, float(work[station, part]))
            places = buffers[station] if station < stations - 1 else None
            if places is not None and part > places:
                done = max(done, left[station + 1][part - places - 1])
            left[station][part] = arrived = done
    return np.array(left)


def _walk(downtimes: Downtimes | None) -> _Walk:
    if downtimes is None:
        return _Reliable()
    return _OnCalendar(downtimes) if downtimes.clock == "calendar" else _OnOperation(downtimes)
