"""What can be taken out of an instance, one demand at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from opt_twin.plan import Assignment
from opt_twin.records import FrozenMapping
from opt_twin.scheduling.instance import SchedulingInstance
from opt_twin.scheduling.jobs import Job, Precedence
from opt_twin.scheduling.resources import Absence, Closure

__all__ = ["Element", "elements_of"]


@dataclass(frozen=True, slots=True)
class Element:
    """A demand of an instance that can be taken out.

    Attributes
    ----------
    kind
        What it is.
    where
        Of what.
    text
        In words.
    without
        Returns an instance without it.
    looser
        Returns an instance in which it asks for less by so many ticks; None where there is no less of it.
    most
        Ticks after which it asks for nothing.
    """

    kind: str
    where: str
    text: str
    without: Callable[[SchedulingInstance], SchedulingInstance]
    looser: Callable[[SchedulingInstance, int], SchedulingInstance] | None = None
    most: int = 0


def elements_of(instance: SchedulingInstance) -> list[Element]:
    """Return all demands that can be taken out, those that a planner asks about first in front."""
    return [
        *(_deadline(instance, job) for job in instance.jobs if job.deadline is not None),
        *(_frozen(given) for given in instance.frozen),
        *_closures(instance),
        *(_lag(instance, p) for p in dict.fromkeys(instance.precedences) if p.lag < 0),
        *(_no_wait(job) for job in instance.jobs if job.no_wait),
        *(_release(job) for job in instance.jobs if job.release > 0),
        *([_present(instance)] if instance.now else []),
    ]


def _with_job(instance: SchedulingInstance, name: str, **changes: object) -> SchedulingInstance:
    """Return the instance with fields of one job replaced."""
    return instance.replace(
        jobs=tuple(job.replace(**changes) if job.name == name else job for job in instance.jobs)
    )


def _deadline(instance: SchedulingInstance, job: Job) -> Element:
    name, deadline = job.name, job.deadline
    assert deadline is not None
    return Element(
        kind="deadline",
        where=f"job {name}",
        text=f"job {name} must be complete by {deadline}",
        without=lambda given: _with_job(given, name, deadline=None),
        looser=lambda given, ticks: _with_job(given, name, deadline=deadline + ticks),
        most=instance.horizon(),
    )


def _release(job: Job) -> Element:
    name, release = job.name, job.release
    return Element(
        kind="release",
        where=f"job {name}",
        text=f"job {name} cannot start before {release}",
        without=lambda given: _with_job(given, name, release=0),
        looser=lambda given, ticks: _with_job(given, name, release=max(0, release - ticks)),
        most=release,
    )


def _present(instance: SchedulingInstance) -> Element:
    now = instance.now
    return Element(
        kind="present time",
        where="all jobs",
        text=f"nothing that is not frozen starts before {now}, the present time",
        without=lambda given: given.replace(now=0),
        looser=lambda given, ticks: given.replace(now=max(0, now - ticks)),
        most=now,
    )


def _no_wait(job: Job) -> Element:
    name = job.name
    return Element(
        kind="no-wait",
        where=f"job {name}",
        text=f"job {name} must not wait between its operations",
        without=lambda given: _with_job(given, name, no_wait=False),
    )


def _frozen(frozen: Assignment) -> Element:
    where = f"job {frozen.job}, operation {frozen.operation}"
    machine = f" on {frozen.machine}" if frozen.machine else ""
    return Element(
        kind="frozen operation",
        where=where,
        text=f"operation {frozen.operation} of job {frozen.job} is frozen{machine} "
        f"from {frozen.start} to {frozen.end}",
        without=lambda given: given.replace(frozen=tuple(a for a in given.frozen if a != frozen)),
    )


def _lag(instance: SchedulingInstance, precedence: Precedence) -> Element:
    since, until = precedence.kind.split("-")
    (one, first), (other, second) = precedence.before, precedence.after
    return Element(
        kind="maximum time lag",
        where=f"job {other}, operation {second}, and job {one}, operation {first}",
        text=f"the {since} of operation {first} of job {one} lies at most {-precedence.lag} ticks behind "
        f"the {until} of operation {second} of job {other}",
        without=lambda given: given.replace(
            precedences=tuple(p for p in given.precedences if p != precedence)
        ),
        looser=lambda given, ticks: given.replace(
            precedences=tuple(
                p.replace(lag=p.lag - ticks) if p == precedence else p for p in given.precedences
            )
        ),
        most=2 * instance.horizon(),
    )


def _closures(instance: SchedulingInstance) -> Iterator[Element]:
    """Yield closures of machines and resources, and absences of resources."""
    for name, closures in instance.closures.items():
        for closure in dict.fromkeys(closures):
            yield Element(
                kind="closure",
                where=name,
                text=f"{name} is closed from {closure.start} to {closure.end}",
                without=_without_closure(name, closure),
            )
    for resource in instance.resources:
        for absence in dict.fromkeys(resource.absences):
            yield Element(
                kind="absence",
                where=resource.name,
                text=f"{absence.amount} of {resource.name} are missing from {absence.start} to {absence.end}",
                without=_without_absence(resource.name, absence),
            )


def _without_closure(name: str, closure: Closure) -> Callable[[SchedulingInstance], SchedulingInstance]:
    def without(given: SchedulingInstance) -> SchedulingInstance:
        left = tuple(c for c in given.closures[name] if c != closure)
        return given.replace(closures=FrozenMapping({**given.closures, name: left}))

    return without


def _without_absence(name: str, absence: Absence) -> Callable[[SchedulingInstance], SchedulingInstance]:
    def without(given: SchedulingInstance) -> SchedulingInstance:
        return given.replace(
            resources=tuple(
                r.replace(absences=tuple(a for a in r.absences if a != absence)) if r.name == name else r
                for r in given.resources
            )
        )

    return without
