"""Discrete-event simulation of a line; what it means is stated in ``docs/semantics.md``."""

from opt_twin.simulation.engine import Run, run_replication
from opt_twin.simulation.evaluator import SimulationEvaluator, pooled_evaluator
from opt_twin.simulation.events import EventRecord
from opt_twin.simulation.replication import OnProgress, simulate
from opt_twin.simulation.sequential import OnBlock, SequentialRun, simulate_until
from opt_twin.simulation.settings import RunSettings
from opt_twin.simulation.warm_up import WarmUp, grows, mser5, suggest_warm_up

__all__ = [
    "EventRecord",
    "OnBlock",
    "OnProgress",
    "Run",
    "RunSettings",
    "SequentialRun",
    "SimulationEvaluator",
    "WarmUp",
    "grows",
    "mser5",
    "pooled_evaluator",
    "run_replication",
    "simulate",
    "simulate_until",
    "suggest_warm_up",
]
