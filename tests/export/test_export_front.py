"""The picture of a front."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opt_twin.export import front_svg
from opt_twin.export.front_points import front_points

SVG = "{http://www.w3.org/2000/svg}"


def test_each_point_is_marked_with_a_tooltip_and_the_knee_and_today_are_named(samples, line, evaluation):
    front = samples.front(line)
    text = front_svg(front, today=evaluation, line=line)
    root = samples.assert_inside(text)
    dots = [c for c in root.iter(f"{SVG}circle") if c.get("class") == "point"]
    assert len(dots) == len(front) - 1  # the knee is a diamond
    contents = [content for content, *_ in samples.texts(root)]
    assert {"knee", "today", "1", "throughput (parts/h)", "wip (parts)"} <= set(contents)
    assert {"more is better →", "less is better ↓"} <= set(contents)
    assert "B1.capacity = 2; Filler.speed = 1" in text


def test_points_are_where_their_values_are(samples, line):
    front = samples.front(line)
    root = samples.parse(front_svg(front))
    knee = front.knee()
    dots = [
        (float(c.get("cx")), float(c.get("cy")))
        for c in root.iter(f"{SVG}circle")
        if c.get("class") == "point"
    ]
    values = np.delete(front.points, knee, axis=0)
    order = sorted(dots)
    for axis, sign in ((0, 1), (1, -1)):
        pixels = np.array([dot[axis] for dot in order])
        own = values[np.argsort(values[:, 0]), axis]
        slope, base = np.polyfit(own, pixels, 1)
        assert np.allclose(slope * own + base, pixels, atol=0.05)
        assert slope * sign > 0


def test_intervals_are_boxes_and_unknown_ones_are_left_out(samples, line):
    front = samples.front(line)
    assert front_svg(front).count('class="interval"') == len(front)
    unknown = samples.front(line, intervals=np.stack([np.full((6, 2), -np.inf), np.full((6, 2), np.inf)], 2))
    assert 'class="interval"' not in front_svg(unknown)


def test_labels_do_not_overlap_each_other(samples, line, evaluation):
    root = samples.parse(front_svg(samples.front(line, n=40), today=evaluation))
    found = [t for t in samples.texts(root) if t[0] in {"knee", "today"} or t[0].isdigit()]
    marks = [t for t in found if 66 < t[3] < 428 and t[1] > 74]
    assert len(marks) > 10
    for at, a in enumerate(marks):
        for b in marks[at + 1 :]:
            assert a[2] <= b[1] + 0.1 or b[2] <= a[1] + 0.1 or abs(a[3] - b[3]) > 9, (a, b)


def test_what_else_was_tried_is_faint_and_outliers_do_not_squeeze_the_front(samples, line):
    rng = np.random.default_rng(0)
    tried = np.concatenate([rng.uniform([60, 5], [95, 20], (200, 2)), [[-1e9, 1e9]], [[np.nan, 1]]])
    root = samples.assert_inside(front_svg(samples.front(line), tried=tried))
    faint = [c for c in root.iter(f"{SVG}circle") if c.get("r") == "2"]
    assert 150 < len(faint) <= 200
    assert "201 lines tried on the way" in [text for text, *_ in samples.texts(root)]


@pytest.mark.parametrize("m", [1, 3, 4])
def test_one_or_many_objectives_have_an_axis_each(samples, line, evaluation, m):
    root = samples.assert_inside(front_svg(samples.front(line, m=m), today=evaluation, line=line))
    contents = [text for text, *_ in samples.texts(root)]
    assert contents.count("more is better") + contents.count("less is better") == m
    assert len(list(root.iter(f"{SVG}circle"))) == m * 7 + 1  # one in the legend


def test_parallel_axes_point_up_to_what_is_better(samples, line):
    front = samples.front(line, n=2, m=3)
    root = samples.parse(front_svg(front))
    circles = [(float(c.get("cx")), float(c.get("cy"))) for c in root.iter(f"{SVG}circle")][:-1]
    first_axis = sorted(y for x, y in circles if x == 80.0)
    best = min(first_axis)
    knee = front.knee()
    assert front.points[1, 0] > front.points[0, 0]
    drawn = circles[3:] if knee == 1 else circles[:3]
    assert drawn[0][1] == best


@pytest.mark.parametrize("base", [0.0, -1928705.0, 1e11, 12345.678])
@pytest.mark.parametrize("span", [1e-9, 0.01, 7.0, 1e6])
def test_the_texts_of_an_axis_tell_its_ticks_apart(samples, line, base, span):
    points = np.array([[0.0, base], [span, base + span]])
    for m, rows in ((2, points), (2, points[:, ::-1]), (1, points[:, 1:])):
        intervals = np.stack([rows, rows], 2)
        front = samples.front(line, n=2, m=m, points=rows, intervals=intervals, search_points=rows)
        root = samples.assert_inside(front_svg(front))
        size = "11" if m == 2 else "10"
        marks = [t for t in root.iter(f"{SVG}text") if t.get("font-size") == size and t.text[-1].isdigit()]
        for axis in ("middle", "end"):
            shown = [t.text for t in marks if t.get("text-anchor") == axis]
            assert len(set(shown)) == len(shown)


def test_a_front_of_one_point_has_a_picture(samples, line):
    samples.assert_inside(front_svg(samples.front(line, n=1)))


def test_today_is_left_out_where_an_objective_cannot_be_computed_from_it(samples, line, evaluation):
    front = samples.front(line, m=3)
    assert front_points(front, today=evaluation, line=line).today is not None
    bare = samples.evaluation(line, 3, lead_time=np.full(3, np.nan))
    assert front_points(front, today=bare, line=line).today is None


def test_today_has_an_interval_for_functions_too(samples, line, evaluation):
    today = front_points(samples.front(line, m=4), today=evaluation, line=line).today
    assert today.values[3] == pytest.approx(evaluation.mean("margin") / 2)
    assert today.half_widths[3] == pytest.approx(evaluation.estimate("margin").half_width / 2)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.integers(1, 4).flatmap(
        lambda m: st.lists(st.tuples(*[st.floats(-1e12, 1e12)] * m), min_size=1, max_size=12).map(
            lambda rows: (m, rows)
        )
    ),
    st.floats(0, 1e12),
    st.text(max_size=120),
)
def test_any_values_give_a_picture_whose_parts_lie_within_it(samples, line, shape, half, title):
    m, rows = shape
    points = np.array(rows)
    front = samples.front(
        line, n=len(rows), m=m, points=points, intervals=np.stack([points - half, points + half], 2)
    )
    samples.assert_inside(front_svg(front, title=title))
