"""What the measures of a line say: its bottleneck, its losses, its costs, and how two lines compare."""

from opt_twin.analysis.bottleneck import BottleneckReport, find_bottleneck
from opt_twin.analysis.compare import Comparison, compare, compare_all
from opt_twin.analysis.cost import unit_cost
from opt_twin.analysis.detectors import classical_bottlenecks
from opt_twin.analysis.losses import StationLoss, losses
from opt_twin.analysis.race import Blocks
from opt_twin.analysis.replanning import Replan, ReplannedRun, replanned_run
from opt_twin.analysis.selection import OnSelection, Selection, SelectionMethod, select_best
from opt_twin.analysis.trace_detectors import (
    BottleneckShare,
    average_active_periods,
    shifting_bottleneck,
    trace_bottlenecks,
)

__all__ = [
    "Blocks",
    "BottleneckReport",
    "BottleneckShare",
    "Comparison",
    "OnSelection",
    "Replan",
    "ReplannedRun",
    "Selection",
    "SelectionMethod",
    "StationLoss",
    "average_active_periods",
    "classical_bottlenecks",
    "compare",
    "compare_all",
    "find_bottleneck",
    "losses",
    "replanned_run",
    "select_best",
    "shifting_bottleneck",
    "trace_bottlenecks",
    "unit_cost",
]
