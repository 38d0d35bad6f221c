"""What crosses a border cannot change: everything that a record leads to resists."""

import copy
import dataclasses
import enum
import math
import pickle
import types
from pathlib import Path

import numpy as np
import pytest

import opt_twin as ot
from opt_twin.errors import Problem
from opt_twin.records import FrozenMapping, read_only
from opt_twin.results import TracePoint
from opt_twin.scheduling import load_instance
from opt_twin.search import SearchSummary
from opt_twin.simulation import run_replication
from opt_twin.testing import order_line, random_shop, serial_line
from opt_twin.theory import traffic

MODELS = Path(__file__).parents[1] / "models"
ATOMS = (str, bytes, int, float, bool, type(None), enum.Enum, types.FunctionType, type)
SETTINGS = ot.RunSettings(horizon=600.0, replications=2)


def front():
    line = serial_line("serial", [1.0, 2.0])
    path = f"{line.stations[0].name}.speed"
    return ot.ParetoFront(
        objectives=[ot.objective_named("throughput", "max"), ot.objective_named("wip")],
        points=[[1.0, 2.0]],
        intervals=[[[0.0, 2.0], [1.0, 3.0]]],
        decisions=[{path: 1.0}],
        lines=[line],
        evaluations=[ot.simulate(line, settings=SETTINGS)],
        search_points=[[1.0, 2.0]],
        probability_nondominated=[math.nan],
        not_different_from=[[]],
        reference_point=[0.0, 9.0],
        seed=1,
        evaluation_seed=2,
        summary=SearchSummary(
            algorithm="NSGA-II", population=4, budget="1", evaluations=1, generations=1, optimism={"wip": 0.5}
        ),
    )


def schedule():
    assignment = {"job": "J", "operation": 0, "machine": "M", "start": 0, "end": 3}
    return ot.Schedule.from_dict({"assignments": [assignment]})


def result():
    return ot.Result(
        status=ot.Status.FEASIBLE,
        stop_reason=ot.StopReason.BUDGET,
        best=schedule(),
        trace=[TracePoint(0.0, 3.0, 1.0)],
    )


RECORDS = {
    "line": lambda: ot.read_line(MODELS / "bottling.yaml"),
    "line with orders": order_line,
    "schedule": schedule,
    "instance": lambda: load_instance("ft06"),
    "instance with set-ups": lambda: random_shop(1, setups=True, dates=True),
    "settings": lambda: SETTINGS,
    "options": ot.SolveOptions,
    "result": result,
    "evaluation": lambda: ot.simulate(serial_line("serial", [1.0, 2.0]), settings=SETTINGS),
    "run": lambda: run_replication(serial_line("serial", [1.0, 2.0]), settings=SETTINGS, log=True),
    "front": front,
    "traffic": lambda: traffic(order_line()),
    "problem": lambda: Problem(message="wrong", path="a.b"),
}


def reachable(root):
    """Yield the places and values of everything that `root` leads to through its public fields."""
    seen: set[int] = set()
    todo = [("", root)]
    while todo:
        place, value = todo.pop()
        if isinstance(value, ATOMS) or id(value) in seen:
            continue
        seen.add(id(value))
        yield place, value
        if dataclasses.is_dataclass(value):
            todo += [(f"{place}.{f.name}", getattr(value, f.name)) for f in dataclasses.fields(value)]
        elif isinstance(value, tuple):
            todo += [(f"{place}[{index}]", item) for index, item in enumerate(value)]
        elif isinstance(value, FrozenMapping):
            todo += [(f"{place}[{key!r}]", item) for key, item in value.items()]


def attacks(value):
    """Return the ways to change `value`; each must raise."""
    if isinstance(value, np.ndarray):
        return [lambda: value.fill(1.0), lambda: value.setflags(write=True), lambda: value.sort(axis=0)]
    if dataclasses.is_dataclass(value):
        name = dataclasses.fields(value)[0].name
        return [
            lambda: setattr(value, name, None),
            lambda: delattr(value, name),
            lambda: setattr(value, "a_new_name", 1),
        ]
    if isinstance(value, FrozenMapping):
        return [
            lambda: value.__setitem__("new", 1),
            lambda: value.update(new=1),
            lambda: value.pop("new", None),
            lambda: setattr(value, "_items", {}),
            lambda: delattr(value, "_items"),
        ]
    assert isinstance(value, tuple), f"{type(value).__name__} can change"
    return [lambda: value.__setitem__(0, None)]


@pytest.mark.parametrize("way", ["made", "copied", "sent to another process"])
@pytest.mark.parametrize("kind", RECORDS)
def test_nothing_that_a_record_leads_to_can_change(kind, way):
    made = RECORDS[kind]()
    if way == "copied":
        made = copy.deepcopy(made)
    elif way == "sent to another process":
        made = pickle.loads(pickle.dumps(made))
    for place, value in reachable(made):
        for attack in attacks(value):
            try:
                attack()
            except (AttributeError, TypeError, ValueError):
                continue
            pytest.fail(f"{kind}{place}: {type(value).__name__} has changed")


def test_what_a_record_was_made_from_stays_apart_from_it():
    values, units, trace = {"x": np.array([1.0])}, {"x": "s"}, [TracePoint(0.0, 1.0, None)]
    evaluation = ot.Evaluation(
        values=values, replications=[0], seed=0, horizon=1.0, warm_up=0.0, line_digest="", units=units
    )
    answer = ot.Result(status=ot.Status.UNKNOWN, stop_reason=ot.StopReason.BUDGET, trace=trace)
    digest = evaluation.digest()
    values["x"][0] = 9.0
    values["y"] = values["x"]
    units["x"] = "h"
    trace.clear()
    assert (evaluation.digest(), dict(evaluation.units), len(answer.trace)) == (digest, {"x": "s"}, 1)


@pytest.mark.parametrize("shape", [(0,), (3,), (2, 2), (0, 2)])
def test_a_read_only_array_holds_a_copy(shape):
    values = np.arange(float(np.prod(shape))).reshape(shape)
    frozen = read_only(values.T)
    assert np.array_equal(frozen, values.T)
    values += 1
    assert not np.array_equal(frozen, values.T) or values.size == 0
    with pytest.raises(ValueError, match="WRITEABLE"):
        frozen.setflags(write=True)
