"""What can be calculated without simulation: closed forms, exact small cases, bounds, capacities.

The simulator is tested against these. Nothing here draws a random number.
"""

from opt_twin.theory.bounds import (
    Downtimes,
    departures,
    deterministic_makespan,
    line_availability,
    throughput_bound,
)
from opt_twin.theory.capacity import StationCapacity, capacity_table, predicted_bottleneck
from opt_twin.theory.coverage import covers
from opt_twin.theory.cycle_time import effective_cycle_time, effective_cycle_variance
from opt_twin.theory.inventory import StockMeasures, lost_sales_stock, make_to_stock, reorder_stock
from opt_twin.theory.limits import Limit, limits
from opt_twin.theory.line_warnings import growing_queues, line_warnings
from opt_twin.theory.markov_line import TandemMeasures, markov_line
from opt_twin.theory.queueing import QueueMeasures, mg1, mg1_with_failures, mm1, mm1k, mmc
from opt_twin.theory.renewal import availability, completion_time, cycles_to_failure, restart_time
from opt_twin.theory.traffic import Traffic, released_per_hour, traffic
from opt_twin.theory.two_station import (
    bernoulli_two_station,
    exponential_two_station,
    geometric_two_station,
)

__all__ = [
    "Downtimes",
    "Limit",
    "QueueMeasures",
    "StationCapacity",
    "StockMeasures",
    "TandemMeasures",
    "Traffic",
    "availability",
    "bernoulli_two_station",
    "capacity_table",
    "completion_time",
    "covers",
    "cycles_to_failure",
    "departures",
    "deterministic_makespan",
    "effective_cycle_time",
    "effective_cycle_variance",
    "exponential_two_station",
    "geometric_two_station",
    "growing_queues",
    "limits",
    "line_availability",
    "line_warnings",
    "lost_sales_stock",
    "make_to_stock",
    "markov_line",
    "mg1",
    "mg1_with_failures",
    "mm1",
    "mm1k",
    "mmc",
    "predicted_bottleneck",
    "released_per_hour",
    "reorder_stock",
    "restart_time",
    "throughput_bound",
    "traffic",
]
