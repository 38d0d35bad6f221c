"""A solution in work: the arrays that the kernels share, and a run of tabu search on them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from opt_twin.errors import PlanError
from opt_twin.scheduling.local_search import disjunctive_tabu as tabu
from opt_twin.scheduling.local_search.disjunctive import (
    END,
    FIELDS,
    JOB,
    RANK,
    TAIL,
    link,
    makespan,
)
from opt_twin.scheduling.local_search.disjunctive_compiled import Int32s, random_state
from opt_twin.scheduling.local_search.job_shop import Sequences, ShopArrays
from opt_twin.scheduling.local_search.relinking import distance, random_solution, walk

__all__ = ["DisjunctiveGraph", "Solution"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Solution:
    """A solution of a shop that has been looked at.

    Attributes
    ----------
    value
        Makespan in ticks.
    order
        Slots of the operations in a topological order.
    choice, machine, rank
        Option, machine and place in the order of each slot.
    """

    value: int
    order: Int32s
    choice: Int32s
    machine: Int32s
    rank: Int32s


class DisjunctiveGraph:
    """The disjunctive graph of a shop, with a current solution and a run of tabu search.

    Parameters
    ----------
    shop
        The shop.
    seed
        Of all that is random here; with the calls that are made it fixes every result.
    patience
        Iterations without improvement after which a run ends.
    """

    def __init__(self, shop: ShopArrays, *, seed: int, patience: int) -> None:
        self.shop = shop
        # Machines, then for each job a gate and its operations, then a gate.
        sizes = np.diff(shop.first)
        self._first = (shop.machines + 1 + shop.first[:-1] + np.arange(shop.jobs)).astype(np.int32)
        self._last = (self._first + sizes - 1).astype(np.int32)
        slots = int(self._last[-1]) + 2
        self.slots = np.concatenate(
            [np.arange(a, b + 1) for a, b in zip(self._first, self._last, strict=True)]
        ).astype(np.int32)
        self._nodes = np.zeros((slots, FIELDS), np.int32)
        self._nodes[:, RANK] = -1
        self._nodes[:, JOB] = -1
        self._nodes[self.slots, JOB] = np.repeat(np.arange(shop.jobs), sizes)
        self._option = np.zeros(slots + 1, np.int32)
        self._option[self.slots] = shop.option[:-1]
        self._option[self.slots + 1] = shop.option[1:]
        self._order = self.slots.copy()
        self._choice = np.zeros(slots, np.int32)
        self._choice[self.slots] = shop.option[:-1]
        self._set_limits()
        self._until = np.zeros((slots, shop.jobs + shop.machines), np.int32)
        self._moves = np.zeros((4 * shop.operations + shop.option_machine.size, 4), np.int32)
        self._path, self._work = self._order.copy(), self._order.copy()
        self._best_order, self._best_choice = self._order.copy(), self._choice.copy()
        tenure = 10 + shop.jobs // shop.machines
        spread = (0.5 if shop.jobs > 2 * shop.machines else 0.4) * tenure
        self._counts = np.zeros(tabu.COUNTS, np.int64)
        self._counts[[tabu.PATIENCE, tabu.TENURE, tabu.SPREAD]] = patience, tenure, int(spread)
        self._random = random_state(seed)

    def _set_limits(self) -> None:
        """Write releases, delivery times and the times at which machines are free into their slots."""
        self._nodes[: self.shop.machines, END] = self.shop.free
        self._nodes[self._first - 1, END] = self.shop.release
        self._nodes[self._last + 1, TAIL] = self.shop.delivery

    @property
    def best(self) -> int:
        """The least makespan of the run, in ticks."""
        return int(self._counts[tabu.BEST])

    @property
    def iterations(self) -> int:
        """The iterations of the run."""
        return int(self._counts[tabu.ITERATION])

    def best_solution(self) -> Solution:
        """Return the best solution of the run."""
        return self._solution(self.best, self._best_order, self._best_choice)

    def _solution(self, value: int, order: Int32s, choice: Int32s) -> Solution:
        machine, rank = np.full_like(choice, -1), np.full_like(choice, -1)
        machine[self.slots] = self.shop.option_machine[choice[self.slots]]
        rank[order] = np.arange(order.size)
        return Solution(value=value, order=order.copy(), choice=choice.copy(), machine=machine, rank=rank)

    def start(self) -> None:
        """Begin a run at the current solution."""
        link(
            self._nodes,
            self._order,
            self._choice,
            self.shop.option_machine,
            self.shop.option_duration,
            self.shop.machines,
        )
        value = makespan(self._nodes, self._last)
        self._counts[[tabu.BEST, tabu.CURRENT]] = value
        self._counts[[tabu.ITERATION, tabu.IMPROVED]] = 0
        self._until[:] = 0
        self._best_order[:], self._best_choice[:] = self._order, self._choice

    def go_on(self, iterations: int, target: int) -> bool:
        """Go on with the run for at most `iterations`; return whether it has ended."""
        return tabu.tabu_search(
            self._nodes,
            self._order,
            self._choice,
            self._last,
            self._option,
            self.shop.option_machine,
            self.shop.option_duration,
            self._until,
            self._moves,
            self._path,
            self._work,
            self._best_order,
            self._best_choice,
            self._counts,
            self._random,
            iterations,
            target,
        )

    def take(self, solution: Solution) -> None:
        """Make `solution` the current one."""
        self._order[:], self._choice[:] = solution.order, solution.choice

    def take_random(self) -> None:
        """Make a random solution the current one."""
        random_solution(
            self._nodes,
            self._order,
            self._choice,
            self._first,
            self._last,
            self._option,
            self.shop.option_machine,
            self.shop.option_duration,
            self.shop.machines,
            self._random,
        )

    def take_between(
        self, start: Solution, goal: Solution, share: float, random: np.random.Generator
    ) -> None:
        """Make a solution on a way from `start` to `goal` the current one, `share` of the way ahead.

        The places of the two orders are averaged, so that pairs that stand alike in both stay as they are.
        Each operation takes the option of the goal with probability `share`.
        """
        key = (1 - share) * start.rank[self.slots] + share * goal.rank[self.slots]
        self._order[:] = self.slots[np.argsort(key, kind="stable")]
        self._choice[:] = start.choice
        if self.shop.is_flexible:
            moved = self.slots[random.random(self.slots.size) < share]
            self._choice[moved] = goal.choice[moved]

    def take_walk(self, start: Solution, goal: Solution, steps: int) -> None:
        """Make the solution after `steps` random exchanges from `start` toward `goal` the current one."""
        self.take(start)
        walk(self._order, start.machine, goal.rank, steps, self._random)

    def distance(self, one: Solution, other: Solution) -> int:
        """Return how many assignments and pairs on machines differ in two solutions."""
        grouped = self.slots[np.argsort(one.machine[self.slots], kind="stable")]
        return distance(grouped, one.machine, one.rank, other.machine, other.rank)

    def sequences(self, solution: Solution) -> Sequences:
        """Return the operations on each machine, in their order and by number."""
        number = np.zeros(self._choice.size, np.int64)
        number[self.slots] = np.arange(self.slots.size)
        machine = solution.machine[solution.order]
        return tuple(
            tuple(int(o) for o in number[solution.order[machine == m]]) for m in range(self.shop.machines)
        )

    def solution_of(self, sequences: Sequences) -> Solution:
        """Return the solution with these operations on the machines; the current one becomes it.

        Raises
        ------
        PlanError
            If :meth:`arranged` refuses the sequences.
        """
        order, chosen = self.arranged(sequences)
        self._order[:] = self.slots[order]
        self._choice[self.slots] = chosen
        self.start()
        return self.best_solution()

    def arranged(self, sequences: Sequences) -> tuple[list[int], list[int]]:
        """Return the operations in a topological order, and the option of each; nothing is changed.

        Raises
        ------
        PlanError
            If an operation is missing, stands twice or on a machine that cannot do it, or if the sequences
            contradict the routes.
        """
        shop = self.shop
        chosen: dict[int, int] = {}
        for machine, sequence in enumerate(sequences):
            for operation in sequence:
                known = 0 <= operation < shop.operations and operation not in chosen
                options = range(shop.option[operation], shop.option[operation + 1]) if known else range(0)
                fitting = [option for option in options if shop.option_machine[option] == machine]
                if not fitting:
                    raise PlanError(f"machine {machine} cannot do operation {operation}, or it stands twice")
                chosen[operation] = fitting[0]
        if len(chosen) < shop.operations:
            raise PlanError(f"the sequences hold {len(chosen)} operations, the shop has {shop.operations}")
        return self._sorted(sequences), [chosen[operation] for operation in range(shop.operations)]

    def _sorted(self, sequences: Sequences) -> list[int]:
        """Return the operations in an order that agrees with the routes and with `sequences`."""
        jobs = [range(a, b) for a, b in zip(self.shop.first[:-1], self.shop.first[1:], strict=True)]
        lines = [list(line) for line in (*jobs, *sequences)]
        waiting = [0] * self.shop.operations
        following: list[list[int]] = [[] for _ in range(self.shop.operations)]
        for line in lines:
            for before, after in pairwise(line):
                following[before].append(after)
                waiting[after] += 1
        ready = [operation for operation, count in enumerate(waiting) if count == 0]
        order: list[int] = []
        while ready:
            order.append(ready.pop())
            for after in following[order[-1]]:
                waiting[after] -= 1
                if waiting[after] == 0:
                    ready.append(after)
        if len(order) < self.shop.operations:
            raise PlanError("the sequences of the machines contradict the routes of the jobs")
        return order
