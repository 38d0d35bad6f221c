"""``opt-twin bench``: solvers against known values, in turn, on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from opt_twin.cli.common import (
    ExitCode,
    Json,
    Quiet,
    Screen,
    Seed,
    TimeLimit,
    Workers,
    check_files,
    default_workers,
    number,
    seconds,
)
from opt_twin.errors import OptionError, UnknownNameError
from opt_twin.files import append_line

if TYPE_CHECKING:
    from opt_twin.scheduling import SchedulingInstance

__all__ = ["HELP", "bench"]

HELP = (
    "Measure solvers on instances with known values, one after another: a row for each run, and a table. "
    "A run that stands in the file already is not repeated, so a benchmark can be stopped and gone on with."
)


def bench(
    what: Annotated[str, typer.Argument(help="What is measured: scheduling.")] = "scheduling",
    *,
    suite: Annotated[
        str, typer.Option(help="figures, ta, ta-flow, ta-open, or names with commas between.")
    ] = "figures",
    files: Annotated[
        list[Path] | None, typer.Option("--file", help="An instance of your own; may be repeated.")
    ] = None,
    solver: Annotated[
        list[str] | None, typer.Option(help="May be repeated; auto and cp-sat unless given.")
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, max=100, help="Runs of each, with seeds from --seed on.")] = 1,
    time_limit: TimeLimit = "60s",
    workers: Workers = None,
    seed: Seed = 0,
    out: Annotated[
        Path | None, typer.Option(help="JSON lines: rows are read from it and added.", show_default=False)
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> ExitCode:
    """Run a benchmark."""
    from opt_twin.cli.bench_scheduling import done_rows, run_suite, summary, table
    from opt_twin.scheduling.portfolio import warm_up

    if what != "scheduling":
        raise UnknownNameError.among("benchmark", what, ["scheduling"])
    screen = Screen(as_json=as_json, quiet=quiet)
    check_files(out=out)
    chosen = solver or ["auto", "cp-sat"]
    instances = _asked_for(suite, files or (), chosen)
    limit, threads = seconds(time_limit), default_workers(workers)
    if "auto" in chosen:
        screen.note("loading the compiled searches; the first time this takes a minute")
        warm_up()
    known = [] if out is None else done_rows(out)
    rows: list[dict[str, Any]] = []

    def keep(row: dict[str, Any]) -> None:
        if out is not None:
            append_line(out, row)
        screen.note(
            f"{row['instance']} {row['asked_for']} seed {row['seed']}: {number(row['objective'])}, bound "
            f"{number(row['bound'])}, best known {row['best_known']}, {row['runtime']:.1f} s"
        )

    interrupted = False
    try:
        rows.extend(
            run_suite(
                instances,
                solvers=chosen,
                seeds=range(seed, seed + seeds),
                time_limit=limit,
                workers=threads,
                known=known,
                on_row=keep,
            )
        )
    except KeyboardInterrupt:
        interrupted = True
        wanted = {instance.name for instance in instances}
        rows = [row for row in (done_rows(out) if out else []) if row["instance"] in wanted]
    screen.json({"suite": suite, "rows": rows, "summary": summary(rows)})
    lines = table(rows)
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    for line in lines:
        screen.result("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
    for own in summary(rows):
        screen.result(
            f"{own['solver']}: {own['runs']} runs, {own['proved']} proved, mean gap to best known "
            f"{number(own['mean_gap_percent'])} %"
        )
    return ExitCode.INTERRUPTED if interrupted else ExitCode.OK


def _asked_for(suite: str, files: Sequence[Path], solvers: Sequence[str]) -> list[SchedulingInstance]:
    """Return the instances to run, after a look at the names of the solvers."""
    from opt_twin.cli.bench_scheduling import suite_names
    from opt_twin.scheduling import load_instance, solver_names

    for name in solvers:
        if name not in solver_names():
            raise UnknownNameError.among("scheduling solver", name, solver_names())
    instances = [load_instance(name) for name in [*suite_names(suite), *map(str, files)]]
    if not instances:
        raise OptionError("there is no instance to run; name some with --suite or --file")
    return instances
