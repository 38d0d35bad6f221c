"""Rework with a limit: how often a part may be mended before it is scrapped, and what that is worth."""

from opt_twin.line import Buffer, Connection, Inspection, Line, Product, Sink, Source, Station, chain
from opt_twin.simulation import RunSettings, simulate


def line(limit: int) -> Line:
    """Return the line; a part is mended `limit` times at most."""
    return Line(
        name="boards",
        elements=(
            Source(name="In"),
            Station(name="Solder", cycle_time="20 s", defect_rate=0.15),
            Buffer(name="Queue"),
            Station(
                name="Test",
                cycle_time="12 s",
                inspection=Inspection(detection=0.95, false_alarm=0.02, rejects="route", cost=0.05),
            ),
            Station(name="Mend", cycle_time="45 s", cures=0.6, cost_per_cycle=0.8),
            Sink(name="Out"),
        ),
        connections=(
            *chain("In", "Solder", "Queue", "Test"),
            Connection(source="Test", target="Out", quality="passed"),
            Connection(source="Test", target="Mend", quality="rejected", limit=limit),
            Connection(source="Mend", target="Queue"),
        ),
        products=(Product(name="board", material_cost=4, price=9, scrap_cost=0.5),),
    )


print("mended at most  good boards/h  scrapped  margin per hour")
for limit in (1, 2, 3):
    result = simulate(line(limit), settings=RunSettings(horizon="40 h", replications=3), seed=1)
    print(
        f"{limit:14}  {result.mean('good_throughput'):13.1f}  {result.mean('scrapped'):8.0f}  "
        f"{result.mean('margin') / 40:15.2f} EUR"
    )
