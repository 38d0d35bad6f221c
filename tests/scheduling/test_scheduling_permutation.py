"""One sequence on all machines: refusals, optimum, verifier, heuristics, the way into the simulator."""

import json
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opt_twin.errors import InstanceError, ModelError, OptionError
from opt_twin.io import read_line
from opt_twin.results import Status
from opt_twin.scheduling import (
    CLASSICAL_OBJECTIVES,
    RULES,
    Job,
    Operation,
    SchedulingInstance,
    dispatch,
    evaluate_objective,
    left_shifted,
    parse_instance,
    read_instance,
    scheduling_instance,
    solve_schedule,
    verify,
    write_instance,
)
from opt_twin.scheduling.cpsat import CpSatSolver
from opt_twin.scheduling.dispatching import DispatchingSolver
from opt_twin.scheduling.flow_line import FlowLine, descent, sequences
from opt_twin.scheduling.timing import in_sequence, schedule_of, sequence_of, timed
from opt_twin.simulation import RunSettings, run_replication
from opt_twin.solvers import SolveOptions
from opt_twin.testing import best_by_enumeration, random_shop

BOTTLING = Path(__file__).parents[2] / "models" / "bottling.yaml"


def _shop(seed, *, jobs=4, machines=3, **more):
    return random_shop(seed, jobs=jobs, machines=machines, permutation=True, dates=True, **more)


def _never():
    return False


def test_jobs_of_one_sequence_take_one_route():
    shop = _shop(1)
    other = shop.jobs[1].replace(operations=tuple(reversed(shop.jobs[1].operations)))
    with pytest.raises(
        ModelError, match=r"jobs.1.operations: takes the route M3 -> M2 -> M1, job 'J1' takes"
    ):
        shop.replace(jobs=(shop.jobs[0], other, *shop.jobs[2:]))
    again = tuple(job.replace(operations=job.operations + job.operations[:1]) for job in shop.jobs)
    with pytest.raises(ModelError, match=r"jobs\.0\.operations: visits machine 'M1' twice"):
        shop.replace(jobs=again)
    steps = (shop.jobs[0].operations[0].replace(duration=0, lead=0, tail=0), *shop.jobs[0].operations[1:])
    with pytest.raises(
        ModelError, match=r"jobs.0.operations.0.duration: with permutation, operations take 1"
    ):
        shop.replace(jobs=(shop.jobs[0].replace(operations=steps), *shop.jobs[1:]))
    names = [f"M{number}" for number in range(10)]
    long = Job(name="a", operations=tuple(Operation(machine=name, duration=1) for name in names))
    back = long.replace(name="b", operations=tuple(reversed(long.operations)))
    with pytest.raises(ModelError, match=r"M7 -> \.\.\.;"):
        SchedulingInstance(name="long", machines=tuple(names), jobs=(long, back), permutation=True)


def test_one_sequence_is_no_plain_job_shop(tmp_path):
    shop = random_shop(2, permutation=True)
    assert not shop.is_plain
    assert shop.replace(permutation=False).is_plain
    with pytest.raises(OptionError, match="plain job shops; use cp-sat"):
        solve_schedule(shop, solver="milp:manne")
    with pytest.raises(InstanceError, match="does not hold one sequence on all machines"):
        write_instance(shop, tmp_path / "shop.txt")
    write_instance(shop, tmp_path / "shop.json")
    assert read_instance(tmp_path / "shop.json") == shop
    assert shop.digest() != shop.replace(permutation=False).digest()
    with pytest.raises(InstanceError, match="permutation"):
        parse_instance(json.dumps(shop.to_dict() | {"permutation": "yes"}))


@pytest.mark.parametrize("objective", CLASSICAL_OBJECTIVES)
@pytest.mark.parametrize("setups", [False, True])
@pytest.mark.parametrize("streaming", [False, True])
def test_optimum_agrees_with_the_enumeration_of_all_sequences(objective, setups, streaming):
    """And it is never below the optimum of free sequences."""
    for seed in range(3):
        shop = _shop(seed, setups=setups, streaming=streaming)
        best = best_by_enumeration(shop, objective)
        result = solve_schedule(shop, objective=objective, solver="cp-sat")
        assert (result.objective, result.bound, result.status) == (best, best, Status.OPTIMAL)
        assert verify(shop, result.solution()) == ()
        assert len({result.solution().sequence(machine) for machine in shop.machines}) == 1
        free = solve_schedule(shop.replace(permutation=False), objective=objective, solver="cp-sat")
        assert free.objective <= best


