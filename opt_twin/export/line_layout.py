"""Where the elements of a line stand in its picture: columns from left to right, wrapped into bands.

An element stands in the column behind the last that leads to it; a way back does not count. A connection
that skips columns runs through a free place in each of them; the order within a column follows the mean
place of the neighbours.

References
----------
Sugiyama, Tagawa, Toda (1981), Methods for visual understanding of hierarchical system structures.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from opt_twin.export import svg
from opt_twin.line import Connection, Line
from opt_twin.quantity import percent

__all__ = ["WAY_SIZE", "Bend", "Box", "Layout", "Route", "arrange", "way_text"]

SWEEPS = 6
ROW_GAP = 18.0
LANE = 18.0
WAY_SIZE = 11.0
"""Size of the letters at a connection."""

_WIDEST = 104.0


class Bend(NamedTuple):
    """A place that a long connection runs through: its number, and the column."""

    connection: int
    column: int


Vertex = str | Bend
Sizes = Mapping[str, tuple[float, float, float]]


@dataclass(frozen=True, slots=True)
class Box:
    """Where a vertex stands.

    Attributes
    ----------
    x, y
        Its centre.
    width, height
        Its size; 0 by 0 for a bend.
    body
        Width of the shape itself, which connections touch; names may be wider.
    column_width
        Of the widest in its column.
    band, place
        Its band from the top, and its place in its column from the top.
    """

    x: float
    y: float
    width: float
    height: float
    body: float
    column_width: float
    band: int
    place: int

    @property
    def left(self) -> float:
        """The left edge of the body."""
        return self.x - self.body / 2

    @property
    def right(self) -> float:
        """The right edge of the body."""
        return self.x + self.body / 2

    @property
    def top(self) -> float:
        """The upper edge."""
        return self.y - self.height / 2


@dataclass(frozen=True, slots=True)
class Route:
    """A connection: the vertices that it runs through; `back` when it leads back or stays in its column."""

    connection: Connection
    vertices: tuple[Vertex, ...]
    back: bool


@dataclass(frozen=True, slots=True)
class Layout:
    """The whole arrangement.

    Attributes
    ----------
    boxes
        Vertex -> where it stands.
    routes
        In the order of the line's connections.
    bands
        Upper and lower edge of each band of elements.
    width, height
        Of everything.
    pointed
        The sources.
    """

    boxes: Mapping[Vertex, Box]
    routes: tuple[Route, ...]
    bands: tuple[tuple[float, float], ...]
    width: float
    height: float
    pointed: frozenset[Vertex]


def arrange(line: Line, sizes: Sizes, *, width: float, margin: float = 24, top: float = 0) -> Layout:
    """Return where everything stands.

    Parameters
    ----------
    line
        The line.
    sizes
        Element -> its width and height, its name included, and the width of its shape alone.
    width
        Columns that do not fit in this many pixels go on in the next band.
    margin
        Free on the left and on the right of every band.
    top
        Free above the first band.
    """
    from opt_twin.graph import ranks

    rank = ranks(line)
    column = _column_of(line, rank)
    routes = _routes(line, column)
    sources = frozenset[Vertex](source.name for source in line.sources)
    columns = _columns(line, column, routes)
    wide = [max((sizes[v][0] for v in members if isinstance(v, str)), default=8.0) for members in columns]
    gaps = _gaps(len(columns), column, routes)
    bands = _bands(wide, gaps, width - 2 * margin)
    boxes: dict[Vertex, Box] = {}
    edges: list[tuple[float, float]] = []
    y, widest = top, 0.0
    for band, members in enumerate(bands):
        lanes = sum(_uses(route, column, members) for route in routes if route.back)
        y += lanes * LANE
        high = max(_height(columns[at], sizes) for at in members)
        x = margin
        for at in members:
            _stand(boxes, columns[at], sizes, x + wide[at] / 2, y + high / 2, band)
            x += wide[at] + gaps[at]
        widest = max(widest, x - gaps[members[-1]])
        edges.append((y, y + high))
        crossings = sum(1 for route in routes if not route.back and _crosses(route, column, members[-1]))
        y += high + (26 + 8 * min(crossings, 4) if band < len(bands) - 1 else 0)
    return Layout(boxes, routes, tuple(edges), widest + margin, y, sources)


def _column_of(line: Line, rank: Mapping[str, int]) -> dict[str, int]:
    """Return the length of the longest way to each element over connections that lead to a higher rank."""
    column: dict[str, int] = {}
    for name in sorted(rank, key=rank.__getitem__):
        before = (c.source for c in line.predecessors(name) if rank[c.source] < rank[name])
        column[name] = max((column[source] + 1 for source in before), default=0)
    return column


def _routes(line: Line, column: Mapping[str, int]) -> tuple[Route, ...]:
    routes = []
    for number, connection in enumerate(line.connections):
        first, last = column[connection.source], column[connection.target]
        back = last <= first
        between = () if back else tuple(Bend(number, at) for at in range(first + 1, last))
        routes.append(Route(connection, (connection.source, *between, connection.target), back))
    return tuple(routes)


def _columns(line: Line, column: Mapping[str, int], routes: Sequence[Route]) -> list[list[Vertex]]:
    columns: list[list[Vertex]] = [[] for _ in range(max(column.values()) + 1)]
    for element in line.elements:
        columns[column[element.name]].append(element.name)
    before: dict[Vertex, list[Vertex]] = defaultdict(list)
    after: dict[Vertex, list[Vertex]] = defaultdict(list)
    for route in routes:
        for vertex in route.vertices[1:-1]:
            if isinstance(vertex, Bend):
                columns[vertex.column].append(vertex)
        if not route.back:
            for one, other in zip(route.vertices, route.vertices[1:], strict=False):
                before[other].append(one)
                after[one].append(other)
    for sweep in range(SWEEPS):
        forward = sweep % 2 == 0
        neighbours = before if forward else after
        for at in range(1, len(columns)) if forward else range(len(columns) - 2, -1, -1):
            _order(columns[at], columns[at - 1 if forward else at + 1], neighbours)
    return columns


def _order(
    members: list[Vertex], beside: Sequence[Vertex], neighbours: Mapping[Vertex, list[Vertex]]
) -> None:
    """Sort a column by the mean place of its neighbours in the one beside it."""
    place = {vertex: (at + 0.5) / len(beside) for at, vertex in enumerate(beside)}
    own = {vertex: (at + 0.5) / len(members) for at, vertex in enumerate(members)}

    def wanted(vertex: Vertex) -> float:
        places = [place[other] for other in neighbours.get(vertex, ()) if other in place]
        return sum(places) / len(places) if places else own[vertex]

    members.sort(key=wanted)


def _gaps(count: int, column: Mapping[str, int], routes: Sequence[Route]) -> list[float]:
    """Return the room behind each column; more where something is written at a connection."""
    gaps = [22.0] * count
    for route in routes:
        text = way_text(route.connection)
        if text and not route.back:
            at = column[route.connection.source]
            gaps[at] = max(gaps[at], 62.0, svg.text_width(text, WAY_SIZE) + 22)
    return gaps


def way_text(connection: Connection, *, whole: bool = False) -> str:
    """Return which parts take a connection, as ``rejected, 30 %``; empty for all.

    The text is cut to what a picture has room for, unless it is to be `whole`.
    """
    parts = []
    if connection.products:
        parts.append(", ".join(connection.products))
    if connection.quality is not None:
        parts.append(str(connection.quality))
    if connection.limit is not None:
        parts.append(
            f"at most {connection.limit} times" if whole else f"≤ {connection.limit}\N{MULTIPLICATION SIGN}"
        )
    if connection.probability not in {None, 1.0}:
        parts.append(percent(connection.probability or 0.0, 1).replace(".0 %", " %"))
    text = ", ".join(parts)
    return text if whole else svg.fit(text, _WIDEST, WAY_SIZE)


def _bands(wide: Sequence[float], gaps: Sequence[float], room: float) -> list[list[int]]:
    """Return the columns of each band, as even as they can be with the fewest bands."""
    needed = _filled(wide, gaps, room)
    low, high = max(wide), room
    if len(needed) == 1 or low >= room:
        return needed
    for _ in range(20):
        middle = (low + high) / 2
        if len(_filled(wide, gaps, middle)) > len(needed):
            low = middle
        else:
            high = middle
    return _filled(wide, gaps, high)


def _filled(wide: Sequence[float], gaps: Sequence[float], room: float) -> list[list[int]]:
    bands: list[list[int]] = [[]]
    x = 0.0
    for at, size in enumerate(wide):
        if bands[-1] and x + size > room:
            bands.append([])
            x = 0.0
        bands[-1].append(at)
        x += size + gaps[at]
    return bands


def _crosses(route: Route, column: Mapping[str, int], last: int) -> bool:
    return column[route.connection.source] <= last < column[route.connection.target]


def _uses(route: Route, column: Mapping[str, int], members: Sequence[int]) -> bool:
    ends = {column[route.connection.source], column[route.connection.target]}
    return any(members[0] <= end <= members[-1] for end in ends)


def _size(vertex: Vertex, sizes: Sizes) -> tuple[float, float, float]:
    return sizes[vertex] if isinstance(vertex, str) else (0.0, 14.0, 0.0)


def _height(members: Sequence[Vertex], sizes: Sizes) -> float:
    return sum(_size(vertex, sizes)[1] for vertex in members) + ROW_GAP * (len(members) - 1)


def _stand(
    boxes: dict[Vertex, Box],
    members: Sequence[Vertex],
    sizes: Sizes,
    x: float,
    middle: float,
    band: int,
) -> None:
    y = middle - _height(members, sizes) / 2
    column_width = max(_size(vertex, sizes)[0] for vertex in members)
    for place, vertex in enumerate(members):
        wide, high, body = _size(vertex, sizes)
        shape = (wide, high, body) if isinstance(vertex, str) else (0.0, 0.0, 0.0)
        boxes[vertex] = Box(x, y + high / 2, *shape, column_width, band, place)
        y += high + ROW_GAP
