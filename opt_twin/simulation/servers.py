"""The servers of a station in a run: what one machine does, cycle by cycle."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from opt_twin.line import Clock, FailureMode, Interrupted
from opt_twin.results import STATES
from opt_twin.simulation.calendar import Cause
from opt_twin.simulation.events import EventRecord
from opt_twin.simulation.parts import Part

if TYPE_CHECKING:
    from simpy.events import EventPriority

    from opt_twin.simulation.failures import ModeState
    from opt_twin.simulation.orders import Backlog
    from opt_twin.simulation.stations import StationNode

__all__ = ["Server", "settle"]

BUSY, SETUP, STARVED, BLOCKED, FAILED, MICRO_STOP = range(len(STATES))


def settle(freed: list[Server], now: float) -> None:
    """Fill the servers of `freed`, and those that this frees, in the order in which they became free."""
    for server in freed:  # grows while it is read
        server.refill(now, freed)


class Server:
    """One machine of a station.

    Attributes
    ----------
    part
        What it works on, or the finished part that finds no place; None when it is free.
    collected
        The members of a batch that is not complete.
    down
        How many of its failure modes are being repaired.
    phase
        What its cycle is at (an index of STATES: set-up, micro-stop or busy), or set-up while it prepares for
        the next order of a plan; None otherwise.
    state, times
        The state that it is in, as an index of STATES, and the seconds spent in each before that.
    since, key
        As a giver: since when its part has waited, and what breaks ties.
    modes, operation, counters
        Its failure modes; those on the clock of operation; those that count cycles.
    """

    __slots__ = (
        "_backlog",
        "_batch",
        "_calendar",
        "_entered",
        "_event",
        "_index",
        "_ledger",
        "_log",
        "_micro_stop",
        "_micro_stops",
        "_name",
        "_order",
        "_preparing",
        "_priority",
        "_product",
        "_remaining",
        "_schedule",
        "_setups",
        "_simple",
        "_start",
        "_started",
        "_station",
        "_striking",
        "_work",
        "collected",
        "counters",
        "down",
        "key",
        "modes",
        "operation",
        "part",
        "phase",
        "since",
        "state",
        "times",
    )

    def __init__(
        self,
        station: StationNode,
        *,
        index: int,
        key: int,
        priority: EventPriority,
        micro_stops: list[tuple[Callable[[], bool], Callable[[], float]]],
    ) -> None:
        model = station.station
        self._station = station
        self._name = model.name
        self._index = index
        self._batch = model.batch_size
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
        self._micro_stop = 0.0
        self._work = 0.0
        self._remaining = 0.0
        self._start = 0.0
        self._started = 0.0
        self._entered = 0.0
        self._simple = self._setups is None and not micro_stops
        self._event = self._new_event()
        self.modes: tuple[ModeState, ...] = ()
        self.operation: tuple[ModeState, ...] = ()
        self.counters: tuple[ModeState, ...] = ()
        self.part: Part | None = None
        self.collected: list[Part] = []
        self.phase: int | None = None
        self.down = 0
        self.state = STARVED
        self.times = [0.0] * len(STATES)
        self.since = 0.0
        self.key = key

    def fit(self, modes: list[ModeState]) -> None:
        """Set the failure modes."""
        self.modes = tuple(modes)
        self.operation = tuple(mode for mode in modes if mode.mode.clock is Clock.OPERATION)
        self.counters = tuple(mode for mode in modes if mode.mode.clock is Clock.CYCLES)
        self._simple = self._simple and not self.operation
        self._event = self._new_event()

    def follow(self, backlog: Backlog) -> None:
        """Execute a plan: close batches, and set up ahead, by what may still come to the station."""
        self._backlog = backlog

    def _new_event(self) -> Cause:
        return Cause(self._calendar, self._finish if self._simple else self._over)

    # -- taking parts ---------------------------------------------------------------------------------

    def fits(self, part: Part, now: float) -> bool:
        """Return whether `part` may join the batch; a part of another order closes the batch instead."""
        if self.collected[0].order == part.order:
            return True
        self.close(now)
        return False

    def load(self, part: Part, now: float) -> None:
        """Take a part; start the cycle when the batch is complete and no set-up runs."""
        last = self._backlog is not None and self._backlog.take_off(part.order, part.units)
        if self._batch == 1:
            self.part = part
            if not self._preparing:
                self._begin(now)
        else:
            self.collected.append(part)
            if last or len(self.collected) == self._batch:
                self.close(now)
        if last:
            self._station.prepare(now)

    def close(self, now: float) -> None:
        """Make one part of those collected; start the cycle when no set-up runs."""
        members = self.collected
        first = members[0]
        batch = Part(self._ledger.number(), first.product, first.order)
        batch.units = sum(member.units for member in members)
        batch.born = sum(member.born for member in members)
        batch.defective = any(member.defective for member in members)
        if self._log is not None:
            for member in members:
                self._ledger.note(now, self._name, "join", member, server=self._index, batch=batch.number)
        self.collected = []
        self.part = batch
        if not self._preparing:
            self._begin(now)

    def refill(self, now: float, freed: list[Server]) -> None:
        """Take from those that wait, the longest waiting first, until the server has what it needs.

        With a plan the set-up for the next order starts before.
        """
        backlog = self._backlog
        if backlog is not None:
            self.prepare(now)
        waiting = self._station.waiting
        while self.part is None and waiting:
            if self.collected and not self.fits(waiting[0].peek(), now):
                return
            giver = waiting.pop(0)
            if self._batch == 1 and backlog is None:
                self.part = giver.surrender(now)
                self._begin(now)
            else:
                self.load(giver.surrender(now), now)
            giver.moved_on(now, freed)
        if self.part is None and self.phase is None and not self.down and self.state != STARVED:
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
            self._preparing = True
            self.phase, self._remaining = SETUP, setup
            if not self.down:
                self._run(now)

    def _prepared(self, now: float) -> None:
        """End a set-up that was started ahead: start the cycle of what has come meanwhile."""
        self._preparing = False
        self.phase = None
        if self.part is not None:
            self._begin(now)
            return
        self.prepare(now)
        if self.phase is None:
            self._change(STARVED, now)

    # -- the cycle ------------------------------------------------------------------------------------

    def _begin(self, now: float) -> None:
        """Start a cycle: set-up, micro-stops, processing."""
        station = self._station
        if station.draw_by_product is None:
            work = station.draw()
        else:
            work = station.draw_by_product.get(self.peek().product, station.draw)()
        self._work = self._remaining = work
        self._started = self._start = now
        self.phase = BUSY
        if self._log is not None:
            self._ledger.note(now, self._name, "start", self.peek(), server=self._index)
        if self._simple and not self.down:  # what _run does, for the many
            if self.state != BUSY:
                self._change(BUSY, now)
            self._schedule(self._event, self._priority, work)
            return
        if self._setups is not None or self._micro_stops:
            self._delay(self.peek())
        if not self.down:
            self._run(now)

    def _delay(self, part: Part) -> None:
        """Put a set-up and micro-stops before the processing, where the cycle has them."""
        stop = 0.0
        for happens, duration in self._micro_stops:
            if happens():
                stop += duration()
        self._micro_stop = stop
        setup = 0.0 if self._setups is None else self._setups.setup_time(self._product, part.product)
        self._product, self._order = part.product, part.order
        if setup > 0:
            self.phase, self._remaining = SETUP, setup
        elif stop > 0:
            self.phase, self._remaining = MICRO_STOP, stop

    def _run(self, now: float) -> None:
        """Go on with the phase: put its end, or the failure that comes before, into the calendar."""
        phase = self.phase
        assert phase is not None
        if self.state != phase:
            self._change(phase, now)
        self._start = now
        remaining = self._remaining
        if self.operation and phase == BUSY:
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
        elif self.phase == BUSY:
            if self.operation:
                self._worked(now - self._start)
            self._finish(now)
        elif self._preparing:
            self._prepared(now)
        else:
            stop = self._micro_stop if self.phase == SETUP else 0.0
            self.phase, self._remaining = (MICRO_STOP, stop) if stop > 0 else (BUSY, self._work)
            self._run(now)

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
        if station.defect is not None and station.defect():
            part.defective = True
        if self._log is not None:
            self._ledger.note(
                now, self._name, "finish", part, server=self._index, duration=now - self._started
            )
        if self.counters:
            self._count(now)
        if station.inspect is not None and self._rejected(part, station.inspect()):
            self._scrap("rejected", now)
        else:
            target = station.ways.only or station.ways.choose()
            if not target.ready(part, now):
                target.wait(self, now)
                if not self.down:
                    self._change(BLOCKED, now)
                return
            target.take(part, now)
            self.part = None
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

    def _rejected(self, part: Part, draw: float) -> bool:
        inspection = self._station.station.inspection
        assert inspection is not None
        return draw < (inspection.detection if part.defective else inspection.false_alarm)

    def _scrap(self, why: str, now: float) -> None:
        part = self.part
        assert part is not None
        self.part = None
        self.phase = None
        self._ledger.scrap(part, self._name, now, rank=self._station.rank, server=self._index, why=why)

    # -- giving the finished part away ----------------------------------------------------------------

    def peek(self) -> Part:
        """Return the finished part."""
        assert self.part is not None
        return self.part

    def surrender(self, now: float) -> Part:  # noqa: ARG002 - as every giver
        """Give the finished part away."""
        part = self.peek()
        self.part = None
        return part

    def moved_on(self, now: float, freed: list[Server]) -> None:  # noqa: ARG002 - as every giver
        """Be filled in turn."""
        freed.append(self)

    # -- failures -------------------------------------------------------------------------------------

    def fail(self, mode: FailureMode, now: float) -> None:
        """Stop; do to the part in process what the failure mode says."""
        running = self.phase is not None and not self.down
        self.down += 1
        if self._log is not None:
            self._log_mode("fail", mode, now)
        scrapped = False
        if running:
            self._event.cancel()
            self._event = self._new_event()
            self._striking = None
            elapsed = now - self._start
            self._remaining -= elapsed
            if self.phase == BUSY:
                self._worked(elapsed)
                if mode.interrupted is Interrupted.RESTART:
                    self._remaining = self._work
                scrapped = mode.interrupted is Interrupted.SCRAP
        if self.state != FAILED:
            self._change(FAILED, now)
        if scrapped:
            self._scrap("interrupted", now)
            settle([self], now)

    def repair(self, mode: FailureMode, now: float) -> None:
        """Go on when the last of the failures is repaired."""
        self.down -= 1
        if self._log is not None:
            self._log_mode("repair", mode, now)
        if self.down:
            return
        if self.phase is not None:
            self._run(now)
        else:
            self._change(STARVED if self.part is None else BLOCKED, now)

    def _log_mode(self, kind: str, mode: FailureMode, now: float) -> None:
        assert self._log is not None
        self._log.append(
            EventRecord(time=now, element=self._name, kind=kind, server=self._index, detail=mode.name)
        )

    # -- accounts -------------------------------------------------------------------------------------

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


def _left(mode: ModeState) -> float:
    return mode.left
