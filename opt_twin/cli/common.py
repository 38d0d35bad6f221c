"""What all commands share: options, exit codes, what is printed and where."""

from __future__ import annotations

import functools
import json
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, ParamSpec

import typer

from opt_twin.errors import (
    ConservationError,
    InstanceError,
    ModelError,
    NoSolutionError,
    ObjectiveError,
    OptionError,
    OptTwinError,
    PlanError,
    SimulationError,
    UnitError,
    UnknownNameError,
)

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import TextColumn

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
    "check_files",
    "check_folder",
    "counted",
    "default_workers",
    "exit_code_of",
    "guarded",
    "number",
    "result_code",
    "seconds",
    "share",
    "undisturbed",
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


def seconds(text: str, option: str = "--time-limit", *, zero: bool = False) -> float:
    """Return a duration from the command line in seconds: above 0, or 0 where `zero` is allowed."""
    from opt_twin.timebase import parse_duration

    if "/" in text:
        raise OptionError(f"{option}: {text!r} is a rate; write a time such as '15 min'")
    try:
        value = parse_duration(text)
    except UnitError as error:
        raise OptionError(f"{option}: {error}") from None
    if value < 0 or (value == 0 and not zero):
        raise OptionError(f"{option}: {text!r} must be {'0 or more' if zero else 'above 0'}")
    return value


def share(text: str, option: str) -> float:
    """Return a share from the command line, as ``1%`` or ``0.01``: above 0 and below 1.

    Raises
    ------
    OptionError
        If it cannot be read or is out of its range.
    """
    plain = text.strip()
    try:
        value = float(plain.removesuffix("%")) / (100 if plain.endswith("%") else 1)
    except ValueError:
        raise OptionError(f"{option}: {text!r} is no share; write it as '1%' or '0.01'") from None
    if not 0 < value < 1:
        raise OptionError(f"{option}: {text!r} must be above 0 and below 100 %")
    return value


_ANY_WIDTH = 10_000
_USAGE = (
    ModelError,
    InstanceError,
    UnknownNameError,
    OptionError,
    PlanError,
    UnitError,
    ObjectiveError,
    SimulationError,
)


def exit_code_of(error: OptTwinError) -> ExitCode:
    """Return what a command ends with that failed with `error`."""
    if isinstance(error, NoSolutionError):
        return ExitCode.NO_SOLUTION
    if isinstance(error, ConservationError):
        return ExitCode.UNEXPECTED
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
        return f"{result.status} ({result.stop_reason})"
    name = result.objective_name.replace("_", " ")
    if len(result.stages) > 1:
        names = [stage.strip() for stage in name.split(",")]
        names = names if len(names) == len(result.stages) else [name, *[""] * (len(result.stages) - 1)]
        each = [
            f"{stage} {number(value)} (bound {number(bound)})".strip()
            for stage, (value, bound) in zip(names, result.stages, strict=True)
        ]
        return f"{', then '.join(each)} ({result.status})"
    gap = "unknown" if result.gap is None else f"{100 * result.gap:.1f} %"
    return f"{name} {number(result.objective)} ({result.status}, bound {number(result.bound)}, gap {gap})"


