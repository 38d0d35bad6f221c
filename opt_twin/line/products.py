"""What a line makes, and for whom."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from opt_twin.line.economics import Money
from opt_twin.line.units import Name, Seconds
from opt_twin.records import Record, record

__all__ = ["Order", "Product"]


@record
class Product(Record):
    """A kind of part.

    Attributes
    ----------
    name
        Unique in the line.
    material_cost
        Money for each part that a source releases.
    price
        Money for each good part that reaches a sink.
    scrap_cost
        Money for each part of it that is scrapped.
    family
        What it has in common with other products, for stations that process families together; its own name
        unless given.
    priority
        In buffers that look at it; a higher one goes first.
    """

    name: Name
    material_cost: Money = 0.0
    price: Money = 0.0
    scrap_cost: Money = 0.0
    family: Name | None = None
    priority: int = 0


@record
class Order(Record):
    """A quantity of one product, wanted by a time.

    Attributes
    ----------
    name
        Unique in the line.
    product
        Name of a product of the line.
    quantity
        Parts that a source releases for the order.
    release
        Seconds from the start before which it may not start.
    due
        Seconds from the start by which it should be complete; being late costs tardiness.
    deadline
        Seconds from the start by which it must be complete.
    weight
        Cost of one second of tardiness, relative to the other orders.
    """

    name: Name
    product: Name
    quantity: Annotated[int, Field(ge=1)]
    release: Seconds = 0.0
    due: Seconds | None = None
    deadline: Seconds | None = None
    weight: Annotated[float, Field(ge=0)] = 1.0
