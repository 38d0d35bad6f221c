"""What the solvers' own statuses mean."""

from __future__ import annotations

from opt_twin.errors import SolverError
from opt_twin.results import Status, StopReason

__all__ = ["cpsat_status", "highs_status"]


def cpsat_status(
    name: str, *, objective: float | None, bound: float | None, interrupted: bool
) -> tuple[Status, StopReason]:
    """Return what a status of CP-SAT means.

    CP-SAT reports OPTIMAL also when it stopped at the gap limit; that is a feasible answer here.

    Parameters
    ----------
    name
        ``OPTIMAL``, ``FEASIBLE``, ``INFEASIBLE``, ``UNKNOWN`` or ``MODEL_INVALID``.
    objective, bound
        Of the answer.
    interrupted
        Whether the search was asked to stop.

    Raises
    ------
    SolverError
        If the model is not valid, or the status is not known.
    """
    early = StopReason.INTERRUPTED if interrupted else StopReason.TIME_LIMIT
    if name == "OPTIMAL":
        if objective is not None and bound is not None and bound < objective:
            return Status.FEASIBLE, StopReason.GAP_LIMIT
        return Status.OPTIMAL, StopReason.PROVED
    if name == "INFEASIBLE":
        return Status.INFEASIBLE, StopReason.PROVED
    if name == "FEASIBLE":
        return Status.FEASIBLE, early
    if name == "UNKNOWN":
        return Status.UNKNOWN, early
    raise SolverError(f"CP-SAT answered {name}; the model or a parameter of the solver is not valid")


def highs_status(
    name: str, *, has_solution: bool, objective: float | None = None, bound: float | None = None
) -> tuple[Status, StopReason]:
    """Return what a model status of HiGHS means.

    HiGHS calls an answer within its gap limit optimal; it is optimal here only when the bound, rounded up to
    a whole number, meets the objective.

    Parameters
    ----------
    name
        Of a ``HighsModelStatus``, as ``kOptimal``.
    has_solution
        Whether there is one.
    objective, bound
        Of the answer.

    Raises
    ------
    SolverError
        If HiGHS failed.
    """
    if name == "kOptimal":
        if objective is not None and bound is not None and bound < objective:
            return Status.FEASIBLE, StopReason.GAP_LIMIT
        return Status.OPTIMAL, StopReason.PROVED
    if name in {"kInfeasible", "kUnboundedOrInfeasible"}:
        return Status.INFEASIBLE, StopReason.PROVED
    if name in {"kTimeLimit", "kInterrupt"}:
        reason = StopReason.TIME_LIMIT if name == "kTimeLimit" else StopReason.INTERRUPTED
        return (Status.FEASIBLE if has_solution else Status.UNKNOWN), reason
    raise SolverError(f"HiGHS stopped with {name}")
