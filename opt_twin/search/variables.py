"""What a search may change on a line, and between which limits."""

from __future__ import annotations

import itertools
import math
import re
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from opt_twin.errors import ModelError, OptionError, UnknownNameError
from opt_twin.line import Fleet, Line, Operators, Pallets
from opt_twin.line.elements import Element
from opt_twin.line.line import kind_of
from opt_twin.records import FrozenMapping, digest_of

__all__ = ["DecisionSpace", "Kind", "Variable", "vary"]

Floats = npt.NDArray[np.float64]
Kind = Literal["integer", "real"]
Held = Element | Operators | Fleet | Pallets
"""What a path of a variable may begin with."""

_ITEM = re.compile(
    r"^\s*(?P<name>[^=]+?)\.(?P<field>[A-Za-z_]\w*)\s*=\s*(?P<low>\S+?)\s*\.\.\s*(?P<high>\S+)\s*$"
)


# Positional arguments are welcome here and in objectives.py: users write these records by hand.
@dataclass(frozen=True, slots=True)
class Variable:
    """One decision: the value at a path of the line, between two limits.

    Attributes
    ----------
    path
        A name and a field, ``"B1.capacity"``: of an element, a group of operators, a fleet or pallets.
    low, high
        Limits, both allowed; in the unit of the field.
    kind
        ``"integer"`` or ``"real"``.

    Raises
    ------
    OptionError
        If the path has no field, the range is empty or not finite, or an integer has a limit with decimals.

    Examples
    --------
    >>> Variable("B1.capacity", 1, 20).size
    20
    """

    path: str
    low: float
    high: float
    kind: Kind = "integer"

    def __post_init__(self) -> None:
        name, dot, field = self.path.partition(".")
        if not (name and dot and field):
            raise OptionError(
                f"{self.path!r} is not a path; write an element and its field, as 'B1.capacity'"
            )
        if self.kind not in ("integer", "real"):
            raise OptionError(
                f"{self.path}: {self.kind!r} is not a kind of variable; use 'integer' or 'real'"
            )
        if not (math.isfinite(self.low) and math.isfinite(self.high)):
            raise OptionError(f"{self.path}: both limits must be finite, got {self.low}..{self.high}")
        if self.low > self.high:
            raise OptionError(
                f"{self.path}: the range {self.low}..{self.high} is empty; write the lower limit first"
            )
        if self.kind == "integer":
            if self.low != math.floor(self.low) or self.high != math.floor(self.high):
                raise OptionError(
                    f"{self.path}: an integer needs whole limits, got {self.low}..{self.high}; "
                    "use whole numbers or kind='real'"
                )
            object.__setattr__(self, "low", int(self.low))
            object.__setattr__(self, "high", int(self.high))
        else:
            object.__setattr__(self, "low", float(self.low))
            object.__setattr__(self, "high", float(self.high))

    @property
    def size(self) -> float:
        """The number of values that it can take; infinite for a real range."""
        if self.low == self.high:
            return 1
        return self.high - self.low + 1 if self.kind == "integer" else math.inf

    def decode(self, value: float) -> int | float:
        """Return the nearest value that the variable can take (halves are rounded up)."""
        inside = min(max(float(value), self.low), self.high)
        return math.floor(inside + 0.5) if self.kind == "integer" else inside


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionSpace:
    """A line and what may change on it.

    Attributes
    ----------
    base
        Today's line.
    variables
        What may change, in the order of the coordinates of a point.

    Raises
    ------
    OptionError
        If there is no variable, or one stands twice.
    UnknownNameError
        If a path leads to no name or field of the line.
    ModelError
        If a limit is not a valid value at its path.
    """

    base: Line
    variables: tuple[Variable, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "variables", tuple(self.variables))
        if not self.variables:
            raise OptionError(
                "a search needs at least one variable, for example vary(line, 'B*.capacity=1..20')"
            )
        for index, name in enumerate(self.names):
            if name in self.names[:index]:
                raise OptionError(f"{name} varies twice; keep one of the two ranges")
        for variable in self.variables:
            _check_field(self.base, variable)

    @property
    def names(self) -> tuple[str, ...]:
        """The paths of the variables."""
        return tuple(variable.path for variable in self.variables)

    @property
    def size(self) -> float:
        """The number of points; infinite with a real variable."""
        return math.prod(variable.size for variable in self.variables)

    @property
    def low(self) -> Floats:
        """The lower limits, shape (n,)."""
        return np.array([variable.low for variable in self.variables], dtype=float)

    @property
    def high(self) -> Floats:
        """The upper limits, shape (n,)."""
        return np.array([variable.high for variable in self.variables], dtype=float)

    @property
    def integer(self) -> npt.NDArray[np.bool_]:
        """Which variables are integers, shape (n,)."""
        return np.array([variable.kind == "integer" for variable in self.variables])

    def repair(self, points: npt.ArrayLike) -> Floats:
        """Return points, shape (k, n), moved to the nearest ones of the space."""
        inside = np.clip(np.asarray(points, dtype=float), self.low, self.high)
        repaired: Floats = np.where(self.integer, np.floor(inside + 0.5), inside) + 0.0
        return repaired

    def decode(self, x: npt.ArrayLike) -> FrozenMapping[str, int | float]:
        """Return path -> value for a point, shape (n,): rounded, and clipped to the limits.

        Raises
        ------
        OptionError
            If the point has another number of coordinates, or one is not a finite number.
        """
        point = np.asarray(x, dtype=float)
        if point.shape != (len(self.variables),) or not np.isfinite(point).all():
            raise OptionError(f"a point needs {len(self.variables)} finite coordinates, got {point.tolist()}")
        return FrozenMapping(
            {
                variable.path: variable.decode(value)
                for variable, value in zip(self.variables, point.tolist(), strict=True)
            }
        )

    def line(self, x: npt.ArrayLike) -> Line:
        """Return the line of a point, shape (n,).

        Raises
        ------
        ModelError
            If the values together do not make a valid line.
        """
        return self.base.with_values(self.decode(x))

    def today(self) -> Floats:
        """Return the point of the base line, shape (n,), or the nearest one if it lies outside the limits.

        An unlimited buffer counts as its upper limit.
        """
        values = [self._today(variable) for variable in self.variables]
        return np.array(
            [variable.decode(value) for variable, value in zip(self.variables, values, strict=True)],
            dtype=float,
        )

    def _today(self, variable: Variable) -> float:
        value = self.base.value(variable.path)
        return variable.high if value is None else float(value)

    def points(self) -> Iterator[Floats]:
        """Yield every point, the last variable fastest.

        Raises
        ------
        OptionError
            If a real variable makes them infinitely many.
        """
        if not math.isfinite(self.size):
            raise OptionError("a space with a real variable has infinitely many points")
        axes = [
            range(int(variable.low), int(variable.high) + 1)
            if variable.kind == "integer"
            else (variable.low,)
            for variable in self.variables
        ]
        return (np.array(point, dtype=float) for point in itertools.product(*axes))

    def digest(self) -> str:
        """Return the sha256 of the base line and the variables."""
        return digest_of({"base": self.base, "variables": self.variables})


