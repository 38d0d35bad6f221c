"""Lines as instances, robust choice and the benchmark on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from opt_twin.cli.bench_scheduling import done_rows, suite_names, summary, table
from opt_twin.cli.main import app

LINE = """
name: two
elements:
  - {kind: source, name: In}
  - {kind: station, name: A, cycle_time: 5 s}
  - {kind: buffer, name: B}
  - kind: station
    name: C
    cycle_time: 4 s
    failures: [{time_to_failure: exponential(40 s), time_to_repair: exponential(15 s)}]
  - {kind: sink, name: Out}
connections: [In -> A, A -> B, B -> C, C -> Out]
products: [{name: P}, {name: Q}]
orders:
  - {name: a, product: P, quantity: 2, due: 20 s}
  - {name: b, product: Q, quantity: 5, due: 60 s}
  - {name: c, product: P, quantity: 1, due: 40 s}
"""


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def line(tmp_path: Path) -> Path:
    path = tmp_path / "two.yaml"
    path.write_text(LINE)
    return path


def test_the_orders_of_a_line_are_solved(line: Path, tmp_path: Path) -> None:
    result = run("solve", line, "--objective", "total_weighted_tardiness", "--out", tmp_path / "plan.json")
    assert result.exit_code == 0, result.output
    assert "optimal" in result.output
    jobs = {a["job"] for a in json.loads((tmp_path / "plan.json").read_text())["assignments"]}
    assert jobs == {"a", "b", "c"}


def test_the_robust_schedule_is_chosen_and_written(line: Path, tmp_path: Path) -> None:
    out = tmp_path / "plan.json"
    result = run(
        "solve", line, "--objective", "total_tardiness", "--robust", line, "--replications", 20,
        "--schedules", 3, "--time-limit", "3s", "--workers", 1, "--criterion", "tail", "--out", out, "--json",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    tails = [schedule["tail"]["mean"] for schedule in found["schedules"]]
    assert tails == sorted(tails)
    assert len(tails) == 3
    assert found["confirmed"]["expected"]["replications"] == 20
    assert set(found["confirmed"]["on_time"]) == {"a", "b", "c"}
    assert json.loads(out.read_text())["assignments"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--objective", "total_setup_time"), "the simulator does not measure 'total_setup_time'"),
        (("--criterion", "luck"), "a criterion is 'expected' or 'tail', not 'luck'"),
        (("--replications", 1), "Invalid value"),
    ],
)
def test_what_robust_cannot_do_is_said(line: Path, options: tuple[str, ...], message: str) -> None:
    result = run("solve", line, "--robust", line, *options)
    assert result.exit_code == 2
    assert message in " ".join(result.output.split())


def test_a_benchmark_goes_on_where_it_was_stopped(tmp_path: Path) -> None:
    out = tmp_path / "rows.jsonl"
    arguments = (
        "bench",
        "scheduling",
        "--suite",
        "ft06,la05",
        "--solver",
        "cp-sat",
        "--time-limit",
        "20s",
        "--out",
        out,
    )
    first = run(*arguments)
    assert first.exit_code == 0, first.output
    rows = done_rows(out)
    assert [(row["instance"], row["objective"], row["status"], row["verified"]) for row in rows] == [
        ("ft06", 55, "optimal", True),
        ("la05", 593, "optimal", True),
    ]
    assert "cp-sat: 2 runs, 2 proved, mean gap to best known 0 %" in first.output
    again = run(*arguments, "--seeds", 2, "--json")
    assert again.exit_code == 0, again.output
    assert len(done_rows(out)) == 4
    assert json.loads(again.stdout)["summary"][0]["runs"] == 4


def test_the_suites_are_complete() -> None:
    assert [len(suite_names(suite)) for suite in ("ta", "ta-flow", "ta-open")] == [80, 120, 60]
    assert suite_names("ft06, la01") == ("ft06", "la01")
    assert suite_names("figures")[0] == "ft10"


def test_a_table_shows_the_lower_median_and_the_proofs() -> None:
    def row(seed: int, objective: int, status: str) -> dict[str, object]:
        return {
            "instance": "x", "asked_for": "auto", "seed": seed, "objective": objective, "status": status,
            "best_known": 10, "gap_to_best_known": objective / 10 - 1,
        }  # fmt: skip

    rows = [row(0, 12, "feasible"), row(1, 10, "optimal"), row(2, 11, "feasible")]
    assert table(rows) == [["instance", "best known", "auto"], ["x", "10", "11"]]
    assert summary(rows)[0] | {"solver": "auto"} == {
        "solver": "auto", "runs": 3, "proved": 1, "mean_gap_percent": 10.0, "worst_gap_percent": 20.0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("bench", "layout"), "'layout' is not a known benchmark"),
        (("bench", "scheduling", "--solver", "magic"), "'magic' is not a known scheduling solver"),
        (("bench", "scheduling", "--suite", "ft07"), "not a built-in instance"),
        (("bench", "scheduling", "--suite", ","), "there is no instance to run"),
    ],
)
def test_what_cannot_be_measured_is_said(arguments: tuple[str, ...], message: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert message in " ".join(result.output.split())


def test_a_file_that_holds_something_else_is_not_added_to(tmp_path: Path) -> None:
    out = tmp_path / "rows.jsonl"
    out.write_text("no rows\n")
    result = run("bench", "scheduling", "--suite", "ft06", "--solver", "cp-sat", "--out", out)
    assert result.exit_code == 2
    assert "holds something that is no row" in " ".join(result.output.split())
    assert out.read_text() == "no rows\n"


def test_each_stage_of_an_order_of_objectives_is_told() -> None:
    result = run("solve", "ft06", "--objective", "makespan, total_weighted_flow_time", "--time-limit", "60s")
    assert result.exit_code == 0, result.output
    assert "makespan 55 (bound 55), then total weighted flow time 301 (bound 301) (optimal)" in result.stdout
