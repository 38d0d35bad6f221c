"""Solvers by name: those of opt_twin, and those that other packages add by an entry point.

A package adds a solver in its ``pyproject.toml``::

    [project.entry-points."opt_twin.solvers.scheduling"]
    my-solver = "my_package.solver:MySolver"

where ``MySolver()`` is a solver for that problem.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Generic, TypeVar

from opt_twin.errors import SolverError, UnknownNameError

__all__ = ["Registry"]

S = TypeVar("S")


class Registry(Generic[S]):
    """The solvers for one problem.

    Parameters
    ----------
    problem
        Its name; plug-ins use the entry-point group ``opt_twin.solvers.<problem>``.
    builtin
        Name -> what makes the solver. A plug-in cannot replace one of these.
    """

    def __init__(self, problem: str, builtin: Mapping[str, Callable[[], S]]) -> None:
        self.problem = problem
        self._builtin = dict(builtin)

    @property
    def group(self) -> str:
        """The entry-point group of the plug-ins."""
        return f"opt_twin.solvers.{self.problem}"

    def _plugins(self) -> dict[str, EntryPoint]:
        found = {entry.name: entry for entry in entry_points(group=self.group)}
        return {name: entry for name, entry in found.items() if name not in self._builtin}

    def names(self) -> tuple[str, ...]:
        """Return the names of all solvers, the built-in ones first."""
        return (*self._builtin, *sorted(self._plugins()))

    def solver(self, name: str) -> S:
        """Return a new solver.

        Raises
        ------
        UnknownNameError
            If there is none of that name; the nearest is offered.
        SolverError
            If a plug-in cannot be loaded.
        """
        if name in self._builtin:
            return self._builtin[name]()
        plugins = self._plugins()
        if name not in plugins:
            raise UnknownNameError.among(f"{self.problem} solver", name, self.names())
        try:
            made: S = plugins[name].load()()
        except Exception as error:
            raise SolverError(
                f"the {self.problem} solver {name!r} ({plugins[name].value}) cannot be loaded: {error}"
            ) from error
        return made
