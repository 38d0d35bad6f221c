"""Replications are added until the bottleneck is sure."""

import numpy as np
import pytest

from opt_twin.analysis import find_bottleneck
from opt_twin.errors import OptionError
from opt_twin.line import Buffer, Exponential, Line, Sink, Source, Station, chain
from opt_twin.results import Evaluation
from opt_twin.simulation import RunSettings, SimulationEvaluator
from opt_twin.streams import stream


def stations(*times):
    elements = [Source(name="In")]
    for number, time in enumerate(times):
        elements += [Station(name=f"S{number}", cycle_time=time), Buffer(name=f"B{number}", capacity=2)]
    elements[-1] = Sink(name="Out")
    return Line(
        name="tandem", elements=tuple(elements), connections=chain(*(element.name for element in elements))
    )


class Blocks:
    """Evaluators of as many replications as are asked for; each has its own noise on every line."""

    def __init__(self, throughput, own_noise, interrupted_at=None):
        self.evaluations = 0
        self.interrupted_at = interrupted_at
        self.throughput = throughput
        self.own_noise = own_noise
        self.asked = []
        self.lines = {}

    def __call__(self, first, count):
        self.asked.append((first, count))
        return Block(self, first, count)


class Block:
    def __init__(self, blocks, first, count):
        self.blocks, self.first, self.count = blocks, first, count

    def evaluate(self, line, *, plan=None, seed):
        self.blocks.evaluations += 1
        if self.blocks.evaluations == self.blocks.interrupted_at:
            raise KeyboardInterrupt
        changed = next((s.name for s in line.stations if s.speed != 1), "")
        self.blocks.lines[changed] = self.blocks.lines.get(changed, 0) + self.count
        numbers = range(self.first, self.first + self.count)
        noise = [stream(seed, number, f"noise {changed}", "test").normal() for number in numbers]
        return Evaluation(
            values={"throughput": self.blocks.throughput(line) + self.blocks.own_noise * np.array(noise)},
            replications=tuple(numbers),
            seed=seed,
            horizon=3600.0,
            warm_up=0.0,
            line_digest="",
        )


def weighted(*weights):
    return lambda line: sum(w * line.element(f"S{i}").speed for i, w in enumerate(weights))


def ask(blocks, *, first=4, **options):
    line = stations(5, 5, 5)
    return find_bottleneck(line, blocks(0, first), blocks=blocks, improvement=None, **options)


def test_replications_are_added_until_the_answer_is_sure():
    blocks = Blocks(weighted(100, 90, 10), own_noise=0.4)
    report = ask(blocks, until=0.99, max_replications=256)
    assert report.station == "S0"
    assert report.certainty >= 0.99
    assert 4 < report.replications < 256
    assert blocks.asked == [(0, 4), *((4 << n, 4 << n) for n in range(len(blocks.asked) - 1))]


def test_a_sure_answer_takes_no_further_replications():
    blocks = Blocks(weighted(100, 50, 10), own_noise=0.01)
    report = ask(blocks, until=0.99)
    assert blocks.asked == [(0, 4)]
    assert report.replications == 4


def test_stations_that_are_surely_behind_are_left_alone():
    blocks = Blocks(weighted(100, 99, -400), own_noise=0.4)
    report = ask(blocks, until=0.99, max_replications=64)
    assert report.replications == 64
    assert blocks.lines == {"": 64, "S0": 64, "S1": 64, "S2": 4}
    assert report.gains["S2"].replications == 4
    assert report.gains["S1"].replications == 64


def test_the_limit_of_replications_is_kept_also_where_it_is_no_power_of_two():
    blocks = Blocks(weighted(100, 100, 100), own_noise=1.0)
    report = ask(blocks, first=5, until=0.999999, max_replications=23)
    assert report.replications == 23
    assert blocks.asked == [(0, 5), (5, 5), (10, 10), (20, 3)]
    assert report.certainty < 0.999999


def test_the_same_replications_in_one_block_or_in_several_give_the_same_gains():
    many = ask(Blocks(weighted(100, 100, 100), own_noise=1.0), until=0.999999, max_replications=16)
    once = ask(Blocks(weighted(100, 100, 100), own_noise=1.0), first=16, max_replications=16)
    assert many.station == once.station
    assert many.gains[many.station].mean == pytest.approx(once.gains[once.station].mean, rel=1e-12)


