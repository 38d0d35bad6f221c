"""``opt-twin solve --robust``: the schedule that does best on the floor."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, cast

import typer

from opt_twin.cli.common import Screen, counted, number, seconds

if TYPE_CHECKING:
    from opt_twin.scheduling import RobustChoice, RobustScore, SchedulingInstance
    from opt_twin.solvers import SolveOptions

__all__ = ["Criterion", "Robust", "RobustReplications", "Schedules", "chosen", "of_line", "show_choice"]

Robust = Annotated[
    Path | None,
    typer.Option(
        help="Execute the best schedules on this line under failures and variation; take the best there.",
        show_default=False,
    ),
]
RobustReplications = Annotated[int, typer.Option("--replications", min=2, help="Of each, for --robust.")]
Schedules = Annotated[int, typer.Option("--schedules", min=1, help="How many are executed, for --robust.")]
Criterion = Annotated[
    str, typer.Option("--criterion", help="For --robust: expected, or tail, the mean of the worst tenth.")
]


def of_line(screen: Screen, path: Path, tick: str | None) -> SchedulingInstance:
    """Return the orders of a line as an instance, and tell what is left out."""
    from opt_twin.io import read_line
    from opt_twin.scheduling import rounding_loss, scheduling_instance, simplifications

    line = read_line(path)
    instance = scheduling_instance(line, tick=1.0 if tick is None else seconds(tick, "--tick"))
    for note in simplifications(line):
        screen.note(f"{path}: {note}")
    loss = rounding_loss(line, instance)
    if loss.seconds > 0:
        screen.note(
            f"{path}: a tick lasts {instance.tick:g} s; rounding up adds {100 * loss.share:.2g} % to times"
        )
    return instance


def chosen(
    screen: Screen,
    instance: SchedulingInstance,
    path: Path,
    objective: str,
    options: SolveOptions,
    *,
    criterion: str,
    count: int,
    n: int,
) -> RobustChoice:
    """Return the schedules in the order of what they are worth on the line at `path`."""
    from opt_twin.errors import PlanError
    from opt_twin.io import read_line
    from opt_twin.scheduling import robust_choice, scheduling_instance
    from opt_twin.simulation import RunSettings, pooled_evaluator

    line = read_line(path)
    longer = []
    for quantile in (0.7, 0.9):
        try:
            longer.append(scheduling_instance(line, tick=instance.tick, allowance=quantile))
        except PlanError:  # the line is no model of the instance, it only executes it
            break
    cap = max(8 * 3600.0, 20 * instance.horizon() * instance.tick)  # a run ends when all orders are complete
    settings = RunSettings(horizon=cap, replications=n, workers=options.workers)
    with screen.progress(f"{count} schedules on {line.name}") as advance, pooled_evaluator(settings) as floor:
        return robust_choice(
            instance,
            line,
            floor,
            objective=objective,
            count=count,
            criterion=cast("Literal['expected', 'tail']", criterion),
            replications=n,
            seed=options.seed,
            options=options,
            buffered=longer,
            on_progress=lambda done, all_of_them: advance(done, all_of_them, f"{done} executed"),
        )


def _row(score: RobustScore) -> list[str]:
    shares = [share.share for share in score.on_time.values()]
    return [
        score.candidate.origin,
        number(score.candidate.planned),
        str(score.expected),
        str(score.tail),
        "-" if score.gain is None else str(score.gain),
        f"{100 * min(shares):.0f} %" if shares else "-",
    ]


def _data(score: RobustScore) -> dict[str, object]:
    return {
        "origin": score.candidate.origin,
        "planned": score.candidate.planned,
        "expected": score.expected.to_dict(),
        "tail": score.tail.to_dict(),
        "gain": None if score.gain is None else score.gain.to_dict(),
        "on_time": {order: share._asdict() for order, share in score.on_time.items()},
        "schedule": score.candidate.schedule.to_dict(),
    }


def show_choice(screen: Screen, choice: RobustChoice) -> None:
    """Print the schedules, and what the first of them is worth in fresh replications."""
    best = choice.confirmed
    screen.json(
        {
            "objective_name": choice.objective,
            "criterion": choice.criterion,
            "level": choice.level,
            "confirmed": _data(best),
            "schedules": [_data(score) for score in choice.scores],
        }
    )
    screen.table(
        f"{choice.objective.replace('_', ' ')} in seconds, {best.expected.replications} replications each",
        ["schedule", "planned (ticks)", "expected", f"worst {1 - choice.level:.0%}", "gain", "least on time"],
        [_row(score) for score in choice.scores],
    )
    gain = "it is the plan" if best.gain is None else f"gain over the plan {best.gain}"
    screen.result(
        f"best of {counted(len(choice.scores), 'schedule')}: {best.candidate.origin}; in fresh replications "
        f"{best.expected}, worst {1 - choice.level:.0%} {best.tail}; {gain}"
    )
    late = {order: share for order, share in best.on_time.items() if share.high < 0.95}
    for order, share in late.items():
        screen.result(
            f"{order}: on time in {100 * share.share:.0f} % [{100 * share.low:.0f}, {100 * share.high:.0f}]"
        )
