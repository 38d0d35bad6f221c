"""A week of two shifts with a break, seen from Monday to Sunday."""

from opt_twin.line import Break, Line, Shift, Sink, Source, Station, chain
from opt_twin.simulation import RunSettings, Simulation

weekdays = ("mon", "tue", "wed", "thu", "fri")
line = Line(
    name="two shifts",
    elements=(
        Source(name="In"),
        Station(name="Press", cycle_time="30 s", shifts=("early", "late")),
        Sink(name="Out"),
    ),
    connections=chain("In", "Press", "Out"),
    shifts=(
        Shift(name="early", start="06:00", end="14:00", days=weekdays),
        Shift(
            name="late",
            start="14:00",
            end="22:00",
            days=weekdays[:4],
            breaks=(Break(start="18:00", duration="30 min"),),
        ),
    ),
)

run = Simulation(line, settings=RunSettings(horizon="7 d"))
made = 0
for number, day in enumerate(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"), 1):
    run.run_until(number * 86400)
    parts = run.observe().parts["Press"]
    print(f"{day}: {parts - made:4} parts")
    made = parts
