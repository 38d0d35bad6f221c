"""How many operators three machines need: each part is loaded by hand, the processing runs by itself."""

from opt_twin.line import Line, Operators, Sink, Source, Station, chain
from opt_twin.simulation import RunSettings, simulate

line = Line(
    name="hand loading",
    elements=(
        Source(name="In"),
        *(
            Station(name=name, cycle_time="20 s", load_time="erlang(4, 12 s)", needs={"load": "operator"})
            for name in ("Mill", "Drill", "Grind")
        ),
        Sink(name="Out"),
    ),
    connections=chain("In", "Mill", "Drill", "Grind", "Out"),
    operators=(Operators(name="operator"),),
)

print("operators  parts/h  operators busy  Mill waits for one")
for number in (1, 2, 3):
    staffed = line.replace(operators=(Operators(name="operator", number=number),))
    result = simulate(staffed, settings=RunSettings(horizon="4 h", replications=5), seed=1)
    busy, waits = result.mean("operator.busy"), result.mean("Mill.waiting_for_operator")
    print(f"{number:9}  {result.mean('throughput'):7.1f}  {busy:14.0%}  {waits:18.0%}")
