"""One model of a production line for scheduling, simulation and optimisation.

Names are imported from their packages when they are first used, so that ``import opt_twin`` stays quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOME = {
    "Line": "opt_twin.line",
    "Evaluation": "opt_twin.results",
    "Estimate": "opt_twin.results",
    "Result": "opt_twin.results",
    "Schedule": "opt_twin.plan",
    "SolveOptions": "opt_twin.solvers",
    "OptTwinError": "opt_twin.errors",
}


def __getattr__(name: str) -> Any:
    try:
        module = _HOME[name]
    except KeyError:
        raise AttributeError(f"module 'opt_twin' has no attribute {name!r}") from None
    return getattr(import_module(module), name)


def __dir__() -> list[str]:
    return sorted([*_HOME, "__version__"])
