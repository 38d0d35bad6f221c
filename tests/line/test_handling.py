"""Conveyors, fleets and pallets as records of a line."""

import pytest

from opt_twin.errors import ModelError, UnknownNameError
from opt_twin.io import read_line_text, write_line
from opt_twin.line import Conveyor, Fleet, Line, Pallets, Sink, Source, Station, Transport, chain

LINE = Line(
    name="loop",
    elements=(
        Source(name="In", pallets="tray"),
        Conveyor(name="Belt", length=4, speed=1, pitch=0.5),
        Station(name="Saw", cycle_time=5),
        Transport(name="Trip", fleet="AGV"),
        Sink(name="Out"),
    ),
    connections=chain("In", "Belt", "Saw", "Trip", "Out"),
    fleets=(Fleet(name="AGV", speed=1, distances={"Saw": {"Out": 30}}), Fleet(name="Tug", speed=2)),
    pallets=(Pallets(name="tray", number=9),),
)


def test_values_of_fleets_and_pallets_are_changed_by_their_path():
    changed = LINE.with_values({"AGV.number": 3, "Tug.speed": 4, "tray.number": 2, "Belt.speed": 0.5})
    assert [changed.value(path) for path in ("AGV.number", "Tug.speed", "tray.number", "Belt.speed")] == [
        3,
        4,
        2,
        0.5,
    ]
    assert changed.with_values({"AGV.number": 1, "Tug.speed": 2, "tray.number": 9, "Belt.speed": 1}) == LINE
    assert LINE.member("AGV") is LINE.fleets[0]


def test_a_wrong_value_of_a_fleet_is_refused_at_its_path():
    with pytest.raises(ModelError, match=r"AGV\.number"):
        LINE.with_value("AGV.number", 0)
    with pytest.raises(UnknownNameError, match="field of fleet 'AGV'"):
        LINE.with_value("AGV.numbr", 1)
    with pytest.raises(UnknownNameError, match="element"):
        LINE.value("AGW.number")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"fleets": ()}, "no fleet is called 'AGV'"),
        ({"pallets": ()}, "no group of pallets is called 'tray'"),
        ({"pallets": (Pallets(name="tray", number=1, unloaded_at="Sw"),)}, "no station is called 'Sw'"),
        ({"fleets": (Fleet(name="AGV", speed=1, parking="Sw"),)}, "no element is called 'Sw'"),
        (
            {"fleets": (Fleet(name="AGV", speed=1, distances={"Saw": {"Oat": 1}}),)},
            "no element is called 'Oat'",
        ),
        ({"fleets": (Fleet(name="AGV", speed=1),) * 2}, "the name 'AGV' is taken"),
    ],
)
def test_what_nothing_is_called_is_named(fields, message):
    with pytest.raises(ModelError, match=message):
        LINE.replace(**fields)


def test_a_line_with_all_of_them_is_written_and_read_again():
    assert read_line_text(write_line(LINE)) == LINE


def test_ways_are_as_long_as_the_way_back_unless_that_is_given():
    fleet = Fleet(name="AGV", speed=1, distances={"A": {"B": 3}, "B": {"C": 4, "A": 5}})
    ways = ["AB", "BA", "BC", "CB", "AC", "AA"]
    assert [fleet.distance(*way) for way in ways] == [3, 5, 4, 4, 0, 0]
