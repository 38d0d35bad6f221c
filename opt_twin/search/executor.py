"""Evaluating many lines, here or in the workers of any ``concurrent.futures.Executor``."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future

from opt_twin.errors import OptionError, OptTwinError, SolverError
from opt_twin.line import Line
from opt_twin.results import Evaluation, Evaluator
from opt_twin.workers import DEAD_WORKER

__all__ = ["Outcome", "evaluate_lines"]

Outcome = Evaluation | OptTwinError
"""What became of a line: its evaluation, or the error that its evaluation raised on purpose."""


def evaluate_lines(
    lines: Sequence[Line],
    evaluator: Evaluator,
    *,
    seed: int,
    store: Callable[[int, Outcome], None],
    go_on: Callable[[], bool],
    executor: Executor | None = None,
) -> None:
    """Evaluate `lines` with one seed and hand each outcome to `store`, in the order of `lines`.

    Parameters
    ----------
    lines, evaluator, seed
        What is evaluated, by what, on which streams.
    store
        Called with the index of a line and its outcome.
    go_on
        Asked after each outcome; the rest is left out when it says no.
    executor
        Where the evaluations run; None for here.

    Raises
    ------
    OptionError
        If the evaluator cannot be sent to a worker.
    SolverError
        If a worker died.
    """
    if executor is None:
        for index, line in enumerate(lines):
            store(index, _evaluate(evaluator, line, seed))
            if not go_on():
                return
        return
    futures = [executor.submit(_evaluate, evaluator, line, seed) for line in lines]
    done = 0
    try:
        for index, future in enumerate(futures):
            outcome = _outcome(future)
            done = index + 1
            store(index, outcome)
            if not go_on():
                return
    except KeyboardInterrupt:
        for index, future in enumerate(futures[done:], done):  # keep what is already there
            if future.done() and not future.cancelled() and future.exception() is None:
                store(index, future.result())
        raise
    finally:
        for future in futures[done:]:
            future.cancel()


def _evaluate(evaluator: Evaluator, line: Line, seed: int) -> Outcome:
    try:
        return evaluator.evaluate(line, seed=seed)
    except OptTwinError as error:
        return error


def _outcome(future: Future[Outcome]) -> Outcome:
    try:
        return future.result()
    except BrokenExecutor as error:
        raise SolverError(f"{DEAD_WORKER}, or executor=None to see what happens ({error})") from error
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        if "pickle" not in str(error).lower():
            raise
        raise OptionError(
            f"the evaluator cannot be sent to a worker: {error}. Define it at the top of a module, "
            "or search with executor=None"
        ) from error
