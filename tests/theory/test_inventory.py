"""Closed forms of stocks agree with one another and with sums over the distribution of what is on order."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opt_twin.errors import OptionError
from opt_twin.theory import lost_sales_stock, make_to_stock, mm1, reorder_stock


def summed(shares, base_stock):
    """Return level, backorders and fill rate of a base stock from the shares of the time with n on order."""
    level = sum(share * max(0, base_stock - n) for n, share in enumerate(shares))
    owed = sum(share * max(0, n - base_stock) for n, share in enumerate(shares))
    return level, owed, sum(shares[:base_stock])


@given(rho=st.floats(0.05, 0.9), base_stock=st.integers(0, 12))
def test_make_to_stock_is_the_sum_over_the_geometric_queue(rho, base_stock):
    shares = [(1 - rho) * rho**n for n in range(600)]
    found = make_to_stock(rho, 1.0, base_stock)
    assert (found.level, found.backorders, found.fill_rate) == pytest.approx(
        summed(shares, base_stock), abs=1e-9
    )
    assert found.on_order == pytest.approx(mm1(rho, 1.0).in_system)


@given(load=st.floats(0.05, 8), base_stock=st.integers(0, 12))
def test_a_base_stock_is_the_sum_over_the_poisson_number_on_order(load, base_stock):
    shares = [math.exp(-load + n * math.log(load) - math.lgamma(n + 1)) for n in range(120)]
    found = reorder_stock(1.0, load, base_stock - 1, base_stock)
    assert (found.level, found.backorders, found.fill_rate) == pytest.approx(
        summed(shares, base_stock), abs=1e-9
    )


@given(load=st.floats(0.05, 8), reorder_point=st.integers(-1, 6), more=st.integers(1, 5))
def test_larger_orders_are_the_mean_over_the_base_stocks_that_they_pass_through(load, reorder_point, more):
    found = reorder_stock(1.0, load, reorder_point, reorder_point + more)
    bases = [reorder_stock(1.0, load, s - 1, s) for s in range(reorder_point + 1, reorder_point + more + 1)]
    for name in ("level", "backorders", "fill_rate"):
        assert getattr(found, name) == pytest.approx(
            sum(getattr(base, name) for base in bases) / more, abs=1e-12
        )


@given(load=st.floats(0.05, 8), base_stock=st.integers(0, 12))
def test_lost_sales_are_the_truncated_poisson_number_on_order(load, base_stock):
    weights = [load**n / math.factorial(n) for n in range(base_stock + 1)]
    shares = [weight / sum(weights) for weight in weights]
    found = lost_sales_stock(load, 1.0, base_stock)
    assert found.fill_rate == pytest.approx(1 - shares[-1], abs=1e-12)
    assert found.level == pytest.approx(summed(shares, base_stock)[0], abs=1e-9)


def test_time_may_be_counted_in_any_unit():
    assert make_to_stock(0.8, 1.0, 5).fill_rate == pytest.approx(make_to_stock(48, 60, 5).fill_rate)
    assert reorder_stock(2, 3, 1, 5).level == pytest.approx(reorder_stock(120, 0.05, 1, 5).level)


@pytest.mark.parametrize(
    "call",
    [
        lambda: make_to_stock(1.0, 1.0, 3),
        lambda: make_to_stock(0.0, 1.0, 3),
        lambda: make_to_stock(0.5, 1.0, -1),
        lambda: reorder_stock(1.0, 0.0, 1, 3),
        lambda: reorder_stock(1.0, 1.0, 3, 3),
        lambda: lost_sales_stock(1.0, 1.0, -2),
    ],
)
def test_what_has_no_steady_state_or_no_meaning_is_refused(call):
    with pytest.raises(OptionError):
        call()
