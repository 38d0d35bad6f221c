"""The whole search on evaluators in closed form."""

import logging
import math
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest
from search_fakes import Noisy, Zdt1, ZdtPlain, line_of

from opt_twin.errors import NoSolutionError, ObjectiveError, OptionError, SimulationError
from opt_twin.results import Status, StopReason
from opt_twin.search import (
    Budget,
    Constraint,
    DecisionSpace,
    Objective,
    Variable,
    non_dominated,
    objective_named,
    process_pool,
    search,
    vary,
)

SPEEDS = line_of(6).with_values({f"M{i}.speed": 1.5 for i in range(1, 7)})  # far from the front
SPEED_SPACE = DecisionSpace(base=SPEEDS, variables=vary(SPEEDS, "M*.speed=1..2"))
F = (objective_named("f1"), objective_named("f2"))
PLACES = line_of(4)
PLACE_SPACE = DecisionSpace(base=PLACES, variables=vary(PLACES, "B*.capacity=1..20"))
BOTH = (objective_named("throughput", "max"), objective_named("wip"))


def places(line):
    return sum(buffer.capacity for buffer in line.buffers)


class Interrupting:
    """Presses Ctrl-C in the calls with these numbers."""

    def __init__(self, inner, *calls):
        self.inner, self.at, self.count = inner, calls, 0

    def evaluate(self, line, *, plan=None, seed):
        self.count += 1
        if self.count in self.at:
            raise KeyboardInterrupt
        return self.inner.evaluate(line, seed=seed)


def test_zdt1_is_solved_and_the_values_are_those_of_the_lines():
    result = search(SPEED_SPACE, F, Zdt1(), budget=2000, seed=1)
    front = result.solution()
    assert (result.status, result.stop_reason, result.solver) == (
        Status.FEASIBLE,
        StopReason.BUDGET,
        "NSGA-II",
    )
    assert front.hypervolume([1.1, 1.1]) > 0.84
    assert len(front) == 40
    assert non_dominated(front.points, front.senses).all()
    again = [Zdt1().evaluate(line, seed=0) for line in front.lines]
    assert np.array_equal(front.points, [[e.mean("f1"), e.mean("f2")] for e in again])
    assert dict(front.decisions[3]) == {
        f"M{i}.speed": front.lines[3].value(f"M{i}.speed") for i in range(1, 7)
    }
    assert dict(front.summary.optimism) == {"f1": 0, "f2": 0}
    assert front.points[front.knee()] == pytest.approx([0.25, 0.5], abs=0.06)


def test_no_candidate_is_evaluated_twice_and_the_budget_is_kept():
    evaluator = Zdt1()
    front = search(SPEED_SPACE, F, evaluator, budget=333, population=20).solution()
    searched = evaluator.calls[:333]
    assert len(set(searched)) == 333
    assert len(evaluator.calls) == 333 + front.summary.reevaluated
    assert front.summary.evaluations == 333


def test_a_converging_search_on_integers_never_repeats_a_candidate():
    evaluator = Noisy(replications=2)
    space = DecisionSpace(base=PLACES, variables=vary(PLACES, "B*.capacity=1..6"))
    search(space, BOTH, evaluator, budget=200, population=8, seed=5)
    searched = [digest for digest, seed in evaluator.calls if seed == 5]
    assert len(searched) == len(set(searched)) == 200


def test_every_candidate_is_searched_on_one_seed_and_reported_on_another():
    evaluator = Noisy(common=True)
    front = search(PLACE_SPACE, BOTH, evaluator, budget=120, population=10, seed=7).solution()
    assert {seed for _, seed in evaluator.calls} == {7, front.evaluation_seed}
    assert front.seed == 7 != front.evaluation_seed
    assert all(e.seed == front.evaluation_seed for e in front.evaluations)
    assert np.array_equal(
        front.search_points,
        [[evaluator.evaluate(line, seed=7).mean(o.name) for o in BOTH] for line in front.lines],
    )


def test_todays_line_is_among_the_first_candidates():
    evaluator = Noisy()
    search(PLACE_SPACE, BOTH, evaluator, budget=5, population=4)
    assert evaluator.calls[0][0] == PLACES.digest()


