"""Runs the kernels of the schedule generation without a compiler when NUMBA_DISABLE_JIT is 1.

Prints one line of JSON: what was found, by check. Started by test_schedule_generation.py.
"""

import json
import sys

import numpy as np

from opt_twin.errors import OptTwinError
from opt_twin.scheduling import OBJECTIVES, RULES, dispatch, evaluate_objective, solve_schedule, verify
from opt_twin.scheduling.features import FEATURES
from opt_twin.scheduling.local_search.generation import candidate_of, new_state, project_of, schedule_from
from opt_twin.scheduling.local_search.generation_compiled import LIFT, SKIP, VALUE, VIOLATION
from opt_twin.scheduling.local_search.generation_kernel import generate
from opt_twin.scheduling.local_search.ruin_recreate import search, terms_of
from opt_twin.scheduling.ruin_recreate import RuinRecreateSolver
from opt_twin.solvers import SolveOptions
from opt_twin.testing import brute_force, random_instance

BIG = {"jobs": 3, "operations": 3, "machines": 3}
DIGEST_FEATURES = (
    "modes",
    "set-ups",
    "resources",
    "no-wait",
    "finite buffers",
    "batching machines",
    "closures",
)


def instances(seeds, **size):
    """Yield name and instance for each feature, and for mixtures."""
    for feature in (*FEATURES, None):
        for seed in range(seeds):
            features = None if feature is None else {feature}
            yield f"{feature} {seed}", random_instance(seed, features=features, **size)


def random_candidate(project, rng):
    """Return a candidate with everything at random that a search may change."""
    candidate = candidate_of(project)
    candidate.listed[:] = rng.permutation(len(candidate.listed))
    candidate.operation[:, LIFT] = rng.integers(0, 6, len(candidate.operation)) * rng.integers(0, 2)
    candidate.operation[:, SKIP] = rng.integers(0, 2, len(candidate.operation))
    for job in range(len(project.job) - 1):
        candidate.choice[job] = rng.integers(0, project.job[job, 3])
    candidate.choice[-1] = rng.integers(0, 2)
    return candidate


def lists():
    """Any list gives a schedule that the verifier accepts, with the value that the kernel states."""
    wrong, feasible = [], 0
    for name, instance in instances(3, **BIG):
        rng = np.random.default_rng(len(name))
        for objective in OBJECTIVES:
            try:
                terms = terms_of(instance, objective)
            except OptTwinError:
                continue
            project = project_of(instance, terms)
            state = new_state(project)
            generate(project, state, random_candidate(project, rng))
            if state.note[VIOLATION] == 0:
                feasible += 1
                schedule = schedule_from(instance, project, state.operation)
                wrong += [f"{name} {objective} {violation}" for violation in verify(instance, schedule)]
                value = evaluate_objective(instance, schedule, objective)
                if value != state.note[VALUE]:
                    wrong.append(f"{name} {objective} is {value}, not {state.note[VALUE]}")
    return {"wrong": wrong, "feasible": feasible}


def rules():
    """Every rule gives a schedule that keeps everything but deadlines, where any does."""
    wrong, made = [], 0
    for name, instance in instances(1):
        for rule in RULES:
            for kind in ("non-delay", "active", "serial"):
                try:
                    schedule = dispatch(instance, rule, kind=kind)
                except OptTwinError:
                    continue
                made += 1
                found = [v for v in verify(instance, schedule) if v.rule != "deadline"]
                wrong += [f"{name} {rule} {kind} {violation}" for violation in found]
    return {"wrong": wrong, "made": made}


def optima():
    """The search finds what trying all finds, or misses what it does not find."""
    worse, below, checked = [], [], 0
    for name, instance in instances(2, jobs=2):
        exact, found = brute_force(instance), search(instance, objective="makespan", rounds=80)
        checked += 1
        best = None if exact is None else exact[0]
        if found.value is not None and (best is None or found.value < best):
            below.append(f"{name} {found.value} {best}")
        elif found.value != best:
            worse.append(f"{name} {found.value} {best}")
    return {"worse": worse, "below": below, "checked": checked}


def answers():
    """What the solver answers for every feature passes the verifier, and the way to it is told in order."""
    wrong, solved = [], 0
    for name, instance in instances(1):
        points = []
        result = solve_schedule(
            instance, solver=RuinRecreateSolver(patience=20), on_progress=points.append, start=None
        )
        values = [point.objective for point in points]
        if result.best is None:
            continue
        solved += 1
        again = solve_schedule(
            instance,
            solver=RuinRecreateSolver(patience=5),
            start=result.best,
            options=SolveOptions(time_limit=0.001, gap=0.5),
        )
        if values != sorted(values, reverse=True) or values[-1] != result.objective:
            wrong.append(f"{name} tells {values} and ends with {result.objective}")
        if again.objective > result.objective:
            wrong.append(f"{name} is {again.objective} from a start of {result.objective}")
    return {"wrong": wrong, "solved": solved}


def digests():
    """The way of the search, for a comparison of the compiled kernels with these."""
    found = {}
    for feature in DIGEST_FEATURES:
        instance = random_instance(1, features={feature}, **BIG)
        answer = search(instance, objective="total_weighted_flow_time", seed=3, rounds=30, target=-1)
        found[feature] = [answer.value, answer.rounds, answer.schedule and answer.schedule.digest()]
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps({name: globals()[name]() for name in sys.argv[1:]}))
