"""A board is sawn into parts, packed by six, and unpacked again; units keep the accounts."""

from opt_twin.line import Line, Product, Sink, Source, Station, chain
from opt_twin.simulation import RunSettings, run_replication

line = Line(
    name="boards",
    elements=(
        Source(name="In", mix={"board": 1}, limit=30),
        Station(name="Saw", cycle_time="60 s", yields={"shelf": 2, "strip": 1}),
        Station(name="Pack", cycle_time="20 s", batch_size=6),
        Station(name="Unpack", cycle_time="10 s", unpacks=True),
        Sink(name="Out"),
    ),
    connections=chain("In", "Saw", "Pack", "Unpack", "Out"),
    products=(Product(name="board"), Product(name="shelf"), Product(name="strip")),
)

run = run_replication(line, settings=RunSettings(horizon="1 h"), log=True)
left = [event.product for event in run.events if event.kind == "exit"]
print(f"{run.values['released']:.0f} boards, {run.values['Pack.parts']:.0f} packs")
print(f"out: {left.count('shelf')} shelves and {left.count('strip')} strips")