def test_one_sequence_can_cost_more_than_free_ones():
    """Two jobs on four machines: 14 in one sequence, 12 in free ones, both by enumeration."""
    rows = tuple(tuple(enumerate(durations)) for durations in ((4, 1, 1, 4), (1, 4, 4, 1)))
    free = SchedulingInstance.from_matrices("two", 4, rows)
    assert best_by_enumeration(free, "makespan") == solve_schedule(free).objective == 12
    one = free.replace(permutation=True)
    assert best_by_enumeration(one, "makespan") == solve_schedule(one).objective == 14


def test_deadlines_agree_with_the_enumeration_of_sequences():
    seen = set()
    for seed in range(8):
        shop = _shop(seed, setups=True)
        tight = shop.replace(jobs=tuple(job.replace(deadline=job.due + 16) for job in shop.jobs))
        best = best_by_enumeration(tight, "makespan")
        result = solve_schedule(tight)
        assert result.objective == best
        assert result.status is (Status.INFEASIBLE if best is None else Status.OPTIMAL)
        seen.add(result.status)
    assert len(seen) == 2


def test_the_verifier_names_a_machine_with_another_sequence():
    shop = random_shop(3, jobs=3, machines=2, permutation=True)
    free = shop.replace(permutation=False)
    steps = [(job.operations[0].duration, job.operations[1].duration) for job in shop.jobs]
    crossed = in_sequence(shop, (0, 1, 2)).replace(
        assignments=tuple(
            assignment
            if assignment.operation == 0
            else assignment.replace(start=start, end=start + steps[index][1])
            for index, start in ((0, 100), (1, 200), (2, 150))
            for assignment in in_sequence(shop, (0, 1, 2)).of_job(shop.jobs[index].name)
        )
    )
    assert verify(free, crossed) == ()
    (violation,) = verify(shop, crossed)
    assert violation.rule == "permutation"
    assert violation.where == "machine M2, position 2"
    assert violation.message == (
        "does job J3 where machine M1 does job J2; all machines must do the jobs in one sequence"
    )
    assert verify(shop, crossed.replace(assignments=crossed.assignments[1:]))[0].rule == "missing operation"


@given(st.integers(0, 40), st.booleans(), st.booleans(), st.data())
@settings(deadline=None, max_examples=60)
def test_any_other_sequence_on_one_machine_is_caught(seed, setups, streaming, data):
    """The schedule is feasible but for the one rule, and only where the sequence differs."""
    shop = _shop(seed, setups=setups, streaming=streaming)
    names = [job.name for job in shop.jobs]
    machine = data.draw(st.integers(0, 2))
    sequence, other = (data.draw(st.permutations(names)) for _ in range(2))
    orders = {
        name: [(job, position) for job in (other if position == machine else sequence)]
        for position, name in enumerate(shop.machines)
    }
    times = timed(shop, orders)
    assert times is not None
    schedule = schedule_of(shop, times)
    assert verify(shop.replace(permutation=False), schedule) == ()
    rules = [violation.rule for violation in verify(shop, schedule)]
    assert rules == ["permutation"] * ((2 if machine == 0 else 1) if other != sequence else 0)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("kind", ["non-delay", "active"])
def test_every_rule_keeps_one_sequence(rule, kind):
    for seed in range(6):
        shop = _shop(seed, setups=seed % 2 == 0, streaming=seed % 3 == 0)
        assert verify(shop, dispatch(shop, rule, kind=kind)) == ()


@pytest.mark.parametrize("objective", CLASSICAL_OBJECTIVES)
def test_quick_worth_of_a_sequence_is_the_objective_of_its_schedule(objective):
    for seed in range(6):
        shop = _shop(seed, setups=seed % 2 == 0, streaming=seed % 3 > 0)
        line = FlowLine(shop, objective)
        for sequence in permutations(range(4)):
            schedule = in_sequence(shop, sequence)
            assert verify(shop, schedule) == ()
            assert sequence_of(shop, schedule) == sequence
            assert line.worth(sequence) == (0, evaluate_objective(shop, schedule, objective))


