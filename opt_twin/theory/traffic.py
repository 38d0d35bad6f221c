"""How parts flow through a line in the long run: its traffic equations."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from opt_twin.errors import ModelError
from opt_twin.line import Line, Source, Station, Stock
from opt_twin.records import FrozenMapping
from opt_twin.theory.network import Arrivals, Kind, Network

__all__ = ["Traffic", "released_per_hour", "traffic", "traffic_from"]

Floats = npt.NDArray[np.float64]
State = tuple[str, Kind]
Flow = dict[State, float]

_MOST_KINDS = 20_000
_DENSE = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """How parts flow in the long run, for each part that the sources release.

    Attributes
    ----------
    visits
        Element -> parts that come to it.
    defective
        Element -> share of them that is defective.
    products
        Element -> product -> share of the parts that come to it; empty when the line has no products.
    parts_out, good_parts
        Parts, and good parts, that leave through sinks and stocks; a stock takes good ones only.
    cycles
        Station -> cycles.
    sources
        Source -> its share of the parts released.
    usable
        Share of what the sources offer that assembly stations can use, when one of several is short of parts.
    unused
        Station -> product -> share of the parts that come for assembly and find no others to go with.
    stranded
        Element -> parts that leave it and that no connection admits, rejected ones (they are scrapped) left
        out.
    """

    visits: Mapping[str, float]
    defective: Mapping[str, float]
    products: Mapping[str, Mapping[str, float]]
    parts_out: float
    good_parts: float
    cycles: Mapping[str, float] = FrozenMapping()
    sources: Mapping[str, float] = FrozenMapping()
    usable: float = 1.0
    unused: Mapping[str, Mapping[str, float]] = FrozenMapping()
    stranded: Mapping[str, float] = FrozenMapping()

    def __post_init__(self) -> None:
        for name in ("visits", "defective", "cycles", "sources", "stranded"):
            object.__setattr__(self, name, FrozenMapping(getattr(self, name)))
        for name in ("products", "unused"):
            inner = {key: FrozenMapping(shares) for key, shares in getattr(self, name).items()}
            object.__setattr__(self, name, FrozenMapping(inner))


def released_per_hour(line: Line) -> float | None:
    """Return the parts per hour that the sources offer, or None when that has no long-run rate.

    It has none where a source is saturated, or releases by a timetable or the orders of the line. A source
    that replenishes a stock offers what customers ask for.

    Examples
    --------
    >>> from opt_twin.line import Line, Sink, Source, Station, chain
    >>> line = Line(
    ...     name="one",
    ...     elements=(
    ...         Source(name="In", interarrival="exponential(6 s)"),
    ...         Station(name="Saw", cycle_time="5 s"),
    ...         Sink(name="Out"),
    ...     ),
    ...     connections=chain("In", "Saw", "Out"),
    ... )
    >>> released_per_hour(line)
    600.0
    """
    rates = [_rate(line, source) for source in line.sources]
    known = [rate for rate in rates if rate is not None]
    return math.fsum(known) if len(known) == len(rates) else None


def _rate(line: Line, source: Source) -> float | None:
    if source.replenishes is not None:
        stock = line.element(source.replenishes)
        assert isinstance(stock, Stock)
        return stock.quantity * 3600 / stock.demand.mean
    if source.interarrival is None or source.interarrival.mean == 0:
        return None
    return 3600 / source.interarrival.mean


def traffic(line: Line) -> Traffic:
    """Return the long-run flow of parts through the line, by its traffic equations.

    For each element, the parts of each kind (product; good or defective; passed or rejected; how often it
    took a way that has a limit) that come to it are those that the sources release there and those that
    other elements pass on: divided by the batch size or joined to a kit, less rejects and parts that a
    failure scraps, times what is taken out of one part, times the share of the way that they take. Sources
    share the releases in proportion to their rates, or equally when one of them has none; where an assembly
    station needs the parts of several sources, those that offer more than the scarcest part allows give less.

    Raises
    ------
    ModelError
        If the exit probability of a loop is so small that the equations cannot be solved, or there are too
        many kinds of parts.

    Notes
    -----
    Exact for means, but for these cases: a batch that takes both defective and good parts is treated as if
    their order were random; failures that scrap a part are taken as exponential; what :func:`covers` names.

    References
    ----------
    Jackson (1957), Networks of waiting lines, Operations Research 5 (the traffic equations).
    """
    offered = released_per_hour(line)
    shares = {source.name: 1 / len(line.sources) for source in line.sources}
    if offered is not None:
        shares = {source.name: (_rate(line, source) or 0.0) / offered for source in line.sources}
    network = Network(line)
    kits = [station for station in line.stations if station.components]
    if not kits:
        return _summary(line, network, shares, *_settled(line, network, shares))
    given = dict(shares)
    fed = {source.name: _fed(line, network, source.name, kits) for source in line.sources}
    for _ in range(200):
        flow, arrivals = _settled(line, network, given)
        used = {kit.name: _used(kit, arrivals[kit.name]) for kit in kits}
        # A source that gives two components of one kit cannot give less of one of them alone.
        pull = {
            name: min((max(used[kit][part] for kit, part in feeds) for feeds in kits_fed), default=1.0)
            for name, kits_fed in fed.items()
        }
        if all(share > 1 - 1e-12 or share == 0 for share in pull.values()):
            break
        given = {name: share * (pull[name] or 1.0) for name, share in given.items()}
    return _summary(line, network, given, flow, arrivals)


def traffic_from(line: Line, source: str, *, stop_at: str = "") -> Mapping[str, float]:
    """Return the parts that come to each element for one part of `source`, up to the station `stop_at`."""
    network = Network(line, stop_at=stop_at)
    _, arrivals = _settled(line, network, {source: 1.0})
    return {element.name: arrivals[element.name].total() for element in line.elements}


def _fed(line: Line, network: Network, source: str, kits: list[Station]) -> list[list[tuple[str, str]]]:
    """Return, for each kit that parts of one source end up in, the components that they are there."""
    nothing = {element.name: Arrivals() for element in line.elements}  # then every component alone makes kits
    flow = _solved(network, {source: 1.0}, nothing)
    found = []
    for kit in kits:
        products = {kind.product for (name, kind), amount in flow.items() if name == kit.name and amount > 0}
        found.append([(kit.name, product) for product in kit.components if product in products])
    return [feeds for feeds in found if feeds]


def _used(kit: Station, here: Arrivals) -> dict[str, float]:
    """Return the share of each component that comes which the scarcest of them lets the station use."""
    cycles = _kits(kit, here)
    return {
        product: cycles * number / here.total(product) if here.total(product) > 0 else 0.0
        for product, number in kit.components.items()
    }


def _kits(kit: Station, here: Arrivals) -> float:
    return min(here.total(product) / number for product, number in kit.components.items())


def _settled(line: Line, network: Network, released: Mapping[str, float]) -> tuple[Flow, dict[str, Arrivals]]:
    """Return the flow, solved again until what batches and kits make of it no longer changes."""
    arrivals = {element.name: Arrivals() for element in line.elements}
    flow: Flow = {}
    for _ in range(1000):  # batches make the share of defective parts enter as a power; it settles quickly
        before, flow = flow, _solved(network, released, arrivals)
        arrivals = {element.name: Arrivals() for element in line.elements}
        for (name, kind), amount in flow.items():
            arrivals[name].kinds[kind] = amount
        states = before.keys() | flow.keys()
        if max(abs(flow.get(s, 0.0) - before.get(s, 0.0)) for s in states) < 1e-13:
            break
    return flow, arrivals


def _solved(network: Network, released: Mapping[str, float], arrivals: Mapping[str, Arrivals]) -> Flow:
    """Return the parts of each kind that come to each element, for given shares of defective parts."""
    number: dict[State, int] = {}
    start: dict[int, float] = {}
    for source, share in released.items():
        for kind, part in network.released(source):
            start[number.setdefault((source, kind), len(number))] = share * part
    moves: list[tuple[int, int, float]] = []
    states = list(number)
    for state in states:  # grows while new states are found
        name, kind = state
        for leaving, amount in network.passed(name, kind, arrivals):
            for target, after, share in network.routed(name, leaving) if amount > 0 else ():
                following = (target, after)
                if following not in number:
                    number[following] = len(number)
                    states.append(following)
                moves.append((number[following], number[state], amount * share))
        if len(states) > _MOST_KINDS:
            raise ModelError(
                f"the line has more than {_MOST_KINDS} kinds of parts at its elements, too many to calculate "
                "with; lower the limits of its connections"
            )
    amounts = _linear(moves, start, len(states))
    return {state: max(0.0, float(amount)) for state, amount in zip(states, amounts, strict=True)}


def _linear(moves: list[tuple[int, int, float]], start: Mapping[int, float], size: int) -> Floats:
    """Return x with x = T x + start."""
    constant = np.zeros(size)
    for at, amount in start.items():
        constant[at] = amount
    to, origin, share = (np.array(column) for column in zip(*moves, strict=True))
    try:
        if size <= _DENSE:
            matrix = np.eye(size)
            np.subtract.at(matrix, (to, origin), share)
            return np.asarray(np.linalg.solve(matrix, constant), dtype=np.float64)
        from scipy.sparse import coo_matrix, identity
        from scipy.sparse.linalg import splu

        sparse = identity(size, format="csc") - coo_matrix((share, (to, origin)), (size, size)).tocsc()
        return np.asarray(splu(sparse.tocsc()).solve(constant), dtype=np.float64)
    except (np.linalg.LinAlgError, RuntimeError):
        raise ModelError(
            "parts circulate practically for ever: a loop has an exit probability that is not told from 0; "
            "raise the probability of the way out"
        ) from None


def _summary(
    line: Line,
    network: Network,
    released: Mapping[str, float],
    flow: Flow,
    arrivals: Mapping[str, Arrivals],
) -> Traffic:
    usable = math.fsum(released.values())
    scale = 1 / usable
    products = sorted(
        {kind.product for _, kind in flow}
        | {product for mix in network.products.values() for product in mix},
        key=str,
    )
    good = {name: here.total() * (1 - here.defective()) for name, here in arrivals.items()}
    return Traffic(
        visits={name: here.total() * scale for name, here in arrivals.items()},
        defective={name: here.defective() for name, here in arrivals.items()},
        products={
            name: {
                product: here.total(product) / here.total() if here.total() > 0 else 0.0
                for product in products
                if product is not None
            }
            for name, here in arrivals.items()
        },
        parts_out=scale
        * math.fsum(
            good[end.name] if isinstance(end, Stock) else arrivals[end.name].total() for end in line.ends
        ),
        good_parts=scale * math.fsum(good[end.name] for end in line.ends),
        cycles={station.name: _cycles(station, arrivals[station.name]) * scale for station in line.stations},
        sources={name: share * scale for name, share in released.items()},
        usable=usable,
        unused={
            kit.name: {
                product: 1 - (_used(kit, arrivals[kit.name])[product] if product in kit.components else 0.0)
                for product in dict.fromkeys(
                    [*kit.components, *(kind.product for kind in arrivals[kit.name].kinds if kind.product)]
                )
            }
            for kit in line.stations
            if kit.components
        },
        stranded=_stranded(network, flow, arrivals, scale),
    )


def _cycles(station: Station, here: Arrivals) -> float:
    if station.components:
        return _kits(station, here)
    return here.total() / station.batch_size


def _stranded(
    network: Network, flow: Flow, arrivals: Mapping[str, Arrivals], scale: float
) -> dict[str, float]:
    found: dict[str, float] = {}
    for (name, kind), parts in flow.items():
        for leaving, amount in network.passed(name, kind, arrivals):
            lost = parts * amount * scale
            if lost > 1e-12 and not leaving.rejected and not any(network.routed(name, leaving)):
                found[name] = found.get(name, 0.0) + lost
    return found
