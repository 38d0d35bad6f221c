"""Everything that a search has evaluated."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from opt_twin.records import digest_of
from opt_twin.results import Evaluation
from opt_twin.search.dominance import non_dominated
from opt_twin.search.objectives import Objective

__all__ = ["Archive", "Candidate", "values_of"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Candidate:
    """A point of the decision space and what became of it.

    Attributes
    ----------
    x
        The point, shape (n,).
    decisions
        Path -> value.
    values
        Objectives in the user's senses, shape (m,); None when the evaluation failed.
    violations
        By how much each constraint is exceeded, shape (k,); empty when the evaluation failed.
    evaluation
        Where the values come from.
    failure
        Why the evaluation failed, else empty.
    """

    x: Floats
    decisions: Mapping[str, int | float]
    values: Floats | None = None
    violations: Floats
    evaluation: Evaluation | None = None
    failure: str = ""

    @property
    def feasible(self) -> bool:
        """Whether it was evaluated and keeps every constraint."""
        return self.values is not None and not self.violations.any()


class Archive:
    """Candidates by the digest of their decisions, so that none is evaluated twice.

    The evaluations themselves are kept for the current front only.
    """

    def __init__(self, objectives: Sequence[Objective]) -> None:
        self._senses = [objective.sense for objective in objectives]
        self._candidates: dict[str, Candidate] = {}
        self._front: list[str] = []

    def __len__(self) -> int:
        return len(self._candidates)

    def __iter__(self) -> Iterator[Candidate]:
        return iter(self._candidates.values())

    def __contains__(self, decisions: Mapping[str, int | float]) -> bool:
        return digest_of(decisions) in self._candidates

    def add(self, candidates: Sequence[Candidate]) -> None:
        """Add candidates and bring the front up to date."""
        contenders = list(self._front)
        for candidate in candidates:
            key = digest_of(candidate.decisions)
            self._candidates[key] = candidate
            if candidate.feasible:
                contenders.append(key)
        best = non_dominated(
            values_of([self._candidates[key] for key in contenders], len(self._senses)), self._senses
        )
        self._front = [key for key, keep in zip(contenders, best, strict=True) if keep]
        for key, keep in zip(contenders, best, strict=True):
            if not keep:
                self._candidates[key] = dataclasses.replace(self._candidates[key], evaluation=None)

    @property
    def front(self) -> list[Candidate]:
        """The feasible candidates that no other feasible one dominates, in the order of their finding."""
        return [self._candidates[key] for key in self._front]

    @property
    def feasible_values(self) -> Floats:
        """The objectives of all feasible candidates in the user's senses, shape (n, m)."""
        return values_of([candidate for candidate in self if candidate.feasible], len(self._senses))


def values_of(candidates: Sequence[Candidate], objectives: int) -> Floats:
    """Return the values of evaluated candidates, shape (n, m)."""
    rows = [candidate.values for candidate in candidates]
    return np.array(rows, dtype=float).reshape(-1, objectives)
