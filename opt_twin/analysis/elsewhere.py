"""What limits a line where none of its stations does."""

from __future__ import annotations

from opt_twin.line import Conveyor, Line
from opt_twin.theory import Limit, capacity_table, limits

__all__ = ["elsewhere"]


def elsewhere(line: Line) -> str:
    """Return what can limit a line beside its stations, as the subject of a sentence.

    Where theory says that people, a conveyor, vehicles or pallets let less through than any station and than
    what arrives, they are named, with what they let through; these are upper bounds, so that they can limit a
    line of which theory does not say so.

    Examples
    --------
    >>> from opt_twin.line import Line, Need, Operators, Sink, Source, Station, chain
    >>> line = Line(
    ...     name="two",
    ...     elements=(
    ...         Source(name="In"),
    ...         Station(name="Saw", cycle_time="5 s", needs={"run": "hand"}),
    ...         Station(name="Mill", cycle_time="7 s", needs={"run": "hand"}),
    ...         Sink(name="Out"),
    ...     ),
    ...     connections=chain("In", "Saw", "Mill", "Out"),
    ...     operators=(Operators(name="hand"),),
    ... )
    >>> elsewhere(line)
    'the number of people who can do hand (at most 300 released parts/h by theory)'
    """
    stations = min((row.capacity_per_hour for row in capacity_table(line)), default=0.0)
    found = [limit for limit in limits(line) if limit.utilisation is None or limit.utilisation >= 1]
    least = min(found, key=lambda limit: limit.capacity_per_hour, default=None)
    if least is not None and least.capacity_per_hour < stations:
        return f"{_what(least)} (at most {least.capacity_per_hour:.4g} released parts/h by theory)"
    there = {
        "the number of people": line.operators,
        "a conveyor": [element for element in line.elements if isinstance(element, Conveyor)],
        "the number of vehicles": line.fleets,
        "the number of pallets": line.pallets,
    }
    return " or ".join(["what comes in", *(what for what, some in there.items() if some)])


def _what(limit: Limit) -> str:
    names = {
        "operators": "the number of people who can do",
        "conveyor": "the conveyor",
        "fleet": "the number of vehicles of",
        "pallets": "the number of pallets of",
    }
    return f"{names[limit.kind]} {limit.name}"
