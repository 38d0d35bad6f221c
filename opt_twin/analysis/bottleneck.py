"""What limits a line: the station where more speed raises throughput most.

The detector is the simulated sensitivity: each station in turn is made faster by a step, and the line is
evaluated again with the same seed and replications, so that differences are paired.
"""

from __future__ import annotations

from collections.abc import Iterable

from opt_twin.analysis.changes import faster, larger, shorter_stops
from opt_twin.analysis.detectors import classical_bottlenecks
from opt_twin.analysis.elsewhere import elsewhere
from opt_twin.analysis.losses import StationLoss, losses
from opt_twin.analysis.race import Blocks, Race, looks_at
from opt_twin.analysis.sensitivity import OnRuns, Runs, Variant, gain_estimate
from opt_twin.analysis.trace_detectors import StateRecord, trace_bottlenecks
from opt_twin.errors import OptionError
from opt_twin.line import Line
from opt_twin.plan import Plan
from opt_twin.records import FrozenMapping, Record, record
from opt_twin.results import Estimate, Evaluator

__all__ = ["BottleneckReport", "find_bottleneck"]


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
    buffer_gains
        Buffer -> gain when that buffer alone is larger by the step, rounded up to whole places; unlimited
        ones have none; empty unless asked for.
    improvement, improvement_gain
        A larger step at the bottleneck, and its gain; 0 and None when it was not asked for.
    runner_up
        The station of the second greatest gain; empty when there is one station only.
    certainty
        Confidence that no other station gains more: 1 less the sum, over the others, of the one-sided
        probability of the paired comparison with it, times the number of times that was looked at
        (Bonferroni), at least 0. None for a single replication, 1 for a single station.
    limited
        Whether the interval of the bottleneck's gain lies above 0. If not, no station limits the line so that
        it shows: what stands in `elsewhere` does.
    elsewhere
        What limits the line where no station does: people, a conveyor, vehicles or pallets, where theory says
        that they let less through than any station; if not, what comes in, and whatever of these there is.
    interrupted
        Whether Ctrl-C ended the search. What was complete by then is reported: whole blocks of replications,
        and the gains of stops and buffers that had been measured.
    classical
        Method -> the station that it names from the states of the stations; empty where these are unknown.
    losses
        Where the time of the stations goes, see :func:`losses`; empty where the states are unknown.
    """

    station: str
    throughput: Estimate
    step: float
    gains: FrozenMapping[str, Estimate]
    downtime_gains: FrozenMapping[str, Estimate] = FrozenMapping()
    buffer_gains: FrozenMapping[str, Estimate] = FrozenMapping()
    improvement: float = 0.0
    improvement_gain: Estimate | None = None
    runner_up: str
    certainty: float | None
    limited: bool
    elsewhere: str = "what comes in"
    interrupted: bool = False
    classical: FrozenMapping[str, str]
    losses: tuple[StationLoss, ...] = ()

    @property
    def replications(self) -> int:
        """How often the line as it is was run."""
        return self.throughput.replications

    def share(self, station: str) -> float:
        """Return the gain of `station` as a share of the throughput (0 when there is none)."""
        return self._share(self.gains[station].mean)

    def sentence(self) -> str:
        """Return what was found in one to three sentences.

        As in: "Filler limits the line: 5 % more speed there gives +3.1 % ± 0.4 % throughput (next: Packer
        +0.2 %); certainty 99.9 %. 10 % more would give +5.8 % ± 0.7 %."
        """
        gained = self.gains[self.station]
        following = (
            f" (next: {self.runner_up} {_percent(self.share(self.runner_up)):+g} %)" if self.runner_up else ""
        )
        step = f"{100 * self.step:.3g} % more speed"
        if not self.limited:
            elsewhere = f"{self.elsewhere[:1].upper()}{self.elsewhere[1:]}"
            return (
                f"No station clearly limits the line: {step} gives at most {self._gain(gained)} throughput, "
                f"at {self.station}{following}. {elsewhere} limits it, or more replications are needed."
            )
        if gained.half_width is None:
            return (
                f"{self.station} gains most: {step} there gives {self._gain(gained)} throughput{following}. "
                "How sure that is takes two or more replications."
            )
        more = ""
        if self.improvement_gain is not None:
            more = f" {100 * self.improvement:.3g} % more would give {self._gain(self.improvement_gain)}."
        return (
            f"{self.station} limits the line: {step} there gives {self._gain(gained)} throughput"
            f"{following}{self._sure()}.{more}"
        )

    def _share(self, gain: float) -> float:
        return gain / self.throughput.mean if self.throughput.mean else 0.0

    def _gain(self, gain: Estimate) -> str:
        text = f"{_percent(self._share(gain.mean)):+g} %"
        if gain.half_width is not None and self.throughput.mean:
            text += f" ± {_percent(self._share(gain.half_width), 1):g} %"
        return text

    def _sure(self) -> str:
        if self.certainty is None or not self.runner_up:
            return ""
        if self.certainty > 0.999:
            return "; certainty above 99.9 %"
        if self.certainty < 0.5:
            return "; certainty below 50 %, more replications would tell"
        hint = ", more replications would tell" if self.certainty < 0.95 else ""
        return f"; certainty {100 * self.certainty:.3g} %{hint}"


def _percent(share: float, digits: int = 2) -> float:
    """Return a share in per cent, rounded to `digits` significant digits."""
    return float(f"{100 * share:.{digits}g}")


def find_bottleneck(
    line: Line,
    evaluator: Evaluator,
    *,
    seed: int = 0,
    step: float = 0.05,
    improvement: float | None = 0.1,
    plan: Plan | None = None,
    downtimes: bool = False,
    buffers: bool = False,
    trace: Iterable[StateRecord] = (),
    since: float = 0.0,
    until: float | None = None,
    max_replications: int = 640,
    blocks: Blocks | None = None,
    on_progress: OnRuns | None = None,
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
        Share by which a station is made faster, above 0 and at most 1; also by which downtimes are cut and
        buffers enlarged.
    improvement
        A larger share whose gain is measured at the bottleneck alone, with one more evaluation; None for
        none.
    plan
        What directs the line, as a schedule; None for none.
    downtimes
        Also measure the gain from shorter repairs and micro-stops, with one more evaluation for each station
        that has any.
    buffers
        Also measure the gain from a larger buffer, with one more evaluation for each limited buffer.
    trace
        The states of one run, for the classical methods that need to know when each was; the states of the
        evaluation serve the others.
    since
        Seconds of the trace that are left out, as a warm-up.
    until
        Certainty, at least 0.5 and below 1, up to which replications are added: twice as many each time, for
        the line as it is, the bottleneck, and those stations that are not surely behind it.
    max_replications
        Where adding ends, whether the certainty has been reached or not; plays no part without `blocks`.
    blocks
        Gives evaluators of further replications; needed with `until`. Without `until` replications are added
        in blocks up to `max_replications`, so that Ctrl-C keeps those that are complete.
    on_progress
        Called after each line that was run, with the runs done and those foreseen.

    Returns
    -------
    BottleneckReport
        The station, the gains of all stations with their intervals, how sure the answer is, and what the
        classical detectors say.

    Raises
    ------
    OptionError
        If `step`, `improvement` or `until` is out of its range, or `until` comes without `blocks`.
    EvaluationError
        If the evaluator does not use the same replications for each line.
    KeyboardInterrupt
        By Ctrl-C before every station has been run once. After that Ctrl-C ends the search with what is
        complete.

    Notes
    -----
    All parts that leave the line are counted: speed does not change which of them are good, and their number
    is less noisy than that of the good ones alone. Where parts leave in large batches a short run counts few
    of them; the intervals allow for that, and longer runs make them narrower.

    With `until` another station is named than the best with a probability of at most 1 - `until`, as far as
    the paired differences are normal: each comparison of each look has its share of it.

    References
    ----------
    Kuo, Lim, Meerkov (1996), Bottlenecks in serial production lines: a system-theoretic approach,
    Mathematical Problems in Engineering 2 (the bottleneck as the station of the greatest sensitivity);
    Glasserman and Yao (1992), Some guidelines and guarantees for common random numbers, Management
    Science 38.

    Examples
    --------
    Replications are added until the answer is sure::

        def blocks(first, count):
            return SimulationEvaluator(settings.replace(first_replication=first, replications=count))

        report = find_bottleneck(line, SimulationEvaluator(settings), until=0.99, blocks=blocks)
    """
    _check(step=step, improvement=improvement, until=until, blocks=blocks)
    stations = {station.name: station for station in line.stations}
    others = _Others(line, step, downtimes=downtimes, buffers=buffers)
    runs = Runs(
        line,
        evaluator,
        plan=plan,
        seed=seed,
        variants=len(stations) + others.number + (improvement is not None),
        on_progress=on_progress,
    )
    speeds = {name: Variant(faster(line, station, step)) for name, station in stations.items()}
    race = Race(runs, speeds, looks=1 if until is None else looks_at(runs.replications, max_replications))
    whole = blocks is None or race.run(until, max_replications, blocks)
    best = race.leader
    if whole:
        larger_step = None if improvement is None else faster(line, stations[best], improvement)
        # with a number of replications they are run in all of them, when it is added to in the first ones
        whole = others.measure(runs, larger_step, None if until is None else 1)
    estimates = {name: gain_estimate(variant.gains, runs.unit) for name, variant in speeds.items()}
    as_it_is = runs.whole
    seen = all(f"{name}.busy" in as_it_is.values for name in stations)
    kept = tuple(trace)
    named = classical_bottlenecks(line, as_it_is) if seen else {}
    limited = estimates[best].mean > (estimates[best].half_width or 0.0)
    return BottleneckReport(
        station=best,
        throughput=Estimate.of(runs.output),
        step=step,
        gains=FrozenMapping(estimates),
        downtime_gains=FrozenMapping(others.downtime_gains),
        buffer_gains=FrozenMapping(others.buffer_gains),
        improvement=improvement or 0.0,
        improvement_gain=others.improvement_gain,
        runner_up=race.runner_up,
        certainty=race.certainty,
        limited=limited,
        elsewhere=elsewhere(line),
        interrupted=not whole,
        classical=FrozenMapping(named | (trace_bottlenecks(kept, since=since) if kept else {})),
        losses=losses(line, as_it_is) if seen else (),
    )


