"""Traps around the stations, and what the figures leave out."""

from pathlib import Path

import pytest

from opt_twin.io import read_line
from opt_twin.line import (
    Buffer,
    Connection,
    Conveyor,
    Economics,
    FailureMode,
    Fleet,
    Inspection,
    Line,
    Maintenance,
    Need,
    Operators,
    Order,
    Pallets,
    Product,
    Release,
    Shift,
    Sink,
    Source,
    StartUp,
    Station,
    Stock,
    TariffPeriod,
    Transport,
    chain,
)
from opt_twin.simulation import RunSettings, run_replication
from opt_twin.theory import covers, line_warnings

MODELS = Path(__file__).parents[2] / "models"
DAY = Shift(name="day", start="06:00", end="14:00")
NIGHT = Shift(name="night", start="22:00", end="06:00")


def station(name="S", **fields):
    return Station(name=name, **({"cycle_time": 10} | fields))


def line_of(*middle, source=None, connections=None, **fields):
    elements = (source or Source(name="In", interarrival=60), *middle, Sink(name="Out"))
    ways = chain(*(element.name for element in elements)) if connections is None else connections
    return Line(name="w", elements=elements, connections=ways, **fields)


def warnings(line):
    return list(line_warnings(line))


def test_people_who_limit_the_line_are_named_with_a_number_that_would_not():
    line = line_of(
        station("A", needs={"run": "hand"}),
        station("B", needs={"run": Need(skill="hand", number=2)}),
        operators=(Operators(name="hand", number=2),),
    )
    (warning,) = warnings(line)
    assert warning == (
        "operators hand (2 people) lets at most 240 parts per hour through, less than the slowest "
        "station: A could make 360; 3 would not limit it"
    )
    assert warnings(line.with_value("hand.number", 3)) == []


def test_too_few_pallets_and_vehicles_are_named():
    line = line_of(
        station("A"),
        Transport(name="T", fleet="AGV"),
        station("B"),
        source=Source(name="In", pallets="tray"),
        fleets=(Fleet(name="AGV", speed=1, distances={"A": {"B": 15}}),),
        pallets=(Pallets(name="tray", number=1),),
    )
    assert [text.split(" lets")[0] for text in warnings(line)] == [
        "fleet AGV (1 vehicle)",
        "pallets tray (1 pallet)",
    ]
    assert warnings(line.with_values({"AGV.number": 3, "tray.number": 4})) == []


def test_a_slow_belt_is_named():
    belt = Conveyor(name="Belt", length=10, pitch=1, speed=0.05)
    assert [text.split(" through")[0] for text in warnings(line_of(station(), belt))] == [
        "conveyor Belt lets at most 180 parts per hour"
    ]


def test_a_station_without_shifts_behind_one_with_shifts_is_starved():
    line = line_of(station("A", shifts=("day",)), station("B"), shifts=(DAY,))
    (warning,) = warnings(line)
    assert warning.startswith("B has no shifts, but A before it works 56 h a week: it is starved in between")
    assert warnings(line.with_value("B.shifts", ("day",))) == []


def test_people_who_are_never_there_when_the_station_works_are_named():
    line = line_of(
        station(shifts=("day",), needs={"run": Need(skill="hand", number=2)}),
        shifts=(DAY, NIGHT),
        operators=(Operators(name="hand", shifts=("night",)), Operators(name="b", skills=("hand",))),
    )
    assert any("never there in its shifts: it never works" in text for text in warnings(line))
    together = line.with_value("hand.shifts", ("night", "day"))
    assert not any("never" in text for text in warnings(together))


def crewed(**mode):
    failure = FailureMode(**({"time_to_failure": "10 h", "time_to_repair": "1 h", "crew": "fix"} | mode))
    return line_of(
        station(failures=(failure,)), operators=(Operators(name="fix", shifts=("day",)),), shifts=(DAY,)
    )


def test_repairs_that_wait_for_the_next_shift_are_told():
    assert warnings(crewed()) == [
        "S: breakdown: its crew works 56 h a week, the station 168 h: repairs wait for the next shift"
    ]


def test_a_crew_that_is_asked_for_too_much_is_told():
    found = warnings(crewed(time_to_failure="10 h", time_to_repair="6 h"))
    assert (
        "repairs and maintenance ask for 0.375 people with the skill fix at all times, 0.333 are there: "
        "stations wait for them longer and longer" in found
    )


def test_maintenance_that_never_ends_is_told():
    task = Maintenance(name="wash", start=0, every="1 h", duration="2 h")
    assert "S: wash takes longer than the time until it is due again" in warnings(
        line_of(station(maintenance=(task,)))
    )


