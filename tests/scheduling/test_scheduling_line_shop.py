"""Lines that are not one plain chain, as scheduling instances, and their plans executed."""

import pytest

from opt_twin.errors import PlanError
from opt_twin.line import (
    AtShiftEnd,
    Break,
    Buffer,
    Connection,
    Conveyor,
    Deterministic,
    Fleet,
    Line,
    Operators,
    Order,
    Product,
    Shift,
    Sink,
    Source,
    Station,
    Transport,
    chain,
)
from opt_twin.plan import Assignment, Schedule
from opt_twin.scheduling import scheduling_instance, simplifications, verify
from opt_twin.simulation import run_replication

HOUR = 3600


def _station(name, time, **fields):
    return Station(name=name, cycle_time=Deterministic(value=time), **fields)


def _orders(*names, quantity=1, product="P"):
    return tuple(Order(name=name, product=product, quantity=quantity) for name in names)


def _line(elements, connections, orders, **fields):
    return Line(
        name="line",
        elements=(Source(name="In"), *elements, Sink(name="Out")),
        connections=connections,
        products=(Product(name="P"), Product(name="Q")),
        orders=orders,
        **fields,
    )


def _cells(orders, **buffer):
    """Two stations side by side behind one queue, and one station behind both."""
    return _line(
        (
            Buffer(name="Q1", discipline="by_product", **buffer),
            _station("A", 4),
            _station("B", 6),
            Buffer(name="Q2", discipline="by_product"),
            _station("C", 2),
        ),
        (
            *chain("In", "Q1"),
            Connection(source="Q1", target="A", probability=0.5),
            Connection(source="Q1", target="B", probability=0.5),
            *chain("A", "Q2"),
            *chain("B", "Q2"),
            *chain("Q2", "C", "Out"),
        ),
        orders,
    )


def _schedule(instance, *rows):
    """Return a schedule of (job, operation, machine, start, end), with the modes of the machines."""
    found = []
    for job, position, machine, start, end in rows:
        modes = [mode.machine for mode in instance.options(instance.job(job), position)]
        found.append(
            Assignment(
                job=job, operation=position, machine=machine, start=start, end=end, mode=modes.index(machine)
            )
        )
    return Schedule(assignments=tuple(found), tick=instance.tick)


def _executed(line, plan):
    """Return (order, station) -> (start, end) as the simulator executes `plan`."""
    run = run_replication(line, plan=plan, log=True)
    times = {}
    for event in run.events:
        if event.kind == "finish":
            times[event.order, event.element] = event.time - event.duration, event.time
    return times


def test_stations_side_by_side_are_modes_of_one_operation():
    instance = scheduling_instance(_cells(_orders("a", "b")))
    first, second = instance.jobs[0].operations
    assert [(mode.machine, mode.duration) for mode in first.modes] == [("A", 4), ("B", 6)]
    assert (second.machine, second.duration) == ("C", 2)
    assert not instance.permutation


def test_the_simulator_follows_a_plan_that_chooses_the_stations():
    """Chance alone would send half of the orders elsewhere; the plan sends each where it says."""
    line = _cells(_orders("a", "b", "c", "d"))
    instance = scheduling_instance(line)
    rows = (
        ("a", 0, "B", 0, 6),
        ("c", 0, "A", 0, 4),
        ("d", 0, "A", 4, 8),
        ("b", 0, "B", 6, 12),
        ("c", 1, "C", 4, 6),
        ("a", 1, "C", 6, 8),
        ("d", 1, "C", 8, 10),
        ("b", 1, "C", 12, 14),
    )
    plan = _schedule(instance, *rows)
    assert verify(instance, plan) == ()
    executed = _executed(line, plan)
    assert executed == {(job, machine): (start, end) for job, _, machine, start, end in rows}


def test_servers_are_machines_of_their_own_where_an_order_is_one_cycle():
    line = _line((_station("A", 4, servers=3),), chain("In", "A", "Out"), _orders("a"))
    modes = scheduling_instance(line).jobs[0].operations[0].modes
    assert [mode.machine for mode in modes] == ["A#1", "A#2", "A#3"]
    many = line.replace(orders=_orders("a", quantity=10))
    (operation,) = scheduling_instance(many).jobs[0].operations
    assert (operation.machine, operation.duration) == ("A", 16)


def test_routes_by_product_differ():
    line = _line(
        (_station("A", 4), _station("B", 6)),
        (
            Connection(source="In", target="A", products=("P",)),
            Connection(source="In", target="B", products=("Q",)),
            Connection(source="A", target="B", products=("P",)),
            *chain("B", "Out"),
        ),
        (*_orders("a"), *_orders("b", product="Q")),
    )
    instance = scheduling_instance(line)
    assert [[o.machine for o in job.operations] for job in instance.jobs] == [["A", "B"], ["B"]]
    assert not instance.permutation


