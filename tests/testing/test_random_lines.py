"""Random lines differ, are the same for the same seed, and use what a line can do."""

import pytest

from opt_twin.graph import ranks
from opt_twin.line import Line
from opt_twin.simulation import RunSettings, run_replication
from opt_twin.testing.random_lines import MECHANISMS, SeededChoices, random_line, random_tandem, slowed

LINES = [random_line(SeededChoices(seed)) for seed in range(60)]


def test_the_same_seed_gives_the_same_line():
    assert LINES[:9] == [random_line(SeededChoices(seed)) for seed in range(9)]
    assert len({line.digest() for line in LINES}) == len(LINES)
    assert random_tandem(SeededChoices(1)) == random_tandem(SeededChoices(1))


def test_random_lines_split_merge_and_go_round():
    into = [max(sum(c.target == e.name for c in line.connections) for e in line.elements) for line in LINES]
    out = [max(len(line.successors(e.name)) for e in line.elements) for line in LINES]
    assert max(into) > 2
    assert max(out) > 2
    position = [ranks(line) for line in LINES]
    loops = [
        any(rank[c.target] <= rank[c.source] for c in line.connections)
        for line, rank in zip(LINES, position, strict=True)
    ]
    assert 5 < sum(loops) < len(LINES)


@pytest.mark.parametrize(
    "used",
    [
        lambda station: station.servers > 1,
        lambda station: station.batch_size > 1,
        lambda station: any(mode.interrupted == "scrap" for mode in station.failures),
        lambda station: any(mode.clock == "cycles" for mode in station.failures),
        lambda station: station.micro_stops and station.inspection and station.setup_times,
    ],
)
def test_random_lines_use_what_stations_can_do(used):
    assert any(used(station) for line in LINES for station in line.stations)


def test_a_line_without_mechanisms_is_plain():
    line = random_line(SeededChoices(3), mechanisms=())
    assert all(station.servers == 1 and not station.failures for station in line.stations)
    wide = random_line(SeededChoices(3), mechanisms=(*MECHANISMS, lambda _: {"servers": 7}))
    assert all(station.servers == 7 for station in wide.stations)


def test_most_random_lines_make_parts():
    """A loop of full places may lock up, but not in most lines."""
    made = [
        run_replication(line, settings=RunSettings(horizon=100), seed=0).values["parts_out"] for line in LINES
    ]
    assert sum(parts > 0 for parts in made) > 0.8 * len(LINES)


def test_a_slowed_line_takes_all_its_times_longer():
    line = LINES[0]
    assert isinstance(line, Line)
    assert slowed(slowed(line, 2.0), 0.5) == line
    means = [station.cycle_time.mean for station in line.stations]
    assert [station.cycle_time.mean for station in slowed(line, 4.0).stations] == [4 * mean for mean in means]
