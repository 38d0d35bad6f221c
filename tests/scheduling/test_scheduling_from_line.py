"""From a line and its orders to a scheduling instance."""

import math

import pytest

from opt_twin.errors import OptionError, PlanError
from opt_twin.line import (
    Buffer,
    Clock,
    Connection,
    Deterministic,
    Exponential,
    FailureMode,
    Inspection,
    Line,
    MicroStop,
    Operators,
    Order,
    Product,
    Shift,
    Sink,
    Source,
    Station,
    chain,
)
from opt_twin.scheduling import rounding_loss, scheduling_instance, solve_schedule, verify
from opt_twin.testing import best_by_enumeration, order_line

ORDERS = (Order(name="A", product="P", quantity=100),)


def _line(*stations, orders=ORDERS, **fields):
    names = ["In", *(station.name for station in stations), "Out"]
    return Line(
        name="line",
        elements=(Source(name="In"), *stations, Sink(name="Out")),
        connections=chain(*names),
        products=(Product(name="P"), Product(name="Q")),
        orders=orders,
        **fields,
    )


def _station(name="M", time=2.0, **fields):
    return Station(name=name, cycle_time=Deterministic(value=time), **fields)


def _numbers(instance, job=0):
    return [(o.machine, o.duration, o.lead, o.tail) for o in instance.jobs[job].operations]


def test_loading_and_the_test_belong_to_a_cycle():
    station = _station("Fill", 2.0, load_time=3, inspection=Inspection(time=1), speed=2)
    assert _numbers(scheduling_instance(_line(station)))[0] == ("Fill", 500, 500, 5)


PARTS = {
    "assembles components": {"components": {"P": 2}},
    "gives out other parts": {"makes": "Q"},
    "one by one": {"batch_size": 4, "batch_output": "parts"},
    "a behaviour of its own": {"behaviour": "mine:Rule"},
}


@pytest.mark.parametrize(("message", "fields"), PARTS.items(), ids=PARTS)
def test_what_the_formulation_does_not_hold_is_refused(message, fields):
    line = _line(
        _station(**fields),
        shifts=(Shift(name="day", start=0, end=3600),),
        operators=(Operators(name="hand"),),
    )
    with pytest.raises(PlanError, match=rf"line 'line' cannot be scheduled: station 'M' .*{message}"):
        scheduling_instance(line)


def test_batches_divide_the_cycles_up_the_line():
    """100 tubes, 12 a case, 5 cases a pallet: 9 cases with the last one partly filled, 2 pallets."""
    line = _line(
        _station("Fill", 2.0), _station("Case", 6.0, batch_size=12), _station("Pallet", 30.0, batch_size=5)
    )
    assert _numbers(scheduling_instance(line)) == [
        ("Fill", 200, 24, 2),
        ("Case", 54, 30, 6),
        ("Pallet", 60, 60, 30),
    ]


def test_servers_and_speed_divide_the_time():
    line = _line(_station("A", 3.0, servers=4, speed=1.5), _station("B", 1.0, batch_size=10))
    assert _numbers(scheduling_instance(line)) == [("A", 50, 6, 2), ("B", 10, 10, 1)]
    odd = _line(_station("A", 10.0, servers=2), orders=(Order(name="A", product="P", quantity=3),))
    assert scheduling_instance(odd).jobs[0].operations[0].duration == 20


def test_cycle_time_by_product_counts():
    station = _station("A", 2.0, cycle_time_by_product={"Q": Exponential(mean=5.0)})
    line = _line(station, orders=[Order(name=n, product=n, quantity=10) for n in "PQ"])
    instance = scheduling_instance(line)
    assert [job.operations[0].duration for job in instance.jobs] == [20, 50]
    assert [job.family for job in instance.jobs] == ["P", "Q"]


def test_orders_bring_their_dates_and_weights():
    order = Order(name="A", product="P", quantity=1, release=10.5, due=20.9, deadline=30.9, weight=0.5)
    other = Order(name="B", product="P", quantity=1, weight=1.25)
    first, second = scheduling_instance(_line(_station()), (order, other)).jobs
    assert (first.release, first.due, first.deadline, first.weight) == (11, 20, 30, 2)
    assert (second.release, second.due, second.deadline, second.weight) == (0, None, None, 5)


def test_setups_and_their_start_are_taken_over():
    station = _station("A", setup_times={"P": {"Q": 90.5}}, initial_product="P")
    instance = scheduling_instance(_line(station, _station("B")), tick=10.0)
    assert instance.setup_time("A", "P", "Q") == 10
    assert instance.setup_time("B", "P", "Q") == 0
    assert dict(instance.initial_family) == {"A": "P"}
    assert instance.machines == ("A", "B")
    assert instance.tick == 10.0


def test_rounding_goes_up_and_its_loss_is_known():
    line = _line(_station("A", 0.36), _station("B", 1.0))
    instance = scheduling_instance(line, tick=10.0)
    assert _numbers(instance) == [("A", 4, 1, 1), ("B", 10, 10, 1)]
    loss = rounding_loss(line, instance)
    assert loss.seconds == pytest.approx(4.0)
    assert loss.share == pytest.approx(4 / 136)
    assert (loss.worst, loss.worst_share) == ("A at A", pytest.approx(4 / 36))
    exact = scheduling_instance(line, tick=0.01)
    assert rounding_loss(line, exact).seconds == pytest.approx(0.0)
    with pytest.raises(PlanError, match="was not made from"):
        rounding_loss(line, instance.replace(jobs=(instance.jobs[0].replace(name="other"),)))


