"""What operations need besides a machine, and when it is there."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from opt_twin.records import Record, record

__all__ = ["LARGEST_HORIZON", "Absence", "Closure", "Delivery", "PriceStep", "Resource"]

LARGEST_HORIZON = 2**40
"""Ticks. All durations, lags and set-ups of an instance together stay below, so that no solver overflows."""

Ticks = Annotated[int, Field(ge=0, strict=True, le=LARGEST_HORIZON)]
Text = Annotated[str, Field(min_length=1, max_length=200)]
Amount = Annotated[int, Field(ge=0, strict=True, le=10**9)]


@record
class Closure(Record):
    """A time in which a machine or a resource does not work: a break, a night, a weekend, maintenance.

    Attributes
    ----------
    start, end
        Ticks; the end is open again.
    """

    start: Ticks
    end: Ticks

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise ValueError(f"a closure from {self.start} to {self.end} has no length")


@record
class Absence(Record):
    """A time in which a part of a resource is not there: two of three operators at night.

    Attributes
    ----------
    start, end
        Ticks.
    amount
        How much is missing.
    """

    start: Ticks
    end: Ticks
    amount: Annotated[Amount, Field(ge=1)]

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise ValueError(f"an absence from {self.start} to {self.end} has no length")


@record
class Delivery(Record):
    """What arrives of a consumable resource.

    Attributes
    ----------
    time
        Ticks.
    amount
        How much.
    """

    time: Ticks
    amount: Annotated[Amount, Field(ge=1)]


@record
class Resource(Record):
    """What several operations share: operators, energy, tools, money, material.

    Attributes
    ----------
    name
        Unique among machines and resources.
    capacity
        How much of it can be in use at a time; of a consumable, how much there is at time 0.
    kind
        ``renewable``: an operation gives back what it needs when it ends. ``consumable``: it is used up when
        the operation starts.
    skills
        Names under which operations may ask for it. Where several resources have a skill, one of them
        supplies all that an operation asks of it.
    absences
        Of a renewable one: when a part of it is missing. Absences add up.
    deliveries
        Of a consumable one: what arrives later. A delivery at the time of a start is in time for it.
    """

    name: Text
    capacity: Amount
    kind: Literal["renewable", "consumable"] = "renewable"
    skills: tuple[Text, ...] = ()
    absences: tuple[Absence, ...] = ()
    deliveries: tuple[Delivery, ...] = ()

    def __post_init__(self) -> None:
        if self.kind == "consumable" and (self.absences or self.skills):
            raise ValueError(f"consumable {self.name!r} has absences or skills; only a renewable one can")
        if self.kind == "renewable" and self.deliveries:
            raise ValueError(f"renewable {self.name!r} has deliveries; only a consumable one can")


@record
class PriceStep(Record):
    """A price of energy from a time on, until the next step.

    Attributes
    ----------
    start
        Ticks.
    price
        Units of cost for one unit of power over one tick.
    """

    start: Ticks
    price: Amount
