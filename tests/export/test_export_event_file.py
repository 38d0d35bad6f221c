"""The event log as a Parquet file holds what the log in memory holds."""

import dataclasses

import duckdb
import pytest

from opt_twin.errors import OptionError
from opt_twin.export import ParquetLog
from opt_twin.line import (
    Exponential,
    FailureMode,
    Inspection,
    Line,
    Product,
    Sink,
    Source,
    Station,
    chain,
)
from opt_twin.simulation import EventRecord, RunSettings, run_replication

LINE = Line(
    name="logged",
    elements=(
        Source(name="In", interarrival=Exponential(mean=2)),
        Station(
            name="Saw",
            cycle_time=Exponential(mean=1),
            batch_size=2,
            defect_rate=0.2,
            inspection=Inspection(),
            failures=(FailureMode(time_to_failure=Exponential(mean=9), time_to_repair=1),),
        ),
        Sink(name="Out"),
    ),
    connections=chain("In", "Saw", "Out"),
    products=(Product(name="Stück (1)"),),
)
SETTINGS = RunSettings(horizon=500)


def rows(path):
    return duckdb.sql(f"SELECT * FROM '{path}'").fetchall()


@pytest.mark.parametrize("chunk", [1, 7, 100_000])
def test_the_file_holds_every_record_in_the_order_of_the_log(tmp_path, chunk):
    kept = run_replication(LINE, settings=SETTINGS, log=True)
    with ParquetLog(tmp_path / "run.parquet", chunk=chunk) as log:
        streamed = run_replication(LINE, settings=SETTINGS, log=log)
    assert streamed.events == ()
    assert streamed.values == kept.values
    assert log.rows == len(kept.events)
    expected = [dataclasses.astuple(event) for event in kept.events]
    assert rows(tmp_path / "run.parquet") == expected
    names = [field.name for field in dataclasses.fields(EventRecord)]
    assert duckdb.sql(f"SELECT * FROM '{tmp_path / 'run.parquet'}'").columns == names


def test_a_run_in_which_nothing_happens_is_a_file_without_rows(tmp_path):
    with ParquetLog(tmp_path / "run.parquet"):
        pass
    assert rows(tmp_path / "run.parquet") == []


def test_a_run_that_ends_with_an_error_leaves_what_it_had(tmp_path):
    file = tmp_path / "run.parquet"
    log = ParquetLog(file, chunk=2)

    def fail():
        with log:
            for time in (0.0, 1.0, 2.0):
                log.append(EventRecord(time=time, element="Saw", kind="start"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert [row[0] for row in rows(file)] == [0.0, 1.0, 2.0]
    assert list(tmp_path.iterdir()) == [file]


def test_a_file_can_be_written_twice(tmp_path):
    log = ParquetLog(tmp_path / "a folder" / "it's.parquet")
    for _ in range(2):
        with log:
            log.append(EventRecord(time=1.0, element="Saw", kind="start"))
        assert log.rows == 1
    assert list((tmp_path / "a folder").iterdir()) == [tmp_path / "a folder" / "it's.parquet"]


def test_records_outside_the_block_are_refused(tmp_path):
    with pytest.raises(OptionError, match="within its `with` block"):
        ParquetLog(tmp_path / "run.parquet", chunk=1).append(EventRecord(time=1, element="Saw", kind="start"))
    with pytest.raises(OptionError, match="chunk"):
        ParquetLog(tmp_path / "run.parquet", chunk=0)
