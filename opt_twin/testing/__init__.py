"""Conformance suites for authors of solvers and behaviour; lines with known answers; random lines.

Lines with exact answers stand in :mod:`opt_twin.testing.exact_cases`.
"""

from opt_twin.testing.behaviour_suite import (
    DistributionSuite,
    ObserverSuite,
    RoutingRuleSuite,
    StationBehaviourSuite,
)
from opt_twin.testing.brute_force import brute_force, brute_force_stages
from opt_twin.testing.random_lines import Choices, SeededChoices, random_line, random_tandem, slowed
from opt_twin.testing.random_shops import random_instance
from opt_twin.testing.scheduling_suite import SchedulingSolverSuite
from opt_twin.testing.tiny_lines import (
    order_line,
    saturated_tandem,
    serial_line,
    single_queue,
    unreliable_machine,
)
from opt_twin.testing.tiny_shops import (
    best_by_enumeration,
    infeasible_shop,
    known_shops,
    random_shop,
    two_job_shop,
)

__all__ = [
    "Choices",
    "DistributionSuite",
    "ObserverSuite",
    "RoutingRuleSuite",
    "SchedulingSolverSuite",
    "SeededChoices",
    "StationBehaviourSuite",
    "best_by_enumeration",
    "brute_force",
    "brute_force_stages",
    "infeasible_shop",
    "known_shops",
    "order_line",
    "random_instance",
    "random_line",
    "random_shop",
    "random_tandem",
    "saturated_tandem",
    "serial_line",
    "single_queue",
    "slowed",
    "two_job_shop",
    "unreliable_machine",
]
