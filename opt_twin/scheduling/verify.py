"""The judge of schedules. It knows no solver."""

from __future__ import annotations

from collections.abc import Iterator

from opt_twin.plan import Schedule, Violation
from opt_twin.scheduling.instance import SchedulingInstance
from opt_twin.scheduling.verify_buffers import buffers
from opt_twin.scheduling.verify_jobs import lags, orders
from opt_twin.scheduling.verify_machines import machines, sequences
from opt_twin.scheduling.verify_operations import counts, each, frozen, limits, unknown
from opt_twin.scheduling.verify_resources import resources
from opt_twin.scheduling.verify_steps import steps_of

__all__ = ["RULES", "verify"]

RULES = (
    "tick",
    "unknown job",
    "unknown operation",
    "route",
    "missing operation",
    "duplicate operation",
    "mode",
    "machine",
    "duration",
    "closure",
    "release",
    "deadline",
    "now",
    "frozen",
    "precedence",
    "no-wait",
    "job overlap",
    "time lag",
    "overlap",
    "setup",
    "batch family",
    "batch capacity",
    "permutation",
    "buffer",
    "resource",
)
"""The rules that a schedule can break."""


def verify(instance: SchedulingInstance, schedule: Schedule) -> tuple[Violation, ...]:
    """Return everything that is wrong with `schedule`; an empty tuple when it is feasible.

    Parameters
    ----------
    instance
        What is to be done.
    schedule
        Who does what, and when, in the ticks of the instance.

    Returns
    -------
    tuple of Violation
        All violations, by rule (:data:`RULES`) in the order of the checks; due dates are no rule.

    Notes
    -----
    docs/formulations/scheduling_model.md says what each rule means. An operation that is missing, or has no
    such mode, is reported as that, and the rules that would need it look at what is there.
    """
    steps = steps_of(instance, schedule)
    return (
        *_unit(instance, schedule),
        *unknown(instance, schedule),
        *counts(instance, steps),
        *each(instance, steps),
        *limits(instance, steps),
        *frozen(instance, steps),
        *orders(instance, steps),
        *lags(instance, steps),
        *machines(instance, schedule.assignments),
        *sequences(instance, steps),
        *buffers(instance, steps),
        *resources(instance, steps),
    )


def _unit(instance: SchedulingInstance, schedule: Schedule) -> Iterator[Violation]:
    if schedule.tick != instance.tick:
        yield Violation(
            rule="tick",
            where="schedule",
            amount=0,
            message=f"the schedule counts ticks of {schedule.tick:g} s, the instance of {instance.tick:g} s",
        )
