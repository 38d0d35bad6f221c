"""The sections of a report about decisions: the schedule, the search, and how the report was made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from opt_twin.errors import OptTwinError
from opt_twin.export import html
from opt_twin.export.front import front_svg
from opt_twin.export.front_points import FrontPoints, Point, front_points
from opt_twin.export.gantt import gantt_svg
from opt_twin.export.measures import MEASURE_NAMES, finite_estimate, measure_text
from opt_twin.export.palette import natural_key
from opt_twin.export.study import Study
from opt_twin.plan import Schedule
from opt_twin.quantity import DASH, TimeScale, estimate_text, measure_scale, number_text, percent
from opt_twin.results import Evaluation, Result
from opt_twin.timebase import format_duration

if TYPE_CHECKING:
    from opt_twin.search import ParetoFront

__all__ = ["made_section", "schedule_section", "search_section"]

Column = html.Column
_TIMES = frozenset({"makespan", "maximum_tardiness", "total_setup_time"})
"""Objectives of schedules that are a number of ticks."""
_PLAN_MEASURES = ("makespan", "orders_on_time", "total_tardiness", "maximum_tardiness")


def schedule_section(study: Study, *, pictures: bool) -> html.Markup:
    """Return the Gantt picture, how good the schedule is, and what becomes of each order."""
    result = study.schedule
    if result is None:
        return html.note(
            "No schedule was made." if study.line.orders else "The line has no orders to schedule."
        )
    if result.best is None:
        return html.note(f"No schedule was found: {result.status}, stopped by {result.stop_reason}.")
    schedule = result.best
    parts: list[str] = [html.paragraph(_quality(result))]
    if pictures:
        scale = TimeScale.suited(schedule.makespan * schedule.tick)
        families = study.instance is not None and any(job.family for job in study.instance.jobs)
        picture = gantt_svg(
            schedule,
            title=f"Schedule of {schedule.instance_name or study.line.name}",
            instance=study.instance,
            colour_by="family" if families else "job",
            machines=sorted(schedule.machines, key=lambda name: _station_key(study, name)),
            time_unit=scale.unit,
        )
        text = "Point at an order to see it alone. Hatched: set-up. Diamonds: due dates; red is late."
        parts.append(html.figure(picture, text))
    if study.executed is not None:
        known = [name for name in _PLAN_MEASURES if finite_estimate(study.executed, name)]
        rows = [(MEASURE_NAMES[name], measure_text(study.executed, name)) for name in known]
        count = len(study.executed.replications)
        text = f"Executed {count} times in the simulator, with failures and variation:"
        parts += [
            html.paragraph(text),
            html.table(("Measure", Column("Mean and interval", numeric=True)), rows),
        ]
    parts += [html.Markup("<h3>Orders</h3>"), _orders(study, schedule)]
    return html.Markup("".join(parts))


def _station_key(study: Study, machine: str) -> tuple[int, tuple[object, ...]]:
    """Return where a machine stands along the line; the servers of a station are called ``Saw#1``."""
    stations = [station.name for station in study.line.stations]
    station = machine.partition("#")[0]
    at = stations.index(station) if station in stations else len(stations)
    return at, natural_key(machine)


def _quality(result: Result[Schedule]) -> str:
    name = result.objective_name.replace("_", " ") or "objective"
    tick = result.solution().tick
    timed = result.objective_name in _TIMES
    shown, limit = (_value(v, tick, timed=timed) for v in (result.objective, result.bound))
    text = f"{name.capitalize()} {shown}: {result.status}"
    if result.bound is not None:
        text += f", no schedule can be below {limit}"
    if result.gap:
        text += f", gap {percent(result.gap, 1)}"
    return f"{text}. Found by {result.solver or 'a solver'} in {format_duration(result.runtime)}."


def _value(value: float | None, tick: float, *, timed: bool) -> str:
    """Return an objective: with a unit where it is a time."""
    if value is None:
        return DASH
    return TimeScale.suited(value * tick, tick).text(value) if timed else number_text(value, 6)


def _fixed(seconds: float, scale: TimeScale) -> str:
    """Return a time with two decimals, so that a column of them is easy to compare."""
    return f"{scale.value(seconds):,.2f}" if scale.unit != "s" else number_text(seconds, 6)


