"""What becomes of one part at one element: the moves that the traffic equations are made of."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from opt_twin.line import (
    Behaviour,
    Clock,
    Connection,
    Interrupted,
    Line,
    Quality,
    Routing,
    Sink,
    Source,
    Station,
    Stock,
)
from opt_twin.theory.cycle_time import effective_cycle_time, processing_time, time_to_failure

__all__ = ["Arrivals", "Kind", "Network", "defect_rate"]


class Kind(NamedTuple):
    """What is told apart among parts.

    Attributes
    ----------
    product
        Its product; None when the line has none.
    defective, rejected
        Whether it has a defect, and whether the last inspection rejected it.
    pack
        The station that joined it of others, where some station takes such parts apart again; else empty.
    taken
        How often it went each of the ways that a part may go only so often, in the order of the line.
    """

    product: str | None
    defective: bool = False
    rejected: bool = False
    pack: str = ""
    taken: tuple[int, ...] = ()


Moves = list[tuple[Kind, float]]
"""Kinds, and how many parts of each there are for one part that came."""


@dataclass(slots=True)
class Arrivals:
    """The parts that come to one station, for each part that the sources release.

    Attributes
    ----------
    kinds
        Kind -> parts.
    """

    kinds: dict[Kind, float] = field(default_factory=dict)

    def total(self, product: str | None = None) -> float:
        """Return all of them, or those of `product`."""
        return math.fsum(n for kind, n in self.kinds.items() if product is None or kind.product == product)

    def defective(self, product: str | None = None) -> float:
        """Return the share of defective parts among them, or among those of `product`."""
        whole = self.total(product)
        bad = math.fsum(
            n
            for kind, n in self.kinds.items()
            if kind.defective and (product is None or kind.product == product)
        )
        return bad / whole if whole > 0 else 0.0


class Network:
    """The moves of parts through a line.

    Parameters
    ----------
    line
        The line.
    stop_at
        Station that nothing leaves; empty for none.
    """

    def __init__(self, line: Line, *, stop_at: str = "") -> None:
        self._elements = {element.name: element for element in line.elements}
        self._line = line
        self._stop_at = stop_at
        self._limited = [c for c in line.connections if c.limit is not None]
        self._packs = any(station.unpacks for station in line.stations)
        self._ways = {name: line.successors(name) for name in self._elements}
        self._leads = {
            name: {way.target: self._speed_of(way.target) for way in ways}
            for name, ways in self._ways.items()
            if len(ways) > 1
        }
        self.products = {source.name: self._mix(source) for source in line.sources}

    def released(self, source: str) -> Moves:
        """Return the kinds that a source releases, and their shares."""
        nothing = (0,) * len(self._limited)
        return [(Kind(product, taken=nothing), share) for product, share in self.products[source].items()]

    def _mix(self, source: Source) -> Mapping[str | None, float]:
        """Return the share of each product among the parts of a source; None when the line has no products.

        A source that nothing else is said of releases the first product of the line.
        """
        first = self._line.products[0].name if self._line.products else None
        amounts: dict[str | None, float] = dict(source.mix.items())
        for release in source.timetable:
            product = release.product or first
            amounts[product] = amounts.get(product, 0) + release.quantity
        for order in self._line.orders if source.releases_orders else ():
            amounts[order.product] = amounts.get(order.product, 0) + order.quantity
        whole = math.fsum(amounts.values())
        return {product: amount / whole for product, amount in amounts.items()} if whole else {first: 1.0}

    # -- what an element makes of a part -------------------------------------------------------------------

    def passed(self, name: str, kind: Kind, arrivals: Mapping[str, Arrivals]) -> Moves:
        """Return what leaves the element `name` for one part of `kind` that comes, by kind."""
        element = self._elements[name]
        if isinstance(element, Sink | Stock) or name == self._stop_at:
            return []
        if not isinstance(element, Station):
            return [(kind, 1.0)]
        found: Moves = self._taken_in(element, kind, arrivals[name])
        found = [move for inner in found for move in self._worked_on(element, *inner)]
        found = [move for inner in found for move in _tested(element, *inner)]
        return [move for inner in found for move in self._given_out(element, *inner, arrivals)]

    def _taken_in(self, station: Station, kind: Kind, here: Arrivals) -> Moves:
        if station.components:
            return self._kit(station, kind, here)
        size = station.batch_size
        if size == 1 or station.batch_output == "parts":
            return [(kind, 1.0)]
        sound = (1 - here.defective()) ** size
        return [
            (self._joined(station, kind.product, defective=False), sound / size),
            (self._joined(station, kind.product, defective=True), (1 - sound) / size),
        ]

    def _kit(self, station: Station, kind: Kind, here: Arrivals) -> Moves:
        """Return the share of a kit for one component; all of it counts with the scarcest of them."""
        parts = station.components
        if kind.product is None or kind.product not in parts:
            return []
        scarce = min(parts, key=lambda product: here.total(product) / parts[product])
        weight = 1 / len(parts) if not here.kinds else float(kind.product == scarce)
        sound = math.prod((1 - here.defective(product)) ** number for product, number in parts.items())
        first = next(iter(parts))
        each = weight / parts[kind.product]
        return [
            (self._joined(station, first, defective=False), sound * each),
            (self._joined(station, first, defective=True), (1 - sound) * each),
        ]

    def _joined(self, station: Station, product: str | None, *, defective: bool) -> Kind:
        return Kind(
            product,
            defective=defective,
            pack=station.name if self._packs else "",
            taken=(0,) * len(self._limited),
        )

    def _worked_on(self, station: Station, kind: Kind, amount: float) -> Moves:
        """Return what a cycle makes of a part: first the cure, then the defect."""
        survived = amount * _survival(station)
        bad = 1 - station.cures if kind.defective else 0.0
        bad = 1 - (1 - bad) * (1 - defect_rate(station))
        good, spoiled = kind._replace(defective=False), kind._replace(defective=True)
        return [(good, survived * (1 - bad)), (spoiled, survived * bad)]

    def _given_out(
        self, station: Station, kind: Kind, amount: float, arrivals: Mapping[str, Arrivals]
    ) -> Moves:
        if station.makes is not None:
            return [(kind._replace(product=station.makes), amount)]
        if station.yields:
            return [
                (kind._replace(product=product), amount * number)
                for product, number in station.yields.items()
            ]
        if station.unpacks and kind.pack:
            return [(member, amount * share) for member, share in self._members(kind, arrivals[kind.pack])]
        return [(kind, amount)]

    def _members(self, pack: Kind, packed: Arrivals) -> Moves:
        """Return what a pack holds: the kinds that came to where it was packed, in proportion."""
        station = self._elements[pack.pack]
        assert isinstance(station, Station)
        needed: Mapping[str | None, int] = {None: station.batch_size}
        if station.components:
            needed = {product: number for product, number in station.components.items()}  # noqa: C416, keys
        defective = packed.defective()
        size = sum(needed.values())
        any_defective = 1 - (1 - defective) ** size
        share = min(1.0, defective / any_defective) if pack.defective and any_defective > 0 else 0.0
        if pack.defective and not any_defective:
            share = 1.0  # the pack itself was spoiled
        found: Moves = []
        for product, number in needed.items():
            whole = packed.total(product)
            alike: dict[Kind, float] = {}
            for kind, amount in packed.kinds.items():
                if product in (None, kind.product):
                    member = kind._replace(defective=False, rejected=pack.rejected)
                    alike[member] = alike.get(member, 0.0) + amount
            for member, amount in alike.items() if whole > 0 else ():
                found.append((member, number * amount / whole * (1 - share)))
                found.append((member._replace(defective=True), number * amount / whole * share))
        return found

    # -- where it goes then --------------------------------------------------------------------------------

    def routed(self, name: str, kind: Kind) -> Iterator[tuple[str, Kind, float]]:
        """Yield where a part that leaves the element `name` goes, as what, and how probable that is."""
        admitted = [way for way in self._ways[name] if self._admits(way, kind)]
        weights = self._weights(name, admitted)
        whole = math.fsum(weights)
        for way, weight in zip(admitted, weights, strict=True):
            if weight > 0:
                after = kind
                if way.limit is not None:
                    at = self._limited.index(way)
                    counts = kind.taken
                    after = kind._replace(taken=(*counts[:at], counts[at] + 1, *counts[at + 1 :]))
                yield way.target, after, weight / whole

    def _admits(self, way: Connection, kind: Kind) -> bool:
        if way.products and kind.product not in way.products:
            return False
        if way.limit is not None and kind.taken[self._limited.index(way)] >= way.limit:
            return False
        asked = {
            Quality.PASSED: not kind.rejected,
            Quality.REJECTED: kind.rejected,
            Quality.GOOD: not kind.defective,
            Quality.DEFECTIVE: kind.defective,
        }
        return way.quality is None or asked[way.quality]

    def _weights(self, name: str, ways: list[Connection]) -> list[float]:
        rule = getattr(self._elements[name], "routing", Routing.PROBABILITY)
        if rule is Routing.PROBABILITY:
            return [1.0 if way.probability is None else way.probability for way in ways]
        if rule in (Routing.SHORTEST_QUEUE, Routing.FIRST_READY) and not isinstance(rule, Behaviour):
            speeds = [self._leads.get(name, {}).get(way.target) for way in ways]
            known = [speed for speed in speeds if speed is not None]
            if len(known) == len(ways):
                return known
        return [1.0] * len(ways)

    def _speed_of(self, name: str) -> float | None:
        """Return the cycles per second of the first station on the way from `name`, if there is one."""
        seen: set[str] = set()
        while name not in seen:
            seen.add(name)
            element = self._elements[name]
            if isinstance(element, Station):
                seconds = effective_cycle_time(element)
                return element.servers / seconds if 0 < seconds < math.inf else None
            if len(self._ways[name]) != 1:
                return None
            name = self._ways[name][0].target
        return None


def defect_rate(station: Station) -> float:
    """Return the probability that a cycle makes a defect, in the mean over the life of the tool."""
    tool = station.tool
    if tool is None or tool.defect_rate is None:
        return station.defect_rate
    if tool.life == 1:
        return tool.defect_rate
    return (station.defect_rate + tool.defect_rate) / 2


def _tested(station: Station, kind: Kind, amount: float) -> Moves:
    """Return what an inspection makes of a part."""
    test = station.inspection
    if test is None:
        return [(kind, amount)]
    rejected = test.detection if kind.defective else test.false_alarm
    found = [(kind._replace(rejected=False), amount * (1 - rejected))]
    if test.rejects == "route":
        found.append((kind._replace(rejected=True), amount * rejected))
    return found


def _survival(station: Station) -> float:
    """Return the share of parts that no failure scraps."""
    work = processing_time(station)
    return math.prod(
        math.exp(-work / time_to_failure(station, mode))
        for mode in station.failures
        if mode.interrupted is Interrupted.SCRAP and mode.clock is not Clock.CYCLES
    )