def test_the_way_on_a_conveyor_is_a_transport_time():
    line = _line(
        (_station("A", 4), Conveyor(name="X", length=6, speed=2, pitch=1), _station("B", 5)),
        chain("In", "A", "X", "B", "Out"),
        _orders("a"),
    )
    instance = scheduling_instance(line)
    assert instance.transport_time("A", "B") == 3
    plan = _schedule(instance, ("a", 0, "A", 0, 4), ("a", 1, "B", 7, 12))
    assert verify(instance, plan) == ()
    assert run_replication(line, plan=plan).end == 12


def test_the_way_on_a_vehicle_is_a_transport_time():
    fleet = Fleet(
        name="AGV", speed=2, loading_time=1, unloading_time=2, distances={"A": {"B": 8}}, parking="A"
    )
    line = _line(
        (_station("A", 4), Transport(name="X", fleet="AGV"), _station("B", 5)),
        chain("In", "A", "X", "B", "Out"),
        _orders("a"),
        fleets=(fleet,),
    )
    instance = scheduling_instance(line)
    assert instance.transport_time("A", "B") == 1 + 4 + 2
    plan = _schedule(instance, ("a", 0, "A", 0, 4), ("a", 1, "B", 11, 16))
    assert run_replication(line, plan=plan).end == 16
    assert simplifications(line) == ("a vehicle is there whenever one is needed",)


DAY_SHIFT = Shift(
    name="day",
    start=6 * HOUR,
    end=14 * HOUR,
    days=("mon", "tue"),
    breaks=(Break(start=9 * HOUR, duration=1800),),
)


def test_shifts_are_closures_from_the_start_of_the_schedule_on():
    line = _line(
        (_station("A", 60, shifts=("day",)),),
        chain("In", "A", "Out"),
        _orders("a", quantity=10),
        shifts=(DAY_SHIFT,),
    )
    instance = scheduling_instance(line, clock_start=5 * HOUR)
    first, pause, night = instance.closures["A"][:3]
    assert (first.start, first.end) == (0, HOUR)
    assert (pause.start, pause.end) == (4 * HOUR, 4 * HOUR + 1800)
    assert (night.start, night.end) == (9 * HOUR, 25 * HOUR)
    assert instance.jobs[0].operations[0].interruptible


def test_an_order_of_one_cycle_is_interrupted_only_where_the_station_stops():
    def operation(rule, time=60):
        station = _station("A", time, shifts=("day",), at_shift_end=rule)
        line = _line((station,), chain("In", "A", "Out"), _orders("a"), shifts=(DAY_SHIFT,))
        return scheduling_instance(line).jobs[0].operations[0]

    assert not operation(AtShiftEnd.FINISH).interruptible
    assert operation(AtShiftEnd.STOP).interruptible
    assert operation(AtShiftEnd.FINISH, time=10 * HOUR).interruptible  # longer than every shift


def test_people_are_resources_and_skills():
    line = _line(
        (
            _station("A", 60, needs={"run": "weld"}),
            _station("B", 60, needs={"run": {"skill": "pack", "number": 2}}),
        ),
        chain("In", "A", "B", "Out"),
        _orders("a"),
        shifts=(DAY_SHIFT,),
        operators=(
            Operators(name="Anna", skills=("weld",)),
            Operators(name="Ben", skills=("weld", "pack"), shifts=("day",), number=2),
        ),
    )
    instance = scheduling_instance(line)
    assert {r.name: (r.capacity, r.skills) for r in instance.resources} == {
        "Anna": (1, ("weld",)),
        "Ben": (2, ("weld",)),
    }
    job = instance.jobs[0]
    assert [dict(mode.demands) for mode in instance.options(job, 0)] == [{"Anna": 1}, {"Ben": 1}]
    assert [dict(mode.demands) for mode in instance.options(job, 1)] == [{"Ben": 2}]
    assert set(instance.closures) == {"Ben"}


def test_single_parts_block_where_buffers_are_finite():
    """B is slow: the second job stays on A until the place in front of B is free."""
    line = _line(
        (_station("A", 2), Buffer(name="X", capacity=1), _station("B", 10), _station("C", 1)),
        chain("In", "A", "X", "B", "C", "Out"),
        _orders("a", "b", "c"),
    )
    instance = scheduling_instance(line)
    assert dict(instance.buffers) == {"B": 1, "C": 0}
    assert instance.permutation
    assert "buffers" not in " ".join(simplifications(line))
    several = line.replace(orders=_orders("a", quantity=3))
    assert not scheduling_instance(several).buffers
    assert "buffers have room for all, as orders are of several parts" in simplifications(several)


def test_a_station_that_is_passed_twice_is_refused():
    line = _line(
        (_station("A", 4), Buffer(name="X"), _station("B", 6)),
        (
            *chain("In", "A", "X", "B"),
            Connection(source="B", target="A", probability=0.1),
            Connection(source="B", target="Out", probability=0.9),
        ),
        _orders("a"),
    )
    with pytest.raises(PlanError, match="may leave the line or go on behind 'B'"):
        scheduling_instance(line)
