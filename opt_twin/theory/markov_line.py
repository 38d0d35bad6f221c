"""The exact steady state of small lines with exponential times, by their Markov chain.

The line is a tandem: the first station always has parts, the last always has a place for them; blocking after
service. A station stops processing while it is down, but gives away a finished part and takes a new one.

Notes
-----
The state holds, for each station but the last, the parts that have left its processing and not yet the
processing of the next station: 0 to B + 2 with B places between the two. From these follows, from the last
station backwards, which stations hold a finished part that finds no place (blocked) and which have none
(starved). Stations that fail add one bit each, up or down.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from opt_twin.errors import OptionError
from opt_twin.records import Record, record

__all__ = ["TandemMeasures", "markov_line"]

FailureClock = Literal["operation", "calendar"]
State: TypeAlias = tuple[tuple[int, ...], tuple[bool, ...]]


@record
class TandemMeasures(Record):
    """What a tandem line does in the steady state.

    Attributes
    ----------
    throughput
        Parts per unit of time.
    working
        Share of the time that each station processes.
    starved, blocked
        Share of the time that each station has no part, or a finished part and no place for it, whether it
        is up or down.
    down
        Share of the time that each station is under repair, whether it has a part or not.
    work_in_process
        Mean number of parts in stations and buffers.
    states
        Number of states of the chain.
    """

    throughput: float
    working: tuple[float, ...]
    starved: tuple[float, ...]
    blocked: tuple[float, ...]
    down: tuple[float, ...]
    work_in_process: float
    states: int


@dataclass(frozen=True, slots=True)
class _Tandem:
    rates: tuple[float, ...]
    buffers: tuple[int, ...]
    failures: tuple[float, ...]
    repairs: tuple[float, ...]
    clock: FailureClock

    def places(self, beyond: tuple[int, ...]) -> tuple[list[bool], list[bool]]:
        """Return which stations are starved and which are blocked."""
        size = len(self.rates)
        blocked = [False] * size
        for station in reversed(range(size - 1)):
            room = self.buffers[station] + (0 if blocked[station + 1] else 1)
            blocked[station] = beyond[station] > room
        starved = [
            station > 0 and beyond[station - 1] == 0 and not blocked[station] for station in range(size)
        ]
        return starved, blocked

    def steps(self, state: State) -> Iterator[tuple[State, float]]:
        """Yield what may happen next, and its rate."""
        beyond, up = state
        starved, blocked = self.places(beyond)
        for station, rate in enumerate(self.rates):
            active = not (starved[station] or blocked[station])
            if not up[station]:
                yield (beyond, _flip(up, station)), self.repairs[station]
                continue
            if active:
                yield (_moved(beyond, station), up), rate
            if self.failures[station] and (active or self.clock == "calendar"):
                yield (beyond, _flip(up, station)), self.failures[station]


def markov_line(
    rates: Sequence[float],
    buffers: Sequence[int],
    *,
    failure_rates: Sequence[float] | None = None,
    repair_rates: Sequence[float] | None = None,
    clock: FailureClock = "operation",
    state_limit: int = 4000,
) -> TandemMeasures:
    """Return the exact steady state of a tandem line with exponential processing, failures and repairs.

    A source with exponential times between its parts is a first station of that rate: it waits with a part
    that finds no place, and starts the next time when the part has left.

    Parameters
    ----------
    rates
        Parts per unit of time that each station makes while it works.
    buffers
        Places between neighbouring stations, one fewer than stations; stations' own places not counted.
    failure_rates, repair_rates
        Failures per unit of time on the clock, and repairs per unit of time, of each station; None for
        stations that never fail, a failure rate of 0 for one of them.
    clock
        ``"operation"``: a station fails only while it processes; ``"calendar"``: whenever it is up.
    state_limit
        States at most; the work grows with the third power of their number.

    Raises
    ------
    OptionError
        If an argument is out of its range or the chain has more than `state_limit` states.

    References
    ----------
    Hillier and Boling (1967), Finite queues in series with exponential or Erlang service times, Operations
    Research 15; Gershwin and Berman (1981), Analysis of transfer lines consisting of two unreliable machines
    with random processing times and finite storage buffers, AIIE Transactions 13 (their storage is two more
    than the places between the stations).

    Examples
    --------
    >>> round(markov_line((1, 1, 1), (0, 0)).throughput, 6)  # 22/39
    0.564103
    """
    tandem = _tandem(rates, buffers, failure_rates, repair_rates, clock)
    states, rows, columns, flows = _explore(tandem, state_limit)
    return _measures(tandem, states, _steady_state(len(states), rows, columns, flows))


def _explore(tandem: _Tandem, state_limit: int) -> tuple[list[State], list[int], list[int], list[float]]:
    """Return the states that the empty line reaches, and its transitions."""
    size = len(tandem.rates)
    start: State = ((0,) * (size - 1), (True,) * size)
    index = {start: 0}
    states = [start]
    rows: list[int] = []
    columns: list[int] = []
    flows: list[float] = []
    for position, state in enumerate(states):  # grows while it is walked
        for following, rate in tandem.steps(state):
            if following not in index:
                if len(states) >= state_limit:
                    raise OptionError(
                        f"the line of {size} stations has more than {state_limit} states; "
                        "simulate it, or raise state_limit"
                    )
                index[following] = len(states)
                states.append(following)
            rows.append(position)
            columns.append(index[following])
            flows.append(rate)
    return states, rows, columns, flows


def _steady_state(
    size: int, rows: list[int], columns: list[int], flows: list[float]
) -> npt.NDArray[np.float64]:
    """Return pi with pi Q = 0 and sum 1."""
    balance = np.zeros((size, size))  # the transpose of Q
    np.add.at(balance, (columns, rows), flows)
    np.add.at(balance, (rows, rows), np.negative(flows))
    balance[0] = 1.0  # one equation follows from the others; the sum takes its place
    right = np.zeros(size)
    right[0] = 1.0
    return np.asarray(np.linalg.solve(balance, right), dtype=np.float64)


def _measures(tandem: _Tandem, states: list[State], share: npt.NDArray[np.float64]) -> TandemMeasures:
    size = len(tandem.rates)
    starved, blocked, down, working = (np.zeros(size) for _ in range(4))
    parts = 0.0
    for (beyond, up), p in zip(states, share, strict=True):
        no_part, no_place = (np.array(flags) for flags in tandem.places(beyond))
        is_down = ~np.array(up)
        starved += p * no_part
        blocked += p * no_place
        down += p * is_down
        working += p * ~(no_part | no_place | is_down)
        parts += p * (sum(beyond) + (not no_place[0]))
    return TandemMeasures(
        throughput=float(tandem.rates[-1] * working[-1]),
        working=tuple(working.tolist()),
        starved=tuple(starved.tolist()),
        blocked=tuple(blocked.tolist()),
        down=tuple(down.tolist()),
        work_in_process=float(parts),
        states=len(states),
    )


def _moved(beyond: tuple[int, ...], station: int) -> tuple[int, ...]:
    changed = list(beyond)
    if station > 0:
        changed[station - 1] -= 1
    if station < len(beyond):
        changed[station] += 1
    return tuple(changed)


def _flip(up: tuple[bool, ...], station: int) -> tuple[bool, ...]:
    return (*up[:station], not up[station], *up[station + 1 :])


def _tandem(
    rates: Sequence[float],
    buffers: Sequence[int],
    failure_rates: Sequence[float] | None,
    repair_rates: Sequence[float] | None,
    clock: FailureClock,
) -> _Tandem:
    size = len(rates)
    if size == 0 or len(buffers) != size - 1:
        raise OptionError(f"{size} stations need {max(0, size - 1)} buffers between them, got {len(buffers)}")
    if not all(rate > 0 and math.isfinite(rate) for rate in rates):
        raise OptionError(f"rates must be finite and above 0, got {tuple(rates)}")
    if any(places < 0 or places != int(places) for places in buffers):
        raise OptionError(f"a buffer has a whole number of places, 0 or more, got {tuple(buffers)}")
    if clock not in ("operation", "calendar"):
        raise OptionError(f"the clock is 'operation' or 'calendar', got {clock!r}")
    if (failure_rates is None) != (repair_rates is None):
        raise OptionError("failure_rates and repair_rates belong together; give both or neither")
    failures = (0.0,) * size if failure_rates is None else tuple(failure_rates)
    repairs = (0.0,) * size if repair_rates is None else tuple(repair_rates)
    if len(failures) != size or len(repairs) != size:
        raise OptionError(f"{size} stations need {size} failure rates and {size} repair rates")
    for failure, repair in zip(failures, repairs, strict=True):
        if not (failure >= 0 and math.isfinite(failure) and math.isfinite(repair)):
            raise OptionError(
                f"failure and repair rates must be finite and 0 or more, got {failure}, {repair}"
            )
        if failure > 0 and repair <= 0:
            raise OptionError(f"a station that fails at rate {failure} needs a repair rate above 0")
    return _Tandem(
        rates=tuple(float(rate) for rate in rates),
        buffers=tuple(int(places) for places in buffers),
        failures=failures,
        repairs=repairs,
        clock=clock,
    )
