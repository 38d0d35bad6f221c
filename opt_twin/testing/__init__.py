"""Conformance suites for authors of solvers and behaviour; tiny instances and lines with known answers."""

from opt_twin.testing.behaviour_suite import DistributionSuite, StationBehaviourSuite
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
    "DistributionSuite",
    "SchedulingSolverSuite",
    "StationBehaviourSuite",
    "best_by_enumeration",
    "infeasible_shop",
    "known_shops",
    "order_line",
    "random_shop",
    "saturated_tandem",
    "serial_line",
    "single_queue",
    "two_job_shop",
    "unreliable_machine",
]
