"""Closed forms of lines of two stations, against published numbers and brute force."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opt_twin.errors import OptionError
from opt_twin.theory import (
    bernoulli_two_station,
    exponential_two_station,
    geometric_two_station,
    markov_line,
)

chance = st.floats(0.02, 0.98)


@pytest.mark.parametrize("buffer", range(8))
def test_equal_exponential_stations_make_b_plus_2_over_b_plus_3(buffer):
    assert exponential_two_station(1, 1, buffer) == pytest.approx((buffer + 2) / (buffer + 3))


@settings(deadline=None, max_examples=40)
@given(st.floats(0.1, 10), st.floats(0.1, 10), st.integers(0, 12))
def test_unequal_exponential_stations_agree_with_the_markov_chain_and_with_their_mirror(a, b, buffer):
    exact = markov_line((a, b), (buffer,)).throughput
    assert exponential_two_station(a, b, buffer) == pytest.approx(exact)
    assert exponential_two_station(b, a, buffer) == pytest.approx(exact)


def stationary(states, step):
    """Return the stationary probabilities of a chain given by step(state) -> {state: probability}."""
    index = {state: i for i, state in enumerate(states)}
    matrix = np.zeros((len(states), len(states)))
    for state in states:
        for following, p in step(state).items():
            matrix[index[following], index[state]] += p
    balance = matrix - np.eye(len(states))
    balance[0] = 1
    right = np.zeros(len(states))
    right[0] = 1
    return dict(zip(states, np.linalg.solve(balance, right), strict=True))


@settings(deadline=None, max_examples=30)
@given(chance, chance, st.integers(1, 8))
def test_bernoulli_machines_agree_with_their_chain(p1, p2, capacity):
    def step(level):
        # the second machine sees the buffer at the start of the slot; a full one is open if it takes a part
        result = {}
        for a, b in itertools.product((0, 1), repeat=2):
            p = (p1 if a else 1 - p1) * (p2 if b else 1 - p2)
            out = b and level > 0
            into = a and (level < capacity or out)
            following = level + into - out
            result[following] = result.get(following, 0) + p
        return result

    share = stationary(list(range(capacity + 1)), step)
    assert bernoulli_two_station(p1, p2, capacity) == pytest.approx(p2 * (1 - share[0]))


@pytest.mark.parametrize(("case", "value"), [((0.9, 0.9, 2), 0.857143), ((0.8, 0.95, 3), 0.798812)])
def test_bernoulli_machines_have_published_values(case, value):
    assert bernoulli_two_station(*case) == pytest.approx(value, abs=5e-7)


def geometric_by_brute_force(p1, r1, p2, r2, storage):
    """Return the throughput of Gershwin's model: machines change first, then a part moves."""

    def step(state):
        n, up1, up2 = state
        works1, works2 = up1 and n < storage, up2 and n > 0
        fail1, fail2 = p1 if works1 else 0.0, p2 if works2 else 0.0
        chance1 = (fail1, 1 - fail1) if up1 else (1 - r1, r1)  # of being down, of being up
        chance2 = (fail2, 1 - fail2) if up2 else (1 - r2, r2)
        result = {}
        for (a, pa), (b, pb) in itertools.product(enumerate(chance1), enumerate(chance2)):
            following = (n + (a and n < storage) - (b and n > 0), a, b)
            if pa * pb > 0:
                result[following] = result.get(following, 0) + pa * pb
        return result

    states = list(itertools.product(range(storage + 1), (0, 1), (0, 1)))
    seen, open_ends = {(1, 1, 1)}, [(1, 1, 1)]
    while open_ends:
        for following in step(open_ends.pop()):
            if following not in seen:
                seen.add(following)
                open_ends.append(following)
    share = stationary([state for state in states if state in seen], step)
    # a part leaves in a step that starts with n > 0 and ends with machine 2 up
    return sum(
        p * q
        for state, p in share.items()
        if state[0] > 0
        for following, q in step(state).items()
        if following[2]
    )


@settings(deadline=None, max_examples=30)
@given(
    st.floats(0.01, 0.5), st.floats(0.02, 0.6), st.floats(0.01, 0.5), st.floats(0.02, 0.6), st.integers(4, 9)
)
def test_the_geometric_formula_agrees_with_brute_force(p1, r1, p2, r2, storage):
    exact = geometric_by_brute_force(p1, r1, p2, r2, storage)
    assert geometric_two_station(p1, r1, p2, r2, storage) == pytest.approx(exact, rel=1e-7)


@pytest.mark.parametrize(
    ("case", "value"),
    [
        ((0.01, 0.1, 0.01, 0.1, 4), 0.840936),
        ((0.01, 0.1, 0.01, 0.1, 10), 0.856175),
        ((0.01, 0.09, 0.02, 0.1, 8), 0.784845),
    ],
)
def test_the_geometric_formula_has_published_values(case, value):
    assert geometric_two_station(*case) == pytest.approx(value, abs=5e-7)


def test_a_vast_storage_leaves_the_worse_machine_only():
    assert geometric_two_station(0.01, 0.1, 0.02, 0.1, 2000) == pytest.approx(0.1 / 0.12)
    assert geometric_two_station(0.02, 0.1, 0.01, 0.1, 2000) == pytest.approx(0.1 / 0.12)


@pytest.mark.parametrize(
    "call",
    [
        lambda: exponential_two_station(0, 1, 1),
        lambda: exponential_two_station(1, 1, -1),
        lambda: bernoulli_two_station(1.0, 0.5, 1),
        lambda: bernoulli_two_station(0.5, 0.5, 0),
        lambda: geometric_two_station(0.1, 0.1, 0.1, 0.1, 3),
        lambda: geometric_two_station(0.1, 0.0, 0.1, 0.1, 5),
    ],
)
def test_arguments_out_of_range_are_refused(call):
    with pytest.raises(OptionError):
        call()
