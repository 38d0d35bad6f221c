"""What the hour at which a run starts does to the bill: power by state, and a tariff by time of day."""

import opt_twin as ot
from opt_twin.line import (
    Economics,
    Exponential,
    FailureMode,
    Line,
    Sink,
    Source,
    Station,
    TariffPeriod,
    chain,
)

line = Line(
    name="oven",
    elements=(
        Source(name="In", interarrival=Exponential(mean=70)),
        Station(
            name="Oven",
            cycle_time="60 s",
            power={"busy": 45, "starved": 12, "failed": 3},
            failures=(
                FailureMode(time_to_failure=Exponential(mean=14400), time_to_repair=Exponential(mean=900)),
            ),
        ),
        Sink(name="Out"),
    ),
    connections=chain("In", "Oven", "Out"),
    economics=Economics(
        tariff=(
            TariffPeriod(start="06:00", price=0.30),
            TariffPeriod(start="17:00", price=0.45),
            TariffPeriod(start="22:00", price=0.16),
        )
    ),
)
print("start  parts   kWh  energy cost  per part")
for start in ("22:00", "06:00", "14:00"):
    settings = ot.RunSettings(horizon="8 h", replications=10, clock_start=3600 * int(start.partition(":")[0]))
    found = ot.simulate(line, settings=settings)
    parts, cost = found.mean("parts_out"), found.mean("energy_cost")
    print(f"{start}  {parts:>5.0f}  {found.mean('energy'):>4.0f}  {cost:>11.2f}  {cost / parts:>8.3f}")
