"""A compiled evaluator of tandem lines: the recursion of ``docs/semantics.md`` on the simulator's draws.

It covers saturated lines of single-server stations in a row whose failures run on the calendar clock, and
counts exactly the parts that the simulator counts: the departures are the same, bit by bit, which
:func:`assert_same` checks. It is some hundred times as fast, so that the truth of a bottleneck can be had.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from opt_twin.errors import OptionError
from opt_twin.graph import ranks
from opt_twin.line import Buffer, Clock, Distribution, Empirical, Line, Sink, Source, Station
from opt_twin.plan import Plan
from opt_twin.results import Evaluation
from opt_twin.simulation import RunSettings, run_replication
from opt_twin.streams import Purpose, stream

__all__ = ["TandemEvaluator", "assert_same", "parts_out"]

Floats = npt.NDArray[np.float64]


class Tandem(NamedTuple):
    """A line of this kind: its stations in a row, the places behind each but the last, the longest cycle."""

    stations: tuple[Station, ...]
    places: npt.NDArray[np.int64]
    slowest: float


class Draws(NamedTuple):
    """The draws of one replication: work at speed 1 (parts, stations), and downtimes (stations, times)."""

    work: Floats
    failed: Floats
    repaired: Floats


@numba.njit(cache=True, nogil=True)
def _run(  # noqa: C901 - compiled: a call for each part and station would cost more than it explains
    work: Floats,
    speeds: Floats,
    failed: Floats,
    repaired: Floats,
    places: Floats,
    horizon: float,
    left: Floats,
) -> int:
    """Fill `left` with departures (parts, stations); return how many parts were looked at, -1 for too few."""
    parts, stations = work.shape
    position = np.zeros(stations, np.int64)
    downtimes = failed.shape[1]
    for part in range(parts):
        arrived = 0.0
        for station in range(stations):
            now = arrived
            if part > 0 and left[part - 1, station] > now:
                now = left[part - 1, station]
            todo = work[part, station] / speeds[station]
            while position[station] < downtimes:
                fails = failed[station, position[station]]
                mended = repaired[station, position[station]]
                if mended > now:
                    if now + todo <= fails:
                        break
                    if fails > now:
                        todo -= fails - now
                    now = mended
                position[station] += 1
            done = now + todo
            if station < stations - 1:
                before = part - places[station] - 1
                if before >= 0 and left[before, station + 1] > done:
                    done = left[before, station + 1]
            left[part, station] = done
            arrived = done
        if arrived > horizon:
            return part + 1
    return -1


@dataclass(slots=True)
class TandemEvaluator:
    """Scores tandem lines as the simulator does; implements :class:`opt_twin.results.Evaluator`.

    Attributes
    ----------
    settings
        Of every evaluation.
    keep
        For how many replications the draws are kept between evaluations.
    """

    settings: RunSettings
    keep: int = 640
    _kept: dict[tuple[int, int, int], tuple[tuple[Distribution, ...], Draws]] = field(default_factory=dict)

    def evaluate(self, line: Line, *, plan: Plan | None = None, seed: int) -> Evaluation:
        """Return the parts that leave the line in each replication, and its throughput."""
        assert plan is None
        settings = self.settings
        numbers = range(settings.first_replication, settings.first_replication + settings.replications)
        tandem = tandem_of(line)
        counts = np.array(
            [float(parts_out(self.departures(tandem, seed, number), settings)) for number in numbers]
        )
        return Evaluation(
            values={
                "parts_out": counts,
                "throughput": counts / ((settings.horizon - settings.warm_up) / 3600),
            },
            replications=tuple(numbers),
            seed=seed,
            horizon=settings.horizon,
            warm_up=settings.warm_up,
            line_digest="",
            line_name=line.name,
        )

    def block(self, first: int, count: int) -> TandemEvaluator:
        """Return an evaluator of `count` replications from number `first` on."""
        return TandemEvaluator(
            self.settings.replace(first_replication=first, replications=count), keep=self.keep
        )

    def counts(self, tandems: Sequence[Tandem], seed: int, replication: int) -> list[int]:
        """Return how many parts leave each of several lines that differ in their speeds alone."""
        horizon, parts = self.settings.horizon, _enough(tandems[0], self.settings.horizon)
        draws = _draw(tandems[0], seed, replication, parts, horizon)
        left = np.empty_like(draws.work)
        found = []
        for tandem in tandems:
            speeds = np.array([station.speed for station in tandem.stations])
            done = _run(draws.work, speeds, draws.failed, draws.repaired, tandem.places, horizon, left)
            assert done > 0
            found.append(parts_out(left[:done], self.settings))
        return found

    def departures(self, tandem: Tandem, seed: int, replication: int) -> Floats:
        """Return when each part leaves each station, shape (parts, stations), until past the horizon."""
        parts = _enough(tandem, self.settings.horizon)
        speeds = np.array([station.speed for station in tandem.stations])
        while True:
            draws = self._draws(tandem, seed, replication, parts)
            left = np.empty_like(draws.work)
            done = _run(
                draws.work, speeds, draws.failed, draws.repaired, tandem.places, self.settings.horizon, left
            )
            if done > 0:
                return left[:done]
            parts += parts // 4

    def _draws(self, tandem: Tandem, seed: int, replication: int, parts: int) -> Draws:
        key = (seed, replication, parts)
        wanted = _distributions(tandem)
        kept = self._kept.get(key)
        if kept is not None and all(a is b for a, b in zip(kept[0], wanted, strict=True)):
            return kept[1]
        draws = _draw(tandem, seed, replication, parts, self.settings.horizon)
        if len(self._kept) < self.keep:
            self._kept[key] = (wanted, draws)
        return draws


def parts_out(left: Floats, settings: RunSettings) -> int:
    """Return how many departures from the last station lie after the warm-up and not after the horizon."""
    last = left[:, -1]
    return int(
        np.searchsorted(last, settings.horizon, "right") - np.searchsorted(last, settings.warm_up, "right")
    )


def tandem_of(line: Line) -> Tandem:
    """Return a line as a tandem line.

    Raises
    ------
    OptionError
        If it is not one of those that the recursion covers.
    """
    rank = ranks(line)
    ordered = sorted(line.elements, key=lambda element: rank[element.name])
    source, *middle, sink = ordered
    stations = [element for element in middle if isinstance(element, Station)]
    places = [0] * (len(stations) - 1)
    number = -1
    for element in middle:
        if isinstance(element, Station):
            number += 1
        elif isinstance(element, Buffer) and element.capacity is not None and 0 <= number < len(places):
            places[number] += element.capacity
        else:
            raise OptionError(f"{element.name!r} is none of the elements that the recursion covers")
    plain = all(
        s.servers == s.batch_size == 1
        and not s.micro_stops
        and not s.defect_rate
        and s.inspection is None
        and len(s.failures) <= 1
        and all(mode.clock is Clock.CALENDAR and mode.interrupted == "continue" for mode in s.failures)
        for s in stations
    )
    saturated = isinstance(source, Source) and source.interarrival is None and source.limit is None
    if not (plain and saturated and isinstance(sink, Sink) and len(line.connections) == len(ordered) - 1):
        raise OptionError(f"the recursion does not cover {line.name!r}")
    slowest = max(station.cycle_time.mean for station in stations)
    return Tandem(tuple(stations), np.array(places, dtype=np.int64), slowest)


def _enough(tandem: Tandem, horizon: float) -> int:
    """Return a number of parts that will do for a run, whatever station is made faster by up to a tenth."""
    return int(1.12 * horizon / tandem.slowest) + int(tandem.places.sum()) + 200


def _distributions(tandem: Tandem) -> tuple[Distribution, ...]:
    found: list[Distribution] = []
    for station in tandem.stations:
        found.append(station.cycle_time)
        for mode in station.failures:
            found += [mode.time_to_failure, mode.time_to_repair]
    return tuple(found)


def _draw(tandem: Tandem, seed: int, replication: int, parts: int, horizon: float) -> Draws:
    """Draw what the simulator would draw."""
    work = np.empty((parts, len(tandem.stations)))
    downtimes = []
    for index, station in enumerate(tandem.stations):
        rng = stream(seed, replication, station.name, Purpose.PROCESSING)
        work[:, index] = _sample(station.cycle_time, rng, parts)
        downtimes.append(_downtimes(station, seed, replication, horizon))
    longest = max(len(failed) for failed, _ in downtimes)
    never = np.full((2, len(tandem.stations), longest), np.inf)
    for index, (failed, repaired) in enumerate(downtimes):
        never[0, index, : len(failed)] = failed
        never[1, index, : len(repaired)] = repaired
    return Draws(work, never[0], never[1])


_STEPS: dict[int, tuple[Empirical, Floats, Floats]] = {}


def _sample(distribution: Distribution, rng: np.random.Generator, size: int) -> Floats:
    """Return what ``distribution.sample`` does; of many observed times the cumulated shares are kept."""
    if not isinstance(distribution, Empirical) or distribution.weights:
        return distribution.sample(rng, size)
    kept = _STEPS.get(id(distribution))
    if kept is None or kept[0] is not distribution:
        if len(_STEPS) > 64:
            _STEPS.clear()
        values = np.asarray(distribution.values)
        weights = np.ones(len(values))
        steps = np.cumsum(weights / weights.sum())
        steps[-1] = 1.0
        kept = _STEPS[id(distribution)] = (distribution, values, steps)
    _, values, steps = kept
    drawn: Floats = values[np.searchsorted(steps, rng.random(size), side="right")]
    return drawn


def _downtimes(station: Station, seed: int, replication: int, horizon: float) -> tuple[Floats, Floats]:
    """Return when a station fails and is repaired, until past the horizon."""
    if not station.failures:
        return np.empty(0), np.empty(0)
    (mode,) = station.failures
    place = f"{station.name}#1.{mode.name}"
    number = int(1.5 * horizon / (mode.time_to_failure.mean + mode.time_to_repair.mean)) + 30
    while True:
        up = mode.time_to_failure.sample(stream(seed, replication, place, Purpose.TIME_TO_FAILURE), number)
        down = mode.time_to_repair.sample(stream(seed, replication, place, Purpose.TIME_TO_REPAIR), number)
        moments = np.cumsum(np.column_stack([up, down]).ravel())  # added one by one, as the calendar does
        if moments[-2] > horizon:
            return moments[0::2], moments[1::2]
        number *= 2


def assert_same(line: Line, settings: RunSettings, *, seed: int, replication: int) -> int:
    """Check that the simulator has the departures of the recursion, bit by bit; return how many these are.

    Raises
    ------
    AssertionError
        If one of them differs, or the parts counted do.
    """
    tandem = tandem_of(line)
    evaluator = TandemEvaluator(settings)
    left = evaluator.departures(tandem, seed, replication)
    run = run_replication(line, settings=settings, seed=seed, replication=replication, log=True)
    compared = 0
    for index, station in enumerate(tandem.stations):
        (after,) = line.successors(station.name)
        kind = {"station": "start", "buffer": "enter", "sink": "exit"}[line.element(after.target).kind]
        seen = [e.time for e in run.events if e.element == after.target and e.kind == kind]
        own = left[left[:, index] <= settings.horizon, index].tolist()
        assert seen[: len(own)] == own, f"{line.name}: departures from {station.name} differ"
        compared += len(own)
    assert len(seen) == len(own)  # the last station's: all that left the line
    assert run.values["parts_out"] == parts_out(left, settings)
    return compared
