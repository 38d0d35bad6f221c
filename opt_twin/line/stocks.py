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
    for connection in line.connections:
        forward[connection.source].add(connection.target)
    for index, stock in enumerate(line.elements):
        if not isinstance(stock, Stock):
            continue
        path = f"elements.{index}"
        suppliers = [source for source in line.sources if source.replenishes == stock.name]
        if len(suppliers) != 1:
            found = "none does" if not suppliers else f"{' and '.join(repr(s.name) for s in suppliers)} do"
            yield Problem(
                path=path,
                message=f"one source replenishes a stock, and {found} so with {stock.name!r}; write "
                f"'replenishes: {stock.name}' at one source",
            )
            continue
        source = suppliers[0]
        ahead = _reached(source.name, forward)
        if stock.name not in ahead:
            yield Problem(
                path=path,
                message=f"source {source.name!r} replenishes stock {stock.name!r}, but no way leads there",
            )
        made = set(source.mix) or {product.name for product in line.products[:1]}
        for position, element in enumerate(line.elements):
            if element.name in ahead and isinstance(element, Station) and _regroups(element, made):
                yield Problem(
                    path=f"elements.{position}",
                    message=f"station {element.name!r} changes the number of parts that source "
                    f"{source.name!r} releases for stock {stock.name!r}, whose orders count parts; "
                    "let it take and give out as many",
                )


def _regroups(station: Station, made: set[str]) -> bool:
    """Return whether not as many parts leave a station as come of the products `made`."""
    taken = sum(count for name, count in station.components.items() if name in made)
    joins = (station.batch_size > 1 and station.batch_output == "joined") or taken > 1
    return joins or station.unpacks or (bool(station.yields) and sum(station.yields.values()) != 1)


def _reached(start: str, following: dict[str, set[str]]) -> set[str]:
    found, open_ends = {start}, [start]
    while open_ends:
        for name in following[open_ends.pop()] - found:
            found.add(name)
            open_ends.append(name)
    return found
