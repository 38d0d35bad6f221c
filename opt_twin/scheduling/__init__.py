"""Scheduling: instances of every kind of shop, solvers, dispatching rules, the verifier."""

from opt_twin.scheduling.bounds import LowerBound, lower_bound, lower_bounds
from opt_twin.scheduling.dispatching import RULES, dispatch
from opt_twin.scheduling.explain import Explanation, Requirement, explain_infeasibility
from opt_twin.scheduling.features import FEATURES, missing_features
from opt_twin.scheduling.formats import instance_schema
from opt_twin.scheduling.from_line import RoundingLoss, rounding_loss, scheduling_instance, simplifications
from opt_twin.scheduling.instance import SchedulingInstance
from opt_twin.scheduling.jobs import Job, Key, Mode, Operation, Precedence
from opt_twin.scheduling.library import BestKnown, best_known, builtin_names, load_instance, load_with_notes
from opt_twin.scheduling.objectives import (
    CLASSICAL_OBJECTIVES,
    OBJECTIVES,
    Objective,
    Term,
    check_objective,
    evaluate_objective,
    evaluate_stages,
    parse_objective,
)
from opt_twin.scheduling.pareto import ScheduleFront, pareto_schedules
from opt_twin.scheduling.read import (
    Reading,
    format_names,
    instance_text,
    parse_instance,
    read_instance,
    read_with_notes,
    write_instance,
)
from opt_twin.scheduling.replanning import replanning_instance
from opt_twin.scheduling.resources import Absence, Closure, Delivery, PriceStep, Resource
from opt_twin.scheduling.robust import Candidate, RobustChoice, RobustScore, candidates, robust_choice
from opt_twin.scheduling.solution import read_solution, write_solution
from opt_twin.scheduling.solve import solve_schedule, solver_names
from opt_twin.scheduling.solver import SchedulingSolver
from opt_twin.scheduling.taillard import taillard_instance, taillard_job_shop
from opt_twin.scheduling.timing import left_shifted
from opt_twin.scheduling.verify import verify

__all__ = [
    "CLASSICAL_OBJECTIVES",
    "FEATURES",
    "OBJECTIVES",
    "RULES",
    "Absence",
    "BestKnown",
    "Candidate",
    "Closure",
    "Delivery",
    "Explanation",
    "Job",
    "Key",
    "LowerBound",
    "Mode",
    "Objective",
    "Operation",
    "Precedence",
    "PriceStep",
    "Reading",
    "Requirement",
    "Resource",
    "RobustChoice",
    "RobustScore",
    "RoundingLoss",
    "ScheduleFront",
    "SchedulingInstance",
    "SchedulingSolver",
    "Term",
    "best_known",
    "builtin_names",
    "candidates",
    "check_objective",
    "dispatch",
    "evaluate_objective",
    "evaluate_stages",
    "explain_infeasibility",
    "format_names",
    "instance_schema",
    "instance_text",
    "left_shifted",
    "load_instance",
    "load_with_notes",
    "lower_bound",
    "lower_bounds",
    "missing_features",
    "pareto_schedules",
    "parse_instance",
    "parse_objective",
    "read_instance",
    "read_solution",
    "read_with_notes",
    "replanning_instance",
    "robust_choice",
    "rounding_loss",
    "scheduling_instance",
    "simplifications",
    "solve_schedule",
    "solver_names",
    "taillard_instance",
    "taillard_job_shop",
    "verify",
    "write_instance",
    "write_solution",
]
