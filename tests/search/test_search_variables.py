"""Variables, ranges as texts, and the points of a decision space."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from search_fakes import line_of

from opt_twin.errors import ModelError, OptionError, OptTwinError, UnknownNameError
from opt_twin.line import Fleet, Operators, Pallets
from opt_twin.search import DecisionSpace, Variable, vary

LINE = line_of(3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("B1", 1, 2), "'B1' is not a path; write an element and its field"),
        ((".capacity", 1, 2), "not a path"),
        (("B1.capacity", 5, 4), "B1.capacity: the range 5..4 is empty"),
        (("B1.capacity", 1, math.inf), "must be finite"),
        (("M1.speed", math.nan, 1, "real"), "must be finite"),
        (("B1.capacity", 1.5, 4), "needs whole limits, got 1.5..4"),
        (("B1.capacity", 1, 4, "whole"), "'whole' is not a kind of variable"),
    ],
)
def test_a_variable_that_makes_no_sense_is_refused(arguments, message):
    with pytest.raises(OptionError, match=message):
        Variable(*arguments)


def test_a_variable_knows_how_many_values_it_has():
    assert Variable("B1.capacity", 1, 20).size == 20
    assert Variable("B1.capacity", 3, 3).size == 1
    assert Variable("M1.speed", 0.5, 2, "real").size == math.inf
    assert Variable("M1.speed", 2, 2, "real").size == 1


@given(
    low=st.integers(-50, 50),
    width=st.integers(0, 40),
    value=st.floats(-1e6, 1e6),
)
@settings(deadline=None, max_examples=100)
def test_decoding_gives_a_value_in_the_range_and_the_nearest_one(low, width, value):
    whole = Variable("B1.capacity", low, low + width).decode(value)
    assert isinstance(whole, int)
    assert low <= whole <= low + width
    assert all(abs(whole - value) <= abs(other - value) for other in range(low, low + width + 1))
    real = Variable("M1.speed", low, low + width, "real").decode(value)
    assert isinstance(real, float)
    assert real == min(max(value, low), low + width)


def test_wild_cards_stand_for_the_elements_that_have_the_field():
    found = vary(LINE, "B*.capacity=1..20", "*.speed=0.8..1.2")
    assert [(v.path, v.low, v.high, v.kind) for v in found] == [
        ("B1.capacity", 1, 20, "integer"),
        ("B2.capacity", 1, 20, "integer"),
        ("M1.speed", 0.8, 1.2, "real"),
        ("M2.speed", 0.8, 1.2, "real"),
        ("M3.speed", 0.8, 1.2, "real"),
    ]
    assert [v.path for v in vary(LINE, "M[12].servers = 1 .. 3")] == ["M1.servers", "M2.servers"]
    assert [v.path for v in vary(LINE, "M?.batch_size=1..2")][-1] == "M3.batch_size"


STAFFED = LINE.replace(
    operators=(Operators(name="hands", number=2), Operators(name="heads")),
    fleets=(Fleet(name="AGV", speed=1),),
    pallets=(Pallets(name="tray", number=5),),
)


def test_people_vehicles_and_pallets_vary_like_elements():
    found = vary(STAFFED, "h*.number=1..6", "AGV.speed=0.5..2", "AGV.number=1..4", "tray.number=2..9")
    assert [(v.path, v.kind) for v in found] == [
        ("hands.number", "integer"),
        ("heads.number", "integer"),
        ("AGV.speed", "real"),
        ("AGV.number", "integer"),
        ("tray.number", "integer"),
    ]
    space = DecisionSpace(base=STAFFED, variables=found)
    assert space.today().tolist() == [2, 1, 1, 1, 5]
    changed = space.line([6, 3, 1.25, 4, 7])
    assert [changed.value(path) for path in space.names] == [6, 3, 1.25, 4, 7]
    with pytest.raises(OptionError, match="skills of group of operators 'hands' is not a number"):
        vary(STAFFED, "hands.skills=1..2")


def test_a_wild_card_takes_all_that_have_the_field():
    assert [v.path for v in vary(STAFFED, "*.number=1..6")] == [
        "hands.number",
        "heads.number",
        "AGV.number",
        "tray.number",
    ]


def test_whole_limits_of_a_real_field_give_a_real_variable():
    assert vary(LINE, "M1.speed=1..2") == (Variable("M1.speed", 1.0, 2.0, "real"),)


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("B1.capacity", OptionError, r"'B1.capacity' is not a range; write element.field=low..high"),
        ("B1.capacity=1-20", OptionError, "is not a range"),
        ("B1.capacity=one..20", OptionError, "'one' is not a number"),
        ("B1.capacity=20..1", OptionError, "range 20.0..1.0 is empty"),
        ("B1.capacity=1..nan", OptionError, "must be finite"),
        ("B1.capacity=1.0..4", OptionError, "counts whole things; write whole limits"),
        ("B1.capacity=1..2e1", OptionError, "counts whole things"),
        ("B1.capasity=1..4", UnknownNameError, r"did you mean 'capacity'\?"),
        ("BX1.capacity=1..4", UnknownNameError, r"did you mean 'B1'\?"),
        ("X*.capacity=1..4", UnknownNameError, r"'X\*' is not a known element"),
        ("B*.speed=1..4", UnknownNameError, "'speed' is not a known field of the elements 'B"),
        ("M1.cycle_time=1..4", OptionError, "cycle_time of station 'M1' is not a number.*speed"),
        ("Out.name=1..4", OptionError, "numbers of it: none"),
    ],
)
def test_a_range_that_cannot_be_read_says_what_is_wrong(text, error, message):
    with pytest.raises(error, match=message):
        vary(LINE, text)


@given(st.text(alphabet="BM*?[]12.=capity speed-+e", max_size=25))
@settings(deadline=None, max_examples=200)
def test_any_text_is_read_or_refused_by_name(text):
    try:
        found = vary(LINE, text)
    except OptTwinError:
        return
    assert found
    assert all(isinstance(LINE.value(variable.path), (int, float)) for variable in found)


def test_a_point_becomes_a_line():
    space = DecisionSpace(base=LINE, variables=vary(LINE, "B*.capacity=1..20", "M1.speed=0.5..2"))
    assert space.names == ("B1.capacity", "B2.capacity", "M1.speed")
    line = space.line([2.5, 99, 1.25])
    assert (line.value("B1.capacity"), line.value("B2.capacity"), line.value("M1.speed")) == (3, 20, 1.25)
    assert dict(space.decode([0, 7.4, 3])) == {"B1.capacity": 1, "B2.capacity": 7, "M1.speed": 2.0}
    assert LINE.value("B1.capacity") == 4
    assert space.size == math.inf
    assert space.repair([[0, 7.4, 3]]).tolist() == [[1, 7, 2]]
    with pytest.raises(OptionError, match="infinitely many"):
        space.points()


@pytest.mark.parametrize("point", [[1, 2], [1, 2, math.nan], [[1, 2, 3]]])
def test_a_point_of_another_shape_is_refused(point):
    space = DecisionSpace(base=LINE, variables=vary(LINE, "B*.capacity=1..20", "M1.speed=0.5..2"))
    with pytest.raises(OptionError, match="needs 3 finite coordinates"):
        space.line(point)


def test_today_is_a_point_where_it_is_in_range():
    space = DecisionSpace(base=LINE, variables=vary(LINE, "B*.capacity=1..20", "M1.speed=0.5..2"))
    assert space.today().tolist() == [4, 4, 1]
    assert space.line(space.today()) == LINE


def test_today_out_of_range_is_moved_to_the_nearest_point():
    unlimited = line_of(3, capacity=None)
    space = DecisionSpace(base=unlimited, variables=vary(unlimited, "B*.capacity=1..20", "M1.speed=1.5..2"))
    assert space.today().tolist() == [20, 20, 1.5]


def test_every_point_of_a_small_space_comes_once():
    space = DecisionSpace(
        base=LINE,
        variables=(
            Variable("B1.capacity", 1, 2),
            Variable("B2.capacity", 3, 5),
            Variable("M1.speed", 1, 1, "real"),
        ),
    )
    assert [point.tolist() for point in space.points()] == [
        [1, 3, 1], [1, 4, 1], [1, 5, 1], [2, 3, 1], [2, 4, 1], [2, 5, 1],
    ]  # fmt: skip
    assert space.size == 6


@pytest.mark.parametrize(
    ("variables", "error", "message"),
    [
        ((), OptionError, "at least one variable"),
        ((Variable("B1.capacity", 1, 2),) * 2, OptionError, "B1.capacity varies twice"),
        ((Variable("B1.capacity", 0, 2),), ModelError, "limit 0 of variable B1.capacity"),
        ((Variable("M1.speed", 0, 2, "real"),), ModelError, "limit 0.0 of variable M1.speed"),
        ((Variable("B1.capacity", 1, 2, "real"),), OptionError, "counts whole things; use kind='integer'"),
        ((Variable("B7.capacity", 1, 2),), UnknownNameError, "'B7' is not a known element"),
        ((Variable("B1.level", 1, 2),), UnknownNameError, "'level' is not a known field"),
        ((Variable("M1.failures", 1, 2),), OptionError, "failures of station 'M1' is not a number"),
    ],
)
def test_a_space_that_does_not_fit_its_line_is_refused(variables, error, message):
    with pytest.raises(error, match=message):
        DecisionSpace(base=LINE, variables=variables)


def test_a_real_field_may_vary_in_whole_steps():
    space = DecisionSpace(base=LINE, variables=(Variable("M1.speed", 1, 3),))
    assert [space.line(point).value("M1.speed") for point in space.points()] == [1, 2, 3]


def test_equal_spaces_have_equal_digests():
    one, two, other = (
        DecisionSpace(base=line_of(3), variables=vary(LINE, f"B*.capacity=1..{high}")) for high in (9, 9, 8)
    )
    assert one.digest() == two.digest() != other.digest()
    assert np.array_equal(one.low, [1, 1])
