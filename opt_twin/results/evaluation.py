"""What a line does: every measure in every replication.

Names of measures
-----------------
Of the line: ``throughput`` (parts per hour leaving through sinks, the throughput rate of ISO 22400-2),
``good_throughput`` (the good ones of them), ``parts_out``, ``good_parts``,
``defective_parts``, ``scrapped``, ``released``, ``wip`` (time-average, counted in released parts),
``lead_time`` (mean seconds from release to sink), ``lead_time_p50``, ``lead_time_p90``, ``lead_time_p99``
(order statistics of the same), ``revenue``, ``material_cost``, ``conversion_cost``, ``margin``; where
something in the line can cause them also ``energy`` (kWh), ``labour_cost``, ``energy_cost``, ``cycle_cost``,
``tool_cost``, ``inspection_cost`` (these five are part of the conversion cost), ``scrap_cost`` and
``stock_cost``; with orders also ``makespan``, ``total_tardiness``, ``maximum_tardiness``, ``orders_on_time``
(share) and ``order.<name>.completion``.

Of an element, as shares of the time of its servers that add up to 1: ``<station>.busy``, ``.setup``,
``.starved``, ``.blocked``, ``.failed``, ``.micro_stop``, ``.waiting_for_crew``, ``.waiting_for_operator``,
``.maintenance``, ``.off_shift``, ``.stopped``; also ``<station>.parts`` (cycles finished) and
``<buffer>.level`` (time-average); ``<station>.energy`` (kWh) where a power is given; ``<stock>.level``,
``<stock>.backorders`` (time-averages of parts on hand and owed), ``<stock>.demand``, ``<stock>.filled``,
``<stock>.lost`` (parts) and ``<stock>.fill_rate`` (share of the demand that is met at once).

Of a conveyor, as shares of the time that add up to 1: ``<conveyor>.moving``, ``.blocked`` (the part at its
end waits), ``.failed``; also ``.level`` (parts on it, time-average), ``.parts`` (that have left it) and
``.energy`` (kWh) where a power is given.

Of a transport: ``<transport>.level`` (parts on vehicles, time-average) and ``.parts`` (delivered).
Of a fleet, as shares of the time of its vehicles that add up to 1: ``<fleet>.idle``, ``.empty`` (driving
without a part), ``.loading``, ``.loaded`` (driving with one), ``.unloading``, ``.waiting`` (for a place for
the part), ``.charging``; also ``<fleet>.trips`` (parts delivered) and ``.distance`` (metres driven).

Of pallets, time-averages that add up to their number: ``<pallets>.free``, ``.in_use``, ``.returning``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from opt_twin.errors import EvaluationError, UnknownNameError
from opt_twin.line.states import STATES
from opt_twin.records import FrozenMapping, Rebuilt, digest_of, read_only
from opt_twin.results.distribution import Histogram, Quantile, cvar_of, histogram_of, quantile_of
from opt_twin.results.estimate import Estimate

if TYPE_CHECKING:
    from opt_twin.line import Line
    from opt_twin.plan import Plan

__all__ = ["BELT_STATES", "STATES", "VEHICLE_STATES", "Evaluation", "Evaluator", "Replicator"]

Floats = npt.NDArray[np.float64]


BELT_STATES = ("moving", "blocked", "failed")
"""The states of a conveyor."""

VEHICLE_STATES = ("idle", "empty", "loading", "loaded", "unloading", "waiting", "charging")
"""The states of a vehicle."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evaluation(Rebuilt):
    """The measures of one line, for each replication.

    Attributes
    ----------
    values
        Measure -> its value in each replication, shape (n,), read-only.
    replications
        The numbers of the replications, ascending; together with `seed` they name the random streams.
    seed
        Of the streams.
    horizon, warm_up
        Seconds of a run, and of its start that is left out of the measures.
    line_digest, plan_digest
        What was evaluated.
    units
        Measure -> its unit, where it has one.
    line_name
        For people.
    clock_start
        Seconds from Monday 00:00 to the start of each run.
    starved
        Stations that in some replication wait for ever for parts that can never come.

    Raises
    ------
    EvaluationError
        If there is no replication, the numbers are not ascending, or a measure has not one value for each.
    """

    values: Mapping[str, Floats]
    replications: tuple[int, ...]
    seed: int
    horizon: float
    warm_up: float
    line_digest: str
    plan_digest: str = ""
    units: Mapping[str, str] = FrozenMapping()
    line_name: str = ""
    clock_start: float = 0.0
    starved: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        n = len(self.replications)
        if n == 0 or list(self.replications) != sorted(set(self.replications)):
            raise EvaluationError("replications must be distinct, ascending, and at least one")
        frozen: dict[str, Floats] = {}
        for name, values in self.values.items():
            array = read_only(values)
            if array.shape != (n,):
                raise EvaluationError(f"{name!r} has shape {array.shape}, expected ({n},)")
            frozen[name] = array
        object.__setattr__(self, "replications", tuple(self.replications))
        object.__setattr__(self, "values", FrozenMapping(frozen))
        object.__setattr__(self, "units", FrozenMapping(self.units))

    def __getitem__(self, measure: str) -> Floats:
        """Return the values of a measure, shape (n,), read-only.

        Raises
        ------
        UnknownNameError
            If there is no such measure.
        """
        try:
            return self.values[measure]
        except KeyError:
            raise UnknownNameError.among("measure", measure, self.values) from None

    def mean(self, measure: str) -> float:
        """Return the mean of a measure over the replications."""
        return float(self[measure].mean())

    def estimate(self, measure: str, confidence: float = 0.95) -> Estimate:
        """Return the mean of a measure with its Student interval."""
        return Estimate.of(self[measure], confidence)

    def quantile(self, measure: str, share: float, confidence: float = 0.95) -> Quantile:
        """Return a quantile of a measure over the replications, with an interval from order statistics."""
        return quantile_of(self[measure], share, confidence)

    def cvar(
        self, measure: str, level: float = 0.9, *, tail: str = "high", confidence: float = 0.95
    ) -> Estimate:
        """Return the mean of the worst values of a measure, see :func:`opt_twin.results.cvar_of`."""
        return cvar_of(self[measure], level, tail=tail, confidence=confidence)

    def histogram(self, measure: str, bins: int | npt.ArrayLike | None = None) -> Histogram:
        """Return in how many replications a measure falls into each bin."""
        return histogram_of(self[measure], bins)

    def states(self) -> dict[str, dict[str, float]]:
        """Return station -> state -> mean share of the time, for the stations of the line."""
        last = STATES[-1]  # people and vehicles have states too, but never this one
        stations = [name.removesuffix(f".{last}") for name in self.values if name.endswith(f".{last}")]
        return {station: {state: self.mean(f"{station}.{state}") for state in STATES} for station in stations}

    def merge(self, other: Evaluation) -> Evaluation:
        """Return both blocks of replications as one evaluation, the same bits in any order of merging.

        Raises
        ------
        EvaluationError
            If the two are not of the same line, plan, seed and run, or share a replication.
        """
        ours, theirs = self._identity(), other._identity()
        for name, value in ours.items():
            if value != theirs[name]:
                raise EvaluationError(f"cannot merge: {name} differs, {value!r} and {theirs[name]!r}")
        shared = sorted(set(self.replications) & set(other.replications))
        if shared:
            raise EvaluationError(f"cannot merge: both hold replication {shared[0]}")
        both = np.array(self.replications + other.replications)
        order = np.argsort(both)
        return Evaluation(
            values={name: np.concatenate([self[name], other[name]])[order] for name in self.values},
            replications=tuple(int(number) for number in both[order]),
            seed=self.seed,
            horizon=self.horizon,
            warm_up=self.warm_up,
            line_digest=self.line_digest,
            plan_digest=self.plan_digest,
            units=self.units,
            line_name=self.line_name,
            clock_start=self.clock_start,
            starved=tuple(sorted({*self.starved, *other.starved})),
        )

    def _identity(self) -> dict[str, object]:
        return {
            "line": self.line_digest,
            "plan": self.plan_digest,
            "seed": self.seed,
            "horizon": self.horizon,
            "warm-up": self.warm_up,
            "clock start": self.clock_start,
            "measures": sorted(self.values),
        }

    def digest(self) -> str:
        """Return the sha256 of everything the evaluation holds."""
        return digest_of(
            {"identity": self._identity(), "replications": self.replications, "values": self.values}
        )


class Evaluator(Protocol):
    """Anything that scores a line: a simulator, a compiled engine, a surrogate."""

    def evaluate(self, line: Line, *, plan: Plan | None = None, seed: int) -> Evaluation:
        """Return the measures of `line` under `plan`; the same arguments give the same bits."""


class Replicator(Evaluator, Protocol):
    """An evaluator that gives as many replications as it is asked for, block by block."""

    def replicate(
        self, line: Line, *, first: int, count: int, plan: Plan | None = None, seed: int
    ) -> Evaluation:
        """Return the replications `first` ... `first + count - 1`; the same bits in any blocks."""
