"""Random numbers of a run, one at a time, drawn in blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import repeat
from typing import TypeVar

import numpy as np

from opt_twin.line import Deterministic, Distribution
from opt_twin.streams import Purpose, stream

__all__ = ["Streams"]

T = TypeVar("T")
_FIRST_BLOCK = 32
_LARGEST_BLOCK = 4096


class Streams:
    """The random streams of one replication.

    Each method returns a function without arguments that gives the next draw. A stream is opened when its
    first number is asked for.

    Parameters
    ----------
    seed, replication
        Name the streams, together with the element and the purpose.
    block
        Draws of the first block; blocks grow up to 4096. The draws do not depend on it.
    """

    __slots__ = ("_block", "_replication", "_seed")

    def __init__(self, seed: int, replication: int, *, block: int = _FIRST_BLOCK) -> None:
        self._seed = seed
        self._replication = replication
        self._block = block

    def times(
        self, element: str, purpose: Purpose, distribution: Distribution, *, speed: float = 1.0
    ) -> Callable[[], float]:
        """Return the draws of `distribution`, each divided by `speed`."""
        if isinstance(distribution, Deterministic):
            return repeat(distribution.value / speed).__next__
        return self._each(element, purpose, partial(_times, distribution, speed)).__next__

    def uniform(self, element: str, purpose: Purpose) -> Callable[[], float]:
        """Return uniform draws from [0, 1)."""
        return self._each(element, purpose, _uniform).__next__

    def chances(self, element: str, purpose: Purpose, probability: float) -> Callable[[], bool]:
        """Return whether a uniform draw lies below `probability`, one draw each."""
        return self._each(element, purpose, partial(_chances, probability)).__next__

    def _each(
        self, element: str, purpose: Purpose, block: Callable[[np.random.Generator, int], list[T]]
    ) -> Iterator[T]:
        rng = stream(self._seed, self._replication, element, purpose)
        size = self._block
        while True:
            yield from block(rng, size)
            size = min(4 * size, max(size, _LARGEST_BLOCK))


def _times(distribution: Distribution, speed: float, rng: np.random.Generator, size: int) -> list[float]:
    draws: list[float] = (distribution.sample(rng, size) / speed).tolist()
    return draws


def _uniform(rng: np.random.Generator, size: int) -> list[float]:
    draws: list[float] = rng.random(size).tolist()
    return draws


def _chances(probability: float, rng: np.random.Generator, size: int) -> list[bool]:
    draws: list[bool] = (rng.random(size) < probability).tolist()
    return draws
