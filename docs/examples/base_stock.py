"""How large a stock to keep behind one machine: the simulated figures beside Buzacott and Shanthikumar's."""

import opt_twin as ot
from opt_twin.line import Buffer, Exponential, Line, Source, Station, Stock, chain
from opt_twin.theory import make_to_stock


def shop(base_stock: int) -> Line:
    """Return a machine that makes to stock; each customer orders one part of it."""
    return Line(
        name="make to stock",
        elements=(
            Source(name="Orders", replenishes="Stock"),
            Buffer(name="Queue"),
            Station(name="Machine", cycle_time=Exponential(mean=60)),
            Stock(
                name="Stock",
                demand=Exponential(mean=75),
                reorder_point=base_stock - 1,
                order_up_to=base_stock,
                holding_cost=1.0,
                backorder_cost=9.0,
            ),
        ),
        connections=chain("Orders", "Queue", "Machine", "Stock"),
    )


settings = ot.RunSettings(horizon="60 h", warm_up="10 h", replications=5)
print(" S  fill rate  exact  on hand  exact   owed  exact  cost per hour")
for size in (2, 5, 8, 11, 14):
    exact = make_to_stock(1 / 75, 1 / 60, size)
    found = ot.simulate(shop(size), settings=settings, seed=1)
    print(
        f"{size:>2}  {found.mean('Stock.fill_rate'):>9.3f}  {exact.fill_rate:.3f}"
        f"  {found.mean('Stock.level'):>7.2f}  {exact.level:>5.2f}"
        f"  {found.mean('Stock.backorders'):>5.2f}  {exact.backorders:>5.2f}"
        f"  {found.mean('stock_cost') / 50:>13.2f}"
    )