def counted(number: int, noun: str) -> str:
    """Return a number of things.

    Examples
    --------
    >>> counted(1, "station"), counted(2, "buffer")
    ('1 station', '2 buffers')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


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
        except BrokenPipeError:  # the reader of stdout has seen enough; click ends the command silently
            raise
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            _fail(f"error: {where}{error.strerror or error}", ExitCode.USAGE)
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

        width = None if sys.stdout.isatty() else _ANY_WIDTH
        return Console(highlight=False, soft_wrap=True, width=width)

    @functools.cached_property
    def err(self) -> Console:
        """The console of notes and progress."""
        from rich.console import Console

        return Console(stderr=True, highlight=False, soft_wrap=True)

    def result(self, text: object) -> None:
        """Print a result for people; a terminal breaks it between words."""
        if not self.as_json:
            self.out.print(_wrapped(str(text), self.out), markup=False)

    def table(self, title: str, columns: list[str], rows: list[list[str]]) -> None:
        """Print a table for people; all columns but the first are right-aligned.

        On a terminal that is too narrow for it each row becomes a list, so that no figure is cut off. Where
        the output is no terminal, the table is as wide as it needs to be.
        """
        if self.as_json:
            return
        from rich import box
        from rich.measure import Measurement
        from rich.table import Table
        from rich.text import Text

        table = Table(box=box.SIMPLE_HEAD)
        for index, column in enumerate(columns):
            table.add_column(Text(column), justify="left" if index == 0 else "right", no_wrap=True)
        for row in rows:
            table.add_row(*(Text(cell) for cell in row))
        width = Measurement.get(self.out, self.out.options.update(width=_ANY_WIDTH), table).maximum
        self.out.print(Text(title, style="bold"))
        if width <= self.out.width:
            self.out.print(table, soft_wrap=False)
            return
        for first, *others in rows:
            self.out.print(Text(first))
            for column, cell in zip(columns[1:], others, strict=True):
                self.out.print(Text(f"  {column}: {cell}"))

    def note(self, text: str) -> None:
        """Print a note about what is going on."""
        if not self.quiet:
            self._aside(text, "dim")

    def warn(self, text: str) -> None:
        """Print a warning, unless results only are wanted."""
        if not self.quiet:
            self._aside(f"warning: {text}", "yellow")

    def _aside(self, text: str, style: str) -> None:
        self.err.print(_wrapped(text, self.err), markup=False, style=style)

    def json(self, value: object) -> None:
        """Print the one JSON object."""
        if self.as_json:
            print(json.dumps(value, ensure_ascii=False, allow_nan=False))

    @contextmanager
    def progress(
        self, title: str, limit: float | None = None
    ) -> Iterator[Callable[[float, float | None, str], None]]:
        """Show a bar on a terminal; yields a function of (done, total, text).

        With a time `limit` in seconds the bar shows the time gone by, and moves by itself.
        Nothing is shown when stderr is no terminal, with --quiet and with --json.
        """
        if self.quiet or self.as_json or not self.err.is_terminal:
            yield lambda _done, _total, _text: None
            return
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        bar = Progress(
            _clocked(limit),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %  {task.fields[note]}"),
            TimeElapsedColumn(),
            console=self.err,
            transient=True,
        )
        with bar:
            task = bar.add_task(title, total=limit, note="")
            if limit is not None:
                yield lambda _done, _total, text: bar.update(task, note=text)
                return
            yield lambda done, total, text: bar.update(task, completed=done, total=total, note=text)


def _wrapped(text: str, console: Console) -> str:
    """Break text between words for a terminal; a path that is too long for it stays in one piece."""
    if not console.is_terminal:
        return text
    import textwrap

    return "\n".join(
        textwrap.fill(line, console.width, break_long_words=False, break_on_hyphens=False)
        for line in text.splitlines()
    )


def _clocked(limit: float | None) -> TextColumn:
    """Return the column of the title, which sets a bar with a time limit to the time gone by."""
    from rich.progress import Task, TextColumn
    from rich.text import Text

    class Title(TextColumn):
        def render(self, task: Task) -> Text:
            if limit is not None:
                task.completed = min(task.elapsed or 0.0, limit)
            return super().render(task)

    return Title("{task.description}")


@contextmanager
def undisturbed() -> Iterator[None]:
    """Let Ctrl-C wait for nobody: what has been found is written and printed to the end."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def check_files(**files: Path | None) -> None:
    """Refuse files that cannot be written, before the work that they are for.

    Raises
    ------
    OptionError
        If one of the options names a folder, or a place where nothing can be written.
    """
    for option, path in files.items():
        if path is None:
            continue
        if not path.name or path.is_dir():
            raise OptionError(f"--{option}: {str(path)!r} is a folder; give the name of a file")
        _check_folder(option, path.parent)
        if path.exists() and not os.access(path, os.W_OK):
            raise OptionError(f"--{option}: {str(path)!r} cannot be written")


def check_folder(**folders: Path | None) -> None:
    """Refuse folders in which nothing can be written, before the work that they are for.

    Raises
    ------
    OptionError
        If one of the options names a file, or a place where nothing can be written.
    """
    for option, folder in folders.items():
        if folder is not None:
            _check_folder(option, folder)


def _check_folder(option: str, folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise OptionError(f"--{option}: {str(folder)!r} is a file, not a folder") from None
    except OSError as error:
        raise OptionError(f"--{option}: {str(folder)!r} cannot be made: {error.strerror}") from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OptionError(f"--{option}: nothing can be written in {str(folder)!r}")