@pytest.mark.parametrize("objectives", [1, 2, 3])
def test_the_same_seed_gives_the_same_front_wherever_it_runs(objectives):
    wanted = (*F, Objective("fast", lambda e: e.mean("f1") + e.mean("f2"), "max"))[:objectives]

    def run(executor, seed=3):
        return search(SPEED_SPACE, wanted, ZdtPlain(), budget=90, population=12, seed=seed, executor=executor)

    serial = run(None).solution().digest()
    assert run(None).solution().digest() == serial
    assert run(None, seed=4).solution().digest() != serial
    for workers in (1, 2):
        with ThreadPoolExecutor(workers) as executor:
            assert run(executor).solution().digest() == serial


def test_processes_give_the_same_front():
    runs = []
    for workers in (None, 1, 2):
        if workers is None:
            runs.append(search(SPEED_SPACE, F, ZdtPlain(), budget=60, population=12))
        else:
            with process_pool(workers) as executor:
                runs.append(search(SPEED_SPACE, F, ZdtPlain(), budget=60, population=12, executor=executor))
    assert len({run.solution().digest() for run in runs}) == 1


def test_one_objective_gives_the_best_line():
    result = search(PLACE_SPACE, BOTH[:1], Noisy(sd=0), budget=400, seed=2)
    front = result.solution()
    assert len(front) == 1
    assert dict(front.decisions[0]) == {"B1.capacity": 20, "B2.capacity": 20, "B3.capacity": 20}
    assert front.knee() == 0
    assert front.extremes() == (0,)


def test_a_small_space_is_enumerated():
    space = DecisionSpace(base=PLACES, variables=vary(PLACES, "B*.capacity=1..3"))
    evaluator = Noisy(sd=0)
    result = search(space, BOTH, evaluator, budget=27, population=10)
    assert (result.stop_reason, result.solver, result.solver_version) == (
        StopReason.PROVED,
        "enumeration",
        "",
    )
    truth = {tuple(x): evaluator.truth(space.line(x)) for x in space.points()}
    best = non_dominated(list(truth.values()), ["max", "min"])
    expected = {point for point, keep in zip(truth, best, strict=True) if keep}
    assert {tuple(d.values()) for d in result.solution().decisions} <= expected
    assert result.solution().summary.evaluations == 27
    assert result.trace[-1].objective == pytest.approx(result.objective)


def test_a_search_limited_by_time_alone_goes_through_what_breeding_misses():
    space = DecisionSpace(base=PLACES, variables=vary(PLACES, "B*.capacity=1..2"))
    result = search(space, BOTH, Noisy(sd=0), budget="60s", population=4)
    assert result.stop_reason is StopReason.PROVED
    assert result.solution().summary.evaluations == 8


def test_time_ends_a_search_within_a_generation():
    class Slow(Noisy):
        def evaluate(self, line, *, plan=None, seed):
            time.sleep(0.01)
            return super().evaluate(line, seed=seed)

    result = search(PLACE_SPACE, BOTH, Slow(), budget=Budget(seconds=0.1), population=40)
    assert result.stop_reason is StopReason.TIME_LIMIT
    assert 1 <= result.solution().summary.evaluations < 40
    space = DecisionSpace(base=PLACES, variables=vary(PLACES, "B*.capacity=1..4"))
    result = search(space, BOTH, Slow(), budget=Budget(evaluations=64, seconds=0.05), population=8)
    assert result.stop_reason is StopReason.TIME_LIMIT


def test_constraints_are_kept():
    limits = (
        Constraint("places", places, 24, on="line"),
        Constraint("output", lambda e: -e.mean("throughput"), -50),
    )
    result = search(PLACE_SPACE, BOTH, Noisy(sd=0), constraints=limits, budget=400, seed=1)
    front = result.solution()
    assert len(front) > 5
    assert all(places(line) <= 24 for line in front.lines)
    assert (front.points[:, 0] >= 50).all()
    assert front.summary.infeasible > 0


def test_infeasible_everywhere_has_a_status_and_a_reason(caplog):
    limits = (Constraint("free", places, 1, on="line"), Constraint("any", places, 99, on="line"))
    with caplog.at_level(logging.WARNING, logger="opt_twin"):
        result = search(PLACE_SPACE, BOTH, Noisy(), constraints=limits, budget=60, population=10)
    assert (result.status, result.best, result.objective, result.trace) == (Status.INFEASIBLE, None, None, ())
    assert "no feasible candidate among 60: free broken by 60; any broken by 0" in caplog.text
    with pytest.raises(NoSolutionError, match="infeasible"):
        result.solution()


