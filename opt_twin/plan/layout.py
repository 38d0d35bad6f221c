"""A layout: where the elements of a line stand, and how far vehicles drive between them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import combinations
from typing import Annotated

from pydantic import Field

from opt_twin.errors import PlanError, UnknownNameError, did_you_mean
from opt_twin.line import Fleet, Line, Transport
from opt_twin.records import FrozenMapping, Record, record

__all__ = ["Layout", "Metric"]

_Metres = Annotated[float, Field(ge=0)]


class Metric(StrEnum):
    """How the way between two positions is measured."""

    RECTILINEAR = "rectilinear"
    """Along aisles at right angles: ``|x1 - x2| + |y1 - y2|``."""
    EUCLIDEAN = "euclidean"
    """As the crow flies."""


@record
class Layout(Record):
    """A decision about where the elements of a line stand.

    Attributes
    ----------
    positions
        Element -> its pick-up and drop-off point (x, y) in metres.
    metric
        How the way between two positions is measured.
    distances
        ``distances[a][b]``: metres from a to b, where that is not the way between their positions. What is
        not listed is taken the other way round.

    Raises
    ------
    ModelError
        If a coordinate is no finite number, or a distance is negative.

    References
    ----------
    Koopmans and Beckmann (1957), Assignment problems and the location of economic activities.

    Examples
    --------
    >>> layout = Layout(positions={"Saw": (0, 0), "Drill": (30, 40)}, metric="euclidean")
    >>> layout.metres("Saw", "Drill")
    50.0
    """

    positions: FrozenMapping[str, tuple[float, float]] = FrozenMapping()
    metric: Metric = Metric.RECTILINEAR
    distances: FrozenMapping[str, FrozenMapping[str, _Metres]] = FrozenMapping()

    def metres(self, start: str, end: str) -> float:
        """Return the way from element `start` to element `end`.

        Raises
        ------
        PlanError
            If the layout says nothing of it.
        """
        for a, b in ((start, end), (end, start)):
            listed = self.distances.get(a, FrozenMapping())
            if b in listed:
                return listed[b]
        if start == end:
            return 0.0
        for name in (start, end):
            if name not in self.positions:
                raise PlanError(
                    f"the layout does not say how far it is from {start!r} to {end!r}; "
                    f"give {name!r} a position, or the distance itself"
                )
        (x1, y1), (x2, y2) = self.positions[start], self.positions[end]
        if self.metric is Metric.EUCLIDEAN:
            return math.hypot(x1 - x2, y1 - y2)
        return abs(x1 - x2) + abs(y1 - y2)

    def apply_to(self, line: Line, *, fleets: Sequence[str] = ()) -> Line:
        """Return the line with the distances of its fleets as they are in this layout.

        Parameters
        ----------
        line
            Whose elements stand here; those that no vehicle comes to need no position.
        fleets
            Names of the fleets that drive here; all of the line when empty.

        Raises
        ------
        PlanError
            If the layout names an element that the line does not have, or lacks a way that vehicles drive.
        UnknownNameError
            If a fleet is not in the line.
        """
        known = [element.name for element in line.elements]
        named = [*self.positions, *(name for start, row in self.distances.items() for name in (start, *row))]
        for name in named:
            if name not in known:
                raise PlanError(
                    f"the layout places {name!r}, but line {line.name!r} has no such element"
                    f"{did_you_mean(name, known)}"
                )
        present = [fleet.name for fleet in line.fleets]
        for name in fleets:
            if name not in present:
                raise UnknownNameError.among("fleet", name, present)
        return line.replace(
            fleets=tuple(
                fleet.replace(distances=self._ways(line, fleet))
                if not fleets or fleet.name in fleets
                else fleet
                for fleet in line.fleets
            )
        )

    def _ways(self, line: Line, fleet: Fleet) -> dict[str, dict[str, float]]:
        """Return the ways between the elements that the vehicles of `fleet` come to."""
        ways: dict[str, dict[str, float]] = {}
        for start, end in combinations(dict.fromkeys(_stops(line, fleet)), 2):
            ways.setdefault(start, {})[end] = self.metres(start, end)
            back = self.metres(end, start)
            if back != ways[start][end]:
                ways.setdefault(end, {})[start] = back
        return ways


def _stops(line: Line, fleet: Fleet) -> Iterator[str]:
    """Yield the elements that the vehicles of a fleet come to."""
    for element in line.elements:
        if isinstance(element, Transport) and element.fleet == fleet.name:
            yield from (connection.source for connection in line.predecessors(element.name))
            yield from (connection.target for connection in line.successors(element.name))
    for name in (fleet.parking, fleet.charger):
        if name is not None:
            yield name
