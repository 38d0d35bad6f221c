"""Orders that a source releases as they stand, and the day's timetable of another product."""

from opt_twin.line import Buffer, Connection, Line, Order, Product, Release, Sink, Source, Station
from opt_twin.simulation import RunSettings, run_replication

line = Line(
    name="job shop",
    elements=(
        Source(name="Orders", releases_orders=True),
        Source(
            name="Spares",
            timetable=[Release(time=f"{hour} h", product="spare", quantity=20) for hour in range(4)],
        ),
        Buffer(name="Q", discipline="priority"),
        Station(name="Mill", cycle_time="1 min"),
        Sink(name="Out"),
    ),
    connections=(
        Connection(source="Orders", target="Q"),
        Connection(source="Spares", target="Q"),
        Connection(source="Q", target="Mill"),
        Connection(source="Mill", target="Out"),
    ),
    products=(Product(name="gear", priority=1), Product(name="spare")),
    orders=tuple(
        Order(
            name=f"O{k}",
            product="gear",
            quantity=40,
            release=f"{k} h",
            due=f"{60 * k + 45} min",
        )
        for k in range(4)
    ),
)
values = run_replication(line, settings=RunSettings(horizon="5 h")).values
for order in line.orders:
    print(f"{order.name} complete at {values[f'order.{order.name}.completion'] / 60:.0f} min")
print(f"on time: {values['orders_on_time']:.0%}, total tardiness {values['total_tardiness'] / 60:.0f} min")
