"""How long a cycle takes in the mean, with everything that stops the station."""

from __future__ import annotations

import math
from collections.abc import Mapping

from opt_twin.line import (
    Clock,
    Deterministic,
    Distribution,
    Exponential,
    FailureMode,
    Interrupted,
    Station,
)
from opt_twin.theory.renewal import cycles_to_failure, restart_time

__all__ = ["effective_cycle_time", "effective_cycle_variance", "processing_time", "time_to_failure"]


def effective_cycle_time(station: Station, products: Mapping[str, float] | None = None) -> float:
    """Return the mean seconds per cycle of one server that never waits for parts or places.

    Parameters
    ----------
    station
        The station.
    products
        Share of each product among its parts; None or empty when there is one only.

    Notes
    -----
    A cycle takes the loading, the processing w at the station's speed, the test, the mean set-up when
    products follow one another at random, probability times duration of each micro-stop, and the change of
    the tool over its life. With F and R the mean times to failure (shorter by the station's wear at its
    speed) and to repair:

    - operation clock: w R / F is added for each mode;
    - cycles clock: R / (cycles to failure) is added for each mode;
    - calendar clock: the total is divided by the availability F / (F + R) of each mode;
    - where an interrupted part starts again, w + w R / F becomes (F + R) (exp(w / F) - 1), and where it is
      scrapped, (F + R) (1 - exp(-w / F)), on either clock of time;
    - a stop that is longer than ``warm_up_after`` adds the warm-up;
    - maintenance of duration D that is due every E divides the total by 1 - D / E.

    Exact in the long run where interrupted parts continue; with several modes and parts that start again or
    are scrapped, and in the second case on the calendar clock with set-ups or micro-stops, near to it. For
    cycles to failure see :func:`opt_twin.theory.cycles_to_failure`.

    Examples
    --------
    >>> from opt_twin.line import Clock, FailureMode, MicroStop, Station
    >>> filler = Station(
    ...     name="Filler",
    ...     cycle_time="10000/h",
    ...     failures=(FailureMode(time_to_failure="120 min", time_to_repair="15 min", clock="operation"),),
    ...     micro_stops=(MicroStop(probability=0.01, duration="15 s"),),
    ... )
    >>> round(effective_cycle_time(filler), 6)
    0.555
    """
    mix = products or {}
    work = processing_time(station, mix)
    total = work + _setup(station, mix)
    for time in (station.load_time, station.inspection and station.inspection.time):
        total += time.mean if time else 0.0
    if station.tool is not None:
        total += station.tool.change_time.mean / station.tool.life
    total += math.fsum(stop.probability * stop.duration.mean for stop in station.micro_stops)
    total += math.fsum(_added(station, mode, work) for mode in station.failures)
    left = math.prod(_calendar_availability(station, mode) for mode in station.failures)
    left *= max(0.0, 1 - math.fsum(_maintained(station)))
    return total / left if left > 0 else math.inf


def effective_cycle_variance(station: Station, product: str | None = None) -> float:
    """Return the variance of the seconds per cycle of one server, with its stops, for a single product.

    Notes
    -----
    Loading, processing and test are independent, so that their variances add up. Stops come as a compound
    Poisson process: a mode that fails at the rate r in a cycle, with repairs R, adds ``r E[R^2]``; a
    micro-stop of probability p and duration D adds ``p E[D^2] - (p E[D])^2``. Exact for exponential times to
    failure on the clock ``operation`` whose parts continue; an approximation otherwise (set-ups, tools and
    maintenance are left out).

    References
    ----------
    Hopp and Spearman (2011), Factory physics, section 8.4.

    Examples
    --------
    >>> from opt_twin.line import Exponential, FailureMode, Station
    >>> stop = FailureMode(time_to_failure=Exponential(mean=90), time_to_repair=Exponential(mean=10))
    >>> effective_cycle_variance(Station(name="M", cycle_time=9, failures=(stop,)))
    20.0
    """
    time = station.cycle_time_of(product)
    total = time.variance / station.speed**2
    for other in (station.load_time, station.inspection and station.inspection.time):
        total += other.variance if other else 0.0
    for stop in station.micro_stops:
        p, mean = stop.probability, stop.duration.mean
        total += p * (stop.duration.variance + mean**2) - (p * mean) ** 2
    work = time.mean / station.speed
    for mode in station.failures:
        if mode.clock is Clock.CYCLES:
            cycles = cycles_to_failure(mode.time_to_failure) / math.pow(station.speed, station.wear_exponent)
            rate = 1 / max(1.0, cycles)
        else:
            rate = work / time_to_failure(station, mode)
        repair = mode.time_to_repair
        total += rate * (repair.variance + repair.mean**2)
    return total


def processing_time(station: Station, products: Mapping[str, float] | None = None) -> float:
    """Return the mean seconds of processing at the station's speed, over the shares of products."""
    if not products:
        return station.cycle_time.mean / station.speed
    times = (share * station.cycle_time_of(product).mean for product, share in products.items())
    return math.fsum(times) / station.speed


def time_to_failure(station: Station, mode: FailureMode) -> float:
    """Return the mean time to failure of a mode at the station's speed, in the unit of its clock."""
    return mode.time_to_failure.mean / math.pow(station.speed, station.wear_exponent)


def _setup(station: Station, products: Mapping[str, float]) -> float:
    return math.fsum(
        share * other * station.setup_time(before, after)
        for before, share in products.items()
        for after, other in products.items()
    )


def _added(station: Station, mode: FailureMode, work: float) -> float:
    """Return the seconds that a failure mode adds to a cycle, its calendar clock left out."""
    until = time_to_failure(station, mode)
    repair = mode.time_to_repair.mean
    down = repair + _warming(station, mode.time_to_repair)
    if mode.clock is Clock.CYCLES:
        cycles = cycles_to_failure(mode.time_to_failure) / math.pow(station.speed, station.wear_exponent)
        return down / max(1.0, cycles)
    if mode.interrupted is Interrupted.RESTART:
        if work > 100 * until:
            return math.inf
        return restart_time(work, until, down) - work
    if mode.interrupted is Interrupted.SCRAP:
        return -(until + down) * math.expm1(-work / until) - work
    return work * down / until if mode.clock is Clock.OPERATION else 0.0


def _calendar_availability(station: Station, mode: FailureMode) -> float:
    if mode.clock is not Clock.CALENDAR or mode.interrupted is not Interrupted.CONTINUE:
        return 1.0
    until = time_to_failure(station, mode)
    warming = _warming(station, mode.time_to_repair)
    return max(0.0, (until - warming) / (until + mode.time_to_repair.mean))


def _maintained(station: Station) -> list[float]:
    """Return the share of the time that each task of maintenance takes."""
    return [
        (task.duration.mean + _warming(station, task.duration)) / task.every
        for task in station.maintenance
        if task.every is not None
    ]


def _warming(station: Station, stop: Distribution) -> float:
    """Return the mean seconds of warming up after a stop."""
    if not station.warm_up_time:
        return 0.0
    return station.warm_up_time * _exceeds(stop, station.warm_up_after)


def _exceeds(time: Distribution, limit: float) -> float:
    """Return the probability that a time is longer; for most distributions that of its mean, 0 or 1."""
    if limit == 0 or isinstance(time, Deterministic):
        return float(time.mean > limit)
    if isinstance(time, Exponential):
        return math.exp(-limit / time.mean)
    return float(time.mean > limit)
