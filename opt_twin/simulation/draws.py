"""Random numbers of a run, one at a time, drawn in blocks."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from copy import copy
from functools import partial
from itertools import chain, repeat
from typing import Any

import numpy as np
import numpy.typing as npt

from opt_twin.line import Deterministic, Distribution
from opt_twin.streams import Purpose, stream

__all__ = ["Draws", "Streams", "Times"]

Block = Callable[[np.random.Generator, int], Sequence[Any]]
"""Makes so many draws of a generator."""

_FIRST_BLOCK = 32
_LARGEST_BLOCK = 4096


class Draws(Iterator[Iterator[Any]]):
    """The draws of one stream.

    As an iterator it gives one block of draws after another; :attr:`next` gives the draws one at a time, as
    fast as an iterator of the standard library can.

    Parameters
    ----------
    opened
        Opens the stream, when its first number is asked for.
    block
        Makes draws of a generator: ``block(rng, size)`` is a list or an array.
    size
        Draws of the first block; blocks grow up to 4096. The draws do not depend on it.

    Attributes
    ----------
    next
        Returns the next draw.
    """

    __slots__ = ("_begun", "_block", "_left", "_opened", "_resumed", "_rng", "_size", "next")

    def __init__(
        self,
        opened: Callable[[], np.random.Generator],
        block: Block,
        size: int,
    ) -> None:
        self._opened = opened
        self._block = block
        self._size = size
        self._rng: np.random.Generator | None = None
        self._begun: Any = None
        self._left: Iterator[Any] = iter(())
        self._resumed: Iterator[Any] | None = None
        self.next: Callable[[], Any] = chain.from_iterable(self).__next__

    def __next__(self) -> Iterator[Any]:
        if self._resumed is not None:
            self._left, self._resumed = self._resumed, None
            return self._left
        if self._rng is None:
            self._rng = self._opened()
        else:
            self._size = min(4 * self._size, max(self._size, _LARGEST_BLOCK))
        self._begun = self._rng.bit_generator.state
        block = self._block(self._rng, self._size)
        self._left = iter(block)
        return self._left

    def state(self) -> dict[str, Any] | None:
        """Return where the stream stands, as plain data; None when no number was asked for."""
        if self._rng is None:
            return None
        waiting = self._left if self._resumed is None else self._resumed
        return {"generator": _plain(self._begun), "size": self._size, "left": _left(waiting)}

    def restore(self, state: dict[str, Any]) -> None:
        """Go to where a stream of the same name stood; the next draw is the one that came next there."""
        for _ in self._left:  # what lies ready is passed over
            pass
        self._rng = self._opened()
        self._rng.bit_generator.state = self._begun = _arrays(state["generator"])
        self._size = state["size"]
        block = self._block(self._rng, self._size)
        self._resumed = iter(block[len(block) - state["left"] :])

    def replace(self, block: Block) -> None:
        """Make the draws of another kind from here on, from the same random numbers."""
        self._block = block
        state = self.state()
        if state is not None:
            self.restore(state)


class Times:
    """Draws of a time, divided by a speed that can change.

    Attributes
    ----------
    next
        Returns the next draw.
    """

    __slots__ = ("_distribution", "_draws", "next")

    def __init__(self, distribution: Distribution, draws: Draws | None, speed: float) -> None:
        self._distribution = distribution
        self._draws = draws
        self.next: Callable[[], float]
        self.divide(speed)

    def divide(self, speed: float) -> None:
        """Divide the draws from here on by `speed`; :attr:`next` may be another one then."""
        if self._draws is not None:
            self._draws.replace(partial(_times, self._distribution, speed))
            self.next = self._draws.next
        else:
            assert isinstance(self._distribution, Deterministic)
            self.next = repeat(self._distribution.value / speed).__next__


class Streams:
    """The random streams of one replication.

    Parameters
    ----------
    seed, replication
        Name the streams, together with the element and the purpose.
    block
        Draws of the first block; blocks grow up to 4096. The draws do not depend on it.

    Attributes
    ----------
    opened
        The draws that were asked for, by ``element|purpose``.
    """

    __slots__ = ("_block", "_replication", "_seed", "opened")

    def __init__(self, seed: int, replication: int, *, block: int = _FIRST_BLOCK) -> None:
        self._seed = seed
        self._replication = replication
        self._block = block
        self.opened: dict[str, Draws] = {}

    def times(
        self, element: str, purpose: Purpose, distribution: Distribution, *, speed: float = 1.0
    ) -> Callable[[], float]:
        """Return the draws of `distribution`, each divided by `speed`."""
        return self.scaled(element, purpose, distribution, speed).next

    def scaled(self, element: str, purpose: Purpose, distribution: Distribution, speed: float) -> Times:
        """Return the draws of `distribution`, divided by a speed that can change."""
        if isinstance(distribution, Deterministic):
            return Times(distribution, None, speed)
        return Times(distribution, self._open(element, purpose, partial(_times, distribution, speed)), speed)

    def uniform(self, element: str, purpose: Purpose) -> Callable[[], float]:
        """Return uniform draws from [0, 1)."""
        return self._open(element, purpose, _uniform).next

    def chances(self, element: str, purpose: Purpose, probability: float) -> Callable[[], bool]:
        """Return whether a uniform draw lies below `probability`, one draw each."""
        return self._open(element, purpose, partial(_chances, probability)).next

    def _open(self, element: str, purpose: Purpose, block: Block) -> Draws:
        draws = Draws(partial(stream, self._seed, self._replication, element, purpose), block, self._block)
        name = f"{element}|{purpose}"
        assert name not in self.opened, f"the stream {name} is used twice"
        self.opened[name] = draws
        return draws

    def state(self) -> dict[str, Any]:
        """Return where the streams stand, those left out of which no number was asked for."""
        states = {name: draws.state() for name, draws in self.opened.items()}
        return {name: state for name, state in states.items() if state is not None}


def _plain(state: Any) -> Any:
    """Return the state of a generator with lists in the place of arrays."""
    if isinstance(state, dict):
        return {key: _plain(value) for key, value in state.items()}
    return state.tolist() if isinstance(state, np.ndarray) else state


def _arrays(state: Any) -> Any:
    """Undo :func:`_plain`."""
    if isinstance(state, dict):
        return {key: _arrays(value) for key, value in state.items()}
    return np.array(state, dtype=np.uint64) if isinstance(state, list) else state


def _left(block: Iterator[Any]) -> int:
    """Return how many draws of a block are left; the iterator of an array gives no hint of its length."""
    return sum(1 for _ in copy(block))


def _times(distribution: Distribution, speed: float, rng: np.random.Generator, size: int) -> array[float]:
    return _packed(distribution.sample(rng, size) / speed)


def _uniform(rng: np.random.Generator, size: int) -> array[float]:
    return _packed(rng.random(size))


def _packed(draws: npt.NDArray[np.float64]) -> array[float]:
    """Return draws in 8 bytes each: a list takes 32, and a large line then works from slower memory."""
    return array("d", draws.tobytes())


def _chances(probability: float, rng: np.random.Generator, size: int) -> list[bool]:
    draws: list[bool] = (rng.random(size) < probability).tolist()
    return draws
