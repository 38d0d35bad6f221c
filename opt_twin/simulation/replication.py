"""Independent replications of a line, one after another or in parallel."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, as_completed

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

_Values = Mapping[str, float]


def simulate(
    line: Line,
    *,
    settings: RunSettings = RunSettings(),  # noqa: B008  frozen
    plan: Plan | None = None,
    seed: int = 0,
    on_progress: OnProgress | None = None,
) -> Evaluation:
    """Run a line as often as `settings` say and return every measure of every replication.

    The result does not depend on the number of workers. With more than one, the script that calls this must
    be importable (``if __name__ == "__main__":``), because the workers are fresh processes.

    Raises
    ------
    PlanError
        If the plan does not fit the line, or a warm-up is asked for with a plan.
    SimulationError
        If the line would release parts without end at one moment, the orders are not complete by the
        horizon, or a worker died.
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
    for part in _blocks(line, settings, plan, seed, numbers):
        done |= part
        if on_progress is not None:
            on_progress(len(done), len(numbers))
    names = list(done[first])
    return Evaluation(
        values={name: np.array([done[number][name] for number in numbers]) for name in names},
        replications=tuple(numbers),
        seed=seed,
        horizon=settings.horizon,
        warm_up=settings.warm_up,
        line_digest=line.digest(),
        plan_digest="" if plan is None else plan.digest(),
        units=measure_units(line, names),
        line_name=line.name,
    )


def _blocks(
    line: Line, settings: RunSettings, plan: Plan | None, seed: int, numbers: Sequence[int]
) -> Iterator[dict[int, _Values]]:
    """Yield the values of some replications at a time, in any order."""
    workers = min(settings.workers, len(numbers))
    if workers == 1:
        for number in numbers:
            yield _run_block(line, settings, plan, seed, (number,))
        return
    size = max(1, len(numbers) // (4 * workers))
    blocks = [tuple(numbers[i : i + size]) for i in range(0, len(numbers), size)]
    with process_pool(workers) as pool:
        try:
            futures = [pool.submit(_run_block, line, settings, plan, seed, block) for block in blocks]
            for future in as_completed(futures):
                yield future.result()
        except BrokenExecutor as error:
            raise SimulationError(f"{DEAD_WORKER} ({error})") from error
        except BaseException:
            end_workers(pool)
            raise


def _run_block(
    line: Line, settings: RunSettings, plan: Plan | None, seed: int, numbers: Sequence[int]
) -> dict[int, _Values]:
    return {
        number: run_replication(line, settings=settings, plan=plan, seed=seed, replication=number).values
        for number in numbers
    }