def test_a_limit_that_is_never_reached_is_told():
    ways = (*chain("In", "S"), Connection(source="S", target="Out", limit=2))
    assert warnings(line_of(station(), connections=ways)) == [
        "the limit of S -> Out is never reached: no way leads back, a part goes there once"
    ]


def test_parts_that_no_connection_admits_are_told():
    ways = (*chain("In", "S"), Connection(source="S", target="Out", products=("a",)))
    line = line_of(
        station(),
        source=Source(name="In", interarrival=60, mix={"a": 0.8, "b": 0.2}),
        connections=ways,
        products=(Product(name="a"), Product(name="b")),
    )
    assert warnings(line) == [
        "20 % of the parts leave S and no connection admits them: a run ends with an error; add a connection"
    ]


def test_rejects_that_go_on_like_good_parts_are_told():
    line = line_of(station(inspection=Inspection(rejects="route")))
    assert warnings(line) == ["S routes rejected parts on, but no connection asks for quality: they go on"]


def test_components_that_do_not_come_in_their_numbers_are_told():
    products = tuple(Product(name=name) for name in "abc")
    line = line_of(
        station(components={"a": 1, "b": 1}, makes="c"),
        source=Source(name="In", interarrival=60, mix={"a": 0.5, "b": 0.25, "c": 0.25}),
        products=products,
    )
    piled, wrong = warnings(line)
    assert piled.startswith("S: 50 % of the parts of a find no others to go with: they pile up before it")
    assert wrong == "parts of c come to S, which does not take them: they block the way"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"needs": {"load": "hand"}},
            "S needs people to load, but it has no load_time: they are never called",
        ),
        ({"needs": {"inspect": "hand"}}, "it has no inspection with a time"),
        ({"needs": {"setup": "hand"}}, "it has no setup_times or tool"),
        ({"warm_up_after": 60}, "warm_up_after has no effect without a warm_up_time"),
        ({"wear_exponent": 2}, "wear_exponent has no effect without failures"),
        ({"start_up": StartUp(cycles=3, defect_rate=0.5)}, "start_up has no effect without setup_times"),
    ],
)
def test_fields_without_effect_are_told(fields, message):
    line = line_of(station(**fields), operators=(Operators(name="hand"),) if "needs" in fields else ())
    (warning,) = warnings(line)
    assert message in warning


def test_energy_that_costs_nothing_is_told():
    tariff = Economics(tariff=(TariffPeriod(start=0, price=0.3),))
    assert "economics has a tariff, but no station" in warnings(line_of(station(), economics=tariff))[0]
    assert "an energy_price" in warnings(line_of(station(), economics=Economics(energy_price=1)))[0]
    assert warnings(line_of(station(power={"busy": 2}), economics=tariff)) == []


def test_what_nobody_uses_is_told():
    line = line_of(
        station(),
        shifts=(DAY,),
        operators=(Operators(name="hand"),),
        fleets=(Fleet(name="AGV", speed=1),),
        pallets=(Pallets(name="tray", number=2),),
    )
    assert warnings(line) == [
        "operators hand: no station, repair or maintenance needs them",
        "fleet AGV: no transport uses it",
        "pallets tray: no source uses them",
        "shift day: nobody works in it",
    ]


def stocked(demand):
    return Line(
        name="w",
        elements=(
            Source(name="In", replenishes="Shelf"),
            station(defect_rate=0.5),
            Stock(name="Shelf", reorder_point=1, order_up_to=4, demand=demand),
        ),
        connections=chain("In", "S", "Shelf"),
    )


def test_customers_who_ask_for_more_than_is_made_are_told():
    (warning,) = warnings(stocked(15))
    assert warning == (
        "customers ask Shelf for 240 parts per hour, the line makes 180 at most: what is owed grows "
        "without bound"
    )
    assert warnings(stocked(21)) == []


@pytest.mark.parametrize(
    "source",
    [
        Source(name="In", pallets="tray"),
        Source(name="In", timetable=(Release(time=0, quantity=5),)),
        Source(name="In", releases_orders=True),
    ],
)
def test_a_queue_of_a_source_that_is_bounded_does_not_grow(source):
    line = line_of(
        station("A", cycle_time=1),
        Buffer(name="Q"),
        station("B"),
        source=source,
        products=(Product(name="a"),),
        orders=(Order(name="1", product="a", quantity=3),),
        pallets=(Pallets(name="tray", number=5),),
    )
    assert not any("grows" in text for text in warnings(line))


def test_products_that_are_made_on_the_way_are_no_warning():
    line = line_of(
        station(makes="b"),
        source=Source(name="In", interarrival=60, mix={"a": 1}),
        products=(Product(name="a"), Product(name="b")),
    )
    assert warnings(line) == []


