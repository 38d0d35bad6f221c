"""Behaviour that users have written: how it is loaded, asked, and answered for when it goes wrong."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, runtime_checkable

from opt_twin.errors import BehaviourError, did_you_mean
from opt_twin.line import Behaviour
from opt_twin.results import STATES
from opt_twin.simulation.phases import RUN, phase_in_state

if TYPE_CHECKING:
    from opt_twin.simulation.parts import Part

__all__ = ["GROUP", "Cycle", "Own", "PartView", "StationBehaviour", "StationRules", "make"]

GROUP = "opt_twin.behaviours"
"""The entry-point group of behaviours that other packages offer by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartView:
    """What a behaviour sees of a part.

    Attributes
    ----------
    number
        Of the run, from 0.
    product, order
        Names, or None.
    units
        Released parts that it holds.
    defective, rejected
        Whether it has a defect, and whether the last inspection rejected it.
    age
        Seconds since its release, the mean of its units.
    """

    number: int
    product: str | None
    order: str | None
    units: int
    defective: bool
    rejected: bool
    age: float

    @classmethod
    def of(cls, part: Part, now: float) -> PartView:
        """Return the view of a part in a run."""
        return cls(
            number=part.number,
            product=part.product,
            order=part.order,
            units=part.units,
            defective=part.defective,
            rejected=part.rejected,
            age=now - part.born / part.units,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Cycle:
    """What a behaviour makes of a cycle.

    Attributes
    ----------
    run
        Seconds of processing.
    before, after
        Further phases around the processing, each a state of :data:`opt_twin.results.STATES` and seconds:
        ``(("setup", 4.0),)``.
    defective
        Whether the part is defective at the end; None to leave it as it is.
    """

    run: float
    before: Sequence[tuple[str, float]] = ()
    after: Sequence[tuple[str, float]] = ()
    defective: bool | None = None


@runtime_checkable
class StationBehaviour(Protocol):
    """A user's own rules for the cycles of a station.

    It may also have ``maintenance(cycles, now)``, asked at the end of each cycle, which returns the name of a
    maintenance task of the station to be done now, or None; and ``state()`` and ``restore(state)``, which
    return and take plain data (JSON), where it remembers something that a snapshot must hold.
    """

    def cycle(self, part: PartView, drawn: float, now: float, draw: Callable[[], float]) -> Cycle:
        """Return what the cycle that begins now is made of.

        Parameters
        ----------
        part
            What is processed.
        drawn
            Seconds of processing that the model has drawn, at the speed of the station.
        now
            Seconds since the start of the run.
        draw
            Returns a uniform number from [0, 1), of a stream of the station's own.
        """


def make(behaviour: Behaviour, what: str) -> Any:
    """Return the object that a behaviour names.

    Parameters
    ----------
    behaviour
        The class and its options.
    what
        Whose behaviour it is, for messages: ``station 'Oven'``.

    Raises
    ------
    BehaviourError
        If there is no such class, or it cannot be made with these options.
    """
    try:
        made: Any = _found(behaviour.path, what)(**behaviour.options)
    except BehaviourError:
        raise
    except Exception as error:
        raise BehaviourError(
            f"{what}: the behaviour {behaviour.path!r} cannot be made: {type(error).__name__}: {error}; it "
            "must be a class that can be imported, with these options as keyword arguments"
        ) from error
    return made


def _found(path: str, what: str) -> Any:
    """Return the class that a path names."""
    module, colon, name = path.partition(":")
    if colon:
        found: Any = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
        return found
    known = {entry.name: entry for entry in entry_points(group=GROUP)}
    if module not in known:
        raise BehaviourError(
            f"{what}: no behaviour is called {module!r}{did_you_mean(module, known)}; write 'module:Class', "
            f"or install a package that offers it in the group {GROUP!r}"
        )
    return known[module].load()


class Own:
    """An object that a user's class has made, in a run.

    Parameters
    ----------
    behaviour
        The class and its options.
    what
        Whose behaviour it is, for messages: ``station 'Oven'``.
    method
        That it must have, with its arguments.

    Attributes
    ----------
    saved
        What it remembers, as plain data; None where it remembers nothing.

    Raises
    ------
    BehaviourError
        If the class cannot be made, or lacks the method.
    """

    STATE: ClassVar[tuple[str, ...]] = ("saved",)
    __slots__ = ("_made", "_what")

    def __init__(self, behaviour: Behaviour, what: str, method: str) -> None:
        self._what = what
        self._made = make(behaviour, what)
        if not callable(getattr(self._made, method.partition("(")[0], None)):
            raise BehaviourError(f"{what}: {behaviour.path!r} has no method '{method}'")

    @property
    def saved(self) -> Any:
        """What the object remembers."""
        return self._made.state() if hasattr(self._made, "state") else None

    @saved.setter
    def saved(self, state: Any) -> None:
        if hasattr(self._made, "restore"):
            self._made.restore(state)

    def has(self, method: str) -> bool:
        """Return whether the object has a method."""
        return callable(getattr(self._made, method, None))

    def ask(self, method: str, now: float, *arguments: Any) -> Any:
        """Return what a method answers.

        Raises
        ------
        BehaviourError
            If it raises.
        """
        try:
            return getattr(self._made, method)(*arguments)
        except Exception as error:
            raise self.wrong(now, f"raised {type(error).__name__}: {error}") from error

    def wrong(self, now: float, what: str) -> BehaviourError:
        """Return the error for an answer that makes no sense."""
        kind = type(self._made)
        path = f"{kind.__module__}:{kind.__qualname__}"
        return BehaviourError(f"the behaviour {path} of {self._what} {what}, at {now:g} s")


class StationRules(Own):
    """The behaviour of one station in a run."""

    __slots__ = ("_draw",)

    def __init__(self, name: str, behaviour: Behaviour, draw: Callable[[], float]) -> None:
        super().__init__(behaviour, f"station {name!r}", "cycle(part, drawn, now, draw)")
        self._draw = draw

    @property
    def maintains(self) -> bool:
        """Whether it asks for maintenance."""
        return self.has("maintenance")

    def phases(self, part: Part, drawn: float, now: float) -> list[tuple[int, float]]:
        """Return the phases of the cycle that begins now, set-up and loading left out.

        Raises
        ------
        BehaviourError
            If the behaviour raises, or returns what makes no sense.
        """
        cycle = self.ask("cycle", now, PartView.of(part, now), drawn, now, self._draw)
        if not isinstance(cycle, Cycle):
            raise self.wrong(now, f"returned {cycle!r}, not a Cycle")
        if cycle.defective is not None:
            part.defective = bool(cycle.defective)
        before = [self._phase(state, seconds, now) for state, seconds in cycle.before]
        after = [self._phase(state, seconds, now) for state, seconds in cycle.after]
        return [*before, (RUN, self._time(cycle.run, now)), *after]

    def maintenance(self, cycles: int, now: float, tasks: Sequence[str]) -> str | None:
        """Return the maintenance task that is to be done now, or None.

        Raises
        ------
        BehaviourError
            If the behaviour raises, or names a task that the station does not have.
        """
        task: str | None = self.ask("maintenance", now, cycles, now)
        if task is not None and task not in tasks:
            raise self.wrong(now, f"asked for the maintenance {task!r}, which the station does not have")
        return task

    def _phase(self, state: object, seconds: object, now: float) -> tuple[int, float]:
        if state not in STATES:
            raise self.wrong(
                now, f"gave a phase in the state {state!r}, which is none of {', '.join(STATES)}"
            )
        return phase_in_state(STATES.index(str(state))), self._time(seconds, now)

    def _time(self, seconds: object, now: float) -> float:
        if isinstance(seconds, (int, float)) and math.isfinite(seconds) and seconds >= 0:
            return float(seconds)
        raise self.wrong(now, f"gave a time of {seconds!r}; a time is a finite number of 0 or more")
