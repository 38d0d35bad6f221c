"""What an instance has beyond a classical job shop, so that solvers can say what they cannot treat."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opt_twin.scheduling.instance import SchedulingInstance
    from opt_twin.scheduling.jobs import Job

__all__ = ["CLASSICAL", "FEATURES", "features_of", "missing_features"]


def _lot_streaming(job: Job) -> bool:
    single = [operation for operation in job.operations if not operation.modes]
    return any(o.lead_ticks != o.duration or o.tail_ticks != o.duration for o in single)


_OF_JOBS: dict[str, Callable[[Job], bool]] = {
    "release dates": lambda job: job.release > 0,
    "deadlines": lambda job: job.deadline is not None,
    "lot streaming": _lot_streaming,
    "modes": lambda job: any(o.modes for o in job.operations),
    "operations without a machine": lambda job: any(not m.machine for o in job.operations for m in o.ways),
    "open jobs": lambda job: job.order == "open",
    "networks": lambda job: job.order == "network",
    "no-wait": lambda job: job.no_wait,
    "interruptible operations": lambda job: any(o.interruptible for o in job.operations),
    "optional operations": lambda job: any(o.optional for o in job.operations),
    "alternative routes": lambda job: bool(job.routes),
    "jobs that do not count": lambda job: not job.counts,
    "families of operations": lambda job: any(o.family not in {None, job.family} for o in job.operations),
}

_OF_INSTANCES: dict[str, Callable[[SchedulingInstance], bool]] = {
    "set-ups": lambda instance: bool(instance.setup_times),
    "one sequence on all machines": lambda instance: instance.permutation,
    "resources": lambda instance: bool(instance.resources),
    "precedences": lambda instance: bool(instance.precedences),
    "closures": lambda instance: bool(instance.closures),
    "transport times": lambda instance: bool(instance.transport_times),
    "finite buffers": lambda instance: bool(instance.buffers),
    "batching machines": lambda instance: bool(instance.batching),
    "one sequence on groups of machines": lambda instance: bool(instance.same_sequence),
    "frozen operations": lambda instance: bool(instance.frozen),
    "a present time": lambda instance: instance.now > 0,
}

CLASSICAL = frozenset(
    {"release dates", "deadlines", "lot streaming", "set-ups", "one sequence on all machines"}
)
"""What the models of one machine per operation treat besides a classical job shop."""

FEATURES = (*_OF_JOBS, *_OF_INSTANCES)
"""What an instance can have beyond a classical job shop, as solvers name it when they refuse one."""


def features_of(instance: SchedulingInstance) -> frozenset[str]:
    """Return the features that `instance` has, of :data:`FEATURES`."""
    own = {name for name, has in _OF_INSTANCES.items() if has(instance)}
    own |= {name for name, has in _OF_JOBS.items() if any(has(job) for job in instance.jobs)}
    return frozenset(own)


def missing_features(instance: SchedulingInstance, held: Collection[str]) -> str | None:
    """Return why a solver that holds only the features `held` refuses `instance`; None when it does not."""
    beyond = [name for name in FEATURES if name in instance.features and name not in held]
    return f"it does not treat {', '.join(beyond)}" if beyond else None
