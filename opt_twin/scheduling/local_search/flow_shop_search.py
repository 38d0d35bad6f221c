"""An anytime search for flow shops: iterated greedy, compiled.

References
----------
See :mod:`opt_twin.scheduling.local_search.flow_shop_kernel`; for no-wait shops as a travelling salesman,
Reddi and Ramamoorthy (1972), On the flow-shop sequencing problem with no wait in process, Operational
Research Quarterly 23:323-331.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from opt_twin.errors import OptionError, SolverError, UnknownNameError
from opt_twin.scheduling.local_search import flow_shop_kernel as kernel
from opt_twin.scheduling.local_search.flow_shop import (
    FLOW_SHOP_OBJECTIVES,
    FlowShop,
    Sequences,
    decode,
    value_of,
)
from opt_twin.scheduling.local_search.flow_shop_compiled import (
    BLOCKING,
    HYBRID,
    MAKESPAN,
    PLAIN,
    Int32s,
    Int64s,
    Memory,
    Shop,
    random_state,
)

__all__ = ["FlowShopAnswer", "compiled_shop", "new_memory", "no_wait_delays", "search", "warm_up"]

_CHUNK = 0.03
_NEVER = 2**60


@dataclass(frozen=True, kw_only=True, slots=True)
class FlowShopAnswer:
    """The best that a search has found.

    Attributes
    ----------
    value
        In ticks, or weighted ticks; checked by the plain recursion.
    sequences
        The jobs of each factory in their order.
    steps
        Moves that the search has tried.
    """

    value: int
    sequences: Sequences
    steps: int


def no_wait_delays(shop: FlowShop) -> Int64s:
    """Return the least ticks between the starts of two jobs that follow each other without waiting, [n, n].

    Job b follows job a by the maximum over i of a's work up to machine i + set-up - b's work before i.

    Examples
    --------
    >>> no_wait_delays(FlowShop(durations=((3, 2), (1, 4)), kind="no_wait")).tolist()
    [[3, 4], [2, 4]]
    """
    work = np.array(shop.durations, dtype=np.int64)
    until = np.cumsum(work, axis=1)
    before = until - work
    delays = np.zeros((shop.jobs, shop.jobs), dtype=np.int64)
    for machine in range(shop.machines):
        needed = until[:, machine, None] - before[None, :, machine]
        if shop.setups is not None:
            needed = needed + np.array(shop.setups[machine], dtype=np.int64)
        delays = np.maximum(delays, needed)
    return delays


def compiled_shop(shop: FlowShop, objective: str) -> Shop:
    """Return the arrays on which the kernels work.

    A no-wait shop becomes one machine with set-ups: job j takes all its work W(j), and b follows a after a
    set-up of delay(a, b) - W(a), which may be negative.
    """
    n = shop.jobs
    durations = np.array(shop.durations, dtype=np.int64)
    setup = np.zeros((0, 0, 0), dtype=np.int64)
    if shop.setups is not None or shop.first_setups is not None:
        setup = np.zeros((shop.machines, n + 1, n + 1), dtype=np.int64)
        if shop.setups is not None:
            setup[:, :n, :n] = shop.setups
        if shop.first_setups is not None:
            setup[:, n, :n] = shop.first_setups
    if shop.kind == "no_wait":
        work = durations.sum(axis=1)
        starts = np.cumsum(durations, axis=1) - durations
        first = np.zeros((1, n), dtype=np.int64)
        if shop.first_setups is not None:
            first = np.maximum(0, (np.array(shop.first_setups).T - starts).max(axis=1))[None, :]
        setup = np.zeros((1, n + 1, n + 1), dtype=np.int64)
        setup[0, :n, :n] = no_wait_delays(shop) - work[:, None]
        setup[0, n, :n] = first
        durations = work[:, None]
    parallel = np.ones(durations.shape[1], dtype=np.int64)
    if shop.stage_machines is not None:
        parallel = np.minimum(np.array(shop.stage_machines, dtype=np.int64), n)
    return Shop(
        kind={"blocking": BLOCKING, "hybrid": HYBRID}.get(shop.kind, PLAIN),
        objective=FLOW_SHOP_OBJECTIVES.index(objective),
        factories=shop.factories,
        duration=np.ascontiguousarray(durations, dtype=np.int32),
        setup=np.ascontiguousarray(setup, dtype=np.int32),
        release=np.array(shop.releases or [0] * n, dtype=np.int64),
        due=np.array([_NEVER if due is None else due for due in shop.dues or [None] * n], dtype=np.int64),
        weight=np.array(shop.weights or [1] * n, dtype=np.int64),
        parallel=parallel,
    )


def new_memory(
    shop: Shop, seed: int, *, remove: int | None = None, warmth: float = 0.7, patience: int | None = None
) -> Memory:
    """Return the state of a search that has not begun.

    Parameters
    ----------
    shop
        What is searched.
    seed
        Of everything random.
    remove
        Jobs taken out in each round: 2 unless given, where positions differ little (sums over jobs, one
        machine) 4.
    warmth
        The temperature is this times a tenth of the mean duration.
    patience
        Rounds without a better sequence after which a run ends and another begins; 200 a job unless given.
    """
    n, m = shop.duration.shape
    if remove is None:
        remove = 2 if shop.objective == MAKESPAN and m > 1 else 4
    if patience is None:
        patience = 200 * n
    slots = n + shop.factories + 1

    def zeros(*shape: int) -> Int32s:
        return np.zeros(shape, dtype=np.int32)

    memory = Memory(
        sequence=zeros(slots),
        heads=zeros(m, slots),
        tails=zeros(m, slots),
        rest=zeros(slots),
        rest_heads=zeros(m, slots),
        rest_tails=zeros(m, slots),
        front=zeros(m, slots),
        front_end=zeros(slots),
        values=np.zeros(slots, dtype=np.int64),
        costs=np.zeros(slots, dtype=np.int64),
        order=zeros(n),
        removed=zeros(n),
        incumbent=zeros(slots),
        best=zeros(slots),
        counts=np.zeros(kernel.COUNTS, dtype=np.int64),
        heat=np.array([max(warmth * float(shop.duration.mean()) / 10, 1e-9)]),
        random=random_state(seed),
    )
    for place in (kernel.BEST, kernel.INCUMBENT, kernel.RUN_BEST):
        memory.counts[place] = 2**62
    memory.counts[kernel.REMOVE] = remove
    memory.counts[kernel.PATIENCE] = patience
    memory.counts[kernel.TARGET] = -1
    return memory


def search(
    shop: FlowShop,
    *,
    objective: str = "makespan",
    seed: int = 0,
    deadline: float | None = None,
    stop: Callable[[], bool] | None = None,
    target: int | None = None,
    start: Sequences | None = None,
    on_improvement: Callable[[float, int, Sequences], None] | None = None,
    steps: int | None = None,
    chunk: float = _CHUNK,
) -> FlowShopAnswer:
    """Return the best sequences that iterated greedy finds.

    The path of the search depends on the seed alone; the clock only cuts it. The lock of the interpreter is
    free while the kernel runs, so that several searches can run in threads.

    Parameters
    ----------
    shop
        The shop.
    objective
        One of :data:`FLOW_SHOP_OBJECTIVES`, minimised.
    seed
        Of everything random, 0 or more.
    deadline
        ``time.perf_counter()`` at which the search ends, give or take 50 ms once the kernels are compiled.
    stop
        Asked every 30 ms or so; the search ends once it returns true.
    target
        A proved lower bound: the search ends when it is reached.
    start
        Sequences to start from; the search builds its own by NEH unless given.
    on_improvement
        Called with the seconds since the call, the value and the sequences, whenever they are better than
        before, after each chunk.
    steps
        The search ends after so many moves.
    chunk
        Seconds that the kernel runs at a time, about.

    Raises
    ------
    UnknownNameError
        If there is no such objective.
    OptionError
        If nothing would ever end the search.
    PlanError
        If `start` does not hold each job once.
    SolverError
        If the value of the kernel is not that of the plain recursion.

    Examples
    --------
    >>> shop = FlowShop(durations=((3, 2), (1, 4), (5, 1)))
    >>> search(shop, steps=100).value
    10
    """
    began = time.perf_counter()
    if objective not in FLOW_SHOP_OBJECTIVES:
        raise UnknownNameError.among("objective of a flow shop", objective, FLOW_SHOP_OBJECTIVES)
    if deadline is None and steps is None and stop is None:
        raise OptionError("nothing would end the search: give a deadline, a number of steps or a stop")
    arrays = compiled_shop(shop, objective)
    memory = new_memory(arrays, seed)
    counts = memory.counts
    if target is not None:
        counts[kernel.TARGET] = target
    _prepare(shop, arrays, memory, start)
    done, portion, known = 0, 1, int(counts[kernel.BEST])
    left = 2**62 if steps is None or shop.jobs == 1 else steps
    while shop.jobs > 1 and left > done and counts[kernel.BEST] > counts[kernel.TARGET]:
        portion = min(portion, left - done)
        before = time.perf_counter()
        kernel.advance(arrays, memory, portion)
        now = time.perf_counter()
        done += portion
        portion = max(1, min(2 * portion, int(portion * chunk / max(now - before, 1e-6))))
        if counts[kernel.BEST] < known:
            known = int(counts[kernel.BEST])
            if on_improvement is not None:
                on_improvement(now - began, known, _sequences(shop, memory.best))
        if (deadline is not None and now >= deadline) or (stop is not None and stop()):
            break
    return _answer(shop, arrays, memory, objective, done)


def _prepare(shop: FlowShop, arrays: Shop, memory: Memory, start: Sequences | None) -> None:
    """Put the start, or an empty sequence and the order of NEH, into the memory."""
    n = shop.jobs
    separators = list(range(n, n + shop.factories - 1))
    if start is None and n > 1:
        memory.sequence[: len(separators)] = separators
        memory.order[:] = np.argsort(-np.array(shop.durations).sum(axis=1), kind="stable")
        kernel.load(arrays, memory, len(separators))
        return
    sequences = start
    if sequences is None:
        sequences = ((0,), *((),) * (shop.factories - 1))
    decode(shop, sequences)
    tokens: list[int] = list(sequences[0])
    for separator, sequence in zip(separators, sequences[1:], strict=True):
        tokens += [separator, *sequence]
    memory.sequence[: len(tokens)] = tokens
    kernel.begin(arrays, memory, len(tokens))


def _sequences(shop: FlowShop, tokens: Int32s) -> Sequences:
    """Return the sequences between the separators."""
    found: list[list[int]] = [[]]
    for token in tokens[: shop.jobs + shop.factories - 1].tolist():
        if token >= shop.jobs:
            found.append([])
        else:
            found[-1].append(token)
    return tuple(tuple(sequence) for sequence in found)


def _answer(shop: FlowShop, arrays: Shop, memory: Memory, objective: str, steps: int) -> FlowShopAnswer:
    """Return the best sequences, or those of the build when the time was over before its end."""
    counts = memory.counts
    if counts[kernel.BEST] >= 2**62:
        kernel.finish_build(arrays, memory)
    value, sequences = int(counts[kernel.BEST]), _sequences(shop, memory.best)
    plain = value_of(shop, sequences, objective)
    if plain != value:
        raise SolverError(f"the kernel states {objective} {value}, the recursion gives {plain}")
    return FlowShopAnswer(value=value, sequences=sequences, steps=steps)


def warm_up() -> None:
    """Compile the kernels, or load them from the cache; takes about 30 s once after an installation."""
    shop = FlowShop(durations=((1, 2), (2, 1)))
    answer = search(shop, deadline=0.0)
    search(shop, steps=50, start=answer.sequences)
