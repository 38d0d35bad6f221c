"""An objective of one's own: minutes an hour in which the last station waits."""

import opt_twin as ot
from opt_twin.search import search

line = ot.read_line("models/serial_3.yaml")


def waiting(evaluation: ot.Evaluation) -> float:
    """Return the minutes per hour in which the last station has no part."""
    return 60 * evaluation.mean(f"{line.stations[-1].name}.starved")


result = search(
    ot.DecisionSpace(base=line, variables=ot.vary(line, "*.capacity=1..8")),
    objectives=[
        ot.objective_named("lead_time", "min"),
        ot.Objective(name="waiting", value=waiting, sense="min", unit="min/h"),
    ],
    evaluator=ot.SimulationEvaluator(ot.RunSettings(horizon=3600, replications=4)),
    budget=40,
    population=10,
    seed=3,
)
print(f"{result.status}, {len(result.solution().points)} points, all verified on fresh streams")
