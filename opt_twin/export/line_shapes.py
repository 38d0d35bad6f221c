"""The shapes of what carries and keeps parts in the picture of a line: conveyors, transports, stocks."""

from __future__ import annotations

from opt_twin.export import svg
from opt_twin.export.line_layout import Box
from opt_twin.line import Conveyor, Fleet, Line, Stock, Transport
from opt_twin.quantity import number_text
from opt_twin.results import Evaluation

__all__ = [
    "BODY",
    "conveyor_shape",
    "level_of",
    "name_below",
    "shape_width",
    "stock_shape",
    "transport_shape",
]

BODY = 36.0
"""Height of a shape that is no station, without its name."""

_EDGE = "#44505c"
_FULL = "#b9d6ee"


def shape_width(element: object) -> float:
    """Return how wide the shape of an element is."""
    return {"buffer": 52.0, "source": 40.0, "conveyor": 76.0, "transport": 60.0, "stock": 60.0}.get(
        str(getattr(element, "kind", "")), 30.0
    )


def level_of(name: str, evaluation: Evaluation | None) -> float | None:
    """Return the mean level of an element, None where it is not known."""
    measure = f"{name}.level"
    return evaluation.mean(measure) if evaluation is not None and measure in evaluation.values else None


def name_below(name: str, box: Box) -> str:
    """Return the name of an element below its shape."""
    text = svg.fit(name, box.width, 11)
    return svg.label(box.x, box.y + BODY / 2 + 13, text, size=11, anchor="middle", fill=svg.MUTED)


def _text(text: str, box: Box, y: float) -> str:
    return svg.label(box.x, y, svg.fit(text, box.body - 6, 11) or "…", size=11, anchor="middle", halo=True)


def conveyor_shape(conveyor: Conveyor, box: Box, evaluation: Evaluation | None) -> str:
    """Return a belt on two rollers with the places on it, filled by its mean level."""
    level = level_of(conveyor.name, evaluation)
    left, top, high = box.left, box.y - 10, 20.0
    shape = {"x": left, "y": top, "height": high, "rx": 10}
    parts = [svg.tag("rect", width=box.body, fill="#fff", **shape)]
    tip = (
        f"Conveyor {conveyor.name}: {number_text(conveyor.length)} m at {number_text(conveyor.speed)} m/s, "
        f"{conveyor.capacity} places"
    )
    text = str(conveyor.capacity)
    if level is not None:
        share = min(max(level / conveyor.capacity, 0.0), 1.0)
        parts.append(svg.tag("rect", width=max(box.body * share, 0.01), fill=_FULL, **shape))
        tip += f", {number_text(level)} parts on average"
        text = f"{number_text(level, 2)}/{conveyor.capacity}"
    if not conveyor.accumulating:
        tip += "; stops while its end waits"
    if conveyor.recirculating:
        tip += "; parts that find no place go round again"
    tip += "".join(f"; failure mode {mode.name}" for mode in conveyor.failures)
    parts.append(svg.tag("rect", width=box.body, fill="none", stroke=_EDGE, stroke_width=1.2, **shape))
    parts += [
        svg.tag("circle", cx=x, cy=box.y, r=6, fill="none", stroke=_EDGE, stroke_width=1.2)
        for x in (left + 10, box.right - 10)
    ]
    parts.append(_text(text, box, box.y + 4))
    return svg.tag("g", svg.tag("title", svg.escape(tip)), *parts, name_below(conveyor.name, box))


def transport_shape(transport: Transport, box: Box, line: Line, evaluation: Evaluation | None) -> str:
    """Return a vehicle with the name of its fleet and how many there are."""
    fleet: Fleet = next(fleet for fleet in line.fleets if fleet.name == transport.fleet)
    left, top = box.left, box.y - 13
    text = fleet.name if fleet.number == 1 else f"{fleet.name} \N{MULTIPLICATION SIGN} {fleet.number}"
    tip = f"Transport {transport.name}: by {fleet.number} of {fleet.name} at {number_text(fleet.speed)} m/s"
    level = level_of(transport.name, evaluation)
    if level is not None:
        tip += f", {number_text(level)} parts aboard on average"
    parts = [
        svg.tag(
            "rect",
            x=left,
            y=top,
            width=box.body,
            height=20,
            rx=3,
            fill="#eef1d9",
            stroke=_EDGE,
            stroke_width=1.2,
        )
    ]
    parts += [
        svg.tag("circle", cx=x, cy=top + 21, r=5, fill="#fff", stroke=_EDGE, stroke_width=1.2)
        for x in (left + 12, box.right - 12)
    ]
    parts.append(_text(text, box, top + 14))
    return svg.tag("g", svg.tag("title", svg.escape(tip)), *parts, name_below(transport.name, box))


def stock_shape(stock: Stock, box: Box, evaluation: Evaluation | None) -> str:
    """Return a shelf, filled by its mean level, with s and S."""
    level = level_of(stock.name, evaluation)
    left, top, n = box.left, box.y - BODY / 2, svg.number
    tip = f"Stock {stock.name}: ordered up to {stock.order_up_to} at {stock.reorder_point} or below"
    parts = [svg.tag("rect", x=left, y=top, width=box.body, height=BODY, fill="#fff")]
    text = f"{stock.reorder_point} / {stock.order_up_to}"
    if level is not None:
        full = min(max(level / stock.order_up_to, 0.0), 1.0)
        parts.append(
            svg.tag("rect", x=left, y=top + BODY * (1 - full), width=box.body, height=BODY * full, fill=_FULL)
        )
        tip += f", {number_text(level)} on hand on average"
        text = f"{number_text(level, 2)}/{stock.order_up_to}"
    shelves = f"M{n(left)} {n(top)}V{n(top + BODY)}M{n(box.right)} {n(top)}V{n(top + BODY)}"
    shelves += "".join(f"M{n(left)} {n(top + BODY * at / 3)}h{n(box.body)}" for at in range(1, 4))
    parts += [
        svg.tag("path", d=shelves, stroke=_EDGE, stroke_width=1.2, fill="none"),
        _text(text, box, box.y + 4),
        name_below(stock.name, box),
    ]
    return svg.tag("g", svg.tag("title", svg.escape(tip)), *parts)
