"""Executing a schedule that is planned anew whenever the floor falls too far behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from opt_twin.errors import OptionError, PlanError
from opt_twin.line import Line
from opt_twin.plan import Schedule

if TYPE_CHECKING:
    from opt_twin.scheduling import Key, SchedulingInstance
    from opt_twin.simulation import EventRecord, Run, RunSettings, Simulation
    from opt_twin.solvers import SolveOptions

__all__ = ["Replan", "ReplannedRun", "replanned_run"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Replan:
    """One time that the plan was made anew.

    Attributes
    ----------
    time
        Seconds.
    delay
        By how many seconds the operation that was furthest behind was late.
    schedule
        The plan from then on.
    """

    time: float
    delay: float
    schedule: Schedule


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplannedRun:
    """What became of a schedule.

    Attributes
    ----------
    run
        The measures.
    replans
        When it was planned anew, in the order of time.
    """

    run: Run
    replans: tuple[Replan, ...]


class _Progress:
    """What has started and finished at each station; takes the events of a run."""

    def __init__(self) -> None:
        self.starts: dict[tuple[str, str], float] = {}
        self.ends: dict[tuple[str, str], float] = {}
        self.running: dict[tuple[str, str], int] = {}
        self.units: dict[tuple[str, str], int] = {}

    def append(self, event: EventRecord) -> None:
        """Take note of an event."""
        if event.order is None or event.kind not in {"start", "finish"}:
            return
        key = event.order, event.element
        if event.kind == "start":
            self.starts.setdefault(key, event.time)
            self.running[key] = self.running.get(key, 0) + 1
        else:
            self.ends[key] = event.time
            self.running[key] = self.running.get(key, 0) - 1
            self.units[key] = self.units.get(key, 0) + 1


def replanned_run(
    line: Line,
    instance: SchedulingInstance,
    schedule: Schedule,
    *,
    threshold: float,
    every: float | None = None,
    objective: str = "makespan",
    calm: int = 0,
    freeze: float = 0.0,
    settings: RunSettings | None = None,
    seed: int = 0,
    replication: int = 0,
    options: SolveOptions | None = None,
) -> ReplannedRun:
    """Execute `schedule` on `line`, and plan what is left anew when it has fallen behind by `threshold`.

    Parameters
    ----------
    line
        The floor; not a chain of first-in-first-out queues, on which orders cannot overtake.
    instance
        What the schedule was made for, one order a job, one visit of a job to a station.
    schedule
        The plan at the start.
    threshold
        Seconds by which an operation is late (it has started so late, or should have started so long ago) for
        the plan to be made anew.
    every
        Seconds between two looks at the floor; half of the threshold unless given.
    objective
        What is minimised again.
    calm
        Weight of the deviation from the old plan, in the objective: 0 for none.
    freeze
        Seconds in which the old plan stands.
    settings, seed, replication
        Of the run.
    options
        Limits of each planning; 5 s unless given.

    Returns
    -------
    ReplannedRun
        The same for the same arguments as long as each planning ends with a proof; a plan that was cut off
        by the clock may differ between two runs.

    Raises
    ------
    OptionError
        If `threshold` or `every` is not above 0.
    PlanError
        If the schedule does not fit the line.
    SimulationError
        If the orders are not complete by the horizon.

    Notes
    -----
    What has started is frozen; the end of what runs is expected from the share of the order that is done. A
    station that has failed is expected back after the mean time to repair. Where no schedule is found the old
    one stays.

    References
    ----------
    Vieira, Herrmann and Lin (2003), Rescheduling manufacturing systems, Journal of Scheduling 6:39-62
    (event-driven predictive-reactive policies).
    """
    from opt_twin.scheduling import replanning_instance, solve_schedule
    from opt_twin.simulation import RunSettings, Simulation
    from opt_twin.solvers import SolveOptions

    step = threshold / 2 if every is None else every
    if not (threshold > 0 and step > 0):
        raise OptionError(f"threshold and every are above 0 s, got {threshold:g} and {step:g}")
    progress = _Progress()
    simulation = Simulation(
        line,
        settings=RunSettings() if settings is None else settings,
        plan=schedule,
        seed=seed,
        replication=replication,
        log=progress,
    )
    limits = SolveOptions(time_limit=5.0) if options is None else options
    replans: list[Replan] = []
    plan = schedule
    while not simulation.ended:
        simulation.run_until(simulation.now + step)
        delay = _delay(plan, progress, simulation.now)
        if simulation.ended or delay <= threshold:
            continue
        down = _down(line, simulation)
        rest = replanning_instance(
            instance,
            plan,
            now=_ticks(simulation.now, plan.tick),
            actual=_actual(line, plan, progress, simulation.now, down),
            freeze=_ticks(freeze, plan.tick),
            not_before={
                machine: _ticks(simulation.now + down[_station(machine)], plan.tick)
                for machine in instance.machines
                if _station(machine) in down
            },
        )
        goal = f"{objective} + {calm}*total_deviation" if calm and rest.planned else objective
        answer = solve_schedule(rest, objective=goal, options=limits)
        if answer.best is not None:
            better = _with_modes_of(instance, answer.best)
            try:
                simulation.follow(better)
            except PlanError:  # it moves what cannot be called back any more: the old plan stays
                continue
            plan = better
            replans.append(Replan(time=simulation.now, delay=delay, schedule=plan))
    return ReplannedRun(run=simulation.finish(), replans=tuple(replans))


def _ticks(seconds: float, tick: float) -> int:
    return int(-(-seconds // tick))


def _station(machine: str) -> str:
    return machine.partition("#")[0]


def _delay(plan: Schedule, progress: _Progress, now: float) -> float:
    """Return the seconds by which the latest operation is behind the plan."""
    return max(
        (
            progress.starts.get((a.job, _station(a.machine)), now) - a.start * plan.tick
            for a in plan.assignments
            if (a.job, _station(a.machine)) not in progress.ends
        ),
        default=0.0,
    )


def _down(line: Line, simulation: Simulation) -> dict[str, float]:
    """Return the stations all of whose servers have failed, and the mean seconds that a repair takes."""
    states = simulation.observe().states
    found = {}
    for station in line.stations:
        if station.failures and set(states[station.name]) <= {"failed", "waiting_for_crew"}:
            repairs = [mode.time_to_repair.mean for mode in station.failures]
            found[station.name] = sum(repairs) / len(repairs)
    return found


def _actual(
    line: Line, plan: Schedule, progress: _Progress, now: float, down: Mapping[str, float]
) -> dict[Key, tuple[int, int]]:
    """Return the start and the (expected) end of all operations that have started, in ticks."""
    quantity = {order.name: order.quantity for order in line.orders}
    found: dict[Key, tuple[int, int]] = {}
    present = _ticks(now, plan.tick)
    for a in plan.assignments:
        key = a.job, _station(a.machine)
        if key not in progress.starts:
            continue
        start = _ticks(progress.starts[key], plan.tick)
        done = progress.units.get(key, 0)
        if progress.running.get(key, 0) == 0 and (done >= quantity.get(a.job, 1) or key in progress.ends):
            end = _ticks(progress.ends[key], plan.tick)
        else:
            share = 1 - done / max(done + 1, quantity.get(a.job, 1))
            end = max(start + (a.end - a.start), present + int(share * (a.end - a.start)) * (done > 0))
            end = max(end, present) + _ticks(down.get(key[1], 0.0), plan.tick)
        found[a.job, a.operation] = start, max(end, start)
    return found


def _with_modes_of(instance: SchedulingInstance, schedule: Schedule) -> Schedule:
    """Return `schedule` with the modes counted in `instance`, by the machines."""
    assignments = []
    for a in schedule.assignments:
        machines = [mode.machine for mode in instance.options(instance.job(a.job), a.operation)]
        assignments.append(a.replace(mode=machines.index(a.machine) if a.machine in machines else a.mode))
    return schedule.replace(assignments=tuple(assignments), instance_digest=instance.digest())
