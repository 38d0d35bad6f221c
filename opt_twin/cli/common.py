"""What all commands share: options, exit codes, what is printed and where."""

from __future__ import annotations

import functools
import json
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, ParamSpec

import typer

from opt_twin.errors import (
    InstanceError,
    ModelError,
    NoSolutionError,
    ObjectiveError,
    OptionError,
    OptTwinError,
    PlanError,
    UnitError,
    UnknownNameError,
)

if TYPE_CHECKING:
    from rich.console import Console

    from opt_twin.results import Result

__all__ = [
    "ExitCode",
    "Json",
    "LineFile",
    "Out",
    "Overlay",
    "Quiet",
    "Screen",
    "Seed",
    "Set",
    "TimeLimit",
    "Workers",
    "answer",
    "default_workers",
    "exit_code_of",
    "guarded",
    "number",
    "result_code",
    "seconds",
    "write_text",
]

P = ParamSpec("P")


class ExitCode(IntEnum):
    """What a command ends with."""

    OK = 0
    UNEXPECTED = 1
    USAGE = 2
    INFEASIBLE = 3
    NO_SOLUTION = 4
    CHECK_FAILED = 5
    INTERRUPTED = 130


LineFile = Annotated[Path, typer.Argument(help="A line in YAML.", show_default=False)]
Overlay = Annotated[
    list[Path] | None,
    typer.Option("--overlay", help="A YAML file laid over the line; may be repeated.", show_default=False),
]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", help="Change one value: 'Filler.speed=1.2'; may be repeated.", show_default=False),
]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Of everything random.")]
TimeLimit = Annotated[str, typer.Option("--time-limit", help="Such as 60s or 2m.")]
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers", min=1, help="Processes or threads; all cores if not given.", show_default=False
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print results only.")]
Out = Annotated[Path | None, typer.Option("--out", help="A folder for what is written.", show_default=False)]


def default_workers(workers: int | None) -> int:
    """Return `workers`, or the number of cores that this process may use."""
    return (
        workers or len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else workers or os.cpu_count() or 1
    )


def seconds(text: str, option: str = "--time-limit") -> float:
    """Return a duration above 0 from the command line in seconds."""
    from opt_twin.timebase import parse_duration

    try:
        value = parse_duration(text)
    except UnitError as error:
        raise OptionError(f"{option}: {error}") from None
    if value <= 0:
        raise OptionError(f"{option}: {text!r} must be above 0")
    return value


_USAGE = (ModelError, InstanceError, UnknownNameError, OptionError, PlanError, UnitError, ObjectiveError)


def exit_code_of(error: OptTwinError) -> ExitCode:
    """Return what a command ends with that failed with `error`."""
    if isinstance(error, NoSolutionError):
        return ExitCode.NO_SOLUTION
    return ExitCode.USAGE if isinstance(error, _USAGE) else ExitCode.UNEXPECTED


def result_code(result: Result[Any]) -> ExitCode:
    """Return what a command ends with that found `result`."""
    from opt_twin.results import Status, StopReason

    if result.stop_reason is StopReason.INTERRUPTED:
        return ExitCode.INTERRUPTED
    if result.status is Status.INFEASIBLE:
        return ExitCode.INFEASIBLE
    return ExitCode.OK if result.best is not None else ExitCode.NO_SOLUTION


def number(value: float | None) -> str:
    """Return an objective or bound for people."""
    return "-" if value is None else f"{value:.10g}"


def answer(result: Result[Any]) -> str:
    """Return objective, status, bound and gap of a result in one phrase."""
    if result.best is None:
        return f"{result.status}, stopped by {result.stop_reason}"
    name = result.objective_name.replace("_", " ")
    gap = "unknown" if result.gap is None else f"{100 * result.gap:.1f} %"
    return f"{name} {number(result.objective)} ({result.status}, bound {number(result.bound)}, gap {gap})"


def guarded(command: Callable[P, ExitCode]) -> Callable[P, None]:
    """Turn what a command returns, and its errors, into messages and exit codes.

    A traceback is printed only where opt_twin itself is wrong.
    """

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            code = command(*args, **kwargs)
        except OptTwinError as error:
            _fail(f"error: {error}" if "\n" not in str(error) else str(error), exit_code_of(error))
        except KeyboardInterrupt:
            _fail("interrupted", ExitCode.INTERRUPTED)
        except OSError as error:
            _fail(f"error: {error.filename or ''}: {error.strerror or error}", ExitCode.USAGE)
        except Exception:  # noqa: BLE001  the last line of defence: say that it is our fault, and where
            traceback.print_exc()
            _fail("this is a defect of opt_twin; please report the lines above", ExitCode.UNEXPECTED)
        if code is not ExitCode.OK:
            raise typer.Exit(int(code))

    return run


def _fail(message: str, code: ExitCode) -> NoReturn:
    print(message, file=sys.stderr)
    raise typer.Exit(int(code))


class Screen:
    """Where a command prints: results to stdout, progress and notes to stderr.

    Parameters
    ----------
    as_json
        Only :meth:`json` writes to stdout.
    quiet
        No notes, no progress.
    """

    def __init__(self, *, as_json: bool = False, quiet: bool = False) -> None:
        self.as_json = as_json
        self.quiet = quiet

    @functools.cached_property
    def out(self) -> Console:
        """The console of results."""
        from rich.console import Console

        return Console(highlight=False, soft_wrap=True)

    @functools.cached_property
    def err(self) -> Console:
        """The console of notes and progress."""
        from rich.console import Console

        return Console(stderr=True, highlight=False, soft_wrap=True)

    def result(self, text: object) -> None:
        """Print a result for people."""
        if not self.as_json:
            self.out.print(text, markup=False)

    def table(self, title: str, columns: list[str], rows: list[list[str]]) -> None:
        """Print a table for people; all columns but the first are right-aligned."""
        if self.as_json:
            return
        from rich import box
        from rich.table import Table
        from rich.text import Text

        table = Table(title=Text(title), box=box.SIMPLE_HEAD, title_justify="left", title_style="bold")
        for index, column in enumerate(columns):
            table.add_column(Text(column), justify="left" if index == 0 else "right", no_wrap=True)
        for row in rows:
            table.add_row(*(Text(cell) for cell in row))
        self.out.print(table, soft_wrap=False)

    def note(self, text: str) -> None:
        """Print a note about what is going on."""
        if not self.quiet:
            self.err.print(text, markup=False, style="dim")

    def warn(self, text: str) -> None:
        """Print a warning, unless results only are wanted."""
        if not self.quiet:
            self.err.print(f"warning: {text}", markup=False, style="yellow")

    def json(self, value: object) -> None:
        """Print the one JSON object."""
        if self.as_json:
            print(json.dumps(value, ensure_ascii=False, allow_nan=False))

    @contextmanager
    def progress(self, title: str) -> Iterator[Callable[[float, float | None, str], None]]:
        """Show a bar on a terminal; yields a function of (done, total, text).

        Nothing is shown when stderr is no terminal, with --quiet and with --json.
        """
        if self.quiet or self.as_json or not self.err.is_terminal:
            yield lambda _done, _total, _text: None
            return
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %  {task.fields[note]}"),
            TimeElapsedColumn(),
            console=self.err,
            transient=True,
        )
        with bar:
            task = bar.add_task(title, total=None, note="")
            yield lambda done, total, text: bar.update(task, completed=done, total=total, note=text)


def write_text(path: Path, text: str) -> None:
    """Write a file, with the folders above it, so that a reader never sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
