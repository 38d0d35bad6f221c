"""The measures of an evaluation in words."""

from __future__ import annotations

import numpy as np

from opt_twin.quantity import DASH, estimate_text, measure_scale
from opt_twin.results import STATES, Estimate, Evaluation

__all__ = ["MEASURE_NAMES", "finite_estimate", "measure_text", "unit_of"]

MEASURE_NAMES: dict[str, str] = {
    "throughput": "Throughput",
    "good_throughput": "Throughput of good parts",
    "good_parts": "Good parts",
    "defective_parts": "Defective parts that left the line",
    "scrapped": "Scrapped parts",
    "released": "Parts released",
    "wip": "Work in process",
    "lead_time": "Lead time",
    "lead_time_p50": "Lead time, half of the parts at most",
    "lead_time_p90": "Lead time, 90 % of the parts at most",
    "lead_time_p99": "Lead time, 99 % of the parts at most",
    "energy": "Energy",
    "revenue": "Revenue",
    "material_cost": "Material cost",
    "conversion_cost": "Conversion cost",
    "labour_cost": "Conversion cost: labour",
    "energy_cost": "Conversion cost: energy",
    "cycle_cost": "Conversion cost: cycles",
    "tool_cost": "Conversion cost: tools",
    "inspection_cost": "Conversion cost: inspections",
    "scrap_cost": "Scrap cost",
    "stock_cost": "Stock cost",
    "margin": "Margin",
    "makespan": "Makespan",
    "total_tardiness": "Total tardiness",
    "maximum_tardiness": "Largest tardiness",
    "orders_on_time": "Orders on time",
}
"""Measure of the line -> what it is called in a report, in the order of a report."""

_SHARES = {
    *STATES,
    "present",
    "moving",
    *("idle", "empty", "loading", "loaded", "unloading", "waiting", "charging"),
    "fill_rate",
}
"""Endings of measures that are shares of the time of servers, people, belts, vehicles, or of a demand."""


def unit_of(evaluation: Evaluation, measure: str) -> str:
    """Return the unit of a measure; ``share`` for the shares of time and of orders."""
    unit = evaluation.units.get(measure, "")
    if not unit and (measure == "orders_on_time" or measure.rpartition(".")[2] in _SHARES):
        return "share"
    return unit


def finite_estimate(evaluation: Evaluation, measure: str) -> Estimate | None:
    """Return the estimate of a measure; None where it is missing or not a number in some replication."""
    values = evaluation.values.get(measure)
    if values is None or not np.isfinite(values).all():
        return None
    return Estimate.of(values)


def measure_text(evaluation: Evaluation, measure: str, *, unit: bool = True) -> str:
    """Return a measure with its 95 % interval and unit, a dash where it is missing."""
    estimate = finite_estimate(evaluation, measure)
    if estimate is None:
        return DASH
    name, factor = measure_scale(unit_of(evaluation, measure), estimate.mean)
    text = estimate_text(estimate.mean, estimate.half_width, factor=factor)
    return f"{text} {name}".rstrip() if unit else text
