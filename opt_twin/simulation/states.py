"""The state of what works in a run, and the time spent in each."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from opt_twin.results import STATES
from opt_twin.simulation.events import EventRecord
from opt_twin.simulation.phases import STARVED

if TYPE_CHECKING:
    from opt_twin.simulation.ledger import Ledger

__all__ = ["Stateful"]


class Stateful:
    """Something that is in exactly one state at every moment.

    Attributes
    ----------
    state, times
        The state that it is in, as an index of STATES, and the seconds spent in each before that.
    """

    STATE: ClassVar[tuple[str, ...]] = ("_entered", "state", "times")
    __slots__ = (*STATE, "_index", "_ledger", "_log", "_name")

    def __init__(self, name: str, index: int, ledger: Ledger) -> None:
        self._name = name
        self._index = index
        self._ledger = ledger
        self._log = ledger.log
        self._entered = 0.0
        self.state = STARVED
        self.times = [0.0] * len(STATES)

    @property
    def index(self) -> int:
        """Its number at its element, from 0."""
        return self._index

    def _change(self, state: int, now: float) -> None:
        """Enter a state."""
        seconds = now - self._entered
        self.times[self.state] += seconds
        if self._log is not None and seconds > 0:
            self._log_state(seconds)
        self.state = state
        self._entered = now

    def state_times(self, now: float) -> list[float]:
        """Return the seconds spent in each state until now."""
        times = self.times.copy()
        times[self.state] += now - self._entered
        return times

    def close_log(self, now: float) -> None:
        """Log the state that lasts at the end of the run."""
        if now > self._entered:
            self._log_state(now - self._entered)

    def _log_state(self, seconds: float) -> None:
        assert self._log is not None
        self._log.append(
            EventRecord(
                time=self._entered,
                element=self._name,
                kind="state",
                server=self._index,
                state=STATES[self.state],
                duration=seconds,
            )
        )
