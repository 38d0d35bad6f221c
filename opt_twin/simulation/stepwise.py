"""A run step by step: what is there can be looked at, changed, saved and restored between two events."""

from __future__ import annotations

import math
from collections.abc import Callable

from opt_twin.errors import OptionError, PlanError, SimulationError, UnknownNameError
from opt_twin.line import Line
from opt_twin.plan import Plan, Schedule
from opt_twin.records import FrozenMapping, Record, record
from opt_twin.results import STATES
from opt_twin.simulation.agendas import RoutedBook, machine_sequences
from opt_twin.simulation.engine import Engine, Run
from opt_twin.simulation.events import EventLog
from opt_twin.simulation.phases import STOPPED
from opt_twin.simulation.settings import RunSettings
from opt_twin.simulation.snapshot import Snapshot, load_state, save_state
from opt_twin.simulation.stations import StationNode

__all__ = ["Decision", "Observation", "Policy", "Simulation"]


@record
class Decision(Record):
    """A question that must be answered before the run goes on.

    Attributes
    ----------
    element
        Where a part waits to be sent on.
    product, order
        Of the part; None where it has none.
    rejected
        Whether its last inspection rejected it.
    targets
        Where it may go, in the order of the connections.
    waiting
        Parts that are at each target or wait for it, in the same order.
    """

    element: str
    product: str | None = None
    order: str | None = None
    rejected: bool = False
    targets: tuple[str, ...]
    waiting: tuple[int, ...]


Policy = Callable[[Decision, "Observation"], str]
"""Answers a decision with one of its targets."""


@record
class Observation(Record):
    """What can be seen of a run at one moment.

    Attributes
    ----------
    time
        Seconds.
    states
        Station -> state of each of its servers.
    levels
        Buffer -> parts in it.
    parts
        Station -> cycles finished since the start.
    released, parts_out, scrapped, wip
        Counts since the start, in released parts; those that sinks took.
    """

    time: float
    states: FrozenMapping[str, tuple[str, ...]]
    levels: FrozenMapping[str, int]
    parts: FrozenMapping[str, int]
    released: int
    parts_out: int
    scrapped: int
    wip: int