def test_when_noise_makes_the_front_infeasible_the_next_candidates_have_their_turn():
    limit = Constraint("output", lambda e: -e.mean("throughput"), -60)
    fronts = [
        search(
            PLACE_SPACE,
            [objective_named("wip")],
            Noisy(sd=4),
            constraints=[limit],
            budget=200,
            population=20,
            seed=seed,
        )
        for seed in range(6)
    ]
    assert all(len(run.solution()) for run in fronts)
    assert any(run.solution().summary.removed_infeasible > 0 for run in fronts)
    assert all(run.solution().evaluations[0].mean("throughput") >= 60 for run in fronts)


def ratio(seen):
    wip = seen.mean("wip")
    return math.nan if wip > 30 else wip


def test_a_nan_objective_ends_the_search_with_its_name():
    with pytest.raises(ObjectiveError, match=r"objective 'ratio' is nan at B1.capacity="):
        search(PLACE_SPACE, [BOTH[0], Objective("ratio", ratio)], Noisy(), budget=100)


def test_a_nan_objective_can_count_as_infeasible_and_is_never_on_the_front():
    result = search(
        PLACE_SPACE, [BOTH[0], Objective("ratio", ratio)], Noisy(sd=0), budget=200, on_error="infeasible"
    )
    front = result.solution()
    assert front.summary.failed > 0
    assert front.summary.infeasible == 0
    assert front.points[:, 1].max() == 30


def test_when_everything_fails_the_first_failure_is_told(caplog):
    with caplog.at_level(logging.WARNING, logger="opt_twin"):
        result = search(
            PLACE_SPACE,
            [Objective("none", lambda _: None)],
            Noisy(),
            budget=20,
            population=10,
            on_error="infeasible",
        )
    assert result.status is Status.INFEASIBLE
    assert "20 failed, the first: objective 'none' returned None" in caplog.text


class Stuck(Noisy):
    def evaluate(self, line, *, plan=None, seed):
        if places(line) > 30:
            raise SimulationError("parts are stuck")
        return super().evaluate(line, seed=seed)


def test_a_failing_evaluation_says_where_or_counts_as_infeasible():
    with pytest.raises(SimulationError, match="parts are stuck") as caught:
        search(PLACE_SPACE, BOTH, Stuck(), budget=100)
    assert "while evaluating {'B1.capacity'" in caught.value.__notes__[0]
    result = search(PLACE_SPACE, BOTH, Stuck(), budget=100, on_error="infeasible")
    assert all(places(line) <= 30 for line in result.solution().lines)


def test_decisions_that_make_no_valid_line_are_failures(monkeypatch):
    from opt_twin.errors import ModelError

    plain = DecisionSpace.line

    def line(self, x):
        if sum(x) > 30:
            raise ModelError("too much")
        return plain(self, x)

    monkeypatch.setattr(DecisionSpace, "line", line)
    result = search(PLACE_SPACE, BOTH, Noisy(), budget=60, population=20, on_error="infeasible")
    assert result.solution().summary.failed > 0
    with pytest.raises(ModelError, match="too much"):
        search(PLACE_SPACE, BOTH, Noisy(), budget=60, population=20)


@pytest.mark.parametrize("call", [2, 33, 75])
def test_an_interruption_keeps_the_front_so_far(call):
    result = search(PLACE_SPACE, BOTH, Interrupting(Noisy(), call), budget=200, population=20)
    front = result.solution()
    assert (result.status, result.stop_reason) == (Status.FEASIBLE, StopReason.INTERRUPTED)
    assert front.summary.evaluations == call - 1
    assert front.reevaluated


def test_a_second_interruption_leaves_out_the_final_evaluation():
    result = search(PLACE_SPACE, BOTH, Interrupting(Noisy(), 50, 53), budget=200, population=20)
    front = result.solution()
    assert result.stop_reason is StopReason.INTERRUPTED
    assert not front.reevaluated
    assert front.evaluation_seed == front.seed
    assert np.array_equal(front.points, front.search_points)


