"""Conveyors in a run: belts that accumulate parts, belts that stop, and loops.

All that happens on a belt is reckoned in *belt time*, the seconds that the belt has run, so that a belt that
stands costs nothing and each part costs one event for its arrival at the end.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from opt_twin.line import Clock, Conveyor, FailureMode
from opt_twin.results import BELT_STATES
from opt_twin.simulation.calendar import Calendar, Cause
from opt_twin.simulation.events import EventRecord
from opt_twin.simulation.parts import Giver, Part, enqueue
from opt_twin.simulation.servers import settle
from opt_twin.simulation.ways import Ways

if TYPE_CHECKING:
    from simpy.events import EventPriority

    from opt_twin.simulation.build import Account
    from opt_twin.simulation.failures import ModeState
    from opt_twin.simulation.fleets import Dock
    from opt_twin.simulation.ledger import Ledger
    from opt_twin.simulation.servers import Server

__all__ = ["ConveyorNode", "LoopConveyor", "StoppingConveyor"]

MOVING, BLOCKED, FAILED = range(len(BELT_STATES))

_GAP = 1 - 1e-9
"""What is short of a pitch by no more than a billionth of it is a pitch: rounding must not close a gap."""


class ConveyorNode:
    """A belt that runs on while parts queue at its end.

    Attributes
    ----------
    parts, entries
        What is on it, the first at the end first, and when each entered, in belt time.
    waiting
        Who waits at the entrance; empty while that is open.
    running
        Whether the belt moves.
    halted
        How many failures keep it from moving.
    held
        Whether the part at the end waits for a place.
    passed
        How many parts have left it.
    moment
        Sum of the times at which parts left, less the sum of those at which they came.
    state, times
        The state that it is in, as an index of BELT_STATES, and the seconds spent in each before that.
    since, key
        As a giver: since when the part at the end has waited, and what breaks ties.
    conveyor, modes
        What the model says, and its failure modes.
    dock
        Who reserves places for parts that vehicles bring; None when nobody does.
    """

    STATE: ClassVar[tuple[str, ...]] = (
        "_clear",
        "_clock",
        "_coming",
        "_due",
        "_entered",
        "_opening",
        "_start",
        "_striking",
        "entries",
        "halted",
        "held",
        "moment",
        "parts",
        "passed",
        "running",
        "since",
        "state",
        "times",
        "waiting",
    )
    CAUSES: ClassVar[tuple[str, ...]] = ("_arrival", "_entrance", "_strike")
    __slots__ = (
        *STATE,
        *CAUSES,
        "_calendar",
        "_capacity",
        "_counters",
        "_ledger",
        "_name",
        "_operation",
        "_pitch",
        "_priorities",
        "_travel",
        "conveyor",
        "dock",
        "key",
        "modes",
        "ways",
    )

    def __init__(
        self,
        conveyor: Conveyor,
        *,
        key: int,
        ways: Ways,
        ledger: Ledger,
        calendar: Calendar,
        priorities: tuple[EventPriority, EventPriority],
    ) -> None:
        self.conveyor = conveyor
        self._name = conveyor.name
        self._capacity = conveyor.capacity
        self._travel = conveyor.length / conveyor.speed
        self._pitch = conveyor.pitch / conveyor.speed
        self._ledger = ledger
        self._calendar = calendar
        self._priorities = priorities
        self._arrival = Cause(calendar, self._arrive)
        self._entrance = Cause(calendar, self._open_up)
        self._strike = Cause(calendar, self._be_struck)
        self._coming = self._opening = False
        self._striking: ModeState | None = None
        self._clock = self._start = self._due = self._clear = 0.0
        self._entered = 0.0
        self._operation: tuple[ModeState, ...] = ()
        self._counters: tuple[ModeState, ...] = ()
        self.modes: tuple[ModeState, ...] = ()
        self.ways = ways
        self.dock: Dock | None = None
        self.parts: deque[Part] = deque()
        self.entries: deque[float] = deque()
        self.waiting: list[Giver] = []
        self.running = False
        self.halted = 0
        self.held = False
        self.passed = 0
        self.moment = 0.0
        self.state = MOVING
        self.times = [0.0] * len(BELT_STATES)
        self.since = 0.0
        self.key = key

    def fit(self, modes: list[ModeState]) -> None:
        """Set the failure modes."""
        self.modes = tuple(modes)
        self._operation = tuple(mode for mode in modes if mode.mode.clock is Clock.OPERATION)
        self._counters = tuple(mode for mode in modes if mode.mode.clock is Clock.CYCLES)

    def start(self) -> None:
        """Switch the belt on; its failure modes have drawn."""
        self._run(0.0)

    def contents(self) -> Iterator[Part]:
        """Yield the parts on it."""
        yield from self.parts

    def accounts(self, now: float) -> Iterator[Account]:
        """Yield the time in each state, the parts on it, and those that have left it."""
        for state, seconds in zip(BELT_STATES, self.state_times(now), strict=True):
            yield f"{self._name}.{state}", seconds, 1
        yield f"{self._name}.level", len(self.parts) * now + self.moment, 1
        yield f"{self._name}.parts", float(self.passed), 0

    # -- the entrance ---------------------------------------------------------------------------------

    def ready(self, part: Part, now: float) -> bool:  # noqa: ARG002 - every caller passes it
        """Return whether a part can enter and nobody waits to do so."""
        return not self.waiting and self._open(now)

    def take(self, part: Part, now: float) -> None:
        """Take a part at the entrance."""
        if self._ledger.log is not None:
            self._ledger.note(now, self._name, "enter", part)
        entry = self._belt_time(now)
        self.parts.append(part)
        self.entries.append(entry)
        self.moment -= now
        self._clear = entry + self._pitch
        if len(self.parts) == 1:
            self._due = entry + self._travel
            self._expect(now)

    def room(self) -> float:
        """Return how many more parts fit on it."""
        return self._capacity - len(self.parts)

    def wait(self, giver: Giver, now: float) -> None:
        """Let `giver` wait at the entrance."""
        enqueue(self.waiting, giver, now)
        self._watch(now)

    def withdraw(self, giver: Giver) -> None:
        """Let `giver` wait no longer."""
        self.waiting.remove(giver)

    def queue_length(self) -> int:
        """Return the parts on the belt and those that wait for it."""
        return len(self.parts) + len(self.waiting)

    def _open(self, now: float) -> bool:
        """Return whether the belt runs, has room, and the last part has moved one pitch."""
        return self.running and len(self.parts) < self._capacity and now >= self._time_of(self._clear)

    def _admit(self, now: float, freed: list[Server]) -> None:
        """Take from those that wait as long as the entrance is open."""
        waiting = self.waiting
        while waiting and self._open(now):
            giver = waiting.pop(0)
            self.take(giver.surrender(now), now)
            giver.moved_on(now, freed)
        self._watch(now)

    def _watch(self, now: float) -> None:
        """See to it that those that wait are looked at when the entrance is clear."""
        if not self.waiting or self._opening or not self.running or len(self.parts) >= self._capacity:
            return
        time = self._time_of(self._clear)
        if time > now:
            self._opening = True
            self._calendar.schedule_at(self._entrance, self._priorities[1], time)

    def _open_up(self, now: float) -> None:
        self._opening = False
        freed: list[Server] = []
        self._admit(now, freed)
        settle(freed, now)

    # -- the belt -------------------------------------------------------------------------------------

    def _belt_time(self, now: float) -> float:
        """Return the seconds that the belt has run."""
        return self._clock + (now - self._start) if self.running else self._clock

    def _time_of(self, belt_time: float) -> float:
        """Return when a running belt comes to `belt_time`."""
        return self._start + (belt_time - self._clock)

    def _may_run(self) -> bool:
        return not self.halted

    def _run(self, now: float) -> None:
        """Let the belt run, if nothing keeps it from it."""
        if self.running or not self._may_run():
            return
        self.running = True
        self._start = now
        if self._operation:
            self._striking = min(self._operation, key=_left)
            self._calendar.schedule(self._strike, self._striking.failure, self._striking.left)
        self._expect(now)

    def _stand(self, now: float) -> None:
        """Let the belt stand still."""
        if not self.running:
            return
        elapsed = now - self._start
        self.running = False
        self._clock += elapsed
        for mode in self._operation:
            mode.left = max(0.0, mode.left - elapsed)
        if self._coming:
            self._coming = False
            self._arrival.cancel()
            self._arrival = Cause(self._calendar, self._arrive)
        if self._opening:
            self._opening = False
            self._entrance.cancel()
            self._entrance = Cause(self._calendar, self._open_up)
        if self._striking is not None:
            self._striking = None
            self._strike.cancel()
            self._strike = Cause(self._calendar, self._be_struck)

    # -- the end --------------------------------------------------------------------------------------

    def _expect(self, now: float) -> None:
        """Put the arrival of the first part at the end into the calendar."""
        if self.running and self.parts and not self.held and not self._coming:
            self._coming = True
            self._calendar.schedule_at(self._arrival, self._priorities[0], max(now, self._time_of(self._due)))

    def _arrive(self, now: float) -> None:
        """Send the part at the end on, or let it wait there."""
        self._coming = False
        part = self.parts[0]
        target = self.ways.only or self.ways.choose(part, now)
        if target.ready(part, now):
            target.take(self.surrender(now), now)
            freed: list[Server] = []
            self.moved_on(now, freed)
            settle(freed, now)
        else:
            self._hold(now)
            target.wait(self, now)

    def _hold(self, now: float) -> None:
        """Let the part at the end wait."""
        self.held = True
        self._show(now)

    def peek(self) -> Part:
        """Return the part at the end."""
        return self.parts[0]

    def surrender(self, now: float) -> Part:
        """Give the part at the end away; the next one moves up."""
        part = self.parts.popleft()
        self.entries.popleft()
        self.moment += now
        self.passed += 1
        if self.parts:
            self._due = self._next_arrival(now)
        if self.held:
            self.held = False
            self._show(now)
        self._run(now)
        self._expect(now)
        return part

    def _next_arrival(self, now: float) -> float:
        """Return when, in belt time, the part behind one that leaves now is at the end."""
        return max(self.entries[0] + self._travel, self._belt_time(now) + self._pitch)

    def moved_on(self, now: float, freed: list[Server]) -> None:
        """Count the part that has left, then take from those that wait."""
        for mode in self._counters:
            mode.left -= 1
            if not mode.left:
                mode.strike(now)
        self._admit(now, freed)
        if self.dock is not None:
            self.dock.opened(now)

    # -- failures -------------------------------------------------------------------------------------

    def _be_struck(self, now: float) -> None:
        mode, self._striking = self._striking, None
        assert mode is not None
        mode.strike(now)

    def fail(self, mode: FailureMode, state: int, now: float) -> None:  # noqa: ARG002 - as servers
        """Stand still until the repair."""
        self._note("fail", mode, now)
        self.halted += 1
        self._stand(now)
        self._show(now)

    def swap(self, before: int, after: int, now: float) -> None:
        """Go on standing still: waiting for a crew is a failure too."""

    def repair(self, mode: FailureMode, state: int, now: float) -> None:  # noqa: ARG002 - as servers
        """Run on when nothing else keeps the belt from it."""
        self._note("repair", mode, now)
        self.halted -= 1
        self._show(now)
        self._run(now)
        freed: list[Server] = []
        self._admit(now, freed)
        settle(freed, now)

    def _note(self, kind: str, mode: FailureMode, now: float) -> None:
        if self._ledger.log is not None:
            self._ledger.log.append(EventRecord(time=now, element=self._name, kind=kind, detail=mode.name))

    # -- accounts -------------------------------------------------------------------------------------

    def _show(self, now: float) -> None:
        """Enter the state that the belt is in."""
        state = FAILED if self.halted else BLOCKED if self.held else MOVING
        if state != self.state:
            self.times[self.state] += now - self._entered
            self.state = state
            self._entered = now

    def state_times(self, now: float) -> list[float]:
        """Return the seconds spent in each state until now."""
        times = self.times.copy()
        times[self.state] += now - self._entered
        return times


class StoppingConveyor(ConveyorNode):
    """A belt that stands still while the part at its end waits: it does not accumulate."""

    __slots__ = ()

    def _may_run(self) -> bool:
        return not self.halted and not self.held

    def _hold(self, now: float) -> None:
        """Let the part at the end wait, and the belt stand."""
        super()._hold(now)
        self._stand(now)


class LoopConveyor(ConveyorNode):
    """A belt on which a part that finds no place at the end goes round again."""

    __slots__ = ()

    def _open(self, now: float) -> bool:
        """Return whether there is a place that no part on the belt comes into."""
        if not super()._open(now):
            return False
        return not self.parts or self._due - self._belt_time(now) >= self._pitch * _GAP

    def _arrive(self, now: float) -> None:
        """Send the part at the end on, or round again."""
        self._coming = False
        part = self.parts[0]
        target = self.ways.only or self.ways.choose(part, now)
        freed: list[Server] = []
        if target.ready(part, now):
            target.take(self.surrender(now), now)
            self.moved_on(now, freed)
        else:
            entry = self._belt_time(now)
            self.parts.rotate(-1)
            self.entries.popleft()
            self.entries.append(entry)
            self._clear = entry + self._pitch
            self._due = self._next_arrival(now)
            self._expect(now)
            self._admit(now, freed)
        settle(freed, now)

    def _next_arrival(self, now: float) -> float:  # noqa: ARG002 - as other belts
        """Return when the first part is at the end: nothing is in its way."""
        return self.entries[0] + self._travel


def _left(mode: ModeState) -> float:
    return mode.left
