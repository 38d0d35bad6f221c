"""Single stations whose exact behaviour queueing and renewal theory give."""

from __future__ import annotations

from opt_twin.line import (
    Buffer,
    Clock,
    Deterministic,
    Distribution,
    Erlang,
    Exponential,
    FailureMode,
    Line,
    Sink,
    Source,
    Station,
    chain,
)
from opt_twin.results import Evaluation
from opt_twin.testing.exact_case import Effort, ExactCase, Floats, Known, per_second, taken
from opt_twin.testing.tiny_lines import serial_line, unreliable_machine
from opt_twin.theory import availability, mg1, mg1_with_failures, mm1, mm1k, mmc

__all__ = ["queue_cases"]

ONE = Exponential(mean=1.0)


def queue_cases() -> tuple[ExactCase, ...]:
    """Return the cases of one station: queues, and a machine that fails."""
    return (
        _mm1(0.8, (4.0, 5.0), Effort(replications=16, horizon=20500, warm_up=500), quick=True),
        _mm1(0.9, (9.0, 10.0), Effort(replications=16, horizon=54000, warm_up=4000)),
        _mmc(1.6, 2, (0.711111, 1.777778), Effort(replications=16, horizon=15500, warm_up=500), quick=True),
        _mmc(2.4, 3, (0.647191, 1.078652), Effort(replications=16, horizon=10500, warm_up=500)),
        _mmc(4.5, 5, (0.762493, 1.524986), Effort(replications=16, horizon=9000, warm_up=1000)),
        _mg1("D", Deterministic(value=1.0), 2.0),
        _mg1("E2", Erlang(phases=2, mean=1.0), 3.0),
        _loss(),
        _breakdowns(),
        _available("under full load", None, quick=True),
        _available("under a third of its load", Exponential(mean=10 / 3), quick=False),
    )


def _queue(
    name: str,
    rate: float,
    service: Distribution,
    *,
    servers: int = 1,
    failures: tuple[FailureMode, ...] = (),
) -> Line:
    """Return In -> Queue without limit -> M1 -> Out."""
    return Line(
        name=name,
        elements=(
            Source(name="In", interarrival=Exponential(mean=1 / rate)),
            Buffer(name="Queue"),
            Station(name="M1", cycle_time=service, servers=servers, failures=failures),
            Sink(name="Out"),
        ),
        connections=chain("In", "Queue", "M1", "Out"),
    )


def _littles_ratio(evaluation: Evaluation) -> Floats:
    """Return L / (lambda W), with each taken over the time after the warm-up."""
    ratio: Floats = evaluation["wip"] / (per_second(evaluation) * evaluation["lead_time"])
    return ratio


def _mm1(rate: float, exact: tuple[float, float], effort: Effort, *, quick: bool = False) -> ExactCase:
    in_system, time = exact
    name = f"M/M/1, rate {rate:g}"
    return ExactCase(
        name=name,
        group="queues",
        line=_queue(name, rate, ONE),
        known=(
            Known(symbol="L", exact=in_system, simulated=taken("wip"), theory=lambda: mm1(rate, 1).in_system),
            Known(
                symbol="W",
                exact=time,
                simulated=taken("lead_time"),
                theory=lambda: mm1(rate, 1).time_in_system,
            ),
            Known(symbol="L / (rate W)", exact=1.0, simulated=_littles_ratio),
        ),
        source="Kleinrock 1975; Little 1961",
        effort=effort,
        quick=quick,
    )


def _mmc(
    rate: float, servers: int, exact: tuple[float, float], effort: Effort, *, quick: bool = False
) -> ExactCase:
    name = f"M/M/{servers}, rate {rate:g}"
    load = rate / servers
    return ExactCase(
        name=name,
        group="queues",
        line=_queue(name, rate, ONE, servers=servers),
        known=(
            Known(
                symbol="Erlang C",
                exact=exact[0],
                simulated=taken("Queue.level", times=(1 - load) / load),
                theory=lambda: mmc(rate, 1, servers).waiting_probability,
            ),
            Known(
                symbol="Wq",
                exact=exact[1],
                simulated=taken("lead_time", plus=-1.0),
                theory=lambda: mmc(rate, 1, servers).time_in_queue,
            ),
        ),
        source="Erlang 1917",
        effort=effort,
        quick=quick,
        note="Lq = C load / (1 - load)",
    )


