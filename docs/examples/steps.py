"""A run in steps: watch a queue, speed up when it grows, and try both ways from one snapshot."""

from opt_twin.line import Buffer, Line, Sink, Source, Station, chain
from opt_twin.simulation import RunSettings, Simulation

line = Line(
    name="one queue",
    elements=(
        Source(name="In", interarrival="exponential(10 s)"),
        Buffer(name="Queue"),
        Station(name="Pack", cycle_time="exponential(9 s)"),
        Sink(name="Out"),
    ),
    connections=chain("In", "Queue", "Pack", "Out"),
)

run = Simulation(line, settings=RunSettings(horizon="2 h"), seed=6)
while run.observe().levels["Queue"] < 10:
    run.run_until(run.now + 60)
print(f"after {run.now / 60:.0f} min {run.observe().levels['Queue']} parts wait")

saved = run.snapshot()
for speed in (1.0, 1.2):
    branch = Simulation.restore(saved)
    branch.set_speed("Pack", speed)
    done = branch.finish()
    waiting, lead = done.values["Queue.level"], done.values["lead_time"]
    print(f"speed {speed}: {waiting:.1f} parts wait on average, lead time {lead:.0f} s")
