"""Set-ups by product: the same parts in a random mix, and released in campaigns."""

from opt_twin.line import Line, Product, Release, Sink, Source, Station, chain
from opt_twin.simulation import RunSettings, run_replication

line = Line(
    name="paint",
    elements=(
        Source(name="In", mix={"white": 0.5, "black": 0.5}, limit=400),
        Station(
            name="Paint",
            cycle_time="30 s",
            setup_times={"white": {"black": "2 min"}, "black": {"white": "6 min"}},  # cleaning takes longer
            initial_product="white",
        ),
        Sink(name="Out"),
    ),
    connections=chain("In", "Paint", "Out"),
    products=(Product(name="white"), Product(name="black")),
)
campaigns = Source(
    name="In",
    timetable=tuple(Release(time=0, product=name, quantity=100) for name in ("white", "black") * 2),
)

print("release       set-ups  hours for 400 parts")
for label, changed in {"random mix": line, "in campaigns": line.with_element(campaigns)}.items():
    run = run_replication(changed, settings=RunSettings(horizon="40 h"), seed=1, log=True)
    setups = sum(event.state == "setup" for event in run.events)
    print(f"{label:12}  {setups:7}  {run.last_exit / 3600:19.2f}")