class _Others:
    """What is measured beside the speed of each station.

    Attributes
    ----------
    improvement_gain, downtime_gains, buffer_gains
        What has been measured.
    """

    def __init__(self, line: Line, step: float, *, downtimes: bool, buffers: bool) -> None:
        self._stops = {
            station.name: shorter_stops(line, station, step)
            for station in line.stations
            if downtimes and (station.failures or station.micro_stops)
        }
        self._places = {
            buffer.name: larger(line, buffer, step)
            for buffer in line.buffers
            if buffers and buffer.capacity is not None
        }
        self.improvement_gain: Estimate | None = None
        self.downtime_gains: dict[str, Estimate] = {}
        self.buffer_gains: dict[str, Estimate] = {}

    @property
    def number(self) -> int:
        """How many lines they are, without the improvement."""
        return len(self._stops) + len(self._places)

    def measure(self, runs: Runs, improved: Line | None, blocks: int | None) -> bool:
        """Measure the gains, the improvement in all blocks; return False when Ctrl-C ended that."""
        if blocks is None:
            runs.foresee((runs.replications - len(runs.first.replications)) * self.number)
        try:
            if improved is not None:
                self.improvement_gain = _measure(runs, improved)
            for gains, lines in ((self.downtime_gains, self._stops), (self.buffer_gains, self._places)):
                for name, changed in lines.items():
                    gains[name] = _measure(runs, changed, blocks)
        except KeyboardInterrupt:
            return False
        return True


def _check(*, step: float, improvement: float | None, until: float | None, blocks: Blocks | None) -> None:
    for name, share in (("step", step), ("improvement", improvement)):
        if share is not None and not 0 < share <= 1:
            raise OptionError(f"{name} is a share above 0 and at most 1, got {share}")
    if until is not None and not 0.5 <= until < 1:
        raise OptionError(f"until is a certainty of at least 0.5 and below 1, got {until}")
    if until is not None and blocks is None:
        raise OptionError("until needs further replications: give blocks, a function that makes evaluators")


def _measure(runs: Runs, changed: Line, blocks: int | None = None) -> Estimate:
    variant = Variant(changed)
    runs.extend(variant, blocks)
    return gain_estimate(variant.gains, runs.unit)
