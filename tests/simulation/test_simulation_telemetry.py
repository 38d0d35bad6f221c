"""What a run shows beside its measures: series, lead times, and the log as it is written."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opt_twin.errors import ModelError, SimulationError
from opt_twin.line import (
    Buffer,
    Exponential,
    FailureMode,
    Inspection,
    Product,
    Sink,
    Source,
    Station,
    Uniform,
)
from opt_twin.results import STATES
from opt_twin.simulation import RunSettings, run_replication


@pytest.fixture(scope="module")
def busy_line(line_of):
    """Return a line in which everything happens."""
    return line_of(
        Source(name="In", interarrival=Exponential(mean=2)),
        Station(
            name="A",
            cycle_time=Exponential(mean=1),
            servers=2,
            defect_rate=0.1,
            inspection=Inspection(),
            failures=(FailureMode(time_to_failure=Exponential(mean=30), time_to_repair=Exponential(mean=5)),),
            power={"busy": 2},
        ),
        Buffer(name="AB", capacity=4),
        Station(name="B", cycle_time=Uniform(low=1, high=6), batch_size=2),
        Sink(name="Out"),
    )


# -- series ---------------------------------------------------------------------------------------------


def test_a_series_holds_what_happened_in_each_interval(line_of):
    line = line_of(Source(name="In", limit=3), Station(name="S", cycle_time=10), Sink(name="Out"))
    run = run_replication(line, settings=RunSettings(horizon=60, interval=15))
    assert run.interval == 15
    assert run.series["parts_out"].tolist() == [1, 2, 0, 0]  # at 10, 20 and 30; 30 ends the second interval
    assert run.series["wip"].tolist() == [1, 1, 0, 0]
    assert run.series["S.busy"].tolist() == [1, 1, 0, 0]
    assert run.series["S.starved"].tolist() == [0, 0, 1, 1]
    assert run.series["S.parts"].tolist() == [1, 2, 0, 0]


def test_the_level_of_a_buffer_is_its_mean_over_each_interval(line_of):
    line = line_of(
        Source(name="In", interarrival=2, limit=3),
        Buffer(name="B"),
        Station(name="S", cycle_time=10),
        Sink(name="Out"),
    )
    run = run_replication(line, settings=RunSettings(horizon=20, interval=5))
    # parts at 2, 4, 6; the first goes on, the others wait until 12 and 22
    assert run.series["B.level"].tolist() == pytest.approx([0.2, (1 + 4 * 2) / 5, (2 * 2 + 3) / 5, 1])


def test_there_are_no_series_unless_they_are_asked_for(busy_line):
    assert run_replication(busy_line, settings=RunSettings(horizon=60)).series == {}


def test_an_interval_that_does_not_end_is_left_out(busy_line):
    for horizon, count in ((100, 3), (89.9, 2), (90, 3), (20, 0)):
        run = run_replication(busy_line, settings=RunSettings(horizon=horizon, interval=30))
        assert {len(values) for values in run.series.values()} == {count}


@given(seed=st.integers(0, 100), interval=st.sampled_from([1.0, 7.5, 50.0]))
@settings(max_examples=20, deadline=None)
def test_the_series_add_up_to_the_measures_and_change_nothing(line_of, busy_line, seed, interval):
    chosen = RunSettings(horizon=600)
    plain = run_replication(busy_line, settings=chosen, seed=seed, log=True)
    run = run_replication(busy_line, settings=chosen.replace(interval=interval), seed=seed, log=True)
    assert run.events == plain.events
    assert repr(run.values) == repr(plain.values)
    for name, values in run.series.items():
        counted = name in {"parts_out", "good_parts", "scrapped", "released"} or name.endswith(
            (".parts", "energy")
        )
        total = values.sum(dtype=float) if counted else values.mean(dtype=float)
        assert total == pytest.approx(run.values[name], rel=1e-5, abs=1e-5), name
    shares = sum(run.series[f"A.{state}"] for state in STATES)
    assert shares == pytest.approx(np.ones(len(shares)), abs=1e-5)


def test_the_series_of_the_start_do_not_depend_on_how_long_the_run_is(busy_line):
    short = run_replication(busy_line, settings=RunSettings(horizon=300, interval=10)).series
    longer = run_replication(busy_line, settings=RunSettings(horizon=500, interval=10)).series
    assert all((longer[name][:30] == values).all() for name, values in short.items())


def test_series_count_the_warm_up_too(busy_line):
    warm = RunSettings(horizon=300, interval=10, warm_up=100)
    run = run_replication(busy_line, settings=warm)
    plain = run_replication(busy_line, settings=RunSettings(horizon=300, interval=10))
    assert (run.series["parts_out"] == plain.series["parts_out"]).all()


def test_nobody_can_write_to_a_series_or_the_lead_times(busy_line):
    run = run_replication(busy_line, settings=RunSettings(horizon=300, interval=10))
    for again in (run, pickle.loads(pickle.dumps(run))):
        for values in (again.lead_times, again.series["wip"]):
            with pytest.raises(ValueError, match="read-only"):
                values[0] = 1
            with pytest.raises(ValueError, match="WRITEABLE"):
                values.flags.writeable = True
        assert (again.series["wip"] == run.series["wip"]).all()


def test_series_that_would_not_fit_are_refused(busy_line):
    with pytest.raises(SimulationError, match="give a longer interval"):
        run_replication(busy_line, settings=RunSettings(horizon="1000 h", interval=0.01))


@pytest.mark.parametrize("fields", [{"interval": 0}, {"clock_start": 7 * 86400}, {"clock_start": -1}])
def test_settings_that_mean_nothing_are_refused(fields):
    with pytest.raises(ModelError):
        RunSettings(**fields)


# -- lead times -----------------------------------------------------------------------------------------


def test_the_lead_times_are_those_of_the_units_that_left_after_the_warm_up(line_of):
    line = line_of(
        Source(name="In", interarrival=1, limit=4),
        Buffer(name="B"),
        Station(name="S", cycle_time=10),
        Sink(name="Out"),
    )
    run = run_replication(line, settings=RunSettings(horizon=60))
    assert run.lead_times.tolist() == [10, 19, 28, 37]
    assert [run.values[f"lead_time_p{p}"] for p in (50, 90, 99)] == [19, 37, 37]
    warm = run_replication(line, settings=RunSettings(horizon=60, warm_up=21))
    assert warm.lead_times.tolist() == [28, 37]
    assert warm.values["lead_time_p50"] == 28


def test_each_unit_of_a_batch_has_its_own_lead_time(line_of):
    line = line_of(
        Source(name="In", interarrival=3),
        Station(name="S", cycle_time=1, batch_size=2),
        Station(name="T", cycle_time=1, batch_size=2),
        Sink(name="Out"),
    )
    run = run_replication(line, settings=RunSettings(horizon=20))
    # units at 3, 6, 9, 12; the second case is done at 13, the pallet at 14
    assert run.lead_times.tolist() == [11, 8, 5, 2]
    assert run.values["lead_time_p50"] == 5
    assert run.values["lead_time"] == 6.5


def test_each_unit_of_a_piece_has_the_mean_birth_of_its_part(line_of):
    line = line_of(
        Source(name="In", interarrival=3, limit=4),
        Station(name="Pack", cycle_time=1, batch_size=4),
        Station(name="Cut", cycle_time=1, yields={"half": 2}),
        Sink(name="Out"),
        products=(Product(name="half"),),
    )
    run = run_replication(line, settings=RunSettings(horizon=20))
    # released at 3, 6, 9, 12; two halves of two units each leave at 14, born at 7.5 on average
    assert run.lead_times.tolist() == [6.5] * 4
    assert run.values["lead_time"] == 6.5


def test_without_a_part_there_is_no_quantile(line_of):
    line = line_of(Source(name="In"), Station(name="S", cycle_time=100), Sink(name="Out"))
    assert np.isnan(run_replication(line, settings=RunSettings(horizon=60)).values["lead_time_p90"])


@given(seed=st.integers(0, 100), warm_up=st.sampled_from([0.0, 100.0]))
@settings(max_examples=20, deadline=None)
def test_quantiles_are_order_statistics_and_the_mean_is_that_of_the_units(busy_line, seed, warm_up):
    run = run_replication(busy_line, settings=RunSettings(horizon=400, warm_up=warm_up), seed=seed)
    ordered = np.sort(run.lead_times)
    for percent in (50, 90, 99):
        found = run.values[f"lead_time_p{percent}"]
        assert found in ordered
        assert 100 * np.sum(ordered <= found) >= percent * len(ordered)
        assert 100 * np.sum(ordered < found) < percent * len(ordered)
    assert run.values["lead_time"] == pytest.approx(run.lead_times.mean())


# -- the log --------------------------------------------------------------------------------------------


class Counting:
    """An observer that keeps no records."""

    def __init__(self):
        self.kinds = {}

    def append(self, happened):
        self.kinds[happened.kind] = self.kinds.get(happened.kind, 0) + 1


def test_an_observer_gets_the_records_that_a_kept_log_would_hold(busy_line):
    chosen = RunSettings(horizon=300)
    kept = run_replication(busy_line, settings=chosen, log=True)
    observer, listed = Counting(), []
    run = run_replication(busy_line, settings=chosen, log=observer)
    run_replication(busy_line, settings=chosen, log=listed)
    assert run.events == ()
    assert tuple(listed) == kept.events
    assert sum(observer.kinds.values()) == len(kept.events)
    assert repr(run.values) == repr(kept.values)


def test_an_empty_list_is_a_log_too(busy_line):
    empty = []
    assert run_replication(busy_line, settings=RunSettings(horizon=100), log=empty).events == ()
    assert empty
