"""The command line in the hands of a stranger: odd places, narrow terminals, impatient fingers."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from opt_twin.cli import optimize
from opt_twin.cli.common import Screen, check_files, check_folder, exit_code_of, undisturbed
from opt_twin.cli.main import app
from opt_twin.errors import ConservationError, OptionError

ROOT = Path(__file__).parents[2]
SERIAL = ROOT / "models" / "serial_3.yaml"
SHORT = ("--horizon", "10min", "--replications", "2", "--workers", "1")
SEARCH = ("optimize", SERIAL, "--vary", "B*.capacity=1..2", "--budget", "4", "--population", "4")


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_optimize_prints_each_point_with_its_decisions() -> None:
    result = run(*SEARCH, *SHORT, "--warm-up", "0s", "--maximize", "throughput", "--minimize", "wip")
    assert result.exit_code == 0, result.output
    assert "lines that no other one beats, 95 % intervals on fresh streams" in result.stdout
    assert "throughput [parts/h]" in result.stdout
    assert "B2.capacity" in result.stdout


def test_optimize_json_is_an_object_with_status_also_without_a_point(monkeypatch: pytest.MonkeyPatch) -> None:
    from opt_twin.results import Result as Found
    from opt_twin.results import Status, StopReason

    nothing = Found(
        status=Status.UNKNOWN,
        stop_reason=StopReason.INTERRUPTED,
        best=None,
        objective=None,
        bound=None,
        runtime=0.0,
        solver="x",
        solver_version="1",
        seed=0,
    )
    monkeypatch.setattr(optimize, "run_search", lambda *_, **__: nothing)
    result = run(*SEARCH, "--minimize", "wip", "--json")
    assert result.exit_code == 130
    assert json.loads(result.stdout)["points"] == []
    assert "no feasible point" in run(*SEARCH, "--minimize", "wip").stdout


@pytest.mark.parametrize(
    ("place", "message"),
    [("", "is a folder"), ("folder", "is a folder"), ("file/x.json", "is a file, not a folder")],
)
def test_a_file_that_cannot_be_written_is_refused_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    result = run("solve", "ta80", "--time-limit", "1h", "--out", place)
    assert result.exit_code == 2
    assert "error: --out: " in result.stderr
    assert message in result.stderr


@pytest.mark.parametrize(
    "arguments", [("study", SERIAL), (*SEARCH, "--minimize", "wip", "--horizon", "1000d")]
)
def test_a_folder_that_is_a_file_is_refused_before_the_work(tmp_path: Path, arguments: tuple[str]) -> None:
    (tmp_path / "file").touch()
    result = run(*arguments, "--out", tmp_path / "file")
    assert result.exit_code == 2
    assert "is a file, not a folder" in result.stderr


def test_places_without_permission_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there = tmp_path / "there.csv"
    there.touch()
    monkeypatch.setattr(os, "access", lambda path, _: Path(path) == tmp_path)
    with pytest.raises(OptionError, match=r"there\.csv' cannot be written"):
        check_files(out=there)
    with pytest.raises(OptionError, match="nothing can be written in"):
        check_folder(out=tmp_path / "new")


def test_a_folder_that_cannot_be_made_is_refused() -> None:
    with pytest.raises(OptionError, match="cannot be made"):
        check_folder(out=Path("/dev/null/x"))


def test_a_result_is_printed_even_when_its_file_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", "s.json")

    monkeypatch.setattr("opt_twin.plan.schedule_files.write_text", full)
    result = run("solve", "ft06", "--out", tmp_path / "s.json")
    assert result.exit_code == 2
    assert "makespan 55" in result.stdout
    assert "s.json: cannot be written: No space left on device" in " ".join(result.stderr.split())


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--warm-up", "soon", "--warm-up: 'soon' is not a time"),
        ("--warm-up", "-1h", "--warm-up: '-1h' must be 0 or more"),
        ("--horizon", "600/h", "--horizon: '600/h' is a rate"),
    ],
)
def test_a_wrong_time_is_named_with_its_option(option: str, value: str, message: str) -> None:
    result = run("simulate", SERIAL, option, value)
    assert result.exit_code == 2
    assert message in result.stderr


def test_study_json_holds_one_object_with_what_was_found(tmp_path: Path) -> None:
    result = run("study", SERIAL, "--out", tmp_path, *SHORT, "--budget", "4", "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["simulation"]["kpis"]["throughput"]["mean"] > 0
    assert found["search"]["points"]
    assert found["schedule"] is None
    assert str(tmp_path / "report.html") in found["files"]


def test_schema_accepts_json_as_every_command_does() -> None:
    assert json.loads(run("schema", "--json").stdout)["$schema"]


def table_at(width: int) -> str:
    screen = Screen()
    console = Console(width=width, highlight=False, soft_wrap=True)
    screen.out = console
    with console.capture() as capture:
        screen.table("shares", ["station", "a long heading", "another heading"], [["Filler", "12.5", "87.5"]])
    return capture.get()


def test_a_table_that_does_not_fit_becomes_a_list_without_cuts() -> None:
    assert "another heading" in table_at(60).splitlines()[2]
    assert table_at(30).splitlines() == [
        "shares",
        "Filler",
        "  a long heading: 12.5",
        "  another heading: 87.5",
    ]


def test_violations_are_sentences(tmp_path: Path) -> None:
    run("solve", "ft06", "--out", tmp_path / "s.json")
    result = run("verify", "la01", tmp_path / "s.json")
    assert result.exit_code == 5
    assert "unknown operation at job J3, operation 5: job 'J3' has operations 0 to 4 only" in result.stdout


def test_a_reader_that_has_seen_enough_gets_no_complaint() -> None:
    program = "from opt_twin.cli.main import main; main()"
    with subprocess.Popen(
        [sys.executable, "-c", program, "schema"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT
    ) as command:
        assert command.stdout is not None
        command.stdout.close()
        assert command.stderr is not None
        assert command.stderr.read() == b""
        assert command.wait() == 1


def test_writing_is_not_disturbed_by_interrupts() -> None:
    with undisturbed():
        signal.raise_signal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_a_thread_leaves_the_signals_alone() -> None:
    before = signal.getsignal(signal.SIGINT)
    seen = []

    def write() -> None:
        with undisturbed():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=write)
    thread.start()
    thread.join()
    assert seen == [before]


@pytest.mark.parametrize("found", [True, False])
def test_a_second_interrupt_while_workers_end_keeps_the_front(
    monkeypatch: pytest.MonkeyPatch, found: bool
) -> None:
    def searching(*_: object, **__: object) -> str:
        if not found:
            raise KeyboardInterrupt
        return "front"

    def ending(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("opt_twin.search.search", searching)
    monkeypatch.setattr("opt_twin.workers.end_workers", ending)
    settings = {"budget": "4", "population": 4, "seed": 0, "workers": 1}
    if found:
        assert optimize.run_search(Screen(), None, [], None, None, **settings) == "front"
    else:
        with pytest.raises(KeyboardInterrupt):
            optimize.run_search(Screen(), None, [], None, None, **settings)


LOOP = """
name: loop
products: [{name: p}]
elements:
  - {kind: source, name: In}
  - {kind: station, name: A, cycle_time: 5 s}
  - {kind: buffer, name: R, capacity: unlimited}
  - {kind: sink, name: Out}
