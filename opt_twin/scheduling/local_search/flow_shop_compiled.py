"""The compiler of the flow-shop kernels, their random numbers, and the arrays on which they work."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeVar, cast

import numba
import numpy as np
import numpy.typing as npt

__all__ = [
    "BLOCKING",
    "FLOW_TIME",
    "HYBRID",
    "LATENESS",
    "MAKESPAN",
    "PLAIN",
    "TARDINESS",
    "Floats",
    "Int32s",
    "Int64s",
    "Memory",
    "Shop",
    "UInt64s",
    "compiled",
    "draw",
    "random_state",
    "shuffle",
]

Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]
UInt64s = npt.NDArray[np.uint64]
Floats = npt.NDArray[np.float64]

PLAIN, BLOCKING, HYBRID = 0, 1, 2
"""How a job goes from machine to machine. A no-wait shop is a plain one with one machine and set-ups."""

MAKESPAN, FLOW_TIME, TARDINESS, LATENESS = 0, 1, 2, 3
"""What is minimised; the last is the maximum tardiness."""

_Function = TypeVar("_Function", bound=Callable[..., object])


class Shop(NamedTuple):
    """A flow shop with n jobs and m machines, in ticks. It does not change during a search.

    Attributes
    ----------
    kind
        PLAIN, BLOCKING or HYBRID.
    objective
        MAKESPAN, FLOW_TIME, TARDINESS or LATENESS.
    factories
        Number of equal shops among which the jobs are spread, 1 or more.
    duration
        Work by job and machine, [n, m].
    setup
        ``setup[machine, before, after]``, [m, n + 1, n + 1]; job n stands for the start. [0, 0, 0] without
        set-ups.
    release, due, weight
        By job, [n]. A job that is never late is due at 2**60.
    parallel
        Machines of each stage, [m]; ones unless the shop is hybrid.
    """

    kind: int
    objective: int
    factories: int
    duration: Int32s
    setup: Int32s
    release: Int64s
    due: Int64s
    weight: Int64s
    parallel: Int64s


class Memory(NamedTuple):
    """What a search remembers from one call of the kernel to the next.

    A sequence holds jobs 0 to n - 1 and, between factories, separators n, n + 1, ...; t is their number
    together. A head is the time at which a machine is free again after a position, a tail the time from the
    start of a position on a machine to the end.

    Attributes
    ----------
    sequence, heads, tails
        The current sequence [t]; ``heads[i, k]`` of machine i before position k, ``tails[i, k]`` from
        position k on, [m, t + 1].
    rest, rest_heads, rest_tails
        The same without the job that is moved.
    front, front_end
        Work space of the insertion kernels, [m, t + 1] and [t + 1].
    values
        Value of each insertion, [t + 1].
    costs
        Work space: cost of each insertion so far, [t + 1].
    order
        The jobs in the order in which they are tried, [n].
    removed
        Jobs out of the sequence, [n].
    incumbent, best
        The sequence from which the search goes on, and the best one, [t].
    counts
        Counters of the search, by the names in ``flow_shop_kernel``.
    heat
        Temperature of the acceptance, [1].
    random
        State of the random numbers, [1].
    """

    sequence: Int32s
    heads: Int32s
    tails: Int32s
    rest: Int32s
    rest_heads: Int32s
    rest_tails: Int32s
    front: Int32s
    front_end: Int32s
    values: Int64s
    costs: Int64s
    order: Int32s
    removed: Int32s
    incumbent: Int32s
    best: Int32s
    counts: Int64s
    heat: Floats
    random: UInt64s


def compiled(function: _Function) -> _Function:
    """Return the function as machine code that runs beside other threads and is kept on disk."""
    return cast("_Function", numba.njit(nogil=True, cache=True)(function))


def random_state(seed: int) -> UInt64s:
    """Return the state of :func:`draw`, spread over all bits by numpy's seed sequence."""
    words = np.random.SeedSequence(entropy=seed).generate_state(1, np.uint64)
    return words | np.uint64(1)


_13, _7, _17, _33 = np.uint64(13), np.uint64(7), np.uint64(17), np.uint64(33)


@compiled
def draw(state: UInt64s, count: int) -> int:
    """Return an integer from 0 to count - 1; `count` is below 2**31.

    References
    ----------
    Marsaglia (2003), Xorshift RNGs, Journal of Statistical Software 8(14).
    """
    x = state[0]
    x ^= x << _13
    x ^= x >> _7
    x ^= x << _17
    state[0] = x
    return int((np.int64(x >> _33) * count) >> 31)


@compiled
def shuffle(state: UInt64s, items: Int32s, count: int) -> None:
    """Bring the first `count` items into a random order (Fisher and Yates)."""
    for k in range(count - 1, 0, -1):
        other = draw(state, k + 1)
        items[k], items[other] = items[other], items[k]
