"""The picture of states and the dots of replications."""

import itertools

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opt_twin.errors import OptionError, UnknownNameError
from opt_twin.export import intervals_svg, states_svg
from opt_twin.results import STATES, Evaluation

SVG = "{http://www.w3.org/2000/svg}"


def evaluation_of(shares, units=None, **values):
    """An evaluation with the given shares (station -> those of the first states) in every replication."""
    found = {
        f"{station}.{state}": np.full(3, share)
        for station, row in shares.items()
        for state, share in itertools.zip_longest(STATES, row, fillvalue=0.0)
    }
    return Evaluation(
        values=found | {name: np.asarray(row, dtype=float) for name, row in values.items()},
        replications=(0, 1, 2),
        seed=1,
        horizon=10.0,
        warm_up=0.0,
        line_digest="d",
        units=units or {},
    )


def test_the_parts_of_each_bar_add_up_to_its_whole_width(samples, evaluation):
    root = samples.assert_inside(states_svg(evaluation))
    rows = {}
    for box in samples.rects(root, **{"class": "state"}):
        rows.setdefault(box.top, []).append(box)
    assert len(rows) == 2
    spans = set()
    for row in rows.values():
        row.sort(key=lambda box: box.left)
        assert all(abs(a.right - b.left) < 0.02 for a, b in itertools.pairwise(row))
        spans.add((row[0].left, round(row[-1].right, 1)))
        assert sum(box.right - box.left for box in row) == pytest.approx(
            row[-1].right - row[0].left, abs=0.05
        )
    assert len(spans) == 1


def test_the_bottleneck_is_marked_and_every_part_has_a_tooltip(samples, evaluation):
    root = samples.parse(states_svg(evaluation, bottleneck="Filler"))
    assert "◀ bottleneck" in [text for text, *_ in samples.texts(root)]
    tips = [title.text for title in root.iter(f"{SVG}title")]
    assert any(tip.startswith("Packer: working ") for tip in tips)
    assert "◀ bottleneck" not in states_svg(evaluation, bottleneck="nobody")


def test_states_that_never_occur_are_not_in_the_legend(samples):
    text = states_svg(evaluation_of({"A": (0.5, 0, 0.5, 0, 0, 0)}))
    contents = [content for content, *_ in samples.texts(samples.parse(text))]
    assert {"working", "starved", "50 %"} <= set(contents)
    assert not {"blocked", "failed", "set-up"} & set(contents)


def test_time_off_shift_is_hatched_like_set_ups_since_both_are_pale(samples):
    text = states_svg(evaluation_of({"A": (0.5, *(0,) * 8, 0.3, 0.2)}))
    contents = [content for content, *_ in samples.texts(samples.assert_inside(text))]
    assert {"working", "off shift", "stopped by another", "30 %", "20 %"} <= set(contents)
    plain = states_svg(evaluation_of({"A": (0.5, 0, 0.3, 0, 0, 0, 0, 0, 0, 0, 0.2)}))
    assert text.count("<path") > plain.count("<path")


def test_a_station_without_any_time_has_an_empty_bar(samples):
    root = samples.assert_inside(states_svg(evaluation_of({"A": (0,) * 6})))
    assert samples.rects(root, **{"class": "state"}) == []


def test_an_evaluation_without_stations_has_a_picture(samples):
    samples.assert_inside(states_svg(evaluation_of({})))


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(st.text(max_size=50), st.tuples(*[st.floats(0, 1)] * len(STATES)), max_size=15),
    st.text(max_size=200),
)
def test_any_names_and_shares_give_a_picture_whose_parts_lie_within_it(samples, shares, title):
    first = next(iter(shares), "")
    samples.assert_inside(states_svg(evaluation_of(shares), title=title, bottleneck=first, width=500))


def test_each_replication_is_a_dot_and_the_mean_is_written(samples, evaluation):
    root = samples.assert_inside(intervals_svg(evaluation, ["throughput", "lead_time"]))
    assert len(list(root.iter(f"{SVG}circle"))) == 2 * (5 + 1)
    contents = [text for text, *_ in samples.texts(root)]
    assert any("±" in text and text.endswith("per hour") for text in contents)
    assert any("±" in text and text.endswith("min") for text in contents)


def test_measures_that_do_not_vary_or_are_not_numbers_have_a_row(samples):
    evaluation = evaluation_of({}, flat=[2, 2, 2], gone=[np.nan] * 3, some=[1, np.nan, 3])
    root = samples.assert_inside(intervals_svg(evaluation, ["flat", "gone", "some"]))
    assert len(list(root.iter(f"{SVG}circle"))) == 4 + 0 + 3


def test_one_replication_has_no_interval(samples, line):
    text = intervals_svg(samples.evaluation(line, 1), ["wip"])
    assert "± " not in text.replace("95 % interval", "")


def test_a_measure_that_is_missing_and_no_measure_at_all_are_refused(evaluation):
    with pytest.raises(UnknownNameError, match="throughput"):
        intervals_svg(evaluation, ["throughputt"])
    with pytest.raises(OptionError):
        intervals_svg(evaluation, [])
