"""The rule for resources: no more than what is there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from opt_twin.plan import Violation
from opt_twin.scheduling.instance import SchedulingInstance
from opt_twin.scheduling.resources import Resource
from opt_twin.scheduling.verify_steps import Step, excesses

__all__ = ["resources"]


def resources(instance: SchedulingInstance, steps: Iterable[Step]) -> Iterator[Violation]:
    """Yield each time in which more of a resource is held or used up than there is, with the most beyond."""
    uses: dict[str, list[tuple[Step, int]]] = {}
    for step in steps:
        if step.mode is not None:
            for name, amount in step.mode.demands.items():
                uses.setdefault(name, []).append((step, amount))
    for resource in instance.resources:
        own = uses.get(resource.name, [])
        if resource.kind == "renewable":
            yield from _held(resource, own)
        else:
            yield from _used_up(resource, own)


def _held(resource: Resource, uses: Iterable[tuple[Step, int]]) -> Iterator[Violation]:
    own = [(step, amount) for step, amount in uses if step.end > step.start]
    changes = [(step.start, amount) for step, amount in own]
    changes += [(step.end, -amount) for step, amount in own]
    taken = _spans(changes)
    missing = _spans(
        [(a.start, a.amount) for a in resource.absences] + [(a.end, -a.amount) for a in resource.absences]
    )
    yield from _violations(resource, taken, missing)


def _spans(changes: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return (time, level from then on) of a sum of changes."""
    at: dict[int, int] = {}
    for time, change in changes:
        at[time] = at.get(time, 0) + change
    level, spans = 0, []
    for time in sorted(at):
        level += at[time]
        spans.append((time, level))
    return spans


def _violations(
    resource: Resource, taken: list[tuple[int, int]], missing: list[tuple[int, int]]
) -> Iterator[Violation]:
    """Yield the times in which `taken` passes what is there; where nothing is taken, nothing can miss."""
    beyond: list[tuple[int, int]] = []
    held, away, last = 0, 0, 0
    events = sorted(
        [(time, 0, level) for time, level in taken] + [(time, 1, level) for time, level in missing]
    )
    for index, (time, kind, level) in enumerate(events):
        held, away = (level, away) if kind == 0 else (held, level)
        if index + 1 < len(events) and events[index + 1][0] == time:
            continue
        over = max(0, held - max(0, resource.capacity - away)) if held else 0
        beyond.append((time, over - last))
        last = over
    for since, until, most in excesses(beyond):
        yield Violation(
            rule="resource",
            where=f"resource {resource.name}, {since} to {until}",
            amount=most,
            message=f"{most} more are held than there are",
        )


def _used_up(resource: Resource, uses: Iterable[tuple[Step, int]]) -> Iterator[Violation]:
    changes = [(-1, -resource.capacity)]
    changes += [(step.start, amount) for step, amount in uses]
    changes += [(delivery.time, -delivery.amount) for delivery in resource.deliveries]
    for since, until, most in excesses(changes):
        yield Violation(
            rule="resource",
            where=f"resource {resource.name}, {since} {'on' if until is None else f'to {until}'}",
            amount=most,
            message=f"{most} more have been used up than have come",
        )
