"""Tables and files of results: tidy frames, CSV and JSON, and the readers of what is read again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from opt_twin.errors import OptionError
from opt_twin.files import write_text
from opt_twin.plan import (
    read_schedule,
    schedule_csv,
    schedule_from_csv,
    schedule_from_json,
    schedule_json,
)
from opt_twin.results import Evaluation

if TYPE_CHECKING:
    import pandas as pd

    from opt_twin.search import ParetoFront
    from opt_twin.simulation import Run

__all__ = [
    "evaluation_frame",
    "front_csv",
    "front_json",
    "read_schedule",
    "schedule_csv",
    "schedule_from_csv",
    "schedule_from_json",
    "schedule_json",
    "series_frame",
]


def evaluation_frame(
    evaluation: Evaluation, *, parameters: Mapping[str, object] | None = None
) -> pd.DataFrame:
    """Return an evaluation as a long table: a row for each replication and measure.

    Parameters
    ----------
    evaluation
        Of a line.
    parameters
        What was varied; each becomes a column that all rows share.

    Returns
    -------
    pandas.DataFrame
        Columns ``line, line_digest, plan_digest, seed, replication, horizon_s, warm_up_s, measure, element,
        value, unit`` and those of `parameters`; `element` is empty for a measure of the line as a whole.
    """
    import pandas as pd

    count = len(evaluation.replications)
    rows: dict[str, list[object]] = {"replication": [], "measure": [], "element": [], "value": [], "unit": []}
    for measure in list(evaluation.values):
        values = evaluation[measure]
        rows["replication"] += evaluation.replications
        rows["measure"] += [measure] * count
        rows["element"] += [_element_of(measure)] * count
        rows["value"] += values.tolist()
        rows["unit"] += [evaluation.units.get(measure, "")] * count
    frame = pd.DataFrame(rows)
    shared = {
        "line": evaluation.line_name,
        "line_digest": evaluation.line_digest,
        "plan_digest": evaluation.plan_digest,
        "seed": evaluation.seed,
        "horizon_s": evaluation.horizon,
        "warm_up_s": evaluation.warm_up,
    }
    for name, value in {**shared, **(parameters or {})}.items():
        frame[name] = pd.Series([value] * len(frame), index=frame.index)
    order = ["line", "line_digest", "plan_digest", "seed", "replication", "horizon_s", "warm_up_s"]
    return frame[[*order, "measure", "element", "value", "unit", *(parameters or {})]]


def series_frame(run: Run) -> pd.DataFrame:
    """Return the telemetry of a run as a wide table: a row for each interval, a column for each measure.

    Parameters
    ----------
    run
        With an ``interval``.

    Returns
    -------
    pandas.DataFrame
        Columns ``start_s``, when the interval began, seconds from the start of the run, and the measures.

    Raises
    ------
    OptionError
        If the run has no telemetry.
    """
    import pandas as pd

    if run.interval is None:
        raise OptionError("the run has no telemetry; give RunSettings an interval")
    count = len(next(iter(run.series.values())))
    starts = [index * run.interval for index in range(count)]
    return pd.DataFrame({"start_s": starts, **run.series})


def _element_of(measure: str) -> str:
    """Return the element that a measure belongs to; the measures of an order belong to the line."""
    element, dot, _ = measure.rpartition(".")
    return element if dot and not measure.startswith("order.") else ""


def front_csv(front: ParetoFront, path: str | Path | None = None) -> str:
    """Return a front as CSV, a row for each point, and write it where `path` is given.

    Columns as in :meth:`opt_twin.search.ParetoFront.to_frame`; the unit of an objective stands behind its
    name in brackets.
    """
    frame = front.to_frame()
    named = {}
    for objective in front.objectives:
        for end in ("", ".low", ".high", ".search") if objective.unit else ():
            named[f"{objective.name}{end}"] = f"{objective.name}{end} [{objective.unit}]"
    text: str = frame.rename(columns=named).to_csv(index=False, lineterminator="\n")
    if path is not None:
        write_text(path, text)
    return text


def front_json(front: ParetoFront, path: str | Path | None = None) -> str:
    """Return a front as JSON that :meth:`opt_twin.search.ParetoFront.load` reads, and write it to `path`."""
    text = json.dumps(front.to_dict(), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    if path is not None:
        write_text(path, text)
    return text
