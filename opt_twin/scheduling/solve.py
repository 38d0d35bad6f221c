"""The one door to all scheduling solvers. Nothing leaves it that the verifier has not seen."""

from __future__ import annotations

import dataclasses
import math
import time

from opt_twin.errors import OptionError, PlanError, SolverError
from opt_twin.plan import Schedule
from opt_twin.results import Result, Status, StopReason
from opt_twin.scheduling.bounds import lower_bound
from opt_twin.scheduling.cpsat import CpSatSolver
from opt_twin.scheduling.dispatching import DispatchingSolver
from opt_twin.scheduling.instance import SchedulingInstance
from opt_twin.scheduling.labels import LabelSolver
from opt_twin.scheduling.milp import MilpSolver
from opt_twin.scheduling.objectives import check_objective, evaluate_objective
from opt_twin.scheduling.solver import SchedulingSolver
from opt_twin.scheduling.verify import verify
from opt_twin.solvers import OnProgress, SolveOptions, Stop
from opt_twin.solvers.registry import Registry

__all__ = ["AutoSolver", "solve_schedule", "solver_names"]


class AutoSolver:
    """Dispatching rules, then labels where they apply, then CP-SAT; each from the best schedule so far."""

    name = "auto"

    def refuses(self, instance: SchedulingInstance, objective: str) -> str | None:
        """Return why CP-SAT, which covers the most, cannot treat `instance`."""
        return CpSatSolver().refuses(instance, objective)

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
        """Return the best schedule of all; see :class:`~opt_twin.scheduling.solver.SchedulingSolver`.

        The rules get a tenth of the time, the labels half of what is left then.
        """
        started = time.perf_counter()
        so_far: Result[Schedule] | None = None
        parts: tuple[tuple[SchedulingSolver, float], ...] = (
            (DispatchingSolver(), 0.1),
            (LabelSolver(), 0.5),
            (CpSatSolver(), 1.0),
        )
        try:
            for part, share in parts:
                if part.refuses(instance, objective) is not None:
                    continue
                if isinstance(part, CpSatSolver) and so_far is not None and so_far.bound is not None:
                    part = CpSatSolver(lower=math.ceil(so_far.bound))  # noqa: PLW2901 - it knows more now
                spent = time.perf_counter() - started
                left = share * max(options.time_limit - spent, 0.001)
                result = part.solve(
                    instance,
                    objective=objective,
                    options=options.replace(time_limit=left),
                    start=start if so_far is None else so_far.best,
                    on_progress=_later(on_progress, spent),
                    stop=stop,
                )
                so_far = _after(so_far, result, spent)
                if so_far.status in {Status.OPTIMAL, Status.INFEASIBLE}:
                    break
                if so_far.stop_reason is StopReason.INTERRUPTED:
                    break
                if so_far.gap is not None and so_far.gap <= options.gap:
                    so_far = dataclasses.replace(so_far, stop_reason=StopReason.GAP_LIMIT)
                    break
        except KeyboardInterrupt:  # outside the parts, or while one was beginning
            if so_far is None:
                raise
            so_far = dataclasses.replace(so_far, stop_reason=StopReason.INTERRUPTED)
        assert so_far is not None
        return dataclasses.replace(so_far, runtime=time.perf_counter() - started)


def _later(on_progress: OnProgress | None, spent: float) -> OnProgress | None:
    """Return a hook that counts the time from the start of the whole search."""
    if on_progress is None:
        return None
    return lambda point: on_progress(point._replace(time=point.time + spent))


def _after(so_far: Result[Schedule] | None, result: Result[Schedule], spent: float) -> Result[Schedule]:
    """Return the result of the next part with the trace and the bound of those before."""
    points = tuple(point._replace(time=point.time + spent) for point in result.trace)
    if so_far is None:
        return dataclasses.replace(result, trace=points)
    bound = result.bound
    if bound is not None and so_far.bound is not None:
        bound = max(bound, so_far.bound)
    return dataclasses.replace(result, bound=bound, trace=(*so_far.trace, *points))


_SOLVERS: Registry[SchedulingSolver] = Registry(
    "scheduling",
    {
        "auto": AutoSolver,
        "cp-sat": CpSatSolver,
        "milp": MilpSolver,
        "dispatching": DispatchingSolver,
        "labels": LabelSolver,
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
        ``cp-sat``, ``milp`` (plain job shops only), ``dispatching``, ``labels`` (one sequence on all
        machines, few jobs), the name of a plug-in, or a solver.
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
