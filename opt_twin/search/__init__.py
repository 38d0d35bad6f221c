"""The search for the best lines: what may change, what is wanted, and the front of what can be had."""

from opt_twin.search.budget import Budget
from opt_twin.search.dominance import hypervolume, non_dominated
from opt_twin.search.objectives import Constraint, Objective, objective_named
from opt_twin.search.pareto import ParetoFront, SearchSummary
from opt_twin.search.search import search
from opt_twin.search.variables import DecisionSpace, Variable, vary
from opt_twin.workers import process_pool

__all__ = [
    "Budget",
    "Constraint",
    "DecisionSpace",
    "Objective",
    "ParetoFront",
    "SearchSummary",
    "Variable",
    "hypervolume",
    "non_dominated",
    "objective_named",
    "process_pool",
    "search",
    "vary",
]
