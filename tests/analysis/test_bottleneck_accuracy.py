"""How often each detector names the bottleneck that the Markov chain proves."""

import numpy as np
import pytest

from opt_twin.analysis import find_bottleneck
from opt_twin.line import Buffer, Exponential, FailureMode, Line, Sink, Source, Station, chain
from opt_twin.simulation import RunSettings, SimulationEvaluator
from opt_twin.streams import stream
from opt_twin.theory import markov_line

STEP = 0.05


def random_case(number):
    """Return rates, buffers, failure rates and repair rates of a line of three unreliable stations."""
    rng = stream(20260101, number, "line", "generator")
    rates = 1 / rng.uniform(4.2, 5.8, 3)
    buffers = rng.integers(0, 5, 2)
    return rates, [int(places) for places in buffers], 1 / rng.uniform(150, 800, 3), 1 / rng.uniform(3, 40, 3)


def line_of(rates, buffers, failures, repairs):
    elements = [Source(name="In")]
    for number in range(3):
        mode = FailureMode(
            time_to_failure=Exponential(mean=1 / failures[number]),
            time_to_repair=Exponential(mean=1 / repairs[number]),
        )
        elements.append(
            Station(name=f"S{number}", cycle_time=Exponential(mean=1 / rates[number]), failures=(mode,))
        )
        if number < 2 and buffers[number]:
            elements.append(Buffer(name=f"B{number}", capacity=buffers[number]))
    elements.append(Sink(name="Out"))
    return Line(
        name="random", elements=tuple(elements), connections=chain(*(element.name for element in elements))
    )


def exact_gains(rates, buffers, failures, repairs):
    """Return the gain of each station by the Markov chain."""

    def throughput(changed):
        return markov_line(
            changed, buffers, failure_rates=failures, repair_rates=repairs, clock="calendar"
        ).throughput

    base = throughput(rates)
    return [throughput([r * (1 + STEP * (i == j)) for j, r in enumerate(rates)]) - base for i in range(3)]


@pytest.mark.slow
def test_sensitivity_finds_the_proven_bottleneck_more_often_than_the_classical_methods():
    evaluator = SimulationEvaluator(RunSettings(horizon=12_000, warm_up=1000, replications=10))
    hits = {"sensitivity": 0, "working share": 0, "active share": 0, "arrows": 0, "turning point": 0}
    clear_hits = dict.fromkeys(hits, 0)
    sure = sure_hits = clear = 0
    cases = 60
    for number in range(cases):
        case = random_case(number)
        gains = exact_gains(*case)
        truth = f"S{int(np.argmax(gains))}"
        second, first = sorted(gains)[1:]
        is_clear = first >= 1.5 * second
        clear += is_clear
        report = find_bottleneck(line_of(*case), evaluator, seed=number, step=STEP)
        named = {"sensitivity": report.station, **report.classical}
        for method in hits:
            hits[method] += named[method] == truth
            clear_hits[method] += is_clear and named[method] == truth
        if report.certainty >= 0.95:
            sure += 1
            sure_hits += report.station == truth
    summary = f"of {cases}: {hits}; of {clear} clear: {clear_hits}; of {sure} sure: {sure_hits}"
    assert hits["sensitivity"] > max(hits[method] for method in hits if method != "sensitivity"), summary
    assert clear_hits["sensitivity"] >= 0.95 * clear, summary
    assert sure_hits >= 0.95 * sure, summary
    assert sure >= cases / 3, summary
