"""Vehicles: trips followed by hand, who is sent where, and queues that they must equal."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opt_twin.errors import ConservationError, ModelError
from opt_twin.graph import ranks
from opt_twin.line import (
    Buffer,
    Connection,
    Conveyor,
    Deterministic,
    Exponential,
    Fleet,
    Pallets,
    Sink,
    Source,
    Station,
    Transport,
    Uniform,
)
from opt_twin.results import VEHICLE_STATES
from opt_twin.simulation import RunSettings, run_replication, simulate
from opt_twin.simulation.fleets import Vehicle


def fleet(**fields):
    return Fleet(**{"name": "AGV", "speed": 1, **fields})


def run(line, horizon=100.0, seed=0):
    return run_replication(line, settings=RunSettings(horizon=horizon), seed=seed, log=True)


def times(result, element, kind):
    return [event.time for event in result.events if event.element == element and event.kind == kind]


def states(result, horizon):
    """Return the seconds of a vehicle in each state that occurs."""
    shares = {state: result.values[f"AGV.{state}"] for state in VEHICLE_STATES}
    return {state: pytest.approx(share * horizon) for state, share in shares.items() if share}


def two_stations(line_of, fleet_, first=3.0, second=5.0, source=None, reserves=False):
    return line_of(
        source or Source(name="In"),
        Station(name="A", cycle_time=first),
        Transport(name="T", fleet="AGV", reserves=reserves),
        Station(name="B", cycle_time=second),
        Sink(name="Out"),
        fleets=(fleet_,),
    )


def test_one_vehicle_by_hand(line_of):
    """Loading 3-5, loaded to 15, unloading to 16; back at A at 26, and so on every 23 s."""
    line = two_stations(line_of, fleet(loading_time=2, unloading_time=1, distances={"A": {"B": 10}}))
    result = run(line, horizon=50)
    assert times(result, "T", "enter") == [5, 28]
    assert times(result, "A", "start") == [0, 5, 28]
    assert times(result, "B", "start") == [16, 39]
    assert states(result, 50) == {"idle": 3, "empty": 20, "loading": 5, "loaded": 20, "unloading": 2}
    assert result.values["AGV.trips"] == result.values["T.parts"] == 2
    assert result.values["AGV.distance"] == 40
    assert 50 * result.values["T.level"] == pytest.approx(22)
    assert 50 * result.values["A.blocked"] == pytest.approx(2 + 20 + 19)


def test_a_vehicle_parks_when_nothing_is_to_be_done(line_of):
    """It fetches from the garage (4 m), delivers (10 m), and drives home (6 m) if no call waits."""
    garage = fleet(parking="In", distances={"In": {"A": 4, "B": 6}, "A": {"B": 10}})
    line = two_stations(line_of, garage, first=1.0, second=1.0, source=Source(name="In", interarrival=30))
    result = run(line, horizon=100)
    assert times(result, "B", "start") == [31 + 14, 61 + 14]
    assert states(result, 100) == {"idle": 31 + 10 + 10, "empty": 4 + 6 + 4 + 6 + 4, "loaded": 10 + 10 + 5}


def test_a_vehicle_on_its_way_to_park_serves_no_call_before_it_is_there(line_of):
    """It leaves B at 16 and parks at 36; the call of 26 is served from there: 5 m to A, 10 m to B."""
    arrows = [("In", "A"), ("More", "A"), ("A", "T"), ("T", "B"), ("B", "Out")]
    line = line_of(
        Source(name="In", limit=1),
        Source(name="More", interarrival=25, limit=1),
        Station(name="A", cycle_time=1),
        Transport(name="T", fleet="AGV"),
        Station(name="B", cycle_time=1),
        Sink(name="Out"),
        ways=[Connection(source=a, target=b) for a, b in arrows],
        fleets=(fleet(parking="In", distances={"In": {"A": 5, "B": 20}, "A": {"B": 10}}),),
    )
    assert times(run(line), "B", "start") == [1 + 5 + 10, 36 + 5 + 10]


def test_a_battery_by_hand(line_of):
    """20 m there and 20 m back; a battery of 40 m is flat after the second part (60 m), then after each."""
    flat = fleet(battery=40, charging_time=7, charger="B", distances={"A": {"B": 20}})
    result = run(two_stations(line_of, flat, first=1.0, second=1.0), horizon=160)
    assert times(result, "B", "start") == [21, 61, 61 + 7 + 40, 108 + 7 + 40]
    assert states(result, 160)["charging"] == 7 + 7 + 5


def test_a_charger_elsewhere_is_driven_to_and_the_way_counts(line_of):
    """From B 3 m to the charger, 5 s there, 4 m to A, 20 m to B: a battery of 20 m lasts for one part."""
    ways = {"A": {"B": 20}, "In": {"A": 4, "B": 3}}
    flat = fleet(battery=20, charging_time=5, charger="In", distances=ways)
    result = run(two_stations(line_of, flat, first=1.0, second=1.0), horizon=86)
    assert times(result, "B", "start") == [21, 53, 85]
    assert result.values["AGV.distance"] == 20 + 2 * (3 + 4 + 20) + 3


def test_a_fleet_charges_where_it_stands_without_a_charger(line_of):
    flat = fleet(battery=1, charging_time=5, distances={"A": {"B": 20}})
    result = run(two_stations(line_of, flat, first=1.0, second=1.0), horizon=100)
    assert times(result, "B", "start") == [21, 66]


def test_a_vehicle_waits_for_a_place_with_its_part(line_of):
    """It is back at B with the second part at 8; the first one is done at 24."""
    result = run(two_stations(line_of, fleet(distances={"A": {"B": 1}}), second=20.0), horizon=26)
    assert times(result, "B", "start") == [4, 24]
    assert states(result, 26)["waiting"] == 16


def test_a_vehicle_is_sent_when_there_is_a_place_for_the_part(line_of):
    """The part of A is done at 6, but B takes it only when the first is done at 24."""
    line = two_stations(line_of, fleet(distances={"A": {"B": 1}}), second=20.0, reserves=True)
    result = run(line, horizon=26)
    assert times(result, "B", "start") == [4, 24 + 2]
    assert states(result, 26) == {"idle": 3 + 20, "empty": 1, "loaded": 2}


@pytest.mark.parametrize(
    ("place", "places", "waited"),
    [
        (Buffer(name="B", capacity=3), 3, 0),
        (Station(name="B", cycle_time=1e6, servers=2), 2, 0),
        (Station(name="B", cycle_time=1e6, batch_size=5), 5, 0),
        (Conveyor(name="B", length=4, pitch=1, speed=1), 4, 0 + 1 + 2 + 3),
    ],
)
def test_no_more_parts_are_on_their_way_than_there_are_places(line_of, place, places, waited):
    """Ten vehicles stand ready; what has been sent fills the target, which is never emptied.

    At the entrance of a belt four that come together wait for one pitch each.
    """
    line = line_of(
        Source(name="In"),
        Transport(name="T", fleet="AGV"),
        place,
        Station(name="End", cycle_time=1e6),
        Sink(name="Out"),
        fleets=(fleet(number=10, distances={"In": {"B": 20}}),),
    )
    taken = places + (0 if isinstance(place, Station) else 1)  # one part goes on to the last station
    result = run(line)
    assert len(times(result, "T", "enter")) == result.values["AGV.trips"] == taken
    assert 10 * 100 * result.values["AGV.waiting"] == pytest.approx(waited)


@pytest.mark.parametrize(
    ("place", "loaded"),
    [
        (Buffer(name="B", capacity=1), [0, 2, 22]),
        (Conveyor(name="B", length=1, pitch=1, speed=1), [0, 3, 23]),
    ],
)
def test_an_idle_vehicle_is_sent_when_a_part_has_left_the_target(line_of, place, loaded):
    """The station takes 20 s for each part; the way is 1 m, and riding on the belt takes 1 s."""
    line = line_of(
        Source(name="In"),
        Transport(name="T", fleet="AGV"),
        place,
        Station(name="S", cycle_time=20),
        Sink(name="Out"),
        fleets=(fleet(distances={"In": {"B": 1}}),),
    )
    assert times(run(line, horizon=30), "T", "enter") == loaded


def test_another_vehicle_is_sent_when_one_has_delivered_and_is_flat(line_of):
    """The first part goes through the only place of B at 10; that is free again, and its vehicle charges."""
    line = line_of(
        Source(name="In"),
        Transport(name="T", fleet="AGV"),
        Buffer(name="B", capacity=1),
        Station(name="S", cycle_time=1e6),
        Sink(name="Out"),
        fleets=(fleet(number=2, battery=5, charging_time=200, distances={"In": {"B": 10}}),),
    )
    assert times(run(line), "T", "enter") == [0, 10]


def test_parts_of_other_ways_take_places_that_are_reserved(line_of):
    """B is free at 2 when the vehicle sets off, but a part from elsewhere is there at 5, for 10 s."""
    arrows = [("In", "A"), ("A", "T"), ("T", "B"), ("Else", "B"), ("B", "Out")]
    line = line_of(
        Source(name="In", limit=1),
        Source(name="Else", interarrival=5, limit=1),
        Station(name="A", cycle_time=2),
        Transport(name="T", fleet="AGV"),
        Station(name="B", cycle_time=10),
        Sink(name="Out"),
        ways=[Connection(source=a, target=b) for a, b in arrows],
        fleets=(fleet(distances={"A": {"B": 6}}),),
    )
    result = run(line, horizon=30)
    assert times(result, "B", "start") == [5, 15]
    assert states(result, 30)["waiting"] == 7


@pytest.mark.parametrize(("reserves", "made"), [(True, 13), (False, 0)])
def test_a_shop_does_not_lock_when_places_are_reserved(line_of, reserves, made):
    """Without, the vehicle waits at B for a place, and B for the vehicle (Egbelu and Tanchoco 1984).

    With it, each part takes 1 m to B, 5 s there, 1 m to C and 2 m back to A: one leaves at 8, 17, 26 ...
    """
    line = line_of(
        Source(name="In"),
        Buffer(name="A", capacity=5),
        Transport(name="There", fleet="AGV", reserves=reserves),
        Station(name="B", cycle_time=5),
        Transport(name="On", fleet="AGV", reserves=reserves),
        Station(name="C", cycle_time=1),
        Sink(name="Out"),
        fleets=(fleet(distances={"A": {"B": 1, "C": 2}, "B": {"C": 1}}),),
    )
    assert run(line, horizon=116).values["parts_out"] == made


def lanes(line_of, calls, distances, *, priority=(), number=1):
    """Return a line with a lane for each letter of `calls`, whose part calls a vehicle then."""
    elements, arrows = [], []
    for lane, moment in calls.items():
        elements += [
            Source(name=f"In{lane}", interarrival=moment, limit=1),
            Station(name=lane, cycle_time=0),
            Transport(name=f"T{lane}", fleet="AGV", priority=lane in priority),
            Sink(name=f"Out{lane}"),
        ]
        arrows += [(f"In{lane}", lane), (lane, f"T{lane}"), (f"T{lane}", f"Out{lane}")]
    return line_of(
        *elements,
        ways=[Connection(source=a, target=b) for a, b in arrows],
        fleets=(fleet(number=number, distances=distances),),
    )


@pytest.mark.parametrize(("priority", "order"), [("", "XYZ"), ("Z", "XZY"), ("XYZ", "XYZ")])
def test_calls_are_served_by_priority_then_by_the_time_that_they_wait(line_of, priority, order):
    """The vehicle is away with the part of X until 11 while Y and Z call."""
    line = lanes(line_of, {"X": 1, "Z": 3, "Y": 2}, {"X": {"OutX": 10}}, priority=priority)
    assert [e.element[1:] for e in run(line).events if e.kind == "enter"] == list(order)


def test_calls_of_one_moment_are_served_by_rank(line_of):
    line = lanes(line_of, {"X": 1, "Z": 2, "Y": 2}, {"X": {"OutX": 10}})
    order = sorted("YZ", key=ranks(line).get)
    assert [e.element[1:] for e in run(line).events if e.kind == "enter"] == ["X", *order]


@pytest.mark.parametrize(("left", "right", "reached"), [(30, 5, 105), (5, 30, 105), (7, 7, 107)])
def test_the_nearest_idle_vehicle_is_sent(line_of, left, right, reached):
    """One vehicle stands at each end of X and Z when Y calls at 100.

    Of equals the first goes: then the second is left for W, 9 m away, at 200.
    """
    distances = {
        "OutX": {"Y": left, "W": 1, "Z": 50},
        "OutZ": {"Y": right, "W": 9, "X": 50},
        "OutY": {"W": 500},
    }
    line = lanes(line_of, {"X": 1, "Z": 2, "Y": 100, "W": 200}, distances, number=2)
    result = run(line, horizon=400)
    assert times(result, "TY", "enter") == [reached]
    assert times(result, "TW", "enter") == [209 if left <= right else 201]


@pytest.mark.parametrize("vehicles", [1, 2, 3])
def test_vehicles_that_return_at_once_are_the_servers_of_a_station(line_of, vehicles):
    """The same exits, bit by bit, as from a station of so many servers that takes as long as the way."""

    def exits(middle, **fields):
        line = line_of(
            Source(name="In", interarrival=Exponential(mean=1.1 / vehicles)),
            Buffer(name="Queue"),
            middle,
            Station(name="End", cycle_time=0),
            Sink(name="Out"),
            **fields,
        )
        return times(run(line, horizon=2000), "Out", "exit")

    drive = fleet(number=vehicles, speed=3.0, distances={"Queue": {"End": 3.1}, "End": {"Queue": 0}})
    expected = exits(Station(name="M", cycle_time=3.1 / 3.0, servers=vehicles))
    assert exits(Transport(name="M", fleet="AGV", reserves=False), fleets=(drive,)) == expected
    assert len(expected) > 1000


def test_a_vehicle_that_drives_home_is_an_m_d_1_queue(line_of):
    """Loading .2, way .3, unloading .2, way back .3: S = 1, Wq = 2 at load .8 (Pollaczek and Khinchine)."""
    line = line_of(
        Source(name="In", interarrival=Exponential(mean=1.25)),
        Buffer(name="Queue"),
        Transport(name="T", fleet="AGV", reserves=False),
        Station(name="S", cycle_time=0),
        Sink(name="Out"),
        fleets=(
            fleet(loading_time=0.2, unloading_time=0.2, parking="Queue", distances={"Queue": {"S": 0.3}}),
        ),
    )
    found = simulate(line, settings=RunSettings(horizon=8000, warm_up=500, replications=8), seed=1)
    assert found.estimate("lead_time", 0.99).covers(2 + 0.7)
    assert found.estimate("AGV.idle", 0.99).covers(0.2)


@given(
    number=st.integers(1, 3),
    battery=st.sampled_from([None, 5.0, 50.0]),
    parking=st.sampled_from([None, "In", "B"]),
    loading=st.sampled_from([0.0, 0.5]),
    unit=st.sampled_from([0.0, 1.0, 3.0]),
    work=st.sampled_from([Deterministic(value=1.0), Exponential(mean=1.0), Uniform(low=0, high=2)]),
    reserves=st.booleans(),
    seed=st.integers(0, 1000),
)
@settings(max_examples=60, deadline=None)
def test_every_fleet_loses_no_part_and_repeats_its_path(
    line_of, number, battery, parking, loading, unit, work, reserves, seed
):
    """Parts go to and fro between two stations on two transports, which share the vehicles."""
    arrows = [("In", "A", 1), ("A", "There", 1), ("There", "B", 1), ("B", "Q", 0.5), ("B", "Out", 0.5)]
    arrows += [("Q", "Back", 1), ("Back", "A", 1)]
    line = line_of(
        Source(name="In", interarrival=Exponential(mean=3.0)),
        Station(name="A", cycle_time=work),
        Transport(name="There", fleet="AGV", reserves=reserves),
        Station(name="B", cycle_time=work, servers=2),
        Buffer(name="Q"),
        Transport(name="Back", fleet="AGV", priority=1, reserves=reserves),
        Sink(name="Out"),
        ways=[Connection(source=a, target=b, probability=p) for a, b, p in arrows],
        fleets=(
            fleet(
                number=number,
                battery=battery,
                charging_time=2.0 if battery else 0.0,
                charger="Q" if battery else None,
                parking=parking,
                loading_time=loading,
                distances={"In": {"A": unit, "B": 2 * unit}, "A": {"B": unit, "Q": unit}, "B": {"Q": unit}},
            ),
        ),
    )
    result = run(line, seed=seed)
    assert result.events == run(line, seed=seed).events
    assert sum(result.values[f"AGV.{state}"] for state in VEHICLE_STATES) == pytest.approx(1)
    assert result.values["There.parts"] + result.values["Back.parts"] == result.values["AGV.trips"]


def test_state_times_of_a_vehicle_that_do_not_add_up_are_noticed(line_of, monkeypatch):
    monkeypatch.setattr(Vehicle, "state_times", lambda self, now: [now, 1.0, *[0.0] * 5])
    with pytest.raises(
        ConservationError, match="a vehicle of 'AGV' do not add up to 100 s: idle 100, empty 1"
    ):
        run(two_stations(line_of, fleet()))


def test_vehicles_cost_by_the_hour(line_of):
    found = run(two_stations(line_of, fleet(number=3, cost_per_hour=20.0)), horizon=1800)
    assert found.values["conversion_cost"] == 30.0


def test_the_measures_of_what_carries_parts_have_units(line_of):
    line = line_of(
        Source(name="In", pallets="P"),
        Conveyor(name="Belt", length=4, speed=1, pitch=1),
        Station(name="A", cycle_time=1),
        Transport(name="T", fleet="AGV"),
        Sink(name="Out"),
        fleets=(fleet(),),
        pallets=(Pallets(name="P", number=3),),
    )
    units = simulate(line, settings=RunSettings(horizon=50)).units
    expected = {"AGV.distance": "m", "AGV.trips": "trips", "P.in_use": "pallets", "Belt.level": "parts"}
    expected |= {"Belt.parts": "parts", "T.parts": "parts", "A.parts": "cycles"}
    assert {name: units[name] for name in expected} == expected
    assert not {"AGV.idle", "Belt.moving"} & set(units)


@pytest.mark.parametrize("fields", [{"charger": "A"}, {"charging_time": 5}])
def test_only_a_fleet_with_a_battery_is_charged(fields):
    with pytest.raises(ModelError, match="fleet 'AGV' charges no battery"):
        fleet(**fields)


def test_two_transports_in_a_row_are_refused(line_of):
    with pytest.raises(ModelError, match="T -> U: two transports in a row"):
        line_of(
            Source(name="In"),
            Station(name="A", cycle_time=1),
            Transport(name="T", fleet="AGV"),
            Transport(name="U", fleet="AGV"),
            Sink(name="Out"),
            fleets=(fleet(),),
        )
