"""``opt-twin solve`` and ``opt-twin verify``: scheduling instances from the command line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from opt_twin.cli.common import (
    ExitCode,
    Json,
    Quiet,
    Screen,
    Seed,
    TimeLimit,
    Workers,
    answer,
    check_files,
    default_workers,
    number,
    result_code,
    seconds,
    undisturbed,
)
from opt_twin.files import write_text

if TYPE_CHECKING:
    from opt_twin.plan import Schedule
    from opt_twin.results import Result, TracePoint
    from opt_twin.scheduling import Explanation, SchedulingInstance
    from opt_twin.solvers import SolveOptions

__all__ = ["SOLVE_HELP", "VERIFY_HELP", "solve", "solved", "verify"]

SOLVE_HELP = "Solve a scheduling instance: a built-in one by name (ft10, ta21) or a file of your own."
VERIFY_HELP = "Check a schedule against its instance, with code that knows no solver."

_Instance = Annotated[str, typer.Argument(help="ft06, la21, ta01 ... or a path.", show_default=False)]


def solve(
    instance: _Instance,
    *,
    objective: Annotated[str, typer.Option(help="What to minimise.")] = "makespan",
    solver: Annotated[str, typer.Option(help="auto, labels, cp-sat, milp, dispatching.")] = "auto",
    time_limit: TimeLimit = "60s",
    gap: Annotated[float, typer.Option(min=0, help="Stop at this relative gap.")] = 0.0,
    workers: Workers = None,
    seed: Seed = 0,
    gantt: Annotated[
        Path | None, typer.Option(help="Draw the schedule into this SVG file.", show_default=False)
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write the schedule into this JSON file.", show_default=False)
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> ExitCode:
    """Solve one instance and print objective, bound, gap, status and time."""
    from opt_twin.scheduling import load_instance, solve_schedule
    from opt_twin.solvers import SolveOptions

    screen = Screen(as_json=as_json, quiet=quiet)
    check_files(out=out, gantt=gantt)
    problem = load_instance(instance)
    options = SolveOptions(
        time_limit=seconds(time_limit), gap=gap, workers=default_workers(workers), seed=seed
    )
    screen.note(f"{problem.name}: {len(problem.jobs)} jobs, {len(problem.machines)} machines")
    with screen.progress(problem.name, options.time_limit) as advance:

        def show(point: TracePoint) -> None:
            advance(
                point.time, options.time_limit, f"best {number(point.objective)}, bound {number(point.bound)}"
            )

        result = solve_schedule(
            problem, objective=objective, solver=solver, options=options, on_progress=show
        )
    reason = _reason(problem, result, options)
    with undisturbed():
        screen.json(solved(problem, result) | ({} if reason is None else {"explanation": reason.to_dict()}))
        screen.result(_sentence(problem, result))
        if reason is not None:
            screen.result(reason)
        if result.best is not None:
            _write(result.best, problem, gantt, out)
    return result_code(result)


def _reason(
    problem: SchedulingInstance, result: Result[Schedule], options: SolveOptions
) -> Explanation | None:
    """Return which demands cannot be kept together when no schedule is feasible."""
    from opt_twin.results import Status
    from opt_twin.scheduling import explain_infeasibility

    if result.status is not Status.INFEASIBLE:
        return None
    try:
        limits = options.replace(time_limit=min(20.0, options.time_limit))
        return explain_infeasibility(problem, options=limits)
    except KeyboardInterrupt:  # the answer itself must come out
        return None


def _write(schedule: Schedule, instance: SchedulingInstance, gantt: Path | None, out: Path | None) -> None:
    from opt_twin.export import gantt_svg, schedule_json

    if out is not None:
        write_text(out, schedule_json(schedule))
    if gantt is not None:
        write_text(gantt, gantt_svg(schedule, title=instance.name, instance=instance))


def _sentence(instance: SchedulingInstance, result: Result[Schedule]) -> str:
    verified = "" if result.best is None else "; verified"
    return f"{instance.name}: {answer(result)} in {result.runtime:.2f} s{verified}"


def solved(instance: SchedulingInstance, result: Result[Schedule]) -> dict[str, object]:
    """Return what ``solve --json`` prints."""
    return {
        "instance": instance.name,
        "problem": "job shop",
        "objective_name": result.objective_name,
        "objective": result.objective,
        "bound": result.bound,
        "gap": result.gap,
        "status": str(result.status),
        "stop_reason": str(result.stop_reason),
        "runtime": result.runtime,
        "solver": result.solver,
        "solver_version": result.solver_version,
        "seed": result.seed,
        "workers": result.workers,
        "verified": result.best is not None,
        "stages": [list(stage) for stage in result.stages],
        "trace": [list(point) for point in result.trace],
        "solution": None if result.best is None else result.best.to_dict(),
    }


def verify(
    instance: _Instance,
    schedule: Annotated[Path, typer.Argument(help="A schedule in JSON, as written by solve --out.")],
    *,
    objective: Annotated[str, typer.Option(help="What to evaluate.")] = "makespan",
    as_json: Json = False,
) -> ExitCode:
    """Check a schedule and print every violation."""
    from opt_twin.export import schedule_from_json
    from opt_twin.scheduling import evaluate_objective, load_instance
    from opt_twin.scheduling import verify as violations_of

    screen = Screen(as_json=as_json)
    problem = load_instance(instance)
    plan = schedule_from_json(schedule)
    violations = violations_of(problem, plan)
    value = None if violations else evaluate_objective(problem, plan, objective)
    screen.json(
        {
            "instance": problem.name,
            "verified": not violations,
            "objective_name": objective,
            "objective": value,
            "violations": [violation.to_dict() for violation in violations],
        }
    )
    for violation in violations:
        screen.result(violation)
    if violations:
        screen.result(f"{problem.name}: {len(violations)} violations")
        return ExitCode.CHECK_FAILED
    screen.result(f"{problem.name}: {objective.replace('_', ' ')} {number(value)}; verified")
    return ExitCode.OK
