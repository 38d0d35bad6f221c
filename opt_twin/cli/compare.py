"""The command ``compare``: how two lines differ, or which of several is the best."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from opt_twin.cli.common import (
    ExitCode,
    Json,
    Overlay,
    Quiet,
    Screen,
    Seed,
    Set,
    Workers,
    counted,
    share,
)
from opt_twin.cli.line import Horizon, Replications, WarmUp, line_measures, load, run_settings
from opt_twin.errors import OptionError
from opt_twin.quantity import number_text

if TYPE_CHECKING:
    from opt_twin.analysis import Comparison, Selection
    from opt_twin.line import Line
    from opt_twin.simulation import RunSettings, SimulationEvaluator

__all__ = ["HELP", "compare"]

HELP = """Compare lines on the same random numbers.

Two lines are compared in every measure, replication by replication. Of three or more, or with --method, the
best in one measure is selected, with as many replications as that takes."""

_USUAL = 100
_BLOCK = 4

LineFiles = Annotated[list[Path], typer.Argument(help="Lines in YAML.", show_default=False)]
Variants = Annotated[
    list[str] | None,
    typer.Option(
        "--variant",
        help="One more line: the first one with a change, 'Filler.speed=1.2' ('; ' between several); "
        "may be repeated.",
        show_default=False,
    ),
]


def compare(
    lines: LineFiles,
    *,
    variants: Variants = None,
    measure: Annotated[str, typer.Option(help="What the best is selected by.")] = "throughput",
    sense: Annotated[
        Literal["max", "min"], typer.Option(help="Whether more or less of it is better.")
    ] = "max",
    method: Annotated[
        Literal["kn", "kn++", "ocba"] | None,
        typer.Option(help="How the best is selected; kn++ for three or more lines.", show_default=False),
    ] = None,
    indifference: Annotated[
        str,
        typer.Option(
            help="kn, kn++: smallest difference that matters, in the unit of the measure, or as a share of "
            "the first line's."
        ),
    ] = "1%",
    confidence: Annotated[str, typer.Option(help="Of the intervals, or of the selection.")] = "95%",
    budget: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Replications of all lines together; ocba: 100 a line if not given.",
            show_default=False,
        ),
    ] = None,
    horizon: Horizon = "8h",
    warm_up: WarmUp = "0s",
    replications: Replications = 20,
    overlay: Overlay = None,
    sets: Set = None,
    workers: Workers = None,
    seed: Seed = 0,
    as_json: Json = False,
    quiet: Quiet = False,
) -> ExitCode:
    """Compare lines."""
    from opt_twin.analysis import select_best
    from opt_twin.simulation import pooled_evaluator

    screen = Screen(as_json=as_json, quiet=quiet)
    models = _models(lines, variants or [], overlay, sets)
    sure = share(confidence, "--confidence")
    settings = run_settings(horizon, warm_up, replications, workers)
    if len(models) == 2 and method is None:
        return _pair(screen, models, settings, seed, sure)
    chosen = method or "kn++"
    with pooled_evaluator(settings) as evaluator, screen.progress("selecting the best") as advance:
        goal = (
            {"budget": budget or max(_USUAL, replications) * len(models), "block": 2 * len(models)}
            if chosen == "ocba"
            else {
                "indifference": _difference(indifference, models[0], evaluator, measure, seed),
                "budget": budget,
                "block": _BLOCK,
            }
        )
        selection = select_best(
            models,
            evaluator,
            measure,
            sense=sense,
            method=chosen,
            confidence=sure,
            first=replications,
            seed=seed,
            on_progress=lambda done, left: advance(
                len(models) - left, len(models) - 1, f"{done} replications, {counted(left, 'line')} left"
            ),
            **goal,
        )
    _show_selection(screen, selection)
    return ExitCode.INTERRUPTED if selection.interrupted else ExitCode.OK


def _models(
    paths: Sequence[Path], variants: Sequence[str], overlay: list[Path] | None, sets: list[str] | None
) -> list[Line]:
    """Read the lines; each gets a name of its own."""
    models = [load(path, overlay, sets) for path in paths]
    names = [model.name for model in models]
    if len(set(names)) < len(names):
        names = [path.stem for path in paths]
    if len(set(names)) < len(names):
        names = [str(path) for path in paths]
    for variant in variants:
        changes = [change.strip() for change in variant.split(";") if change.strip()]
        models.append(load(paths[0], overlay, [*(sets or ()), *changes]))
        names.append(variant)
    if len(models) < 2:
        raise OptionError(
            "two or more lines are compared: give another file, or --variant 'Station.speed=1.1'"
        )
    for name in names:
        if names.count(name) > 1:
            raise OptionError(f"{name!r} is given twice")
    return [model.replace(name=name) for model, name in zip(models, names, strict=True)]


def _difference(text: str, line: Line, evaluator: SimulationEvaluator, measure: str, seed: int) -> float:
    """Return the smallest difference that matters, in the unit of the measure."""
    if text.strip().endswith("%"):
        found = evaluator.evaluate(line, seed=seed)
        return share(text, "--indifference") * abs(found.mean(measure))
    try:
        return float(text)
    except ValueError:
        raise OptionError(f"--indifference: {text!r} is neither a number nor a share such as '1%'") from None


def _pair(
    screen: Screen, models: Sequence[Line], settings: RunSettings, seed: int, confidence: float
) -> ExitCode:
    """Compare two lines in every measure."""
    from opt_twin.analysis import compare_all
    from opt_twin.simulation import pooled_evaluator

    with pooled_evaluator(settings) as evaluator, screen.progress("simulating") as advance:
        found = []
        for number, model in enumerate(models, 1):
            found.append(evaluator.evaluate(model, seed=seed))
            advance(number, len(models), "")
    measures = line_measures(found[0])
    rows = [row for row in compare_all(*found, confidence=confidence) if row.measure in measures]
    first, second = (model.name for model in models)
    screen.json(
        {
            "lines": [first, second],
            "replications": settings.replications,
            "horizon": settings.horizon,
            "warm_up": settings.warm_up,
            "seed": seed,
            "confidence": confidence,
            "comparisons": [row.to_dict() | {"significant": row.significant} for row in rows],
        }
    )
    screen.table(
        f"{second} against {first}: {counted(settings.replications, 'pair')} of replications, "
        f"{100 * confidence:.4g} % intervals",
        ["measure", first, second, "difference", "unit", "clear"],
        [_row(row) for row in rows],
    )
    return ExitCode.OK


def _row(row: Comparison) -> list[str]:
    return [
        row.measure,
        number_text(row.first.mean, 4),
        number_text(row.second.mean, 4),
        str(row.difference),
        row.unit,
        "yes" if row.significant else "no",
    ]


def _show_selection(screen: Screen, selection: Selection) -> None:
    """Print which line is the best, how sure that is, and what it cost."""
    screen.json(selection.to_dict() | {"best_line": selection.best_line, "guarantee": selection.guarantee})
    screen.result(selection.guarantee)
    screen.table(
        f"{selection.measure}, {selection.method} on common random numbers",
        ["line", "mean", "against the best", "unit", "replications", ""],
        [
            [
                name,
                str(selection.estimates[i]),
                "" if i == selection.best else str(selection.differences[i]),
                selection.unit,
                str(selection.replications[i]),
                "best" if i == selection.best else "" if i in selection.survivors else "ruled out",
            ]
            for i, name in enumerate(selection.lines)
        ],
    )
    if not selection.finished and not selection.interrupted:
        screen.warn("the budget was used up before the best line was clear")
