"""The servers of a station in a run: what one machine does, cycle by cycle."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from opt_twin.line import Clock, FailureMode, Interrupted
from opt_twin.simulation.calendar import Cause
from opt_twin.simulation.parts import Part, free_pallets
from opt_twin.simulation.phases import (
    BLOCKED,
    BUSY,
    INSPECT,
    LOAD,
    PHASE_STATES,
    RUN,
    SETUP,
    STARVED,
    STOP,
)
from opt_twin.simulation.worker import Worker

if TYPE_CHECKING:
    from simpy.events import EventPriority

    from opt_twin.simulation.behaviours import StationRules
    from opt_twin.simulation.conditions import Condition
    from opt_twin.simulation.failures import ModeState
    from opt_twin.simulation.maintenance import TaskState
    from opt_twin.simulation.orders import Coming
    from opt_twin.simulation.people import People
    from opt_twin.simulation.stations import StationNode

__all__ = ["Server", "settle"]


def settle(freed: list[Server], now: float) -> None:
    """Fill the servers of `freed`, and those that this frees, in the order in which they became free."""
    for server in freed:  # grows while it is read
        server.refill(now, freed)


class Server(Worker):
    """One machine of a station.

    Attributes
    ----------
    more
        Finished parts that leave after `part`.
    collected
        Parts that it has taken for a cycle that cannot start yet.
    since, key
        As a giver: since when its part has waited, and what breaks ties.
    modes, counters
        Its failure modes; those that count cycles.
    tasks
        Its maintenance.
    condition
        Its tool and its start-up; None where every cycle is like the others.
    """

    STATE: ClassVar[tuple[str, ...]] = (
        "_order",
        "_product",
        "_work",
        "collected",
        "more",
        "since",
    )
    __slots__ = (
        *STATE,
        "_backlog",
        "_forms",
        "_load",
        "_micro_stops",
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
        "tasks",
    )

    def __init__(
        self,
        station: StationNode,
        *,
        index: int,
        key: int,
        priority: EventPriority,
        micro_stops: list[tuple[Callable[[], bool], Callable[[], float]]],
        load: Callable[[], float] | None,
        people: People,
        condition: Condition | None = None,
    ) -> None:
        model = station.station
        self._station = station
        self._load = load
        self._setups = model if model.setup_times else None
        self._micro_stops = micro_stops
        self.condition = condition
        self._forms: Callable[[Part], None] | None = None
        if condition is not None:
            self._forms = condition.end_cycle
        elif station.defect is not None:
            self._forms = self._spoil
        self._simple = self._short = False
        super().__init__(model, index, calendar=station.calendar, ledger=station.ledger, people=people)
        self._short = not (
            model.setup_times
            or micro_stops
            or load is not None
            or condition is not None
            or station.test_time is not None
            or self._attended
            or model.behaviour
        )
        self._product = model.initial_product
        self._backlog: Coming | None = None
        self._order: str | None = None
        self._schedule = station.calendar.schedule
        self._priority = priority
        self._work = 0.0
        self.modes: tuple[ModeState, ...] = ()
        self.counters: tuple[ModeState, ...] = ()
        self.tasks: tuple[TaskState, ...] = ()
        self.more: list[Part] = []
        self.collected: list[Part] = []
        self.since = 0.0
        self.key = key

    @property
    def rank(self) -> int:
        """That of its station."""
        return self._station.rank

    def fit(self, modes: list[ModeState]) -> None:
        """Set the failure modes."""
        self.modes = tuple(modes)
        self.operation = tuple(mode for mode in modes if mode.mode.clock is Clock.OPERATION)
        self.counters = tuple(mode for mode in modes if mode.mode.clock is Clock.CYCLES)
        self._simple = self._short and not self.operation
        self._event = self._new_event()

    def follow(self, backlog: Coming) -> None:
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
        last = self._backlog is not None and self._backlog.take(part)
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
        if self._station.dock is not None:
            self._station.dock.opened(now)

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
            self._started = now
            if not self.halted:
                self._run(now)

    def _prepared(self, now: float) -> None:
        """End a set-up that was started ahead: start the cycle of what has come meanwhile."""
        self._preparing = False
        self.phase = None
        if self.call is not None and self.call.held:
            self._people.give_back(self.call, now)
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
        load = 0.0 if self._load is None else self._load()
        change = 0.0
        if self.condition is not None:
            change = self.condition.change_tool()
            if setup > 0:
                self.condition.set_up()
        test_time = self._station.test_time
        test = 0.0 if test_time is None else test_time()
        before = ((SETUP, change), (SETUP, setup), (LOAD, load), (STOP, stop))
        phases = [(phase, time) for phase, time in before if time > 0]
        rules = self._station.rules
        if rules is None:
            phases.append((RUN, self._work))
        else:
            own = rules.phases(part, self._work, self._started)
            self._work = sum(time for phase, time in own if phase == RUN)
            phases += [(phase, time) for phase, time in own if time > 0 or phase == RUN]
        if test > 0:
            phases.append((INSPECT, test))
        self.phase, self._remaining = phases.pop(0)
        self._phases = phases

    def _run(self, now: float) -> None:
        """Go on with the phase: put its end, or the failure that comes before, into the calendar."""
        if self._attended and not self._attend(now):
            return
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

    def _finish(self, now: float) -> None:
        """End the cycle: find out about the part, then send it on."""
        part = self.part
        assert part is not None
        station = self._station
        self.phase = None
        if self.call is not None and self.call.held:
            self._people.give_back(self.call, now)
        station.cycles += 1
        if self._forms is not None:
            self._forms(part)
        if self._log is not None:
            self._ledger.note(
                now, self._name, "finish", part, server=self._index, duration=now - self._started
            )
        if self.counters or self.later or station.rules is not None:
            self._conclude(station.rules, now)
        if station.unloads is not None:
            free_pallets(part, now, station.unloads)
        if station.inspect is not None:
            self._inspect(station.inspect, now)
        if station.outcome is not None and self.part is not None:
            self.part, *self.more = station.outcome.give(self.part, self._index, now)
        if self.part is not None and not self._send(now):
            return
        freed: list[Server] = []
        self.refill(now, freed)
        if freed:
            settle(freed, now)

    def _conclude(self, rules: StationRules | None, now: float) -> None:
        """Let what waits for the end of a cycle happen: clocks of cycles, maintenance, the end of a shift."""
        if self.counters:
            self._count(now)
        if rules is not None and rules.maintains:
            wanted = rules.maintenance(self._station.cycles, now, [task.task.name for task in self.tasks])
            for task in self.tasks:
                if task.task.name == wanted:
                    task.demand(now)
        if self.later:
            self._stop_now(now)

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
            part.become(defective=True)

    def _inspect(self, draw: Callable[[], float], now: float) -> None:
        """Test the finished part; scrap it if it is rejected, unless rejects are routed on."""
        part = self.peek()
        self._station.tests += 1
        if self._rejected(part, draw()):
            self._scrap("rejected", now)

    def _rejected(self, part: Part, draw: float) -> bool:
        """Return whether the test rejects `part` and it is to be scrapped."""
        inspection = self._station.station.inspection
        assert inspection is not None
        part.judge(rejected=draw < (inspection.detection if part.defective else inspection.false_alarm))
        return part.rejected and inspection.rejects == "scrap"

    def _scrap(self, why: str, now: float) -> None:
        part = self.part
        assert part is not None
        self.part = None
        self.phase = None
        self._ledger.scrap(
            part,
            self._name,
            now,
            rank=self._station.rank,
            server=self._index,
            why=why,
            members=part.members if self._station.station.batch_output == "parts" else None,
        )

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
        if self.phase is None and self.part is not None and not self._send(now):
            return  # what is in process has come back through a loop already
        freed.append(self)

    # -- failures -------------------------------------------------------------------------------------

    def fail(self, mode: FailureMode, state: int, now: float) -> None:
        """Stop; do to the part in process what the failure mode says."""
        working = self.phase == RUN and not self.halted
        self.note_stop("fail", mode.name, now)
        self.halt(state, now)
        if working and mode.interrupted is Interrupted.RESTART:
            self._remaining = self._work
        elif working and mode.interrupted is Interrupted.SCRAP:
            self._phases = []
            self._scrap("interrupted", now)
            if self.later:
                self._stop_now(now)
            settle([self], now)

    def repair(self, mode: FailureMode, state: int, now: float) -> None:
        """Go on when nothing else stops the server."""
        self.note_stop("repair", mode.name, now)
        self.release(state, now)


def _left(mode: ModeState) -> float:
    return mode.left
