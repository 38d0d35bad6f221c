"""Lines of stations in a row whose throughput is known exactly."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from opt_twin.line import (
    Clock,
    Deterministic,
    Empirical,
    Exponential,
    FailureMode,
    Interrupted,
    Order,
    Product,
)
from opt_twin.plan import Assignment, Schedule
from opt_twin.testing.exact_case import AllocationCase, Effort, ExactCase, Known, per_second, taken
from opt_twin.testing.tiny_lines import serial_line
from opt_twin.theory import (
    bernoulli_two_station,
    deterministic_makespan,
    geometric_two_station,
    line_availability,
    markov_line,
)

__all__ = ["allocation_cases", "tandem_cases"]

BALANCED = {  # rate 1: throughput with 0, 1, 2, 3, 4 places between the stations
    2: (0.66667, 0.75, 0.8, 0.83333, 0.85714),
    3: (0.56410, 0.67047, 0.73402, 0.77671, 0.80749),
    4: (0.51478, 0.63115, 0.70071, 0.74771, 0.78178),
    5: (0.48580, 0.60758, 0.68049, 0.72995, 0.76593),
}
HILLIER = "Hillier and Boling 1967"


def tandem_cases() -> tuple[ExactCase, ...]:
    """Return the cases of stations in a row."""
    return (
        *_balanced(),
        *_reversed_lines(),
        *_unreliable(),
        *_synchronous(),
        *_geometric(),
        *_bernoulli(),
        *_flow_lines(),
        _makespan(),
    )


def allocation_cases() -> tuple[AllocationCase, ...]:
    """Return lines whose best allocation of places is proven."""
    source = f"{HILLIER} (chain), all allocations enumerated"
    return (
        AllocationCase(
            stations=3,
            places=5,
            best=((2, 3), (3, 2)),
            exact=0.754345,
            source=source,
            effort=Effort(replications=16, horizon=10200, warm_up=200),
            quick=True,
        ),
        AllocationCase(
            stations=4,
            places=4,
            best=((1, 2, 1),),
            exact=0.657175,
            source=source,
            effort=Effort(replications=16, horizon=8200, warm_up=200),
        ),
        AllocationCase(
            stations=6,
            places=3,
            best=((0, 1, 1, 1, 0),),
            exact=0.548562,
            source=source,
            effort=Effort(replications=16, horizon=4200, warm_up=200),
        ),
    )


def _throughput(exact: float, theory: Callable[[], float] | None = None) -> tuple[Known, ...]:
    return (Known(symbol="throughput", exact=exact, simulated=per_second, theory=theory),)


def _balanced() -> Iterator[ExactCase]:
    for stations, row in BALANCED.items():
        for places, exact in enumerate(row):
            name = f"{stations} stations, {places} places"
            yield ExactCase(
                name=name,
                group="exponential lines",
                line=serial_line(
                    name, (Exponential(mean=1.0),) * stations, buffers=(places,) * (stations - 1)
                ),
                known=_throughput(exact, _chain((1.0,) * stations, (places,) * (stations - 1))),
                source=HILLIER,
                effort=Effort(replications=16, horizon=12200, warm_up=200),
                quick=(stations, places) in {(2, 0), (3, 0), (4, 2), (5, 1)},
            )


def _chain(
    rates: tuple[float, ...],
    places: tuple[int, ...],
    *,
    failure: float = 0.0,
    repair: float = 1.0,
    clock: Clock = Clock.OPERATION,
) -> Callable[[], float]:
    """Return a function that solves the Markov chain of the line."""
    size = len(rates)

    def throughput() -> float:
        return markov_line(
            rates,
            places,
            failure_rates=(failure,) * size,
            repair_rates=(repair,) * size,
            clock="calendar" if clock is Clock.CALENDAR else "operation",
        ).throughput

    return throughput


def _reversed_lines() -> Iterator[ExactCase]:
    """Yield an unbalanced line in both directions, which make the same."""
    rates, places = (1.0, 1.3, 0.9, 1.1), (0, 3, 1)
    for name, step in (("unbalanced line", 1), ("unbalanced line, reversed", -1)):
        turned, between = rates[::step], places[::step]
        yield ExactCase(
            name=name,
            group="exponential lines",
            line=serial_line(name, tuple(Exponential(mean=1 / rate) for rate in turned), buffers=between),
            known=_throughput(0.664789, _chain(rates, places)),
            source="Muth 1979; Markov chain",
            effort=Effort(replications=16, horizon=15200, warm_up=200),
        )


def _unreliable() -> Iterator[ExactCase]:
    """Yield exponential lines of rate 1 that fail, under either clock."""
    table = (  # stations, places, p, r, throughput under the clock of operation and of the calendar, length
        (2, 2, 0.01, 0.1, (0.695386, 0.673529), 60_000),
        (2, 8, 0.01, 0.1, (0.785921, 0.775910), 70_000),
        (3, 1, 0.05, 0.5, (0.583928, 0.565234), 15_000),
        (3, 2, 0.1, 0.5, (0.568090, 0.546283), 12_000),
    )
    clocks = (Clock.OPERATION, Clock.CALENDAR)
    for stations, places, failure, repair, exact, length in table:
        lines = [
            serial_line(
                f"unreliable line, {clock} clock",
                (Exponential(mean=1.0),) * stations,
                buffers=(places,) * (stations - 1),
                failures=((_mode(1 / failure, 1 / repair, clock),),) * stations,
            )
            for clock in clocks
        ]
        for number, clock in enumerate(clocks):
            yield ExactCase(
                name=f"{stations} stations that fail, {places} places, {clock} clock",
                group="failures",
                line=lines[number],
                wrong=lines[1 - number],
                known=_throughput(
                    exact[number],
                    _chain(
                        (1.0,) * stations,
                        (places,) * (stations - 1),
                        failure=failure,
                        repair=repair,
                        clock=clock,
                    ),
                ),
                source="Gershwin and Berman 1981" if stations == 2 else "Markov chain",
                effort=Effort(replications=20, horizon=length + 500, warm_up=500),
                quick=(stations, places) == (3, 2),
                note=f"storage {places + 2} of the source" if stations == 2 else "",
            )


def _mode(up: float, down: float, clock: Clock) -> FailureMode:
    return FailureMode(
        time_to_failure=Exponential(mean=up), time_to_repair=Exponential(mean=down), clock=clock
    )


def _synchronous() -> Iterator[ExactCase]:
    """Yield five machines without buffers, MTBF 100 and MTTR 5 each, at short cycles."""
    cycle = 0.2
    clocks = (Clock.OPERATION, Clock.CALENDAR)
    lines = [
        serial_line(
            f"five synchronous machines, {clock} clock",
            (Deterministic(value=cycle),) * 5,
            failures=((_mode(100.0, 5.0, clock),),) * 5,
        )
        for clock in clocks
    ]
    for number, (clock, exact) in enumerate(zip(clocks, (0.8, 0.783526), strict=True)):
        yield ExactCase(
            name=f"5 machines without buffers, {clock} clock",
            group="failures",
            line=lines[number],
            wrong=lines[1 - number],
            known=(
                Known(
                    symbol="throughput of a cycle",
                    exact=exact,
                    simulated=taken("throughput", times=cycle / 3600),
                    theory=_all_up(calendar=clock is Clock.CALENDAR),
                ),
            ),
            source="Buzacott and Shanthikumar 1993; Barlow and Proschan 1975",
            effort=Effort(replications=20, horizon=15_000),
            note="the values are the limit of short cycles; a cycle is a fivehundredth of the MTBF",
        )


def _all_up(*, calendar: bool) -> Callable[[], float]:
    def availability() -> float:
        return line_availability((100.0,) * 5, (5.0,) * 5, clock="calendar" if calendar else "operation")

    return availability


def _geometric() -> Iterator[ExactCase]:
    """Yield Buzacott's two machines: constant cycles of 1 s, failures and repairs at their borders.

    A machine that starts a cycle fails with probability p and is then down for a geometric number of cycles.
    So a whole, geometric number of cycles of operation lies between two failures; a failure that is due at
    the very end of a cycle strikes at the start of the next one, as here. A failed machine cannot be starved
    or blocked when it is repaired, so the cycle of the repair makes a part in both models.
    """
    table = (
        (0.01, 0.1, 0.01, 0.1, 4, 0.840936, 20_000),
        (0.01, 0.1, 0.01, 0.1, 10, 0.856175, 20_000),
        (0.01, 0.09, 0.02, 0.1, 8, 0.784845, 60_000),
    )
    for p1, r1, p2, r2, storage, exact, length in table:
        lines = [
            serial_line(
                "two machines with geometric failures",
                (Deterministic(value=1.0),) * 2,
                buffers=(storage - 2,),
                failures=tuple(
                    (
                        FailureMode(
                            time_to_failure=_geometric_count(p),
                            time_to_repair=_geometric_count(r),
                            clock=clock,
                        ),
                    )
                    for p, r in ((p1, r1), (p2, r2))
                ),
            )
            for clock in (Clock.OPERATION, Clock.CALENDAR)
        ]
        yield ExactCase(
            name=f"geometric failures ({p1:g}, {r1:g}), ({p2:g}, {r2:g}), storage {storage}",
            group="failures",
            line=lines[0],
            # the first two pairs are seldom starved or blocked, and the clocks differ by less than 0.5 %
            wrong=lines[1] if storage == 8 else None,
            known=_throughput(exact, _geometric_theory(p1, r1, p2, r2, storage)),
            source="Buzacott 1967; Gershwin 1994",
            effort=Effort(replications=20, horizon=length + 500, warm_up=500),
            note=f"{storage - 2} places: the storage counts the second machine and a blocked part",
        )
    yield from _geometric_limits()


def _geometric_limits() -> Iterator[ExactCase]:
    """Yield the limits of no storage and of much; in the first a machine cannot work ahead of the other."""
    p1, r1, p2, r2 = 0.01, 0.09, 0.02, 0.1
    modes = tuple(
        (
            FailureMode(
                time_to_failure=Exponential(mean=1 / p),
                time_to_repair=Exponential(mean=1 / r),
                clock=Clock.OPERATION,
            ),
        )
        for p, r in ((p1, r1), (p2, r2))
    )
    yield ExactCase(
        name="two machines, no storage",
        group="failures",
        line=serial_line("no storage", (Deterministic(value=0.2),) * 2, failures=modes),
        known=(
            Known(
                symbol="throughput of a cycle",
                exact=1 / (1 + p1 / r1 + p2 / r2),
                simulated=taken("throughput", times=0.2 / 3600),
                theory=lambda: line_availability((1 / p1, 1 / p2), (1 / r1, 1 / r2)),
            ),
        ),
        source="Buzacott 1967; Gershwin 1994",
        effort=Effort(replications=20, horizon=10_000),
        note="the limit of short cycles",
    )
    yield ExactCase(
        name="two machines, storage without limit",
        group="failures",
        line=serial_line("storage", (Deterministic(value=1.0),) * 2, buffers=(None,), failures=modes),
        known=_throughput(min(r1 / (p1 + r1), r2 / (p2 + r2)), lambda: min(0.09 / 0.1, 0.1 / 0.12)),
        source="Buzacott 1967; Gershwin 1994",
        effort=Effort(replications=20, horizon=41_000, warm_up=1000),
        note="the second machine is the slower one; the storage before it grows",
    )


def _geometric_theory(p1: float, r1: float, p2: float, r2: float, storage: int) -> Callable[[], float]:
    return lambda: geometric_two_station(p1, r1, p2, r2, storage)


def _geometric_count(probability: float, *, first: float = 1.0) -> Empirical:
    """Return `first` + 0, 1, 2, ... failures before the first success, cut where nothing is left (1e-18)."""
    values: list[float] = []
    weights: list[float] = []
    left = 1.0
    while left > 1e-18:
        values.append(first + len(values))
        weights.append(left * probability)
        left *= 1 - probability
    return Empirical(values=tuple(values), weights=tuple(weights))


def _bernoulli() -> Iterator[ExactCase]:
    """Yield two Bernoulli machines: in each time slot a machine that can make a part makes it by chance.

    In the literature the second machine frees a place before the first one needs it, and a part that finds
    none is not made. The same chain in the simulator: in each second the first machine may work in the first
    quarter (by its calendar, with probability p1) and the second, if it is up then, in the first three; its
    work of half a second starts again when the slot ends. So in each slot the first machine comes before the
    second, and a part that waits in the first is the last place.
    """
    for p1, p2, capacity, exact in ((0.9, 0.9, 2, 0.857143), (0.8, 0.95, 3, 0.798812)):
        failures = tuple(
            (
                FailureMode(
                    time_to_failure=Deterministic(value=up),
                    time_to_repair=_geometric_count(p, first=1 - up),
                    clock=Clock.CALENDAR,
                    interrupted=Interrupted.RESTART,
                ),
            )
            for p, up in ((p1, 0.25), (p2, 0.75))
        )
        yield ExactCase(
            name=f"Bernoulli machines ({p1:g}, {p2:g}), capacity {capacity}",
            group="failures",
            line=serial_line(
                "Bernoulli machines",
                (Deterministic(value=0.25), Deterministic(value=0.5)),
                buffers=(capacity - 2,),
                failures=failures,
            ),
            known=_throughput(exact, _bernoulli_theory(p1, p2, capacity)),
            source="Li and Meerkov 2009",
            effort=Effort(replications=16, horizon=20_000),
            quick=capacity == 2,
            note="slots of 1 s by the calendars of both machines; the first one's turn comes first",
        )


def _bernoulli_theory(p1: float, p2: float, capacity: int) -> Callable[[], float]:
    return lambda: bernoulli_two_station(p1, p2, capacity)


def _flow_lines() -> Iterator[ExactCase]:
    """Yield the line with rates (6, 7, 7) and 20 places, without and with the stations' own among them."""
    times = tuple(Exponential(mean=1 / rate) for rate in (6, 7, 7))
    for name, places, other, exact in (
        ("stations' places apart", (12, 8), (11, 7), 5.817650),
        ("stations' places among them", (11, 7), (12, 8), 5.776122),
    ):
        yield ExactCase(
            name=f"rates (6, 7, 7), places (12, 8), {name}",
            group="exponential lines",
            line=serial_line("flow line", times, buffers=places),
            wrong=serial_line("flow line", times, buffers=other),
            known=_throughput(exact, _chain((6.0, 7.0, 7.0), places)),
            source="Pichitlamken, Nelson and Hong 2006",
            effort=Effort(replications=20, horizon=8_100, warm_up=100),
        )


def _makespan() -> ExactCase:
    order = Order(name="O", product="P", quantity=10)
    line = serial_line("constant times", tuple(Deterministic(value=time) for time in (3.0, 5.0, 4.0)))
    step = Assignment(job="O", operation=0, machine="M1", start=0, end=57)
    return ExactCase(
        name="10 parts, times (3, 5, 4)",
        group="deterministic lines",
        line=line.replace(products=(Product(name="P"),), orders=(order,)),
        plan=Schedule(assignments=(step,)),
        known=(
            Known(
                symbol="makespan",
                exact=57.0,
                simulated=taken("makespan"),
                theory=lambda: deterministic_makespan((3, 5, 4), 10),
            ),
        ),
        source="sum p + (J - 1) max p",
        effort=Effort(replications=2, horizon=1000),
        deterministic=True,
        quick=True,
    )
