"""What works on parts in phases: it can be halted, warms up after a stop, and calls the people it needs."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar, Protocol

from opt_twin.line import Need, Station
from opt_twin.results import STATES
from opt_twin.simulation.calendar import Calendar, Cause
from opt_twin.simulation.events import EventRecord
from opt_twin.simulation.parts import Part
from opt_twin.simulation.phases import (
    BLOCKED,
    HALTS,
    INSPECT,
    LOAD,
    PHASE_STATES,
    RUN,
    SETUP,
    STARVED,
    WAITING_FOR_OPERATOR,
    WARM,
)
from opt_twin.simulation.states import Stateful

if TYPE_CHECKING:
    from opt_twin.simulation.failures import ModeState
    from opt_twin.simulation.ledger import Ledger
    from opt_twin.simulation.people import Call, People

__all__ = ["Seizer", "Worker"]

_ACTIVITIES = {"setup": SETUP, "load": LOAD, "run": RUN, "inspect": INSPECT}


class Seizer(Protocol):
    """What stops a worker between two cycles: a shift that ends, a maintenance task."""

    def seize(self, worker: Worker, now: float) -> None:
        """Stop the worker, which has no cycle in process."""


class Worker(Stateful):
    """The part of a server that stops and goes on.

    Attributes
    ----------
    part
        What it works on, or the finished part that finds no place; None when it is free.
    phase
        What its cycle is at, see :mod:`opt_twin.simulation.phases`, or set-up while it prepares for the next
        order of a plan; None otherwise.
    halted
        How many things keep it from working: failures, shifts, maintenance, missing people.
    halts
        How many of them are of each state.
    later
        What stops it when its cycle is over.
    operation
        Its failure modes on the clock of operation.
    call
        For the people that its cycles take; None when they take none.
    """

    STATE: ClassVar[tuple[str, ...]] = (
        "_cold",
        "_halted_since",
        "_phases",
        "_preparing",
        "_remaining",
        "_start",
        "_started",
        "_striking",
        "halted",
        "halts",
        "later",
        "part",
        "phase",
    )
    CAUSES: ClassVar[tuple[str, ...]] = ("_event",)
    __slots__ = (
        *STATE,
        *CAUSES,
        "_attended",
        "_calendar",
        "_model",
        "_needs",
        "_people",
        "call",
        "operation",
    )

    def __init__(
        self, model: Station, index: int, *, calendar: Calendar, ledger: Ledger, people: People
    ) -> None:
        super().__init__(model.name, index, ledger)
        self._model = model
        self._calendar = calendar
        self._people = people
        self._needs: dict[int, Need] = {_ACTIVITIES[name]: need for name, need in model.needs.items()}
        self._attended = bool(self._needs) or model.warm_up_time > 0
        self._cold = False
        self._halted_since = 0.0
        self._phases: list[tuple[int, float]] = []
        self._preparing = False
        self._remaining = 0.0
        self._start = 0.0
        self._started = 0.0
        self._striking: ModeState | None = None
        self._event = self._new_event()
        self.halted = 0
        self.halts = [0] * len(STATES)
        self.later: list[Seizer] = []
        self.part: Part | None = None
        self.phase: int | None = None
        self.operation: tuple[ModeState, ...] = ()
        self.call: Call | None = None

    @property
    def station(self) -> Station:
        """What the model says."""
        return self._model

    @property
    def place(self) -> str:
        """Its name: that of the station and its own number, from 1."""
        return f"{self._name}#{self._index + 1}"

    @abstractmethod
    def _new_event(self) -> Cause:
        """Return the event that ends its phases."""

    @abstractmethod
    def _run(self, now: float) -> None:
        """Go on with the phase."""

    def halt(self, state: int, now: float) -> None:
        """Stop working for a reason that shows as `state`; what is left of the phase is done later."""
        call = self.call
        if self.phase is not None and not self.halted:
            self._pause(now)
            if call is not None and call.held:
                self._people.give_back(call, now)
        elif call is not None and call.waiting:
            self._people.withdraw(call)
            self.halts[WAITING_FOR_OPERATOR] -= 1
            self.halted -= 1
        if not self.halted:
            self._halted_since = now
        self.halts[state] += 1
        self.halted += 1
        self._show(now)

    def _pause(self, now: float) -> None:
        """Take the end of the phase out of the calendar."""
        self._event.cancel()
        self._event = self._new_event()
        self._striking = None
        elapsed = now - self._start
        self._remaining -= elapsed
        if self.phase == RUN:
            self._worked(elapsed)

    def release(self, state: int, now: float) -> None:
        """Take back one reason to stop; go on when it was the last."""
        self.halts[state] -= 1
        self.halted -= 1
        if not self.halted and state != WAITING_FOR_OPERATOR and self._attended:
            stopped = now - self._halted_since
            self._cold |= self._model.warm_up_time > 0 and stopped > self._model.warm_up_after
        if self.phase is not None and not self.halted:
            self._run(now)
        else:
            self._show(now)

    def swap(self, before: int, after: int, now: float) -> None:
        """Go on standing still, for another reason."""
        self.halts[before] -= 1
        self.halts[after] += 1
        self._show(now)

    def stop_after_cycle(self, seizer: Seizer, now: float) -> None:
        """Let `seizer` stop the server as soon as it has no cycle in process that began before now."""
        if self.phase is None or self._started == now:
            seizer.seize(self, now)
        else:
            self.later.append(seizer)

    def _stop_now(self, now: float) -> None:
        later, self.later = self.later, []
        for seizer in later:
            seizer.seize(self, now)

    def _attend(self, now: float) -> bool:
        """Warm up after a stop, and call the people that the phase takes; return whether they are there."""
        assert self.phase is not None
        if self._cold and not self._preparing:
            if self.phase != WARM:
                self._phases.insert(0, (self.phase, self._remaining))
            self.phase, self._remaining = WARM, self._model.warm_up_time
            self._cold = False
        need = self._needs.get(self.phase)
        call = self.call
        if call is None or (need is not None and call.holds(need)):
            return True
        if call.held:
            self._people.give_back(call, now)
        if need is None or self._people.ask(call, need, now):
            return True
        self.halts[WAITING_FOR_OPERATOR] += 1
        self.halted += 1
        self._show(now)
        return False

    def granted(self, now: float) -> None:
        """Go on: the people that were called have come."""
        self.release(WAITING_FOR_OPERATOR, now)

    def interrupted(self, now: float) -> None:
        """Stop: the people have gone home; call again."""
        self._pause(now)
        self._run(now)

    def _worked(self, seconds: float) -> None:
        """Let the clocks of operation advance."""
        for mode in self.operation:
            mode.left = max(0.0, mode.left - seconds)

    def note_stop(self, kind: str, name: str, now: float) -> None:
        """Log that a stop called `name` begins or ends."""
        if self._log is not None:
            self._log.append(
                EventRecord(time=now, element=self._name, kind=kind, server=self._index, detail=name)
            )

    def _show(self, now: float) -> None:
        """Enter the state that the server is in."""
        if self.halted:
            state = next(state for state in HALTS if self.halts[state])
        elif self.phase is not None:
            state = PHASE_STATES[self.phase]
        else:
            state = STARVED if self.part is None else BLOCKED
        if state != self.state:
            self._change(state, now)
