"""What every scheduling solver promises, as tests that the author of a plug-in subclasses.

::

    import pytest
    from opt_twin.testing import SchedulingSolverSuite

    class TestMySolver(SchedulingSolverSuite):
        @pytest.fixture
        def solver(self):
            return MySolver()
"""

from __future__ import annotations

import dataclasses
import time

from opt_twin.errors import NoSolutionError, OptionError, OptTwinError
from opt_twin.plan import Schedule
from opt_twin.results import Result, Status, StopReason, TracePoint
from opt_twin.scheduling import (
    CLASSICAL_OBJECTIVES,
    FEATURES,
    OBJECTIVES,
    SchedulingInstance,
    SchedulingSolver,
    check_objective,
    dispatch,
    evaluate_objective,
    load_instance,
    lower_bound,
    solve_schedule,
    verify,
)
from opt_twin.solvers import SolveOptions
from opt_twin.testing.brute_force import brute_force
from opt_twin.testing.random_shops import random_instance
from opt_twin.testing.tiny_shops import infeasible_shop, known_shops, random_shop, two_job_shop

__all__ = ["SchedulingSolverSuite"]

QUICK = SolveOptions(time_limit=10.0)


def _solve(
    solver: SchedulingSolver, instance: SchedulingInstance, objective: str = "makespan"
) -> Result[Schedule]:
    return solver.solve(instance, objective=objective, options=QUICK)


def _scaled(instance: SchedulingInstance, factor: int) -> SchedulingInstance:
    """Return a plain job shop with all durations multiplied."""
    return instance.replace(
        jobs=tuple(
            job.replace(operations=tuple(o.replace(duration=o.duration * factor) for o in job.operations))
            for job in instance.jobs
        )
    )


def _relabelled(instance: SchedulingInstance) -> SchedulingInstance:
    """Return a plain job shop with other names for its machines."""
    names = {machine: f"other {index}" for index, machine in enumerate(instance.machines)}
    return instance.replace(
        machines=tuple(names.values()),
        jobs=tuple(
            job.replace(operations=tuple(o.replace(machine=names[o.machine]) for o in job.operations))
            for job in instance.jobs
        ),
    )


