"""Boxes of 12, pallets of 60 boxes, and an oven that bakes one family at a time."""

from opt_twin.line import Line, Product, Sink, Source, Station, chain
from opt_twin.simulation import RunSettings, simulate

line = Line(
    name="rolls",
    elements=(
        Source(name="In", mix={"plain": 0.5, "seeds": 0.3, "sweet": 0.2}),
        Station(name="Form", cycle_time="2 s"),
        Station(
            name="Oven",
            cycle_time="4 min",
            servers=3,
            batch_size=48,
            batch_by="family",  # a roll of another family closes the batch
            batch_wait="90 s",  # or the first roll has waited that long
            batch_output="parts",
        ),
        Station(name="Pack", cycle_time="10 s", batch_size=12),
        Station(name="Stack", cycle_time="1 min", batch_size=60),
        Sink(name="Out"),
    ),
    connections=chain("In", "Form", "Oven", "Pack", "Stack", "Out"),
    products=(
        Product(name="plain", family="bread"),
        Product(name="seeds", family="bread"),
        Product(name="sweet"),
    ),
)

print("oven starts   rolls a batch  oven busy  boxes/h  pallets in 12 h")
for label, fields in {
    "by family": {},
    "any roll": {"Oven.batch_by": "any"},
    "when full": {"Oven.batch_by": "any", "Oven.batch_wait": None},
}.items():
    result = simulate(
        line.with_values(fields), settings=RunSettings(horizon="12 h", warm_up="1 h", replications=2), seed=1
    )
    batch = result.mean("Form.parts") / result.mean("Oven.parts")
    boxes = result.mean("Pack.parts") / 11
    print(
        f"{label:12}  {batch:13.1f}  {result.mean('Oven.busy'):9.0%}  {boxes:7.1f}  "
        f"{result.mean('parts_out'):15.1f}"
    )
