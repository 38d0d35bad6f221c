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
        ot.objective_named("wip", "min"),
        ot.Objective(name="waiting", value=waiting, sense="min", unit="min/h"),
    ],
    evaluator=ot.SimulationEvaluator(ot.RunSettings(horizon=3600, replications=4)),
    budget=40,
    population=10,
    seed=3,
)
front = result.solution()
print(f"{result.status}: {len(front)} points, evaluated again on fresh streams: {front.reevaluated}")
first, last = front.decisions[0], front.decisions[-1]
print("least work in process:", dict(first))
print("least waiting:", dict(last))
