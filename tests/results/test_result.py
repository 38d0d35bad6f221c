"""The answer of a solver."""

import pickle

import pytest

from opt_twin.errors import NoSolutionError
from opt_twin.results import Result, Status, StopReason, TracePoint


def result(**fields):
    return Result(**{"status": Status.FEASIBLE, "stop_reason": StopReason.TIME_LIMIT, **fields})


@pytest.mark.parametrize(
    ("objective", "bound", "gap"),
    [
        (110.0, 100.0, 10 / 110),
        (100.0, 100.0, 0.0),
        (0.0, 0.0, 0.0),
        (0.0, -1.0, float("inf")),
        (None, 5.0, None),
        (5.0, None, None),
        (-10.0, -11.0, 0.1),
    ],
)
def test_the_gap_is_relative_to_the_objective(objective, bound, gap):
    assert result(objective=objective, bound=bound).gap == (gap if gap is None else pytest.approx(gap))


def test_a_solution_is_never_none():
    assert result(best="x").solution() == "x"
    with pytest.raises(
        NoSolutionError, match=r"cpsat stopped \(time limit\) after 1\.5 s without one; allow more time"
    ):
        result(solver="cpsat", runtime=1.5).solution()
    with pytest.raises(NoSolutionError, match="the solver stopped"):
        result().solution()
    with pytest.raises(NoSolutionError, match="the instance is infeasible"):
        result(status=Status.INFEASIBLE, stop_reason=StopReason.PROVED).solution()


def test_a_result_is_frozen_and_survives_pickling():
    answer = result(best=(1, 2), trace=(TracePoint(0.1, 5.0, None),))
    with pytest.raises(AttributeError):
        answer.best = None
    assert pickle.loads(pickle.dumps(answer)) == answer
    assert answer.trace[0].objective == 5.0


def test_what_an_answer_is_stands_apart_from_why_it_ended():
    assert {str(status) for status in Status} & {str(reason) for reason in StopReason} == set()
