"""Flow shops among the instances of the scheduling model: recognised, and their sequences made schedules."""

from __future__ import annotations

from dataclasses import dataclass

from opt_twin.plan import Schedule
from opt_twin.scheduling.features import missing_features
from opt_twin.scheduling.instance import SchedulingInstance
from opt_twin.scheduling.jobs import Job, Key
from opt_twin.scheduling.local_search.flow_shop import (
    FLOW_SHOP_OBJECTIVES,
    LARGEST_TIME,
    FlowShop,
    Sequences,
    decode,
)
from opt_twin.scheduling.timing import schedule_of

__all__ = ["FlowFamily", "flow_family"]

_PERMUTATION = frozenset({"one sequence on all machines", "release dates", "set-ups"})
_BLOCKING = frozenset({"one sequence on all machines", "release dates", "finite buffers"})
_NO_WAIT = frozenset({"one sequence on all machines", "release dates", "set-ups", "no-wait"})
_HYBRID = frozenset({"modes", "release dates"})
_DISTRIBUTED = frozenset({"alternative routes", "release dates", "one sequence on groups of machines"})


@dataclass(frozen=True, slots=True)
class FlowFamily:
    """A flow shop and the instance that it stands for.

    Attributes
    ----------
    shop
        Its numbers.
    instance
        What they were taken from.
    positions
        ``positions[factory][stage]``: the position of the operation in its job.
    """

    shop: FlowShop
    instance: SchedulingInstance
    positions: tuple[tuple[int, ...], ...]

    def schedule(self, sequences: Sequences) -> Schedule:
        """Return the schedule that the sequences of jobs, one for each factory, stand for."""
        timing = decode(self.shop, sequences)
        times: dict[Key, tuple[int, int]] = {}
        modes: dict[Key, int] = {}
        for positions, sequence in zip(self.positions, sequences, strict=True):
            for number in sequence:
                name = self.instance.jobs[number].name
                for stage, position in enumerate(positions):
                    start = timing.starts[number][stage]
                    times[name, position] = start, start + self.shop.durations[number][stage]
                    modes[name, position] = timing.units[number][stage]
        return schedule_of(self.instance, times, modes)

    def sequences(self, schedule: Schedule) -> Sequences:
        """Return the jobs of each factory in the order of their first start in `schedule`."""
        number = {job.name: index for index, job in enumerate(self.instance.jobs)}
        start = {(a.job, a.operation): a.start for a in schedule.assignments}
        found = []
        for positions in self.positions:
            own = [
                (start[name, positions[0]], number[name]) for name in number if (name, positions[0]) in start
            ]
            found.append(tuple(index for _, index in sorted(own)))
        return tuple(found)


def flow_family(instance: SchedulingInstance, objective: str) -> FlowFamily | None:
    """Return the flow shop that `instance` is, if the search for flow shops can treat it; None if not.

    Permutation flow shops (with set-ups or release dates), blocking ones (no buffers), those without waits,
    hybrid ones (a stage has machines that are alike) and distributed ones (equal factories as alternative
    routes) are recognised by their structure.
    """
    if objective not in FLOW_SHOP_OBJECTIVES or any(job.deadline is not None for job in instance.jobs):
        return None
    if (
        not all(job.order == "route" and job.counts for job in instance.jobs)
        or instance.horizon() >= LARGEST_TIME
    ):
        return None
    features = instance.features
    if "no-wait" in features:
        return _without_waits(instance)
    if "alternative routes" in features:
        return _distributed(instance)
    if "modes" in features:
        return _hybrid(instance)
    return _permutation(instance)


def _columns(instance: SchedulingInstance) -> dict[str, tuple[int | None, ...] | tuple[int, ...]]:
    """Return releases, dues and weights where they say something."""
    found: dict[str, tuple[int | None, ...] | tuple[int, ...]] = {
        "weights": tuple(job.weight for job in instance.jobs)
    }
    if any(job.release for job in instance.jobs):
        found["releases"] = tuple(job.release for job in instance.jobs)
    if any(job.due is not None for job in instance.jobs):
        found["dues"] = tuple(job.due for job in instance.jobs)
    return found


def _route(job: Job) -> tuple[str, ...]:
    return tuple(operation.machine for operation in job.operations)


