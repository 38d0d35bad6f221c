"""The schedule generation without a compiler: every list and every rule gives a schedule that is one.

The kernels run as plain Python in a process of their own, so that each line counts as covered.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from opt_twin.errors import OptionError
from opt_twin.scheduling import (
    RULES,
    dispatch,
    load_instance,
)
from opt_twin.scheduling.dispatching import DispatchingSolver
from opt_twin.scheduling.dispatching_rules import RULE_TEXTS, priority_index
from opt_twin.scheduling.ruin_recreate import RuinRecreateSolver
from opt_twin.testing import two_job_shop

PATHS = Path(__file__).with_name("generation_paths.py")


def run_paths(*names, compiled=False):
    """Return what the checks of generation_paths.py found."""
    environment = os.environ | ({} if compiled else {"NUMBA_DISABLE_JIT": "1"})
    done = subprocess.run(
        [sys.executable, str(PATHS), *names],
        capture_output=True,
        text=True,
        env=environment,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_any_list_gives_a_schedule_with_the_value_that_is_stated():
    found = run_paths("lists")["lists"]
    assert found["wrong"] == []
    assert found["feasible"] > 500


def test_every_rule_gives_a_schedule_of_every_feature():
    found = run_paths("rules")["rules"]
    assert found["wrong"] == []
    assert found["made"] > 1000


def test_the_search_finds_what_trying_all_finds():
    found = run_paths("optima")["optima"]
    assert found["below"] == []
    assert found["worse"] == []
    assert found["checked"] > 40


def test_the_solver_answers_every_feature_and_keeps_its_start():
    found = run_paths("answers")["answers"]
    assert found["wrong"] == []
    assert found["solved"] > 20


@pytest.mark.slow
def test_compiled_kernels_go_the_way_of_the_plain_ones():
    assert run_paths("digests", compiled=True) == run_paths("digests")


def index_of(rule, **facts):
    """Return the index of a rule for an operation of which only some facts matter."""
    known = {
        "duration": 4.0,
        "done": 4.0,
        "remaining": 10.0,
        "operations": 3.0,
        "due": 30.0,
        "weight": 2.0,
        "ready": 1.0,
        "priority": 0.0,
        "time": 5.0,
        "setup": 0.0,
        "mean": 4.0,
        "mean_setup": 2.0,
        "chance": 0.5,
    }
    return priority_index(RULES.index(rule), **(known | facts))


def test_indices_by_hand():
    """Work remaining 10 of a job that is due at 30, at time 5: slack 15."""
    assert index_of("slack") == 15
    assert index_of("CR") == 2.5
    assert index_of("MDD") == 30
    assert index_of("MDD", time=25.0) == 35
    assert index_of("WSPT") == 2
    assert index_of("FDD/MWKR") == 0.4
    assert index_of("COVERT") == -0.5 * (1 - 15 / 20)
    assert index_of("ATC") == pytest.approx(-0.5 * np.exp(-15 / 8))
    assert index_of("ATCS", setup=3.0) == pytest.approx(-0.5 * np.exp(-15 / 8) * np.exp(-3))
    assert index_of("priority", priority=1.0) < index_of("priority", due=0.0)


def test_a_late_job_is_urgent_by_its_ratio_of_weight_and_duration_alone():
    for rule in ("ATC", "ATCS", "COVERT"):
        assert index_of(rule, time=40.0) == index_of(rule, time=50.0) == -0.5


def test_jobs_without_a_due_date_are_not_urgent():
    assert index_of("COVERT", due=np.inf) == 0
    assert -1e-200 < index_of("ATC", due=np.inf) <= 0


def test_every_rule_is_described():
    assert tuple(RULE_TEXTS) == RULES


def test_the_random_rule_goes_by_its_seed():
    shop = load_instance("ft06")
    first = dispatch(shop, "random", seed=1)
    assert dispatch(shop, "random", seed=1) == first
    assert any(dispatch(shop, "random", seed=seed) != first for seed in range(2, 6))


def test_an_unknown_kind_is_refused():
    with pytest.raises(OptionError, match="serial"):
        dispatch(two_job_shop(), kind="lazy")


@pytest.mark.parametrize("solver", [DispatchingSolver(), RuinRecreateSolver()])
def test_orders_of_objectives_are_refused(solver):
    assert "order of 2" in solver.refuses(two_job_shop(), "makespan, total_weighted_flow_time")
    assert solver.refuses(two_job_shop(), "makespan + total_weighted_flow_time") is None
