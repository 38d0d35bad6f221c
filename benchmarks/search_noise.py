"""How far a search may be believed: common random numbers against independent ones, on the simulator.

The case: five stations in a row with lognormal cycle times (mean 10 s, coefficient of variation 0.6) and
failures (2 % of the time), 1,500 s a replication; maximise throughput, minimise the places in all buffers;
population 40, five replications a candidate. Both searches spend the same; with independent numbers each
candidate has a seed of its own. The front is evaluated again with 60 replications on fresh streams.

    python benchmarks/search_noise.py [--evaluations 800] [--seeds 3]

prints a table and appends one row for each search to ``results/search_noise.jsonl``.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
from dataclasses import asdict, dataclass
from pathlib import Path

import opt_twin
from opt_twin.line import Buffer, Exponential, FailureMode, Line, Lognormal, Sink, Source, Station, chain
from opt_twin.results import Evaluation
from opt_twin.search import DecisionSpace, Objective, hypervolume, objective_named, search, vary
from opt_twin.simulation import RunSettings, SimulationEvaluator

RESULTS = Path(__file__).parent / "results" / "search_noise.jsonl"
REFERENCE = (150.0, 84.0)
SHORT = RunSettings(horizon=1500.0, replications=5)
LONG = RunSettings(horizon=1500.0, replications=60)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one search believed, and what is true."""

    sampling: str
    seed: int
    evaluations: int
    front: int
    optimism_percent: float
    removed_dominated: int
    hypervolume_seen: float
    hypervolume_true: float


class Independent:
    """Evaluates every line on a seed of its own."""

    def evaluate(self, line: Line, *, plan: object = None, seed: int) -> Evaluation:  # noqa: ARG002 - the protocol
        own = (seed + int(line.digest()[:7], 16)) % 2**31
        return SimulationEvaluator(SHORT).evaluate(line, seed=own)


def five_stations() -> Line:
    """Return the line of the case."""
    failure = FailureMode(time_to_failure=Exponential(mean=1470.0), time_to_repair=Exponential(mean=30.0))
    elements: list[Source | Station | Buffer | Sink] = [Source(name="In")]
    for index in range(1, 6):
        cycle = Lognormal(mean=10.0, cv=0.6)
        elements.append(Station(name=f"M{index}", cycle_time=cycle, failures=(failure,)))
        if index < 5:
            elements.append(Buffer(name=f"B{index}", capacity=5))
    elements.append(Sink(name="Out"))
    return Line(
        name="five stations", elements=tuple(elements), connections=chain(*(e.name for e in elements))
    )


def places(line: Line) -> float:
    """Return the places in all buffers."""
    return sum(buffer.capacity or 0 for buffer in line.buffers)


def run(sampling: str, evaluations: int, seed: int) -> Outcome:
    """Search once."""
    line = five_stations()
    front = search(
        DecisionSpace(base=line, variables=vary(line, "B*.capacity=1..20")),
        [objective_named("throughput", "max"), Objective("places", places, on="line")],
        SimulationEvaluator(SHORT) if sampling == "common" else Independent(),
        budget=evaluations,
        seed=seed,
        final_evaluator=SimulationEvaluator(LONG),
    ).solution()
    true = front.points[:, 0].mean()
    return Outcome(
        sampling=sampling,
        seed=seed,
        evaluations=evaluations,
        front=front.summary.reevaluated,
        optimism_percent=100 * front.summary.optimism["throughput"] / float(true),
        removed_dominated=front.summary.removed_dominated,
        hypervolume_seen=hypervolume(front.search_points, REFERENCE, front.senses),
        hypervolume_true=front.hypervolume(REFERENCE),
    )


def main() -> None:
    """Run both searches for each seed and write the rows."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--evaluations", type=int, default=800)
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    seeds = range(1, options.seeds + 1)
    outcomes = [run(kind, options.evaluations, seed) for seed in seeds for kind in ("independent", "common")]
    environment = {"opt_twin": opt_twin.__version__, "python": platform.python_version()}
    RESULTS.parent.mkdir(exist_ok=True)
    with RESULTS.open("a", encoding="utf-8") as rows:
        for outcome in outcomes:
            rows.write(json.dumps({**asdict(outcome), **environment}) + "\n")
    print(f"{'numbers':<13}{'front':>7}{'optimism %':>12}{'removed':>9}{'HV seen':>10}{'HV true':>10}")
    for kind in ("independent", "common"):
        own = [outcome for outcome in outcomes if outcome.sampling == kind]
        means = [
            statistics.fmean(getattr(outcome, name) for outcome in own)
            for name in (
                "front",
                "optimism_percent",
                "removed_dominated",
                "hypervolume_seen",
                "hypervolume_true",
            )
        ]
        print(
            f"{kind:<13}{means[0]:>7.1f}{means[1]:>12.1f}{means[2]:>9.1f}{means[3]:>10.0f}{means[4]:>10.0f}"
        )


if __name__ == "__main__":
    main()
