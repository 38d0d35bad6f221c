"""The search itself: NSGA-II until the budget is spent, or every point when there are few."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
import numpy.typing as npt

from opt_twin.results import StopReason
from opt_twin.search.archive import Archive, Candidate, values_of
from opt_twin.search.assess import Assessor, costs_and_violations
from opt_twin.search.budget import Budget
from opt_twin.search.dominance import hypervolume, reference_of, signs_of
from opt_twin.search.variables import DecisionSpace
from opt_twin.streams import Purpose, stream

__all__ = ["Exploration", "OnSearch"]

Floats = npt.NDArray[np.float64]

OnSearch = Callable[[int, int | None, float], None]
"""Called with the evaluations done, the evaluations allowed (None: limited by time), and the hypervolume."""


@dataclass(slots=True, kw_only=True)
class Exploration:
    """One run of the search: what it was given, and what it has found so far.

    Attributes
    ----------
    assessor, budget, population, seed
        How candidates are assessed, how many, how many survive, and the seed of the operators.
    on_progress
        Called after each evaluation. The reference point of its hypervolume is fixed by the first generation
        with a feasible candidate.
    archive
        Everything evaluated.
    generations
        How many were completed.
    fronts
        Seconds since the start and the values of the front, after each generation.
    """

    assessor: Assessor
    budget: Budget
    population: int
    seed: int
    on_progress: OnSearch | None = None
    archive: Archive = field(init=False)
    generations: int = 0
    fronts: list[tuple[float, Floats]] = field(default_factory=list)
    _started: float = field(init=False)
    _reference: Floats | None = None
    _hypervolume: float = 0.0

    def __post_init__(self) -> None:
        self.archive = Archive(self.assessor.objectives)
        self._started = time.perf_counter()

    def run(self) -> StopReason:
        """Search until the budget is spent, the space is exhausted, or Ctrl-C; say why it stopped.

        ``StopReason.PROVED`` means that every point of the space was evaluated.
        """
        try:
            if self._is_small:
                return self._every_point()
            return self._nsga2()
        except KeyboardInterrupt:
            return StopReason.INTERRUPTED

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return time.perf_counter() - self._started

    @property
    def algorithm(self) -> str:
        """What searches: NSGA-II, or an enumeration where the space is small enough for it."""
        return "enumeration" if self._is_small else "NSGA-II"

    @property
    def _is_small(self) -> bool:
        return self._space.size <= (self.budget.evaluations or self.population)

    @property
    def _space(self) -> DecisionSpace:
        return self.assessor.space

    def _every_point(self) -> StopReason:
        points = self._space.points()
        while len(batch := list(islice(points, self.population))):
            self._generation(np.array(batch))
            if self._out_of_time():
                break
        return StopReason.PROVED if len(self.archive) == self._space.size else StopReason.TIME_LIMIT

    def _nsga2(self) -> StopReason:
        from opt_twin.search.problem import Breeder

        objectives, constraints = self.assessor.objectives, self.assessor.constraints
        signs = signs_of([objective.sense for objective in objectives])
        breeder = Breeder(
            self._space,
            first=self._first_points(),
            objectives=len(objectives),
            constraints=len(constraints) + 1,
            population=self.population,
            seed=self.seed,
        )
        remaining = self._unseen()
        while True:
            points = breeder.ask()
            if len(points) == 0:
                points = np.array(list(islice(remaining, self.population)))
            if len(points) == 0:
                return StopReason.PROVED if len(self.archive) == self._space.size else StopReason.BUDGET
            found = self._generation(points[: self._evaluations_left()])
            if self._out_of_time():
                return StopReason.TIME_LIMIT
            if self._evaluations_left() == 0:
                return StopReason.BUDGET
            breeder.tell(
                np.array([candidate.x for candidate in found]),
                *costs_and_violations(found, signs, len(constraints)),
            )

    def _first_points(self) -> Floats:
        """Return today's point and a Latin hypercube, without repetition."""
        rng = stream(self.seed, 0, "search", Purpose.SEARCH)
        low, high = self._space.low, self._space.high
        half = np.where(self._space.integer, 0.5 - 1e-9, 0.0)
        count = max(1, self.population - 1)
        strata = np.array([rng.permutation(count) for _ in low]).T
        shares = (strata + rng.random(strata.shape)) / count
        sampled = self._space.repair(low - half + shares * (high - low + 2 * half))
        points = np.vstack([self._space.today(), sampled])
        _, first = np.unique(points, axis=0, return_index=True)
        distinct: Floats = points[np.sort(first)]
        return distinct

    def _unseen(self) -> Iterator[Floats]:
        """Yield in order what was not evaluated of a finite space; nothing of an infinite one."""
        if math.isfinite(self._space.size):
            for point in self._space.points():
                if self._space.decode(point) not in self.archive:
                    yield point

    def _generation(self, points: Floats) -> list[Candidate]:
        found: list[Candidate] = []
        done = len(self.archive)

        def go_on() -> bool:
            if self.on_progress is not None:
                self.on_progress(done + len(found), self.budget.evaluations, self._hypervolume)
            return not self._out_of_time()

        try:
            self.assessor.assess(points, found=found, go_on=go_on)
        finally:
            self.archive.add(found)
        self.generations += 1
        self._note_front()
        return found

    def _note_front(self) -> None:
        senses = [objective.sense for objective in self.assessor.objectives]
        front = values_of(self.archive.front, len(senses))
        self.fronts.append((self.seconds, front))
        if self.on_progress is not None and len(front):
            if self._reference is None:
                self._reference = reference_of(self.archive.feasible_values, senses)
            self._hypervolume = hypervolume(front, self._reference, senses)
            self.on_progress(len(self.archive), self.budget.evaluations, self._hypervolume)

    def _evaluations_left(self) -> int | None:
        if self.budget.evaluations is None:
            return None
        return self.budget.evaluations - len(self.archive)

    def _out_of_time(self) -> bool:
        return self.budget.seconds is not None and self.seconds >= self.budget.seconds
