"""``opt-twin optimize``: a Pareto front over decisions on a line."""

from __future__ import annotations

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
    check_folder,
    counted,
    default_workers,
    result_code,
    undisturbed,
)
from opt_twin.cli.line import Horizon, Replications, WarmUp, load, run_settings
from opt_twin.errors import OptionError
from opt_twin.files import write_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opt_twin.results import Result
    from opt_twin.search import DecisionSpace, Objective, ParetoFront
    from opt_twin.simulation import RunSettings

__all__ = ["HELP", "optimize", "run_search", "searched", "show_front"]

HELP = "Search decisions for several objectives at once and print the Pareto front."


def optimize(
    line: LineFile,
    *,
    vary: Annotated[
        list[str], typer.Option("--vary", help="What may change: 'B*.capacity=1..20'; may be repeated.")
    ],
    maximize: Annotated[
        list[str] | None, typer.Option("--maximize", help="A measure; may be repeated.", show_default=False)
    ] = None,
    minimize: Annotated[
        list[str] | None, typer.Option("--minimize", help="A measure; may be repeated.", show_default=False)
    ] = None,
    budget: Annotated[str, typer.Option(help="Evaluations (400) or time (2m).")] = "400",
    population: Annotated[int, typer.Option(min=4, help="Candidates a generation.")] = 24,
    horizon: Horizon = "2h",
    warm_up: WarmUp = "10min",
    replications: Replications = 4,
    overlay: Overlay = None,
    sets: Set = None,
    workers: Workers = None,
    seed: Seed = 0,
    out: Annotated[
        Path | None,
        typer.Option(help="A folder for front.csv, front.json, front.svg.", show_default=False),
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> ExitCode:
    """Search a line's decisions."""
    from opt_twin.search import DecisionSpace, objective_named
    from opt_twin.search import vary as variables_of

    screen = Screen(as_json=as_json, quiet=quiet)
    objectives = [objective_named(name, "max") for name in maximize or ()]
    objectives += [objective_named(name, "min") for name in minimize or ()]
    if not objectives:
        raise OptionError(
            "nothing to optimise: give --maximize or --minimize with a measure, e.g. throughput"
        )
    model = load(line, overlay, sets)
    space = DecisionSpace(base=model, variables=variables_of(model, *vary))
    settings = run_settings(horizon, warm_up, replications, 1)
    check_folder(out=out)
    result = run_search(
        screen,
        space,
        objectives,
        settings,
        settings.replace(replications=max(10, 2 * replications)),
        budget=budget,
        population=population,
        seed=seed,
        workers=default_workers(workers),
    )
    with undisturbed():
        screen.json(searched(result))
        show_front(screen, result)
        if result.best is not None and out is not None:
            write_front(result.best, out)
    return result_code(result)


def run_search(
    screen: Screen,
    space: DecisionSpace,
    objectives: Sequence[Objective],
    quick: RunSettings,
    final: RunSettings,
    *,
    budget: str,
    population: int,
    seed: int,
    workers: int,
) -> Result[ParetoFront]:
    """Search with a bar and worker processes; what was found survives a second Ctrl-C."""
    from opt_twin.search import process_pool, search
    from opt_twin.simulation import SimulationEvaluator
    from opt_twin.workers import end_workers

    result: Result[ParetoFront] | None = None
    try:
        with screen.progress("searching") as advance, process_pool(workers) as executor:
            try:
                result = search(
                    space,
                    objectives,
                    SimulationEvaluator(quick),
                    budget=budget,
                    population=population,
                    seed=seed,
                    final_evaluator=SimulationEvaluator(final),
                    executor=executor,
                    on_progress=lambda done, total, volume: advance(done, total, f"hypervolume {volume:.4g}"),
                )
            finally:
                end_workers(executor)
    except KeyboardInterrupt:
        if result is None:
            raise
    return result


def searched(result: Result[ParetoFront]) -> dict[str, object]:
    """Return what ``optimize --json`` prints."""
    outcome: dict[str, object] = {
        "status": str(result.status),
        "stop_reason": str(result.stop_reason),
        "runtime": result.runtime,
    }
    if result.best is None:
        return outcome | {"objectives": [], "reference_point": None, "hypervolume": None, "points": []}
    return outcome | result.best.to_dict()


def write_front(front: ParetoFront, folder: Path) -> None:
    """Write the front as CSV, JSON and picture."""
    from opt_twin.export import front_csv, front_json, front_svg

    write_text(folder / "front.csv", front_csv(front))
    write_text(folder / "front.json", front_json(front))
    write_text(folder / "front.svg", front_svg(front))


def show_front(screen: Screen, result: Result[ParetoFront]) -> None:
    """Print the points of a front, the best in the first objective first."""
    from opt_twin.quantity import estimate_text, percent

    front = result.best
    if front is None:
        screen.result(f"no feasible point was found ({result.stop_reason})")
        return
    names = list(front.decisions[0])
    knee = front.knee() if len(front.points) > 2 else None
    rows = []
    for index, decisions in enumerate(front.decisions):
        values = [
            estimate_text(value, (high - low) / 2)
            for value, (low, high) in zip(front.points[index], front.intervals[index], strict=True)
        ]
        label = f"{index + 1} knee" if index == knee else str(index + 1)
        sure = percent(front.probability_nondominated[index])
        rows.append([label, *values, sure, *(f"{decisions[name]:.6g}" for name in names)])
    units = [f"{o.name} [{o.unit}]" if o.unit else o.name for o in front.objectives]
    seen = "95 % intervals on fresh streams" if front.reevaluated else "as the search saw them"
    screen.table(
        f"{counted(len(rows), 'line')} that no other one beats, {seen}",
        ["point", *units, "sure", *names],
        rows,
    )