# what is left out -------------------------------------------------------------------------------------------


def test_a_plain_line_leaves_nothing_out():
    mode = FailureMode(time_to_failure=100, time_to_repair=5)
    assert covers(line_of(station(failures=(mode,), defect_rate=0.1, inspection=Inspection()))) == ()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"batch_size": 3, "batch_by": "product"}, "S: batches that start short"),
        ({"unpacks": True}, "S: the parts in a defective pack"),
        ({"behaviour": "mine:Rule"}, "S: what its own behaviour does"),
        ({"start_up": StartUp(cycles=2, defect_rate=0.1)}, "S: the defects after a set-up are left out"),
        ({"shifts": ("day",)}, "S: capacity over whole weeks"),
        ({"needs": {"run": "fix"}}, "S: waiting for people"),
        (
            {"failures": (FailureMode(time_to_failure=9, time_to_repair=1, crew="fix"),)},
            "S: repairs and maintenance are taken to find their crew at once",
        ),
        (
            {"failures": (FailureMode(time_to_failure=9, time_to_repair=1, also_stops=("S",)),)},
            "S: its failures stop other stations too",
        ),
    ],
)
def test_what_a_figure_leaves_out_is_said(fields, sentence):
    line = line_of(station(**fields), shifts=(DAY,), operators=(Operators(name="fix"),))
    (found,) = covers(line)
    assert found.startswith(sentence)


def test_several_vehicles_are_called_one_after_another():
    middle = (station("A"), Transport(name="T", fleet="AGV"), station("B"))
    assert covers(line_of(*middle, fleets=(Fleet(name="AGV", speed=1),))) == ()
    (found,) = covers(line_of(*middle, fleets=(Fleet(name="AGV", speed=1, number=2),)))
    assert found.startswith("T: each place calls one vehicle after another")


def test_stations_that_leave_out_the_same_stand_together():
    line = line_of(station("A", shifts=("day",)), station("B", shifts=("day",)), shifts=(DAY,))
    (found,) = covers(line)
    assert found.startswith("A, B: capacity over whole weeks")


@pytest.mark.parametrize("rule", ["round_robin", "shortest_queue", "first_ready", "decision", "mine:Rule"])
def test_rules_that_depend_on_the_run_are_said_and_round_robin_is_exact(rule):
    ways = (*chain("In", "Q", "A", "Out"), *chain("Q", "B", "Out"))
    line = line_of(Buffer(name="Q", capacity=3, routing=rule), station("A"), station("B"), connections=ways)
    assert len(covers(line)) == (rule != "round_robin")


# the models that come with the project ----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["assembly", "rework"])
def test_the_models_with_people_and_rework_have_no_warnings(name):
    assert line_warnings(read_line(MODELS / f"{name}.yaml")) == ()


def test_the_pallet_loop_is_limited_by_its_carts_as_its_header_says():
    (warning,) = line_warnings(read_line(MODELS / "pallet_loop.yaml"))
    assert warning == (
        "fleet cart (2 vehicles) lets at most 90 parts per hour through, less than the slowest "
        "station: Screw could make 143; 4 would not limit it"
    )


def loop_with_a_batch(number=3, size=4, unloaded_at=None, source=None, **fields):
    return line_of(
        station("Pre"),
        station("Oven", batch_size=size, **fields),
        source=source or Source(name="In", pallets="Tray"),
        pallets=(Pallets(name="Tray", number=number, unloaded_at=unloaded_at),),
    )


@pytest.mark.parametrize("unloaded_at", [None, "Oven"])
def test_a_batch_larger_than_the_pallets_of_its_loop_is_told_and_never_starts(unloaded_at):
    line = loop_with_a_batch(unloaded_at=unloaded_at)
    told = (
        "Oven waits for batches of 4, but only 3 parts can be in the loop of pallets Tray: no batch is ever "
        "complete; give the loop more pallets, make the batch smaller, or write a batch_wait"
    )
    assert [text for text in warnings(line) if "Oven" in text] == [told]
    run = run_replication(line, settings=RunSettings(horizon=3600))
    assert run.starved == ("Oven",)
    assert run.values["parts_out"] == 0


@pytest.mark.parametrize(
    "fields",
    [
        {"number": 4},
        {"unloaded_at": "Pre"},
        {"batch_wait": 60},
        {"source": Source(name="In", interarrival=60), "number": 4},
    ],
    ids=str,
)
def test_a_batch_that_can_start_is_not_told(fields):
    line = loop_with_a_batch(**fields)
    assert not [text for text in warnings(line) if "batches of" in text]
    run = run_replication(line, settings=RunSettings(horizon=3600))
    assert run.values["parts_out"] > 0
