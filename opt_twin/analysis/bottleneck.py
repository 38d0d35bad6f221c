"""What limits a line: the station where more speed raises throughput most.

The detector is the simulated sensitivity: each station in turn is made faster by a step, and the line is
evaluated again with the same seed and replications, so that differences are paired.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from opt_twin.analysis.compare import require_pairs, student_probability, student_quantile
from opt_twin.analysis.detectors import classical_bottlenecks
from opt_twin.errors import OptionError
from opt_twin.line import (
    Custom,
    Deterministic,
    Distribution,
    Empirical,
    Erlang,
    Exponential,
    Gamma,
    Line,
    Lognormal,
    Normal,
    Station,
    Triangular,
    Uniform,
    Weibull,
)
from opt_twin.plan import Plan
from opt_twin.records import FrozenMapping, Record, record
from opt_twin.results import Estimate, Evaluation, Evaluator

__all__ = ["BottleneckReport", "find_bottleneck"]

Floats = npt.NDArray[np.float64]


@record
class BottleneckReport(Record):
    """What limits a line, and how sure that is.

    Attributes
    ----------
    station
        The bottleneck: the station of the greatest gain.
    throughput
        Parts per hour that leave the line as it is, good or not.
    step
        By what share each station was made faster.
    gains
        Station -> gain of throughput in parts per hour when that station alone is faster, paired.
    downtime_gains
        Station -> gain when that station's times to repair and micro-stops alone are shorter by the step;
        empty unless asked for.
    runner_up
        The station of the second greatest gain; empty when there is one station only.
    certainty
        One-sided confidence of the paired comparison between the bottleneck and the station that comes
        nearest to it: the least over all others. None for a single replication, 1 for a single station.
    limited
        Whether the interval of the bottleneck's gain lies above 0. If not, no station limits the line so that
        it shows: what comes in does.
    classical
        Method -> the station that it names from the state times.
    """

    station: str
    throughput: Estimate
    step: float
    gains: FrozenMapping[str, Estimate]
    downtime_gains: FrozenMapping[str, Estimate] = FrozenMapping()
    runner_up: str
    certainty: float | None
    limited: bool
    classical: FrozenMapping[str, str]

    def share(self, station: str) -> float:
        """Return the gain of `station` as a share of the throughput (0 when there is none)."""
        return self.gains[station].mean / self.throughput.mean if self.throughput.mean else 0.0

    def sentence(self) -> str:
        """Return what was found in one or two sentences.

        As in: "Filler limits the line: 5 % more speed there gives +3.1 % ± 0.4 % throughput (next: Packer
        +0.2 %), certainty 99.9 %."
        """
        gain = f"{_percent(self.share(self.station)):+g} %"
        half_width = self.gains[self.station].half_width
        if half_width is not None and self.throughput.mean:
            gain += f" ± {_percent(half_width / self.throughput.mean, 1):g} %"
        following = (
            f" (next: {self.runner_up} {_percent(self.share(self.runner_up)):+g} %)" if self.runner_up else ""
        )
        if not self.limited:
            return (
                f"No station clearly limits the line: {100 * self.step:.3g} % more speed gives at most "
                f"{gain} throughput, at {self.station}{following}. What comes in limits it, or more "
                "replications are needed."
            )
        if half_width is None:
            return (
                f"{self.station} gains most: {100 * self.step:.3g} % more speed there gives {gain} "
                f"throughput{following}. How sure that is takes two or more replications."
            )
        sure = ""
        if self.certainty is not None and self.runner_up:
            shown = f"{100 * self.certainty:.3g} %" if self.certainty < 0.999 else "above 99.9 %"
            sure = f"; certainty {shown}"
            if self.certainty < 0.95:
                sure += ", more replications would tell"
        return (
            f"{self.station} limits the line: {100 * self.step:.3g} % more speed there gives {gain} "
            f"throughput{following}{sure}."
        )


def _percent(share: float, digits: int = 2) -> float:
    """Return a share in per cent, rounded to `digits` significant digits."""
    return float(f"{100 * share:.{digits}g}")


def find_bottleneck(
    line: Line,
    evaluator: Evaluator,
    *,
    seed: int = 0,
    step: float = 0.05,
    plan: Plan | None = None,
    downtimes: bool = False,
) -> BottleneckReport:
    """Find the station where more speed raises throughput most.

    Parameters
    ----------
    line
        The line.
    evaluator
        Scores the line as it is and once for each station; the same seed must give it the same random
        numbers.
    seed
        Of the random streams.
    step
        Share by which a station is made faster, above 0 and at most 1; also by which downtimes are cut.
    plan
        What directs the line, as a schedule; None for none.
    downtimes
        Also measure the gain from shorter repairs and micro-stops, with one more evaluation for each station
        that has any.

    Returns
    -------
    BottleneckReport
        The station, the gains of all stations with their intervals, how sure the answer is, and what the
        classical detectors say.

    Raises
    ------
    OptionError
        If `step` is out of its range.
    EvaluationError
        If the evaluator does not use the same replications for each line.

    Notes
    -----
    All parts that leave the line are counted: speed does not change which of them are good, and their number
    is less noisy than that of the good ones alone. Where parts leave in large batches a short run counts few
    of them; the intervals allow for that, and longer runs make them narrower.

    References
    ----------
    Kuo, Lim, Meerkov (1996), Bottlenecks in serial production lines: a system-theoretic approach,
    Mathematical Problems in Engineering 2 (the bottleneck as the station of the greatest sensitivity);
    Glasserman and Yao (1992), Some guidelines and guarantees for common random numbers, Management
    Science 38.
    """
    if not 0 < step <= 1:
        raise OptionError(f"step is a share above 0 and at most 1, got {step}")
    base = evaluator.evaluate(line, plan=plan, seed=seed)
    output, unit = _output(base)

    def gain(changed: Line) -> Floats:
        evaluation = evaluator.evaluate(changed, plan=plan, seed=seed)
        require_pairs(base, evaluation)
        return _output(evaluation)[0] - output

    gains = {
        station.name: gain(line.with_value(f"{station.name}.speed", station.speed * (1 + step)))
        for station in line.stations
    }
    shorter = {
        station.name: gain(line.with_element(_with_shorter_stops(station, 1 - step)))
        for station in line.stations
        if downtimes and (station.failures or station.micro_stops)
    }
    ordered = sorted(gains, key=lambda name: -gains[name].mean())
    best = ordered[0]
    estimates = {name: _gain(values, unit) for name, values in gains.items()}
    return BottleneckReport(
        station=best,
        throughput=Estimate.of(output),
        step=step,
        gains=FrozenMapping(estimates),
        downtime_gains=FrozenMapping({name: _gain(values, unit) for name, values in shorter.items()}),
        runner_up=ordered[1] if len(ordered) > 1 else "",
        certainty=_certainty(gains, best, unit),
        limited=estimates[best].mean > (estimates[best].half_width or 0.0),
        classical=FrozenMapping(classical_bottlenecks(line, base)),
    )


def _output(evaluation: Evaluation) -> tuple[Floats, float]:
    """Return the parts per hour that leave the line, good or not, and what one part more would add.

    Where the evaluation does not count parts, its throughput stands for them, taken as exact.
    """
    if "parts_out" not in evaluation.values:
        return evaluation["throughput"], 0.0
    if "makespan" in evaluation.values:  # a plan ends the run
        seconds = evaluation["makespan"]
    else:
        seconds = np.full(len(evaluation.replications), evaluation.horizon - evaluation.warm_up)
    return evaluation["parts_out"] * 3600 / seconds, float(3600 / seconds.mean())


def _error(values: Floats, unit: float) -> float:
    """Return the standard error of a mean of differences between counts of whole parts.

    Two counts are each cut off by up to one part, which alone gives their difference a variance of 1/6; that
    is assumed at least, as few differences that happen to be equal would otherwise look certain.
    """
    return math.sqrt(max(float(values.var(ddof=1)), unit**2 / 6) / len(values))


def _gain(values: Floats, unit: float) -> Estimate:
    estimate = Estimate.of(values)
    if estimate.replications < 2:
        return estimate
    quantile = student_quantile(estimate.confidence, estimate.replications - 1)
    return estimate.replace(half_width=quantile * _error(values, unit))


def _certainty(gains: dict[str, Floats], best: str, unit: float) -> float | None:
    """Return the least confidence with which `best` is ahead of another station."""
    ahead = [gains[best] - values for name, values in gains.items() if name != best]
    if not ahead:
        return 1.0
    if len(gains[best]) < 2:
        return None
    return min(
        student_probability(float(values.mean()), _error(values, unit), len(values) - 1) for values in ahead
    )


def _with_shorter_stops(station: Station, factor: float) -> Station:
    return station.replace(
        failures=tuple(
            mode.replace(time_to_repair=_scaled(mode.time_to_repair, factor)) for mode in station.failures
        ),
        micro_stops=tuple(
            stop.replace(duration=_scaled(stop.duration, factor)) for stop in station.micro_stops
        ),
    )


def _scaled(distribution: Distribution, factor: float) -> Distribution:
    """Return the distribution of `factor` times the variable; its draws are `factor` times as long."""
    match distribution:
        case Deterministic():
            return distribution.replace(value=factor * distribution.value)
        case Exponential() | Lognormal() | Erlang():
            return distribution.replace(mean=factor * distribution.mean)
        case Gamma() | Weibull():
            return distribution.replace(scale=factor * distribution.scale)
        case Uniform():
            return distribution.replace(low=factor * distribution.low, high=factor * distribution.high)
        case Triangular():
            return distribution.replace(
                low=factor * distribution.low,
                mode=factor * distribution.mode,
                high=factor * distribution.high,
            )
        case Normal():
            return distribution.replace(
                location=factor * distribution.location,
                sd=factor * distribution.sd,
                low=factor * distribution.low,
            )
        case Custom():
            raise OptionError(
                f"the times of {distribution.path!r} cannot be made shorter; leave out downtimes, or "
                "write them as a built-in distribution"
            )
        case Empirical():
            return distribution.replace(values=tuple(factor * value for value in distribution.values))
