"""Rules for the next way of a part, where more is asked than the probabilities of the connections."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Protocol

from opt_twin.errors import SimulationError, did_you_mean
from opt_twin.line import Connection, Quality
from opt_twin.simulation.behaviours import Own, PartView
from opt_twin.simulation.decisions import Decisions
from opt_twin.simulation.parts import Giver, Part, Taker
from opt_twin.simulation.ways import Ways

if TYPE_CHECKING:
    from opt_twin.simulation.ledger import Ledger
    from opt_twin.simulation.selective import SelectiveStationNode
    from opt_twin.simulation.servers import Server

__all__ = [
    "ByShare",
    "Decide",
    "Discard",
    "FirstReady",
    "Offer",
    "OwnRule",
    "RoundRobin",
    "RoutingRule",
    "RuledWays",
    "ShortestQueue",
    "Way",
]


class RoutingRule(Protocol):
    """A user's own rule for the next way of a part.

    It may also have ``state()`` and ``restore(state)``, where it remembers what a snapshot must hold.
    """

    def choose(self, part: PartView, targets: Mapping[str, int], now: float) -> str:
        """Return the name of the target of `part`.

        Parameters
        ----------
        part
            What is to go on.
        targets
            Name of each target that the part may go to -> parts that are in it or wait for it, in the order
            of the connections.
        now
            Seconds.
        """


class Way:
    """One connection in a run.

    Attributes
    ----------
    index
        Position among the connections of the line.
    name, target
        Where it leads.
    share
        Its probability; 1 where none is given.
    stations
        With a plan for each station: the stations of the plan that it leads to without passing another one.
    """

    __slots__ = ("_limit", "_products", "_quality", "index", "name", "share", "stations", "target")

    def __init__(self, index: int, connection: Connection, target: Taker) -> None:
        self.index = index
        self.name = connection.target
        self.target = target
        self.share = 1.0 if connection.probability is None else connection.probability
        self._products = frozenset(connection.products)
        self._quality = connection.quality
        self._limit = connection.limit
        self.stations: tuple[SelectiveStationNode, ...] = ()

    def is_planned(self, order: str | None) -> bool:
        """Return whether the plan has `order` at a station that the way leads to."""
        return any(station.expects(order) for station in self.stations)

    def admits(self, part: Part) -> bool:
        """Return whether `part` may go this way."""
        if self._products and part.product not in self._products:
            return False
        if self._quality is not None and not _MEETS[self._quality](part):
            return False
        return self._limit is None or part.taken is None or part.taken.get(self.index, 0) < self._limit

    def count(self, part: Part) -> None:
        """Take note that `part` goes this way."""
        if self._limit is not None:
            taken = part.taken = part.taken or {}
            taken[self.index] = taken.get(self.index, 0) + 1


_MEETS: dict[Quality, Callable[[Part], bool]] = {
    Quality.PASSED: lambda part: not part.rejected,
    Quality.REJECTED: lambda part: part.rejected,
    Quality.GOOD: lambda part: not part.defective,
    Quality.DEFECTIVE: lambda part: part.defective,
}


class Discard:
    """Where rejected parts go that may go nowhere else: they leave the line as scrap at once."""

    __slots__ = ("_ledger", "_name", "_rank", "_servers")

    def __init__(self, name: str, *, rank: int, ledger: Ledger) -> None:
        self._name = name
        self._rank = rank
        self._ledger = ledger
        self._servers: Sequence[Server] = ()

    def of(self, givers: Sequence[Giver]) -> None:
        """Set the servers that parts come from, if it is a station that they leave."""
        self._servers = [giver for giver in givers if hasattr(giver, "index")]  # type: ignore[misc]

    def ready(self, part: Part, now: float) -> bool:  # noqa: ARG002 - every caller passes it
        """Return True."""
        return True

    def take(self, part: Part, now: float) -> None:
        """Scrap the part."""
        server = next((server.index for server in self._servers if server.part is part), 0)
        self._ledger.scrap(part, self._name, now, rank=self._rank, server=server, why="rework limit")

    def wait(self, giver: Giver, now: float) -> None:  # noqa: ARG002 - every caller passes it
        """Never called: it is always ready."""
        raise AssertionError("scrap is always taken")

    def withdraw(self, giver: Giver) -> None:  # noqa: ARG002 - every caller passes it
        """Never called: nobody waits."""
        raise AssertionError("nobody waits to be scrapped")

    def queue_length(self) -> int:
        """Return 0: nothing stays."""
        return 0


class RuledWays(Ways):
    """Ways that a rule chooses among, those left out that do not admit the part.

    Where a plan has the order of the part at stations that some of the ways lead to, the others are left out
    too.
    """

    __slots__ = ("_conditional", "_discard", "_element", "_guided", "_ways")

    def __init__(self, element: str, *, discard: Discard) -> None:
        super().__init__(_no_draw)
        self._element = element
        self._discard = discard
        self._ways: tuple[Way, ...] = ()
        self._conditional = False
        self._guided = False

    def lead_along(self, ways: list[Way], connections: Sequence[Connection], givers: list[Giver]) -> None:
        """Set the ways, in the order of the connections, and who gives parts to them.

        A way of probability 0 is none.
        """
        self._ways = tuple(way for way in ways if way.share > 0)
        self._conditional = any(connection.conditional for connection in connections)
        self._guided = len(self._ways) > 1 and any(way.stations for way in self._ways)
        self._discard.of(givers)

    def admitted(self, part: Part) -> Sequence[Way]:
        """Return the ways that `part` may go."""
        ways = [way for way in self._ways if way.admits(part)] if self._conditional else self._ways
        planned = [way for way in ways if way.is_planned(part.order)] if self._guided else []
        return planned or ways

    def choose(self, part: Part, now: float) -> Taker:
        """Return the target of `part`; where it is scrapped, if it is rejected and may go nowhere.

        Raises
        ------
        SimulationError
            If no way admits a part that is not rejected.
        """
        admitted = self.admitted(part)
        if not admitted:
            return self._nowhere(part, now)
        way = self.pick(admitted, part, now)
        way.count(part)
        return way.target

    @abstractmethod
    def pick(self, admitted: Sequence[Way], part: Part, now: float) -> Way:
        """Return one of the ways that admit `part`, of which there is at least one."""

    def _nowhere(self, part: Part, now: float) -> Taker:
        if part.rejected:
            return self._discard
        product = "" if part.product is None else f" of product {part.product!r}"
        state = "defective" if part.defective else "good"
        raise SimulationError(
            f"no way out of {self._element!r} admits part {part.number}{product}, which is {state} and "
            f"passed, at {now:g} s; add a connection for it"
        )


def _no_draw() -> float:
    raise AssertionError("this rule draws nothing")


class ByShare(RuledWays):
    """By the probabilities of the ways that admit the part; one draw where there are several."""

    __slots__ = ()

    def __init__(self, element: str, *, discard: Discard, draw: Callable[[], float]) -> None:
        super().__init__(element, discard=discard)
        self._draw = draw

    def pick(self, admitted: Sequence[Way], part: Part, now: float) -> Way:  # noqa: ARG002 - as every rule
        """Return the first way whose cumulated share of the sum is above a draw."""
        if len(admitted) == 1:
            return admitted[0]
        total = sum(way.share for way in admitted)
        share, reached = self._draw(), 0.0
        for way in admitted:
            reached += way.share
            if share < reached / total:
                return way
        return admitted[-1]


class RoundRobin(RuledWays):
    """One way after another; those that do not admit the part are passed over.

    Attributes
    ----------
    following
        Position of the way that is next.
    """

    STATE: ClassVar[tuple[str, ...]] = ("following",)
    __slots__ = STATE

    def __init__(self, element: str, *, discard: Discard) -> None:
        super().__init__(element, discard=discard)
        self.following = 0

    def pick(self, admitted: Sequence[Way], part: Part, now: float) -> Way:  # noqa: ARG002 - as every rule
        """Return the next way that admits the part, going round."""
        while self._ways[self.following] not in admitted:
            self.following = (self.following + 1) % len(self._ways)
        way = self._ways[self.following]
        self.following = (self.following + 1) % len(self._ways)
        return way


class ShortestQueue(RuledWays):
    """Where the fewest parts are or wait, the first of equals."""

    __slots__ = ()

    def pick(self, admitted: Sequence[Way], part: Part, now: float) -> Way:  # noqa: ARG002 - as every rule
        """Return the way to the shortest queue."""
        return min(admitted, key=_queue_length)


def _queue_length(way: Way) -> int:
    return way.target.queue_length()


class OwnRule(RuledWays):
    """By a user's own rule."""

    __slots__ = ("_rule",)

    def __init__(self, element: str, *, discard: Discard, rule: Own) -> None:
        super().__init__(element, discard=discard)
        self._rule = rule

    def pick(self, admitted: Sequence[Way], part: Part, now: float) -> Way:
        """Return the way to the target that the rule names.

        Raises
        ------
        BehaviourError
            If the rule raises, or the part may not go where it says.
        """
        names = {way.name: way for way in admitted}
        targets = {way.name: way.target.queue_length() for way in admitted}
        name = self._rule.ask("choose", now, PartView.of(part, now), targets, now)
        if name not in names:
            raise self._rule.wrong(
                now,
                f"chose {name!r}{did_you_mean(str(name), names)} for part {part.number}, "
                f"which may go to {', '.join(names)}",
            )
        return names[name]


