"""What the line draws, and what a run costs."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opt_twin.analysis import unit_cost
from opt_twin.errors import EvaluationError
from opt_twin.line import (
    Conveyor,
    Economics,
    Exponential,
    FailureMode,
    Inspection,
    Operators,
    Product,
    Shift,
    Sink,
    Source,
    Station,
    TariffPeriod,
)
from opt_twin.results import STATES
from opt_twin.simulation import RunSettings, run_replication, simulate

HOUR = 3600.0
DAY = 24 * HOUR
PEAK = (TariffPeriod(start="06:00", price=0.5), TariffPeriod(start="22:00", price=0.25))


@pytest.fixture
def saw(line_of):
    """Return a line of one station that works all the time and draws 8 kW then."""

    def build(*, power=None, **fields):
        station = Station(
            name="S", cycle_time=fields.pop("cycle_time", 60), power={"busy": 8} if power is None else power
        )
        return line_of(Source(name="In"), station, Sink(name="Out"), **fields)

    return build


def run(line, horizon, **options):
    return run_replication(line, settings=RunSettings(horizon=horizon, **options)).values


def test_a_station_that_works_draws_its_power_times_the_time(saw):
    values = run(saw(economics=Economics(energy_price=0.5)), 3 * HOUR)
    assert values["energy"] == values["S.energy"] == 24
    assert values["energy_cost"] == values["conversion_cost"] == 12
    assert values["margin"] == -12


def test_each_state_has_its_own_power(line_of):
    station = Station(name="S", cycle_time=15, power={"busy": 7.2, "starved": 3.6})
    line = line_of(Source(name="In", interarrival=25), station, Sink(name="Out"))
    values = run(line, 1000)
    busy = 39 * 15  # from 25, 50, ..., 975 for 15 s
    assert values["energy"] == pytest.approx(busy * 7.2 / 3600 + (1000 - busy) * 3.6 / 3600)


def test_what_draws_no_power_has_no_measure_of_energy(saw):
    assert "energy" not in run(saw(power={}), HOUR)
    assert "energy_cost" not in run(saw(power={"busy": 0}), HOUR)


@pytest.mark.parametrize(
    ("start", "hours", "cost"),
    [
        ("12:00", 4, 4 * 0.5),
        ("05:00", 3, 1 * 0.25 + 2 * 0.5),  # before the first period the last one holds
        ("21:00", 10, 1 * 0.5 + 8 * 0.25 + 1 * 0.5),
        ("06:00", 24, 16 * 0.5 + 8 * 0.25),
        ("22:00", 48, 2 * (16 * 0.5 + 8 * 0.25)),
    ],
)
def test_energy_is_paid_by_the_time_of_day(saw, start, hours, cost):
    line = saw(economics=Economics(tariff=PEAK))
    clock = (int(start[:2])) * HOUR + 2 * DAY  # Wednesday
    values = run(line, hours * HOUR, clock_start=clock)
    assert values["energy"] == 8 * hours
    assert values["energy_cost"] == 8 * cost


def test_the_energy_of_the_warm_up_is_not_measured(saw):
    line = saw(economics=Economics(tariff=PEAK))
    values = run(line, 10 * HOUR, warm_up=5.5 * HOUR)
    assert values["energy"] == pytest.approx(8 * 4.5)
    assert values["energy_cost"] == pytest.approx(8 * (0.5 * 0.25 + 4 * 0.5))


def test_a_change_of_the_tariff_does_not_change_the_path(line_of):
    station = Station(
        name="S",
        cycle_time=Exponential(mean=100),
        failures=(FailureMode(time_to_failure=Exponential(mean=2000), time_to_repair=Exponential(mean=50)),),
        power={"busy": 3, "failed": 1},
    )
    line = line_of(Source(name="In", interarrival=Exponential(mean=120)), station, Sink(name="Out"))
    priced = line.replace(economics=Economics(tariff=PEAK))
    chosen = RunSettings(horizon=3 * DAY)
    plain = run_replication(line, settings=chosen, log=True)
    other = run_replication(priced, settings=chosen, log=True)
    assert plain.events == other.events
    assert plain.values["energy"] == other.values["energy"]


@given(
    prices=st.lists(st.floats(0, 2), min_size=2, max_size=5),
    start=st.integers(0, 7 * 24 - 1),
    warm_up=st.integers(0, 30),
    seed=st.integers(0, 50),
)
@settings(max_examples=30, deadline=None)
def test_energy_is_the_states_times_their_power_and_its_cost_lies_between_the_prices(
    line_of, prices, start, warm_up, seed
):
    power = {state: 1.0 + place for place, state in enumerate(STATES)}
    stations = [
        Station(
            name=name,
            cycle_time=Exponential(mean=300),
            servers=servers,
            power=power,
            failures=(
                FailureMode(time_to_failure=Exponential(mean=9000), time_to_repair=Exponential(mean=900)),
            ),
        )
        for name, servers in (("A", 1), ("B", 2))
    ]
    tariff = tuple(TariffPeriod(start=5 * HOUR * i, price=price) for i, price in enumerate(prices))
    line = line_of(Source(name="In"), *stations, Sink(name="Out"), economics=Economics(tariff=tariff))
    values = run_replication(
        line,
        settings=RunSettings(horizon=36 * HOUR, warm_up=warm_up * HOUR, clock_start=start * HOUR),
        seed=seed,
    ).values
    hours = 36 - warm_up
    for name, servers in (("A", 1), ("B", 2)):
        own = sum(values[f"{name}.{state}"] * power[state] for state in STATES) * servers * hours
        assert values[f"{name}.energy"] == pytest.approx(own)
    assert values["energy"] == pytest.approx(values["A.energy"] + values["B.energy"])
    low, high = min(prices) * values["energy"], max(prices) * values["energy"]
    assert low * (1 - 1e-9) - 1e-9 <= values["energy_cost"] <= high * (1 + 1e-9) + 1e-9


def test_runs_that_start_at_different_hours_are_not_merged(saw):
    line = saw(economics=Economics(tariff=PEAK))
    early = simulate(line, settings=RunSettings(horizon=HOUR, replications=1))
    late = RunSettings(horizon=HOUR, replications=1, first_replication=1, clock_start=8 * HOUR)
    with pytest.raises(EvaluationError, match="clock start differs"):
        early.merge(simulate(line, settings=late))


def test_one_price_all_day_is_the_same_as_a_tariff_of_equal_prices(saw):
    plain = run(saw(economics=Economics(energy_price=0.3)), 40 * HOUR)
    equal = run(saw(economics=Economics(tariff=tuple(p.replace(price=0.3) for p in PEAK))), 40 * HOUR)
    assert plain["energy_cost"] == pytest.approx(equal["energy_cost"], rel=1e-12)


def test_every_cost_stands_in_the_margin_and_in_the_cost_of_a_part(line_of):
    station = Station(name="S", cycle_time=60, cost_per_hour=30, cost_per_cycle=0.2, power={"busy": 10})
    line = line_of(
        Source(name="In"),
        station,
        Sink(name="Out"),
        products=(Product(name="a", price=5, material_cost=1),),
        economics=Economics(cost_per_hour=6, energy_price=0.4),
    )
    found = simulate(line, settings=RunSettings(horizon=HOUR, replications=2))
    values = {name: found.mean(name) for name in found.values}
    assert values["cycle_cost"] == pytest.approx(12)
    assert values["energy_cost"] == pytest.approx(4)
    assert values["conversion_cost"] == pytest.approx(30 + 6 + 12 + 4)
    assert values["margin"] == pytest.approx(60 * 5 - 61 - 52)
    assert unit_cost(found).mean == pytest.approx((61 + 52) / 60)
    assert found.units["energy"] == "kWh"
    assert found.units["cycle_cost"] == "EUR"


def test_scrap_costs_more_than_its_material(line_of):

    station = Station(name="S", cycle_time=1, defect_rate=0.5, inspection=Inspection())
    line = line_of(
        Source(name="In"),
        station,
        Sink(name="Out"),
        products=(Product(name="a", material_cost=1, scrap_cost=2),),
    )
    found = simulate(line, settings=RunSettings(horizon=1000, replications=2))
    scrapped, good = found["scrapped"].sum(), found["good_parts"].sum()
    assert found["scrap_cost"].sum() == 2 * scrapped
    assert unit_cost(found).mean == pytest.approx((found["released"].sum() + 2 * scrapped) / good)


def belt_line(line_of, **fields):
    belt = Conveyor(name="Belt", length=10, speed=1, pitch=1, power=6, **fields)
    ends = (Station(name="A", cycle_time=1), belt, Station(name="B", cycle_time=20))
    return line_of(Source(name="In"), *ends, Sink(name="Out"), economics=Economics(energy_price=0.5))


def test_a_conveyor_draws_its_power_while_its_belt_runs_under_parts_that_wait(line_of):
    values = run(belt_line(line_of), HOUR)
    assert values["Belt.blocked"] > 0.9
    assert values["energy"] == values["Belt.energy"] == 6
    assert values["energy_cost"] == 3


def test_a_conveyor_that_stands_draws_nothing(line_of):
    values = run(belt_line(line_of, accumulating=False), HOUR)
    assert 0 < values["Belt.moving"] < 0.1
    assert values["Belt.energy"] == pytest.approx(6 * values["Belt.moving"])


def test_a_shift_and_a_tariff_that_change_at_one_moment_do_not_clash(line_of):
    station = Station(name="S", cycle_time=1, shifts=("day",), power={"busy": 6, "off_shift": 1})
    hands = Operators(name="hands", shifts=("day", "night"))
    line = line_of(
        Source(name="In"),
        station,
        Sink(name="Out"),
        operators=(hands,),
        shifts=(
            Shift(name="day", start="06:00", end="22:00"),
            Shift(name="night", start="22:00", end="06:00"),
        ),
        economics=Economics(tariff=PEAK),
    )
    values = run(line, DAY)
    assert values["energy_cost"] == pytest.approx(16 * 6 * 0.5 + 8 * 0.25)


def test_people_are_paid_while_they_are_at_work(line_of):
    shift = Shift(name="day", start="06:00", end="14:00", days=("mon",))
    hands = Operators(name="hands", number=3, shifts=("day",), cost_per_hour=20)
    always = Operators(name="guard", cost_per_hour=10)
    line = line_of(
        Source(name="In"),
        Station(name="S", cycle_time=60, needs={"run": "hands"}),
        Sink(name="Out"),
        operators=(hands, always),
        shifts=(shift,),
    )
    values = run(line, DAY)
    late = 20 / 60  # one of them finishes the cycle that begins at 14:00
    assert values["labour_cost"] == pytest.approx(3 * 8 * 20 + late + 24 * 10)
    assert values["conversion_cost"] == values["labour_cost"]
    assert run(line, DAY, clock_start=DAY)["labour_cost"] == 24 * 10
    assert run(line, DAY, warm_up=7 * HOUR)["labour_cost"] == pytest.approx(3 * 7 * 20 + late + 17 * 10)
