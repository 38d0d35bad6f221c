"""Tables and files: what is written is read again."""

import contextlib
import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opt_twin.errors import InstanceError, OptionError
from opt_twin.export import (
    evaluation_frame,
    front_csv,
    front_json,
    read_schedule,
    schedule_csv,
    schedule_from_csv,
    schedule_from_json,
    schedule_json,
    series_frame,
)
from opt_twin.io import read_line
from opt_twin.plan import Assignment, Schedule
from opt_twin.search import ParetoFront
from opt_twin.simulation import RunSettings, run_replication

ROOT = Path(__file__).parents[2]

text = st.text(max_size=20)


@st.composite
def schedules(draw):
    rows = draw(
        st.lists(
            st.tuples(text, st.integers(0, 9), text, st.integers(0, 2**60), st.integers(0, 2**60)), max_size=6
        )
    )
    assignments = tuple(
        Assignment(job=job, operation=k, machine=machine, start=start, end=start + wide)
        for job, k, machine, start, wide in rows
    )
    return Schedule(assignments=assignments, tick=draw(st.floats(1e-6, 1e6)), instance_name=draw(text))


@settings(deadline=None, max_examples=100)
@given(schedules())
def test_a_schedule_comes_back_from_json_as_it_was(schedule):
    assert schedule_from_json(schedule_json(schedule)) == schedule


safe = st.text(st.characters(exclude_characters="\x00\r", exclude_categories=["Cs"]), max_size=20)


@settings(deadline=None, max_examples=100)
@given(schedules(), safe)
def test_a_schedule_comes_back_from_csv_as_it_was(schedule, name):
    plain = schedule.replace(
        assignments=tuple(a.replace(job=name, machine="M") for a in schedule.assignments)
    )
    again = schedule_from_csv(schedule_csv(plain), tick=plain.tick)
    assert again.assignments == plain.assignments


def test_files_are_written_where_asked_and_read_by_their_suffix(samples, tmp_path):
    schedule = samples.schedule()
    schedule_json(schedule, tmp_path / "deep" / "plan.json")
    schedule_csv(schedule, tmp_path / "plan.csv")
    assert read_schedule(tmp_path / "deep" / "plan.json") == schedule
    assert read_schedule(str(tmp_path / "plan.csv")).assignments == schedule.assignments
    assert read_schedule(schedule_json(schedule)) == schedule
    assert schedule_from_json(str(tmp_path / "deep" / "plan.json")) == schedule


def test_the_json_of_a_schedule_has_one_line_for_each_operation(samples):
    body = schedule_json(samples.schedule())
    assert json.loads(body)["makespan"] == 59
    assert body.count('"operation"') == sum(1 for row in body.splitlines() if '"operation"' in row)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "<text>:1: not JSON"),
        ('{"assignments": 3}', "expected an object with a list"),
        ('{"assignments": [], "format": "other"}', "the format is 'other'"),
        ('{"assignments": [7]}', "assignments.0: expected an object"),
        (
            '{"assignments": [{"job": "a", "machine": "M", "operation": 0, "start": 0}]}',
            "assignments.0: end: field required",
        ),
        (
            '{"assignments": [{"job": "a", "machine": "M", "operation": 0, "start": 5, "end": 2}]}',
            "ends before it starts",
        ),
        (
            '{"assignments": [{"job": "a", "machine": "M", "operation": 0, "start": 0, "end": 2, "why": 1}]}',
            "unknown field",
        ),
        ('{"assignments": [], "tick": -1}', "tick"),
        ('{"assignments": [], "makespan": 7}', "the makespan is given as 7, the assignments end at 0"),
        ('{"assignments": ' + "[" * 100_000, "not JSON"),
    ],
)
def test_a_wrong_json_is_refused_with_its_place(content, message):
    with pytest.raises(InstanceError) as caught:
        schedule_from_json(content)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("job,machine\n", "<text>:1: column 'operation' is missing"),
        ("\n", "column 'job' is missing"),
        ("job,operation,machine,start,end\na,0,M,0,x\n", "<text>:2: row: end"),
        ("job,operation,machine,start,end\n\na,0,M,0\n", "<text>:3: row: end"),
        ('job,operation,machine,start,end\n"a\n', "not CSV"),
    ],
)
def test_a_wrong_csv_is_refused_with_its_line(content, message):
    with pytest.raises(InstanceError) as caught:
        schedule_from_csv(content)
    assert message in str(caught.value)


