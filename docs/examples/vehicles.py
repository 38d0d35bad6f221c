"""How many vehicles a shop needs, and what moving a machine is worth."""

from opt_twin.line import Buffer, Exponential, Fleet, Line, Sink, Source, Station, Transport, chain
from opt_twin.plan import Layout
from opt_twin.simulation import RunSettings, simulate

shop = Line(
    name="shop",
    elements=(
        Source(name="In"),
        Station(name="Saw", cycle_time=Exponential(mean=60)),
        Buffer(name="Rack", capacity=6),
        Transport(name="To mill", fleet="AGV"),
        Buffer(name="Stand", capacity=2),
        Station(name="Mill", cycle_time=Exponential(mean=60)),
        Transport(name="To paint", fleet="AGV", priority=1),
        Buffer(name="Queue", capacity=6),
        Station(name="Paint", cycle_time=Exponential(mean=50)),
        Sink(name="Out"),
    ),
    connections=chain("In", "Saw", "Rack", "To mill", "Stand", "Mill", "To paint", "Queue", "Paint", "Out"),
    fleets=(Fleet(name="AGV", speed=1.0, loading_time=10, unloading_time=10, parking="Rack"),),
)
today = Layout(positions={"Rack": (0, 0), "Stand": (80, 20), "Mill": (80, 30), "Queue": (0, 60)})
moved = today.replace(positions={**today.positions, "Stand": (10, 20), "Mill": (10, 30)})

print(f"{'layout':10}{'vehicles':>9}{'parts/h':>9}{'driving':>9}{'idle':>7}{'Mill blocked':>14}")
for name, layout in (("today", today), ("moved", moved)):
    for number in (1, 2, 3):
        line = layout.apply_to(shop)
        line = line.replace(fleets=(line.fleets[0].replace(number=number),))
        found = simulate(line, settings=RunSettings(horizon="24 h", warm_up="1 h", replications=4))
        driving = found.mean("AGV.empty") + found.mean("AGV.loaded")
        print(
            f"{name:10}{number:9}{found.mean('throughput'):9.1f}{driving:9.0%}"
            f"{found.mean('AGV.idle'):7.0%}{found.mean('Mill.blocked'):14.0%}"
        )
