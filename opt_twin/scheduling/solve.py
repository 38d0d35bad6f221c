"""The one door to all scheduling solvers. Nothing leaves it that the verifier has not seen."""

from __future__ import annotations

import dataclasses
import time

from opt_twin.errors import OptionError, PlanError, SolverError
from opt_twin.plan import Schedule
from opt_twin.results import Result, Status, StopReason, TracePoint
from opt_twin.scheduling.bounds import lower_bound
from opt_twin.scheduling.cpsat import CpSatSolver
from opt_twin.scheduling.dispatching import DispatchingSolver
from opt_twin.scheduling.instance import SchedulingInstance
from opt_twin.scheduling.milp import MilpSolver
from opt_twin.scheduling.objectives import check_objective, evaluate_objective
from opt_twin.scheduling.solver import SchedulingSolver
from opt_twin.scheduling.verify import verify
from opt_twin.solvers import OnProgress, SolveOptions, Stop
from opt_twin.solvers.registry import Registry

__all__ = ["AutoSolver", "solve_schedule", "solver_names"]


class AutoSolver:
    """Dispatching rules first, then CP-SAT from their best schedule."""

    name = "auto"

    def refuses(self, instance: SchedulingInstance, objective: str) -> str | None:
        """Return None: both parts cover every instance and objective."""
        del instance, objective
        return None

    def solve(
        self,
        instance: SchedulingInstance,
        *,
        objective: str,
        options: SolveOptions,
        start: Schedule | None = None,
        on_progress: OnProgress | None = None,
        stop: Stop | None = None,
    ) -> Result[Schedule]:
        """Return the best schedule of both; see :class:`~opt_twin.scheduling.solver.SchedulingSolver`.

        The rules get a tenth of the time.
        """
        started = time.perf_counter()
        quick = DispatchingSolver().solve(
            instance,
            objective=objective,
            options=options.replace(time_limit=options.time_limit / 10),
            start=start,
            on_progress=on_progress,
            stop=stop,
        )
        gap = quick.gap
        if quick.status is Status.OPTIMAL or quick.stop_reason is StopReason.INTERRUPTED:
            return quick
        if gap is not None and gap <= options.gap:
            return dataclasses.replace(quick, stop_reason=StopReason.GAP_LIMIT)
        spent = time.perf_counter() - started

        def later(point: TracePoint) -> None:
            if on_progress is not None:
                on_progress(point._replace(time=point.time + spent))

        try:
            result = CpSatSolver().solve(
                instance,
                objective=objective,
                options=options.replace(time_limit=max(options.time_limit - spent, 0.001)),
                start=quick.best,
                on_progress=later,
                stop=stop,
            )
        except KeyboardInterrupt:  # while the model was being built
            return dataclasses.replace(quick, stop_reason=StopReason.INTERRUPTED)
        points = (point._replace(time=point.time + spent) for point in result.trace)
        return dataclasses.replace(
            result, runtime=time.perf_counter() - started, trace=(*quick.trace, *points)
        )


_SOLVERS: Registry[SchedulingSolver] = Registry(
    "scheduling",
    {"auto": AutoSolver, "cp-sat": CpSatSolver, "milp": MilpSolver, "dispatching": DispatchingSolver},
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
        One of :data:`~opt_twin.scheduling.OBJECTIVES`, minimised.
    solver
        ``auto`` (dispatching rules, then CP-SAT from their best schedule), ``cp-sat``, ``milp`` (plain job
        shops only), ``dispatching``, the name of a plug-in, or a solver.
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
    value = evaluate_objective(instance, result.best, objective)
    if result.objective != value:
        raise SolverError(f"{result.solver} states {objective} {result.objective}, its schedule has {value}")
    known = lower_bound(instance, objective)
    bound = known if result.bound is None else max(known, result.bound)
    if bound > value:
        raise SolverError(f"{result.solver} states the bound {bound}, its own schedule has {value}")
    if bound == value:
        return dataclasses.replace(result, bound=bound, status=Status.OPTIMAL, stop_reason=StopReason.PROVED)
    return dataclasses.replace(result, bound=bound)
