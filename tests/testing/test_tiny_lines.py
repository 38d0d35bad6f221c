"""The tiny lines are what their docstrings say."""

import pytest

from opt_twin.scheduling import scheduling_instance, solve_schedule
from opt_twin.simulation import RunSettings, simulate
from opt_twin.testing import order_line, saturated_tandem, single_queue, unreliable_machine
from opt_twin.theory import capacity_table, exponential_two_station, mm1


def test_tandem_has_the_known_throughput():
    for capacity in (0, 3):
        line = saturated_tandem(2, capacity=capacity, mean=2.0)
        assert len(line.buffers) == (capacity > 0)
        known = exponential_two_station(1 / 2, 1 / 2, capacity)
        assert known == pytest.approx((capacity + 2) / (capacity + 3) / 2)
    assert [station.name for station in saturated_tandem(3).stations] == ["M1", "M2", "M3"]


def test_queue_has_the_stated_utilisation():
    line = single_queue(utilisation=0.8, mean=3.0)
    (station,) = capacity_table(line)
    assert station.utilisation == pytest.approx(0.8)
    assert mm1(0.8 / 3.0, 1 / 3.0).in_system == pytest.approx(4.0)


def test_unreliable_machine_has_the_stated_availability():
    (station,) = capacity_table(unreliable_machine(up=75.0, down=25.0))
    assert station.capacity_per_hour == pytest.approx(0.75 * 3600)


def test_order_line_has_the_stated_optimum():
    result = solve_schedule(scheduling_instance(order_line()))
    assert (result.objective, result.bound) == (446, 446)
    assert result.solution().sequence("Pack") == ("B", "C", "A")


def test_simulator_executes_a_schedule_of_full_batches_nearly_on_time():
    """Constant cycle times: orders are complete as planned, but for one batch that a change-over waits for.

    The plan lets a change-over run before the parts arrive, the simulator begins it with the first batch.
    """
    line = order_line()
    line = line.replace(
        orders=tuple(order.replace(quantity=order.quantity // 4 * 4) for order in line.orders)
    )
    for objective in ("makespan", "total_weighted_tardiness"):
        schedule = solve_schedule(scheduling_instance(line), objective=objective).solution()
        settings = RunSettings(horizon=3600.0, replications=1)
        evaluation = simulate(line, settings=settings, plan=schedule, seed=0)
        for order in line.orders:
            planned = schedule.of_job(order.name)[-1].end
            late = evaluation[f"order.{order.name}.completion"][0] - planned
            assert -1e-9 <= late <= 8.0  # the time in which a batch comes together
        assert evaluation["makespan"][0] == pytest.approx(schedule.makespan)
