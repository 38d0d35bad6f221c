"""Lower bounds that need no solver, each with a name; docs/formulations/bounds.md explains them.

What an argument cannot treat it leaves out: every bound holds for every instance.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator

from opt_twin.records import Record, record
from opt_twin.scheduling.bounds_machines import Found, Relaxation, parallel_bound, two_machine_bound
from opt_twin.scheduling.bounds_projects import resource_bounds
from opt_twin.scheduling.bounds_setups import cheapest_walks, setup_bound
from opt_twin.scheduling.bounds_sums import PENALTIES, busy_time_bound, moore_hodgson, sum_bounds
from opt_twin.scheduling.carlier import OneMachine, carlier, jackson_bound, machine_load_bound, schrage
from opt_twin.scheduling.instance import SchedulingInstance
from opt_twin.scheduling.objectives import Term, check_objective
from opt_twin.scheduling.windows import Head, Network, Tail, heads, tails
from opt_twin.solvers import Stop

__all__ = [
    "CARLIER_NODES",
    "Head",
    "LowerBound",
    "OneMachine",
    "Tail",
    "busy_time_bound",
    "carlier",
    "cheapest_walks",
    "heads",
    "jackson_bound",
    "lower_bound",
    "lower_bounds",
    "machine_load_bound",
    "moore_hodgson",
    "parallel_bound",
    "schrage",
    "tails",
    "two_machine_bound",
]

CARLIER_NODES = 200
"""Nodes of branch and bound for each machine, unless said otherwise."""


@record
class LowerBound(Record):
    """A value that no schedule is below, and where it comes from.

    Attributes
    ----------
    name
        Of the argument: ``longest job``, ``machine load``, ...
    value
        Ticks, or the unit of the objective.
    where
        What it looked at: ``machine M3``, ``job J7``, ``resource R1``, ``all jobs``.
    """

    name: str
    value: int
    where: str


def lower_bounds(
    instance: SchedulingInstance,
    objective: str = "makespan",
    *,
    nodes: int = CARLIER_NODES,
    stop: Stop | None = None,
) -> tuple[LowerBound, ...]:
    """Return values that no schedule of `instance` is below, the largest first: the best of each argument.

    Parameters
    ----------
    instance
        Any; operations that may be left out count only for what their job takes at least.
    objective
        As :func:`~opt_twin.scheduling.parse_objective` reads it. The bound of a weighted sum adds up the
        bounds of its terms; that of a lexicographic order is for its first stage.
    nodes
        Limit of Carlier's branch and bound for each machine; 0 leaves it out.
    stop
        Asked from time to time; once it returns true the slow arguments are left out.

    Raises
    ------
    UnknownNameError, OptionError
        If the objective cannot be read, or means nothing for the instance.

    Examples
    --------
    >>> from opt_twin.scheduling import load_instance
    >>> for bound in lower_bounds(load_instance("ft10"))[:3]:
    ...     print(bound.value, bound.name, bound.where)
    808 one machine, preemptive machine M2
    808 one machine machine M2
    796 machine load machine M3
    """
    stage = check_objective(instance, objective).stages[0]
    network = Network(instance)
    parts = [_best_by_name(_term_bounds(network, term, nodes, stop)) for term in stage]
    if len(parts) == 1:
        factor = stage[0].factor
        return tuple(bound.replace(value=factor * bound.value) for bound in parts[0])
    total = sum(term.factor * part[0].value for term, part in zip(stage, parts, strict=True))
    names = ", ".join(dict.fromkeys(part[0].name for part in parts))
    return (LowerBound(name=f"sum of {names}", value=total, where="all terms"),)


def lower_bound(instance: SchedulingInstance, objective: str = "makespan") -> int:
    """Return the largest of the :func:`lower_bounds`.

    Raises
    ------
    UnknownNameError, OptionError
        If the objective cannot be read, or means nothing for the instance.
    """
    return lower_bounds(instance, objective)[0].value


def _best_by_name(bounds: Iterable[Found]) -> list[LowerBound]:
    """Return the best bound of each name, the largest first; none is negative."""
    best: dict[str, Found] = {}
    for bound in bounds:
        if bound.name not in best or bound.value > best[bound.name].value:
            best[bound.name] = bound
    found = [LowerBound(name=b.name, value=max(0, b.value), where=b.where) for b in best.values()]
    found.sort(key=lambda bound: -bound.value)
    return found or [LowerBound(name="nothing", value=0, where="all jobs")]


def _term_bounds(network: Network, term: Term, nodes: int, stop: Stop | None) -> Iterator[Found]:
    """Yield the bounds on one measure, without its factor."""
    jobs = [job for job in network.instance.jobs if job.counts and term.priority in {None, job.priority}]
    if term.measure == "makespan":
        yield from _maximum_bounds(network, {job.name: 0 for job in jobs}, nodes, stop)
    elif term.measure == "maximum_tardiness":
        after = {job.name: -job.due for job in jobs if job.due is not None}
        yield from _maximum_bounds(network, after, nodes, stop)
    elif term.measure in PENALTIES:
        yield from sum_bounds(network, term.measure, jobs)
    elif term.measure == "total_setup_time":
        yield _setup_times(network)
    elif term.measure == "energy_cost":
        yield Found("operations alone", _energy_cost(network), "all operations")
    elif term.measure == "total_deviation":
        yield Found("operations alone", _deviation(network), "all operations")


def _maximum_bounds(
    network: Network, after: dict[str, int], nodes: int, stop: Stop | None
) -> Iterator[Found]:
    relaxation = Relaxation(network, after)
    known = 0
    for bound in relaxation.bounds(nodes=nodes, stop=stop):
        known = max(known, bound.value)
        yield bound
    yield from resource_bounds(relaxation, known, stop)


def _setup_times(network: Network) -> Found:
    """Return the cheapest walks through the families that each machine must meet."""
    needed: dict[str, set[str | None]] = {}
    for task in network.tasks:
        machines = task.machines
        if len(machines) == 1:
            needed.setdefault(next(iter(machines)), set()).add(task.job.family_of(task.key[1]))
    total = sum(setup_bound(network.instance, machine, families) for machine, families in needed.items())
    return Found("set-ups", total, "all machines")


def _energy_cost(network: Network) -> int:
    """Return what the operations cost if each had the cheapest time from its head on for itself."""
    instance = network.instance
    starts = [step.start for step in instance.tariff]
    prices = [step.price for step in instance.tariff]
    until = [0]
    for index in range(1, len(starts)):
        until.append(until[-1] + prices[index - 1] * (starts[index] - starts[index - 1]))

    def paid(tick: int) -> int:
        step = bisect_right(starts, tick) - 1
        return until[step] + prices[step] * (tick - starts[step]) if step >= 0 else 0

    def cheapest(first: int, duration: int) -> int:
        """Return the least sum of prices of a window; it begins at the head, or at a step, or ends there."""
        times = {first, *starts, *(start - duration for start in starts)}
        return min(paid(time + duration) - paid(time) for time in times if time >= first)

    total = 0
    for index, task in enumerate(network.tasks):
        options = instance.options(task.job, task.key[1])
        if task.frozen is not None:
            options = options[task.frozen.mode : task.frozen.mode + 1]
        total += min((m.power * cheapest(network.starts[index], m.duration) for m in options), default=0)
    return total


def _deviation(network: Network) -> int:
    """Return how far the heads lie behind the earlier plan, and the operations that must change machine."""
    planned = {(a.job, a.operation): a for a in network.instance.planned}
    total = 0
    for index, task in enumerate(network.tasks):
        plan = planned.get(task.key)
        if plan is not None:
            total += max(0, network.starts[index] - plan.start) + (plan.machine not in task.machines)
    return total
