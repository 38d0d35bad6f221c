"""Independent replications of a line, one after another or in parallel."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, as_completed
from functools import partial

import numpy as np

from opt_twin.errors import SimulationError
from opt_twin.line import Line
from opt_twin.plan import Plan
from opt_twin.results import Evaluation
from opt_twin.simulation.engine import run_replication
from opt_twin.simulation.kpis import measure_units
from opt_twin.simulation.settings import RunSettings
from opt_twin.workers import DEAD_WORKER, end_workers, process_pool

__all__ = ["OnProgress", "simulate"]

OnProgress = Callable[[int, int], None]
"""Called with (replications done, replications in all), in the process that asked."""

_Values = tuple[Mapping[str, float], tuple[str, ...]]
"""The values of a replication, and the stations that starve for ever in it."""


def simulate(
    line: Line,
    *,
    settings: RunSettings = RunSettings(),  # noqa: B008  frozen
    plan: Plan | None = None,
    seed: int = 0,
    on_progress: OnProgress | None = None,
    executor: Executor | None = None,
) -> Evaluation:
    """Run a line as often as `settings` say and return every measure of every replication.

    The result does not depend on the number of workers. With more than one, the script that calls this must
    be importable (``if __name__ == "__main__":``), because the workers are fresh processes.

    Parameters
    ----------
    line, settings, plan, seed
        What is run, how, under what, and on which streams.
    on_progress
        Called after each block of replications.
    executor
        Where the blocks are run, when `settings` ask for several workers; it stays open. None starts
        processes for this call, which takes about a second.

    Raises
    ------
    PlanError
        If the plan does not fit the line, or a warm-up is asked for with a plan.
    SimulationError
        If the line would release parts without end at one moment, locks up (and `settings` ask for checks),
        the orders are not complete by the horizon, or a worker died. What was finished by then is its
        ``finished``; that of a KeyboardInterrupt too.
    OptionError
        If workers are asked for in a program that they cannot import, as it comes from standard input.
    ConservationError
        If parts or state times do not add up.

    Examples
    --------
    >>> from opt_twin.line import Line, Sink, Source, Station, chain
    >>> line = Line(
    ...     name="one",
    ...     elements=(Source(name="In"), Station(name="Saw", cycle_time="5 s"), Sink(name="Out")),
    ...     connections=chain("In", "Saw", "Out"),
    ... )
    >>> simulate(line, settings=RunSettings(horizon="1 h", replications=2)).mean("throughput")
    720.0
    """
    first = settings.first_replication
    numbers = range(first, first + settings.replications)
    done: dict[int, _Values] = {}
    try:
        for part in _blocks(line, settings, plan, seed, numbers, executor):
            done |= part
            if on_progress is not None:
                on_progress(len(done), len(numbers))
    except (SimulationError, KeyboardInterrupt) as error:
        if done:
            error.finished = _evaluation(line, settings, plan, seed, done)  # type: ignore[union-attr]  # Ctrl-C takes it too
        raise
    return _evaluation(line, settings, plan, seed, done)


def _evaluation(
    line: Line, settings: RunSettings, plan: Plan | None, seed: int, done: Mapping[int, _Values]
) -> Evaluation:
    """Return the measures of the replications that are done."""
    numbers = sorted(done)
    names = list(done[numbers[0]][0])
    return Evaluation(
        values={name: np.array([done[number][0][name] for number in numbers]) for name in names},
        replications=tuple(numbers),
        seed=seed,
        horizon=settings.horizon,
        warm_up=settings.warm_up,
        line_digest=line.digest(),
        plan_digest="" if plan is None else plan.digest(),
        units=measure_units(line, names),
        line_name=line.name,
        clock_start=settings.clock_start,
        starved=tuple(sorted({name for number in numbers for name in done[number][1]})),
    )


def _blocks(
    line: Line,
    settings: RunSettings,
    plan: Plan | None,
    seed: int,
    numbers: Sequence[int],
    executor: Executor | None,
) -> Iterator[dict[int, _Values]]:
    """Yield the values of some replications at a time, in any order."""
    workers = min(settings.workers, len(numbers))
    if workers == 1:
        for number in numbers:
            yield _run_block(line, settings, plan, seed, (number,))
        return
    size = max(1, len(numbers) // (4 * workers))
    blocks = [tuple(numbers[i : i + size]) for i in range(0, len(numbers), size)]
    run = partial(_run_block, line, settings, plan, seed)
    if executor is not None:
        yield from _in_parallel(executor, run, blocks)
        return
    with process_pool(workers) as pool:
        try:
            yield from _in_parallel(pool, run, blocks)
        except BaseException:
            end_workers(pool)
            raise


def _in_parallel(
    executor: Executor,
    run: Callable[[Sequence[int]], dict[int, _Values]],
    blocks: Sequence[Sequence[int]],
) -> Iterator[dict[int, _Values]]:
    """Yield the values of each block, in any order; what has not begun is cancelled when that ends early."""
    futures: list[Future[dict[int, _Values]]] = []
    try:
        futures += [executor.submit(run, block) for block in blocks]
        for future in as_completed(futures):
            yield future.result()
    except BrokenExecutor as error:
        raise SimulationError(f"{DEAD_WORKER} ({error})") from error
    finally:
        for future in futures:
            future.cancel()


def _run_block(
    line: Line, settings: RunSettings, plan: Plan | None, seed: int, numbers: Sequence[int]
) -> dict[int, _Values]:
    settings = settings.replace(interval=None)  # only measures travel on
    values = {}
    for number in numbers:
        run = run_replication(
            line, settings=settings, plan=plan, seed=seed, replication=number, refuse_lock=True
        )
        values[number] = run.values, run.starved
    return values
