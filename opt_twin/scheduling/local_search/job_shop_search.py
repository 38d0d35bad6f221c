"""Tabu search with path relinking for job shops and flexible job shops, to be stopped at any time.

References
----------
Peng, Lue, Cheng (2015), A tabu search/path relinking algorithm to solve the job shop scheduling problem,
Computers & Operations Research 53:154-164. Gonzalez, Vela, Varela (2015), Scatter search with path relinking
for the flexible job shop scheduling problem, European Journal of Operational Research 245:35-45.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from opt_twin.scheduling.local_search.disjunctive_graph import DisjunctiveGraph, Solution
from opt_twin.scheduling.local_search.job_shop import Sequences, ShopArrays

__all__ = ["JobShopSearch", "SearchOutcome", "search"]

OnImprovement = Callable[[float, int, Sequences], None]
"""Is told seconds since the start, makespan in ticks and sequences."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchOutcome:
    """What a search has found.

    Attributes
    ----------
    value
        Makespan in ticks.
    sequences
        Operations on each machine, in their order.
    iterations
        Moves made.
    runtime
        Seconds.
    reached
        Whether the target was reached.
    """

    value: int
    sequences: Sequences
    iterations: int
    runtime: float
    reached: bool


class JobShopSearch:
    """A search whose path depends on its seed only; the clock decides where it ends.

    Tabu search from random solutions makes a population. Then two members are drawn, a solution is taken on
    the way between them, tabu search improves it, and the result replaces the worst member, unless it is
    worse or too like another. When the population has not become better for long, a new one begins.

    Parameters
    ----------
    shop
        The shop.
    seed
        Any integer from 0.
    target
        The search ends at a makespan of at most this, say a lower bound.
    start
        Sequences to begin with.
    population
        Members.
    patience
        Iterations without improvement after which a run of tabu search ends.

    Raises
    ------
    PlanError
        If `start` does not fit the shop.

    Notes
    -----
    Two searches share nothing and can run in two threads: the compiled part holds no lock of the interpreter.
    """

    def __init__(
        self,
        shop: ShopArrays,
        *,
        seed: int,
        target: int = 0,
        start: Sequences | None = None,
        population: int = 12,
        patience: int = 12_500,
    ) -> None:
        self._graph = DisjunctiveGraph(shop, seed=seed, patience=patience)
        self._random = np.random.default_rng(np.random.SeedSequence(entropy=seed, spawn_key=(1,)))
        self._target = target
        self._size = population
        pairs = shop.operations * (shop.operations // shop.machines) // 2
        self._apart = max(2, pairs // 100)
        self._best: Solution | None = None
        self._iterations = 0
        self._offers: deque[Sequences] = deque()
        self._slice = min(20_000, max(500, 4_000_000 // shop.operations))
        self._members: list[Solution] = []
        if start is not None:
            self.offer(start)
        self._path = self._evolve()

    @property
    def value(self) -> int | None:
        """The least makespan so far, in ticks; None before the first slice."""
        return None if self._best is None else self._best.value

    @property
    def sequences(self) -> Sequences:
        """The sequences of the best solution so far; empty before the first slice."""
        return () if self._best is None else self._graph.sequences(self._best)

    @property
    def iterations(self) -> int:
        """Moves made so far."""
        return self._iterations

    @property
    def reached(self) -> bool:
        """Whether the target has been reached."""
        return self._best is not None and self._best.value <= self._target

    def advance(self) -> None:
        """Go on for one slice: some 5 to 20 ms, a number of moves that depends on the shop only."""
        if not self.reached:
            next(self._path)

    def offer(self, sequences: Sequences) -> None:
        """Hand in a solution that was found elsewhere; it is looked at when the current run ends.

        May be called from any thread. Which slice takes it depends on when it comes, so the path is fixed by
        the seed only as long as nothing is offered.

        Raises
        ------
        PlanError
            If it does not fit the shop.
        """
        self._graph.arranged(sequences)
        self._offers.append(sequences)

    def _run(self) -> Iterator[None]:
        """Improve the current solution of the graph by tabu search; yield after each slice."""
        graph = self._graph
        graph.start()
        ended = False
        while not ended:
            before = graph.iterations
            ended = graph.go_on(self._slice, self._target)
            self._iterations += graph.iterations - before
            if self._best is None or graph.best < self._best.value:
                self._best = graph.best_solution()
            yield

    def _evolve(self) -> Iterator[None]:
        """Go from population to population for ever; yield after each slice."""
        while True:
            self._members = []
            for _ in range(self._size):
                yield from self._take_offers()
                self._graph.take_random()
                yield from self._run()
                self._admit(self._graph.best_solution())
            total, idle = sum(member.value for member in self._members), 0
            while idle < 2 * self._size and len(self._members) > 1:
                yield from self._take_offers()
                one, other = self._random.choice(len(self._members), 2, replace=False)
                start, goal = self._members[one], self._members[other]
                for a, b in ((start, goal), (goal, start)):
                    self._take_between(a, b)
                    yield from self._run()
                    self._admit(self._graph.best_solution())
                    idle += 1
                now = sum(member.value for member in self._members)
                if now < total:
                    total, idle = now, 0

    def _take_offers(self) -> Iterator[None]:
        while self._offers:
            offered = self._graph.solution_of(self._offers.popleft())
            self._graph.take(offered)
            yield from self._run()
            self._admit(self._graph.best_solution())

    def _take_between(self, start: Solution, goal: Solution) -> None:
        apart = self._graph.distance(start, goal)
        if apart < self._apart:
            self._graph.take_random()
        elif self._graph.shop.is_flexible or self._random.random() < 0.5:
            self._graph.take_between(start, goal, self._random.uniform(0.3, 0.7), self._random)
        else:
            self._graph.take_walk(start, goal, int(apart * self._random.uniform(0.4, 0.6)))

    def _admit(self, found: Solution) -> None:
        """Put a solution into the population unless it is too bad, or too like a better member."""
        members = self._members
        for index, member in enumerate(members):
            if self._graph.distance(found, member) < self._apart:
                if found.value < member.value:
                    members[index] = found
                return
        if len(members) < self._size:
            members.append(found)
            return
        worst = max(range(len(members)), key=lambda index: members[index].value)
        if found.value <= members[worst].value:
            members[worst] = found


def search(
    shop: ShopArrays,
    *,
    seed: int = 0,
    time_limit: float = 10.0,
    stop: Callable[[], bool] | None = None,
    target: int = 0,
    start: Sequences | None = None,
    on_improvement: OnImprovement | None = None,
) -> SearchOutcome:
    """Return the best solution that :class:`JobShopSearch` finds within a time limit.

    Parameters
    ----------
    shop
        The shop.
    seed
        Any integer from 0. One seed gives one sequence of improvements; the clock only cuts it.
    time_limit
        Seconds.
    stop
        Is asked after each slice of 5 to 20 ms; True ends the search.
    target
        The search ends at a makespan of at most this, say a lower bound.
    start
        Sequences to begin with.
    on_improvement
        Is told of each better solution.

    Raises
    ------
    PlanError
        If `start` does not fit the shop.
    """
    began = time.perf_counter()
    path = JobShopSearch(shop, seed=seed, target=target, start=start)
    known: int | None = None
    while True:
        path.advance()
        value = path.value
        now = time.perf_counter() - began
        if value is not None and (known is None or value < known):
            known = value
            if on_improvement is not None:
                on_improvement(now, value, path.sequences)
        if path.reached or now >= time_limit or (stop is not None and stop()):
            break
    assert known is not None
    return SearchOutcome(
        value=known,
        sequences=path.sequences,
        iterations=path.iterations,
        runtime=time.perf_counter() - began,
        reached=path.reached,
    )