def test_a_file_that_is_missing_or_not_text_is_refused_by_name(tmp_path):
    with pytest.raises(InstanceError, match=r"no\.json: cannot be read: No such file"):
        read_schedule(tmp_path / "no.json")
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InstanceError, match=r"binary\.csv: cannot be read"):
        read_schedule(tmp_path / "binary.csv")
    with pytest.raises(InstanceError, match="tick"):
        schedule_from_csv("job,operation,machine,start,end\n", tick=-1.0)


@settings(deadline=None, max_examples=100)
@given(
    st.text(max_size=200), st.sampled_from(["{", '{"assignments": [', "job,operation,machine,start,end\n"])
)
def test_any_text_gives_a_schedule_or_a_named_error(content, start):
    read = schedule_from_csv if start.endswith("\n") else schedule_from_json
    with contextlib.suppress(InstanceError):
        assert isinstance(read(start + content), Schedule)


def test_a_frame_has_a_row_for_each_replication_and_measure(line, evaluation):
    frame = evaluation_frame(evaluation, parameters={"Filler.speed": 1.5})
    assert len(frame) == len(evaluation.values) * 5
    assert list(frame.columns) == [
        "line",
        "line_digest",
        "plan_digest",
        "seed",
        "replication",
        "horizon_s",
        "warm_up_s",
        "measure",
        "element",
        "value",
        "unit",
        "Filler.speed",
    ]
    one = frame[(frame["measure"] == "Filler.busy") & (frame["replication"] == 3)]
    assert one["value"].item() == evaluation["Filler.busy"][3]
    assert one["element"].item() == "Filler"
    assert set(frame["Filler.speed"]) == {1.5}
    assert set(frame.loc[frame["measure"] == "lead_time", "unit"]) == {"s"}


def test_measures_of_orders_belong_to_the_line(samples, line):
    frame = evaluation_frame(samples.evaluation(line, orders=True))
    assert set(frame.loc[frame["measure"] == "order.O1.completion", "element"]) == {""}


def test_a_front_is_a_table_with_units_and_a_file_that_is_read_again(samples, line, tmp_path):
    front = samples.front(line)
    rows = list(csv.DictReader(io.StringIO(front_csv(front, tmp_path / "front.csv"))))
    assert (tmp_path / "front.csv").read_text(encoding="utf-8") == front_csv(front)
    assert len(rows) == 6
    assert float(rows[2]["throughput [parts/h]"]) == front.points[2, 0]
    assert float(rows[2]["wip.high [parts]"]) == front.intervals[2, 1, 1]
    assert rows[2]["B1.capacity"] == str(front.decisions[2]["B1.capacity"])
    front_json(front, tmp_path / "front.json")
    again = ParetoFront.load(tmp_path / "front.json")
    assert np.array_equal(again.points, front.points)
    assert again.lines == front.lines
    assert front_json(again) == front_json(front)


def test_an_objective_without_a_unit_keeps_its_name(samples, line):
    from opt_twin.search import Objective

    front = samples.front(
        line, objectives=(Objective("throughput", "throughput", "max"), Objective("wip", "wip"))
    )
    assert "throughput,throughput.low" in front_csv(front)


def test_the_series_of_a_run_become_a_column_each():
    line = read_line(ROOT / "models" / "serial_3.yaml")
    run = run_replication(line, settings=RunSettings(horizon=600, interval=120))
    frame = series_frame(run)
    assert frame["start_s"].tolist() == [0, 120, 240, 360, 480]
    assert list(frame.columns[1:]) == list(run.series)
    assert frame["wip"].tolist() == run.series["wip"].tolist()
    with pytest.raises(OptionError, match="no telemetry"):
        series_frame(run_replication(line, settings=RunSettings(horizon=600)))