def test_an_interruption_before_the_first_evaluation_leaves_nothing():
    result = search(PLACE_SPACE, BOTH, Interrupting(Noisy(), 1), budget=200)
    assert (result.status, result.stop_reason, result.best) == (Status.UNKNOWN, StopReason.INTERRUPTED, None)


def test_two_searches_share_no_state():
    evaluator = Noisy()
    first = search(PLACE_SPACE, BOTH, evaluator, budget=80, population=10)
    count = len(evaluator.calls)
    second = search(PLACE_SPACE, BOTH, evaluator, budget=80, population=10)
    assert first.solution().digest() == second.solution().digest()
    assert len(evaluator.calls) == 2 * count


def test_a_foreign_random_generator_changes_nothing_and_is_not_changed():
    np.random.seed(1)  # noqa: NPY002
    before = np.random.random(3).tolist()  # noqa: NPY002
    np.random.seed(1)  # noqa: NPY002
    one = search(SPEED_SPACE, F, Zdt1(), budget=60, population=10).solution().digest()
    assert np.random.random(3).tolist() == before  # noqa: NPY002
    assert search(SPEED_SPACE, F, Zdt1(), budget=60, population=10).solution().digest() == one


def test_progress_counts_up_and_the_hypervolume_never_falls():
    told = []
    search(SPEED_SPACE, F, Zdt1(), budget=100, population=20, on_progress=lambda *args: told.append(args))
    done, totals, volumes = zip(*told, strict=True)
    assert list(done) == sorted(done)
    assert done[-1] == 100
    assert set(totals) == {100}
    assert all(a <= b + 1e-12 for a, b in pairwise(volumes))
    assert volumes[-1] > volumes[0] == 0


def test_progress_of_an_infeasible_search_has_no_hypervolume():
    told = []
    limit = Constraint("free", places, 1, on="line")
    search(
        PLACE_SPACE,
        BOTH,
        Noisy(),
        constraints=[limit],
        budget="0.05s",
        on_progress=lambda *args: told.append(args),
    )
    assert {(total, volume) for _, total, volume in told} == {(None, 0.0)}


def test_the_trace_of_the_hypervolume_never_falls():
    result = search(SPEED_SPACE, F, Zdt1(), budget=200, population=20)
    volumes = [point.objective for point in result.trace]
    assert len(volumes) == 10
    assert all(a <= b + 1e-12 for a, b in pairwise(volumes))
    assert (result.objective_name, result.gap) == ("hypervolume", None)


def test_the_final_evaluator_gives_the_reported_values():
    final = Noisy(replications=30)
    front = search(PLACE_SPACE, BOTH, Noisy(), budget=80, population=10, final_evaluator=final).solution()
    assert len(final.calls) == front.summary.reevaluated
    assert all(len(e.replications) == 30 for e in front.evaluations)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"objectives": []}, "at least one objective"),
        ({"objectives": [BOTH[0], BOTH[0]]}, "'throughput' stands twice"),
        ({"objectives": [Objective("B1.capacity", "wip")]}, "'B1.capacity' stands twice"),
        ({"constraints": [Constraint("wip", "wip", 1)]}, "'wip' stands twice"),
        ({"population": 3}, "4 or more members, got 3"),
        ({"seed": -1}, "seed must be 0 or more"),
        ({"on_error": "ignore"}, "on_error='ignore' is not known"),
        ({"budget": 0}, "1 or more evaluations"),
    ],
)
def test_arguments_out_of_range_are_refused(changes, message):
    arguments = {"objectives": BOTH, "budget": 10, **changes}
    with pytest.raises(OptionError, match=message):
        search(PLACE_SPACE, evaluator=Noisy(), **arguments)


def test_a_misspelt_measure_is_named_by_the_first_evaluation():
    with pytest.raises(ObjectiveError, match="did you mean 'throughput'"):
        search(PLACE_SPACE, [objective_named("througput")], Noisy(), budget=10)


def test_a_fixed_space_has_one_point():
    space = DecisionSpace(base=PLACES, variables=(Variable("B1.capacity", 4, 4),))
    result = search(space, BOTH, Noisy(), budget=10)
    assert len(result.solution()) == 1
