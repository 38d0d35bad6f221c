"""Speed against wear: a faster machine fails more often, and warms up after each long stop."""

from opt_twin.line import FailureMode, Line, Sink, Source, Station, chain
from opt_twin.simulation import RunSettings, simulate

wear = FailureMode(
    clock="operation", time_to_failure="exponential(60 min)", time_to_repair="exponential(10 min)"
)
press = Station(
    name="Press",
    cycle_time="30 s",
    failures=(wear,),
    wear_exponent=3.0,  # times to failure are divided by speed cubed
    warm_up_time="3 min",
    warm_up_after="5 min",
)
line = Line(
    name="press",
    elements=(Source(name="In"), press, Sink(name="Out")),
    connections=chain("In", "Press", "Out"),
)

print("speed  parts/h  failed  warming up")
for speed in (0.8, 1.0, 1.2, 1.4, 1.6):
    result = simulate(
        line.with_value("Press.speed", speed), settings=RunSettings(horizon="40 h", replications=5), seed=1
    )
    failed, warming = result.mean("Press.failed"), result.mean("Press.setup")
    print(f"{speed:5}  {result.mean('throughput'):7.1f}  {failed:6.1%}  {warming:10.1%}")