def _orders(study: Study, schedule: Schedule) -> html.Markup:
    ends: dict[str, int] = {}
    for assignment in schedule.assignments:
        ends[assignment.job] = max(ends.get(assignment.job, 0), assignment.end)
    known = {order.name: order for order in study.line.orders}
    scale = TimeScale.suited(schedule.makespan * schedule.tick)
    factor = scale.ticks(1.0)
    jobs = {job.name: job.due for job in study.instance.jobs} if study.instance else {}
    rows, late = [], []
    for at, job in enumerate(sorted(ends, key=lambda name: (ends[name], name))):
        order = known.get(job)
        due = jobs.get(job)
        due_s = order.due if order is not None else None if due is None else due * schedule.tick
        end_s = ends[job] * schedule.tick
        simulated, on_time, chance = _simulated(study.executed, job, due_s, factor)
        if due_s is not None and (end_s > due_s or (chance is not None and chance < 0.5)):
            late.append(at)
        rows.append(
            (
                job,
                order.product if order else DASH,
                number_text(order.quantity, 6) if order else DASH,
                _fixed(end_s, scale),
                DASH if due_s is None else _fixed(due_s, scale),
                simulated,
                on_time,
            )
        )
    columns = (
        "Order",
        "Product",
        Column("Quantity", numeric=True),
        Column(f"Planned end ({scale.unit})", numeric=True),
        Column(f"Due ({scale.unit})", numeric=True),
        Column(f"Simulated end ({scale.unit})", numeric=True),
        Column("On time", numeric=True, hint="share of the replications in which it was complete when due"),
    )
    text = "Red: planned late, or on time in less than half of the replications." if late else ""
    return html.Markup(
        html.table(columns, rows, bad=frozenset(late)) + (html.paragraph(text, kind="muted") if text else "")
    )


def _simulated(
    executed: Evaluation | None, job: str, due: float | None, factor: float
) -> tuple[str, str, float | None]:
    """Return the simulated end of an order, its chance of being on time, and that chance as a number."""
    measure = f"order.{job}.completion"
    estimate = finite_estimate(executed, measure) if executed is not None else None
    if executed is None or estimate is None:
        return DASH, DASH, None
    text = estimate_text(estimate.mean, estimate.half_width, factor=factor)
    if due is None:
        return text, DASH, None
    chance = float((executed[measure] <= due).mean())
    return text, percent(chance), chance


def search_section(study: Study, *, pictures: bool) -> html.Markup:
    """Return the front, its points with their decisions, and the knee against the line of today."""
    result = study.search
    if result is None:
        return html.note("No search was made.")
    if result.best is None:
        return html.note(
            f"The search found no feasible line: {result.status}, stopped by {result.stop_reason}."
        )
    front = result.best
    points = front_points(front, today=study.today, line=study.line)
    summary = front.summary
    text = (
        f"{summary.algorithm} tried {summary.evaluations:,} lines in {summary.generations} generations "
        f"({summary.budget}); no line found is better in every objective than "
        f"{'this one' if len(front) == 1 else f'any of these {len(front)}'}."
    )
    parts: list[str] = [html.paragraph(text), html.paragraph(_optimism(study, points))]
    parts += [html.note(warning) for warning in _unlike(study, front)]
    if pictures:
        drawing = front_svg(front, today=study.today, line=study.line, tried=study.tried or None)
        knee = "The knee is the point after which one more step in one objective costs most in the other."
        parts.append(html.figure(drawing, f"{knee} Numbers are those of the table."))
    parts += [html.Markup("<h3>Points of the front</h3>"), _points(study, points)]
    return html.Markup("".join(parts))


def _unlike(study: Study, front: ParetoFront) -> Iterator[str]:
    """Yield a warning where the line of today was not run as the lines of the front were."""
    today = study.today
    if today is None or not front.evaluations:
        return
    run = front.evaluations[0]
    if (today.horizon, today.warm_up) != (run.horizon, run.warm_up):
        yield (
            f"The lines of the front were run for {format_duration(run.horizon)} with a warm-up of "
            f"{format_duration(run.warm_up)}, the line of today for {format_duration(today.horizon)} with "
            f"{format_duration(today.warm_up)}: compare them with care."
        )


