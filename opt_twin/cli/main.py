"""The command ``opt-twin``."""

from __future__ import annotations

import signal
import time
from types import FrameType

import typer

import opt_twin
from opt_twin.cli import bench, compare, convert, doctor, line, line_bottleneck, optimize, solve, study
from opt_twin.cli.common import guarded

__all__ = ["app", "main"]

app = typer.Typer(
    name="opt-twin",
    help="One model of a production line for scheduling, simulation and optimisation.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.command("study", help=study.HELP, short_help="The main job on a line, and a report.")(
    guarded(study.study)
)
app.command("solve", help=solve.SOLVE_HELP, short_help="Solve a scheduling instance.")(guarded(solve.solve))
app.command("verify", help=solve.VERIFY_HELP, short_help="Check a schedule against its instance.")(
    guarded(solve.verify)
)
app.command("convert", help=convert.HELP, short_help="Write an instance in another format.")(
    guarded(convert.convert)
)
app.command("check", help=line.CHECK_HELP, short_help="List the problems of a line, and what it can make.")(
    guarded(line.check)
)
app.command("simulate", help=line.SIMULATE_HELP, short_help="Measures of a line with intervals.")(
    guarded(line.simulate)
)
app.command("bottleneck", help=line_bottleneck.HELP, short_help="The station that limits a line.")(
    guarded(line_bottleneck.bottleneck)
)
app.command("compare", help=compare.HELP, short_help="How two lines differ, or the best of several.")(
    guarded(compare.compare)
)
app.command("optimize", help=optimize.HELP, short_help="Pareto front over decisions on a line.")(
    guarded(optimize.optimize)
)
app.command("bench", help=bench.HELP, short_help="Solvers against known values.")(guarded(bench.bench))
app.command("schema", help=line.SCHEMA_HELP, short_help="JSON Schema of lines or instances.")(
    guarded(line.schema)
)
app.command("doctor", help=doctor.HELP, short_help="Versions, solvers and cores.")(guarded(doctor.doctor))


def _version(wanted: bool) -> None:
    if wanted:
        print(f"opt-twin {opt_twin.__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version."
    ),
) -> None:
    """One model of a production line for scheduling, simulation and optimisation."""


def main() -> None:
    """Run the command line."""
    signal.signal(signal.SIGINT, _Interrupts())
    try:
        app()
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the exit code stands; nothing is left to stop


class _Interrupts:
    """Turn Ctrl-C into KeyboardInterrupt, once for those that arrive together.

    A launcher in between may send the signal that the terminal has sent as well; the second one must not
    end the writing of what the first one has stopped.
    """

    def __init__(self) -> None:
        self._last = float("-inf")

    def __call__(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        now = time.monotonic()
        together = now - self._last < 1.0
        self._last = now
        if not together:
            raise KeyboardInterrupt
