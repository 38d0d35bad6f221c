"""Records: frozen, validated, hashable, picklable, with a digest."""

import copy
import dataclasses
import pickle
from enum import StrEnum

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from opt_twin.errors import ModelError, Problem
from opt_twin.line import (
    Buffer,
    Exponential,
    FailureMode,
    Inspection,
    MicroStop,
    Normal,
    Product,
    Source,
    Station,
    Uniform,
)
from opt_twin.records import FrozenMapping, Record, canonical, digest_of, record

STATION = Station(
    name="Saw",
    cycle_time="5 s",
    cycle_time_by_product={"A": "exponential(3)"},
    failures=[FailureMode(time_to_failure="2 h", time_to_repair="uniform(1 min, 3 min)", clock="operation")],
    micro_stops=(MicroStop(probability=0.1, duration=3),),
    inspection={"detection": 0.9},
    setup_times={"A": {"B": "5 min"}},
)


@record
class Pair(Record):
    """Two numbers that must differ."""

    a: float
    b: int = 0

    def __post_init__(self) -> None:
        if self.a == self.b:
            raise ValueError("a and b are equal")


@record
class Whole(Record):
    """A record that reports problems of its own."""

    pairs: tuple[Pair, ...] = ()

    def __post_init__(self) -> None:
        if self.pairs:
            found = (Problem(path="pairs.0", message="one"), Problem(path="", message="two"))
            raise PydanticCustomError("whole", "wrong", {"problems": found})


def test_a_record_is_frozen_and_has_no_room_for_other_attributes():
    with pytest.raises(dataclasses.FrozenInstanceError):
        STATION.speed = 2.0
    with pytest.raises((AttributeError, TypeError)):
        STATION.colour = "red"
    with pytest.raises(ModelError, match="positional"):
        Pair(1.0)


def test_a_record_holds_tuples_and_frozen_mappings():
    assert isinstance(STATION.failures, tuple)
    assert isinstance(STATION.setup_times, FrozenMapping)
    assert isinstance(STATION.setup_times["A"], FrozenMapping)
    assert STATION.setup_times["A"]["B"] == 300


def test_equal_records_have_equal_hashes_and_digests():
    twin = pickle.loads(pickle.dumps(STATION))
    assert twin == STATION
    assert hash(twin) == hash(STATION)
    assert twin.digest() == STATION.digest()
    assert copy.deepcopy(STATION) == STATION
    assert {STATION, twin} == {STATION}


def test_replace_validates():
    assert STATION.replace(speed="2").speed == 2.0
    with pytest.raises(ModelError, match="speed: Input should be greater than 0, got -1"):
        STATION.replace(speed=-1)
    with pytest.raises(ModelError, match="spede"):
        STATION.replace(spede=1)
    with pytest.raises(ModelError, match="a and b are equal"):
        Pair(a=1, b=2).replace(b=1)
    assert STATION.replace(inspection=None).inspection is None


def test_replace_of_what_is_a_property_or_method_is_refused():
    with pytest.raises(ModelError):
        Exponential(mean=3).replace(variance=3)


def test_a_class_without_the_decorator_has_nothing_to_replace():
    class Bare(Record):
        __slots__ = ()

    with pytest.raises(ModelError, match="Bare"):
        Bare().replace(a=1)


def test_not_a_number_is_refused():
    for value in (float("nan"), float("inf")):
        with pytest.raises(ModelError):
            Pair(a=value)


def test_plain_data_make_the_record_again():
    data = STATION.to_dict()
    assert Station.from_dict(data) == STATION
    assert data["cycle_time"] == {"type": "deterministic", "value": 5}
    assert data["failures"][0]["clock"] == "operation"
    assert "initial_product" not in data


def test_plain_data_with_problems_name_each():
    with pytest.raises(ModelError) as caught:
        Station.from_dict({"name": "A", "cycle_time": "lognormal(5, cv=-1)", "ufh": 1, "kind": "station"})
    assert str(caught.value).splitlines() == [
        "cycle_time.cv: Input should be greater than 0, got '-1'",
        "ufh: unknown field",
    ]


def test_problems_of_an_inner_record_are_taken_relative_to_it():
    with pytest.raises(ModelError) as caught:
        Whole.from_dict({"pairs": [{"a": 1}]})
    assert [str(problem) for problem in caught.value.problems] == ["pairs.0: one", "two"]


