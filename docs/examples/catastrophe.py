"""A rare failure with a long recovery that stops the whole line, and where the time goes."""

from opt_twin.line import Buffer, FailureMode, Line, Sink, Source, Station, chain
from opt_twin.simulation import RunSettings, run_replication

fire = FailureMode(
    name="fire", time_to_failure="3 h", time_to_repair="4 h", also_stops=("Mix", "Pack"), interrupted="scrap"
)
line = Line(
    name="oven line",
    elements=(
        Source(name="In"),
        Station(name="Mix", cycle_time="50 s"),
        Buffer(name="B", capacity=10),
        Station(name="Oven", cycle_time="60 s", failures=(fire,)),
        Station(name="Pack", cycle_time="40 s"),
        Sink(name="Out"),
    ),
    connections=chain("In", "Mix", "B", "Oven", "Pack", "Out"),
)

run = run_replication(line, settings=RunSettings(horizon="8 h"), log=True)
for event in run.events:
    if event.kind in ("fail", "repair", "scrap"):
        print(f"{event.time / 3600:.2f} h: {event.kind} at {event.element} ({event.detail})")
print("station  busy   stopped  failed")
for name in ("Mix", "Oven", "Pack"):
    busy, stopped, failed = (run.values[f"{name}.{state}"] for state in ("busy", "stopped", "failed"))
    print(f"{name:7} {busy:5.1%}  {stopped:7.1%}  {failed:6.1%}")
