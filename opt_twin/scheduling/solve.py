"""The one door to all scheduling solvers. Nothing leaves it that the verifier has not seen."""

from __future__ import annotations

import dataclasses

from opt_twin.errors import OptionError, PlanError, SolverError
from opt_twin.plan import Schedule
from opt_twin.results import Result, Status, StopReason
from opt_twin.scheduling.bounds import lower_bound
from opt_twin.scheduling.cpsat import CpSatSolver
from opt_twin.scheduling.dispatching import DispatchingSolver
from opt_twin.scheduling.instance import SchedulingInstance
from opt_twin.scheduling.labels import LabelSolver
from opt_twin.scheduling.local_search.solvers import IteratedGreedySolver, TabuSearchSolver
from opt_twin.scheduling.milp import MilpSolver, milp_solvers
from opt_twin.scheduling.objectives import check_objective, evaluate_stages
from opt_twin.scheduling.portfolio import AutoSolver
from opt_twin.scheduling.ruin_recreate import RuinRecreateSolver
from opt_twin.scheduling.solver import SchedulingSolver
from opt_twin.scheduling.verify import verify
from opt_twin.solvers import OnProgress, SolveOptions, Stop
from opt_twin.solvers.registry import Registry

__all__ = ["AutoSolver", "solve_schedule", "solver_names"]


_SOLVERS: Registry[SchedulingSolver] = Registry(
    "scheduling",
    {
        "auto": AutoSolver,
        "cp-sat": CpSatSolver,
        "milp": MilpSolver,
        "dispatching": DispatchingSolver,
        "tabu-search": TabuSearchSolver,
        "iterated-greedy": IteratedGreedySolver,
        "labels": LabelSolver,
        "ruin-and-recreate": RuinRecreateSolver,
        **milp_solvers(),
    },
)


def solver_names() -> tuple[str, ...]:
    """Return the names of the scheduling solvers, those of other packages last."""
    return _SOLVERS.names()


def solve_schedule(
    instance: SchedulingInstance,
    *,
    objective: str = "makespan",
    solver: str | SchedulingSolver = "auto",
    options: SolveOptions | None = None,
    start: Schedule | None = None,
    on_progress: OnProgress | None = None,
    stop: Stop | None = None,
) -> Result[Schedule]:
    """Return the best schedule that a solver finds, verified, with a bound.

    Parameters
    ----------
    instance
        What is to be scheduled.
    objective
        What is minimised, as :func:`~opt_twin.scheduling.parse_objective` reads it.
    solver
        ``auto`` (dispatching rules, labels where they apply, CP-SAT, each from the best schedule so far),
        ``cp-sat``, ``milp`` (HiGHS on the formulation that fits; others by name, as ``milp:wagner``),
        ``dispatching``, ``labels`` (one sequence on all machines, few jobs), the name of a plug-in, or a
        solver.
    options
        Limits; 60 s and one worker unless given.
    start
        A feasible schedule to start from. The answer is never worse.
    on_progress
        Called with each improvement of objective or bound; it may run in a thread of the solver.
    stop
        Asked from time to time; once it returns true the best schedule so far is returned. Ctrl-C does the
        same. Both give ``StopReason.INTERRUPTED``.

    Returns
    -------
    Result
        Status INFEASIBLE when no schedule keeps all deadlines, UNKNOWN when none was found in time.

    Raises
    ------
    UnknownNameError
        If there is no such solver or objective.
    OptionError
        If the solver cannot treat the instance, or the objective means nothing for it.
    PlanError
        If `start` is not feasible.
    SolverError
        If the solver failed, or its answer did not pass the verifier.

    Examples
    --------
    >>> from opt_twin.scheduling import load_instance
    >>> result = solve_schedule(load_instance("ft06"))
    >>> result.objective, str(result.status)
    (55, 'optimal')
    """
    check_objective(instance, objective)
    chosen = _SOLVERS.solver(solver) if isinstance(solver, str) else solver
    refusal = chosen.refuses(instance, objective)
    if refusal is not None:
        raise OptionError(f"solver {chosen.name!r} cannot solve {instance.name!r}: {refusal}")
    if start is not None:
        _check_start(instance, start)
    result = chosen.solve(
        instance,
        objective=objective,
        options=SolveOptions() if options is None else options,
        start=start,
        on_progress=on_progress,
        stop=stop,
    )
    try:
        return _checked(instance, objective, result)
    except KeyboardInterrupt:  # too late to save time, and the answer must not be lost
        if result.stop_reason is not StopReason.PROVED:
            result = dataclasses.replace(result, stop_reason=StopReason.INTERRUPTED)
        return _checked(instance, objective, result)


def _check_start(instance: SchedulingInstance, start: Schedule) -> None:
    violations = verify(instance, start)
    if violations:
        shown = "; ".join(str(violation) for violation in violations[:3])
        more = f" and {len(violations) - 3} more" if len(violations) > 3 else ""
        raise PlanError(f"the schedule to start from is not feasible for {instance.name!r}: {shown}{more}")


def _checked(instance: SchedulingInstance, objective: str, result: Result[Schedule]) -> Result[Schedule]:
    """Return `result` once its schedule, its objective and its bound have been checked.

    The bound becomes the best of the solver's and of those that need no solver.
    """
    if result.best is None:
        if result.status in {Status.OPTIMAL, Status.FEASIBLE}:
            raise SolverError(f"{result.solver} answered {result.status} without a schedule")
        if result.status is Status.INFEASIBLE:
            return result
        known = lower_bound(instance, objective)
        return dataclasses.replace(result, bound=known if result.bound is None else max(known, result.bound))
    violations = verify(instance, result.best)
    if violations:
        raise SolverError(
            f"{result.solver} gave a schedule with {len(violations)} violations; the first: {violations[0]}"
        )
    values = evaluate_stages(instance, result.best, objective)
    value = values[0]
    if result.objective != value:
        raise SolverError(f"{result.solver} states {objective} {result.objective}, its schedule has {value}")
    known = lower_bound(instance, objective)
    bound = known if result.bound is None else max(known, result.bound)
    if bound > value:
        raise SolverError(f"{result.solver} states the bound {bound}, its own schedule has {value}")
    if bound == value and len(values) == 1:
        return dataclasses.replace(result, bound=bound, status=Status.OPTIMAL, stop_reason=StopReason.PROVED)
    return dataclasses.replace(result, bound=bound)
