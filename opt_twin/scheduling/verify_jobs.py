"""Rules between the operations of a job, and between operations that a precedence ties together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations, product

from opt_twin.plan import Violation
from opt_twin.scheduling.instance import SchedulingInstance
from opt_twin.scheduling.jobs import Precedence
from opt_twin.scheduling.verify_steps import Step, consecutive, positions_of

__all__ = ["lags", "orders"]


def orders(instance: SchedulingInstance, steps: Iterable[Step]) -> Iterator[Violation]:
    """Yield what breaks the order of a job: precedence, overlaps of an open job, waits without waiting."""
    found = positions_of(steps)
    for job in instance.jobs:
        own = found.get(job.name, {})
        if job.order == "route":
            for before, after in consecutive(own):
                yield from _in_route(instance, before, after)
        elif job.order == "open":
            busy = [step for same in own.values() for step in same if step.end > step.start]
            for before, after in combinations(sorted(busy, key=lambda s: (s.start, s.end)), 2):
                yield from _apart(instance, before, after)


def _way(instance: SchedulingInstance, before: Step, after: Step) -> int:
    if not instance.transport_times:
        return 0
    return instance.transport_time(before.machine, after.machine)


def _in_route(instance: SchedulingInstance, before: Step, after: Step) -> Iterator[Violation]:
    where = f"job {before.job.name}, operations {before.position} and {after.position}"
    way = _way(instance, before, after)
    if before.operation.lead is not None or after.operation.tail is not None:
        lead, tail = before.operation.lead_ticks, after.operation.tail_ticks
        short = max(before.start + lead - after.start, before.end + tail - after.end)
        why = f" (lead {lead}, tail {tail})"
    else:
        short = before.end + way - after.start
        why = f" ({way} ticks on the way)" if way else ""
    if short > 0:
        yield Violation(
            rule="precedence",
            where=where,
            amount=short,
            message=f"runs {after.start} to {after.end}, {short} ticks too early behind {before.start} "
            f"to {before.end}{why}",
        )
    elif short < 0 and before.job.no_wait:
        yield Violation(
            rule="no-wait",
            where=where,
            amount=-short,
            message=f"waits {-short} ticks: it ends at {before.end} and goes on at {after.start}{why}",
        )


def _apart(instance: SchedulingInstance, before: Step, after: Step) -> Iterator[Violation]:
    """Yield an overlap of two operations of an open job, with the least shift that mends it."""
    short = min(
        before.end + _way(instance, before, after) - after.start,
        after.end + _way(instance, after, before) - before.start,
    )
    if short > 0:
        yield Violation(
            rule="job overlap",
            where=f"job {before.job.name}, operations {before.position} and {after.position}",
            amount=short,
            message=f"operation {before.position} runs {before.start} to {before.end} on {before.machine!r}, "
            f"operation {after.position} runs {after.start} to {after.end} on {after.machine!r}",
        )


def lags(instance: SchedulingInstance, steps: Iterable[Step]) -> Iterator[Violation]:
    """Yield precedences of the instance that do not hold."""
    if not instance.precedences:
        return
    found = positions_of(steps)
    for precedence in instance.precedences:
        (job, position), (other, place) = precedence.before, precedence.after
        pairs = product(found.get(job, {}).get(position, ()), found.get(other, {}).get(place, ()))
        for before, after in pairs:
            yield from _lag(precedence, before, after)


def _lag(precedence: Precedence, before: Step, after: Step) -> Iterator[Violation]:
    since, until = precedence.kind.split("-")
    first = before.start if since == "start" else before.end
    second = after.start if until == "start" else after.end
    short = first + precedence.lag - second
    if short > 0:
        yield Violation(
            rule="time lag",
            where=f"{before.place} and {after.place}",
            amount=short,
            message=f"from the {since} of the first at {first} to the {until} of the second at {second} lie "
            f"{second - first} ticks, at least {precedence.lag} are asked for",
        )
