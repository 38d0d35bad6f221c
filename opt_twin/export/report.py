"""The report of a study: one HTML file that works offline, on a phone and on paper."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from opt_twin.export import html
from opt_twin.export.front_points import Point, front_points
from opt_twin.export.measures import MEASURE_NAMES, finite_estimate, measure_text, unit_of
from opt_twin.export.report_line import bottleneck_section, line_section, performance_section
from opt_twin.export.report_plan import made_section, schedule_section, search_section
from opt_twin.export.study import Study
from opt_twin.plan import Schedule
from opt_twin.quantity import TimeScale, estimate_text, measure_scale, percent
from opt_twin.results import Estimate, Result
from opt_twin.search.noise import pseudo_values

if TYPE_CHECKING:
    from opt_twin.search import ParetoFront

__all__ = ["study_report"]

_LARGEST = 1_000_000


def study_report(study: Study, *, title: str = "") -> str:
    """Return the report of `study` as one HTML file.

    It loads nothing: style and pictures are inside. What was not done is missing, with a note that says so.

    Parameters
    ----------
    study
        What was found.
    title
        Of the report; ``Study of <line>`` unless given.

    Returns
    -------
    str
        The page, below 1 MB: pictures that would make it larger are left out, with a note.
    """
    text = _page(study, title, pictures=True)
    return text if len(text.encode()) < _LARGEST else _page(study, title, pictures=False)


def _page(study: Study, title: str, *, pictures: bool) -> str:
    sections = [
        ("line", "The line", line_section(study, pictures=pictures)),
        ("performance", "Performance", performance_section(study, pictures=pictures)),
        ("bottleneck", "Bottleneck", bottleneck_section(study)),
        ("schedule", "Schedule", schedule_section(study, pictures=pictures)),
        ("search", "Search", search_section(study, pictures=pictures)),
        ("made", "How it was made", made_section(study)),
    ]
    from opt_twin import __version__

    return html.page(
        title or f"Study of {study.line.name}",
        *([html.paragraph(study.line.description, kind="muted")] if study.line.description else []),
        *(html.note(text) for text in study.notes),
        *(
            [html.note("The pictures are left out: they would make this file too large.")]
            if not pictures
            else []
        ),
        html.paragraph(" ".join(_answer(study)), kind="lead"),
        html.tiles(_tiles(study)),
        *(html.section(name, content, anchor=anchor) for anchor, name, content in sections),
        links=[(anchor, name) for anchor, name, _ in sections],
        footer=f"Made by opt_twin {__version__}. Intervals are 95 % Student intervals over replications.",
    )


def _answer(study: Study) -> Iterator[str]:
    """Yield the sentences that answer the study's question: what limits, what to schedule, what to change."""
    if study.evaluation is not None:
        yield f"As it is, the line makes {measure_text(study.evaluation, 'throughput')}"
        yield f"with {measure_text(study.evaluation, 'wip')} in process."
    else:
        yield "The line was not simulated."
    if study.bottleneck is not None:
        yield study.bottleneck.sentence()
    yield from _schedule_answer(study)
    yield from _search_answer(study)


def _schedule_answer(study: Study) -> Iterator[str]:
    result = study.schedule
    if result is None:
        return
    if result.best is None:
        yield f"No schedule was found ({result.status})."
        return
    jobs = len({assignment.job for assignment in result.best.assignments})
    name = result.objective_name.replace("_", " ") or "makespan"
    how = f"{name} minimised, {_proof(result)}"
    text = f"The schedule of {jobs} orders plans them in {_planned(result.best)} ({how})"
    if study.executed is not None and finite_estimate(study.executed, "makespan"):
        text += f"; with failures and variation they take {measure_text(study.executed, 'makespan')}"
        if "orders_on_time" in study.executed.values:
            text += f" and {percent(study.executed.mean('orders_on_time'))} of the orders are on time"
    yield f"{text}."


def _proof(result: Result[Schedule]) -> str:
    """Return how good a schedule is known to be."""
    if result.gap == 0:
        return "proved optimal"
    if result.gap is None or not result.bound:
        return "without a bound that says how good that is"
    return f"the best possible is at most {percent(result.gap, 1)} better"


def _planned(schedule: Schedule) -> str:
    return TimeScale.suited(schedule.makespan * schedule.tick, schedule.tick).text(schedule.makespan, 3)


def _search_answer(study: Study) -> Iterator[str]:
    if study.search is None:
        return
    if study.search.best is None:
        yield f"The search found no feasible line ({study.search.stop_reason})."
        return
    front = study.search.best
    points = front_points(front, today=study.today, line=study.line)
    knee = points.points[front.knee()]
    kept = "one, which" if len(front) == 1 else f"{len(front)}; the knee of them"
    text = f"The search tried {front.summary.evaluations:,} lines and kept {kept} gives {points.text(knee)}"
    if points.today is not None:
        changes = [
            _change(axis.name, points.today, knee, at, _paired_noise(study, front, at))
            for at, axis in enumerate(points.axes)
            if points.today.values[at]
        ]
        text += f", against today {' and '.join(changes)}" if changes else ""
    yield f"{text}."


def _paired_noise(study: Study, front: ParetoFront, at: int) -> float | None:
    """Return the half width of the difference between the knee and today in an objective, paired.

    None where the two were not run on the same random numbers, as the same replications.
    """
    index, today = front.knee(), study.today
    if today is None or not front.evaluations:
        return None
    knee = front.evaluations[index]
    runs = [(e.seed, e.replications, e.horizon, e.warm_up, bool(e.plan_digest)) for e in (knee, today)]
    if runs[0] != runs[1] or len(knee.replications) < 2:
        return None
    objective = front.objectives[at]
    differences = pseudo_values(objective, knee, front.lines[index]) - pseudo_values(
        objective, today, study.line
    )
    return Estimate.of(differences).half_width if np.isfinite(differences).all() else None


def _change(name: str, today: Point, knee: Point, at: int, paired: float | None) -> str:
    """Return by how much the knee differs from today in an objective, and how sure that is."""
    difference = knee.values[at] - today.values[at]
    share = difference / abs(today.values[at])
    if abs(share) < 0.0005:
        return f"the same {name}"
    noise = math.hypot(knee.half_widths[at], today.half_widths[at]) if paired is None else paired
    sure = f" ± {percent(paired / abs(today.values[at]), 1)}" if paired else ""
    doubt = " (within the noise)" if abs(difference) < noise else ""
    return f"{percent(abs(share), 1)}{sure} {'more' if share > 0 else 'less'} {name}{doubt}"


def _tiles(study: Study) -> Iterator[tuple[str, str]]:
    if study.evaluation is not None:
        for measure in ("throughput", "wip"):
            yield measure_text(study.evaluation, measure), MEASURE_NAMES[measure]
    if study.bottleneck_station:
        yield study.bottleneck_station, "Bottleneck"
    if study.schedule is not None and study.schedule.best is not None:
        yield _planned(study.schedule.best), "Planned for all orders"
    if study.executed is not None and (on_time := finite_estimate(study.executed, "orders_on_time")):
        _, factor = measure_scale(unit_of(study.executed, "orders_on_time"), on_time.mean)
        yield f"{estimate_text(on_time.mean, on_time.half_width, factor=factor)} %", "Orders on time"
