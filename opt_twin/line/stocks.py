"""What a line must satisfy so that the orders of its stocks can be met."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from opt_twin.errors import Problem
from opt_twin.line.elements import Station, Stock

if TYPE_CHECKING:
    from opt_twin.line.line import Line

__all__ = ["stock_problems"]


def stock_problems(line: Line) -> Iterator[Problem]:
    """Yield stocks without one source of their own, and stations that change the number of parts ordered."""
    forward: dict[str, set[str]] = defaultdict(set)
    backward: dict[str, set[str]] = defaultdict(set)
    for connection in line.connections:
        forward[connection.source].add(connection.target)
        backward[connection.target].add(connection.source)
    for index, stock in enumerate(line.elements):
        if not isinstance(stock, Stock):
            continue
        path = f"elements.{index}"
        suppliers = [source.name for source in line.sources if source.replenishes == stock.name]
        if len(suppliers) != 1:
            found = "none does" if not suppliers else f"{' and '.join(map(repr, suppliers))} do"
            yield Problem(
                path=path,
                message=f"one source replenishes a stock, and {found} so with {stock.name!r}; write "
                f"'replenishes: {stock.name}' at one source",
            )
            continue
        between = _reached(suppliers[0], forward)
        if stock.name not in between:
            yield Problem(
                path=path,
                message=f"source {suppliers[0]!r} replenishes stock {stock.name!r}, but no way leads there",
            )
        between &= _reached(stock.name, backward)
        for position, element in enumerate(line.elements):
            if element.name in between and isinstance(element, Station) and _regroups(element):
                yield Problem(
                    path=f"elements.{position}",
                    message=f"station {element.name!r} changes the number of parts on the way from source "
                    f"{suppliers[0]!r} to stock {stock.name!r}, whose orders count parts; put it elsewhere",
                )


def _regroups(station: Station) -> bool:
    """Return whether not as many parts leave a station as come, those that are built in left aside."""
    joins = station.batch_size > 1 and station.batch_output == "joined"
    return joins or station.unpacks or (bool(station.yields) and sum(station.yields.values()) != 1)


def _reached(start: str, following: dict[str, set[str]]) -> set[str]:
    found, open_ends = {start}, [start]
    while open_ends:
        for name in following[open_ends.pop()] - found:
            found.add(name)
            open_ends.append(name)
    return found
