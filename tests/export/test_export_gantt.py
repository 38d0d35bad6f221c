"""The Gantt picture."""

import itertools
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opt_twin.errors import OptionError
from opt_twin.export import Gap, gantt_svg
from opt_twin.plan import Assignment, Schedule

SVG = "{http://www.w3.org/2000/svg}"


def bars(root):
    group = next(g for g in root.iter(f"{SVG}g") if g.get("class") == "jobs")
    return list(group.iter(f"{SVG}rect"))


def shop(jobs, machines, seed=0):
    rng = random.Random(seed)
    ready, free, rows = [0] * jobs, [0] * machines, []
    for k in range(machines):
        for j in range(jobs):
            m = (j + k) % machines
            start = max(ready[j], free[m])
            ready[j] = free[m] = start + rng.randint(1, 99)
            rows.append(
                Assignment(job=f"J{j + 1}", operation=k, machine=f"M{m + 1}", start=start, end=free[m])
            )
    return Schedule(assignments=tuple(rows))


def test_each_operation_is_a_bar_with_a_tooltip_in_the_row_of_its_machine(samples):
    schedule = shop(6, 6)
    root = samples.assert_inside(gantt_svg(schedule, title="six by six"))
    found = bars(root)
    assert len(found) == 36
    tips = {bar.find(f"{SVG}title").text for bar in found}
    assert len(tips) == 36
    assert any(tip.startswith("J3, operation 1 on M3: 0 to ") for tip in tips)
    rows = {}
    for bar in found:
        machine = bar.find(f"{SVG}title").text.split(" on ")[1].split(":")[0]
        rows.setdefault(machine, set()).add(bar.get("y"))
    assert all(len(places) == 1 for places in rows.values())
    assert len({next(iter(places)) for places in rows.values()}) == 6


def test_bars_are_as_long_as_their_times_and_do_not_overlap(samples):
    schedule = shop(5, 3)
    found = bars(samples.parse(gantt_svg(schedule)))
    spans = {}
    scale = None
    by_tip = {bar.find(f"{SVG}title").text: bar for bar in found}
    for a in schedule.assignments:
        tip = next(t for t in by_tip if t.startswith(f"{a.job}, operation {a.operation + 1} on"))
        bar = by_tip[tip]
        own = float(bar.get("width")) / (a.end - a.start)
        scale = scale or own
        assert own == pytest.approx(scale, rel=0.02)
        spans.setdefault(bar.get("y"), []).append(
            (float(bar.get("x")), float(bar.get("x")) + float(bar.get("width")))
        )
    for row in spans.values():
        row.sort()
        assert all(b[0] >= a[1] - 0.05 for a, b in itertools.pairwise(row))


def test_labels_stand_in_bars_that_are_wide_enough_and_colours_not_named_there_in_a_legend(samples):
    rows = (
        Assignment(job="long", operation=0, machine="M", start=0, end=1000),
        Assignment(job="thin one", operation=0, machine="M", start=1000, end=1001),
    )
    contents = [text for text, *_ in samples.texts(samples.parse(gantt_svg(Schedule(assignments=rows))))]
    assert contents.count("long") == 1
    assert contents.count("thin one") == 1


def test_what_all_names_begin_with_is_left_out_where_the_bar_is_short(samples):
    rows = tuple(
        Assignment(job=f"Order {k:02d}", operation=0, machine="M", start=30 * k, end=30 * k + 30)
        for k in range(30)
    )
    contents = [text for text, *_ in samples.texts(samples.parse(gantt_svg(Schedule(assignments=rows))))]
    assert "07" in contents
    assert "Order 07" not in contents


def test_due_dates_and_set_ups_come_from_the_instance(samples):
    text = gantt_svg(samples.schedule(), instance=samples.instance(), colour_by="family")
    root = samples.assert_inside(text)
    assert "1 of 2 jobs by their due date · late: O2" in text
    assert "O2 is due at 30" in text
    assert "12 after its due date" in text
    assert "set-up Q → P on Filler: 0 to 6" in text
    assert "set-up P → Q on Filler: 16 to 21" in text
    contents = [content for content, *_ in samples.texts(root)]
    assert {"P", "Q", "set-up", "due"} <= set(contents)
    late = [bar for bar in bars(root) if bar.get("stroke")]
    assert {bar.find(f"{SVG}title").text.split(",")[0] for bar in late} == {"O2 (Q)"}


def test_machines_stand_in_the_order_that_was_asked_for(samples):
    root = samples.parse(gantt_svg(samples.schedule(), machines=["Packer", "idle"]))
    rows = [text for text, *_ in samples.texts(root) if text in {"Packer", "Filler", "idle"}]
    assert rows == ["Packer", "idle", "Filler"]


@pytest.mark.parametrize(
    ("unit", "tick", "shown"),
    [("h", 3600.0, "59 h"), (None, 3600.0, "59 h"), (None, 1.0, "59"), ("min", 60.0, "59 min")],
)
def test_the_makespan_is_written_in_the_unit_of_the_axis(samples, unit, tick, shown):
    text = gantt_svg(samples.schedule(tick), time_unit=unit)
    assert f"Makespan {shown}<" in text


def test_a_unit_that_is_none_and_families_without_an_instance_are_refused(samples):
    with pytest.raises(OptionError, match="time_unit"):
        gantt_svg(samples.schedule(), time_unit="weeks")
    with pytest.raises(OptionError, match="colour_by"):
        gantt_svg(samples.schedule(), colour_by="family")


def test_an_empty_schedule_has_a_picture(samples):
    samples.assert_inside(gantt_svg(Schedule(assignments=())))


def test_a_mapping_gives_the_colours(samples):
    schedule = shop(4, 2)
    root = samples.parse(gantt_svg(schedule, colour_by={"J1": "red", "J2": "red", "J3": "blue"}))
    fills = {g.get("data-job"): g[0].get("fill") for g in root.iter(f"{SVG}g") if g.get("data-job")}
    assert fills["J1"] == fills["J2"]
    assert len(set(fills.values())) == 3
    assert {"red", "blue", "other"} <= {text for text, *_ in samples.texts(root)}


def test_a_hundred_jobs_on_twenty_machines_stay_below_600_kb(samples):
    text = gantt_svg(shop(100, 20))
    assert len(text.encode()) < 600_000
    assert len(bars(samples.assert_inside(text))) == 2000


def test_the_same_schedule_gives_the_same_text(samples):
    assert gantt_svg(shop(5, 5)) == gantt_svg(shop(5, 5))


names = st.text(max_size=40)


@st.composite
def schedules(draw):
    rows = []
    for job in draw(st.lists(names, max_size=8, unique=True)):
        start = draw(st.integers(0, 10**18))
        end = start + draw(st.integers(0, 10**18))
        rows.append(Assignment(job=job, operation=0, machine=draw(names), start=start, end=end))
    return Schedule(assignments=tuple(rows), tick=draw(st.floats(1e-6, 1e6)))


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(schedules(), names, st.data())
def test_any_schedule_gives_a_picture_whose_parts_lie_within_it(samples, schedule, title, data):
    jobs = [a.job for a in schedule.assignments]
    due = {job: data.draw(st.integers(0, 10**18)) for job in jobs[:3]}
    gaps = [Gap(a.machine, 0, a.start, title) for a in schedule.assignments[:2]]
    samples.assert_inside(gantt_svg(schedule, title=title, due=due, gaps=gaps))
