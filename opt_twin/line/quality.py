"""How defects come about, and how they are found."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from opt_twin.line.distributions import Distribution
from opt_twin.line.economics import Money
from opt_twin.line.units import Fraction
from opt_twin.records import Record, record

__all__ = ["Inspection", "StartUp", "ToolWear"]


@record
class StartUp(Record):
    """Defects after a set-up.

    Attributes
    ----------
    cycles
        How many cycles after a change-over that takes time have a defect rate of their own.
    defect_rate
        Theirs, whatever the wear of the tool.
    """

    cycles: Annotated[int, Field(ge=1)]
    defect_rate: Fraction


@record
class ToolWear(Record):
    """A tool that wears with each cycle and is changed.

    Attributes
    ----------
    life
        Cycles after which it is changed.
    change_time
        Seconds of the change: a set-up before the next cycle.
    defect_rate
        Probability of a defect in the last cycle before the change; it rises linearly from that of the
        station in the first. None when it does not rise. A tool that lasts one cycle has this rate in it.
    cost
        Money for each change of the tool.
    """

    life: Annotated[int, Field(ge=1)]
    change_time: Distribution
    defect_rate: Fraction | None = None
    cost: Money = 0.0


@record
class Inspection(Record):
    """A test at the end of a station's cycle.

    Attributes
    ----------
    detection
        Probability that a defective part is rejected (1 - type II error).
    false_alarm
        Probability that a good part is rejected (type I error).
    rejects
        Whether a rejected part leaves the line as scrap, or is routed on (to rework, by connections that ask
        for its ``quality``).
    time
        Seconds of the test, after the processing; None when it takes no time.
    cost
        Money for each test.
    """

    detection: Fraction = 1.0
    false_alarm: Fraction = 0.0
    rejects: Literal["scrap", "route"] = "scrap"
    time: Distribution | None = None
    cost: Money = 0.0
