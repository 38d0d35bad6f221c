"""What makes an instance invalid, and sums over its times."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from graphlib import CycleError, TopologicalSorter
from itertools import product
from typing import TYPE_CHECKING

from opt_twin.errors import Problem, did_you_mean
from opt_twin.scheduling.jobs import Job, Key, Mode, Operation
from opt_twin.scheduling.resources import LARGEST_HORIZON, Closure, Resource

if TYPE_CHECKING:
    from opt_twin.scheduling.instance import SchedulingInstance

__all__ = ["latest_event", "merged", "problems_of_instance", "sum_of_times", "without_skills"]


def merged(closures: Iterable[Closure]) -> tuple[tuple[int, int], ...]:
    """Return the union of closures as disjoint (start, end) in order."""
    joined: list[tuple[int, int]] = []
    for closure in sorted(closures, key=lambda c: c.start):
        if joined and closure.start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], closure.end)
        else:
            joined.append((closure.start, closure.end))
    return tuple(joined)


def without_skills(mode: Mode, resources: Sequence[Resource]) -> Iterator[Mode]:
    """Yield `mode` once for each choice of resources for the skills that it asks for."""
    names = {resource.name for resource in resources}
    skills = [name for name in mode.demands if name not in names]
    if not skills:
        yield mode
        return
    able = [
        [r for r in resources if skill in r.skills and r.capacity >= mode.demands[skill]] for skill in skills
    ]
    for chosen in product(*able):
        demands = {name: amount for name, amount in mode.demands.items() if name in names}
        for skill, resource in zip(skills, chosen, strict=True):
            demands[resource.name] = demands.get(resource.name, 0) + mode.demands[skill]
        if all(demands[resource.name] <= resource.capacity for resource in chosen):
            yield mode.replace(demands=demands)


def latest_event(instance: SchedulingInstance) -> int:
    """Return the last tick at which something depends on the clock rather than on other operations."""
    events = [instance.now]
    events += [max(job.release, job.due or 0) for job in instance.jobs]
    events += [closure.end for closures in instance.closures.values() for closure in closures]
    for resource in instance.resources:
        events += [absence.end for absence in resource.absences]
        events += [delivery.time for delivery in resource.deliveries]
    events += [assignment.end for assignment in (*instance.frozen, *instance.planned)]
    events += [step.start for step in instance.tariff]
    return max(events)


def sum_of_times(instance: SchedulingInstance) -> int:
    """Return the ticks of all operations, set-ups, transports, leads, tails and lags together."""
    setup = {
        machine: max((ticks for row in rows.values() for ticks in row.values()), default=0)
        for machine, rows in instance.setup_times.items()
    }
    way = max((t for row in instance.transport_times.values() for t in row.values()), default=0)
    total = sum(setup.values()) + sum(max(0, p.lag) for p in instance.precedences)
    for job in instance.jobs:
        for position, operation in enumerate(job.operations):
            total += operation.longest if operation.modes else max(operation.duration, operation.lead_ticks)
            total += way + max((setup.get(mode.machine, 0) for mode in operation.ways), default=0)
            if operation.tail_ticks != operation.duration or job.is_elastic(position):
                total += operation.tail_ticks
    return total


def problems_of_instance(instance: SchedulingInstance) -> Iterator[Problem]:
    """Yield everything that is wrong with `instance`."""
    names = [*_names(instance), *_references(instance)]
    yield from names
    if names:
        return
    wrong = [*_operations(instance), *_permutation(instance), *_precedences(instance), *_decided(instance)]
    yield from wrong
    if not wrong:
        yield from _size(instance)


def _names(instance: SchedulingInstance) -> Iterator[Problem]:
    """Yield names that are taken twice."""
    places = [
        (f"machines.{index}", f"machines.{index}", name) for index, name in enumerate(instance.machines)
    ]
    places += [(f"resources.{i}.name", f"resources.{i}", r.name) for i, r in enumerate(instance.resources)]
    jobs = [(f"jobs.{index}.name", f"jobs.{index}", job.name) for index, job in enumerate(instance.jobs)]
    for group in (places, jobs):
        first: dict[str, str] = {}
        for path, place, name in group:
            if name in first:
                yield Problem(path=path, message=f"the name {name!r} is taken by {first[name]}")
            first.setdefault(name, place)


def _mentions(instance: SchedulingInstance) -> Iterator[tuple[str, str]]:
    """Yield (path, name) wherever a machine is mentioned."""
    for field in ("setup_times", "initial_family", "transport_times", "buffers", "batching"):
        yield from ((f"{field}.{machine}", machine) for machine in getattr(instance, field))
    for machine, row in instance.transport_times.items():
        yield from ((f"transport_times.{machine}.{other}", other) for other in row)
    for index, group in enumerate(instance.same_sequence):
        yield from ((f"same_sequence.{index}.{place}", machine) for place, machine in enumerate(group))
    for index, job in enumerate(instance.jobs):
        for position, operation in enumerate(job.operations):
            path = f"jobs.{index}.operations.{position}"
            if operation.machine:
                yield f"{path}.machine", operation.machine
            for number, mode in enumerate(operation.modes):
                if mode.machine:
                    yield f"{path}.modes.{number}.machine", mode.machine


def _references(instance: SchedulingInstance) -> Iterator[Problem]:
    """Yield names that stand for nothing."""
    machines = set(instance.machines)
    for path, name in _mentions(instance):
        if name not in machines:
            message = f"no machine is called {name!r}{did_you_mean(name, machines)}"
            yield Problem(path=path, message=message)
    both = machines | {resource.name for resource in instance.resources}
    for name in instance.closures:
        if name not in both:
            message = f"no machine or resource is called {name!r}{did_you_mean(name, both)}"
            yield Problem(path=f"closures.{name}", message=message)
    for index, resource in enumerate(instance.resources):
        for skill in both.intersection(resource.skills):
            message = f"the skill {skill!r} has the name of a machine or resource; rename it"
            yield Problem(path=f"resources.{index}.skills", message=message)
    for index, job in enumerate(instance.jobs):
        yield from _references_of(instance, job, f"jobs.{index}")


def _references_of(instance: SchedulingInstance, job: Job, path: str) -> Iterator[Problem]:
    """Yield what the operations of `job` ask for in vain."""
    most = _most(instance.resources)
    for position, operation in enumerate(job.operations):
        for number, mode in enumerate(operation.ways):
            place = f"{path}.operations.{position}"
            place += f".modes.{number}" if operation.modes else ""
            yield from _demands(f"{place}.demands", mode, most)
            if not (mode.machine or mode.demands or job.order == "network"):
                message = "names no machine; only an operation with demands, or of a network, needs none"
                yield Problem(path=f"{place}.machine", message=message)
            if mode.duration == 0 and mode.machine in instance.setup_times:
                message = f"machine {mode.machine!r} has set-ups: its operations take 1 tick or more"
                yield Problem(path=f"{place}.duration", message=message)


def _most(resources: Iterable[Resource]) -> dict[str, int]:
    """Return resource or skill -> how much of it one operation can get at most."""
    most: dict[str, int] = {}
    for resource in resources:
        own = resource.capacity + sum(delivery.amount for delivery in resource.deliveries)
        for name in (resource.name, *resource.skills):
            most[name] = max(most.get(name, 0), own)
    return most


def _demands(path: str, mode: Mode, most: dict[str, int]) -> Iterator[Problem]:
    for name, amount in mode.demands.items():
        if name not in most:
            message = f"no resource or skill is called {name!r}{did_you_mean(name, most)}"
            yield Problem(path=f"{path}.{name}", message=message)
        elif amount > most[name]:
            message = f"asks for {amount} of {name!r}, of which there are never more than {most[name]}"
            yield Problem(path=f"{path}.{name}", message=message)


def _operations(instance: SchedulingInstance) -> Iterator[Problem]:
    """Yield operations that contradict their job or their machine."""
    for index, job in enumerate(instance.jobs):
        if all(operation.route for operation in job.operations) and len(job.routes) == 1:
            message = "all operations are of one route; leave its name out, or name a second route"
            yield Problem(path=f"jobs.{index}.operations", message=message)
        if job.no_wait and job.order != "route":
            yield Problem(path=f"jobs.{index}.no_wait", message="needs operations in the order of a route")
        for position, operation in enumerate(job.operations):
            path = f"jobs.{index}.operations.{position}"
            if not instance.options(job, position):
                yield Problem(path=path, message="no choice of resources has all the skills it asks for")
            for message in _conflicts(instance, job, operation):
                yield Problem(path=path, message=message)


def _conflicts(instance: SchedulingInstance, job: Job, operation: Operation) -> Iterator[str]:
    """Yield what cannot hold together at one operation."""
    streams = any((o.lead, o.tail) != (None, None) for o in job.operations)
    if streams and (job.order != "route" or job.no_wait or any(o.may_be_left_out for o in job.operations)):
        yield "its job streams lots (lead, tail); it needs a route without no-wait, options, alternatives"
    if streams and (instance.buffers or instance.transport_times or operation.interruptible):
        yield "its job streams lots (lead, tail); no finite buffers, transport and interruptions with it"
    if instance.buffers and job.order != "route":
        yield "finite buffers need jobs with a route"
    for mode in operation.ways:
        places = instance.batching.get(mode.machine)
        if places is not None and operation.size > places:
            yield f"takes {operation.size} places of {mode.machine!r}, which has {places}"
        if places is not None and (streams or operation.interruptible):
            yield f"{mode.machine!r} works in batches; no lot streaming and no interruptions there"
        if places is not None and mode.machine in instance.buffers:
            yield f"{mode.machine!r} works in batches; no finite buffer can stand in front of it"
        if instance.buffers and mode.machine and mode.duration == 0:
            yield "with finite buffers, operations on machines take 1 tick or more"


def _permutation(instance: SchedulingInstance) -> Iterator[Problem]:
    if not instance.permutation:
        return
    route = [operation.machine for operation in instance.jobs[0].operations]
    twice = sorted({machine for machine in route if route.count(machine) > 1})
    if twice:
        message = f"visits machine {twice[0]!r} twice; with permutation, each machine once"
        yield Problem(path="jobs.0.operations", message=message)
    for index, job in enumerate(instance.jobs):
        own = [operation.machine for operation in job.operations]
        free = job.order != "route" or any(o.may_be_left_out for o in job.operations)
        if own != route or "" in own or free:
            message = (
                f"takes the route {_arrows(own)}, job {instance.jobs[0].name!r} takes {_arrows(route)}; "
                "with permutation, all jobs take one route"
            )
            yield Problem(path=f"jobs.{index}.operations", message=message)
        for position, operation in enumerate(job.operations):
            if operation.duration == 0 and operation.machine not in instance.setup_times:
                path = f"jobs.{index}.operations.{position}.duration"
                yield Problem(path=path, message="with permutation, operations take 1 tick or more")


def _arrows(route: Sequence[str]) -> str:
    shown = " -> ".join(name or "(no machine)" for name in route[:8])
    return f"{shown} -> ..." if len(route) > 8 else shown


def _precedences(instance: SchedulingInstance) -> Iterator[Problem]:
    """Yield precedences of unknown operations, and a cycle of those that take time in one direction."""
    known = set(instance.keys())
    after: dict[Key, set[Key]] = defaultdict(set)
    for index, precedence in enumerate(instance.precedences):
        for field in ("before", "after"):
            key = getattr(precedence, field)
            if key not in known:
                message = f"there is no operation {key[1]} of a job {key[0]!r}"
                yield Problem(path=f"precedences.{index}.{field}", message=message)
        if precedence.kind == "end-start" and precedence.lag >= 0:
            after[precedence.after].add(precedence.before)
    for job in instance.jobs:
        if job.order == "route" and not job.routes:
            for position in range(1, len(job.operations)):
                after[job.name, position].add((job.name, position - 1))
    try:
        TopologicalSorter(after).prepare()
    except CycleError as error:
        circle = " -> ".join(f"{job}/{position}" for job, position in reversed(error.args[1]))
        yield Problem(path="precedences", message=f"the operations {circle} wait for each other in a circle")


def _decided(instance: SchedulingInstance) -> Iterator[Problem]:
    """Yield frozen and planned assignments that do not fit the instance."""
    jobs = {job.name: job for job in instance.jobs}
    for field in ("frozen", "planned"):
        seen: set[Key] = set()
        for index, assignment in enumerate(getattr(instance, field)):
            path = f"{field}.{index}"
            job = jobs.get(assignment.job)
            if job is None or assignment.operation >= len(job.operations):
                message = f"there is no operation {assignment.operation} of a job {assignment.job!r}"
                yield Problem(path=path, message=message)
                continue
            if (assignment.job, assignment.operation) in seen:
                yield Problem(path=path, message="the operation is listed twice")
            seen.add((assignment.job, assignment.operation))
            options = instance.options(job, assignment.operation)
            if assignment.mode >= len(options):
                yield Problem(path=f"{path}.mode", message=f"the operation has {len(options)} modes, from 0")
            elif options[assignment.mode].machine != assignment.machine:
                message = f"its mode {assignment.mode} is on machine {options[assignment.mode].machine!r}"
                yield Problem(path=f"{path}.machine", message=message)


def _size(instance: SchedulingInstance) -> Iterator[Problem]:
    horizon = instance.horizon()
    weights = sum(job.weight + job.earliness_weight for job in instance.jobs)
    if horizon > LARGEST_HORIZON:
        message = f"all times add up to {horizon} ticks, more than {LARGEST_HORIZON}; use a longer tick"
        yield Problem(path="jobs", message=message)
    elif horizon * weights > 2**60:
        message = f"the weights are too large for a horizon of {horizon} ticks; make them smaller"
        yield Problem(path="jobs", message=message)
    dearest = max((step.price for step in instance.tariff), default=0)
    power = sum(max(mode.power for mode in o.ways) for job in instance.jobs for o in job.operations)
    if horizon * dearest * power > 2**60:
        message = f"prices and powers are too large for a horizon of {horizon} ticks; make them smaller"
        yield Problem(path="tariff", message=message)
    for index, (before, step) in enumerate(zip(instance.tariff, instance.tariff[1:], strict=False), 1):
        if step.start <= before.start:
            yield Problem(path=f"tariff.{index}.start", message="the steps are not in the order of time")
