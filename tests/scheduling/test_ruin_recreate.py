"""Ruin and recreate, compiled: the conformance suite, its way, and what it finds."""

import itertools

import numpy as np
import pytest
from ortools.sat.python import cp_model

from opt_twin.results import Status, StopReason
from opt_twin.scheduling import (
    Job,
    Operation,
    Precedence,
    Resource,
    SchedulingInstance,
    dispatch,
    evaluate_objective,
    load_instance,
    solve_schedule,
    verify,
)
from opt_twin.scheduling.local_search.generation import candidate_of, mirrored, new_state, project_of
from opt_twin.scheduling.local_search.generation_compiled import VALUE, draw, random_state
from opt_twin.scheduling.local_search.generation_kernel import generate
from opt_twin.scheduling.local_search.ruin_recreate import search
from opt_twin.scheduling.ruin_recreate import RuinRecreateSolver
from opt_twin.solvers import SolveOptions
from opt_twin.testing import SchedulingSolverSuite, brute_force, infeasible_shop, random_instance

pytestmark = pytest.mark.slow  # the kernels are compiled once, which takes a minute


class TestRuinRecreate(SchedulingSolverSuite):
    exact = False
    patience = 30.0

    @pytest.fixture
    def solver(self):
        return RuinRecreateSolver(patience=2000)


def project(durations, precedences, demands, capacity):
    """Return a project of one job with one resource."""
    return SchedulingInstance(
        name="project",
        resources=(Resource(name="crew", capacity=capacity),),
        jobs=(
            Job(
                name="P",
                order="network",
                operations=tuple(
                    Operation(duration=duration, demands={"crew": need} if need else {})
                    for duration, need in zip(durations, demands, strict=True)
                ),
            ),
        ),
        precedences=tuple(Precedence(before=("P", a), after=("P", b)) for a, b in precedences),
    )


def test_the_way_does_not_depend_on_the_clock():
    """Two searches of as many rounds end at one schedule, in however many steps they were done."""
    instance = load_instance("ft10")
    once = search(instance, objective="makespan", seed=5, rounds=300)
    looks = itertools.count()
    again = search(instance, objective="makespan", seed=5, rounds=300, stop=lambda: next(looks) < 0)
    assert once.rounds == again.rounds == 300
    assert once.schedule == again.schedule
    assert search(instance, objective="makespan", seed=6, rounds=300).schedule != once.schedule


def test_chunks_of_one_round_lead_where_one_chunk_leads(monkeypatch):
    from opt_twin.scheduling.local_search import ruin_recreate

    instance = random_instance(2, features={"modes", "resources"}, jobs=4, operations=3)
    whole = search(instance, objective="total_weighted_flow_time", seed=1, rounds=200, target=-1)
    monkeypatch.setattr(ruin_recreate, "_CHUNK", 0.0)
    single = search(instance, objective="total_weighted_flow_time", seed=1, rounds=200, target=-1)
    assert whole == single


@pytest.mark.parametrize(
    "objective",
    ["total_weighted_tardiness", "earliness_tardiness", "total_setup_time", "3*makespan + maximum_tardiness"],
)
def test_the_optimum_of_tiny_shops_is_found(objective):
    for seed in range(2 if objective == "total_setup_time" else 4):  # trying all takes long there
        instance = random_instance(seed, features={"set-ups", "modes"}, jobs=2)
        exact = brute_force(instance, objective)
        assert exact is not None
        assert search(instance, objective=objective, patience=3000).value == exact[0]


def test_a_start_is_an_upper_limit_and_may_be_the_answer():
    instance = random_instance(3, features={"resources"}, jobs=4, operations=3)
    start = dispatch(instance, "LPT")
    answer = search(instance, objective="makespan", start=start, rounds=0)
    assert answer.value <= start.makespan
    assert evaluate_objective(instance, answer.schedule) == answer.value


def test_the_target_ends_the_search():
    answer = search(load_instance("ft06"), objective="makespan", target=60)
    assert answer.reason is StopReason.PROVED
    assert answer.value <= 60


def test_what_no_list_can_keep_is_not_an_answer():
    answer = search(infeasible_shop(), objective="makespan", patience=500)
    assert answer.schedule is None
    result = solve_schedule(infeasible_shop(), solver=RuinRecreateSolver(patience=500))
    assert result.status is Status.UNKNOWN