def _mg1(kind: str, service: Distribution, wait: float) -> ExactCase:
    name = f"M/{kind}/1, rate 0.8"
    return ExactCase(
        name=name,
        group="queues",
        line=_queue(name, 0.8, service),
        known=(
            Known(
                symbol="Wq",
                exact=wait,
                simulated=taken("lead_time", plus=-1.0),
                theory=lambda: mg1(0.8, 1.0, service.variance).time_in_queue,
            ),
        ),
        source="Pollaczek 1930; Khinchine 1932",
        effort=Effort(replications=16, horizon=20500, warm_up=500),
        quick=kind == "D",
    )


def _loss() -> ExactCase:
    """Return M/M/1/3: the arrivals are a first machine; a part that it cannot pass on is the last customer.

    While it is blocked there are three customers, and the arrivals of that time are those that are lost.
    The first machine always holds a part, which is a customer while it is blocked.
    """
    queue = mm1k(0.8, 1.0, 3)
    return ExactCase(
        name="M/M/1/3, rate 0.8",
        group="queues",
        line=serial_line("M/M/1/3", (Exponential(mean=1 / 0.8), ONE), buffers=(1,)),
        known=(
            Known(
                symbol="p3",
                exact=0.173442,
                simulated=taken("M1.blocked"),
                theory=lambda: queue.loss_probability,
            ),
            Known(symbol="X", exact=0.661247, simulated=per_second, theory=lambda: queue.throughput),
            Known(
                symbol="L",
                exact=1.224932,
                simulated=lambda evaluation: evaluation["wip"] - evaluation["M1.busy"],
                theory=lambda: queue.in_system,
            ),
        ),
        source="Kleinrock 1975",
        effort=Effort(replications=16, horizon=20200, warm_up=200),
        quick=True,
        note="the arrivals are a first machine; it is blocked while three customers are there",
    )


def _breakdowns() -> ExactCase:
    """Return M/M/1 with failures while it works: MTBF 10, repair exponential 1, rate .7."""
    queue = mg1_with_failures(0.7, 1.0, 1.0, time_to_failure=10.0, repair_mean=1.0, repair_variance=1.0)
    modes = {
        clock: (FailureMode(time_to_failure=Exponential(mean=10.0), time_to_repair=ONE, clock=clock),)
        for clock in Clock
    }
    name = "M/M/1 with breakdowns, rate 0.7"
    return ExactCase(
        name=name,
        group="queues",
        line=_queue(name, 0.7, ONE, failures=modes[Clock.OPERATION]),
        wrong=_queue(name, 0.7, ONE, failures=modes[Clock.CALENDAR]),
        known=(
            Known(
                symbol="E[C]",
                exact=1.1,
                simulated=taken("M1.starved", times=-1 / 0.7, plus=1 / 0.7),
                theory=lambda: queue.utilisation / 0.7,
            ),
            Known(
                symbol="E[C2]",
                exact=2.62,
                simulated=taken("lead_time", times=2 * 0.23 / 0.7, plus=-1.1 * 2 * 0.23 / 0.7),
                theory=lambda: queue.time_in_queue * 2 * 0.23 / 0.7,
            ),
            Known(
                symbol="Wq",
                exact=3.986957,
                simulated=taken("lead_time", plus=-1.1),
                theory=lambda: queue.time_in_queue,
            ),
        ),
        source="White and Christie 1958; Avi-Itzhak and Naor 1963",
        effort=Effort(replications=20, horizon=30500, warm_up=500),
        note="1 - starved = rate E[C]; Wq = rate E[C2] / (2 (1 - rate E[C]))",
    )


def _available(load: str, interarrival: Distribution | None, *, quick: bool) -> ExactCase:
    """Return one machine with MTBF 90 and MTTR 10 on the calendar clock."""
    mode = FailureMode(time_to_failure=Exponential(mean=90.0), time_to_repair=Exponential(mean=10.0))
    wrong = None
    line = unreliable_machine()
    if interarrival is not None:
        line, wrong = (
            serial_line(
                "lightly loaded machine",
                (Deterministic(value=1.0),),
                interarrival=interarrival,
                failures=((mode.replace(clock=clock),),),
            )
            for clock in (Clock.CALENDAR, Clock.OPERATION)
        )
    return ExactCase(
        name=f"availability {load}",
        group="failures",
        line=line,
        wrong=wrong,
        known=(
            Known(
                symbol="up",
                exact=0.9,
                simulated=taken("M1.failed", times=-1.0, plus=1.0),
                theory=lambda: availability(90, 10),
            ),
        ),
        source="Barlow and Proschan 1975",
        effort=Effort(replications=20, horizon=20000),
        quick=quick,
        note="the clock of the calendar does not stop for want of parts" if wrong else "",
    )
