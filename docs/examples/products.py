"""Cycle times by product: the bottleneck, and what can be made, depend on the mix."""

from opt_twin.line import Buffer, Line, Product, Sink, Source, Station, chain
from opt_twin.simulation import RunSettings, run_replication


def line_of(large: float) -> Line:
    """Return two stations; a share of the bottles is `large`."""
    return Line(
        name="bottles",
        elements=(
            Source(name="In", mix={"small": 1 - large, "large": large}),
            Station(name="Fill", cycle_time="4 s", cycle_time_by_product={"large": "10 s"}),
            Buffer(name="Belt", capacity=50),
            Station(name="Label", cycle_time="6 s"),
            Sink(name="Out"),
        ),
        connections=chain("In", "Fill", "Belt", "Label", "Out"),
        products=(Product(name="small"), Product(name="large")),
    )


print("large  bottles/h  at most  Fill busy  Label busy")
for large in (0.1, 0.2, 1 / 3, 0.5, 0.9):
    run = run_replication(line_of(large), settings=RunSettings(horizon="41 h", warm_up="1 h"), seed=1)
    fill = 4 * (1 - large) + 10 * large  # mean seconds of a bottle
    print(
        f"{100 * large:>3.0f} %  {run.values['throughput']:>9.1f}  {3600 / max(fill, 6):>7.1f}"
        f"  {100 * run.values['Fill.busy']:>7.1f} %  {100 * run.values['Label.busy']:>8.1f} %"
    )
