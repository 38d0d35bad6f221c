"""How an objective is written: a measure, a weighted sum of measures, an order of such sums."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field

from opt_twin.errors import OptionError, UnknownNameError
from opt_twin.records import Record, record
from opt_twin.scheduling.instance import SchedulingInstance

__all__ = ["BY_PRIORITY", "OBJECTIVES", "Objective", "Stage", "Term", "parse_objective"]

_OVER_JOBS = (
    "makespan",
    "total_weighted_tardiness",
    "maximum_tardiness",
    "total_weighted_flow_time",
    "total_tardiness",
    "weighted_number_tardy",
    "earliness_tardiness",
)

OBJECTIVES = (
    *_OVER_JOBS[:4],
    "total_setup_time",
    *_OVER_JOBS[4:],
    "energy_cost",
    "total_deviation",
    "skip_cost",
)
"""The measures, all minimised; only jobs that count are looked at.

``makespan``
    End of the last operation, counted from time 0: release dates and set-ups before the first job count.
``total_weighted_tardiness``, ``total_tardiness``, ``maximum_tardiness``
    Of the ticks between due date and completion; a job without a due date is never late.
``weighted_number_tardy``
    Weights of the jobs that are late.
``earliness_tardiness``
    Of the ticks between due date and completion, times the weight of the job when it is late, and its
    earliness weight when it is early.
``total_weighted_flow_time``
    Of the ticks between release and completion.
``total_setup_time``
    Ticks of all set-ups, with those before the first job of a machine that has an initial family.
``energy_cost``
    Power of each operation times the prices of the ticks from its start to its end.
``total_deviation``
    Of the starts from those of the earlier plan, and 1 for each operation on another machine.
``skip_cost``
    Of the optional operations that are left out.

The last four look at all jobs, also at those that do not count.
"""

BY_PRIORITY = "by_priority"
"""Short for the total weighted tardiness of the highest priority, then of the next one, and so on."""

_MOST = 10**9
_TERM = re.compile(
    r"\s*(?:(?P<factor>[^*@+,]*)\*)?\s*(?P<measure>[^*@+,]*?)\s*(?:@(?P<priority>[^*@+,]*))?\s*"
)


@record
class Term(Record):
    """One summand of an objective.

    Attributes
    ----------
    factor
        A whole number.
    measure
        One of :data:`OBJECTIVES`.
    priority
        Only jobs of this class are looked at; all when None.
    """

    factor: Annotated[int, Field(ge=1, le=_MOST)] = 1
    measure: str
    priority: int | None = None

    def __str__(self) -> str:
        own = self.measure if self.priority is None else f"{self.measure}@{self.priority}"
        return own if self.factor == 1 else f"{self.factor}*{own}"


Stage = tuple[Term, ...]
"""A weighted sum."""


@record
class Objective(Record):
    """What is minimised.

    Attributes
    ----------
    stages
        Weighted sums, the most important first: each is minimised among the schedules that are best for
        those before it.
    """

    stages: tuple[Stage, ...]

    def __str__(self) -> str:
        return ", ".join(" + ".join(map(str, stage)) for stage in self.stages)

    @property
    def only_term(self) -> Term | None:
        """Its term when it has one stage of one term with the factor 1, else None."""
        term = self.stages[0][0]
        return term if len(self.stages) == 1 and len(self.stages[0]) == 1 and term.factor == 1 else None


def parse_objective(instance: SchedulingInstance, text: str) -> Objective:
    """Return what `text` asks to be minimised.

    Parameters
    ----------
    instance
        Whose classes of priority may be named.
    text
        A measure (``makespan``), also of one class (``total_tardiness@2``); a weighted sum with whole factors
        (``3*makespan + total_setup_time``); or an order of such sums, the most important first, with commas
        between (``makespan, total_setup_time``). ``by_priority`` stands for the total weighted tardiness of
        the highest priority, then of the next one, and so on.

    Raises
    ------
    UnknownNameError
        If there is no such measure.
    OptionError
        If the text cannot be read otherwise, or names a class that no job has.

    Examples
    --------
    >>> from opt_twin.scheduling import load_instance
    >>> shop = load_instance("ft06")
    >>> print(parse_objective(shop, "makespan,3*total_setup_time+makespan"))
    makespan, 3*total_setup_time + makespan
    """
    stages: list[Stage] = []
    at = 0
    for part in text.split(","):
        if part.strip() == BY_PRIORITY:
            stages += _by_priority(instance)
        else:
            stages.append(_stage(instance, text, part, at))
        at += len(part) + 1
    return Objective(stages=tuple(stages))


def _by_priority(instance: SchedulingInstance) -> list[Stage]:
    """Return a stage for each class in which a job has a due date; for all jobs when there is none."""
    classes = {job.priority for job in instance.jobs if job.counts and job.due is not None}
    measure = "total_weighted_tardiness"
    if not classes:
        return [(Term(measure=measure),)]
    return [(Term(measure=measure, priority=number),) for number in sorted(classes, reverse=True)]


def _stage(instance: SchedulingInstance, text: str, part: str, at: int) -> Stage:
    """Return the weighted sum `part` of `text`, in which it stands from character `at` on."""
    terms = []
    for summand in part.split("+"):
        terms.append(_term(instance, text, summand, at))
        at += len(summand) + 1
    return tuple(terms)


def _term(instance: SchedulingInstance, text: str, summand: str, at: int) -> Term:
    match = _TERM.fullmatch(summand)
    place = f"at character {at + 1 + len(summand) - len(summand.lstrip())} of {text!r}"
    if match is None:
        raise OptionError(f"{summand.strip()!r} {place} is no term; write it as 3*makespan@2")
    factor, measure, priority = match["factor"], match["measure"], match["priority"]
    if not measure:
        raise OptionError(f"there is no measure {place}; name one of {', '.join(OBJECTIVES[:4])}, ...")
    if measure not in OBJECTIVES:
        if measure == BY_PRIORITY:
            raise OptionError(f"{BY_PRIORITY} {place} stands alone, without a factor, a class and summands")
        advice = "" if text == measure else f"It stands {place}."
        raise UnknownNameError.among("objective", measure, (*OBJECTIVES, BY_PRIORITY), advice=advice)
    return Term(
        factor=1 if factor is None else _whole(factor, "a factor", place, 1),
        measure=measure,
        priority=None if priority is None else _class(instance, measure, priority, place),
    )


def _whole(text: str, what: str, place: str, least: int) -> int:
    if re.fullmatch(r"\s*[0-9]{1,10}\s*", text) is None or not least <= int(text) <= _MOST:
        raise OptionError(f"{text.strip()!r} {place} is not {what}, a whole number from {least} to {_MOST}")
    return int(text)


def _class(instance: SchedulingInstance, measure: str, text: str, place: str) -> int:
    if measure not in _OVER_JOBS:
        raise OptionError(f"{measure} {place} is not over jobs, so it has no part for a class of them")
    number = _whole(text, "a priority", place, 0)
    classes = sorted({job.priority for job in instance.jobs if job.counts})
    if number not in classes:
        known = ", ".join(map(str, classes)) or "none"
        raise OptionError(f"no job has the priority {number} {place}; there are {known}")
    return number
