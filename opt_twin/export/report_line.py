"""The sections of a report about the line itself: what it is, how it performs, what limits it."""

from __future__ import annotations

from collections.abc import Iterator

from opt_twin.errors import OptTwinError
from opt_twin.export import html
from opt_twin.export.line_graph import cycle_text, line_svg
from opt_twin.export.measures import MEASURE_NAMES, finite_estimate, measure_text, unit_of
from opt_twin.export.palette import STATE_NAMES
from opt_twin.export.report_around import around_tables
from opt_twin.export.states import intervals_svg, states_svg
from opt_twin.export.study import Study
from opt_twin.line import Clock, FailureMode, Station
from opt_twin.quantity import DASH, estimate_text, measure_scale, number_text, percent
from opt_twin.timebase import format_duration

__all__ = ["bottleneck_section", "line_section", "performance_section"]

Column = html.Column
_CHARTED = ("throughput", "wip", "lead_time", "margin")


def line_section(study: Study, *, pictures: bool) -> html.Markup:
    """Return the picture of the line, its warnings and the tables of its elements."""
    parts: list[str] = [html.note(f"Warning: {warning}") for warning in study.warnings]
    if pictures:
        drawing = line_svg(study.line, study.evaluation, bottleneck=study.bottleneck_station)
        caption = "Parts flow from left to right. Boxes are stations, open tanks are buffers"
        kinds = {element.kind for element in study.line.elements}
        names = {
            "conveyor": "belts are conveyors",
            "transport": "carts are transports",
            "stock": "shelves are stocks",
        }
        caption += "".join(f", {name}" for kind, name in names.items() if kind in kinds) + "."
        if study.evaluation is not None:
            caption += " The bar in a station is its time by state; the tank shows its mean level."
        parts.append(html.figure(drawing, caption))
    parts += [html.Markup("<h3>Stations</h3>"), _stations(study)]
    if study.line.buffers:
        parts += [html.Markup("<h3>Buffers</h3>"), _buffers(study)]
    parts.append(around_tables(study))
    return html.Markup("".join(parts))


def _stations(study: Study) -> html.Markup:
    rows, capacity = [], {row.station: row for row in study.capacity}
    for station in study.line.stations:
        own = capacity.get(station.name)
        rows.append(
            (
                station.name,
                cycle_text(station),
                "; ".join(_stops(station)) or "none",
                "; ".join(_quality(station)) or DASH,
                format_duration(own.effective_cycle_time) if own else DASH,
                number_text(own.capacity_per_hour) if own else DASH,
                percent(own.utilisation) if own and own.utilisation is not None else DASH,
            )
        )
    columns = (
        "Station",
        Column("Cycle time", hint="mean at the station's speed, servers, batch"),
        "Stops",
        "Quality",
        Column("Effective cycle", numeric=True, hint="with stops and set-ups, when it never waits"),
        Column("Capacity (1/h)", numeric=True, hint="in parts as released, when it never waits"),
        Column(
            "Utilisation", numeric=True, hint="asked for by the arrivals; none when the source is saturated"
        ),
    )
    marked = [at for at, row in enumerate(rows) if row[0] == study.bottleneck_station]
    return html.table(columns, rows, marked=frozenset(marked))


def _stops(station: Station) -> Iterator[str]:
    for mode in station.failures:
        yield f"{mode.name}: every {_to_failure(mode)}, {format_duration(mode.time_to_repair.mean)}"
    for task in station.maintenance:
        if task.every is not None:
            yield f"{task.name}: every {format_duration(task.every)}, {format_duration(task.duration.mean)}"
    for stop in station.micro_stops:
        yield f"{stop.name}: {percent(stop.probability, 1)} of cycles, {format_duration(stop.duration.mean)}"


def _to_failure(mode: FailureMode) -> str:
    if mode.clock is Clock.CYCLES:
        return f"{number_text(mode.time_to_failure.mean)} cycles"
    of = " of work" if mode.clock is Clock.OPERATION else ""
    return f"{format_duration(mode.time_to_failure.mean)}{of}"


def _quality(station: Station) -> Iterator[str]:
    if station.defect_rate:
        yield f"defects {percent(station.defect_rate, 1)}"
    if station.tool is not None:
        yield f"new tool every {number_text(station.tool.life, 6)} cycles"
    if station.cures:
        yield f"cures {percent(station.cures)} of defects"
    if station.inspection is not None:
        yield f"finds {percent(station.inspection.detection)} of defects"
        if station.inspection.false_alarm:
            yield f"rejects {percent(station.inspection.false_alarm, 1)} of good parts"


def _buffers(study: Study) -> html.Markup:
    rows = []
    for buffer in study.line.buffers:
        measure = f"{buffer.name}.level"
        level = study.evaluation and finite_estimate(study.evaluation, measure)
        full = level.mean / buffer.capacity if level and buffer.capacity else None
        rows.append(
            (
                buffer.name,
                "unlimited" if buffer.capacity is None else number_text(buffer.capacity, 6),
                estimate_text(level.mean, level.half_width) if level else DASH,
                DASH if full is None else percent(full),
            )
        )
    names = ("Places", "Mean level", "Filled")
    return html.table(("Buffer", *(Column(name, numeric=True) for name in names)), rows)


