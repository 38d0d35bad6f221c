"""Quality and overhead of the search against pymoo's NSGA-II with its defaults, run in turn in one process.

The case: ZDT1 with 30 variables (here the speeds of 30 stations, speed 1 standing for 0 and 2 for 1),
population 100, hypervolume at (1.1, 1.1); its limit is 1.21 - 1/3 = 0.8766667. There is no noise and the
evaluation costs next to nothing, so the wall time is what the search itself needs. Today's line, which the
search starts from, has speed 1.5 everywhere: far from the front.

    python benchmarks/search.py [--evaluations 10000] [--seeds 5]

prints a table and appends one row for each program and seed to ``results/search.jsonl``.

Source: Zitzler, Deb, Thiele (2000), Comparison of multiobjective evolutionary algorithms.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import statistics
import time
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
from pymoo.algorithms.moo.nsga2 import NSGA2
from pymoo.core.problem import ElementwiseProblem
from pymoo.optimize import minimize

import opt_twin
from opt_twin.line import Line, Sink, Source, Station, chain
from opt_twin.results import Evaluation
from opt_twin.search import DecisionSpace, hypervolume, objective_named, search, vary

VARIABLES = 30
POPULATION = 100
REFERENCE = (1.1, 1.1)
RESULTS = Path(__file__).parent / "results" / "search.jsonl"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one program found with one seed, and how long it took."""

    program: str
    seed: int
    evaluations: int
    points: int
    hypervolume: float
    wall: float


def zdt1(x: list[float]) -> tuple[float, float]:
    """Return both objectives."""
    g = 1 + 9 * sum(x[1:]) / (len(x) - 1)
    return x[0], g * (1 - math.sqrt(x[0] / g))


class Zdt1Evaluator:
    """ZDT1 on the speeds of the stations."""

    def evaluate(self, line: Line, *, plan: object = None, seed: int) -> Evaluation:  # noqa: ARG002 - the protocol
        f1, f2 = zdt1([station.speed - 1 for station in line.stations])
        values = {"f1": np.array([f1]), "f2": np.array([f2])}
        return Evaluation(
            values=values, replications=(0,), seed=seed, horizon=1.0, warm_up=0.0, line_digest=""
        )


class Zdt1Problem(ElementwiseProblem):
    """ZDT1 as pymoo's elementwise problems are written."""

    def __init__(self) -> None:
        super().__init__(n_var=VARIABLES, n_obj=2, xl=0.0, xu=1.0)

    def _evaluate(self, x: np.ndarray, out: dict[str, object], *_: object, **__: object) -> None:
        out["F"] = zdt1(x.tolist())


def run_ours(evaluations: int, seed: int) -> Outcome:
    """Search with opt_twin."""
    names = [f"M{index + 1}" for index in range(VARIABLES)]
    line = Line(
        name="ZDT1",
        elements=(
            Source(name="In"),
            *(Station(name=name, cycle_time=1.0, speed=1.5) for name in names),
            Sink(name="Out"),
        ),
        connections=chain("In", *names, "Out"),
    )
    space = DecisionSpace(base=line, variables=vary(line, "M*.speed=1..2"))
    start = time.perf_counter()
    front = search(
        space,
        [objective_named("f1"), objective_named("f2")],
        Zdt1Evaluator(),
        budget=evaluations,
        population=POPULATION,
        seed=seed,
    ).solution()
    wall = time.perf_counter() - start
    return Outcome("opt_twin", seed, evaluations, len(front), front.hypervolume(REFERENCE), wall)


def run_pymoo(evaluations: int, seed: int) -> Outcome:
    """Search with pymoo's defaults."""
    start = time.perf_counter()
    result = minimize(Zdt1Problem(), NSGA2(pop_size=POPULATION), ("n_eval", evaluations), seed=seed)
    wall = time.perf_counter() - start
    volume = hypervolume(result.F, REFERENCE, ["min", "min"])
    return Outcome("pymoo defaults", seed, evaluations, len(result.F), volume, wall)


def main() -> None:
    """Run both programs for each seed and write the rows."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--evaluations", type=int, default=10_000)
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    run_ours(500, 0), run_pymoo(500, 0)  # warm up imports and caches
    outcomes = [
        run(options.evaluations, seed)
        for seed in range(1, options.seeds + 1)
        for run in (run_pymoo, run_ours)
    ]
    environment = {
        "opt_twin": opt_twin.__version__,
        "pymoo": version("pymoo"),
        "moocore": version("moocore"),
        "python": platform.python_version(),
    }
    RESULTS.parent.mkdir(exist_ok=True)
    with RESULTS.open("a", encoding="utf-8") as rows:
        for outcome in outcomes:
            row = {"case": "ZDT1, 30 variables, population 100", **asdict(outcome), **environment}
            rows.write(json.dumps(row) + "\n")
    print(f"{'program':<16}{'hypervolume':>12}{'us/evaluation':>15}")
    costs = {}
    for program in ("pymoo defaults", "opt_twin"):
        own = [outcome for outcome in outcomes if outcome.program == program]
        costs[program] = statistics.median(outcome.wall / outcome.evaluations for outcome in own)
        mean = statistics.fmean(outcome.hypervolume for outcome in own)
        print(f"{program:<16}{mean:>12.4f}{1e6 * costs[program]:>15.0f}")
    print(f"overhead of opt_twin: {costs['opt_twin'] / costs['pymoo defaults']:.2f} times that of pymoo")


if __name__ == "__main__":
    main()