class FirstReady(RuledWays):
    """The first way that can take the part; the part waits at all of them while none can.

    It stands in the place of the target until one is found.

    Attributes
    ----------
    offers
        Giver -> what waits in its place, one at each target.
    """

    __slots__ = ("_found", "offers")

    def __init__(self, element: str, *, discard: Discard) -> None:
        super().__init__(element, discard=discard)
        self._found: Way | None = None
        self.offers: dict[Giver, tuple[Offer, ...]] = {}

    def lead_along(self, ways: list[Way], connections: Sequence[Connection], givers: list[Giver]) -> None:
        """Set the ways, in the order of the connections, and who gives parts to them."""
        super().lead_along(ways, connections, givers)
        self.offers = {giver: tuple(Offer(giver, way, self) for way in self._ways) for giver in givers}

    def choose(self, part: Part, now: float) -> Taker:
        """Return what waits for the first target that can take `part`."""
        return self if self.admitted(part) else self._nowhere(part, now)

    def pick(self, admitted: Sequence[Way], part: Part, now: float) -> Way:
        """Never called: nothing is chosen before a target is ready."""
        raise NotImplementedError

    def ready(self, part: Part, now: float) -> bool:
        """Return whether a target can take `part`."""
        ways = self.admitted(part)
        self._found = next((way for way in ways if way.target.ready(part, now)), None)
        return self._found is not None

    def take(self, part: Part, now: float) -> None:
        """Give the part to the first target that was ready."""
        way = self._found
        assert way is not None
        way.count(part)
        way.target.take(part, now)

    def wait(self, giver: Giver, now: float) -> None:
        """Let `giver` wait at every target that admits its part."""
        admitted = self.admitted(giver.peek())
        for offer in self.offers[giver]:
            if offer.way in admitted:
                offer.open = True
                offer.way.target.wait(offer, now)

    def withdraw(self, giver: Giver) -> None:
        """Let `giver` wait no longer, at any target."""
        for offer in self.offers[giver]:
            if offer.open:
                offer.open = False
                offer.way.target.withdraw(offer)

    def queue_length(self) -> int:
        """Return the parts at all targets."""
        return sum(way.target.queue_length() for way in self._ways)


