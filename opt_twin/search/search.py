"""The search for the best lines, from the question to the front."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import Executor
from importlib.metadata import version

import numpy as np
import numpy.typing as npt

from opt_twin.errors import OptionError
from opt_twin.records import FrozenMapping
from opt_twin.results import Evaluation, Evaluator, Result, Status, StopReason, TracePoint
from opt_twin.search.assess import Assessor, OnError
from opt_twin.search.budget import Budget
from opt_twin.search.dominance import hypervolume, reference_of, signs_of
from opt_twin.search.final import FinalFront, reevaluate, unchecked
from opt_twin.search.noise import (
    common_replications,
    indistinguishable,
    intervals_of,
    nondominance,
    pseudo_values,
)
from opt_twin.search.nsga2 import Exploration, OnSearch
from opt_twin.search.objectives import Constraint, Objective
from opt_twin.search.pareto import ParetoFront, SearchSummary
from opt_twin.search.variables import DecisionSpace
from opt_twin.streams import Purpose, stream

__all__ = ["search"]

Floats = npt.NDArray[np.float64]

_log = logging.getLogger("opt_twin")


def search(
    space: DecisionSpace,
    objectives: Sequence[Objective],
    evaluator: Evaluator,
    *,
    constraints: Sequence[Constraint] = (),
    budget: Budget | int | str,
    seed: int = 0,
    final_evaluator: Evaluator | None = None,
    population: int = 40,
    executor: Executor | None = None,
    on_progress: OnSearch | None = None,
    on_error: OnError = "raise",
) -> Result[ParetoFront]:
    """Search a decision space for the lines that are best in one or more objectives.

    NSGA-II compares all candidates on the same random streams. The front that it finds is then evaluated
    again on fresh streams, what turns out to be dominated is removed, and these fresh values are reported.
    A space that holds no more points than the budget allows is evaluated as a whole.

    Parameters
    ----------
    space
        What may change.
    objectives
        What is wanted.
    evaluator
        Anything with ``evaluate(line, *, plan=None, seed)``; for noisy lines with at least 5 replications.
    constraints
        What must be kept.
    budget
        Evaluations (``400``), a time (``"60s"``, ``"2m"``), or a :class:`Budget` of both. The final
        evaluations, at most `population`, come on top.
    seed
        Of everything random: the candidates are evaluated with ``seed`` itself. The same seed gives the same
        front, whatever the executor and its number of workers, unless time ends the search.
    final_evaluator
        Evaluates the front again; `evaluator` unless given. More replications give shorter intervals.
    population
        Candidates that survive a generation, and most points of the front; 4 or more.
    executor
        Any ``concurrent.futures.Executor``, see :func:`process_pool`; None evaluates here. It stays open.
    on_progress
        Called with the evaluations done, the evaluations allowed (None when time limits them), and the
        hypervolume so far.
    on_error
        ``"raise"``: an objective or evaluation that fails ends the search with its error;
        ``"infeasible"``: such a candidate counts as infeasible.

    Returns
    -------
    Result
        With status ``infeasible`` and no front when no candidate was feasible. The objective is the
        hypervolume of the front, the trace that of the search after each generation, both against the
        front's reference point. Ctrl-C ends the search and keeps the front so far (stop reason
        ``interrupted``); a second Ctrl-C leaves out the final evaluation.

    Raises
    ------
    OptionError
        If an argument is out of its range, or the evaluator cannot be sent to a worker.
    ObjectiveError
        If an objective or constraint fails.
    OptTwinError
        If an evaluation fails.
    """
    _check(objectives, constraints, space, population, seed, on_error)
    fresh_seed = _fresh_seed(seed)
    assessor = Assessor(
        space=space,
        objectives=tuple(objectives),
        constraints=tuple(constraints),
        evaluator=evaluator,
        seed=seed,
        executor=executor,
        on_error=on_error,
    )
    exploration = Exploration(
        assessor=assessor, budget=Budget.of(budget), population=population, seed=seed, on_progress=on_progress
    )
    stop_reason = exploration.run()
    try:
        if stop_reason is StopReason.INTERRUPTED and len(exploration.archive):
            _log.warning("interrupted; evaluating the front on fresh streams, Ctrl-C again leaves that out")
        final_assessor = assessor.with_(evaluator=final_evaluator or evaluator, seed=fresh_seed)
        final = reevaluate(exploration.archive, final_assessor, most=population)
    except KeyboardInterrupt:
        stop_reason = StopReason.INTERRUPTED
        final = unchecked(exploration.archive, objectives, most=population)
    front = _front(exploration, final, seed, fresh_seed) if final.fresh else None
    return _result(exploration, front, stop_reason, seed)


def _check(
    objectives: Sequence[Objective],
    constraints: Sequence[Constraint],
    space: DecisionSpace,
    population: int,
    seed: int,
    on_error: str,
) -> None:
    if not objectives:
        raise OptionError("a search needs at least one objective, as objective_named('throughput', 'max')")
    names = [objective.name for objective in objectives]
    names += [constraint.name for constraint in constraints]
    for index, name in enumerate(names):
        if name in names[:index] or name in space.names:
            raise OptionError(f"the name {name!r} stands twice among objectives, constraints and variables")
    if population < 4:
        raise OptionError(f"a population needs 4 or more members, got {population}")
    if seed < 0:
        raise OptionError(f"a seed must be 0 or more, got {seed}")
    if on_error not in ("raise", "infeasible"):
        raise OptionError(f"on_error={on_error!r} is not known; use 'raise' or 'infeasible'")


def _fresh_seed(seed: int) -> int:
    """Return the seed of the final evaluations: it follows from `seed` and differs from it."""
    fresh = int(stream(seed, 0, "search final", Purpose.SEARCH).integers(2**31))
    return fresh if fresh != seed else fresh + 1


def _front(exploration: Exploration, final: FinalFront, seed: int, fresh_seed: int) -> ParetoFront:
    objectives, space = exploration.assessor.objectives, exploration.assessor.space
    senses = [objective.sense for objective in objectives]
    signs = signs_of(senses)
    values = np.array([candidate.values for candidate in final.fresh], dtype=float)
    order = np.lexsort(values.T[::-1])
    fresh = [final.fresh[index] for index in order]
    points = values[order]
    lines = tuple(space.line(candidate.x) for candidate in fresh)
    evaluations = tuple(_evaluation_of(candidate.evaluation) for candidate in fresh)
    pseudo = [
        [pseudo_values(objective, evaluation, line) for objective in objectives]
        for evaluation, line in zip(evaluations, lines, strict=True)
    ]
    paired = common_replications(pseudo, evaluations) * signs[:, None]
    everything = [exploration.archive.feasible_values]
    everything += [final.fresh_values] if final.reevaluated else []
    return ParetoFront(
        objectives=objectives,
        points=points,
        intervals=intervals_of(points, pseudo, [objective.on == "line" for objective in objectives]),
        decisions=tuple(space.decode(candidate.x) for candidate in fresh),
        lines=lines,
        evaluations=evaluations,
        search_points=np.array([final.seen[index].values for index in order], dtype=float),
        probability_nondominated=nondominance(paired, seed=seed),
        not_different_from=indistinguishable(paired),
        reference_point=reference_of(np.vstack(everything), senses),
        seed=seed,
        evaluation_seed=fresh_seed if final.reevaluated else seed,
        summary=_summary(exploration, final),
    )


def _evaluation_of(evaluation: Evaluation | None) -> Evaluation:
    assert evaluation is not None  # the archive keeps those of its front
    return evaluation


def _summary(exploration: Exploration, final: FinalFront) -> SearchSummary:
    archive = exploration.archive
    failed = sum(candidate.values is None for candidate in archive)
    names = [objective.name for objective in exploration.assessor.objectives]
    return SearchSummary(
        algorithm=exploration.algorithm,
        population=exploration.population,
        budget=str(exploration.budget),
        evaluations=len(archive),
        generations=exploration.generations,
        infeasible=sum(not candidate.feasible for candidate in archive) - failed,
        failed=failed,
        reevaluated=final.reevaluated,
        removed_dominated=final.removed_dominated,
        removed_infeasible=final.removed_infeasible,
        optimism=FrozenMapping(dict(zip(names, final.optimism.tolist(), strict=False))),
    )


def _result(
    exploration: Exploration, front: ParetoFront | None, stop_reason: StopReason, seed: int
) -> Result[ParetoFront]:
    trace: tuple[TracePoint, ...] = ()
    if front is None:
        status = Status.INFEASIBLE if len(exploration.archive) else Status.UNKNOWN
        if len(exploration.archive):
            _log.warning("no feasible candidate among %d: %s", len(exploration.archive), _why(exploration))
    else:
        status = Status.FEASIBLE
        trace = tuple(
            TracePoint(seconds, hypervolume(points, front.reference_point, front.senses), None)
            for seconds, points in exploration.fronts
        )
    return Result(
        status=status,
        stop_reason=stop_reason,
        best=front,
        objective=None if front is None else front.hypervolume(),
        runtime=exploration.seconds,
        solver=exploration.algorithm,
        solver_version=f"pymoo {version('pymoo')}" if exploration.algorithm == "NSGA-II" else "",
        seed=seed,
        objective_name="hypervolume",
        trace=trace,
    )


def _why(exploration: Exploration) -> str:
    """Return which constraints were broken how often, and the first failure."""
    archive = exploration.archive
    evaluated = [candidate for candidate in archive if candidate.values is not None]
    broken = [
        f"{constraint.name} broken by {sum(bool(c.violations[k]) for c in evaluated)}"
        for k, constraint in enumerate(exploration.assessor.constraints)
    ]
    failures = [candidate.failure for candidate in archive if candidate.failure]
    if failures:
        broken.append(f"{len(failures)} failed, the first: {failures[0]}")
    return "; ".join(broken)