connections:
  - In -> A
  - {source: A, target: Out, probability: 0.9}
  - {source: A, target: R, probability: 0.1}
  - R -> A
orders:
  - {name: O1, product: p, quantity: 10}
"""


def test_orders_of_a_line_with_a_loop_are_left_out_with_the_reason(tmp_path: Path) -> None:
    line = tmp_path / "loop.yaml"
    line.write_text(LOOP)
    result = run("study", line, "--out", tmp_path / "out", *SHORT, "--budget", "2")
    assert result.exit_code == 0, result.output
    assert "the orders are not scheduled: 'p' may leave the line or go on behind 'A'" in result.stderr
    assert "loop: 1 station, 1 buffer, 1 order; no problem found" in result.stdout
    assert (tmp_path / "out" / "report.html").exists()


def test_an_endless_line_is_wrong_use_and_no_defect(tmp_path: Path) -> None:
    line = tmp_path / "zero.yaml"
    line.write_text(LOOP.replace("5 s", "0 s"))
    result = run("simulate", line, *SHORT)
    assert result.exit_code == 2
    assert "without time going on" in result.stderr
    assert exit_code_of(ConservationError("parts are lost")) == 1


def test_a_terminal_breaks_sentences_between_words() -> None:
    screen = Screen()
    console = Console(width=20, highlight=False, soft_wrap=True, force_terminal=True, no_color=True)
    screen.out = console
    with console.capture() as capture:
        screen.result("the report is in /a/path/that/is/longer/than/the/terminal/is/wide")
    assert capture.get().splitlines()[-1] == "/a/path/that/is/longer/than/the/terminal/is/wide"
    screen.err = console
    with console.capture() as capture:
        screen.warn("the queue in R grows without bound")
    assert [line.split()[-1].removesuffix("\x1b[0m") for line in capture.get().splitlines()] == [
        "queue",
        "without",
        "bound",
    ]


def test_a_bar_with_a_time_limit_moves_by_itself() -> None:
    screen = Screen()
    screen.err = Console(file=io.StringIO(), force_terminal=True, width=80)
    with screen.progress("solving", 0.5) as advance:
        advance(0.0, 0.5, "best 7")
        time.sleep(1.0)
    assert "100 %  best 7" in screen.err.file.getvalue()
    with screen.progress("searching") as advance:
        advance(1.0, 4.0, "hypervolume 2")
        time.sleep(0.3)
    assert " 25 %  hypervolume 2" in screen.err.file.getvalue()


def test_runs_without_a_single_part_are_warned_of() -> None:
    result = run("simulate", SERIAL, "--horizon", "2s", "-n", "1")
    assert result.exit_code == 0
    assert "warning: no part left the line in any replication" in result.stderr
    assert "warning" not in run("simulate", SERIAL, *SHORT).stderr