def _one_route(instance: SchedulingInstance) -> tuple[str, ...] | None:
    """Return the route that all jobs take, each machine once; None if there is none."""
    route = _route(instance.jobs[0])
    alike = all(_route(job) == route for job in instance.jobs)
    return route if alike and "" not in route and len(set(route)) == len(route) else None


def _durations(instance: SchedulingInstance) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(o.duration for o in job.operations) for job in instance.jobs)


def _setups(instance: SchedulingInstance, route: tuple[str, ...]) -> dict[str, object]:
    if not instance.setup_times:
        return {}
    families = [job.family for job in instance.jobs]
    setups = tuple(
        tuple(tuple(instance.setup_time(machine, a, b) for b in families) for a in families)
        for machine in route
    )
    first = tuple(
        tuple(instance.first_setup_time(machine, family) for family in families) for machine in route
    )
    return {"setups": setups, "first_setups": first}


def _single(instance: SchedulingInstance, kind: str, route: tuple[str, ...]) -> FlowFamily:
    shop = FlowShop.from_dict(
        {"durations": _durations(instance), "kind": kind} | _setups(instance, route) | _columns(instance)
    )
    return FlowFamily(shop, instance, (tuple(range(len(route))),))


def _permutation(instance: SchedulingInstance) -> FlowFamily | None:
    route = _one_route(instance)
    if not instance.permutation or route is None:
        return None
    if missing_features(instance, _PERMUTATION) is None:
        return _single(instance, "permutation", route)
    blocks = all(instance.buffers.get(machine) == 0 for machine in route[1:])
    if missing_features(instance, _BLOCKING) is None and blocks:
        return _single(instance, "blocking", route)
    return None


def _without_waits(instance: SchedulingInstance) -> FlowFamily | None:
    route = _one_route(instance)
    if route is None or missing_features(instance, _NO_WAIT) is not None:
        return None
    if not all(job.no_wait and all(o.duration > 0 for o in job.operations) for job in instance.jobs):
        return None
    return _single(instance, "no_wait", route)


def _hybrid(instance: SchedulingInstance) -> FlowFamily | None:
    """Return the hybrid flow shop: each stage has machines of its own, and each of them takes as long."""
    if missing_features(instance, _HYBRID) is not None:
        return None
    stages = [tuple(mode.machine for mode in operation.ways) for operation in instance.jobs[0].operations]
    machines = [machine for stage in stages for machine in stage]
    if len(set(machines)) < len(machines):
        return None
    for job in instance.jobs:
        if [tuple(m.machine for m in o.ways) for o in job.operations] != stages:
            return None
        if any(len({mode.duration for mode in o.ways}) > 1 for o in job.operations):
            return None
    durations = tuple(tuple(o.shortest for o in job.operations) for job in instance.jobs)
    shop = FlowShop.from_dict(
        {"durations": durations, "kind": "hybrid", "stage_machines": tuple(len(stage) for stage in stages)}
        | _columns(instance)
    )
    return FlowFamily(shop, instance, (tuple(range(len(stages))),))


def _distributed(instance: SchedulingInstance) -> FlowFamily | None:
    """Return the distributed flow shop: each route is a factory, all with the same durations."""
    if missing_features(instance, _DISTRIBUTED) is not None:
        return None
    routes = instance.jobs[0].routes
    factories: list[tuple[str, ...]] = []
    positions: list[tuple[int, ...]] = []
    for route in routes:
        own = [index for index, o in enumerate(instance.jobs[0].operations) if o.route == route]
        positions.append(tuple(own))
        factories.append(tuple(instance.jobs[0].operations[index].machine for index in own))
    if {frozenset(group) for group in instance.same_sequence} != {frozenset(f) for f in factories}:
        return None
    machines = [machine for factory in factories for machine in factory]
    if len(set(machines)) < len(machines) or len({len(factory) for factory in factories}) > 1:
        return None
    for job in instance.jobs:
        if [o.route for o in job.operations] != [o.route for o in instance.jobs[0].operations]:
            return None
        if _route(job) != _route(instance.jobs[0]):
            return None
        if len({tuple(job.operations[index].duration for index in own) for own in positions}) > 1:
            return None
        if any(operation.duration == 0 for operation in job.operations):
            return None
    durations = tuple(tuple(job.operations[i].duration for i in positions[0]) for job in instance.jobs)
    shop = FlowShop.from_dict({"durations": durations, "factories": len(routes)} | _columns(instance))
    return FlowFamily(shop, instance, tuple(positions))
