"""Conveyors, vehicles, stocks, assembly, conditions and people, in pictures and in the report."""

import re
from pathlib import Path

import numpy as np
import pytest

from opt_twin.export import Study, line_svg, states_svg, study_report
from opt_twin.export.line_graph import cycle_text
from opt_twin.export.line_layout import way_text
from opt_twin.io import read_line, read_line_text
from opt_twin.line import Connection, Station
from opt_twin.quantity import DASH
from opt_twin.results import STATES, Evaluation
from opt_twin.theory import capacity_table, covers, limits

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "model_files.md").read_text(encoding="utf-8")
PUMPS = next(
    block
    for block in re.findall(r"^```yaml\n(# complete\n.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    if "pumps to stock" in block
)
MODELS = ("assembly", "pallet_loop", "rework")


@pytest.fixture(scope="module")
def pumps():
    return read_line_text(PUMPS)


def evaluation_of(line, n=3, **values):
    """Made-up measures of everything that stands in a line."""
    rng = np.random.default_rng(4)
    found = {"throughput": rng.normal(20, 1, n), "energy": rng.normal(300, 9, n)}
    for station in line.stations:
        shares = rng.dirichlet(np.ones(len(STATES)), n)
        found |= {f"{station.name}.{state}": shares[:, at] for at, state in enumerate(STATES)}
    for element in line.elements:
        if element.kind in {"buffer", "conveyor", "transport", "stock"}:
            found[f"{element.name}.level"] = rng.uniform(0, 3, n)
    for group in line.operators:
        found |= {f"{group.name}.busy": np.full(n, 0.4), f"{group.name}.present": np.full(n, 0.45)}
    for fleet in line.fleets:
        found |= {f"{fleet.name}.loaded": np.full(n, 0.25), f"{fleet.name}.trips": np.full(n, 41.0)}
    for pallets in line.pallets:
        found[f"{pallets.name}.in_use"] = np.full(n, 7.5)
    return Evaluation(
        values=found | values,
        replications=tuple(range(n)),
        seed=1,
        horizon=28800.0,
        warm_up=0.0,
        line_digest=line.digest(),
        units={"throughput": "1/h", "energy": "kWh"},
        line_name=line.name,
    )


def test_people_are_no_stations_though_they_are_busy_too(pumps):
    assert list(evaluation_of(pumps).states()) == [station.name for station in pumps.stations]


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("width", [420, 980])
def test_the_models_have_pictures_whose_parts_lie_within_them(samples, name, width):
    line = read_line(ROOT / "models" / f"{name}.yaml")
    samples.assert_inside(line_svg(line, width=width))
    samples.assert_inside(line_svg(line, evaluation_of(line), width=width))


def test_every_kind_of_element_has_a_shape_with_its_words(samples, pumps):
    text = line_svg(pumps)
    contents = [content for content, *_ in samples.texts(samples.parse(text))]
    assert {"AGV × 2", "20", "20 / 60", "2.333 min · 2→1"} <= set(contents)  # noqa: RUF001, as drawn
    for tip in (
        "Conveyor Belt: 12 m at 0.2 m/s, 20 places",
        "Transport Trip: by 2 of AGV at 1.2 m/s",
        "Stock Shelf: ordered up to 60 at 20 or below",
        "takes 1 body, 1 rotor; makes pump",
        "needs 2 fit to run; works in early, late",
        "Source Bodies: replenishes Shelf, on tray",
    ):
        assert tip in text


def test_levels_fill_belts_and_shelves(samples, pumps):
    values = {"Belt.level": [5.0] * 3, "Shelf.level": [30.0] * 3, "Trip.level": [0.5] * 3}
    text = line_svg(pumps, evaluation_of(pumps, **values))
    contents = [content for content, *_ in samples.texts(samples.assert_inside(text))]
    assert {"5/20", "30/60"} <= set(contents)
    assert "0.5 parts aboard on average" in text
    widths = {round(box.right - box.left, 2) for box in samples.rects(samples.parse(text), fill="#b9d6ee")}
    assert 76 * 5 / 20 in widths


@pytest.mark.parametrize(
    ("fields", "short", "whole"),
    [
        ({}, "", ""),
        ({"probability": 1}, "", ""),
        ({"probability": 0.25}, "25 %", "25 %"),
        (
            {"quality": "rejected", "limit": 2},
            "rejected, ≤ 2\N{MULTIPLICATION SIGN}",
            "rejected, at most 2 times",
        ),
        ({"products": ("a", "b"), "probability": 0.5}, "a, b, 50 %", "a, b, 50 %"),
    ],
)
def test_a_connection_says_which_parts_take_it(fields, short, whole):
    connection = Connection(source="A", target="B", **fields)
    assert way_text(connection) == short
    assert way_text(connection, whole=True) == whole


def test_many_products_at_a_connection_are_cut_in_the_picture_and_whole_in_the_tip():
    products = tuple(f"product {k}" for k in range(30))
    connection = Connection(source="A", target="B", products=products)
    assert way_text(connection).endswith("…")
    assert way_text(connection, whole=True) == ", ".join(products)


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"components": {"a": 2, "b": 1}}, "5 s · 3→1"),
        ({"yields": {"a": 4}}, "5 s · 1→4"),
        ({"batch_size": 8, "batch_output": "parts"}, "5 s · 8→8"),
        ({"unpacks": True}, "5 s · unpacks"),
        ({"batch_size": 8}, "5 s · 8→1"),
    ],
)
def test_the_cycle_says_what_comes_in_and_what_goes_out(fields, text):
    assert cycle_text(Station(name="S", cycle_time=5, **fields)) == text


def test_all_states_of_a_station_are_in_the_picture_of_states(samples, pumps):
    root = samples.assert_inside(states_svg(evaluation_of(pumps)))
    contents = {content for content, *_ in samples.texts(root)}
    assert {"waits for a crew", "waits for an operator", "maintenance", "off shift"} <= contents


def report(line, **fields):
    given = {
        "line": line,
        "evaluation": evaluation_of(line),
        "capacity": capacity_table(line),
        "limits": limits(line),
        "left_out": covers(line),
    }
    text = study_report(Study(**(given | fields)))
    return re.sub(r"\s+", " ", re.sub(r"<svg.*?</svg>|<style.*?</style>|<[^>]+>", " ", text, flags=re.DOTALL))


def test_the_report_has_a_table_for_each_kind_of_thing(pumps):
    words = report(pumps)
    for row in (
        "fitters 3 fit, test early, late Mill, Assembly, Bench, Repair 40 % 45 %",
        "mechanics 1 mechanics always Mill 40 % 45 %",
        "Belt 12 m 0.2 m/s 20",
        "AGV 2 1.2 m/s 41 25 %",
        "tray 24 5 min",
        "Shelf 20 60 1 every 10 min",
        "conveyor: Belt 20",
        "greasing: every 1 d, 15 min",
        "new tool every 120 cycles",
        "cures 90 % of defects",
    ):
        assert row in words
    assert "Not in the effective cycles, capacities and limits:" in words
    assert "repairs and maintenance are taken to find their crew at once" in words
    assert "belts are conveyors, carts are transports, shelves are stocks." in words


def test_a_report_without_an_evaluation_has_dashes(pumps):
    row = f"fitters 3 fit, test early, late Mill, Assembly, Bench, Repair {DASH} {DASH}"
    assert row in report(pumps, evaluation=None)


def test_a_plain_line_has_none_of_these_tables(line):
    words = report(line)
    assert not any(title in words for title in ("People", "Conveyors", "Vehicles", "What else limits"))
