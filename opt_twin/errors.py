"""Every error that opt_twin raises on purpose.

::

    OptTwinError
    ├── ModelError (ValueError)            a line model is wrong; carries every problem with its place
    ├── UnitError (ValueError)             a quantity cannot be read: "5 kg" where a time is expected
    ├── InstanceError (ValueError)         an instance or plan file is malformed; carries file and line
    ├── UnknownNameError (LookupError)     no such instance, solver, objective, measure or element
    ├── OptionError (ValueError)           an option or argument is out of its range
    ├── PlanError (ValueError)             a plan does not fit the line or instance it is meant for
    ├── NoSolutionError (LookupError)      a result was asked for a solution that it does not have
    ├── SolverError (RuntimeError)         a solver failed, or its answer did not pass the verifier
    ├── SimulationError (RuntimeError)     the simulator cannot go on
    │   ├── ConservationError              parts or state times do not add up
    │   └── BehaviourError                 behaviour that a user has written raised, or made no sense
    ├── EvaluationError (ValueError)       evaluations that do not belong together, or a missing measure
    ├── ObjectiveError (ValueError)        an objective raised, or returned something that is not a number
    └── MissingExtraError (ImportError)    an optional package is not installed

A message holds the value, the place where it stands, and what to do.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = [
    "BehaviourError",
    "ConservationError",
    "EvaluationError",
    "InstanceError",
    "MissingExtraError",
    "ModelError",
    "NoSolutionError",
    "ObjectiveError",
    "OptTwinError",
    "OptionError",
    "PlanError",
    "Problem",
    "SimulationError",
    "SolverError",
    "UnitError",
    "UnknownNameError",
    "did_you_mean",
]


def did_you_mean(name: str, candidates: Iterable[str]) -> str:
    """Return `` (did you mean 'X'?)`` for the candidate nearest to `name`, or an empty string.

    Examples
    --------
    >>> did_you_mean("ufh", ["uph", "mttr"])
    " (did you mean 'uph'?)"
    >>> did_you_mean("zzz", ["uph", "mttr"])
    ''
    """
    names = {str(candidate).lower(): str(candidate) for candidate in candidates}
    close = difflib.get_close_matches(name.lower(), names, n=1, cutoff=0.6)
    return f" (did you mean {names[close[0]]!r}?)" if close else ""


class OptTwinError(Exception):
    """The base of every error that opt_twin raises on purpose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong in a model.

    Attributes
    ----------
    path
        Where in the model, as ``elements.1.cycle_time``; empty for the model as a whole.
    message
        What is wrong, and what to do.
    place
        ``file:line:column`` when the model was read from a file, else empty.
    """

    message: str
    path: str = ""
    place: str = ""

    def __str__(self) -> str:
        return ": ".join(part for part in (self.place, self.path, self.message) if part)


class ModelError(OptTwinError, ValueError):
    """A line model is wrong.

    Attributes
    ----------
    problems
        Every problem that was found, not the first one only.
    """

    def __init__(self, *problems: Problem | str) -> None:
        self.problems: tuple[Problem, ...] = tuple(
            Problem(message=problem) if isinstance(problem, str) else problem for problem in problems
        )
        super().__init__(*self.problems)

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


class UnitError(OptTwinError, ValueError):
    """A quantity cannot be read."""


class InstanceError(OptTwinError, ValueError):
    """An instance or plan file is malformed.

    Attributes
    ----------
    path
        The file, or the name of the text.
    line
        The line number, counted from 1, or None when the file as a whole is meant.
    """

    def __init__(self, message: str, *, path: str = "", line: int | None = None) -> None:
        self.message = message
        self.path = path
        self.line = line
        super().__init__(message)

    def __reduce__(self) -> tuple[object, ...]:
        return _instance_error, (self.message, self.path, self.line)

    def __str__(self) -> str:
        place = self.path if self.line is None else f"{self.path}:{self.line}"
        return f"{place}: {self.message}" if place else self.message


def _instance_error(message: str, path: str, line: int | None) -> InstanceError:
    return InstanceError(message, path=path, line=line)


class UnknownNameError(OptTwinError, LookupError):
    """No such instance, solver, objective, measure or element."""

    @classmethod
    def among(cls, kind: str, name: str, candidates: Iterable[str], *, advice: str = "") -> UnknownNameError:
        """Return the error for `name`, with the nearest candidate and an advice."""
        known = list(candidates)
        text = f"{name!r} is not a known {kind}{did_you_mean(name, known)}"
        if not did_you_mean(name, known) and known:
            text += f"; known: {', '.join(known[:8])}{', ...' if len(known) > 8 else ''}"
        return cls(f"{text}. {advice}" if advice else text)


class OptionError(OptTwinError, ValueError):
    """An option or argument is out of its range."""


class PlanError(OptTwinError, ValueError):
    """A plan does not fit the line or instance it is meant for."""


class NoSolutionError(OptTwinError, LookupError):
    """A result was asked for a solution that it does not have."""


class SolverError(OptTwinError, RuntimeError):
    """A solver failed, or its answer did not pass the verifier."""


class SimulationError(OptTwinError, RuntimeError):
    """The simulator cannot go on.

    Attributes
    ----------
    finished
        The :class:`opt_twin.results.Evaluation` of the replications that were complete; None when none was.
    """

    finished: object = None


class ConservationError(SimulationError):
    """Parts or state times do not add up: a defect of the simulator or of a custom element."""


class BehaviourError(SimulationError):
    """Behaviour that a user has written cannot be loaded, raised, or returned what makes no sense."""


class EvaluationError(OptTwinError, ValueError):
    """Evaluations do not belong together, or a measure is missing."""


class ObjectiveError(OptTwinError, ValueError):
    """An objective raised, or returned something that is not a number."""


class MissingExtraError(OptTwinError, ImportError):
    """An optional package is not installed."""

    @classmethod
    def of(cls, what: str, extra: str) -> MissingExtraError:
        """Return the error for a feature `what` that the extra `extra` installs."""
        return cls(f"{what} needs an optional package: pip install 'opt-twin[{extra}]'")