def performance_section(study: Study, *, pictures: bool) -> html.Markup:
    """Return the measures of the line, the states of its stations, and its losses."""
    evaluation = study.evaluation
    if evaluation is None:
        return html.note("The line was not simulated.")
    count = len(evaluation.replications)
    run = f"{count} replication{'s' if count > 1 else ''} of {format_duration(evaluation.horizon)}"
    if evaluation.warm_up:
        run += f", the first {format_duration(evaluation.warm_up)} of each left out"
    known = [name for name in MEASURE_NAMES if name in evaluation.values]
    parts: list[str] = [html.paragraph(f"{run}. An interval holds the true mean with 95 % confidence.")]
    parts.append(html.table(_KPI_COLUMNS, [_kpi_row(study, name) for name in known]))
    if pictures:
        states = states_svg(evaluation, bottleneck=study.bottleneck_station)
        text = (
            "Starved: no part to work on. Blocked: the finished part cannot leave. Long blocked bars before "
            "a station and long starved bars behind it show what the line waits for."
        )
        parts.append(html.figure(states, text))
        charted = [name for name in _CHARTED if finite_estimate(evaluation, name)]
        if charted and count > 1:
            parts.append(html.figure(intervals_svg(evaluation, charted)))
    parts.append(_losses(study))
    return html.Markup("".join(parts))


_KPI_COLUMNS = (
    "Measure",
    Column("Mean", numeric=True),
    Column("95 % interval", numeric=True),
    "Unit",
    Column("Smallest", numeric=True, hint="of the replications"),
    Column("Largest", numeric=True, hint="of the replications"),
)


def _kpi_row(study: Study, measure: str) -> tuple[str, ...]:
    assert study.evaluation is not None
    estimate = finite_estimate(study.evaluation, measure)
    name = MEASURE_NAMES[measure]
    if estimate is None:
        return name, DASH, DASH, "", DASH, DASH
    unit, factor = measure_scale(unit_of(study.evaluation, measure), estimate.mean)
    text = estimate_text(estimate.mean, estimate.half_width, factor=factor)
    mean, _, half = text.partition(" ± ")
    values = study.evaluation[measure] / factor
    ends = (number_text(float(values.min()), 4), number_text(float(values.max()), 4))
    return name, mean, f"± {half}" if half else DASH, unit, *ends


def _losses(study: Study) -> html.Markup:
    from opt_twin.analysis import losses

    assert study.evaluation is not None
    try:
        found = sorted(losses(study.line, study.evaluation), key=lambda loss: -loss.hours)
    except OptTwinError:  # the evaluation lacks measures that the losses are made of
        return html.Markup("")
    limiting = study.bottleneck.station if study.bottleneck is not None else ""
    rows = [
        (
            loss.station,
            STATE_NAMES[loss.state],
            number_text(loss.hours, 2),
            percent(loss.share, 1),
            number_text(loss.parts, 2) if loss.station == limiting else DASH,
        )
        for loss in found[:12]
    ]
    columns = (
        "Station",
        "State",
        Column("Hours per run", numeric=True),
        Column("Of its time", numeric=True),
        Column(
            "Good parts lost", numeric=True, hint="what it could have made in that time; the bottleneck only"
        ),
    )
    marked = frozenset(at for at, row in enumerate(rows) if row[0] == study.bottleneck_station)
    text = "The largest first. At the bottleneck the time is lost to the line; at other stations it is slack."
    return html.Markup(
        f"<h3>Losses</h3>{html.paragraph(text, kind='muted')}{html.table(columns, rows, marked=marked)}"
    )


def bottleneck_section(study: Study) -> html.Markup:
    """Return what limits the line, and what more speed at each station would bring."""
    report = study.bottleneck
    if report is None:
        return html.note("The bottleneck was not measured.")
    unit = study.evaluation.units.get("throughput", "") if study.evaluation else ""
    ordered = sorted(report.gains, key=lambda name: -report.gains[name].mean)
    rows = []
    for name in ordered:
        gain = report.gains[name]
        row = [name, estimate_text(gain.mean, gain.half_width), percent(report.share(name), 1)]
        if report.downtime_gains:
            shorter = report.downtime_gains.get(name)
            row.append(estimate_text(shorter.mean, shorter.half_width) if shorter else DASH)
        rows.append(row)
    step = percent(report.step)
    columns = [
        Column("Station"),
        Column(f"Gain of {step} more speed ({unit})" if unit else f"Gain of {step} more speed", numeric=True),
        Column("Of the throughput", numeric=True),
    ]
    if report.downtime_gains:
        columns.append(Column(f"Gain of {step} shorter stops", numeric=True))
    votes = "; ".join(f"{method}: {station}" for method, station in report.classical.items())
    how = (
        f"Each station in turn was made {step} faster and the line simulated again with the same random "
        "numbers; the gains are paired differences with their 95 % intervals."
    )
    parts = [
        html.paragraph(report.sentence()),
        html.table(columns, rows, marked=frozenset([0]) if study.bottleneck_station else frozenset()),
        html.paragraph(how, kind="muted"),
    ]
    if votes:
        text = f"What methods say that read the states of one run, and are right less often: {votes}."
        parts.append(html.paragraph(text, kind="muted"))
    if study.evaluation is not None:
        parts.append(
            html.paragraph(
                f"Throughput as it is: {measure_text(study.evaluation, 'throughput')}.", kind="muted"
            )
        )
    return html.Markup("".join(parts))
