"""The command ``bottleneck``."""

from __future__ import annotations

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
    counted,
    undisturbed,
)
from opt_twin.cli.line import Horizon, WarmUp, load, run_settings

if TYPE_CHECKING:
    from opt_twin.analysis import BottleneckReport
    from opt_twin.results import Estimate

__all__ = ["HELP", "bottleneck", "show_bottleneck"]

HELP = "Name the station that limits the line, and say how sure that is."

_CERTAINTY = 0.99
_FIRST_BLOCK = 10
_LOGGED = 8 * 3600.0
"""Seconds after the warm-up whose log the classical methods read; longer ones fill the memory."""


def bottleneck(
    line: LineFile,
    *,
    horizon: Horizon = "8h",
    warm_up: WarmUp = "0s",
    replications: Annotated[
        int | None,
        typer.Option(
            "--replications",
            "-n",
            min=1,
            help="Exactly so many; with --until, so many at first.",
            show_default=False,
        ),
    ] = None,
    step: Annotated[
        float, typer.Option(help="By what share stations get faster, stops shorter, buffers larger.")
    ] = 0.05,
    improvement: Annotated[
        float, typer.Option(help="A larger share, whose gain is measured at the bottleneck.")
    ] = 0.1,
    until: Annotated[
        float | None,
        typer.Option(
            help="Add replications until it is this certain; 0.99 unless --replications is given.",
            show_default=False,
        ),
    ] = None,
    max_replications: Annotated[int, typer.Option(min=1, help="Where adding ends, certain or not.")] = 640,
    speed_only: Annotated[
        bool, typer.Option("--speed-only", help="Do not ask about stops and buffers; faster.")
    ] = False,
    overlay: Overlay = None,
    sets: Set = None,
    workers: Workers = None,
    seed: Seed = 0,
    as_json: Json = False,
    quiet: Quiet = False,
) -> ExitCode:
    """Name the bottleneck of a line."""
    from opt_twin.analysis import find_bottleneck
    from opt_twin.simulation import SimulationEvaluator, pooled_evaluator, run_replication

    screen = Screen(as_json=as_json, quiet=quiet)
    model = load(line, overlay, sets)
    if replications is None:
        until = _CERTAINTY if until is None else until
    elif until is None:
        max_replications = replications
    first = min(_FIRST_BLOCK if replications is None else replications, max_replications)
    if until is None:
        first = min(first, _FIRST_BLOCK)  # the others follow in blocks, which Ctrl-C keeps
    settings = run_settings(horizon, warm_up, first, workers)
    logged = settings.replace(horizon=min(settings.horizon, settings.warm_up + _LOGGED))
    trace = run_replication(model, settings=logged, seed=seed, log=True).events
    with screen.progress("searching the bottleneck") as advance, pooled_evaluator(settings) as evaluator:

        def blocks(first: int, count: int) -> SimulationEvaluator:
            block = settings.replace(first_replication=first, replications=count)
            return SimulationEvaluator(block, evaluator.executor)

        report = find_bottleneck(
            model,
            evaluator,
            seed=seed,
            step=step,
            improvement=improvement,
            downtimes=not speed_only,
            buffers=not speed_only,
            trace=trace,
            since=settings.warm_up,
            until=until,
            max_replications=max_replications,
            blocks=blocks,
            on_progress=lambda done, foreseen: advance(done, foreseen, f"{done} of {foreseen} runs"),
        )
    with undisturbed():
        screen.json(report.to_dict())
        show_bottleneck(screen, report, model.economics.currency)
        if report.interrupted:
            done = counted(report.replications, "replication")
            screen.warn(f"the search was interrupted; this is what {done} and the gains measured so far say")
    return ExitCode.INTERRUPTED if report.interrupted else ExitCode.OK


def show_bottleneck(screen: Screen, report: BottleneckReport, currency: str) -> None:
    """Print a report on the bottleneck: the answer, what it rests on, and what is lost where."""
    screen.result(report.sentence())
    step = f"{100 * report.step:.3g} %"
    ordered = sorted(report.gains, key=lambda name: -report.gains[name].mean)
    screen.table(
        f"gain of throughput in parts/h, {report.replications} replications, 95 % intervals",
        ["station", f"{step} more speed", "of the throughput", f"{step} shorter stops"],
        [
            [
                name,
                _gain(report.gains[name]),
                f"{100 * report.share(name):+.2f} %",
                _gain(report.downtime_gains.get(name)),
            ]
            for name in ordered
        ],
    )
    if report.buffer_gains:
        screen.table(
            "gain of throughput in parts/h",
            ["buffer", f"{step} larger, at least one place"],
            [[name, _gain(gain)] for name, gain in report.buffer_gains.items()],
        )
    _show_losses(screen, report, currency)
    if report.classical:
        votes = "; ".join(f"{method}: {station}" for method, station in report.classical.items())
        screen.result(f"Methods that read the states of one line, and are right less often: {votes}.")


def _show_losses(screen: Screen, report: BottleneckReport, currency: str) -> None:
    rows = [
        [
            loss.station,
            loss.state,
            f"{loss.minutes:.1f}",
            f"{100 * loss.share:.1f} %",
            f"{loss.parts:.1f}",
            f"{loss.money:.2f}",
        ]
        for loss in report.losses
    ]
    if rows:
        screen.table(
            "losses per run; at the bottleneck the time is lost to the line, elsewhere it is slack",
            ["station", "state", "minutes", "of its time", "good parts", currency],
            rows,
        )


def _gain(gain: Estimate | None) -> str:
    if gain is None:
        return "-"
    half = "" if gain.half_width is None else f" ± {gain.half_width:.2g}"
    return f"{gain.mean:+.4g}{half}"