def test_a_project_is_the_same_backwards():
    """The least makespan of a project is that of the project read from its end."""
    forward = project((3, 2, 4, 2, 3), ((0, 2), (1, 3), (2, 4)), (2, 1, 1, 2, 1), 3)
    backward = mirrored(forward)
    assert brute_force(forward)[0] == brute_force(backward)[0]
    assert search(forward, objective="makespan", patience=2000).value == brute_force(forward)[0]
    assert mirrored(backward).precedences == forward.precedences
    assert mirrored(load_instance("ft06").replace(now=3)) is None


def test_justification_never_makes_a_list_worse():
    """Double justification: right, then left, is no later than the list that it starts from."""
    forward = project((3, 5, 4, 2, 3, 4), ((0, 2), (1, 3), (2, 4)), (2, 1, 1, 2, 1, 3), 3)
    ahead = project_of(forward, [(1, "makespan", None)])
    state, candidate = new_state(ahead), candidate_of(ahead)
    generate(ahead, state, candidate)
    first, ends = int(state.note[VALUE]), state.operation[:, 1].copy()
    back = project_of(mirrored(forward), [(1, "makespan", None)])
    other = new_state(back)
    candidate.listed[:] = sorted(range(6), key=lambda operation: -ends[operation])
    generate(back, other, candidate)
    mirrored_ends = other.operation[:, 1].copy()
    candidate.listed[:] = sorted(range(6), key=lambda operation: -mirrored_ends[operation])
    generate(ahead, state, candidate)
    assert state.note[VALUE] <= first


def test_draws_are_even():
    state = random_state(7)
    counts = [0] * 6
    for _ in range(6000):
        counts[draw(state, 6)] += 1
    assert min(counts) > 880
    assert max(counts) < 1120


def test_the_solver_answers_every_feature():
    for seed in range(3):
        for feature in ("finite buffers", "batching machines", "no-wait", "precedences", "frozen operations"):
            instance = random_instance(seed, features={feature}, jobs=3)
            result = solve_schedule(
                instance, solver=RuinRecreateSolver(patience=300), options=SolveOptions(time_limit=20)
            )
            assert result.best is None or verify(instance, result.best) == ()


def random_project(seed, activities):
    """Return a project of one job with two crews, as :func:`project` does with one."""
    rng = np.random.default_rng(seed)
    arcs = {(int(rng.integers(max(0, b - 6), b)), b) for b in range(1, activities) for _ in range(2)}
    return SchedulingInstance(
        name="random project",
        resources=(Resource(name="a", capacity=8), Resource(name="b", capacity=6)),
        jobs=(
            Job(
                name="P",
                order="network",
                operations=tuple(
                    Operation(
                        duration=int(rng.integers(1, 11)),
                        demands={"a": int(rng.integers(1, 6)), "b": int(rng.integers(1, 5))},
                    )
                    for _ in range(activities)
                ),
            ),
        ),
        precedences=tuple(Precedence(before=("P", a), after=("P", b)) for a, b in sorted(arcs)),
    )


def bound_by_cp_sat(instance):
    """Return a bound on the makespan of a project, by a model of its own."""
    model = cp_model.CpModel()
    horizon, operations = instance.horizon(), instance.jobs[0].operations
    starts = [model.new_int_var(0, horizon, "") for _ in operations]
    spans = [
        model.new_fixed_size_interval_var(start, operation.duration, "")
        for start, operation in zip(starts, operations, strict=True)
    ]
    end = model.new_int_var(0, horizon, "")
    for start, operation in zip(starts, operations, strict=True):
        model.add(end >= start + operation.duration)
    for precedence in instance.precedences:
        before, after = precedence.before[1], precedence.after[1]
        model.add(starts[after] >= starts[before] + operations[before].duration)
    for resource in instance.resources:
        needs = [operation.demands.get(resource.name, 0) for operation in operations]
        model.add_cumulative(spans, needs, resource.capacity)
    model.minimize(end)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.max_deterministic_time = 5.0
    solver.solve(model)
    return solver.best_objective_bound


@pytest.mark.parametrize("seed", range(3))
def test_projects_of_thirty_activities_come_close_to_the_bound(seed):
    instance = random_project(seed, 30)
    bound = bound_by_cp_sat(instance)
    answer = search(instance, objective="makespan", rounds=4000)
    assert verify(instance, answer.schedule) == ()
    assert bound <= answer.value <= 1.05 * bound
