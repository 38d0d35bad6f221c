"""What a second fitter is worth, and what it costs when the only one works days."""

from opt_twin.line import FailureMode, Line, Operators, Shift, Sink, Source, Station, chain
from opt_twin.simulation import RunSettings, simulate

failure = FailureMode(
    time_to_failure="exponential(50 min)", time_to_repair="exponential(15 min)", crew="fitter"
)
line = Line(
    name="three presses",
    elements=(
        Source(name="In"),
        Station(name="Presses", cycle_time="30 s", servers=3, failures=(failure,)),
        Sink(name="Out"),
    ),
    connections=chain("In", "Presses", "Out"),
    operators=(Operators(name="fitter"),),
    shifts=(Shift(name="day", start="06:00", end="18:00"),),
)

print("crew               parts/h  failed  waiting for crew")
for label, crew in {
    "one, day and night": Operators(name="fitter"),
    "two, day and night": Operators(name="fitter", number=2),
    "one, days only": Operators(name="fitter", shifts=("day",)),
}.items():
    result = simulate(
        line.replace(operators=(crew,)), settings=RunSettings(horizon="2 d", replications=5), seed=1
    )
    failed, waiting = result.mean("Presses.failed"), result.mean("Presses.waiting_for_crew")
    print(f"{label:18} {result.mean('throughput'):7.1f}  {failed:6.1%}  {waiting:16.1%}")
