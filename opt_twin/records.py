"""What crosses a border between packages: frozen, validated records with a digest.

A record is defined once. Validation, reading from plain data, JSON Schema and :meth:`Record.replace`
(which validates again) all come from that one definition.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import hashlib
import json
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, Self, TypeVar, dataclass_transform

import numpy as np
import numpy.typing as npt
import pydantic
from pydantic import ConfigDict, GetCoreSchemaHandler, TypeAdapter
from pydantic.dataclasses import dataclass as pydantic_dataclass
from pydantic_core import core_schema

from opt_twin.errors import ModelError, Problem, did_you_mean

__all__ = [
    "FrozenMapping",
    "Rebuilt",
    "Record",
    "canonical",
    "digest_of",
    "problems_of",
    "read_only",
    "record",
]

T = TypeVar("T")
K = TypeVar("K")
V = TypeVar("V")


@dataclass_transform(frozen_default=True, kw_only_default=True)
def record(cls: type[T]) -> type[T]:
    """Make `cls` a frozen, keyword-only, slotted dataclass that pydantic validates on construction.

    Unknown fields are refused; NaN and infinity are refused unless a field's own type allows them. The
    constructor of the record raises a :class:`~opt_twin.errors.ModelError` with every problem.
    """
    make = pydantic_dataclass(
        frozen=True,
        kw_only=True,
        slots=True,
        config=ConfigDict(extra="forbid", arbitrary_types_allowed=True, allow_inf_nan=False),
    )
    made = make(cls)
    validated = made.__init__

    @functools.wraps(validated)
    def construct(self: T, *args: Any, **fields: Any) -> None:
        try:
            validated(self, *args, **fields)
        except pydantic.ValidationError as error:
            raise ModelError(*problems_of(error, fields)) from None

    made.__init__ = construct  # type: ignore[assignment, method-assign]  # a class may get a constructor
    return made  # type: ignore[return-value]  # pydantic's decorator hides that it is still `cls`


def canonical(value: object) -> Any:
    """Return `value` as plain data (dict, list, str, int, float, bool, None) in one canonical form.

    Floats that are whole numbers become integers, so that ``5`` and ``5.0`` have the same digest; a record
    becomes a dict of its fields, without those that hold their default of None or an empty container.

    Raises
    ------
    TypeError
        If `value` holds something that has no canonical form.
    """
    if value is None or isinstance(value, (bool, str)):
        return value.value if isinstance(value, enum.Enum) else value
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        number = float(value)
        if not math.isfinite(number):
            return repr(number)
        return int(number) if number.is_integer() and abs(number) < 2**53 else number
    if isinstance(value, np.ndarray):
        return [canonical(item) for item in value.tolist()]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = ((field.name, getattr(value, field.name)) for field in dataclasses.fields(value))
        return {name: canonical(item) for name, item in fields if not _is_absent(item)}
    if isinstance(value, Mapping):
        return {str(key): canonical(value[key]) for key in sorted(value, key=str)}
    if isinstance(value, (list, tuple)):
        return [canonical(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted(canonical(item) for item in value)
    raise TypeError(f"{type(value).__name__} has no canonical form")


def _is_absent(value: object) -> bool:
    return value is None or (isinstance(value, (tuple, Mapping)) and len(value) == 0)


def digest_of(value: object) -> str:
    """Return the sha256 of the canonical form of `value`, as 64 hexadecimal digits."""
    text = json.dumps(canonical(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def problems_of(error: pydantic.ValidationError, data: object = None) -> tuple[Problem, ...]:
    """Translate pydantic's report into problems with dotted paths.

    Where `data`, the plain data that were validated, are given, the tags that pydantic adds to a path for
    the members of a union are left out, so that the path leads through the data.

    A validator that checks a record as a whole may raise
    ``PydanticCustomError(kind, text, {"problems": (Problem, ...)})``; its problems are spliced in, their
    paths taken relative to the record.
    """
    found: list[Problem] = []
    for item in error.errors(include_url=False):
        path = _dotted(item["loc"], data)
        spliced = item.get("ctx", {}).get("problems")
        if spliced:
            found += [
                Problem(path=".".join(part for part in (path, inner.path) if part), message=inner.message)
                for inner in spliced
            ]
        else:
            found.append(Problem(path=path, message=_message(item)))
    return tuple(found)


def _dotted(loc: tuple[int | str, ...], data: object) -> str:
    parts: list[str] = []
    node = data
    for position, part in enumerate(loc):
        inside = _has(node, part)
        if position < len(loc) - 1 and data is not None and (not inside or _is_tag(node, part)):
            continue
        parts.append(str(part))
        if inside:
            node = node[part]  # type: ignore[index]  # _has has seen that it can be indexed
    return ".".join(parts)


def _is_tag(node: object, part: int | str) -> bool:
    return isinstance(node, Mapping) and part in (node.get("kind"), node.get("type"))


def _has(node: object, part: int | str) -> bool:
    if isinstance(node, Mapping):
        return part in node
    return isinstance(node, (list, tuple)) and isinstance(part, int) and 0 <= part < len(node)


_PLAIN = {
    "missing": "field required",
    "unexpected_keyword_argument": "unknown field",
    "extra_forbidden": "unknown field",
    "tuple_type": "expected a list",
    "dict_type": "expected a mapping",
    "dataclass_type": "expected a mapping of fields to values",
    "model_attributes_type": "expected a mapping of fields to values",
}


def _message(item: Any) -> str:
    plain = _PLAIN.get(item["type"])
    if plain:
        return plain + (f", got {item['input']!r}" if _is_short(item) else "")
    context = item.get("ctx", {})
    if item["type"] == "union_tag_invalid":
        field, tag = context["discriminator"].strip("'"), context["tag"]
        known = [name.strip().strip("'") for name in context["expected_tags"].split(",")]
        return f"{field} {tag!r} is not one of {', '.join(known)}{did_you_mean(tag, known)}"
    if item["type"] == "union_tag_not_found":
        return f"field {context['discriminator']} required"
    text = str(item["msg"]).removeprefix("Value error, ")
    given = item.get("input")
    if not isinstance(given, (str, int, float)) or repr(given) in text:
        return text
    return f"{text}, got {given!r}"


def _is_short(item: Any) -> bool:
    """Return whether a message about the type of a value should show the value."""
    return item["type"].endswith("_type") and isinstance(item["input"], (str, int, float))


class Record:
    """The methods that every record has."""

    __slots__ = ()

    def replace(self, **changes: Any) -> Self:
        """Return a copy with some fields changed, validated like a new one.

        Raises
        ------
        ModelError
            If a field does not exist or the changed record is not valid.
        """
        try:
            return dataclasses.replace(self, **changes)  # type: ignore[type-var]  # each record is a dataclass
        except TypeError as error:
            raise ModelError(f"{type(self).__name__}: {error}") from None

    def digest(self) -> str:
        """Return the sha256 of the record's canonical form: equal records have equal digests."""
        return digest_of(self)

    def to_dict(self) -> dict[str, Any]:
        """Return the record as plain data that :meth:`from_dict` reads back."""
        data: dict[str, Any] = canonical(self)
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Build the record from plain data.

        Raises
        ------
        ModelError
            With every problem, if the data do not make a valid record.
        """
        try:
            return TypeAdapter(cls).validate_python(data)
        except pydantic.ValidationError as error:
            raise ModelError(*problems_of(error, data)) from None


class FrozenMapping(Mapping[K, V], Generic[K, V]):
    """A mapping that cannot change: hashable when its values are, picklable, validated by pydantic.

    Examples
    --------
    >>> times = FrozenMapping({"A": 1.0})
    >>> times["A"]
    1.0
    """

    __slots__ = ("_items",)
    _items: dict[K, V]

    def __init__(self, items: Mapping[K, V] | None = None) -> None:
        object.__setattr__(self, "_items", dict(items or {}))

    def __getitem__(self, key: K) -> V:
        return self._items[key]

    def __iter__(self) -> Iterator[K]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("a FrozenMapping cannot change")

    def __delattr__(self, name: str) -> None:
        raise AttributeError("a FrozenMapping cannot change")

    def __hash__(self) -> int:
        return hash(frozenset(self.items()))

    def __repr__(self) -> str:
        return f"FrozenMapping({self._items!r})"

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[dict[K, V]]]:
        return FrozenMapping, (dict(self),)

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        key_type, value_type = getattr(source, "__args__", (Any, Any))
        plain = handler.generate_schema(dict[key_type, value_type])  # type: ignore[valid-type]  # known at run time
        thawed = core_schema.no_info_before_validator_function(_thaw, plain)
        return core_schema.no_info_after_validator_function(cls, thawed)


def _thaw(value: object) -> object:
    return dict(value) if isinstance(value, FrozenMapping) else value


def read_only(values: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return a copy of `values` as an array of floats that nobody can make writeable again.

    Examples
    --------
    >>> read_only([1.0, 2.0]).flags.writeable
    False
    """
    array = np.asarray(values, dtype=np.float64)
    return np.frombuffer(array.tobytes()).reshape(array.shape)


class Rebuilt:
    """What a frozen dataclass with arrays inherits: pickling and copying build it again.

    Pickle forgets that an array is read-only; the constructor does not.
    """

    __slots__ = ()

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[type, dict[str, Any]]]:
        fields = dataclasses.fields(self)  # type: ignore[arg-type]  # every heir is a dataclass
        return _build, (type(self), {field.name: getattr(self, field.name) for field in fields})


def _build(cls: Callable[..., T], fields: dict[str, Any]) -> T:
    return cls(**fields)
