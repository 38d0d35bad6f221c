"""How defects are found."""

from __future__ import annotations

from opt_twin.line.units import Fraction
from opt_twin.records import Record, record

__all__ = ["Inspection"]


@record
class Inspection(Record):
    """A test at the end of a station's cycle; a rejected part leaves the line as scrap.

    Attributes
    ----------
    detection
        Probability that a defective part is rejected (1 - type II error).
    false_alarm
        Probability that a good part is rejected (type I error).
    """

    detection: Fraction = 1.0
    false_alarm: Fraction = 0.0
