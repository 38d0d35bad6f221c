"""Discrete-event simulation of a line; what it means is stated in ``docs/semantics.md``."""

from opt_twin.simulation.agendas import Replanner
from opt_twin.simulation.behaviours import Cycle, PartView, StationBehaviour
from opt_twin.simulation.engine import Run, run_replication
from opt_twin.simulation.evaluator import SimulationEvaluator, pooled_evaluator
from opt_twin.simulation.events import EventLog, EventRecord
from opt_twin.simulation.observers import Observer
from opt_twin.simulation.replication import OnProgress, simulate
from opt_twin.simulation.routing import RoutingRule
from opt_twin.simulation.sequential import OnBlock, SequentialRun, simulate_until
from opt_twin.simulation.settings import RunSettings
from opt_twin.simulation.snapshot import Snapshot
from opt_twin.simulation.stepwise import Decision, Observation, Policy, Simulation
from opt_twin.simulation.warm_up import WarmUp, grows, mser5, suggest_warm_up

__all__ = [
    "Cycle",
    "Decision",
    "EventLog",
    "EventRecord",
    "Observation",
    "Observer",
    "OnBlock",
    "OnProgress",
    "PartView",
    "Policy",
    "Replanner",
    "RoutingRule",
    "Run",
    "RunSettings",
    "SequentialRun",
    "Simulation",
    "SimulationEvaluator",
    "Snapshot",
    "StationBehaviour",
    "WarmUp",
    "grows",
    "mser5",
    "pooled_evaluator",
    "run_replication",
    "simulate",
    "simulate_until",
    "suggest_warm_up",
]
