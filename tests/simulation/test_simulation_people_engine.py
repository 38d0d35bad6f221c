"""The plain engine of people, shifts and maintenance gives the same sample path on random lines."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from plain_people import PeopleEngine
from test_simulation_laws import Drawn, staffed
from test_simulation_second_engine import compare

from opt_twin.errors import SimulationError
from opt_twin.line import (
    Break,
    Buffer,
    Exponential,
    FailureMode,
    Line,
    Maintenance,
    Need,
    Operators,
    Order,
    Product,
    Shift,
    Sink,
    Source,
    Station,
    chain,
)
from opt_twin.plan import Assignment, Schedule
from opt_twin.simulation import RunSettings, Simulation, run_replication
from opt_twin.testing.random_lines import STAFFED, random_line

HORIZON = 64.0
# at 0, in a shift, in the gap between two, just before midnight, at the end of the week, off the grid
STARTS = st.sampled_from([0.0, 12.5, 22.0, 86400.0 - 10.0, 7 * 86400.0 - 5.5, 5 * 86400.0 + 2.3])
ENDS = ("finish", "stop")
HANDS = (None, Need(skill="hand"), Need(skill="hand", number=2), Need(skill="fitter"))
PAUSES = tuple(Break(start=20.0 * k + 9.0, duration=4.0 + k % 3) for k in range(60))
SHIFTS = (
    Shift(name="first", start=0, end=20, days=("mon", "tue", "wed", "sun")),
    Shift(
        name="second", start=25, end=60, breaks=(Break(start=30, duration=3), Break(start=40, duration=1.5))
    ),
    Shift(name="broken", start=0, end=0, breaks=PAUSES),
)
TEAMS = ((), ("broken",), ("second", "first"), ("second",))


def seconds(choices):
    """Return a time at which other things happen too, or one by chance."""
    return choices.pick((1.0, 2.0, 0.5, 3.0, Exponential(mean=1.5)))


def modes(choices, stations):
    return tuple(
        FailureMode(
            name=f"mode{number}",
            time_to_failure=choices.pick((Exponential(mean=9.0), 4.0, 7.0)),
            time_to_repair=seconds(choices),
            clock=choices.pick(("calendar", "operation", "cycles")),
            interrupted=choices.pick(("continue", "restart", "scrap")),
            crew=choices.pick(HANDS),
            priority=choices.whole(0, 1),
            also_stops=choices.pick(((), (), stations[:1], stations[-2:])),
        )
        for number in range(choices.whole(0, 2))
    )


def tasks(choices, failures):
    return tuple(
        Maintenance(
            name=f"task{number}",
            start=choices.pick((0.0, 4.0, 5.3)),
            every=choices.pick((None, 6.0, 3.7)),
            duration=seconds(choices),
            crew=choices.pick(HANDS),
            priority=choices.whole(0, 1),
            at_start=choices.pick(ENDS),
            renews=tuple(mode.name for mode in failures[: choices.whole(0, 2)]),
        )
        for number in range(choices.whole(0, 2))
    )


def team(choices, shifts=TEAMS):
    """Return three groups, some of whom can do both."""
    return tuple(
        Operators(
            name=name,
            number=number,
            skills=skills,
            shifts=choices.pick(shifts),
            at_shift_end=choices.pick(ENDS),
        )
        for name, number, skills in (
            ("all", choices.whole(1, 2), ("fitter", "hand")),
            ("fitters", 1, ("fitter",)),
            ("hands", choices.whole(1, 2), ("hand",)),
        )
    )


def busy_station(choices, old, stations, shifts=TEAMS):
    """Return a station with everything that can keep it from working."""
    failures = modes(choices, [name for name in stations if name != old.name])
    need, other = choices.pick(HANDS[1:]), choices.pick(HANDS[1:])
    return old.replace(
        cycle_time=seconds(choices),
        load_time=choices.pick((None, 0.5, 1.0)),
        failures=failures,
        maintenance=tasks(choices, failures),
        needs=choices.pick(
            ({}, {"run": need}, {"load": need, "run": need}, {"setup": need, "load": other, "run": need})
        ),
        shifts=choices.pick(shifts),
        at_shift_end=choices.pick(ENDS),
        warm_up_time=choices.pick((0.0, 1.0, 2.5)),
        warm_up_after=choices.pick((0.0, 2.0)),
        wear_exponent=choices.pick((0.0, 1.5)),
        priority=choices.whole(0, 1),
    )


def hampered(choices):
    """Return a random line on which much happens at once."""
    line = random_line(choices, mechanisms=STAFFED)
    names = tuple(station.name for station in line.stations)
    return line.replace(
        elements=tuple(
            busy_station(choices, element, names) if isinstance(element, Station) else element
            for element in line.elements
        ),
        operators=team(choices),
        shifts=SHIFTS,
    )


def ordered(choices):
    """Return a chain with orders that it sets up for ahead, and people who work on."""
    shifts = ((), ("broken",))
    elements, names = [Source(name="In")], tuple(f"S{index}" for index in range(choices.whole(1, 3)))
    for name in names:
        places = choices.pick((0, 1, 3))
        if places:
            elements.append(Buffer(name=f"B{name}", capacity=places))
        plain = Station(
            name=name,
            cycle_time=1.0,
            servers=choices.whole(1, 2),
            batch_size=choices.pick((1, 1, 2)),
            setup_times=choices.pick(({}, {"a": {"b": 2.0}, "b": {"a": 1.0}})),
            initial_product=choices.pick((None, "a")),
        )
        station = busy_station(choices, plain, names, shifts)
        failures = [mode.replace(time_to_failure=Exponential(mean=20.0)) for mode in station.failures]
        rare = [task.replace(every=None) for task in station.maintenance]
        elements.append(station.replace(failures=tuple(failures), maintenance=tuple(rare)))
    elements.append(Sink(name="Out"))
    orders = tuple(
        Order(
            name=f"order {number}",
            product=choices.pick(("a", "b")),
            quantity=choices.whole(1, 6),
            release=choices.pick((0.0, 5.0)),
        )
        for number in range(choices.whole(1, 4))
    )
    return Line(
        name="chain",
        elements=tuple(elements),
        connections=chain(*(element.name for element in elements)),
        products=(Product(name="a"), Product(name="b")),
        orders=orders,
        operators=team(choices, shifts),
        shifts=SHIFTS,
    )


hampered_lines = st.composite(lambda draw: hampered(Drawn(draw)))()
ordered_lines = st.composite(lambda draw: ordered(Drawn(draw)))()


def compare_runs(line, seed, start):
    how = RunSettings(horizon=HORIZON, clock_start=start)
    run = run_replication(line, settings=how, seed=seed, log=True)
    compare(line, run, PeopleEngine(line, seed, start).run(HORIZON))


def compare_plans(line, seed, start):
    """Compare the engines where the plan can be executed at all; return whether it can."""
    plan = Schedule(
        assignments=tuple(
            Assignment(job=order.name, operation=0, machine=line.stations[0].name, start=i, end=i)
            for i, order in enumerate(line.orders)
        )
    )
    second = PeopleEngine(line, seed, start, line.orders).run(1000.0)
    how = RunSettings(horizon=1000.0, clock_start=start)
    if any(second.orders.values()):
        with pytest.raises(SimulationError, match="orders are not complete"):
            run_replication(line, plan=plan, settings=how, seed=seed)
        return False
    if second.now:
        run = run_replication(line, plan=plan, settings=how, seed=seed, log=True)
        assert run.end == second.now
        compare(line, run, second)
    return second.now > 0


@given(line=staffed, seed=st.integers(0, 1000), start=STARTS)
@settings(max_examples=100, deadline=None)
def test_both_engines_walk_the_same_path_with_people(line, seed, start):
    compare_runs(line, seed, start)


@given(line=hampered_lines, seed=st.integers(0, 1000), start=STARTS)
@settings(max_examples=100, deadline=None)
def test_both_engines_agree_where_much_happens_at_once(line, seed, start):
    compare_runs(line, seed, start)


@given(line=ordered_lines, seed=st.integers(0, 1000), start=STARTS)
@settings(max_examples=100, deadline=None)
def test_both_engines_set_up_ahead_with_people(line, seed, start):
    assume(compare_plans(line, seed, start))


@given(line=hampered_lines, seed=st.integers(0, 1000), start=STARTS, time=st.sampled_from([4.0, 9.0, 20.1]))
@settings(max_examples=40, deadline=None)
def test_a_run_that_much_hampers_is_saved_and_restored(line, seed, start, time):
    how = RunSettings(horizon=HORIZON, clock_start=start)
    run = Simulation(line, settings=how, seed=seed)
    run.run_until(time)
    saved = run.snapshot()
    twin = Simulation.restore(saved)
    assert twin.snapshot() == saved
    whole = run_replication(line, settings=how, seed=seed)
    assert repr(dict(twin.finish().values)) == repr(dict(whole.values))