def test_a_wrong_station_is_named_as_seldom_as_the_certainty_says():
    """200 races of three stations, two of them nearly equal."""
    sure = wrong = 0
    for seed in range(200):
        report = ask(
            Blocks(weighted(100.2, 100, 60), own_noise=0.02), seed=seed, until=0.9, max_replications=64
        )
        if report.certainty >= 0.9:
            sure += 1
            wrong += report.station != "S0"
    assert sure > 30
    assert wrong <= 0.1 * sure + 3 * (0.09 * sure) ** 0.5


@pytest.mark.parametrize("until", [0.3, 1.0, float("nan")])
def test_a_certainty_out_of_range_is_refused(until):
    with pytest.raises(OptionError, match="until"):
        ask(Blocks(weighted(1, 2, 3), own_noise=0.0), until=until)


def test_a_certainty_needs_further_replications():
    with pytest.raises(OptionError, match="give blocks"):
        find_bottleneck(stations(5, 5), Block(Blocks(weighted(1, 2), own_noise=0.0), 0, 4), until=0.99)


def test_the_simulator_gives_further_replications():
    line = stations(Exponential(mean=5), Exponential(mean=5.2))
    settings = RunSettings(horizon=2000, replications=3)

    def blocks(first, count):
        return SimulationEvaluator(settings.replace(first_replication=first, replications=count))

    report = find_bottleneck(
        line, SimulationEvaluator(settings), until=0.999, max_replications=48, blocks=blocks, improvement=None
    )
    assert report.station == "S1"
    assert 3 < report.replications <= 48
    whole = find_bottleneck(line, blocks(0, report.replications), improvement=None)
    assert whole.gains["S1"].mean == pytest.approx(report.gains["S1"].mean, rel=1e-12)


def test_without_a_certainty_all_stations_are_run_in_all_replications():
    blocks = Blocks(weighted(100, 50, -400), own_noise=0.01)
    report = ask(blocks, max_replications=13, buffers=True)
    assert blocks.asked == [(0, 4), (4, 4), (8, 5)]
    assert blocks.lines == {"": 13 + 2 * 13, "S0": 13, "S1": 13, "S2": 13}  # two buffers have no speed
    assert {gain.replications for gain in (*report.gains.values(), *report.buffer_gains.values())} == {13}
    once = ask(Blocks(weighted(100, 50, -400), own_noise=0.01), first=13, max_replications=13)
    assert once.certainty == pytest.approx(report.certainty, rel=1e-9)
    assert once.gains["S0"].half_width == pytest.approx(report.gains["S0"].half_width, rel=1e-9)


@pytest.mark.parametrize("evaluation", range(1, 17))
def test_ctrl_c_keeps_the_blocks_that_are_complete(evaluation):
    """Three blocks of a line and its three stations, and two buffers: 12 evaluations, then 6."""

    def asked(**fields):
        blocks = Blocks(weighted(100, 99.9, 99.8), own_noise=1.0, **fields)
        return blocks, {"first": 4, "max_replications": 16, "buffers": True}

    blocks, options = asked(interrupted_at=evaluation)
    if evaluation <= 4:
        with pytest.raises(KeyboardInterrupt):
            ask(blocks, **options)
        return
    report = ask(blocks, **options)
    whole = 4 if evaluation <= 8 else 8 if evaluation <= 12 else 16
    assert report.interrupted
    assert {gain.replications for gain in report.gains.values()} == {report.replications} == {whole}
    alone = ask(asked()[0], first=4, max_replications=whole)
    assert (report.station, report.gains, report.certainty) == (alone.station, alone.gains, alone.certainty)
    assert len(report.buffer_gains) == (0 if evaluation <= 15 else 1)
    assert not alone.interrupted


def test_progress_ends_with_all_runs_that_were_foreseen():
    told = []
    blocks = Blocks(weighted(100, 99, -400), own_noise=0.4)
    ask(blocks, until=0.99, max_replications=64, on_progress=lambda *numbers: told.append(numbers))
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert all(done <= foreseen for done, foreseen in told)
    assert told[-1] == (sum(blocks.lines.values()),) * 2
