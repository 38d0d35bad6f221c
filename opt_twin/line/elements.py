"""The elements of a line and the connections between them."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from opt_twin.line.behaviour import BehaviourField
from opt_twin.line.distributions import Distribution
from opt_twin.line.economics import Money
from opt_twin.line.handling import Conveyor, Transport
from opt_twin.line.people import AtShiftEnd, NeedField
from opt_twin.line.quality import Inspection, StartUp, ToolWear
from opt_twin.line.reliability import FailureMode, Maintenance, MicroStop
from opt_twin.line.routing import Quality, Routing, RoutingField
from opt_twin.line.states import State
from opt_twin.line.units import Fraction, Name, Seconds
from opt_twin.records import FrozenMapping, Record, record

__all__ = [
    "Activity",
    "Buffer",
    "Connection",
    "ConnectionField",
    "Element",
    "Release",
    "Sink",
    "Source",
    "Station",
    "Stock",
    "chain",
]

Activity = Literal["setup", "load", "run", "inspect"]
"""What people can be needed for at a station, beside repairs and maintenance."""


@record
class Release(Record):
    """Parts that a source offers at a time.

    Attributes
    ----------
    time
        Seconds from the start of the run.
    product
        Name; the first product of the line unless given.
    quantity
        Parts.
    """

    time: Seconds
    product: Name | None = None
    quantity: Annotated[int, Field(ge=1)] = 1


@record
class Source(Record):
    """Where parts enter the line.

    Attributes
    ----------
    interarrival
        Seconds between two parts; None for a saturated source, which always has a part. A part that finds
        no place waits in the source, and the next interarrival time starts when it has left.
    limit
        Parts to release in all; None for no limit.
    mix
        Share of each product, by name; empty for a line of one product. The shares add up to 1.
    timetable
        What is released when, in the place of `interarrival` and `mix`; ascending in time.
    releases_orders
        Whether it releases the orders of the line, in their order and none before its release time, in the
        place of `interarrival` and `mix`.
    pallets
        Name of the pallets that its parts travel on; None when they need none.
    replenishes
        Name of the stock whose orders it releases, in the place of `interarrival`; one source for each stock.
    routing
        How the next way is chosen where several leave it.

    Raises
    ------
    ModelError
        If the shares of the mix do not add up to 1, the timetable is not ascending, or two things say when
        or what is released.
    """

    kind: Literal["source"] = "source"
    name: Name
    interarrival: Distribution | None = None
    limit: Annotated[int, Field(ge=1)] | None = None
    mix: FrozenMapping[Name, Fraction] = FrozenMapping()
    timetable: tuple[Release, ...] = ()
    releases_orders: bool = False
    pallets: Name | None = None
    replenishes: Name | None = None
    routing: RoutingField = Routing.PROBABILITY

    def __post_init__(self) -> None:
        if self.timetable and self.mix:
            raise ValueError("the timetable says which products are released; leave out mix")
        times = [release.time for release in self.timetable]
        if times != sorted(times):
            raise ValueError("the timetable must be ascending in time")
        given = {
            "interarrival": self.interarrival is not None,
            "timetable": bool(self.timetable),
            "releases_orders": self.releases_orders,
            "replenishes": self.replenishes is not None,
        }
        told = [name for name, is_given in given.items() if is_given]
        if len(told) > 1:
            raise ValueError(f"{' and '.join(told)} each say when parts are released; keep one")
        if self.mix and abs(sum(self.mix.values()) - 1) > 1e-6:
            raise ValueError(f"the shares of mix add up to {sum(self.mix.values()):g}, not to 1")


@record
class Station(Record):
    """A place where parts are processed.

    Attributes
    ----------
    cycle_time
        Seconds to process one part, or one batch, at speed 1.
    cycle_time_by_product
        Replaces `cycle_time` for the products named.
    servers
        Identical parallel machines. Each processes one part at a time and fails on its own.
    speed
        Divides the processing time.
    batch_size
        Parts that one cycle takes in and gives out as a single part (12 bottles make a case). While it
        collects them the station is starved. The result is defective if any of them is.
    batch_by
        What the parts of a batch have in common beside their order: nothing, their product or its family. A
        part that does not fit closes the batch, which starts short.
    batch_wait
        Seconds after its first part at which a batch starts, complete or not; None to wait for all.
    batch_output
        Whether the parts of a batch leave as one (``joined``) or one by one (``parts``, as from an oven).
    components
        Product -> how many of it one cycle takes (a bill of materials) and joins to one part; empty for a
        station that takes any part. The result is defective if any component is.
    makes
        Product that leaves the station; that of the (first) part taken unless given.
    yields
        Product -> how many of it leave after each cycle, one by one in this order, in the place of the part
        (disassembly, cutting).
    unpacks
        Whether the members of a joined batch or kit leave one by one, in the place of the batch.
    load_time
        Seconds of loading before the processing, not divided by `speed`.
    warm_up_time, warm_up_after
        Seconds that a server takes to warm up before it goes on, once it has been stopped (failed,
        maintained, off shift) for longer than `warm_up_after` seconds.
    failures, micro_stops
        How the station stops.
    defect_rate
        Probability that a cycle makes its part defective.
    start_up
        Defects after a set-up; None when there are no more than usual.
    tool
        How its tool wears; None for no wear.
    cures
        Probability that a cycle makes a defective part good (rework), before it may make a new defect.
    inspection
        A test at the end of the cycle; None for no test.
    setup_times
        ``setup_times[a][b]`` is the change-over from product a to product b in seconds; what is not listed
        takes no time.
    initial_product
        What the station is set up for at the start; None when the first set-up takes no time.
    cost_per_hour
        Money per hour of the run for each server, working or not.
    cost_per_cycle
        Money for each finished cycle: tools, energy carriers, consumables.
    power
        State -> kilowatts that a server draws in it; 0 where none is given.
    needs
        Activity -> people that it takes.
    priority
        Of its calls for people; a higher one is served first.
    shifts
        Names of the shifts in which it works; always when empty.
    at_shift_end
        Whether a cycle is finished first.
    maintenance
        Tasks that stop it at stated times.
    wear_exponent
        Times to failure are divided by ``speed ** wear_exponent``.
    routing
        How the next way is chosen where several leave it.
    behaviour
        A user's own rules for its cycles; None for none.

    Raises
    ------
    ModelError
        If two failure modes, micro-stops or maintenance tasks have one name, if fields exclude one another,
        or one is out of its range.
    """

    kind: Literal["station"] = "station"
    name: Name
    cycle_time: Distribution
    cycle_time_by_product: FrozenMapping[Name, Distribution] = FrozenMapping()
    servers: Annotated[int, Field(ge=1)] = 1
    speed: Annotated[float, Field(gt=0)] = 1.0
    batch_size: Annotated[int, Field(ge=1)] = 1
    batch_by: Literal["any", "product", "family"] = "any"
    batch_wait: Seconds | None = None
    batch_output: Literal["joined", "parts"] = "joined"
    components: FrozenMapping[Name, Annotated[int, Field(ge=1)]] = FrozenMapping()
    makes: Name | None = None
    yields: FrozenMapping[Name, Annotated[int, Field(ge=1)]] = FrozenMapping()
    unpacks: bool = False
    load_time: Distribution | None = None
    warm_up_time: Seconds = 0.0
    warm_up_after: Seconds = 0.0
    failures: tuple[FailureMode, ...] = ()
    micro_stops: tuple[MicroStop, ...] = ()
    defect_rate: Fraction = 0.0
    start_up: StartUp | None = None
    tool: ToolWear | None = None
    cures: Fraction = 0.0
    inspection: Inspection | None = None
    setup_times: FrozenMapping[Name, FrozenMapping[Name, Seconds]] = FrozenMapping()
    initial_product: Name | None = None
    cost_per_hour: Money = 0.0
    cost_per_cycle: Money = 0.0
    power: FrozenMapping[State, Annotated[float, Field(ge=0)]] = FrozenMapping()
    needs: FrozenMapping[Activity, NeedField] = FrozenMapping()
    priority: int = 0
    shifts: tuple[Name, ...] = ()
    at_shift_end: AtShiftEnd = AtShiftEnd.FINISH
    maintenance: tuple[Maintenance, ...] = ()
    wear_exponent: Annotated[float, Field(ge=0)] = 0.0
    routing: RoutingField = Routing.PROBABILITY
    behaviour: BehaviourField | None = None

    def __post_init__(self) -> None:
        for group in (self.failures, self.micro_stops, self.maintenance):
            names = [member.name for member in group]
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise ValueError(f"two stops of station {self.name!r} are called {twice[0]!r}; rename one")
        if self.components and self.batch_size > 1:
            raise ValueError("components and batch_size each say what a cycle takes in; keep one")
        if self.components and self.batch_wait is not None:
            raise ValueError("a cycle with components starts when all are there; leave out batch_wait")
        gives = [name for name in ("makes", "yields", "unpacks") if getattr(self, name)]
        if len(gives) > 1:
            raise ValueError(f"{' and '.join(gives)} each say what a cycle gives out; keep one")

    def cycle_time_of(self, product: str | None) -> Distribution:
        """Return the distribution of the cycle time for `product`, at speed 1."""
        if product is None:
            return self.cycle_time
        return self.cycle_time_by_product.get(product, self.cycle_time)

    def setup_time(self, before: str | None, after: str | None) -> float:
        """Return the seconds of change-over from product `before` to product `after`."""
        if before is None or after is None or before == after:
            return 0.0
        return self.setup_times.get(before, FrozenMapping()).get(after, 0.0)


def _capacity(value: object) -> object:
    return None if isinstance(value, str) and value.strip().lower() in {"unlimited", "inf"} else value


@record
class Buffer(Record):
    """Places between stations.

    Attributes
    ----------
    capacity
        Number of places, without those in the stations around it; None (``unlimited``) for no limit.
    discipline
        Which part leaves next: the first that came, the last that came, that of the product of the highest
        ``priority`` (the first that came of equals), or the first of each product by itself, so that one that
        must wait holds up no other product.
    routing
        How the next way is chosen where several leave it.
    """

    kind: Literal["buffer"] = "buffer"
    name: Name
    capacity: Annotated[Annotated[int, Field(ge=1)] | None, BeforeValidator(_capacity)] = None
    discipline: Literal["fifo", "lifo", "priority", "by_product"] = "fifo"
    routing: RoutingField = Routing.PROBABILITY


@record
class Sink(Record):
    """Where finished parts leave the line."""

    kind: Literal["sink"] = "sink"
    name: Name


@record
class Stock(Record):
    """Finished parts that customers take: make to stock, controlled by (s, S).

    Whenever the inventory position, that is what is on hand and on order less what is owed, falls to
    `reorder_point` or below, as much is ordered from the source that replenishes the stock as brings it up to
    `order_up_to`. Parts on order are those that have neither come nor left the line otherwise. A defective
    part that comes is thrown away. Parts bring their price when a customer takes them.

    Attributes
    ----------
    initial
        Parts at the start; `order_up_to` unless given.
    reorder_point, order_up_to
        s and S.
    demand
        Seconds between two customers.
    quantity
        Parts that a customer asks for.
    backorders
        Whether a customer waits for what is not there; if not, what is missing is lost.
    holding_cost, backorder_cost, lost_sale_cost
        Money for each part and hour on hand, for each part and hour owed, and for each part lost.

    Raises
    ------
    ModelError
        If `reorder_point` is not below `order_up_to` or is never reached, or no time lies between two
        customers.

    References
    ----------
    Buzacott and Shanthikumar (1993), Stochastic models of manufacturing systems, chapter 4.
    """

    kind: Literal["stock"] = "stock"
    name: Name
    initial: Annotated[int, Field(ge=0)] | None = None
    reorder_point: int
    order_up_to: Annotated[int, Field(ge=1)]
    demand: Distribution
    quantity: Annotated[int, Field(ge=1)] = 1
    backorders: bool = True
    holding_cost: Money = 0.0
    backorder_cost: Money = 0.0
    lost_sale_cost: Money = 0.0

    def __post_init__(self) -> None:
        if self.reorder_point >= self.order_up_to:
            raise ValueError(
                f"reorder_point {self.reorder_point} must be below order_up_to {self.order_up_to}"
            )
        if self.reorder_point < 0 and not self.backorders:
            raise ValueError(
                f"without backorders nothing is owed, so a reorder_point of {self.reorder_point} is never "
                "reached; give 0 or more"
            )
        if not self.demand.mean > 0:
            raise ValueError("demand must leave time between two customers")


Element = Annotated[
    Source | Station | Buffer | Conveyor | Transport | Stock | Sink, Field(discriminator="kind")
]
"""Any element of a line."""


def _connection(value: object) -> object:
    if isinstance(value, str):
        source, arrow, target = value.partition("->")
        if not arrow or "->" in target:
            raise ValueError(f"{value!r} is not a connection; write 'A -> B' or source, target, probability")
        return {"source": source.strip(), "target": target.strip()}
    return value


@record
class Connection(Record):
    """A way for parts from one element to the next; moving takes no time.

    Attributes
    ----------
    probability
        Share of the parts that go this way; needed where several ways leave an element that chooses by
        probability.
    products
        Products whose parts may go this way; all when empty.
    quality
        What parts must be to go this way; None for any.
    limit
        How often one part may go this way (rework); None for any number of times.
    """

    source: Name
    target: Name
    probability: Fraction | None = None
    products: tuple[Name, ...] = ()
    quality: Quality | None = None
    limit: Annotated[int, Field(ge=1)] | None = None

    @property
    def conditional(self) -> bool:
        """Whether some parts may not go this way."""
        return bool(self.products) or self.quality is not None or self.limit is not None


ConnectionField = Annotated[Connection, BeforeValidator(_connection)]


def chain(*names: str) -> tuple[Connection, ...]:
    """Return the connections that join the elements `names` one after another.

    Examples
    --------
    >>> [c.target for c in chain("A", "B", "C")]
    ['B', 'C']
    """
    return tuple(Connection(source=source, target=target) for source, target in pairwise(names))