class Offer:
    """A giver that waits at one of several targets.

    Attributes
    ----------
    open
        Whether it waits.
    since, key
        As a giver.
    """

    STATE: ClassVar[tuple[str, ...]] = ("open", "since")
    __slots__ = (*STATE, "_giver", "_offered", "key", "way")

    def __init__(self, giver: Giver, way: Way, offered: FirstReady) -> None:
        self._giver = giver
        self._offered = offered
        self.way = way
        self.open = False
        self.since = 0.0
        self.key = giver.key

    @property
    def giver(self) -> Giver:
        """Who waits."""
        return self._giver

    def peek(self) -> Part:
        """Return the part that waits."""
        return self._giver.peek()

    def surrender(self, now: float) -> Part:
        """Give the part away, and wait nowhere else."""
        self.open = False
        self._offered.withdraw(self._giver)
        part = self._giver.surrender(now)
        self.way.count(part)
        return part

    def withdraw(self) -> None:
        """Let the giver wait no longer, at any target."""
        self._offered.withdraw(self._giver)

    def moved_on(self, now: float, freed: list[Server]) -> None:
        """Let the giver act on the part having gone."""
        self._giver.moved_on(now, freed)


class Decide(RuledWays):
    """Whoever runs the simulation step by step decides; the part waits for that.

    It stands in the place of the target until the decision is made.
    """

    __slots__ = ("_decisions",)

    def __init__(self, element: str, *, discard: Discard, decisions: Decisions) -> None:
        super().__init__(element, discard=discard)
        self._decisions = decisions

    def choose(self, part: Part, now: float) -> Taker:
        """Return what waits for the decision."""
        return self if self.admitted(part) else self._nowhere(part, now)

    def pick(self, admitted: Sequence[Way], part: Part, now: float) -> Way:
        """Never called: the decision is made later."""
        raise NotImplementedError

    def ready(self, part: Part, now: float) -> bool:  # noqa: ARG002 - every caller passes it
        """Return False: nothing moves before the decision."""
        return False

    def take(self, part: Part, now: float) -> None:  # noqa: ARG002 - every caller passes it
        """Never called: it is never ready."""
        raise AssertionError("a decision is never made at once")

    def wait(self, giver: Giver, now: float) -> None:
        """Let `giver` wait for the decision."""
        giver.since = now
        self._decisions.ask(giver, [way.name for way in self.admitted(giver.peek())])

    def withdraw(self, giver: Giver) -> None:
        """Let `giver` wait no longer."""
        self._decisions.withdraw(giver)

    def queue_length(self) -> int:
        """Return the parts at all targets."""
        return sum(way.target.queue_length() for way in self._ways)
