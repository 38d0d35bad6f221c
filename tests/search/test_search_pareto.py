"""The front as an answer: picking, tables, files."""

import dataclasses
import json
import math

import numpy as np
import pytest
from search_fakes import Noisy, line_of

from opt_twin.errors import InstanceError, ObjectiveError, OptionError
from opt_twin.search import (
    DecisionSpace,
    Objective,
    ParetoFront,
    SearchSummary,
    objective_named,
    search,
    vary,
)

LINE = line_of(4)
SPACE = DecisionSpace(base=LINE, variables=vary(LINE, "B*.capacity=1..20", "M1.speed=0.5..2"))
WANTED = (
    objective_named("throughput", "max"),
    Objective("cost", lambda e: 3 * e.mean("wip"), "min", "EUR"),
)


def found(replications=5):
    return search(
        SPACE, WANTED, Noisy(replications=replications), budget=80, population=10, seed=2
    ).solution()


FRONT = found()


def by_hand(rows, senses=("min", "min"), **changes):
    points = np.array(rows, dtype=float)
    n, m = points.shape
    values = {
        "objectives": tuple(Objective(f"f{j}", f"f{j}", sense) for j, sense in enumerate(senses)),
        "points": points,
        "intervals": np.stack([points, points], axis=2),
        "decisions": tuple({"B1.capacity": 1 + i} for i in range(n)),
        "lines": tuple(LINE.with_value("B1.capacity", 1 + i) for i in range(n)),
        "evaluations": (),
        "search_points": points,
        "probability_nondominated": np.full(n, np.nan),
        "not_different_from": ((),) * n,
        "reference_point": np.full(m, 10.0),
        "seed": 0,
        "evaluation_seed": 1,
        "summary": SearchSummary(
            algorithm="by hand", population=n, budget="none", evaluations=n, generations=1
        ),
    }
    return ParetoFront(**{**values, **changes})


def test_a_front_made_by_hand_knows_its_knee_and_extremes_and_volume():
    front = by_hand([[0, 9], [1, 3], [9, 0]])
    assert front.knee() == 1
    assert front.extremes() == (0, 2)
    assert front.hypervolume() == 1 * 1 + 8 * 7 + 1 * 10
    assert front.hypervolume([2, 4]) == 1
    assert len(front) == 3
    assert not front.reevaluated


def test_ties_of_an_extreme_go_to_the_point_that_is_better_in_the_rest():
    front = by_hand([[5, 7, 1], [5, 6, 2], [4, 9, 3]], senses=("max", "min", "min"))
    assert front.extremes() == (1, 1, 0)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"points": np.zeros((3, 2))}, r"points of a front has shape \(3, 2\), expected \(2, 2\)"),
        ({"reference_point": np.zeros(3)}, "reference_point"),
        ({"points": np.array([[1, math.nan], [0, 0]])}, "finite values"),
        ({"decisions": ()}, "needs 2 decisions"),
        ({"evaluations": (None,)}, "needs 2 decisions and evaluations"),
    ],
)
def test_a_front_whose_parts_do_not_fit_is_refused(changes, message):
    with pytest.raises(OptionError, match=message):
        by_hand([[0, 1], [1, 0]], **changes)


def test_an_empty_front_is_no_front():
    with pytest.raises(OptionError, match="one or more points"):
        by_hand(np.zeros((0, 2)))


def test_a_front_cannot_be_changed():
    with pytest.raises(ValueError, match="read-only"):
        FRONT.points[0, 0] = 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        FRONT.seed = 3


def test_points_are_ordered_and_lie_inside_their_intervals_and_the_reference():
    assert (np.diff(FRONT.points[:, 0]) > 0).all()
    assert (FRONT.intervals[..., 0] <= FRONT.points).all()
    assert (FRONT.points <= FRONT.intervals[..., 1]).all()
    assert (FRONT.points[:, 0] > FRONT.reference_point[0]).all()
    assert (FRONT.points[:, 1] < FRONT.reference_point[1]).all()
    assert FRONT.hypervolume() > 0
    assert ((FRONT.probability_nondominated >= 0) & (FRONT.probability_nondominated <= 1)).all()


def test_the_table_has_a_row_for_each_point_and_the_units():
    frame = FRONT.to_frame()
    assert len(frame) == len(FRONT)
    assert list(frame.columns) == [
        "point", "throughput", "throughput.low", "throughput.high", "throughput.search",
        "cost", "cost.low", "cost.high", "cost.search", "probability_nondominated", "knee", "seed",
        "B1.capacity", "B2.capacity", "B3.capacity", "M1.speed",
    ]  # fmt: skip
    assert frame.attrs["units"] == {"throughput": "parts/h", "cost": "EUR"}
    assert frame["knee"].sum() == 1
    assert frame["B1.capacity"].dtype.kind == "i"


def test_a_front_comes_back_from_its_file(tmp_path):
    as_json, as_csv = FRONT.save(tmp_path / "study" / "front.csv")
    assert (as_json.name, as_csv.name) == ("front.json", "front.csv")
    header = as_csv.read_text(encoding="utf-8").splitlines()[0]
    assert header.startswith("point,throughput [parts/h],throughput.low [parts/h]")
    back = ParetoFront.load(as_json)
    assert back.digest() == FRONT.digest()
    assert back.to_dict() == FRONT.to_dict()
    assert back.lines == FRONT.lines
    assert np.array_equal(back.intervals, FRONT.intervals)
    assert back.summary == FRONT.summary
    assert back.evaluations == ()
    with pytest.raises(ObjectiveError, match="function of objective 'cost' is not part"):
        back.objectives[1].score(FRONT.evaluations[0], LINE)
    assert back.objectives[0].score(FRONT.evaluations[0], LINE) == FRONT.points[0, 0]


def test_what_is_not_known_is_null_in_the_file(tmp_path):
    single = found(replications=1)
    data = json.loads(single.save(tmp_path / "one")[0].read_text(encoding="utf-8"))
    assert data["points"][0]["probability_nondominated"] is None
    assert data["points"][0]["intervals"]["throughput"] == [None, None]
    back = ParetoFront.load(tmp_path / "one.json")
    assert np.isinf(back.intervals).all()
    assert np.isnan(back.probability_nondominated).all()


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", "3", '{"format": "other"}', '{"format": "opt_twin front 1", "objectives": 3}']
)
def test_a_file_that_is_no_front_is_named(tmp_path, text):
    path = tmp_path / "front.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InstanceError, match=r"front\.json: not a front that opt_twin saved"):
        ParetoFront.load(path)


def test_a_damaged_point_is_named(tmp_path):
    data = FRONT.to_dict()
    del data["points"][1]["intervals"]["cost"]
    path = tmp_path / "front.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(InstanceError, match="KeyError: 'cost'"):
        ParetoFront.load(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InstanceError, match=r"nowhere\.json: there is no such file"):
        ParetoFront.load(tmp_path / "nowhere.json")
