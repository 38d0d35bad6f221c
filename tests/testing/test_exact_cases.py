"""The registry of exact cases: what stands there is what theory calculates."""

import pytest

from opt_twin.line import Line
from opt_twin.simulation import RunSettings
from opt_twin.testing.exact_case import Effort, allocations
from opt_twin.testing.exact_cases import allocation_cases, exact_case, exact_cases
from opt_twin.theory import markov_line


def test_every_case_has_a_name_of_its_own():
    names = [case.name for case in (*exact_cases(), *allocation_cases())]
    assert len(names) == len(set(names)) >= 55
    assert exact_case(names[3]) is exact_cases()[3]
    assert str(exact_cases()[0]) == names[0]
    assert str(allocation_cases()[0]) == "5 places between 3 stations"


@pytest.mark.parametrize("case", exact_cases(), ids=str)
def test_theory_calculates_what_stands_in_the_registry(case):
    """To the digits that the sources give: five or six behind the point."""
    for known in case.known:
        if known.theory is not None:
            assert known.theory() == pytest.approx(known.exact, abs=5.1e-6), known.symbol
    assert isinstance(case.line, Line)
    assert case.source


@pytest.mark.parametrize("case", exact_cases(), ids=str)
def test_a_wrong_line_differs_in_its_convention_only(case):
    if case.wrong is not None:
        assert case.wrong != case.line
        assert [e.name for e in case.wrong.elements] == [e.name for e in case.line.elements]


@pytest.mark.parametrize("case", [c for c in allocation_cases() if c.stations < 6], ids=str)
def test_the_best_allocations_are_the_best_of_all_by_their_markov_chains(case):
    made = {
        places: markov_line((1.0,) * case.stations, places).throughput
        for places in allocations(case.stations, case.places)
    }
    best = max(made.values())
    assert best == pytest.approx(case.exact, abs=5.1e-7)
    assert {places for places, value in made.items() if value > best - 1e-9} == set(case.best)


@pytest.mark.parametrize(("stations", "places", "ways"), [(2, 3, 1), (3, 5, 6), (4, 4, 15), (6, 3, 35)])
def test_allocations_are_all_ways_to_share_out_the_places(stations, places, ways):
    found = allocations(stations, places)
    assert len(set(found)) == len(found) == ways
    assert all(sum(allocation) == places and min(allocation) >= 0 for allocation in found)


def test_more_effort_makes_the_measured_time_longer_and_not_the_warm_up():
    effort = Effort(replications=4, horizon=1100, warm_up=100)
    assert effort.times(2) == Effort(replications=4, horizon=2100, warm_up=100)
    assert effort.settings() == RunSettings(horizon=1100, warm_up=100, replications=4)


def test_a_case_runs_its_line_and_the_one_of_the_wrong_convention():
    case = exact_case("3 stations that fail, 2 places, operation clock")
    other = exact_case("3 stations that fail, 2 places, calendar clock")
    tiny = Effort(replications=2, horizon=200)
    assert case.simulate_wrong(tiny, seed=5).digest() == other.simulate(tiny, seed=5).digest()
    assert case.simulate(tiny, seed=5).digest() != other.simulate(tiny, seed=5).digest()


def test_every_allocation_is_run_and_the_same_seed_gives_the_same_values():
    case = allocation_cases()[0]
    tiny = Effort(replications=3, horizon=300)
    made = case.simulate(tiny, seed=2)
    assert set(made) == set(allocations(3, 5))
    again = case.simulate(tiny, seed=2)
    assert all((made[places] == again[places]).all() for places in made)
