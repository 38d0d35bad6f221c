"""Whether what the parts of a line name exists: products, shifts, skills, fleets, pallets, stations."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING

from opt_twin.errors import Problem, did_you_mean
from opt_twin.line.elements import Element, Source, Station, Stock
from opt_twin.line.handling import Conveyor, Transport
from opt_twin.line.people import Need

if TYPE_CHECKING:
    from opt_twin.line.line import Line

__all__ = ["reference_problems"]

_Mention = tuple[str, str]
"""The path of a name, and the name."""


def reference_problems(line: Line) -> list[Problem]:
    """Return every name in `line` that nothing is called."""
    stations = [element.name for element in line.elements if isinstance(element, Station)]
    names = [element.name for element in line.elements]
    stocks = [element.name for element in line.elements if isinstance(element, Stock)]
    found = chain(
        _unknown("product", _products(line), [product.name for product in line.products]),
        _unknown("shift", _shifts(line), [shift.name for shift in line.shifts]),
        _unknown("fleet", _fleets(line), [fleet.name for fleet in line.fleets]),
        _unknown("group of pallets", _pallets(line), [pallets.name for pallets in line.pallets]),
        _unknown("stock", _stocks(line), stocks),
        _unknown("station", _stations(line), stations),
        _unknown("element", _places(line), names),
        _unknown("failure mode of its station", *_renewed(line)),
        _skill_problems(line),
        _order_problems(line),
    )
    return list(found)


def _unknown(kind: str, mentioned: Iterator[_Mention], known: list[str]) -> Iterator[Problem]:
    for path, name in mentioned:
        if name not in known:
            yield Problem(path=path, message=f"no {kind} is called {name!r}{did_you_mean(name, known)}")


def _products(line: Line) -> Iterator[_Mention]:
    yield from ((f"orders.{i}.product", order.product) for i, order in enumerate(line.orders))
    for index, connection in enumerate(line.connections):
        yield from ((f"connections.{index}.products.{i}", name) for i, name in enumerate(connection.products))
    for index, element in enumerate(line.elements):
        yield from ((f"elements.{index}.{path}", name) for path, name in _products_in(element))


def _products_in(element: Element) -> Iterator[_Mention]:
    """Yield where `element` names a product, and which."""
    if isinstance(element, Source):
        yield from ((f"mix.{name}", name) for name in element.mix)
        for i, release in enumerate(element.timetable):
            if release.product is not None:
                yield f"timetable.{i}.product", release.product
    if isinstance(element, Station):
        for field in ("cycle_time_by_product", "components", "yields"):
            yield from ((f"{field}.{name}", name) for name in getattr(element, field))
        for before, row in element.setup_times.items():
            yield from ((f"setup_times.{before}", name) for name in dict.fromkeys((before, *row)))
        for field in ("initial_product", "makes"):
            if getattr(element, field) is not None:
                yield field, getattr(element, field)


def _shifts(line: Line) -> Iterator[_Mention]:
    for index, element in enumerate(line.elements):
        if isinstance(element, Station):
            yield from ((f"elements.{index}.shifts.{i}", name) for i, name in enumerate(element.shifts))
    for index, group in enumerate(line.operators):
        yield from ((f"operators.{index}.shifts.{i}", name) for i, name in enumerate(group.shifts))


def _fleets(line: Line) -> Iterator[_Mention]:
    for index, element in enumerate(line.elements):
        if isinstance(element, Transport):
            yield f"elements.{index}.fleet", element.fleet


def _pallets(line: Line) -> Iterator[_Mention]:
    for index, element in enumerate(line.elements):
        if isinstance(element, Source) and element.pallets is not None:
            yield f"elements.{index}.pallets", element.pallets


def _stocks(line: Line) -> Iterator[_Mention]:
    for index, element in enumerate(line.elements):
        if isinstance(element, Source) and element.replenishes is not None:
            yield f"elements.{index}.replenishes", element.replenishes


def _stations(line: Line) -> Iterator[_Mention]:
    for index, element in enumerate(line.elements):
        if isinstance(element, Station | Conveyor):
            for number, mode in enumerate(element.failures):
                path = f"elements.{index}.failures.{number}.also_stops"
                yield from ((f"{path}.{i}", name) for i, name in enumerate(mode.also_stops))
    for index, pallets in enumerate(line.pallets):
        if pallets.unloaded_at is not None:
            yield f"pallets.{index}.unloaded_at", pallets.unloaded_at


def _places(line: Line) -> Iterator[_Mention]:
    for index, fleet in enumerate(line.fleets):
        for field in ("parking", "charger"):
            if getattr(fleet, field) is not None:
                yield f"fleets.{index}.{field}", getattr(fleet, field)
        for start, row in fleet.distances.items():
            for name in dict.fromkeys((start, *row)):
                yield f"fleets.{index}.distances.{start}", name


def _renewed(line: Line) -> tuple[Iterator[_Mention], list[str]]:
    """Return what maintenance renews that its station does not have; nothing is known here."""
    missing = [
        (f"elements.{index}.maintenance.{number}.renews.{i}", name)
        for index, element in enumerate(line.elements)
        if isinstance(element, Station)
        for number, task in enumerate(element.maintenance)
        for i, name in enumerate(task.renews)
        if name not in [mode.name for mode in element.failures]
    ]
    return iter(missing), []


def _needs(line: Line) -> Iterator[tuple[str, Need]]:
    for index, element in enumerate(line.elements):
        path = f"elements.{index}"
        if isinstance(element, Station):
            yield from ((f"{path}.needs.{activity}", need) for activity, need in element.needs.items())
            for number, task in enumerate(element.maintenance):
                if task.crew is not None:
                    yield f"{path}.maintenance.{number}.crew", task.crew
        for number, mode in enumerate(getattr(element, "failures", ())):
            if mode.crew is not None:
                yield f"{path}.failures.{number}.crew", mode.crew


def _skill_problems(line: Line) -> Iterator[Problem]:
    """Yield needs that nobody, or not enough people, can ever meet."""
    known = list(dict.fromkeys(skill for group in line.operators for skill in group.abilities))
    for path, need in _needs(line):
        able = sum(group.number for group in line.operators if need.skill in group.abilities)
        if not able:
            yield Problem(
                path=path,
                message=f"nobody has the skill {need.skill!r}{did_you_mean(need.skill, known)}; "
                "add a group of operators with it",
            )
        elif able < need.number:
            yield Problem(
                path=path,
                message=f"{need.number} people with the skill {need.skill!r} are needed, there are {able}",
            )


def _order_problems(line: Line) -> Iterator[Problem]:
    """Yield sources that cannot release the orders of the line."""
    told = [i for i, element in enumerate(line.elements) if getattr(element, "releases_orders", False)]
    if told and not line.orders:
        yield Problem(
            path=f"elements.{told[0]}.releases_orders",
            message="the line has no orders; add them, or leave it out",
        )
    for index in told[1:]:
        yield Problem(
            path=f"elements.{index}.releases_orders",
            message=f"{line.elements[told[0]].name!r} releases the orders already; one source does",
        )
