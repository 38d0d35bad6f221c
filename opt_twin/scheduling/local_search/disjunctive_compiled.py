"""The compiler of the kernels, and their random numbers.

Only this module imports numba.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar, cast

import numba
import numpy as np
import numpy.typing as npt

__all__ = [
    "ONE",
    "Int32s",
    "Int64s",
    "Slot",
    "Ticks",
    "UInt64s",
    "compiled",
    "draw",
    "inlined",
    "random_state",
]

Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]
UInt64s = npt.NDArray[np.uint64]

Slot: TypeAlias = Any
"""An operation, machine or gate by number, as an integer of whatever width the compiler finds."""
Ticks: TypeAlias = Any
"""A number of ticks, likewise."""

ONE = np.uintp(1)
"""To be added to a slot. Slots that index an array are unsigned: a signed index is checked for being counted
from the end, at half the speed."""

_Function = TypeVar("_Function", bound=Callable[..., object])


def compiled(function: _Function) -> _Function:
    """Return the function as machine code that runs beside other threads and is kept on disk.

    Where no folder can be written to, it is compiled anew in each process.
    """
    try:
        return cast("_Function", numba.njit(nogil=True, cache=True)(function))
    except RuntimeError:
        return cast("_Function", numba.njit(nogil=True)(function))


def inlined(function: _Function) -> _Function:
    """Return the function as one that compiled functions copy into themselves.

    A call of its own would count references to every array that it is given, which costs more than a short
    function does.
    """
    return cast("_Function", numba.njit(nogil=True, inline="always")(function))


def random_state(seed: int, stream: int = 0) -> UInt64s:
    """Return the state of :func:`draw`, spread over all bits by numpy's seed sequence."""
    words = np.random.SeedSequence(entropy=seed, spawn_key=(stream,)).generate_state(1, np.uint64)
    return words | np.uint64(1)


_13, _7, _17, _33 = np.uint64(13), np.uint64(7), np.uint64(17), np.uint64(33)


@inlined
def draw(state: UInt64s, count: int) -> Any:
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
    return (np.int64(x >> _33) * count) >> 31
