"""How long to use a tool: changes cost time and money, worn tools make scrap."""

import opt_twin as ot
from opt_twin.line import Inspection, Line, Product, Sink, Source, Station, ToolWear, chain


def mill(life: int) -> Line:
    """Return a mill whose tool makes 1 % defects when it is new and 25 % in its 400th cycle."""
    wear = ToolWear(life=life, change_time="10 min", defect_rate=0.01 + 0.24 * (life - 1) / 399, cost=60)
    return Line(
        name="mill",
        elements=(
            Source(name="In"),
            Station(
                name="Mill",
                cycle_time="30 s",
                defect_rate=0.01,
                tool=wear,
                cost_per_hour=40,
                inspection=Inspection(detection=1.0, time="2 s"),
            ),
            Sink(name="Out"),
        ),
        connections=chain("In", "Mill", "Out"),
        products=(Product(name="part", material_cost=2, scrap_cost=0.5, price=6),),
    )


print("life  good/h  scrap %  tools/day  margin per day")
for life in (25, 50, 100, 200, 400):
    found = ot.simulate(mill(life), settings=ot.RunSettings(horizon="24 h", replications=4))
    scrap = found.mean("scrapped") / found.mean("released")
    print(
        f"{life:>4}  {found.mean('good_throughput'):>6.1f}  {100 * scrap:>7.1f}"
        f"  {found.mean('tool_cost') / 60:>9.1f}  {found.mean('margin'):>14.0f}"
    )
