"""Flow shops among the instances: recognised, and their sequences made feasible schedules."""

from itertools import permutations

import numpy as np
import pytest

from opt_twin.scheduling import SchedulingInstance, evaluate_objective, solve_schedule, verify
from opt_twin.scheduling.local_search.flow_family import flow_family
from opt_twin.scheduling.local_search.flow_shop import decode, value_of
from opt_twin.scheduling.local_search.solvers import IteratedGreedySolver
from opt_twin.solvers import SolveOptions

OBJECTIVES = ("makespan", "total_weighted_flow_time", "total_weighted_tardiness", "maximum_tardiness")
MACHINES = ("A", "B", "C")


def _jobs(rng, count=4, stages=3, **fields):
    return [
        {
            "name": f"J{number}",
            "due": int(rng.integers(5, 25)),
            "weight": int(rng.integers(1, 4)),
            "family": f"f{number % 2}",
            "operations": [
                {"machine": MACHINES[stage], "duration": int(rng.integers(1, 9))} for stage in range(stages)
            ],
        }
        | fields
        for number in range(count)
    ]


def permutation(rng):
    setups = {
        m: {"f0": {"f1": int(rng.integers(1, 5))}, "f1": {"f0": int(rng.integers(1, 5))}} for m in MACHINES
    }
    return {"permutation": True, "jobs": _jobs(rng), "setup_times": setups, "initial_family": {"A": "f1"}}


def released(rng):
    jobs = _jobs(rng)
    for job in jobs:
        job["release"] = int(rng.integers(0, 12))
    return {"permutation": True, "jobs": jobs}


def blocking(rng):
    return {"permutation": True, "jobs": _jobs(rng), "buffers": {"B": 0, "C": 0}}


def no_wait(rng):
    return {"jobs": _jobs(rng, no_wait=True)}


def hybrid(rng):
    jobs = _jobs(rng)
    for job in jobs:
        ticks = job["operations"][1]["duration"]
        job["operations"][1] = {"modes": [{"machine": m, "duration": ticks} for m in ("B", "B2")]}
    return {"jobs": jobs, "machines": [*MACHINES, "B2"]}


def distributed(rng):
    jobs = _jobs(rng, stages=2)
    for job in jobs:
        own = job["operations"]
        job["operations"] = [o | {"route": "here"} for o in own]
        job["operations"] += [
            {"machine": machine, "duration": o["duration"], "route": "there"}
            for machine, o in zip(("A2", "B2"), own, strict=True)
        ]
    return {
        "jobs": jobs,
        "machines": ["A", "B", "A2", "B2"],
        "same_sequence": [["A", "B"], ["A2", "B2"]],
    }


KINDS = {
    "permutation": (permutation, "permutation"),
    "released": (released, "permutation"),
    "blocking": (blocking, "blocking"),
    "no_wait": (no_wait, "no_wait"),
    "hybrid": (hybrid, "hybrid"),
    "distributed": (distributed, "permutation"),
}


def _instance(kind, seed):
    fields = {"name": kind, "machines": list(MACHINES)} | KINDS[kind][0](np.random.default_rng(seed))
    return SchedulingInstance.from_dict(fields)


def _all_sequences(shop):
    jobs = range(shop.jobs)
    if shop.factories == 1:
        yield from ((order,) for order in permutations(jobs))
        return
    for order in permutations(jobs):
        yield from ((order[:cut], order[cut:]) for cut in range(shop.jobs + 1))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(3))
def test_every_sequence_is_a_feasible_schedule_with_its_value(kind, seed):
    instance = _instance(kind, seed)
    for objective in OBJECTIVES:
        family = flow_family(instance, objective)
        assert family.shop.kind == KINDS[kind][1]
        for sequences in list(_all_sequences(family.shop))[:: 7 if kind == "distributed" else 5]:
            schedule = family.schedule(sequences)
            assert verify(instance, schedule) == ()
            assert evaluate_objective(instance, schedule, objective) == value_of(
                family.shop, sequences, objective
            )
            again = family.sequences(schedule)
            assert decode(family.shop, again) == decode(family.shop, sequences)


@pytest.mark.parametrize("kind", KINDS)
def test_the_search_finds_the_best_sequence(kind):
    IteratedGreedySolver().prepare()
    instance = _instance(kind, 7)
    for objective in ("makespan", "total_weighted_tardiness"):
        family = flow_family(instance, objective)
        best = min(value_of(family.shop, sequences, objective) for sequences in _all_sequences(family.shop))
        result = solve_schedule(
            instance, objective=objective, solver="iterated-greedy", options=SolveOptions(time_limit=0.3)
        )
        assert result.objective == best


def _changed(kind, change):
    data = _instance(kind, 1).to_dict()
    change(data)
    return SchedulingInstance.from_dict(data)


def _slower_there(data):
    data["jobs"][0]["operations"][2]["duration"] += 1


def _slower_twin(data):
    data["jobs"][0]["operations"][1]["modes"][1]["duration"] += 1


def _other_route(data):
    data["jobs"][0]["operations"].reverse()


def _place(data):
    data["buffers"] = {"B": 1, "C": 0}


def _deadline(data):
    data["jobs"][0]["deadline"] = 500


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("distributed", _slower_there),
        ("hybrid", _slower_twin),
        ("no_wait", _other_route),
        ("blocking", _place),
        ("permutation", _deadline),
        ("permutation", lambda data: data.update(permutation=False)),
    ],
)
def test_what_is_not_quite_one_of_them_is_left_to_others(kind, change):
    assert flow_family(_instance(kind, 1), "makespan") is not None
    assert flow_family(_changed(kind, change), "makespan") is None


def test_other_objectives_are_left_to_others():
    assert flow_family(_instance("permutation", 1), "total_setup_time") is None