class Simulation:
    """One replication that is run in steps.

    A run in steps takes the same path as one in a piece, and a run that is restored from a snapshot the same
    as the one that went on, to the last bit.

    Parameters
    ----------
    line, settings, plan, seed, replication, log
        As of :func:`opt_twin.simulation.run_replication`.
    policy
        Answers the decisions of elements whose `routing` is ``decision``; None to answer them by
        :meth:`decide`.
    state
        Where the run goes on from, see :class:`Snapshot`; None for the start.

    Raises
    ------
    PlanError
        If the plan does not fit the line, or a warm-up is asked for with a plan.
    SimulationError
        If the line would release parts without end at one moment.

    Examples
    --------
    >>> from opt_twin.line import Line, Sink, Source, Station, chain
    >>> line = Line(
    ...     name="one",
    ...     elements=(Source(name="In"), Station(name="Saw", cycle_time="5 s"), Sink(name="Out")),
    ...     connections=chain("In", "Saw", "Out"),
    ... )
    >>> run = Simulation(line, settings=RunSettings(horizon=60))
    >>> run.run_until(22)
    >>> run.observe().parts_out
    4
    >>> saved = run.snapshot()
    >>> run.finish().values["parts_out"], Simulation.restore(saved).finish().values["parts_out"]
    (12.0, 12.0)
    """

    def __init__(
        self,
        line: Line,
        *,
        settings: RunSettings = RunSettings(),  # noqa: B008  frozen
        plan: Plan | None = None,
        seed: int = 0,
        replication: int = 0,
        log: bool | EventLog = False,
        policy: Policy | None = None,
        state: str | None = None,
    ) -> None:
        self._policy = policy
        self._engine = Engine(line, settings=settings, plan=plan, seed=seed, replication=replication, log=log)
        if state is None:
            self._engine.start()
        else:
            load_state(self._engine.floor, state)

    @property
    def now(self) -> float:
        """Seconds since the start."""
        return float(self._engine.floor.calendar.now)

    @property
    def ended(self) -> bool:
        """Whether the horizon is reached, or all orders of a plan are complete."""
        return self._engine.floor.calendar.ended

    @property
    def decision(self) -> Decision | None:
        """The question that must be answered before the run goes on; None when there is none."""
        floor = self._engine.floor
        if not floor.pending:
            return None
        giver, targets = floor.pending[0]
        part = giver.peek()
        return Decision(
            element=floor.decisions.element_of(giver),
            product=part.product,
            order=part.order,
            rejected=part.rejected,
            targets=targets,
            waiting=tuple(floor.taker(target).queue_length() for target in targets),
        )

    def decide(self, target: str) -> None:
        """Answer the open decision: the part goes to `target`, or waits there.

        Raises
        ------
        OptionError
            If no decision is open, or the part may not go there.
        """
        floor = self._engine.floor
        if not floor.pending:
            raise OptionError(f"no decision is open, at {self.now:g} s")
        floor.decisions.carry_out(floor.pending[0][0], target, self.now)

    def step(self) -> bool:
        """Handle the next event with all that it makes possible; return whether there was one.

        Raises
        ------
        SimulationError
            If a decision is open and there is no policy, or the run cannot go on.
        """
        self._answer()
        return self._engine.floor.calendar.advance(math.inf)

    def run_until(self, time: float) -> None:
        """Handle everything that happens until `time`, that moment included, or until a decision is open.

        Raises
        ------
        OptionError
            If `time` is over.
        SimulationError
            If a decision is open and there is no policy, or the run cannot go on.
        """
        if time < self.now:
            raise OptionError(f"the run stands at {self.now:g} s and cannot go back to {time:g} s")
        calendar, pending = self._engine.floor.calendar, self._engine.floor.decisions
        self._answer()
        while calendar.advance(time):
            if pending.open:
                if self._policy is None:
                    return
                self._answer()
        if not calendar.ended:
            calendar.wait(time)

    def run_to_decision(self) -> Decision | None:
        """Run until a decision is open and return it; None at the end of the run.

        Raises
        ------
        SimulationError
            If a decision is open already, or the run cannot go on.
        """
        self.run_until(math.inf)
        return self.decision

    def finish(self) -> Run:
        """Run to the end and return the measures.

        Raises
        ------
        SimulationError
            If a decision is open and there is no policy, the run cannot go on, or orders of the plan are not
            complete by the horizon.
        ConservationError
            If parts or state times do not add up.
        """
        if self._engine.floor.decisions.needed:
            self.run_until(math.inf)
            self._answer()
        elif not self.ended:
            self._engine.floor.calendar.execute()
        return self._engine.close()

    def _answer(self) -> None:
        """Let the policy answer what is open."""
        while (decision := self.decision) is not None:
            if self._policy is None:
                raise SimulationError(
                    f"{decision.element!r} waits for a decision, at {self.now:g} s: call decide() with one "
                    f"of {', '.join(decision.targets)}, or give the simulation a policy"
                )
            self.decide(self._policy(decision, self.observe()))

    # -- looking and acting ---------------------------------------------------------------------------

    def observe(self) -> Observation:
        """Return what can be seen now."""
        floor = self._engine.floor
        ledger = floor.ledger
        return Observation(
            time=self.now,
            states=FrozenMapping(
                {name: tuple(STATES[s.state] for s in node.servers) for name, node in floor.stations.items()}
            ),
            levels=FrozenMapping(
                {name: sum(1 for _ in node.contents()) for name, node in floor.buffers.items()}
            ),
            parts=FrozenMapping({name: node.cycles for name, node in floor.stations.items()}),
            released=ledger.released,
            parts_out=ledger.left,
            scrapped=ledger.scrapped,
            wip=ledger.inside,
        )

    def set_speed(self, station: str, speed: float) -> None:
        """Let the cycles of a station that begin from now on run at `speed`.

        Raises
        ------
        UnknownNameError
            If there is no such station.
        OptionError
            If the speed is not above 0.
        """
        if not (speed > 0 and math.isfinite(speed)):
            raise OptionError(f"a speed is a finite number above 0, got {speed}")
        self._station(station).set_speed(speed)

    def follow(self, plan: Schedule) -> None:
        """Go on by another schedule of the same orders; what has been done of it already is left out.

        Orders that are still to be released keep their sequence. What is decided at a machine from now on
        goes by the new plan: sequences, and the stations of operations of which no part has come there.

        Raises
        ------
        PlanError
            If the run has no plan for each station, or the new one does not fit.
        """
        book = self._engine.floor.book
        if not isinstance(book, RoutedBook):
            raise PlanError(
                "only a run with a plan for each station can go on by another one; on a chain of queues "
                "(first in, first out) orders cannot overtake"
            )
        book.follow(machine_sequences(self._engine.line, plan), self.now)

    def stop(self, station: str) -> None:
        """Stop the servers of a station; what they work on waits. Each stop takes one :meth:`go`.

        Raises
        ------
        UnknownNameError
            If there is no such station.
        """
        for server in self._station(station).servers:
            server.halt(STOPPED, self.now)

    def go(self, station: str) -> None:
        """Let a station that was stopped work again.

        Raises
        ------
        UnknownNameError
            If there is no such station.
        SimulationError
            If it was not stopped.
        """
        servers = self._station(station).servers
        if not all(server.halts[STOPPED] for server in servers):
            raise SimulationError(f"station {station!r} was not stopped, at {self.now:g} s")
        for server in servers:
            server.release(STOPPED, self.now)

    def _station(self, name: str) -> StationNode:
        stations = self._engine.floor.stations
        if name not in stations:
            raise UnknownNameError.among("station", name, stations)
        return stations[name]

    # -- saving and restoring -------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """Return all that is needed to go on from here: a frozen record that can be written as JSON.

        The event log is not part of it.
        """
        engine = self._engine
        return Snapshot(
            line=engine.line,
            settings=engine.settings,
            plan=engine.plan,
            seed=engine.seed,
            replication=engine.replication,
            time=self.now,
            state=save_state(engine.floor),
        )

    @classmethod
    def restore(
        cls, snapshot: Snapshot, *, log: bool | EventLog = False, policy: Policy | None = None
    ) -> Simulation:
        """Return a run that goes on from where `snapshot` was taken."""
        return cls(
            snapshot.line,
            settings=snapshot.settings,
            plan=snapshot.plan,
            seed=snapshot.seed,
            replication=snapshot.replication,
            log=log,
            policy=policy,
            state=snapshot.state,
        )
