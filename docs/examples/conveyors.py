"""Three belts of the same length between the same machines: what the kind of belt costs."""

from opt_twin.line import Conveyor, Line, Lognormal, Sink, Source, Station, chain
from opt_twin.simulation import RunSettings, simulate

KINDS = {
    "accumulating": {},
    "stops for its end": {"accumulating": False},
    "goes round": {"recirculating": True},
}


def line_with(**kind: bool) -> Line:
    """Return two machines of 10 s with a belt of 8 m between them."""
    return Line(
        name="belt",
        elements=(
            Source(name="In"),
            Station(name="Fill", cycle_time=Lognormal(mean=10, cv=0.5)),
            Conveyor(name="Belt", length=8, speed=0.25, pitch=1, **kind),
            Station(name="Cap", cycle_time=Lognormal(mean=10, cv=0.5)),
            Sink(name="Out"),
        ),
        connections=chain("In", "Fill", "Belt", "Cap", "Out"),
    )


print(f"{'belt':20}{'parts/h':>9}{'on the belt':>13}{'Fill blocked':>14}{'Cap starved':>13}")
for name, kind in KINDS.items():
    found = simulate(line_with(**kind), settings=RunSettings(horizon="8 h", warm_up="1 h", replications=4))
    row = [found.mean(m) for m in ("throughput", "Belt.level", "Fill.blocked", "Cap.starved")]
    print(f"{name:20}{row[0]:9.0f}{row[1]:13.1f}{row[2]:14.0%}{row[3]:13.0%}")
