"""What the line costs as a whole. Costs of stations and prices of products stand with those."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from opt_twin.records import Record, record

__all__ = ["Economics", "Money"]

Money = Annotated[float, Field(ge=0)]
"""An amount of money of 0 or more, in the line's currency."""


@record
class Economics(Record):
    """Costs that no single station or product carries.

    Attributes
    ----------
    currency
        ISO 4217 code.
    cost_per_hour
        Overhead of the line per hour of the run, beside the machine hours of its stations.
    """

    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] = "EUR"
    cost_per_hour: Money = 0.0
