"""Renewing a wearing tool in time against letting it break."""

from opt_twin.line import FailureMode, Line, Maintenance, Sink, Source, Station, chain
from opt_twin.simulation import RunSettings, simulate

wear = FailureMode(
    name="wear", clock="operation", time_to_failure="weibull(4, 10 h)", time_to_repair="90 min"
)
line = Line(
    name="tool",
    elements=(
        Source(name="In"),
        Station(name="Mill", cycle_time="1 min", failures=(wear,)),
        Sink(name="Out"),
    ),
    connections=chain("In", "Mill", "Out"),
)

print("renewed every  parts/h  failed  maintenance")
for hours in (0, 4, 6, 8, 12):
    changed = line
    if hours:
        task = Maintenance(start=f"{hours} h", every=f"{hours} h", duration="10 min", renews=("wear",))
        changed = line.with_value("Mill.maintenance", (task,))
    result = simulate(changed, settings=RunSettings(horizon="20 d", replications=4), seed=1)
    failed, maintained = result.mean("Mill.failed"), result.mean("Mill.maintenance")
    label = f"{hours} h" if hours else "never"
    print(f"{label:>13}  {result.mean('throughput'):7.2f}  {failed:6.1%}  {maintained:11.1%}")
