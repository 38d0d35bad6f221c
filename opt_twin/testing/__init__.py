"""Conformance suites for the authors of solvers, and tiny instances and lines whose answers are known."""

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
    "SchedulingSolverSuite",
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
