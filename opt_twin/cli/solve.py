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
from opt_twin.cli.solve_robust import (
    Criterion,
    Robust,
    RobustReplications,
    Schedules,
    chosen,
    of_line,
    show_choice,
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

_Instance = Annotated[
    str, typer.Argument(help="ft06, la21, ta01, ta001 ..., a file, or a line (.yaml).", show_default=False)
]
_Format = Annotated[
    str | None,
    typer.Option("--format", help="Of the file; recognised if not given.", show_default=False),
]
_Tick = Annotated[
    str | None,
    typer.Option("--tick", help="Round times in a file up to it, such as 1s.", show_default=False),
]


def solve(
    instance: _Instance,
    *,
    objective: Annotated[str, typer.Option(help="What to minimise.")] = "makespan",
    solver: Annotated[
        str,
        typer.Option(
            help="auto, cp-sat, tabu-search, iterated-greedy, ruin-and-recreate, dispatching, labels, milp."
        ),
    ] = "auto",
    time_limit: TimeLimit = "60s",
    gap: Annotated[float, typer.Option(min=0, help="Stop at this relative gap.")] = 0.0,
    workers: Workers = None,
    seed: Seed = 0,
    format: _Format = None,  # noqa: A002  # the name of the option
    tick: _Tick = None,
    start: Annotated[
        Path | None, typer.Option(help="Start from the schedule in this file.", show_default=False)
    ] = None,
    gantt: Annotated[
        Path | None, typer.Option(help="Draw the schedule into this SVG file.", show_default=False)
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Write the schedule into this file: .json or .csv.", show_default=False),
    ] = None,
    robust: Robust = None,
    replications: RobustReplications = 100,
    schedules: Schedules = 10,
    criterion: Criterion = "expected",
    as_json: Json = False,
    quiet: Quiet = False,
) -> ExitCode:
    """Solve one instance and print objective, bound, gap, status and time."""
    from opt_twin.scheduling import solve_schedule
    from opt_twin.solvers import SolveOptions

    screen = Screen(as_json=as_json, quiet=quiet)
    check_files(out=out, gantt=gantt)
    problem = loaded(screen, instance, format, tick)
    initial = None if start is None else _initial(screen, problem, start)
    options = SolveOptions(
        time_limit=seconds(time_limit), gap=gap, workers=default_workers(workers), seed=seed
    )
    screen.note(f"{problem.name}: {len(problem.jobs)} jobs, {len(problem.machines)} machines")
    if robust is not None:
        choice = chosen(
            screen, problem, robust, objective, options, criterion=criterion, count=schedules, n=replications
        )
        with undisturbed():
            show_choice(screen, choice)
            _write(choice.best, problem, gantt, out)
        return ExitCode.OK
    with screen.progress(problem.name, options.time_limit) as advance:

        def show(point: TracePoint) -> None:
            advance(
                point.time, options.time_limit, f"best {number(point.objective)}, bound {number(point.bound)}"
            )

        result = solve_schedule(
            problem, objective=objective, solver=solver, options=options, start=initial, on_progress=show
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


def loaded(screen: Screen, instance: str, form: str | None, tick: str | None) -> SchedulingInstance:
    """Return an instance by its name, from a file, or of the orders of a line; tell what was decided."""
    from opt_twin.scheduling import load_with_notes

    if Path(instance).suffix in {".yaml", ".yml"}:
        return of_line(screen, Path(instance), tick)

    reading = load_with_notes(instance, form, tick=None if tick is None else seconds(tick, "--tick"))
    for note in reading.notes[:20]:
        screen.note(f"{instance}: {note}")
    if len(reading.notes) > 20:
        screen.note(f"{instance}: and {len(reading.notes) - 20} more notes")
    return reading.instance


def _initial(screen: Screen, instance: SchedulingInstance, path: Path) -> Schedule | None:
    """Return the schedule to start from; None, with a warning that names why, when it is not feasible."""
    from opt_twin.scheduling import read_solution
    from opt_twin.scheduling import verify as violations_of

    schedule = read_solution(path, instance)
    violations = violations_of(instance, schedule)
    if not violations:
        return schedule
    more = f" and {len(violations) - 1} more" if len(violations) > 1 else ""
    screen.warn(f"{path} is not feasible and is ignored: {violations[0]}{more}")
    return None


def _write(schedule: Schedule, instance: SchedulingInstance, gantt: Path | None, out: Path | None) -> None:
    from opt_twin.export import gantt_svg
    from opt_twin.scheduling import write_solution

    if out is not None:
        write_solution(schedule, out)
    if gantt is not None:
        write_text(gantt, gantt_svg(schedule, title=instance.name, instance=instance))


def _sentence(instance: SchedulingInstance, result: Result[Schedule]) -> str:
    verified = "" if result.best is None else "; verified"
    return f"{instance.name}: {answer(result)} in {result.runtime:.2f} s{verified}"


def solved(instance: SchedulingInstance, result: Result[Schedule]) -> dict[str, object]:
    """Return what ``solve --json`` prints."""
    return {
        "instance": instance.name,
        "problem": problem_class(instance),
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


def problem_class(instance: SchedulingInstance) -> str:
    """Return what kind of problem an instance is, in two words."""
    features = instance.features
    for feature, name in (
        ("networks", "project"),
        ("open jobs", "open shop"),
        ("one sequence on all machines", "flow shop"),
        ("modes", "flexible shop"),
    ):
        if feature in features:
            return name
    return "job shop"


def verify(
    instance: _Instance,
    schedule: Annotated[Path, typer.Argument(help="A schedule in JSON or CSV, as written by solve --out.")],
    *,
    objective: Annotated[str, typer.Option(help="What to evaluate.")] = "makespan",
    format: _Format = None,  # noqa: A002  # the name of the option
    tick: _Tick = None,
    as_json: Json = False,
) -> ExitCode:
    """Check a schedule and print every violation."""
    from opt_twin.scheduling import evaluate_objective, read_solution
    from opt_twin.scheduling import verify as violations_of

    screen = Screen(as_json=as_json)
    problem = loaded(screen, instance, format, tick)
    plan = read_solution(schedule, problem)
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
