"""Start-up losses: the first parts after a change-over are often scrap, so that small lots cost twice."""

from opt_twin.line import Inspection, Line, Product, Release, Sink, Source, StartUp, Station, chain
from opt_twin.simulation import RunSettings, simulate

SETUP = 300.0
START_UP = StartUp(cycles=8, defect_rate=0.5)


def press(lot: int) -> Line:
    """Return a press that makes 960 parts of two products in turn, `lot` of one after another."""
    lots = 960 // lot
    names = [("red", "blue")[number % 2] for number in range(lots)]
    return Line(
        name="press",
        elements=(
            Source(
                name="In",
                timetable=tuple(Release(time=0, product=name, quantity=lot) for name in names),
            ),
            Station(
                name="Press",
                cycle_time="20 s",
                setup_times={"red": {"blue": SETUP}, "blue": {"red": SETUP}},
                initial_product="red",
                start_up=START_UP,
                defect_rate=0.01,
                inspection=Inspection(detection=1.0),
            ),
            Sink(name="Out"),
        ),
        connections=chain("In", "Press", "Out"),
        products=(Product(name="red"), Product(name="blue")),
    )


print("  lot  change-overs  set-up h  scrap  expected")
for lot in (30, 60, 120, 240):
    found = simulate(press(lot), settings=RunSettings(horizon="16 h", replications=20), seed=1)
    changes = 960 // lot - 1
    early = changes * START_UP.cycles  # cycles right after a change-over
    expected = 0.5 * early + 0.01 * (960 - early)
    hours = found.mean("Press.setup") * 16
    print(f"{lot:>5}  {changes:>12}  {hours:>8.2f}  {found.mean('scrapped'):>5.1f}  {expected:>8.1f}")
