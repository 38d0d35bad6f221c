"""Measures over replications."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opt_twin.errors import EvaluationError, UnknownNameError
from opt_twin.results import STATES, Evaluation


def evaluation(replications=(0, 1, 2), **changes):
    values = {"throughput": [10.0 + r for r in replications]}
    values |= {f"Saw.{state}": [1.0 if state == "busy" else 0.0 for _ in replications] for state in STATES}
    fields = {
        "values": values,
        "replications": tuple(replications),
        "seed": 4,
        "horizon": 100.0,
        "warm_up": 10.0,
        "line_digest": "a",
        "units": {"throughput": "1/h"},
        "line_name": "test",
    }
    return Evaluation(**(fields | changes))


def test_measures_are_read_by_name():
    result = evaluation()
    assert result["throughput"].tolist() == [10, 11, 12]
    assert result.mean("throughput") == 11
    assert result.estimate("throughput", 0.9).confidence == 0.9
    assert result.states() == {"Saw": {state: float(state == "busy") for state in STATES}}


def test_an_unknown_measure_hears_the_nearest():
    with pytest.raises(
        UnknownNameError, match=r"'througput' is not a known measure \(did you mean 'throughput'\?\)"
    ):
        evaluation()["througput"]


def test_values_cannot_change():
    values = np.array([1.0, 2.0, 3.0])
    result = evaluation(values={"x": values})
    values[0] = 9
    assert result["x"][0] == 1
    with pytest.raises(ValueError, match="read-only"):
        result["x"][0] = 5
    with pytest.raises(AttributeError):
        result.seed = 5


@pytest.mark.parametrize("replications", [(), (1, 0), (1, 1)])
def test_replications_are_distinct_and_ascending(replications):
    with pytest.raises(EvaluationError, match="distinct, ascending"):
        evaluation(replications)


def test_values_fit_the_replications():
    with pytest.raises(EvaluationError, match=r"'x' has shape \(2,\), expected \(3,\)"):
        evaluation(values={"x": [1.0, 2.0]})


@given(st.sets(st.integers(0, 20), min_size=2, max_size=8), st.data())
def test_blocks_merge_to_the_same_bits_in_any_order(numbers, data):
    numbers = sorted(numbers)
    first = sorted(data.draw(st.sets(st.sampled_from(numbers), min_size=1, max_size=len(numbers) - 1)))
    second = [n for n in numbers if n not in first]
    a, b = evaluation(first), evaluation(second)
    whole = evaluation(numbers)
    assert a.merge(b).digest() == b.merge(a).digest() == whole.digest()
    assert a.merge(b).replications == tuple(numbers)
    assert a.merge(b).units == whole.units


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"line_digest": "b"}, "line differs, 'a' and 'b'"),
        ({"plan_digest": "p"}, "plan differs"),
        ({"seed": 5}, "seed differs, 4 and 5"),
        ({"horizon": 99.0}, "horizon differs"),
        ({"warm_up": 0.0}, "warm-up differs"),
        ({"values": {"x": [1.0]}}, "measures differs"),
        ({"replications": (2,)}, "both hold replication 2"),
    ],
)
def test_what_does_not_belong_together_is_not_merged(other, message):
    changes = {"replications": (7,), **other}
    with pytest.raises(EvaluationError, match=message):
        evaluation().merge(evaluation(changes.pop("replications"), **changes))


def test_the_digest_tells_evaluations_apart_and_survives_pickling():
    base = evaluation()
    assert base.digest() == evaluation().digest()
    assert pickle.loads(pickle.dumps(base)).digest() == base.digest()
    assert base.digest() != evaluation(seed=5).digest()
    assert base.digest() != evaluation((0, 1, 3)).digest()
