"""``opt-twin convert``: instance files from one format to another."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from opt_twin.cli.common import ExitCode, Json, Quiet, Screen, check_files, counted, seconds

__all__ = ["HELP", "convert"]

HELP = "Write a scheduling instance in another format. What the format does not hold is refused by name."


def convert(
    source: Annotated[str, typer.Argument(help="A built-in name or a path.", show_default=False)],
    target: Annotated[Path, typer.Argument(help="The file to write.", show_default=False)],
    *,
    source_format: Annotated[
        str | None, typer.Option("--from", help="Of the file; recognised if not given.", show_default=False)
    ] = None,
    target_format: Annotated[
        str | None, typer.Option("--to", help="By the extension if not given.", show_default=False)
    ] = None,
    tick: Annotated[
        str | None,
        typer.Option("--tick", help="Round times in a file up to it, such as 1s.", show_default=False),
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> ExitCode:
    """Read an instance, write it, and tell what was decided on the way."""
    from opt_twin.scheduling import load_with_notes, write_instance

    screen = Screen(as_json=as_json, quiet=quiet)
    check_files(target=target)
    reading = load_with_notes(source, source_format, tick=None if tick is None else seconds(tick, "--tick"))
    left_out = write_instance(reading.instance, target, target_format)
    instance, loss = reading.instance, reading.loss
    screen.json(
        {
            "instance": instance.name,
            "from": reading.format,
            "target": str(target),
            "jobs": len(instance.jobs),
            "operations": instance.operation_count,
            "tick": instance.tick,
            "rounding_loss": None if loss is None else loss.to_dict(),
            "notes": list(reading.notes),
            "left_out": list(left_out),
        }
    )
    for note in reading.notes:
        screen.note(f"{source}: {note}")
    for note in left_out:
        screen.warn(f"{target}: {note}")
    screen.result(
        f"{target}: {counted(len(instance.jobs), 'job')}, {counted(instance.operation_count, 'operation')}"
    )
    return ExitCode.OK
