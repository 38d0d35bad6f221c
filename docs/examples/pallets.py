"""A closed loop: how many pallets it takes before more of them only wait."""

from opt_twin.line import Buffer, Exponential, Line, Pallets, Sink, Source, Station
from opt_twin.line import chain as in_a_row
from opt_twin.simulation import RunSettings, simulate

STATIONS = 3


def loop(number: int) -> Line:
    """Return three exponential stations of 60 s that pallets go round."""
    elements = [Source(name="In", pallets="tray")]
    for i in range(1, STATIONS + 1):
        elements += [Buffer(name=f"B{i}"), Station(name=f"S{i}", cycle_time=Exponential(mean=60))]
    elements.append(Sink(name="Out"))
    return Line(
        name="loop",
        elements=tuple(elements),
        connections=in_a_row(*(element.name for element in elements)),
        pallets=(Pallets(name="tray", number=number),),
    )


print("pallets  parts/h  exact  lead time [s]")
for number in (1, 2, 4, 8, 16):
    found = simulate(loop(number), settings=RunSettings(horizon="60 h", warm_up="2 h", replications=4))
    exact = 60 * number / (number + STATIONS - 1)
    print(f"{number:7}{found.mean('throughput'):9.1f}{exact:7.1f}{found.mean('lead_time'):15.0f}")
