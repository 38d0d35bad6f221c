"""Which record stands at which place of a file: read off the records' own types, never written twice."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BeforeValidator

from opt_twin.io.yaml_tree import Branch, Leaf
from opt_twin.line import (
    Buffer,
    Conveyor,
    Deterministic,
    Fleet,
    Line,
    Operators,
    Order,
    Pallets,
    Product,
    Shift,
    Sink,
    Source,
    Station,
    Stock,
    Transport,
)
from opt_twin.records import FrozenMapping
from opt_twin.timebase import parse_duration

__all__ = [
    "DEFAULTS_FOR",
    "SUFFIXES",
    "Defaults",
    "child_hint",
    "default_name",
    "fields_of",
    "is_named",
    "is_text",
    "is_time",
    "item_of",
    "members_of",
    "records_of",
    "tag_of",
    "unsuffixed",
    "value_of",
]

SUFFIXES = ("ms", "s", "min", "h", "d")
"""Units that the name of a field may end with."""

DEFAULTS_FOR: dict[str, type[Any]] = {
    "source": Source,
    "station": Station,
    "buffer": Buffer,
    "conveyor": Conveyor,
    "transport": Transport,
    "stock": Stock,
    "sink": Sink,
    "product": Product,
    "order": Order,
    "shift": Shift,
    "operators": Operators,
    "fleet": Fleet,
    "pallets": Pallets,
}
"""What a section of ``defaults`` may be for."""


_FIELDS: dict[type[Any], dict[str, Any]] = {}


def fields_of(cls: type[Any]) -> dict[str, Any]:
    """Return field -> its annotation, for a record."""
    if cls not in _FIELDS:
        hints = get_type_hints(cls, include_extras=True)
        _FIELDS[cls] = {field.name: hints[field.name] for field in dataclasses.fields(cls)}
    return _FIELDS[cls]


def _flat(hint: Any) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    """Yield each member of a union with the metadata around it; None is left out."""
    if get_origin(hint) is Annotated:
        inner, *extras = get_args(hint)
        for member, metadata in _flat(inner):
            yield member, (*metadata, *extras)
    elif get_origin(hint) in (Union, UnionType):
        for member in get_args(hint):
            yield from _flat(member)
    elif hint is not type(None):
        yield hint, ()


def members_of(hint: Any) -> list[Any]:
    """Return the types that a field may hold, without None."""
    return [member for member, _ in _flat(hint)]


def is_record(member: Any) -> bool:
    """Return whether a type is a record."""
    return isinstance(member, type) and dataclasses.is_dataclass(member)


def is_time(hint: Any) -> bool:
    """Return whether a field holds a time, or a distribution of times."""
    return any(
        member is Deterministic
        or any(isinstance(extra, BeforeValidator) and extra.func is parse_duration for extra in metadata)
        for member, metadata in _flat(hint)
    )


def is_text(hint: Any) -> bool:
    """Return whether a field holds text, so that a scalar counts as it is written."""
    return members_of(hint) == [str]


def item_of(hint: Any) -> Any:
    """Return the type of the items, for a field that holds a list; else None."""
    return next((get_args(m)[0] for m in members_of(hint) if get_origin(m) is tuple), None)


def value_of(hint: Any) -> Any:
    """Return the type of the values, for a field that holds a mapping with free keys; else None."""
    return next((get_args(m)[1] for m in members_of(hint) if get_origin(m) is FrozenMapping), None)


def tag_of(cls: type[Any]) -> tuple[str, str] | None:
    """Return the field that tells a record from the others of its union, and the value it has there."""
    for name in ("kind", "type"):
        hint = fields_of(cls).get(name)
        if get_origin(hint) is Literal:
            return name, str(get_args(hint)[0])
    return None


def records_of(hint: Any, branch: Branch) -> list[type[Any]]:
    """Return the records that `branch` may stand for; one where its tag tells, else all candidates."""
    candidates = [member for member in members_of(hint) if is_record(member)]
    told = []
    for candidate in candidates:
        tag = tag_of(candidate)
        leaf = branch.entries.get(tag[0]) if tag else None
        if tag and isinstance(leaf, Leaf) and leaf.text == tag[1]:
            told.append(candidate)
    return told or candidates


def unsuffixed(key: str, records: Iterable[type[Any]]) -> tuple[str, str]:
    """Return field and unit for a key such as ``time_to_repair_min``; the unit is empty for any other key."""
    stem, underscore, unit = key.rpartition("_")
    for record in records:
        fields = fields_of(record)
        if key in fields:
            return key, ""
        if underscore and unit in SUFFIXES and stem in fields and is_time(fields[stem]):
            return stem, unit
    return key, ""


class Defaults:
    """Stands for the section ``defaults`` where a type is asked for."""


def child_hint(hint: Any, branch: Branch, key: str) -> Any:
    """Return the type that stands under `key` of `branch`, None when there is none that is known."""
    if hint is Defaults:
        return DEFAULTS_FOR.get(key)
    if hint is Line and key == "defaults":
        return Defaults
    free = value_of(hint)
    if free is not None:
        return free
    return next((fields_of(r)[key] for r in records_of(hint, branch) if key in fields_of(r)), None)


def default_name(hint: Any) -> str | None:
    """Return the name that a record has when it is given none, for the items of a list; else None."""
    for record in members_of(hint):
        for field in dataclasses.fields(record) if is_record(record) else ():
            if field.name == "name" and isinstance(field.default, str):
                return field.default
    return None


def is_named(hint: Any) -> bool:
    """Return whether `hint` is a list of records that have names."""
    item = item_of(hint)
    records = [member for member in members_of(item) if is_record(member)]
    return bool(records) and all("name" in fields_of(record) for record in records)
