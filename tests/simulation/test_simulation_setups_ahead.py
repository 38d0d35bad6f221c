"""With a plan a station changes over as soon as it is done with an order, as the schedule says."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opt_twin.line import (
    Buffer,
    Deterministic,
    FailureMode,
    Inspection,
    Line,
    Order,
    Product,
    Sink,
    Source,
    Station,
    chain,
)
from opt_twin.plan import Assignment, Schedule
from opt_twin.scheduling import evaluate_objective, scheduling_instance, solve_schedule
from opt_twin.simulation import RunSettings, run_replication
from opt_twin.testing import order_line

PRODUCTS = (Product(name="a"), Product(name="b"))
CHANGE = {"a": {"b": 10.0}, "b": {"a": 10.0}}


def execute(line, *jobs, **options):
    """Run the orders `jobs` in their order, those of the line unless given."""
    names = jobs or [order.name for order in line.orders]
    plan = Schedule(
        assignments=tuple(
            Assignment(job=name, operation=0, machine=line.stations[0].name, start=i, end=i + 1)
            for i, name in enumerate(names)
        )
    )
    return run_replication(line, plan=plan, log=True, **options)


def spells(run, station, state, server=0):
    """Return when a server was in a state, as (begin, end)."""
    return [
        (event.time, event.time + event.duration)
        for event in run.events
        if (event.element, event.server, event.state) == (station, server, state)
    ]


def times(run, station, kind):
    return [event.time for event in run.events if event.element == station and event.kind == kind]


def last_finishes(run):
    """Return when each station finished its last cycle of each order."""
    return {(event.element, event.order): event.time for event in run.events if event.kind == "finish"}


def orders(*quantities, products="ab" * 5, **fields):
    return tuple(
        Order(name=f"O{number}", product=product, quantity=quantity, **fields)
        for number, (product, quantity) in enumerate(zip(products, quantities, strict=False))
    )


@pytest.fixture
def press_and_paint(line_of):
    """Three pieces of a, three of b: pressed in 1 s, painted in 2 s, 10 s to change over either."""

    def build(press=None, paint=None, made=None, places=None):
        return line_of(
            Source(name="In"),
            Station(name="Press", cycle_time=1.0, setup_times=CHANGE, **(press or {})),
            Buffer(name="Rack", capacity=places),
            Station(name="Paint", cycle_time=2.0, setup_times=CHANGE, **(paint or {})),
            Sink(name="Out"),
            products=PRODUCTS,
            orders=made or orders(3, 3),
        )

    return build


def test_set_ups_run_side_by_side(press_and_paint):
    """Press is done at 3 and changes until 13; Paint is done at 7 and changes until 17, not from 14 to 24."""
    run = execute(press_and_paint())
    assert spells(run, "Press", "setup") == [(3.0, 13.0)]
    assert spells(run, "Paint", "setup") == [(7.0, 17.0)]
    assert times(run, "Press", "start") == [0.0, 1.0, 2.0, 13.0, 14.0, 15.0]
    assert times(run, "Paint", "start") == [1.0, 3.0, 5.0, 17.0, 19.0, 21.0]
    assert run.end == 23.0


def test_the_first_set_ups_begin_at_once_whatever_the_release(press_and_paint):
    line = press_and_paint(
        press={"initial_product": "b"}, paint={"initial_product": "b"}, made=orders(2, release=4.0)
    )
    run = execute(line)
    assert spells(run, "Press", "setup") == spells(run, "Paint", "setup") == [(0.0, 10.0)]
    assert times(run, "In", "release") == [4.0, 11.0]
    assert run.end == 11.0 + 2 * 2.0


def test_without_a_plan_a_set_up_waits_for_the_first_part(press_and_paint):
    line = press_and_paint(press={"initial_product": "b"}).with_values({"In.interarrival": "5 s"})
    run = run_replication(line, settings=RunSettings(horizon=100), log=True)
    assert spells(run, "Press", "setup") == [(5.0, 15.0)]


def test_a_failure_interrupts_a_set_up_ahead(press_and_paint):
    """The failure at 9 s stops the change-over of Paint after 2 of 10 s; what is left runs from 12 to 20 s.

    The next failure stops the first piece of b after 1 of 2 s, from 21 to 24 s.
    """
    stop = FailureMode(time_to_failure=Deterministic(value=9.0), time_to_repair=Deterministic(value=3.0))
    run = execute(press_and_paint(paint={"failures": (stop,)}))
    assert spells(run, "Paint", "setup") == [(7.0, 9.0), (12.0, 20.0)]
    assert times(run, "Paint", "start")[3:] == [20.0, 25.0, 27.0]
    assert times(run, "Paint", "fail") == [9.0, 21.0]


def test_a_set_up_that_begins_while_the_server_is_down_waits_for_the_repair(press_and_paint):
    stop = FailureMode(
        time_to_failure=Deterministic(value=3.0), time_to_repair=Deterministic(value=5.0), clock="cycles"
    )
    run = execute(press_and_paint(press={"failures": (stop,)}))
    assert spells(run, "Press", "failed")[0] == (3.0, 8.0)
    assert spells(run, "Press", "setup") == [(8.0, 18.0)]


def test_a_blocked_server_does_not_change_over(press_and_paint):
    """With one place in the rack Press is done at 3 s but hands its last piece on at 5 s only."""
    run = execute(press_and_paint(paint={"speed": 0.5}, places=1))
    assert spells(run, "Press", "blocked")[0] == (3.0, 5.0)
    assert spells(run, "Press", "setup") == [(5.0, 15.0)]


def test_a_batch_is_collected_during_the_set_up_and_waits_for_its_end(line_of):
    """Two pieces of a are packed at 2 s; the pair of b is there at 4 s but packed at 13 s only."""
    line = line_of(
        Source(name="In"),
        Station(name="Press", cycle_time=1.0),
        Station(name="Pack", cycle_time=1.0, batch_size=2, setup_times=CHANGE),
        Sink(name="Out"),
        products=PRODUCTS,
        orders=orders(2, 3),
    )
    run = execute(line)
    assert spells(run, "Pack", "setup") == [(3.0, 13.0)]
    assert times(run, "Pack", "join") == [2.0, 2.0, 4.0, 4.0, 14.0]
    assert times(run, "Pack", "start") == [2.0, 13.0, 14.0]
    assert run.end == 15.0


def test_scrap_of_the_last_unit_of_an_order_starts_the_set_up(press_and_paint):
    """All that is pressed is scrapped: Paint hears at 3 s that nothing of the first order comes any more."""
    run = execute(press_and_paint(press={"defect_rate": 1.0, "inspection": Inspection()}))
    assert run.values["scrapped"] == 6
    assert spells(run, "Paint", "setup") == [(3.0, 13.0)] == spells(run, "Press", "setup")


def test_an_order_that_is_lost_during_its_set_up_is_followed_by_the_next(press_and_paint):
    """Paint changes over for b from 3 s on; all of b is lost at 6 s: at 13 s it changes back for a."""
    line = press_and_paint(made=orders(3, 3, 20), press={"defect_rate": 1.0, "inspection": Inspection()})
    run = execute(line.with_values({"Press.setup_times": {}}))
    assert spells(run, "Paint", "setup") == [(3.0, 23.0)]
    assert run.end == 26.0


def test_parallel_servers_change_over_one_by_one(line_of):
    """Of two servers the one that finds no more of the order changes first; the other works on."""
    line = line_of(
        Source(name="In"),
        Station(name="Press", cycle_time=1.0),
        Buffer(name="Rack"),
        Station(name="Paint", cycle_time=4.0, servers=2, setup_times=CHANGE),
        Sink(name="Out"),
        products=PRODUCTS,
        orders=orders(3, 2),
    )
    run = execute(line)
    assert spells(run, "Paint", "busy", 0) == [(1.0, 9.0), (19.0, 23.0)]
    assert spells(run, "Paint", "setup", 0) == [(9.0, 19.0)]
    assert spells(run, "Paint", "setup", 1) == [(6.0, 16.0)]
    assert run.end == 23.0


def test_a_part_goes_to_a_free_server_that_sets_nothing_up(line_of):
    """When the piece of b comes at 17 s the first server changes over until 19 s, the second until 16 s."""
    line = line_of(
        Source(name="In"),
        Station(name="Press", cycle_time=1.0),
        Station(name="Paint", cycle_time=4.0, servers=2, setup_times=CHANGE),
        Sink(name="Out"),
        products=PRODUCTS,
        orders=(*orders(3), Order(name="late", product="b", quantity=1, release=16.0)),
    )
    run = execute(line)
    assert [spells(run, "Paint", "setup", server) for server in (0, 1)] == [[(9.0, 19.0)], [(6.0, 16.0)]]
    assert [(e.time, e.server) for e in run.events if e.kind == "start" and e.order == "late"][1:] == [
        (17.0, 1)
    ]
    assert run.end == 21.0


def test_a_server_goes_on_in_the_sequence_after_an_order_that_has_overtaken(line_of):
    """The first piece of a takes 20 s in Press, so that b overtakes it.

    Paint changes over for b when that comes, at 1 s, and at 13 s for the third order, which is of a again; so
    the piece that was overtaken finds it ready.
    """
    line = line_of(
        Source(name="In"),
        Station(name="Press", cycle_time=1.0, cycle_time_by_product={"a": 20.0}, servers=2),
        Buffer(name="Rack"),
        Station(name="Paint", cycle_time=2.0, setup_times=CHANGE, initial_product="a"),
        Sink(name="Out"),
        products=PRODUCTS,
        orders=orders(1, 1, 1),
    )
    run = execute(line)
    assert [(e.time, e.order) for e in run.events if e.element == "Paint" and e.kind == "start"] == [
        (1.0, "O1"),
        (23.0, "O0"),
        (25.0, "O2"),
    ]
    assert spells(run, "Paint", "setup") == [(1.0, 11.0), (13.0, 23.0)]
    assert run.end == 27.0


def test_the_line_with_two_sizes_takes_as_long_as_planned():
    """Batches, short ones too: 446 s, the optimum that is known."""
    line = order_line()
    schedule = solve_schedule(scheduling_instance(line)).solution()
    run = run_replication(line, plan=schedule)
    assert run.end == schedule.makespan == 446


@st.composite
def serial_lines(draw):
    """Return single servers with whole times and set-ups, unlimited buffers, and orders."""
    seconds = st.integers(0, 30).map(float)
    elements = [Source(name="In")]
    for index in range(draw(st.integers(1, 4))):
        setups = {one: {other: draw(seconds) for other in "abc" if other != one} for one in "abc"}
        if index:
            elements.append(Buffer(name=f"B{index}"))
        elements.append(
            Station(
                name=f"S{index}",
                cycle_time=draw(st.integers(1, 4)),
                cycle_time_by_product={"b": draw(st.integers(1, 4))},
                setup_times=draw(st.sampled_from([{}, setups, setups])),
                initial_product=draw(st.sampled_from([None, "c"])),
            )
        )
    elements.append(Sink(name="Out"))
    return Line(
        name="serial",
        elements=tuple(elements),
        connections=chain(*(element.name for element in elements)),
        products=tuple(Product(name=name) for name in "abc"),
        orders=tuple(
            Order(
                name=f"O{number}",
                product=draw(st.sampled_from("abc")),
                quantity=draw(st.integers(1, 12)),
                release=float(draw(st.integers(0, 40))),
            )
            for number in range(draw(st.integers(1, 5)))
        ),
    )


@given(line=serial_lines())
@settings(max_examples=60, deadline=None)
def test_a_line_without_randomness_executes_the_schedule_to_the_second(line):
    instance = scheduling_instance(line)
    schedule = solve_schedule(instance, solver="dispatching").solution()
    run = run_replication(line, plan=schedule, log=True)
    ends = {(one.machine, one.job): one.end for one in schedule.assignments}
    assert last_finishes(run) == ends
    setup = sum(run.values[f"{station.name}.setup"] for station in line.stations) * run.end
    assert setup == pytest.approx(evaluate_objective(instance, schedule, "total_setup_time"))
