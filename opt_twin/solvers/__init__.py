"""What all solvers share."""

from opt_twin.solvers.base import OnProgress, SolveOptions

__all__ = ["OnProgress", "SolveOptions"]
