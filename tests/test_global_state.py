"""Nothing depends on the state of the process, and nothing changes it."""

import decimal
import locale
import logging
import os
import random
import signal
import sys
import warnings

import numpy as np
import pytest

import opt_twin as ot
from opt_twin.analysis import find_bottleneck
from opt_twin.export import front_svg, line_svg, states_svg
from opt_twin.line import Exponential
from opt_twin.records import digest_of
from opt_twin.scheduling import dispatch, load_instance
from opt_twin.search import search
from opt_twin.testing import random_shop, serial_line, two_job_shop

LINE = serial_line("serial", (Exponential(mean=1.0), Exponential(mean=1.5)), buffers=(3,))
EVALUATOR = ot.SimulationEvaluator(ot.RunSettings(horizon=600.0, replications=3))
OPTIONS = ot.SolveOptions(time_limit=10.0)


def simulated():
    return EVALUATOR.evaluate(LINE, seed=5)


def found():
    return search(
        ot.DecisionSpace(base=LINE, variables=ot.vary(LINE, "B1.capacity=1..9")),
        [ot.objective_named("throughput", "max"), ot.objective_named("wip")],
        EVALUATOR,
        budget=12,
        population=4,
        seed=3,
    ).solution()


def solved(solver):
    return ot.solve_schedule(two_job_shop(), solver=solver, options=OPTIONS).solution()


JOBS = {
    "simulate": lambda: simulated().digest(),
    "search": lambda: found().digest(),
    "cp-sat": lambda: solved("cp-sat").digest(),
    "milp": lambda: solved("milp").digest(),
    "dispatch": lambda: dispatch(load_instance("la01")).digest(),
    "bottleneck": lambda: digest_of(find_bottleneck(LINE, EVALUATOR, seed=2)),
    "random shop": lambda: random_shop(3).digest(),
    "pictures": lambda: (front_svg(found()), line_svg(LINE, simulated()), states_svg(simulated())),
}


def state_of_the_process():
    """Return what a library must leave as it is."""
    generator = np.random.get_state(legacy=False)  # noqa: NPY002
    return {
        "random": random.getstate(),
        "numpy.random": (generator["state"]["key"].tolist(), generator["state"]["pos"]),
        "environment": dict(os.environ),
        "folder": os.getcwd(),  # noqa: PTH109
        "interrupt": signal.getsignal(signal.SIGINT),
        "warnings": list(warnings.filters),
        "numpy errors": np.geterr(),
        "numpy printing": np.get_printoptions(),
        "logging": (logging.root.level, list(logging.root.handlers), logging.root.disabled),
        "log of opt_twin": (logging.getLogger("opt_twin").level, logging.getLogger("opt_twin").handlers[:]),
        "path": list(sys.path),
        "recursion": sys.getrecursionlimit(),
        "decimal": repr(decimal.getcontext()),
        "locale": locale.setlocale(locale.LC_ALL),
        "hooks": (sys.excepthook, sys.displayhook, sys.stdout, sys.stderr),
    }


@pytest.mark.parametrize("job", JOBS)
def test_a_job_leaves_the_process_as_it_was_and_gives_the_same_again_after_foreign_draws(job):
    answer = JOBS[job]()  # what is imported on first use stands now
    random.seed(11)
    np.random.seed(12)  # noqa: NPY002
    before = state_of_the_process()
    assert JOBS[job]() == answer
    after = state_of_the_process()
    assert [name for name in before if before[name] != after[name]] == []
    random.random()
    np.random.random(7)  # noqa: NPY002
    assert JOBS[job]() == answer
