"""The models that come with the project hold the published figures."""

import math
from pathlib import Path

import pytest

from opt_twin.io import read_line, read_line_text, write_line
from opt_twin.line import Clock

MODELS = Path(__file__).parents[2] / "models"


@pytest.fixture(scope="module")
def bottling():
    return read_line(MODELS / "bottling.yaml")


def isolated_cycle(station):
    """Return the mean seconds of a cycle with its stops, for a station that is never starved or blocked."""
    cycle = station.cycle_time.mean
    jams = sum(stop.probability * stop.duration.mean for stop in station.micro_stops)
    down = sum(cycle / mode.time_to_failure.mean * mode.time_to_repair.mean for mode in station.failures)
    return cycle + jams + down


def test_the_filler_takes_555_thousandths_of_a_second_a_tube_and_is_the_bottleneck(bottling):
    cycles = {station.name: isolated_cycle(station) for station in bottling.stations}
    tubes = {"Filler": 1, "Inspector": 1, "Packer": 12, "Palletizer": 720}
    per_tube = {name: cycles[name] / tubes[name] for name in tubes}
    assert cycles["Filler"] == pytest.approx(0.555, abs=1e-12)
    assert cycles["Inspector"] == pytest.approx(0.3273, abs=1e-4)
    assert cycles["Packer"] == pytest.approx(1.875, abs=1e-12)
    assert max(per_tube, key=per_tube.get) == "Filler"


def test_at_most_70_7_pallets_are_expected_in_8_hours(bottling):
    filler, inspector = bottling.element("Filler"), bottling.element("Inspector")
    passed = 1 - filler.defect_rate * inspector.inspection.detection
    tubes = 8 * 3600 / isolated_cycle(filler)
    assert int(tubes) == 51_891
    assert tubes * passed / 720 == pytest.approx(70.7, abs=0.05)


def test_conversion_costs_153_dollars_an_hour(bottling):
    assert sum(station.cost_per_hour * station.servers for station in bottling.stations) == 153
    assert bottling.economics.currency == "USD"


def test_a_pallet_of_the_published_product_has_150_dollars_of_material_and_is_sold_for_450(bottling):
    product = bottling.products[0]
    assert product.name == "tube_5oz"
    assert product.material_cost * 720 == pytest.approx(150)
    assert product.price == 450


def test_buffers_and_batches_are_the_published_ones(bottling):
    assert [buffer.capacity for buffer in bottling.buffers] == [50, 20, 100]
    assert [station.batch_size for station in bottling.stations] == [1, 1, 12, 60]
    assert all(mode.clock is Clock.OPERATION for station in bottling.stations for mode in station.failures)


def test_twelve_orders_of_three_sizes_need_about_8_hours_and_their_sequence_matters(bottling):
    assert len(bottling.orders) == 12
    assert {order.product for order in bottling.orders} == {product.name for product in bottling.products}
    assert all(order.quantity % 720 == 0 for order in bottling.orders)
    filler = bottling.element("Filler")
    times = {}
    for product in bottling.products:
        cycle = filler.cycle_time_of(product.name).mean
        times[product.name] = cycle + 0.15 + cycle / 7200 * 900
    work = {order.name: order.quantity * times[order.product] for order in bottling.orders}
    assert 8 < sum(work.values()) / 3600 < 10

    def tardiness(orders):
        clock, late, before = 0.0, 0.0, filler.initial_product
        for order in orders:
            clock += filler.setup_time(before, order.product) + work[order.name]
            late += order.weight * max(0.0, clock - order.due)
            before = order.product
        return late

    by_due = sorted(bottling.orders, key=lambda order: order.due)
    sizes = ["tube_5oz", "tube_8oz", "tube_3oz"]
    in_campaigns = sorted(by_due, key=lambda order: sizes.index(order.product))
    assert tardiness(by_due) > 1.5 * tardiness(in_campaigns) > 0


def test_set_up_times_depend_on_the_direction(bottling):
    filler = bottling.element("Filler")
    assert filler.setup_time("tube_3oz", "tube_5oz") != filler.setup_time("tube_5oz", "tube_3oz")


def test_the_serial_line_is_the_published_one():
    line = read_line(MODELS / "serial_3.yaml")
    assert [station.cycle_time.mean for station in line.stations] == [4, 5, 4.5]
    assert [buffer.capacity for buffer in line.buffers] == [5, 5]
    assert line.sources[0].limit is None
    mode = line.stations[0].failures[0]
    assert mode.clock is Clock.CYCLES
    assert mode.time_to_repair.mean == 60
    assert 1 - math.exp(-1 / mode.time_to_failure.mean) == pytest.approx(0.01, rel=1e-4)


def test_the_deterministic_makespan_of_the_serial_line_is_508_5_seconds():
    fixed = [f"S{i}.cycle_time={time}" for i, time in ((1, 4), (2, 5), (3, 4.5))]
    fixed += [f"S{i}.failures=[]" for i in (1, 2, 3)]
    line = read_line(MODELS / "serial_3.yaml", sets=[*fixed, "Source.limit=100"])
    times = [station.cycle_time.mean for station in line.stations]
    done = [0.0] * 3
    for _ in range(line.sources[0].limit):  # only S1 is ever blocked, which delays nothing behind S2
        for i, time in enumerate(times):
            done[i] = max(done[i], done[i - 1] if i else 0.0) + time
    assert done[-1] == 508.5


@pytest.mark.parametrize("name", sorted(path.name for path in MODELS.glob("*.yaml")))
def test_a_model_that_is_written_reads_back_the_same(name):
    line = read_line(MODELS / name)
    again = read_line_text(write_line(line))
    assert again == line
    assert again.digest() == line.digest()


def test_writing_protects_what_looks_like_a_constant(bottling):
    line = bottling.replace(description="costs ${N}, $${M}: - 5\n#x", name="0o17")
    assert read_line_text(write_line(line)) == line
