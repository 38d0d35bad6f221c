"""The line: one record that every decision starts from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field
from pydantic_core import PydanticCustomError

from opt_twin.errors import ModelError, Problem, UnknownNameError
from opt_twin.line.economics import Economics
from opt_twin.line.elements import Buffer, Connection, ConnectionField, Element, Sink, Source, Station, Stock
from opt_twin.line.handling import Fleet, Pallets
from opt_twin.line.people import Operators, Shift
from opt_twin.line.products import Order, Product
from opt_twin.line.references import reference_problems
from opt_twin.line.stocks import stock_problems
from opt_twin.line.topology import topology_problems
from opt_twin.records import Record, record

__all__ = ["Line", "kind_of"]

_Held = Element | Operators | Fleet | Pallets
_Named = _Held | Product | Order | Shift

_HOLDERS = ("elements", "operators", "fleets", "pallets")
"""Fields whose members have fields that a path such as ``Crew.number`` leads to."""


@record
class Line(Record):
    """A production line: what stands where, how parts flow, what is made and what it costs.

    A line is valid by construction: names are unique and known, every element is fed by a source and drained
    by a sink, probabilities add up, no loop is without an exit. Elements, groups of operators, fleets and
    pallets all have different names, since paths and measures begin with them.

    Attributes
    ----------
    name
        What the line is called.
    elements
        Sources, stations, buffers and sinks; their order does not matter.
    connections
        Ways for parts between them.
    products
        What the line makes; may be empty when there is one product only.
    orders
        What is wanted, and when.
    shifts
        Hours of work that stations and people may follow.
    operators
        The people, in groups: operators, repair crews.
    fleets
        The vehicles that drive on the line's transports.
    pallets
        Carriers that go round with the parts.
    economics
        Costs of the line as a whole.
    description
        Free text: source of the figures, what they stand for.

    Raises
    ------
    ModelError
        With every problem and its path: no source, station or sink; names that are taken twice or known
        nowhere; connections that lead nowhere; probabilities that do not add up to 1; a loop without an exit.

    Examples
    --------
    >>> from opt_twin.line import Line, Sink, Source, Station, chain
    >>> line = Line(
    ...     name="one",
    ...     elements=(Source(name="In"), Station(name="Saw", cycle_time="5 s"), Sink(name="Out")),
    ...     connections=chain("In", "Saw", "Out"),
    ... )
    >>> line.with_value("Saw.speed", 1.25).element("Saw").speed
    1.25
    """

    name: Annotated[str, Field(min_length=1)]
    elements: tuple[Element, ...]
    connections: tuple[ConnectionField, ...] = ()
    products: tuple[Product, ...] = ()
    orders: tuple[Order, ...] = ()
    shifts: tuple[Shift, ...] = ()
    operators: tuple[Operators, ...] = ()
    fleets: tuple[Fleet, ...] = ()
    pallets: tuple[Pallets, ...] = ()
    economics: Economics = Economics()
    description: str = ""

    def __post_init__(self) -> None:
        problems = [*self._count_problems(), *self._name_problems()]
        if not problems:
            problems = topology_problems(self.elements, self.connections)
        if not problems:
            problems = list(stock_problems(self))
        problems += reference_problems(self)
        if problems:
            text = "; ".join(str(problem) for problem in problems).replace("{", "{{").replace("}", "}}")
            raise PydanticCustomError("line", text, {"problems": tuple(problems)})

    @property
    def stations(self) -> tuple[Station, ...]:
        """The stations, in the order of `elements`."""
        return tuple(element for element in self.elements if isinstance(element, Station))

    @property
    def buffers(self) -> tuple[Buffer, ...]:
        """The buffers, in the order of `elements`."""
        return tuple(element for element in self.elements if isinstance(element, Buffer))

    @property
    def sources(self) -> tuple[Source, ...]:
        """The sources, in the order of `elements`."""
        return tuple(element for element in self.elements if isinstance(element, Source))

    @property
    def sinks(self) -> tuple[Sink, ...]:
        """The sinks, in the order of `elements`."""
        return tuple(element for element in self.elements if isinstance(element, Sink))

    @property
    def ends(self) -> tuple[Sink | Stock, ...]:
        """Where parts leave: sinks and stocks, in the order of `elements`."""
        return tuple(element for element in self.elements if isinstance(element, Sink | Stock))

    def element(self, name: str) -> Element:
        """Return the element called `name`.

        Raises
        ------
        UnknownNameError
            If there is none.
        """
        for element in self.elements:
            if element.name == name:
                return element
        raise UnknownNameError.among("element", name, [element.name for element in self.elements])

    def member(self, name: str) -> _Held:
        """Return the element, or the group of operators, fleet or pallets, that is called `name`.

        Raises
        ------
        UnknownNameError
            If there is none.

        Examples
        --------
        >>> from opt_twin.line import Line, Operators, Sink, Source, Station, chain
        >>> line = Line(
        ...     name="one",
        ...     elements=(Source(name="In"), Station(name="Saw", cycle_time="5 s"), Sink(name="Out")),
        ...     connections=chain("In", "Saw", "Out"),
        ...     operators=(Operators(name="Crew", number=2),),
        ... )
        >>> line.member("Crew").number, line.with_value("Crew.number", 3).value("Crew.number")
        (2, 3)
        """
        held = self._held()
        for member in held:
            if member.name == name:
                return member
        raise UnknownNameError.among("element", name, [member.name for member in held])

    def _held(self) -> tuple[_Held, ...]:
        return (*self.elements, *self.operators, *self.fleets, *self.pallets)

    def successors(self, name: str) -> tuple[Connection, ...]:
        """Return the connections that leave the element `name`."""
        return tuple(connection for connection in self.connections if connection.source == name)

    def predecessors(self, name: str) -> tuple[Connection, ...]:
        """Return the connections that enter the element `name`."""
        return tuple(connection for connection in self.connections if connection.target == name)

    def with_element(self, element: Element) -> Line:
        """Return the line with `element` in the place of the one of the same name.

        Raises
        ------
        UnknownNameError
            If there is none of that name.
        """
        self.element(element.name)
        return self.replace(
            elements=tuple(element if old.name == element.name else old for old in self.elements)
        )

    def value(self, path: str) -> Any:
        """Return the value at `path`, a name and a field: ``"B1.capacity"``, ``"Crew.number"``.

        The name is that of an element, or of a group of operators, a fleet or pallets.

        Raises
        ------
        UnknownNameError
            If there is no such name or field.
        """
        name, field = self._split(path)
        return getattr(self.member(name), field)

    def with_value(self, path: str, value: Any) -> Line:
        """Return the line with the value at `path` replaced, validated again.

        Raises
        ------
        UnknownNameError
            If there is no such name or field.
        ModelError
            If the value is not valid there.
        """
        return self.with_values({path: value})

    def with_values(self, values: Mapping[str, Any]) -> Line:
        """Return the line with the value at each path replaced, validated once at the end.

        Raises
        ------
        UnknownNameError
            If there is no such name or field.
        ModelError
            If a value is not valid in its place.
        """
        changes: dict[str, dict[str, Any]] = {}
        for path, value in values.items():
            name, field = self._split(path)
            changes.setdefault(name, {})[field] = value
        replaced = {name: _changed(self.member(name), fields) for name, fields in changes.items()}
        groups = {holder: getattr(self, holder) for holder in _HOLDERS}
        return self.replace(
            **{
                holder: tuple(replaced.get(old.name, old) for old in group)
                for holder, group in groups.items()
                if any(old.name in replaced for old in group)
            }
        )

    def _split(self, path: str) -> tuple[str, str]:
        name, dot, field = path.partition(".")
        member = self.member(name)
        fields = list(member.__dataclass_fields__)
        if not dot or field not in fields:
            raise UnknownNameError.among(f"field of {kind_of(member)} {name!r}", field, fields)
        return name, field

    def _count_problems(self) -> Iterator[Problem]:
        wanted: tuple[tuple[str, Sequence[object]], ...] = (
            ("source", self.sources),
            ("station", self.stations),
            ("sink", self.ends),
        )
        missing = [kind for kind, found in wanted if not found]
        if missing:
            yield Problem(path="elements", message=f"the line has no {' and no '.join(missing)}")

    def _name_problems(self) -> Iterator[Problem]:
        for together in (_HOLDERS, ("products",), ("orders",), ("shifts",)):
            first: dict[str, str] = {}
            for field in together:
                group: Sequence[_Named] = getattr(self, field)
                for index, member in enumerate(group):
                    if member.name in first:
                        yield Problem(
                            path=f"{field}.{index}.name",
                            message=f"the name {member.name!r} is taken by {first[member.name]}",
                        )
                    first.setdefault(member.name, f"{field}.{index}")


def kind_of(member: _Held) -> str:
    """Return what `member` of a line is called."""
    names = {Operators: "group of operators", Fleet: "fleet", Pallets: "group of pallets"}
    return names[type(member)] if type(member) in names else str(getattr(member, "kind", ""))


def _changed(member: _Held, fields: Mapping[str, Any]) -> _Held:
    try:
        return member.replace(**fields)
    except ModelError as error:
        raise ModelError(
            *(
                Problem(path=f"{member.name}.{problem.path}", message=problem.message)
                for problem in error.problems
            )
        ) from None
