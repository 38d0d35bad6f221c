"""The picture of a line: its elements from left to right, what flows where, and how each station fares."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from opt_twin.export import svg
from opt_twin.export.line_layout import LANE, Box, Layout, Route, Vertex, arrange, way_text
from opt_twin.export.line_shapes import (
    BODY,
    conveyor_shape,
    level_of,
    name_below,
    shape_width,
    stock_shape,
    transport_shape,
)
from opt_twin.export.palette import ACCENT, STATE_COLOURS, STATE_NAMES, contrast
from opt_twin.line import Buffer, Conveyor, Element, Line, Source, Station, Stock, Transport
from opt_twin.quantity import number_text, percent
from opt_twin.results import STATES, Evaluation
from opt_twin.timebase import format_duration

__all__ = ["cycle_text", "line_svg"]

_FLOW = "#5b6774"
_LOOP = "#8a4b9e"
_STATION = 60.0
_NAME = 16.0


def line_svg(
    line: Line,
    evaluation: Evaluation | None = None,
    *,
    title: str = "",
    bottleneck: str = "",
    width: float = 980,
) -> str:
    """Return a picture of `line`.

    Stations are boxes with their cycle time, buffers are tanks with their capacity, conveyors are belts,
    transports are vehicles, stocks are shelves, sources and sinks are an arrow and a ring. Where `evaluation`
    is given, a station shows its states as a bar of 100 % of its time, and what holds parts its mean level.
    Connections say which parts take them; those that lead back are dashed and run above.

    Parameters
    ----------
    line
        What to draw.
    evaluation
        Of that line; None draws the line alone.
    title
        Stands above the picture; the line's name when it is empty.
    bottleneck
        Station to mark; empty for none.
    width
        In pixels; longer lines go on in the next band.

    Returns
    -------
    str
        An SVG document.
    """
    sizes = {element.name: _size(element) for element in line.elements}
    layout = arrange(line, sizes, width=width, top=44)
    heading = title or line.name
    parts = [svg.label(8, 20, svg.fit(heading, width - 16, 16), size=15, weight="bold", tip=heading)]
    parts.append(_connections(layout))
    for element in line.elements:
        box = layout.boxes[element.name]
        if isinstance(element, Station):
            parts.append(_station(element, box, evaluation, marked=element.name == bottleneck))
        else:
            parts.append(_shape(element, box, line, evaluation))
    size = min(max(layout.width, 420.0, svg.text_width(heading, 17) + 16), max(width, layout.width))
    legend, bottom = _legend(evaluation, layout.height + 14, size)
    parts.append(legend)
    described = f"{len(line.stations)} stations, {len(line.buffers)} buffers: " + ", ".join(
        f"{c.source} to {c.target} {way_text(c, whole=True)}".rstrip() for c in line.connections[:60]
    )
    return svg.picture(size, bottom + 6, *parts, title=heading, description=described)


def cycle_text(station: Station) -> str:
    """Return the mean processing time of a station at its speed, with servers, and what it takes and gives.

    As in ``5 s x 2``, and ``1 min · 12→1``.
    """
    text = format_duration(station.cycle_time.mean / station.speed)
    if station.servers > 1:
        text += f" \N{MULTIPLICATION SIGN} {station.servers}"
    taken = sum(station.components.values()) or station.batch_size
    given = station.batch_size if station.batch_output == "parts" else 1
    if station.yields:
        given *= sum(station.yields.values())
    if station.unpacks:
        return f"{text} · unpacks"
    return f"{text} · {taken}→{given}" if taken > 1 or given > 1 else text


def _size(element: object) -> tuple[float, float, float]:
    if isinstance(element, Station):
        texts = (svg.text_width(cycle_text(element), 11), svg.text_width(_stops(element), 10))
        wide = max(svg.text_width(element.name, 12.5) * 1.06, *texts) + 18
        wide = min(max(wide, 84.0), 160.0)
        return wide, _STATION, wide
    name, body = svg.text_width(getattr(element, "name", ""), 11) + 4, shape_width(element)
    return min(max(name, body), 104.0), BODY + 2 * _NAME, body


# Connections ------------------------------------------------------------------------------------------------


def _connections(layout: Layout) -> str:
    ports = _ports(layout)
    parts: list[str] = []
    crossing: dict[int, int] = defaultdict(int)
    lanes: dict[int, int] = defaultdict(int)
    for number, route in enumerate(layout.routes):
        if route.back:
            parts.append(_back(layout, route, lanes))
            continue
        d, at = "", (0.0, 0.0)
        for leg, (one, other) in enumerate(zip(route.vertices, route.vertices[1:], strict=False)):
            start, end = layout.boxes[one], layout.boxes[other]
            y1, y2 = ports.get((number, one, "out"), start.y), ports.get((number, other, "in"), end.y)
            if start.band == end.band:
                d += _curve(start.right, y1, end.left, y2)
                if leg == 0:  # the probability stands on the side that the curve does not come from
                    at = (end.left - 9, y2 + 14 if y1 < y2 - 4 else y2 - 5)
            else:
                index = crossing[start.band] % 4
                crossing[start.band] += 1
                d += _around(layout, start, end, y1, y2, index)
                if leg == 0:
                    lane = layout.bands[start.band][1] + 12 + 8 * index
                    at = (start.right - 4 - 46 * index, lane - 2)
        last = layout.boxes[route.vertices[-1]]
        y = ports[number, route.vertices[-1], "in"]
        text, whole = way_text(route.connection), way_text(route.connection, whole=True)
        tip = f"{route.connection.source} → {route.connection.target} {whole}".strip()
        parts.append(
            svg.tag(
                "g",
                svg.tag("title", svg.escape(tip)),
                svg.tag("path", d=d, stroke=_FLOW, stroke_width=1.4, fill="none"),
                _arrow(last.left, y, _FLOW),
                _plate(*at, text) if text else "",
            )
        )
    return svg.tag("g", *parts)


def _ports(layout: Layout) -> dict[tuple[int, Vertex, str], float]:
    """Return where each route leaves and enters its elements, spread so that arrows do not fall together."""
    ends: dict[tuple[Vertex, str], list[tuple[float, int]]] = defaultdict(list)
    for number, route in enumerate(layout.routes):
        if not route.back:
            first, last = route.vertices[0], route.vertices[-1]
            ends[first, "out"].append((layout.boxes[route.vertices[1]].y, number))
            ends[last, "in"].append((layout.boxes[route.vertices[-2]].y, number))
    ports: dict[tuple[int, Vertex, str], float] = {}
    for (vertex, side), found in ends.items():
        pointed = side == "out" and vertex in layout.pointed  # everything leaves an arrow at its tip
        step = 0.0 if pointed else min(13.0, 34.0 / max(len(found) - 1, 1))
        for at, (_, number) in enumerate(sorted(found)):
            ports[number, vertex, side] = layout.boxes[vertex].y + (at - (len(found) - 1) / 2) * step
    return ports


def _curve(x1: float, y1: float, x2: float, y2: float) -> str:
    n = svg.number
    if abs(y1 - y2) < 0.5:
        return f"M{n(x1)} {n(y1)}H{n(x2)}"
    middle = (x1 + x2) / 2
    return f"M{n(x1)} {n(y1)}C{n(middle)} {n(y1)} {n(middle)} {n(y2)} {n(x2)} {n(y2)}"


def _around(layout: Layout, start: Box, end: Box, y1: float, y2: float, index: int) -> str:
    """Return the way from the last column of a band to the first of the next."""
    n = svg.number
    lane = layout.bands[start.band][1] + 12 + 8 * index
    right = start.x + start.column_width / 2 + 8 + 4 * index
    left = 8.0 + 4 * index
    return f"M{n(start.right)} {n(y1)}H{n(right)}V{n(lane)}H{n(left)}V{n(y2)}H{n(end.left)}"


def _back(layout: Layout, route: Route, lanes: dict[int, int]) -> str:
    """Return a connection that leads back: up to a free lane above the band, and down again."""
    n = svg.number
    start, end = layout.boxes[route.vertices[0]], layout.boxes[route.vertices[-1]]
    heights = []
    for band in dict.fromkeys((start.band, end.band)):
        lanes[band] += 1
        heights.append(layout.bands[band][0] - 12 - LANE * (lanes[band] - 1))
    up, down = heights[0], heights[-1]
    out = start.x + 10 if start.place == 0 else start.x + start.column_width / 2 + 9
    d = f"M{n(out)} {n(start.top)}" if start.place == 0 else f"M{n(start.right)} {n(start.y)}H{n(out)}"
    into = end.x - 10 if end.place == 0 else end.x - end.column_width / 2 - 15
    d += f"V{n(up)}"
    if up != down:
        d += f"H{n(6 + 3 * lanes[start.band])}V{n(down)}"
    d += f"H{n(into)}"
    if end.place == 0:
        d += f"V{n(end.top)}"
        head = _arrow(into, end.top, _LOOP, down=True)
    else:
        d += f"V{n(end.y - 10)}H{n(end.left)}"
        head = _arrow(end.left, end.y - 10, _LOOP)
    text, whole = way_text(route.connection), way_text(route.connection, whole=True)
    tip = f"{route.connection.source} → {route.connection.target} {whole}, back"
    middle = (min(out, into) + max(out, into)) / 2
    return svg.tag(
        "g",
        svg.tag("title", svg.escape(tip)),
        svg.tag("path", d=d, stroke=_LOOP, stroke_width=1.4, stroke_dasharray="5 3", fill="none"),
        head,
        svg.label(middle, up - 4, text, size=11, anchor="middle", fill=_LOOP) if text else "",
    )


def _arrow(x: float, y: float, colour: str, *, down: bool = False) -> str:
    n = svg.number
    wings = "l-4 -7h8z" if down else "l-7 -4v8z"
    return svg.tag("path", d=f"M{n(x)} {n(y)}{wings}", fill=colour)


def _plate(x: float, y: float, text: str) -> str:
    """Return a small text that ends at `x`, on a white plate."""
    wide = svg.text_width(text, 11)
    x = max(x, wide + 4)
    return svg.tag("rect", x=x - wide, y=y - 9, width=wide, height=12, fill="#fff") + svg.label(
        x - 1, y, text, size=11, anchor="end"
    )


# Elements ---------------------------------------------------------------------------------------------------


def _station(station: Station, box: Box, evaluation: Evaluation | None, *, marked: bool) -> str:
    n, left, top = station.name, box.left, box.top
    shown = evaluation is not None and f"{n}.busy" in evaluation.values
    shares = {state: evaluation.mean(f"{n}.{state}") for state in STATES} if evaluation and shown else {}
    tip = [f"Station {n}: {cycle_text(station)} per cycle"]
    tip += [f"{STATE_NAMES[state]} {percent(share, 1)}" for state, share in shares.items() if share > 0]
    tip += _tips(station)
    parts = [
        svg.tag("title", svg.escape("; ".join(tip))),
        svg.tag(
            "rect",
            x=left,
            y=top,
            width=box.width,
            height=box.height,
            rx=5,
            fill="#f6f8fa",
            stroke=ACCENT if marked else "#44505c",
            stroke_width=2.5 if marked else 1.2,
        ),
        svg.label(
            box.x,
            top + 19,
            svg.fit(n, box.width - 10, 12.5 * 1.06),
            size=12.5,
            anchor="middle",
            weight="bold",
        ),
        svg.label(
            box.x,
            top + 35,
            svg.fit(cycle_text(station), box.width - 6, 11),
            size=11,
            anchor="middle",
            fill=svg.MUTED,
        ),
    ]
    total = sum(shares.values())
    x = left + 6
    for state, share in shares.items():
        wide = (box.width - 12) * share / total if total > 0 else 0.0
        if wide >= 0.01:
            parts.append(
                svg.tag(
                    "rect", x=x, y=top + 43, width=wide, height=10, fill=STATE_COLOURS[state], class_="state"
                )
            )
        x += wide
    if not shares and _stops(station):
        stops = svg.fit(_stops(station), box.width - 6, 10)
        parts.append(svg.label(box.x, top + 51, stops, size=10, anchor="middle", fill=svg.MUTED))
    if marked:
        parts.append(
            svg.label(
                box.x,
                top + box.height + 14,
                "bottleneck",
                size=11,
                anchor="middle",
                weight="bold",
                fill=ACCENT,
            )
        )
    return svg.tag("g", *parts)


def _stops(station: Station) -> str:
    """Return how a station can stop, for people."""
    kinds = [
        ("failures", station.failures),
        ("jams", station.micro_stops),
        ("upkeep", station.maintenance),
        ("shifts", station.shifts),
        ("people", station.needs),
    ]
    return ", ".join(name for name, modes in kinds if modes)


def _tips(station: Station) -> list[str]:
    """Return what a station takes and gives, how it stops, and whom it needs."""
    tips = []
    if station.components:
        tips.append("takes " + ", ".join(f"{number} {name}" for name, number in station.components.items()))
    if station.makes:
        tips.append(f"makes {station.makes}")
    if station.yields:
        tips.append("gives " + ", ".join(f"{number} {name}" for name, number in station.yields.items()))
    tips += [f"failure mode {mode.name}" for mode in station.failures]
    tips += [f"maintenance {task.name}" for task in station.maintenance]
    tips += [f"needs {need.number} {need.skill} to {activity}" for activity, need in station.needs.items()]
    return [*tips, f"works in {', '.join(station.shifts)}"] if station.shifts else tips


def _shape(element: Element, box: Box, line: Line, evaluation: Evaluation | None) -> str:
    """Return what is drawn for an element that is no station."""
    if isinstance(element, Buffer):
        return _buffer(element, box, evaluation)
    if isinstance(element, Conveyor):
        return conveyor_shape(element, box, evaluation)
    if isinstance(element, Transport):
        return transport_shape(element, box, line, evaluation)
    if isinstance(element, Stock):
        return stock_shape(element, box, evaluation)
    return _end(element.name, box, entry=isinstance(element, Source), tip=_end_tip(element))


def _buffer(buffer: Buffer, box: Box, evaluation: Evaluation | None) -> str:
    level = level_of(buffer.name, evaluation)
    wide = box.body
    left, top = box.left, box.y - BODY / 2
    capacity = "∞" if buffer.capacity is None else number_text(buffer.capacity, 4)
    text = capacity if level is None else f"{number_text(level, 2)}/{capacity}"
    tip = f"Buffer {buffer.name}: {capacity} places"
    parts = [svg.tag("rect", x=left, y=top, width=wide, height=BODY, fill="#fff")]
    if level is not None:
        tip += f", {number_text(level)} occupied on average"
        full = min(max(level / buffer.capacity, 0.0), 1.0) if buffer.capacity else 0.0
        parts.append(
            svg.tag("rect", x=left, y=top + BODY * (1 - full), width=wide, height=BODY * full, fill="#b9d6ee")
        )
    n = svg.number
    parts += [
        svg.tag(
            "path",
            d=f"M{n(left)} {n(top - 3)}V{n(top + BODY)}h{n(wide)}V{n(top - 3)}",
            stroke="#44505c",
            stroke_width=1.2,
            fill="none",
        ),
        svg.label(box.x, box.y + 4, svg.fit(text, wide - 2, 11) or "…", size=11, anchor="middle", halo=True),
        name_below(buffer.name, box),
    ]
    return svg.tag("g", svg.tag("title", svg.escape(tip)), *parts)


def _end_tip(element: object) -> str:
    if not isinstance(element, Source):
        return f"Sink {getattr(element, 'name', '')}: finished parts leave here"
    on = f", on {element.pallets}" if element.pallets else ""
    return _source_tip(element) + on


def _source_tip(element: Source) -> str:
    if element.timetable or element.releases_orders:
        what = "by a timetable" if element.timetable else "the orders of the line"
        return f"Source {element.name}: releases {what}"
    if element.replenishes is not None:
        return f"Source {element.name}: replenishes {element.replenishes}"
    if element.interarrival is None:
        return f"Source {element.name}: always has a part"
    return f"Source {element.name}: a part every {format_duration(element.interarrival.mean)} on average"


def _end(name: str, box: Box, *, entry: bool, tip: str) -> str:
    n, x, y = svg.number, box.x, box.y
    if entry:
        shape = svg.tag(
            "path",
            d=f"M{n(x - 20)} {n(y - 13)}h24l16 13l-16 13h-24z",
            fill="#dfe9e2",
            stroke="#44505c",
            stroke_width=1.2,
        )
    else:
        shape = svg.tag("circle", cx=x, cy=y, r=15, fill="#fff", stroke="#44505c", stroke_width=1.2)
        shape += svg.tag("circle", cx=x, cy=y, r=9, fill="#44505c")
    return svg.tag("g", svg.tag("title", svg.escape(tip)), shape, name_below(name, box))


def _legend(evaluation: Evaluation | None, top: float, width: float) -> tuple[str, float]:
    if evaluation is None:
        return "", top
    shares: Mapping[str, Mapping[str, float]] = evaluation.states()
    used = [state for state in STATES if any(row[state] > 0 for row in shares.values())]
    entries = [(STATE_NAMES[state], STATE_COLOURS[state]) for state in used]
    x, y, parts = 8.0, top, []
    for name, colour in (*entries, ("mean level / places", "#b9d6ee")):
        wide = 17 + svg.text_width(name, 11) + 12
        if x + wide > width and x > 8:
            x, y = 8.0, y + 17
        edge = svg.RULE if contrast(colour, "#ffffff") < 1.2 else None  # else it is not seen on the paper
        parts.append(svg.tag("rect", x=x, y=y + 4, width=12, height=8, fill=colour, stroke=edge))
        parts.append(svg.label(x + 17, y + 12, name, size=11, fill=svg.MUTED))
        x += wide
    return svg.tag("g", *parts), y + 18
