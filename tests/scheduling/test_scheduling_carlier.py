"""One machine with heads and tails: bounds below, the heuristic above, the optimum by branch and bound."""

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opt_twin.scheduling import load_instance, lower_bounds
from opt_twin.scheduling.bounds import carlier, jackson_bound, schrage
from opt_twin.scheduling.bounds_sums import busy_time_bound, moore_hodgson, shortest_remaining

CARLIERS_EXAMPLE = [(10, 5, 7), (13, 6, 26), (11, 7, 24), (20, 4, 21), (30, 3, 8), (0, 6, 17), (30, 2, 0)]
"""Seven jobs of Carlier (1982); the optimum is 50, Schrage's sequence has 53, with preemption 49."""

OPERATIONS = st.lists(
    st.tuples(st.integers(0, 12), st.integers(0, 6), st.integers(-4, 12)), min_size=1, max_size=6
)


def _value(order):
    time, worst = 0, None
    for head, duration, tail in order:
        time = max(time, head) + duration
        worst = time + tail if worst is None else max(worst, time + tail)
    return worst


def _enumerated(operations):
    return min(_value(order) for order in permutations(operations))


def test_carliers_example():
    found = carlier(CARLIERS_EXAMPLE)
    assert (found.bound, found.value) == (50, 50)
    assert _value([CARLIERS_EXAMPLE[index] for index in found.sequence]) == 50
    heuristic = schrage(CARLIERS_EXAMPLE)
    assert (heuristic.bound, heuristic.value) == (49, 53)


@given(OPERATIONS)
@settings(deadline=None, max_examples=120)
def test_carlier_equals_the_best_of_all_sequences(operations):
    best = _enumerated(operations)
    found = carlier(operations)
    assert found.bound == found.value == best
    assert _value([operations[index] for index in found.sequence]) == best
    assert sorted(found.sequence) == list(range(len(operations)))
    heuristic = schrage(operations)
    assert heuristic.bound <= best <= heuristic.value


@given(OPERATIONS, st.integers(0, 3))
@settings(deadline=None, max_examples=80)
def test_a_limited_search_brackets_the_optimum(operations, nodes):
    found = carlier(operations, most_nodes=nodes)
    assert found.bound <= _enumerated(operations) <= found.value


def test_a_stopped_search_has_a_sequence():
    found = carlier(CARLIERS_EXAMPLE, stop=lambda: True)
    assert (found.bound, found.value) == (49, 53)
    assert sorted(found.sequence) == list(range(7))


@given(OPERATIONS, st.integers(1, 9))
@settings(deadline=None, max_examples=60)
def test_mirrored_operations_have_the_same_optimum(operations, shift):
    """Heads and tails exchanged, all tails moved: the optimum moves with them."""
    positive = [(head, duration, tail + 4) for head, duration, tail in operations]
    mirrored = [(tail, duration, head) for head, duration, tail in positive]
    assert carlier(mirrored).value == carlier(positive).value
    later = [(head, duration, tail + shift) for head, duration, tail in positive]
    assert carlier(later).value == carlier(positive).value + shift


@pytest.mark.parametrize(("name", "value"), [("ft10", 808), ("abz7", 650), ("la01", 666)])
def test_published_one_machine_bounds(name, value):
    """808 is the classical bound of ft10, from machine 4 in Carlier and Pinson (1989)."""
    values = {bound.name: bound.value for bound in lower_bounds(load_instance(name))}
    assert values["one machine"] == values["one machine, preemptive"] == value


def _preemptive_slots(operations, closed, horizon):
    """Return the open ticks up to a horizon, for schedules tick by tick."""
    return [t for t in range(horizon) if not any(a <= t < b for a, b in closed)]


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(1, 3), st.integers(0, 5)), min_size=1, max_size=3),
    st.lists(st.tuples(st.integers(0, 6), st.integers(1, 2)), max_size=1),
)
@settings(deadline=None, max_examples=60)
def test_closures_delay_the_preemptive_schedule_as_tick_by_tick(operations, breaks):
    """The rule played tick by tick, with the machine at rest in its closures."""
    closed = [(start, start + length) for start, length in breaks]
    left = [duration for _, duration, _ in operations]
    worst = 0
    for tick in _preemptive_slots(operations, closed, 60):
        ready = [i for i, (head, _, _) in enumerate(operations) if head <= tick and left[i]]
        if ready:
            chosen = max(ready, key=lambda i: operations[i][2])
            left[chosen] -= 1
            if not left[chosen]:
                worst = max(worst, tick + 1 + operations[chosen][2])
    assert jackson_bound(operations, closed) == worst


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 4), st.integers(1, 4)), min_size=1, max_size=5))
@settings(deadline=None, max_examples=80)
def test_bounds_of_sums_are_below_every_sequence(operations):
    best, least = None, [10**9] * len(operations)
    for order in permutations(operations):
        time, total, ends = 0, 0, []
        for head, duration, weight in order:
            time = max(time, head) + duration
            total += weight * time
            ends.append(time)
        best = total if best is None else min(best, total)
        least = [min(pair) for pair in zip(least, ends, strict=True)]
    assert busy_time_bound(operations) <= best
    times = shortest_remaining([(head, duration) for head, duration, _ in operations])
    assert all(time <= end for time, end in zip(times, least, strict=True))
    if all(head == 0 for head, _, _ in operations):  # Smith's rule is optimal then
        assert busy_time_bound(operations) == best


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 12)), min_size=1, max_size=6))
@settings(deadline=None, max_examples=80)
def test_moore_hodgson_equals_the_best_of_all_sequences(operations):
    best = len(operations)
    for order in permutations(operations):
        time = late = 0
        for duration, due in order:
            time += duration
            late += time > due
        best = min(best, late)
    assert moore_hodgson(operations) == best
