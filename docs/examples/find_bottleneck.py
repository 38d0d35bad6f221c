"""What limits a line, how sure that is, and what faster stations, shorter stops and larger buffers bring."""

import opt_twin as ot
from opt_twin.simulation import run_replication

line = ot.read_line("models/serial_3.yaml")
settings = ot.RunSettings(horizon=3600, warm_up=600, replications=5)


def blocks(first: int, count: int) -> ot.SimulationEvaluator:
    """Return an evaluator of further replications."""
    return ot.SimulationEvaluator(settings.replace(first_replication=first, replications=count))


report = ot.find_bottleneck(
    line,
    ot.SimulationEvaluator(settings),
    seed=1,
    downtimes=True,
    buffers=True,
    until=0.99,
    max_replications=40,
    blocks=blocks,
    trace=run_replication(line, settings=settings, seed=1, log=True).events,
    since=settings.warm_up,
)
print(report.sentence())
print(f"{report.replications} replications, {report.throughput} parts/h")
for name, gain in report.gains.items():
    print(f"{name}: 5 % more speed {gain} parts/h")
for name, gain in report.downtime_gains.items():
    print(f"{name}: 5 % shorter stops {gain} parts/h")
for name, gain in report.buffer_gains.items():
    print(f"{name}: one place more {gain} parts/h")
for loss in report.losses:
    if loss.station == report.station:
        print(f"{loss.station} {loss.state}: {loss.minutes:.1f} min, {loss.parts:.0f} parts")
print(", ".join(f"{method}: {station}" for method, station in report.classical.items()))
