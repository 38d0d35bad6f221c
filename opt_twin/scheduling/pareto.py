"""Schedules between two objectives that no schedule dominates."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from opt_twin.errors import OptionError, SolverError
from opt_twin.plan import Schedule
from opt_twin.results import Status
from opt_twin.scheduling.cpsat import CpSatSolver
from opt_twin.scheduling.instance import SchedulingInstance
from opt_twin.scheduling.objectives import check_objective, evaluate_objective
from opt_twin.scheduling.verify import verify
from opt_twin.solvers import SolveOptions

__all__ = ["ScheduleFront", "pareto_schedules"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleFront:
    """Schedules of which none is better than another in both objectives.

    Attributes
    ----------
    objectives
        The two objectives.
    points
        (values, schedule), the best for the first objective first.
    exact
        Whether it was proved that each is as good as stated, and that there are no others.
    """

    objectives: tuple[str, str]
    points: tuple[tuple[tuple[int, int], Schedule], ...]
    exact: bool

    def __iter__(self) -> Iterator[tuple[tuple[int, int], Schedule]]:
        return iter(self.points)

    def __len__(self) -> int:
        return len(self.points)

    @property
    def values(self) -> tuple[tuple[int, int], ...]:
        """The values of both objectives, point by point."""
        return tuple(values for values, _ in self.points)


def pareto_schedules(
    instance: SchedulingInstance, first: str, second: str, *, options: SolveOptions | None = None
) -> ScheduleFront:
    """Return one schedule for each pair of values that no schedule is better than in both objectives.

    The first objective is minimised, then the second with the first held; then again among the schedules
    that are better in the second, until there are none (epsilon-constraint method). Whole values make the
    steps exact.

    Parameters
    ----------
    instance
        What is to be scheduled.
    first, second
        Measures or weighted sums, as :func:`~opt_twin.scheduling.parse_objective` reads them.
    options
        Limits of the whole search; 60 s and one worker unless given.

    Returns
    -------
    ScheduleFront
        Empty when no schedule is feasible. Not `exact` when the time ran out; the points then do not dominate
        one another, and better ones may exist.

    Raises
    ------
    UnknownNameError, OptionError
        If an objective cannot be read, means nothing for the instance, or has several stages.
    SolverError
        If a schedule did not pass the verifier.

    References
    ----------
    Haimes, Lasdon, Wismer (1971), On a bicriterion formulation of the problems of integrated system
    identification and system optimization, IEEE Transactions on Systems, Man, and Cybernetics 1:296-297.

    Examples
    --------
    >>> from opt_twin.testing import two_job_shop
    >>> front = pareto_schedules(two_job_shop(), "makespan", "total_weighted_flow_time")
    >>> front.values, front.exact
    (((7, 14),), True)
    """
    for objective in (first, second):
        if len(check_objective(instance, objective).stages) > 1:
            raise OptionError(f"{objective!r} has several stages; a front needs one value of each objective")
    points, exact = _search(instance, first, second, SolveOptions() if options is None else options)
    return ScheduleFront(objectives=(first, second), points=_undominated(points), exact=exact)


def _search(
    instance: SchedulingInstance, first: str, second: str, limits: SolveOptions
) -> tuple[list[tuple[tuple[int, int], Schedule]], bool]:
    """Return points from the best for the first objective on, and whether all was proved."""
    started = time.perf_counter()
    points: list[tuple[tuple[int, int], Schedule]] = []
    caps: dict[str, int] = {}
    exact = True
    while True:
        left = limits.time_limit - (time.perf_counter() - started)
        if left <= 0:
            exact = False
            break
        result = CpSatSolver(caps=caps).solve(
            instance, objective=f"{first}, {second}", options=limits.replace(time_limit=left)
        )
        if result.status is not Status.OPTIMAL and result.status is not Status.INFEASIBLE:
            exact = False
        if result.best is None:
            break
        violations = verify(instance, result.best)
        if violations:
            raise SolverError(f"a schedule has {len(violations)} violations; the first: {violations[0]}")
        values = (
            evaluate_objective(instance, result.best, first),
            evaluate_objective(instance, result.best, second),
        )
        points.append((values, result.best))
        if values[1] == 0:
            break
        caps = {second: values[1] - 1}
    return points, exact


def _undominated(
    points: list[tuple[tuple[int, int], Schedule]],
) -> tuple[tuple[tuple[int, int], Schedule], ...]:
    """Return the points that no other one dominates, in the order of the first objective."""
    kept: list[tuple[tuple[int, int], Schedule]] = []
    for values, schedule in sorted(points, key=lambda point: point[0]):
        if not kept or values[1] < kept[-1][0][1]:
            kept.append((values, schedule))
    return tuple(kept)
