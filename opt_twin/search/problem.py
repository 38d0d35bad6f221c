"""pymoo behind one small door: it breeds points, everything else stays outside.

This module imports pymoo when it is imported; import it where it is used.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from pymoo.algorithms.moo.nsga2 import NSGA2
from pymoo.core.duplicate import DuplicateElimination
from pymoo.core.population import Population
from pymoo.core.problem import Problem
from pymoo.core.repair import Repair
from pymoo.core.termination import NoTermination
from pymoo.operators.crossover.sbx import SBX
from pymoo.operators.mutation.pm import PM

from opt_twin.search.variables import DecisionSpace

__all__ = ["Breeder"]

Floats = npt.NDArray[np.float64]


class Breeder:
    """NSGA-II by ask and tell on the points of a decision space.

    Points are real-coded, crossed by simulated binary crossover, changed by polynomial mutation, and moved
    to the nearest point of the space. A point that was told before is never asked for again.

    Parameters
    ----------
    space
        Where the points lie.
    first
        The first points to ask for, shape (k, n).
    objectives, constraints
        How many values of each kind come with a point.
    population
        Points that survive a generation.
    seed
        Of the operators.

    References
    ----------
    Deb, Pratap, Agarwal, Meyarivan (2002), A fast and elitist multiobjective genetic algorithm: NSGA-II.
    """

    def __init__(
        self,
        space: DecisionSpace,
        *,
        first: Floats,
        objectives: int,
        constraints: int,
        population: int,
        seed: int,
    ) -> None:
        self._seen = _Seen()
        half = np.where(space.integer, 0.5 - 1e-9, 0.0)  # so that the end values are as likely as the others
        problem = Problem(
            n_var=len(space.variables),
            n_obj=objectives,
            n_ieq_constr=constraints,
            xl=space.low - half,
            xu=space.high + half,
        )
        self._algorithm = NSGA2(
            pop_size=population,
            sampling=first,
            crossover=SBX(eta=15, prob=0.9),
            mutation=PM(eta=20),
            repair=_ToSpace(space),
            eliminate_duplicates=self._seen,
        )
        self._algorithm.setup(problem, termination=NoTermination(), seed=seed, verbose=False)

    def ask(self) -> Floats:
        """Return the next points, shape (k, n), none told before; k is 0 when no new one can be bred."""
        born = self._algorithm.ask()
        self._algorithm.termination.force_termination = False
        points: Floats = np.zeros((0, self._algorithm.problem.n_var)) if born is None else born.get("X")
        return points.astype(float)

    def tell(self, points: Floats, costs: Floats, violations: Floats) -> None:
        """Let the points (k, n) compete with those of before, by costs (k, m) and violations (k, c).

        A point without violation beats one with; the sum of the violations decides between two with.
        """
        self._seen.add(points)
        told = Population.new(X=points)
        told.set("F", costs)
        told.set("G", violations)
        told.set("H", np.zeros((len(points), 0)))
        self._algorithm.tell(infills=told)


class _Seen(DuplicateElimination):  # type: ignore[misc]  # pymoo has no types
    """Eliminates points that were told before or stand twice."""

    def __init__(self) -> None:
        super().__init__()
        self._keys: set[bytes] = set()

    def add(self, points: Floats) -> None:
        self._keys.update(point.tobytes() for point in np.asarray(points, dtype=float))

    def do(self, pop: Any, *others: Any, **_: Any) -> Any:
        taken = {key for other in others for key in _keys(other)}
        new = []
        for index, key in enumerate(_keys(pop)):
            if key not in self._keys and key not in taken:
                taken.add(key)
                new.append(index)
        return pop[new]


def _keys(population: Any) -> list[bytes]:
    if len(population) == 0:
        return []
    return [point.tobytes() for point in np.asarray(population.get("X"), dtype=float)]


class _ToSpace(Repair):  # type: ignore[misc]  # pymoo has no types
    """Moves points to the nearest ones of the decision space."""

    def __init__(self, space: DecisionSpace) -> None:
        super().__init__()
        self._space = space

    def _do(self, problem: Any, X: Floats, **_: Any) -> Floats:  # noqa: ARG002, N803 - as pymoo calls it
        return self._space.repair(X)