class SchedulingSolverSuite:
    """Subclass it and give a pytest fixture ``solver`` that returns a fresh solver.

    Class attributes: set `exact` to False for a solver that need not find the optimum of tiny instances;
    `patience` is how many seconds beyond its limit a solver may take on a busy machine; `mixtures` how many
    random mixtures of features are tried.
    """

    exact: bool = True
    mixtures: int = 26
    patience: float = 3.0

    def test_it_has_a_name(self, solver: SchedulingSolver) -> None:
        """The name is a non-empty text."""
        assert isinstance(solver.name, str)
        assert solver.name

    def test_same_seed_gives_the_same_schedule(self, solver: SchedulingSolver) -> None:
        """One worker, the same seed: the same answer, and two solves share no state."""
        instance = random_shop(1, jobs=4, machines=3)
        first = _solve(solver, instance).solution()
        _solve(solver, random_shop(2))
        assert _solve(solver, instance).solution() == first

    def test_answers_pass_the_verifier(self, solver: SchedulingSolver) -> None:
        """Whatever the solver accepts it schedules without a violation, and states the true objective."""
        for seed in range(4):
            instance = random_shop(seed, setups=seed % 2 == 1, streaming=seed >= 2, dates=True)
            plain = random_shop(seed, jobs=3, machines=3)
            for objective in CLASSICAL_OBJECTIVES:
                for shop in (instance, plain):
                    if objective.endswith("tardiness") and shop is plain:
                        continue
                    if solver.refuses(shop, objective) is not None:
                        continue
                    result = _solve(solver, shop, objective)
                    assert verify(shop, result.solution()) == ()
                    assert result.objective == evaluate_objective(shop, result.solution(), objective)

    def test_each_feature_is_refused_with_a_reason_or_treated(self, solver: SchedulingSolver) -> None:
        """Tiny instances of every feature: refused, or answered with what the enumeration of all finds."""
        for number, feature in enumerate(FEATURES):
            self._judge(solver, random_instance(number, features={feature}), "makespan")

    def test_features_that_meet_are_refused_with_a_reason_or_treated(self, solver: SchedulingSolver) -> None:
        """Mixtures of features, with all measures in turn, sums of them, and parts for one class of jobs."""
        texts = (*OBJECTIVES, "2*makespan + total_weighted_tardiness", "total_weighted_flow_time@1")
        for seed in range(self.mixtures):
            instance = random_instance(seed, features=None)
            text = texts[seed % len(texts)]
            try:
                check_objective(instance, text)
            except OptionError:  # it means nothing there
                text = "makespan"
            self._judge(solver, instance, text)

    def _judge(self, solver: SchedulingSolver, instance: SchedulingInstance, objective: str) -> None:
        """Check one answer against the verifier, the objective, and the enumeration of all schedules."""
        refusal = solver.refuses(instance, objective)
        if refusal is not None:
            assert isinstance(refusal, str)
            assert refusal
            return
        result = _solve(solver, instance, objective)
        best = brute_force(instance, objective)
        if best is None:
            assert result.best is None
            assert result.status in {Status.INFEASIBLE, Status.UNKNOWN}
            return
        if result.best is None:
            assert not self.exact, f"no schedule of {instance.name!r}, which has one of {objective} {best[0]}"
            assert result.status is not Status.INFEASIBLE
            return
        assert verify(instance, result.best) == ()
        value = evaluate_objective(instance, result.best, objective)
        assert result.objective == value
        assert value == best[0] if self.exact else value >= best[0]
        assert result.bound is None or result.bound <= best[0]

    def test_bound_never_passes_the_objective(self, solver: SchedulingSolver) -> None:
        """The bound holds at the end and at every point of the trace."""
        for seed in range(2):
            result = _solve(solver, random_shop(seed, jobs=4, machines=3))
            assert result.objective is not None
            bounds = [result.bound, *(point.bound for point in result.trace)]
            assert all(bound is None or bound <= result.objective for bound in bounds)

    def test_known_optima(self, solver: SchedulingSolver) -> None:
        """Tiny instances are solved to their known optimum, or not below it."""
        for instance, objective, optimum in known_shops():
            if solver.refuses(instance, objective) is not None:
                continue
            result = _solve(solver, instance, objective)
            assert result.objective is not None
            assert result.objective == optimum if self.exact else result.objective >= optimum

    def test_infeasible_instance_has_no_solution(self, solver: SchedulingSolver) -> None:
        """Deadlines that cannot be kept give no schedule, and `solution()` raises."""
        instance = infeasible_shop()
        if solver.refuses(instance, "makespan") is not None:
            return
        result = _solve(solver, instance)
        assert result.best is None
        assert result.status in {Status.INFEASIBLE, Status.UNKNOWN}
        try:
            result.solution()
        except NoSolutionError:
            return
        raise AssertionError("solution() of an infeasible instance must raise NoSolutionError")

    def test_time_limit_is_kept(self, solver: SchedulingSolver) -> None:
        """A hard instance ends soon after the limit, also on a busy machine."""
        instance = load_instance("ft20")
        _solve(solver, two_job_shop())  # loads what is loaded once
        began = time.perf_counter()
        solver.solve(instance, objective="makespan", options=SolveOptions(time_limit=1.5))
        assert time.perf_counter() - began < 1.5 + self.patience

    def test_stop_ends_the_search(self, solver: SchedulingSolver) -> None:
        """A stop hook that returns true ends the search long before the limit, with what is there."""
        began = time.perf_counter()
        instance = load_instance("ft20")
        result = solver.solve(
            instance,
            objective="makespan",
            options=SolveOptions(time_limit=60.0),
            start=dispatch(instance),
            stop=lambda: time.perf_counter() - began > 0.3,
        )
        assert time.perf_counter() - began < 15.0
        assert verify(instance, result.solution()) == ()
        assert result.stop_reason in {StopReason.INTERRUPTED, StopReason.BUDGET, StopReason.PROVED}

    def test_instance_and_options_are_unchanged(self, solver: SchedulingSolver) -> None:
        """What goes in comes out unchanged."""
        instance = random_shop(3)
        digests = instance.digest(), QUICK.digest()
        _solve(solver, instance)
        assert (instance.digest(), QUICK.digest()) == digests

    def test_answer_is_never_worse_than_the_start(self, solver: SchedulingSolver) -> None:
        """A feasible schedule to start from is an upper limit."""
        instance = random_shop(4, jobs=4, machines=3)
        start = dispatch(instance, "LPT")
        result = solver.solve(instance, objective="makespan", options=QUICK, start=start)
        assert result.objective is not None
        assert result.objective <= start.makespan

    def test_progress_is_reported_in_order(self, solver: SchedulingSolver) -> None:
        """Progress points go forward in time, objectives down and bounds up."""
        points: list[TracePoint] = []
        solver.solve(load_instance("ft06"), objective="makespan", options=QUICK, on_progress=points.append)
        times = [point.time for point in points]
        objectives = [point.objective for point in points if point.objective is not None]
        assert times == sorted(times)
        assert objectives
        assert objectives == sorted(objectives, reverse=True)

    def test_unknown_option_and_objective_are_refused(self, solver: SchedulingSolver) -> None:
        """Nothing that is misspelt is ignored."""
        for wrong in (
            lambda: SolveOptions.from_dict({"time_limt": 1}),
            lambda: solve_schedule(two_job_shop(), objective="makespam", solver=solver),
        ):
            try:
                wrong()
            except OptTwinError:
                continue
            raise AssertionError("a misspelt name must raise an OptTwinError")

    def test_relabelled_machines_keep_the_objective(self, solver: SchedulingSolver) -> None:
        """Names of machines mean nothing."""
        instance = random_shop(5, jobs=3, machines=3)
        assert _solve(solver, _relabelled(instance)).objective == _solve(solver, instance).objective

    def test_doubled_times_double_the_makespan(self, solver: SchedulingSolver) -> None:
        """All durations doubled: the makespan doubles."""
        instance = random_shop(6, jobs=3, machines=3)
        once, twice = _solve(solver, instance), _solve(solver, _scaled(instance, 2))
        assert once.objective is not None
        assert twice.objective == 2 * once.objective

    def test_through_the_door_the_bound_is_the_best_known(self, solver: SchedulingSolver) -> None:
        """`solve_schedule` verifies the answer and never gives a bound below the solver-free one."""
        instance = random_shop(7)
        result = solve_schedule(instance, solver=solver, options=QUICK)
        assert result.bound is not None
        assert result.bound >= lower_bound(instance)
        assert dataclasses.replace(result) == result
