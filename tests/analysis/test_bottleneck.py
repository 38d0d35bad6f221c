"""The bottleneck by sensitivity: with fake evaluators of known throughput, and with the simulator."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opt_twin.analysis import BottleneckReport, find_bottleneck
from opt_twin.errors import EvaluationError, OptionError
from opt_twin.line import (
    Buffer,
    Exponential,
    FailureMode,
    Line,
    MicroStop,
    Sink,
    Source,
    Station,
    chain,
)
from opt_twin.results import STATES, Evaluation
from opt_twin.simulation import RunSettings, SimulationEvaluator, run_replication
from opt_twin.streams import stream
from opt_twin.theory import capacity_table, markov_line


def tandem(times, buffers, **fields):
    elements = [Source(name="In", **fields)]
    for number, time in enumerate(times):
        elements.append(Station(name=f"S{number}", cycle_time=time))
        if number < len(buffers) and buffers[number]:
            elements.append(Buffer(name=f"B{number}", capacity=buffers[number]))
    elements.append(Sink(name="Out"))
    return Line(
        name="tandem", elements=tuple(elements), connections=chain(*(element.name for element in elements))
    )


class Fake:
    """An evaluator whose throughput is a function of the line, with noise common to all lines."""

    def __init__(self, throughput, *, noise=0.0, own_noise=0.0, replications=8):
        self.throughput = throughput
        self.noise = noise
        self.own_noise = own_noise
        self.replications = replications
        self.calls = []

    def evaluate(self, line, *, plan=None, seed):
        self.calls.append((line, plan, seed))
        n = self.replications
        common = stream(seed, 0, "common", "test").normal(0, 1, n)
        own = stream(seed, 0, line.digest(), "test").normal(0, 1, n)
        values = {"throughput": self.throughput(line) + self.noise * common + self.own_noise * own}
        for station in line.stations:
            values |= {f"{station.name}.{state}": np.full(n, 1 / len(STATES)) for state in STATES}
        return Evaluation(
            values=values,
            replications=tuple(range(n)),
            seed=seed,
            horizon=3600.0,
            warm_up=0.0,
            line_digest=line.digest(),
        )


def slowest(line):
    return min(row.capacity_per_hour for row in capacity_table(line))


def test_the_station_of_the_greatest_gain_is_the_bottleneck():
    line = tandem((4, 6, 5), (3, 3))
    report = find_bottleneck(line, Fake(slowest, noise=50.0))
    assert report.station == "S1"
    assert report.gains["S1"].mean == pytest.approx(30.0)  # 5 % of 600
    assert report.gains["S0"].mean == pytest.approx(0, abs=1e-9)
    assert report.share("S1") == pytest.approx(0.05, rel=0.2)
    assert report.limited
    assert report.certainty == 1.0


def test_common_noise_cancels_and_does_not_hide_the_bottleneck():
    report = find_bottleneck(tandem((4, 6, 5), (3, 3)), Fake(slowest, noise=500.0))
    assert report.station == "S1"
    assert report.gains["S1"].half_width == pytest.approx(0, abs=1e-9)


def test_each_line_is_evaluated_once_with_the_same_seed_and_plan():
    evaluator = Fake(slowest)
    line = tandem((4, 6, 5), (3, 3))
    plan = object()
    find_bottleneck(line, evaluator, seed=11, step=0.1, improvement=0.5, plan=plan)
    assert [(seen, seed) for _, seen, seed in evaluator.calls] == [(plan, 11)] * 5
    assert evaluator.calls[0][0] is line
    speeds = [[station.speed for station in called.stations] for called, _, _ in evaluator.calls[1:]]
    assert speeds == [[1.1, 1, 1], [1, 1.1, 1], [1, 1, 1.1], [1, 1.5, 1]]


def test_two_equal_stations_are_not_told_apart():
    report = find_bottleneck(
        tandem((5, 5), (3,)),
        Fake(lambda line: sum(s.speed for s in line.stations) * 100, own_noise=1.0),
    )
    assert report.certainty < 0.99
    assert {report.station, report.runner_up} == {"S0", "S1"}


def test_a_close_race_is_said_to_be_one():
    evaluator = Fake(
        lambda line: 100 * line.element("S0").speed + 98 * line.element("S1").speed, own_noise=0.5
    )
    report = find_bottleneck(tandem((5, 5), (3,)), evaluator, seed=1)
    assert 0.5 <= report.certainty < 0.95
    assert "more replications would tell" in report.sentence()


def test_certainty_looks_at_the_nearest_rival_not_at_the_second_mean():
    """A noisy third station can be the one that is hardest to tell from the first."""

    class Noisy(Fake):
        def evaluate(self, line, *, plan=None, seed):
            evaluation = super().evaluate(line, plan=plan, seed=seed)
            if line.element("S2").speed == 1:
                return evaluation
            values = dict(evaluation.values)
            values["throughput"] = values["throughput"] + np.array([-30, 30, -40, 40, -30, 30, -20, 20.0])
            return Evaluation(
                values=values,
                replications=evaluation.replications,
                seed=seed,
                horizon=3600.0,
                warm_up=0.0,
                line_digest=evaluation.line_digest,
            )

    weights = {"S0": 200, "S1": 150, "S2": 100}
    fake = Noisy(lambda line: sum(weights[s.name] * s.speed for s in line.stations), own_noise=0.01)
    report = find_bottleneck(tandem((5, 5, 5), (3, 3)), fake)
    assert (report.station, report.runner_up) == ("S0", "S1")
    assert report.certainty < 0.95


def test_the_sentence_names_station_gain_interval_and_next():
    evaluator = Fake(
        lambda line: 1000 + 600 * line.element("S0").speed + 40 * line.element("S1").speed, own_noise=2.0
    )
    report = find_bottleneck(tandem((5, 5), (3,)), evaluator)
    assert report.sentence().startswith("S0 limits the line: 5 % more speed there gives +1.")
    assert " ± 0." in report.sentence()
    assert "(next: S1 " in report.sentence()
    assert "certainty" in report.sentence()


def test_a_line_that_its_arrivals_limit_has_no_bottleneck_that_shows():
    report = find_bottleneck(tandem((4, 6), (3,)), Fake(lambda _: 100.0, own_noise=1.0))
    assert not report.limited
    assert report.sentence().startswith("No station clearly limits the line: 5 % more speed gives at most ")


def test_a_line_without_output_has_shares_of_zero():
    report = find_bottleneck(tandem((4, 6), (3,)), Fake(lambda _: 0.0))
    assert report.share(report.station) == 0
    assert report.sentence()


def test_one_station_is_the_bottleneck_for_certain():
    report = find_bottleneck(tandem((4,), ()), Fake(slowest))
    assert (report.station, report.runner_up, report.certainty) == ("S0", "", 1.0)
    assert report.sentence() == (
        "S0 limits the line: 5 % more speed there gives +5 % ± 0 % throughput. "
        "10 % more would give +10 % ± 0 %."
    )


def test_one_replication_gives_no_certainty():
    report = find_bottleneck(tandem((4, 6), (3,)), Fake(slowest, replications=1))
    assert report.station == "S1"
    assert report.certainty is None
    assert "±" not in report.sentence()
    assert " gains most: " in report.sentence()
    assert report.sentence().endswith("How sure that is takes two or more replications.")


class Counting(Fake):
    """An evaluator that counts whole parts, and with a makespan ends when they are made."""

    def __init__(self, throughput, *, makespan=None, **fields):
        super().__init__(throughput, **fields)
        self.makespan = makespan

    def evaluate(self, line, *, plan=None, seed):
        plain = super().evaluate(line, plan=plan, seed=seed)
        values = dict(plain.values)
        values["parts_out"] = np.floor(values.pop("throughput"))
        values["throughput"] = np.zeros(self.replications)  # none of them is good
        if self.makespan is not None:
            values["makespan"] = np.full(self.replications, self.makespan(line))
        return Evaluation(
            values=values,
            replications=plain.replications,
            seed=seed,
            horizon=plain.horizon,
            warm_up=plain.warm_up,
            line_digest=plain.line_digest,
        )


def test_all_parts_that_leave_are_counted_good_or_not():
    report = find_bottleneck(tandem((40, 60), (3,)), Counting(slowest))
    assert report.station == "S1"
    assert report.throughput.mean == 60
    assert report.gains["S1"].mean == 3


def test_whole_parts_that_happen_to_agree_are_not_taken_for_certainty():
    evaluator = Counting(lambda line: 60 + 20 * (line.element("S1").speed - 1), replications=2)
    report = find_bottleneck(tandem((40, 60), (3,)), evaluator)
    assert report.gains["S1"].mean == 1  # one part more in each of two runs
    assert report.gains["S1"].half_width > 1
    assert report.gains["S0"].half_width > 0
    assert report.certainty < 0.95
    assert not report.limited
    many = find_bottleneck(tandem((40, 60), (3,)), Counting(evaluator.throughput, replications=20))
    assert many.certainty > 0.999
    assert many.limited


def test_under_a_plan_throughput_is_what_is_made_until_the_last_order_is_complete():
    evaluator = Counting(lambda _: 100.0, makespan=lambda line: 7200 / line.element("S0").speed)
    report = find_bottleneck(tandem((40, 60), (3,)), evaluator)
    assert report.throughput.mean == pytest.approx(50)
    assert report.station == "S0"
    assert report.gains["S0"].mean == pytest.approx(2.5)


def test_one_replication_of_whole_parts_has_gains_without_intervals():
    report = find_bottleneck(tandem((40, 60), (3,)), Counting(slowest, replications=1))
    assert report.gains["S1"].half_width is None
    assert report.certainty is None


def test_downtimes_are_cut_on_request():
    mode = FailureMode(time_to_failure="exponential(100)", time_to_repair="exponential(20)")
    line = tandem((4, 6, 5), (3, 3))
    line = line.with_values(
        {
            "S0.failures": (mode,),
            "S1.failures": (mode,),
            "S1.micro_stops": (MicroStop(probability=0.1, duration=3),),
        }
    )
    report = find_bottleneck(line, Fake(slowest), step=0.2, downtimes=True)
    assert list(report.downtime_gains) == ["S0", "S1"]
    before, after = 3600 / (6.3 * 1.2), 3600 / (6.24 * 1.16)
    assert report.downtime_gains["S1"].mean == pytest.approx(after - before)
    assert report.downtime_gains["S0"].mean == pytest.approx(0)
    assert not find_bottleneck(line, Fake(slowest)).downtime_gains


def test_buffers_are_enlarged_on_request_where_they_are_limited():
    line = tandem((4, 6, 5), (3, 30))
    line = line.with_value("B0.capacity", None)
    seen = []

    def places(changed):
        capacity = changed.element("B1").capacity
        seen.append(capacity)
        return 100.0 + capacity

    report = find_bottleneck(line, Fake(places), step=0.1, buffers=True)
    assert dict(report.buffer_gains) == {"B1": report.buffer_gains["B1"]}
    assert report.buffer_gains["B1"].mean == pytest.approx(3)  # a tenth of 30 places
    assert set(seen) == {30, 33}
    assert not find_bottleneck(line, Fake(places)).buffer_gains


def test_the_improvement_is_a_larger_step_at_the_bottleneck_alone():
    report = find_bottleneck(tandem((4, 6, 5), (3, 3)), Fake(slowest, noise=50.0), improvement=0.1)
    assert report.improvement == 0.1
    assert report.improvement_gain.mean == pytest.approx(60)  # 10 % of 600
    assert "10 % more would give +" in report.sentence()
    without = find_bottleneck(tandem((4, 6, 5), (3, 3)), Fake(slowest), improvement=None)
    assert without.improvement_gain is None
    assert "would give" not in without.sentence()


def test_losses_and_classical_methods_need_the_states():
    class Stateless(Fake):
        def evaluate(self, line, *, plan=None, seed):
            plain = super().evaluate(line, plan=plan, seed=seed)
            return Evaluation(
                values={"throughput": plain["throughput"]},
                replications=plain.replications,
                seed=seed,
                horizon=plain.horizon,
                warm_up=plain.warm_up,
                line_digest=plain.line_digest,
            )

    line = tandem((4, 6, 5), (3, 3))
    report = find_bottleneck(line, Stateless(slowest))
    assert (report.station, report.losses, dict(report.classical)) == ("S1", (), {})
    lost = find_bottleneck(line, Fake(slowest)).losses
    assert {loss.station for loss in lost} == {"S0", "S1", "S2"}
    assert lost[0].minutes == pytest.approx(60 / len(STATES))


def test_a_trace_adds_the_methods_that_need_one():
    line = tandem((4, 6, 5), (3, 3))
    run = run_replication(line, settings=RunSettings(horizon=2000), log=True)
    report = find_bottleneck(line, Fake(slowest), trace=run.events, since=200)
    assert report.classical["average active period"] == report.classical["shifting bottleneck"] == "S1"
    assert "average active period" not in find_bottleneck(line, Fake(slowest)).classical


def test_an_evaluator_that_changes_its_replications_is_refused():
    class Shifting(Fake):
        def evaluate(self, line, *, plan=None, seed):
            self.replications += 1
            return super().evaluate(line, plan=plan, seed=seed)

    with pytest.raises(EvaluationError, match="same seed, replications"):
        find_bottleneck(tandem((4, 6), (3,)), Shifting(slowest))


@pytest.mark.parametrize("step", [0.0, -0.1, 1.5, float("nan")])
def test_a_step_out_of_range_is_refused(step):
    with pytest.raises(OptionError, match="step"):
        find_bottleneck(tandem((4, 6), (3,)), Fake(slowest), step=step)


def test_a_report_survives_plain_data():
    report = find_bottleneck(tandem((4, 6, 5), (3, 3)), Fake(slowest, own_noise=0.1))
    assert BottleneckReport.from_dict(report.to_dict()) == report


@settings(deadline=None, max_examples=8)
@given(st.permutations([4.0, 4.6, 6.0]), st.lists(st.integers(1, 3), min_size=2, max_size=2))
def test_the_simulator_finds_the_bottleneck_that_the_markov_chain_knows(means, buffers):
    line = tandem([Exponential(mean=mean) for mean in means], buffers)
    rates = [1 / mean for mean in means]
    base = markov_line(rates, buffers).throughput
    exact = []
    for position in range(3):
        faster = [*rates]
        faster[position] *= 1.05
        exact.append(markov_line(faster, buffers).throughput - base)
    evaluator = SimulationEvaluator(RunSettings(horizon=4000, warm_up=200, replications=6))
    report = find_bottleneck(line, evaluator, seed=5)
    assert report.station == f"S{int(np.argmax(exact))}"
    for position, gain in enumerate(exact):
        estimate = report.gains[f"S{position}"]
        assert abs(estimate.mean - 3600 * gain) < 2 * estimate.half_width + 3


def test_the_simulator_sees_that_arrivals_limit_a_line():
    line = tandem([1.0, 1.2], [5], interarrival=Exponential(mean=4))
    evaluator = SimulationEvaluator(RunSettings(horizon=4000, warm_up=200, replications=6))
    report = find_bottleneck(line, evaluator)
    assert abs(report.share(report.station)) < 0.005
    assert set(report.classical) == {"working share", "active share", "arrows", "turning point"}
    assert report.classical["working share"] == "S1"
