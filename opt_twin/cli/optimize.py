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
    default_workers,
    result_code,
    write_text,
)
from opt_twin.cli.line import Horizon, Replications, WarmUp, load, run_settings
from opt_twin.errors import OptionError

if TYPE_CHECKING:
    from opt_twin.results import Result
    from opt_twin.search import ParetoFront

__all__ = ["HELP", "optimize", "show_front"]

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
    from opt_twin.search import DecisionSpace, objective_named, process_pool, search
    from opt_twin.search import vary as variables_of
    from opt_twin.simulation import SimulationEvaluator

    screen = Screen(as_json=as_json, quiet=quiet)
    objectives = [objective_named(name, "max") for name in maximize or ()]
    objectives += [objective_named(name, "min") for name in minimize or ()]
    if not objectives:
        raise OptionError(
            "nothing to optimise: give --maximize or --minimize with a measure, e.g. throughput"
        )
    model = load(line, overlay, sets)
    space = DecisionSpace(base=model, variables=variables_of(model, *vary))
    evaluator = SimulationEvaluator(run_settings(horizon, warm_up, replications, 1))
    final = SimulationEvaluator(run_settings(horizon, warm_up, max(10, 2 * replications), 1))
    with screen.progress("searching") as advance, process_pool(default_workers(workers)) as executor:
        result = search(
            space,
            objectives,
            evaluator,
            budget=budget,
            population=population,
            seed=seed,
            final_evaluator=final,
            executor=executor,
            on_progress=lambda done, total, hypervolume: advance(
                done, total, f"hypervolume {hypervolume:.5g}"
            ),
        )
    if result.best is not None and out is not None:
        write_front(result.best, out)
    screen.json(None if result.best is None else result.best.to_dict())
    show_front(screen, result)
    return result_code(result)


def write_front(front: ParetoFront, folder: Path) -> None:
    """Write the front as CSV, JSON and picture."""
    from opt_twin.export import front_csv, front_json, front_svg

    write_text(folder / "front.csv", front_csv(front))
    write_text(folder / "front.json", front_json(front))
    write_text(folder / "front.svg", front_svg(front))


def show_front(screen: Screen, result: Result[ParetoFront]) -> None:
    """Print the points of a front."""
    if result.best is None:
        screen.result(f"no feasible point was found ({result.stop_reason})")
