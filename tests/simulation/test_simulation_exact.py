"""Lines whose exact answers are known: the 99.9 % interval covers them, that of a wrong convention does not.

The cases, with their sources and the effort of each, stand in `opt_twin.testing.exact_cases`.
"""

from functools import lru_cache

import numpy as np
import pytest

from opt_twin.results import Estimate
from opt_twin.simulation import simulate
from opt_twin.testing.exact_case import CONFIDENCE
from opt_twin.testing.exact_cases import allocation_cases, exact_case, exact_cases

SHARE = 0.2  # of the stated effort, for the quick tests
CASES = exact_cases()
QUICK = [case for case in CASES if case.quick]


@lru_cache(maxsize=64)
def evaluation(line, plan, effort):
    """Return the evaluation of a line; the pairs of right and wrong lines ask for each twice."""
    return simulate(line, settings=effort.settings(), plan=plan, seed=1)


def assert_covered(case, effort):
    found = evaluation(case.line, case.plan, effort)
    for known in case.known:
        if case.deterministic:
            assert known.simulated(found).tolist() == [known.exact] * effort.replications
        else:
            estimate = known.estimate(found)
            assert estimate.covers(known.exact), f"{known.symbol}: {estimate}, exactly {known.exact}"


def assert_told_apart(case, effort):
    found = evaluation(case.wrong, None, effort)
    assert not all(known.estimate(found).covers(known.exact) for known in case.known)


@pytest.mark.parametrize("case", QUICK, ids=str)
def test_a_fifth_of_the_stated_effort_covers_the_exact_values(case):
    assert_covered(case, case.effort.times(SHARE))


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_stated_effort_covers_the_exact_values_and_tells_the_wrong_convention_apart(case):
    assert_covered(case, case.effort)
    if case.wrong is not None:
        assert_told_apart(case, case.effort)


@pytest.mark.parametrize("case", [case for case in QUICK if case.wrong is not None], ids=str)
def test_a_third_of_the_stated_effort_tells_the_clocks_apart(case):
    assert_told_apart(case, case.effort.times(1 / 3))


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=case.name, marks=() if case.quick else pytest.mark.slow)
        for case in allocation_cases()
    ],
)
def test_simulation_finds_the_allocation_that_is_proven_best(case):
    """On common random numbers; what the others make less is told from nothing."""
    made = case.simulate(case.effort.times(SHARE) if case.quick else None)
    best = max(made, key=lambda allocation: float(made[allocation].mean()))
    assert best in case.best
    assert Estimate.of(made[best], CONFIDENCE).covers(case.exact)
    for allocation, rates in made.items():
        low, _ = Estimate.of(made[best] - rates, CONFIDENCE).interval
        assert low > 0 or allocation in case.best


def test_the_two_directions_of_an_unbalanced_line_make_the_same():
    """Reversibility (Muth 1979), as a difference over replications whose interval covers 0."""
    made = []
    for name in ("unbalanced line", "unbalanced line, reversed"):
        case = exact_case(name)
        made.append(case.known[0].simulated(evaluation(case.line, None, case.effort.times(SHARE))))
    assert Estimate.of(np.subtract(*made), CONFIDENCE).covers(0)
