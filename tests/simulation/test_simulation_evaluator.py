"""Evaluators that keep their worker processes."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from opt_twin.errors import SimulationError
from opt_twin.line import Exponential
from opt_twin.simulation import RunSettings, SimulationEvaluator, pooled_evaluator
from opt_twin.testing import serial_line

LINE = serial_line("two", (Exponential(mean=4), Exponential(mean=5)), buffers=(2,))
SETTINGS = RunSettings(horizon=600, replications=6)


def test_one_pool_for_many_evaluations_gives_the_same_bits():
    alone = SimulationEvaluator(SETTINGS)
    with pooled_evaluator(SETTINGS.replace(workers=2)) as evaluator:
        assert evaluator.executor is not None
        for seed in (1, 2):
            assert evaluator.evaluate(LINE, seed=seed).digest() == alone.evaluate(LINE, seed=seed).digest()


def test_one_worker_needs_no_pool():
    with pooled_evaluator(SETTINGS) as evaluator:
        assert evaluator == SimulationEvaluator(SETTINGS)


def test_any_executor_serves_and_stays_open():
    with ThreadPoolExecutor(2) as threads:
        evaluator = SimulationEvaluator(SETTINGS.replace(workers=2), threads)
        assert (
            evaluator.evaluate(LINE, seed=3).digest()
            == SimulationEvaluator(SETTINGS).evaluate(LINE, seed=3).digest()
        )
        assert threads.submit(int, "7").result() == 7


def test_a_pool_that_has_ended_is_named():
    with pooled_evaluator(SETTINGS.replace(workers=2)) as evaluator:
        evaluator.evaluate(LINE, seed=1)
        for process in evaluator.executor._processes.values():
            process.kill()
            process.join()
        with pytest.raises(SimulationError, match="a worker process died"):
            evaluator.evaluate(LINE, seed=2)
