"""What a decision is: a schedule, a layout, planned maintenance."""

from opt_twin.plan.layout import Layout, Metric
from opt_twin.plan.maintenance import MaintenancePlan
from opt_twin.plan.schedule import Assignment, Schedule
from opt_twin.plan.schedule_files import (
    Complete,
    read_schedule,
    schedule_csv,
    schedule_from_csv,
    schedule_from_json,
    schedule_json,
)
from opt_twin.plan.violation import Violation

Plan = Schedule
"""Any decision that a simulator can execute; more kinds come with their formulations."""

__all__ = [
    "Assignment",
    "Complete",
    "Layout",
    "MaintenancePlan",
    "Metric",
    "Plan",
    "Schedule",
    "Violation",
    "read_schedule",
    "schedule_csv",
    "schedule_from_csv",
    "schedule_from_json",
    "schedule_json",
]
