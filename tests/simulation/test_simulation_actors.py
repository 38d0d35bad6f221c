"""Everything that changes in a run is declared as state, so that a run can be kept and gone on with."""

from collections import deque

from opt_twin.line import (
    Buffer,
    Economics,
    Exponential,
    FailureMode,
    Inspection,
    Line,
    MicroStop,
    Order,
    Product,
    Sink,
    Source,
    StartUp,
    Station,
    Stock,
    TariffPeriod,
    ToolWear,
    chain,
)
from opt_twin.plan import Assignment, Schedule
from opt_twin.simulation import RunSettings
from opt_twin.simulation.engine import Engine
from opt_twin.simulation.snapshot import causes_of, slots_of

AB = (Product(name="a"), Product(name="b"))
STATION = Station(
    name="A",
    cycle_time=Exponential(mean=1),
    tool=ToolWear(life=3, change_time=1, defect_rate=0.5, cost=2),
    start_up=StartUp(cycles=2, defect_rate=0.4),
    setup_times={"a": {"b": 1}, "b": {"a": 1}},
    power={"busy": 2},
    failures=tuple(
        FailureMode(name=clock, clock=clock, time_to_failure=Exponential(mean=20), time_to_repair=1)
        for clock in ("calendar", "operation", "cycles")
    ),
    micro_stops=(MicroStop(probability=0.1, duration=1),),
    cures=0.2,
    inspection=Inspection(time=1, cost=1),
)
TARIFF = Economics(tariff=tuple(TariffPeriod(start=40 * i, price=i) for i in range(5)))


def constant(engine):
    """Return what is not declared to change: which object it is, and its value where that is plain."""
    found = {}
    for name, actor in engine.floor.actors.items():
        if name in {"calendar", "engine", "floor"}:  # SimPy's own; what builds the others
            continue
        declared = {*slots_of(type(actor)), *causes_of(type(actor))}
        slots = [slot for kind in type(actor).__mro__ for slot in getattr(kind, "__slots__", ())]
        assert declared <= set(slots), name
        for slot in set(slots) - declared:
            value = getattr(actor, slot)
            plain = isinstance(value, int | float | str | list | dict | tuple | set | deque)
            found[name, slot] = (id(value), repr(value) if plain else "")
    return found


def assert_declared(engine):
    before = constant(engine)
    engine.start()
    engine.floor.calendar.execute()
    engine.close()
    assert constant(engine) == before


def test_a_line_that_makes_to_stock_declares_its_state():
    elements = (
        Source(name="In", replenishes="Shop", mix={"a": 0.5, "b": 0.5}),
        STATION.replace(servers=2),
        Buffer(name="B", capacity=3),
        Station(name="C", cycle_time=1),
        Stock(name="Shop", demand=Exponential(mean=3), reorder_point=2, order_up_to=5),
    )
    line = Line(
        name="stocked",
        elements=elements,
        connections=chain(*(element.name for element in elements)),
        products=AB,
        economics=TARIFF,
    )
    settings = RunSettings(horizon=300, interval=10)
    assert_declared(Engine(line, settings=settings, plan=None, seed=0, replication=0, log=False))


def test_a_line_that_executes_a_plan_declares_its_state():
    orders = tuple(Order(name=f"o{i}", product=product, quantity=4) for i, product in enumerate("abab"))
    line = Line(
        name="planned",
        elements=(Source(name="In"), STATION.replace(batch_size=2), Sink(name="Out")),
        connections=chain("In", "A", "Out"),
        products=AB,
        orders=orders,
    )
    plan = Schedule(
        assignments=tuple(
            Assignment(job=order.name, operation=0, machine="A", start=i, end=i)
            for i, order in enumerate(orders)
        )
    )
    assert_declared(Engine(line, settings=RunSettings(), plan=plan, seed=0, replication=0, log=False))
