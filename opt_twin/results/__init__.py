"""What an answer is."""

from opt_twin.results.batch_means import BatchMeans, batch_means, von_neumann
from opt_twin.results.distribution import Histogram, Quantile, cvar_of, histogram_of, quantile_of
from opt_twin.results.estimate import Estimate
from opt_twin.results.evaluation import (
    BELT_STATES,
    STATES,
    VEHICLE_STATES,
    Evaluation,
    Evaluator,
    Replicator,
)
from opt_twin.results.result import Result, TracePoint
from opt_twin.results.run_warning import RunWarning, WarningCode
from opt_twin.results.status import Status, StopReason

__all__ = [
    "BELT_STATES",
    "STATES",
    "VEHICLE_STATES",
    "BatchMeans",
    "Estimate",
    "Evaluation",
    "Evaluator",
    "Histogram",
    "Quantile",
    "Replicator",
    "Result",
    "RunWarning",
    "Status",
    "StopReason",
    "TracePoint",
    "WarningCode",
    "batch_means",
    "cvar_of",
    "histogram_of",
    "quantile_of",
    "von_neumann",
]
