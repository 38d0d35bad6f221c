"""Gantt pictures of what overlaps."""

from itertools import pairwise

from opt_twin.export import gantt_svg
from opt_twin.export.gantt_lanes import by_operations, in_lanes
from opt_twin.plan import Assignment, Schedule


def _schedule(*rows):
    return Schedule(
        assignments=tuple(
            Assignment(job=job, operation=k, machine=machine, start=start, end=end)
            for job, k, machine, start, end in rows
        )
    )


def test_nothing_overlaps_in_a_row_and_nothing_moves_in_time():
    schedule = _schedule(
        ("a", 0, "Oven", 0, 5), ("b", 0, "Oven", 0, 5), ("c", 0, "Oven", 5, 9), ("a", 1, "", 6, 9),
        ("b", 1, "", 5, 7), ("c", 1, "", 9, 10),
    )  # fmt: skip
    drawn = in_lanes(schedule)
    assert set(drawn.machines) == {"Oven", "Oven (2)", "lane 1", "lane 2"}
    for machine in drawn.machines:
        ordered = drawn.on_machine(machine)
        assert all(x.end <= y.start for x, y in pairwise(ordered))
    times = sorted((a.job, a.operation, a.start, a.end) for a in schedule.assignments)
    assert sorted((a.job, a.operation, a.start, a.end) for a in drawn.assignments) == times


def test_a_schedule_without_overlaps_is_drawn_as_it_is():
    schedule = _schedule(("a", 0, "M", 0, 5), ("b", 0, "M", 5, 9))
    assert in_lanes(schedule) == schedule
    assert by_operations(schedule, {"a": 3}) == (schedule, {"a": 3})


def test_a_project_shows_its_operations_and_its_due_date_at_the_last_one():
    schedule = _schedule(("P", 0, "", 0, 5), ("P", 1, "", 2, 9), ("P", 2, "", 5, 7))
    drawn, due = by_operations(schedule, {"P": 8})
    assert {a.job for a in drawn.assignments} == {"1", "2", "3"}
    assert due == {"2": 8}
    picture = gantt_svg(schedule, due={"P": 8})
    assert "lane 1" in picture
    assert "lane 2" in picture
