"""Small lines whose behaviour is known."""

from __future__ import annotations

from itertools import pairwise

from opt_twin.line import (
    Buffer,
    Deterministic,
    Distribution,
    Element,
    Exponential,
    FailureMode,
    Line,
    Order,
    Product,
    Sink,
    Source,
    Station,
    chain,
)

__all__ = ["order_line", "saturated_tandem", "serial_line", "single_queue", "unreliable_machine"]


def serial_line(
    name: str,
    cycle_times: tuple[Distribution, ...],
    *,
    buffers: tuple[int | None, ...] = (),
    interarrival: Distribution | None = None,
    failures: tuple[tuple[FailureMode, ...], ...] = (),
) -> Line:
    """Return a line of stations M1, M2, ... between In and Out, with buffers B1, B2, ... between them.

    Parameters
    ----------
    name
        Of the line.
    cycle_times
        One for each station.
    buffers
        Capacities between the stations: None for unlimited, 0 for no buffer; all 0 unless given.
    interarrival
        Of the source; saturated unless given.
    failures
        Failure modes of each station; none unless given.
    """
    places = buffers or (0,) * (len(cycle_times) - 1)
    stations = [
        Station(name=f"M{i}", cycle_time=time, failures=modes)
        for i, (time, modes) in enumerate(
            zip(cycle_times, failures or ((),) * len(cycle_times), strict=True), 1
        )
    ]
    elements: list[Element] = [Source(name="In", interarrival=interarrival), stations[0]]
    for number, (capacity, (_, station)) in enumerate(zip(places, pairwise(stations), strict=True), 1):
        if capacity != 0:
            elements.append(Buffer(name=f"B{number}", capacity=capacity))
        elements.append(station)
    elements.append(Sink(name="Out"))
    return Line(
        name=name,
        elements=tuple(elements),
        connections=chain(*(element.name for element in elements)),
    )


def saturated_tandem(stations: int = 2, *, capacity: int = 0, mean: float = 1.0) -> Line:
    """Return a saturated line of exponential stations with equal buffers.

    Known: two stations with a buffer of B give (B + 2) / (B + 3) parts per mean cycle time, three stations
    without buffers 22 / 39 (blocking after service).
    """
    return serial_line(
        f"tandem of {stations}",
        (Exponential(mean=mean),) * stations,
        buffers=(capacity,) * (stations - 1),
    )


def single_queue(*, utilisation: float = 0.5, mean: float = 1.0) -> Line:
    """Return an M/M/1 queue: an unlimited buffer before one exponential station.

    Known: the mean number in the system is u / (1 - u).
    """
    return Line(
        name="M/M/1",
        elements=(
            Source(name="In", interarrival=Exponential(mean=mean / utilisation)),
            Buffer(name="B1"),
            Station(name="M1", cycle_time=Exponential(mean=mean)),
            Sink(name="Out"),
        ),
        connections=chain("In", "B1", "M1", "Out"),
    )


def unreliable_machine(*, cycle_time: float = 1.0, up: float = 90.0, down: float = 10.0) -> Line:
    """Return one saturated machine that fails by the calendar.

    Known: it makes up / (up + down) parts per cycle time.
    """
    return Line(
        name="unreliable machine",
        elements=(
            Source(name="In"),
            Station(
                name="M1",
                cycle_time=Deterministic(value=cycle_time),
                failures=(
                    FailureMode(time_to_failure=Exponential(mean=up), time_to_repair=Exponential(mean=down)),
                ),
            ),
            Sink(name="Out"),
        ),
        connections=chain("In", "M1", "Out"),
    )


def order_line() -> Line:
    """Return a line that fills and packs two sizes, with change-overs and three orders.

    Known: in the order B, C, A the schedule at ticks of 1 s takes 446 s, which is optimal.
    """
    return Line(
        name="fill and pack",
        elements=(
            Source(name="In"),
            Station(name="Fill", cycle_time=Deterministic(value=2.0)),
            Buffer(name="Belt", capacity=40),
            Station(
                name="Pack",
                cycle_time=Deterministic(value=6.0),
                batch_size=4,
                setup_times={"small": {"large": 30.0}, "large": {"small": 50.0}},  # type: ignore[arg-type]  # frozen on construction
                initial_product="large",
            ),
            Sink(name="Out"),
        ),
        connections=chain("In", "Fill", "Belt", "Pack", "Out"),
        products=(Product(name="small"), Product(name="large")),
        orders=(
            Order(name="A", product="small", quantity=100, due=300.0),
            Order(name="B", product="large", quantity=50, due=200.0),
            Order(name="C", product="small", quantity=70, due=300.0),
        ),
    )
