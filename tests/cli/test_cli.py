"""The command line, as its users type it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree as ET

import duckdb
import pandas as pd
import pytest
from typer.testing import CliRunner, Result

import opt_twin
from opt_twin.cli.common import default_workers, exit_code_of, seconds
from opt_twin.cli.main import app
from opt_twin.errors import NoSolutionError, OptionError, SolverError

ROOT = Path(__file__).parents[2]
SERIAL = ROOT / "models" / "serial_3.yaml"
BOTTLING = ROOT / "models" / "bottling.yaml"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def run_json(*arguments: str | Path) -> dict:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_the_version_is_that_of_the_package() -> None:
    assert run("--version").stdout == f"opt-twin {opt_twin.__version__}\n"


def test_without_a_command_the_help_is_shown() -> None:
    assert "solve" in run().output


def test_solve_prints_makespan_bound_gap_status_time_and_verified() -> None:
    result = run("solve", "ft06", "--time-limit", "20s")
    assert result.exit_code == 0
    assert result.stdout.startswith("ft06: makespan 55 (optimal, bound 55, gap 0.0 %) in ")
    assert result.stdout.endswith("s; verified\n")


def test_solve_json_holds_the_published_fields(tmp_path: Path) -> None:
    solved = run_json("solve", "ft06", "--out", tmp_path / "s.json", "--gantt", tmp_path / "s.svg")
    assert list(solved) == [
        "instance", "problem", "objective_name", "objective", "bound", "gap", "status", "stop_reason",
        "runtime", "solver", "solver_version", "seed", "workers", "verified", "stages", "trace",
        "solution",
    ]  # fmt: skip
    assert (solved["objective"], solved["bound"], solved["status"], solved["verified"]) == (
        55,
        55,
        "optimal",
        True,
    )
    assert ET.fromstring((tmp_path / "s.svg").read_text()).tag.endswith("svg")
    checked = run_json("verify", "ft06", tmp_path / "s.json")
    assert checked["verified"]
    assert checked["objective"] == 55


def test_verify_ends_with_5_when_a_rule_is_broken(tmp_path: Path) -> None:
    solved = run_json("solve", "ft06")["solution"]
    solved["assignments"][0]["end"] += 1
    (tmp_path / "bad.json").write_text(json.dumps(solved))
    result = run("verify", "ft06", tmp_path / "bad.json")
    assert result.exit_code == 5
    assert "duration" in result.stdout


def test_an_unknown_instance_gets_the_nearest_name() -> None:
    result = run("solve", "ta81")
    assert result.exit_code == 2
    assert "did you mean 'ta081'?" in result.stderr


def test_a_malformed_instance_file_is_refused_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "jobs.txt").write_text("2 2\n0 3 1 4\n0 3 1\n")
    result = run("solve", tmp_path / "jobs.txt")
    assert result.exit_code == 2
    assert "jobs.txt:3" in result.stderr


def test_an_infeasible_deadline_ends_with_3(tmp_path: Path) -> None:
    instance = {
        "name": "late",
        "machines": ["M"],
        "jobs": [{"name": "J", "deadline": 3, "operations": [{"machine": "M", "duration": 5}]}],
    }
    (tmp_path / "late.json").write_text(json.dumps(instance))
    result = run("solve", tmp_path / "late.json")
    assert result.exit_code == 3
    assert "infeasible" in result.stdout
    assert "job J must be complete by 3 (2 ticks later: feasible)" in " ".join(result.stdout.split())
    told = json.loads(run("solve", tmp_path / "late.json", "--json").stdout)["explanation"]
    assert [(one["kind"], one["where"], one["give"]) for one in told["conflict"]] == [
        ("deadline", "job J", 2)
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("solve", "ft06", "--time-limit", "soon"), "--time-limit"),
        (("solve", "ft06", "--time-limit", "0s"), "must be above 0"),
        (("solve", "ft06", "--solver", "cpsat"), "did you mean 'cp-sat'?"),
        (("solve", "ft06", "--objective", "makespam"), "did you mean 'makespan'?"),
        (("simulate", SERIAL, "--set", "Statio.speed=2"), "Statio"),
        (("optimize", SERIAL, "--vary", "*.capacity=1..4"), "nothing to optimise"),
        (("optimize", SERIAL, "--vary", "*.capcity=1..4", "--minimize", "wip"), "capacity"),
        (("check", ROOT / "nowhere.yaml"), "nowhere.yaml"),
    ],
)
def test_wrong_use_ends_with_2_and_says_what_to_do(arguments: tuple[str, ...], message: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr


def test_check_lists_every_problem_of_a_file(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text(
        "name: bad\n"
        "elements:\n"
        "  - {kind: source, name: In}\n"
        "  - {kind: station, name: Saw, cycle_tme: 5 s}\n"
        "  - {kind: station, name: Mill, cycle_time: 5 kg}\n"
        "  - {kind: sink, name: Out}\n"
        "connections: [In -> Saw -> Mill -> Out]\n"
    )
    result = run("check", bad)
    assert result.exit_code == 2
    assert f"{bad}:4:" in result.stderr
    assert "did you mean 'cycle_time'?" in result.stderr
    assert f"{bad}:5:" in result.stderr
    listed = run("check", bad, "--json")
    assert listed.exit_code == 2
    assert len(json.loads(listed.stdout)["problems"]) >= 3


def test_check_prints_capacities_warnings_and_draws(tmp_path: Path) -> None:
    checked = run_json("check", BOTTLING, "--svg", tmp_path / "line.svg")
    cycles = {row["station"]: row["effective_cycle_time"] for row in checked["capacity"]}
    assert cycles["Filler"] == pytest.approx(0.555)
    assert cycles["Packer"] == pytest.approx(1.875)
    assert ET.fromstring((tmp_path / "line.svg").read_text()).tag.endswith("svg")
    unstable = run("check", SERIAL, "--set", "B1.capacity=unlimited")
    assert unstable.exit_code == 0
    assert "Filler" in run("check", BOTTLING).stdout


def test_simulate_prints_measures_and_writes_them(tmp_path: Path) -> None:
    arguments = ("simulate", SERIAL, "--replications", "3", "--horizon", "10min", "--workers", "1")
    simulated = run_json(*arguments, "--out", tmp_path / "m.csv")
    assert simulated["replications"] == 3
    assert simulated["kpis"]["throughput"]["mean"] > 0
    for shares in simulated["stations"].values():
        assert sum(shares.values()) == pytest.approx(1)
    assert (tmp_path / "m.csv").read_text().count("\n") > 3 * len(simulated["kpis"])
    assert "throughput" in run(*arguments).stdout


def test_simulate_writes_the_event_log_of_the_first_replication(tmp_path: Path) -> None:
    file = tmp_path / "run.parquet"
    arguments = ("simulate", SERIAL, "--replications", "2", "--horizon", "10min", "--workers", "1")
    run_json(*arguments, "--events", file, "--out", tmp_path / "m.csv")
    exits = duckdb.sql(f"SELECT count(*) FROM '{file}' WHERE kind = 'exit'").fetchall()[0][0]
    measures = pd.read_csv(tmp_path / "m.csv")
    first = measures[(measures["measure"] == "parts_out") & (measures["replication"] == 0)]
    assert exits == first["value"].item() > 0


def test_the_number_of_workers_changes_nothing() -> None:
    arguments = ("simulate", SERIAL, "--replications", "4", "--horizon", "5min")
    assert run_json(*arguments, "--workers", "1") == run_json(*arguments, "--workers", "2")


def test_bottleneck_names_a_station() -> None:
    arguments = ("bottleneck", SERIAL, "--replications", "4", "--horizon", "10min", "--workers", "1")
    report = run_json(*arguments)
    assert report["station"] in run(*arguments).stdout


def test_bottleneck_prints_sensitivities_losses_and_the_classical_methods() -> None:
    arguments = ("bottleneck", SERIAL, "--replications", "3", "--horizon", "20min", "--workers", "1")
    report = run_json(*arguments, "--improvement", "0.2", "--step", "0.1")
    assert set(report["gains"]) == {loss["station"] for loss in report["losses"]}
    assert report["buffer_gains"]
    assert report["step"] == 0.1
    assert report["improvement"] == 0.2
    assert report["improvement_gain"]["half_width"] > 0
    assert {"average active period", "shifting bottleneck", "working share"} <= set(report["classical"])
    assert all({"minutes", "parts", "money"} <= set(loss) for loss in report["losses"])
    shown = run(*arguments).stdout
    assert "10 % more would give" in shown
    assert "minutes" in shown
    assert "shifting bottleneck: " in shown
    assert "buffer_gains" not in run_json(*arguments, "--speed-only")


def test_bottleneck_adds_replications_until_it_is_sure() -> None:
    report = run_json(
        "bottleneck", SERIAL, "--replications", "2", "--horizon", "5min", "--workers", "1", "--speed-only",
        "--until", "0.99", "--max-replications", "8",
    )  # fmt: skip
    assert report["certainty"] >= 0.99 or report["throughput"]["replications"] == 8
    assert run("bottleneck", SERIAL, "--until", "1.5").exit_code == 2


_QUICK = ("bottleneck", SERIAL, "--horizon", "5min", "--workers", "1", "--speed-only")


def test_bottleneck_is_asked_until_it_is_sure_unless_a_number_of_replications_is_given() -> None:
    free = run_json(*_QUICK, "--max-replications", "20")
    asked = run_json(*_QUICK, "--max-replications", "20", "--until", "0.99", "--replications", "10")
    assert free == asked
    fixed = run_json(*_QUICK, "--replications", "12")
    assert {gain["replications"] for gain in fixed["gains"].values()} == {12}
    assert "640" in run("bottleneck", "--help").stdout


def test_an_interrupted_bottleneck_says_what_the_complete_replications_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from opt_twin.simulation import replication

    def interrupted(*arguments: object, **fields: object) -> object:
        if fields["replication"] == 15:
            raise KeyboardInterrupt
        return once(*arguments, **fields)

    once = replication.run_replication
    expected = run_json(*_QUICK, "--replications", "10")
    monkeypatch.setattr(replication, "run_replication", interrupted)
    result = run(*_QUICK, "--replications", "40")
    assert result.exit_code == 130
    assert "the search was interrupted; this is what 10 replications" in result.output
    shown = run(*_QUICK, "--replications", "40", "--json")
    assert json.loads(shown.stdout)["gains"] == expected["gains"]


def test_optimize_prints_and_writes_a_front(tmp_path: Path) -> None:
    result = run(
        "optimize", SERIAL, "--vary", "*.capacity=1..6", "--maximize", "throughput",
        "--minimize", "wip", "--budget", "16", "--population", "8", "--horizon", "10min",
        "--warm-up", "1min", "--replications", "2", "--workers", "1", "--out", tmp_path / "front", "--json",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    front = json.loads(result.stdout)
    assert front["points"]
    assert {path.name for path in (tmp_path / "front").iterdir()} == {"front.csv", "front.json", "front.svg"}


def test_schema_is_a_json_schema() -> None:
    assert "$defs" in json.loads(run("schema").stdout)


def test_doctor_names_the_solvers() -> None:
    assert "cp-sat" in run_json("doctor")["solvers"]
    assert "cores" in run("doctor").stdout


@pytest.mark.parametrize("model", [SERIAL, BOTTLING], ids=["serial", "bottling"])
def test_a_study_writes_report_front_schedule_and_gantt(model: Path, tmp_path: Path) -> None:
    out = tmp_path / "study"
    result = run(
        "study", model, "--out", out, "--horizon", "1h", "--replications", "2", "--time-limit", "2s",
        "--budget", "16", "--workers", "1", "--quiet",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    written = {path.name for path in out.iterdir()}
    wanted = {"report.html", "line.svg", "states.svg", "measures.csv", "front.csv", "front.json", "front.svg"}
    wanted |= {"schedule.json", "schedule.svg"} if model == BOTTLING else set()
    assert written == wanted
    report = (out / "report.html").read_text(encoding="utf-8")
    assert len(report) < 1_000_000
    assert "limits the line" in report


def test_a_study_with_an_infeasible_deadline_reports_it_and_ends_with_3(tmp_path: Path) -> None:
    result = run(
        "study", BOTTLING, "--out", tmp_path, "--horizon", "1h", "--replications", "2", "--time-limit", "5s",
        "--budget", "4", "--workers", "1", "--set", "orders.O01.deadline=1 min",
    )  # fmt: skip
    assert result.exit_code == 3
    assert "infeasible" in (tmp_path / "report.html").read_text(encoding="utf-8").lower()


def _start(*arguments: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", "from opt_twin.cli.main import main; main()", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def test_ctrl_c_while_solving_writes_the_best_schedule_so_far_and_ends_with_130(tmp_path: Path) -> None:
    out = tmp_path / "best.json"
    process = _start("solve", "ta41", "--time-limit", "60s", "--workers", "1", "--out", out)
    assert process.stderr is not None
    assert "30 jobs" in process.stderr.readline()
    time.sleep(6)
    process.send_signal(signal.SIGINT)
    time.sleep(0.05)
    process.send_signal(signal.SIGINT)  # a launcher may repeat what the terminal has sent
    stdout, stderr = process.communicate(timeout=40)
    assert process.returncode == 130, stderr
    assert "verified" in stdout
    assert json.loads(out.read_text())["assignments"]


def test_ctrl_c_while_studying_writes_a_report_of_what_is_known(tmp_path: Path) -> None:
    process = _start(
        "study", SERIAL, "--out", tmp_path, "--horizon", "8h", "--replications", "4", "--workers", "2",
        "--budget", "100000",
    )  # fmt: skip
    assert process.stdout is not None
    assert any("limits the line" in line for line in process.stdout)
    time.sleep(3)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130, stderr
    assert "interrupted" in stderr
    assert (tmp_path / "report.html").exists()


def test_errors_map_to_the_stated_exit_codes() -> None:
    assert exit_code_of(NoSolutionError("none")) == 4
    assert exit_code_of(OptionError("wrong")) == 2
    assert exit_code_of(SolverError("broken")) == 1


def test_a_defect_ends_with_1_and_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opt_twin.scheduling.load_with_notes", lambda *_, **__: 1 / 0)
    result = run("solve", "ft06")
    assert result.exit_code == 1
    assert "ZeroDivisionError" in result.stderr
    assert "defect of opt_twin" in result.stderr


def test_workers_default_to_the_cores_of_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    assert default_workers(3) == 3
    assert default_workers(None) >= 1
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert default_workers(None) >= 1


def test_a_duration_on_the_command_line_has_a_unit() -> None:
    assert seconds("2m") == 120
    with pytest.raises(OptionError, match="--horizon"):
        seconds("2 kg", "--horizon")


def test_a_run_in_which_nothing_leaves_has_no_lead_time_and_says_so() -> None:
    arguments = ("simulate", BOTTLING, "--horizon", "60s", "--replications", "2", "--workers", "1")
    assert run_json(*arguments)["kpis"]["lead_time"]["mean"] is None
    assert run(*arguments).exit_code == 0


def test_an_interrupted_simulation_shows_and_writes_what_was_complete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from opt_twin.simulation import replication

    def interrupted(*arguments: object, **fields: object) -> object:
        if fields["replication"] == 2:
            raise KeyboardInterrupt
        return once(*arguments, **fields)

    once = replication.run_replication
    monkeypatch.setattr(replication, "run_replication", interrupted)
    result = run("simulate", SERIAL, "--horizon", "20min", "--workers", "1", "--out", tmp_path / "runs.csv")
    assert result.exit_code == 130
    assert "these are the 2 replications that were complete" in result.output
    assert "throughput" in result.output
    assert set(pd.read_csv(tmp_path / "runs.csv")["replication"]) == {0, 1}