def test_worth_counts_missed_deadlines_first():
    shop = _shop(1)
    tight = shop.replace(jobs=tuple(job.replace(deadline=1) for job in shop.jobs))
    line, ends = FlowLine(tight, "makespan"), in_sequence(shop, (0, 1, 2, 3))
    missed = sum(ends.of_job(job.name)[-1].end - 1 for job in shop.jobs)
    assert line.worth((0, 1, 2, 3)) == (missed, ends.makespan)


@pytest.mark.parametrize("objective", CLASSICAL_OBJECTIVES)
def test_sequences_hold_every_job_and_the_descent_ends_in_a_local_optimum(objective):
    for seed in range(4):
        shop = _shop(seed, jobs=6, setups=True, streaming=True)
        line = FlowLine(shop, objective)
        found = list(sequences(line, _never))
        assert all(sorted(sequence) == list(range(6)) for sequence in found)
        best = min(found, key=line.worth)
        better = list(descent(line, best, _never))
        worths = [line.worth(sequence) for sequence in (best, *better)]
        assert worths == sorted(set(worths), reverse=True)
        last = (best, *better)[-1]
        for first in range(6):
            rest = last[:first] + last[first + 1 :]
            for at in range(6):
                moved = (*rest[:at], last[first], *rest[at:])
                swapped = list(last)
                swapped[first], swapped[at] = swapped[at], swapped[first]
                assert min(line.worth(moved), line.worth(swapped)) >= worths[-1]


def test_heuristics_end_when_they_are_halted():
    line = FlowLine(_shop(2, jobs=6, setups=True), "total_weighted_tardiness")
    assert len(list(sequences(line, lambda: True))) == 2
    assert list(descent(line, range(6), lambda: True)) == []
    for asked in range(1, 20):
        calls = iter(range(100))
        assert len(list(sequences(line, lambda calls=calls, asked=asked: next(calls) >= asked))) >= 2


@pytest.mark.parametrize("objective", CLASSICAL_OBJECTIVES)
def test_dispatching_comes_close_to_the_optimum_of_sequences(objective):
    """On small instances the descent ends within a tenth of the optimum on average; the same each time."""
    total = best = 0
    for seed in range(10):
        shop = _shop(seed, jobs=5, setups=True, streaming=True)
        result = DispatchingSolver().solve(shop, objective=objective, options=SolveOptions())
        again = DispatchingSolver().solve(shop, objective=objective, options=SolveOptions())
        assert again.best == result.best
        assert verify(shop, result.solution()) == ()
        total += result.objective
        best += best_by_enumeration(shop, objective)
    assert best <= total <= 1.1 * best


def test_a_start_of_one_sequence_is_improved_and_hinted():
    shop = _shop(5, jobs=6, setups=True)
    start = in_sequence(shop, (5, 4, 3, 2, 1, 0))
    quick = DispatchingSolver().solve(
        shop, objective="makespan", options=SolveOptions(), start=start, stop=lambda: True
    )
    assert quick.objective <= start.makespan
    result = CpSatSolver().solve(shop, objective="makespan", options=SolveOptions(), start=start)
    assert result.status is Status.OPTIMAL
    assert left_shifted(shop, result.solution()) == result.solution()


def test_orders_of_the_bottling_line_run_in_the_planned_sequence():
    line = read_line(BOTTLING)
    instance = scheduling_instance(line, allowance="mean")
    assert instance.permutation
    result = solve_schedule(
        instance, objective="total_weighted_tardiness", solver="dispatching", options=SolveOptions()
    )
    schedule = result.solution()
    sequence = schedule.sequence("Filler")
    assert {schedule.sequence(machine) for machine in schedule.machines} == {sequence}
    run = run_replication(
        line, settings=RunSettings(horizon=40 * 86400.0), plan=schedule, seed=1, replication=0
    )
    completions = [run.values[f"order.{name}.completion"] for name in sequence]
    assert completions == sorted(completions)
    assert len(set(completions)) == len(completions) == 12
