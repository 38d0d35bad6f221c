"""What all solvers share."""

from opt_twin.solvers.base import OnProgress, SolveOptions, Stop

__all__ = ["OnProgress", "SolveOptions", "Stop"]
