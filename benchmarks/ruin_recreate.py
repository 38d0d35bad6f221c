"""Ruin and recreate against CP-SAT, in turn, on the same instances with the same time and one worker.

    python benchmarks/ruin_recreate.py --time-limit 10
    python benchmarks/ruin_recreate.py --time-limit 10 some/folder/j301_5.sm some/folder/mk01.txt

Without files, the instances come from the generators below: hybrid flow shops, job shops with set-ups, and
projects. Appends a row for each run to ``benchmarks/results/ruin_recreate.jsonl`` and prints a table.
"""

from __future__ import annotations

import argparse
import json
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from opt_twin.errors import OptTwinError
from opt_twin.scheduling import (
    Job,
    Mode,
    Operation,
    Precedence,
    Resource,
    SchedulingInstance,
    read_instance,
    solve_schedule,
    verify,
)
from opt_twin.solvers import SolveOptions
from opt_twin.streams import stream

RESULTS = Path(__file__).parent / "results" / "ruin_recreate.jsonl"
SOLVERS = ("ruin-and-recreate", "cp-sat")


def hybrid_flow_shop(seed: int, *, jobs: int, stages: int, parallel: int) -> SchedulingInstance:
    """Return jobs through stages of equal machines; durations are uniform from 1 to 99."""
    rng = stream(seed, 0, "hybrid flow shop", "benchmark")
    names = [[f"S{stage}M{number}" for number in range(parallel)] for stage in range(stages)]
    rows = []
    for job in range(jobs):
        steps = []
        for stage in names:
            ticks = int(rng.integers(1, 100))
            steps.append(Operation(modes=tuple(Mode(machine=name, duration=ticks) for name in stage)))
        rows.append(Job(name=f"J{job}", operations=tuple(steps)))
    return SchedulingInstance(
        name=f"hybrid {jobs}x{stages}x{parallel} seed {seed}",
        machines=tuple(name for stage in names for name in stage),
        jobs=tuple(rows),
    )


def setup_job_shop(seed: int, *, jobs: int, machines: int, families: int) -> SchedulingInstance:
    """Return a job shop; durations from 1 to 99, set-ups between families from 1 to 50, all uniform."""
    rng = stream(seed, 0, "set-up job shop", "benchmark")
    names, colours = [f"M{i}" for i in range(machines)], [f"F{i}" for i in range(families)]
    rows = [
        Job(
            name=f"J{job}",
            family=colours[int(rng.integers(families))],
            operations=tuple(
                Operation(machine=names[machine], duration=int(rng.integers(1, 100)))
                for machine in rng.permutation(machines)
            ),
        )
        for job in range(jobs)
    ]
    setups = {
        name: {a: {b: int(rng.integers(1, 51)) for b in colours if b != a} for a in colours} for name in names
    }
    return SchedulingInstance(
        name=f"set-ups {jobs}x{machines}x{families} seed {seed}",
        machines=tuple(names),
        jobs=tuple(rows),
        setup_times=setups,
    )


def project(seed: int, *, activities: int, resources: int) -> SchedulingInstance:
    """Return a project: one to three of the ten activities before precede, all numbers are uniform.

    Durations are from 1 to 10. An activity needs each crew of 12 with probability 1/2, from 1 to 10 of it.
    """
    rng = stream(seed, 0, "project", "benchmark")
    crews = [f"R{index}" for index in range(resources)]
    steps, arcs = [], []
    for number in range(activities):
        needs = {crew: int(rng.integers(1, 11)) for crew in crews if rng.random() < 0.5}
        steps.append(Operation(duration=int(rng.integers(1, 11)), demands=needs))
        before = {int(rng.integers(max(0, number - 10), number)) for _ in range(3)} if number else set()
        arcs += [Precedence(before=("P", other), after=("P", number)) for other in sorted(before)]
    return SchedulingInstance(
        name=f"project {activities}x{resources} seed {seed}",
        jobs=(Job(name="P", order="network", operations=tuple(steps)),),
        resources=tuple(Resource(name=crew, capacity=12) for crew in crews),
        precedences=tuple(arcs),
    )


def generated() -> list[SchedulingInstance]:
    """Return the instances that are run without files."""
    return [
        *(hybrid_flow_shop(seed, jobs=30, stages=5, parallel=3) for seed in range(2)),
        *(setup_job_shop(seed, jobs=20, machines=5, families=4) for seed in range(2)),
        *(project(seed, activities=60, resources=4) for seed in range(2)),
    ]


def run(
    instance: SchedulingInstance, solver: str, objective: str, options: SolveOptions
) -> dict[str, object]:
    """Solve one instance and return its row."""
    row: dict[str, object] = {
        "date": datetime.now(UTC).date().isoformat(),
        "instance": instance.name,
        "operations": instance.operation_count,
        "solver": solver,
        "opt_twin": version("opt-twin"),
        "python": platform.python_version(),
        "seed": options.seed,
        "workers": options.workers,
        "time_limit": options.time_limit,
        "objective_name": objective,
    }
    try:
        result = solve_schedule(instance, solver=solver, objective=objective, options=options)
    except OptTwinError as error:
        return row | {"status": f"refused: {error}", "objective": None, "bound": None, "verified": False}
    return row | {
        "status": str(result.status),
        "objective": result.objective,
        "bound": result.bound,
        "time_to_best": round(
            min((p.time for p in result.trace if p.objective == result.objective), default=0.0), 2
        ),
        "runtime": round(result.runtime, 2),
        "verified": result.best is not None and verify(instance, result.best) == (),
    }


def table(rows: list[dict[str, object]]) -> str:
    """Return the rows as a table for people, an instance a line."""
    lines = [
        "instance | operations | ruin and recreate | CP-SAT | CP-SAT's bound",
        "--- | --- | --- | --- | ---",
    ]
    for own, other in zip(rows[::2], rows[1::2], strict=True):
        cells = (own["instance"], own["operations"], own["objective"], other["objective"], other["bound"])
        lines.append(" | ".join(map(str, cells)))
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="*", type=Path, help="instances; the generated ones unless given")
    parser.add_argument("--objective", default="makespan")
    parser.add_argument("--time-limit", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    instances = [read_instance(path) for path in arguments.files] or generated()
    options = SolveOptions(time_limit=arguments.time_limit, workers=1, seed=arguments.seed)
    for solver in SOLVERS:  # compiles the kernels, loads the solver; neither counts
        run(project(9, activities=5, resources=1), solver, "makespan", SolveOptions(time_limit=60, workers=1))
    rows = []
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    with arguments.out.open("a", encoding="utf-8") as out:
        for instance in instances:
            for solver in SOLVERS:
                rows.append(run(instance, solver, arguments.objective, options))
                out.write(json.dumps(rows[-1]) + "\n")
                out.flush()
    print(table(rows))


if __name__ == "__main__":
    main()
