"""The figures in the headers of the models: by hand there, by theory here."""

from pathlib import Path

import pytest

from opt_twin.io import read_line
from opt_twin.theory import capacity_table, limits, predicted_bottleneck, traffic
from opt_twin.theory.working_time import share_of_week

MODELS = Path(__file__).parents[2] / "models"


def read(name):
    line = read_line(MODELS / f"{name}.yaml")
    return line, {row.station: row for row in capacity_table(line)}, {row.name: row for row in limits(line)}


def test_the_assembly_line_makes_7_73_pumps_an_hour_of_the_week():
    line, rows, others = read("assembly")
    assert share_of_week(line, ("early", "late")) == pytest.approx(75 / 168)
    assert rows["Lathe"].effective_cycle_time == pytest.approx(205 / (1 - 1 / 72))
    assert predicted_bottleneck(line).station == "Lathe"
    pumps = {name: row.capacity_per_hour / 3 for name, row in rows.items()}
    assert pumps["Lathe"] == pytest.approx(7.73, abs=0.005)
    shift = {name: value * 168 / 75 for name, value in pumps.items()}
    assert shift == pytest.approx({"Mill": 24, "Lathe": 17.3, "Assembly": 30, "Test": 55.4}, rel=0.003)
    assert others["fit + check"].seconds * 3 == pytest.approx(345)
    assert others["fit + check"].capacity_per_hour / 3 * 168 / 75 == pytest.approx(31.3, abs=0.05)
    flow = traffic(line)
    assert 1 - 3 * flow.parts_out == pytest.approx(0.0198)


def test_the_carts_limit_the_pallet_loop_and_the_pallets_do_not():
    line, rows, others = read("pallet_loop")
    assert rows["Screw"].effective_cycle_time == pytest.approx(25.2)
    assert predicted_bottleneck(line).capacity_per_hour == pytest.approx(142.9, abs=0.05)
    assert others["Belt1"].capacity_per_hour == 1800
    assert others["pallet"].seconds == pytest.approx(170)
    assert others["pallet"].capacity_per_hour == pytest.approx(254, abs=0.5)
    assert others["cart"].capacity_per_hour == 90
    fewer = {row.name: row for row in limits(line.with_value("pallet.number", 6))}
    assert fewer["pallet"].capacity_per_hour == pytest.approx(127, abs=0.5)


def test_the_rework_line_paints_65_doors_an_hour_and_scraps_one_in_100_000():
    line, rows, _ = read("rework")
    assert rows["Paint"].effective_cycle_time == pytest.approx((50 + 0.8 + 3.125) * 1.02)
    hourly = {name: row.capacity_per_hour for name, row in rows.items()}
    assert hourly == pytest.approx(
        {"Paint": 65.5, "Oven": 80, "Test": 73.7, "Sander": 174.3, "Polisher": 133.3}, rel=0.001
    )
    flow = traffic(line)
    assert flow.visits["Sander"] == pytest.approx(0.086052)
    assert 1 - flow.parts_out == pytest.approx(8.52e-6)
    assert 1 - flow.good_parts / flow.parts_out == pytest.approx(0.004, rel=1e-4)
