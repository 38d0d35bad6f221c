"""What is wrong with a line as a whole while some of its fields are wrong too.

The records check names, products and connections once every field is valid. So that a reader sees all
problems at once, the parts that are valid are put together with plain stand-ins for the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pydantic

from opt_twin.errors import ModelError, Problem
from opt_twin.io.shape import fields_of, item_of
from opt_twin.line import Line
from opt_twin.line.topology import topology_problems

__all__ = ["structure_problems"]

_PARTS = {
    field: pydantic.TypeAdapter(item_of(fields_of(Line)[field])).validate_python
    for field in (
        "elements",
        "connections",
        "products",
        "orders",
        "shifts",
        "operators",
        "fleets",
        "pallets",
    )
}
_ANY_PRODUCT = "any product"
_ANY_FLEET = "any fleet"
_STAND_IN: dict[str, dict[str, Any]] = {
    "station": {"cycle_time": 1},
    "source": {},
    "buffer": {},
    "conveyor": {"length": 1, "speed": 1, "pitch": 1},
    "transport": {"fleet": _ANY_FLEET},
    "stock": {"reorder_point": 0, "order_up_to": 1, "demand": 1},
    "sink": {},
}
_HELD_STAND_IN: dict[str, dict[str, Any]] = {
    "shifts": {"start": 0, "end": 3600},
    "operators": {"number": 1_000_000},  # enough for any need
    "fleets": {"speed": 1},
    "pallets": {"number": 1},
}


def structure_problems(data: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield what the valid parts of `data` show to be wrong with the line as a whole."""
    parts = {field: data.get(field, []) for field in _PARTS}
    if "elements" not in data or not all(isinstance(items, list) for items in parts.values()):
        return
    elements = [_element(item) for item in parts["elements"]]
    if not all(elements):
        return
    connections = [item for item in parts["connections"] if _is_valid("connections", item)]
    is_whole = len(connections) == len(parts["connections"])
    skeleton: dict[str, Any] = {
        "name": "line",
        "elements": elements,
        "connections": connections if is_whole else [],
        "products": [
            *(_product(item, i) for i, item in enumerate(parts["products"])),
            {"name": _ANY_PRODUCT},
        ],
        "orders": [_order(item, i) for i, item in enumerate(parts["orders"])],
        **{field: [_held(field, item, i) for i, item in enumerate(parts[field])] for field in _HELD_STAND_IN},
    }
    skeleton["fleets"].append({"name": _ANY_FLEET, **_HELD_STAND_IN["fleets"]})
    try:
        Line.from_dict(skeleton)
    except ModelError as error:
        records = [_PARTS["elements"](element) for element in elements]
        beyond_judgement = [] if is_whole else topology_problems(records, [])
        yield from (problem for problem in error.problems if problem not in beyond_judgement)


def _is_valid(field: str, item: object) -> bool:
    try:
        _PARTS[field](item)
    except pydantic.ValidationError:
        return False
    return True


def _element(item: object) -> dict[str, Any] | None:
    """Return a valid element of the same kind and name; None when there is no telling."""
    kind = item.get("kind") if isinstance(item, dict) else None
    if not isinstance(item, dict) or not isinstance(kind, str) or kind not in _STAND_IN:
        return None
    if _is_valid("elements", item):
        return item
    stand_in = {"kind": kind, "name": item.get("name"), **_STAND_IN[kind]}
    if kind == "transport" and _is_valid("elements", {**stand_in, "fleet": item.get("fleet")}):
        stand_in["fleet"] = item["fleet"]
    return stand_in if _is_valid("elements", stand_in) else None


def _product(item: object, index: int) -> object:
    if _is_valid("products", item):
        return item
    stand_in = {"name": item.get("name") if isinstance(item, dict) else None}
    return stand_in if _is_valid("products", stand_in) else {"name": f"product {index}"}


def _held(field: str, item: object, index: int) -> object:
    """Return a valid member of `field`, of the same name and skills where they can be told."""
    if _is_valid(field, item):
        return item
    given = item if isinstance(item, dict) else {}
    stand_in = {"name": f"{field} {index}", **_HELD_STAND_IN[field]}
    for key in ("name", "skills"):
        candidate = {**stand_in, key: given.get(key)}
        if key in given and _is_valid(field, candidate):
            stand_in = candidate
    return stand_in


def _order(item: object, index: int) -> object:
    if _is_valid("orders", item):
        return item
    given = item if isinstance(item, dict) else {}
    stand_in = {"name": f"order {index}", "product": _ANY_PRODUCT, "quantity": 1}
    for field in ("name", "product"):
        candidate = {**stand_in, field: given.get(field)}
        if _is_valid("orders", candidate):
            stand_in = candidate
    return stand_in
