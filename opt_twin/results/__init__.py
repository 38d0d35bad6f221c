"""What an answer is."""

from opt_twin.results.estimate import Estimate
from opt_twin.results.evaluation import BELT_STATES, STATES, VEHICLE_STATES, Evaluation, Evaluator
from opt_twin.results.result import Result, TracePoint
from opt_twin.results.status import Status, StopReason

__all__ = [
    "BELT_STATES",
    "STATES",
    "VEHICLE_STATES",
    "Estimate",
    "Evaluation",
    "Evaluator",
    "Result",
    "Status",
    "StopReason",
    "TracePoint",
]
