"""One replication of a line: runs the calendar, and closes the accounts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from opt_twin.errors import PlanError, SimulationError
from opt_twin.line import Line
from opt_twin.plan import Plan
from opt_twin.records import FrozenMapping, Rebuilt, read_only
from opt_twin.simulation.build import Floor
from opt_twin.simulation.calendar import Kind
from opt_twin.simulation.conservation import check_run
from opt_twin.simulation.deadlock import can_lock, lock_of, refuse_deadlock, starved_for_ever
from opt_twin.simulation.events import EventLog, EventRecord
from opt_twin.simulation.kpis import Totals, measures
from opt_twin.simulation.observers import Observers
from opt_twin.simulation.servers import Server
from opt_twin.simulation.settings import RunSettings
from opt_twin.simulation.telemetry import Telemetry

__all__ = ["Engine", "Run", "run_replication"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Run(Rebuilt):
    """One replication.

    Attributes
    ----------
    values
        Measure -> value; names as in :mod:`opt_twin.results.evaluation`.
    replication, seed
        Name the random streams.
    end
        When the run ended, seconds.
    last_exit
        When the last part left through a sink, seconds; 0 when none did.
    locked
        How the line has locked up: the elements that wait for one another, and since when; empty when it has
        not, or when nobody checked.
    starved
        Stations that have taken parts and wait for others that can never come, as a source has run out or
        the parts taken hold all pallets.
    events
        What happened, in the order of time (states at the time when they end); empty unless asked for.
    lead_times
        Seconds from release to sink of each unit that sinks took after the warm-up, in the order in which
        they left; read-only.
    interval
        Seconds between two notes of the telemetry; None where there is none.
    series
        Measure -> its value in each interval from the start of the run on, warm-up included, read-only
        float32, of one length. A value is what the measure of that name would be over its interval: a count
        (``parts_out``, ``scrapped``), a mean over time (``wip``, ``<buffer>.level``) or a share of the time
        (``<station>.busy``). Empty unless ``RunSettings.interval`` is given.
    """

    values: Mapping[str, float]
    replication: int
    seed: int
    end: float
    last_exit: float
    locked: str = ""
    starved: tuple[str, ...] = ()
    events: tuple[EventRecord, ...] = ()
    lead_times: npt.NDArray[np.float64]
    interval: float | None = None
    series: Mapping[str, npt.NDArray[np.float32]] = FrozenMapping()

    def __post_init__(self) -> None:
        object.__setattr__(self, "lead_times", read_only(self.lead_times))
        series = {name: _shut(values) for name, values in self.series.items()}
        object.__setattr__(self, "series", FrozenMapping(series))


def _shut(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return `values`, or a copy, so that nobody can write to them; what is shut already is not copied."""
    if not values.flags.writeable:
        return values
    return np.frombuffer(values.tobytes(), np.float32)


def run_replication(
    line: Line,
    *,
    settings: RunSettings = RunSettings(),  # noqa: B008  frozen
    plan: Plan | None = None,
    seed: int = 0,
    replication: int = 0,
    log: bool | EventLog = False,
    refuse_lock: bool = False,
) -> Run:
    """Run a line once.

    Parameters
    ----------
    line
        What to run.
    settings
        Horizon, warm-up and whether to check; `replications` and `workers` play no part.
    plan
        A schedule of the line's orders. The source then releases the orders in its sequence, none before its
        release time, every station makes them in the sequence of its machine, and the run ends when all are
        complete.
    seed, replication
        Name the random streams.
    log
        True keeps the event log as ``Run.events``. Anything with a method ``append`` gets the records one by
        one instead, as they happen: a list, a file, an observer.
    refuse_lock
        Raise when the line locks up, as soon as that is seen; if not, the run goes on to its horizon and
        :attr:`Run.locked` tells.

    Raises
    ------
    PlanError
        If the plan does not fit the line, or a warm-up is asked for with a plan.
    SimulationError
        If the line would release parts without end at one moment, or the orders are not complete by the
        horizon.
    ConservationError
        If parts or state times do not add up.
    """
    engine = Engine(line, settings=settings, plan=plan, seed=seed, replication=replication, log=log)
    if engine.floor.decisions.needed:
        raise SimulationError(
            "the routing of an element is 'decision': run the line step by step with a policy "
            "(opt_twin.simulation.Simulation), or give it a rule"
        )
    if refuse_lock:
        engine.refuse_lock()
    engine.start()
    engine.floor.calendar.execute()
    run = engine.close()
    if refuse_lock and run.locked:
        raise SimulationError(run.locked)
    return run


