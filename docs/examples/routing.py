"""Three rules for the next way of a part: how long it takes through two unequal stations."""

from opt_twin.line import Buffer, Connection, Exponential, Line, Sink, Source, Station
from opt_twin.simulation import RunSettings, simulate


def fork(routing: str) -> Line:
    """Return a line in which parts go to a quick or a slow station."""
    share = 0.65 if routing == "probability" else None
    return Line(
        name=routing,
        elements=(
            Source(name="In", interarrival=Exponential(mean=8.0), routing=routing),
            Buffer(name="Q1"),
            Buffer(name="Q2"),
            Station(name="Quick", cycle_time=Exponential(mean=7.0)),
            Station(name="Slow", cycle_time=Exponential(mean=14.0)),
            Sink(name="Out"),
        ),
        connections=(
            Connection(source="In", target="Q1", probability=share),
            Connection(source="In", target="Q2", probability=share and 1 - share),
            Connection(source="Q1", target="Quick"),
            Connection(source="Q2", target="Slow"),
            Connection(source="Quick", target="Out"),
            Connection(source="Slow", target="Out"),
        ),
    )


settings = RunSettings(horizon="12 h", warm_up="1 h", replications=5)
for rule in ("probability", "round_robin", "shortest_queue"):
    result = simulate(fork(rule), settings=settings, seed=1)
    minutes = result.mean("lead_time") / 60
    print(f"{rule:15} lead time {minutes:5.1f} min, slow station busy {result.mean('Slow.busy'):.2f}")
