"""Precision, warm-up, warnings and comparison on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from opt_twin.cli.common import share
from opt_twin.cli.main import app
from opt_twin.errors import OptionError
from opt_twin.io import write_line
from opt_twin.testing import single_queue

ROOT = Path(__file__).parents[2]
SERIAL = ROOT / "models" / "serial_3.yaml"
SHORT = ("--horizon", "20min", "--workers", "1", "--replications", "5")


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def run_json(*arguments: str | Path) -> dict:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture
def overloaded(tmp_path: Path) -> Path:
    path = tmp_path / "overloaded.yaml"
    path.write_text(write_line(single_queue(utilisation=1.3)))
    return path


def test_a_precision_adds_replications_until_it_is_reached() -> None:
    found = run_json("simulate", SERIAL, *SHORT, "--precision", "5%")
    assert found["precision"] == {"throughput": 0.05, "reached": True}
    assert found["replications"] > 5
    throughput = found["kpis"]["throughput"]
    assert throughput["half_width"] <= 0.05 / 1.05 * throughput["mean"]
    assert found["warnings"] == []


def test_a_precision_that_is_not_reached_is_warned_about() -> None:
    arguments = ("simulate", SERIAL, *SHORT, "--precision", "0.1%", "--max-replications", "6")
    found = run_json(*arguments)
    assert found["precision"]["reached"] is False
    assert [warning["code"] for warning in found["warnings"]] == ["imprecise"]
    result = run(*arguments)
    assert result.exit_code == 0
    assert "warning: throughput: " in result.stderr


def test_the_warm_up_is_found() -> None:
    found = run_json("simulate", SERIAL, *SHORT, "--warm-up", "auto")
    assert 0 <= found["warm_up"] <= 600
    assert "by MSER-5 on 5 runs" in run("simulate", SERIAL, *SHORT, "--warm-up", "auto").stderr


def test_a_line_that_gets_more_than_it_can_handle_is_warned_about(overloaded: Path) -> None:
    """By theory, and with --warm-up auto also by what the runs show."""
    arguments = ("simulate", overloaded, *SHORT)
    assert [warning["code"] for warning in run_json(*arguments)["warnings"]] == ["growing"]
    assert "warning: utilisation of M1 1.3 > 1: the queue in B1 grows" in run(*arguments).stderr
    result = run(*arguments, "--warm-up", "auto")
    assert "warning: work in process still grows" in result.stderr


def test_two_lines_are_compared_in_pairs(tmp_path: Path) -> None:
    wider = tmp_path / "wider.yaml"
    wider.write_text(SERIAL.read_text().replace("serial_3", "wider"))
    found = run_json("compare", SERIAL, wider, *SHORT)
    assert found["lines"] == ["serial_3", "wider"]
    assert [row["difference"]["mean"] for row in found["comparisons"]] == [0] * len(found["comparisons"])
    assert all(row["paired"] for row in found["comparisons"])
    assert not any(row["significant"] for row in found["comparisons"])


def test_a_variant_is_the_first_line_with_a_change() -> None:
    found = run_json("compare", SERIAL, "--variant", "B1.capacity=40; B2.capacity=40", *SHORT)
    wip = next(row for row in found["comparisons"] if row["measure"] == "wip")
    assert wip["difference"]["mean"] > 0
    assert wip["significant"]
    result = run("compare", SERIAL, "--variant", "B1.capacity=40", *SHORT)
    assert result.exit_code == 0
    assert result.stdout.startswith("B1.capacity=40 against serial_3: 5 pairs of replications")


@pytest.mark.parametrize(("method", "least"), [("kn++", 1), ("kn", 1), ("ocba", 3)])
def test_the_best_of_three_lines_is_selected(method: str, least: int) -> None:
    variants = ("--variant", "B1.capacity=40", "--variant", "S2.speed=0.5")
    options = ("--method", method, "--sense", "min", "--measure", "wip", "--indifference", "0.5")
    found = run_json("compare", SERIAL, *variants, *options, *SHORT, "--budget", "60")
    assert found["lines"][found["best"]] == found["best_line"]
    assert found["best_line"] != "B1.capacity=40"
    assert len(found["survivors"]) >= least
    assert found["best_line"] in found["guarantee"]


def test_a_selection_is_printed_with_what_it_cost() -> None:
    result = run("compare", SERIAL, "--variant", "S2.speed=0.5", "--method", "kn++", *SHORT)
    assert result.exit_code == 0
    assert result.stdout.startswith("serial_3 is the best, or within ")
    assert "ruled out" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("compare", SERIAL), "two or more lines"),
        (("compare", SERIAL, SERIAL), "given twice"),
        (("compare", SERIAL, "--variant", "S9.speed=2"), "S9"),
        (("compare", SERIAL, "--variant", "S1.speed=2", "--confidence", "200%"), "--confidence"),
        (
            ("compare", SERIAL, "--variant", "S1.speed=2", "--method", "kn", "--indifference", "x"),
            "neither a number nor a share",
        ),
        (("simulate", SERIAL, "--precision", "0"), "--precision"),
        (("simulate", SERIAL, "--precision", "narrow"), "write it as '1%'"),
    ],
)
def test_wrong_use_ends_with_2_and_says_what_to_do(arguments: tuple, message: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr


def test_a_share_is_a_percentage_or_a_number() -> None:
    assert share("1%", "--precision") == share("1 %", "--precision") == share("0.01", "--precision") == 0.01
    with pytest.raises(OptionError, match="below 100 %"):
        share("1", "--precision")


def test_quantiles_are_those_of_the_replications_that_are_written(tmp_path: Path) -> None:
    asked = ("--quantiles", "throughput:0.25,0.75", "--quantiles", "S2.busy:0.5")
    found = run_json("simulate", SERIAL, *SHORT, *asked, "--out", tmp_path / "all.csv")["quantiles"]
    assert [(each["measure"], each["share"]) for each in found] == [
        ("throughput", 0.25), ("throughput", 0.75), ("S2.busy", 0.5)
    ]  # fmt: skip
    table = pd.read_csv(tmp_path / "all.csv")
    for each in found:
        values = table.loc[table["measure"] == each["measure"], "value"]
        assert each["value"] == pytest.approx(np.quantile(values, each["share"], method="inverted_cdf"))
    shown = run("simulate", SERIAL, *SHORT, *asked).stdout
    assert "quantiles over 5 replications" in shown


@pytest.mark.parametrize("text", ["throughput", "throughput:", ":0.5", "throughput:0.5,1", "throughput:5%"])
def test_quantiles_that_cannot_be_read_are_refused(text: str) -> None:
    result = run("simulate", SERIAL, *SHORT, "--quantiles", text)
    assert result.exit_code == 2
    assert "write it as 'throughput:0.05,0.95'" in result.output


def test_the_series_that_are_written_add_up_to_the_measures(tmp_path: Path) -> None:
    files = ("--out", tmp_path / "all.csv", "--telemetry", tmp_path / "series.csv", "--interval", "5min")
    assert run("simulate", SERIAL, *SHORT, *files).exit_code == 0
    series, table = pd.read_csv(tmp_path / "series.csv"), pd.read_csv(tmp_path / "all.csv")
    first = table[table["replication"] == 0].set_index("measure")["value"]
    assert series["start_s"].tolist() == [0, 300, 600, 900]
    assert series["parts_out"].sum() == first["parts_out"]
    assert series["wip"].mean() == pytest.approx(first["wip"], rel=1e-6)
    assert series["S2.busy"].mean() == pytest.approx(first["S2.busy"], rel=1e-6)


def test_batch_means_are_those_of_the_first_replication_without_its_warm_up() -> None:
    arguments = ("simulate", SERIAL, "--horizon", "3h", "--warm-up", "20min", "--workers", "1", "-n", "2")
    found = run_json(*arguments, "--batch-means")
    means = found["batch_means"]
    out = means["parts_out per hour"]
    assert out["batch_size"] * out["estimate"]["replications"] + out["left_out"] == 160  # minutes
    alone = run_json(*arguments[:-1], "1")["kpis"]
    assert out["estimate"]["mean"] == pytest.approx(alone["throughput"]["mean"], rel=0.05)
    assert means["wip"]["estimate"]["mean"] == pytest.approx(alone["wip"]["mean"], rel=0.05)
    shown = run(*arguments, "--batch-means").stdout
    assert "as one long run" in shown
    short = run("simulate", SERIAL, *SHORT, "--batch-means")
    assert short.exit_code != 0
    assert "need 32 or more" in short.output