def test_an_operation_takes_at_least_one_tick():
    assert scheduling_instance(_line(_station(time=0.0))).jobs[0].operations[0].duration == 1
    assert rounding_loss(_line(_station(time=0.0)), scheduling_instance(_line(_station(time=0.0)))).share == 0


def _failure(clock, up, repair, name="f"):
    return FailureMode(
        name=name,
        clock=clock,
        time_to_failure=Deterministic(value=up),
        time_to_repair=Deterministic(value=repair),
    )


@pytest.mark.parametrize(
    ("stops", "expected"),
    [
        ({}, 2.0),
        ({"micro_stops": (MicroStop(probability=0.1, duration=Deterministic(value=5.0)),)}, 2.5),
        ({"failures": (_failure(Clock.OPERATION, 100.0, 25.0),)}, 2.5),
        ({"failures": (_failure(Clock.CYCLES, 50.0, 25.0),)}, 2.5),
        ({"failures": (_failure(Clock.CALENDAR, 80.0, 20.0),)}, 2.5),
        (
            {
                "failures": (
                    _failure(Clock.CALENDAR, 80.0, 20.0),
                    _failure(Clock.OPERATION, 100.0, 25.0, "g"),
                )
            },
            3.125,
        ),
    ],
)
def test_mean_allowance_counts_the_expected_stops(stops, expected):
    line = _line(_station("A", 2.0, **stops), orders=(Order(name="A", product="P", quantity=1000),))
    assert scheduling_instance(line).jobs[0].operations[0].duration == 2000
    mean = scheduling_instance(line, allowance="mean")
    assert mean.jobs[0].operations[0].duration == round(1000 * expected)
    assert rounding_loss(line, mean, allowance="mean").seconds == pytest.approx(0.0)


def test_buffers_are_passed_over():
    line = order_line()
    assert isinstance(line.element("Belt"), Buffer)
    assert scheduling_instance(line).machines == ("Fill", "Pack")


def _tandem_ends(times, parts):
    """The moment at which each station of a deterministic line with ample buffers gives out its last part."""
    done = [0.0] * len(times)
    for _ in range(parts):
        ready = 0.0
        for index, time in enumerate(times):
            ready = done[index] = max(ready, done[index]) + time
    return done


@pytest.mark.parametrize("times", [(2.0, 3.0, 1.0), (3.0, 1.0, 2.0), (1.0, 2.0, 3.0), (4.0, 4.0)])
def test_one_order_ends_when_a_deterministic_line_does(times):
    """Independent recursion over parts: end = max(own, previous) + cycle time."""
    line = _line(*(_station(f"S{index}", time) for index, time in enumerate(times)))
    instance = scheduling_instance(line)
    schedule = solve_schedule(instance).solution()
    assert [a.end for a in schedule.of_job("A")] == _tandem_ends(times, 100)


def test_a_single_order_with_servers_is_never_shorter_than_its_parts():
    line = _line(_station("A", 10.0, servers=3), _station("B", 4.0))
    (job,) = scheduling_instance(line).jobs
    assert job.operations[0].duration == math.ceil(100 / 3) * 10


def test_orders_of_a_line_are_scheduled_to_the_optimum():
    instance = scheduling_instance(order_line())
    for objective, optimum in (
        ("makespan", 446),
        ("total_weighted_tardiness", 146),
        ("total_setup_time", 50),
    ):
        result = solve_schedule(instance, objective=objective)
        assert verify(instance, result.solution()) == ()
        assert result.objective == optimum == best_by_enumeration(instance, objective)


def test_what_does_not_fit_is_named():
    line = _line(_station())
    with pytest.raises(PlanError, match="has no orders; give some in the line or as orders="):
        scheduling_instance(line.replace(orders=()))
    order = line.orders[0]
    with pytest.raises(PlanError, match="two orders are called 'A'"):
        scheduling_instance(line, (order, order))
    with pytest.raises(PlanError, match="order 'A' is for 'R', which line 'line' does not make"):
        scheduling_instance(line, (order.replace(product="R"),))
    with pytest.raises(OptionError, match="'nominal', 'mean' or between 0 and 1, not 'worst'"):
        scheduling_instance(line, allowance="worst")
    for tick in (0.0, -1.0, math.inf, math.nan):
        with pytest.raises(OptionError, match="a tick must be longer than 0 s"):
            scheduling_instance(line, tick=tick)


def test_ways_side_by_side_must_join_again():
    line = _line(_station("A"), _station("B"))
    twice = line.replace(
        elements=(*line.elements, _station("C")),
        connections=(
            Connection(source="In", target="A"),
            Connection(source="A", target="B", probability=0.5),
            Connection(source="A", target="C", probability=0.5),
            *chain("B", "Out"),
            *chain("C", "Out"),
        ),
    )
    assert [mode.machine for mode in scheduling_instance(twice).jobs[0].operations[1].modes] == ["B", "C"]
    longer = twice.replace(
        elements=(*twice.elements, _station("D")),
        connections=(*twice.connections[:-1], *chain("C", "D", "Out")),
    )
    with pytest.raises(PlanError, match="behind 'B' and 'C' lead to different places"):
        scheduling_instance(longer)
    sources = line.replace(
        elements=(*line.elements, Source(name="In2")), connections=(*line.connections, *chain("In2", "B"))
    )
    with pytest.raises(PlanError, match="has 2 sources"):
        scheduling_instance(sources)
