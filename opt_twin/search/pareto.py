"""The answer of a search: the lines that no other line beats in everything."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from opt_twin.errors import InstanceError, ModelError, ObjectiveError, OptionError
from opt_twin.files import write_text
from opt_twin.line import Line
from opt_twin.records import FrozenMapping, Rebuilt, Record, digest_of, read_only, record
from opt_twin.results import Evaluation
from opt_twin.search.dominance import hypervolume, knee_of, signs_of
from opt_twin.search.objectives import Objective, Sense

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ParetoFront", "SearchSummary"]

Floats = npt.NDArray[np.float64]

_FORMAT = "opt_twin front 1"


@record
class SearchSummary(Record):
    """How a front came about.

    Attributes
    ----------
    algorithm
        What searched.
    population
        Candidates that survive a generation, and most points of a front.
    budget
        What the search was allowed to spend.
    evaluations, generations
        Distinct candidates evaluated, in how many generations.
    infeasible, failed
        Candidates that broke a constraint, and those whose evaluation or objective failed.
    reevaluated
        Candidates of the search's front that were evaluated again on fresh streams; 0 when an interruption
        left no time for it.
    removed_dominated, removed_infeasible
        Of these, how many turned out to be dominated, and to break a constraint (or to fail).
    optimism
        Objective -> by how much the search had seen the re-evaluated candidates better than they are, on
        average, in the objective's unit.
    """

    algorithm: str
    population: int
    budget: str
    evaluations: int
    generations: int
    infeasible: int = 0
    failed: int = 0
    reevaluated: int = 0
    removed_dominated: int = 0
    removed_infeasible: int = 0
    optimism: FrozenMapping[str, float] = FrozenMapping()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ParetoFront(Rebuilt):
    """Lines of which none is better than another in every objective.

    Arrays are read-only. The points are ordered by the first objective, then the next.

    Attributes
    ----------
    objectives
        What was wanted.
    points
        Their values in the user's senses and units, shape (n, m), n >= 1.
    intervals
        95 % Student interval of each value, shape (n, m, 2); infinite where it is not known.
    decisions
        Path -> value, for each point.
    lines, evaluations
        The line of each point and its evaluation; the evaluations are empty for a front read from a file.
    search_points
        What the search had seen, shape (n, m).
    probability_nondominated
        Bootstrap over the replications, shape (n,); NaN for a single replication.
    not_different_from
        For each point the others from which it does not differ beyond the noise in any objective.
    reference_point
        Of the hypervolume, shape (m,): the worst values among all feasible candidates, widened by 10 % of
        their range.
    seed
        Of the search: ``evaluator.evaluate(line, seed=seed)`` gives its numbers again.
    evaluation_seed
        Of the final evaluations, as `seed`; equal to `seed` when there were none.
    summary
        How the front came about.

    Raises
    ------
    OptionError
        If there is no point, a value is not finite, or an array has another shape.
    """

    objectives: tuple[Objective, ...]
    points: Floats
    intervals: Floats
    decisions: tuple[Mapping[str, int | float], ...]
    lines: tuple[Line, ...]
    evaluations: tuple[Evaluation, ...]
    search_points: Floats
    probability_nondominated: Floats
    not_different_from: tuple[tuple[int, ...], ...]
    reference_point: Floats
    seed: int
    evaluation_seed: int
    summary: SearchSummary

    def __post_init__(self) -> None:
        n, m = len(self.lines), len(self.objectives)
        shapes = {
            "points": (n, m),
            "intervals": (n, m, 2),
            "search_points": (n, m),
            "probability_nondominated": (n,),
            "reference_point": (m,),
        }
        for name, shape in shapes.items():
            array = read_only(getattr(self, name))
            if array.shape != shape:
                raise OptionError(f"{name} of a front has shape {array.shape}, expected {shape}")
            object.__setattr__(self, name, array)
        if n == 0 or not np.isfinite(self.points).all():
            raise OptionError("a front needs one or more points with finite values")
        if len(self.decisions) != n or len(self.evaluations) not in (0, n):
            raise OptionError(f"a front of {n} points needs {n} decisions and evaluations")
        frozen = {
            "objectives": tuple(self.objectives),
            "decisions": tuple(FrozenMapping(decision) for decision in self.decisions),
            "lines": tuple(self.lines),
            "evaluations": tuple(self.evaluations),
            "not_different_from": tuple(tuple(others) for others in self.not_different_from),
        }
        for name, value in frozen.items():
            object.__setattr__(self, name, value)

    def __len__(self) -> int:
        return len(self.lines)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the objectives."""
        return tuple(objective.name for objective in self.objectives)

    @property
    def senses(self) -> tuple[Sense, ...]:
        """The senses of the objectives."""
        return tuple(objective.sense for objective in self.objectives)

    @property
    def reevaluated(self) -> bool:
        """Whether the values come from fresh streams, not from those that the search had chosen on."""
        return self.summary.reevaluated > 0

    def hypervolume(self, reference: npt.ArrayLike | None = None) -> float:
        """Return the volume between the front and a reference point, `reference_point` unless given.

        Parameters
        ----------
        reference
            Shape (m,), in the user's units. Fronts can be compared with a common reference point only.
        """
        return hypervolume(self.points, self.reference_point if reference is None else reference, self.senses)

    def knee(self) -> int:
        """Return the index of the knee: the point farthest from the chord between the extremes."""
        return knee_of(self.points, self.senses)

    def extremes(self) -> tuple[int, ...]:
        """Return for each objective the index of the point that is best in it (ties: best in the others)."""
        costs = self.points * signs_of(self.senses)
        others = [[k for k in range(costs.shape[1]) if k != j] for j in range(costs.shape[1])]
        return tuple(
            int(np.lexsort((*costs[:, others[j]].T[::-1], costs[:, j]))[0]) for j in range(costs.shape[1])
        )

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each point; ``attrs["units"]`` holds the units of the objectives.

        Columns: ``point``, for each objective its name, ``<name>.low``, ``<name>.high`` (interval) and
        ``<name>.search`` (what the search had seen), ``probability_nondominated``, ``knee``, ``seed``, and
        the paths of the decisions.
        """
        import pandas as pd

        columns: dict[str, Any] = {"point": range(len(self))}
        for j, name in enumerate(self.names):
            columns[name] = self.points[:, j]
            columns[f"{name}.low"] = self.intervals[:, j, 0]
            columns[f"{name}.high"] = self.intervals[:, j, 1]
            columns[f"{name}.search"] = self.search_points[:, j]
        columns["probability_nondominated"] = self.probability_nondominated
        columns["knee"] = [index == self.knee() for index in range(len(self))]
        columns["seed"] = self.evaluation_seed
        for path in self.decisions[0]:
            columns[path] = [decision[path] for decision in self.decisions]
        frame = pd.DataFrame(columns)
        frame.attrs["units"] = {objective.name: objective.unit for objective in self.objectives}
        return frame

    def digest(self) -> str:
        """Return the sha256 of everything but the evaluations and functions."""
        return digest_of(self.to_dict())

    def to_dict(self) -> dict[str, Any]:
        """Return the front as plain data (without evaluations and functions) that :meth:`load` reads."""
        return {
            "format": _FORMAT,
            "objectives": [
                {
                    "name": objective.name,
                    "measure": objective.value if isinstance(objective.value, str) else None,
                    "sense": objective.sense,
                    "unit": objective.unit,
                    "on": objective.on,
                }
                for objective in self.objectives
            ],
            "reference_point": self.reference_point.tolist(),
            "hypervolume": self.hypervolume(),
            "knee": self.knee(),
            "extremes": list(self.extremes()),
            "seed": self.seed,
            "evaluation_seed": self.evaluation_seed,
            "summary": self.summary.to_dict(),
            "base": self.lines[0].to_dict(),
            "points": [self._point(index) for index in range(len(self))],
        }

    def _point(self, index: int) -> dict[str, Any]:
        values = zip(
            self.names, self.points[index], self.intervals[index], self.search_points[index], strict=True
        )
        rows = [(name, float(value), _ends(interval), float(seen)) for name, value, interval, seen in values]
        return {
            "values": {name: value for name, value, _, _ in rows},
            "intervals": {name: interval for name, _, interval, _ in rows},
            "search_values": {name: seen for name, _, _, seen in rows},
            "decisions": dict(self.decisions[index]),
            "probability_nondominated": _or_none(float(self.probability_nondominated[index])),
            "not_different_from": list(self.not_different_from[index]),
            "line_digest": self.lines[index].digest(),
        }

    def save(self, path: str | Path) -> tuple[Path, Path]:
        """Write the front as JSON and as a CSV table, and return both paths.

        Parameters
        ----------
        path
            Where, without a suffix (``.json`` and ``.csv`` are dropped): ``study/front`` writes
            ``study/front.json`` and ``study/front.csv``. In the table the unit of an objective stands behind
            its name.
        """
        stem = Path(path)
        if stem.suffix in (".json", ".csv"):
            stem = stem.with_suffix("")
        as_json, as_csv = (stem.with_name(stem.name + suffix) for suffix in (".json", ".csv"))
        write_text(as_json, json.dumps(self.to_dict(), indent=1, allow_nan=False) + "\n")
        units = {
            f"{o.name}{end}": f"{o.name}{end} [{o.unit}]"
            for o in self.objectives
            if o.unit
            for end in ("", ".low", ".high", ".search")
        }
        write_text(as_csv, self.to_frame().rename(columns=units).to_csv(index=False, lineterminator="\n"))
        return as_json, as_csv

    @classmethod
    def load(cls, path: str | Path) -> ParetoFront:
        """Read a front that :meth:`save` wrote as JSON.

        Evaluations are not part of the file, and the functions of custom objectives are not either: calling
        one raises.

        Raises
        ------
        InstanceError
            If there is no such file, or it is not such a front.
        """
        where = Path(path)
        if not where.is_file():
            raise InstanceError("there is no such file", path=str(where))
        try:
            data = json.loads(where.read_text(encoding="utf-8"))
            return _from_dict(data)
        except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
            what = f"{type(error).__name__}: {error}"
            raise InstanceError(f"not a front that opt_twin saved ({what})", path=str(where)) from None


def _from_dict(data: Mapping[str, Any]) -> ParetoFront:
    if data["format"] != _FORMAT:
        raise ModelError(f"unknown format {data['format']!r}, expected {_FORMAT!r}")
    objectives = tuple(
        Objective(o["name"], o["measure"] or _Lost(o["name"]), o["sense"], o["unit"], o["on"])
        for o in data["objectives"]
    )
    names = [objective.name for objective in objectives]
    base = Line.from_dict(data["base"])
    points = data["points"]
    decisions = tuple(FrozenMapping(point["decisions"]) for point in points)

    def column(key: str) -> list[list[float]]:
        return [[point[key][name] for name in names] for point in points]

    return ParetoFront(
        objectives=objectives,
        points=np.array(column("values")),
        intervals=np.array([[_from_ends(point["intervals"][name]) for name in names] for point in points]),
        decisions=decisions,
        lines=tuple(base.with_values(decision) for decision in decisions),
        evaluations=(),
        search_points=np.array(column("search_values")),
        probability_nondominated=np.array([_or_nan(point["probability_nondominated"]) for point in points]),
        not_different_from=tuple(tuple(point["not_different_from"]) for point in points),
        reference_point=np.array(data["reference_point"]),
        seed=data["seed"],
        evaluation_seed=data["evaluation_seed"],
        summary=SearchSummary.from_dict(data["summary"]),
    )


@dataclass(frozen=True, slots=True)
class _Lost:
    """Stands for the function of a custom objective in a front that was read from a file."""

    name: str

    def __call__(self, _: object) -> float:
        raise ObjectiveError(f"the function of objective {self.name!r} is not part of the saved front")


def _or_none(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value


def _ends(interval: Floats) -> list[float | None]:
    return [_or_none(float(end)) for end in interval]


def _from_ends(ends: list[float | None]) -> tuple[float, float]:
    low, high = ends
    return -math.inf if low is None else low, math.inf if high is None else high