def _optimism(study: Study, points: FrontPoints) -> str:
    assert study.search is not None
    assert study.search.best is not None
    summary = study.search.best.summary
    if not summary.reevaluated:
        return (
            "The values are those that the search chose on, so they are too good on average: "
            "no evaluation on fresh random numbers was made."
        )
    seen: list[str] = []
    for axis in points.axes:
        amount = summary.optimism.get(axis.name, 0.0)
        at = points.axes.index(axis)
        unit, factor = measure_scale(axis.unit, max(abs(point.values[at]) for point in points.points))
        way = "better" if amount >= 0 else "worse"
        seen.append(f"{axis.name} {number_text(abs(amount) / factor, 2)} {unit} {way}".replace("  ", " "))
    left = summary.removed_dominated + summary.removed_infeasible
    return (
        f"Evaluated again on fresh random numbers: {summary.reevaluated}, of which {left} left the front. "
        f"On average the search had seen {' and '.join(seen)} than on the fresh ones, which count here."
    )


def _points(study: Study, points: FrontPoints) -> html.Markup:
    assert study.search is not None
    front = study.search.solution()
    paths = list(points.points[0].decisions)
    rows = [_point_row(points, point, point.decisions, paths) for point in points.points]
    for row, chance in zip(rows, front.probability_nondominated, strict=True):
        row.append(percent(float(chance)))
    if points.today is not None:
        rows.append([*_point_row(points, points.today, _today_values(study, paths), paths), DASH])
    columns = [
        Column("Point"),
        *(Column(f"{axis.name} ({axis.sense})", numeric=True) for axis in points.axes),
        *(Column(path, numeric=True) for path in paths),
        Column("Not dominated", numeric=True, hint="chance that no other point is better in every objective"),
    ]
    return html.table(columns, rows, marked=frozenset([front.knee()]))


def _point_row(
    points: FrontPoints, point: Point, decisions: Mapping[str, object], paths: list[str]
) -> list[str]:
    chosen = [decisions.get(path) for path in paths]
    shown = [number_text(float(v), 4) if isinstance(v, (int, float)) else DASH for v in chosen]
    return [point.label, *points.cells(point), *shown]


def _today_values(study: Study, paths: list[str]) -> dict[str, object]:
    found: dict[str, object] = {}
    for path in paths:
        try:
            found[path] = study.line.value(path)
        except OptTwinError:  # a variable that stands for several fields
            continue
    return found


def made_section(study: Study) -> html.Markup:
    """Return settings, seeds, digests and versions, and the commands to do it again."""
    rows = [(name, str(value)) for name, value in study.settings.items()]
    rows += list(_made(study))
    parts: list[str] = [html.table(("What", "Value"), rows)]
    if study.commands:
        parts += [html.paragraph("To do it again:"), html.code(study.commands)]
    return html.Markup("".join(parts))


def _made(study: Study) -> Iterator[tuple[str, str]]:
    yield "digest of the line", study.line.digest()
    for name, evaluation in (("evaluation", study.evaluation), ("executed schedule", study.executed)):
        if evaluation is not None:
            count = len(evaluation.replications)
            until = (
                "each until all orders were complete"
                if "makespan" in evaluation.values
                else (f"each of {format_duration(evaluation.horizon)}")
            )
            run = f"{count} replications, {until}, seed {evaluation.seed}"
            yield f"{name}", f"{run}, digest {evaluation.digest()}"
    results: tuple[tuple[str, Result[Schedule] | None], ...] = (("schedule", study.schedule),)
    for name, result in results:
        if result is not None:
            yield name, _solver_text(result)
    if study.search is not None:
        yield "search", _solver_text(study.search)
        if study.search.best is not None:
            front = study.search.best
            yield "front", f"seeds {front.seed} and {front.evaluation_seed}, digest {front.digest()}"


def _solver_text(result: Result[Any]) -> str:
    named = f"{result.solver} {result.solver_version}".strip() or "unnamed"
    stop = f"{result.status}, stopped by {result.stop_reason}"
    run = f"seed {result.seed}, workers {result.workers}, {stop}"
    return f"{named}, {run} after {format_duration(result.runtime)}"
