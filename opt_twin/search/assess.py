"""From points to candidates: build the lines, evaluate them, ask the objectives."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from opt_twin.errors import ModelError, ObjectiveError, OptTwinError
from opt_twin.line import Line
from opt_twin.results import Evaluation, Evaluator
from opt_twin.search.archive import Candidate
from opt_twin.search.executor import Outcome, evaluate_lines
from opt_twin.search.objectives import Constraint, Objective
from opt_twin.search.variables import DecisionSpace

__all__ = ["Assessor", "OnError", "costs_and_violations"]

Floats = npt.NDArray[np.float64]
OnError = Literal["raise", "infeasible"]

_log = logging.getLogger("opt_twin")


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessor:
    """Turns points into candidates, all on the same random streams.

    Attributes
    ----------
    space, objectives, constraints
        What is searched, and for what.
    evaluator, seed, executor
        What scores a line, on which streams, and where.
    on_error
        ``"raise"``: an evaluation or objective that fails ends the search with its error;
        ``"infeasible"``: it makes the candidate infeasible.
    """

    space: DecisionSpace
    objectives: tuple[Objective, ...]
    constraints: tuple[Constraint, ...]
    evaluator: Evaluator
    seed: int
    executor: Executor | None
    on_error: OnError

    def with_(self, *, evaluator: Evaluator, seed: int) -> Assessor:
        """Return the same with another evaluator, on other streams."""
        return replace(self, evaluator=evaluator, seed=seed)

    def assess(
        self, points: Floats, *, found: list[Candidate], go_on: Callable[[], bool] = lambda: True
    ) -> None:
        """Append a candidate for each point, shape (k, n), to `found`, until `go_on` says no.

        The list is the caller's, so that nothing is lost when an interruption ends the evaluation.

        Raises
        ------
        ObjectiveError
            If an objective or constraint fails, unless failures count as infeasible.
        OptTwinError
            If a line or its evaluation fails, unless failures count as infeasible.
        """
        lines: list[Line] = []
        members: list[Floats] = []

        def store(index: int, outcome: Outcome) -> None:
            found.append(self._candidate(members[index], lines[index], outcome))

        for point in points:
            try:
                lines.append(self.space.line(point))
                members.append(point)
            except ModelError as error:
                found.append(self._candidate(point, self.space.base, error))
        if lines:
            evaluate_lines(
                lines, self.evaluator, seed=self.seed, store=store, go_on=go_on, executor=self.executor
            )

    def _candidate(self, x: Floats, line: Line, outcome: Outcome) -> Candidate:
        decisions = self.space.decode(x)
        try:
            if not isinstance(outcome, Evaluation):
                raise outcome
            values = [objective.score(outcome, line, decisions) for objective in self.objectives]
            violations = [constraint.violation(outcome, line, decisions) for constraint in self.constraints]
        except OptTwinError as error:
            if self.on_error == "raise":
                if not isinstance(error, ObjectiveError):
                    error.add_note(f"while evaluating {dict(decisions)}")
                raise
            _log.info("infeasible, %s: %s", dict(decisions), error)
            return Candidate(x=x, decisions=decisions, violations=np.zeros(0), failure=str(error))
        return Candidate(
            x=x,
            decisions=decisions,
            values=np.array(values),
            violations=np.array(violations),
            evaluation=outcome,
        )


def costs_and_violations(
    candidates: Sequence[Candidate], signs: Floats, constraints: int
) -> tuple[Floats, Floats]:
    """Return what NSGA-II compares: costs (k, m) and violations (k, constraints + 1).

    The last column marks failures, which are worse than any violation.
    """
    costs = np.zeros((len(candidates), len(signs)))
    violations = np.zeros((len(candidates), constraints + 1))
    for index, candidate in enumerate(candidates):
        if candidate.values is None:
            violations[index, -1] = 1e30
        else:
            costs[index] = candidate.values * signs
            violations[index, :-1] = candidate.violations
    return costs, violations
