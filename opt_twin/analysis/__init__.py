"""What the measures of a line say: its bottleneck, its losses, its costs, and how two lines compare."""

from opt_twin.analysis.bottleneck import BottleneckReport, find_bottleneck
from opt_twin.analysis.compare import Comparison, compare, compare_all
from opt_twin.analysis.cost import unit_cost
from opt_twin.analysis.detectors import classical_bottlenecks
from opt_twin.analysis.losses import StationLoss, losses
from opt_twin.analysis.selection import OnSelection, Selection, SelectionMethod, select_best

__all__ = [
    "BottleneckReport",
    "Comparison",
    "OnSelection",
    "Selection",
    "SelectionMethod",
    "StationLoss",
    "classical_bottlenecks",
    "compare",
    "compare_all",
    "find_bottleneck",
    "losses",
    "select_best",
    "unit_cost",
]
