"""Lines that lock up are refused with the cycle that waits; lines that only wait are not."""

import pytest

from opt_twin.errors import SimulationError
from opt_twin.line import (
    Buffer,
    Connection,
    Exponential,
    FailureMode,
    Fleet,
    Pallets,
    Product,
    Sink,
    Source,
    Station,
    Transport,
)
from opt_twin.simulation import RunSettings, run_replication, simulate


def run(line, horizon=2000.0, seed=0):
    return run_replication(line, settings=RunSettings(horizon=horizon), seed=seed, refuse_lock=True)


def ways(*arrows, **shares):
    return [
        Connection(source=a, target=b, probability=shares.get(f"{a}_{b}"))
        for a, b in (arrow.split(">") for arrow in arrows)
    ]


def rework(line_of, **fields):
    """Return A -> B with rework from B back to A, and no place between them."""
    return line_of(
        Source(name="In"),
        Station(name="A", cycle_time=3.0, **fields),
        Station(name="B", cycle_time=2.0),
        Sink(name="Out"),
        ways=ways("In>A", "A>B", "B>A", "B>Out", B_A=0.5, B_Out=0.5),
    )


def test_rework_without_a_place_locks_up_and_the_cycle_is_named(line_of):
    with pytest.raises(SimulationError) as caught:
        run(rework(line_of))
    assert "locked up" in str(caught.value)
    assert "A -> B -> A waits for the next" in str(caught.value)


def test_a_single_run_goes_on_to_its_horizon_and_tells(line_of):
    done = run_replication(rework(line_of), settings=RunSettings(horizon=500))
    assert done.end == 500
    assert "A -> B -> A" in done.locked
    unchecked = run_replication(rework(line_of), settings=RunSettings(horizon=500, check=False))
    assert not unchecked.locked
    with pytest.raises(SimulationError, match="locked up"):
        simulate(rework(line_of), settings=RunSettings(horizon=500, replications=2))


def test_a_line_that_goes_on_failing_is_refused_before_its_horizon(line_of):
    """Failures keep the calendar full; the check after every so many events ends the run all the same."""
    mode = FailureMode(time_to_failure=Exponential(mean=1.0), time_to_repair=0.5)
    with pytest.raises(SimulationError, match="locked up"):
        run(rework(line_of, failures=(mode,)), horizon=1e9)


def test_a_buffer_in_the_loop_that_is_never_full_keeps_it_going(line_of):
    line = line_of(
        Source(name="In", interarrival=Exponential(mean=9.0)),
        Buffer(name="Q"),
        Station(name="A", cycle_time=3.0),
        Station(name="B", cycle_time=2.0),
        Sink(name="Out"),
        ways=ways("In>Q", "Q>A", "A>B", "B>Q", "B>Out", B_Q=0.5, B_Out=0.5),
    )
    assert run(line).values["parts_out"] > 100


def test_rework_with_a_way_that_is_blocked_for_a_while_is_no_deadlock(line_of):
    """The exit is slow, so that everything waits most of the time."""
    line = line_of(
        Source(name="In", interarrival=30.0),
        Buffer(name="Q"),
        Station(name="A", cycle_time=3.0),
        Station(name="B", cycle_time=2.0),
        Station(name="Slow", cycle_time=25.0),
        Sink(name="Out"),
        ways=ways("In>Q", "Q>A", "A>B", "B>Q", "B>Slow", "Slow>Out", B_Q=0.1, B_Slow=0.9),
    )
    assert run(line).values["parts_out"] > 50


def kit(line_of, *, limit=None, order=("body", "lid")):
    return line_of(
        Source(name="Bodies", mix={"body": 1.0}),
        Source(name="Lids", mix={"lid": 1.0}, limit=limit),
        Station(name="First", cycle_time=1.0 if order[0] == "body" else 2.0),
        Station(name="Second", cycle_time=2.0 if order[0] == "body" else 1.0),
        Buffer(name="Shared", capacity=2),
        Station(name="Kit", cycle_time=1.0, components={"body": 1, "lid": 1}),
        Sink(name="Out"),
        products=(Product(name="body"), Product(name="lid")),
        ways=ways("Bodies>First", "Lids>Second", "First>Shared", "Second>Shared", "Shared>Kit", "Kit>Out"),
    )


def test_components_that_stand_in_each_others_way_lock_up(line_of):
    """Bodies come twice as fast as lids and fill the buffer that both share."""
    with pytest.raises(SimulationError, match=r"Kit -> Shared -> Kit|Shared -> Kit -> Shared"):
        run(kit(line_of))


def test_a_component_that_has_run_out_is_no_deadlock_but_starvation(line_of):
    line = line_of(
        Source(name="Bodies", mix={"body": 1.0}),
        Source(name="Lids", mix={"lid": 1.0}, limit=5),
        Buffer(name="B", capacity=2),
        Buffer(name="L", capacity=2),
        Station(name="Kit", cycle_time=1.0, components={"body": 1, "lid": 1}),
        Sink(name="Out"),
        products=(Product(name="body"), Product(name="lid")),
        ways=ways("Bodies>B", "Lids>L", "B>Kit", "L>Kit", "Kit>Out"),
    )
    done = run(line)
    assert done.values["parts_out"] == 5
    assert not done.locked
    assert done.starved == ("Kit",)
    assert simulate(line, settings=RunSettings(horizon=100, replications=2)).starved == ("Kit",)
    assert not run(line, horizon=3.0).starved


def test_too_many_pallets_lock_a_closed_loop_up(line_of):
    """A pallet is free only when its part has come back through A, which waits for a place at B."""

    def line(number):
        return line_of(
            Source(name="In", pallets="tray"),
            Station(name="A", cycle_time=3.0),
            Buffer(name="Q", capacity=2),
            Station(name="B", cycle_time=2.0),
            Sink(name="Out"),
            ways=ways("In>A", "A>Q", "Q>B", "B>A", "B>Out", B_A=0.5, B_Out=0.5),
            pallets=(Pallets(name="tray", number=number),),
        )

    with pytest.raises(SimulationError, match="locked up"):
        run(line(9), horizon=20_000.0)
    assert run(line(3), horizon=20_000.0).values["parts_out"] > 1000


def test_vehicles_that_wait_with_parts_for_one_another_lock_up(line_of):
    """Both vehicles stand before the mill with a part; the one in the mill waits for a vehicle."""
    line = line_of(
        Source(name="In"),
        Transport(name="There", fleet="AGV", reserves=False),
        Station(name="Mill", cycle_time=10.0),
        Transport(name="Back", fleet="AGV"),
        Sink(name="Out"),
        fleets=(
            Fleet(name="AGV", number=2, speed=1.0, distances={"In": {"Mill": 5.0}, "Mill": {"Out": 5.0}}),
        ),
    )
    with pytest.raises(SimulationError, match="locked up"):
        run(line)


def test_a_loop_that_takes_no_time_names_where(line_of):
    line = line_of(
        Source(name="In"),
        Station(name="A", cycle_time=0.0),
        Buffer(name="Q", capacity=9),
        Station(name="B", cycle_time=0.0),
        Sink(name="Out"),
    )
    with pytest.raises(SimulationError, match=r"without time going on, at A#1, B#1"):
        run(line)