def test_wrong_kinds_of_value_are_said_in_plain_words():
    for data, message in (
        ({"pairs": 5}, "pairs: expected a list, got 5"),
        ({"pairs": [5]}, "pairs.0: expected a mapping of fields to values, got 5"),
        ({"pairs": [[]]}, "pairs.0: expected a mapping of fields to values"),
        ({"pairs": [{}]}, "pairs.0.a: field required"),
    ):
        with pytest.raises(ModelError) as caught:
            Whole.from_dict(data)
        assert str(caught.value) == message


class Colour(StrEnum):
    RED = "red"


def test_the_canonical_form_is_plain():
    value = {
        "b": (1.0, 2.5, np.float64(3), np.int64(4)),
        "a": {Colour.RED, "blue"},
        "c": np.array([[1.0, 2.0]]),
        "d": float("inf"),
        "e": 2.0**60,
        "f": None,
        "g": True,
        "h": frozenset({3, 1}),
    }
    assert canonical(value) == {
        "a": ["blue", "red"],
        "b": [1, 2.5, 3, 4],
        "c": [[1, 2]],
        "d": "inf",
        "e": 2.0**60,
        "f": None,
        "g": True,
        "h": [1, 3],
    }
    assert list(canonical({"b": 1, "a": 2})) == ["a", "b"]


def test_what_has_no_canonical_form_is_refused():
    with pytest.raises(TypeError, match="object has no canonical form"):
        canonical(object())
    with pytest.raises(TypeError, match="type has no canonical form"):
        canonical(Pair)


def test_a_digest_is_a_fixed_figure():
    assert digest_of({"a": 1}) == "015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862"
    assert digest_of({"a": 1.0}) == digest_of({"a": 1})
    assert digest_of({"a": 1}) != digest_of({"a": True})


@given(st.dictionaries(st.text(), st.integers() | st.floats(allow_nan=False) | st.text(), max_size=5))
def test_a_digest_does_not_depend_on_the_order_of_keys(data):
    assert digest_of(dict(reversed(data.items()))) == digest_of(data)


@given(
    name=st.from_regex(r"[A-Za-z][A-Za-z0-9 ]{0,6}[A-Za-z0-9]", fullmatch=True),
    capacity=st.none() | st.integers(1, 10**9),
    low=st.floats(0, 1e6),
    width=st.floats(0, 1e6),
)
def test_any_record_makes_the_round_trip_through_plain_data(name, capacity, low, width):
    buffer = Buffer(name=name, capacity=capacity)
    assert Buffer.from_dict(buffer.to_dict()) == buffer
    uniform = Uniform(low=low, high=low + width)
    assert Uniform.from_dict(uniform.to_dict()) == uniform
    assert pickle.loads(pickle.dumps(uniform)).digest() == uniform.digest()


def test_records_that_differ_have_different_digests():
    digests = {
        STATION.digest(),
        STATION.replace(speed=1.0000001).digest(),
        STATION.replace(inspection=Inspection(detection=0.8)).digest(),
        STATION.replace(inspection=None).digest(),
        STATION.replace(name="Mill").digest(),
    }
    assert len(digests) == 5


def test_a_frozen_mapping_is_a_mapping_that_cannot_change():
    mapping = FrozenMapping({"a": 1, "b": 2})
    assert dict(mapping) == {"a": 1, "b": 2}
    assert len(mapping) == 2
    assert mapping == FrozenMapping({"b": 2, "a": 1})
    assert hash(mapping) == hash(FrozenMapping({"b": 2, "a": 1}))
    assert repr(mapping) == "FrozenMapping({'a': 1, 'b': 2})"
    assert pickle.loads(pickle.dumps(mapping)) == mapping
    assert FrozenMapping() == {}
    with pytest.raises(AttributeError, match="cannot change"):
        mapping.a = 1
    with pytest.raises(TypeError):
        mapping["a"] = 2


def test_a_frozen_mapping_is_validated_and_taken_over():
    source = Source(name="In", mix={"A": "0.25", "B": 0.75})
    assert source.mix["A"] == 0.25
    assert source.replace(name="In2").mix == source.mix
    with pytest.raises(ModelError, match=r"mix\.A: Input should be less than or equal to 1"):
        source.replace(mix={"A": 2})


def test_every_required_field_is_required():
    for cls, data in ((Normal, {"location": 1}), (Product, {}), (MicroStop, {"probability": 0.5})):
        with pytest.raises(ModelError, match="field required"):
            cls.from_dict(data)
