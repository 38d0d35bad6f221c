"""The servers of a station in a run: what one machine does, cycle by cycle."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Protocol

from opt_twin.line import Clock, FailureMode, Interrupted
from opt_twin.results import STATES
from opt_twin.simulation.calendar import Cause
from opt_twin.simulation.events import EventRecord
from opt_twin.simulation.parts import Part
from opt_twin.simulation.phases import (
    BLOCKED,
    BUSY,
    HALTS,
    INSPECT,
    PHASE_STATES,
    RUN,
    SETUP,
    STARVED,
    STOP,
)

if TYPE_CHECKING:
    from simpy.events import EventPriority

    from opt_twin.simulation.conditions import Condition
    from opt_twin.simulation.failures import ModeState
    from opt_twin.simulation.orders import Backlog
    from opt_twin.simulation.stations import StationNode

__all__ = ["Seizer", "Server", "settle"]


def settle(freed: list[Server], now: float) -> None:
    """Fill the servers of `freed`, and those that this frees, in the order in which they became free."""
    for server in freed:  # grows while it is read
        server.refill(now, freed)


class Seizer(Protocol):
    """What stops a server between two cycles: a shift that ends, a maintenance task."""

    def seize(self, server: Server, now: float) -> None:
        """Stop the server, which has no cycle in process."""


class Server:
    """One machine of a station.

    Attributes
    ----------
    part
        What it works on, or the finished part that finds no place; None when it is free.
    more
        Finished parts that leave after `part`.
    collected
        Parts that it has taken for a cycle that cannot start yet.
    halted
        How many things keep it from working: failures, shifts, maintenance, missing people.
    halts
        How many of them are of each state.
    later
        What stops it when its cycle is over.
    phase
        What its cycle is at, see :mod:`opt_twin.simulation.phases`, or set-up while it prepares for the next
        order of a plan; None otherwise.
    state, times
        The state that it is in, as an index of STATES, and the seconds spent in each before that.
    since, key
        As a giver: since when its part has waited, and what breaks ties.
    modes, operation, counters
        Its failure modes; those on the clock of operation; those that count cycles.
    condition
        Its tool and its start-up; None where every cycle is like the others.
    """

    STATE: ClassVar[tuple[str, ...]] = (
        "_entered",
        "_order",
        "_phases",
        "_preparing",
        "_product",
        "_remaining",
        "_start",
        "_started",
        "_striking",
        "_work",
        "collected",
        "halted",
        "halts",
        "later",
        "more",
        "part",
        "phase",
        "since",
        "state",
        "times",
    )
    CAUSES: ClassVar[tuple[str, ...]] = ("_event",)
    __slots__ = (
        *STATE,
        "_backlog",
        "_calendar",
        "_event",
        "_forms",
        "_index",
        "_ledger",
        "_log",
        "_micro_stops",
        "_name",
        "_priority",
        "_schedule",
        "_setups",
        "_short",
        "_simple",
        "_station",
        "condition",
        "counters",
        "key",
        "modes",
        "operation",
    )

    def __init__(
        self,
        station: StationNode,
        *,
        index: int,
        key: int,
        priority: EventPriority,
        micro_stops: list[tuple[Callable[[], bool], Callable[[], float]]],
        condition: Condition | None = None,
    ) -> None:
        model = station.station
        self._station = station
        self._name = model.name
        self._index = index
        self._setups = model if model.setup_times else None
        self._product = model.initial_product
        self._backlog: Backlog | None = None
        self._order: str | None = None
        self._preparing = False
        self._micro_stops = micro_stops
        self._calendar = station.calendar
        self._schedule = station.calendar.schedule
        self._ledger = station.ledger
        self._log = station.ledger.log
        self._priority = priority
        self._striking: ModeState | None = None
        self._phases: list[tuple[int, float]] = []
        self._work = 0.0
        self._remaining = 0.0
        self._start = 0.0
        self._started = 0.0
        self._entered = 0.0
        self.condition = condition
        self._forms: Callable[[Part], None] | None = None
        if condition is not None:
            self._forms = condition.end_cycle
        elif station.defect is not None:
            self._forms = self._spoil
        self._short = self._setups is None and not micro_stops and condition is None
        self._short = self._short and station.test_time is None
        self._simple = self._short
        self._event = self._new_event()
        self.modes: tuple[ModeState, ...] = ()
        self.operation: tuple[ModeState, ...] = ()
        self.counters: tuple[ModeState, ...] = ()
        self.part: Part | None = None
        self.more: list[Part] = []
        self.collected: list[Part] = []
        self.phase: int | None = None
        self.halted = 0
        self.halts = [0] * len(STATES)
        self.later: list[Seizer] = []
        self.state = STARVED
        self.times = [0.0] * len(STATES)
        self.since = 0.0
        self.key = key

    @property
    def index(self) -> int:
        """Its number at the station, from 0."""
        return self._index

    def fit(self, modes: list[ModeState]) -> None:
        """Set the failure modes."""
        self.modes = tuple(modes)
        self.operation = tuple(mode for mode in modes if mode.mode.clock is Clock.OPERATION)
        self.counters = tuple(mode for mode in modes if mode.mode.clock is Clock.CYCLES)
        self._simple = self._short and not self.operation
        self._event = self._new_event()

    def follow(self, backlog: Backlog) -> None:
        """Execute a plan: close batches, and set up ahead, by what may still come to the station."""
        self._backlog = backlog

    def _new_event(self) -> Cause:
        return Cause(self._calendar, self._finish if self._simple else self._over)

    # -- taking parts ---------------------------------------------------------------------------------

    def fits(self, part: Part, now: float) -> bool:  # noqa: ARG002 - other servers collect parts
        """Return whether a server that has taken parts already can take `part` to them."""
        return False

    def load(self, part: Part, now: float) -> None:
        """Take a part; start the cycle when no set-up runs."""
        last = self._backlog is not None and self._backlog.take_off(part.order, part.units)
        self.part = part
        if not self._preparing:
            self._begin(now)
        if last:
            self._station.prepare(now)

    def close(self, now: float) -> None:
        """Start the cycle with the parts collected; only servers that collect parts can."""
        raise NotImplementedError

    def refill(self, now: float, freed: list[Server]) -> None:
        """Take from those that wait, the longest waiting first, until the server has what it needs.

        With a plan the set-up for the next order starts before.
        """
        backlog = self._backlog
        if backlog is not None:
            self.prepare(now)
        waiting = self._station.waiting
        if self.part is None and waiting:
            giver = waiting.pop(0)
            if backlog is None:
                self.part = giver.surrender(now)
                self._begin(now)
            else:
                self.load(giver.surrender(now), now)
            giver.moved_on(now, freed)
        if self.part is None:
            self._rest(now)

    def _rest(self, now: float) -> None:
        """Enter the state of a server that waits for parts."""
        if self.phase is None and not self.halted and self.state != STARVED:
            self._change(STARVED, now)

    # -- setting up ahead -----------------------------------------------------------------------------

    def prepare(self, now: float) -> None:
        """Start the set-up for the next order of the plan, if the server is empty and done with its own."""
        if self._backlog is None or self._setups is None:
            return
        if self._preparing or self.part is not None or self.collected:
            return
        order = self._backlog.following(self._order)
        if order is None:
            return
        setup = self._setups.setup_time(self._product, order.product)
        self._order, self._product = order.name, order.product
        if setup > 0:
            if self.condition is not None:
                self.condition.set_up()
            self._preparing = True
            self.phase, self._remaining = SETUP, setup
            if not self.halted:
                self._run(now)

    def _prepared(self, now: float) -> None:
        """End a set-up that was started ahead: start the cycle of what has come meanwhile."""
        self._preparing = False
        self.phase = None
        if self.later:
            self._stop_now(now)
        if self.part is not None:
            self._begin(now)
            return
        self.prepare(now)
        if self.phase is None:
            self._show(now)

    # -- the cycle ------------------------------------------------------------------------------------

    def _begin(self, now: float) -> None:
        """Start a cycle: what comes before the processing, the processing, what comes after it."""
        station = self._station
        if station.draw_by_product is None:
            work = station.draw()
        else:
            work = station.draw_by_product.get(self.peek().product, station.draw)()
        self._work = self._remaining = work
        self._started = self._start = now
        self.phase = RUN
        if self._log is not None:
            self._ledger.note(now, self._name, "start", self.peek(), server=self._index)
        if self._simple and not self.halted:  # what _run does, for the many
            if self.state != BUSY:
                self._change(BUSY, now)
            self._schedule(self._event, self._priority, work)
            return
        if not self._short:
            self._compose(self.peek())
        if not self.halted:
            self._run(now)

    def _compose(self, part: Part) -> None:
        """Make the phases of the cycle, those of no length left out."""
        stop = 0.0
        for happens, duration in self._micro_stops:
            if happens():
                stop += duration()
        setup = 0.0 if self._setups is None else self._setups.setup_time(self._product, part.product)
        self._product, self._order = part.product, part.order
        change = 0.0
        if self.condition is not None:
            change = self.condition.change_tool()
            if setup > 0:
                self.condition.set_up()
        test_time = self._station.test_time
        test = 0.0 if test_time is None else test_time()
        phases = [(SETUP, change), (SETUP, setup), (STOP, stop), (RUN, self._work), (INSPECT, test)]
        phases = [(phase, time) for phase, time in phases if time > 0 or phase == RUN]
        self.phase, self._remaining = phases.pop(0)
        self._phases = phases

    def _run(self, now: float) -> None:
        """Go on with the phase: put its end, or the failure that comes before, into the calendar."""
        phase = self.phase
        assert phase is not None
        if self.state != PHASE_STATES[phase]:
            self._change(PHASE_STATES[phase], now)
        self._start = now
        remaining = self._remaining
        if self.operation and phase == RUN:
            mode = self.operation[0] if len(self.operation) == 1 else min(self.operation, key=_left)
            if now + mode.left < now + remaining:
                self._striking = mode
                self._schedule(self._event, mode.failure, mode.left)
                return
        self._schedule(self._event, self._priority, remaining)

    def _over(self, now: float) -> None:
        """End the phase, or be struck by a failure of the operation clock."""
        if self._striking is not None:
            self._striking.strike(now)
            return
        if self.operation and self.phase == RUN:
            self._worked(now - self._start)
        if self._preparing:
            self._prepared(now)
        elif self._phases:
            self.phase, self._remaining = self._phases.pop(0)
            self._run(now)
        else:
            self._finish(now)

    def _worked(self, seconds: float) -> None:
        """Let the clocks of operation advance."""
        for mode in self.operation:
            mode.left = max(0.0, mode.left - seconds)

    def _finish(self, now: float) -> None:
        """End the cycle: find out about the part, then send it on."""
        part = self.part
        assert part is not None
        station = self._station
        self.phase = None
        station.cycles += 1
        if self._forms is not None:
            self._forms(part)
        if self._log is not None:
            self._ledger.note(
                now, self._name, "finish", part, server=self._index, duration=now - self._started
            )
        if self.counters:
            self._count(now)
        if self.later:
            self._stop_now(now)
        if station.inspect is not None and self._rejected(part, station.inspect()):
            self._scrap("rejected", now)
        elif not self._send(now):
            return
        freed: list[Server] = []
        self.refill(now, freed)
        if freed:
            settle(freed, now)

    def _count(self, now: float) -> None:
        """Let the clocks of cycles advance."""
        for mode in self.counters:
            mode.left -= 1
            if not mode.left:
                mode.strike(now)

    def _spoil(self, part: Part) -> None:
        """Draw whether the cycle has made a defect."""
        defect = self._station.defect
        if defect is not None and defect():
            part.defective = True

    def _rejected(self, part: Part, draw: float) -> bool:
        """Write the result of the inspection on the part; return whether it leaves as scrap."""
        inspection = self._station.station.inspection
        assert inspection is not None
        part.rejected = draw < (inspection.detection if part.defective else inspection.false_alarm)
        return part.rejected and inspection.rejects == "scrap"

    def _scrap(self, why: str, now: float) -> None:
        part = self.part
        assert part is not None
        self.part = None
        self.phase = None
        self._ledger.scrap(part, self._name, now, rank=self._station.rank, server=self._index, why=why)

    # -- giving the finished parts away ---------------------------------------------------------------

    def _send(self, now: float) -> bool:
        """Send the finished parts on as far as there is room; return whether all of them have gone."""
        ways = self._station.ways
        part = self.part
        while part is not None:
            target = ways.only or ways.choose(part, now)
            if not target.ready(part, now):
                target.wait(self, now)
                if not self.halted:
                    self._change(BLOCKED, now)
                return False
            target.take(part, now)
            self.part = part = self.more.pop(0) if self.more else None
        return True

    def peek(self) -> Part:
        """Return the finished part."""
        assert self.part is not None
        return self.part

    def surrender(self, now: float) -> Part:  # noqa: ARG002 - as every giver
        """Give the finished part away."""
        part = self.peek()
        self.part = self.more.pop(0) if self.more else None
        return part

    def moved_on(self, now: float, freed: list[Server]) -> None:
        """Send on what else is finished, then be filled in turn."""
        if self.part is None or self._send(now):
            freed.append(self)

    # -- stopping and going on ------------------------------------------------------------------------

    def halt(self, state: int, now: float) -> None:
        """Stop working for a reason that shows as `state`; what is left of the phase is done later."""
        if self.phase is not None and not self.halted:
            self._event.cancel()
            self._event = self._new_event()
            self._striking = None
            elapsed = now - self._start
            self._remaining -= elapsed
            if self.phase == RUN:
                self._worked(elapsed)
        self.halts[state] += 1
        self.halted += 1
        self._show(now)

    def release(self, state: int, now: float) -> None:
        """Take back one reason to stop; go on when it was the last."""
        self.halts[state] -= 1
        self.halted -= 1
        if self.phase is not None and not self.halted:
            self._run(now)
        else:
            self._show(now)

    def stop_after_cycle(self, seizer: Seizer, now: float) -> None:
        """Let `seizer` stop the server as soon as it has no cycle in process."""
        if self.phase is None:
            seizer.seize(self, now)
        else:
            self.later.append(seizer)

    def _stop_now(self, now: float) -> None:
        later, self.later = self.later, []
        for seizer in later:
            seizer.seize(self, now)

    def fail(self, mode: FailureMode, state: int, now: float) -> None:
        """Stop; do to the part in process what the failure mode says."""
        working = self.phase == RUN and not self.halted
        if self._log is not None:
            self._log_mode("fail", mode, now)
        self.halt(state, now)
        if working and mode.interrupted is Interrupted.RESTART:
            self._remaining = self._work
        elif working and mode.interrupted is Interrupted.SCRAP:
            self._phases = []
            self._scrap("interrupted", now)
            settle([self], now)

    def repair(self, mode: FailureMode, state: int, now: float) -> None:
        """Go on when nothing else stops the server."""
        if self._log is not None:
            self._log_mode("repair", mode, now)
        self.release(state, now)

    def _log_mode(self, kind: str, mode: FailureMode, now: float) -> None:
        self._ledger.write(
            EventRecord(time=now, element=self._name, kind=kind, server=self._index, detail=mode.name)
        )

    # -- accounts -------------------------------------------------------------------------------------

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
        self._ledger.write(
            EventRecord(
                time=self._entered,
                element=self._name,
                kind="state",
                server=self._index,
                state=STATES[self.state],
                duration=seconds,
            )
        )


def _left(mode: ModeState) -> float:
    return mode.left
