"""The tables of a report about what stands around the stations: people, belts, vehicles, pallets, stocks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from opt_twin.export import html
from opt_twin.export.measures import finite_estimate, unit_of
from opt_twin.export.study import Study
from opt_twin.line import Conveyor, Need, Stock
from opt_twin.quantity import DASH, measure_scale, number_text, percent
from opt_twin.timebase import format_duration

__all__ = ["around_tables"]

_KINDS = {"operators": "people", "conveyor": "conveyor", "fleet": "vehicles", "pallets": "pallets"}


def around_tables(study: Study) -> html.Markup:
    """Return a table for each kind of thing around the stations, and what else limits the line."""
    tables = {
        "People": _people(study),
        "Conveyors": _conveyors(study),
        "Vehicles": _fleets(study),
        "Pallets": _pallets(study),
        "Stocks": _stocks(study),
        "What else limits the line": _limits(study),
    }
    parts = [f"<h3>{title}</h3>{table}" for title, table in tables.items() if table]
    if study.left_out:
        what = "Not in the effective cycles, capacities and limits: "
        parts.append(html.paragraph(f"{what}{'; '.join(study.left_out)}.", kind="muted"))
    return html.Markup("".join(parts))


def _table(first: str, others: Sequence[str], rows: Sequence[tuple[str, ...]]) -> html.Markup | None:
    """Return a table whose columns behind the first are numbers; None without rows."""
    columns = [html.Column(first), *(html.Column(name, numeric=True) for name in others)]
    return html.table(columns, rows) if rows else None


def _measured(study: Study, measure: str) -> str:
    """Return a measure without its interval, a dash where it is missing."""
    estimate = finite_estimate(study.evaluation, measure) if study.evaluation is not None else None
    if estimate is None or study.evaluation is None:
        return DASH
    unit, factor = measure_scale(unit_of(study.evaluation, measure), estimate.mean)
    text = number_text(estimate.mean / factor)
    return f"{text} %" if unit == "%" else text


def _needs(study: Study) -> Iterator[tuple[str, Need]]:
    for station in study.line.stations:
        yield from ((station.name, need) for need in station.needs.values())
        crews = [mode.crew for mode in station.failures] + [task.crew for task in station.maintenance]
        yield from ((station.name, crew) for crew in crews if crew is not None)


def _people(study: Study) -> html.Markup | None:
    rows = []
    for group in study.line.operators:
        able = dict.fromkeys(name for name, need in _needs(study) if need.skill in group.abilities)
        rows.append(
            (
                group.name,
                str(group.number),
                ", ".join(group.abilities),
                ", ".join(group.shifts) or "always",
                ", ".join(able) or DASH,
                _measured(study, f"{group.name}.busy"),
                _measured(study, f"{group.name}.present"),
            )
        )
    names = ("Number", "Skills", "Shifts", "Work at", "With a task", "At work")
    numbers = {"Number", "With a task", "At work"}
    columns = [html.Column("Group"), *(html.Column(name, numeric=name in numbers) for name in names)]
    return html.table(columns, rows) if rows else None


def _conveyors(study: Study) -> html.Markup | None:
    rows = [
        (
            belt.name,
            f"{number_text(belt.length)} m",
            f"{number_text(belt.speed)} m/s",
            str(belt.capacity),
            _measured(study, f"{belt.name}.level"),
            _measured(study, f"{belt.name}.moving"),
            _measured(study, f"{belt.name}.blocked"),
            _measured(study, f"{belt.name}.failed"),
        )
        for belt in study.line.elements
        if isinstance(belt, Conveyor)
    ]
    names = ("Length", "Speed", "Places", "Mean level", "Moving", "Blocked", "Failed")
    return _table("Conveyor", names, rows)


def _fleets(study: Study) -> html.Markup | None:
    states = {
        "loaded": "Loaded",
        "empty": "Empty",
        "waiting": "Waiting",
        "charging": "Charging",
        "idle": "Idle",
    }
    rows = [
        (
            fleet.name,
            str(fleet.number),
            f"{number_text(fleet.speed)} m/s",
            _measured(study, f"{fleet.name}.trips"),
            *(_measured(study, f"{fleet.name}.{state}") for state in states),
        )
        for fleet in study.line.fleets
    ]
    return _table("Fleet", ("Vehicles", "Speed", "Trips", *states.values()), rows)


def _pallets(study: Study) -> html.Markup | None:
    states = {"free": "Free", "in_use": "In use", "returning": "On their way back"}
    rows = [
        (
            pallets.name,
            str(pallets.number),
            format_duration(pallets.return_time),
            *(_measured(study, f"{pallets.name}.{state}") for state in states),
        )
        for pallets in study.line.pallets
    ]
    return _table("Pallets", ("Number", "Way back", *states.values()), rows)


def _stocks(study: Study) -> html.Markup | None:
    counts = {"level": "On hand", "backorders": "Owed", "lost": "Lost", "fill_rate": "Met at once"}
    rows = [
        (
            stock.name,
            str(stock.reorder_point),
            str(stock.order_up_to),
            f"{stock.quantity} every {format_duration(stock.demand.mean)}",
            *(_measured(study, f"{stock.name}.{count}") for count in counts),
        )
        for stock in study.line.elements
        if isinstance(stock, Stock)
    ]
    return _table("Stock", ("Reorder point s", "Up to S", "Demand", *counts.values()), rows)


def _limits(study: Study) -> html.Markup | None:
    rows = [
        (
            f"{_KINDS[limit.kind]}: {limit.name}",
            str(limit.number),
            format_duration(limit.seconds),
            number_text(limit.capacity_per_hour),
            DASH if limit.utilisation is None else percent(limit.utilisation),
        )
        for limit in study.limits
    ]
    return _table("Limit", ("Number", "Time per part", "Capacity (1/h)", "Utilisation"), rows)
