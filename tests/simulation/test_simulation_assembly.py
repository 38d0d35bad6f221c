"""What the cycles of a station take in and give out: batches, ovens, kits, disassembly, unpacking."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opt_twin.errors import ModelError, SimulationError
from opt_twin.line import (
    Buffer,
    Connection,
    Exponential,
    FailureMode,
    Inspection,
    Order,
    Product,
    Release,
    Sink,
    Source,
    Station,
    chain,
)
from opt_twin.plan import Assignment, Schedule
from opt_twin.simulation import RunSettings, run_replication

PRODUCTS = (Product(name="a", family="f", price=1.0), Product(name="b", family="f"), Product(name="c"))
MADE = (*PRODUCTS, Product(name="kit", price=9.0))


def once(line, horizon, **arguments):
    return run_replication(line, settings=RunSettings(horizon=horizon), log=True, **arguments)


def place(run):
    """Return the position of each part among those released, as batches and pieces have numbers too."""
    return {e.part: i for i, e in enumerate(e for e in run.events if e.kind == "release")}


def events(run, kind, element):
    at = place(run)
    return [
        (e.time, at.get(e.part), e.product) for e in run.events if e.kind == kind and e.element == element
    ]


def members(run):
    """Return the parts of each batch, in the order of the batches."""
    found, at = {}, place(run)
    for e in run.events:
        if e.kind == "join":
            found.setdefault(e.batch, []).append(at.get(e.part))
    return list(found.values())


def timed(products, every=1.0):
    return tuple(Release(time=every * k, product=product) for k, product in enumerate(products))


def one(line_of, products, *, every=1.0, **fields):
    return line_of(
        Source(name="In", timetable=timed(products, every)),
        Buffer(name="B"),
        Station(name="A", cycle_time=fields.pop("cycle_time", 0.25), **fields),
        Sink(name="Out"),
        products=MADE,
    )


# -- batches ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("batch_by", "batches"),
    [
        ("any", [[0, 1, 2], [3, 4, 5]]),
        ("product", [[0], [1, 2], [3], [4, 5]]),
        ("family", [[0, 1, 2], [3], [4, 5]]),
    ],
)
def test_a_part_that_has_too_little_in_common_closes_the_batch(line_of, batch_by, batches):
    """Products a b b c a a; the last batch is closed by a seventh part, of product c."""
    run = once(one(line_of, "abbcaac", batch_size=3, batch_by=batch_by), 20)
    assert members(run)[: len(batches)] == batches


def test_a_batch_starts_short_when_its_first_part_has_waited_long_enough(line_of):
    """Parts each second; the first of a batch waits 2 s: the third part comes in time at that moment."""
    run = once(one(line_of, "aaaaa", batch_size=10, batch_wait=2.0), 20)
    assert members(run) == [[0, 1, 2], [3, 4]]
    assert [time for time, _, _ in events(run, "start", "A")] == [2.0, 5.0]


def test_the_clock_of_a_batch_stops_when_it_is_complete(line_of):
    run = once(one(line_of, "aaa", batch_size=2, batch_wait=1.5), 20)
    assert [time for time, _, _ in events(run, "start", "A")] == [1.0, 3.5]


def test_servers_wait_for_their_batches_one_by_one(line_of):
    """Two servers, 5 s a batch: the second collects while the first works."""
    line = one(line_of, "aaaaaa", batch_size=2, servers=2, cycle_time=5.0)
    run = once(line, 20)
    assert [(e.time, e.server) for e in run.events if e.kind == "start"] == [(1.0, 0), (3.0, 1), (6.0, 0)]


def test_the_parts_of_an_oven_leave_one_by_one(line_of):
    """The oven takes 3 parts for 6 s; the station after it takes 1 s for each, so that it is blocked."""
    line = line_of(
        Source(name="In", limit=6),
        Station(name="Oven", cycle_time=6.0, batch_size=3, batch_output="parts"),
        Station(name="Next", cycle_time=1.0),
        Sink(name="Out"),
    )
    run = once(line, 30)
    assert [(time, part) for time, part, _ in events(run, "start", "Next")] == [
        (6.0, 0),
        (7.0, 1),
        (8.0, 2),
        (14.0, 3),
        (15.0, 4),
        (16.0, 5),
    ]
    assert run.values["Oven.blocked"] == pytest.approx(4 / 30)
    assert run.values["parts_out"] == 6
    assert run.values["lead_time"] == pytest.approx((7 + 8 + 9 + 7 + 8 + 9) / 6)


def test_a_bad_cycle_spoils_all_parts_of_an_oven_and_a_test_finds_each_by_itself(line_of):
    line = line_of(
        Source(name="In", limit=4000),
        Station(
            name="Oven",
            cycle_time=1.0,
            batch_size=4,
            batch_output="parts",
            defect_rate=0.5,
            inspection=Inspection(detection=0.5),
        ),
        Sink(name="Out"),
    )
    run = once(line, 1001)
    bad = run.values["defective_parts"] + run.values["scrapped"]
    assert bad % 4 == 0
    assert bad == pytest.approx(2000, abs=130)
    assert run.values["scrapped"] == pytest.approx(bad / 2, abs=80)


def test_a_failure_that_scraps_a_batch_scraps_all_its_members(line_of):
    jam = FailureMode(time_to_failure=3.5, time_to_repair=1.0, interrupted="scrap")
    for fields in ({"batch_output": "parts"}, {}):
        run = once(one(line_of, "aaa", batch_size=3, cycle_time=5.0, failures=(jam,), **fields), 5)
        assert run.values["scrapped"] == 3


# -- kits ---------------------------------------------------------------------------------------------


def kitting(line_of, bodies, lids, *, servers=1, size=None, **fields):
    """Return a line that makes a kit of one body (a) and two lids (b)."""
    return line_of(
        Source(name="Bodies", timetable=bodies),
        Source(name="Lids", timetable=lids),
        Buffer(name="Q", discipline="by_product", capacity=size),
        Station(
            name="Join",
            cycle_time=2.0,
            servers=servers,
            components={"a": 1, "b": 2},
            makes="kit",
            **fields,
        ),
        Sink(name="Out"),
        ways=(
            Connection(source="Bodies", target="Q"),
            Connection(source="Lids", target="Q"),
            Connection(source="Q", target="Join"),
            Connection(source="Join", target="Out"),
        ),
        products=MADE,
    )


def test_a_kit_takes_what_it_needs_and_makes_one_part(line_of):
    line = kitting(
        line_of,
        tuple(Release(time=float(k), product="a") for k in range(3)),  # 0, 1, 2
        tuple(Release(time=4.0 + k, product="b") for k in range(4)),  # 4, 5, 6, 7
    )
    run = once(line, 30)
    assert [time for time, _, _ in events(run, "start", "Join")] == [5.0, 7.0]
    assert [product for _, _, product in events(run, "exit", "Out")] == ["kit", "kit"]
    # kit 1: born 0, 4, 5, out at 7; kit 2: born 1, 6, 7, out at 9
    assert run.values["lead_time"] == pytest.approx((7 + 3 + 2 + 8 + 3 + 2) / 6)
    assert run.values["revenue"] == 18
    assert run.values["wip"] * 30 == pytest.approx(25 + (30 - 2))  # one body is left from 2 s on


def test_a_part_that_fits_is_taken_although_others_wait(line_of):
    """Two feeders without a buffer: the second body waits in its source, and lids pass it."""
    line = line_of(
        Source(name="Bodies", mix={"a": 1.0}, limit=5),
        Source(name="Lids", interarrival=1.0, mix={"b": 1.0}),
        Station(name="Join", cycle_time=0.5, components={"a": 1, "b": 2}),
        Sink(name="Out"),
        ways=(
            Connection(source="Bodies", target="Join"),
            Connection(source="Lids", target="Join"),
            Connection(source="Join", target="Out"),
        ),
        products=MADE,
    )
    run = once(line, 20)
    assert [time for time, _, _ in events(run, "start", "Join")] == [2.0, 4.0, 6.0, 8.0, 10.0]
    assert {product for _, _, product in events(run, "exit", "Out")} == {"a"}  # that of the first taken


def test_servers_collect_kits_of_their_own(line_of):
    """The second server collects the second body; lids go to the first that needs them."""
    line = kitting(
        line_of,
        tuple(Release(time=0.0, product="a") for _ in range(2)),
        tuple(Release(time=1.0 + k, product="b") for k in range(4)),
        servers=2,
    )
    run = once(line, 20)
    assert [(e.time, e.server) for e in run.events if e.kind == "start"] == [(2.0, 0), (4.0, 1)]
    assert run.values["Join.starved"] == pytest.approx((2 + 16 + 4 + 14) / 40)


def test_a_kit_is_defective_if_any_component_is(line_of):
    line = line_of(
        Source(name="In", timetable=timed("abb")),
        Station(name="Spoil", cycle_time=0.5, defect_rate=1.0),
        Station(name="Join", cycle_time=0.5, components={"a": 1, "b": 2}),
        Sink(name="Out"),
        ways=(
            Connection(source="In", target="Spoil", products=["a"]),
            Connection(source="In", target="Join", products=["b"]),
            Connection(source="Spoil", target="Join"),
            Connection(source="Join", target="Out"),
        ),
        products=MADE,
    )
    assert once(line, 10).values["defective_parts"] == 1


def test_a_product_that_a_kit_never_takes_is_an_error(line_of):
    line = one(line_of, "c", components={"a": 1, "b": 2})
    with pytest.raises(
        SimulationError, match=r"product 'c' has come to station 'A' at 0 s, which takes only a, b"
    ):
        once(line, 10)


def test_fields_that_exclude_one_another_are_refused():
    for fields in (
        {"components": {"a": 1}, "batch_size": 2},
        {"components": {"a": 1}, "batch_wait": 3},
        {"makes": "a", "yields": {"a": 2}},
        {"yields": {"a": 2}, "unpacks": True},
    ):
        with pytest.raises(ModelError, match=r"keep one|leave out"):
            Station(name="A", cycle_time=1.0, **fields)


# -- taking apart -------------------------------------------------------------------------------------


def test_pieces_leave_one_by_one_and_units_are_created(line_of):
    """A log comes each 10 s; sawing takes 4 s, packing 1 s a piece."""
    line = line_of(
        Source(name="In", timetable=timed("aa", 10.0)),
        Station(name="Saw", cycle_time=4.0, yields={"b": 2, "c": 1}),
        Station(name="Pack", cycle_time=1.0),
        Sink(name="Out"),
        products=MADE,
    )
    run = once(line, 20)
    assert events(run, "start", "Pack") == [
        (4.0, None, "b"),
        (5.0, None, "b"),
        (6.0, None, "c"),
        (14.0, None, "b"),
        (15.0, None, "b"),
        (16.0, None, "c"),
    ]
    assert run.values["released"] == 2
    assert run.values["parts_out"] == 6
    assert run.values["lead_time"] == pytest.approx((5 + 6 + 7) / 3)
    assert run.values["wip"] * 20 == pytest.approx(2 * (4 + 1 + 2 + 3))


def test_pieces_share_the_units_of_an_assembly(line_of):
    """Five parts are joined and divided into two: 3 and 2 units; nothing is created."""
    line = line_of(
        Source(name="In", timetable=timed("aaaaa")),
        Station(name="Join", cycle_time=1.0, batch_size=5),
        Station(name="Cut", cycle_time=1.0, yields={"b": 1, "c": 1}),
        Sink(name="Out"),
        products=MADE,
    )
    run = once(line, 10)
    assert run.values["parts_out"] == 2
    assert run.values["lead_time"] == pytest.approx(6 - 2)  # born at 2 s on average, out at 6 s
    assert run.values["wip"] * 10 == pytest.approx(6 + 5 + 4 + 3 + 2)


def test_a_packed_batch_comes_apart_again(line_of):
    """Members leave as the parts that they were, with their products and release times."""
    line = line_of(
        Source(name="In", timetable=timed("abca")),
        Station(name="Pack", cycle_time=1.0, batch_size=2),
        Station(name="Ship", cycle_time=3.0),
        Station(name="Unpack", cycle_time=1.0, unpacks=True),
        Sink(name="Out"),
        products=MADE,
    )
    run = once(line, 30)
    assert events(run, "exit", "Out") == [(6.0, 0, "a"), (6.0, 1, "b"), (9.0, 2, "c"), (9.0, 3, "a")]
    assert run.values["lead_time"] == pytest.approx((6 + 5 + 7 + 6) / 4)


def test_a_kit_that_is_unpacked_gives_its_components_and_a_single_part_passes(line_of):
    line = line_of(
        Source(name="In", timetable=timed("abbc")),
        Buffer(name="Q", discipline="by_product"),
        Station(name="Join", cycle_time=1.0, components={"a": 1, "b": 2}, defect_rate=1.0),
        Station(name="Unpack", cycle_time=1.0, unpacks=True),
        Sink(name="Out"),
        ways=(
            Connection(source="In", target="Q"),
            Connection(source="Q", target="Join", products=["a", "b"]),
            Connection(source="Q", target="Unpack", products=["c"]),
            Connection(source="Join", target="Unpack"),
            Connection(source="Unpack", target="Out"),
        ),
        products=MADE,
    )
    run = once(line, 30)
    assert [(part, product) for _, part, product in events(run, "exit", "Out")] == [
        (0, "a"),
        (1, "b"),
        (2, "b"),
        (3, "c"),
    ]
    assert run.values["defective_parts"] == 3  # the cycle that joined them was bad


def test_a_bad_cycle_spoils_what_is_packed_within_what_is_packed(line_of):
    """Packs of two in a pack of two, spoilt as a whole, and unpacked twice."""
    line = line_of(
        Source(name="In", limit=4),
        Station(name="Pack", cycle_time=1.0, batch_size=2),
        Station(name="Pallet", cycle_time=1.0, batch_size=2, defect_rate=1.0),
        Station(name="Open", cycle_time=1.0, unpacks=True),
        Station(name="Unpack", cycle_time=1.0, unpacks=True),
        Sink(name="Out"),
    )
    run = once(line, 20)
    assert [(time, part) for time, part, _ in events(run, "exit", "Out")] == [
        (5.0, 0),
        (5.0, 1),
        (6.0, 2),
        (6.0, 3),
    ]
    assert run.values["defective_parts"] == 4


def test_an_oven_can_make_another_product(line_of):
    line = one(line_of, "aabb", batch_size=2, batch_output="parts", makes="kit")
    run = once(line, 10)
    assert [product for _, _, product in events(run, "finish", "A")] == ["a", "b"]
    assert [(part, product) for _, part, product in events(run, "exit", "Out")] == [
        (number, "kit") for number in range(4)
    ]


# -- orders -------------------------------------------------------------------------------------------


def plan_of(names, machine):
    return Schedule(
        assignments=tuple(
            Assignment(job=name, operation=0, machine=machine, start=i, end=i) for i, name in enumerate(names)
        )
    )


def test_a_plan_counts_the_pieces_of_an_order(line_of):
    """Each of two parts is cut into three, packed in fours: the last pack of each order is closed short."""
    line = line_of(
        Source(name="In"),
        Station(name="Saw", cycle_time=4.0, yields={"b": 3}),
        Buffer(name="Q"),
        Station(name="Pack", cycle_time=1.0, batch_size=4),
        Sink(name="Out"),
        products=MADE,
        orders=(Order(name="one", product="a", quantity=2), Order(name="two", product="c", quantity=1)),
    )
    run = run_replication(line, plan=plan_of(("one", "two"), "Saw"), log=True)
    assert [len(batch) for batch in members(run)] == [4, 2, 3]
    assert run.values["order.one.completion"] == 10.0
    assert run.end == 13.0


def test_a_part_of_another_order_closes_a_batch_without_a_plan_too(line_of):
    line = line_of(
        Source(name="In", releases_orders=True),
        Buffer(name="Q"),
        Station(name="Pack", cycle_time=1.0, batch_size=4, batch_wait=5.0),
        Sink(name="Out"),
        products=MADE,
        orders=(Order(name="one", product="a", quantity=5), Order(name="two", product="a", quantity=2)),
    )
    run = once(line, 20)
    assert members(run) == [[0, 1, 2, 3], [4], [5, 6]]
    # packed from 0, from 1 as the part of the other order waits behind, and 5 s after 2
    assert [time for time, _, _ in events(run, "start", "Pack")] == [0.0, 1.0, 7.0]


@given(
    st.lists(st.tuples(st.sampled_from("ac"), st.integers(1, 5)), min_size=1, max_size=4),
    st.integers(1, 4),
    st.integers(1, 4),
    st.sampled_from([None, 2.0]),
    st.integers(0, 99),
)
@settings(max_examples=40, deadline=None)
def test_a_plan_through_oven_saw_and_packing_is_carried_out(line_of, wanted, oven, pack, patience, seed):
    """Whatever is scrapped on the way: every order is complete in the end."""
    line = line_of(
        Source(name="In"),
        Station(
            name="Oven",
            cycle_time=2.0,
            batch_size=oven,
            batch_wait=patience,
            batch_output="parts",
            defect_rate=0.3,
            inspection=Inspection(detection=0.7),
        ),
        Station(name="Saw", cycle_time=1.0, yields={"b": 3}, defect_rate=0.3, inspection=Inspection()),
        Buffer(name="Q", capacity=2),
        Station(name="Pack", cycle_time=1.0, batch_size=pack, setup_times={"a": {"c": 2.0}}),
        Station(name="Unpack", cycle_time=0.25, unpacks=True),
        Sink(name="Out"),
        products=MADE,
        orders=tuple(
            Order(name=str(number), product=product, quantity=quantity)
            for number, (product, quantity) in enumerate(wanted)
        ),
    )
    names = [order.name for order in line.orders]
    run = run_replication(line, plan=plan_of(names, "Oven"), settings=RunSettings(horizon=1000), seed=seed)
    assert run.end == max(run.values[f"order.{name}.completion"] for name in names)


@given(
    st.integers(1, 4),
    st.sampled_from([None, 0.0, 2.0]),
    st.sampled_from(["any", "product", "family"]),
    st.booleans(),
    st.integers(1, 2),
    st.integers(0, 99),
)
@settings(max_examples=40, deadline=None)
def test_nothing_is_lost_when_parts_are_joined_and_taken_apart(
    line_of, size, patience, batch_by, oven, servers, seed
):
    """Conservation is checked at the end of each run, scrap and rework included."""
    jam = FailureMode(time_to_failure=Exponential(mean=9.0), time_to_repair=1.0, interrupted="scrap")
    line = line_of(
        Source(name="In", interarrival=Exponential(mean=1.0), mix={"a": 0.4, "b": 0.6}),
        Buffer(name="Q", capacity=4, discipline="by_product"),
        Station(name="Join", cycle_time=1.0, components={"a": 1, "b": 2}, servers=servers, makes="kit"),
        Station(
            name="Oven",
            cycle_time=Exponential(mean=2.0),
            batch_size=size,
            batch_wait=patience,
            batch_by=batch_by,
            batch_output="parts" if oven else "joined",
            servers=servers,
            failures=(jam,),
            defect_rate=0.2,
            inspection=Inspection(detection=0.5, rejects="route"),
        ),
        Station(name="Unpack", cycle_time=0.5, unpacks=True),
        Station(name="Cut", cycle_time=0.5, yields={"c": 2}),
        Sink(name="Out"),
        ways=(
            *chain("In", "Q", "Join", "Oven"),
            Connection(source="Oven", target="Unpack", quality="passed"),
            Connection(source="Oven", target="Cut", quality="rejected", limit=1),
            Connection(source="Unpack", target="Out"),
            Connection(source="Cut", target="Out"),
        ),
        products=MADE,
    )
    run = once(line, 80, seed=seed)
    assert once(line, 80, seed=seed).events == run.events
