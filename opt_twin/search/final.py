"""From what a search has seen to what can be reported: the front on fresh random streams."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from opt_twin.search.archive import Archive, Candidate, values_of
from opt_twin.search.assess import Assessor
from opt_twin.search.dominance import non_dominated, signs_of, spread
from opt_twin.search.objectives import Objective, Sense

__all__ = ["FinalFront", "reevaluate", "unchecked"]

Floats = npt.NDArray[np.float64]


@dataclass(slots=True, kw_only=True)
class FinalFront:
    """The members of the final front, and what the re-evaluation changed.

    Attributes
    ----------
    seen, fresh
        Each member as the search saw it, and as the re-evaluation did.
    reevaluated, removed_dominated, removed_infeasible
        How many candidates were evaluated again, and how many of them left the front, and why.
    optimism
        Mean over the re-evaluated candidates of the improvement that the search saw beyond the fresh
        values, shape (m,).
    fresh_values
        Values of all re-evaluated feasible candidates, shape (k, m).
    """

    seen: list[Candidate]
    fresh: list[Candidate]
    reevaluated: int = 0
    removed_dominated: int = 0
    removed_infeasible: int = 0
    optimism: Floats = field(default_factory=lambda: np.zeros(0))
    fresh_values: Floats = field(default_factory=lambda: np.zeros((0, 0)))


def reevaluate(archive: Archive, assessor: Assessor, *, most: int) -> FinalFront:
    """Evaluate the front of a search again, and keep what is feasible and not dominated by the fresh values.

    When the whole front turns out infeasible, the next best candidates have their turn, until `most` were
    evaluated.

    Parameters
    ----------
    archive
        What the search has evaluated.
    assessor
        Evaluates on streams that the search has not seen.
    most
        How many candidates to evaluate at most; a larger front is thinned evenly.
    """
    senses = [objective.sense for objective in assessor.objectives]
    waiting = [candidate for candidate in archive if candidate.feasible]
    seen: list[Candidate] = []
    fresh: list[Candidate] = []
    while waiting and len(seen) < most and not any(candidate.feasible for candidate in fresh):
        best, waiting = _front_of(waiting, senses, most - len(seen))
        found: list[Candidate] = []
        assessor.assess(np.array([candidate.x for candidate in best]), found=found)
        order = {candidate.x.tobytes(): candidate for candidate in found}
        seen += best
        fresh += [order[candidate.x.tobytes()] for candidate in best]
    pairs = [(old, new) for old, new in zip(seen, fresh, strict=True) if new.feasible]
    values = values_of([new for _, new in pairs], len(senses))
    keep = non_dominated(values, senses)
    return FinalFront(
        seen=[old for (old, _), kept in zip(pairs, keep, strict=True) if kept],
        fresh=[new for (_, new), kept in zip(pairs, keep, strict=True) if kept],
        reevaluated=len(seen),
        removed_dominated=int((~keep).sum()),
        removed_infeasible=len(seen) - len(pairs),
        optimism=_optimism(seen, fresh, senses),
        fresh_values=values,
    )


def unchecked(archive: Archive, objectives: Sequence[Objective], *, most: int) -> FinalFront:
    """Return the front as the search saw it, thinned to `most` members."""
    front = archive.front
    costs = values_of(front, len(objectives)) * signs_of([objective.sense for objective in objectives])
    thinned = [front[index] for index in spread(costs, most)]
    return FinalFront(seen=thinned, fresh=thinned)


def _front_of(
    candidates: Sequence[Candidate], senses: Sequence[Sense], most: int
) -> tuple[list[Candidate], list[Candidate]]:
    """Return at most `most` of the candidates that no other dominates, evenly spread, and the rest."""
    values = values_of(candidates, len(senses))
    best = np.flatnonzero(non_dominated(values, senses))
    chosen = {int(best[index]) for index in spread(values[best] * signs_of(senses), most)}
    return (
        [candidate for index, candidate in enumerate(candidates) if index in chosen],
        [candidate for index, candidate in enumerate(candidates) if index not in chosen],
    )


def _optimism(seen: Sequence[Candidate], fresh: Sequence[Candidate], senses: Sequence[Sense]) -> Floats:
    gains = [
        (new.values - old.values) * signs_of(senses)
        for old, new in zip(seen, fresh, strict=True)
        if old.values is not None and new.values is not None
    ]
    mean: Floats = np.mean(gains, axis=0) if gains else np.zeros(len(senses))
    return mean
