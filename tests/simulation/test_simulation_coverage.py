"""How often the interval over replications covers the exact mean."""

import numpy as np
import pytest

from opt_twin.results import Estimate
from opt_twin.simulation import RunSettings, simulate
from opt_twin.testing import single_queue
from opt_twin.theory import mm1

MACRO, REPLICATIONS = 1000, 10


@pytest.mark.slow
def test_the_95_percent_interval_covers_the_exact_mean_of_a_queue_between_93_and_97_percent_of_the_time():
    """M/M/1 at utilisation 0.5, 1,000 macro-replications of 10 runs; 100 service times are left out.

    The queue settles at a rate of (1 - sqrt(0.5))^2 = 0.086 a service time, so what is left of the empty
    start is below 0.001. The 10,000 runs are simulated once, and ten by ten they make an interval.
    """
    settings = RunSettings(horizon=1100, warm_up=100, replications=MACRO * REPLICATIONS, workers=2)
    found = simulate(single_queue(utilisation=0.5), settings=settings, seed=1)
    exact = mm1(0.5, 1.0)
    for measure, value in (
        ("wip", exact.in_system),
        ("B1.level", exact.in_queue),
        ("lead_time", exact.time_in_system),
        ("throughput", 1800.0),
        ("M1.busy", exact.utilisation),
    ):
        groups = found[measure].reshape(MACRO, REPLICATIONS)
        covered = np.mean([Estimate.of(group).covers(value) for group in groups])
        assert 0.93 <= covered <= 0.97, (measure, covered)
