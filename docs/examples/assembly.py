"""Kits of one body and two lids: in one queue for all, a part that nobody needs yet holds up the line."""

from opt_twin.line import Buffer, Exponential, Line, Product, Sink, Source, Station, chain
from opt_twin.simulation import RunSettings, run_replication


def kits(discipline: str) -> Line:
    """Return a line whose parts come in any order and are joined to kits."""
    return Line(
        name="kits",
        elements=(
            Source(name="In", interarrival=Exponential(mean=5.0), mix={"body": 1 / 3, "lid": 2 / 3}),
            Buffer(name="Store", capacity=20, discipline=discipline),
            Station(name="Join", cycle_time="9 s", components={"body": 1, "lid": 2}, makes="box"),
            Station(name="Oven", cycle_time="60 s", batch_size=6, batch_wait="2 min", batch_output="parts"),
            Sink(name="Out"),
        ),
        connections=chain("In", "Store", "Join", "Oven", "Out"),
        products=(Product(name="body"), Product(name="lid"), Product(name="box", price=4.0)),
    )


for discipline in ("fifo", "by_product"):
    run = run_replication(kits(discipline), settings=RunSettings(horizon="8 h"), seed=2)
    boxes, level = run.values["parts_out"], run.values["Store.level"]
    print(f"{discipline:10} {boxes:4.0f} boxes, {level:4.1f} parts in the store on average")
