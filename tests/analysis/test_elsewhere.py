"""What can limit a line where none of its stations does."""

import pytest

from opt_twin.analysis import find_bottleneck
from opt_twin.analysis.elsewhere import elsewhere
from opt_twin.line import Buffer, Fleet, Line, Pallets, Sink, Source, Station, Transport, chain
from opt_twin.simulation import RunSettings, SimulationEvaluator


def carried(*, speed, interarrival=None):
    """Two stations, and one vehicle that drives 10 m between them and 10 m back."""
    names = ("In", "Saw", "Ready", "Way", "Bed", "Mill", "Out")
    return Line(
        name="carried",
        elements=(
            Source(name="In", interarrival=interarrival),
            Station(name="Saw", cycle_time="5 s"),
            Buffer(name="Ready", capacity=3),
            Transport(name="Way", fleet="AGV"),
            Buffer(name="Bed", capacity=3),
            Station(name="Mill", cycle_time="4 s"),
            Sink(name="Out"),
        ),
        connections=chain(*names),
        fleets=(
            Fleet(
                name="AGV",
                number=1,
                speed=speed,
                distances={"Ready": {"Bed": 10}, "Bed": {"Ready": 10}},
                parking="Bed",
            ),
        ),
    )


def test_vehicles_that_are_slower_than_all_stations_are_named():
    line = carried(speed=1.0)
    report = find_bottleneck(line, SimulationEvaluator(RunSettings(horizon=7200, replications=3)))
    assert not report.limited
    assert report.elsewhere == "the number of vehicles of AGV (at most 180 released parts/h by theory)"
    assert "The number of vehicles of AGV (at most 180 " in report.sentence()
    assert "What comes in" not in report.sentence()


@pytest.mark.parametrize(("speed", "interarrival"), [(100.0, None), (1.0, "30 s")])
def test_vehicles_that_keep_up_are_one_of_several_reasons(speed, interarrival):
    line = carried(speed=speed, interarrival=interarrival)
    assert elsewhere(line) == "what comes in or the number of vehicles"


def test_pallets_are_told_beside_what_comes_in():
    line = Line(
        name="loop",
        elements=(
            Source(name="In", pallets="Board"),
            Station(name="Saw", cycle_time="5 s"),
            Sink(name="Out"),
        ),
        connections=chain("In", "Saw", "Out"),
        pallets=(Pallets(name="Board", number=4),),
    )
    assert elsewhere(line) == "what comes in or the number of pallets"
    assert elsewhere(line.replace(pallets=(Pallets(name="Board", number=1, return_time=20),))) == (
        "the number of pallets of Board (at most 144 released parts/h by theory)"
    )


def test_without_any_of_them_what_comes_in_remains():
    line = Line(
        name="plain",
        elements=(Source(name="In"), Station(name="Saw", cycle_time="5 s"), Sink(name="Out")),
        connections=chain("In", "Saw", "Out"),
    )
    assert elsewhere(line) == "what comes in"
