"""Stocks that customers take from, in the steady state.

Rates are in events per unit of time, times in the same unit. Customers come at random (Poisson) and take one
part each. What the formulas need is the number of parts on order, N: with an inventory position that is
always S, the stock holds ``max(0, S - N)`` and owes ``max(0, N - S)``.
"""

from __future__ import annotations

from itertools import accumulate
from math import exp

from opt_twin.errors import OptionError
from opt_twin.records import Record, record

__all__ = ["StockMeasures", "lost_sales_stock", "make_to_stock", "reorder_stock"]


@record
class StockMeasures(Record):
    """What a stock does in the steady state.

    Attributes
    ----------
    level
        Mean number of parts on hand.
    backorders
        Mean number of parts owed.
    fill_rate
        Share of the demand that is met at once.
    on_order
        Mean number of parts on order.
    """

    level: float
    backorders: float
    fill_rate: float
    on_order: float


def make_to_stock(demand_rate: float, service_rate: float, base_stock: int) -> StockMeasures:
    """Return the measures of a base stock that one exponential server refills: make to stock, M/M/1.

    Each customer orders one part of the server, so the parts on order are those in an M/M/1 queue, geometric
    with the parameter rho: a customer finds the stock empty with probability ``rho ** S``, and
    ``rho ** (S + 1) / (1 - rho)`` parts are owed on average.

    Parameters
    ----------
    demand_rate, service_rate
        Of the customers and of the server.
    base_stock
        S, 0 or more; 0 is making to order.

    Raises
    ------
    OptionError
        If a rate is not above 0, the utilisation is not below 1, or the base stock is negative.

    References
    ----------
    Buzacott and Shanthikumar (1993), Stochastic models of manufacturing systems, section 4.3.

    Examples
    --------
    >>> found = make_to_stock(0.8, 1.0, 5)
    >>> round(found.fill_rate, 5), round(found.backorders, 5), round(found.level, 5)
    (0.67232, 1.31072, 2.31072)
    """
    _check(demand_rate, service_rate, base_stock)
    rho = demand_rate / service_rate
    if rho >= 1:
        raise OptionError(f"the utilisation is {rho:g}; it must be below 1")
    on_order = rho / (1 - rho)
    owed = rho ** (base_stock + 1) / (1 - rho)
    return StockMeasures(
        level=base_stock - on_order + owed, backorders=owed, fill_rate=1 - rho**base_stock, on_order=on_order
    )


def reorder_stock(
    demand_rate: float, lead_time: float, reorder_point: int, order_up_to: int
) -> StockMeasures:
    """Return the measures of an (s, S) stock whose orders come after a lead time that nothing delays.

    The inventory position takes the values s + 1, ..., S equally often, and the demand in a lead time is
    Poisson. This holds for constant lead times, and with s = S - 1 for independent lead times of any
    distribution (the number on order is that in an M/G/inf queue).

    Parameters
    ----------
    demand_rate
        Of the customers.
    lead_time
        Mean, from an order to its arrival.
    reorder_point, order_up_to
        s, 0 or more, or -1, and S, above s.

    Raises
    ------
    OptionError
        If a rate or the lead time is not above 0, or S is not above s.

    References
    ----------
    Palm (1938); Hadley and Whitin (1963), Analysis of inventory systems, chapter 4.

    Examples
    --------
    >>> found = reorder_stock(0.5, 4.0, 2, 3)
    >>> round(found.fill_rate, 5), round(found.backorders, 5)
    (0.67668, 0.21802)
    """
    _check(demand_rate, lead_time, reorder_point + 1)
    if order_up_to <= reorder_point:
        raise OptionError(f"order_up_to {order_up_to} must be above reorder_point {reorder_point}")
    load = demand_rate * lead_time
    positions = range(reorder_point + 1, order_up_to + 1)
    at_most = list(accumulate(_poisson(load, order_up_to)))
    owed = [load - sum(1 - share for share in at_most[:position]) for position in positions]
    filled = [at_most[position - 1] if position else 0.0 for position in positions]
    backorders = sum(owed) / len(positions)
    return StockMeasures(
        level=sum(positions) / len(positions) - load + backorders,
        backorders=backorders,
        fill_rate=sum(filled) / len(positions),
        on_order=load,
    )


def lost_sales_stock(demand_rate: float, lead_time: float, base_stock: int) -> StockMeasures:
    """Return the measures of a base stock whose customers do not wait, with lead times that nothing delays.

    The number on order is that in an M/G/S/S queue; the share that is lost is Erlang's B.

    Parameters
    ----------
    demand_rate
        Of the customers.
    lead_time
        Mean, from an order to its arrival; the distribution does not matter.
    base_stock
        S, 0 or more.

    Raises
    ------
    OptionError
        If a rate or the lead time is not above 0, or the base stock is negative.

    References
    ----------
    Erlang (1917); Karush (1957), A queuing model for an inventory problem.

    Examples
    --------
    >>> round(lost_sales_stock(1.0, 2.0, 2).fill_rate, 9)
    0.6
    """
    _check(demand_rate, lead_time, base_stock)
    load, lost = demand_rate * lead_time, 1.0
    for places in range(1, base_stock + 1):
        lost = load * lost / (places + load * lost)
    on_order = load * (1 - lost)
    return StockMeasures(level=base_stock - on_order, backorders=0.0, fill_rate=1 - lost, on_order=on_order)


def _poisson(mean: float, most: int) -> list[float]:
    """Return the probabilities of 0, 1, ..., `most`."""
    shares = accumulate(range(1, most + 1), lambda share, count: share * mean / count, initial=exp(-mean))
    return list(shares)


def _check(rate: float, other: float, stock: int) -> None:
    if not (rate > 0 and other > 0):
        raise OptionError(f"rates and times must be above 0, got {rate:g} and {other:g}")
    if stock < 0:
        raise OptionError(f"a stock of {stock} parts is none; give 0 or more")
