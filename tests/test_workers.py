"""Worker processes: who hears Ctrl-C, and what a script hears that they cannot import."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from opt_twin.errors import OptionError
from opt_twin.workers import _ignore_interrupts, _interrupts_held, end_workers, process_pool

ROOT = Path(__file__).parents[1]
SCRIPT = """
import opt_twin as ot

line = ot.read_line({line!r})
ot.simulate(line, settings=ot.RunSettings(horizon=600, replications=2, workers=2))
"""


def python(*arguments: str, program: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        input=program,
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )


def test_a_script_without_a_guard_hears_one_named_error_with_advice(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(line="models/serial_3.yaml"))
    done = python(str(script))
    assert done.returncode == 1
    assert "SimulationError: a worker process died." in done.stderr
    assert "__name__ == '__main__'" in done.stderr
    assert "bootstrapping" not in done.stderr  # no tracebacks of the workers


def test_a_program_from_standard_input_is_told_to_become_a_file() -> None:
    done = python("-", program=SCRIPT.format(line="models/serial_3.yaml"))
    assert done.returncode == 1
    assert "OptionError: worker processes cannot read a program from <stdin>: save it" in done.stderr


def test_a_worker_that_imports_a_script_starts_no_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("multiprocessing.current_process", type("P", (), {"_inheriting": True}))
    with pytest.raises(SystemExit):
        process_pool(1)


def test_a_program_that_is_no_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    main = type("M", (), {"__spec__": None, "__file__": "<stdin>"})()
    monkeypatch.setitem(sys.modules, "__main__", main)
    with pytest.raises(OptionError, match=r"from <stdin>: save it as a file"):
        process_pool(1)


def test_workers_are_deaf_to_interrupts(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[object, ...]] = []
    monkeypatch.setattr("signal.signal", lambda *arguments: calls.append(arguments))
    _ignore_interrupts()
    assert calls == [(signal.SIGINT, signal.SIG_IGN)]


def test_a_worker_is_deaf_from_its_first_moment() -> None:
    with process_pool(1) as pool:
        future = pool.submit(os.getpid)
        (pid,) = pool._processes
        os.kill(pid, signal.SIGINT)  # while it starts
        assert future.result() == pid


HELD = """
import signal, threading
from opt_twin.workers import _interrupts_held

signal.signal(signal.SIGINT, signal.default_int_handler)
try:
    with _interrupts_held():
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)
        print("held")
except KeyboardInterrupt:
    print("delivered")
"""


def test_an_interrupt_that_comes_while_held_is_delivered_after() -> None:
    """In a process of its own, in which nothing else takes the signal."""
    done = subprocess.run(
        [sys.executable, "-c", HELD], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == ["held", "delivered"]


def test_where_signals_cannot_be_held_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(signal, "pthread_sigmask")
    with _interrupts_held():
        pass


def test_workers_end_at_once() -> None:
    pool = process_pool(1)
    end_workers(pool)  # none has been started
    future = pool.submit(time.sleep, 60)
    start = time.monotonic()
    end_workers(pool)
    assert future.exception() is not None
    pool.shutdown()
    assert time.monotonic() - start < 30


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="other systems end a process in one way only")
def test_a_worker_that_catches_the_request_to_end_is_ended_too() -> None:
    pool = process_pool(1)
    pool.submit(signal.signal, signal.SIGTERM, signal.SIG_IGN).exception()  # set, whatever came back
    future = pool.submit(time.sleep, 60)
    end_workers(pool)
    assert future.exception(timeout=30) is not None
    pool.shutdown()
