"""The elements of a line and the connections between them."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from opt_twin.line.distributions import Distribution
from opt_twin.line.economics import Money
from opt_twin.line.quality import Inspection
from opt_twin.line.reliability import FailureMode, MicroStop
from opt_twin.line.units import Fraction, Name, Seconds
from opt_twin.records import FrozenMapping, Record, record

__all__ = ["Buffer", "Connection", "ConnectionField", "Element", "Sink", "Source", "Station", "chain"]


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
    """

    kind: Literal["source"] = "source"
    name: Name
    interarrival: Distribution | None = None
    limit: Annotated[int, Field(ge=1)] | None = None
    mix: FrozenMapping[Name, Fraction] = FrozenMapping()

    def __post_init__(self) -> None:
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
    failures, micro_stops
        How the station stops.
    defect_rate
        Probability that a cycle makes its part defective.
    inspection
        A test at the end of the cycle; None for no test.
    setup_times
        ``setup_times[a][b]`` is the change-over from product a to product b in seconds; what is not listed
        takes no time.
    initial_product
        What the station is set up for at the start; None when the first set-up takes no time.
    cost_per_hour
        Money per hour of the run for each server, working or not.

    Raises
    ------
    ModelError
        If two failure modes, or two micro-stops, have one name, or a field is out of its range.
    """

    kind: Literal["station"] = "station"
    name: Name
    cycle_time: Distribution
    cycle_time_by_product: FrozenMapping[Name, Distribution] = FrozenMapping()
    servers: Annotated[int, Field(ge=1)] = 1
    speed: Annotated[float, Field(gt=0)] = 1.0
    batch_size: Annotated[int, Field(ge=1)] = 1
    failures: tuple[FailureMode, ...] = ()
    micro_stops: tuple[MicroStop, ...] = ()
    defect_rate: Fraction = 0.0
    inspection: Inspection | None = None
    setup_times: FrozenMapping[Name, FrozenMapping[Name, Seconds]] = FrozenMapping()
    initial_product: Name | None = None
    cost_per_hour: Money = 0.0

    def __post_init__(self) -> None:
        for group in (self.failures, self.micro_stops):
            names = [member.name for member in group]
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise ValueError(f"two stops of station {self.name!r} are called {twice[0]!r}; rename one")

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
    """Places between stations; parts leave in the order in which they came.

    Attributes
    ----------
    capacity
        Number of places, without those in the stations around it; None (``unlimited``) for no limit.
    """

    kind: Literal["buffer"] = "buffer"
    name: Name
    capacity: Annotated[Annotated[int, Field(ge=1)] | None, BeforeValidator(_capacity)] = None


@record
class Sink(Record):
    """Where finished parts leave the line."""

    kind: Literal["sink"] = "sink"
    name: Name


Element = Annotated[Source | Station | Buffer | Sink, Field(discriminator="kind")]
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
        Share of the parts that go this way; needed where several ways leave an element.
    """

    source: Name
    target: Name
    probability: Fraction | None = None


ConnectionField = Annotated[Connection, BeforeValidator(_connection)]


def chain(*names: str) -> tuple[Connection, ...]:
    """Return the connections that join the elements `names` one after another.

    Examples
    --------
    >>> [c.target for c in chain("A", "B", "C")]
    ['B', 'C']
    """
    return tuple(Connection(source=source, target=target) for source, target in pairwise(names))
