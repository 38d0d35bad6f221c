"""Replications until throughput is known to 1.5 % and work in process to half a part."""

import opt_twin as ot

line = ot.read_line("models/serial_3.yaml")
settings = ot.RunSettings(horizon="1 h", replications=10)
warm_up = ot.suggest_warm_up(line, settings=settings, seed=7)
print("warm-up:", warm_up)

result = ot.simulate_until(
    line,
    settings=settings.replace(warm_up=warm_up.warm_up),
    measures={"throughput": 0.015},
    absolute={"wip": 0.5},
    seed=7,
)
print("reached:", result.reached, "after", len(result.evaluation.replications), "replications")
for measure, estimate in result.estimates.items():
    print(f"{measure}: {estimate} {result.evaluation.units[measure]}")
print("nine in ten runs reach", result.evaluation.quantile("throughput", 0.1), "parts/h")
