"""A stock is refused where its orders cannot be met, with the place and the reason."""

import pytest

from opt_twin.errors import ModelError
from opt_twin.line import (
    Buffer,
    Connection,
    Economics,
    Line,
    Product,
    Sink,
    Source,
    Station,
    Stock,
    TariffPeriod,
    chain,
)

SHOP = Stock(name="Shop", demand=10, reorder_point=1, order_up_to=2)
IN = Source(name="In", replenishes="Shop")
SAW = Station(name="Saw", cycle_time=1)


def line(*elements, ways=(), **fields):
    return Line(
        name="test",
        elements=elements,
        connections=ways or chain(*(element.name for element in elements)),
        **fields,
    )


def refusal(*elements, **fields):
    with pytest.raises(ModelError) as caught:
        line(*elements, **fields)
    return str(caught.value)


def test_a_stock_with_a_source_of_its_own_is_a_line():
    assert line(IN, SAW, SHOP).ends == (SHOP,)


def test_a_stock_needs_a_source():
    assert "none does so with 'Shop'" in refusal(Source(name="In"), SAW, SHOP)


def test_a_stock_has_one_source_only():
    ways = (*chain("In", "Saw", "Shop"), *chain("More", "Saw"))
    text = refusal(IN, IN.replace(name="More"), SAW, SHOP, ways=ways)
    assert "'In' and 'More' do so with 'Shop'" in text


def test_the_source_must_lead_to_the_stock():
    ways = (*chain("In", "Saw", "Out"), *chain("More", "Mill", "Shop"))
    elements = (IN, SAW, Sink(name="Out"), Source(name="More"), SAW.replace(name="Mill"), SHOP)
    assert "no way leads there" in refusal(*elements, ways=ways)


@pytest.mark.parametrize(
    "fields",
    [
        {"batch_size": 2},
        {"unpacks": True},
        {"yields": {"a": 2}},
        {"components": {"a": 2}},
    ],
)
def test_orders_count_parts_so_that_their_number_must_not_change(fields):
    products = (Product(name="a"), Product(name="b"))
    text = refusal(IN, SAW.replace(**fields), SHOP, products=products)
    assert "station 'Saw' changes the number of parts" in text


@pytest.mark.parametrize(
    "fields", [{"batch_size": 2, "batch_output": "parts"}, {"components": {"a": 1, "b": 4}}, {"makes": "b"}]
)
def test_what_keeps_the_number_of_the_parts_is_allowed(fields):
    ways = (*chain("In", "Saw", "Shop"), *chain("More", "Rack", "Saw"))
    elements = (IN, Source(name="More", mix={"b": 1}), Buffer(name="Rack"), SAW.replace(**fields), SHOP)
    line(*elements, ways=ways, products=(Product(name="a"), Product(name="b")))


def test_stations_elsewhere_may_change_the_number_of_parts():
    ways = (*chain("In", "Saw", "Shop"), *chain("More", "Pack", "Out"))
    elements = (IN, SAW, SHOP, Source(name="More"), SAW.replace(name="Pack", batch_size=4), Sink(name="Out"))
    line(*elements, ways=ways)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"reorder_point": 2}, "must be below order_up_to"),
        ({"reorder_point": -1, "backorders": False}, "never reached"),
        ({"demand": 0}, "time between two customers"),
    ],
)
def test_a_stock_that_cannot_work_is_refused(fields, message):
    with pytest.raises(ModelError, match=message):
        SHOP.replace(**fields)


def test_nothing_leaves_a_stock():
    ways = (*chain("In", "Saw", "Shop"), Connection(source="Shop", target="Out"))
    assert "nothing leaves the stock 'Shop'" in refusal(IN, SAW, SHOP, Sink(name="Out"), ways=ways)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"tariff": [{"start": "08:00", "price": 1}, {"start": "06:00", "price": 1}]}, "ascending"),
        ({"tariff": [{"start": "24:00", "price": 1}]}, "before 24:00"),
        ({"tariff": [{"start": "08:00", "price": 1}], "energy_price": 2}, "keep one"),
    ],
)
def test_a_tariff_that_means_two_things_is_refused(fields, message):
    with pytest.raises(ModelError, match=message):
        Economics(
            **{**fields, "tariff": tuple(TariffPeriod(**period) for period in fields["tariff"])},
        )
