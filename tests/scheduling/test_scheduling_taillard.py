"""Taillard's flow shops and open shops, against the figures that he published."""

import pytest

from opt_twin.errors import OptionError, UnknownNameError
from opt_twin.scheduling.taillard import (
    taillard_flow_shop,
    taillard_flow_shop_names,
    taillard_open_shop,
    taillard_open_shop_names,
    taillard_times,
)


def test_first_flow_shop_is_as_published():
    """Taillard (1993): the first machine of ta001."""
    rows = taillard_times("ta001")
    first = [54, 83, 15, 71, 77, 36, 53, 38, 27, 87, 76, 91, 14, 29, 12, 77, 32, 87, 68, 94]
    assert [row[0] for row in rows] == first
    assert {len(row) for row in rows} == {5}


def test_first_open_shop_is_as_published():
    expected = ((34, 2, 54, 61), (15, 89, 70, 9), (38, 19, 28, 87), (95, 7, 34, 29))
    assert taillard_times("ta4x4_1") == expected


def test_sums_of_all_durations_agree_with_the_published_files():
    """The sums were taken from public copies of the files; a wrong seed or size would change them."""
    flow_shops, open_shops = taillard_flow_shop_names(), taillard_open_shop_names()
    assert (len(flow_shops), len(open_shops)) == (120, 60)
    assert (flow_shops[0], flow_shops[-1]) == ("ta001", "ta120")
    assert (open_shops[0], open_shops[-1]) == ("ta4x4_1", "ta20x20_10")
    assert sum(sum(map(sum, taillard_times(name))) for name in flow_shops) == 10_961_254
    assert sum(sum(map(sum, taillard_times(name))) for name in open_shops) == 413_107


def test_sizes_come_in_groups_of_ten():
    sizes = [20, 5], [20, 10], [20, 20], [50, 5], [50, 10], [50, 20], [100, 5], [100, 10], [100, 20]
    sizes += [200, 10], [200, 20], [500, 20]
    shops = [taillard_times(name) for name in taillard_flow_shop_names()]
    assert [[len(shop), len(shop[0])] for shop in shops] == [size for size in sizes for _ in range(10)]


def test_a_seed_belongs_to_a_size():
    """ta051 and ta071 have one seed; the generator runs machine by machine."""
    small, large = taillard_times("ta051"), taillard_times("ta071")
    assert [row[0] for row in small] == [row[0] for row in large[:50]]
    assert small[0][1] == large[50][0]


def test_generators_refuse_what_is_out_of_range():
    with pytest.raises(OptionError, match="0 jobs"):
        taillard_flow_shop(0, 5, 1)
    with pytest.raises(OptionError, match="seed 0"):
        taillard_open_shop(3, 5, 1, 0)
    with pytest.raises(UnknownNameError, match="did you mean 'ta120'"):
        taillard_times("ta1200")
