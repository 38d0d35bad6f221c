"""Instance files and schedules on the command line: convert, --format, --tick, --start, verify."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from opt_twin.cli.main import app
from opt_twin.scheduling import load_instance, read_instance


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def run_json(*arguments: str | Path) -> dict:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_an_instance_goes_round_the_formats_and_stays_the_same(tmp_path: Path) -> None:
    names = ("a.txt", "b.fjs", "c.json", "d.csv", "e.jsp")
    source: str | Path = "ft06"
    for name in names:
        assert run("convert", source, tmp_path / name).exit_code == 0
        source = tmp_path / name
    shop = read_instance(tmp_path / "e.jsp").replace(name="ft06")
    machines = read_instance(tmp_path / "d.csv").machines
    expected = load_instance("ft06")
    rename = {f"M{index + 1}": name for index, name in enumerate(machines)}
    assert [[rename[o.machine] for o in job.operations] for job in shop.jobs] == [
        [o.machine for o in job.operations] for job in expected.jobs
    ]
    assert [[o.duration for o in job.operations] for job in shop.jobs] == [
        [o.duration for o in job.operations] for job in expected.jobs
    ]


def test_convert_tells_what_was_decided_and_what_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("job,machine,duration\ndoor,saw,2.5\ndesk,saw,4\n")
    done = run_json("convert", tmp_path / "orders.csv", tmp_path / "x.txt", "--tick", "1s")
    assert (done["from"], done["jobs"], done["operations"], done["tick"]) == ("orders", 2, 2, 1.0)
    assert done["rounding_loss"]["seconds"] == 0.5
    assert done["left_out"] == [
        "the names of jobs are replaced by numbers",
        "the names of machines are replaced by numbers",
    ]
    told = run("convert", tmp_path / "orders.csv", tmp_path / "x.txt")
    assert "a tick lasts 0.5 s" in told.stderr
    assert "warning:" in told.stderr
    assert "the tick of 0.5 s is left out" in told.stderr
    assert told.stdout.endswith("x.txt: 2 jobs, 2 operations\n")


def test_what_a_format_does_not_hold_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    result = run("convert", "ta001", tmp_path / "x.txt")
    assert result.exit_code == 2
    assert "does not hold one sequence on all machines; write json or standard-permutation" in result.stderr
    assert not (tmp_path / "x.txt").exists()
    assert run("convert", "ta001", tmp_path / "x.txt", "--to", "taillard-flow-shop").exit_code == 0
    assert read_instance(tmp_path / "x.txt").replace(name="ta001") == load_instance("ta001")


def test_a_file_that_fits_several_formats_needs_a_name(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("2\n2\n1 2\n3 1\n")
    refused = run("solve", tmp_path / "x.txt")
    assert refused.exit_code == 2
    assert "naderi-pfsp, naderi-npfsp" in refused.stderr
    assert "--format NAME" in refused.stderr
    solved = run_json("solve", tmp_path / "x.txt", "--format", "naderi-pfsp", "--time-limit", "10s")
    assert (solved["problem"], solved["objective"]) == ("flow shop", 5)
    wrong = run("solve", tmp_path / "x.txt", "--format", "naderi-fpsp")
    assert wrong.exit_code == 2
    assert "did you mean 'naderi-pfsp'" in wrong.stderr


@pytest.mark.parametrize("suffix", ["csv", "json"])
def test_a_schedule_is_written_verified_and_started_from(tmp_path: Path, suffix: str) -> None:
    plan = tmp_path / f"plan.{suffix}"
    first = run_json("solve", "la01", "--solver", "dispatching", "--out", plan)
    assert run_json("verify", "la01", plan)["objective"] == first["objective"]
    again = run_json("solve", "la01", "--solver", "dispatching", "--start", plan)
    assert again["objective"] <= first["objective"]


def test_a_start_that_is_not_feasible_is_named_and_ignored(tmp_path: Path) -> None:
    plan = tmp_path / "plan.csv"
    run("solve", "ft06", "--solver", "dispatching", "--out", plan)
    lines = plan.read_text().splitlines()
    plan.write_text("\n".join(lines[:-1]) + "\n")
    result = run("solve", "ft06", "--solver", "dispatching", "--start", plan)
    assert result.exit_code == 0
    assert "plan.csv is not feasible and is ignored: missing operation" in result.stderr
    assert result.stdout.endswith("verified\n")
    assert run("verify", "ft06", plan).exit_code == 5
    plan.write_text("job;operation\n")
    assert run("solve", "ft06", "--start", plan).exit_code == 2


def test_the_schema_of_instances_is_printed() -> None:
    schema = json.loads(run("schema", "scheduling").stdout)
    assert {"name", "jobs", "machines", "resources"} <= set(schema["properties"])
    assert "elements" in json.loads(run("schema").stdout)["properties"]
    wrong = run("schema", "schedule")
    assert wrong.exit_code == 2
    assert "did you mean 'scheduling'" in wrong.stderr
