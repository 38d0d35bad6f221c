"""Where evaluations run."""

from concurrent.futures import Executor, Future, ThreadPoolExecutor

import pytest
from search_fakes import Dies, Zdt1, line_of

from opt_twin.errors import OptionError, SimulationError, SolverError
from opt_twin.search import process_pool
from opt_twin.search.executor import evaluate_lines

LINES = [line_of(3).with_value("M1.speed", speed) for speed in (1.0, 1.2, 1.4, 1.6)]


class Fails:
    def __init__(self, error):
        self.error = error

    def evaluate(self, line, *, plan=None, seed):
        raise self.error


class ByHand(Executor):
    """An executor whose futures a test prepares."""

    def __init__(self, futures):
        self.futures = futures
        self.waiting = list(futures)

    def submit(self, *args):
        return self.waiting.pop(0)


class Interrupted(Future):
    def result(self, timeout=None):
        raise KeyboardInterrupt


def collect(evaluator, *, executor=None, limit=99):
    seen = []
    evaluate_lines(
        LINES,
        evaluator,
        seed=1,
        store=lambda index, outcome: seen.append((index, outcome)),
        go_on=lambda: len(seen) < limit,
        executor=executor,
    )
    return seen


@pytest.mark.parametrize("workers", [None, 1, 3])
def test_outcomes_come_in_the_order_of_the_lines(workers):
    if workers is None:
        seen = collect(Zdt1())
    else:
        with ThreadPoolExecutor(workers) as executor:
            seen = collect(Zdt1(), executor=executor)
    assert [index for index, _ in seen] == [0, 1, 2, 3]
    assert [outcome.mean("f1") for _, outcome in seen] == pytest.approx([0, 0.2, 0.4, 0.6])


def test_what_is_left_is_not_evaluated_when_the_caller_says_no():
    evaluator = Zdt1()
    assert len(collect(evaluator, limit=2)) == len(evaluator.calls) == 2
    futures = [Future() for _ in LINES]
    futures[0].set_result("first")
    assert collect(Zdt1(), executor=ByHand(futures), limit=1) == [(0, "first")]
    assert all(future.cancelled() for future in futures[1:])


def test_an_error_on_purpose_is_an_outcome_and_any_other_is_raised():
    error = SimulationError("stuck")
    assert collect(Fails(error)) == [(index, error) for index in range(4)]
    with pytest.raises(ZeroDivisionError):
        collect(Fails(ZeroDivisionError()))
    with ThreadPoolExecutor(1) as executor, pytest.raises(TypeError, match="no such thing"):
        collect(Fails(TypeError("no such thing")), executor=executor)


def test_an_interruption_keeps_what_is_there_and_cancels_the_rest():
    done, failed, pending = Future(), Future(), Future()
    done.set_result("done")
    failed.set_exception(ValueError("lost"))
    futures = [Interrupted(), done, failed, pending]
    seen = []
    with pytest.raises(KeyboardInterrupt):
        evaluate_lines(
            LINES,
            Zdt1(),
            seed=1,
            store=lambda index, outcome: seen.append((index, outcome)),
            go_on=lambda: True,
            executor=ByHand(futures),
        )
    assert seen == [(1, "done")]
    assert pending.cancelled()


def test_an_evaluator_that_cannot_travel_is_named():
    with (
        process_pool(1) as executor,
        pytest.raises(OptionError, match=r"cannot be sent to a worker.*executor=None"),
    ):
        collect(Fails(lambda: None), executor=executor)


def test_a_worker_that_dies_is_named():
    with process_pool(1) as executor, pytest.raises(SolverError, match="a worker process died"):
        collect(Dies(), executor=executor)


def test_a_pool_needs_a_worker():
    with pytest.raises(OptionError, match="1 or more workers, got 0"):
        process_pool(0)
