"""What several searches for one schedule know together."""

from __future__ import annotations

import threading
import time

from opt_twin.plan import Schedule
from opt_twin.results import TracePoint
from opt_twin.solvers import OnProgress, Stop

__all__ = ["Incumbent"]


class Incumbent:
    """The best schedule and the best bound so far, with their history; searches in threads share it.

    Parameters
    ----------
    started
        ``time.perf_counter()`` at the start.
    gap
        Relative gap at which nothing more is to be done.
    on_progress
        Told of each improvement, in the thread that made it, one at a time.
    stop
        A hook of the user's that ends everything.
    """

    def __init__(
        self,
        *,
        started: float,
        gap: float = 0.0,
        on_progress: OnProgress | None = None,
        stop: Stop | None = None,
    ) -> None:
        self._started = started
        self._gap = gap
        self._on_progress = on_progress
        self._stop = stop
        self._lock = threading.RLock()
        self.schedule: Schedule | None = None
        self.value: int | None = None
        self.bound: int | None = None
        self.trace: list[TracePoint] = []
        self.error: BaseException | None = None
        self.interrupted = False
        self._known: int | None = None

    def offer(self, schedule: Schedule, value: int) -> None:
        """Take `schedule` if it is better than the best."""
        with self._lock:
            if self.value is None or value < self.value:
                self.schedule, self.value = schedule, value
        self.note(value, None)

    def note(self, value: float | None, bound: float | None) -> None:
        """Take note of a value that a search has reached, whose schedule comes later, or of a bound."""
        with self._lock:
            better = value is not None and (self._known is None or value < self._known)
            tighter = bound is not None and (self.bound is None or bound > self.bound)
            if not better and not tighter:
                return
            if better and value is not None:
                self._known = int(value)
            if tighter and bound is not None:
                self.bound = int(bound)
            point = TracePoint(time.perf_counter() - self._started, self._known, self.bound)
            self.trace.append(point)
            if self._on_progress is not None and self.error is None:
                try:
                    self._on_progress(point)
                except KeyboardInterrupt:
                    raise
                except BaseException as error:  # noqa: BLE001 - raised again once all have stopped
                    self.error = error

    @property
    def closed(self) -> bool:
        """Whether the value that some search has reached meets the bound, or the gap asked for."""
        with self._lock:
            if self._known is None or self.bound is None:
                return False
            distance = self._known - self.bound
            return distance <= 0 or (self._gap > 0 and distance <= self._gap * abs(self._known))

    def should_stop(self) -> bool:
        """Return whether searches should end now."""
        if self._stop is not None and not self.interrupted and self._stop():
            self.interrupted = True
        return self.interrupted or self.error is not None or self.closed
