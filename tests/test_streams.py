"""Named random streams."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opt_twin.errors import OptionError
from opt_twin.streams import Purpose, stream, stream_key

NAMES = st.text(max_size=8)
COUNTS = st.integers(0, 2**64)
GOLDEN_KEY = 121_233_034_597_314_600_967_335_130_832_766_831_166
GOLDEN_DRAWS = [0.42784081543617636, 0.30008367939566016, 0.5876201815598058]


def test_the_key_and_the_first_draws_are_fixed_figures():
    assert stream_key(1, 0, "Filler", Purpose.PROCESSING) == GOLDEN_KEY
    assert stream(1, 0, "Filler", Purpose.PROCESSING).random(3).tolist() == GOLDEN_DRAWS


def test_each_part_of_the_name_changes_the_stream():
    keys = {
        stream_key(1, 2, "A", "processing"),
        stream_key(2, 2, "A", "processing"),
        stream_key(1, 3, "A", "processing"),
        stream_key(1, 2, "B", "processing"),
        stream_key(1, 2, "A", "arrival"),
        stream_key(2, 1, "A", "processing"),
    }
    assert len(keys) == 6


@given(COUNTS, COUNTS, NAMES, st.sampled_from(Purpose))
def test_a_key_has_128_bits_and_is_the_same_each_time(seed, replication, element, purpose):
    key = stream_key(seed, replication, element, purpose)
    assert 0 <= key < 2**128
    assert key == stream_key(seed, replication, element, purpose.value)


def test_a_stream_depends_on_nothing_else():
    first = stream(5, 1, "A", Purpose.ARRIVAL).random(5)
    random.random()
    stream(5, 1, "B", Purpose.ARRIVAL).random(100)
    assert np.array_equal(stream(5, 1, "A", Purpose.ARRIVAL).random(5), first)


def test_streams_are_unrelated():
    draws = np.array([stream(0, r, "A", Purpose.PROCESSING).random(2000) for r in range(5)])
    between = np.corrcoef(draws)[~np.eye(5, dtype=bool)]
    assert np.abs(between).max() < 0.1
    assert draws.mean() == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize(("seed", "replication"), [(-1, 0), (0, -1)])
def test_negative_numbers_are_refused(seed, replication):
    with pytest.raises(OptionError, match="must be 0 or more"):
        stream(seed, replication, "A", Purpose.ROUTING)


def test_purposes_are_distinct():
    assert len({purpose.value for purpose in Purpose}) == len(Purpose)
