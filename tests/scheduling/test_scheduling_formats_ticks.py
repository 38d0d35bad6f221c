"""Times with decimals: the tick that counts them exactly, and what rounding to a given one adds."""

import json
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opt_twin.errors import InstanceError, OptionError
from opt_twin.scheduling import SchedulingInstance, parse_instance, read_with_notes
from opt_twin.scheduling.formats.ticks import Clock
from opt_twin.testing import random_shop


def test_orders_with_decimals_choose_a_tick_that_rounds_nothing():
    shop = parse_instance("job,machine,duration,due\na,Saw,2.5,10\na,Drill,0.25,10\n")
    assert shop.tick == 0.25
    assert [o.duration for o in shop.jobs[0].operations] == [10, 1]
    assert shop.jobs[0].due == 40


def test_a_given_tick_rounds_durations_up_and_due_dates_down(tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text("job,machine,duration,release,due\na,Saw,2.5,0.1,10.9\na,Drill,4,,\n")
    reading = read_with_notes(path, tick=1)
    job = reading.instance.jobs[0]
    assert [o.duration for o in job.operations] == [3, 4]
    assert (job.release, job.due) == (1, 10)
    assert reading.loss.seconds == 0.5
    assert reading.loss.share == 0.5 / 6.5
    assert (reading.loss.worst, reading.loss.worst_share) == ("a at Saw", 0.2)
    assert reading.notes == (
        "a tick lasts 1 s; rounding up adds 0.5 s to the durations (7.7 %), most at a at Saw (20 %)",
    )


def test_units_of_time_are_read():
    shop = parse_instance("job;machine;duration;due\na;Saw;2 min;1h\na;Drill;30;\n")
    assert [o.duration for o in shop.jobs[0].operations] == [120, 30]
    assert (shop.tick, shop.jobs[0].due) == (1.0, 3600)


def test_json_with_decimals_is_scaled_as_a_whole():
    """All times are multiplied by one number, and the tick is divided by it."""
    shop = random_shop(3, setups=True, dates=True)
    data = json.loads(json.dumps(shop.to_dict()))
    halved = json.loads(json.dumps(data))
    for job in halved["jobs"]:
        for operation in job["operations"]:
            operation["duration"] /= 2
        for field in ("release", "due"):
            if job.get(field) is not None:
                job[field] /= 2
    for table in halved["setup_times"].values():
        for row in table.values():
            for after in row:
                row[after] /= 2
    halved["jobs"][0]["operations"][0]["duration"] += 0.5
    data["jobs"][0]["operations"][0]["duration"] += 1
    read = parse_instance(json.dumps(halved))
    expected = SchedulingInstance.from_dict(data)
    if read.tick == 1:
        expected = expected.replace(tick=1.0)
    assert read == expected.replace(tick=read.tick)
    assert read.tick == 0.5


def test_json_in_minutes_is_counted_in_seconds_without_a_loss(tmp_path):
    """A sixtieth of a minute has no end in decimals, and is a second all the same."""
    operations = [{"machine": "M", "duration": 7}, {"machine": "M", "duration": 2.5}]
    data = {"name": "x", "tick": 60, "machines": ["M"], "jobs": [{"name": "a", "operations": operations}]}
    (tmp_path / "x.json").write_text(json.dumps(data))
    reading = read_with_notes(tmp_path / "x.json", tick=1)
    assert [o.duration for o in reading.instance.jobs[0].operations] == [420, 150]
    assert (reading.instance.tick, reading.loss.seconds) == (1.0, 0)
    by_itself = read_with_notes(tmp_path / "x.json")
    assert (by_itself.instance.tick, by_itself.notes) == (
        30.0,
        ("a tick lasts 30 s; all durations are exact",),
    )
    coarse = read_with_notes(tmp_path / "x.json", tick=100)
    assert [o.duration for o in coarse.instance.jobs[0].operations] == [5, 2]
    assert coarse.loss.seconds == 130
    assert coarse.loss.worst == "jobs.0.operations.1.duration"


def test_json_with_a_plan_is_not_rounded():
    planned = [{"job": "a", "operation": 0, "machine": "M", "start": 0, "end": 5}]
    operations = [{"machine": "M", "duration": 5}]
    data = {
        "name": "x",
        "machines": ["M"],
        "jobs": [{"name": "a", "operations": operations}],
        "planned": planned,
    }
    with pytest.raises(OptionError, match="frozen and planned cannot be rounded"):
        parse_instance(json.dumps(data), tick=2)
    assert parse_instance(json.dumps(data)).planned[0].end == 5
    operations[0]["duration"] = 2.5
    assert parse_instance(json.dumps(data)).planned[0].end == 10
    with pytest.raises(InstanceError, match="prices of the tariff are for one tick"):
        parse_instance(json.dumps({**data, "tariff": [{"start": 0, "price": 3}]}))


def test_a_tick_for_a_format_in_ticks_is_refused():
    with pytest.raises(OptionError, match="'standard' counts in ticks already"):
        parse_instance("1 1\n0 5", tick=2)
    with pytest.raises(OptionError, match="longer than 0 s"):
        parse_instance("job,machine,duration\na,b,1\n", tick=0)


@given(st.lists(st.fractions(0, 1000, max_denominator=20), min_size=1, max_size=3))
@settings(deadline=None, max_examples=50, derandomize=True)
def test_the_tick_is_the_longest_part_of_a_second_that_counts_all(times):
    clock = Clock(times)
    parts = int(1 / clock.tick)
    assert all(clock.ticks(time) * clock.tick == time for time in times)
    for fewer in range(1, parts):
        if parts % fewer == 0:
            assert any((time * fewer).denominator > 1 for time in times)


@given(
    st.lists(st.decimals(0, 10**6, places=3), min_size=1, max_size=6),
    st.sampled_from([0.5, 1.0, 7.0, 60.0]),
)
@settings(deadline=None, max_examples=50, derandomize=True)
def test_rounding_never_shortens_and_adds_less_than_a_tick_each(times, tick):
    rows = "".join(f"j{number},M,{time}\n" for number, time in enumerate(times))
    shop = parse_instance(f"job,machine,duration\n{rows}", tick=tick)
    for job, time in zip(shop.jobs, times, strict=True):
        took = Fraction(job.operations[0].duration) * Fraction(str(tick))
        assert Fraction(time) <= took < Fraction(time) + Fraction(str(tick))
