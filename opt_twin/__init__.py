"""One model of a production line for scheduling, simulation and optimisation.

Names are imported from their packages when they are first used, so that ``import opt_twin`` stays quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOME = {
    "Line": "opt_twin.line",
    "Source": "opt_twin.line",
    "Station": "opt_twin.line",
    "Buffer": "opt_twin.line",
    "Sink": "opt_twin.line",
    "Connection": "opt_twin.line",
    "chain": "opt_twin.line",
    "Product": "opt_twin.line",
    "Order": "opt_twin.line",
    "FailureMode": "opt_twin.line",
    "MicroStop": "opt_twin.line",
    "Inspection": "opt_twin.line",
    "Economics": "opt_twin.line",
    "Evaluation": "opt_twin.results",
    "Evaluator": "opt_twin.results",
    "Estimate": "opt_twin.results",
    "batch_means": "opt_twin.results",
    "Result": "opt_twin.results",
    "Status": "opt_twin.results",
    "StopReason": "opt_twin.results",
    "Schedule": "opt_twin.plan",
    "Violation": "opt_twin.plan",
    "SolveOptions": "opt_twin.solvers",
    "OptTwinError": "opt_twin.errors",
    "read_line": "opt_twin.io",
    "line_graph": "opt_twin.graph",
    "SchedulingInstance": "opt_twin.scheduling",
    "load_instance": "opt_twin.scheduling",
    "scheduling_instance": "opt_twin.scheduling",
    "solve_schedule": "opt_twin.scheduling",
    "verify": "opt_twin.scheduling",
    "RunSettings": "opt_twin.simulation",
    "SimulationEvaluator": "opt_twin.simulation",
    "simulate": "opt_twin.simulation",
    "simulate_until": "opt_twin.simulation",
    "suggest_warm_up": "opt_twin.simulation",
    "compare": "opt_twin.analysis",
    "find_bottleneck": "opt_twin.analysis",
    "select_best": "opt_twin.analysis",
    "DecisionSpace": "opt_twin.search",
    "Objective": "opt_twin.search",
    "Constraint": "opt_twin.search",
    "Variable": "opt_twin.search",
    "ParetoFront": "opt_twin.search",
    "objective_named": "opt_twin.search",
    "vary": "opt_twin.search",
}


def __getattr__(name: str) -> Any:
    try:
        module = _HOME[name]
    except KeyError:
        raise AttributeError(f"module 'opt_twin' has no attribute {name!r}") from None
    return getattr(import_module(module), name)


def __dir__() -> list[str]:
    return sorted([*_HOME, "__version__"])
