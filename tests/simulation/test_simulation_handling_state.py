"""What changes in a run of belts, vehicles and pallets is declared, so that a run can be kept and resumed."""

import copy

import pytest

from opt_twin.line import (
    Buffer,
    Connection,
    Conveyor,
    Exponential,
    FailureMode,
    Fleet,
    Pallets,
    Sink,
    Source,
    Station,
    Transport,
)
from opt_twin.simulation import RunSettings, Simulation
from opt_twin.simulation.build import Floor
from opt_twin.simulation.calendar import Kind
from opt_twin.simulation.snapshot import causes_of, save_state, slots_of


def everything(line_of):
    """Return a line in which every class of handling does all that it can."""
    modes = [
        FailureMode(name=clock, time_to_failure=Exponential(mean=9), time_to_repair=1.0, clock=clock)
        for clock in ("calendar", "operation", "cycles")
    ]
    kinds = {"Roll": {}, "Stop": {"accumulating": False}, "Loop": {"recirculating": True}}
    belts = [Conveyor(name=n, length=2, speed=1, pitch=0.5, failures=modes, **kinds[n]) for n in kinds]
    arrows = [("In", "Roll"), ("Roll", "Stop"), ("Stop", "Loop"), ("Loop", "A"), ("A", "T"), ("T", "B")]
    arrows += [("B", "C"), ("C", "U"), ("U", "Out"), ("More", "Roll")]
    return line_of(
        Source(name="In", pallets="P"),
        Source(name="More", interarrival=Exponential(mean=4), pallets="P"),
        *belts,
        Station(name="A", cycle_time=Exponential(mean=1)),
        Transport(name="T", fleet="F", reserves=False),
        Buffer(name="B", capacity=2),
        Station(name="C", cycle_time=Exponential(mean=1), batch_size=2),
        Transport(name="U", fleet="F"),
        Sink(name="Out"),
        ways=[Connection(source=a, target=b) for a, b in arrows],
        fleets=[
            Fleet(
                name="F",
                number=2,
                speed=1,
                distances={"A": {"B": 1}, "C": {"Out": 1}},
                parking="A",
                battery=9,
                charging_time=2,
                charger="C",
            )
        ],
        pallets=[Pallets(name="P", number=9, return_time=3)],
    )


def slots(actor):
    return [name for cls in type(actor).__mro__ for name in getattr(cls, "__slots__", ())]


def declared(actor):
    return {*slots_of(type(actor)), *causes_of(type(actor))}


def held(value):
    """Return `value`, as it is now if it is a container."""
    return copy.copy(value) if isinstance(value, list | dict | set) else value


@pytest.mark.parametrize(
    "name", ["Roll", "Stop", "Loop", "T", "U", "fleet F", "fleet F#1", "pallets P", "In", "A", "A#1", "B"]
)
def test_only_what_is_declared_changes_in_a_run(line_of, name):
    floor = Floor(everything(line_of), settings=RunSettings(), plan=None, seed=3, replication=0, log=None)
    actor = floor.actors[name]
    fixed = {slot: held(getattr(actor, slot)) for slot in slots(actor) if slot not in declared(actor)}
    before = {slot: held(getattr(actor, slot)) for slot in declared(actor)}
    floor.at(500, Kind.HORIZON, floor.calendar.end)
    floor.start()
    floor.calendar.execute()
    assert {slot: getattr(actor, slot) for slot in fixed} == fixed
    assert {slot: getattr(actor, slot) for slot in before} != before


def test_all_that_happens_is_registered(line_of):
    floor = Floor(everything(line_of), settings=RunSettings(), plan=None, seed=3, replication=0, log=None)
    known = {id(actor) for actor in floor.actors.values()}
    vehicles = [vehicle for fleet in floor.fleets.values() for vehicle in fleet.vehicles]
    modes = [mode for conveyor in floor.conveyors.values() for mode in conveyor.modes]
    groups = [*floor.conveyors.values(), *floor.fleets.values(), *floor.pools.values()]
    assert {id(thing) for thing in (*vehicles, *modes, *groups)} <= known


def test_belts_vehicles_and_pallets_are_saved_in_the_middle(line_of):
    line = everything(line_of)
    run = Simulation(line, settings=RunSettings(horizon=400), seed=3)
    twins = []
    for time in range(7, 400, 30):
        run.run_until(time)
        twins.append(Simulation.restore(run.snapshot()))
        assert save_state(twins[-1]._engine.floor) == save_state(run._engine.floor)
    end = repr(dict(run.finish().values))
    assert all(repr(dict(twin.finish().values)) == end for twin in twins)
