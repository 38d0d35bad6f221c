"""Buffers whose parts do not leave in the order in which they came."""

import pytest

from opt_twin.line import Buffer, Connection, Product, Release, Sink, Source, Station
from opt_twin.simulation import RunSettings, run_replication

PRODUCTS = (Product(name="a"), Product(name="b", priority=2), Product(name="c", priority=1))


def once(line, horizon, **arguments):
    return run_replication(line, settings=RunSettings(horizon=horizon), log=True, **arguments)


def starts(run, element):
    return [(e.time, e.part) for e in run.events if e.kind == "start" and e.element == element]


def queue(line_of, discipline, products, *, capacity=None, cycle=5.0):
    """Return a line whose parts come each second from 0 s on, and leave the buffer every 5 s."""
    timetable = [Release(time=float(k), product=product) for k, product in enumerate(products)]
    return line_of(
        Source(name="In", timetable=timetable),
        Buffer(name="B", capacity=capacity, discipline=discipline),
        Station(name="A", cycle_time=cycle),
        Sink(name="Out"),
        products=PRODUCTS,
    )


@pytest.mark.parametrize(
    ("discipline", "order"),
    [
        ("fifo", [0, 1, 2, 3, 4, 5, 6, 7]),
        ("lifo", [0, 4, 7, 6, 5, 3, 2, 1]),  # at 5 s the station is free before part 5 comes
        ("priority", [0, 2, 5, 3, 7, 1, 4, 6]),  # b, b, then c, c, then a, each in their order
        ("by_product", [0, 1, 2, 3, 4, 5, 7, 6]),
    ],
)
def test_the_discipline_says_which_part_leaves_next(line_of, discipline, order):
    run = once(queue(line_of, discipline, "aabcabac"), 100)
    assert [part for _, part in starts(run, "A")] == order
    assert run.values["B.level"] == pytest.approx(sum(5 * n - k for n, k in enumerate(order)) / 100)


def test_a_discipline_keeps_to_the_places_of_the_buffer(line_of):
    """Two places: what waits in the source is not looked at."""
    run = once(queue(line_of, "priority", "aaab", capacity=2), 100)
    assert [part for _, part in starts(run, "A")] == [0, 1, 3, 2]  # b comes into the place of part 1
    run = once(queue(line_of, "priority", "aaaab", capacity=2), 100)
    assert [part for _, part in starts(run, "A")] == [0, 1, 2, 4, 3]


def two_ways(line_of, discipline):
    """A takes 10 s for products a and c, B 1 s for b."""
    return line_of(
        Source(name="In", timetable=[Release(time=float(k), product=p) for k, p in enumerate("aacbb")]),
        Buffer(name="Q", discipline=discipline),
        Station(name="A", cycle_time=10.0),
        Station(name="B", cycle_time=1.0),
        Sink(name="Out"),
        ways=(
            Connection(source="In", target="Q"),
            Connection(source="Q", target="A", products=["a", "c"]),
            Connection(source="Q", target="B", products=["b"]),
            Connection(source="A", target="Out"),
            Connection(source="B", target="Out"),
        ),
        products=PRODUCTS,
    )


def test_first_in_first_out_holds_up_what_is_behind_the_head(line_of):
    run = once(two_ways(line_of, "fifo"), 100)
    assert starts(run, "A") == [(0.0, 0), (10.0, 1), (20.0, 2)]
    assert starts(run, "B") == [(20.0, 3), (21.0, 4)]


def test_a_queue_for_each_product_holds_up_no_other(line_of):
    run = once(two_ways(line_of, "by_product"), 100)
    assert starts(run, "A") == [(0.0, 0), (10.0, 1), (20.0, 2)]
    assert starts(run, "B") == [(3.0, 3), (4.0, 4)]


@pytest.mark.parametrize("discipline", ["lifo", "priority"])
def test_a_part_that_comes_to_the_front_passes_through_if_its_own_way_is_free(line_of, discipline):
    run = once(two_ways(line_of, discipline), 100)
    assert starts(run, "B") == [(3.0, 3), (4.0, 4)]
    assert starts(run, "A") == [(0.0, 0), (10.0, 2), (20.0, 1)]


def test_a_head_that_is_overtaken_keeps_the_way_that_was_drawn(line_of):
    """Every part draws its way once: the shares hold although heads are overtaken all the time."""
    line = line_of(
        Source(name="In", interarrival=1.0),
        Buffer(name="Q", discipline="lifo"),
        Station(name="A", cycle_time=30.0),
        Station(name="B", cycle_time=0.5),
        Sink(name="Out"),
        ways=(
            Connection(source="In", target="Q"),
            Connection(source="Q", target="A", probability=0.5),
            Connection(source="Q", target="B", probability=0.5),
            Connection(source="A", target="Out"),
            Connection(source="B", target="Out"),
        ),
    )
    run = once(line, 10_000)
    assert run.values["B.parts"] == pytest.approx(5000, abs=150)
