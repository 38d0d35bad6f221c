"""Commands about one line: ``check``, ``simulate``, ``schema``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from opt_twin.cli.common import (
    ExitCode,
    Json,
    LineFile,
    Overlay,
    Quiet,
    Screen,
    Seed,
    Set,
    Workers,
    check_files,
    counted,
    default_workers,
    seconds,
    share,
    undisturbed,
)
from opt_twin.cli.line_statistics import (
    BatchMeansOption,
    Interval,
    Quantiles,
    batches_of,
    quantiles_of,
    read_quantiles,
    show_batches,
    show_quantiles,
    told_of,
)
from opt_twin.errors import SimulationError, UnknownNameError
from opt_twin.files import write_text

if TYPE_CHECKING:
    from opt_twin.line import Line
    from opt_twin.results import Evaluation, RunWarning
    from opt_twin.simulation import Run, RunSettings, SequentialRun

__all__ = [
    "CHECK_HELP",
    "SCHEMA_HELP",
    "SIMULATE_HELP",
    "Horizon",
    "Replications",
    "WarmUp",
    "check",
    "line_measures",
    "load",
    "output_warnings",
    "run_settings",
    "schema",
    "simulate",
    "warn_if_nothing_left",
]

CHECK_HELP = "Read a line, list every problem, and print what it can make."
SIMULATE_HELP = "Simulate a line and print its measures with their intervals."
SCHEMA_HELP = "Print the JSON Schema of line files, for editors, or of scheduling instances."

Horizon = Annotated[str, typer.Option("--horizon", help="Length of a run, such as 8h.")]
WarmUp = Annotated[str, typer.Option("--warm-up", help="Start of the run that is left out of the measures.")]
Replications = Annotated[int, typer.Option("--replications", "-n", min=1, help="Independent runs.")]


def load(line: Path, overlay: list[Path] | None, sets: list[str] | None) -> Line:
    """Read a line with the layers of the command line."""
    from opt_twin.io import read_line

    return read_line(line, overlays=tuple(overlay or ()), sets=tuple(sets or ()))


def run_settings(horizon: str, warm_up: str, replications: int, workers: int | None) -> RunSettings:
    """Build the settings of a run from the command line."""
    from opt_twin.simulation import RunSettings

    return RunSettings(
        horizon=seconds(horizon, "--horizon"),
        warm_up=seconds(warm_up, "--warm-up", zero=True),
        replications=replications,
        workers=default_workers(workers),
    )


def check(
    line: LineFile,
    *,
    overlay: Overlay = None,
    sets: Set = None,
    svg: Annotated[
        Path | None, typer.Option(help="Draw the line into this SVG file.", show_default=False)
    ] = None,
    as_json: Json = False,
) -> ExitCode:
    """Read a line and print what it can make."""
    from opt_twin.errors import ModelError
    from opt_twin.theory import capacity_table, covers, limits, line_warnings

    screen = Screen(as_json=as_json)
    check_files(svg=svg)
    try:
        model = load(line, overlay, sets)
    except ModelError as error:
        screen.json({"line": str(line), "valid": False, "problems": [str(p) for p in error.problems]})
        if as_json:
            return ExitCode.USAGE
        raise
    warnings = line_warnings(model)
    rows, others, left_out = capacity_table(model), limits(model), covers(model)
    if svg is not None:
        from opt_twin.export import line_svg

        write_text(svg, line_svg(model))
    screen.json(
        {
            "line": model.name,
            "digest": model.digest(),
            "valid": True,
            "warnings": list(warnings),
            "capacity": [row.to_dict() for row in rows],
            "limits": [limit.to_dict() for limit in others],
            "left_out": list(left_out),
        }
    )
    screen.result(
        f"{model.name}: {counted(len(model.stations), 'station')}, "
        f"{counted(len(model.buffers), 'buffer')}, {counted(len(model.products), 'product')}, "
        f"{counted(len(model.orders), 'order')}; no problem found"
    )
    screen.table(
        "capacity",
        ["station", "visits per part", "cycle [s]", "parts per hour", "utilisation"],
        [
            [
                row.station,
                f"{row.visits:.4g}",
                f"{row.effective_cycle_time:.4g}",
                f"{row.capacity_per_hour:.5g}",
                "-" if row.utilisation is None else f"{100 * row.utilisation:.1f} %",
            ]
            for row in rows
        ],
    )
    if others:
        screen.table(
            "other limits",
            ["kind", "name", "number", "seconds per part", "parts per hour", "utilisation"],
            [
                [
                    limit.kind,
                    limit.name,
                    str(limit.number),
                    f"{limit.seconds:.4g}",
                    f"{limit.capacity_per_hour:.5g}",
                    "-" if limit.utilisation is None else f"{100 * limit.utilisation:.1f} %",
                ]
                for limit in others
            ],
        )
    if left_out:
        screen.result("Not in these figures:\n" + "\n".join(f"- {sentence}" for sentence in left_out))
    for warning in warnings:
        screen.warn(warning)
    return ExitCode.OK


def simulate(
    line: LineFile,
    *,
    horizon: Horizon = "8h",
    warm_up: Annotated[
        str,
        typer.Option("--warm-up", help="Start of the run that is left out of the measures; auto finds it."),
    ] = "0s",
    replications: Replications = 20,
    precision: Annotated[
        str | None,
        typer.Option(
            help="Add replications until the interval of the throughput is as narrow, such as 1%.",
            show_default=False,
        ),
    ] = None,
    max_replications: Annotated[
        int, typer.Option("--max-replications", min=2, help="With --precision: not more than these.")
    ] = 1000,
    overlay: Overlay = None,
    sets: Set = None,
    workers: Workers = None,
    seed: Seed = 0,
    out: Annotated[
        Path | None, typer.Option(help="Write every measure into this CSV file.", show_default=False)
    ] = None,
    events: Annotated[
        Path | None,
        typer.Option(
            help="Write the event log of the first replication into this Parquet file.", show_default=False
        ),
    ] = None,
    telemetry: Annotated[
        Path | None,
        typer.Option(
            help="Write the series of the first replication, interval by interval, into this CSV file.",
            show_default=False,
        ),
    ] = None,
    interval: Interval = "1min",
    quantiles: Quantiles = None,
    by_batches: BatchMeansOption = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> ExitCode:
    """Simulate a line."""
    screen = Screen(as_json=as_json, quiet=quiet)
    model = load(line, overlay, sets)
    asked = read_quantiles(quantiles)
    every = seconds(interval, "--interval")
    wanted = None if precision is None else share(precision, "--precision")
    auto = warm_up.strip().lower() == "auto"
    settings = run_settings(horizon, "0s" if auto else warm_up, replications, workers)
    check_files(out=out, events=events, telemetry=telemetry)
    warnings = list(_overloads(model))
    if auto:
        settings, found = _settled(screen, model, settings, seed)
        warnings += found
    run = None
    if wanted is None:
        evaluation = _fixed(screen, model, settings, seed, out)
    else:
        run = _until(screen, model, settings, seed, wanted, max_replications)
        evaluation = run.evaluation
        warnings += run.warnings
    warnings += output_warnings(evaluation)
    spread = quantiles_of(evaluation, asked)
    noted = None
    if (by_batches or telemetry is not None) and not (run is not None and run.interrupted):
        noted = _noted(model, settings.replace(interval=every), seed)
    batches = batches_of(noted, settings.warm_up, settings.horizon) if by_batches and noted else {}
    with undisturbed():
        more: dict[str, object] = {}
        if run is not None:
            more["precision"] = {"throughput": wanted, "reached": run.reached}
        if spread:
            more["quantiles"] = [{"measure": name} | quantile.to_dict() for name, quantile in spread]
        if batches:
            more["batch_means"] = {name: means.to_dict() for name, means in batches.items()}
        warnings += [each for name, means in batches.items() for each in told_of(name, means)]
        screen.json(simulated(evaluation) | more | {"warnings": [each.to_dict() for each in warnings]})
        show_measures(screen, evaluation)
        show_quantiles(screen, evaluation, spread)
        show_batches(screen, batches)
        for warning in warnings:
            screen.warn(str(warning))
        _write(evaluation, out, noted, telemetry)
    if events is not None:
        write_events(events, model, settings, seed)
    return ExitCode.INTERRUPTED if run is not None and run.interrupted else ExitCode.OK


def _noted(model: Line, settings: RunSettings, seed: int) -> Run:
    """Run the first replication again and note its series."""
    from opt_twin.simulation import run_replication

    return run_replication(model, settings=settings, seed=seed, replication=settings.first_replication)


def _write(evaluation: Evaluation, out: Path | None, noted: Run | None, telemetry: Path | None) -> None:
    from opt_twin.export import evaluation_frame, series_frame

    if out is not None:
        write_text(out, evaluation_frame(evaluation).to_csv(index=False))
    if telemetry is not None and noted is not None:
        write_text(telemetry, series_frame(noted).to_csv(index=False))


def _fixed(screen: Screen, model: Line, settings: RunSettings, seed: int, out: Path | None) -> Evaluation:
    from opt_twin.export import evaluation_frame
    from opt_twin.results import Evaluation
    from opt_twin.simulation import simulate as run

    try:
        with screen.progress("simulating") as advance:
            return run(
                model, settings=settings, seed=seed, on_progress=lambda done, total: advance(done, total, "")
            )
    except (SimulationError, KeyboardInterrupt) as error:
        finished = getattr(error, "finished", None)
        if isinstance(finished, Evaluation):
            why = "ended with an error" if isinstance(error, SimulationError) else "was interrupted"
            with undisturbed():
                count = counted(len(finished.replications), "replication")
                screen.warn(f"the simulation {why}; these are the {count} that were complete")
                show_measures(screen, finished)
                if out is not None:
                    write_text(out, evaluation_frame(finished).to_csv(index=False))
        raise


def _until(
    screen: Screen, model: Line, settings: RunSettings, seed: int, wanted: float, most: int
) -> SequentialRun:
    """Run until the interval of the throughput is narrow enough."""
    from opt_twin.simulation import simulate_until

    with screen.progress("simulating") as advance:

        def told(evaluation: Evaluation, excess: float) -> None:
            done = len(evaluation.replications)
            advance(min(1.0, 1 / excess**2) if excess else 1.0, 1.0, counted(done, "replication"))

        return simulate_until(
            model,
            settings=settings,
            measures={"throughput": wanted},
            max_replications=most,
            seed=seed,
            on_progress=told,
        )


_PILOTS = 10


def _settled(
    screen: Screen, model: Line, settings: RunSettings, seed: int
) -> tuple[RunSettings, tuple[RunWarning, ...]]:
    """Return the settings with the warm-up that MSER-5 suggests, and what it warns about."""
    from opt_twin.simulation import suggest_warm_up

    pilot = settings.replace(replications=max(2, min(settings.replications, _PILOTS)))
    with screen.progress("looking for the warm-up") as advance:
        suggestion = suggest_warm_up(
            model, settings=pilot, seed=seed, on_progress=lambda done, total: advance(done, total, "")
        )
    screen.note(f"warm-up {suggestion}, by MSER-5 on {counted(pilot.replications, 'run')}")
    return settings.replace(warm_up=suggestion.warm_up), suggestion.warnings


def _overloads(model: Line) -> tuple[RunWarning, ...]:
    """Return a warning for each queue of which theory knows that it grows without bound."""
    from opt_twin.results import RunWarning, WarningCode
    from opt_twin.theory import growing_queues

    return tuple(RunWarning(code=WarningCode.GROWING, message=text) for text in growing_queues(model))


def output_warnings(evaluation: Evaluation) -> tuple[RunWarning, ...]:
    """Return warnings when the runs were too short for a single part, and where parts will never come."""
    from opt_twin.results import RunWarning, WarningCode

    found = []
    if not evaluation["parts_out"].any():
        text = "no part left the line in any replication: the horizon is too short, or the line has locked up"
        found.append(RunWarning(code=WarningCode.NO_OUTPUT, message=text))
    if evaluation.starved:
        text = (
            f"{', '.join(evaluation.starved)} waited at the end for parts that can never come: a source has "
            "run out of what they need, or their parts hold all pallets"
        )
        found.append(RunWarning(code=WarningCode.STARVED, message=text))
    return tuple(found)


def write_events(path: Path, line: Line, settings: RunSettings, seed: int) -> None:
    """Run the first replication again and write its event log into a Parquet file."""
    from opt_twin.export import ParquetLog
    from opt_twin.simulation import run_replication

    number = settings.first_replication
    with ParquetLog(path) as log:
        run_replication(line, settings=settings, seed=seed, replication=number, log=log)


def warn_if_nothing_left(screen: Screen, evaluation: Evaluation) -> None:
    """Warn when the runs were too short for a single part."""
    for warning in output_warnings(evaluation):
        screen.warn(str(warning))


def simulated(evaluation: Evaluation) -> dict[str, object]:
    """Return what ``simulate --json`` prints; a measure that is no number in some replication is null."""
    from opt_twin.export import finite_estimate

    kpis = {}
    for name in line_measures(evaluation):
        estimate = finite_estimate(evaluation, name)
        kpis[name] = {
            "mean": None if estimate is None else estimate.mean,
            "half_width": None if estimate is None else estimate.half_width,
            "unit": evaluation.units.get(name, ""),
        }
    return {
        "line": evaluation.line_name,
        "digest": evaluation.line_digest,
        "engine": "simpy",
        "replications": len(evaluation.replications),
        "horizon": evaluation.horizon,
        "warm_up": evaluation.warm_up,
        "seed": evaluation.seed,
        "kpis": kpis,
        "stations": evaluation.states(),
        "bottleneck": _working_longest(evaluation),
        "checks": "conservation, state times and physical limits hold in every replication",
    }


def line_measures(evaluation: Evaluation) -> list[str]:
    """Return the measures of the line as a whole."""
    return [name for name in evaluation.values if "." not in name]  # no name of an element holds a dot


def _working_longest(evaluation: Evaluation) -> str:
    """Return the station that works or stands still for its own reasons for the largest share of the time."""
    states = evaluation.states()
    waiting = ("starved", "blocked", "off_shift", "waiting_for_operator", "stopped")
    return max(states, key=lambda name: 1 - sum(states[name][state] for state in waiting))


def show_measures(screen: Screen, evaluation: Evaluation) -> None:
    """Print the measures of the line and the states of its stations."""
    from opt_twin.export import finite_estimate

    rows = []
    for name in line_measures(evaluation):
        estimate = finite_estimate(evaluation, name)
        rows.append([name, "-" if estimate is None else str(estimate), evaluation.units.get(name, "")])
    screen.table(
        f"{evaluation.line_name}: {counted(len(evaluation.replications), 'replication')} of "
        f"{evaluation.horizon / 3600:.4g} h, 95 % intervals",
        ["measure", "mean", "unit"],
        rows,
    )
    states = evaluation.states()
    usual = ("busy", "setup", "starved", "blocked", "failed", "micro_stop")
    names = [
        state
        for state in next(iter(states.values()))
        if state in usual or any(row[state] > 0 for row in states.values())
    ]
    screen.table(
        "share of time by state, in %",
        ["station", *names],
        [[name, *(f"{100 * row[state]:.1f}" for state in names)] for name, row in states.items()],
    )


def schema(
    what: Annotated[str, typer.Argument(help="line or scheduling.")] = "line", *, as_json: Json = False
) -> ExitCode:
    """Print the JSON Schema of line files, or of scheduling instances."""
    del as_json  # it is JSON anyway
    if what == "line":
        from opt_twin.io import line_schema

        text = json.dumps(line_schema(), indent=2, ensure_ascii=False)
    elif what == "scheduling":
        from opt_twin.scheduling import instance_schema

        text = json.dumps(instance_schema(), indent=2, ensure_ascii=False)
    else:
        raise UnknownNameError.among("schema", what, ("line", "scheduling"))
    print(text)
    return ExitCode.OK
