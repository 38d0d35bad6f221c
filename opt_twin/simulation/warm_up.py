"""How long a run takes to settle, and whether it does."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from opt_twin.errors import OptionError
from opt_twin.line import Line
from opt_twin.records import FrozenMapping, Record, record
from opt_twin.results import RunWarning, WarningCode
from opt_twin.simulation.engine import Run, run_replication
from opt_twin.simulation.settings import RunSettings
from opt_twin.timebase import format_duration

__all__ = ["WarmUp", "grows", "mser5", "suggest_warm_up"]

Floats = npt.NDArray[np.float64]

_BATCH = 5
_INTERVALS = 400
_LEVEL = 0.01
_LEAST_GROWTH = 0.05


@record
class WarmUp(Record):
    """How much of the start of a run to leave out.

    Attributes
    ----------
    warm_up
        Seconds: the longest that any series asks for.
    by_series
        Series -> the seconds that it asks for.
    interval, horizon
        Seconds of an interval of the series, and of the runs that were looked at.
    replications
        How many runs the series were averaged over.
    growth
        How much work in process the last quarter of the runs held above the quarter before it, as a share of
        that.
    warnings
        Whether the runs were too short, or work in process grew to their end.
    """

    warm_up: float
    by_series: FrozenMapping[str, float]
    interval: float
    horizon: float
    replications: int
    growth: float
    warnings: tuple[RunWarning, ...] = ()

    def __str__(self) -> str:
        return f"{format_duration(self.warm_up)} of {format_duration(self.horizon)}"


def suggest_warm_up(
    line: Line,
    *,
    settings: RunSettings = RunSettings(),  # noqa: B008  frozen
    seed: int = 0,
    interval: float | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> WarmUp:
    """Return how much of the start of a run to leave out, by MSER-5.

    The runs are divided into intervals. The parts out and the mean work in process of each interval are
    averaged over the replications, and :func:`mser5` is applied to both series; the longer answer counts.

    Parameters
    ----------
    line, seed
        What is run, and on which streams.
    settings
        Horizon and number of the runs, 2 or more; their `warm_up` plays no part. Ten are usually enough.
    interval
        Seconds, at most a tenth of the horizon; a 400th of the horizon if not given.
    on_progress
        Called with (runs done, runs in all).

    Returns
    -------
    WarmUp
        With a warning when a series asks for half of the run (or nearly), and one when work in process grows,
        see :func:`grows`.

    Raises
    ------
    OptionError
        If there are fewer than 2 replications, or `interval` is not above 0 or longer than a tenth of the
        horizon.
    SimulationError
        If the line would release parts without end at one moment.

    References
    ----------
    White (1997), An effective truncation heuristic for bias reduction in simulation output.

    Examples
    --------
    >>> from opt_twin.testing import single_queue
    >>> suggestion = suggest_warm_up(single_queue(), settings=RunSettings(horizon=4000, replications=5))
    >>> suggestion.warm_up < 1000, suggestion.warnings
    (True, ())
    """
    horizon = settings.horizon
    step = horizon / _INTERVALS if interval is None else interval
    if settings.replications < 2:
        raise OptionError(f"a warm-up is found from 2 or more replications, got {settings.replications}")
    if not 0 < step <= horizon / (2 * _BATCH):
        raise OptionError(f"the interval must be above 0 and at most a tenth of the horizon, got {step:g} s")
    runs: list[Mapping[str, Floats]] = []
    plain = settings.replace(warm_up=0.0)
    for number in range(settings.replications):
        runs.append(_series(line, plain, seed, settings.first_replication + number, step))
        if on_progress is not None:
            on_progress(number + 1, settings.replications)
    cuts = {name: mser5(np.mean([run[name] for run in runs], axis=0)) for name in runs[0]}
    count = runs[0]["wip"].size
    levels = np.array([run["wip"] for run in runs])
    growing, growth = grows(levels)
    warnings = []
    late = [name for name, cut in cuts.items() if cut >= count // _BATCH // 2 * _BATCH - _BATCH]
    if growing:
        warnings.append(_growing(growth, settings))
    elif late:
        warnings.append(_too_short(late, settings))
    return WarmUp(
        warm_up=step * max(cuts.values()),
        by_series=FrozenMapping({name: step * cut for name, cut in cuts.items()}),
        interval=step,
        horizon=horizon,
        replications=settings.replications,
        growth=growth,
        warnings=tuple(warnings),
    )


def mser5(series: npt.ArrayLike) -> int:
    """Return how many observations at the start of `series` to leave out, a multiple of 5.

    The observations are averaged in batches of five. Left out is what makes the squared standard error of the
    mean of the rest smallest, but never more than half of the batches: where half is left out, the series is
    likely to be too short to tell.

    Parameters
    ----------
    series
        Observations in the order of time, shape (n,), n >= 10: parts out in each minute, say, averaged over
        replications.

    Raises
    ------
    OptionError
        If there are fewer than 10 observations, or one is not finite.

    References
    ----------
    White (1997), An effective truncation heuristic for bias reduction in simulation output; Spratt (1998),
    An evaluation of contemporary heuristics for the startup problem.

    Examples
    --------
    >>> mser5([9.0] * 10 + [1.0, 2.0] * 20)
    10
    """
    values = np.asarray(series, dtype=float)
    if values.ndim != 1 or values.size < 2 * _BATCH or not np.isfinite(values).all():
        raise OptionError(f"the warm-up is found from {2 * _BATCH} or more finite observations in a row")
    batches = values[: values.size // _BATCH * _BATCH].reshape(-1, _BATCH).mean(axis=1)
    errors = [float(batches[cut:].var()) / (batches.size - cut) for cut in range(batches.size // 2 + 1)]
    return _BATCH * int(np.argmin(errors))


def grows(levels: npt.ArrayLike) -> tuple[bool, float]:
    """Return whether a level still grows over the second half of the runs, and by how much.

    For each run the mean of the last quarter is compared with that of the quarter before. The level grows
    when these differences are above 0 by a one-sided Student test over the runs at level 0.01, and their mean
    is at least 5 % of the level. Runs are independent, so the test holds whatever the correlation in time;
    for a stable queue in the steady state the difference has mean 0.

    Parameters
    ----------
    levels
        Of each run and interval, shape (runs, intervals), 2 or more runs and 4 or more intervals.

    Returns
    -------
    bool, float
        Whether it grows; the mean difference as a share of the level of the third quarter.

    Raises
    ------
    OptionError
        If the shape is another one.

    Examples
    --------
    >>> grows([[1, 2, 3, 4.0], [1, 2, 3, 4.1], [1, 2, 3, 3.9]])
    (True, 0.333333333333)
    """
    array = np.asarray(levels, dtype=float)
    if array.ndim != 2 or array.shape[0] < 2 or array.shape[1] < 4:
        raise OptionError(f"growth is seen in 2 or more runs of 4 or more intervals, got shape {array.shape}")
    from scipy.special import stdtr

    runs, quarter = array.shape[0], array.shape[1] // 4
    third, last = array[:, -2 * quarter : -quarter].mean(axis=1), array[:, -quarter:].mean(axis=1)
    rise = last - third
    mean, level = float(rise.mean()), float(third.mean())
    growth = mean / level if level else math.inf if mean > 0 else 0.0
    if not mean > 0:
        return False, round(growth, 12)
    error = float(rise.std(ddof=1)) / math.sqrt(runs)
    probability = float(stdtr(runs - 1, -mean / error)) if error else 0.0
    return probability <= _LEVEL and growth >= _LEAST_GROWTH, round(growth, 12)


def _too_short(late: Sequence[str], settings: RunSettings) -> RunWarning:
    return RunWarning(
        code=WarningCode.SHORT_FOR_WARM_UP,
        message=f"MSER-5 would leave out half of the run ({', '.join(late)}): "
        f"{format_duration(settings.horizon)} are too short to tell when the line has settled; "
        "use a longer horizon",
    )


def _growing(growth: float, settings: RunSettings) -> RunWarning:
    by = f"by {100 * growth:.3g} %" if math.isfinite(growth) else "from nothing"
    return RunWarning(
        code=WarningCode.GROWING,
        message=f"work in process still grows at the end of the runs, {by} from the third quarter to the "
        f"last: more may come in than the line can handle, or {format_duration(settings.horizon)} are too "
        "short for it to settle; the measures are not those of a steady state",
    )


def _series(
    line: Line, settings: RunSettings, seed: int, replication: int, interval: float
) -> dict[str, Floats]:
    """Return the parts out and the mean work in process of each interval of one run."""
    run = run_replication(line, settings=settings, seed=seed, replication=replication, log=True)
    count = round(settings.horizon / interval)
    edges = np.linspace(0.0, settings.horizon, count + 1)
    exits = [event.time for event in run.events if event.kind == "exit"]
    times, steps = _unit_steps(run)
    area = np.concatenate(([0.0], np.cumsum(np.diff(times) * np.cumsum(steps)[:-1])))
    held = np.interp(edges, times, area)
    return {
        "parts_out": np.histogram(exits, edges)[0].astype(float),
        "wip": np.diff(held) / np.diff(edges),
    }


def _unit_steps(run: Run) -> tuple[Floats, Floats]:
    """Return when released units come in and leave, and how many (above 0: in), from 0 to the end."""
    units: dict[int, int] = {}
    steps = [(0.0, 0)]
    for event in run.events:
        if event.part is None:
            continue
        if event.kind == "release":
            steps.append((event.time, 1))
        elif event.kind == "join" and event.batch is not None:
            units[event.batch] = units.get(event.batch, 0) + units.get(event.part, 1)
        elif event.kind in {"exit", "scrap"}:
            steps.append((event.time, -units.get(event.part, 1)))
    times, changes = np.array([*steps, (run.end, 0)], dtype=float).T
    return times, changes
