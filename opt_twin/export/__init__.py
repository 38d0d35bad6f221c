"""What leaves the program: pictures, tables and the report."""

from opt_twin.export.event_file import ParquetLog
from opt_twin.export.front import front_svg
from opt_twin.export.gantt import Gap, gantt_svg
from opt_twin.export.line_graph import line_svg
from opt_twin.export.measures import finite_estimate
from opt_twin.export.report import study_report
from opt_twin.export.states import intervals_svg, states_svg
from opt_twin.export.study import Study
from opt_twin.export.tables import (
    evaluation_frame,
    front_csv,
    front_json,
    read_schedule,
    schedule_csv,
    schedule_from_csv,
    schedule_from_json,
    schedule_json,
    series_frame,
)

__all__ = [
    "Gap",
    "ParquetLog",
    "Study",
    "evaluation_frame",
    "finite_estimate",
    "front_csv",
    "front_json",
    "front_svg",
    "gantt_svg",
    "intervals_svg",
    "line_svg",
    "read_schedule",
    "schedule_csv",
    "schedule_from_csv",
    "schedule_from_json",
    "schedule_json",
    "series_frame",
    "states_svg",
    "study_report",
]