def vary(line: Line, *ranges: str) -> tuple[Variable, ...]:
    """Return the variables that texts such as ``"B*.capacity=1..20"`` name, in the order of the line.

    Parameters
    ----------
    line
        The line whose values vary.
    *ranges
        ``name.field=low..high``, of an element, or of a group of operators, a fleet or pallets. The name may
        hold the wild cards ``*``, ``?`` and ``[...]``; it then stands for all of a matching name that have
        the field. A field that counts (capacity, servers, number) gives an integer, any other (speed) a real
        variable.

    Raises
    ------
    OptionError
        If a text is not of that form, its range is empty, or its field is not a number.
    UnknownNameError
        If nothing or no field is called so; the nearest name is offered.

    Examples
    --------
    >>> from opt_twin.line import Buffer, Line, Sink, Source, Station, chain
    >>> line = Line(
    ...     name="two",
    ...     elements=(
    ...         Source(name="In"), Station(name="Saw", cycle_time="5 s"), Buffer(name="B1", capacity=4),
    ...         Station(name="Mill", cycle_time="6 s"), Sink(name="Out"),
    ...     ),
    ...     connections=chain("In", "Saw", "B1", "Mill", "Out"),
    ... )
    >>> [v.path for v in vary(line, "B*.capacity=1..20", "*.speed=0.8..1.2")]
    ['B1.capacity', 'Saw.speed', 'Mill.speed']
    """
    return tuple(variable for text in ranges for variable in _read_range(line, text))


def _read_range(line: Line, text: str) -> Iterator[Variable]:
    match = _ITEM.match(text)
    if match is None:
        raise OptionError(f"{text!r} is not a range; write element.field=low..high, as 'B*.capacity=1..20'")
    field = match["field"]
    low, high = (_number(match[end], text) for end in ("low", "high"))
    decimals = any("." in match[end] or "e" in match[end].lower() for end in ("low", "high"))
    for member in _matching(line, match["name"], field):
        kind = _kind_of(member, field)
        if kind == "integer" and decimals:
            raise OptionError(f"{text!r}: {field} of {member.name!r} counts whole things; write whole limits")
        yield Variable(path=f"{member.name}.{field}", low=low, high=high, kind=kind)


def _number(text: str, whole: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise OptionError(f"{whole!r}: {text!r} is not a number") from None


def _matching(line: Line, pattern: str, field: str) -> list[Held]:
    if not any(sign in pattern for sign in "*?["):
        line.value(f"{pattern}.{field}")  # names what is unknown
        return [line.member(pattern)]
    held: list[Held] = [*line.elements, *line.operators, *line.fleets, *line.pallets]
    named = [member for member in held if fnmatchcase(member.name, pattern)]
    if not named:
        raise UnknownNameError.among("element", pattern, [member.name for member in held])
    found = [member for member in named if field in member.__dataclass_fields__]
    if not found:
        fields = dict.fromkeys(name for member in named for name in member.__dataclass_fields__)
        raise UnknownNameError.among(f"field of the elements {pattern!r}", field, fields)
    return found


def _kind_of(member: Held, field: str) -> Kind:
    """Return the kind of a field by its type; a field that is not a number is an error."""
    kinds = _numeric_fields(type(member))
    if field not in kinds:
        raise OptionError(
            f"{field} of {kind_of(member)} {member.name!r} is not a number and cannot vary; "
            f"numbers of it: {', '.join(kinds) or 'none'}"
        )
    return kinds[field]


def _numeric_fields(kind: type[Held]) -> dict[str, Kind]:
    hints: dict[str, Any] = typing.get_type_hints(kind)
    whole = {field: "integer" for field, hint in hints.items() if hint in (int, int | None)}
    real = {field: "real" for field, hint in hints.items() if hint in (float, float | None)}
    return typing.cast("dict[str, Kind]", whole | real)


def _check_field(line: Line, variable: Variable) -> None:
    line.value(variable.path)
    name, _, field = variable.path.partition(".")
    kind = _kind_of(line.member(name), field)
    if kind == "integer" and variable.kind == "real":
        raise OptionError(f"{variable.path} counts whole things; use kind='integer'")
    for limit in dict.fromkeys((variable.low, variable.high)):
        try:
            line.with_value(variable.path, limit)
        except ModelError as error:
            raise ModelError(f"limit {limit} of variable {variable.path}: {error}") from None