class Engine:
    """A line made ready for one run.

    Attributes
    ----------
    floor
        Everything that stands in the line, time, and the accounts.
    telemetry
        Notes the measures of each interval; None where nobody asked for them.
    """

    STATE: ClassVar[tuple[str, ...]] = ("_before", "_warm")

    def __init__(
        self,
        line: Line,
        *,
        settings: RunSettings,
        plan: Plan | None,
        seed: int,
        replication: int,
        log: bool | EventLog,
    ) -> None:
        if plan is not None and settings.warm_up:
            raise PlanError(
                "a plan is measured from the first release to the last completion; set warm_up to 0"
            )
        self.line = line
        self.settings = settings
        self.plan = plan
        self.seed = seed
        self.replication = replication
        self._kept: list[EventRecord] = []
        heard = (self._kept if log else None) if isinstance(log, bool) else log
        self._observers: Observers | None = None
        if settings.observers:
            heard = self._observers = Observers(settings.observers, heard)
        self.floor = Floor(
            line,
            settings=settings,
            plan=plan,
            seed=seed,
            replication=replication,
            log=heard,
        )
        self.floor.actor("engine", self)
        for number, own in enumerate(self._observers.own if self._observers else (), 1):
            self.floor.actor(f"observer {number}", own)
        self._can_lock = settings.check and can_lock(self.floor)
        self.telemetry: Telemetry | None = None
        if settings.interval is not None:
            self.telemetry = Telemetry(self.floor, settings.interval, settings.horizon)
            self.floor.actor("|telemetry", self.telemetry)
        self._before: Totals | None = None
        self._warm: Totals | None = None

    def start(self) -> None:
        """Let everything begin at time 0."""
        settings, floor = self.settings, self.floor
        floor.at(settings.horizon, Kind.HORIZON, floor.calendar.end)
        if settings.warm_up:
            floor.at(settings.warm_up, Kind.WARM_UP, self.keep)
        self._before = Totals.of(floor, 0.0)
        floor.start()
        if self.telemetry is not None:
            self.telemetry.start()

    def close(self) -> Run:
        """Check and close the accounts of a run that has ended."""
        floor = self.floor
        end = float(floor.calendar.now)
        lock = lock_of(floor) if self._can_lock else ""
        self._refuse_open_orders(lock)
        if self.settings.check:
            check_run(floor, end)
        if floor.ledger.log is not None:
            for server in self._servers():
                server.close_log(end)
        before = self._warm or self._before
        assert before is not None
        leads = np.array(floor.ledger.leads)[before.leads :]
        values = measures(self.line, before, Totals.of(floor, end), leads=leads, book=floor.book)
        if self._observers is not None:
            values |= self._observers.measures(end, values)
        return Run(
            values=FrozenMapping(values),
            replication=self.replication,
            seed=self.seed,
            end=end,
            last_exit=floor.ledger.last_exit,
            locked=lock,
            starved=starved_for_ever(floor) if self._can_lock and not lock else (),
            events=tuple(self._kept),
            lead_times=leads,
            interval=self.settings.interval,
            series=FrozenMapping() if self.telemetry is None else self.telemetry.series(),
        )

    def keep(self, now: float) -> None:
        """Note the accounts at the end of the warm-up."""
        self._warm = Totals.of(self.floor, now)

    def _servers(self) -> Iterator[Server]:
        for station in self.floor.stations.values():
            yield from station.servers

    def refuse_lock(self) -> None:
        """End the run with an error as soon as it is seen that the line has locked up."""
        if self._can_lock:
            self.floor.calendar.look = partial(refuse_deadlock, self.floor)

    def _refuse_open_orders(self, lock: str) -> None:
        book = self.floor.book
        if book is not None and book.planned and book.open:
            names = book.open
            raise SimulationError(
                f"{len(names)} of {len(book.sequence)} orders are not complete by the horizon of "
                f"{self.settings.horizon:g} s, the first is {names[0]!r}; {lock or 'give a longer horizon'}"
            )
