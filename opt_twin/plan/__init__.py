"""What a decision is."""

from opt_twin.plan.schedule import Assignment, Schedule
from opt_twin.plan.violation import Violation

Plan = Schedule
"""Any decision that a simulator can execute; more kinds come with their formulations."""

__all__ = ["Assignment", "Plan", "Schedule", "Violation"]
